# SPDX-License-Identifier: Apache-2.0
"""Cells that are amounts, whole numbers and truth values, or something else in their place."""

from corpus import No, Values

MONEY = {"type": "decimal(12,2)"}
SEPARATOR, CURRENCY, PARENTHESES = No("separator"), No("currency_sign"), No("parentheses")
TRAILING, PLUS, BLANK, EXPONENT = No("trailing_minus"), No("plus_sign"), No("blank_inside"), No("exponent")
NOT, DECIMALS, RANGE = No("not_a_number"), No("too_many_decimals"), No("out_of_range")

GROUPS = [
    Values("amounts in the one form that needs no declaration: `-?digits[.digits]`", MONEY, [
        ("0", "0.00"), ("5", "5.00"), ("5.1", "5.10"), ("0.01", "0.01"), ("-0.01", "-0.01"), ("-5", "-5.00"), ("00012.50", "12.50"),
        ("0" * 40 + "7", "7.00"), ("9999999999.99", "9999999999.99"), ("-9999999999.99", "-9999999999.99"), ("1000000", "1000000.00"),
        ("", None),
    ]),
    Values("minus zero", MONEY, [("-0", "0.00"), ("-0.00", "0.00"), ("-000.0", "0.00")]),
    Values("amounts with separators", MONEY, [
        ("1,234.56", SEPARATOR), ("1.234,56", SEPARATOR), ("1'000", SEPARATOR), ("12,50", SEPARATOR), ("1,234,567.89", SEPARATOR),
        ("1.234.567,89", SEPARATOR), ("12,34,567.00", SEPARATOR), ("-1,000", SEPARATOR),
    ]),
    Values("amounts with a currency", MONEY, [
        ("$5", CURRENCY), ("5$", CURRENCY), ("€5", CURRENCY), ("5 €", CURRENCY), ("£5", CURRENCY), ("¥5", CURRENCY), ("5 EUR", CURRENCY),
        ("EUR 5", CURRENCY), ("5EUR", CURRENCY), ("USD5", CURRENCY), ("-$5", CURRENCY), ("$-5", CURRENCY), ("5₿", CURRENCY),
    ]),
    Values("other ways to write a sign", MONEY, [
        ("(5)", PARENTHESES), ("(5.25)", PARENTHESES), ("5-", TRAILING), ("12.50-", TRAILING), ("+5", PLUS), ("+5.00", PLUS), ("+0", PLUS),
    ]),
    Values("amounts with blanks, where `trim` is not set", MONEY, [
        (" 5", BLANK), ("5 ", BLANK), ("\t5", BLANK), ("1 000", BLANK), ("1\u00a0000", BLANK), ("\u00a05", BLANK), ("5\u00a0", BLANK),
        ("5\u2009", BLANK), ("\u202f5", BLANK), ("\n5", BLANK), ("- 5", BLANK),
    ]),
    Values("exponents", MONEY, [("1e3", EXPONENT), ("1E3", EXPONENT), ("1.5e-2", EXPONENT), ("5e+0", EXPONENT), ("-2e9", EXPONENT)]),
    Values("what is no number", MONEY, [
        ("0x10", NOT), ("5.", NOT), (".5", NOT), ("-.5", NOT), ("-", NOT), ("--5", NOT), ("1.2.3", NOT), ("٣", NOT), ("５", NOT), ("²", NOT),
        ("½", NOT), ("NaN", NOT), ("nan", NOT), ("Infinity", NOT), ("-inf", NOT), ("∞", NOT), ("null", NOT), ("None", NOT), ("NA", NOT),
        ("N/A", NOT), ("abc", NOT), ("5a", NOT), ("1_000", NOT), ("#REF!", NOT), ("1/2", NOT), ("50%", NOT), ("−5", NOT), ("5\u200b", NOT),
        ("0b11", NOT), ("1f", NOT), ("5;", NOT), (".", NOT), ("TXN00017", NOT), ("2026-01-01", NOT), ("true", NOT), ("💶5", NOT),
    ]),
    Values("more decimals than the column has, be they zero", MONEY, [
        ("12.345", DECIMALS), ("12.340", DECIMALS), ("0.001", DECIMALS), ("-0.000", DECIMALS), ("1.000", DECIMALS), ("0." + "0" * 30, DECIMALS),
    ]),
    Values("more digits before the point than the column has", MONEY, [
        ("10000000000", RANGE), ("10000000000.00", RANGE), ("-10000000000.00", RANGE), ("99999999999999999999", RANGE),
        ("9223372036854775808", RANGE), ("92233720368547758.08", RANGE), ("18446744073709551617", RANGE), ("1" * 64, RANGE),
        ("340282366920938463463374607431768211461", RANGE),
    ]),
    Values("a column as wide as it can be", {"type": "decimal(18,0)"}, [
        ("999999999999999999", "999999999999999999"), ("-999999999999999999", "-999999999999999999"), ("1000000000000000000", RANGE),
        ("9223372036854775807", RANGE), ("1.0", DECIMALS),
    ]),
    Values("a column of nothing but decimals", {"type": "decimal(18,18)"}, [
        ("0.999999999999999999", "0.999999999999999999"), ("-0.000000000000000001", "-0.000000000000000001"), ("1", RANGE), ("0", "0." + "0" * 18),
        ("0.0000000000000000001", DECIMALS),
    ]),
    Values("bytes that are no text, in an amount", MONEY, [(b"5\x00", No("nul_byte")), (b"5\xff", No("invalid_utf8")), (b"\xa05", No("invalid_utf8"))]),
    Values("`trim: true`", {**MONEY, "trim": True}, [
        (" 5 ", "5.00"), ("\t-5.5\t", "-5.50"), ("\x0b5\x0c", "5.00"), ("\r\n5\n", "5.00"), ("  ", None), ("", None), ("\u00a05", BLANK), ("1 0", BLANK),
    ]),
    Values("`null: [NA, \"-\", None, \"0.00\"]`: they, and no longer the empty text", {**MONEY, "null": ["NA", "-", "None", "0.00"]}, [
        ("NA", None), ("-", None), ("None", None), ("0.00", None), ("0", "0.00"), ("", NOT), ("na", NOT), ("NA ", NOT), ("null", NOT),
    ]),
    Values("`null: [\"\", NULL]` with `trim`", {**MONEY, "trim": True, "null": ["", "NULL"]}, [("", None), (" NULL ", None), ("  ", None), ("NULLs", NOT)]),
    Values("`required: true`", {**MONEY, "required": True}, [("", No("missing")), ("0", "0.00"), ("x", NOT)]),
    Values("`default: \"0.00\"`", {**MONEY, "default": "0.00"}, [("", "0.00"), ("1", "1.00"), ("x", NOT)]),
    Values("`map: {free: \"0\", tbd: x}`, to texts that are cast", {**MONEY, "map": {"free": "0", "tbd": "x"}}, [
        ("free", "0.00"), ("tbd", NOT), ("Free", NOT), ("5", "5.00"),
    ]),
    Values("`decimal: {point: \",\", group: \".\"}`", {**MONEY, "decimal": {"point": ",", "group": "."}}, [
        ("1.234,56", "1234.56"), ("1234,56", "1234.56"), ("-1.234,56", "-1234.56"), ("1.234.567,8", "1234567.80"), ("12,5", "12.50"),
        ("1.234", "1234.00"), ("0,00", "0.00"), ("12,345", DECIMALS), ("1.23,45", NOT), ("1.5", NOT), ("1234.567,00", NOT), (".123", NOT),
        ("1..234", NOT), ("5,", NOT), (",5", NOT), ("1.234,56,7", NOT), ("€1.234,56", CURRENCY), ("+5", PLUS), ("(5)", PARENTHESES), ("5-", TRAILING),
        ("1 234", BLANK), ("12.345.678.901", RANGE),
    ]),
    Values("`decimal: {group: \",\"}`", {**MONEY, "decimal": {"group": ","}}, [
        ("1,234.56", "1234.56"), ("1,234,567", "1234567.00"), ("0,001.00", "1.00"), ("1234567.00", "1234567.00"), ("12,34", NOT), ("1,,000", NOT),
        (",100", NOT), ("1,000,", NOT), ("1,0000", NOT), ("12,34,567.00", NOT),
    ]),
    Values("`decimal: {group: \"'\"}`", {**MONEY, "decimal": {"group": "'"}}, [("1'000", "1000.00"), ("1'000'000.05", "1000000.05"), ("1'00", NOT), ("1,000", SEPARATOR)]),
    Values("`decimal: {point: \",\", group: \" \", currency: [\"€\", EUR]}`", {**MONEY, "decimal": {"point": ",", "group": " ", "currency": ["€", "EUR"]}}, [
        ("1 234,50 €", "1234.50"), ("1\u00a0234,50\u00a0€", "1234.50"), ("1\u202f234\u202f567,5\u202fEUR", "1234567.50"), ("€5", "5.00"), ("-5 €", "-5.00"),
        ("€ -5,25", "-5.25"), ("-€5", "-5.00"), ("5", "5.00"), ("5 USD", CURRENCY), ("$5", CURRENCY), ("€5€", NOT), ("€", NOT), ("5  €", BLANK),
        ("12 34", NOT),
    ]),
    Values("`decimal: {group: \",\", sign: [plus, trailing, parentheses]}`", {**MONEY, "decimal": {"group": ",", "sign": ["plus", "trailing", "parentheses"]}}, [
        ("(1,234.50)", "-1234.50"), ("(0)", "0.00"), ("5-", "-5.00"), ("+5", "5.00"), ("5+", "5.00"), ("-5", "-5.00"), ("1,000-", "-1000.00"),
        ("(-5)", NOT), ("-5-", NOT), ("()", NOT), ("(5", NOT), ("5)", NOT), ("((5))", NOT), ("+(5)", NOT),
    ]),
    Values("`decimal: {sign: parentheses, currency: [\"$\", \"R$\", kr.]}`", {**MONEY, "decimal": {"sign": "parentheses", "currency": ["$", "R$", "kr."]}}, [
        ("($5)", "-5.00"), ("$(5)", "-5.00"), ("(R$ 5)", "-5.00"), ("R$5", "5.00"), ("5 kr.", "5.00"), ("-$5", "-5.00"), ("$-5", "-5.00"), ("-$-5", NOT),
        ("($-5)", NOT), ("$$5", NOT), ("5-", TRAILING), ("£5", CURRENCY),
    ]),
    Values("whole numbers", {"type": "int"}, [
        ("0", "0"), ("-0", "0"), ("007", "7"), ("9223372036854775807", "9223372036854775807"), ("-9223372036854775808", "-9223372036854775808"),
        ("9223372036854775808", RANGE), ("-9223372036854775809", RANGE), ("5.0", DECIMALS), ("+5", PLUS), ("1e3", EXPONENT), ("1,000", SEPARATOR),
        ("0x10", NOT), (" 5", BLANK), ("5.", NOT), ("٣", NOT), ("", None), ("1" * 300, RANGE),
    ]),
    Values("truth values", {"type": "bool"}, [
        *((text, "true") for text in ("true", "TRUE", "True", "t", "T", "yes", "Yes", "y", "Y", "1")),
        *((text, "false") for text in ("false", "FALSE", "f", "F", "no", "NO", "n", "N", "0")),
        *((text, No("not_a_bool")) for text in ("2", "on", "off", "ja", " true", "true ", "tru", "-1", "1.0", "TRUE!", "01", "null", "ｙ", "+")),
        ("", None),
    ]),
    Values("`map: {J: \"yes\", N: \"no\"}` of a truth value", {"type": "bool", "map": {"J": "yes", "N": "no"}}, [
        ("J", "true"), ("N", "false"), ("j", No("not_a_bool")), ("true", "true"),
    ]),
]
