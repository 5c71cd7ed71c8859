# SPDX-License-Identifier: Apache-2.0
"""finetl init: what it drafts passes lint and loads the data it was drafted from, whatever that is."""

import csv
import gzip
import io
import json
import os
import random
import shutil

import pytest

from finetl import ROOT, connect

CSV_FILES = sorted(path for folder in ("data", "tests") for path in (ROOT / folder).rglob("*.csv") if "expected" not in path.parts)
JSON_FILES = sorted(path for suffix in ("json", "ndjson") for path in (ROOT / "tests" / "golden" / "run").glob(f"*/t.{suffix}"))
TERMS = ("filtered", "inserted", "updated", "unchanged", "duplicate", "superseded", "rejected")


def draft(finetl, folder, *files, more=()):
    """The text of the draft, made into pipeline.yaml."""
    path = folder / "pipeline.yaml"
    done = finetl("init", *(os.path.relpath(file, folder) for file in files), "-o", "pipeline.yaml", *more, cwd=folder)
    assert done.code == 0, done
    assert finetl("lint", path).code == 0, finetl("lint", path)
    return path.read_text()


def load(finetl, folder):
    """The counters of each data set of a run by the draft."""
    done = finetl("run", folder / "pipeline.yaml", "--warehouse", f"sqlite:{folder / 'w.db'}")
    assert done.code == 0, (done, (folder / "pipeline.yaml").read_text())
    counts = {d["name"]: d for d in done.result["datasets"]}
    for d in counts.values():
        assert d["read"] == sum(d[term] for term in TERMS), d
    return counts


def write(folder, name, text):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def column(text, name):
    (line,) = (line for line in text.splitlines() if line.lstrip().startswith(f"- {{ name: {name},"))
    return line


# ---- every file there is ----


