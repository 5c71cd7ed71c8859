# SPDX-License-Identifier: Apache-2.0
"""The same records from every kind of source end as the same rows, value by value.

20,000 of them; a million with --long. What they must be is worked out here, from the records.
"""

import contextlib
import json
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



# Texts as people write them, and how their columns are declared.
DECLARED = [
    {"name": "id", "type": "int"},
    {"name": "price", "type": "decimal(12,2)", "trim": True, "null": ["", "n/a"],
     "decimal": {"point": ",", "group": ".", "sign": ["trailing", "parentheses"], "currency": ["€", "EUR"]}},
    {"name": "grade", "type": "text(60)", "trim": True, "null": ["", "-"], "map": {"Gold": "Premium", "g": "Premium"}, "case": "lower", "default": "None"},
    {"name": "paid", "type": "bool", "map": {"J": "yes", "N": "no"}},
    {"name": "due", "type": "date", "format": "%d/%m/%Y"},
]
WRITTEN = [  # as it comes, and as it is loaded or why not
    (("1.234,50 €", " Gold ", "J", "31/12/2025"), (123450, "premium", 1, "2025-12-31")),
    (("EUR 5", "g", "N", "01/02/2024"), (500, "premium", 0, "2024-02-01")),
    (("(7,25)", "-", None, "29/02/2024"), (-725, "none", None, "2024-02-29")),
    (("n/a", "GOLD", "true", None), (None, "gold", 1, None)),
    (("3-", None, "0", "01/01/0001"), (-300, "none", 0, "0001-01-01")),
    (("5 USD", "x", "J", "31/12/2025"), "price:currency_sign"),
    (("1,234.50", "x", "ja", "2025-12-31"), "price:not_a_number;paid:not_a_bool;due:not_a_date"),
]


@pytest.mark.parametrize("name", ["csv", "ndjson", "json", "api-page", "postgresql", "sqlite", "odbc-mariadb"])
def test_every_source_is_cleaned_alike(finetl, tmp_path, request, name):
    names = [column["name"] for column in DECLARED]
    rows = [dict(zip(names, (str(i), *texts))) for i, (texts, _) in enumerate(WRITTEN, 1)]
    with sources.opened(name, tmp_path, request) as source:
        source.put(rows, names)
        warehouse = tmp_path / "w.db"
        pipeline = {"version": 1, "pipeline": "cleaned", "targets": {"facts": {"key": ["id"]}},
                    "datasets": [{"name": "facts", "source": source.spec, "columns": DECLARED, "target": "facts"}]}
        finetl.run(write_pipeline(tmp_path, pipeline), f"sqlite:{warehouse}", env=source.env).ok()
        with contextlib.closing(sqlite3.connect(warehouse)) as db:
            loaded = list(db.execute("SELECT id, price_minor, grade, paid, due FROM facts ORDER BY id"))
            refused = {";".join(json.loads(row[0])) for row in db.execute("SELECT reasons FROM etl_rejects")}
    assert loaded == [(i, *cells) for i, (_, cells) in enumerate(WRITTEN, 1) if isinstance(cells, tuple)]
    assert refused == {cells for _, cells in WRITTEN if isinstance(cells, str)}


@pytest.mark.parametrize("name", ["postgresql", "odbc-mariadb"])
def test_numbers_of_a_database_have_their_own_point(finetl, tmp_path, request, name):
    """1234.500 of a numeric column is no 1,234,500, whatever the texts of others look like."""
    with sources.opened(name, tmp_path, request) as source:
        source.put([{"id": "1", "rate": "1234.500000"}], ["id", "rate"])
        columns = [DECLARED[0], {"name": "rate", "type": "decimal(18,6)", "decimal": {"point": ",", "group": "."}}]
        pipeline = {"version": 1, "pipeline": "cleaned", "targets": {"facts": {"key": ["id"]}},
                    "datasets": [{"name": "facts", "source": source.spec, "columns": columns, "target": "facts"}]}
        done = finetl.run(write_pipeline(tmp_path, pipeline), f"sqlite:{tmp_path / 'w.db'}", env=source.env)
        assert done.code == 2 and "point of their own" in done.result["error"], done
        pipeline["datasets"][0]["contract"] = "discard_column"
        done = finetl.run(write_pipeline(tmp_path, pipeline), f"sqlite:{tmp_path / 'w.db'}", env=source.env).ok()
        assert done.dataset("facts")["reasons"] == {"rate:separator": 1}
