#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Looks in the binary for the hardening that the build flags ask for.

Flags in a build file prove nothing; what readelf sees does. Argument: the binary.
"""

import re
import subprocess
import sys


def readelf(*arguments):
    return subprocess.run(["readelf", "--wide", *arguments], check=True, capture_output=True, text=True).stdout


def count_landing_pads(path):
    code = subprocess.run(["objdump", "--disassemble", "--no-show-raw-insn", path], check=True, capture_output=True, text=True)
    return code.stdout.count("endbr64")


def checks_of(path):
    header, segments, dynamic = readelf("-h", path), readelf("-l", path), readelf("-d", path)
    symbols = readelf("--dyn-syms", path)
    flags = " ".join(line for line in dynamic.splitlines() if "FLAGS" in line)
    stack = re.search(r"GNU_STACK.*?0x[0-9a-f]+ 0x[0-9a-f]+ (\S*)\s", segments)
    yield "position independent (PIE)", bool(re.search(r"Type:\s+DYN", header)) and "INTERP" in segments
    yield "read-only relocations (RELRO)", "GNU_RELRO" in segments
    yield "all symbols bound at start (BIND_NOW)", "NOW" in flags or "BIND_NOW" in dynamic
    yield "stack is not executable", bool(stack) and "E" not in stack[1]
    yield "no segment both writable and executable", not re.search(r"LOAD.* RWE ", segments)
    yield "no library path inside", "RPATH" not in dynamic and "RUNPATH" not in dynamic
    yield "stack protector", "__stack_chk_fail" in symbols
    yield "fortified calls", bool(re.search(r"__(?:mem|str|v?s|v?f|read|pread|poll|fgets|fread|explicit)\w*_chk\b", symbols))
    if "X86-64" in header:
        # The note in the file also needs a C library built for it, which Debian 12's is not.
        yield "control flow protection (endbr64 where calls may land)", count_landing_pads(path) > 100


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: check_hardening.py BINARY")
    failed = False
    for what, holds in checks_of(sys.argv[1]):
        print(f"{'ok  ' if holds else 'FAIL'} {what}")
        failed |= not holds
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