@pytest.mark.parametrize("path", CSV_FILES + JSON_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_is_loaded_by_its_draft_or_refused_with_a_reason(finetl, tmp_path, path):
    done = finetl("init", path, "-o", tmp_path / "pipeline.yaml")
    if done.code != 0:
        assert done.code in (2, 3) and path.name in done.stderr and not (tmp_path / "pipeline.yaml").exists(), done
        return
    assert finetl("lint", tmp_path / "pipeline.yaml").code == 0
    load(finetl, tmp_path)


def test_the_real_payments_are_loaded_to_the_penny(finetl, tmp_path):
    text = draft(finetl, tmp_path, ROOT / "data" / "gla_spending.csv")
    assert 'type: "decimal(13,2)"' in column(text, "amount") and 'from: "VendorID"' in column(text, "vendor_id")
    assert "text(" in column(text, "vendor_id") and "leading zeros" in column(text, "vendor_id")
    assert "type: date" in column(text, "date") and "key: [id]" in text
    counts = load(finetl, tmp_path)["gla_spending"]
    assert (counts["read"], counts["inserted"], counts["rejected"]) == (28145, 28145, 0)
    assert counts["sums"]["amount"]["inserted"] == "1000083306.00"


def test_two_files_get_keys_and_a_reference(finetl, tmp_path):
    finetl("generate", tmp_path / "data", "--transactions", 3000, "--customers", 500, "--until", "2026-01-31")
    (tmp_path / "out").mkdir()
    text = draft(finetl, tmp_path / "out", tmp_path / "data" / "transactions.csv", tmp_path / "data" / "customers.csv")
    assert 'csv: "../data/transactions.csv"' in text
    assert "{ id: customer_id_known, column: customer_id, target: dim_customers }" in text and "foreign_keys:" in text
    assert "key: [transaction_id]" in text and "key: [customer_id]" in text
    assert "pii: true" in column(text, "email") and "pii: true" in column(text, "customer_name") and "@" not in text
    assert "status in (" in text and "case: upper" in column(text, "transaction_id")
    (tmp_path / "else").mkdir()
    assert finetl("init", "../data/transactions.csv", "-o", "../else/p.yaml", cwd=tmp_path / "out").code == 0
    assert 'csv: "../data/transactions.csv"' in (tmp_path / "else" / "p.yaml").read_text()
    assert finetl("init", "data/transactions.csv", "-o", "else/q.yaml", cwd=tmp_path).code == 0
    assert 'csv: "../data/transactions.csv"' in (tmp_path / "else" / "q.yaml").read_text()
    counts = load(finetl, tmp_path / "out")
    assert counts["customers"]["read"] >= 500 and counts["transactions"]["rejected"] < 100
    again = load(finetl, tmp_path / "out")
    assert again["customers"]["inserted"] == again["transactions"]["inserted"] == 0


@pytest.mark.parametrize(("case", "files"), [("european", ["Umsätze.csv"]), ("two_files", ["payments.csv", "accounts.csv"])])
def test_a_draft_reads_as_a_person_would_write_it(finetl, tmp_path, case, files):
    folder = ROOT / "tests" / "golden" / "init" / case
    shutil.copytree(folder, tmp_path / case)
    done = finetl("init", *files, cwd=tmp_path / case)
    assert done.code == 0 and done.stdout == (folder / "expected.yaml").read_text(), done
    draft(finetl, tmp_path / case, *(tmp_path / case / file for file in files))
    assert all(d["inserted"] == d["read"] for d in load(finetl, tmp_path / case).values())


# ---- how a file is written ----


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_delimiter_and_encoding_are_found(finetl, tmp_path, delimiter, encoding):
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerows([["id", "city", "amount"], *([i, "Zürich" if i % 2 else "a, b", f"{i}.50"] for i in range(1, 40))])
    write(tmp_path, "a.csv", out.getvalue().encode(encoding))
    text = draft(finetl, tmp_path, tmp_path / "a.csv")
    assert load(finetl, tmp_path)["a"]["inserted"] == 39
    assert ("encoding: windows-1252" in text) == (encoding == "cp1252") and ("encoding: utf-16" in text) == (encoding == "utf-16")
    with connect(tmp_path / "w.db") as db:
        assert {r[0] for r in db.execute("SELECT city FROM fact_a")} == {"Zürich", "a, b"}


def test_gzip_title_lines_and_no_header(finetl, tmp_path):
    rows = "".join(f"{i},2026-01-{i:02},{i}.00\n" for i in range(1, 29))
    with gzip.open(tmp_path / "b.csv.gz", "wb") as file:
        file.write(b"Report of January\n\nid,day,amount\n" + rows.encode())
    text = draft(finetl, tmp_path, tmp_path / "b.csv.gz")
    assert "skip_lines: 2" in text and load(finetl, tmp_path)["b"]["inserted"] == 28
    write(tmp_path, "c.csv", rows)
    text = draft(finetl, tmp_path, tmp_path / "c.csv", more=["--force"])
    assert "names: [column_1, column_2, column_3]" in text and "no header" in text
    assert load(finetl, tmp_path)["c"]["inserted"] == 28


@pytest.mark.parametrize(("days", "format", "doubt"), [
    (["13/02/2026", "01/02/2026"], "%d/%m/%Y", False), (["02/13/2026", "01/02/2026"], "%m/%d/%Y", False),
    (["01/02/2026", "03/04/2026"], "%d/%m/%Y", True), (["1/2/2026", "12/31/2026"], "%-m/%-d/%Y", False),
    (["31.12.2025", "01.01.2026"], "%d.%m.%Y", False), (["31-Dec-2025", "01-Jan-2026"], "%d-%b-%Y", False),
    (["31.12.25", "01.01.26"], "%d.%m.%y", False), (["01.02.26", "03.04.26"], "%d.%m.%y", True), (["12.31.25", "01.01.26"], "%m.%d.%y", False),
    (["20251231", "20260101"], "%Y%m%d", False), (["31/12/2025 23:59:59", "01/01/2026 00:00:00"], "%d/%m/%Y %H:%M:%S", False),
    (["12/31/2025 11:59 PM", "01/01/2026 12:00 AM"], "%m/%d/%Y %I:%M %p", False)])
def test_dates_are_read_as_their_values_have_it(finetl, tmp_path, days, format, doubt):
    write(tmp_path, "d.csv", "id,day\n" + "".join(f"{i},{days[i % 2]}\n" for i in range(20)))
    text = draft(finetl, tmp_path, tmp_path / "d.csv")
    line = column(text, "day")
    assert f'format: "{format}"' in line and ("day first or month first" in line) == doubt
    assert ("two digits" in line) == ("%y" in format and not doubt)
    assert ("UTC is assumed" in line) == ("%M" in format and "%I:%M" in format or "%H" in format)
    assert load(finetl, tmp_path)["d"]["inserted"] == 20


@pytest.mark.parametrize(("values", "declared"), [
    (["1.234,56", "12,50"], ["point: ','", 'group: "."', "decimal(12,2)"]), (["1,234.56", "12.50"], ['group: ","']),
    (["1234,56", "1,5"], ["point: ','"]), (["(12.50)", "7.25"], ["sign: [parentheses]"]), (["12.50-", "7.25"], ["sign: [trailing]"]),
    (["$12.50", "$7.25"], ['currency: ["$"]']), (["12.50 EUR", "7.25 EUR"], ['currency: ["EUR"]']), (["12", "7"], ["decimal(12,2)"]),
    (["1,234", "5,678"], ['group: ","', "decimal point"]), (["0.000125", "1.5"], ["decimal(12,6)"])])
def test_amounts_are_decimals_however_they_are_written(finetl, tmp_path, values, declared):
    write(tmp_path, "e.csv", "id;amount\n" + "".join(f"{i};{values[i % 2]}\n" for i in range(20)))
    text = draft(finetl, tmp_path, tmp_path / "e.csv")
    for word in declared:
        assert word in column(text, "amount")
    counts = load(finetl, tmp_path)["e"]
    assert counts["inserted"] == 20 and counts["rejected"] == 0


# ---- names ----


def test_hostile_headers_become_names(finetl, tmp_path):
    names = ["Amount, gross", "Größe", "select", "null", "processed_at", "amount_minor", "x'); DROP TABLE a; --", "日本", "{a}", '"q"', "etl_record",
             "a b", "a-b", "123"]
    out = io.StringIO()
    csv.writer(out).writerows([names, *([f"{i}.5" if n == 0 else f"v{i}" for n in range(len(names))] for i in range(10))])
    write(tmp_path, "f.csv", out.getvalue())
    text = draft(finetl, tmp_path, tmp_path / "f.csv")
    assert 'name: amount_gross,' in text and 'from: "Amount, gross"' in text and "name: a_b_2," in text and "name: column_8," in text
    assert 'from: "Größe"' in text and "name: grose," in text
    assert load(finetl, tmp_path)["f"]["inserted"] == 10


def test_a_header_with_one_name_twice_is_refused(finetl, tmp_path):
    done = finetl("init", write(tmp_path, "g.csv", "id,amount,ID\n1,2.00,3\n"))
    assert done.code == 3 and "ID" in done.stderr


@pytest.mark.parametrize("text", ["", "\n", "id,amount\n", "{}", "[]"])
def test_nothing_to_draft_from_is_told(finetl, tmp_path, text):
    done = finetl("init", write(tmp_path, "h.json" if text[:1] in ("{", "[") else "h.csv", text))
    assert done.code == 3 and "h." in done.stderr and done.stdout == "", done


# ---- what columns are ----


def test_names_of_things_stay_text_and_null_texts_are_null(finetl, tmp_path):
    write(tmp_path, "i.csv", "id,code,phone,rate,is_open,weird\n" + "".join(
        f"{i},{i:05},{4930000000 + i},{'NA' if i == 7 else i / 4},{i % 2},{10 ** 20 + i}\n" for i in range(100)))
    text = draft(finetl, tmp_path, tmp_path / "i.csv")
    assert "type: text(10)" in column(text, "code") and "type: text(20), required: true, pii: true" in column(text, "phone")
    assert "null: ['', \"NA\"]" in column(text, "rate") and "type: bool" in column(text, "is_open") and "type: text(" in column(text, "weird")
    assert load(finetl, tmp_path)["i"]["inserted"] == 100


def test_persons_are_known_by_their_values(finetl, tmp_path):
    write(tmp_path, "j.csv", "id,contact,konto,line\n" + "".join(f"{i},ann{i}@example.org,DE89370400440532013000,+49 30 12345{i:03}\n" for i in range(30)))
    text = draft(finetl, tmp_path, tmp_path / "j.csv")
    for name, words in {"contact": "e-mail", "konto": "IBAN", "line": "phone"}.items():
        assert "pii: true" in column(text, name) and words in column(text, name)
    assert "example.org" not in text and "DE89" not in text


def test_two_columns_are_a_key_where_no_single_one_is(finetl, tmp_path):
    write(tmp_path, "k.csv", "branch,number_of_day,amount\n" + "".join(f"{b},{n},5.00\n" for b in ("north", "south", "west") for n in range(40)))
    text = draft(finetl, tmp_path, tmp_path / "k.csv")
    assert "key: [number_of_day, branch]" in text or "key: [branch, number_of_day]" in text
    assert load(finetl, tmp_path)["k"]["inserted"] == 120


def test_rows_that_nothing_tells_apart_are_counted_as_duplicates(finetl, tmp_path):
    write(tmp_path, "l.csv", "day,amount\n" + "2026-01-01,5.00\n" * 30)
    text = draft(finetl, tmp_path, tmp_path / "l.csv")
    assert "29 of 30 records repeat it" in text
    assert (lambda d: (d["inserted"], d["duplicate"]))(load(finetl, tmp_path)["l"]) == (1, 29)


def test_references_never_go_in_a_circle(finetl, tmp_path):
    for name, other in (("people", "teams"), ("teams", "people")):
        write(tmp_path, f"{name}.csv", f"{name}_id,{other}_id\n" + "".join(f"{i},{i}\n" for i in range(50)))
    text = draft(finetl, tmp_path, tmp_path / "people.csv", tmp_path / "teams.csv")
    assert text.count("target: dim_") == 2 and text.count("_known, column:") == 1
    load(finetl, tmp_path)


def test_records_of_json_are_found_with_what_is_in_them(finetl, tmp_path):
    records = [{"id": i, "amount": i + 0.25, "customer": {"id": f"C{i}", "address": {"city": "Bern"}}, "tags": ["a"], **({"late": "x"} if i > 1200 else {})}
               for i in range(1500)]
    write(tmp_path, "m.json", json.dumps({"meta": {"n": 3}, "data": {"items": records}}))
    write(tmp_path, "n.ndjson", "".join(json.dumps(r) + "\n" for r in records))
    text = draft(finetl, tmp_path, tmp_path / "m.json", tmp_path / "n.ndjson")
    assert 'records: "data.items"' in text and 'name: customer_address_city, ' in text and text.count("contract: discard_column") == 2
    assert text.count("name: late,") == 2 and text.count('"decimal(12,2)"') == 2
    counts = load(finetl, tmp_path)
    assert counts["m"]["inserted"] == counts["n"]["inserted"] == 1500


# ---- the file that is written ----


def test_no_file_is_written_over_unless_forced(finetl, tmp_path):
    write(tmp_path, "a.csv", "id,amount\n1,2.00\n2,3.00\n")
    write(tmp_path, "pipeline.yaml", "mine")
    done = finetl("init", tmp_path / "a.csv", "-o", tmp_path / "pipeline.yaml")
    assert done.code == 2 and "--force" in done.stderr and (tmp_path / "pipeline.yaml").read_text() == "mine"
    assert finetl("init", "a.csv", "-o", "pipeline.yaml", "--force", cwd=tmp_path).code == 0
    assert (tmp_path / "pipeline.yaml").read_text() == finetl("init", "a.csv", cwd=tmp_path).stdout
    assert finetl("init", "-").code == 2 and finetl("init", tmp_path / "none.csv").code == 2


def test_a_limit_says_which_share_was_read(finetl, tmp_path):
    write(tmp_path, "a.csv", "id,amount\n" + "".join(f"{i},2.00\n" for i in range(20000)))
    text = draft(finetl, tmp_path, tmp_path / "a.csv", more=["--limit", 100])
    assert "the first 100 records were read" in text and "% of its bytes" in text


def test_any_table_of_random_cells_is_drafted_and_loaded(finetl, tmp_path):
    rng = random.Random(8)
    cells = ["", " ", "0", "007", "-1.5", "1e5", "2026-02-30", "2026-01-01", "x", "Ü", "NA", "true", "1,5", "a\nb", 'q"q', "{x}", "'", "\\", "$5", "#", ": "]
    for n in range(25):
        out = io.StringIO()
        width = rng.randint(2, 6)
        csv.writer(out, quoting=csv.QUOTE_ALL).writerows(
            [[f"c{i}" for i in range(width)], *([rng.choice(cells[:rng.randint(3, len(cells))]) for _ in range(width)] for _ in range(rng.randint(3, 60)))])
        folder = tmp_path / str(n)
        folder.mkdir()
        write(folder, "t.csv", out.getvalue())
        draft(finetl, folder, folder / "t.csv")
        load(finetl, folder)
        shutil.rmtree(folder)


def test_a_stray_quote_in_a_title_does_not_say_that_cells_are_not_quoted(finetl, tmp_path):
    rows = "".join(f'{i};"Zo\u00eb ""X""; Co {i}";{i}.50\n' for i in range(20))
    (tmp_path / "a.csv").write_bytes(('Relev\u00e9; "de compte\n\u00e9dit\u00e9 le 01/02/2026\nid;name;amount\n' + rows).encode("utf-16"))
    finetl("init", tmp_path / "a.csv", "-o", tmp_path / "p.yaml").ok()
    text = (tmp_path / "p.yaml").read_text()
    assert "skip_lines: 2 }" in text and "quote:" not in text, text
    done = finetl.run(tmp_path / "p.yaml", f"files:{tmp_path / 'out'}").ok()
    assert done.result["datasets"][0]["inserted"] == 20


@pytest.mark.parametrize("end, trailer, n_read", [
    ("TRAILER,60,", "{ starts: TRAILER, rows: 2 }", 60), ("T,60,", "{ starts: T, rows: 2 }", 60), ("total,1800.00,60", "{ starts: total, rows: 3 }", 60),
    ("Total,1800.00,", "{ starts: Total }", 60), ("EOF", "{ starts: EOF }", 60), ("EOF,,", "{ starts: EOF }", 60),
    ("T,61,", None, 61), ("P60,60,2026-01-01", None, 61), ("TRL,61", None, 61), ("note,60,", None, 61)])
@pytest.mark.parametrize("header", ["id,amount,day\n", ""])
def test_a_last_record_with_as_many_cells_is_a_trailer_where_its_word_says_so(finetl, tmp_path, header, end, trailer, n_read):
    (tmp_path / "a.csv").write_text(header + "".join(f"P{i},{i}.50,2026-01-{i % 28 + 1:02}\n" for i in range(60)) + end + "\n")
    finetl("init", tmp_path / "a.csv", "-o", tmp_path / "p.yaml").ok()
    text = (tmp_path / "p.yaml").read_text()
    assert (f"trailer: {trailer} }}  # guess: " in text) if trailer else "trailer" not in text, text
    assert ("tells no number of records" in text) == (trailer is not None and "rows" not in trailer)
    assert ("names are ours" in text) == (not header)
    assert finetl("lint", tmp_path / "p.yaml").code == 0
    done = finetl.run(tmp_path / "p.yaml", f"files:{tmp_path / 'out'}").ok()
    assert done.result["datasets"][0]["read"] == n_read
    if trailer:  # nothing of the trailer is in what was guessed of the columns
        assert done.result["datasets"][0]["rejected"] == 0 and text.count("type: date, required: true") == 1, text


def test_a_word_that_other_records_begin_with_is_no_trailer(finetl, tmp_path):
    rows = "".join(f"{'T' if i % 3 else 'D'},{i},{i}.50\n" for i in range(60))
    for end in ("T,60,1.00\n", "T,60\n"):
        (tmp_path / "a.csv").write_text("kind,id,amount\n" + rows + end)
        finetl("init", tmp_path / "a.csv", "--force", "-o", tmp_path / "p.yaml").ok()
        assert "trailer" not in (tmp_path / "p.yaml").read_text()


def test_a_last_record_that_tells_how_many_there_are_is_a_trailer(finetl, tmp_path):
    rows = "id,amount,day\n" + "".join(f"P{i},{i}.50,2026-01-{i % 28 + 1:02}\n" for i in range(60))
    for name, end, wanted in (("count.csv", "TRL,60\n", True), ("other.csv", "TRL,61\n", False), ("none.csv", "", False)):
        (tmp_path / name).write_text(rows + end)
        finetl("init", tmp_path / name, "--force", "-o", tmp_path / "p.yaml").ok()
        assert ("trailer: { starts: TRL, rows: 2 }" in (tmp_path / "p.yaml").read_text()) == wanted, name
        done = finetl.run(tmp_path / "p.yaml", f"files:{tmp_path / name}.out")
        assert done.code == 0, done
        (dataset,) = done.result["datasets"]
        assert (dataset["read"], dataset["rejected"]) == ((61, 1) if name == "other.csv" else (60, 0))
