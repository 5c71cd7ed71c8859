#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the C file that carries the SQL scripts of sql/ inside the binary.

usage: embed_sql.py OUT.c FILE.sql...

What a file is shows by its place:
    sqlite/etl_tables.sql             finetl's own tables in SQLite
    views/NAME.sql                    a view in SQLite
    postgres/migrations/0001_NAME.sql a step of finetl's own tables in PostgreSQL
    postgres/views/NAME.sql           a view in PostgreSQL
    postgres/grants.sql               what the roles may do with finetl's own tables
    checks/NAME.sql                   a check after loading, in either engine

A view names the columns that must exist in comment lines of its own:
    -- needs: fact_transactions(transaction_id, amount)
and in PostgreSQL, where a view of other types cannot be made, their types:
    -- needs: fact_transactions(transaction_id text, amount decimal)
"""
import hashlib
import re
import sys
from pathlib import Path

NEEDS = re.compile(r"^-- needs: (\w+)\(([\w, ]+)\)$", re.MULTILINE)
MIGRATION = re.compile(r"^(\d{4})_(\w+)$")


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
    kept = "".join(l for l in text.splitlines(keepends=True) if not l.startswith("--"))
    return kept.strip() + "\n"


def one_script(paths, name, array):
    if [path.name for path in paths] != [name]:
        sys.exit(f"exactly one {name} is wanted")
    return [f"const char {array}[] =\n" + c_text(body(paths[0].read_text(encoding="ascii"))) + ";\n"]


def view(path, create):
    text = path.read_text(encoding="ascii")
    needs = [(table, *(column.split() + [""])[:2]) for table, columns in NEEDS.findall(text)
             for column in columns.split(",")]
    if not needs:
        sys.exit(f"{path}: has no '-- needs: table(column, ...)' line")
    if create + path.stem + " AS" not in text:
        sys.exit(f"{path}: must create a view named as the file")
    return path.stem, body(text), needs


def views(paths, array, create):
    parts, rows = [], []
    for name, text, needs in sorted(view(path, create) for path in paths):
        pairs = "\n".join(f'\t{{ "{t}", "{c}", "{k}" }},' for t, c, k in needs)
        parts.append(f"static const struct fe_view_need {array}_{name}[] = {{\n{pairs}\n}};\n")
        rows.append(f'\t{{ .name = "{name}", .needs = {array}_{name}, .n_needs = {len(needs)},\n'
                    f"\t  .create =\n{c_text(text)} }},")
    parts.append(f"const struct fe_view fe_{array}[] = {{\n" + "\n".join(rows) + "\n};\n"
                 f"const size_t fe_n_{array} = {len(rows)};\n")
    return parts


def migrations(paths):
    rows = []
    for number, path in enumerate(sorted(paths), start=1):
        found = MIGRATION.match(path.stem)
        if not found or int(found[1]) != number:
            sys.exit(f"{path}: migrations are named 0001_name.sql, 0002_name.sql, ... without gaps")
        raw = path.read_bytes()
        rows.append(f'\t{{ .version = {number}, .name = "{found[2]}",\n'
                    f'\t  .sha256 = "{hashlib.sha256(raw).hexdigest()}",\n'
                    f"\t  .sql =\n{c_text(body(raw.decode('ascii')))} }},")
    return ["const struct fe_migration fe_sql_migrations[] = {\n" + "\n".join(rows) + "\n};\n"
            f"const size_t fe_n_sql_migrations = {len(rows)};\n"]


def checks(paths):
    rows = []
    for path in sorted(paths):
        text = path.read_text(encoding="ascii")
        if f"-- check: {path.stem}\n" not in text:
            sys.exit(f"{path}: its '-- check:' line must name it as the file does")
        rows.append(f'\t{{ .name = "{path.stem}", .text =\n{c_text(text)} }},')
    return ["const struct fe_script fe_sql_checks[] = {\n" + "\n".join(rows) + "\n};\n"
            f"const size_t fe_n_sql_checks = {len(rows)};\n"]


def main():
    out, *files = map(Path, sys.argv[1:])
    in_folder = {}
    for path in files:
        folder = "/".join(path.parent.parts[-2:])
        in_folder.setdefault(folder.removeprefix("sql/"), []).append(path)
    parts = ['/* Made by tools/embed_sql.py from sql/. */\n#include "load/embedded.h"\n']
    parts += one_script(in_folder.pop("sqlite", []), "etl_tables.sql", "fe_sql_etl_tables")
    parts += views(in_folder.pop("views", []), "sql_views", "CREATE VIEW IF NOT EXISTS ")
    parts += migrations(in_folder.pop("postgres/migrations", []))
    parts += views(in_folder.pop("postgres/views", []), "sql_pg_views", "CREATE VIEW main.")
    parts += one_script(in_folder.pop("postgres", []), "grants.sql", "fe_sql_pg_grants")
    parts += checks(in_folder.pop("checks", []))
    if in_folder:
        sys.exit(f"no place for the files of {', '.join(in_folder)}")
    out.write_text("\n".join(parts), encoding="ascii")


if __name__ == "__main__":
    main()
