#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the C file that carries the SQL scripts of sql/ inside the binary.

usage: embed_sql.py OUT.c ETL_TABLES.sql VIEW.sql...

A view names the columns that must exist in comment lines of its own:
    -- needs: fact_transactions(transaction_id, amount)
"""
import re
import sys
from pathlib import Path

NEEDS = re.compile(r"^-- needs: (\w+)\(([\w, ]+)\)$", re.MULTILINE)


def c_text(text):
    """A C string literal, one line of text a line."""
    lines = text.splitlines(keepends=True)
    quoted = []
    for line in lines:
        line = line.replace("\\", "\\\\").replace('"', '\\"')
        quoted.append('\t"' + line.replace("\t", "\\t").replace("\n", "\\n") + '"')
    return "\n".join(quoted)


def body(text):
    """The script without its comment lines, which are for its reader."""
    return "".join(l for l in text.splitlines(keepends=True) if not l.startswith("--"))


def view(path):
    text = path.read_text(encoding="ascii")
    needs = [(table, column.strip()) for table, columns in NEEDS.findall(text)
             for column in columns.split(",")]
    if not needs:
        sys.exit(f"{path}: has no '-- needs: table(column, ...)' line")
    if f"CREATE VIEW IF NOT EXISTS {path.stem} AS" not in text:
        sys.exit(f"{path}: must create a view named as the file")
    return path.stem, body(text).strip() + "\n", needs


def main():
    out, tables, *views = map(Path, sys.argv[1:])
    parts = ["/* Made by tools/embed_sql.py from sql/. */\n#include \"load/embedded.h\"\n"]
    parts.append("const char fe_sql_etl_tables[] =\n"
                 + c_text(body(tables.read_text(encoding="ascii")).strip() + "\n") + ";\n")
    rows = []
    for name, text, needs in map(view, sorted(views)):
        pairs = "\n".join(f'\t{{ "{t}", "{c}" }},' for t, c in needs)
        parts.append(f"static const struct fe_view_need needs_of_{name}[] = {{\n{pairs}\n}};\n")
        rows.append(f'\t{{ .name = "{name}", .needs = needs_of_{name}, .n_needs = {len(needs)},\n'
                    f"\t  .create =\n{c_text(text)} }},")
    parts.append("const struct fe_view fe_sql_views[] = {\n" + "\n".join(rows) + "\n};\n"
                 f"const size_t fe_n_sql_views = {len(rows)};\n")
    out.write_text("\n".join(parts), encoding="ascii")


if __name__ == "__main__":
    main()
