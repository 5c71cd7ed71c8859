# SPDX-License-Identifier: Apache-2.0
"""What the world does to a run: full disks, read-only places, locks, signals, closed pipes."""

import json
import os
import signal
import sqlite3
import subprocess
import time

import pytest

import pipelines
from finetl import connect, dump, integrity, tmpfs, write_pipeline

TABLES = ["dim_customers", "fact_transactions"]


@pytest.fixture(scope="module")
def data(finetl, tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    finetl("generate", folder, "--customers", 2000, "--transactions", 20000, "--seed", 3, "--until", "2026-03-01").ok()
    return folder


@pytest.fixture
def place(tmp_path, data):
    pipeline = pipelines.financial()
    for dataset in pipeline["datasets"]:
        dataset["source"]["csv"] = str(data / f"{dataset['name']}.csv")
    write_pipeline(tmp_path, pipeline)
    return tmp_path


def remount(folder, options):
    subprocess.run(["mount", "-o", f"remount,{options}", folder], check=True)


def is_empty(warehouse):
    """No table, or none with a row in it."""
    if not warehouse.exists() or warehouse.stat().st_size == 0:
        return True
    with connect(warehouse) as db:
        tables = {row["name"] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        rows = [row for table in TABLES if table in tables for row in db.execute(f"SELECT 1 FROM {table} LIMIT 1")]
    db.close()
    return not rows


def test_disk_full_leaves_the_warehouse_as_it_was(finetl, place):
    with tmpfs(place / "small", "2m") as small:
        warehouse = small / "w.db"
        done = finetl.run(place / "pipeline.yaml", f"sqlite:{warehouse}")
        assert done.code == 6 and done.result["retry_helps"] and "full" in done.result["error"], done
        assert is_empty(warehouse)
        remount(small, "size=64m")
        finetl.run(place / "pipeline.yaml", f"sqlite:{warehouse}").ok()
        integrity(warehouse)
        undisturbed = place / "w.db"
        finetl.run(place / "pipeline.yaml", f"sqlite:{undisturbed}").ok()
        assert dump(warehouse, TABLES) == dump(undisturbed, TABLES)


def test_disk_full_publishes_no_file(finetl, place):
    with tmpfs(place / "small", "1m") as small:
        done = finetl.run(place / "pipeline.yaml", f"files:{small}/out")
        assert done.code == 6, done
        assert not list((small / "out").glob("*.csv")) and not (small / "out" / "report.json").exists()
        remount(small, "size=64m")
        finetl.run(place / "pipeline.yaml", f"files:{small}/out").ok()
        assert {p.name for p in (small / "out").glob("*")} >= {"dim_customers.csv", "fact_transactions.csv", "report.json"}
        assert not list((small / "out").glob(".*tmp*"))


def test_a_disk_with_room_for_all_files_is_enough(finetl, place):
    """A large file that asks for room ahead of itself takes none that another one needs."""
    rows = [f"{i},{'x' * 1000}\n" for i in range(9500)] + [f"bad,{'x' * 1000}\n"] * 4000
    (place / "in.csv").write_text("id,text\n" + "".join(rows))
    write_pipeline(place, {
        "version": 1, "pipeline": "p", "targets": {"t": {"key": ["id"]}},
        "datasets": [{"name": "d", "source": {"csv": "in.csv"}, "target": "t",
                      "columns": [{"name": "id", "type": "int"}, {"name": "text", "type": "text"}]}]})
    with tmpfs(place / "small", "23m") as small:
        done = finetl.run(place / "pipeline.yaml", f"files:{small}/out").ok()
        counts = done.result["datasets"][0]
        assert (counts["inserted"], counts["rejected"]) == (9500, 4000)


def test_a_read_only_place_is_denied(finetl, place):
    with tmpfs(place / "ro", "4m") as folder:
        remount(folder, "ro")
        for url in (f"sqlite:{folder}/w.db", f"files:{folder}/out"):
            done = finetl.run(place / "pipeline.yaml", url)
            assert done.code == 7 and str(folder) in done.result["error"], done


def test_a_read_only_warehouse_can_still_be_asked(finetl, place):
    with tmpfs(place / "ro", "64m") as folder:
        finetl.run(place / "pipeline.yaml", f"sqlite:{folder}/w.db").ok()
        remount(folder, "ro")
        assert finetl.run(place / "pipeline.yaml", f"sqlite:{folder}/w.db").code == 7
        finetl("runs", "--warehouse", f"sqlite:{folder}/w.db").ok()


def test_a_missing_folder_is_said_with_its_name(finetl, place):
    done = finetl.run(place / "pipeline.yaml", f"sqlite:{place}/no/such/w.db")
    assert done.code == 2 and "no/such" in done.result["error"] and "make it" in done.result["error"], done
    assert not (place / "no").exists()


def test_a_missing_input_is_said_with_its_name(finetl, place):
    pipeline = pipelines.financial()
    pipeline["datasets"][0]["source"]["csv"] = "absent-*.csv"
    write_pipeline(place, pipeline)
    done = finetl.run(place / "pipeline.yaml", f"sqlite:{place}/w.db")
    assert done.code == 2 and "absent-*.csv" in done.result["error"], done


def test_a_locked_warehouse_is_exit_6_after_the_wait(finetl, place):
    warehouse = place / "w.db"
    finetl.run(place / "pipeline.yaml", f"sqlite:{warehouse}").ok()
    other = sqlite3.connect(warehouse, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    started = time.monotonic()
    done = finetl.run(place / "pipeline.yaml", f"sqlite:{warehouse}", "--wait", "1s")
    assert done.code == 6 and done.result["retry_helps"], done
    assert 0.9 <= time.monotonic() - started < 15
    other.execute("ROLLBACK")
    other.close()
    finetl.run(place / "pipeline.yaml", f"sqlite:{warehouse}").ok()


def test_readers_of_a_locked_warehouse_wait_and_say_that_it_is_in_use(finetl, place):
    warehouse = place / "w.db"
    finetl.run(place / "pipeline.yaml", f"sqlite:{warehouse}").ok()
    other = sqlite3.connect(warehouse, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    readers = [subprocess.Popen([str(finetl.binary), *command, "--warehouse", f"sqlite:{warehouse}"], text=True,
                                env=finetl.environment(None), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
               for command in (["runs"], ["rejects", "list"])]
    for reader in readers:
        out, err = reader.communicate(timeout=60)
        assert reader.returncode == 6 and not out, (out, err)
        assert "another program is using the database" in err and str(warehouse) in err, err
    readers = [subprocess.Popen([*reader.args], env=finetl.environment(None), stdout=subprocess.PIPE, text=True)
               for reader in readers]
    time.sleep(0.5)
    other.execute("ROLLBACK")
    other.close()
    for reader in readers:  # now within their wait
        out, _ = reader.communicate(timeout=60)
        assert reader.returncode == 0 and out


def start_endless(finetl, place, warehouse, *more):
    """A run that reads a pipe which stays open, so that it does not end by itself."""
    pipeline = pipelines.financial()
    pipeline["datasets"][0]["source"]["csv"] = "-"
    path = write_pipeline(place, pipeline, "endless.yaml")
    reader, writer = os.pipe()
    child = subprocess.Popen([str(finetl.binary), "run", str(path), "--warehouse", warehouse, *more], stdin=reader,
                             env=finetl.environment(None), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                             # Whoever runs the tests may have it ignored (nohup), which finetl would respect.
                             preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL))
    os.close(reader)
    header = "customer_id,customer_name,registration_date,customer_tier,email,is_active\n"
    os.write(writer, (header + "".join(f"C{i},n,2020-01-01,gold,e,yes\n" for i in range(2000))).encode())
    time.sleep(0.7)
    assert child.poll() is None, child.communicate()
    return child, writer


def test_a_second_run_waits_and_names_the_first(finetl, place):
    warehouse = f"sqlite:{place}/w.db"
    child, writer = start_endless(finetl, place, warehouse)
    try:
        done = finetl.run(place / "pipeline.yaml", warehouse, "--wait", "1s")
        assert done.code == 6 and str(child.pid) in done.result["error"], done
    finally:
        child.kill()
        child.communicate()
        os.close(writer)
    finetl.run(place / "pipeline.yaml", warehouse).ok()
    with connect(place / "w.db") as db:
        assert [row["status"] for row in db.execute("SELECT status FROM etl_audit_log WHERE status = 'abandoned'")] == ["abandoned"]
    db.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_rolls_back_while_it_waits_for_input(finetl, place, number):
    warehouse = place / "w.db"
    child, writer = start_endless(finetl, place, f"sqlite:{warehouse}")
    started = time.monotonic()
    child.send_signal(number)
    try:
        stdout, stderr = child.communicate(timeout=10)
    finally:
        child.kill()
        os.close(writer)
    assert child.returncode == 9, (stdout, stderr)
    assert time.monotonic() - started < 10
    assert '"status":"failed"' in stdout.replace(" ", "") and '"exit_code":9' in stdout.replace(" ", "")
    assert is_empty(warehouse)


def test_sigterm_rolls_back_at_work(finetl, tmp_path):
    finetl("generate", tmp_path, "--customers", 20000, "--transactions", 600000, "--clean", "--until", "2026-03-01").ok()
    pipeline = write_pipeline(tmp_path, pipelines.financial())
    warehouse = tmp_path / "w.db"
    for delay in (0.3, 1.5, 3.0):  # while reading, while loading, while indexing
        child = finetl.start("run", pipeline, "--warehouse", f"sqlite:{warehouse}")
        time.sleep(delay)
        child.terminate()
        started = time.monotonic()
        stdout, stderr = child.communicate(timeout=20)
        if child.returncode == 0:  # it was done before the signal came
            assert delay > 1
            return
        assert child.returncode == 9 and time.monotonic() - started < 10, (stdout, stderr)
        assert is_empty(warehouse)
        integrity(warehouse)


def test_a_closed_stdout_does_not_undo_a_run(finetl, place):
    warehouse = place / "w.db"
    reader, writer = os.pipe()
    os.close(reader)
    child = finetl.start("run", place / "pipeline.yaml", "--warehouse", f"sqlite:{warehouse}", stdout=writer)
    os.close(writer)
    child.communicate(timeout=60)
    assert child.returncode == 0
    assert not is_empty(warehouse)


def shell(finetl, line, *arguments):
    """A line of sh with the binary as $0 and the arguments behind it."""
    command = ["sh", "-c", line, str(finetl.binary), *(str(a) for a in arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_closed_descriptors_are_not_taken_for_the_files_of_a_run(finetl, place):
    pipeline, url = place / "pipeline.yaml", f"sqlite:{place}/w.db"
    for closing in ["<&-", "2>&-", "<&- 2>&-"]:
        done = shell(finetl, f'exec "$0" run "$1" -w "$2" {closing}', pipeline, url)
        assert done.returncode == 0 and json.loads(done.stdout)["published"], done
        lock = (place / "w.db.financial_transactions.lock").read_text()
        assert lock.startswith("process ") and lock.count("\n") == 1
    done = shell(finetl, 'exec "$0" run "$1" -w "$2" >&-', pipeline, url)
    assert done.returncode == 6 and done.stdout == "", done
    integrity(place / "w.db")


def test_a_closed_stdin_is_not_read_as_data(finetl, place):
    pipeline = pipelines.financial()
    pipeline["datasets"][0]["source"]["csv"] = "-"
    path = write_pipeline(place, pipeline)
    done = shell(finetl, 'exec "$0" run "$1" -w "$2" <&-', path, f"sqlite:{place}/w.db")
    assert done.returncode == 6 and "Bad file descriptor" in json.loads(done.stdout)["error"], done


def test_a_result_that_cannot_be_printed_is_one_error(finetl, place):
    done = shell(finetl, 'exec "$0" run -q "$1" -w "$2" >/dev/full', place / "pipeline.yaml", f"sqlite:{place}/w.db")
    assert done.returncode == 6 and not is_empty(place / "w.db")
    assert "result was not printed" in done.stderr and len(done.stderr.splitlines()) == 1, done


def test_a_limit_of_file_sizes_is_an_error_and_no_signal(finetl, place):
    for url in [f"sqlite:{place}/w.db", f"files:{place}/out"]:
        done = shell(finetl, 'ulimit -f 100; exec "$0" run "$1" -w "$2"', place / "pipeline.yaml", url)
        assert done.returncode in (5, 6) and not json.loads(done.stdout)["published"], done
        finetl.run(place / "pipeline.yaml", url).ok()


def test_a_full_log_neither_blocks_nor_fails_a_run(finetl, place):
    with open("/dev/full", "w", encoding="ascii") as full:
        child = finetl.start("run", place / "pipeline.yaml", "--warehouse", f"sqlite:{place}/w.db", stderr=full)
        stdout, _ = child.communicate(timeout=60)
    assert child.returncode == 0 and '"exit_code"' in stdout


def test_a_stopped_run_resumes(finetl, place):
    child = finetl.start("run", place / "pipeline.yaml", "--warehouse", f"sqlite:{place}/w.db")
    time.sleep(0.1)
    child.send_signal(signal.SIGSTOP)
    time.sleep(1)
    child.send_signal(signal.SIGCONT)
    child.communicate(timeout=60)
    assert child.returncode == 0
    integrity(place / "w.db")


def test_few_file_handles_are_enough_or_the_error_is_clear(finetl, place):
    command = f"ulimit -n 8; exec {finetl.binary} run {place}/pipeline.yaml --warehouse sqlite:{place}/w.db"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode in (0, 5, 6), done
    assert done.returncode == 0 or is_empty(place / "w.db")


def test_a_file_that_is_no_database_is_left_alone(finetl, place):
    warehouse = place / "w.db"
    warehouse.write_bytes(b"not a database, but somebody's notes\n" * 100)
    done = finetl.run(place / "pipeline.yaml", f"sqlite:{warehouse}")
    assert done.code == 8, done
    assert warehouse.read_bytes() == b"not a database, but somebody's notes\n" * 100


def test_a_row_that_the_table_refuses_is_named_with_its_file(finetl, tmp_path):
    for name, amount in (("a.csv", 1), ("b.csv", -1)):
        (tmp_path / name).write_text(f"id,amount\n{name},{amount}\n")
    pipeline = {
        "version": 1,
        "pipeline": "refused",
        "datasets": [{
            "name": "t",
            "source": {"csv": "*.csv"},
            "columns": [{"name": "id", "type": "text(9)"}, {"name": "amount", "type": "decimal(8,2)"}],
            "target": "t",
        }],
        "targets": {"t": {"key": ["id"], "checks": ["amount > 0"]}},
    }
    done = finetl.run(write_pipeline(tmp_path, pipeline), f"sqlite:{tmp_path}/w.db")
    assert done.code == 8, done
    for word in ("b.csv", "record 1", "amount > 0"):
        assert word in done.result["error"], done
    assert "a.csv" not in done.result["error"], done


def test_a_table_of_another_shape_is_a_conflict_and_stays(finetl, place):
    warehouse = place / "w.db"
    db = sqlite3.connect(warehouse)
    db.execute("CREATE TABLE fact_transactions (transaction_id TEXT, note TEXT)")
    db.execute("INSERT INTO fact_transactions VALUES ('T1', 'mine')")
    db.commit()
    db.close()
    done = finetl.run(place / "pipeline.yaml", f"sqlite:{warehouse}")
    assert done.code == 8 and "fact_transactions" in done.result["error"], done
    db = sqlite3.connect(warehouse)
    assert db.execute("SELECT * FROM fact_transactions").fetchall() == [("T1", "mine")]
    db.close()


def test_a_table_by_the_name_of_one_of_ours_is_a_conflict_and_stays(finetl, place):
    warehouse = place / "w.db"
    db = sqlite3.connect(warehouse)
    db.execute("CREATE TABLE etl_rejects (a, b)")
    db.commit()
    db.close()
    done = finetl.run(place / "pipeline.yaml", f"sqlite:{warehouse}")
    assert done.code == 8 and "rename it" in done.result["error"], done
    with connect(warehouse) as db:
        assert [row["name"] for row in db.execute("SELECT name FROM sqlite_schema")] == ["etl_rejects"]
    db.close()


def test_files_of_others_in_the_folder_are_a_conflict_and_stay(finetl, place):
    for name in ["fact_transactions.csv", "customers.rejects.csv", "report.json"]:
        folder = place / f"with {name}"
        folder.mkdir()
        (folder / name).write_text("mine\n")
        done = finetl.run(place / "pipeline.yaml", f"files:{folder}")
        assert done.code == 8 and name in done.result["error"] and not done.result["published"], done
        assert (folder / name).read_text() == "mine\n" and os.listdir(folder) == [name]


def test_an_input_is_not_replaced_by_the_output(finetl, place, data):
    folder = place / "out"
    finetl.run(place / "pipeline.yaml", f"files:{folder}").ok()
    given = (data / "transactions.csv").read_bytes()
    (folder / "fact_transactions.csv").write_bytes(given)
    pipeline = json.loads((place / "pipeline.yaml").read_text())
    pipeline["datasets"][1]["source"]["csv"] = str(folder / "fact_transactions.csv")
    done = finetl.run(write_pipeline(place, pipeline), f"files:{folder}")
    assert done.code == 8 and "this file was read" in done.result["error"], done
    assert (folder / "fact_transactions.csv").read_bytes() == given


def test_an_input_that_changes_while_it_is_read_is_refused(finetl, place):
    big = place / "customers.csv"
    header = b"customer_id,customer_name,registration_date,customer_tier,email,is_active\n"
    big.write_bytes(header + b"".join(b"C%d,n,2020-01-01,gold,e,yes\n" % i for i in range(400_000)))
    pipeline = pipelines.financial()
    pipeline["datasets"][0]["source"]["csv"] = "customers.csv"
    pipeline["datasets"] = pipeline["datasets"][:1]
    del pipeline["targets"]["fact_transactions"]
    path = write_pipeline(place, pipeline)
    child = finetl.start("run", path, "--warehouse", f"sqlite:{place}/w.db")
    time.sleep(0.15)
    with open(big, "ab") as more:
        more.write(b"C999999999,n,2020-01-01,gold,e,yes\n")
    stdout, _ = child.communicate(timeout=60)
    if child.returncode == 0:  # it had been read to its end by then
        assert '"read":400000' in stdout.replace(" ", "")
    else:
        assert child.returncode == 3 and "chang" in stdout
        assert is_empty(place / "w.db")
