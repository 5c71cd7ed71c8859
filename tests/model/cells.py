# SPDX-License-Identifier: Apache-2.0
"""From the text of a cell to a typed value, or the reason why not.

Part of the model (model.py). A refused text raises Refused with the reason code.
"""

import datetime
import re
from decimal import Decimal
from zoneinfo import ZoneInfo

from expressions import DAY_US, EPOCH_ORDINAL, EXACT, INT64, MAX_US, MIN_US, Date, Timestamp

BLANKS = " \t\n\v\f\r"
DIGITS = r"[0-9]+"
NUMBER = rf"{DIGITS}(?:\.{DIGITS})?"


class Refused(Exception):
    def __init__(self, code):
        super().__init__(code)
        self.code = code


class Type:
    """text(20), decimal(12,2), int, bool, date, timestamp."""

    def __init__(self, text):
        name, _, rest = text.replace(" ", "").partition("(")
        numbers = [int(n) for n in rest.rstrip(")").split(",") if n]
        self.kind = name
        self.max_chars = numbers[0] if name == "text" and numbers else 0
        self.precision, self.scale = (numbers + [0])[:2] if name == "decimal" else (18, 0)


CURRENCY = "(?:[$€£¥₿]|EUR|USD|GBP|CHF|JPY)"

# What a number can be instead of a number, in the order in which it is asked.
ODD_NUMBERS = [
    ("plus_sign", rf"\+{NUMBER}"),
    ("exponent", rf"[-+]?{NUMBER}[eE][-+]?{DIGITS}"),
    ("parentheses", rf"\({NUMBER}\)"),
    ("trailing_minus", rf"{NUMBER}-"),
    ("currency_sign", rf"-?{CURRENCY}\s?-?{NUMBER}|-?{NUMBER}\s?{CURRENCY}"),
    ("separator", rf"-?[0-9]{{1,3}}(?:[,'][0-9]{{3}})+(?:\.{DIGITS})?|-?[0-9]{{1,2}}(?:,[0-9]{{2}})+,[0-9]{{3}}(?:\.{DIGITS})?|-?[0-9]{{1,3}}(?:\.[0-9]{{3}})+,{DIGITS}|-?{DIGITS},{DIGITS}"),
    ("blank_inside", rf"\s*-?\s*[0-9]{{1,3}}(?:\s?[0-9]+)*(?:\.{DIGITS})?\s*"),
]


def cast_number(text, precision, scale):
    if re.fullmatch(rf"-?{NUMBER}", text):
        value = Decimal(text)
        if -value.as_tuple().exponent > scale:
            raise Refused("too_many_decimals")
        if abs(value) >= Decimal(10) ** (precision - scale):
            raise Refused("out_of_range")
        value = value.quantize(Decimal(1).scaleb(-scale), context=EXACT)
        return abs(value) if value == 0 else value
    for code, form in ODD_NUMBERS:
        if re.fullmatch(form, text):
            raise Refused(code)
    raise Refused("not_a_number")


GAP = "[ \u00a0\u202f]"


def signed(forms, signs):
    """A text of one of the forms with a sign of those that are declared; the minus in a group of its own."""
    out = []
    for form in forms:
        out += [f"(?P<minus>-)?{form}"]
        if "plus" in signs:
            out += [rf"\+{form}"]
        if "trailing" in signs:
            out += [f"{form}(?P<minus>-)"]
            if "plus" in signs:
                out += [rf"{form}\+"]
        if "parentheses" in signs:
            out += [rf"(?P<minus>\(){form}\)"]
    return out


def cast_declared_number(text, type_, declared):
    """`decimal: {point: ',', group: '.', ...}`: rewritten to the plain form, if it is of the declared one.

    A sign stands inside or outside of the currency, never in both places."""
    point, group, signs = declared.get("point", "."), declared.get("group"), declared.get("sign", [])
    signs = [signs] if isinstance(signs, str) else signs
    gap = GAP if group == " " else re.escape(group or "")
    whole = rf"(?:[0-9]{{1,3}}(?:{gap}[0-9]{{3}})+|{DIGITS})" if group else DIGITS
    number = rf"(?P<number>{whole}(?:{re.escape(point)}{DIGITS})?)"
    forms = signed([number], signs)
    for currency in map(re.escape, declared.get("currency", [])):
        around = [f"{currency}{GAP}?%s", f"%s{GAP}?{currency}"]
        forms += signed([a % number for a in around], signs)
        forms += [a % inner for a in around for inner in signed([number], signs)]
    for form in forms:
        found = re.fullmatch(form, text)
        if found:
            parts = found.groupdict()
            plain = re.sub(gap, "", parts["number"]) if group else parts["number"]
            plain = ("-" if parts.get("minus") else "") + plain.replace(point, ".")
            return cast_number(plain, type_.precision, type_.scale)
    raise Refused("not_a_number")


def cast_int(text):
    if re.fullmatch(rf"-?{DIGITS}", text):
        if not -INT64 <= int(text) < INT64:
            raise Refused("out_of_range")
        return int(text)
    return int(cast_number(text, 18, 0))


def cast_bool(text):
    word = text.lower() if text.isascii() else text
    if word in ("true", "t", "yes", "y", "1"):
        return True
    if word in ("false", "f", "no", "n", "0"):
        return False
    raise Refused("not_a_bool")


def days_of(year, month, day):
    if year == 0:
        raise Refused("out_of_range")
    try:
        return datetime.date(year, month, day).toordinal() - EPOCH_ORDINAL
    except ValueError:
        raise Refused("no_such_day") from None


