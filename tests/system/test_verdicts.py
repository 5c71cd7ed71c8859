# SPDX-License-Identifier: Apache-2.0
"""The stored inputs of tests/verdicts: each odd, broken or hostile input gets what the tables say.

Inputs that are accepted share a run, each in a data set of its own: that changes no verdict, and
is what makes a thousand of them quick. One that is refused has a run to itself. All of them go
into files and into SQLite; where they drift, the test prints a line for each difference.
"""

import csv
import gzip
import json
import sys
from decimal import Decimal

import pytest

from finetl import ROOT, connect, integrity, read_csv, read_rejects, table_columns, write_pipeline

sys.path.insert(0, str(ROOT / "tests" / "verdicts"))

import corpus  # noqa: E402
import files_csv  # noqa: E402
import files_json  # noqa: E402
import model  # noqa: E402
import nasty  # noqa: E402
import page  # noqa: E402
import strict_csv  # noqa: E402
import values_numbers  # noqa: E402
import values_texts  # noqa: E402
import values_times  # noqa: E402

csv.field_size_limit(1 << 24)

SECTIONS = files_csv.SECTIONS + files_json.SECTIONS
FILES = [file for _, files in SECTIONS for file in files]
REFUSED = [file for file in FILES if file.records is None]
VALUES = values_numbers.GROUPS + values_times.GROUPS + values_texts.GROUPS


def suffix(file):
    return "csv" if file.kind == "csv" else "json"


# ---- what a run left: per data set, record -> cells, and record -> (verdict, reasons, raw, offset) ----


def rows_of_files(out, name):
    """In the order of the records; the published file does not say their numbers."""
    return [tuple(row) for row in read_csv(out / f"{name}_rows.csv")[1:]]


def rejects_of_files(out, name):
    return {record: (verdict, ";".join(reasons), raw, offset)
            for _, record, offset, verdict, reasons, raw in read_rejects(out / f"{name}.rejects.csv")}


def text_of(value, scale):
    return value if value is None else format(Decimal(value).scaleb(-scale), "f") if scale is not None else str(value)


def rows_of_sqlite(db, dataset):
    """Record -> cells, null told apart from the empty text."""
    table = dataset["target"]
    scales = {c["name"]: model.Type(c["type"]).scale for c in dataset["columns"] if c["type"].startswith("decimal")}
    names = [c["name"] for c in dataset["columns"]]
    stored = [f"{n}_minor" if n in scales else n for n in names]
    assert set(stored) <= set(table_columns(db, table))
    return {row[0]: tuple(text_of(row[i + 1], scales.get(n)) for i, n in enumerate(names))
            for row in db.execute(f"SELECT etl_record, {', '.join(stored)} FROM {table} ORDER BY etl_record")}


def rejects_of_sqlite(db, name):
    rows = db.execute("SELECT record, verdict, reasons, raw, byte_offset FROM etl_rejects WHERE dataset = ?", (name,))
    return {record: (verdict, ";".join(json.loads(reasons)) if reasons.startswith("[") else reasons, bytes(raw), offset)
            for record, verdict, reasons, raw, offset in rows}


# ---- files ----


def wanted_rows(file):
    return {i: record.cells for i, record in enumerate(file.records, 1) if record.verdict == "loaded"}


def wanted_rejects(file):
    return {i: (record.verdict, record.reasons) for i, record in enumerate(file.records, 1) if record.verdict in ("rejected", "conflict")}


def check_totals(file, result, problems):
    counts = {term: result[term] for term in corpus.TERMS}
    if counts != corpus.counts_of(file.records):
        problems.append(f"{file.name}: counts are {counts}, expected {corpus.counts_of(file.records)}")
    if "amount" in result["sums"]:
        sums = {term: value if term == "no_value" else Decimal(value) for term, value in result["sums"]["amount"].items()}
        if sums != corpus.sums_of(file.records):
            problems.append(f"{file.name}: sums are {sums}, expected {corpus.sums_of(file.records)}")
    if tuple(sorted(result["notes"])) != tuple(sorted(file.notes)):
        problems.append(f"{file.name}: notes are {result['notes']}, expected {file.notes}")


