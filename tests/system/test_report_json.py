# SPDX-License-Identifier: Apache-2.0
"""What a run writes down of itself (docs/report-json.md): profiles are worked out again here, from what was loaded."""

import collections
import csv
import json
import random
import sqlite3
from datetime import date, timedelta
from decimal import Decimal

import pytest

from finetl import ROOT, write_pipeline

N_TOP, N_BINS, N_BARS = 64, 24, 120
COLUMNS = [("id", "text(40)"), ("kind", "text"), ("amount", "decimal(18,3)"), ("n", "int"), ("ok", "bool"), ("day", "date"),
           ("at", "timestamp"), ("secret", "text")]


def quality_report(path):
    with sqlite3.connect(path) as db:
        (text,) = db.execute("SELECT quality_report FROM etl_audit_log ORDER BY start_time DESC, run_id DESC").fetchone()
    db.close()
    return json.loads(text)


def write_data(folder, rows, gate=None, **dataset):
    with (folder / "d.csv").open("w", newline="") as out:
        csv.writer(out).writerows([[name for name, _ in COLUMNS], *rows])
    columns = [{"name": name, "type": kind, **({"pii": True} if name == "secret" else {}), **({"zone": "UTC"} if name == "at" else {})}
               for name, kind in COLUMNS]
    return write_pipeline(folder, {
        "version": 1, "pipeline": "p", "targets": {"t": {"key": ["id"]}}, **({"params": dataset.pop("params")} if "params" in dataset else {}),
        "datasets": [{"name": "d", "source": {"csv": "d.csv", "allow_empty": True}, "target": "t", "columns": columns, **({"gate": gate} if gate else {}),
                      "derive": [{"name": "twice", "type": "int", "value": "n * 2"}], **dataset}]})


def random_rows(seed, n, n_different):
    rng = random.Random(seed)
    first, span = date(rng.choice([1, 1969, 2024]), 1, 1), rng.choice([90, 500, 3000, 20_000, 3_000_000])

    def cell(make):
        return "" if rng.random() < 0.05 else make()

    def amount():
        sign = rng.choice(["", "-"]) if seed % 2 else ""
        return f"{sign}{rng.randrange(10 ** rng.randrange(1, 14))}.{rng.randrange(1000):03}"

    def day():
        return first + timedelta(days=min(rng.randrange(span), (date.max - first).days))

    days = [day() for _ in range(n_different)]
    texts = [rng.choice(["é", "z", "\U0001f600", "a"]) * rng.randrange(1, 200) + str(i) for i in range(n_different)]
    amounts = [amount() for _ in range(n_different)]
    for i in range(n):
        k = rng.randrange(n_different)
        bad = "x" if rng.random() < 0.02 else ""
        yield [f"R{i:06}{rng.randrange(100)}", cell(lambda k=k: texts[k]), cell(lambda k=k: amounts[k]) + bad,
               cell(lambda k=k: str(k * 17 - 40)), cell(lambda: rng.choice(["true", "false"])), cell(lambda k=k: str(days[k])),
               cell(lambda k=k: f"{days[k]} {k % 24:02}:00:00.{k:06}"), f"hush{i}"]


def number_in(bin_, value):
    low, high = Decimal(bin_["from"]), Decimal(bin_["to"])
    if value == 0:
        return low == 0 == high
    return low <= value < high and low > 0 if value > 0 else low < value <= high and high < 0


