# SPDX-License-Identifier: Apache-2.0
"""Rejects are exported, mended, replayed through the whole pipeline, and closed once; what is kept of them, and for how long."""

import contextlib
import csv
import io
import json
import random
import sqlite3

import pytest

from finetl import question, write_pipeline

HEADER = "id,customer,amount,note\n"


def pipeline(folder, name="pipeline.yaml", source=None, **more):
    payments = {
        "name": "payments", "source": source or {"csv": "payments.csv"},
        "columns": [{"name": "id", "type": "text(10)", "required": True}, {"name": "customer", "type": "text(10)"},
                    {"name": "amount", "type": "decimal(10,2)"}, {"name": "note", "type": "text(40)", "pii": True}],
        "rules": [{"id": "positive", "check": "amount > 0"}], "references": [{"id": "known", "column": "customer", "target": "customers"}],
        "gate": {"max_rejected_percent": 95}, "target": "payments", **more}
    customers = {"name": "customers", "source": {"csv": "customers.csv"},
                 "columns": [{"name": "id", "type": "text(10)", "required": True}, {"name": "name", "type": "text(20)"}],
                 "target": "customers"}
    targets = {"payments": {"key": ["id"], "mutable": ["note"]}, "customers": {"key": ["id"], "mutable": "all"}}
    return write_pipeline(folder, {"version": 1, "pipeline": "shop", "datasets": [customers, payments], "targets": targets}, name)


def customers(folder, *ids):
    (folder / "customers.csv").write_text("id,name\n" + "".join(f"{i},N{i}\n" for i in ids))


def payments(folder, *rows, name="payments.csv"):
    (folder / name).write_bytes(HEADER.encode() + b"".join(r if isinstance(r, bytes) else r.encode() for r in rows))


@pytest.fixture(params=["sqlite", "postgresql"])
def warehouse(request, tmp_path):
    if request.param == "sqlite":
        yield f"sqlite:{tmp_path / 'w.db'}"
        return
    database = request.getfixturevalue("postgres").fresh()
    yield database.url
    database.drop()


@pytest.fixture
def ask(warehouse):
    return question(warehouse)


@pytest.fixture
def shop(finetl, tmp_path, warehouse):
    """A shop with three bad payments and one that is no record at all."""
    class Shop:
        file = pipeline(tmp_path)

        def run(self, **how):
            return finetl.run(self.file, warehouse, **how).ok()

        def rejects(self, word, *more, **how):
            return finetl("rejects", word, self.file, "--warehouse", warehouse, *more, **how)

        def export(self, *more):
            done = self.rejects("export", "--dataset", "payments", *more)
            assert done.code == 0, done
            return list(csv.DictReader(io.StringIO(done.stdout)))

        def save(self, lines, name="mended.csv", delimiter=","):
            with open(tmp_path / name, "w", newline="") as out:
                writer = csv.DictWriter(out, list(lines[0]), delimiter=delimiter)
                writer.writeheader()
                writer.writerows(lines)
            return tmp_path / name
    customers(tmp_path, "C1")
    payments(tmp_path, "P1,C1,1.00,a\n", "P2,C2,2.00,b\n", "P3,C1,abc,=1+1\n", "P4,C1,-4.00,d\n", "P5,C1\n")
    return Shop()


def open_rejects(ask):
    return [row[0] for row in ask("SELECT record FROM etl_rejects AS r WHERE NOT EXISTS "
                                  "(SELECT 1 FROM etl_reject_closures AS c WHERE c.reject_id = r.reject_id) ORDER BY record")]


def history(ask):
    """read = all that became of it, over every run; what is open is what was rejected, less what was closed."""
    for (text,) in ask("SELECT reconciliation FROM etl_audit_log WHERE status LIKE 'success%'"):
        for terms in (json.loads(text) if isinstance(text, str) else text)["datasets"].values():
            assert terms["read"] == sum(terms[t] for t in ("filtered", "inserted", "updated", "unchanged", "duplicate", "superseded", "rejected"))