def check_records(file, rows, rejects, where, problems):
    """rows, rejects: by record; one line for each record that is not as expected."""
    wanted, refused = wanted_rows(file), wanted_rejects(file)
    for i in sorted(set(rows) | set(wanted) | set(rejects) | set(refused)):
        got = rows.get(i) or (rejects[i][:2] if i in rejects else None)
        expected = wanted.get(i) or refused.get(i)
        if got != expected:
            problems.append(f"{file.name}: record {i} in {where}: got {str(got)[:200]}, expected {str(expected)[:200]}")
    text = plain_text(file)
    for i, (_, _, raw, offset) in rejects.items():
        if text[offset : offset + len(raw)] != raw:
            problems.append(f"{file.name}: record {i} in {where}: its raw bytes are not those at offset {offset}")


def plain_text(file):
    data = gzip.decompress(file.data) if file.data.startswith(b"\x1f\x8b") else file.data
    return strict_csv.as_utf8(data, file.source.get("encoding", "utf-8"))


def write_section(folder, files):
    datasets, targets = [], {}
    for file in files:
        path = folder / f"{file.name}.{suffix(file)}"
        path.write_bytes(file.data)
        datasets.append(corpus.dataset(file.name, path.name, file))
        targets[f"{file.name}_rows"] = corpus.of_file(file, "")["targets"]["t_rows"]
    return write_pipeline(folder, corpus.pipeline(datasets, targets)), datasets


@pytest.mark.parametrize("title, files", SECTIONS, ids=[title.replace(" ", "_") for title, _ in SECTIONS])
def test_records_get_their_verdicts(finetl, tmp_path, title, files):
    files = [file for file in files if file.records is not None]
    if not files:
        return
    pipeline, datasets = write_section(tmp_path, files)
    problems, out = [], tmp_path / "out"
    finetl.run(pipeline, f"files:{out}").ok()
    results = {d["name"]: d for d in json.loads((out / "report.json").read_text())["datasets"]}
    for file in files:
        rows = rows_of_files(out, file.name)
        numbers = list(wanted_rows(file)) + list(range(10**6, 10**6 + len(rows)))
        check_records(file, dict(zip(numbers, rows)), rejects_of_files(out, file.name), "files", problems)
        check_totals(file, results[file.name], problems)
    done = finetl.run(pipeline, f"sqlite:{tmp_path / 'w.db'}").ok()
    integrity(tmp_path / "w.db")
    db = connect(tmp_path / "w.db")
    for file, dataset in zip(files, datasets):
        rows = {i: tuple("" if cell is None else cell for cell in cells) for i, cells in rows_of_sqlite(db, dataset).items()}
        check_records(file, rows, rejects_of_sqlite(db, file.name), "sqlite", problems)
        check_totals(file, done.dataset(file.name), problems)
    db.close()
    assert not problems, "\n".join(["", title, *problems])


@pytest.fixture(scope="module")
def one_warehouse(tmp_path_factory):
    """All that is refused meets one warehouse: nothing of it may be there afterwards."""
    path = tmp_path_factory.mktemp("refused") / "w.db"
    yield path
    with connect(path) as db:
        if table_columns(db, "t_rows"):
            assert list(db.execute("SELECT * FROM t_rows")) == []
        assert {row[0] for row in db.execute("SELECT status FROM etl_audit_log")} == {"failed"}
    db.close()


@pytest.mark.parametrize("file", REFUSED, ids=[file.name for file in REFUSED])
def test_files_are_refused(finetl, tmp_path, one_warehouse, file):
    path = tmp_path / f"t.{suffix(file)}"
    path.write_bytes(file.data)
    columns_of_t = corpus.of_file(file, path.name)
    for warehouse in (f"files:{tmp_path / 'out'}", f"sqlite:{one_warehouse}"):
        done = finetl.run(write_pipeline(tmp_path, columns_of_t), warehouse)
        assert done.code == file.code, f"{file.name}: exit code {done.code}, expected {file.code}: {done}"
        assert done.result["status"] == "failed" and path.name in done.result["error"], done
        for word in file.words:
            assert word in done.result["error"], done
    published = [p.name for p in (tmp_path / "out").glob("*")] if (tmp_path / "out").exists() else []
    assert "t_rows.csv" not in published and "report.json" not in published, published


