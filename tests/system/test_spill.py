# SPDX-License-Identifier: Apache-2.0
"""--max-memory: keys that find no room go to disk, and nothing else changes.

At 1M every batch of records goes there. What comes out is compared, byte for byte, with what
comes out without a cap, which test_model.py has proved.
"""

import json
import random
import signal
import subprocess

import pytest

import nasty
import pipelines
from finetl import connect, dump, integrity, peak_rss_kib, write_pipeline, RUN_TIME

CAP = ("--max-memory", "1M")
MIB = 1024


@pytest.fixture(scope="module")
def cases():
    return nasty.customers(21, 6_000), nasty.transactions(22, 30_000, 6_000)


def write_input(folder, cases, n_files, name):
    customers, transactions = cases
    folder.mkdir()
    for i, data in enumerate(nasty.cut(customers, n_files, 1)):
        (folder / f"customers-{i}.csv").write_bytes(data)
    for i, data in enumerate(nasty.cut(transactions, n_files, 2)):
        (folder / f"transactions-{i}.csv").write_bytes(data)
    return write_pipeline(folder, getattr(pipelines, name)())


def counters(done):
    """What is said of the data sets, stamps aside."""
    return [{key: value for key, value in d.items() if not key.startswith("elapsed")} for d in done.result["datasets"]]


@pytest.mark.parametrize("n_files", [1, 9])
@pytest.mark.parametrize("name", ["financial", "variant"])
def test_files_are_the_same(finetl, tmp_path, cases, name, n_files):
    pipeline = write_input(tmp_path / "in", cases, n_files, name)
    without = finetl.run(pipeline, f"files:{tmp_path / 'without'}").ok()
    capped = finetl.run(pipeline, f"files:{tmp_path / 'capped'}", *CAP).ok()
    names = sorted(path.name for path in (tmp_path / "without").iterdir())
    assert names == sorted(path.name for path in (tmp_path / "capped").iterdir())
    for path in (tmp_path / "without").glob("*.csv"):
        assert path.read_bytes() == (tmp_path / "capped" / path.name).read_bytes(), path.name
    assert counters(capped) == counters(without)
    assert sum(d["duplicate"] + d["superseded"] for d in capped.result["datasets"]) > 0
    assert any("conflict" in reason for d in capped.result["datasets"] for reason in d["reasons"])


@pytest.mark.parametrize("name", ["financial", "variant"])
def test_a_warehouse_is_the_same_run_after_run(finetl, tmp_path, cases, name):
    """The second run meets what the first stored; customers that it refers to are on disk, too."""
    runs = [write_input(tmp_path / "in", cases, 1, name)]
    later = nasty.customers(23, 6_000), nasty.transactions(22, 20_000, 6_000)
    runs.append(write_input(tmp_path / "later", later, 3, name))
    rows = {}
    for kind, options in (("without", ()), ("capped", CAP)):
        warehouse = tmp_path / f"{kind}.db"
        rows[kind] = [counters(finetl.run(pipeline, f"sqlite:{warehouse}", *options).ok()) for pipeline in runs]
        integrity(warehouse)
        with connect(warehouse) as db:
            rejects = db.execute("SELECT dataset, record, byte_offset, verdict, reasons, raw FROM etl_rejects ORDER BY reject_id")
            rows[kind].append([tuple(r) for r in rejects])
        db.close()
        rows[kind].append(dump(warehouse, ("dim_customers", "fact_transactions")))
    assert rows["capped"] == rows["without"]


