# SPDX-License-Identifier: Apache-2.0
"""on_missing: placeholder: facts come before what they refer to, and what they refer to is filled in when it comes."""

import csv
import io
import json
import random
import signal

import pytest

from finetl import question, write_pipeline

CUSTOMERS = "SELECT id, name, tier, initial, CASE WHEN etl_record = 0 THEN 'placeholder' ELSE 'record' END FROM dim_customers ORDER BY id"
ORDERS = "SELECT id, customer, payer FROM fact_orders ORDER BY id"
COUNTS = ("read", "inserted", "updated", "unchanged", "duplicate", "superseded", "rejected", "placeholders", "filled")


def shop(folder, on_missing="placeholder", gate=None, checks=()):
    customers = {
        "name": "customers", "source": {"csv": "customers*.csv"},
        "columns": [{"name": "id", "type": "text(8)", "case": "upper"}, {"name": "name", "type": "text(40)"},
                    {"name": "credit", "type": "decimal(12,2)"}, {"name": "tier", "type": "text(10)"}],
        "rules": [{"id": "key_form", "check": "matches(id, '^C[0-9]+$')"}, {"id": "name_known", "check": "name is not null"}],
        "derive": [{"name": "initial", "type": "text(1)", "value": "substr(name, 1, 1)"}],
        "sum_by": ["tier"], "target": "dim_customers"}
    known = {"target": "dim_customers", "on_missing": on_missing}
    orders = {
        "name": "orders", "source": {"csv": "orders*.csv"},
        "columns": [{"name": "id", "type": "text(20)"}, {"name": "customer", "type": "text(20)"}, {"name": "payer", "type": "text(20)"},
                    {"name": "amount", "type": "decimal(12,2)"}],
        "references": [{"id": "customer_known", "column": "customer", **known}, {"id": "payer_known", "column": "payer", **known}],
        **({"gate": gate} if gate else {}), "target": "fact_orders"}
    keys = [{"columns": [name], "references": "dim_customers"} for name in ("customer", "payer")]
    return write_pipeline(folder, {"version": 1, "pipeline": "shop", "datasets": [orders, customers], "targets": {
        "dim_customers": {"key": ["id"], "mutable": ["tier"], "checks": list(checks)},
        "fact_orders": {"key": ["id"], "mutable": ["payer"], "foreign_keys": keys}}})


def customers(folder, *rows, name="customers.csv"):
    (folder / name).write_text("id,name,credit,tier\n" + "".join(f"{row}\n" for row in rows))


def orders(folder, *rows, name="orders.csv"):
    (folder / name).write_text("id,customer,payer,amount\n" + "".join(f"{row}\n" for row in rows))


def counts(done, name):
    return {key: done.dataset(name)[key] for key in COUNTS if done.dataset(name).get(key)}


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, tmp_path):
    """Makes warehouses of one kind."""
    def fresh(name="w"):
        return f"sqlite:{tmp_path / name}.db" if request.param == "sqlite" else request.getfixturevalue("postgres").fresh().url
    return fresh


@pytest.fixture
def warehouse(place):
    return place()


@pytest.fixture
def ask(warehouse):
    return question(warehouse)


