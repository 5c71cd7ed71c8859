# SPDX-License-Identifier: Apache-2.0
"""Expressions against two other readings of the same language, on random cases from
fixed seeds: an evaluator in Python (Decimal, datetime, zoneinfo, re), and SQLite.

Random typed trees are written with as few parentheses as the grammar needs, so that
precedence is tested too. Each tree knows its text and how to evaluate itself for one
row; the other side is probe_expr. FINETL_BUILD names the build.
"""

import datetime
import os
import pathlib
import random
import re
import sqlite3
import subprocess
import zoneinfo

import pytest

BUILD = pathlib.Path(os.environ.get("FINETL_BUILD", pathlib.Path(__file__).parents[2] / "build"))
PROBE = BUILD / "tests" / "model" / "probe_expr"
pytestmark = pytest.mark.skipif(not PROBE.exists(), reason=f"{PROBE} is not built")

SEPARATOR = "\x1f"
INT_MIN, INT_MAX = -(2**63), 2**63 - 1
DECIMAL_END = 10**18
DATE_MIN, DATE_MAX = -719162, 2932896
US_PER_DAY = 86400 * 10**6
TIME_MIN, TIME_MAX = DATE_MIN * US_PER_DAY, (DATE_MAX + 1) * US_PER_DAY - 1
NOW = 1795400000123456
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
ZONES = ["Europe/London", "America/New_York", "Asia/Kathmandu", "+05:45", "UTC"]
FIXED = {"+05:45": datetime.timezone(datetime.timedelta(hours=5, minutes=45))}


class Over:
    """The value of arithmetic that left its range."""

    def __repr__(self):
        return "OVER"


OVER = Over()

# The precedences of the grammar.
OR, AND, NOT, COMPARE, SUM, PRODUCT, SIGN, ATOM = 1, 2, 3, 4, 5, 6, 7, 9


class Node:
    """A number is an int scaled by 10**scale; a date is its days, a timestamp its
    microseconds since 1970."""

    def __init__(self, kind, text, level, evaluate, kids=(), scale=0, is_literal=False, folds=True):
        self.kind, self.text, self.level, self.evaluate, self.kids, self.scale = kind, text, level, evaluate, kids, scale
        self.is_literal = is_literal
        self.is_constant = is_literal or (folds and bool(kids) and all(kid.is_constant for kid in kids))

    def at(self, level):
        return self.text if self.level >= level else f"({self.text})"

    def never_fits(self):
        """Whether a constant part of it is out of range: an error when it is read."""
        return any(kid.never_fits() for kid in self.kids) or (self.is_constant and self.evaluate({}) is OVER)


def strict(function):
    """Overflow in, overflow out; else null in, null out."""

    def evaluate(*values):
        if any(v is OVER for v in values):
            return OVER
        if any(v is None for v in values):
            return None
        return function(*values)

    return evaluate


def apply(function, kids):
    return lambda row: function(*[kid.evaluate(row) for kid in kids])


def in_range(kind, value):
    if kind == "int":
        return value if INT_MIN <= value <= INT_MAX else OVER
    if kind == "decimal":
        return value if abs(value) < DECIMAL_END else OVER
    if kind == "date":
        return value if DATE_MIN <= value <= DATE_MAX else OVER
    return value if TIME_MIN <= value <= TIME_MAX else OVER


def rescaled(node, scale):
    """To a decimal of more places, as the language does before + - and choices."""
    if node.kind == "decimal" and node.scale == scale:
        return node
    times = 10 ** (scale - node.scale)
    run = apply(strict(lambda v: in_range("decimal", v * times)), [node])
    return Node("decimal", node.text, node.level, run, [node], scale)


def to_timestamp(node):
    if node.kind == "timestamp":
        return node
    return Node("timestamp", node.text, node.level, apply(strict(lambda v: v * US_PER_DAY), [node]), [node])


def unified(nodes):
    """The nodes brought to one kind and scale; nulls without a type are left alone."""
    typed = [n for n in nodes if n.kind != "null"]
    kinds = {n.kind for n in typed}
    if kinds == {"int"}:
        return nodes, "int", 0
    if kinds <= {"int", "decimal"}:
        scale = max(n.scale for n in typed)
        return [n if n.kind == "null" else rescaled(n, scale) for n in nodes], "decimal", scale
    if kinds == {"date", "timestamp"}:
        return [n if n.kind == "null" else to_timestamp(n) for n in nodes], "timestamp", 0
    assert len(kinds) == 1
    return nodes, kinds.pop(), 0


# Values -----------------------------------------------------------------------------------


def number_text(value, scale):
    digits = str(abs(value)).rjust(scale + 1, "0")
    return ("-" if value < 0 else "") + (f"{digits[:-scale]}.{digits[-scale:]}" if scale else digits)


def moment(us):
    return EPOCH + datetime.timedelta(microseconds=us)


