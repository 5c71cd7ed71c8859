# SPDX-License-Identifier: Apache-2.0
"""Expressions of a pipeline file, evaluated one record at a time.

Part of the model (model.py): slow, plain, and written from the description of the
language alone. Decimals are decimal.Decimal, moments and days are classes of their
own so that they cannot be mixed up with numbers, null is None.
"""

import datetime
import re
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

EXACT = Context(prec=200)
INT64 = 2**63
DAY_US = 86_400_000_000
EPOCH_ORDINAL = datetime.date(1970, 1, 1).toordinal()
MIN_US = (1 - EPOCH_ORDINAL) * DAY_US
MAX_US = (datetime.date.max.toordinal() + 1 - EPOCH_ORDINAL) * DAY_US - 1


class Timestamp(NamedTuple):
    us: int  # since 1970-01-01T00:00:00Z


class Date(NamedTuple):
    days: int  # since 1970-01-01


class Interval(NamedTuple):
    us: int


class Overflow(Exception):
    """A number that 64 bits cannot hold at its scale."""


TOKEN = re.compile(
    r"""\s*(?:
    (?P<number>\d+(?:\.\d+)?)
  | (?P<text>'(?:[^']|'')*')
  | (?P<quoted>"[^"]+")
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<sign><=|>=|<>|!=|\|\||[-+*/(),=<>])
    )""",
    re.X,
)


def tokens_of(text):
    position, out = 0, []
    text = text.rstrip()
    while position < len(text):
        found = TOKEN.match(text, position)
        if not found:
            raise SyntaxError(f"{text!r} at {position}")
        position = found.end()
        kind = found.lastgroup
        value = found.group(kind)
        if kind == "name" and value.lower() in WORDS:
            kind, value = "word", value.lower()
        elif kind == "quoted":
            kind, value = "name", value[1:-1]
        elif kind == "text":
            value = value[1:-1].replace("''", "'")
        out.append((kind, value))
    return out


WORDS = {
    "or", "and", "not", "in", "between", "like", "escape", "is", "null", "true",
    "false", "case", "when", "then", "else", "end",
}


def compile_expression(text):
    """A function (row: dict, now: Timestamp) -> value."""
    parser = Parser(tokens_of(text))
    node = parser.disjunction()
    if parser.peek() != (None, None):
        raise SyntaxError(f"{text!r}: left over {parser.peek()}")
    return node


