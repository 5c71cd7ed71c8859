# SPDX-License-Identifier: Apache-2.0
"""The command line: help, mistakes, exit codes, and the JSON line that a scheduler reads."""

import base64
import contextlib
import fcntl
import json
import os
import pty
import struct
import subprocess
import termios

import pytest

import pipelines
from finetl import plain, write_pipeline

COMMANDS = ["run", "plan", "init", "lint", "generate", "schema print", "schema apply", "runs", "rejects list", "rejects export", "rejects replay", "rejects purge", "explain", "report", "notify", "describe", "version"]
CUSTOMERS = ("customer_id,customer_name,registration_date,customer_tier,email,is_active\n"
             "C1,Ada,2020-01-01,gold,a@b.c,yes\n")
TRANSACTIONS = ("transaction_id,customer_id,transaction_date,amount,merchant_id,category,status,payment_method\n"
                "T1,C1,2025-06-01 10:00,12.50,M1,food,completed,card\n"
                "T2,C1,2025-06-01 10:00,-1,M1,food,completed,card\n")


@pytest.fixture
def place(tmp_path):
    (tmp_path / "customers.csv").write_text(CUSTOMERS)
    (tmp_path / "transactions.csv").write_text(TRANSACTIONS)
    write_pipeline(tmp_path, pipelines.financial())
    return tmp_path


def test_help_names_every_command_and_exit_code(finetl):
    for arguments in (["--help"], ["help"], ["-h"], []):
        done = finetl(*arguments).ok()
        assert all(command in done.stdout for command in COMMANDS), arguments
        for code in ("2 ", "3 ", "4 ", "5 ", "6 ", "7 ", "8 ", "9 ", "70 ", "99 "):
            assert code in done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help(finetl, command):
    done = finetl(*command.split(), "--help").ok()
    assert done.stdout.startswith(f"usage: finetl {command}") and done.stderr == ""
    assert finetl("help", *command.split()).ok().stdout == done.stdout


@pytest.mark.parametrize("word", ["schema", "rejects"])
def test_the_first_word_of_a_command_helps_on(finetl, word):
    done = finetl(word, "--help").ok()
    whole = [command for command in COMMANDS if command.startswith(f"{word} ")]
    assert all(f"finetl {command}" in done.stdout for command in whole) and done.stderr == ""
    assert finetl("help", word).ok().stdout == done.stdout
    alone = finetl(word)
    assert alone.code == 2 and all(f"'{command}'" in alone.stderr for command in whole), alone


def test_version_is_one_line(finetl):
    done = finetl("version").ok()
    assert done.stdout.startswith("finetl ") and done.stdout.count("\n") == 1
    assert finetl("--version").ok().stdout == done.stdout


@pytest.mark.parametrize("arguments, near", [
    (["rum"], "run"), (["lnit"], "lint"), (["run", "--warehose", "x"], "--warehouse"), (["run", "--selct=a"], "--select"),
    (["generate", "--transaction", "5"], "--transactions"), (["run", "--log-format", "jsn"], "json"),
])
def test_a_mistyped_word_is_answered_with_the_nearest(finetl, arguments, near):
    done = finetl(*arguments)
    assert done.code == 2 and near.lstrip("-") in done.stderr, done


@pytest.mark.parametrize("arguments", [
    ["run", "--wait"], ["run", "--wait", "soon"], ["run", "a.yaml", "b.yaml"], ["run", "--threads", "0"],
    ["run", "--threads", "many"], ["run", "--wait", "1s", "--wait", "2s"], ["generate", "--customers", "-1"], ["explain"],
])
def test_a_wrong_argument_is_exit_2_and_says_which(finetl, arguments, tmp_path):
    done = finetl(*arguments, cwd=tmp_path)
    assert done.code == 2 and done.stderr, done