# ---- values ----


def values_of(group, rows, rejects):
    """Each cell's outcome as the table writes it."""
    out = []
    for i in range(1, len(group.cells) + 1):
        if i in rejects:
            out.append(corpus.No(rejects[i][1].removeprefix("v:")))
        else:
            out.append(rows[i])
    return out


def as_stored(group, outcome):
    return {"true": "1", "false": "0"}.get(outcome, outcome) if group.column["type"] == "bool" else outcome


def compare_values(group, got, wanted, where, problems):
    for (cell, _), g, w in zip(group.cells, got, wanted):
        if g != w:
            problems.append(f"{group.about}: {str(cell)[:60]!r} in {where}: got {g!r}, expected {w!r}")


def test_values_get_their_verdicts(finetl, tmp_path):
    datasets, targets = [], {}
    for n, group in enumerate(VALUES):
        (tmp_path / f"g{n}.csv").write_bytes(corpus.values_file(group))
        datasets.append(corpus.values_dataset(f"g{n}", f"g{n}.csv", group))
        targets[f"g{n}_rows"] = {"key": ["id"]}
    pipeline = write_pipeline(tmp_path, corpus.pipeline(datasets, targets))
    finetl.run(pipeline, f"files:{tmp_path / 'out'}").ok()
    done = finetl.run(pipeline, f"sqlite:{tmp_path / 'w.db'}").ok()
    db, problems = connect(tmp_path / "w.db"), []
    for n, (group, dataset) in enumerate(zip(VALUES, datasets)):
        wanted = [outcome for _, outcome in group.cells]
        rows = {int(row[0]): row[1] for row in rows_of_files(tmp_path / "out", f"g{n}")}
        got = values_of(group, rows, rejects_of_files(tmp_path / "out", f"g{n}"))
        compare_values(group, got, ["" if w is None else w for w in wanted], "files", problems)
        rows = {record: cells[1] for record, cells in rows_of_sqlite(db, dataset).items()}
        compare_values(group, values_of(group, rows, rejects_of_sqlite(db, f"g{n}")), [as_stored(group, w) for w in wanted], "sqlite", problems)
        check_group_totals(group, wanted, done.dataset(f"g{n}"), problems)
    db.close()
    assert not problems, "\n".join(["", *problems])


def check_group_totals(group, wanted, result, problems):
    n_no = sum(isinstance(w, corpus.No) for w in wanted)
    counts = (result["read"], result["inserted"], result["rejected"])
    if counts != (len(wanted), len(wanted) - n_no, n_no):
        problems.append(f"{group.about}: counts are {counts}")
    if group.column["type"].startswith("decimal"):
        values = [Decimal(w) for w in wanted if isinstance(w, str)]
        sums = result["sums"]["v"]
        if (Decimal(sums["read"]), Decimal(sums["inserted"]), Decimal(sums["rejected"]), sums["no_value"]) != (
                sum(values), sum(values), 0, len(wanted) - len(values)):
            problems.append(f"{group.about}: sums are {sums}")
        n_negative = sum(isinstance(w, str) and not Decimal(w) and cell.strip().startswith("-") for cell, w in group.cells)
        if result["negative_zeros"] != ({"v": n_negative} if n_negative else {}):
            problems.append(f"{group.about}: negative zeros are {result['negative_zeros']}")


# ---- the tables themselves ----


def test_the_model_agrees_with_the_tables():
    """Two readings of the rules, one by hand: where they differ, one of them is wrong."""
    problems = []
    for group in VALUES:
        type_ = model.Type(group.column["type"])
        for cell, wanted in group.cells:
            got = modelled(corpus.as_bytes(cell), {"name": "v", **group.column}, type_)
            is_same = got == wanted or ("decimal" in group.column and isinstance(got, corpus.No) and isinstance(wanted, corpus.No))
            if not is_same:
                problems.append(f"{group.about}: {str(cell)[:60]!r}: the model says {got!r}, the table {wanted!r}")
    for file in FILES:
        if file.kind == "csv" and file.records is not None:
            check_against_model(file, problems)
    assert not problems, "\n".join(["", *problems])