def timestamp_text(us):
    t = moment(us)
    return f"{t.year:04}-{t.month:02}-{t.day:02} {t.hour:02}:{t.minute:02}:{t.second:02}.{t.microsecond:06}Z"


def date_text(days):
    return (datetime.date(1970, 1, 1) + datetime.timedelta(days=days)).isoformat()


def value_text(kind, scale, value):
    if value is None:
        return "\\N"
    if value is OVER:
        return "\\O"
    if kind == "text":
        return value
    if kind == "bool":
        return "true" if value else "false"
    if kind == "date":
        return date_text(value)
    if kind == "timestamp":
        return timestamp_text(value)
    return number_text(value, scale)


def literal(kind, value, scale=0):
    text = value_text(kind, scale, value)
    if kind == "text":
        text = "'" + value.replace("'", "''") + "'"
    elif kind in ("date", "timestamp"):
        text = f"{kind} '{text}'"
    return Node(kind, text, SIGN if text.startswith("-") else ATOM, lambda row: value, scale=scale, is_literal=True)


def null():
    return Node("null", "null", ATOM, lambda row: None, is_literal=True)


LETTERS = ["a", "b", "B", "c", "é", "É", "ñ", "Ω", "ω", "1", "2", "%", "_", "'", "漢", "😀", " ", "*", "[", "?", "\\"]


def random_text(rng):
    return "".join(rng.choice(LETTERS) for _ in range(rng.choice([0, 1, 1, 2, 3, 4, 5, 8, 9, 16, 17, 30])))


def random_value(rng, kind, scale=0):
    if kind == "text":
        few = "".join(rng.choice("ab[") for _ in range(rng.randint(0, 5)))  # that patterns meet
        return rng.choice(["", "ab", "abc", "B", "é", few, few, random_text(rng), random_text(rng)])
    if kind == "bool":
        return rng.random() < 0.5
    if kind == "int":
        return rng.choice([0, 1, -1, 2, 3, 7, -5, 12, 100, rng.randint(-1000, 1000), rng.randint(-1000, 1000),
                           rng.randint(-10**10, 10**10), rng.randint(INT_MIN, INT_MAX), INT_MAX, INT_MIN, INT_MIN + 1])
    if kind == "decimal":
        return rng.choice([0, 1, -1, 5, 50, 100, -250, rng.randint(-10**4, 10**4), rng.randint(-10**6, 10**6),
                           rng.randint(-10**9, 10**9)])
    if kind == "date":
        return rng.choice([0, -1, 19782, 19783, rng.randint(0, 25000), rng.randint(-30000, 40000), DATE_MIN, DATE_MAX])
    return rng.choice([0, -1, 19782 * US_PER_DAY, rng.randint(0, 25000 * US_PER_DAY), rng.randint(-2 * 10**15, 4 * 10**15),
                       NOW, NOW - rng.randint(0, 10**13), TIME_MIN + 2 * US_PER_DAY, TIME_MAX - 2 * US_PER_DAY])


SCHEMA = [
    ("amount", "decimal", 12, 2), ("rate", "decimal", 10, 6), ("big", "decimal", 18, 0), ("n", "int", 0, 0), ("m", "int", 0, 0),
    ("k", "int", 0, 0), ("small", "int", 0, 0), ("s", "text", 0, 0), ("t", "text", 0, 0), ("u", "text", 0, 0), ("b", "bool", 0, 0),
    ("c", "bool", 0, 0), ("d", "date", 0, 0), ("e", "date", 0, 0), ("ts", "timestamp", 0, 0), ("us", "timestamp", 0, 0),
]


def type_text(kind, precision, scale):
    return f"decimal({precision},{scale})" if kind == "decimal" else kind


def random_row(rng):
    row = {}
    for name, kind, precision, scale in SCHEMA:
        value = random_value(rng, kind, scale)
        if name == "k":
            value = rng.randint(-5, 5)
        if name == "small":
            value = rng.randint(-50, 50)
        if name == "big":
            value = rng.choice([value, rng.randint(-DECIMAL_END + 1, DECIMAL_END - 1)])
        row[name] = None if rng.random() < 0.2 else value
    return row


# Trees ------------------------------------------------------------------------------------


def compare(operator, x, y):
    test = {"=": lambda a, b: a == b, "<>": lambda a, b: a != b, "<": lambda a, b: a < b, "<=": lambda a, b: a <= b,
            ">": lambda a, b: a > b, ">=": lambda a, b: a >= b}["<>" if operator == "!=" else operator]
    a_times = 10 ** max(y.scale - x.scale, 0)
    b_times = 10 ** max(x.scale - y.scale, 0)
    if x.kind in ("int", "decimal") or y.kind in ("int", "decimal"):
        function = strict(lambda a, b: test(a * a_times, b * b_times))
    elif x.kind == "text" or y.kind == "text":
        function = strict(lambda a, b: test(a.encode(), b.encode()))
    else:
        if "date" in (x.kind, y.kind) and "timestamp" in (x.kind, y.kind):
            x, y = (n if n.kind == "null" else to_timestamp(n) for n in (x, y))
        function = strict(test)
    return Node("bool", f"{x.at(SUM)} {operator} {y.at(SUM)}", COMPARE, apply(function, [x, y]), [x, y])