def test_a_parent_is_made_once_and_filled_in_by_its_first_record(finetl, tmp_path, warehouse, ask):
    file = shop(tmp_path)
    customers(tmp_path, "C1,Ann,5.00,gold")
    orders(tmp_path, "1,C1,C2,10", "2,C2,C3,20", "3,C3,C3,30", "4,,C7,40", "1,C1,C2,10", "5,C8,,x", "4,,C9,40")
    done = finetl.run(file, warehouse).ok()
    assert counts(done, "orders") == {"read": 7, "inserted": 4, "duplicate": 1, "superseded": 1, "rejected": 1, "placeholders": 4}
    assert counts(done, "customers") == {"read": 1, "inserted": 1}
    # C7 was the payer until a later record said C9, as it would be in a run of its own; C8 is of a rejected record.
    assert ask(CUSTOMERS) == [("C1", "Ann", "gold", "A", "record"), *((f"C{i}", None, None, None, "placeholder") for i in (2, 3, 7, 9))]

    customers(tmp_path, "c2,Bob,7.50,gold", "C3,Zoe,,", "C2,Bob,7.50,silver", "C2,Bob,9.99,silver")
    done = finetl.run(file, warehouse).ok()
    assert counts(done, "customers") == {"read": 4, "inserted": 2, "superseded": 1, "rejected": 1, "filled": 2}
    assert done.dataset("customers")["reasons"] == {"conflict": 1}
    assert done.dataset("customers")["sums"]["credit"]["inserted"] == "7.50"
    assert counts(done, "orders") == {"read": 7, "unchanged": 5, "superseded": 1, "rejected": 1}
    assert ask(CUSTOMERS)[1:3] == [("C2", "Bob", "silver", "B", "record"), ("C3", "Zoe", None, "Z", "record")]
    again = finetl.run(file, warehouse).ok()
    assert counts(again, "customers") == {"read": 4, "unchanged": 2, "superseded": 1, "rejected": 1}

    told = finetl("explain", "C7", "--pipeline", file, "--warehouse", warehouse)
    assert told.code == 0 and "a placeholder" in told.stdout and "orders.csv" in told.stdout, told
    [reconciliation] = ask("SELECT reconciliation FROM etl_audit_log ORDER BY start_time, run_id LIMIT 1")[0]
    reconciliation = reconciliation if isinstance(reconciliation, dict) else json.loads(reconciliation)
    assert reconciliation["datasets"]["orders"]["placeholders"] == 4


def test_a_key_that_no_record_could_have_is_rejected(finetl, tmp_path, warehouse, ask):
    customers(tmp_path, "C1,Ann,5.00,gold")
    orders(tmp_path, "1,c2,,10", "2,X2,,20", "3,C23456789,,30", "4,C66,,40", "5,C4,,50")
    done = finetl.run(shop(tmp_path, checks=["length(id) < 3"]), warehouse).ok()
    assert counts(done, "orders") == {"read": 5, "inserted": 1, "rejected": 4, "placeholders": 1}
    assert done.dataset("orders")["reasons"] == {"customer_known": 4}
    assert [row[0] for row in ask(CUSTOMERS)] == ["C1", "C4"]


@pytest.mark.parametrize("action", ["kill", "eio"])
def test_a_run_that_ends_at_a_placeholder_leaves_nothing_and_is_done_again(finetl, failing_finetl, tmp_path, place, action):
    file, disturbed, other = shop(tmp_path), place("disturbed"), place("other")
    customers(tmp_path, "C1,Ann,5.00,gold")
    orders(tmp_path, "0,C1,,5")
    for warehouse in (disturbed, other):
        finetl.run(file, warehouse).ok()
    orders(tmp_path, "1,C1,C2,10", "2,C3,,20")
    done = failing_finetl.run(file, disturbed, env={"FINETL_FAILPOINT": f"load.placeholders={action}"})
    assert done.code == (-signal.SIGKILL if action == "kill" else 6), done
    before = question(disturbed)
    assert before(ORDERS) == [("0", "C1", None)] and [row[0] for row in before(CUSTOMERS)] == ["C1"]
    finetl.run(file, disturbed).ok()
    finetl.run(file, other).ok()
    assert before(CUSTOMERS) == question(other)(CUSTOMERS) and len(before(CUSTOMERS)) == 3
    assert before(ORDERS) == question(other)(ORDERS)