def modelled(cell, column, type_):
    try:
        value = model.clean_cell(cell, column, type_)
        if value is None and "default" in column:
            value = model.clean_cell(column["default"].encode(), column, type_)
    except model.Refused as refused:
        return corpus.No(refused.code)
    if value is None:
        return corpus.No("missing") if column.get("required") else None
    return model.printed(value)


def check_against_model(file, problems):
    data = gzip.decompress(file.data) if file.data.startswith(b"\x1f\x8b") else file.data
    pipeline = corpus.of_file(file, "t.csv")
    if not data or file.source.get("quote") or "trailer" in file.source:
        return  # of which the model knows nothing
    try:
        (outcome,), _ = model.run(pipeline, {"t": [model.Input("t.csv", data)]}, nasty.RUN_TIME_US)
    except strict_csv.FileRefused as refused:
        problems.append(f"{file.name}: the model refuses it: {refused}")
        return
    rejects = {r.record: (r.verdict, ";".join(r.reasons)) for r in outcome.rejects}
    rows = {row.record: tuple(model.printed(v) for v in row.values.values()) for row in outcome.rows}
    if (rows, rejects, outcome.counts) != (wanted_rows(file), wanted_rejects(file), corpus.counts_of(file.records)):
        problems.append(f"{file.name}: the model says {str(rows)[:300]}, {rejects}, {outcome.counts}")


def test_there_is_enough_of_each():
    names = [file.name for file in FILES]
    assert len(set(names)) == len(names)
    n_values = sum(len(group.cells) for group in VALUES)
    assert len(FILES) >= 300 and len(REFUSED) >= 100 and n_values >= 550, (len(FILES), len(REFUSED), n_values)


def test_the_page_is_what_the_tables_say():
    path = ROOT / "docs" / "verdicts.md"
    assert path.read_text(encoding="utf-8") == page.text(), "write it anew: python3 tests/verdicts/page.py > docs/verdicts.md"


def test_a_file_cut_at_any_byte(finetl, tmp_path):
    """Either all records that are whole are there, or the file is refused; never part of one."""
    data = b'id,amount,note\nA,1.00,x\n"B",2.00,"y ""z""\n, w"\nC,3.00,last\n'
    cuts, problems, datasets, targets = [], [], [], {}
    for n in range(len(data) + 1):
        try:
            wanted = [(r.number, r.flaw, r.cells) for r in strict_csv.read(data[:n], ["id", "amount", "note"])]
            is_whole = len(wanted) > 0
        except (strict_csv.FileRefused, UnicodeDecodeError):
            is_whole = False
        cuts.append((n, is_whole, wanted if is_whole else None))
    for n, is_whole, wanted in cuts:
        (tmp_path / f"cut{n}.csv").write_bytes(data[:n])
        file = corpus.File("", f"cut{n}", data[:n])
        if is_whole:
            datasets.append(corpus.dataset(f"cut{n}", f"cut{n}.csv", file))
            targets[f"cut{n}_rows"] = {"key": ["id"]}
            continue
        done = finetl.run(write_pipeline(tmp_path, corpus.of_file(file, f"cut{n}.csv"), "one.yaml"), f"files:{tmp_path / 'none'}")
        if done.code != 3:
            problems.append(f"cut at byte {n}: exit code {done.code}")
    finetl.run(write_pipeline(tmp_path, corpus.pipeline(datasets, targets)), f"files:{tmp_path / 'out'}").ok()
    for n, is_whole, wanted in cuts:
        if is_whole:
            got = [row[2] for row in rows_of_files(tmp_path / "out", f"cut{n}")]
            if got != [cells[2].decode() for _, _, cells in wanted]:
                problems.append(f"cut at byte {n}: {got}, expected {wanted}")
    assert len(datasets) >= 10 and len(cuts) - len(datasets) >= 30
    assert not problems, "\n".join(["", *problems])
