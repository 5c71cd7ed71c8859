# SPDX-License-Identifier: Apache-2.0
"""Conditions as PostgreSQL has them: what is printed for a CHECK, run by a server on columns
as the warehouse has them, means what the same expression means to finetl.

The database has a locale of its own (ICU, English), and half of the texts compare by it:
order by bytes is the condition's business, not the column's.
"""

import datetime
import random
from decimal import Decimal

import psycopg
import pytest

import test_expr_against_python as ours
from postgres import Database
from test_expr_against_python import EPOCH, SCHEMA, US_PER_DAY, ask, command, number_text, random_row, setup, value_text

pytestmark = pytest.mark.skipif(not ours.PROBE.exists(), reason=f"{ours.PROBE} is not built")

OUT_OF_RANGE = (psycopg.errors.NumericValueOutOfRange, psycopg.errors.DatetimeFieldOverflow, psycopg.errors.IntervalFieldOverflow)
TYPES = {"int": "bigint", "bool": "boolean", "text": "text", "date": "date", "timestamp": "timestamptz"}


@pytest.fixture(scope="module")
def database(postgres):
    name = next(postgres.names)
    postgres.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'en'")
    postgres.made.append(Database(postgres, name))
    return postgres.made[-1]


def stored(kind, scale, value):
    if value is None or kind in ("int", "bool", "text"):
        return value
    if kind == "decimal":
        return Decimal(number_text(value, scale))
    return value_text(kind, scale, value)


def make_table(db, rows):
    columns = []
    for name, kind, precision, scale in SCHEMA:
        collation = ' COLLATE "C"' if name == "t" else ""
        columns.append(f'"{name}" ' + (f"numeric({precision},{scale})" if kind == "decimal" else TYPES[kind] + collation))
    db.execute(f"CREATE TEMP TABLE r (id serial, {', '.join(columns)})")
    marks = ", ".join(["DEFAULT"] + ["%s"] * len(SCHEMA))
    for row in rows:
        db.execute(f"INSERT INTO r VALUES ({marks})", [stored(kind, scale, row[name]) for name, kind, _, scale in SCHEMA])
    db.execute("SET TimeZone = 'Asia/Kathmandu'; SET IntervalStyle = 'iso_8601'; SET DateStyle = 'German, DMY'")


# A type of psycopg's cannot hold every value of ours: texts of one form are read instead.
SHAPES = {
    "decimal": "CAST({} AS text)", "int": "CAST({} AS text)", "text": "{}", "bool": "CASE WHEN {0} THEN 'true' WHEN NOT {0} THEN 'false' END",
    "date": "to_char({}, 'YYYY-MM-DD')", "timestamp": "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')",
}


def theirs_text(kind, scale, text):
    if text is None:
        return "\\N"
    if kind == "decimal":
        scaled = Decimal(text).scaleb(scale)
        assert scaled == scaled.to_integral_value(), f"{text} has more than {scale} places"
        return number_text(int(scaled), scale)
    return text + "Z" if kind == "timestamp" else text


def values_of(db, sql, kind, scale, n_rows):
    """A value a row; "out of range" where the server says so of that row."""
    select = f"SELECT {SHAPES[kind].format(f'({sql})')} FROM r"
    try:
        return [theirs_text(kind, scale, text) for (text,) in db.execute(select + " ORDER BY id").fetchall()]
    except OUT_OF_RANGE:
        pass
    answers = []
    for i in range(n_rows):
        try:
            answers.append(theirs_text(kind, scale, db.execute(f"{select} WHERE id = {i + 1}").fetchone()[0]))
        except OUT_OF_RANGE:
            answers.append("out of range")
    return answers


def test_the_server_of_this_module_orders_texts_otherwise(database):
    assert database.one("SELECT 'a' < 'B'") and not database.one("SELECT 'a' < 'B' COLLATE \"C\"")


def test_printed_sql_means_the_same_in_postgresql(database):
    rng = random.Random(20260401)
    generator = ours.Generator(20260402)
    rows = [random_row(rng) for _ in range(60)]
    kinds = ["bool", "bool", "bool", "int", "decimal", "text", "date", "timestamp"]
    nodes = [generator.node(kinds[i % len(kinds)], 1 + i % 3) for i in range(1200)]
    questions = [q for node in nodes for q in (command("expr", node.text), command("sql", "postgres", node.text))]
    answers = ask(setup(rows) + questions)
    wrong, n_cases, n_refused = [], 0, 0
    with database.connect() as db:
        make_table(db, rows)
        for i, node in enumerate(nodes):
            mine, sql = answers[2 * i], answers[2 * i + 1]
            if mine[0] != "ok":
                continue
            if sql[0] != "ok":
                n_refused += 1
                assert "no exact counterpart" in sql[3], sql
                continue
            try:
                if node.kind == "bool":
                    db.execute(f"ALTER TABLE r ADD CONSTRAINT it CHECK ({sql[1]}) NOT VALID; ALTER TABLE r DROP CONSTRAINT it")
                theirs = values_of(db, sql[1], node.kind, node.scale, len(rows))
            except (psycopg.Error, AssertionError) as error:
                wrong.append((node.text, sql[1], str(error)))
                continue
            for row, got, value in zip(rows, mine[2:], theirs, strict=True):
                if got == "\\O" or value == "out of range":
                    continue
                n_cases += 1
                if got != value:
                    wrong.append((node.text, sql[1], {k: row[k] for k in row if k in node.text}, f"PostgreSQL {value}", f"finetl {got}"))
                    break
    assert not wrong, f"{len(wrong)} of {len(nodes)} expressions differ: {wrong[:5]}"
    assert n_cases >= 30_000 and n_refused > 50