def test_what_was_mended_loads_and_closes_its_reject(shop, ask, tmp_path, finetl, warehouse):
    shop.run()
    lines = shop.export()
    assert [(line["reject_record"], line["reject_reasons"]) for line in lines] == [
        ("2", "known"), ("3", "amount:not_a_number"), ("4", "positive"), ("5", "record:too_few_cells")]
    assert lines[1]["amount"] == "abc" and lines[1]["reject_raw"] == "" and lines[3]["reject_raw"] == "P5,C1" and lines[3]["id"] == ""
    lines[1]["amount"] = "3.00"
    lines[3].update(id="P5", customer="C1", amount="5.00")
    done = shop.rejects("replay", "--from", shop.save(lines)).ok()
    assert done.result["replay"] == {"file": str(tmp_path / "mended.csv"), "rejects": 4, "closed": 2, "open": 2}
    assert done.dataset("payments")["inserted"] == 2 and done.dataset("payments")["rejected"] == 2
    assert open_rejects(ask) == [2, 4]
    assert ask("SELECT id, note, etl_record FROM payments ORDER BY id") == [("P1", "a", 1), ("P3", "=1+1", 2), ("P5", None, 4)]
    assert ask("SELECT o.path FROM payments AS p JOIN etl_objects AS o ON o.object_id = p.etl_object_id WHERE p.id = 'P3'") == [(str(tmp_path / "mended.csv"),)]
    # Once more: what is closed is left out, what is open is read, and stays open. Nothing comes twice.
    before = ask("SELECT count(*) FROM etl_rejects"), ask("SELECT id, amount FROM payments ORDER BY id")
    again = shop.rejects("replay", "--from", tmp_path / "mended.csv").ok()
    assert again.result["replay"] == {"file": str(tmp_path / "mended.csv"), "rejects": 2, "closed": 0, "open": 2}
    assert (ask("SELECT count(*) FROM etl_rejects"), ask("SELECT id, amount FROM payments ORDER BY id")) == before
    assert finetl("runs", "--warehouse", warehouse, "--verify").code == 0
    checks = finetl("checks", shop.file, "--warehouse", warehouse)
    assert checks.code == 0, checks
    history(ask)


def test_a_mended_row_is_explained_back_to_its_reject(shop, tmp_path, finetl, warehouse):
    shop.run()
    lines = shop.export("--for-spreadsheet")
    assert lines[1]["note"] == "'=1+1"
    lines[1]["amount"] = "3.00"
    lines[3].update(id="P5", customer="C1", amount="5.00")
    shop.rejects("replay", "--from", shop.save(lines, delimiter=";")).ok()

    def explain(key):
        return finetl("explain", key, "--pipeline", shop.file, "--warehouse", warehouse).ok().stdout
    told = explain("P3")
    assert f"object  {tmp_path / 'mended.csv'}\n  record  2\n" in told
    at_first = f"reject {lines[1]['reject_id']}: record 3 of {tmp_path / 'payments.csv'}, run {lines[1]['reject_run']}\n"
    assert at_first + '      reasons ["amount:not_a_number"]\n      raw     P3,C1,abc,=1+1\n' in told
    # As the replay read it: without the ' that was put before a formula.
    assert "3.00  from '3.00'" in told and "=1+1  from '=1+1'" in told and "positive                 met" in told
    assert f"reject {lines[3]['reject_id']}: record 5 of" in explain("P5")
    assert "it was mended" not in explain("P1")
    (tmp_path / "mended.csv").write_text("something else\n")
    told = explain("P3")
    assert "has changed since it was loaded" in told and "one of the rejects that the run has closed" in told and at_first in told
    (tmp_path / "mended.csv").unlink()
    assert "cannot be read again" in explain("P5")


