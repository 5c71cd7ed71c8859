# SPDX-License-Identifier: Apache-2.0
"""The same records from every kind of source end as the same rows, value by value.

20,000 of them; a million with --long. What they must be is worked out here, from the records.
"""

import contextlib
import sqlite3

import pytest

import sources
from finetl import write_pipeline
from sources import SOURCES, STORED, pipeline_of, records, stored

PAGE = 1000


@pytest.fixture(scope="module")
def rows(is_long):
    return list(records(1_000_000 if is_long else 20_000, seed=7))


@pytest.mark.parametrize("name", SOURCES)
def test_every_source_brings_the_same_values(finetl, tmp_path, request, rows, name):
    with sources.opened(name, tmp_path, request) as source:
        if source.kind == "api":
            source.size = PAGE
        source.put(rows)
        warehouse = tmp_path / "w.db"
        done = finetl.run(write_pipeline(tmp_path, pipeline_of(source)), f"sqlite:{warehouse}", env=source.env, timeout=900).ok()
        facts = done.dataset("facts")
        assert (facts["read"], facts["inserted"]) == (len(rows), len(rows))
        assert facts["sums"]["amount"]["read"] == sources.decimal_text(sum(stored(r)[1] or 0 for r in rows), 2)
        with contextlib.closing(sqlite3.connect(warehouse)) as db:
            for wanted, got in zip(rows, db.execute(STORED), strict=True):
                assert got == stored(wanted)
    warehouse.unlink()

