#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the tables of variables and outputs in the READMEs below terraform/ of the files themselves.

  tools/terraform_tables.py [--check]

--check writes nothing, and fails where a table is not as it would be made.
"""

import pathlib
import re
import sys

TERRAFORM = pathlib.Path(__file__).resolve().parent.parent / "terraform"
BLOCK = re.compile(r'^(variable|output) "([^"]+)" \{\n(.*?)^\}', re.M | re.S)
BEGIN, END = "<!-- made by tools/terraform_tables.py -->", "<!-- end -->"


def value_of(text, key):
    """What stands behind `key =`, over lines if it opens brackets."""
    found = re.search(rf"^  {key}\s+= (.*?)(?=\n  \w|\n  \w+ \{{|\Z)", text, re.M | re.S)
    return re.sub(r"\s+", " ", found[1]).strip() if found else None


def cell(text):
    return text.replace("|", "\\|")


def type_of(text):
    kind = value_of(text, "type")
    return kind if len(kind) <= 40 else kind.split("(")[0]


def tables(folder):
    variables, outputs = [], []
    for name in ("variables.tf", "outputs.tf"):
        for kind, block, text in BLOCK.findall((folder / name).read_text()):
            description = cell(value_of(text, "description")[1:-1].replace('\\"', '"').replace("\\\\", "\\"))
            if kind == "output":
                outputs.append(f"| `{block}` | {description} |")
            else:
                default = value_of(text, "default")
                variables.append(f"| `{block}` | `{cell(type_of(text))}` | {'*required*' if default is None else f'`{cell(default)}`'} | {description} |")
    return "\n".join([BEGIN, "| variable | type | default | |", "|---|---|---|---|", *variables,
                      "", "| output | |", "|---|---|", *outputs, END])


def main():
    is_check, stale = sys.argv[1:] == ["--check"], []
    for readme in [*sorted((TERRAFORM / "modules").glob("*/README.md")), TERRAFORM / "environments" / "README.md"]:
        folder = readme.parent / "common" if readme.parent.name == "environments" else readme.parent
        old = readme.read_text()
        new = re.sub(re.escape(BEGIN) + ".*" + re.escape(END), lambda _: tables(folder), old, count=1, flags=re.S)
        if BEGIN not in old:
            stale.append(f"{readme} has no place for its tables")
        elif new != old:
            stale.append(f"{readme} is not as tools/terraform_tables.py makes it")
            if not is_check:
                readme.write_text(new)
    if is_check and stale:
        sys.exit("\n".join(stale))


if __name__ == "__main__":
    main()
