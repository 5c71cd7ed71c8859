# SPDX-License-Identifier: Apache-2.0
"""CSV files: their bytes, and what becomes of the file and of each of its records."""

import gzip
import io
import zipfile

from corpus import COLUMNS, H, File, conflict, duplicate, no, ok, refused, superseded

A, B = ok("A", "1.00", "x"), ok("B", "2.00", "y")
AB = b"A,1.00,x\nB,2.00,y\n"
BOM = b"\xef\xbb\xbf"
TEXT = "id,amount,note\nA,1.00,café €\n"
CAFE = ok("A", "1.00", "café €")
WIDE = [{"name": "id", "type": "text"}, {"name": "amount", "type": "decimal(8,2)"}, {"name": "note", "type": "text"}]
BOM_INSIDE, BARE, AFTER = no("record:bom_inside"), no("record:quote_in_bare_cell"), no("record:text_after_quote")
FEW, MANY, EMPTY, BLANK, AGAIN = (no("record:" + code) for code in ("too_few_cells", "too_many_cells", "empty_record", "blank_line", "repeated_header"))


def zip_of(data):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo("t.csv", (2026, 1, 1, 0, 0, 0)), data)
    return out.getvalue()


def gz(data):
    return gzip.compress(data, mtime=0)


MARK = "a UTF-8 byte order mark at the start"
MARK_INSIDE = "a byte order mark anywhere else"
marks = [
    File(MARK, "bom", BOM + H + AB, [A, B], notes=("byte_order_mark",)),
    File(MARK, "bom_before_a_quote", BOM + b'"id","amount","note"\n' + AB, [A, B], notes=("byte_order_mark",)),
    File(MARK, "bom_and_crlf", BOM + H.replace(b"\n", b"\r\n") + AB.replace(b"\n", b"\r\n"), [A, B], notes=("byte_order_mark",)),
    File(MARK_INSIDE, "bom_at_a_record", H + b"A,1.00,x\n" + BOM + b"B,2.00,y\n", [A, BOM_INSIDE]),
    File(MARK_INSIDE, "bom_in_a_cell", H + b"A,1.00,x" + BOM + b"y\nB,2.00,y\n", [BOM_INSIDE, B]),
    File(MARK_INSIDE, "bom_in_a_quoted_cell", H + b'A,1.00,"' + BOM + b'"\nB,2.00,y\n', [BOM_INSIDE, B]),
    File(MARK_INSIDE, "file_put_behind_another", H + b"A,1.00,x\n" + BOM + H + b"B,2.00,y\n", [A, BOM_INSIDE, B]),
    refused(MARK_INSIDE + ", in the header", "bom_twice", BOM + BOM + H + AB),
    refused("a byte order mark and nothing else", "bom_alone", BOM, "has no header"),
]

