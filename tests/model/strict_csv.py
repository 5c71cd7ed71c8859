# SPDX-License-Identifier: Apache-2.0
"""CSV after RFC 4180, strictly: bytes to records, with what is wrong with each.

Part of the model (model.py). A file in which it is in doubt where a record ends is
refused as a whole (FileRefused). A record whose end is sure but that is malformed
has a flaw and no cells. With a stray quote the end is taken as sure where both
readings, quotes as plain characters and quotes as switches, end it at the same line.
"""

import codecs
import re
from typing import NamedTuple, Optional

from expressions import simple_case

BOM = b"\xef\xbb\xbf"


class FileRefused(Exception):
    pass


class Record(NamedTuple):
    number: int  # 1-based, header not counted
    offset: int
    raw: bytes  # without the line end
    cells: Optional[list]  # of bytes; None where there is a flaw
    flaw: str


def split(data, delimiter=b",", at=0):
    """Yields (offset, raw, cells, flaw) for each record, the header being one, from byte `at`."""
    d = re.escape(delimiter)
    bare = re.compile(rb"[^" + d + rb"\r\n]*")
    quoted = re.compile(rb'"((?:[^"]|"")*+)"')  # possessive: of a pair of quotes none closes the cell
    while at < len(data):
        start, cells, flaw = at, [], ""
        while True:
            if data[at : at + 1] == b'"':
                found = quoted.match(data, at)
                if not found:
                    raise FileRefused(f"quote at byte {at} is not closed")
                cell, at = found[1].replace(b'""', b'"'), found.end()
                tail = bare.match(data, at)
                if tail[0]:
                    flaw = flaw or "text_after_quote"
                    at = tail.end()
            else:
                tail = bare.match(data, at)
                cell, at = tail[0], tail.end()
                if b'"' in cell:
                    flaw = flaw or "quote_in_bare_cell"
            cells.append(cell)
            if data[at : at + 1] == delimiter:
                at += 1
                continue
            break
        raw = data[start:at]
        # Counting quotes must agree with walking the cells: within them at each line end of the record, outside at its own.
        in_quotes = [raw[: m.start()].count(b'"') % 2 for m in re.finditer(b"\n", raw)]
        if flaw and (raw.count(b'"') % 2 or not all(in_quotes)):
            raise FileRefused(f"record at byte {start}: where it ends is in doubt")
        if data[at : at + 2] == b"\r\n":
            at += 2
        elif data[at : at + 1] == b"\n":
            at += 1
        elif data[at : at + 1] == b"\r":
            raise FileRefused(f"lone CR at byte {at}")
        yield start, raw, cells, flaw


def start_of(data, skip_lines):
    at = len(BOM) if data.startswith(BOM) else 0
    for _ in range(skip_lines):
        at = data.find(b"\n", at) + 1 or len(data)
    return at


def name_of(cell):
    try:
        name = cell.decode()
    except UnicodeDecodeError:
        raise FileRefused("header: no UTF-8") from None
    if any(c == "\0" or 0xFDD0 <= ord(c) <= 0xFDEF or ord(c) & 0xFFFE == 0xFFFE for c in name):
        raise FileRefused("header: a NUL or a noncharacter")
    return name.strip(" \t\n\v\f\r")


def header_of(records, columns, extra_columns):
    """The raw cells of the header record, and their names."""
    try:
        header = next(records)
    except StopIteration:
        raise FileRefused("empty") from None
    if header[3]:
        raise FileRefused("header: " + header[3])
    names = [name_of(cell) for cell in header[2]]
    if "" in names or len({simple_case(name, "lower") for name in names}) != len(names):
        raise FileRefused("header: empty or double name")
    missing = [name for name in columns if name not in names]
    extra = [name for name in names if name not in columns]
    if missing or (extra and extra_columns == "error"):
        raise FileRefused(f"header: missing {missing}, extra {extra}")
    return header[2], names


