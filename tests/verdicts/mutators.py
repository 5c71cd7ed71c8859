# SPDX-License-Identifier: Apache-2.0
"""Sixty-five ways to spoil a valid file: of its bytes, of its records and cells, of its values.

Each takes a source of chance and a file, and gives another. At the level of bytes that is the
file as it lies on disk; at the other two it is its text, whatever it is encoded in: a header
and lines of cells, split without regard for quotes, as a careless program would.
"""

import itertools
import random
import re

import nasty
import seeds

MUTATORS = []  # (level, name, function)


def mutator(level):
    def add(function):
        MUTATORS.append((level, function.__name__, function))
        return function

    return add


def at(r, data):
    return r.randrange(len(data) + 1)


def insert(r, data, piece):
    i = at(r, data)
    return data[:i] + piece + data[i:]


def replace_one(r, data, old, new):
    """One of the places where old is, if there is any."""
    places = [m.start() for m in re.finditer(re.escape(old), data)]
    if not places:
        return data
    i = r.choice(places)
    return data[:i] + new + data[i + len(old) :]


def span(r, data, longest=20):
    i = at(r, data)
    return i, min(len(data), i + r.randrange(1, longest))


# ---- bytes ----

byte = mutator("byte")


@byte
def flip_a_bit(r, data):
    i = r.randrange(len(data))
    return data[:i] + bytes([data[i] ^ 1 << r.randrange(8)]) + data[i + 1 :]


@byte
def set_a_byte(r, data):
    i = r.randrange(len(data))
    return data[:i] + bytes([r.randrange(256)]) + data[i + 1 :]


@byte
def insert_a_byte(r, data):
    return insert(r, data, bytes([r.randrange(256)]))


@byte
def delete_a_byte(r, data):
    i = r.randrange(len(data))
    return data[:i] + data[i + 1 :]


@byte
def delete_bytes(r, data):
    a, b = span(r, data)
    return data[:a] + data[b:]


@byte
def double_bytes(r, data):
    a, b = span(r, data)
    return data[:b] + data[a:b] + data[b:]


@byte
def swap_bytes(r, data):
    i = r.randrange(len(data) - 1)
    return data[:i] + data[i + 1 : i + 2] + data[i : i + 1] + data[i + 2 :]


@byte
def move_bytes(r, data):
    a, b = span(r, data)
    return insert(r, data[:a] + data[b:], data[a:b])


def byte_of(name, change):
    change.__name__ = name
    byte(change)


byte_of("insert_nul", lambda r, data: insert(r, data, b"\0"))
byte_of("insert_bad_utf8", lambda r, data: insert(r, data, r.choice(nasty.BAD_BYTES)))
byte_of("insert_mark", lambda r, data: insert(r, data, b"\xef\xbb\xbf"))
byte_of("insert_quote", lambda r, data: insert(r, data, b'"'))
byte_of("insert_two_quotes", lambda r, data: insert(r, insert(r, data, b'"'), b'"'))
byte_of("delete_quote", lambda r, data: replace_one(r, data, b'"', b""))
byte_of("insert_delimiter", lambda r, data: insert(r, data, r.choice([b",", b";", b"\t", b"|"])))
byte_of("insert_lf", lambda r, data: insert(r, data, b"\n"))
byte_of("insert_cr", lambda r, data: insert(r, data, b"\r"))
byte_of("insert_crlf", lambda r, data: insert(r, data, b"\r\n"))
byte_of("lf_to_cr", lambda r, data: replace_one(r, data, b"\n", b"\r"))
byte_of("lf_to_crlf", lambda r, data: replace_one(r, data, b"\n", b"\r\n"))
byte_of("crlf_to_lf_cr", lambda r, data: replace_one(r, data, b"\r\n", b"\n\r"))
byte_of("delete_lf", lambda r, data: replace_one(r, data, b"\n", b""))


@byte
def cut(r, data):
    return data[: at(r, data)]


@byte
def cut_front(r, data):
    return data[r.randrange(1, 6) :]