WIDE_TEXT = "UTF-16 or UTF-32 that is not declared"
DECLARED = "a declared encoding, transcoded exactly"
wide = [
    *(refused(WIDE_TEXT, f"undeclared_{name}", data, "set encoding") for name, data in {
        "utf16le_with_mark": b"\xff\xfe" + TEXT.encode("utf-16-le"), "utf16be_with_mark": b"\xfe\xff" + TEXT.encode("utf-16-be"),
        "utf16le": TEXT.encode("utf-16-le"), "utf16be": TEXT.encode("utf-16-be"), "utf32le_with_mark": b"\xff\xfe\0\0" + TEXT.encode("utf-32-le"),
        "utf32be_with_mark": b"\0\0\xfe\xff" + TEXT.encode("utf-32-be"), "utf32le": TEXT.encode("utf-32-le"), "utf32be": TEXT.encode("utf-32-be"),
    }.items()),
    *(File(DECLARED, f"declared_{name}", data, [CAFE], source={"encoding": encoding}, notes=("byte_order_mark",) * ("mark" in name)) for name, encoding, data in [
        ("utf16_le_mark", "utf-16", b"\xff\xfe" + TEXT.encode("utf-16-le")), ("utf16_be_mark", "utf-16", b"\xfe\xff" + TEXT.encode("utf-16-be")),
        ("utf16le", "utf-16le", TEXT.encode("utf-16-le")), ("utf16be", "utf-16be", TEXT.encode("utf-16-be")),
        ("utf32_mark", "utf-32", b"\xff\xfe\0\0" + TEXT.encode("utf-32-le")), ("utf32le", "utf-32le", TEXT.encode("utf-32-le")),
        ("utf32be", "utf-32be", TEXT.encode("utf-32-be")), ("windows_1252", "windows-1252", TEXT.encode("cp1252")), ("mac_roman", "mac-roman", TEXT.encode("mac-roman")),
    ]),
    File(DECLARED, "latin_1", H + b"A,1.00,caf\xe9\xff\xa0\x80\n", [ok("A", "1.00", "caf\u00e9\u00ff\u00a0\u0080")], source={"encoding": "latin-1"}),
    File(DECLARED, "latin_1_header", b"id,amount,caf\xe9\nA,1.00,x\n", [A], source={"encoding": "latin-1"},
         columns=[*COLUMNS[:2], {**COLUMNS[2], "from": "café"}]),
    File(DECLARED, "mac_roman_is_not_latin_1", H + b"A,1.00,\x8e\xdb\xa5\xca\xbd\n", [ok("A", "1.00", "é€•\u00a0Ω")], source={"encoding": "mac-roman"}),
    File(DECLARED, "windows_1252_no_break_blank", H + b"A,5\xa0,x\nB,2.00,\x93y\x94\n", [no("amount:blank_inside"), ok("B", "2.00", "“y”")],
         source={"encoding": "windows-1252"}),
    File(DECLARED, "utf16_quoted_line_end", "id,amount,note\r\nA,1.00,\"a\r\nb\"\r\n".encode("utf-16"), [ok("A", "1.00", "a\r\nb")], source={"encoding": "utf-16"},
         notes=("byte_order_mark",)),
    File(DECLARED, "utf16_beyond_the_plane", "id,amount,note\nA,1.00,🙂\n".encode("utf-16"), [ok("A", "1.00", "🙂")], source={"encoding": "utf-16"}, notes=("byte_order_mark",)),
    File("what a declared encoding has no character for", "windows_1252_open_byte", H + b"A,1.00,\x81\nB,2.00,y\n", [no("note:invalid_utf8", "1.00"), B],
         source={"encoding": "windows-1252"}),
    File("what a declared encoding has no character for", "utf16_half_a_pair", b"\xff\xfe" + (H.decode() + "A,1.00,").encode("utf-16-le") + b"\x3d\xd8" + "\nB,2.00,y\n".encode("utf-16-le"),
         [no("note:invalid_utf8", "1.00"), B], source={"encoding": "utf-16"}, notes=("byte_order_mark",)),
    refused("another encoding than the declared one, as far as it can be told", "utf16_of_the_other_order", b"\xff\xfe" + TEXT.encode("utf-16-le"), "not that of utf-16be",
            source={"encoding": "utf-16be"}),
    refused("another encoding than the declared one, as far as it can be told", "utf16_without_mark_of_the_other_order", TEXT.encode("utf-16-le"), "in utf-16be, as declared?",
            source={"encoding": "utf-16be"}),
    refused("another encoding than the declared one, as far as it can be told", "utf8_mark_declared_latin_1", BOM + H + AB, "in latin-1, as declared?", source={"encoding": "latin-1"}),
    refused("what a declared encoding has no character for, in the header", "windows_1252_open_byte_in_header", b"id,amount,no\x81te\n" + AB, "windows-1252 has no character for",
            source={"encoding": "windows-1252"}),
    File("what a declared encoding has no character for", "windows_1252_open_bytes", H + b"A\x9d,1.00,\x81\x8d\nB,2.00,y\n", [no("id:invalid_utf8;note:invalid_utf8", "1.00"), B],
         source={"encoding": "windows-1252"}),
    File("what a declared encoding has no character for", "utf32_past_the_last", (H.decode() + "A,1.00,").encode("utf-32-le") + b"\0\0\x11\0" + b"\0\xd8\0\0" + "\nB,2.00,y\n".encode("utf-32-le"),
         [no("note:invalid_utf8", "1.00"), B], source={"encoding": "utf-32le"}),
    File("`encoding: utf-16` without a mark, where zeros tell the byte order", "utf16_by_its_zeros", TEXT.encode("utf-16-be"), [CAFE], source={"encoding": "utf-16"}),
    refused("another encoding than the declared one, as far as it can be told", "utf8_declared_utf16", H + AB, "not utf-16", source={"encoding": "utf-16"}),
    refused("another encoding than the declared one, as far as it can be told", "utf16_of_unknown_order", "日,A,1.00\n".encode("utf-16-le"), "byte order",
            source={"encoding": "utf-16", "names": ["note", "id", "amount"]}),
    refused("a file that ends inside a character", "utf16_cut", ("id,amount,note\nA,1.00,x\n".encode("utf-16"))[:-1], "inside a character", source={"encoding": "utf-16"}),
    refused("a file that ends inside a character", "utf32_cut", ("id,amount,note\nA,1.00,x\n".encode("utf-32"))[:-2], "inside a character", source={"encoding": "utf-32"}),
]

