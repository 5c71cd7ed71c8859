#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes src/base/unicode_case.inc: Unicode's simple (one to one) case mappings.

    tools/gen_case.py > src/base/unicode_case.inc

Python's str.upper and str.lower give the full mappings, which may be longer than one
character. Where they are, the simple mapping is the title case if that is a single
character that maps back (as for the Greek letters with iota subscript), and nothing
otherwise (as for sharp s). The one letter with a full and another simple lower case is
the capital I with dot above.

Neighbours that map by the same distance, each or every other code point, make a range.
"""
import sys
import unicodedata

SURROGATES = range(0xD800, 0xE000)


def simple_lower(c: str) -> str:
    lower = c.lower()
    if len(lower) == 1:
        return lower
    assert c == "\u0130"
    return "i"


def simple_upper(c: str) -> str:
    upper, title = c.upper(), c.title()
    if len(upper) == 1:
        return upper
    return title if len(title) == 1 and title.lower() == c else c


def ranges(mapping):
    """[first, last, step, distance] of all code points past ASCII that map elsewhere."""
    out = []
    for code in range(0x80, 0x110000):
        if code in SURROGATES:
            continue
        distance = ord(mapping(chr(code))) - code
        if distance == 0:
            continue
        if out:
            first, last, step, d = out[-1]
            gap = code - last
            if d == distance and gap <= 2 and (first == last or gap == step):
                out[-1] = [first, code, gap, d]
                continue
        out.append([code, code, 1, distance])
    return out


def main():
    print("// SPDX-License-Identifier: Apache-2.0")
    print(f"/* Written by tools/gen_case.py from Unicode {unicodedata.unidata_version}; do not edit. */")
    for name, mapping in (("lower", simple_lower), ("upper", simple_upper)):
        print(f"\nstatic const struct case_range {name}_ranges[] = {{")
        for first, last, step, distance in ranges(mapping):
            print(f"\t{{ 0x{first:04x}, 0x{last:04x}, {step}, {distance} }},")
        print("};")


if __name__ == "__main__":
    sys.exit(main())
