# SPDX-License-Identifier: Apache-2.0
"""Decimals, dates, timestamps, zones and case against Python's decimal, datetime,
zoneinfo and str, on random and nasty cases from fixed seeds.

The questions go to probe_base in one run per test; FINETL_BUILD names the build.
"""

import datetime
import decimal
import os
import pathlib
import random
import re
import subprocess
import unicodedata
import zoneinfo
from decimal import Decimal

import pytest

import cells

BUILD = pathlib.Path(os.environ.get("FINETL_BUILD", pathlib.Path(__file__).parents[2] / "build"))
PROBE = BUILD / "tests" / "model" / "probe_base"
N_CASES = 100_000
INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1

pytestmark = pytest.mark.skipif(not PROBE.exists(), reason=f"{PROBE} is not built")

EXACT = decimal.Context(prec=120, Emin=-1000, Emax=1000, traps=[decimal.Inexact, decimal.Rounded])
WIDE = decimal.Context(prec=120, Emin=-1000, Emax=1000, rounding=decimal.ROUND_HALF_UP)


def ask(questions):
    lines = ["\x1f".join(str(word) for word in question) for question in questions]
    run = subprocess.run([PROBE], input="\n".join(lines) + "\n", capture_output=True, encoding="utf-8", check=False)
    assert run.returncode == 0, run.stderr
    answers = run.stdout.split("\n")[:-1]
    assert len(answers) == len(questions)
    return answers


def compare(cases):
    """cases: [(question, expected answer)]; shows the first that differ."""
    answers = ask([question for question, _ in cases])
    wrong = [(q, f"expected {e}", f"got {a}") for (q, e), a in zip(cases, answers) if a != e]
    assert not wrong, f"{len(wrong)} of {len(cases)} differ: {wrong[:10]}"


# Decimals ---------------------------------------------------------------------------------

REFUSED = {
    "+5": "plus_sign", "+5.00": "plus_sign", "+1,000": "plus_sign",
    "1e3": "exponent", "1E3": "exponent", "1.5e-2": "exponent", "-1e+3": "exponent",
    "1,234.56": "separator", "1.234,56": "separator", "1'000": "separator", "12,50": "separator", "1,234,567.89": "separator",
    "1.234.567": "separator", "12,34,567": "separator", "1,234": "separator", "$1,000": "separator",
    "$5": "currency_sign", "5€": "currency_sign", "5 EUR": "currency_sign", "EUR 5": "currency_sign", "-£5.00": "currency_sign", "₹5": "currency_sign",
    "(5)": "parentheses", "(5.25)": "parentheses", "5-": "trailing_minus", "12.50-": "trailing_minus",
    " 5": "blank_inside", "5 ": "blank_inside", "\t5": "blank_inside", "1 000": "blank_inside", "\u00a05": "blank_inside",
    "5\u00a0": "blank_inside", "1\u202f000": "blank_inside", "- 5": "blank_inside",
    "0x10": "not_a_number", "5.": "not_a_number", ".5": "not_a_number", "-.5": "not_a_number", "-": "not_a_number",
    "--5": "not_a_number", "1.2.3": "not_a_number", "٣": "not_a_number", "５": "not_a_number", "NaN": "not_a_number",
    "Infinity": "not_a_number", "-inf": "not_a_number", "null": "not_a_number", "NA": "not_a_number", "abc": "not_a_number",
    "1_000": "not_a_number", "#REF!": "not_a_number", "2025-06-01": "not_a_number", "31.12.2025": "not_a_number",
    "192.168.1.1": "not_a_number", "TXN00017": "not_a_number", "e": "not_a_number", "1e": "not_a_number", "$": "not_a_number",
    "EUR": "not_a_number", "5a": "not_a_number", "()": "not_a_number", "1-2": "not_a_number", "": "not_a_number", "1.5.": "not_a_number",
}
CODES = set(REFUSED.values())