BAD_BYTES = "bytes that are no UTF-8, or a NUL, in a cell"
bytes_ = [
    File(BAD_BYTES, "latin_1_undeclared", H + b"A,1.00,caf\xe9\nB,2.00,y\n", [no("note:invalid_utf8", "1.00"), B]),
    File(BAD_BYTES, "nul_in_a_cell", H + b"A,1.00,a\0b\nB,2.00,y\n", [no("note:nul_byte", "1.00"), B]),
    File(BAD_BYTES, "nul_at_the_end", H + b"A,1.00,x\nB,2.00,y\0\n", [A, no("note:nul_byte", "2.00")]),
    File(BAD_BYTES, "nul_in_every_cell", H + b"A\0,1.00\0,x\0\nB,2.00,y\n", [no("id:nul_byte;amount:nul_byte;note:nul_byte"), B]),
    File("Control-Z is a character as any other", "control_z", H + AB[:-1] + b"\x1a\n", [A, ok("B", "2.00", "y\x1a")]),
    *(refused("the same in the header", f"header_{name}", data + AB) for name, data in {
        "latin_1": b"id,amount,not\xe9\n", "overlong": b"id,amount,\xc0\xaf\n", "surrogate": b"id,amount,\xed\xa0\x80\n", "noncharacter": b"id,amount,\xef\xbf\xbf\n",
        "nul": b"id,amount,no\0te\n", "control": b"id,amount,note\x1a\n",
    }.items()),
    refused("a file of NUL bytes", "all_nul", b"\0" * 64),
]

OPEN = "a quote that is never closed"
quotes_open = [
    refused(OPEN, "open_in_last_cell", H + b'A,1.00,"x\nB,2.00,y\n', "inside a quoted cell"),
    refused(OPEN, "open_in_first_cell", H + b'"A,1.00,x\nB,2.00,y\n', "inside a quoted cell"),
    refused(OPEN, "open_at_the_end", H + b'A,1.00,"', "inside a quoted cell"),
    refused(OPEN, "open_after_a_doubled_quote", H + b'A,1.00,"x""\n', "inside a quoted cell"),
    refused(OPEN, "open_in_header", b'id,amount,"note\nA,1.00,x\n', "inside a quoted cell"),
    refused(OPEN + ", and much behind it", "open_and_1000_lines", H + b'A,1.00,"x\n' + b"B,2.00,y\n" * 1100, "too many lines", code=5),
    refused(OPEN + ", and much behind it", "open_and_2_mib", H + b'A,1.00,"x' + b"y" * (2 << 20), "too many bytes", code=5),
]
STRAY = "a stray quote, where the record's end is sure"
DOUBT = "a stray quote that leaves in doubt where the record ends"
quotes_stray = [
    File(STRAY, "two_quotes_in_a_bare_cell", H + b'A,1.00,say "x"\nB,2.00,y\n', [BARE, B]),
    File(STRAY, "blank_before_a_quoted_cell", H + b'A,1.00, "x"\nB,2.00,y\n', [BARE, B]),
    File(STRAY, "blank_behind_a_quoted_cell", H + b'A,1.00,"x" \nB,2.00,y\n', [AFTER, B]),
    File(STRAY, "text_behind_a_quoted_cell", H + b'A,1.00,"x"y\nB,2.00,y\n', [AFTER, B]),
    File(STRAY, "backslash_escapes", H + b'A,1.00,say \\"x\\"\nB,2.00,y\n', [BARE, B]),
    File(STRAY, "backslash_escapes_in_quotes", H + b'A,1.00,"say \\"x\\" now"\nB,2.00,y\n', [AFTER, B]),
    File(STRAY, "stray_quotes_in_two_cells", H + b'A,1"00,x"\nB,2.00,y\n', [BARE, B]),
    File(STRAY, "quoted_then_quoted", H + b'A,1.00,"x""y"z"\nB,2.00,y\n'.replace(b'z"', b'z'), [AFTER, B]),
    File("doubled quotes in a quoted cell", "doubled", H + b'A,1.00,"say ""x"""\nB,2.00,""""\n', [ok("A", "1.00", 'say "x"'), ok("B", "2.00", '"')]),
    File("an apostrophe is no quote", "apostrophes", H + b"A,1.00,'x'\nB,2.00,O'y\n", [ok("A", "1.00", "'x'"), ok("B", "2.00", "O'y")]),
    refused(DOUBT, "one_quote_in_a_bare_cell", H + b'A,1.00,5" pipe\nB,2.00,y\n', "in doubt"),
    refused(DOUBT, "one_quote_at_the_end_of_a_cell", H + b'A,1.00,x"\nB,2.00,y\n', "in doubt"),
    refused(DOUBT, "three_quotes", H + b'A,1.00,"x"y"\nB,2.00,y\n', "in doubt"),
    refused(DOUBT, "backslash_before_the_last_quote", H + b'A,1.00,"x\\"\nB,2.00,y"\n', "in doubt"),
    refused(DOUBT, "one_quote_in_the_header", b'id,amount,no"te\nA,1.00,x\n'),
    refused("a stray quote in the header", "two_quotes_in_the_header", b'id,amount,"note"s\nA,1.00,x\n'),
    File("`quote: \"'\"`", "single_quotes", H + b"A,1.00,'a,b'\nB,2.00,'it''s'\n", [ok("A", "1.00", "a,b"), ok("B", "2.00", "it's")], source={"quote": "'"}),
    File("`quote: none`", "no_quotes", H + b'A,1.00,5" pipe\nB,2.00,"y"\n', [ok("A", "1.00", '5" pipe'), ok("B", "2.00", '"y"')], source={"quote": "none"}),
]