def mark_bad(error):
    """Bytes that are no UTF-8, for what is no character: the cell is refused. The end may cut none."""
    if error.reason in ("truncated data", "unexpected end of data"):
        raise FileRefused("ends inside a character")
    bad = error.object[error.start:error.end]
    if error.encoding.startswith("utf-"):
        code = int.from_bytes(bad, "big" if error.encoding.endswith("be") else "little")
        bad = generalized_utf8(code)
    return bad.decode("ascii", "surrogateescape"), error.end


def generalized_utf8(code):
    """The bytes that a number would have, were it a character."""
    if code > 0x1FFFFF:
        return b"\xff"
    if code < 0x10000:
        return chr(code).encode("utf-8", "surrogatepass")
    return bytes([0xF0 | code >> 18, 0x80 | code >> 12 & 0x3F, 0x80 | code >> 6 & 0x3F, 0x80 | code & 0x3F])


codecs.register_error("mark_bad", mark_bad)


def guess(data):
    """What the first bytes show a text to be, by its mark or by where ASCII has zeros."""
    zeros = [byte == 0 for byte in data[:4]]
    if data.startswith(codecs.BOM_UTF32_LE) or zeros == [False, True, True, True]:
        return "utf-32-le"
    if data.startswith(codecs.BOM_UTF32_BE) or zeros == [True, True, True, False]:
        return "utf-32-be"
    if data.startswith(codecs.BOM_UTF16_LE) or zeros == [False, True, False, True]:
        return "utf-16-le"
    if data.startswith(codecs.BOM_UTF16_BE) or zeros == [True, False, True, False]:
        return "utf-16-be"
    return "utf-8"


def as_utf8(data, encoding):
    """The text of a file; a byte order mark is part of it."""
    if encoding == "utf-8":
        if guess(data) != "utf-8":
            raise FileRefused("UTF-16 or UTF-32, and not declared")
        return data
    if encoding in ("utf-16", "utf-32"):
        if not guess(data).startswith(encoding):
            raise FileRefused(f"not {encoding}")
        encoding = guess(data)
    name = {"utf-16le": "utf-16-le", "utf-16be": "utf-16-be", "utf-32le": "utf-32-le", "utf-32be": "utf-32-be"}.get(encoding, encoding)
    return data.decode(name, "mark_bad").encode("utf-8", "surrogateescape")


def read(data, columns, options=None):
    """The records of a file, cells in the order of `columns` (names in the header).

    options: those of a csv source: delimiter, encoding, skip_lines, names, extra_columns."""
    options = options or {}
    data = as_utf8(data, options.get("encoding", "utf-8"))
    delimiter = options.get("delimiter", ",").replace("tab", "\t").encode()
    records = split(data, delimiter, start_of(data, options.get("skip_lines", 0)))
    if "names" in options:
        header, names = None, options["names"]
    else:
        header, names = header_of(records, columns, options.get("extra_columns", "error"))
    places = [names.index(name) for name in columns]
    number = 0
    for offset, raw, cells, flaw in records:
        if data[offset:] in (b"\n", b"\r\n"):
            return  # a blank last line is no record
        number += 1
        if not flaw and len(cells) < len(names) and offset + len(raw) == len(data):
            raise FileRefused("cut short: the last record has no line end and too few cells")
        if not flaw:
            flaw = flaw_of(raw, cells, len(names), header, delimiter)
        yield Record(number, offset, raw, None if flaw else [cells[i] for i in places], flaw)


def flaw_of(raw, cells, n_cells, header, delimiter):
    if raw == b"":
        return "blank_line"
    if BOM in raw:
        return "bom_inside"
    if len(cells) > 1 and not raw.replace(delimiter, b""):
        return "empty_record"
    if len(cells) < n_cells:
        return "too_few_cells"
    if len(cells) > n_cells:
        return "too_many_cells"
    if header and [cell.strip() for cell in cells] == [cell.strip() for cell in header]:
        return "repeated_header"
    return ""
