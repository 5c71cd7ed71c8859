// SPDX-License-Identifier: Apache-2.0
/* Groups by the values of columns: rows and texts meet, none is not empty, and there are not too many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "batch/groups.h"

static const size_t by[] = { 0, 1 };

struct rig {
	struct fe_schema schema;
	struct fe_batch batch;
	struct fe_groups groups;
	struct fe_err err;
};

static int
open_rig(void **state)
{
	static struct rig rig;
	struct rig *r = &rig;
	*r = (struct rig){ .err = FE_ERR_INIT };
	fe_schema_add(&r->schema, FE_STR("currency"), (struct fe_type){ .kind = FE_TEXT });
	fe_schema_add(&r->schema, FE_STR("card"), (struct fe_type){ .kind = FE_BOOL });
	r->schema.n_source = 2;
	fe_batch_init(&r->batch, &r->schema);
	r->batch.n_rows = 4;
	fe_groups_init(&r->groups, &r->schema, by, 2, 2);
	*state = r;
	return 0;
}

static int
close_rig(void **state)
{
	struct rig *r = *state;
	fe_groups_reset(&r->groups);
	fe_batch_reset(&r->batch);
	fe_schema_reset(&r->schema);
	return 0;
}

/* card: -1 none */
static size_t
of_row(struct rig *r, struct fe_str currency, int card)
{
	size_t item = SIZE_MAX;
	fe_bit_put(r->batch.columns[0].valid, 0, currency.p != NULL);
	r->batch.columns[0].text[0] = currency;
	fe_bit_put(r->batch.columns[1].valid, 0, card >= 0);
	fe_bit_put(r->batch.columns[1].bits, 0, card > 0);
	assert_int_equal(fe_groups_of_row(&r->groups, &r->batch, 0, &item, &r->err), FE_OK);
	return item;
}

static size_t
of_texts(struct rig *r, struct fe_str currency, struct fe_str card)
{
	size_t item = SIZE_MAX;
	const struct fe_str values[] = { currency, card };
	assert_int_equal(fe_groups_of_texts(&r->groups, values, &item, &r->err), FE_OK);
	return item;
}

static void
groups_of_rows_are_those_of_their_texts(void **state)
{
	struct rig *r = *state;
	const struct fe_str none = { 0 };

	assert_int_equal(of_row(r, FE_STR("EUR"), 1), 0);
	assert_int_equal(of_row(r, FE_STR("EUR"), 0), 1);
	assert_int_equal(of_row(r, FE_STR("USD"), -1), 2);
	assert_int_equal(of_row(r, none, -1), 3);
	assert_int_equal(of_row(r, FE_STR(""), -1), 4); /* an empty text is one */
	assert_int_equal(of_texts(r, FE_STR("EUR"), FE_STR("true")), 0);
	assert_int_equal(of_texts(r, FE_STR("EUR"), FE_STR("false")), 1);
	assert_int_equal(of_texts(r, FE_STR("USD"), none), 2);
	assert_int_equal(of_texts(r, none, none), 3);
	assert_int_equal(of_texts(r, FE_STR(""), none), 4);
	assert_int_equal(r->groups.n_items, 5);
}

/* "a" and "b" are not "ab" and "". */
static void
groups_do_not_mix_values_of_neighbours(void **state)
{
	struct rig *r = *state;
	size_t one = of_texts(r, FE_STR("a"), FE_STR("b")), other = of_texts(r, FE_STR("ab"), FE_STR(""));
	assert_int_not_equal(one, other);
}