def decimal_answer(text, precision, scale):
    """The value as Python has it, or None for text that is not of the plain form."""
    if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text):
        return None
    value = EXACT.create_decimal(text)
    if -value.as_tuple().exponent > scale:
        return "too_many_decimals"
    minor = int(value.scaleb(scale, context=EXACT))
    return str(minor) if abs(minor) < 10**precision else "out_of_range"


def digits(r, n):
    return "".join(r.choice("0123456789") for _ in range(n))


def random_number(r, precision, scale):
    kind = r.random()
    sign = r.choice(["", "", "-"])
    if kind < 0.35:  # the common form
        minor = r.randrange(10 ** r.randrange(1, precision + 1))
        text = f"{minor:0{scale + 1}}"
        return sign + (f"{text[:-scale]}.{text[-scale:]}" if scale else text)
    if kind < 0.45:  # around the limits
        minor = 10**precision + r.randrange(-2, 3)
        text = f"{minor:0{scale + 1}}"
        return sign + (f"{text[:-scale]}.{text[-scale:]}" if scale else text)
    whole = "0" * r.choice([0, 0, 0, 1, 3, 20]) + digits(r, r.choice([1, 2, 3, 5, 8, 10, 15, 16, 17, 18, 19, 20, 40]))
    text = sign + whole + ("." + digits(r, r.randrange(1, 21)) if r.random() < 0.7 else "")
    if kind > 0.7:  # spoil it
        i = r.randrange(len(text) + 1)
        spoiler = r.choice(list("+-.,eE$()' \t_xX/:;٣５€\u00a0") + ["EUR", "e5", "-", "."])
        text = text[:i] + spoiler + text[i + r.randrange(2):]
    return text


def test_decimal_texts():
    r = random.Random(20260101)
    cases, others = [], []
    for _ in range(N_CASES):
        precision = r.randrange(1, 19)
        scale = r.randrange(0, precision + 1) if r.random() < 0.5 else min(2, precision)
        text = random_number(r, precision, scale)
        expected = decimal_answer(text, precision, scale)
        question = ("decimal", precision, scale, text)
        if expected is None:
            others.append(question)
        else:
            cases.append((question, expected))
    assert len(cases) > N_CASES // 2 and len(others) > N_CASES // 20
    compare(cases)
    for question, answer in zip(others, ask(others)):
        assert answer in CODES, (question, answer)


def test_reasons_of_refused_decimals():
    for precision, scale in ((12, 2), (18, 0), (5, 5)):
        compare([(("decimal", precision, scale, text), code) for text, code in REFUSED.items()])
    compare([(("int", text), code) for text, code in REFUSED.items()])


def test_declared_decimals():
    cases = []
    for point, group, signs, text, expected in [
        (",", ".", "", "1.234,56", "123456"), (",", ".", "", "1234,56", "123456"), (",", ".", "", "1.234.567,8", "123456780"),
        (",", ".", "", "1.23,45", "not_a_number"), (",", ".", "", "1234.567,00", "not_a_number"), (",", "", "", "1.234,56", "separator"),
        (",", ".", "", "12,345", "too_many_decimals"), ("", ",", "", "1,234,567.89", "123456789"), ("", ",", "", ",123", "not_a_number"),
        ("", "'", "", "1'000", "100000"), ("", " ", "", "1 000.5", "100050"), ("", " ", "", " 1000", "blank_inside"),
        ("", "", "+", "+5", "500"), ("", "", "+", "+-5", "not_a_number"), ("", "", "-", "5-", "-500"), ("", "", "-", "-5", "-500"),
        ("", "", "-", "-5-", "not_a_number"), ("", "", "(", "(5.25)", "-525"), ("", "", "(", "(-5)", "not_a_number"), ("", "", "(", "()", "not_a_number"),
        ("", "", "(", "(5", "not_a_number"), (",", ".", "+-(", "(1.000,00)", "-100000"), (",", "", "", "5,", "not_a_number"),
        ("", ",", "", "0,000,001.00", "100"), ("", ",", "", "1,,000", "not_a_number"), (",", ".", "", "$1.000,00", "currency_sign"),
    ]:
        cases.append((("decimal-as", 12, 2, point, group, signs, text), expected))
    r = random.Random(20260102)
    for _ in range(20_000):
        point, group = r.choice([(",", "."), (".", ","), (",", " "), (".", "'")])
        minor = r.randrange(10 ** r.randrange(1, 19))
        whole, cents = f"{minor // 100:,}".replace(",", group), f"{minor % 100:02}"
        cases.append((("decimal-as", 18, 2, point, group, "", f"{whole}{point}{cents}"), str(minor)))
    compare(cases)