FORMAT_PARTS = {
    "Y": ("year", "[0-9]{4}"), "m": ("month", "[0-9]{2}"), "d": ("day", "[0-9]{2}"),
    "H": ("hour", "[0-9]{2}"), "M": ("minute", "[0-9]{2}"), "S": ("second", "[0-9]{2}"),
    "y": ("year2", "[0-9]{2}"), "b": ("month_name", "[A-Za-z]{3}"), "-d": ("day", "[1-9][0-9]?"), "-m": ("month", "[1-9][0-9]?"),
    "s": ("epoch", "-?[0-9]+"), "z": ("offset", "Z|[-+][0-9]{2}:?[0-9]{2}"),
}
MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()


def match_format(text, form):
    def piece(found):
        return "(?P<%s>%s)" % FORMAT_PARTS[found[1]] if found[1] else re.escape(found[2])

    pattern = re.sub(r"%(-?.)|([^%])", piece, form)
    found = re.fullmatch(pattern, text)
    if not found:
        return None
    parts = found.groupdict()
    if "month_name" in parts:
        name = parts.pop("month_name").lower()
        if name not in MONTHS:
            return None
        parts["month"] = MONTHS.index(name) + 1
    if "year2" in parts:
        year = int(parts.pop("year2"))
        parts["year"] = year + (1900 if year >= 69 else 2000)
    return {name: value if name == "offset" else int(value) for name, value in parts.items()}


def cast_date(text, form=None):
    parts = match_format(text, form or "%Y-%m-%d")
    if parts is None:
        raise Refused("not_a_date")
    return Date(days_of(parts["year"], parts["month"], parts["day"]))


TIMESTAMP = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[ T](?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]+))?)?)?"
    r"(?P<offset>Z|[-+][0-9]{2}:[0-9]{2})?"
)


def time_of_day(hour, minute, second):
    if hour > 23 or minute > 59 or second > 59:
        raise Refused("no_such_time")
    return ((hour * 60 + minute) * 60 + second) * 1_000_000


def cast_timestamp(text, zone=None, form=None):
    if form:
        parts = match_format(text, form)
        if parts is None:
            raise Refused("not_a_timestamp")
        if "epoch" in parts:
            return Timestamp(in_range(parts["epoch"] * 1_000_000))
        us = days_of(parts["year"], parts["month"], parts["day"]) * DAY_US
        us += time_of_day(parts.get("hour", 0), parts.get("minute", 0), parts.get("second", 0))
        offset = parts.get("offset")
        return Timestamp(in_range(us - offset_us(offset) if offset else to_utc(us, zone)))
    found = TIMESTAMP.fullmatch(text)
    if not found:
        raise Refused("not_a_timestamp")
    us = days_of(*(int(part) for part in found["date"].split("-"))) * DAY_US
    us += time_of_day(int(found["hour"] or 0), int(found["minute"] or 0), int(found["second"] or 0))
    fraction = found["fraction"] or ""
    if len(fraction) > 6:
        raise Refused("fraction_too_long")
    us += int(fraction.ljust(6, "0"))
    if found["offset"]:
        us -= offset_us(found["offset"])
    else:
        us = to_utc(us, zone)
    return Timestamp(in_range(us))


def offset_us(text):
    """Z, +hh:mm or +hhmm."""
    if text == "Z":
        return 0
    hours, minutes = int(text[1:3]), int(text[-2:])
    if hours > 15 or minutes > 59:
        raise Refused("bad_offset")
    return (hours * 60 + minutes) * (-60_000_000 if text[0] == "-" else 60_000_000)


def in_range(us):
    if not MIN_US <= us <= MAX_US:
        raise Refused("out_of_range")
    return us


def to_utc(local_us, zone):
    if zone is None:
        raise Refused("no_zone")
    if zone == "UTC":
        return local_us
    wall = datetime.datetime(1, 1, 1) + datetime.timedelta(microseconds=local_us - MIN_US)
    one = wall.replace(tzinfo=ZoneInfo(zone), fold=0).utcoffset()
    two = wall.replace(tzinfo=ZoneInfo(zone), fold=1).utcoffset()
    if one < two:
        raise Refused("skipped_time")
    if one > two:
        raise Refused("repeated_time")
    return local_us - one // datetime.timedelta(microseconds=1)


def cast(text, type_, column):
    if type_.kind == "text":
        return fit_text(text, type_)
    if type_.kind == "decimal":
        if column.get("decimal"):
            return cast_declared_number(text, type_, column["decimal"])
        return cast_number(text, type_.precision, type_.scale)
    if type_.kind == "int":
        return cast_int(text)
    if type_.kind == "bool":
        return cast_bool(text)
    if type_.kind == "date":
        return cast_date(text, column.get("format"))
    return cast_timestamp(text, column.get("zone"), column.get("format"))


def fit_text(text, type_):
    if type_.max_chars and len(text) > type_.max_chars:
        raise Refused("too_long")
    return text


def fit(value, type_):
    """A computed value put into a column of this type."""
    if value is None:
        return None
    if type_.kind == "text":
        return fit_text(value, type_)
    if type_.kind == "decimal":
        value = Decimal(value).quantize(Decimal(1).scaleb(-type_.scale), context=EXACT)
        if abs(value) >= Decimal(10) ** (type_.precision - type_.scale):
            raise Refused("out_of_range")
    if type_.kind == "timestamp":
        in_range(value.us)
    return value


def printed(value):
    """The canonical text of a value; null is the empty text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Date):
        return datetime.date.fromordinal(value.days + EPOCH_ORDINAL).isoformat()
    if isinstance(value, Timestamp):
        day = datetime.date.fromordinal(value.us // DAY_US + EPOCH_ORDINAL).isoformat()
        second, us = divmod(value.us % DAY_US, 1_000_000)
        return f"{day} {second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.{us:06}Z"
    return str(value)
