# SPDX-License-Identifier: Apache-2.0
"""The JSON reader against Python's json module (strict_json.py) and the table of json_cases.py.

The same rows, cells and refusals; and however the input is cut into blocks, the same of
everything that the reader says.
"""

import os
import pathlib
import random
import subprocess

import json_cases
import pytest
import strict_json
from strict_json import Refused

BUILD = pathlib.Path(os.environ.get("FINETL_BUILD", "build"))
PROBE = BUILD / "tests" / "model" / "probe_json"
N_MUTATED = 20_000
COLUMNS = ["id", "v", "w.x", "w.0", "/w/y~1z/1"]
ASIDE = ["next", "page.total"]


def run_probe(mode, records, columns, aside, inputs):
    """What is said of each (bytes, size of blocks): its lines."""
    stdin = b"".join(b"%d %d\n" % (len(data), step) + data for data, step in inputs)
    command = [PROBE, mode, records, str(len(columns)), *columns, *aside]
    result = subprocess.run(command, input=stdin, stdout=subprocess.PIPE, check=True)
    answers, lines = [], []
    for line in result.stdout.decode("utf-8", "backslashreplace").splitlines():
        lines.append(line)
        if line.startswith(("end", "fail")):
            answers.append(lines)
            lines = []
    assert len(answers) == len(inputs)
    return answers


def text_of(cell):
    return bytes.fromhex(cell[1:]).decode() if cell.startswith("=") else cell


def rows_of(answer):
    """As strict_json gives them."""
    rows = []
    for line in answer:
        kind, *rest = line.split(" ")
        if kind == "row":
            rows.append([("=" if cell.startswith("=") else "") + text_of(cell) for cell in rest[2:]])
        elif kind == "flaw":
            rows.append(None if rest[1] == "not_an_object" else Refused)
    return rows


def asides_of(answer):
    return [("=" if c.startswith("=") else "") + text_of(c) for c in (line.split(" ")[1] for line in answer if line.startswith("aside"))]


def check_document(data, answer):
    try:
        rows, aside, has_records = strict_json.read_document(data, "items", COLUMNS, ASIDE)
    except Refused:
        assert answer[-1].startswith("fail "), (data, answer)
        return
    assert not answer[-1].startswith("fail "), (data, answer)
    assert rows_of(answer) == rows, data
    assert asides_of(answer) == ["absent" if not a.startswith("=") else a for a in aside], data
    assert answer[-1] == ("end records" if has_records else "end -"), data


def check_lines(data, answer):
    assert rows_of(answer) == strict_json.read_lines(data, COLUMNS), (data, answer)


# ---- the table ----

PLACES = {
    "wanted": b'{"items":[{"id":1,"v":%s},{"id":2}]}',
    "not_wanted": b'{"items":[{"id":1,"other":%s,"v":0},{"id":2}]}',
    "deep": b'{"items":[{"id":1,"w":{"a":[0,%s]}}]}',
    "beside": b'{"before":%s,"items":[{"id":1}],"next":"n"}',
    "record": b'{"items":[{"id":1},%s]}',
}
CASES = list(json_cases.values())


@pytest.mark.parametrize("place", PLACES)
def test_every_case_in_a_document_has_its_verdict(place):
    inputs = [PLACES[place].replace(b"%s", value) for _, _, value in CASES]
    answers = run_probe("doc", "items", COLUMNS, ASIDE, [(data, 0) for data in inputs])
    for (name, verdict, _), data, answer in zip(CASES, inputs, answers):
        check_document(data, answer)
        assert verdict != "l" or "fail limit" in answer[-1], (place, name, answer)
        # Pieces of a structure may make sense where they stand: then they are the oracle's alone.
        if not name.startswith("structure_bad"):
            assert answer[-1].startswith("fail") == (verdict != "y"), (place, name, answer)


def test_every_case_in_a_line_has_its_verdict_and_the_next_line_none():
    for wrap in (b'{"id":1,"v":%s}', b'{"id":1,"other":%s}', b"%s"):
        inputs = [wrap.replace(b"%s", value) + b'\n{"id":2}\n' for _, _, value in CASES]
        answers = run_probe("lines", "", COLUMNS, [], [(data, 0) for data in inputs])
        for (name, verdict, value), data, answer in zip(CASES, inputs, answers):
            rows = rows_of(answer)
            assert rows[-1] == ["=2", "absent", "absent", "absent", "absent"], (name, answer)
            assert rows == strict_json.read_lines(data, COLUMNS), (name, answer)
            if b"\n" not in value and value.strip(b" ") and not name.startswith("structure"):
                assert (rows[0] is Refused) == (verdict != "y"), (name, answer)


def test_every_case_as_the_whole_document_has_its_verdict():
    answers = run_probe("doc", "no.such.place", [], [], [(value, 0) for _, _, value in CASES])
    for (name, verdict, _), answer in zip(CASES, answers):
        assert answer[-1].startswith("fail") == (verdict != "y"), (name, answer)


def test_a_text_cell_is_what_python_makes_of_it():
    texts = [b'"' + t + b'"' for t in json_cases.GOOD_TEXTS] + [n.encode() for n in json_cases.GOOD_NUMBERS]
    answers = run_probe("lines", "", ["v"], [], [(b'{"v":' + t + b"}", 0) for t in texts])
    for text, answer in zip(texts, answers):
        value = strict_json.read(text)
        assert rows_of(answer) == [["=" + value]], text


# ---- mutations ----