def test_declared_signs_and_currencies():
    """Every order of sign, currency and number, as another reading of the rules has it."""
    r = random.Random(20261123)
    pieces = ["-", "+", "(", ")", "$", "EUR", "€", " ", "\u00a0", "\u202f", "5", "1.234", "1.234,56", ",", "USD"]
    forms = {"": [], "+": ["plus"], "-": ["trailing"], "(": ["parentheses"], "+-(": ["plus", "trailing", "parentheses"]}
    asked, n_taken = [], 0
    for _ in range(60_000):
        signs = r.choice(list(forms))
        text = "".join(r.choice(pieces) for _ in range(r.randrange(1, 7)))
        declared = {"point": ",", "group": ".", "sign": forms[signs], "currency": ["$", "EUR", "€"]}
        try:
            expected = str(int(cells.cast_declared_number(text, cells.Type("decimal(12,2)"), declared).scaleb(2)))
            n_taken += 1
        except cells.Refused:
            expected = None
        asked.append((("decimal-as", 12, 2, ",", ".", signs + "$", text), expected))
    for (question, expected), answer in zip(asked, ask([question for question, _ in asked])):
        assert (answer if answer.lstrip("-").isdigit() else None) == expected, (question, expected, answer)
    assert n_taken > 1000


def test_int_texts():
    r = random.Random(20260103)
    cases = []
    for _ in range(20_000):
        value = r.choice([r.randrange(-(10**r.randrange(1, 21)), 10**20), INT64_MAX + r.randrange(-2, 3), INT64_MIN + r.randrange(-2, 3)])
        text = ("-" if value < 0 else "") + "0" * r.choice([0, 0, 5, 25]) + str(abs(value))
        cases.append((("int", text), str(value) if INT64_MIN <= value <= INT64_MAX else "out_of_range"))
    cases += [(("int", "5.0"), "too_many_decimals"), (("int", "-0"), "0")]
    compare(cases)