def test_a_replay_asks_the_pipeline_as_it_is_now(shop, ask, tmp_path):
    shop.run()
    pipeline(tmp_path, rules=[{"id": "positive", "check": "amount <> 0"}])
    done = shop.rejects("replay", "--all").ok()
    assert done.result["replay"] == {"file": None, "rejects": 4, "closed": 1, "open": 3}
    assert ask("SELECT p.id, p.etl_record, o.path FROM payments AS p JOIN etl_objects AS o ON o.object_id = p.etl_object_id "
               "WHERE p.id = 'P4'") == [("P4", 4, str(tmp_path / "payments.csv"))]
    assert open_rejects(ask) == [2, 3, 5]
    assert shop.rejects("replay", "--rule", "known").ok().result["replay"]["rejects"] == 1
    nothing = shop.rejects("replay", "--rule", "positive")
    assert nothing.code == 0 and nothing.result["run_id"] is None and nothing.result["replay"]["rejects"] == 0
    assert shop.rejects("replay").code == 2 and shop.rejects("replay", "--all", "--rule", "known").code == 2
    history(ask)


def test_a_replay_waives_bounds_of_the_gate_and_keeps_the_rules(shop, ask, tmp_path):
    shop.run()
    pipeline(tmp_path, gate={"max_rejected_percent": 1, "min_rows": 1000})
    done = shop.rejects("replay", "--all").ok()
    assert done.result["replay"]["closed"] == 0 and ask("SELECT count(*) FROM payments") == [(1,)]


def test_a_record_that_passes_in_a_later_run_closes_its_reject(shop, ask, tmp_path):
    shop.run()
    customers(tmp_path, "C1", "C2")
    shop.run()
    assert open_rejects(ask) == [3, 4, 5]
    assert ask("SELECT r.record, c.outcome FROM etl_reject_closures AS c JOIN etl_rejects AS r ON r.reject_id = c.reject_id") == [(2, "loaded")]
    # The same key, mended, from another file.
    (tmp_path / "payments.csv").rename(tmp_path / "old.csv")
    payments(tmp_path, "P4,C1,4.00,d\n")
    shop.run()
    assert open_rejects(ask) == [3, 5]
    # The file with the mistake once more: the record was delivered mended, so this is no news.
    (tmp_path / "old.csv").replace(tmp_path / "payments.csv")
    before = ask("SELECT count(*) FROM etl_rejects")
    shop.run()
    shop.run()
    assert open_rejects(ask) == [3, 5] and ask("SELECT count(*) FROM etl_rejects") == before
    history(ask)


def test_a_record_that_is_delivered_mended_beside_its_old_file_closes_its_reject(shop, ask, tmp_path):
    """A folder that is read whole each time still has the file with the mistake."""
    pipeline(tmp_path, source={"csv": "payments*.csv"})
    shop.run()
    payments(tmp_path, "P4,C1,4.00,d\n", "P1,C1,1.00,new\n", name="payments_2.csv")
    shop.run()
    assert open_rejects(ask) == [2, 3, 5]
    assert ask("SELECT r.record, c.outcome FROM etl_reject_closures AS c JOIN etl_rejects AS r ON r.reject_id = c.reject_id") == [(4, "loaded")]
    before = ask("SELECT count(*) FROM etl_rejects")
    shop.run()
    assert open_rejects(ask) == [2, 3, 5] and ask("SELECT count(*) FROM etl_rejects") == before
    history(ask)


def test_a_row_of_the_same_object_closes_no_reject(shop, ask, tmp_path):
    """Of two records with one key the object itself says that one is wrong."""
    payments(tmp_path, "P1,C1,1.00,a\n", "P1,C1,abc,a\n")
    shop.run()
    pipeline(tmp_path, columns=[{"name": "id", "type": "text(10)"}, {"name": "customer", "type": "text(10)"},
                                {"name": "amount", "type": "decimal(10,2)"}, {"name": "note", "type": "text(40)", "map": {"a": "b"}}])
    assert shop.run().dataset("payments")["updated"] == 1
    assert open_rejects(ask) == [2]


def test_what_passed_and_is_rejected_again_is_open_again(shop, ask, tmp_path):
    shop.run()
    pipeline(tmp_path, where="amount > 0")
    shop.run()
    assert ask("SELECT r.record, c.outcome FROM etl_reject_closures AS c JOIN etl_rejects AS r ON r.reject_id = c.reject_id "
               "ORDER BY r.record") == [(3, "passed"), (4, "passed")]
    pipeline(tmp_path)
    shop.run()
    assert open_rejects(ask) == [2, 3, 4, 5]


