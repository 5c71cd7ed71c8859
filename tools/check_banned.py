#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the line on what may not be called, and on the size and face of files.

  banned      functions without bounds, of the locale, of the process's time zone, or
              of a shell; memory outside base/mem.c; floating point where money flows
  face        the licence line first; no notes to be done later
  size        a source file has at most 600 lines
"""

import pathlib
import re
import sys

BANNED = """gets strcpy strcat strncpy strncat stpcpy sprintf vsprintf sscanf atoi atol atoll atof strtol strtoul strtoll
strtoull strtod strtof strtold strtok strtok_r alloca localtime localtime_r gmtime gmtime_r ctime asctime setlocale
system popen mktemp tmpnam tempnam rand srand random""".split()
MEMORY = "malloc calloc realloc reallocarray free strdup strndup asprintf vasprintf".split()
MEMORY_OWNER = "base/mem.c"
# The whole way of an amount: from text to the target. (cli/ and pipeline/ may print a rate.)
NO_FLOAT_IN = ("base", "batch", "format", "expr", "transform", "quality/tally", "quality/gate", "extract", "load", "db")
# The one wrapper of doubles; Great Expectations' percents and means, which are doubles, come by it.
FLOAT_OWNER = "base/double."
MAX_LINES = 600
GENERATED = {"base/unicode_case.c", "base/unicode_case.inc"}

NOISE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.S)
CALL = re.compile(r"(?<![\w.>])(%s)\s*\(" % "|".join(BANNED))
ALLOCATION = re.compile(r"(?<![\w.>])(%s)\s*\(" % "|".join(MEMORY))
FLOAT = re.compile(r"\b(float|double)\b")
LATER = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|[Nn]ot (?:yet )?implemented")


def without_noise(text):
    """Code alone: comments and literals blanked, line numbers kept."""
    return NOISE.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)


def lines_where(pattern, text):
    for found in pattern.finditer(text):
        yield text.count("\n", 0, found.start()) + 1, found[0].rstrip("( ")


def findings_of(root, path):
    name = path.relative_to(root).as_posix()
    text = path.read_text()
    code = without_noise(text)
    for line, call in lines_where(CALL, code):
        if call != "strtod" or not name.startswith(FLOAT_OWNER):
            yield f"{path}:{line}: {call} is banned"
    if name != MEMORY_OWNER:
        for line, call in lines_where(ALLOCATION, code):
            yield f"{path}:{line}: {call} outside {MEMORY_OWNER}"
    if name.startswith(NO_FLOAT_IN) and not name.startswith(FLOAT_OWNER):
        for line, word in lines_where(FLOAT, code):
            yield f"{path}:{line}: {word} where money flows"
    for line, word in lines_where(LATER, text):
        yield f"{path}:{line}: '{word}'"
    if not text.startswith("// SPDX-License-Identifier: Apache-2.0\n"):
        yield f"{path}:1: does not begin with the licence line"
    if text.count("\n") > MAX_LINES and name not in GENERATED:
        yield f"{path}: {text.count(chr(10))} lines, more than {MAX_LINES}"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent / "src")
    files = sorted(path for path in root.rglob("*") if path.suffix in (".c", ".h", ".inc"))
    if not files:
        sys.exit(f"{root}: no C files")
    findings = [finding for path in files for finding in findings_of(root, path)]
    print("\n".join(findings) or f"{len(files)} files call nothing that is banned")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