@pytest.mark.parametrize("seed", range(2))
def test_how_records_are_cut_into_runs_changes_nothing(finetl, tmp_path, place, seed):
    chance = random.Random(seed)
    people = [f"C{i},N{i},{i}.50,t{i % 3}" for i in range(0, 60, 2)]
    bought = [f"{i},C{chance.randrange(70)},{chance.choice(['', f'C{chance.randrange(70)}'])},1.00" for i in range(300)]
    bought += [f"{i},{bought[i].split(',')[1]},C{chance.randrange(70)},1.00" for i in chance.sample(range(300), 40)]

    def run_in_parts(name, n):
        """In the order of the records; customers come with orders before and behind them."""
        folder = tmp_path / name
        folder.mkdir()
        file, warehouse = shop(folder), place(name)
        inserted = made = filled = 0
        for i in range(n):
            orders(folder, *bought[len(bought) * i // n:len(bought) * (i + 1) // n])
            customers(folder, *(people[len(people) * i // n:len(people) * (i + 1) // n] if n > 1 else people))
            done = finetl.run(file, warehouse).ok()
            inserted += done.dataset("customers")["inserted"]
            made += done.dataset("orders")["placeholders"]
            filled += done.dataset("customers")["filled"]
        ask = question(warehouse)
        rows = ask(CUSTOMERS)
        assert inserted == len(people) == sum(row[-1] == "record" for row in rows)
        assert made - filled == sum(row[-1] == "placeholder" for row in rows)
        return rows, ask(ORDERS), filled

    whole = run_in_parts("whole", 1)
    parts = run_in_parts("parts", 5)
    assert whole[:2] == parts[:2]
    assert whole[2] == 0 and parts[2] > 0


def test_a_run_that_is_held_leaves_none_and_its_release_makes_them(finetl, tmp_path, warehouse, ask):
    file = shop(tmp_path, gate={"max_rejected_percent": 10})
    customers(tmp_path, "C1,Ann,5.00,gold")
    orders(tmp_path, "0,C1,,1")
    finetl.run(file, warehouse).ok()
    orders(tmp_path, "1,C1,C2,10", "2,C1,,x")
    held = finetl.run(file, warehouse)
    assert held.code == 4, held
    assert held.dataset("orders")["placeholders"] == 1
    assert ask("SELECT count(*) FROM dim_customers") == [(1,)]
    done = finetl("release", held.result["run_id"], "--pipeline", file, "--warehouse", warehouse, "--reason", "agreed with the bank")
    assert done.code == 0, done
    assert [(row[0], row[-1]) for row in ask(CUSTOMERS)] == [("C1", "record"), ("C2", "placeholder")]


def test_five_steps_end_where_a_run_ends(finetl, tmp_path, place):
    file = shop(tmp_path)
    customers(tmp_path, "C1,Ann,5.00,gold")
    orders(tmp_path, "1,C1,C2,10", "2,C3,,20")
    run, stepped = place("run"), place("stepped")
    finetl.run(file, run).ok()
    directory = tmp_path / "steps"
    for step in ("extract", "transform", "load"):
        more = [file] if step == "extract" else []
        where = ["--warehouse", stepped] if step == "load" else []
        done = finetl(step, *more, "--run-dir", directory, *where)
        assert done.code == 0, done
    assert question(run)(CUSTOMERS) == question(stepped)(CUSTOMERS)
    assert question(run)(ORDERS) == question(stepped)(ORDERS)


def test_a_placeholder_does_not_close_the_reject_of_its_key(finetl, tmp_path, warehouse, ask):
    file = shop(tmp_path)
    customers(tmp_path, "C1,Ann,5.00,gold", "C2,,1.00,gold")
    orders(tmp_path, "1,C1,,10")
    finetl.run(file, warehouse).ok()
    customers(tmp_path, "C1,Ann,5.00,gold", "C4,Kim,5.00,gold")
    orders(tmp_path, "2,C2,,10")
    done = finetl.run(file, warehouse).ok()
    assert counts(done, "orders")["placeholders"] == 1
    assert ask("SELECT count(*) FROM etl_reject_closures") == [(0,)]
    exported = finetl("rejects", "export", file, "--warehouse", warehouse, "--dataset", "customers")
    [line] = csv.DictReader(io.StringIO(exported.stdout))
    line["name"] = "Bob"
    with open(tmp_path / "mended.csv", "w", newline="") as out:
        writer = csv.DictWriter(out, line)
        writer.writeheader()
        writer.writerow(line)
    replayed = finetl("rejects", "replay", file, "--warehouse", warehouse, "--from", tmp_path / "mended.csv")
    assert replayed.code == 0, replayed
    assert ask("SELECT outcome FROM etl_reject_closures") == [("loaded",)]
    assert [(row[0], row[1], row[-1]) for row in ask(CUSTOMERS)][1] == ("C2", "Bob", "record")


def test_facts_alone_make_them_too(finetl, tmp_path, warehouse, ask):
    file = shop(tmp_path)
    customers(tmp_path, "C1,Ann,5.00,gold")
    orders(tmp_path, "1,C1,C2,10")
    done = finetl.run(file, warehouse, "--select", "orders").ok()
    assert counts(done, "orders") == {"read": 1, "inserted": 1, "placeholders": 2}
    done = finetl.run(file, warehouse, "--select", "customers").ok()
    assert counts(done, "customers") == {"read": 1, "inserted": 1, "filled": 1}
    assert [(row[0], row[-1]) for row in ask(CUSTOMERS)] == [("C1", "record"), ("C2", "placeholder")]


def test_what_has_no_room_in_memory_is_made_once(finetl, tmp_path, place):
    file = shop(tmp_path)
    customers(tmp_path, "C1,Ann,5.00,gold")
    chance = random.Random(4)
    orders(tmp_path, *(f"{i},C{chance.randrange(20_000)},,1.00" for i in range(40_000)))
    rows = []
    for name, cap in (("free", ()), ("capped", ("--max-memory", "1M"))):
        warehouse = place(name)
        done = finetl.run(file, warehouse, *cap).ok()
        assert done.dataset("orders")["inserted"] == 40_000
        rows.append(question(warehouse)(CUSTOMERS))
        assert done.dataset("orders")["placeholders"] == len(rows[-1]) - 1
    assert rows[0] == rows[1]


def with_refunds(folder, **reference):
    """Refunds, which know no customer but those that a record has brought."""
    file = shop(folder)
    pipeline = json.loads(file.read_text())
    pipeline["datasets"].append({
        "name": "refunds", "source": {"csv": "refunds.csv"},
        "columns": [{"name": "id", "type": "text(20)"}, {"name": "customer", "type": "text(20)"}],
        "references": [{"id": "customer_known", "column": "customer", "target": "dim_customers", **reference}], "target": "fact_refunds"})
    pipeline["targets"]["fact_refunds"] = {"key": ["id"], "mutable": "all"}
    return write_pipeline(folder, pipeline)


def test_a_reference_that_rejects_knows_no_placeholder_whoever_made_it(finetl, tmp_path, place):
    file = with_refunds(tmp_path)
    (tmp_path / "refunds.csv").write_text("id,customer\n1,C1\n2,C2\n3,C3\n4,C2\n")
    orders(tmp_path, "1,C1,C2,10", "2,C3,,20")
    customers(tmp_path, "C1,Ann,5.00,gold")
    warehouse = place("one")
    ask = question(warehouse)
    done = finetl.run(file, warehouse).ok()  # orders are read first, and make C2 and C3
    assert counts(done, "orders")["placeholders"] == 2
    assert counts(done, "refunds") == {"read": 4, "inserted": 1, "rejected": 3}
    for _ in range(2):  # of a run before
        done = finetl.run(file, warehouse, "--select", "orders", "--select", "refunds").ok()
        assert counts(done, "orders") == {"read": 2, "unchanged": 2}
        assert counts(done, "refunds") == {"read": 4, "unchanged": 1, "rejected": 3}
    customers(tmp_path, "C1,Ann,5.00,gold", "C2,Bob,1.00,gold")
    finetl.run(file, warehouse, "--select", "customers").ok()
    replayed = finetl("rejects", "replay", file, "--warehouse", warehouse, "--all")
    assert replayed.code == 0, replayed
    assert ask("SELECT id FROM fact_refunds ORDER BY id") == [("1",), ("2",), ("4",)]
    # Cut into runs otherwise, all ends alike: refunds before orders, and customers at last.
    other = place("other")
    theirs = question(other)
    for name in ("refunds", "orders", "refunds", "customers", "refunds"):
        finetl.run(file, other, "--select", name).ok()
    for query in ("SELECT id, customer FROM fact_refunds ORDER BY id", CUSTOMERS, ORDERS):
        assert theirs(query) == ask(query)


def test_many_that_are_there_already_are_not_made_again(finetl, tmp_path, warehouse, ask):
    """So many that PostgreSQL's keys are read whole."""
    file = with_refunds(tmp_path)
    customers(tmp_path, *(f"C{i},N{i},1.00,t" for i in range(0, 3000, 2)))
    orders(tmp_path, *(f"{i},C{i},,1.00" for i in range(3000)))
    (tmp_path / "refunds.csv").write_text("id,customer\n" + "".join(f"{i},C{i}\n" for i in range(3000)))
    finetl.run(file, warehouse, "--select", "customers").ok()
    done = finetl.run(file, warehouse, "--select", "orders").ok()
    assert counts(done, "orders") == {"read": 3000, "inserted": 3000, "placeholders": 1500}
    orders(tmp_path, *(f"{i},C{i % 3000},,1.00" for i in range(3000, 9000)))
    done = finetl.run(file, warehouse, "--select", "orders", "--select", "refunds").ok()
    assert counts(done, "orders") == {"read": 6000, "inserted": 6000}
    assert counts(done, "refunds") == {"read": 3000, "inserted": 1500, "rejected": 1500}
    assert ask("SELECT count(*) FROM dim_customers") == [(3000,)]


def test_all_who_tell_of_a_run_tell_of_them(finetl, tmp_path):
    file, warehouse = with_refunds(tmp_path), f"sqlite:{tmp_path / 'w.db'}"
    customers(tmp_path, "C1,Ann,5.00,gold")
    orders(tmp_path, "1,C1,C2,10", "2,C3,,20")
    (tmp_path / "refunds.csv").write_text("id,customer\n1,C1\n")
    shown = finetl("plan", file, "--warehouse", warehouse)
    assert "customer to dim_customers, else a placeholder is made there\n" in shown.stdout, shown
    assert "customer to dim_customers, else rejected as customer_known\n" in shown.stdout, shown
    shown = json.loads(finetl("plan", file, "--warehouse", warehouse, "--json").stdout)
    assert [[r["on_missing"] for r in d["references"]] for d in shown["datasets"]].count(["placeholder", "placeholder"]) == 1

    told = ("--metrics-textfile", tmp_path / "m.prom", "--report", tmp_path / "pages")
    finetl.run(file, warehouse, *told).ok()
    family = "finetl_last_run_placeholders"
    figures = [line for line in (tmp_path / "m.prom").read_text().splitlines() if line.startswith(family + "{")]
    assert figures == [f'{family}{{pipeline="shop",dataset="{name}",result="{result}"}} {n}'
                       for name, result, n in (("customers", "filled", 0), ("orders", "made", 2))]
    [page] = (tmp_path / "pages").glob("*.html")
    assert "2 placeholders made for parents" in page.read_text()
    customers(tmp_path, "C2,Bob,5.00,gold")
    page.unlink()
    finetl.run(file, warehouse, *told).ok()
    assert f'{family}{{pipeline="shop",dataset="customers",result="filled"}} 1\n' in (tmp_path / "m.prom").read_text()
    [page] = (tmp_path / "pages").glob("*.html")
    assert "took the place of a placeholder" in page.read_text()


def test_files_have_them_behind_all_rows(finetl, tmp_path):
    file = shop(tmp_path)
    customers(tmp_path, "C1,Ann,5.00,gold", "C4,Kim,5.00,gold", "C4,Kim,5.00,silver")
    orders(tmp_path, "1,C1,C9,10", "2,C2,C9,20", "3,C4,c3,30")
    out = tmp_path / "out"
    for _ in range(2):
        done = finetl.run(file, f"files:{out}").ok()
        assert (out / "dim_customers.csv").read_text() == \
            "id,name,credit,tier,initial\nC1,Ann,5.00,gold,A\nC4,Kim,5.00,silver,K\nC2,,,,\nC9,,,,\n"
        assert counts(done, "orders") == {"read": 3, "inserted": 2, "rejected": 1, "placeholders": 2}
    report = json.loads((out / "report.json").read_text())
    assert {f["name"]: f["rows"] for f in report["files"]}["dim_customers.csv"] == 4
    [made] = [d["references"] for d in report["datasets"] if d["name"] == "orders"]
    assert [(r["id"], r["placeholders"]) for r in made] == [("customer_known", 1), ("payer_known", 1)]
    refused = finetl.run(file, f"files:{tmp_path / 'other'}", "--select", "orders")
    assert refused.code == 2 and "select the data set 'customers'" in refused.result["error"], refused
