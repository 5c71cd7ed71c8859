# SPDX-License-Identifier: Apache-2.0
"""Customers and transactions as no bank should send them, from a seed.

Every kind of bad value, malformed records whose end is sure, variants of the same key
in case and blanks, duplicates, conflicts, updates of mutable columns, unknown
customers, moments from other zones and ages. A case is a header and a list of records
as bytes, each with its line end, so that it can be cut into files between any two.
"""

import datetime
import random
from typing import NamedTuple

RUN_TIME = datetime.datetime(2026, 3, 1, 12, 0, 0, tzinfo=datetime.timezone.utc)
RUN_TIME_US = int(RUN_TIME.timestamp()) * 1_000_000

CUSTOMER_COLUMNS = ["customer_id", "customer_name", "registration_date", "customer_tier", "email", "is_active"]
TRANSACTION_COLUMNS = ["transaction_id", "customer_id", "transaction_date", "amount", "merchant_id", "category",
                       "status", "payment_method"]

BAD_AMOUNTS = [
    "1,234.56", "1.234,56", "1'000", "12,50", "1,234,567.89", "$5", "€5", "5 EUR", "5€", "EUR 5", "(5)", "(5.25)",
    "5-", "12.50-", "+5", "+5.00", " 5", "5 ", "\t5", "1 000", "1e3", "1E3", "1.5e-2", "0x10", "5.", ".5", "-.5", "-",
    "--5", "1.2.3", "٣", "５", "\u00a05", "5\u00a0", "1\u00a0000", "12.345", "12.340", "0.001", "10000000000",
    "10000000000.00", "-10000000000.00", "99999999999999999999", "9223372036854775808", "92233720368547758.08", "NaN",
    "nan", "Infinity", "-inf", "null", "None", "NA", "N/A", "abc", "five", "5a", "1_000", "#REF!",
]
ODD_AMOUNTS = ["0", "-0.00", "0.00", "-0", "0.01", "-0.01", "1000000", "1000000.00", "1000000.01", "9999999999.99",
               "-9999999999.99", "5", "5.1", "00012.50", "50", "50.01", "200.00", "500.00", "1000.00", "5000.00",
               "5000.01", "10000.00", "10000.01"]
BAD_DATES = [
    "2026-02-30", "2025-02-29", "2025-13-01", "2025-00-10", "2025-06-31", "2025-06-00", "0000-01-01", "10000-01-01",
    "25-06-01", "01/06/2025", "06/01/2025", "1750000000", "20250601", "20250601T101112", "2025-06-01T24:00",
    "2025-06-01 24:00:00", "2025-06-01 10:60", "2025-06-01 10:00:60", "2025-06-01 23:59:60", "2025-6-1", "2025-06-01 1:00",
    "2025-06-01 10", "2025-06-01 10:00:00.", "2025-06-01 10:00:00.1234567", "2025-06-01 10:00:00.0000000",
    "2025-06-01 10:00+16:00", "2025-06-01 10:00-16:30", "2025-06-01 10:00+05:60", "2025-06-01 10:00+0530", "2025-06-01 10:00+5",
    "2025-06-01 10:00 Z", "2025-06-01 10:00z", " 2025-06-01", "2025-06-01 ", "2025-06-01  10:00", "2025-06-01T", "today",
    "1 Jun 2025", "2025-W23-1", "2025-152", "9999-12-31 23:59:59-00:01", "0001-01-01 00:00+00:01", "２０２５-06-01", "NaT", "null",
]
ODD_DATES = [
    "2025-06-01", "2025-06-01Z", "2025-06-01 10:00", "2025-06-01T10:00", "2025-06-01T10:11:12Z", "2025-06-01 10:11:12.5",
    "2025-06-01 10:11:12.123456", "2025-06-01T10:11:12.000001+05:45", "2025-06-01 10:00-00:00", "2025-06-01 10:00+15:59",
    "2025-06-01 10:00-15:59", "2024-02-29 10:00", "2026-03-01 12:00:00", "2026-03-01 12:00:00.000001", "2026-03-01 13:00+01:00",
    "2026-03-01 13:00:00.000001+01:00", "2024-03-01 12:00:00", "2024-03-01 11:59:59.999999", "2024-03-01T12:00:00Z",
    "2027-01-01", "2038-01-19 03:14:08", "1969-12-31 23:59:59.999999", "1970-01-01", "0001-01-01", "9999-12-31 23:59:59.999999",
    "9999-12-31 23:59:59+00:01", "0001-01-01 00:00-00:01", "2025-12-31 23:59:59", "2025-06-07 05:59:59.999999", "2025-06-08 06:00",
]
BAD_BYTES = [b"\xff", b"ab\xc3", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"\xef\xbf\xbe",
             b"\xef\xb7\x90", b"\xf0\x9f\xbf\xbf", b"caf\xe9", b"\x80"]