class Parser:
    def __init__(self, tokens):
        self.tokens, self.at = tokens, 0

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else (None, None)

    def take(self, *values):
        kind, value = self.peek()
        if kind in ("word", "sign") and value in values:
            self.at += 1
            return value
        return None

    def need(self, value):
        if not self.take(value):
            raise SyntaxError(f"{value!r} expected, {self.peek()} found")

    def disjunction(self):
        left = self.conjunction()
        while self.take("or"):
            left = either(left, self.conjunction())
        return left

    def conjunction(self):
        left = self.negation()
        while self.take("and"):
            left = both(left, self.negation())
        return left

    def negation(self):
        if self.take("not"):
            return negate(self.negation())
        return self.comparison()

    def comparison(self):
        left = self.sum()
        sign = self.take("=", "<>", "!=", "<", "<=", ">", ">=")
        if sign:
            return compare(sign, left, self.sum())
        if self.take("is"):
            wanted = not self.take("not")
            self.need("null")
            return lambda row, now: (left(row, now) is None) == wanted
        inverted = bool(self.take("not"))
        if self.take("in"):
            node = self.member(left)
        elif self.take("between"):
            low = self.sum()
            self.need("and")
            high = self.sum()
            node = both(compare(">=", left, low), compare("<=", left, high))
        elif self.take("like"):
            node = self.like(left)
        elif inverted:
            raise SyntaxError("not what?")
        else:
            return left
        return negate(node) if inverted else node

    def member(self, left):
        self.need("(")
        node = compare("=", left, self.sum())
        while self.take(","):
            node = either(node, compare("=", left, self.sum()))
        self.need(")")
        return node

    def like(self, left):
        pattern = self.sum()
        escape = self.sum() if self.take("escape") else None

        def evaluate(row, now):
            text, form = left(row, now), pattern(row, now)
            if text is None or form is None:
                return None
            return bool(like_pattern(form, escape(row, now) if escape else None).fullmatch(text))

        return evaluate

    def sum(self):
        left = self.product()
        while sign := self.take("+", "-", "||"):
            left = arithmetic(sign, left, self.product())
        return left

    def product(self):
        left = self.factor()
        while sign := self.take("*", "/"):
            left = arithmetic(sign, left, self.factor())
        return left

    def factor(self):
        if self.take("-"):
            operand = self.factor()

            def evaluate(row, now):
                value = operand(row, now)
                return None if value is None else checked(-value)

            return evaluate
        return self.primary()

    def primary(self):
        kind, value = self.peek()
        if self.take("("):
            node = self.disjunction()
            self.need(")")
            return node
        if self.take("case"):
            return self.case()
        if kind == "word" and value in ("true", "false", "null"):
            self.at += 1
            constant = {"true": True, "false": False, "null": None}[value]
            return lambda row, now: constant
        self.at += 1
        if kind == "number":
            number = Decimal(value) if "." in value else int(value)
            return lambda row, now: number
        if kind == "text":
            return lambda row, now: value
        if kind == "name":
            if self.peek() == ("sign", "("):
                return self.call(value.lower())
            return lambda row, now: row[value]
        raise SyntaxError(f"value expected, {kind} {value!r} found")

    def call(self, name):
        self.need("(")
        arguments = []
        if not self.take(")"):
            arguments.append(self.disjunction())
            while self.take(","):
                arguments.append(self.disjunction())
            self.need(")")
        if name == "now":
            return lambda row, now: now
        if name == "coalesce":
            return coalesce(arguments)
        if name == "round" and len(arguments) <= 2:
            return rounded(*arguments)
        function = FUNCTIONS[name]

        def evaluate(row, now):
            values = [argument(row, now) for argument in arguments]
            return None if None in values else function(*values)

        return evaluate

    def case(self):
        subject = None if self.peek() == ("word", "when") else self.disjunction()
        branches, otherwise = [], (lambda row, now: None)
        while self.take("when"):
            condition = self.disjunction()
            if subject:
                condition = compare("=", subject, condition)
            self.need("then")
            branches.append((condition, self.disjunction()))
        if self.take("else"):
            otherwise = self.disjunction()
        self.need("end")

        def evaluate(row, now):
            for condition, value in branches:
                if condition(row, now) is True:
                    return value(row, now)
            return otherwise(row, now)

        return evaluate


def like_pattern(form, escape):
    out, escaped = "", False
    for c in form:
        if escaped:
            out, escaped = out + re.escape(c), False
        elif c == escape:
            escaped = True
        else:
            out += {"%": ".*", "_": "."}.get(c, re.escape(c))
    return re.compile(out, re.S)


def either(left, right):
    def evaluate(row, now):
        values = left(row, now), right(row, now)
        return True if True in values else None if None in values else False

    return evaluate


def both(left, right):
    def evaluate(row, now):
        values = left(row, now), right(row, now)
        return False if False in values else None if None in values else True

    return evaluate


def negate(operand):
    def evaluate(row, now):
        value = operand(row, now)
        return None if value is None else not value

    return evaluate


def as_moment(value):
    return Timestamp(value.days * DAY_US) if isinstance(value, Date) else value


def compare(sign, left, right):
    test = {
        "=": lambda a, b: a == b, "<>": lambda a, b: a != b, "!=": lambda a, b: a != b,
        "<": lambda a, b: a < b, "<=": lambda a, b: a <= b,
        ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
    }[sign]

    def evaluate(row, now):
        a, b = left(row, now), right(row, now)
        if a is None or b is None:
            return None
        if isinstance(a, str):  # by bytes of UTF-8, which is by code point
            assert isinstance(b, str)
            return test(a.encode(), b.encode())
        a, b = as_moment(a), as_moment(b)
        assert isinstance(a, Timestamp) == isinstance(b, Timestamp)
        return test(a, b)

    return evaluate