@byte
def append_garbage(r, data):
    return data + bytes(r.randrange(256) for _ in range(r.randrange(1, 12)))


@byte
def insert_backslash_quote(r, data):
    return insert(r, data, b'\\"')


# ---- records and cells ----

structure = mutator("structure")


class Text:
    """Lines of a text, and the delimiter that its seed declares."""

    def __init__(self, text, delimiter):
        self.lines, self.delimiter = text.splitlines(keepends=True), delimiter

    def pick(self, r):
        return r.randrange(len(self.lines))

    def cells(self, i):
        body = self.lines[i].rstrip("\r\n")
        return body.split(self.delimiter), self.lines[i][len(body) :]

    def put(self, i, cells, end):
        self.lines[i] = self.delimiter.join(cells) + end


def change_cells(r, t, change):
    i = t.pick(r)
    cells, end = t.cells(i)
    t.put(i, change(cells), end)


@structure
def drop_record(r, t):
    del t.lines[t.pick(r)]


@structure
def double_record(r, t):
    t.lines.insert(t.pick(r), t.lines[t.pick(r)])


@structure
def swap_records(r, t):
    i, j = t.pick(r), t.pick(r)
    t.lines[i], t.lines[j] = t.lines[j], t.lines[i]


@structure
def drop_cell(r, t):
    change_cells(r, t, lambda cells: cells[:-1] if r.random() < 0.5 else cells[1:])


@structure
def add_cell(r, t):
    change_cells(r, t, lambda cells: cells + [r.choice(["", "x", '"y"'])])


@structure
def swap_cells(r, t):
    change_cells(r, t, lambda cells: cells[::-1])


@structure
def join_records(r, t):
    i = t.pick(r)
    t.lines[i] = t.lines[i].rstrip("\r\n")


@structure
def split_record(r, t):
    change_cells(r, t, lambda cells: cells[:1] + ["\n" + c for c in cells[1:2]] + cells[2:])


@structure
def add_blank_line(r, t):
    t.lines.insert(t.pick(r), r.choice(["\n", "\r\n", " \n", "\t\n"]))


@structure
def add_delimiters(r, t):
    t.lines.insert(t.pick(r), t.delimiter * r.randrange(1, 5) + "\n")


@structure
def add_backslash_dot(r, t):
    t.lines.insert(t.pick(r), "\\.\n")


@structure
def add_comment(r, t):
    t.lines.insert(t.pick(r), "# what follows is from yesterday\n")


@structure
def repeat_header(r, t):
    t.lines.insert(t.pick(r), t.lines[0])


@structure
def repeat_file(r, t):
    t.lines += t.lines


@structure
def drop_header(r, t):
    del t.lines[0]


@structure
def spoil_header(r, t):
    cells, end = t.cells(0)
    i = r.randrange(len(cells))
    cells[i] = r.choice([cells[i].upper(), cells[i] + " ", " " + cells[i], "", cells[0], cells[i] + "s", f'"{cells[i]}"', "ﬁ", f"{cells[i]}\u00a0"])
    t.put(0, cells, end)


@structure
def add_column(r, t):
    for i in range(len(t.lines)):
        cells, end = t.cells(i)
        t.put(i, cells + [f"x{i}"], end)


@structure
def turn_columns(r, t):
    for i in range(len(t.lines)):
        cells, end = t.cells(i)
        t.put(i, cells[1:] + cells[:1], end)


@structure
def add_trailer(r, t):
    t.lines.append(r.choice(["TRL,{}\n", "Total: {}\n", "TRL,{},\n", "TRL,{}"]).format(len(t.lines)))


@structure
def other_delimiter(r, t):
    other = r.choice([d for d in ",;\t|" if d != t.delimiter])
    for i in range(len(t.lines)) if r.random() < 0.5 else [t.pick(r)]:
        t.lines[i] = t.lines[i].replace(t.delimiter, other)


@structure
def quote_cells(r, t):
    change_cells(r, t, lambda cells: [f'"{c}"' for c in cells])


@structure
def quote_with_blanks(r, t):
    change_cells(r, t, lambda cells: [r.choice(['"%s"', ' "%s"', '"%s" ', '"%s"x']) % c for c in cells])


