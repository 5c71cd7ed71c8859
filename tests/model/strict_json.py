# SPDX-License-Identifier: Apache-2.0
"""JSON as finetl reads it, by Python's json module and the rules it does not have.

RFC 8259, UTF-8; refused are a key that stands twice, a lone surrogate, U+0000, and what
is past a limit. Numbers stay the text that they are written as.
"""

import json
import re

MAX_DEPTH = 64
MAX_KEY_BYTES = 256
MAX_NUMBER_CHARS = 64
MAX_TEXT_BYTES = 1 << 20
BLANKS = b" \t\r"
BOM = b"\xef\xbb\xbf"
ABSENT, NULL, NO_VALUE = "absent", "null", "none"  # what a cell is that has no text


class Refused(Exception):
    pass


class Number(str):
    """A number as it is written."""


def number(text):
    if len(text) > MAX_NUMBER_CHARS:
        raise Refused("number")
    return Number(text)


def constant(name):
    raise Refused(name)


def members(pairs):
    out = dict(pairs)
    if len(out) != len(pairs):
        raise Refused("twice")
    for key in out:
        check_text(key)
        if len(key.encode()) > MAX_KEY_BYTES:
            raise Refused("key")
    return out


def check_text(text):
    if any("\ud800" <= c <= "\udfff" or c == "\0" for c in text):
        raise Refused("character")


def check_tree(value, depth=0):
    if isinstance(value, (list, dict)):
        if depth == MAX_DEPTH:
            raise Refused("depth")
        for child in value.values() if isinstance(value, dict) else value:
            check_tree(child, depth + 1)
    elif isinstance(value, str) and not isinstance(value, Number):
        check_text(value)


def check_raw_texts(text):
    for found in re.finditer(r'"((?:[^"\\]|\\.)*)"', text):
        if len(found.group(1).encode()) > MAX_TEXT_BYTES:
            raise Refused("text")


def read(data):
    """The tree of one text."""
    try:
        text = data.decode()
        tree = json.loads(text, parse_float=number, parse_int=number, parse_constant=constant, object_pairs_hook=members)
        if len(data) > MAX_TEXT_BYTES:
            check_raw_texts(text)
        check_tree(tree)
    except (ValueError, RecursionError) as error:
        raise Refused(str(error)) from error
    return tree


def names_of(path):
    if path.startswith("/"):
        return [name.replace("~1", "/").replace("~0", "~") for name in path[1:].split("/")]
    return path.split(".") if path else []


def at(tree, path):
    for name in names_of(path):
        if isinstance(tree, dict) and name in tree:
            tree = tree[name]
        elif isinstance(tree, list) and re.fullmatch("0|[1-9][0-9]{0,8}", name) and int(name) < len(tree):
            tree = tree[int(name)]
        else:
            return ABSENT, None
    if tree is None:
        return NULL, None
    if isinstance(tree, (dict, list)):
        return NO_VALUE, tree
    return "=" + {True: "true", False: "false"}.get(tree, tree) if isinstance(tree, bool) else "=" + tree, tree


def cells(record, columns):
    """None: it is not an object, and so no record."""
    return [at(record, path)[0] for path in columns] if isinstance(record, dict) else None


def read_lines(data, columns):
    """For each record the cells; None: no object; Refused: not JSON."""
    out = []
    for line in data.removeprefix(BOM).split(b"\n"):
        if not line.strip(BLANKS):
            continue
        try:
            out.append(cells(read(line), columns))
        except Refused:
            out.append(Refused)
    return out


def read_document(data, records, columns, aside=()):
    """Rows, values beside them, and whether there was a place of records."""
    tree = read(data.removeprefix(BOM))
    kind, value = at(tree, records)
    if kind.startswith("="):
        raise Refused("records")
    rows = value if isinstance(value, list) else [] if value is None else [value]
    return [cells(row, columns) for row in rows], [at(tree, path)[0] for path in aside], kind != ABSENT