def checked(value):
    """The value, if it fits 64 bits at its own scale."""
    if isinstance(value, Decimal):
        units = abs(int(EXACT.scaleb(value, -value.as_tuple().exponent)))
    elif isinstance(value, Timestamp):  # years 0001 to 9999
        if not MIN_US <= value.us <= MAX_US:
            raise Overflow
        return value
    else:
        units = abs(value)
    if units >= INT64:
        raise Overflow
    return value


def arithmetic(sign, left, right):
    def evaluate(row, now):
        a, b = left(row, now), right(row, now)
        if a is None or b is None:
            return None
        if sign == "||":
            return a + b
        if isinstance(b, Interval):
            moved = b.us if sign == "+" else -b.us
            return checked(Timestamp(as_moment(a).us + moved))
        if isinstance(a, int) and isinstance(b, int):
            return checked({"+": a + b, "-": a - b, "*": a * b}[sign])
        a, b = Decimal(a), Decimal(b)
        operation = {"+": EXACT.add, "-": EXACT.subtract, "*": EXACT.multiply}[sign]
        return checked(operation(a, b))

    return evaluate


def coalesce(arguments):
    def evaluate(row, now):
        for argument in arguments:
            value = argument(row, now)
            if value is not None:
                return value
        return None

    return evaluate


def rounded(operand, scale=lambda row, now: 0):
    def evaluate(row, now):
        value = operand(row, now)
        if value is None:
            return None
        return Decimal(value).quantize(Decimal(1).scaleb(-scale(row, now)), ROUND_HALF_UP, EXACT)

    return evaluate


def local(moment, zone):
    us = as_moment(moment).us
    if zone:
        utc = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc) + datetime.timedelta(microseconds=us)
        offset = ZoneInfo(zone).utcoffset(utc.astimezone(ZoneInfo(zone)))
        us += offset // datetime.timedelta(microseconds=1)
    return us


def date_part(part):
    def evaluate(moment, zone=None):
        us = local(moment, zone)
        day = datetime.date.fromordinal(us // DAY_US + EPOCH_ORDINAL)
        return {
            "year": day.year, "month": day.month, "day": day.day, "dayofweek": day.weekday(),
            "hour": us % DAY_US // 3_600_000_000, "minute": us % 3_600_000_000 // 60_000_000,
            "second": us % 60_000_000 // 1_000_000,
        }[part]

    return evaluate


def substr(text, start, count=None):
    return text[start - 1 :] if count is None else text[start - 1 : start - 1 + count]


FUNCTIONS = {part: date_part(part) for part in ("year", "month", "day", "dayofweek", "hour", "minute", "second")}
FUNCTIONS.update(
    days=lambda n: Interval(n * DAY_US),
    hours=lambda n: Interval(n * 3_600_000_000),
    minutes=lambda n: Interval(n * 60_000_000),
    date=lambda moment, zone=None: Date(local(moment, zone) // DAY_US),
    abs=lambda x: checked(abs(x)),
    lower=lambda s: simple_case(s, "lower"),
    upper=lambda s: simple_case(s, "upper"),
    length=len,
    substr=substr,
    trim=lambda s: s.strip(" \t\n\v\f\r"),
    concat=lambda *parts: "".join(parts),
    least=lambda *values: min(values),
    greatest=lambda *values: max(values),
)

# Lower-case letters with iota below: their full upper case is two letters, their
# simple one is the title-case letter.
IOTA_BELOW = set(range(0x1F80, 0x1FB0)) | {0x1FB3, 0x1FC3, 0x1FF3}


def simple_case(text, to):
    """Unicode's simple mapping: each code point becomes exactly one."""
    out = []
    for c in text:
        mapped = c.lower() if to == "lower" else c.upper()
        if len(mapped) != 1:
            if to == "lower":
                mapped = "i" if c == "\u0130" else c
            else:
                mapped = c.title() if ord(c) in IOTA_BELOW else c
        out.append(mapped)
    return "".join(out)