LIMIT = "past a limit"
limits = [
    File("a cell of 1 MiB", "cell_1_mib", H + b"A,1.00," + b"x" * (1 << 20) + b"\n", [ok("A", "1.00", "x" * (1 << 20))], columns=WIDE),
    File("a quoted cell of 1 MiB", "quoted_cell_1_mib", H + b'A,1.00,"' + b"x" * (1 << 20) + b'"\n', [ok("A", "1.00", "x" * (1 << 20))], columns=WIDE),
    refused("a cell of 1 MiB and a byte", "cell_past_1_mib", H + b"A,1.00," + b"x" * ((1 << 20) + 1) + b"\n", "a cell has too many bytes", code=5, columns=WIDE),
    refused("a cell of 1 MiB and a byte", "quoted_cell_past_1_mib", H + b'A,1.00,"' + b"x" * ((1 << 20) + 1) + b'"\n', "a cell has too many bytes", code=5, columns=WIDE),
    refused("a record of more than 4 MiB", "record_past_4_mib", H + b",".join([b"x" * 1_000_000] * 5) + b"\n", "a record has too many bytes", code=5),
    refused("a header of 4,097 columns", "columns_past_4096", b",".join(b"c%d" % i for i in range(4097)) + b"\n", "a record has too many cells", code=5),
    refused("a record of 1,000,000 cells", "a_million_cells", H + b"A" + b"," * 999_999 + b"\n", "a record has too many cells", code=5),
    File("a record of 4,096 cells", "cells_4096", H + b"A" + b",1" * 4095 + b"\nB,2.00,y\n", [MANY, B]),
    File("a cell of 999 line ends", "cell_of_999_lines", H + b'A,1.00,"' + b"\n" * 999 + b'"\n', [ok("A", "1.00", "\n" * 999)], columns=WIDE),
    refused("a cell of 1,000 line ends", "cell_of_1000_lines", H + b'A,1.00,"' + b"\n" * 1000 + b'"\n', "too many lines", code=5, columns=WIDE),
    refused("1,000,000 quotes", "a_million_quotes", H + b'A,1.00,"' + b'""' * 500_000 + b'"\n', "too many quotes", code=5, columns=WIDE),
    refused("a header without an end", "header_never_ends", b"x" * (2 << 20), "too many bytes", code=5),
]

INSIDE = "CR, LF, CRLF and the delimiter in quotes"
ENDS = "LF and CRLF, mixed or not"
CR = "a CR that no LF follows, outside of quotes"
line_ends = [
    File(INSIDE, "lf_in_quotes", H + b'A,1.00,"a\nb"\nB,2.00,y\n', [ok("A", "1.00", "a\nb"), B]),
    File(INSIDE, "crlf_in_quotes", H + b'A,1.00,"a\r\nb"\nB,2.00,y\n', [ok("A", "1.00", "a\r\nb"), B]),
    File(INSIDE, "cr_in_quotes", H + b'A,1.00,"a\rb\r"\nB,2.00,y\n', [ok("A", "1.00", "a\rb\r"), B]),
    File(INSIDE, "delimiter_in_quotes", H + b'A,1.00,"a,b,"\nB,2.00,y\n', [ok("A", "1.00", "a,b,"), B]),
    File(INSIDE, "record_in_quotes", H + b'A,1.00,"B,2.00,y\nC"\nB,2.00,y\n', [ok("A", "1.00", "B,2.00,y\nC"), B]),
    File(ENDS, "crlf", H.replace(b"\n", b"\r\n") + b"A,1.00,x\r\nB,2.00,y\r\n", [A, B]),
    File(ENDS, "mixed", H + b"A,1.00,x\r\nB,2.00,y\n", [A, B], notes=("mixed_line_ends",)),
    File(ENDS, "mixed_crlf_header", b"id,amount,note\r\n" + AB, [A, B], notes=("mixed_line_ends",)),
    File("no line end behind the last record", "no_final_newline", H + AB[:-1], [A, B], notes=("no_final_newline",)),
    File("no line end behind the last record", "no_final_newline_quoted", H + b'A,1.00,"x"', [A], notes=("no_final_newline",)),
    File("no line end behind the last record", "no_final_newline_empty_cell", H + b"A,1.00,", [ok("A", "1.00", "")], notes=("no_final_newline",)),
    refused(CR, "cr_between_records", H + b"A,1.00,x\rB,2.00,y\n", "CR"),
    refused(CR, "cr_only", b"id,amount,note\rA,1.00,x\r", "CR"),
    refused(CR, "cr_at_the_end", H + b"A,1.00,x\r", "CR"),
    refused(CR, "cr_cr_lf", H + b"A,1.00,x\r\r\n", "CR"),
    refused(CR, "lf_cr", H + b"A,1.00,x\n\rB,2.00,y\n", "CR"),
    refused(CR, "cr_behind_a_quoted_cell", H + b'A,1.00,"x"\rB,2.00,y\n', "CR"),
    refused(CR, "cr_in_the_header", b"id,am\rount,note\n" + AB, "CR"),
]

