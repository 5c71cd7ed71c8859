# SPDX-License-Identifier: Apache-2.0
"""JSON documents and lines of JSON: what becomes of them and of each record.

The grammar itself has tests of its own (tests/model/json_cases.py); these are what a user sees of it.
"""

from corpus import COLUMNS, File, no, ok, refused

A, B = ok("A", "1.00", "x"), ok("B", "2.00", "y")
ONE, TWO = b'{"id":"A","amount":1.00,"note":"x"}', b'{"id":"B","amount":"2.00","note":"y"}'
BAD = no("record:bad_json")
ITEMS = {"records": "data.items"}


def lines(about, name, first, records, **more):
    """A line, and a good one behind it."""
    return File(about, name, first + b"\n" + TWO + b"\n", [records, B], kind="ndjson", **more)


def bad_line(about, name, first):
    return lines(about, name, first, BAD)


def document(about, name, data, *words, **more):
    return refused(about, name, data, *words, kind="json", **more)


def amount(text):
    return b'{"id":"A","amount":' + text + b',"note":"x"}'


documents = [
    File("an array of records", "array", b"[" + ONE + b",\n " + TWO + b"]\n", [A, B], kind="json"),
    File("one record", "object", ONE, [A], kind="json"),
    File("`records: data.items`", "path", b'{"data":{"total":2,"items":[' + ONE + b"," + TWO + b']},"x":null}', [A, B], kind="json", source=ITEMS),
    File("a byte order mark at the start", "mark", b"\xef\xbb\xbf[" + ONE + b"]", [A], kind="json", notes=("byte_order_mark",)),
    *(document("what is no JSON", f"bad_{name}", data) for name, data in {
        "trailing_garbage": b"[" + ONE + b"]x", "two_documents": ONE + TWO, "trailing_comma": b"[" + ONE + b",]", "no_end": b"[" + ONE, "nan": b"[" + amount(b"NaN") + b"]",
        "infinity": b"[" + amount(b"-Infinity") + b"]", "comment": b"[" + ONE + b"] // x", "single_quotes": b"[{'id':'A'}]", "bare_key": b"[{id:1}]", "nul": b"[" + ONE + b"]\0",
        "no_bytes": b"", "blank": b" \n", "utf16": ('[{"id":"A"}]').encode("utf-16"), "leading_zero": b"[" + amount(b"01") + b"]", "plus": b"[" + amount(b"+1") + b"]",
        "python": b"[{'id': None}]", "csv": b"id,amount,note\nA,1.00,x\n", "html": b"<html></html>", "lines": ONE + b"\n" + TWO + b"\n",
    }.items()),
    document("a key twice in an object", "key_twice", b'[{"id":"A","amount":1,"id":"B","note":"x"}]', "twice"),
    document("a key twice in an object", "key_twice_escaped", b'[{"id":"A","\\u0069d":"B","amount":1,"note":"x"}]', "twice"),
    File("a record that is no object", "array_of_numbers", b"[1," + ONE + b"]", [no("record:not_an_object"), A], kind="json"),
    document("a document that is neither array nor object", "number", b"5"),
    document("a path that leads nowhere", "no_such_path", b'{"data":{}}', source=ITEMS),
    document("a path that leads to no array", "path_to_text", b'{"data":{"items":"x"}}', source=ITEMS),
    document("no record", "no_records", b"[]"),
    File("no record, with `allow_empty: true`", "no_records_allowed", b"[]", [], kind="json", source={"allow_empty": True}),
    document("a member that is not declared", "extra", b'[{"id":"A","amount":1,"note":"x","z":1}]', "z"),
    document("a column that no record has", "column_gone", b'[{"id":"A","amount":1}]', "note"),
    document("past a limit of a document", "deep", b"[" * 100_000, code=5),
    document("past a limit of a document", "never_ending_text", b'[{"id":"' + b"x" * ((1 << 20) + 1) + b'"}]', code=5),
]

records = [
    File("a record a line; blank lines are none", "lines", ONE + b"\n\n \t\n" + TWO + b"\r\n", [A, B], kind="ndjson", notes=("mixed_line_ends",)),
    File("no line end behind the last", "no_final_newline", ONE + b"\n" + TWO, [A, B], kind="ndjson", notes=("no_final_newline",)),
    *(bad_line("a line that is no JSON", f"line_{name}", data) for name, data in {
        "cut": ONE[:-1], "garbage": ONE + b"x", "two": ONE + ONE, "text": b"hello", "comma": ONE + b",", "nan": amount(b"NaN"), "leading_zero": amount(b"01"), "single_quotes": b"{'id':'A'}",
        "key_twice": b'{"id":"A","id":"A","amount":1,"note":"x"}', "control": b'{"id":"A\x01","amount":1,"note":"x"}', "tab_in_text": b'{"id":"A\t","amount":1,"note":"x"}',
        "utf8": b'{"id":"A","amount":1,"note":"\xff"}', "overlong": b'{"id":"A","amount":1,"note":"\xc0\xaf"}', "surrogate_bytes": b'{"id":"A","amount":1,"note":"\xed\xa0\x80"}',
        "lone_surrogate": b'{"id":"A","amount":1,"note":"\\ud800"}', "escaped_nul": b'{"id":"A","amount":1,"note":"\\u0000"}', "bad_escape": b'{"id":"A","amount":1,"note":"\\x41"}',
        "mark_inside": b'\xef\xbb\xbf'[1:] + ONE,
    }.items()),
    *(bad_line("past a limit of a line", f"line_limit_{name}", data) for name, data in {
        "depth": amount(b"[" * 65 + b"]" * 65), "brackets": b"[" * 100_000, "number": amount(b"1" * 65), "key": b'{"' + b"k" * 257 + b'":1}', "text": b'{"id":"' + b"x" * ((1 << 20) + 1) + b'"}',
    }.items()),
    *(lines("a line that is JSON and no object", f"line_of_{name}", data, no("record:not_an_object")) for name, data in {"array": b'["A"]', "number": b"5", "text": b'"A"', "null": b"null"}.items()),
]

