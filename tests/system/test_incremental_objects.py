# SPDX-License-Identifier: Apache-2.0
"""`incremental: objects`: what is loaded is told by version or content, never by a time. A sweep over a folder
or prefix finds what no event told of, and nothing else."""

import os
import time

import pytest

import sources
from finetl import dump, write_pipeline
from sources import COLUMNS, records, rows_of, stored

KINDS = ["csv", "csv-gz", "ndjson", "ndjson-gz", "json", "s3"]


class Folder:
    """Objects by name, in files or under a prefix of S3."""

    def __init__(self, source):
        self.source = source
        self.ending = getattr(source, "ending", "ndjson.gz")

    def put(self, name, rows):
        if self.source.name == "s3":
            self.source.put_object(f"in/{name}.{self.ending}", rows)
            return
        text = self.source.text(COLUMNS, rows)
        path = self.source.folder / f"{name}.{self.ending}"
        path.write_bytes(sources.gzip.compress(text, 1, mtime=0) if self.source.is_packed else text)
        return path

    def remove(self, name):
        if self.source.name == "s3":
            self.source.client.delete_object(Bucket="ledger", Key=f"in/{name}.{self.ending}")
        else:
            (self.source.folder / f"{name}.{self.ending}").unlink()

    def location(self, object_):
        return f"s3://ledger/in/{object_}" if self.source.name == "s3" else str(self.source.folder / object_)


@pytest.fixture(params=KINDS)
def place(request, tmp_path):
    with sources.opened(request.param, tmp_path, request) as source:
        yield Folder(source)


@pytest.fixture
def load(finetl, tmp_path, place):
    """One run over an object or a pattern: (objects skipped, records read)."""
    pipeline = sources.pipeline_of(place.source, incremental="objects")
    pipeline["params"] = {"object": f"*.{place.ending}"}
    pipeline["datasets"][0]["source"][place.source.kind] = place.location("{object}")
    path = write_pipeline(tmp_path, pipeline)

    def run(object_=None, *more):
        told = ["--param", f"object={object_}.{place.ending}"] if object_ else []
        done = finetl.run(path, f"sqlite:{run.warehouse}", *told, *more, env=place.source.env).ok().dataset("facts")
        return done["objects_skipped"], done["read"]

    run.warehouse = tmp_path / "w.db"
    return run


def test_a_sweep_loads_what_is_new_or_changed_and_nothing_else(load, place):
    parts = {name: list(records(100, seed=n, first=1 + 100 * n)) for n, name in enumerate(["a", "b", "c", "d"])}
    for name in "abc":
        place.put(name, parts[name])
    assert load() == (0, 300)
    assert load() == (3, 0)

    parts["b"][7] = {**parts["b"][7], "amount": "12.34"}
    place.put("b", parts["b"])           # written over
    place.put("d", parts["d"])           # new
    place.put("c", parts["c"])           # written again as it was
    place.remove("a")
    assert load() == (1, 200)
    assert rows_of(load.warehouse) == [stored(row) for name in "abcd" for row in parts[name]]

    before = dump(load.warehouse, ["facts"], without=set())
    assert load(None, "--reprocess") == (0, 300)
    assert dump(load.warehouse, ["facts"], without=set()) == before


def test_a_sweep_finds_what_an_event_missed(load, place):
    """Events name one object each; the one of `b` never came, the one of `a` came twice."""
    parts = {name: list(records(50, seed=n, first=1 + 50 * n)) for n, name in enumerate("abc")}
    for name, rows in parts.items():
        place.put(name, rows)
    assert load("a") == (0, 50)
    assert load("a") == (1, 0)
    assert load("c") == (0, 50)
    assert load() == (2, 50)
    assert load("b") == (1, 0)
    assert rows_of(load.warehouse) == [stored(row) for name in "abc" for row in parts[name]]


@pytest.mark.parametrize("place", ["csv", "ndjson-gz"], indirect=True)
def test_a_files_time_says_nothing(load, place):
    rows = list(records(50))
    path = place.put("a", rows)
    assert load() == (0, 50)
    stat = path.stat()
    os.utime(path, (time.time() + 3600, time.time() + 3600))
    assert load() == (1, 0)
    rows[3] = {**rows[3], "name": (rows[3]["name"] or "x")[::-1]}  # as long as before
    place.put("a", rows)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert load() == (0, 50)
    assert rows_of(load.warehouse) == [stored(row) for row in rows]