RAGGED = "a record with too few or too many cells"
ragged = [
    File(RAGGED, "short", H + b"A,1.00\nB,2.00,y\n", [FEW, B]),
    File(RAGGED, "one_cell", H + b"A\nB,2.00,y\n", [FEW, B]),
    File(RAGGED, "long", H + b"A,1.00,x,z\nB,2.00,y\n", [MANY, B]),
    File(RAGGED, "long_by_an_empty_cell", H + b"A,1.00,x,\nB,2.00,y\n", [MANY, B]),
    File(RAGGED, "unquoted_delimiter", H + b"A,1,000.00,x\nB,2.00,y\n", [MANY, B]),
    File(RAGGED, "backslash_dot", H + b"\\.\nB,2.00,y\n", [FEW, B]),
    File(RAGGED, "line_of_blanks", H + b"   \nB,2.00,y\n", [FEW, B]),
    File(RAGGED, "line_of_a_tab", H + b"\t\nB,2.00,y\n", [FEW, B]),
    File(RAGGED, "comment", H + b"# comment\nB,2.00,y\n", [FEW, B]),
    File(RAGGED, "empty_quotes", H + b'""\nB,2.00,y\n', [FEW, B]),
    File("a record of delimiters only", "delimiters", H + b",,\nB,2.00,y\n", [EMPTY, B]),
    File("a record of delimiters only", "more_delimiters", H + b",,,,,\nB,2.00,y\n", [EMPTY, B]),
    File("a record of quoted empty cells is a record", "quoted_empty_cells", H + b'"","",""\nB,2.00,y\n', [no("id:missing"), B]),
    File("a blank line", "blank_line", H + b"\nB,2.00,y\n", [BLANK, B]),
    File("a blank line", "blank_lines", H + b"A,1.00,x\n\n\r\nB,2.00,y\n", [A, BLANK, BLANK, B], notes=("mixed_line_ends",)),
    File("a blank last line is no record", "blank_last_line", H + AB + b"\n", [A, B]),
    File("a blank last line is no record", "two_blank_last_lines", H + AB + b"\n\n", [A, B, BLANK]),
    File("a blank last line is no record", "blank_last_line_crlf", H + AB + b"\r\n", [A, B], notes=("mixed_line_ends",)),
    File("a file of one column: a blank line is no empty cell", "one_column", b"id\nA\n\n\"\"\nB\n", [ok("A"), BLANK, no("id:missing"), ok("B")], columns=COLUMNS[:1], target={"mutable": "all"}),
    File("a file of one column: `\\.` is text", "one_column_backslash_dot", b"id\n\\.\nB\n", [ok("\\."), ok("B")], columns=COLUMNS[:1], target={"mutable": "all"}),
]