def test_a_held_replay_closes_nothing(shop, ask, tmp_path):
    shop.run()
    (tmp_path / "suite.json").write_text(json.dumps({"name": "s", "expectations": [
        {"type": "expect_column_values_to_be_null", "kwargs": {"column": "id"}, "meta": {}, "severity": "critical"}]}))
    customers(tmp_path, "C1", "C2")
    pipeline(tmp_path, rules=[{"id": "positive", "check": "amount <> 0"}], expectations="suite.json")
    done = shop.rejects("replay", "--all")
    assert done.code == 4 and done.result["status"] == "held" and done.result["replay"]["closed"] == 0
    assert open_rejects(ask) == [2, 3, 4, 5] and ask("SELECT count(*) FROM payments") == [(1,)]


NASTY = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "'=x", "''=x", "'plain", "'", "a,b", 'say "hi"', "two\nlines", "\u00e9", "", "  =x", "-", "=", "+44 20"]


def test_what_is_guarded_for_spreadsheets_comes_back_as_it_was(shop, ask, tmp_path):
    def quoted(text):
        return '"' + text.replace('"', '""') + '"'
    payments(tmp_path, *(f"N{i},C1,-{i}.50,{quoted(text)}\n" for i, text in enumerate(NASTY, 1)), "OK,C1,1.00,x\n")
    shop.run()
    lines = shop.export("--for-spreadsheet")
    for line, text in zip(lines, NASTY, strict=True):
        assert not line["note"].startswith(("=", "+", "-", "@", "\t", "\r"))
        assert line["amount"].startswith("-")  # a number stays one
        line["amount"] = line["amount"][1:]
    assert shop.rejects("replay", "--from", shop.save(lines, delimiter=";")).ok().result["replay"]["closed"] == len(NASTY)
    assert dict(ask("SELECT id, note FROM payments WHERE id <> 'OK'")) == {f"N{i}": text or None for i, text in enumerate(NASTY, 1)}


def test_bytes_that_are_no_text_are_exported_whole_and_replayed_as_they_were(shop, ask, tmp_path):
    payments(tmp_path, b"P1,C1,1.00,ok\n", b"P2,C1,2.00,\xff\xfe\n")
    shop.run()
    (line,) = shop.export()
    assert line["reject_raw_encoding"] == "base64" and line["note"] == "" and line["reject_reasons"] == "note:invalid_utf8"
    done = shop.rejects("replay", "--all").ok()
    assert done.dataset("payments")["reasons"] == {"note:invalid_utf8": 1}
    line["note"] = "mended"
    assert shop.rejects("replay", "--from", shop.save([line])).ok().result["replay"]["closed"] == 1


@pytest.mark.parametrize("spoil, told", [
    (lambda lines: [{**lines[0], "reject_id": "x"}], "nobody knows which reject"),
    (lambda lines: [lines[0], lines[0]], "stands twice"),
    (lambda lines: [{"id": "P9", "amount": "1"}], "not a file of finetl rejects export"),
])
def test_a_file_that_does_not_say_what_it_mends_is_refused_whole(shop, ask, tmp_path, spoil, told):
    shop.run()
    done = shop.rejects("replay", "--from", shop.save(spoil(shop.export())))
    assert done.code == 3 and told in done.stderr, done
    assert open_rejects(ask) == [2, 3, 4, 5]


ABROAD = {"customer": "Kunde f\u00fcr", "amount": "Betrag \u20ac", "note": "Bemerkung"}