def test_the_json_line_is_all_there_is_on_stdout(finetl, place):
    done = finetl.run("pipeline.yaml", "sqlite:w.db", cwd=place).ok()
    result = done.result
    assert result["status"] == "success_with_rejects" and result["exit_code"] == 0 and result["error"] is None
    assert result["run_time"] == "2026-03-01T12:00:00.000000Z" and len(result["run_id"]) == 26
    assert result["warehouse"].endswith("w.db")
    transactions = done.dataset("transactions")
    assert (transactions["read"], transactions["inserted"], transactions["rejected"]) == (2, 1, 1)
    assert transactions["reasons"] == {"amount_positive": 1}
    sums = transactions["sums"]["amount"]
    assert (sums["read"], sums["inserted"], sums["rejected"], sums["no_value"]) == ("11.50", "12.50", "-1.00", 0)


def test_a_container_finds_its_result_and_its_reason_in_files(finetl, place):
    result, reason = place / "return.json", place / "termination-log"
    files = ["--result-file", result, "--termination-log", reason]
    reason.write_text("of the container before")
    done = finetl.run(place / "pipeline.yaml", f"sqlite:{place}/w.db", *files).ok()
    assert result.read_text() == done.stdout and reason.read_text() == "of the container before"
    (place / "customers.csv").write_text("no,such,columns\n")
    done = finetl.run(place / "pipeline.yaml", f"sqlite:{place}/w.db", *files)
    assert done.code == 3 and result.read_text() == done.stdout
    assert 0 < len(reason.read_bytes()) <= 4096 and reason.read_text().strip() in done.result["error"]
    done = finetl.run(place / "none.yaml", f"sqlite:{place}/w.db", *files)
    assert done.code == 2 and result.read_text() == done.stdout and "none.yaml" in reason.read_text()
    (place / "customers.csv").write_text(CUSTOMERS)
    done = finetl.run(place / "pipeline.yaml", f"sqlite:{place}/w.db", "--result-file", place / "no" / "such.json")
    assert done.code == 2 and '"published":true' in done.stdout


@pytest.mark.parametrize("format_", ["text", "json"])
def test_logs_go_to_stderr_only(finetl, place, format_):
    done = finetl.run("pipeline.yaml", "sqlite:w.db", "--log-format", format_, cwd=place).ok()
    assert done.result["exit_code"] == 0 and done.stderr
    if format_ == "json":
        assert all(isinstance(json.loads(line), dict) for line in done.stderr.splitlines())


def test_no_value_of_a_record_is_in_the_logs(finetl, place):
    (place / "customers.csv").write_text(CUSTOMERS + "C2,Canary Name,never,gold,canary@example.org,yes\n")
    done = finetl.run("pipeline.yaml", "sqlite:w.db", "--log-level", "debug", cwd=place).ok()
    assert "anary" not in done.stderr + done.stdout


@pytest.mark.parametrize("make, code", [
    (lambda p: (p / "pipeline.yaml").unlink(), 2),
    (lambda p: (p / "pipeline.yaml").write_text("version: 1\npipelin: x\n"), 2),
    (lambda p: (p / "transactions.csv").unlink(), 2),
    (lambda p: (p / "transactions.csv").write_text(TRANSACTIONS + 'T3,"C1'), 3),
    (lambda p: (p / "transactions.csv").write_text(""), 3),
    (lambda p: (p / "transactions.csv").write_text(TRANSACTIONS.replace("amount", "amuont")), 3),
    (lambda p: (p / "transactions.csv").write_text(TRANSACTIONS + "T3," + "x" * 1_048_577 + "\n"), 5),
])
def test_exit_codes_and_json_of_runs_that_fail(finetl, place, make, code):
    make(place)
    done = finetl.run("pipeline.yaml", "sqlite:w.db", cwd=place)
    assert done.code == code, done
    result = done.result
    assert result["exit_code"] == code and result["status"] == "failed" and result["error"]
    assert plain(done.stderr).strip()


def test_the_gate_holds_the_run(finetl, place):
    pipeline = pipelines.financial()
    pipeline["datasets"][1]["gate"] = {"max_rejected_percent": 5}
    write_pipeline(place, pipeline)
    done = finetl.run("pipeline.yaml", "sqlite:w.db", cwd=place)
    assert done.code == 4 and done.result["status"] == "held" and "transactions" in done.result["error"], done
    for word in ("rejects", "list"), ("runs",):
        assert finetl(*word, "--warehouse", "sqlite:w.db", cwd=place).ok().stdout