values = [
    *(lines("numbers, as they are written", f"number_{name}", amount(text), ok("A", value, "x")) for name, text, value in [
        ("plain", b"12.5", "12.50"), ("text", b'"12.5"', "12.50"), ("minus_zero", b"-0.00", "0.00"), ("whole", b"7", "7.00"), ("negative", b"-7.25", "-7.25"),
    ]),
    *(lines("numbers that a column does not take", f"number_not_{name}", amount(text), no("amount:" + code)) for name, text, code in [
        ("decimals", b"0.125", "too_many_decimals"), ("twenty_decimals", b"0.10000000000000000001", "too_many_decimals"), ("exponent", b"1e3", "exponent"), ("big_exponent", b"1e400", "exponent"), ("past_2_53", b"9007199254740993", "out_of_range"),
        ("past_2_63", b"9223372036854775808", "out_of_range"), ("true", b"true", "not_a_number"), ("text", b'"1,5"', "separator"), ("text_of_blanks", b'" 5"', "blank_inside"),
    ]),
    lines("2^53 + 1 is exact", "number_exact", b'{"id":"A","amount":9007199254740993,"note":"x"}', ok("A", "9007199254740993", "x"),
          columns=[COLUMNS[0], {"name": "amount", "type": "decimal(18,0)"}, COLUMNS[2]])._replace(records=[ok("A", "9007199254740993", "x"), no("amount:too_many_decimals")]),
    lines("absent, null, empty and no value, where it is required: each its own reason", "absent", b'{"id":"A","note":"x"}', no("amount:absent"), columns=[COLUMNS[0], {**COLUMNS[1], "required": True}, COLUMNS[2]]),
    lines("absent, null, empty and no value, where it is required: each its own reason", "null", amount(b"null"), no("amount:null"), columns=[COLUMNS[0], {**COLUMNS[1], "required": True}, COLUMNS[2]]),
    lines("absent, null, empty and no value, where it is required: each its own reason", "empty", amount(b'""'), no("amount:missing"), columns=[COLUMNS[0], {**COLUMNS[1], "required": True}, COLUMNS[2]]),
    lines("absent, null, empty and no value, where it is required: each its own reason", "object", amount(b"{}"), no("amount:not_a_value"), columns=[COLUMNS[0], {**COLUMNS[1], "required": True}, COLUMNS[2]]),
    lines("absent, null and empty, where it is not required", "absent_fine", b'{"id":"A","note":"x"}', ok("A", "", "x")),
    lines("absent, null and empty, where it is not required", "null_fine", amount(b"null"), ok("A", "", "x")),
    lines("absent, null and empty, where it is not required", "empty_fine", amount(b'""'), ok("A", "", "x")),
    lines("an object or an array where a value is wanted", "not_a_value", amount(b"[1]"), no("amount:not_a_value")),
    lines("escapes", "escapes", b'{"id":"A","amount":1.00,"note":"\\u0078"}', A),
    lines("escapes", "pair", b'{"id":"A","amount":1.00,"note":"\\ud83d\\ude00 \\u00e9"}', ok("A", "1.00", "😀 é")),
    lines("a number where text is wanted is its digits", "number_as_text", b'{"id":1e5,"amount":1.00,"note":007}'.replace(b"007", b"-0.50"), ok("1e5", "1.00", "-0.50")),
    lines("`decimal: {point: \",\", group: \".\"}` is of texts: a number of JSON with a point is rejected, not read as thousands", "own_point", amount(b"1.234"), no("amount:separator"),
          columns=[COLUMNS[0], {**COLUMNS[1], "decimal": {"point": ",", "group": "."}}, COLUMNS[2]])._replace(
              data=amount(b"1.234") + b"\n" + amount(b'"1.234,5"') + b"\n" + amount(b"5").replace(b'"A"', b'"B"') + b"\n" + amount(b'"1\\u002e234,50"').replace(b'"A"', b'"C"') + b"\n",
              records=[no("amount:separator"), ok("A", "1234.50", "x"), ok("B", "5.00", "x"), ok("C", "1234.50", "x")]),
    lines("`map`, `null`, `trim`, `case` and `format` of texts in JSON are those of CSV", "cleaning", b'{"id":"A","amount":"n/a","note":" Gold ","day":"31/12/2025"}', ok("A", "", "premium", "2025-12-31"),
          columns=[COLUMNS[0], {**COLUMNS[1], "null": ["", "n/a"]}, {**COLUMNS[2], "trim": True, "map": {"Gold": "Premium"}, "case": "lower"}, {"name": "day", "type": "date", "format": "%d/%m/%Y"}])._replace(
              data=b'{"id":"A","amount":"n/a","note":" Gold ","day":"31/12/2025"}\n', records=[ok("A", "", "premium", "2025-12-31")]),
]

SECTIONS = [(title, [file._replace(name=f"{file.kind}_{file.name}") for file in files])
            for title, files in [("JSON documents", documents), ("Lines of JSON", records), ("Values in JSON", values)]]