def test_decimal_printing():
    r = random.Random(20260104)
    cases = []
    for _ in range(N_CASES // 2):
        scale = r.randrange(0, 19)
        value = r.choice([r.randrange(-(10**r.randrange(1, 20)), 10 ** r.randrange(1, 19)), INT64_MIN, INT64_MAX, 0, -1])
        value = max(INT64_MIN, min(INT64_MAX, value))
        cases.append((("format-decimal", scale, value), f"{EXACT.create_decimal(value).scaleb(-scale, context=EXACT):f}"))
    for _ in range(N_CASES // 2):
        scale = r.randrange(0, 39)
        value = r.randrange(-(10 ** r.randrange(1, 39)) + 1, 10 ** r.randrange(1, 39))
        cases.append((("i128", scale, value), f"{EXACT.create_decimal(value).scaleb(-scale, context=EXACT):f}"))
    compare(cases)


def rounded(value, places):
    """Half away from zero."""
    return int(value.scaleb(places, context=WIDE).quantize(Decimal(1), context=WIDE))


def fit(value):
    return str(value) if INT64_MIN <= value <= INT64_MAX else "overflow"


def random_int64(r):
    return r.choice([1, -1]) * r.choice([r.randrange(2**63), r.randrange(10 ** r.randrange(1, 19)), 5 * 10 ** r.randrange(18), 2**63 - 1])


def test_decimal_arithmetic():
    r = random.Random(20260105)
    cases = []
    for _ in range(N_CASES):
        v, w = random_int64(r), random_int64(r) or 7
        a, b, s = r.randrange(19), r.randrange(19), r.randrange(19)
        exact = EXACT.create_decimal(v).scaleb(b - a, context=EXACT)
        cases.append((("rescale", a, b, v), fit(int(exact)) if exact == int(exact) else "overflow"))
        big = v * r.choice([1, w, 10**18])
        big = max(-(10**38) + 1, min(10**38 - 1, big))
        from_ = r.randrange(37)
        cases.append((("round", from_, s, big), fit(rounded(WIDE.create_decimal(big).scaleb(-from_, context=WIDE), s))))
        # The quotient to 120 digits could end in a false tie: compare twice the remainder instead.
        above, below = abs(v) * 10 ** (b + s), abs(w) * 10**a
        quotient, rest = divmod(above, below)
        quotient += 2 * rest >= below
        cases.append((("divide", a, b, s, v, w), fit(quotient if (v < 0) == (w < 0) else -quotient)))
    cases += [(("divide", 0, 0, 0, 1, 0), "overflow"), (("divide", 2, 2, 2, 0, -5), "0"),
              (("divide", 0, 0, 0, INT64_MIN, -1), "overflow"), (("rescale", 0, 18, 0), "0"), (("round", 36, 0, 0), "0")]
    compare(cases)


# Time --------------------------------------------------------------------------------------

EPOCH = datetime.datetime(1970, 1, 1)
US = datetime.timedelta(microseconds=1)
DAY_US = 86_400_000_000
MIN_US, MAX_US = (datetime.datetime.min - EPOCH) // US, (datetime.datetime.max - EPOCH) // US
ZONES = ["Europe/London", "Europe/Berlin", "Europe/Dublin", "America/New_York", "America/Sao_Paulo", "America/St_Johns", "Australia/Lord_Howe",
         "Australia/Sydney", "Asia/Kathmandu", "Asia/Tehran", "Pacific/Apia", "Africa/Casablanca", "Antarctica/Troll", "America/Nuuk", "Etc/GMT+5", "UTC"]

FORM = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[ T]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?)?(Z|([-+])([0-9]{2}):([0-9]{2}))?")


@pytest.fixture(scope="module", autouse=True)
def system_zones():
    zoneinfo.reset_tzpath(["/usr/share/zoneinfo"])
    zoneinfo.ZoneInfo.clear_cache()
    yield
    zoneinfo.reset_tzpath()


def to_utc(wall_us, zone):
    wall = EPOCH + wall_us * US
    first = wall.replace(tzinfo=zoneinfo.ZoneInfo(zone), fold=0).utcoffset() // US
    second = wall.replace(tzinfo=zoneinfo.ZoneInfo(zone), fold=1).utcoffset() // US
    if first != second:
        return "skipped_time" if first < second else "repeated_time"
    return wall_us - first


def timestamp_answer(text, zone):
    found = FORM.fullmatch(text)
    if not found:
        return "not_a_timestamp"
    year, month, day, hour, minute, second = (int(found[i] or 0) for i in range(1, 7))
    try:
        date = datetime.datetime(year or 2000, month, day)
    except ValueError:
        return "no_such_day"
    if hour > 23 or minute > 59 or second > 59:
        return "no_such_time"
    if year == 0:
        return "out_of_range"
    fraction = found[7] or ""
    if len(fraction) > 6:
        return "fraction_too_long"
    us = (date - EPOCH) // US + ((hour * 60 + minute) * 60 + second) * 1_000_000 + int(fraction.ljust(6, "0"))
    if found[9]:
        if int(found[10]) > 15 or int(found[11]) > 59:
            return "bad_offset"
        offset = (int(found[10]) * 60 + int(found[11])) * 60_000_000
        us += offset if found[9] == "-" else -offset
    elif not found[8]:
        if zone == "-":
            return "no_zone"
        us = to_utc(us, zone)
        if isinstance(us, str):
            return us
    return str(us) if MIN_US <= us <= MAX_US else "out_of_range"


def random_timestamp(r):
    kind = r.random()
    if kind < 0.15:
        year, month, day = r.randrange(0, 10000), r.randrange(0, 14), r.randrange(0, 33)
    else:
        date = EPOCH + r.choice([r.randrange(MIN_US, MAX_US), r.randrange(0, 2**51), MIN_US + r.randrange(2 * DAY_US), MAX_US - r.randrange(2 * DAY_US)]) * US
        year, month, day = date.year, date.month, date.day
    text = f"{year:04}-{month:02}-{day:02}"
    if r.random() < 0.9:
        bad = r.random() < 0.05
        text += f"{r.choice('  T')}{r.randrange(30 if bad else 24):02}:{r.randrange(70 if bad else 60):02}"
        if r.random() < 0.85:
            text += f":{r.randrange(70 if bad else 60):02}"
            if r.random() < 0.4:
                text += "." + digits(r, r.choice([1, 2, 3, 6, 6, 7, 9]))
    if r.random() < 0.5:
        text += r.choice(["Z", "Z", f"{r.choice('+-')}{r.randrange(17):02}:{r.choice([0, 30, 45, 59, 60]):02}"])
    if r.random() < 0.1:
        i = r.randrange(len(text) + 1)
        text = text[:i] + r.choice(list("0159 :-.TZtz+/\u00a0٣") + [""]) + text[i + r.randrange(2):]
    return text


def test_timestamp_texts():
    r = random.Random(20260201)
    cases = []
    for _ in range(N_CASES):
        text, zone = random_timestamp(r), r.choice(["-", "UTC", *ZONES])
        cases.append((("timestamp", zone, text), timestamp_answer(text, zone)))
    reasons = {answer for _, answer in cases if not answer.lstrip("-").isdigit()}
    assert reasons >= {"not_a_timestamp", "no_such_day", "no_such_time", "out_of_range", "fraction_too_long", "bad_offset", "no_zone"}
    compare(cases)


def test_every_day_there_is():
    first = datetime.date.min.toordinal() - EPOCH.toordinal()
    last = datetime.date.max.toordinal() - EPOCH.toordinal()
    r = random.Random(20260202)
    days = [*range(-5000, 50000), *(r.randrange(first, last + 1) for _ in range(50_000)), first, last]
    texts = [datetime.date.fromordinal(day + EPOCH.toordinal()).isoformat() for day in days]
    compare([(("format-date", day), text) for day, text in zip(days, texts)])
    compare([(("date", text), str(day)) for day, text in zip(days, texts)])


def test_dates_that_are_none():
    r = random.Random(20260203)
    cases = []
    for _ in range(20_000):
        year, month, day = r.choice([0, 1, 1900, 2000, 2023, 2024, 9999]), r.randrange(100), r.randrange(100)
        if r.random() < 0.7:
            month, day = r.randrange(14), r.randrange(33)
        try:
            answer = str((datetime.datetime(year or 2000, month, day) - EPOCH).days) if year else "out_of_range"
            datetime.datetime(year or 2000, month, day)
        except ValueError:
            answer = "no_such_day"
        cases.append((("date", f"{year:04}-{month:02}-{day:02}"), answer))
    for text in ["", "2026-1-1", "2026-01-01 ", " 2026-01-01", "20260101", "2026/01/01", "2026-01-01 00:00", "10000-01-01", "-001-01-01", "２０２６-01-01"]:
        cases.append((("date", text), "not_a_date"))
    compare(cases)


def test_timestamp_printing():
    r = random.Random(20260204)
    cases = []
    for us in [MIN_US, MAX_US, 0, -1, 1, *(r.randrange(MIN_US, MAX_US) for _ in range(N_CASES))]:
        cases.append((("format-timestamp", us), (EPOCH + us * US).isoformat(" ", "microseconds") + "Z"))
    compare(cases)


def changes(zone, first_year, last_year):
    """Moments (UTC, in seconds) at which the zone's offset changes, found by halving."""
    info, out = zoneinfo.ZoneInfo(zone), []

    def offset(s):
        return (EPOCH + s * 1_000_000 * US).replace(tzinfo=datetime.timezone.utc).astimezone(info).utcoffset()

    step = 20 * 86400
    low = (datetime.datetime(first_year, 1, 1) - EPOCH) // datetime.timedelta(seconds=1)
    end = (datetime.datetime(last_year, 12, 1) - EPOCH) // datetime.timedelta(seconds=1)
    while low < end:
        high = low + step
        if offset(low) != offset(high):
            a, b = low, high
            while b - a > 1:
                middle = (a + b) // 2
                a, b = (middle, b) if offset(middle) == offset(a) else (a, middle)
            out.append(b)
        low = high
    return out


def zone_moments(r, zone):
    """Random moments of all years, and those around the zone's changes, in microseconds."""
    near = changes(zone, 1880, 2045) + changes(zone, 2395, 2403) + changes(zone, 9990, 9998)
    out = [r.randrange(MIN_US + 2 * DAY_US, MAX_US - 2 * DAY_US) for _ in range(1500)]
    for s in near:
        for _ in range(3):
            away = r.choice([0, -1, 1, -1_000_000, 1_000_000, r.randrange(-4 * 3600, 4 * 3600) * 1_000_000, r.randrange(-2 * DAY_US, 2 * DAY_US)])
            out.append(s * 1_000_000 + away)
    out += [r.randrange((datetime.datetime(1890, 1, 1) - EPOCH) // US, (datetime.datetime(2450, 1, 1) - EPOCH) // US) for _ in range(3000)]
    return out


def test_zones():
    r = random.Random(20260205)
    cases = []
    for zone in ZONES:
        info = zoneinfo.ZoneInfo(zone)
        for us in zone_moments(r, zone):
            offset = (EPOCH + us * US).replace(tzinfo=datetime.timezone.utc).astimezone(info).utcoffset()
            cases.append((("offset", zone, us), str(offset // datetime.timedelta(seconds=1))))
            # The same moment on the zone's clock, now and then where the change has moved it.
            for wall in (us + offset // US, us):
                cases.append((("local", zone, wall), str(to_utc(wall, zone))))
    answers = {answer for _, answer in cases}
    assert "skipped_time" in answers and "repeated_time" in answers and len(cases) > N_CASES
    compare(cases)


def test_declared_formats():
    r = random.Random(20260206)
    cases = []
    pieces = ["%d/%m/%Y", "%m/%d/%y", "%Y%m%d", "%d.%m.%Y", "%d %b %Y", "%B %d, %Y", "%Y-%m-%d"]
    times = ["", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", "T%H%M%S", " %H:%M:%S%z", " %H:%M:%S.%f %z"]
    for _ in range(20_000):
        us = r.randrange((datetime.datetime(1969, 1, 2) - EPOCH) // US, (datetime.datetime(2068, 12, 30) - EPOCH) // US)
        moment = (EPOCH + us * US).replace(tzinfo=datetime.timezone(datetime.timedelta(minutes=r.randrange(-900, 900))))
        form = r.choice(pieces) + r.choice(times)
        text = r.choice([str, str.upper, str.lower])(moment.strftime(form))
        if "T" in form or "%z" in form:
            text = moment.strftime(form)
        back = datetime.datetime.strptime(text, form)
        if back.tzinfo:
            back = (back - back.utcoffset()).replace(tzinfo=None)
        cases.append((("timestamp-as", "UTC", form, text), str((back - EPOCH) // US)))
    for form, text, expected in [
        ("%Y-%m-%d", "2026-02-30", "no_such_day"), ("%Y-%m-%d", "2026-02-3", "not_a_timestamp"), ("%d/%m/%Y", "1/2/2026", "not_a_timestamp"),
        ("%-d/%-m/%Y", "1/2/2026", str(20485 * DAY_US)), ("%-d/%-m/%Y", "01/2/2026", "not_a_timestamp"), ("%e %b %Y", "1 FEB 2026", str(20485 * DAY_US)),
        ("%s", "1769904000", "1769904000000000"), ("%s", "-1", "-1000000"), ("%s.%f", "-0.5", "-500000"), ("%s", "99999999999999999999", "out_of_range"),
        ("%s", "253402300799", "253402300799000000"), ("%s", "253402300800", "out_of_range"), ("%s", "", "not_a_timestamp"),
        ("%Y-%m-%d %I:%M %p", "2026-02-01 12:00 am", str(20485 * DAY_US)), ("%Y-%m-%d %I:%M %p", "2026-02-01 00:00 AM", "no_such_time"),
        ("%Y-%m-%d %I:%M %p", "2026-02-01 13:00 PM", "no_such_time"), ("%Y-%m-%d%z", "2026-02-01+1600", "bad_offset"),
        ("%Y-%m-%d %H:%M:%S.%f", "2026-02-01 00:00:00.1234567", "fraction_too_long"), ("%d%%%m%%%Y", "01%02%2026", str(20485 * DAY_US)),
        ("%Y-%m-%d", "2026-02-01x", "not_a_timestamp"), ("%d %B %Y", "01 Febuary 2026", "not_a_timestamp"), ("%y%m%d", "690101", str(-365 * DAY_US)),
        ("%y%m%d", "680101", str(35794 * DAY_US)),
    ]:
        cases.append((("timestamp-as", "UTC", form, text), expected))
    for form in ["%Y-%m", "%Q", "%", "%-", "%Y%Y%m%d", "%Y%y%m%d", "%Y-%m-%d %I", "%Y-%m-%d %H %p", "%Y-%m-%d %M", "%s %z", "%s%Y", "%-d%m%Y",
                 "%Y-%m-%d %H:%M:%f", "%-m1%d%Y", "%Y-%m-%d %p", "%j %Y", ""]:
        cases.append((("timestamp-as", "UTC", form, "x"), "bad_format"))
    for form in ["%Y-%m-%d %H", "%s", "%Y-%m", "%z%Y%m%d"]:
        cases.append((("date-as", form, "x"), "bad_format"))
    cases += [(("date-as", "%d.%m.%Y", "01.02.2026"), "20485"), (("date-as", "%d.%m.%Y", "1.2.2026"), "not_a_date")]
    compare(cases)


# Case --------------------------------------------------------------------------------------


def test_case_of_every_letter():
    cases = []
    for code in range(0x20, 0x110000):
        c = chr(code)
        if 0xD800 <= code < 0xE000 or c in "\x85" or unicodedata.category(c) not in ("Lu", "Ll", "Lt", "Lm", "Mn", "Nl", "So"):
            continue
        for question, other in (("lower", c.lower()), ("upper", c.upper())):
            if len(other) == 1:
                cases.append(((question, f"x{c}"), getattr("x", question)() + other))
    cases += [(("upper", "straße"), "STRAßE"), (("lower", "İX"), "ix"), (("upper", "ﬁn"), "ﬁN"), (("upper", "ᾳ"), "ᾼ"), (("lower", "ΟΔΟΣ"), "οδοσ"),
              (("upper", "ŉ"), "ŉ"), (("lower", "ABCDEFGHIJKLMNOPQRSTUVWXYZ@[`{"), "abcdefghijklmnopqrstuvwxyz@[`{")]
    compare(cases)