NAMES = "names of columns"
header = [
    File(NAMES + " in another order", "reordered", b"note,id,amount\nx,A,1.00\ny,B,2.00\n", [A, B]),
    File(NAMES + " quoted or with blanks around", "quoted_names", b'"id", amount ,"note"\n' + AB, [A, B]),
    File(NAMES + ", and `from`", "from", b"Id,Amount (GBP),note\n" + AB, [A, B], columns=[{**COLUMNS[0], "from": "Id"}, {**COLUMNS[1], "from": "Amount (GBP)"}, COLUMNS[2]]),
    *(refused("a name twice", f"name_twice_{name}", data + AB, "same name") for name, data in {
        "same": b"id,amount,note,note\n", "by_case": b"id,amount,note,NOTE\n", "by_blanks": b"id,amount,note, note \n", "unknown": b"id,x,amount,x,note\n",
    }.items()),
    *(refused("a name that is empty", f"name_empty_{name}", data + AB, "empty name") for name, data in {
        "last": b"id,amount,note,\n", "first": b",id,amount,note\n", "blank": b"id,amount,note, \n", "quoted": b'id,amount,note,""\n',
    }.items()),
    *(refused("a column that is missing", f"missing_{name}", data, "has no column") for name, data in {
        "one": b"id,amount\nA,1.00\n", "renamed": b"id,amount,notes\n" + AB, "by_case": b"ID,amount,note\n" + AB, "all": AB, "quoted_whole": b'"id,amount,note"\n' + AB,
    }.items()),
    *(refused("a column that is not declared", f"extra_{name}", data, "not declared") for name, data in {
        "last": b"id,amount,note,x\nA,1.00,x,1\n", "middle": b"id,x,amount,note\nA,1,1.00,x\n", "three": b"id,a,amount,b,note,c\nA,1,1.00,2,x,3\n",
    }.items()),
    File("a column that is not declared, with `extra_columns: ignore`", "extra_ignored", b"id,zip,amount,note\nA,1,1.00,x\nB,2,2.00,y\n", [A, B], source={"extra_columns": "ignore"}),
    refused("a column that is missing, whatever `extra_columns` says", "missing_where_extra_is_ignored", b"id,zip,note,Amount\nA,1,x,1.00\n", "has no column",
            source={"extra_columns": "ignore"}),
    refused("a blank first line", "header_blank", b"\n" + H + AB, "skip_lines"),
    refused("a header of delimiters", "header_delimiters", b",,\n" + AB),
    File("the header once more among the records", "header_again", H + b"A,1.00,x\n" + H + b"B,2.00,y\n", [A, AGAIN, B]),
    File("the header once more among the records", "header_again_quoted", H + b'A,1.00,x\n"id","amount","note"\nB,2.00,y\n', [A, AGAIN, B]),
    File("the header once more among the records", "header_again_with_blanks", H + b"A,1.00,x\nid , amount,note\r\nB,2.00,y\n", [A, AGAIN, B], notes=("mixed_line_ends",)),
    File("the header once more among the records", "header_at_once_again", H + H + AB, [AGAIN, A, B]),
    File("the header once more among the records", "header_at_the_end", H + AB + H[:-1], [A, B, AGAIN], notes=("no_final_newline",)),
    File("a record that is the header in part", "header_in_part", H + b"id,1.00,note\nB,2.00,y\n", [ok("id", "1.00", "note"), B]),
    refused("junk before the header", "junk_before", b"Bank of Somewhere\nStatement 2026-01\n" + H + AB, "skip_lines"),
    File("`skip_lines: 2`", "skip_lines", b"Bank of \"Somewhere\nStatement, 2026-01\r\n" + H + AB, [A, B], source={"skip_lines": 2}, notes=()),
    File("`skip_lines: 2`", "skip_lines_bytes", BOM + b"\xff\0\n\n" + H + AB, [A, B], source={"skip_lines": 2}, notes=("byte_order_mark",)),
    refused("`skip_lines` past the end", "skip_lines_past", b"a\nb\n", "has no header", source={"skip_lines": 5}),
    File("`names`, for a file without a header", "names", AB, [A, B], source={"names": ["id", "amount", "note"]}),
    File("`names`, for a file without a header", "names_elsewhere", b"x,A,1.00\ny,B,2.00\n", [A, B], source={"names": ["note", "id", "amount"]}),
    File("`names`, and a header after all: it is a record, and fails as one", "names_and_a_header", H + AB, [no("amount:not_a_number"), A, B], source={"names": ["id", "amount", "note"]}),
    File("`names`, for a file without a header", "names_and_skip_lines", b"Bank\n" + AB, [A, B], source={"names": ["id", "amount", "note"], "skip_lines": 1}),
    File("`names`, for a file without a header", "names_ragged", b"A,1.00\nB,2.00,y\n", [FEW, B], source={"names": ["id", "amount", "note"]}),
]