def bar_of(by, day):
    return {"day": day, "week": day - timedelta(days=day.weekday()), "month": day.replace(day=1),
            "year": day.replace(month=1, day=1), "decade": date(max(day.year // 10 * 10, 1), 1, 1),
            "century": date(max(day.year // 100 * 100, 1), 1, 1)}[by]


def check_histogram(bins, values):
    assert 1 <= len(bins) <= N_BINS
    assert [b["count"] for b in bins] == [sum(number_in(b, v) for v in values) for b in bins]
    assert sum(b["count"] for b in bins) == len(values)
    for a, b in zip(bins, bins[1:]):
        assert Decimal(a["to"]) == Decimal(b["from"]) or Decimal(a["to"]) <= 0 <= Decimal(b["from"])


def check_days(days, values):
    units = ["day", "week", "month", "year", "decade", "century"]
    counts = collections.Counter(bar_of(days["by"], date.fromisoformat(v[:10])) for v in values)
    assert {date.fromisoformat(b["from"]): b["count"] for b in days["bars"] if b["count"]} == counts
    assert 1 <= len(days["bars"]) <= N_BARS and days["bars"][0]["count"] and days["bars"][-1]["count"]
    starts = [date.fromisoformat(b["from"]) for b in days["bars"]]
    for a, b in zip(starts, starts[1:]):  # no gap: the day before a bar is of the one before it
        assert bar_of(days["by"], b - timedelta(days=1)) == a
    if days["by"] != "day":  # the finer unit would have had too many
        finer = units[units.index(days["by"]) - 1]
        low, high = (bar_of(finer, date.fromisoformat(v[:10])) for v in (min(values), max(values)))
        n = {"day": (high - low).days, "week": (high - low).days // 7, "month": (high.year - low.year) * 12 + high.month - low.month,
             "year": high.year - low.year, "decade": high.year // 10 - low.year // 10}[finer]
        assert n >= N_BARS


def check_column(told, kind, cells):
    values = [c for c in cells if c]
    wanted = {"name": told["name"], "type": kind, "nulls": len(cells) - len(values), "values": len(values)}
    assert {key: told[key] for key in wanted} == wanted
    number = kind == "int" or kind.startswith("decimal")
    key = Decimal if number else (lambda c: c.encode())
    counts = collections.Counter(values)
    few = len(counts) <= N_TOP
    if kind == "text" and few and sum(len(c.encode()) for c in counts) > 60_000:
        return
    assert told["distinct"] == (len(counts) if few else None)
    assert ("top" in told) == (few and bool(values))
    if few:
        top = sorted(counts.items(), key=lambda item: (-item[1], key(item[0])))
        assert [(t["value"], t["count"]) for t in told.get("top", [])] == [(v[:64], n) for v, n in top]
    if values and kind != "bool":
        assert (told["min"], told["max"]) == (min(values, key=key)[:64], max(values, key=key)[:64])
    else:
        assert "min" not in told and "max" not in told
    assert ("histogram" in told) == (number and bool(values)) and ("days" in told) == (kind in ("date", "timestamp") and bool(values))
    if "histogram" in told:
        check_histogram(told["histogram"], [Decimal(v) for v in values])
    if "days" in told:
        check_days(told["days"], values)


def profile_of(out):
    return json.loads((out / "report.json").read_text())["datasets"][0]["profile"]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("n", "n_different"), [(0, 1), (200, 3), (5000, 64), (5000, 65), (12_000, 9000)])
def test_a_profile_is_that_of_what_was_loaded(finetl, tmp_path, seed, n, n_different):
    pipeline = write_data(tmp_path, random_rows(seed, n, n_different))
    out = tmp_path / "out"
    done = finetl.run(pipeline, f"files:{out}", "--threads", 1 + seed % 2).ok()
    with (out / "t.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    profile = profile_of(out)
    assert profile["rows"] == len(rows) == done.dataset("d")["inserted"]
    columns = {c["name"]: c for c in profile["columns"]}
    kinds = [*COLUMNS, ("twice", "int")]
    assert list(columns) == [name for name, _ in kinds]
    secret = columns.pop("secret")
    assert secret == {"name": "secret", "type": "text", "pii": True, "nulls": 0, "values": len(rows)}
    for name, kind in kinds:
        if name != "secret":
            check_column(columns[name], kind, [row[name] for row in rows])
    assert "hush" not in (out / "report.json").read_text() and '"profile"' not in done.stdout


def test_kept_rows_are_those_of_the_equation_and_a_rerun_tells_the_same(finetl, tmp_path):
    finetl("generate", tmp_path, "--transactions", 3000, "--customers", 300).ok()
    text = (ROOT / "pipelines" / "financial_transactions.yaml").read_text().replace("../data/", f"{tmp_path}/")
    (tmp_path / "p.yaml").write_text(text.replace("../suites/", f"{ROOT}/suites/"))
    profiles = []
    for _ in range(2):
        done = finetl("run", tmp_path / "p.yaml", "--warehouse", f"sqlite:{tmp_path}/w.db").ok()
        report = quality_report(tmp_path / "w.db")
        assert report["order"] == ["customers", "transactions"] == list(report["datasets"])
        profiles.append({name: d["profile"] for name, d in report["datasets"].items()})
        for d in done.result["datasets"]:
            assert profiles[-1][d["name"]]["rows"] == sum(d[t] for t in ("inserted", "updated", "unchanged", "superseded"))
    told = [{c["name"]: c for c in p["transactions"]["columns"]} for p in profiles]
    assert told[0]["risk_level"]["distinct"] >= 3 and sum(t["count"] for t in told[0]["risk_level"]["top"]) == told[0]["risk_level"]["values"]
    for name in ("amount", "transaction_id", "risk_level"):  # nothing came, nothing went
        assert {k: told[1][name].get(k) for k in ("min", "max", "distinct")} == {k: told[0][name].get(k) for k in ("min", "max", "distinct")}


def test_both_reports_of_a_data_set_have_the_same_parts(finetl, tmp_path):
    suite = tmp_path / "s.json"
    suite.write_text(json.dumps({"name": "s", "expectations": [
        {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "kind", "value_set": ["a"]}, "severity": "warning"},
        {"type": "expect_table_row_count_to_equal", "kwargs": {"value": 3}}]}))
    rules = [{"id": "positive", "check": "amount > 0"}, {"id": "small", "check": "amount < 100", "action": "warn"}]
    rows = [["A", "a", "1.5", "1", "", "", "", "s"], ["B", "b", "200", "1", "", "", "", "s"], ["C", "a", "2", "1", "", "", "", "s"],
            ["D", "a", "-3", "1", "", "", "", "s"]]
    pipeline = write_data(tmp_path, rows, expectations="s.json", rules=rules, gate={
        "max_rejected_percent": 25, "max_rejected_sum": {"amount": "2.999"}, "min_rows": 4, "min_quality_score": 50})
    held = finetl.run(pipeline, f"sqlite:{tmp_path}/w.db")
    assert held.code == 4
    report = quality_report(tmp_path / "w.db")
    assert (report["exit_code"], report["retry_helps"]) == (4, False)
    told = report["datasets"]["d"]
    assert told["gate"] == [
        {"bound": "max_rejected_percent", "limit": "25", "found": "25", "holds": True},
        {"bound": "max_rejected_sum", "column": "amount", "limit": "2.999", "found": "3.000", "holds": False},
        {"bound": "min_rows", "limit": "4", "found": "4", "holds": True},
        {"bound": "min_quality_score", "limit": "50", "found": "50", "holds": True},
        {"bound": "fail_on", "limit": "critical", "found": "0", "holds": True}]
    assert told["rules"] == [{"id": "positive", "check": "amount > 0", "action": "reject", "broken": 1},
                             {"id": "small", "check": "amount < 100", "action": "warn", "broken": 1}]
    assert told["pii"] == ["secret"] and told["references"] == [] and told["success_percent"] == "75.0000"
    assert told["reasons"] == {"positive": 1} and told["warnings"] == {"small": 1, "expect_column_values_to_be_in_set": 1}
    results = told["expectations"]["results"]
    assert [(r["severity"], r["success"]) for r in results] == [("warning", False), ("critical", True)]
    assert results[0]["expectation"].startswith("kind is one of") and results[0]["found"].startswith("1 of 3: ")
    finetl.run(pipeline, f"files:{tmp_path}/out", "--fail-on", "warning")
    written = json.loads(next(tmp_path.glob("out/**/report.json")).read_text())["datasets"][0]
    assert written["gate"][-1] == {"bound": "fail_on", "limit": "warning", "found": "1", "holds": False}
    assert set(told) < set(written)
    for part in ("profile", "rules", "references", "pii", "reasons", "success_percent"):
        assert written[part] == told[part]


def test_what_is_made_of_personal_columns_is_personal(finetl, tmp_path):
    derive = [{"name": "initial", "type": "text", "value": "substr(secret, 1, 1)"}, {"name": "doubled", "type": "text", "value": "initial || initial"},
              {"name": "is_known", "type": "bool", "value": "secret is not null"},
              {"name": "size", "type": "int", "value": "length(secret)", "pii": False}, {"name": "of_kind", "type": "text", "value": "kind || 'x'"}]
    pipeline = write_data(tmp_path, [["A", "a", "1", "1", "", "", "", "Zoë"]], derive=derive)
    finetl.run(pipeline, f"files:{tmp_path}/out").ok()
    told = json.loads((tmp_path / "out" / "report.json").read_text())["datasets"][0]
    assert told["pii"] == ["secret", "initial", "doubled"]
    assert {c["name"] for c in told["profile"]["columns"] if "pii" in c} == {"secret", "initial", "doubled"}


@pytest.mark.parametrize(("n", "found", "holds"), [(2, "66.666667", False), (1, "33.333334", False), (0, "0", True)])
def test_a_percent_is_shown_on_the_side_of_its_bound(finetl, tmp_path, n, found, holds):
    rows = [[f"A{i}", "a", "x" if i < n else "1", "1", "", "", "", "s"] for i in range(3)]
    pipeline = write_data(tmp_path, rows, gate={"max_rejected_percent": "33.333333"})
    assert (finetl.run(pipeline, f"sqlite:{tmp_path}/w.db").code == 0) == holds
    assert quality_report(tmp_path / "w.db")["datasets"]["d"]["gate"] == [
        {"bound": "max_rejected_percent", "limit": "33.333333", "found": found, "holds": holds}]


@pytest.mark.parametrize(("more", "code"), [
    ([], 0), (["--param", "most=1"], 4), (["--param", "names=[\"b\"]"], 4), (["--param", "most=2", "--param", "pattern=^b"], 4)])
def test_parameters_of_the_pipeline_reach_its_suites(finetl, tmp_path, more, code):
    (tmp_path / "s.json").write_text(json.dumps({
        "name": "s", "suite_parameters": {"least": 1, "most": 0, "run_time": "1999-01-01"}, "expectations": [
            {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": {"$PARAMETER": "least"}, "max_value": {"$PARAMETER": "most"}}},
            {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "kind", "value_set": {"$PARAMETER": "names"}}},
            {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "kind", "regex": {"$PARAMETER": "pattern"}}},
            {"type": "expect_column_max_to_be_between", "kwargs": {"column": "at", "max_value": {"$PARAMETER": "run_time"}}}]}))
    rows = [["A", "a", "1", "1", "", "", "2026-01-01 00:00", "s"], ["B", "ab", "1", "1", "", "", "2026-02-01 00:00", "s"]]
    pipeline = write_data(tmp_path, rows, expectations="s.json", params={"most": 2, "names": '["a", "ab"]', "pattern": "^a"})
    done = finetl.run(pipeline, f"files:{tmp_path}/out", *more)
    assert done.code == code, done


def test_a_suite_parameter_without_a_value_is_a_mistake_with_its_line(finetl, tmp_path):
    (tmp_path / "s.json").write_text(json.dumps({"name": "s", "expectations": [
        {"type": "expect_table_row_count_to_equal", "kwargs": {"value": {"$PARAMETER": "rows"}}, "severity": "info"}]}))
    pipeline = write_data(tmp_path, [], expectations="s.json", params={"row": 2})
    done = finetl("lint", pipeline)
    line = next(i for i, text in enumerate(pipeline.read_text().splitlines(), 1) if "s.json" in text)
    assert done.code == 2 and f"pipeline.yaml:{line}:" in done.stderr, done
    assert "no value was given for $PARAMETER rows; did you mean row?" in done.stderr, done
