# SPDX-License-Identifier: Apache-2.0
"""The model against cases worked out by hand, so that it is no oracle out of thin air."""

import pytest

import cells
import model
import nasty
import pipelines
import strict_csv
from cells import Refused
from expressions import Timestamp, compile_expression, simple_case

NOW_US = nasty.RUN_TIME_US
CUSTOMERS = b"customer_id,customer_name,registration_date,customer_tier,email,is_active\nC1,Ada,2020-01-01,gold,a@b.c,yes\n"
HEADER = b"transaction_id,customer_id,transaction_date,amount,merchant_id,category,status,payment_method\n"


def run(transactions, pipeline=None, warehouse=None):
    inputs = {"customers": [model.Input("c.csv", CUSTOMERS)],
              "transactions": [model.Input("t.csv", HEADER + transactions)]}
    outcomes, after = model.run(pipeline or pipelines.financial(), inputs, NOW_US, warehouse)
    return outcomes[1], after


def refused(function, *arguments):
    with pytest.raises(Refused) as caught:
        function(*arguments)
    return caught.value.code


@pytest.mark.parametrize("text, code", [
    ("1,234.56", "separator"), ("1.234,56", "separator"), ("$5", "currency_sign"), ("5 EUR", "currency_sign"),
    ("(5)", "parentheses"), ("5-", "trailing_minus"), ("+5", "plus_sign"), (" 5", "blank_inside"), ("1e3", "exponent"),
    ("0x10", "not_a_number"), ("5.", "not_a_number"), (".5", "not_a_number"), ("٣", "not_a_number"),
    ("5\u00a0", "blank_inside"), ("12.340", "too_many_decimals"), ("10000000000", "out_of_range"), ("NaN", "not_a_number"),
])
def test_each_bad_amount_has_its_reason(text, code):
    assert refused(cells.cast_number, text, 12, 2) == code


@pytest.mark.parametrize("text, code", [
    ("2026-02-30", "no_such_day"), ("2026-01-01 24:00", "no_such_time"), ("0000-01-01", "out_of_range"),
    ("10000-01-01", "not_a_timestamp"), ("2026-01-01 10:00:00.1234567", "fraction_too_long"),
    ("2026-01-01 10:00+16:00", "bad_offset"), ("0001-01-01 00:00+00:01", "out_of_range"),
])
def test_each_bad_moment_has_its_reason(text, code):
    assert refused(cells.cast_timestamp, text, "UTC") == code


def test_days_by_form():
    assert cells.cast_date("1970-01-11").days == 10 and cells.cast_date("11/01/1970", "%d/%m/%Y").days == 10
    assert cells.cast_date("11Jan70", "%d%b%y").days == 10
    assert refused(cells.cast_date, "1/1/1970", "%d/%m/%Y") == "not_a_date"
    assert refused(cells.cast_date, "31/04/1970", "%d/%m/%Y") == "no_such_day"


def test_moments_of_a_zone():
    assert refused(cells.cast_timestamp, "2025-03-30 01:30", "Europe/London") == "skipped_time"
    assert refused(cells.cast_timestamp, "2025-10-26 01:30", "Europe/London") == "repeated_time"
    assert cells.cast_timestamp("2025-07-01 12:00", "Europe/London") == cells.cast_timestamp("2025-07-01 11:00Z")
    assert refused(cells.cast_timestamp, "2025-07-01 12:00") == "no_zone"
    assert cells.cast_timestamp("1970-01-01 05:45:00.5+05:45") == Timestamp(500000)


def test_case_is_one_to_one():
    assert simple_case("straße ŉ ﬁ ᾳ", "upper") == "STRAßE ŉ ﬁ ᾼ"
    assert simple_case("İΣ", "lower") == "iσ"


def test_unknown_is_neither_true_nor_false():
    row = {"x": None, "y": 1}
    for text, value in [("x > 1", None), ("x > 1 or y = 1", True), ("x > 1 and y = 2", False), ("not (x = 1)", None),
                        ("y in (1, null)", True), ("y in (2, null)", None), ("y not in (2, null)", None), ("x is null", True),
                        ("case when x > 1 then 'a' else 'b' end = 'b'", True), ("coalesce(x, 7) = 7", True)]:
        assert compile_expression(text)(row, Timestamp(0)) is value, text