NO_CSV = "what is no CSV file: PDF, PNG, HTML, JSON, a workbook"
TRAILER, TRL = "`trailer: {starts: TRL, rows: 2, sums: {amount: 3}}`", {"trailer": {"starts": "TRL", "rows": 2, "sums": {"amount": 3}}}
HINT = "another delimiter than the declared one"
other = [
    *(refused(HINT, f"delimiter_{name}", (H + AB).replace(b",", mark), "delimiter") for name, mark in {"semicolon": b";", "tab": b"\t", "pipe": b"|"}.items()),
    *(File("`delimiter`, as it is declared", f"declared_{name}", (H + AB).replace(b",", mark), [A, B], source={"delimiter": declared})
      for name, mark, declared in [("semicolon", b";", ";"), ("tab", b"\t", "tab"), ("pipe", b"|", "|"), ("colon", b":", ":")]),
    refused(HINT, "comma_where_semicolon", H + AB, "delimiter", source={"delimiter": ";"}),
    File("a delimiter other than the comma leaves commas alone", "commas_are_text", b"id;amount;note\nA;1,00;x\nB;2.00;a,b\n",
         [no("amount:separator"), ok("B", "2.00", "a,b")], source={"delimiter": ";"}),
    refused("0 bytes", "no_bytes", b"", "0 bytes"),
    refused("line ends only", "only_line_ends", b"\n\n\n", "header"),
    refused("a header and no record", "header_only", H, "no records"),
    refused("a header and no record", "header_only_cut", H[:-1], "no records"),
    refused("a header and no record", "header_and_blank_line", H + b"\n", "no records"),
    File("both, with `allow_empty: true`", "no_bytes_allowed", b"", [], source={"allow_empty": True}),
    File("both, with `allow_empty: true`", "header_only_allowed", H, [], source={"allow_empty": True}),
    File("a trailer that is not declared", "trailer_short", H + AB + b"TRAILER,2\n", [A, B, FEW]),
    File("a trailer that is not declared", "trailer_padded", H + AB + b"TRAILER,2,\n", [A, B, ok("TRAILER", "2.00", "")]),
    File("a trailer that is not declared", "trailer_of_text", H + AB + b"Total records: 2\n", [A, B, FEW]),
    refused("a trailer that is not declared, and has no line end", "trailer_cut", H + AB + b"TRAILER,2", "cut short"),
    File(TRAILER, "trailer", H + AB + b"TRL,2,3.00\n", [A, B], source=TRL),
    File(TRAILER, "trailer_cut_of_its_line_end", H + AB + b"TRL,2,3.00", [A, B], source=TRL, notes=("no_final_newline",)),
    File(TRAILER, "trailer_of_nothing", H + b"TRL,0,0.00\n", [], source={**TRL, "allow_empty": True}),
    File("its figures count what is rejected, too", "trailer_counts_rejects", H + AB + b",4.00,x\nTRL,3,7.00\n", [A, B, no("id:missing", "4.00")], source=TRL),
    refused("no trailer, where one is declared: the file was cut", "trailer_gone", H + AB, "without its trailer", source=TRL),
    refused("no trailer, where one is declared: the file was cut", "trailer_cut_off", H + AB + b"TR", source=TRL),
    refused("a record behind the trailer", "trailer_not_last", H + b"A,1.00,x\nTRL,1,1.00\nB,2.00,y\n", "a record follows the trailer", source=TRL),
    refused("a trailer without its figures", "trailer_without_figures", H + AB + b"TRL,two,3.00\n", source=TRL),
    refused("a last record with too few cells and no line end", "cut_in_record", H + b"A,1.00,x\nB,2.00", "cut short"),
    refused("a last record with too few cells and no line end", "cut_in_first_cell", H + b"A,1.00,x\nB", "cut short"),
    refused("a last record with too few cells and no line end", "cut_header_only", b"id,amo", "has no column"),
    refused("a last record that is in quotes", "cut_in_quotes", H + b'A,1.00,x\nB,2.00,"y', "inside a quoted cell"),
    File("a last record with all its cells and no line end", "cut_in_last_cell", H + b"A,1.00,x\nB,2.00,", [A, ok("B", "2.00", "")], notes=("no_final_newline",)),
    refused(NO_CSV, "pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"),
    refused(NO_CSV, "png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01"),
    refused(NO_CSV, "xlsx", zip_of(b"x"), "zip"),
    refused(NO_CSV, "html", b"<!DOCTYPE html>\n<html><body>502 Bad Gateway</body></html>\n", "has no column"),
    refused(NO_CSV, "json", b'[{"id": "A", "amount": 1.00, "note": "x"}]\n'),
    File("gzip, whatever the file is called", "gzip", gz(H + AB), [A, B]),
    File("gzip of several members", "gzip_two_members", gz(H + b"A,1.00,x\n") + gz(b"B,2.00,y\n"), [A, B]),
    File("gzip of several members", "gzip_cut_between_cells", gz(H + b"A,1.0") + gz(b"0,x\nB,2.00,y\n"), [A, B]),
    File("gzip of several members", "gzip_empty_member", gz(b"") + gz(H + AB) + gz(b""), [A, B]),
    refused("gzip with something behind it", "gzip_garbage", gz(H + AB) + b"garbage"),
    refused("gzip with something behind it", "gzip_zeros", gz(H + AB) + b"\0" * 16),
    refused("gzip that is cut or damaged", "gzip_cut", gz(H + AB)[:-5]),
    refused("gzip that is cut or damaged", "gzip_cut_in_its_header", gz(H + AB)[:6]),
    refused("gzip that is cut or damaged", "gzip_bad_checksum", gz(H + AB)[:-8] + b"\0\0\0\0" + gz(H + AB)[-4:]),
    refused("gzip that is cut or damaged", "gzip_bad_length", gz(H + AB)[:-1] + b"\x7f"),
    refused("zip", "zip", zip_of(H + AB), "zip"),
    refused("gzip of 0 bytes", "gzip_of_nothing", gz(b""), "empty"),
]