def logic_and(a, b):
    if a is False or b is False:
        return False
    if a is OVER or b is OVER:
        return OVER
    return None if a is None or b is None else True


def logic_or(a, b):
    if a is True or b is True:
        return True
    if a is OVER or b is OVER:
        return OVER
    return None if a is None or b is None else False


def negated(x):
    return apply(strict(lambda v: not v), [x])


def like_regex(pattern, escape):
    out, i = [], 0
    while i < len(pattern):
        c = pattern[i]
        if c == escape:
            i += 1
            out.append(re.escape(pattern[i]))
        else:
            out.append(".*" if c == "%" else "." if c == "_" else re.escape(c))
        i += 1
    return re.compile("".join(out), re.DOTALL)


def round_half_away(numerator, denominator):
    """Of integers; the quotient."""
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    q, r = divmod(abs(numerator), denominator)
    q += 2 * r >= denominator
    return -q if numerator < 0 else q


def local(us, zone):
    if zone is None:
        return us
    info = FIXED.get(zone) or zoneinfo.ZoneInfo(zone)
    return us + int(moment(us).astimezone(info).utcoffset().total_seconds()) * 10**6


def part(name, us):
    days, rest = divmod(us, US_PER_DAY)
    if name == "hour":
        return rest // (3600 * 10**6)
    if name == "minute":
        return rest // (60 * 10**6) % 60
    if name == "second":
        return rest // 10**6 % 60
    day = datetime.date(1970, 1, 1) + datetime.timedelta(days=days)
    return day.weekday() if name == "dayofweek" else getattr(day, name)


PATTERNS = ["^a", "b+", "[a-c]$", "\\d", "^.$", "a|b", "^(é|É)", "(a.)+b?$", "^[^%]*$"]