def test_csv_flaws_and_refusals():
    data = b'a,b\n1,2\n1\n1,2,3\n,\n\n1,x"y"z\n"1"x,2\na,b\n\xef\xbb\xbf1,2\n"1\n,""2",2\n\n'
    flaws = [(r.number, r.flaw) for r in strict_csv.read(data, ["a", "b"])]
    assert [f for _, f in flaws] == ["", "too_few_cells", "too_many_cells", "empty_record", "blank_line", "quote_in_bare_cell",
                                     "text_after_quote", "repeated_header", "bom_inside", ""]
    for bad in (b'a,b\n1,"2\n', b"a,b\n1,2\r3,4\n", b'a,b\n1,x"y\n', b"a,a\n1,2\n", b"a\n1\n", b"a,b,c\n1,2,3\n", b"a,b\n1",
                b""):
        with pytest.raises(strict_csv.FileRefused):
            list(strict_csv.read(bad, ["a", "b"]))


def test_header_in_any_order_and_bom():
    (record,) = strict_csv.read(b"\xef\xbb\xbfb, a\n1,2", ["a", "b"])
    assert record == strict_csv.Record(1, 8, b"1,2", [b"2", b"1"], "")


def test_one_record_carries_all_its_reasons_in_order():
    outcome, _ = run(b"T1,C9,2027-01-01,x,,,done,\n")
    assert outcome.rejects[0].reasons == ("amount:not_a_number", "status_known", "not_in_future", "customer_known")
    assert outcome.defaults_filled == {"merchant_id": 1, "category": 1}
    assert outcome.no_value == {"amount": 1}


def test_derived_columns():
    outcome, _ = run(b"t1 ,c1,2025-06-07 03:00,10000.01,m,c,failed,\n")
    values = outcome.rows[0].values
    assert (values["transaction_id"], values["merchant_id"], values["transaction_dayofweek"]) == ("T1", "M", 5)
    assert (values["amount_category"], values["risk_score"], values["risk_level"]) == ("exceptional", 100, "critical")


def test_dedupe_in_record_order():
    lines = [b"T1,C1,2025-06-01,5.00,M,c,pending,card\n", b"t1,C1,2025-06-01,5,m,C,PENDING,card\n",
             b"T1,C1,2025-06-01,5.00,M,c,completed,card\n", b"T1,C1,2025-06-01,5.01,M,c,completed,card\n",
             b"T2,C1,2025-06-01,x,M,c,pending,card\n", b"T2,C1,2025-06-01,7.00,M,c,pending,card\n"]
    outcome, after = run(b"".join(lines))
    assert outcome.counts == dict(read=6, filtered=0, inserted=2, updated=0, unchanged=0, duplicate=1, superseded=1, rejected=2)
    assert [r.verdict for r in outcome.rejects] == ["conflict", "rejected"]
    assert [row.record for row in outcome.rows] == [3, 6]
    again, _ = run(b"".join(lines), warehouse=after)
    assert again.counts == dict(read=6, filtered=0, inserted=0, updated=0, unchanged=2, duplicate=1, superseded=1, rejected=2)


def test_version_decides_whatever_the_order():
    p = pipelines.financial()
    p["targets"]["fact_transactions"].update(version="transaction_date", mutable=["status"])
    old, new = b"T1,C1,2025-06-01,5,M,c,pending,card\n", b"T1,C1,2025-06-02,5,M,c,completed,card\n"
    for lines in (old + new, new + old):
        outcome, _ = run(lines, p)
        assert outcome.counts["superseded"] == 1 and outcome.rows[0].values["status"] == "completed"
    outcome, _ = run(old + old.replace(b"pending", b"failed"), p)
    assert outcome.reasons == {"conflict": 1}


def test_cuts_into_files_and_runs_change_nothing():
    customers, transactions = nasty.customers(3, 300), nasty.transactions(4, 3000, 300)

    def inputs(pieces, with_customers=True):
        files = {"transactions": [model.Input(str(i), piece) for i, piece in enumerate(pieces)]}
        if with_customers:
            files["customers"] = [model.Input("c", nasty.joined(customers))]
        return files

    for pipeline in (pipelines.financial(), pipelines.variant()):
        whole, after = model.run(pipeline, inputs([nasty.joined(transactions)]), NOW_US)
        seven, after7 = model.run(pipeline, inputs(nasty.cut(transactions, 7, 1)), NOW_US)
        assert [o.counts for o in whole] == [o.counts for o in seven] and [o.sums for o in whole] == [o.sums for o in seven]
        state = None
        for i, piece in enumerate(nasty.cut(transactions, 3, 2)):
            _, state = model.run(pipeline, inputs([piece], i == 0), NOW_US, state)
        for table, rows in after.items():
            plain = {key: row.values for key, row in rows.items()}
            assert plain == {key: row.values for key, row in after7[table].items()}
            assert plain == {key: row.values for key, row in state[table].items()}
        for outcome in whole:
            counts = outcome.counts
            assert counts["read"] == sum(n for term, n in counts.items() if term != "read")