ODD_TEXTS = [
    "Zoë", "ÉCOLE", "straße", "İstanbul", "ıspanak", "ΟΔΥΣΣΕΥΣ", "ﬁn", "ᾳ", "ǆ", "ŉ", "日本", "🙂 ok", "e\u0301", "a\u00a0b", "\u00a0x",
    "=1+1", "+5", "-5", "@SUM(A1)", "\tTab", "O'Brien", "Robert'); DROP TABLE dim_customers;--", "\\N", "\\.", "a\\b", "NULL", "None", "NA",
    "%s%n", "{x}", "${HOME}", "\u202eabc", "x" * 19, "é" * 20, "𝒳" * 20, "tab\tinside", "\x01\x1f\x7f",
]
QUOTED_TEXTS = ['say "hi"', '"', '""', "a,b", "line\nbreak", "crlf\r\nhere", "cr\rhere", ',', "\n", ' "x" ', "a\n\n\nb", "\r\n edge \r\n"]
BLANKS = [" ", "  ", "\t", " \t ", "\v", "\f"]


class Case(NamedTuple):
    header: bytes
    records: list  # of bytes, each with its line end


def quoted(cell):
    return b'"' + cell.replace(b'"', b'""') + b'"'


class Maker:
    def __init__(self, seed):
        self.r = random.Random(seed)

    def chance(self, percent):
        return self.r.random() * 100 < percent

    def line_end(self):
        return b"\r\n" if self.chance(15) else b"\n"

    def record(self, cells):
        """Cells to bytes: quoted where they must be, and here and there where not."""
        out = []
        for cell in cells:
            data = cell if isinstance(cell, bytes) else cell.encode("utf-8")
            must = any(c in data for c in b'",\r\n')
            out.append(quoted(data) if must or self.chance(4) else data)
        return b",".join(out) + self.line_end()

    def dressed(self, text, percent=8):
        """The same key in other clothes: case and blanks, which cleaning takes off."""
        if self.chance(percent):
            text = self.r.choice([str.lower, str.upper, str.title])(text)
        if self.chance(percent):
            text = self.r.choice(BLANKS) + text
        if self.chance(percent):
            text += self.r.choice(BLANKS)
        return text

    def odd_text(self, limit):
        kind = self.r.randrange(8)
        if kind == 0:
            return self.r.choice(BAD_BYTES)
        if kind == 1:
            return b"nul\x00byte"
        if kind == 2:
            return self.r.choice(QUOTED_TEXTS)
        if kind == 3:
            return self.r.choice(["x", "é", "𝒳"]) * (limit + self.r.randrange(2))
        if kind == 4:
            return self.r.choice(["", " ", "\t \t", "\n"])
        return self.r.choice(ODD_TEXTS)

    def malformed(self, cells):
        """A record that is not one, but whose end is sure."""
        data = [c if isinstance(c, bytes) else c.encode() for c in cells]
        data = [b"x" if any(b in c for b in b'",\r\n') else c for c in data]
        kind = self.r.randrange(8)
        if kind == 0:
            data = data[: self.r.randrange(1, len(data))]
            data[0] = data[0] or b"x"
        elif kind == 1:
            data.extend([b"more"] * self.r.randrange(1, 4))
        elif kind == 2:
            data[1] = b'bare "quotes" inside'
        elif kind == 3:
            data[1] = b'"closed" and more'
        elif kind == 4:
            return self.r.choice([b"", b"," * (len(data) - 1)]) + self.line_end()
        elif kind == 5:
            return b"\\." + self.line_end()
        elif kind == 6:
            data[0] = b"\xef\xbb\xbf" + data[0]
        else:
            return None  # the header once more
        return b",".join(data) + self.line_end()


def customers(seed, n):
    m = Maker(seed)
    header = b",".join(c.encode() for c in CUSTOMER_COLUMNS) + b"\n"
    records = []
    for i in range(n):
        number = m.r.randrange(max(1, i)) if m.chance(12) else i
        cells = [
            m.dressed(f"CUST{number:06}"),
            m.r.choice(["Ada Lovelace", "Grace Hopper", "Łukasz Żak", "李雷", "Smith, John", 'Al "Scarface" C.']),
            m.r.choice(ODD_DATES) if m.chance(5) else f"20{m.r.randrange(10, 25)}-0{m.r.randrange(1, 10)}-1{m.r.randrange(10)}",
            m.dressed(m.r.choice(["gold", "silver", "bronze"])),
            f"{m.r.choice(['a', 'B', 'c'])}{number}@Example.com",
            m.r.choice(["true", "false", "T", "f", "YES", "no", "Y", "n", "1", "0", "True", ""]),
        ]
        if records and m.chance(3):
            records.append(m.r.choice(records))  # to the byte
            continue
        if m.chance(6):
            column = m.r.randrange(6)
            cells[column] = {
                2: lambda: m.r.choice(BAD_DATES),
                5: lambda: m.r.choice(["2", "ja", " true", "true ", "oui", "on", "TRUE!", b"\xff"]),
            }.get(column, lambda: m.odd_text(20 if column in (0, 3) else 100))()
        bad = m.malformed(cells) if m.chance(1) else m.record(cells)
        records.append(header[:-1] + m.line_end() if bad is None else bad)
    return Case(header, records)