@structure
def add_blank_last_lines(r, t):
    t.lines += ["\n"] * r.randrange(1, 3)


# ---- values ----

value = mutator("value")


def set_cell(r, t, new):
    """new: of the cell that was there."""
    i = r.randrange(1, len(t.lines)) if len(t.lines) > 1 else 0
    cells, end = t.cells(i)
    j = r.randrange(len(cells))
    text = new(cells[j])
    if any(c in text for c in (t.delimiter, '"', "\r", "\n")):
        text = '"' + text.replace('"', '""') + '"'
    cells[j] = text
    t.put(i, cells, end)


def value_of(name, new):
    def change(r, t):
        for _ in range(r.randrange(1, 4)):
            set_cell(r, t, lambda old: new(r, old))

    change.__name__ = name
    value(change)


value_of("bad_amount", lambda r, old: r.choice(nasty.BAD_AMOUNTS))
value_of("odd_amount", lambda r, old: r.choice(nasty.ODD_AMOUNTS))
value_of("bad_day", lambda r, old: r.choice(nasty.BAD_DATES))
value_of("odd_day", lambda r, old: r.choice(nasty.ODD_DATES))
value_of("odd_text", lambda r, old: r.choice(nasty.ODD_TEXTS))
value_of("quoted_text", lambda r, old: r.choice(nasty.QUOTED_TEXTS))
value_of("empty", lambda r, old: r.choice(["", " ", "\t", "\u00a0"]))
value_of("long_text", lambda r, old: r.choice("xé𝒳") * r.choice([19, 20, 21, 199, 201, 5000]))
value_of("other_case", lambda r, old: r.choice([old.upper(), old.lower(), old.swapcase()]))
value_of("blanks_around", lambda r, old: r.choice([" %s", "%s ", "\t%s", "%s\u00a0"]) % old)
value_of("one_digit_more", lambda r, old: old + r.choice("0123456789"))
value_of("one_character_less", lambda r, old: old[:-1])
value_of("another_sign", lambda r, old: r.choice(["-%s", "+%s", "(%s)", "%s-", "--%s", "$%s", "%s EUR"]) % old)
value_of("another_point", lambda r, old: old.translate(str.maketrans(".,", ",.")))
value_of("leading_zeros", lambda r, old: "0" * r.randrange(1, 25) + old)
value_of("word_for_nothing", lambda r, old: r.choice(["NA", "NULL", "null", "None", "N/A", "-", "NaN", "?", "\\N"]))


# ---- all together ----

ENCODED = {"latin-1": "latin-1", "windows-1252": "cp1252", "mac-roman": "mac-roman", "utf-16": "utf-16", "utf-16be": "utf-16-be", "utf-32": "utf-32"}


def mutated(seed, level, function, r):
    if level == "byte":
        return function(r, seed.data)
    codec = ENCODED.get(seed.source.get("encoding"), "utf-8")
    text = Text(seed.data.decode(codec), seed.source.get("delimiter", ",").replace("tab", "\t"))
    function(r, text)
    return "".join(text.lines).encode(codec, "replace")


def make(n):
    """Yields n of (name, seed, bytes), no two alike and none valid by being a seed: seed and mutator by turns."""
    all_seeds = seeds.seeds()
    seen = {(seed.name, seed.data) for seed in all_seeds}
    for i in itertools.count():
        if len(seen) == n + len(all_seeds):
            return
        seed = all_seeds[i % len(all_seeds)]
        level, name, function = MUTATORS[(i // len(all_seeds) + i) % len(MUTATORS)]
        r = random.Random(20261123 + i)
        data = mutated(seed, level, function, r)
        if r.random() < 0.15 and len(data) > 8:  # and once more, at its bytes
            level, again, function = MUTATORS[r.randrange(26)]
            data, name = function(r, data), f"{name}+{again}"
        if (seed.name, data) not in seen:
            seen.add((seed.name, data))
            yield f"m{i}_{seed.name}_{name}", seed, data