def from_abroad(folder):
    """A file of Windows-1252 whose column names have letters beyond ASCII; two of its records are rejected."""
    (folder / "abroad.csv").write_bytes(f"id;{';'.join(ABROAD.values())}\n1;C1;1,00;\u00e9\n2;C1;x;Zo\u00eb\n3;C1;5.0;=1+1\n".encode("cp1252"))
    customers(folder, "C1")
    columns = [{"name": "id", "type": "text(10)"}, {"name": "customer", "from": ABROAD["customer"], "type": "text(10)"},
               {"name": "amount", "from": ABROAD["amount"], "type": "decimal(10,2)", "decimal": {"point": ",", "sign": ["trailing"]}},
               {"name": "note", "from": ABROAD["note"], "type": "text(40)"}]
    return pipeline(folder, source={"csv": "abroad.csv", "encoding": "windows-1252", "delimiter": ";"}, columns=columns, rules=[])


@pytest.mark.parametrize("encoding, delimiter, is_read", [
    ("utf-8", ",", True), ("utf-8-sig", ";", True), ("utf-16", "\t", True), ("utf-16-le", ";", True), ("cp1252", ";", False), ("mac-roman", ";", False)])
def test_a_mended_file_is_in_unicode(shop, ask, tmp_path, encoding, delimiter, is_read):
    from_abroad(tmp_path)
    shop.run()
    lines = [{**line, ABROAD["amount"]: "2,50-", ABROAD["note"]: "Gr\u00f6\u00dfe"} for line in shop.export("--for-spreadsheet")]
    shop.save(lines, delimiter=delimiter)
    (tmp_path / "mended.csv").write_bytes((tmp_path / "mended.csv").read_bytes().decode().encode(encoding))
    done = shop.rejects("replay", "--from", tmp_path / "mended.csv")
    if is_read:
        assert done.code == 0 and done.result["replay"] == {"file": str(tmp_path / "mended.csv"), "rejects": 2, "closed": 2, "open": 0}, done
        assert ask("SELECT id, amount = -2.5, note FROM payments WHERE id > '1' ORDER BY id") == [(i, True, "Gr\u00f6\u00dfe") for i in "23"]
    else:
        assert done.code == 3 and "not in UTF-8" in done.result["error"], done
        assert ask("SELECT count(*) FROM payments") == [(1,)] and len(open_rejects(ask)) == 2


@pytest.mark.parametrize("gone", ["customer", "amount", "note"])
def test_a_mended_file_without_a_column_is_refused_whole(shop, ask, tmp_path, gone):
    from_abroad(tmp_path)
    shop.run()
    shop.save([{key: value for key, value in line.items() if key != ABROAD[gone]} for line in shop.export()])
    done = shop.rejects("replay", "--from", tmp_path / "mended.csv")
    assert done.code == 3 and f"no column '{ABROAD[gone]}'" in done.result["error"], done
    assert ask("SELECT count(*) FROM payments") == [(1,)] and len(open_rejects(ask)) == 2


def test_masked_rejects_hide_personal_columns_and_are_not_replayed(shop, ask, tmp_path):
    pipeline(tmp_path, rejects={"raw": "masked"})
    shop.run()
    raws = [bytes(raw).decode() for (raw,) in ask("SELECT raw FROM etl_rejects ORDER BY record")]
    assert json.loads(raws[1]) == {"id": "P3", "customer": "C1", "amount": "abc", "note": "***"} and raws[3] == ""
    assert "=1+1" not in "".join(raws)
    done = shop.rejects("replay", "--all")
    assert done.code == 2 and "not kept (masked)" in done.stderr, done
    assert shop.export() == []
    # They are closed by a later run all the same.
    customers(tmp_path, "C1", "C2")
    shop.run()
    assert open_rejects(ask) == [3, 4, 5]


def test_nothing_is_kept_of_the_record_where_the_file_says_so(shop, ask, tmp_path):
    pipeline(tmp_path, rejects={"raw": "none"})
    shop.run()
    assert ask("SELECT DISTINCT length(raw), cells, raw_kept FROM etl_rejects") == [(0, None, "none")]
    assert len(ask("SELECT record FROM etl_rejects")) == 4