KEYS = {  # the type of the first column of the key, how its n-th value is written, and whether a second column is part of it
    "numbered": ("text(20)", lambda n: f"TXN{n:08}", False),
    "mixed": ("text(40)", lambda n: f"TXN{n:08}" if n % 5 else f"txn-{n}\u00e9" if n % 2 else f"TXN{n}", False),
    "zeros": ("text(20)", lambda n: str(n).zfill(n % 12 + 1), False),
    "wide": ("text(60)", lambda n: f"{n:050}", False),
    "int": ("int", lambda n: str(n - 500), False),
    "large_int": ("int", lambda n: str(n * 99999999977 - 10**18), False),
    "decimal": ("decimal(12,2)", lambda n: f"{n}.{n % 100:02}", False),
    "date": ("date", lambda n: f"{1900 + n // 336 % 200:04}-{n // 28 % 12 + 1:02}-{n % 28 + 1:02}", False),
    "text_and_int": ("text(20)", lambda n: f"A{n // 100:06}", True),
    "two_ints": ("int", lambda n: str(n // 100), True),
}
N_KEYS = 9_000


def keys_of(folder, kind):
    """Records that are double, change, and differ; and others that refer to them, by a key of one column."""
    type_, text, is_two = KEYS[kind]
    chance = random.Random(kind)
    rows = []
    for n in (chance.randrange(N_KEYS * 3 // 4) for _ in range(N_KEYS)):
        amount = n % 1000 if chance.random() < 0.98 else 5
        rows.append(",".join([text(n), *([str(n % 100)] if is_two else []), f"{amount}.50", chance.choice("abc")]))
    columns = [{"name": "k", "type": type_}, *([{"name": "k2", "type": "int"}] if is_two else []),
               {"name": "amount", "type": "decimal(12,2)"}, {"name": "state", "type": "text(5)"}]
    key = [c["name"] for c in columns[:-2]]
    (folder / "p.csv").write_text("\n".join([",".join(c["name"] for c in columns), *rows, ""]))
    (folder / "c.csv").write_text("id,k\n" + "".join(f"{i},{text(chance.randrange(N_KEYS))}\n" for i in range(N_KEYS // 3)))
    parents = {"name": "p", "source": {"csv": "p.csv"}, "columns": columns, "target": "p"}
    children = {"name": "c", "source": {"csv": "c.csv"}, "columns": [{"name": "id", "type": "int"}, {"name": "k", "type": type_}],
                "references": [{"id": "k_known", "column": "k", "target": "p"}], "target": "c"}
    return write_pipeline(folder, {
        "version": 1, "pipeline": "p", "datasets": [parents, *([] if is_two else [children])],
        "targets": {"p": {"key": key, "mutable": ["state"]}, **({} if is_two else {"c": {"key": ["id"], "mutable": "all"}})}})


@pytest.mark.parametrize("kind", KEYS)
def test_every_kind_of_key_is_the_same(finetl, tmp_path, kind):
    pipeline, told, files = keys_of(tmp_path, kind), [], []
    for name, options in (("free", ()), ("capped", CAP), ("ahead", (*CAP, "--threads", "2"))):
        told.append(counters(finetl.run(pipeline, f"files:{tmp_path / name}", *options).ok()))
        files.append({path.name: path.read_bytes() for path in (tmp_path / name).glob("*.csv")})
    assert told[1] == told[2] == told[0] and files[1] == files[2] == files[0]
    assert all(told[0][0][term] for term in ("inserted", "duplicate", "superseded", "rejected"))
    again = []
    for name, options in (("free", ()), ("capped", (*CAP, "--threads", "2"))):
        warehouse = f"sqlite:{tmp_path / name}.db"
        finetl.run(pipeline, warehouse, *options).ok()
        again.append(counters(finetl.run(pipeline, warehouse, *options).ok()))
        assert again[-1][0]["inserted"] == again[-1][0]["updated"] == 0
    assert again[1] == again[0]
    assert dump(tmp_path / "capped.db", ("p",)) == dump(tmp_path / "free.db", ("p",))


@pytest.mark.parametrize("point", ["keys.write:2", "keys.read:5"])
@pytest.mark.parametrize("kind", ["numbered", "int", "text_and_int"])
def test_a_run_killed_among_keys_of_any_kind_is_done_again(failing_finetl, tmp_path, kind, point):
    pipeline, options = keys_of(tmp_path, kind), (*CAP, "--threads", "2")
    done = failing_finetl.run(pipeline, f"sqlite:{tmp_path / 'w.db'}", *options, env={"FINETL_FAILPOINT": f"{point}=kill"})
    assert done.code == -signal.SIGKILL, done
    told = [counters(failing_finetl.run(pipeline, f"sqlite:{tmp_path / name}", *o).ok()) for name, o in (("w.db", options), ("w2.db", ()))]
    assert told[0] == told[1]
    assert dump(tmp_path / "w.db", ("p",)) == dump(tmp_path / "w2.db", ("p",))


REMEMBER = [
    ("expect_column_values_to_be_unique", {"column": "t"}),
    ("expect_column_values_to_be_unique", {"column": "n"}),
    ("expect_compound_columns_to_be_unique", {"column_list": ["t", "n"]}),
    ("expect_column_unique_value_count_to_be_between", {"column": "t", "min_value": 1}),
    ("expect_column_proportion_of_unique_values_to_be_between", {"column": "n", "min_value": 0.1}),
    ("expect_column_distinct_values_to_be_in_set", {"column": "t", "value_set": ["v1", "v2", ""]}),
    ("expect_column_distinct_values_to_contain_set", {"column": "n", "value_set": ["1", "2", "99999999"]}),
    ("expect_column_distinct_values_to_equal_set", {"column": "n", "value_set": ["7", "8", "-1"]}),
    ("expect_column_most_common_value_to_be_in_set", {"column": "t", "value_set": ["v1"], "ties_okay": True}),
]


@pytest.mark.parametrize("n_values", [3, 25_000, 1_000_000])
def test_suites_say_the_same(finetl, tmp_path, n_values):
    r = random.Random(n_values)
    lines = [f"{'v' * r.randrange(3)}{r.randrange(n_values)},{r.randrange(n_values)}\n" for _ in range(120_000)]
    (tmp_path / "d.csv").write_text("t,n\n" + "".join(lines) + ",1\n,2\n,2\n")
    suite = tmp_path / "suite.json"
    suite.write_text(json.dumps({"name": "s", "expectations": [
        {"type": kind, "kwargs": kwargs, "severity": "critical", "meta": {}} for kind, kwargs in REMEMBER]}))
    results = []
    for options in ((), CAP):
        done = finetl("validate", tmp_path / "d.csv", "--suite", suite, "--result-format", "COMPLETE", *options)
        assert done.code in (0, 4), done
        results.append(json.loads(done.stdout)["results"])
    assert len(results[0]) == len(REMEMBER)
    assert results[1] == results[0]


def keys_only(folder, n, text="{}".format):
    folder.mkdir(exist_ok=True)
    (folder / "keys.csv").write_text("id\n" + "".join(text(i) + "\n" for i in range(n)))
    return write_pipeline(folder, {
        "version": 1, "pipeline": "p", "targets": {"t": {"key": ["id"]}},
        "datasets": [{"name": "d", "source": {"csv": "keys.csv"}, "target": "t",
                      "columns": [{"name": "id", "type": "text(40)", "required": True}]}]})


@pytest.mark.parametrize("kind", ["files", "sqlite"])
@pytest.mark.parametrize("n, text", [
    (1_000_000, "{:040}".format),                                             # 100 MiB, were they all in memory
    (2_000_000, lambda i: f"{i * 0x9E3779B97F4A7C15 % 2**64:020x}"),          # of no order, so that each bucket of the disk gets some
], ids=["long", "scattered"])
def test_the_process_stays_within_its_memory(finetl, tmp_path, n, text, kind):
    pipeline = keys_only(tmp_path / "in", n, text)
    url = f"files:{tmp_path / 'out'}" if kind == "files" else f"sqlite:{tmp_path / 'w.db'}"
    peak = peak_rss_kib([finetl.binary, "run", pipeline, "--warehouse", url, "--quiet", "--threads", "2", "--max-memory", "64M"])
    for path in tmp_path.rglob("*"):  # such files are not for keeping
        if path.is_file():
            path.unlink()
    assert peak <= 1.1 * 64 * MIB, f"{peak / MIB:.1f} MiB"


def test_a_full_disk_ends_the_run_and_leaves_nothing(finetl, tmp_path):
    """ulimit -f stands for it: the rows are shorter than what is remembered of them."""
    pipeline = keys_only(tmp_path / "in", 40_000)
    done = finetl_limited(finetl, pipeline, tmp_path / "out", blocks=1024)
    assert done.returncode == 5, done
    assert "keys set aside on disk" in done.stderr and "ulimit -f" in done.stderr, done.stderr
    assert not (tmp_path / "out" / "t.csv").exists()
    assert {path.name for path in (tmp_path / "out").iterdir()} <= {".finetl.lock", "held"}
    finetl.run(pipeline, f"files:{tmp_path / 'out'}", *CAP).ok()


def finetl_limited(finetl, pipeline, out, blocks):
    command = f'ulimit -f {blocks}; exec "$0" run "$1" --warehouse "files:$2" --run-time {RUN_TIME} --max-memory 1M'
    return subprocess.run(["bash", "-c", command, finetl.binary, pipeline, out], capture_output=True, text=True, check=False,
                          timeout=120)


@pytest.mark.parametrize("action", ["kill", "eio"])
@pytest.mark.parametrize("point", ["keys.write", "keys.write:3", "keys.read", "keys.read:50"])
def test_at_every_failpoint_of_keys(failing_finetl, tmp_path, cases, point, action):
    pipeline = write_input(tmp_path / "in", cases, 3, "variant")
    url = f"sqlite:{tmp_path / 'w.db'}"
    done = failing_finetl.run(pipeline, url, *CAP, env={"FINETL_FAILPOINT": f"{point}={action}"})
    assert done.code == (-signal.SIGKILL if action == "kill" else 6), done
    assert not list(tmp_path.glob(".finetl-spool*"))
    failing_finetl.run(pipeline, url, *CAP).ok()
    failing_finetl.run(pipeline, f"sqlite:{tmp_path / 'w2.db'}").ok()
    tables = ("dim_customers", "fact_transactions")
    assert dump(tmp_path / "w.db", tables) == dump(tmp_path / "w2.db", tables)