def test_all_mistakes_of_a_pipeline_file_come_at_once(finetl, place):
    (place / "bad.yaml").write_text(
        "version: 1\npipeline: bad\ndatasets:\n  - name: a\n    sorce: { csv: x.csv }\n    columns:\n"
        "      - { name: id, type: txet(3) }\n    rules:\n      - { id: r, check: \"idd > 1\" }\n    target: a\ntargets:\n  a: { key: [id] }\n")
    done = finetl("lint", "bad.yaml", cwd=place)
    assert done.code == 2, done
    for place_of_mistake, near in (("bad.yaml:5:", "source"), ("bad.yaml:7:", "text"), ("bad.yaml:9:", "id")):
        line = next(line for line in done.stderr.splitlines() if place_of_mistake in line)
        assert near in line
    finetl("lint", "pipeline.yaml", cwd=place).ok()


def test_the_environment_names_the_warehouse_and_the_option_wins(finetl, place):
    finetl("run", "pipeline.yaml", cwd=place, env={"FINETL_WAREHOUSE": "sqlite:env.db"}).ok()
    assert (place / "env.db").exists()
    finetl("run", "pipeline.yaml", "--warehouse", "sqlite:opt.db", cwd=place, env={"FINETL_WAREHOUSE": "sqlite:env2.db"}).ok()
    assert (place / "opt.db").exists() and not (place / "env2.db").exists()


def test_no_warehouse_is_a_usage_error(finetl, place):
    done = finetl("run", "pipeline.yaml", cwd=place)
    assert done.code == 2 and "--warehouse" in done.stderr


@pytest.mark.parametrize("command", ["run", "schema apply", "runs", "rejects list", "explain T1"])
@pytest.mark.parametrize("kind", ["postgresql", "sqlite", "nonsense"])
def test_a_password_in_the_warehouse_is_never_shown(finetl, place, command, kind):
    place.joinpath("pipelines").mkdir()
    place.joinpath("pipelines/financial_transactions.yaml").write_bytes((place / "pipeline.yaml").read_bytes())
    done = finetl(*command.split(), cwd=place, env={"FINETL_WAREHOUSE": f"{kind}://etl:hunter2@db:port/x?password=hunter2"})
    assert done.code == 2 and done.stderr and "hunter2" not in done.stdout + done.stderr


@pytest.mark.parametrize("command", ["run", "schema print", "schema apply", "runs", "rejects list", "explain T1", "checks"])
def test_an_unknown_kind_of_warehouse_is_told_with_the_nearest(finetl, place, command):
    place.joinpath("pipelines").mkdir()
    place.joinpath("pipelines/financial_transactions.yaml").write_bytes((place / "pipeline.yaml").read_bytes())
    done = finetl(*command.split(), cwd=place, env={"FINETL_WAREHOUSE": "postgress://etl:hunter2@db/x"})
    assert done.code == 2 and "did you mean 'postgresql:'" in done.stderr and "hunter2" not in done.stdout + done.stderr, done


def test_select_runs_one_data_set_and_looks_parents_up(finetl, place):
    finetl.run("pipeline.yaml", "sqlite:w.db", "--select", "customers", cwd=place).ok()
    done = finetl.run("pipeline.yaml", "sqlite:w.db", "--select", "transactions", cwd=place).ok()
    assert [d["name"] for d in done.result["datasets"]] == ["transactions"]
    assert done.dataset("transactions")["inserted"] == 1
    assert finetl.run("pipeline.yaml", "sqlite:w.db", "--select", "transaction", cwd=place).code == 2


def test_standard_input_is_a_source(finetl, place):
    pipeline = pipelines.financial()
    pipeline["datasets"][1]["source"] = {"csv": "-"}
    write_pipeline(place, pipeline)
    with open(place / "transactions.csv", encoding="utf-8") as stdin:
        done = finetl.run("pipeline.yaml", "sqlite:w.db", cwd=place, stdin=stdin).ok()
    assert done.dataset("transactions")["inserted"] == 1


