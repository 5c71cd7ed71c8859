# SPDX-License-Identifier: Apache-2.0
"""Where finetl's answer to a case is another than Great Expectations', on purpose.

By the names of cases, with the reason; docs/great-expectations.md has the table for users. A case
that is named here and agrees after all is a failure too, so that the list stays true.
"""

DIFFERENCES = {
    # Numbers are compared exactly, where doubles run out.
    "between_int_past_2_to_53": "9007199254740993 is above a bound of 9007199254740992",
    "between_decimal_of_18_digits": "9007199254740993.00 is above a bound of 9007199254740992",
    # Which 20 of more values are listed hangs on the order of a Python set; here the first of value_set.
    "distinct_contain_set_more_than_20": "the first 20 of value_set are listed",
    "distinct_equal_set_more_than_20": "the first 20 of value_set are listed",
    # NaN, as which pandas has a null there, is neither less nor more than a number: a sort leaves it about.
    "unique_within_record_all_values_are_missing": "nulls are counted after numbers",
    "unique_within_record_never": "nulls are counted after numbers",
}