def fresh_transaction(m, i, n_customers):
    moment = RUN_TIME - datetime.timedelta(seconds=m.r.randrange(1, 720 * 86400), microseconds=m.r.choice([0, 0, 1, 500000]))
    text = moment.strftime("%Y-%m-%d %H:%M:%S")
    if moment.microsecond:
        text += f".{moment.microsecond:06}"
    return [
        f"TXN{i:08}",
        f"CUST{m.r.randrange(n_customers + n_customers // 50):06}",
        text,
        f"{m.r.choice([1, 10, 100, 1000, 10000]) * m.r.random():.2f}",
        m.r.choice(["MERCH0001", "merch0002", "MERCH0003", "", " "]),
        m.r.choice(["groceries", "Travel", "FUEL", "", "Über-Café"]),
        m.r.choice(["completed"] * 6 + ["pending", "failed", "COMPLETED", " Pending "]),
        m.r.choice(["card", "Cash", "transfer", ""]),
    ]


def again(m, cells):
    """An earlier record once more: the same, or with some columns changed."""
    cells = list(cells)
    kind = m.r.randrange(10)
    if kind < 4:  # mutable columns
        for column in m.r.sample([4, 5, 6, 7], m.r.randrange(1, 3)):
            cells[column] = m.r.choice({
                4: ["MERCH0007", "MERCH0008", ""], 5: ["food", "toys", ""], 6: ["completed", "pending", "failed"],
                7: ["card", "cash", ""],
            }[column])
    elif kind == 4:
        cells[3] = m.r.choice(["0.02", "77.00", "5000.01"])
    elif kind == 5:
        cells[2] = "2025-07-07 07:07:07"
    elif kind == 6:  # the same value, written in another way
        cells[3] = cells[3].rstrip("0") if "." in cells[3] and not cells[3].endswith(".00") else "0" + cells[3]
        if isinstance(cells[2], str) and len(cells[2]) == 19:
            cells[2] = cells[2].replace(" ", "T") + "+00:00"
    return cells


def transactions(seed, n, n_customers):
    m = Maker(seed)
    header = b",".join(c.encode() for c in TRANSACTION_COLUMNS) + b"\n"
    records, earlier = [], []
    for i in range(n):
        if earlier and m.chance(18):
            base = again(m, m.r.choice(earlier[-200:] if m.chance(50) else earlier))
        else:
            base = fresh_transaction(m, i, n_customers)
            earlier.append(base)
        cells = list(base)
        for column in (0, 1, 4, 5, 6, 7):
            cells[column] = m.dressed(cells[column], 4)
        if m.chance(4):
            cells[3] = m.r.choice(ODD_AMOUNTS)
        if m.chance(4):
            cells[2] = m.r.choice(ODD_DATES)
        if m.chance(10):
            spoil(m, cells)
        bad = m.malformed(cells) if m.chance(1.5) else m.record(cells)
        records.append(header[:-1] + m.line_end() if bad is None else bad)
    return Case(header, records)


def spoil(m, cells):
    for _ in range(m.r.choice([1, 1, 1, 2, 3])):
        column = m.r.randrange(8)
        if column == 2:
            cells[2] = m.r.choice(BAD_DATES + ["", b"2025-06-01\x00", b"2025\xff"])
        elif column == 3:
            cells[3] = m.r.choice(BAD_AMOUNTS + ["", b"5\x00", b"5\xff"])
        elif column == 6:
            cells[6] = m.r.choice(["done", "", "complete d", "FAILED!", b"\xff", "x" * 21])
        else:
            cells[column] = m.odd_text(50 if column in (5, 7) else 20)


def joined(case, final_newline=True):
    """The whole case as one file."""
    assert case.records[-1].strip(b"\r\n"), "a blank last line is no record"
    data = case.header + b"".join(case.records)
    return data if final_newline else data.rstrip(b"\r\n")


def cut(case, n, seed):
    """The case as n files, cut between records at places drawn from the seed."""
    r = random.Random(seed)
    # A blank last line is no record, so no file may end with a blank one of the case.
    ends = [i for i in range(1, len(case.records)) if case.records[i - 1].strip(b"\r\n")]
    places = sorted(r.sample(ends, n - 1))
    pieces = zip([0] + places, places + [len(case.records)])
    return [case.header + b"".join(case.records[a:b]) for a, b in pieces]