def test_params_fill_in_the_source(finetl, place):
    pipeline = pipelines.financial()
    pipeline["params"] = {"day": ""}
    pipeline["datasets"][1]["source"] = {"csv": "{day}.csv"}
    write_pipeline(place, pipeline)
    (place / "transactions.csv").rename(place / "monday.csv")
    assert finetl.run("pipeline.yaml", "sqlite:w.db", "--param", "day=monday", cwd=place).code == 0
    assert finetl.run("pipeline.yaml", "sqlite:w.db", cwd=place).code == 2
    assert finetl.run("pipeline.yaml", "sqlite:w.db", "--param", "dya=monday", cwd=place).code == 2


@pytest.mark.parametrize("arguments", [["--nope"], ["--wait", "soon"], ["a.yaml", "b.yaml"], ["absent.yaml"]])
def test_a_run_that_cannot_begin_gives_its_json_line_too(finetl, arguments):
    done = finetl("run", *arguments)
    assert done.code == 2 and done.result["exit_code"] == 2 and done.result["run_id"] is None, done
    assert done.result["error"] and not done.result["published"] and len(done.stderr.splitlines()) == 1, done


def on_terminal(finetl, columns, *arguments, cwd):
    """What a terminal of so many columns is sent."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 25, columns, 0, 0))
    child = finetl.start(*arguments, cwd=cwd, stdout=slave, stderr=slave)
    os.close(slave)
    sent = b""
    with contextlib.suppress(OSError):  # the end of a terminal is EIO
        while piece := os.read(master, 65536):
            sent += piece
    os.close(master)
    child.wait(timeout=60)
    return sent.decode(), child.returncode


@pytest.mark.parametrize("columns", [1, 20, 50, 80, 200])
def test_the_progress_bar_fits_the_terminal(finetl, place, columns):
    sent, code = on_terminal(finetl, columns, "run", "pipeline.yaml", "-w", "sqlite:w.db", cwd=place)
    bars = [line.split("\r")[0] for line in sent.split("\r\x1b[K")[1:-1]]
    assert code == 0 and bars and max(map(len, bars)) < max(columns, 1), bars
    assert columns < 80 or any("[" in bar and "rejected" in bar for bar in bars)


def test_a_failure_is_told_once_and_not_beside_the_bar(finetl, place):
    (place / "transactions.csv").write_text(TRANSACTIONS[:-10])
    for more in [], ["--log-level", "info"]:
        sent, code = on_terminal(finetl, 80, "run", "pipeline.yaml", "-w", "sqlite:w.db", *more, cwd=place)
        assert code == 3 and sent.count("it was cut short") == 1, sent
        assert ("run ended" in sent) == bool(more)
        for line in sent.replace("\r\n", "\n").split("\n"):
            shown = line.split("\r\x1b[K")[-1]
            assert " info " not in shown or shown.startswith("20"), line


def test_a_device_is_not_to_be_made_safe(finetl):
    done = finetl("lint", "/dev/null")
    assert done.code == 2 and "empty" in done.stderr and "chmod" not in done.stderr, done


def test_raw_bytes_that_are_no_text_are_listed_in_base64(finetl, place):
    header = TRANSACTIONS.splitlines()[0].encode()
    raws = [b"T8,C1,2025-06-01 10:00,8,M1,caf\xe9,completed,card", b"T9,C1,2025-06-01 10:00,-9,M1,food,completed,card"]
    (place / "transactions.csv").write_bytes(b"\n".join([header, *raws, b""]))
    finetl.run("pipeline.yaml", "sqlite:w.db", cwd=place).ok()
    listed = finetl("rejects", "list", "--json", "--warehouse", "sqlite:w.db", cwd=place).ok().stdout
    rows = [json.loads(line) for line in listed.splitlines()]
    assert [row["raw_encoding"] for row in rows] == ["base64", "utf-8"]
    assert [base64.b64decode(rows[0]["raw"]), rows[1]["raw"].encode()] == raws


def test_rejects_runs_and_explain_tell_of_a_run(finetl, place):
    run_id = finetl.run("pipeline.yaml", "sqlite:w.db", cwd=place).ok().result["run_id"]
    assert run_id in finetl("runs", "--warehouse", "sqlite:w.db", cwd=place).ok().stdout
    rejects = finetl("rejects", "list", "--warehouse", "sqlite:w.db", cwd=place).ok().stdout
    assert "amount_positive" in rejects and "transactions.csv" in rejects and "there are more" not in rejects
    why = finetl("explain", "T1", "--pipeline", "pipeline.yaml", "--warehouse", "sqlite:w.db", cwd=place).ok().stdout
    assert run_id in why and "12.50" in why and "transactions.csv" in why
    asked = finetl("explain", "T1", "pipeline.yaml", "--pipeline", "pipeline.yaml", "--warehouse", "sqlite:w.db", cwd=place)
    assert asked.code == 2 and "a key of 2 parts" in asked.stderr


def test_lists_begin_with_the_newest_run_and_say_that_there_is_more(finetl, place):
    finetl.run("pipeline.yaml", "sqlite:w.db", cwd=place).ok()
    (place / "transactions.csv").write_text(TRANSACTIONS.splitlines()[0] + "\nT8,C1,2025-06-01 10:00,-8,M1,food,completed,card\n")
    finetl.run("pipeline.yaml", "sqlite:w.db", cwd=place).ok()
    for words, what in (("rejects", "list"), "T8,"), (("runs",), "success_with_rejects"):
        one = finetl(*words, "--limit", 1, "--warehouse", "sqlite:w.db", cwd=place).ok().stdout
        assert one.count(what) == 1 and one.endswith("(there are more: --limit N)\n"), one
        two = finetl(*words, "--limit", 2, "--warehouse", "sqlite:w.db", cwd=place).ok().stdout
        assert "there are more" not in two and two.startswith(one.splitlines()[0])


def test_schema_is_printed_and_applied(finetl, place):
    printed = finetl("schema", "print", "pipeline.yaml", cwd=place).ok().stdout
    assert "fact_transactions" in printed and "amount_minor" in printed and not (place / "w.db").exists()
    finetl("schema", "apply", "pipeline.yaml", "--warehouse", "sqlite:w.db", cwd=place).ok()
    assert (place / "w.db").exists()
    finetl.run("pipeline.yaml", "sqlite:w.db", cwd=place).ok()


def test_generate_gives_the_same_bytes_for_the_same_seed(finetl, tmp_path):
    for name in "ab":
        finetl("generate", tmp_path / name, "--customers", 50, "--transactions", 500, "--seed", 7, "--until", "2026-03-01").ok()
    for file in ("customers.csv", "transactions.csv"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    finetl("generate", tmp_path / "c", "--customers", 50, "--transactions", 500, "--seed", 8, "--until", "2026-03-01").ok()
    assert (tmp_path / "a" / "transactions.csv").read_bytes() != (tmp_path / "c" / "transactions.csv").read_bytes()


def test_nothing_to_do_is_99_only_when_asked_for(finetl, place):
    pipeline = pipelines.financial()
    for dataset in pipeline["datasets"]:
        dataset["source"]["allow_empty"] = True
    write_pipeline(place, pipeline)
    (place / "customers.csv").write_text(CUSTOMERS.splitlines(True)[0])
    (place / "transactions.csv").write_text(TRANSACTIONS.splitlines(True)[0])
    assert finetl.run("pipeline.yaml", "sqlite:w.db", cwd=place).code == 0
    assert finetl.run("pipeline.yaml", "sqlite:w.db", "--exit-99-if-nothing", cwd=place).code == 99


def test_a_folder_that_is_gone_is_said_at_the_start(finetl, place):
    gone = place / "gone"
    gone.mkdir()
    script = f"cd {gone} && rmdir {gone} && exec {finetl.binary} run {place}/pipeline.yaml --warehouse sqlite:{place}/w.db"
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2 and "current folder" in done.stderr, done
    assert not (place / "w.db").exists()