SEEDS = [
    b'{"items":[{"id":"A1","v":12.50,"w":{"x":"p","y/z":[1,2]}},{"id":"A2","v":-7,"w":{"x":null}}],"next":"abc","page":{"total":2}}',
    b'{"page":{"total":"9","more":[{"a":1},{"a":2}]},"items":[],"next":null}',
    b'{ "next" : "x\\u00e9" ,\r\n "items" : [\n  { "id" : 1 , "v" : "\\"q\\"" } ,\n  { "v" : true , "id" : 2 }\n ] }\n',
    b'{"items":{"id":7,"v":"one","w":[3,{"x":4}],"k":{"a":{"b":{"c":[]}}}}}',
    b'[{"id":1}]',
    '{"items":[{"id":"é€😀","v":"日本","w":{"0":"z","x":false}}],"next":"ü"}'.encode(),
    b'{"id":"A1","v":12.50,"w":{"x":"p"}}\n{"id":"A2","v":-7,"w":{"x":null}}\r\n\n{"v":1,"id":"A3","extra":[1,2,{"z":0}]}\n',
    b'{"id":1,"v":2,"w":{"x":3}}\n{"id":1,"w":{"x":3},"v":2}\n{"w":{"x":3,"q":1},"id":1}\n{"id":4}\n{}\n[]\n5\n',
    b'{"id":"a long text of more than sixteen bytes","v":"and one more that is longer than thirty-two bytes of text"}\n' * 3,
    b'{"id":1,"v":1}\n{"id":2,"v":' + b"[" * 30 + b"]" * 30 + b"}\n",
    b'{"a":1,"b":2,"c":3,"d":4,"e":5,"id":6,"v":7}\n{"a":1,"c":3,"b":2,"id":6,"v":7}\n{"id":6,"a":1,"c":3,"v":8}\n',
]
PIECES = [b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"\n", b"\r\n", b" ", b"\t", b"0", b"-", b".", b"e", b"1", b"null",
          b"true", b"\\u", b"\\u00", b"\\ud83d", b"\\ude00", b"\xc3", b"\xa9", b"\xff", b"\0", b"\x1f", b"\xef\xbb\xbf",
          b'"id":', b'"v":', b',"id":1', b'{"x":1}', b"[]", b"//", b"'", b'"\\u0069d":2', b'"w":{"x":2}', b'"items":[', b"12.5"]


def mutated(rng):
    data = bytearray(rng.choice(SEEDS))
    for _ in range(rng.choice([0, 1, 1, 1, 2, 3, 5])):
        start = rng.randrange(len(data) + 1)
        end = min(len(data), start + rng.choice([0, 0, 1, 1, 2, 5, 17]))
        kind = rng.randrange(4)
        if kind == 0:
            data[start:end] = rng.choice(PIECES)
        elif kind == 1:
            data[start:end] = b""
        elif kind == 2:
            data[start:start] = data[start:end]
        else:
            other = rng.choice(SEEDS)
            at = rng.randrange(len(other))
            data[start:end] = other[at : at + rng.randrange(40)]
    return bytes(data)


@pytest.mark.parametrize("mode", ["doc", "lines"])
def test_mutated_inputs_are_read_as_python_reads_them(mode):
    rng = random.Random(20250711)
    inputs = [mutated(rng) for _ in range(N_MUTATED // 2)]
    records, aside = ("items", ASIDE) if mode == "doc" else ("", [])
    whole = run_probe(mode, records, COLUMNS, aside, [(data, 0) for data in inputs])
    cut = run_probe(mode, records, COLUMNS, aside, [(data, rng.randrange(1, 65)) for data in inputs])
    n_good = 0
    for data, answer, again in zip(inputs, whole, cut):
        check_document(data, answer) if mode == "doc" else check_lines(data, answer)
        assert answer == again, data
        n_good += answer[-1].startswith("end")
    assert n_good > N_MUTATED / 20  # the mutations leave enough to compare


@pytest.mark.parametrize("mode", ["doc", "lines"])
def test_blocks_of_any_size_give_the_same(mode):
    records, aside = ("items", ASIDE) if mode == "doc" else ("", [])
    for data in SEEDS:
        answers = run_probe(mode, records, COLUMNS, aside, [(data, step) for step in range(65)])
        assert all(answer == answers[0] for answer in answers), data


def test_a_byte_order_mark_is_passed_over_at_the_start_alone():
    mark = b"\xef\xbb\xbf"
    answers = run_probe("lines", "", ["id"], [], [(mark + b'{"id":1}\n', 1), (b'{"id":1}\n' + mark + b'{"id":2}\n', 1), (mark, 1)])
    assert [rows_of(answer) for answer in answers] == [[["=1"]], [["=1"], Refused], []]
    answers = run_probe("doc", "", ["id"], [], [(mark + b'{"id":1}', 2), (mark + mark + b'{"id":1}', 2), (mark[:2], 1)])
    assert rows_of(answers[0]) == [["=1"]]
    assert all(answer[-1].startswith("fail data 1 ") for answer in answers[1:])


def test_errors_tell_line_and_column():
    document = b'{\n "items": [\n  {"id": 1},\n  {"id": x}\n]}'
    for step in (0, 1, 3, 10):
        (answer,) = run_probe("doc", "items", ["id"], [], [(document, step)])
        assert answer[-1] == "fail data 4 10 a value is expected"
    (answer,) = run_probe("doc", "items", ["id"], [], [(document[:-2], 0)])
    assert answer[-1].startswith("fail data 4 10 ")
    (answer,) = run_probe("doc", "items", ["id"], [], [(b'{"items":[{"id":1}', 0)])
    assert answer[-1] == "fail data 1 19 ',' or ']' is expected (here the input ends)"