AGAIN_SAME, AGAIN_MUTABLE, AGAIN_OTHER = "a key twice: the same content", "a key twice: only `mutable` columns differ", "a key twice: other columns differ"
VERSION = [*COLUMNS, {"name": "v", "type": "int"}]
HV = b"id,amount,note,v\n"
keys = [
    File(AGAIN_SAME, "same", H + b"A,1.00,x\nA,1.00,x\n", [A, duplicate("1.00")]),
    File(AGAIN_SAME, "same_written_otherwise", H + b'A,1.00,x\n"A",1.0,"x"\nA,01,x\n', [A, duplicate("1.00"), duplicate("1.00")]),
    File(AGAIN_SAME, "same_three_times", H + b"A,1.00,x\nB,2.00,y\nA,1.00,x\nA,1.00,x\n", [A, B, duplicate("1.00"), duplicate("1.00")]),
    File(AGAIN_MUTABLE, "mutable", H + b"A,1.00,w\nB,2.00,y\nA,1.00,x\n", [superseded("1.00"), B, A]),
    File(AGAIN_MUTABLE, "mutable_chain", H + b"A,1.00,u\nA,1.00,v\nA,1.00,x\n", [superseded("1.00"), superseded("1.00"), A]),
    File(AGAIN_MUTABLE, "mutable_to_null", H + b"A,1.00,x\nA,1.00,\n", [superseded("1.00"), ok("A", "1.00", "")]),
    File(AGAIN_OTHER, "amount", H + b"A,1.00,x\nA,1.01,x\n", [A, conflict("1.01")]),
    File(AGAIN_OTHER, "amount_and_mutable", H + b"A,1.00,x\nA,1.01,y\nB,2.00,y\n", [A, conflict("1.01"), B]),
    File(AGAIN_OTHER, "amount_to_null", H + b"A,1.00,x\nA,,x\n", [A, conflict(None)]),
    File("a rejected record never stands before a good one", "rejected_first", H + b"A,x,x\nA,1.00,x\n", [no("amount:not_a_number"), A]),
    File("keys are compared after cleaning", "key_cleaned", H + b" a,1.00,x\nA ,1.00,x\nb,2.00,y\n", [A, duplicate("1.00"), B],
         columns=[{**COLUMNS[0], "trim": True, "case": "upper"}, *COLUMNS[1:]]),
    File("keys differ by case and blanks where nothing is declared", "key_exact", H + b"A,1.00,x\na,1.00,x\nA ,1.00,x\n", [A, ok("a", "1.00", "x"), ok("A ", "1.00", "x")]),
    File("`version: v`: the greater one wins, whatever the order", "version_up", HV + b"A,1.00,w,1\nA,1.00,x,2\n", [superseded("1.00"), ok("A", "1.00", "x", "2")], columns=VERSION, target={"version": "v"}),
    File("`version: v`: the greater one wins, whatever the order", "version_down", HV + b"A,1.00,x,2\nA,1.00,w,1\n", [ok("A", "1.00", "x", "2"), superseded("1.00")], columns=VERSION, target={"version": "v"}),
    File("`version: v`: the same version and other content", "version_same", HV + b"A,1.00,x,2\nA,1.00,w,2\n", [ok("A", "1.00", "x", "2"), conflict("1.00")], columns=VERSION, target={"version": "v"}),
    File("no key", "key_missing", H + b",1.00,x\nB,2.00,y\n", [no("id:missing", "1.00"), B]),
]

BIG = "9" * 18
sums = [
    File("a sum past 64 bits", "sum_past_64_bits", H + b"".join(b"%d,%s,x\n" % (i, BIG.encode()) for i in range(20)), [ok(str(i), BIG, "x") for i in range(20)],
         columns=[COLUMNS[0], {"name": "amount", "type": "decimal(18,0)"}, COLUMNS[2]]),
    File("negative amounts", "negative", H + b"A,-1.00,x\nB,2.00,y\n", [ok("A", "-1.00", "x"), B]),
    File("a record has all its reasons", "all_reasons", H + b"\xff,1e3,01234567890123456789012345\n,$1,y\n",
         [no("id:invalid_utf8;amount:exponent;note:too_long"), no("id:missing;amount:currency_sign")]),
    File("what is rejected counts in the sums where it casts", "rejected_sum", H + b",5.00,x\n,7.25,x\n,x,x\nB,2.00,y\n", [no("id:missing", "5.00"), no("id:missing", "7.25"), no("id:missing;amount:not_a_number"), B]),
]

SECTIONS = [
    ("Byte order marks", marks), ("Encodings", wide), ("Bytes", bytes_), ("Quotes that are not closed", quotes_open), ("Stray quotes", quotes_stray), ("Limits", limits),
    ("Line ends", line_ends), ("Ragged records", ragged), ("Headers", header), ("Delimiters, empty and cut files, compression", other), ("Keys", keys), ("Sums", sums),
]