static void
groups_add_merge_and_sort_by_value(void **state)
{
	struct rig *r = *state;
	struct fe_groups all;
	struct fe_str values[FE_GROUPS_MAX_COLUMNS];
	struct fe_buf text;
	const struct fe_str none = { 0 };
	size_t usd = of_texts(r, FE_STR("USD"), none), eur = of_texts(r, FE_STR("EUR"), none), nil = of_texts(r, none, none);

	assert_int_equal(fe_groups_add(&r->groups, usd, 0, 3, &r->err), FE_OK);
	assert_int_equal(fe_groups_add(&r->groups, usd, 0, -1, &r->err), FE_OK);
	assert_int_equal(fe_groups_add(&r->groups, eur, 1, 5, &r->err), FE_OK);
	fe_groups_init(&all, &r->schema, by, 2, 4);
	assert_int_equal(fe_groups_merge(&all, 2, &r->groups, &r->err), FE_OK);
	assert_int_equal(fe_groups_merge(&all, 0, &r->groups, &r->err), FE_OK);
	assert_int_equal(all.n_items, 3);
	assert_true(fe_groups_figures(&all, 0)[0] == 2 && fe_groups_figures(&all, 0)[2] == 2);
	assert_true(fe_groups_figures(&all, 1)[3] == 5 && fe_groups_figures(&all, 1)[0] == 0);
	size_t *order = fe_groups_sorted(&all);
	assert_int_equal(order[0], nil);
	assert_int_equal(order[1], eur);
	assert_int_equal(order[2], usd);
	fe_groups_values(&all, eur, values);
	assert_true(fe_str_is(values[0], "EUR") && !values[1].p);
	fe_buf_init(&text, 256);
	fe_groups_print(&all, eur, &text);
	assert_string_equal(fe_buf_text(&text), "currency EUR, card none");
	fe_buf_reset(&text);
	fe_free(order);
	fe_groups_clear(&all);
	assert_int_equal(all.n_items, 0);
	fe_groups_reset(&all);
}

static void
groups_past_their_limits_are_refused(void **state)
{
	struct rig *r = *state;
	char name[16], *large;
	struct fe_str values[2] = { { 0 } };
	size_t item;

	for (int i = 0; i < FE_GROUPS_MAX; i++) {
		values[0] = (struct fe_str){ name, (size_t)snprintf(name, sizeof name, "%d", i) };
		assert_int_equal(fe_groups_of_texts(&r->groups, values, &item, &r->err), FE_OK);
		assert_int_equal(item, i);
	}
	values[0] = FE_STR("17");
	assert_int_equal(fe_groups_of_texts(&r->groups, values, &item, &r->err), FE_OK);
	assert_int_equal(item, 17);
	values[0] = FE_STR("another");
	assert_int_equal(fe_groups_of_texts(&r->groups, values, &item, &r->err), FE_ELIMIT);
	assert_non_null(strstr(r->err.text, "more than 1000 groups"));
	fe_groups_clear(&r->groups);
	large = fe_alloc(FE_GROUPS_MAX_BYTES);
	values[0] = (struct fe_str){ large, FE_GROUPS_MAX_BYTES };
	assert_int_equal(fe_groups_of_texts(&r->groups, values, &item, &r->err), FE_ELIMIT);
	fe_free(large);
}

static void
groups_stop_past_128_bits(void **state)
{
	struct rig *r = *state;
	const fe_i128 most = (fe_i128)((~(unsigned __int128)0) >> 1);
	size_t item = of_texts(r, FE_STR("EUR"), FE_STR("true"));

	assert_int_equal(fe_groups_add(&r->groups, item, 0, most, &r->err), FE_OK);
	assert_int_equal(fe_groups_add(&r->groups, item, 0, 1, &r->err), FE_ELIMIT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(groups_of_rows_are_those_of_their_texts, open_rig, close_rig),
		cmocka_unit_test_setup_teardown(groups_do_not_mix_values_of_neighbours, open_rig, close_rig),
		cmocka_unit_test_setup_teardown(groups_add_merge_and_sort_by_value, open_rig, close_rig),
		cmocka_unit_test_setup_teardown(groups_past_their_limits_are_refused, open_rig, close_rig),
		cmocka_unit_test_setup_teardown(groups_stop_past_128_bits, open_rig, close_rig),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
