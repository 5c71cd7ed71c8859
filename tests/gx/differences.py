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
    # An expectation that is not known has an entry of its own that says so; nothing drops out in silence.
    "unknown_type": "an exception entry",
    "unknown_type_among_known": "an exception entry",
    "multicolumn_unique_is_gone": "an exception entry",
    "same_broken_expectation_twice": "two entries of two expectations, where Great Expectations has three",
    "column_of_the_first_name_but_for_case": "a column that has exactly the name is taken before one that differs in case",
    "parameter_of_the_suite": "a parameter that is given nowhere else has the value under the suite's own suite_parameters",
    "parameter_of_column": "a column's name may be a parameter as well",
    "format_of_no_such_name_of_a_table": "a result format that does not exist is refused for every expectation",
    "format_of_no_such_name": "a result format that does not exist is refused for every expectation",
    # Sums are exact: of ints past 64 bits, of decimals past 2^53, and of decimals that no double is.
    "sum_exact_edge": "9223372036854775808, where 64 bits wrap",
    "sum_exact_big": "1.01, where doubles have lost it",
    "mean_exact_big": "of the exact sum",
    "mean_exact_n": "of the exact sum",
    "multicolumn_sum_decimals": "0.10 + 0.20 is 0.3",
    "multicolumn_sum_decimals_of_tenths": "0.70 + 0.10 is 0.8",
    # A null is a null; floats have NaN for it, which is no other's equal.
    "not_null_several_decimals": "nulls are one value in partial_unexpected_counts",
    # A condition is understood to its end, or refused.
    "condition_and": "the second half of a text of two comparisons is not left out in silence",
    "pair_greater_same_column": "a pair of a column and itself is listed as one of two values, not of two lists",
    # LIKE is known to the databases that Great Expectations asks, and to finetl, but not to pandas.
    "like_by_pandas": "LIKE is worked out",
    "not_like_by_pandas": "LIKE is worked out",
    "like_list_by_pandas": "LIKE is worked out",
    "not_like_list_by_pandas": "LIKE is worked out",
    # pandas gives the texts of all timestamps of a column as many digits as one of them needs.
    "regex_seconds_of_timestamps_mixed": "the text of a timestamp is its own",
    "regex_three_of_timestamps_mixed": "the text of a timestamp is its own",
    "regex_seconds_of_timestamps_fine": "the text of a timestamp is its own",
    "regex_six_of_timestamps_fine": "the text of a timestamp is its own",
    "length_of_timestamps_mixed": "the text of a timestamp is its own",
    "length_of_timestamps_fine": "the text of a timestamp is its own",
    # Known, and answered by an exception that says what to use.
    "dateutil_dates": "dateutil's guesses follow no rule",
    "dateutil_words": "dateutil's guesses follow no rule",
}

# Held to the answer by type where there is a plain one too: an int stays one in a column with
# nulls, 3 and not 3.0, of type int64 (Int64) and not float64.
BY_TYPE = {
    "regex_of_n", "not_regex_of_n",
    "of_type_n_int", "of_type_n_int64", "of_type_n_Int64", "of_type_n_Int64Dtype", "of_type_n_float64", "of_type_n_INTEGER",
    "in_type_list_n", "in_type_list_n_not",
    "column_type_n_int", "column_type_n_int64", "column_type_n_Int64", "column_type_n_float64",
}