def test_old_records_are_purged_and_their_counts_stay(shop, ask, tmp_path):
    shop.run()
    assert "0 records taken out of rejects older than 1 days" in shop.rejects("purge", "--older-than", "1", "--dataset", "payments").stdout
    assert "kept for ever" in shop.rejects("purge").stdout
    assert ask("SELECT count(*) FROM etl_rejects WHERE raw_kept = 'full'") == [(4,)]


def age(ask, warehouse, days):
    """Runs that began long ago: what the tables do not let anybody write."""
    if warehouse.startswith("sqlite:"):
        with contextlib.closing(sqlite3.connect(warehouse.removeprefix("sqlite:"))) as db:
            db.executescript("DROP TRIGGER etl_audit_log_no_update; UPDATE etl_audit_log SET start_time = "
                             f"strftime('%Y-%m-%d %H:%M:%S.000000Z', 'now', '-{days} days')")
        return
    import psycopg
    with psycopg.connect(warehouse, autocommit=True) as db:
        db.execute("ALTER TABLE etl_audit_log DISABLE TRIGGER USER")
        db.execute(f"UPDATE etl_audit_log SET start_time = now() - interval '{days} days'")
        db.execute("ALTER TABLE etl_audit_log ENABLE TRIGGER USER")


def test_a_run_purges_what_is_past_its_time(shop, ask, tmp_path, warehouse):
    pipeline(tmp_path, rejects={"keep_days": 30})
    shop.run()
    age(ask, warehouse, 29)
    shop.run()
    assert ask("SELECT DISTINCT raw_kept FROM etl_rejects") == [("full",)]
    before = ask("SELECT reject_id, record, reasons, decimals, detail FROM etl_rejects ORDER BY reject_id")
    age(ask, warehouse, 31)
    assert "4 records taken out of rejects older than 30 days" in shop.rejects("purge").stdout
    assert ask("SELECT DISTINCT length(raw), cells, record_key, raw_kept FROM etl_rejects") == [(0, None, None, "purged")]
    assert ask("SELECT reject_id, record, reasons, decimals, detail FROM etl_rejects ORDER BY reject_id") == before
    done = shop.rejects("replay", "--all")
    assert done.code == 2 and "not kept (purged)" in done.stderr, done
    # By a run: those of the next file.
    payments(tmp_path, "Q1,C1,-1.00,x\n", "P1,C1,1.00,a\n")
    shop.run()
    age(ask, warehouse, 31)
    shop.run()
    assert ask("SELECT DISTINCT length(raw), raw_kept FROM etl_rejects") == [(0, "purged")] and len(open_rejects(ask)) == 5


def test_a_reject_can_be_purged_and_not_changed(shop, ask):
    shop.run()
    for change in ("record = 9", "raw_kept = 'purged'", "cells = NULL", "reasons = '[]'"):
        with pytest.raises(Exception, match="append-only"):
            ask(f"UPDATE etl_rejects SET {change}")
    with pytest.raises(Exception, match="append-only"):
        ask("DELETE FROM etl_rejects")


def test_records_of_ndjson_are_replayed_as_they_were_read(shop, ask, tmp_path):
    pipeline(tmp_path, source={"ndjson": "payments.json"})
    rows = [{"id": "J1", "customer": "C2", "amount": 1.5, "note": None}, {"id": "J2", "customer": "C2", "amount": "2.00", "note": "\u00e9\n"},
            {"id": "J3", "customer": "C1", "amount": {"v": 1}, "note": "x"}, {"id": "J4", "customer": "C1", "amount": 4, "note": ""}]
    (tmp_path / "payments.json").write_text("".join(json.dumps(row) + "\n" for row in rows))
    first = shop.run().dataset("payments")
    assert first["rejected"] == 3
    customers(tmp_path, "C1", "C2")
    same = shop.rejects("replay", "--all").ok().dataset("payments")
    assert same["reasons"] == first["reasons"] and same["rejected"] == 3  # the customers were not read
    pipeline(tmp_path, source={"ndjson": "payments.json"}, references=[])
    assert shop.rejects("replay", "--all").ok().result["replay"]["closed"] == 2
    assert [(r[0], float(r[1]), r[2]) for r in ask("SELECT id, amount, note FROM payments WHERE customer = 'C2' ORDER BY id")] == [
        ("J1", 1.5, None), ("J2", 2.0, "\u00e9\n")]


