# SPDX-License-Identifier: Apache-2.0
"""How each file of seeds/ is read: valid files, each odd in its own way, from which mutators make others."""

import pathlib
from typing import NamedTuple

FOLDER = pathlib.Path(__file__).resolve().parent / "seeds"

ID = {"name": "id", "type": "text(20)", "required": True}
AMOUNT = {"name": "amount", "type": "decimal(12,2)"}
NOTE = {"name": "note", "type": "text"}
PLAIN = [ID, AMOUNT, NOTE]
GERMAN = {**AMOUNT, "decimal": {"point": ",", "group": "."}}


class Seed(NamedTuple):
    name: str
    data: bytes
    source: dict
    columns: list
    target: dict  # mutable, version


def texts(names):
    return [{"name": name, "type": "text"} for name in names]


def column(name, type_, **more):
    return {"name": name, "type": type_, **more}


# name -> (options of the source, columns, options of the target)
READ = {
    "plain": ({}, PLAIN, {}),
    "crlf": ({}, PLAIN, {}),
    "mixed_ends": ({}, PLAIN, {}),
    "no_final_newline": ({}, PLAIN, {}),
    "mark": ({}, PLAIN, {}),
    "all_quoted": ({}, PLAIN, {}),
    "some_quoted": ({}, PLAIN, {}),
    "lines_in_cells": ({}, PLAIN, {}),
    "quotes_in_cells": ({}, PLAIN, {}),
    "semicolons": ({"delimiter": ";"}, [ID, GERMAN, NOTE], {}),
    "tabs": ({"delimiter": "tab"}, PLAIN, {}),
    "pipes": ({"delimiter": "|"}, PLAIN, {}),
    "latin_1": ({"encoding": "latin-1"}, PLAIN, {}),
    "windows_1252": ({"encoding": "windows-1252"}, PLAIN, {}),
    "mac_roman": ({"encoding": "mac-roman"}, PLAIN, {}),
    "utf16": ({"encoding": "utf-16"}, PLAIN, {}),
    "utf16be": ({"encoding": "utf-16be"}, PLAIN, {}),
    "utf32": ({"encoding": "utf-32"}, PLAIN, {}),
    "unicode": ({}, [{**ID, "case": "upper"}, AMOUNT, {**NOTE, "case": "lower"}], {}),
    "skipped_lines": ({"skip_lines": 3}, PLAIN, {}),
    "names": ({"names": ["id", "amount", "note"]}, PLAIN, {}),
    "one_column": ({}, [ID], {}),
    "twelve_columns": ({}, texts(f"c{i}" for i in range(12)), {}),
    "sixty_records": ({}, PLAIN, {}),
    "empty_cells": ({}, [ID, {**AMOUNT, "default": "0.00"}, {**NOTE, "default": "none"}], {}),
    "long_cells": ({}, [ID, AMOUNT, {**NOTE, "type": "text(200)"}], {}),
    "other_order": ({}, PLAIN, {}),
    "blanks": ({}, [{**ID, "trim": True}, {**AMOUNT, "trim": True}, {**NOTE, "trim": True}], {}),
    "ledger": ({}, [ID, {**AMOUNT, "decimal": {"group": ",", "sign": ["plus", "trailing", "parentheses"]}}, NOTE], {}),
    "currencies": ({}, [ID, {**AMOUNT, "decimal": {"currency": ["€", "EUR", "$", "CHF"]}}, NOTE], {}),
    "french": ({"delimiter": ";"}, [ID, {**AMOUNT, "decimal": {"point": ",", "group": " "}}, NOTE], {}),
    "days": ({}, [ID, column("day", "date", format="%d/%m/%Y"), NOTE], {}),
    "moments": ({}, [ID, column("at", "timestamp", zone="Europe/London"), NOTE], {}),
    "truths": ({}, [ID, column("flag", "bool", map={"J": "yes"}), NOTE], {}),
    "wholes": ({}, [column("id", "int", required=True), column("n", "int"), NOTE], {}),
    "nulls_and_map": ({}, [ID, {**AMOUNT, "null": ["NA", "-"]}, {**NOTE, "null": ["N/A"], "map": {"Gold": "Premium", "g": "Premium"}, "case": "lower"}], {}),
    "keys": ({}, PLAIN, {"mutable": ["note"]}),
    "versions": ({}, [*PLAIN, column("v", "int")], {"mutable": ["note"], "version": "v"}),
    "more_columns": ({"extra_columns": "ignore"}, PLAIN, {}),
    "transactions": ({}, [
        column("transaction_id", "text(20)", trim=True, case="upper", required=True), column("customer_id", "text(20)", trim=True, case="upper", required=True),
        column("transaction_date", "timestamp", zone="UTC", required=True), column("amount", "decimal(12,2)", required=True),
        column("merchant_id", "text(20)", trim=True, case="upper", default="MERCH0000"), column("category", "text(50)", trim=True, case="lower", default="unknown"),
        column("status", "text(20)", trim=True, case="lower", required=True), column("payment_method", "text(50)", trim=True, case="lower"),
    ], {"mutable": ["status", "category", "merchant_id", "payment_method"]}),
}


def seeds():
    return [Seed(name, (FOLDER / f"{name}.csv").read_bytes(), source, columns, {"key": [columns[0]["name"]], **target})
            for name, (source, columns, target) in READ.items()]
