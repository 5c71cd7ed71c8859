# SPDX-License-Identifier: Apache-2.0
"""The CSV reader against Python's csv module in strict mode, on random small files.

Where both accept, the cells must be equal. Python is more lenient: it takes a lone CR
for a line end, a quote inside a bare cell for text, and knows no fixed number of
cells; in these places the reader must say so, and all records before must be equal.
"""

import csv
import io
import os
import pathlib
import random
import re
import subprocess

BUILD = pathlib.Path(os.environ.get("FINETL_BUILD", "build"))
PROBE = BUILD / "tests" / "model" / "probe_csv"
N_FILES = 20_000
BOM = b"\xef\xbb\xbf"

RECORD = re.compile(r"#(\d+) @(\d+) (?:!(\w+) ([0-9a-f]*)|((?:\[[0-9a-f]*\])+))$")


def random_file(rng):
    """Bytes that are often nearly right: cells as a writer makes them, and then noise."""
    kind = rng.randrange(3)
    if kind == 0:
        alphabet = b'ab,"\n\r,"\n'
        return bytes(rng.choice(alphabet) for _ in range(rng.randrange(30)))
    eol = rng.choice([b"\n", b"\r\n"])
    lines = []
    for _ in range(rng.randrange(1, 8)):
        cells = []
        for _ in range(rng.choice([3, 3, 3, 3, 2, 4])):
            cell = bytes(rng.choice(b'abc,"\n\r \xc3\x00') for _ in range(rng.choice([0, 1, 2, 3, 9, 40])))
            if re.search(rb'[,"\r\n]', cell) or rng.random() < 0.2:
                cell = b'"' + cell.replace(b'"', b'""') + b'"'
            cells.append(cell)
        lines.append(b",".join(cells) + eol)
    data = bytearray(b"".join(lines))
    if rng.random() < 0.2:
        data = data.rstrip(b"\r\n")
    if kind == 2 and data:
        for _ in range(rng.randrange(1, 4)):
            at = rng.randrange(len(data) + 1)
            data[at : at + rng.randrange(2)] = rng.choice([b'"', b",", b"\n", b"\r", b"\r\n", b"x", b""])
    return (BOM if rng.random() < 0.05 else b"") + bytes(data)


def python_reads(data):
    """The rows up to the first that is refused, and whether all were read."""
    rows = []
    text = data.removeprefix(BOM).decode("latin-1")
    try:
        for row in csv.reader(io.StringIO(text, newline=""), strict=True):
            rows.append([cell.encode("latin-1") for cell in row])
    except csv.Error:
        return rows, False
    return rows, True


def run_probe(cases):
    stdin = b"".join(b"%d %d %d %d\n" % (len(data), cells, bulk, step) + data for data, cells, bulk, step in cases)
    result = subprocess.run([PROBE], input=stdin, stdout=subprocess.PIPE, check=True)
    answers, records = [], []
    for line in result.stdout.decode("ascii").splitlines():
        if line.startswith("#"):
            number, offset, flaw, raw, cells = RECORD.match(line).groups()
            records.append((int(number), int(offset), flaw, bytes.fromhex(raw or ""), cells and [bytes.fromhex(c) for c in cells[1:-1].split("][")]))
        else:
            answers.append((records, line))
            records = []
    assert len(answers) == len(cases)
    return answers


def has_lone_cr(data):
    return re.search(rb"\r(?!\n)", data) is not None


def check_flaw(flaw, row, n_cells):
    if flaw == "blank_line":
        assert row == []
    elif flaw == "empty_record":
        assert not any(row)
    elif flaw == "too_few_cells":
        assert 0 < len(row) < n_cells
    elif flaw == "too_many_cells":
        assert len(row) > n_cells
    else:
        assert flaw == "quote_in_bare_cell"
        assert any(b'"' in cell for cell in row)


def check(case, answer):
    data, n_cells, _, _ = case
    records, end = answer
    rows, all_read = python_reads(data)
    for i, (number, offset, flaw, raw, cells) in enumerate(records):
        assert number == i + 1
        if flaw == "text_after_quote" or (flaw == "quote_in_bare_cell" and len(rows) == i):
            assert not all_read and len(rows) == i
            return  # a record can have both; of the first in it the reader tells
        if flaw:
            assert data[offset : offset + len(raw)] == raw
            check_flaw(flaw, rows[i], n_cells)
        else:
            assert cells == rows[i]
    n = len(records)
    if end == "end":
        assert all_read
        assert rows[n:] in ([], [[]])  # a blank last line is no record
    elif "CR that is not followed" in end:
        assert has_lone_cr(data)
    elif "file ends inside a quoted cell" in end:
        assert not all_read and len(rows) == n
    elif "in doubt where the record ends" in end:
        assert (not all_read and len(rows) == n) or any(b'"' in cell for cell in rows[n])
    else:
        assert "file ends inside its last record" in end
        assert not data.endswith(b"\n")
        assert len(rows) == n if not all_read else len(rows) == n + 1 and len(rows[n]) < n_cells


def test_random_files_give_what_python_gives():
    rng = random.Random(20240607)
    cases = []
    for _ in range(N_FILES):
        n_cells = rng.choice([0, 3])
        bulk = rng.randrange(2) if n_cells else 0
        cases.append((random_file(rng), n_cells, bulk, rng.choice([1, 2, 3, 7, 64, 1 << 20])))
    kinds = set()
    for case, answer in zip(cases, run_probe(cases)):
        try:
            check(case, answer)
        except (AssertionError, IndexError) as e:
            raise AssertionError(f"{case!r} gave {answer!r}") from e
        kinds.update(record[2] or "plain" for record in answer[0])
        kinds.add(" ".join(answer[1].split(": ")[-1].split()[:5]))
    # The generator reaches all there is to reach.
    assert {"plain", "blank_line", "empty_record", "too_few_cells", "too_many_cells", "quote_in_bare_cell", "text_after_quote"} <= kinds
    assert len(kinds) >= 12, kinds