STATE = ["SELECT reject_id, dataset, object_sha256, record, byte_offset, verdict, reasons, detail, raw, cells, record_key, raw_kept FROM etl_rejects ORDER BY reject_id",
         "SELECT reject_id, outcome FROM etl_reject_closures ORDER BY reject_id",
         "SELECT dataset, path, sha256, records, outcome FROM etl_objects ORDER BY object_id",
         "SELECT id, customer, CAST(amount AS REAL), note, etl_record FROM payments ORDER BY id",
         "SELECT status, records_extracted, records_loaded, records_rejected FROM etl_audit_log ORDER BY run_id"]


def test_one_history_gives_one_state_in_both_engines(finetl, tmp_path, postgres):
    import psycopg
    file, states = pipeline(tmp_path), []
    database = postgres.fresh()
    for url in (f"sqlite:{tmp_path / 'w.db'}", database.url):
        customers(tmp_path, "C1")
        payments(tmp_path, "P1,C1,1.00,a\n", "P2,C2,2.00,b\n", "P3,C1,abc,c\n", "P1,C1,9.00,x\n", b"P5,C1,1.00,\xff\n", "P6\n")
        finetl.run(file, url).ok()
        exported = finetl("rejects", "export", file, "--warehouse", url, "--dataset", "payments").ok().stdout
        (tmp_path / "mended.csv").write_text("".join(line for line in exported.replace(",abc,", ",3.00,").splitlines(True) if "reject_id" in line or ",P3," in line))
        finetl("rejects", "replay", file, "--warehouse", url, "--from", tmp_path / "mended.csv").ok()
        customers(tmp_path, "C1", "C2")
        finetl.run(file, url).ok()
        finetl("rejects", "replay", file, "--warehouse", url, "--all").ok()
        if url.startswith("sqlite:"):
            with contextlib.closing(sqlite3.connect(tmp_path / "w.db")) as db:
                rows = [db.execute(sql).fetchall() for sql in STATE]
        else:
            with psycopg.connect(url) as db:
                rows = [db.execute(sql).fetchall() for sql in STATE]
        # The mended file names the run: its hash is another one each time.
        states.append([[[json.loads(v) if isinstance(v, str) and v[:1] in "[{" else bytes(v) if isinstance(v, memoryview) else v for v in row]
                        for row in part if not any(str(v).endswith("mended.csv") for v in row)] for part in rows])
    assert states[0] == states[1]
    assert states[0][1] == [[1, "loaded"], [2, "loaded"]]
    database.drop()


def test_mending_all_ends_as_if_the_source_had_been_right(shop, ask, tmp_path, finetl):
    """Random records, spoilt, then mended in any number of steps: the tables are those of the good records alone."""
    rng = random.Random(7)
    good = [(f"R{i}", "C1", f"{rng.randint(1, 999)}.{rng.randint(0, 99):02}", f"n{i}") for i in range(200)]
    spoilt = {i: rng.choice(["x", "-1.00", "1.234", ""]) for i in rng.sample(range(200), 80)}
    payments(tmp_path, *(",".join((r[0], r[1], spoilt.get(i, r[2]), r[3])) + "\n" for i, r in enumerate(good)))
    pipeline(tmp_path, rules=[{"id": "positive", "check": "amount > 0"}, {"id": "there", "check": "amount is not null"}])
    shop.run()
    while lines := shop.export():
        for line in rng.sample(lines, min(len(lines), 30)):
            line["amount"] = good[int(line["id"][1:])][2]
        shop.rejects("replay", "--from", shop.save(lines)).ok()
    assert sorted((r[0], f"{float(r[1]):.2f}", r[2]) for r in ask("SELECT id, amount, note FROM payments")) == sorted((r[0], r[2], r[3]) for r in good)
    assert ask("SELECT count(*) FROM etl_reject_closures") == [(80,)] and open_rejects(ask) == []
    history(ask)