class Generator:
    def __init__(self, seed):
        self.rng = random.Random(seed)

    def pick(self, *choices):
        return self.rng.choice(choices)

    def leaf(self, kind):
        columns = [c for c in SCHEMA if c[1] == kind]
        if self.rng.random() < 0.7:
            name, _, _, scale = self.rng.choice(columns)
            return Node(kind, self.pick(name, name, f'"{name}"'), ATOM, lambda row: row[name], scale=scale)
        scale = self.pick(1, 2, 2, 3, 6) if kind == "decimal" else 0
        return literal(kind, random_value(self.rng, kind, scale), scale)

    def node(self, kind, depth):
        if depth <= 0 or self.rng.random() < 0.15:
            return self.leaf(kind)
        if self.rng.random() < 0.15:
            return self.choice(kind, depth - 1)
        return getattr(self, kind)(depth - 1)

    def number(self, depth):
        return self.node(self.pick("int", "decimal", "decimal"), depth)

    def time(self, depth):
        return self.node(self.pick("date", "timestamp"), depth)

    def any_of(self, kind, depth):
        """Of a kind that mixes with it."""
        if kind in ("int", "decimal"):
            return self.node(self.pick("int", kind), depth)
        if kind == "timestamp":
            return self.node(self.pick("date", kind), depth)
        return self.node(kind, depth)

    def or_null(self, node):
        return null() if self.rng.random() < 0.15 else node

    # What gives any kind

    def choice(self, kind, depth):
        form = self.pick("coalesce", "nullif", "case", "case", "simple case", "least", "greatest")
        if form in ("least", "greatest") and kind == "bool":
            form = "coalesce"
        if form.endswith("case"):
            return self.case(kind, depth, form == "simple case")
        first = self.node(kind, depth)
        rest = [self.or_null(self.any_of(kind, depth)) for _ in range(1 if form == "nullif" else self.rng.randint(0, 3))]
        nodes, out_kind, scale = unified([first] + rest)
        text = f"{self.pick(form, form.upper())}({', '.join(n.text for n in nodes)})"
        return Node(out_kind, text, ATOM, apply(self.chooser(form, out_kind), nodes), nodes, scale)

    @staticmethod
    def chooser(form, kind):
        key = (lambda v: v.encode()) if kind == "text" else (lambda v: v)

        def coalesce(*values):
            return next((v for v in values if v is not None), None)

        def nullif(a, b):
            if a is OVER or b is OVER:
                return OVER
            return None if a is None or a == b else a

        return {"coalesce": coalesce, "nullif": nullif, "least": strict(lambda *v: min(v, key=key)),
                "greatest": strict(lambda *v: max(v, key=key))}[form]

    def case(self, kind, depth, is_simple):
        n_branches = self.rng.randint(1, 3)
        values = [self.node(kind, depth)] + [self.or_null(self.any_of(kind, depth)) for _ in range(n_branches)]
        values = values[: n_branches + self.rng.randint(0, 1)]
        values, out_kind, scale = unified(values)
        if is_simple:
            of = self.pick("int", "text", "date", "bool", "decimal")
            operand = self.node(of, depth)
            whens = [self.node(of, depth) for _ in range(n_branches)]
            conditions = [compare("=", operand, when) for when in whens]
            head = f"case {operand.text}"
        else:
            conditions = [self.node("bool", depth) for _ in range(n_branches)]
            whens, head = conditions, "case"
        text = head + "".join(f" when {w.text} then {v.text}" for w, v in zip(whens, values))
        text += (f" else {values[-1].text}" if len(values) > n_branches else "") + " end"

        def evaluate(row):
            for condition, value in zip(conditions, values):
                met = condition.evaluate(row)
                if met is OVER:
                    return OVER
                if met is True:
                    return value.evaluate(row)
            return values[-1].evaluate(row) if len(values) > n_branches else None

        return Node(out_kind, text, ATOM, evaluate, conditions + values, scale)

    # One kind each

    def bool(self, depth):
        form = self.pick("compare", "compare", "and", "or", "not", "null", "in", "between", "like", "matches")
        return getattr(self, "bool_" + form)(depth)

    def pair(self, depth):
        kind = self.pick("number", "number", "text", "time", "bool")
        if kind == "bool":
            return self.node("bool", depth), self.node("bool", depth), True
        make = self.number if kind == "number" else self.time if kind == "time" else lambda d: self.node("text", d)
        return make(depth), make(depth), False

    def near(self):
        """A small column, and a constant between its values as often as not."""
        columns = [c for c in SCHEMA if c[0] in ("k", "amount")]
        name, kind, _, scale = self.rng.choice(columns)
        x = Node(kind, name, ATOM, lambda row: row[name], scale=scale)
        places = self.rng.randint(0, scale + 2)
        return x, literal("decimal" if places else "int", self.rng.randint(-5 * 10**places, 5 * 10**places), places), False

    def bool_compare(self, depth):
        x, y, is_bool = self.near() if self.rng.random() < 0.3 else self.pair(depth)
        y = self.or_null(y)
        operator = self.pick("=", "<>") if is_bool else self.pick("=", "<>", "!=", "<", "<=", ">", ">=")
        return compare(operator, x, y) if self.rng.random() < 0.7 or y.kind == "null" else compare(operator, y, x)

    def bool_and(self, depth):
        x, y = self.node("bool", depth), self.node("bool", depth)
        return Node("bool", f"{x.at(AND)} {self.pick('and', 'AND')} {y.at(NOT)}", AND, apply(logic_and, [x, y]), [x, y])

    def bool_or(self, depth):
        x, y = self.node("bool", depth), self.node("bool", depth)
        return Node("bool", f"{x.at(OR)} or {y.at(AND)}", OR, apply(logic_or, [x, y]), [x, y])

    def bool_not(self, depth):
        x = self.node("bool", depth)
        return Node("bool", f"not {x.at(NOT)}", NOT, negated(x), [x])

    def bool_null(self, depth):
        x = self.node(self.pick("int", "decimal", "text", "date", "timestamp", "bool"), depth)
        is_not = self.rng.random() < 0.5

        def evaluate(v):
            return OVER if v is OVER else (v is None) != is_not

        return Node("bool", f"{x.at(SUM)} is {'not ' if is_not else ''}null", COMPARE, apply(evaluate, [x]), [x])

    def bool_in(self, depth):
        x, y, _ = self.pair(depth)
        kind = x.kind
        members = [y] + [self.or_null(self.leaf(kind) if self.rng.random() < 0.8 else self.any_of(kind, depth))
                         for _ in range(self.rng.choice([0, 1, 2, 5, 12]))]
        equals = [compare("=", x, member) for member in members]
        is_not = self.rng.random() < 0.3

        def evaluate(row):
            out = False
            for equal in equals:
                out = logic_or(out, equal.evaluate(row))
            return (not out) if is_not and isinstance(out, bool) else out

        text = f"{x.at(SUM)} {'not ' if is_not else ''}in ({', '.join(m.text for m in members)})"
        return Node("bool", text, COMPARE, evaluate, [x] + members)

    def bool_between(self, depth):
        while True:
            x, low, is_bool = self.pair(depth)
            if not is_bool:
                break
        high = self.or_null(self.any_of(x.kind, depth))
        above, below = compare(">=", x, low), compare("<=", x, high)
        is_not = self.rng.random() < 0.3

        def evaluate(row):
            out = logic_and(above.evaluate(row), below.evaluate(row))
            return (not out) if is_not and isinstance(out, bool) else out

        text = f"{x.at(SUM)} {'not ' if is_not else ''}between {low.at(SUM)} and {high.at(SUM)}"
        return Node("bool", text, COMPARE, evaluate, [above, below])

    def pattern(self):
        """Of LIKE, with its escape or None."""
        if self.rng.random() < 0.5:
            return "".join(self.pick("a", "b", "[", "%", "_") for _ in range(self.rng.randint(1, 5))), None
        escape = self.pick(None, None, "\\", "a", "é")
        out = ""
        for _ in range(self.rng.randint(0, 5)):
            c = self.pick("%", "_", *LETTERS)
            out += escape + self.pick("%", "_", escape) if c == escape or (escape and self.rng.random() < 0.2) else c
        return out, escape

    def bool_like(self, depth):
        x = self.node("text", depth)
        pattern, escape = self.pattern()
        regex = like_regex(pattern, escape)
        is_not = self.rng.random() < 0.3
        text = f"{x.at(SUM)} {'not ' if is_not else ''}like {literal('text', pattern).text}"
        text += f" escape '{escape}'" if escape else ""
        run = strict(lambda v: (regex.fullmatch(v) is not None) != is_not)
        return Node("bool", text, COMPARE, apply(run, [x]), [x])

    def bool_matches(self, depth):
        x = self.node("text", depth)
        pattern = self.rng.choice(PATTERNS)
        regex = re.compile(pattern, re.ASCII)
        run = strict(lambda v: regex.search(v) is not None)
        return Node("bool", f"matches({x.text}, '{pattern}')", ATOM, apply(run, [x]), [x], folds=False)

    def arithmetic(self, kind, depth):
        operator = self.pick("+", "-", "*")
        while True:
            x, y = self.node(kind, depth), self.any_of(kind, depth)
            if self.rng.random() < 0.5:
                x, y = y, x
            if operator != "*" or x.scale + y.scale <= 18:
                break
            depth = 0
        if operator == "*":
            both, scale = [x, y], x.scale + y.scale
            out_kind = "int" if {x.kind, y.kind} == {"int"} else "decimal"
            text, level = f"{x.at(PRODUCT)} * {y.at(SIGN)}", PRODUCT
            run = strict(lambda a, b: in_range(out_kind, a * b))
        else:
            both, out_kind, scale = unified([x, y])
            text, level = f"{x.at(SUM)} {operator} {y.at(PRODUCT)}", SUM
            sign = 1 if operator == "+" else -1
            run = strict(lambda a, b: in_range(out_kind, a + sign * b))
        return Node(out_kind, text, level, apply(run, both), both, scale)

    def negate_or_abs(self, kind, depth):
        x = self.node(kind, depth)
        if self.rng.random() < 0.5:
            run = strict(lambda v: in_range(x.kind, abs(v)))
            return Node(x.kind, f"abs({x.text})", ATOM, apply(run, [x]), [x], x.scale)
        run = strict(lambda v: in_range(x.kind, -v))
        return Node(x.kind, f"-{x.at(SIGN)}", SIGN, apply(run, [x]), [x], x.scale)

    def int(self, depth):
        form = self.pick("arithmetic", "arithmetic", "sign", "length", "part", "part")
        if form == "arithmetic":
            return self.arithmetic("int", depth)
        if form == "sign":
            return self.negate_or_abs("int", depth)
        if form == "length":
            x = self.node("text", depth)
            return Node("int", f"length({x.text})", ATOM, apply(strict(len), [x]), [x])
        name = self.pick("year", "month", "day", "dayofweek", "hour", "minute", "second")
        x, zone = self.moment(depth)
        unit = US_PER_DAY if x.kind == "date" else 1
        run = strict(lambda v: part(name, local(v * unit, zone)))
        return Node("int", f"{name}({x.text}{self.zone_text(zone)})", ATOM, apply(run, [x]), [x])

    @staticmethod
    def zone_text(zone):
        return f", '{zone}'" if zone else ""

    def moment(self, depth):
        """A date or timestamp, and a zone or None; zones keep off the ends of time."""
        if self.rng.random() < 0.3:
            name = self.pick("ts", "us")
            middle = Node("timestamp", f"case when year({name}) between 1902 and 2100 then {name} end", ATOM,
                          lambda row: row[name] if row[name] is not None and 1902 <= part("year", row[name]) <= 2100 else None)
            return middle, self.rng.choice(ZONES)
        return self.time(depth), None

    def decimal(self, depth):
        form = self.pick("arithmetic", "arithmetic", "sign", "round", "divide")
        if form == "arithmetic":
            return self.arithmetic("decimal", depth)
        if form == "sign":
            return self.negate_or_abs("decimal", depth)
        scale = self.rng.randint(0, 8)
        if form == "round":
            x = self.node("decimal", depth)
            if x.kind == "int" and scale == 0:
                scale = 1
            if x.scale <= scale:
                return Node("decimal", f"round({x.text}, {scale})", ATOM, rescaled(x, scale).evaluate, [rescaled(x, scale)], scale)
            run = strict(lambda v: round_half_away(v, 10 ** (x.scale - scale)))
            text = f"round({x.text}, {scale})" if scale or self.rng.random() < 0.5 else f"round({x.text})"
            return Node("decimal", text, ATOM, apply(run, [x]), [x], scale)
        x, y = self.number(depth), self.number(depth)

        def divide(a, b):
            if b == 0:
                return OVER
            return in_range("decimal", round_half_away(a * 10 ** (y.scale + scale), b * 10**x.scale))

        text = f"round({x.at(PRODUCT)} / {y.at(SIGN)}, {scale})"
        return Node("decimal", text, ATOM, apply(strict(divide), [x, y]), [x, y], scale)

    def text(self, depth):
        form = self.pick("lower", "upper", "trim", "substr", "substr", "||", "concat")
        x = self.node("text", depth)
        if form in ("lower", "upper", "trim"):
            run = strict({"lower": str.lower, "upper": str.upper, "trim": lambda v: v.strip(" \t\n\v\f\r")}[form])
            return Node("text", f"{form}({x.text})", ATOM, apply(run, [x]), [x])
        if form == "substr":
            return self.substr(x, depth)
        y = self.node("text", depth)
        run = strict(lambda a, b: a + b)
        if form == "||":
            return Node("text", f"{x.at(SUM)} || {y.at(PRODUCT)}", SUM, apply(run, [x, y]), [x, y])
        return Node("text", f"concat({x.text}, {y.text})", ATOM, apply(run, [x, y]), [x, y])

    def substr(self, x, depth):
        start = self.node("int", 0) if self.rng.random() < 0.2 else literal("int", self.rng.randint(-3, 6))
        count = literal("int", self.rng.randint(-1, 6)) if self.rng.random() < 0.6 else None

        def evaluate(s, first, n=None):
            if n is not None and n < 0:
                return OVER
            end = len(s) if n is None else max(min(first - 1 + n, len(s)), 0)
            return s[max(first - 1, 0):end]

        kids = [x, start] + ([count] if count else [])
        return Node("text", f"substr({', '.join(k.text for k in kids)})", ATOM, apply(strict(evaluate), kids), kids)

    def interval(self, x, out_kind, unit, name, depth):
        n = literal("int", self.rng.randint(-2000, 2000)) if self.rng.random() < 0.7 else self.node("int", depth - 1)
        sign = self.pick(1, -1)
        run = strict(lambda v, count: in_range(out_kind, v + sign * count * unit))
        if sign == 1 and self.rng.random() < 0.2:
            return Node(out_kind, f"{name}({n.text}) + {x.at(PRODUCT)}", SUM, apply(run, [x, n]), [x, n])
        text = f"{x.at(SUM)} {'+' if sign > 0 else '-'} {name}({n.text})"
        return Node(out_kind, text, SUM, apply(run, [x, n]), [x, n])

    def date(self, depth):
        if self.rng.random() < 0.5:
            return self.interval(self.node("date", depth), "date", 1, "days", depth)
        x, zone = self.moment(depth)
        unit = US_PER_DAY if x.kind == "date" else 1
        run = strict(lambda v: in_range("date", local(v * unit, zone) // US_PER_DAY))
        return Node("date", f"date({x.text}{self.zone_text(zone)})", ATOM, apply(run, [x]), [x])

    def timestamp(self, depth):
        if self.rng.random() < 0.2:
            return Node("timestamp", "now()", ATOM, lambda row: NOW)
        name, unit = self.pick(("days", US_PER_DAY), ("hours", 3600 * 10**6), ("minutes", 60 * 10**6))
        x = self.node("timestamp", depth) if name == "days" else self.time(depth)
        x = x if name == "days" and x.kind == "date" else to_timestamp(x)
        if x.kind == "date":
            return to_timestamp(self.interval(x, "date", 1, name, depth))
        return self.interval(x, "timestamp", unit, name, depth)


# The probe --------------------------------------------------------------------------------


def command(*words):
    return SEPARATOR.join(words)


def setup(rows):
    schema = [w for name, kind, precision, scale in SCHEMA for w in (name, type_text(kind, precision, scale))]
    lines = [command("schema", *schema), command("now", str(NOW))]
    for row in rows:
        lines.append(command("row", *[value_text(kind, scale, row[name]) for name, kind, _, scale in SCHEMA]))
    return lines


def ask(lines):
    run = subprocess.run([PROBE], input="\n".join(lines) + "\n", capture_output=True, encoding="utf-8", check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    return [line.split(SEPARATOR) for line in run.stdout.split("\n")[:-1]]


N_ROWS = 100
N_EXPRESSIONS = 1300
FEWEST = 100_000


def test_expressions_agree_with_an_evaluator_in_python():
    rng = random.Random(20260101)
    generator = Generator(20260102)
    rows = [random_row(rng) for _ in range(N_ROWS)]
    kinds = ["bool"] * 4 + ["int", "decimal", "decimal", "text", "date", "timestamp"]
    nodes = [generator.node(kinds[i % len(kinds)], 1 + i % 4) for i in range(N_EXPRESSIONS)]
    answers = ask(setup(rows) + [command("expr", node.text) for node in nodes])
    assert len(answers) == len(nodes)
    wrong, n_cases = [], 0
    for node, answer in zip(nodes, answers):
        if node.never_fits():
            if answer[0] != "error" or "out of range" not in answer[3]:
                wrong.append((node.text, "a constant out of range was accepted", answer[:2]))
            continue
        if answer[0] != "ok":
            wrong.append((node.text, answer))
            continue
        scale = int(answer[1].rstrip(")").split(",")[1]) if answer[1].startswith("decimal") else 0
        if (answer[1].split("(")[0], scale) != (node.kind, node.scale):
            wrong.append((node.text, f"type {answer[1]}", f"expected {node.kind} scale {node.scale}"))
            continue
        for row, got in zip(rows, answer[2:], strict=True):
            expected = value_text(node.kind, node.scale, node.evaluate(row))
            n_cases += 1
            if expected != got:
                wrong.append((node.text, {k: row[k] for k in row if k in node.text}, f"expected {expected}", f"got {got}"))
                break
    assert not wrong, f"{len(wrong)} of {len(nodes)} expressions differ: {wrong[:5]}"
    assert n_cases >= FEWEST


# SQLite -----------------------------------------------------------------------------------


class SqliteGenerator(Generator):
    """What both languages write and mean alike: small ints, texts, bools."""

    def near(self):
        return self.pair(0)

    def leaf(self, kind):
        if kind == "int" and self.rng.random() > 0.7:
            return literal("int", self.rng.randint(-20, 20))
        if kind == "int":
            name = self.pick("k", "k", "small")
            return Node("int", name, ATOM, lambda row: row[name])
        return super().leaf(kind)

    def any_of(self, kind, depth):
        return self.node(kind, depth)

    def choice(self, kind, depth):
        form = self.pick("coalesce", "nullif", "case", "simple case")
        if form.endswith("case"):
            return self.case(kind, depth, form == "simple case")
        nodes = [self.node(kind, depth), self.or_null(self.node(kind, depth))]
        return Node(kind, f"{form}({nodes[0].text}, {nodes[1].text})", ATOM, None, nodes)

    def case(self, kind, depth, is_simple):
        of = self.pick("int", "text", "bool") if is_simple else "bool"
        head = f"case {self.node(of, depth).text}" if is_simple else "case"
        whens = "".join(f" when {self.node(of, depth).text} then {self.node(kind, depth).text}" for _ in range(self.rng.randint(1, 3)))
        last = f" else {self.node(kind, depth).text}" if self.rng.random() < 0.7 else ""
        return Node(kind, f"{head}{whens}{last} end", ATOM, None)

    def pair(self, depth):
        kind = self.pick("int", "int", "text", "bool")
        return self.node(kind, depth), self.node(kind, depth), kind == "bool"

    def bool(self, depth):
        form = self.pick("compare", "compare", "and", "or", "not", "null", "in", "between", "like")
        return getattr(self, "bool_" + form)(depth)

    def bool_null(self, depth):
        x = self.node(self.pick("int", "text", "bool"), depth)
        return Node("bool", f"{x.at(SUM)} is {self.pick('', 'not ')}null", COMPARE, None, [x])

    def int(self, depth):
        form = self.pick("+", "-", "*", "abs", "length", "minus")
        if form == "length":
            return Node("int", f"length({self.node('text', depth).text})", ATOM, None)
        x, y = self.node("int", depth), self.node("int", depth)
        if form == "abs":
            return Node("int", f"abs({x.text})", ATOM, None, [x])
        if form == "minus":
            return Node("int", f"- {x.at(SIGN)}", SIGN, None, [x])
        if form == "*":
            return Node("int", f"{x.at(PRODUCT)} * {y.at(SIGN)}", PRODUCT, None, [x, y])
        return Node("int", f"{x.at(SUM)} {form} {y.at(PRODUCT)}", SUM, None, [x, y])

    def text(self, depth):
        x = self.node("text", depth)
        if self.rng.random() < 0.5:
            count = f", {self.rng.randint(0, 5)}" if self.rng.random() < 0.6 else ""
            return Node("text", f"substr({x.text}, {self.rng.randint(1, 5)}{count})", ATOM, None, [x])
        # In SQLite || binds tightest; here it is an addition. Parentheses say the same to both.
        y = self.node("text", depth)
        return Node("text", f"{x.at(ATOM)} || {y.at(ATOM)}", SUM, None, [x, y])


def sqlite_rows(rows):
    """A table as the warehouse would hold it: minor units, texts for times, 0 and 1."""
    database = sqlite3.connect(":memory:")
    database.execute("PRAGMA case_sensitive_like = ON")
    names = [name + ("_minor" if kind == "decimal" else "") for name, kind, _, _ in SCHEMA]
    types = {"int": "INTEGER", "decimal": "INTEGER", "bool": "INTEGER", "text": "TEXT", "date": "TEXT", "timestamp": "TEXT"}
    columns = ", ".join(f'"{name}" {types[kind]}' for name, (_, kind, _, _) in zip(names, SCHEMA))
    database.execute(f"CREATE TABLE r (id INTEGER PRIMARY KEY, {columns}) STRICT")
    for row in rows:
        values = []
        for name, kind, _, _ in SCHEMA:
            v = row[name]
            values.append(value_text(kind, 0, v) if v is not None and kind in ("date", "timestamp") else v)
        database.execute(f"INSERT INTO r VALUES (NULL, {', '.join('?' * len(names))})", values)
    return database


def sqlite_value_text(kind, scale, value):
    if value is None:
        return "\\N"
    if kind == "bool":
        return "true" if value else "false"
    if kind in ("int", "decimal"):
        assert isinstance(value, int), value
        return number_text(value, scale)
    return value


def test_expressions_agree_with_sqlite_reading_the_same_text():
    rng = random.Random(20260201)
    generator = SqliteGenerator(20260202)
    rows = [random_row(rng) for _ in range(N_ROWS)]
    database = sqlite_rows(rows)
    kinds = ["bool", "bool", "bool", "int", "text"]
    nodes = [generator.node(kinds[i % len(kinds)], 1 + i % 4) for i in range(1100)]
    answers = ask(setup(rows) + [command("expr", node.text) for node in nodes])
    wrong, n_cases = [], 0
    for node, answer in zip(nodes, answers, strict=True):
        if answer[0] != "ok":
            wrong.append((node.text, answer))
            continue
        theirs = database.execute(f"SELECT {node.text} FROM r ORDER BY id").fetchall()
        for row, (value,), got in zip(rows, theirs, answer[2:], strict=True):
            n_cases += 1
            if sqlite_value_text(node.kind, 0, value) != got:
                wrong.append((node.text, {k: row[k] for k in row if k in node.text}, f"SQLite {value!r}", f"got {got}"))
                break
    assert not wrong, f"{len(wrong)} of {len(nodes)} expressions differ: {wrong[:5]}"
    assert n_cases >= FEWEST


def test_printed_sql_means_the_same_in_sqlite():
    """What fe_expr_print_sql writes, run by SQLite on the warehouse's columns."""
    rng = random.Random(20260301)
    generator = Generator(20260302)
    rows = [random_row(rng) for _ in range(N_ROWS)]
    for row in rows:  # where SQLite's 64-bit products would turn into floats
        row["n"] = None if row["n"] is None else rng.randint(-1000, 1000)
        row["m"] = None if row["m"] is None else rng.randint(-1000, 1000)
        row["big"] = None if row["big"] is None else rng.randint(-10**6, 10**6)
    database = sqlite_rows(rows)
    kinds = ["bool", "bool", "bool", "int", "decimal", "text", "date", "timestamp"]
    nodes = [generator.node(kinds[i % len(kinds)], 1 + i % 3) for i in range(1200)]
    questions = [q for node in nodes for q in (command("expr", node.text), command("sql", "sqlite", node.text))]
    answers = ask(setup(rows) + questions)
    wrong, n_cases, n_refused = [], 0, 0
    for i, node in enumerate(nodes):
        ours, sql = answers[2 * i], answers[2 * i + 1]
        if ours[0] != "ok":
            continue
        if sql[0] != "ok":
            n_refused += 1
            assert "no exact counterpart" in sql[3], sql
            continue
        theirs = database.execute(f"SELECT {sql[1]} FROM r ORDER BY id").fetchall()
        for row, (value,), got in zip(rows, theirs, ours[2:], strict=True):
            if got == "\\O" or isinstance(value, float):  # out of range on one of the sides
                continue
            n_cases += 1
            if sqlite_value_text(node.kind, node.scale, value) != got:
                wrong.append((node.text, sql[1], {k: row[k] for k in row if k in node.text}, f"SQLite {value!r}", f"got {got}"))
                break
    assert not wrong, f"{len(wrong)} of {len(nodes)} expressions differ: {wrong[:5]}"
    assert n_cases >= 40_000 and n_refused > 50
