// SPDX-License-Identifier: Apache-2.0
/* conformance/sink.c - see conformance/sink.h */
#include "sink.h"

#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/mem.h"
#include "sink_fixture.h"

struct state {
	const struct fe_sink_subject *subject;
	struct fx_tables tables;
	struct fx f;
	char url[512];
};

static int
set_up(void **p)
{
	struct state *s = *p; /* the suite's, used again by each test */

	fx_tables_init(&s->tables);
	fx_init(&s->f, s->subject->ops, &s->tables);
	assert_true(snprintf(s->url, sizeof(s->url), "%s", s->subject->fresh()) > 0);
	return 0;
}

static int
tear_down(void **p)
{
	struct state *s = *p;

	fx_reset(&s->f);
	fx_tables_reset(&s->tables);
	return 0;
}

static void
assert_rows(const struct state *s, const char *table, const char *lines)
{
	struct fe_buf out;

	fe_buf_init(&out, 1 << 20);
	s->subject->dump(s->url, table, &out);
	assert_false(out.failed);
	assert_string_equal(fe_buf_text(&out), lines);
	fe_buf_reset(&out);
}

static void
assert_sums(const struct fe_confirmed *c, uint64_t n, int64_t amount, int64_t fee)
{
	assert_int_equal(c->n, n);
	assert_true(c->sums[0] == amount);
	assert_true(c->sums[1] == fee);
}

/* "customer,status: rows amount fee" of each group that has rows, in order. */
static void
assert_groups(const struct fe_confirmed *c, const char *lines)
{
	struct fe_str values[FE_GROUPS_MAX_COLUMNS];
	struct fe_buf out;

	assert_non_null(c->groups);
	size_t *sorted = fe_groups_sorted(c->groups);
	fe_buf_init(&out, 1 << 16);
	for (size_t i = 0; i < c->groups->n_items; i++) {
		const fe_i128 *figures = fe_groups_figures(c->groups, sorted[i]);
		if (figures[0] == 0)
			continue;
		fe_groups_values(c->groups, sorted[i], values);
		for (size_t k = 0; k < 2; k++)
			fe_buf_addf(&out, "%s%.*s", k ? "," : "", values[k].p ? (int)values[k].n : 4, values[k].p ? values[k].p : "null");
		fe_buf_addf(&out, ": %lld %lld %lld\n", (long long)figures[0], (long long)figures[1], (long long)figures[2]);
	}
	assert_string_equal(fe_buf_text(&out), lines);
	fe_free(sorted);
	fe_buf_reset(&out);
}

static const size_t by_customer_and_status[] = { FX_CUSTOMER_ID, FX_STATUS };

static void
ask_for_groups(struct state *s)
{
	s->tables.tables[FX_ITEMS].sum_by = by_customer_and_status;
	s->tables.tables[FX_ITEMS].n_sum_by = 2;
}

#define ITEM_1 "K1|C1|2026-01-31|2026-01-31 10:00:00.000000Z|12.50|open|0.125|7|small"
#define ITEM_2 "K2|C2|2026-02-28|2026-02-28 23:59:59.999999Z|-0.05|closed|-1.000|-7|large"
#define ITEM_3 "K3|C1|||||||"
#define CUSTOMERS "C1|Ann|true\nC2|Bob|false\nC3||\n"

static const char *const two_items[] = { ITEM_1, ITEM_2, NULL };

static void
make_placeholders(struct fx *f, const char *const *rows, size_t n)
{
	struct fe_err err = FE_ERR_INIT;

	assert_int_equal(fx_try_placeholders(f, rows, n, &err), FE_OK);
}

/* ---- all or nothing ---- */

static void
commit_publishes_all_tables_and_confirms_them(void **p)
{
	struct state *s = *p;
	struct fx *f = &s->f;

	fx_start(f, s->url, "RUN1");
	assert_true(fx_table_begin(f, FX_CUSTOMERS));
	(void)fx_insert(f, "C1|Ann|true");
	(void)fx_insert(f, "C2|Bob|false");
	fx_write(f);
	(void)fx_insert(f, "C3||");
	fx_write(f);
	fx_table_end(f);
	assert_int_equal(f->result.inserted.n, 3);
	assert_true(fx_table_begin(f, FX_ITEMS));
	(void)fx_insert(f, ITEM_1);
	(void)fx_insert(f, ITEM_2);
	(void)fx_insert(f, ITEM_3);
	fx_write(f);
	fx_table_end(f);
	assert_sums(&f->result.inserted, 3, 1245, -875);
	assert_sums(&f->result.updated, 0, 0, 0);
	assert_sums(&f->result.unchanged, 0, 0, 0);
	assert_true(f->result.strategy[0] != '\0');
	fx_end(f, "success");
	assert_rows(s, "dim_customers", CUSTOMERS);
	assert_rows(s, "fact_items", ITEM_1 "\n" ITEM_2 "\n" ITEM_3 "\n");
}

static void
closing_without_commit_undoes_all(void **p)
{
	struct state *s = *p;
	struct fx *f = &s->f;

	fx_start(f, s->url, "RUN1");
	(void)fx_table_begin(f, FX_CUSTOMERS);
	(void)fx_insert(f, "C1|Ann|true");
	fx_write(f);
	fx_table_end(f);
	fx_close(f);
	assert_rows(s, "dim_customers", "");
}

static void
undo_leaves_what_was_published_as_it_was(void **p)
{
	struct state *s = *p;
	struct fx *f = &s->f;

	fx_load_items(f, s->url, "RUN1", two_items);
	fx_start(f, s->url, "RUN2");
	(void)fx_table_begin(f, FX_CUSTOMERS);
	(void)fx_insert(f, "C9|Zoe|true");
	fx_write(f);
	fx_table_end(f);
	fx_reject(f, 4, "amount:not_a_number", FE_STR("K4,x"));
	fx_end(f, "held");
	assert_rows(s, "dim_customers", CUSTOMERS);
	assert_rows(s, "fact_items", ITEM_1 "\n" ITEM_2 "\n");
}

static void
undo_in_the_middle_of_a_table_works(void **p)
{
	struct state *s = *p;
	struct fx *f = &s->f;

	fx_load_items(f, s->url, "RUN1", two_items);
	fx_start(f, s->url, "RUN2");
	(void)fx_table_begin(f, FX_CUSTOMERS);
	(void)fx_insert(f, "C9|Zoe|true");
	fx_write(f);
	fx_end(f, "failed");
	assert_rows(s, "dim_customers", CUSTOMERS);
}

static void
placeholders_are_rows_that_no_figure_counts(void **p)
{
	static const char *const first[] = { "C8", "C7" }, *const second[] = { "C9" };
	struct state *s = *p;
	struct fx *f = &s->f;

	fx_start(f, s->url, "RUN1");
	(void)fx_table_begin(f, FX_CUSTOMERS);
	(void)fx_insert(f, "C1|Ann|true");
	fx_write(f);
	fx_table_end(f);
	assert_int_equal(f->result.inserted.n, 1);
	assert_int_equal(f->result.filled.n, 0);
	(void)fx_table_begin(f, FX_ITEMS);
	make_placeholders(f, first, 2);
	(void)fx_insert(f, "K1|C7||||||||");
	(void)fx_insert(f, "K2|C8||||||||");
	fx_write(f);
	make_placeholders(f, second, 1);
	(void)fx_insert(f, "K3|C9||||||||");
	fx_write(f);
	fx_table_end(f);
	assert_sums(&f->result.inserted, 3, 0, 0);
	assert_sums(&f->result.filled, 0, 0, 0);
	fx_end(f, "success");
	assert_rows(s, "dim_customers", "C1|Ann|true\nC7||\nC8||\nC9||\n");
	assert_rows(s, "fact_items", "K1|C7|||||||\nK2|C8|||||||\nK3|C9|||||||\n");
}

static void
undo_takes_back_placeholders(void **p)
{
	static const char *const keys[] = { "C7" };
	struct state *s = *p;
	struct fx *f = &s->f;

	fx_load_items(f, s->url, "RUN1", two_items);
	fx_start(f, s->url, "RUN2");
	(void)fx_table_begin(f, FX_CUSTOMERS);
	fx_table_end(f);
	make_placeholders(f, keys, 1);
	fx_end(f, "held");
	assert_rows(s, "dim_customers", CUSTOMERS);
}

static void
a_run_without_records_is_fine(void **p)
{
	struct state *s = *p;
	struct fx *f = &s->f;

	fx_start(f, s->url, "RUN1");
	(void)fx_table_begin(f, FX_CUSTOMERS);
	fx_table_end(f);
	(void)fx_table_begin(f, FX_ITEMS);
	fx_write(f); /* a batch of which nothing is kept */
	fx_table_end(f);
	assert_sums(&f->result.inserted, 0, 0, 0);
	fx_end(f, "success");
	assert_rows(s, "fact_items", "");
}

static void
two_sinks_of_one_pipeline_do_not_run_at_once(void **p)
{
	struct state *s = *p;
	struct fe_err err = FE_ERR_INIT;
	struct fx other;

	fx_init(&other, s->subject->ops, &s->tables);
	fx_start(&s->f, s->url, "RUN1");
	assert_int_equal(fx_open(&other, s->url, &err), FE_OK);
	assert_int_equal(fx_begin(&other, "RUN2", &err), FE_EUNAVAIL);
	/* An attempt that never began has nothing to write down, and says so by FE_OK. */
	assert_int_equal(fx_try_end(&other, "failed", &err), FE_OK);
	fx_reset(&other);
	fx_end(&s->f, "success");
}

/* ---- rows of this run ---- */

static void
removed_rows_are_neither_stored_nor_counted(void **p)
{
	struct state *s = *p;
	struct fx *f = &s->f;
	int64_t first;

	fx_start(f, s->url, "RUN1");
	(void)fx_table_begin(f, FX_CUSTOMERS);
	first = fx_insert(f, "C1|Old|true");
	(void)fx_insert(f, "C2|Bob|false");
	fx_write(f);
	fx_remove(f, FE_PLACE_INSERTED, first);
	(void)fx_insert(f, "C1|Ann|true");
	fx_write(f);
	(void)fx_insert(f, "C3||");
	fx_write(f);
	fx_table_end(f);
	assert_int_equal(f->result.inserted.n, 3);
	(void)fx_table_begin(f, FX_ITEMS);
	first = fx_insert(f, ITEM_1);
	fx_write(f);
	fx_remove(f, FE_PLACE_INSERTED, first);
	first = fx_insert(f, "K1|C1|2026-01-31|2026-01-31 10:00:00.000000Z|12.50|paid|0.125|7|small");
	fx_write(f);
	fx_remove(f, FE_PLACE_INSERTED, first);
	(void)fx_insert(f, ITEM_1);
	fx_write(f);
	fx_table_end(f);
	assert_sums(&f->result.inserted, 1, 1250, 125);
	fx_end(f, "success");
	assert_rows(s, "dim_customers", CUSTOMERS);
	assert_rows(s, "fact_items", ITEM_1 "\n");
}

static void
fetch_gives_back_what_this_run_inserted(void **p)
{
	struct state *s = *p;
	struct fx *f = &s->f;
	struct fe_err err = FE_ERR_INIT;
	char row[64];
	int i;

	fx_start(f, s->url, "RUN1");
	(void)fx_table_begin(f, FX_CUSTOMERS);
	for (i = 0; i < 300; i++) {
		(void)snprintf(row, sizeof(row), "C%d|Name \"%d\", they said|%s", i, i,
		               i % 2 ? "true" : "false");
		(void)fx_insert(f, row);
		if (i % 70 == 0)
			fx_write(f);
	}
	fx_write(f);
	fe_batch_init(&f->met, &s->tables.schemas[FX_CUSTOMERS]);
	fe_batch_clear(&f->met);
	for (i = 299; i >= 0; i -= 13) {
		assert_int_equal(s->subject->ops->fetch(f->sink, FX_CUSTOMERS, FE_PLACE_INSERTED, i,
		                                        &f->met, 2, &err),
		                 FE_OK);
		(void)snprintf(row, sizeof(row), "C%d|Name \"%d\", they said|%s", i, i,
		               i % 2 ? "true" : "false");
		assert_string_equal(fx_line(&f->met, 2, 3), row);
	}
	fx_table_end(f);
	fx_end(f, "success");
}

static void
fetch_gives_back_every_type_and_null(void **p)
{
	struct state *s = *p;
	struct fx *f = &s->f;
	struct fe_err err = FE_ERR_INIT;
	int64_t full, bare;

	fx_start(f, s->url, "RUN1");
	(void)fx_table_begin(f, FX_CUSTOMERS);
	(void)fx_insert(f, "C1|Ann|true");
	(void)fx_insert(f, "C2|Bob|false");
	fx_write(f);
	fx_table_end(f);
	(void)fx_table_begin(f, FX_ITEMS);
	full = fx_insert(f, ITEM_2);
	bare = fx_insert(f, ITEM_3);
	fx_write(f);
	fe_batch_init(&f->met, &s->tables.schemas[FX_ITEMS]);
	fe_batch_clear(&f->met);
	assert_int_equal(
		f->ops->fetch(f->sink, FX_ITEMS, FE_PLACE_INSERTED, full, &f->met, 0, &err), FE_OK);
	assert_string_equal(fx_line(&f->met, 0, 8),
	                    "K2|C2|2026-02-28|2026-02-28 23:59:59.999999Z|-0.05|closed|-1.000|-7");
	assert_int_equal(
		f->ops->fetch(f->sink, FX_ITEMS, FE_PLACE_INSERTED, bare, &f->met, 0, &err), FE_OK);
	assert_string_equal(fx_line(&f->met, 0, 8), "K3|C1||||||");
	fx_table_end(f);
	fx_end(f, "success");
}

/* ---- values ---- */

static void
text_bytes_travel_unharmed(void **p)
{
	static const char *const names[] = {
		"=1+1",  "'; DROP TABLE dim_customers; --", "\"quoted\", and, commas", " blanks ",
		"a\tb",  "\xc3\xa4\xe2\x82\xac\xf0\x9f\x92\xb6", "NULL",                "\\N \\.",
		"100%",  "caf\x65\xcc\x81",                 "00123",                   "1e5",
	};
	struct state *s = *p;
	struct fx *f = &s->f;
	struct fe_buf expected;
	char row[128];
	size_t i;

	fe_buf_init(&expected, 1 << 16);
	fx_start(f, s->url, "RUN1");
	(void)fx_table_begin(f, FX_CUSTOMERS);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(row, sizeof(row), "C%02zu|%s|true", i, names[i]);
		(void)fx_insert(f, row);
		fe_buf_addf(&expected, "%s\n", row);
	}
	fx_write(f);
	fx_table_end(f);
	fx_end(f, "success");
	assert_rows(s, "dim_customers", fe_buf_text(&expected));
	fe_buf_reset(&expected);
}

static void
ends_of_every_range_travel_unharmed(void **p)
{
	static const char *const rows[] = {
		"K1|C1|0001-01-01|0001-01-01 00:00:00.000000Z|9999999999999999.99|a|999.999|"
		"9223372036854775807|x",
		"K2|C1|9999-12-31|9999-12-31 23:59:59.999999Z|-9999999999999999.99|b|-999.999|"
		"-9223372036854775808|x",
		"K3|C1|1969-12-31|1969-12-31 23:59:59.999999Z|0.00|c|0.000|0|x",
		NULL,
	};
	struct state *s = *p;
	struct fe_buf expected;
	size_t i;

	fe_buf_init(&expected, 1 << 16);
	for (i = 0; rows[i]; i++)
		fe_buf_addf(&expected, "%s\n", rows[i]);
	fx_load_items(&s->f, s->url, "RUN1", rows);
	assert_sums(&s->f.result.inserted, 3, 0, 0);
	assert_rows(s, "fact_items", fe_buf_text(&expected));
	fe_buf_reset(&expected);
}

/* 100 rows of 9999999999999999.99: past 2^53 a double would be off by cents, past 2^63 an
 * int64 would overflow. */
static void
sums_are_exact_past_64_bits(void **p)
{
	struct state *s = *p;
	struct fx *f = &s->f;
	char row[128];
	int i;

	fx_start(f, s->url, "RUN1");
	(void)fx_table_begin(f, FX_CUSTOMERS);
	(void)fx_insert(f, "C1||");
	fx_write(f);
	fx_table_end(f);
	(void)fx_table_begin(f, FX_ITEMS);
	for (i = 0; i < 100; i++) {
		(void)snprintf(row, sizeof(row), "K%d|C1|||9999999999999999.99||0.001||", i);
		(void)fx_insert(f, row);
	}
	fx_write(f);
	fx_table_end(f);
	assert_int_equal(f->result.inserted.n, 100);
	assert_true(f->result.inserted.sums[0] == (fe_i128)INT64_C(999999999999999999) * 100);
	assert_true(f->result.inserted.sums[1] == 100);
	fx_end(f, "success");
}

static void
what_is_inserted_is_confirmed_by_group(void **p)
{
	struct state *s = *p;
	struct fx *f = &s->f;

	ask_for_groups(s);
	fx_start(f, s->url, "RUN1");
	(void)fx_table_begin(f, FX_CUSTOMERS);
	(void)fx_insert(f, "C1|Ann|true");
	(void)fx_insert(f, "C2|Bob|false");
	fx_write(f);
	fx_table_end(f);
	(void)fx_table_begin(f, FX_ITEMS);
	int64_t first = fx_insert(f, "K9|C2|||500.00|closed|9.000||");
	(void)fx_insert(f, ITEM_1);
	(void)fx_insert(f, ITEM_2);
	fx_write(f);
	fx_remove(f, FE_PLACE_INSERTED, first);
	(void)fx_insert(f, ITEM_3);
	(void)fx_insert(f, "K4|C1|||0.50|open|||");
	fx_write(f);
	fx_table_end(f);
	assert_groups(&f->result.inserted, "C1,null: 1 0 0\nC1,open: 2 1300 125\nC2,closed: 1 -5 -1000\n");
	assert_sums(&f->result.inserted, 4, 1295, -875);
	fx_end(f, "success");
}

/* ---- rows of earlier runs ---- */

static void
lookup_finds_rows_of_earlier_runs_only(void **p)
{
	struct state *s = *p;
	struct fx *f = &s->f;
	struct fe_str origin;

	fx_load_items(f, s->url, "RUN1", two_items);
	fx_start(f, s->url, "RUN2");
	assert_false(fx_table_begin(f, FX_CUSTOMERS));
	fx_table_end(f);
	assert_false(fx_table_begin(f, FX_ITEMS));
	(void)fx_insert(f, ITEM_3);
	fx_write(f);
	assert_true(fx_lookup(f, FX_ITEMS, "K2|", &origin) >= 0);
	assert_string_equal(fx_line(&f->met, 0, 8),
	                    "K2|C2|2026-02-28|2026-02-28 23:59:59.999999Z|-0.05|closed|-1.000|-7");
	assert_int_equal(origin.n, strlen("record 5 of /in/items.csv, run RUN1"));
	assert_memory_equal(origin.p, "record 5 of /in/items.csv, run RUN1", origin.n);
	assert_int_equal(fx_lookup(f, FX_ITEMS, "K3|", NULL), -1);
	assert_int_equal(fx_lookup(f, FX_ITEMS, "K9|", NULL), -1);
	fx_table_end(f);
	fx_end(f, "success");
}

static void
has_knows_what_was_there_and_what_is(void **p)
{
	struct state *s = *p;
	struct fx *f = &s->f;

	fx_load_items(f, s->url, "RUN1", two_items);
	fx_start(f, s->url, "RUN2");
	(void)fx_table_begin(f, FX_CUSTOMERS);
	(void)fx_insert(f, "C4|Eve|true");
	fx_write(f);
	fx_table_end(f);
	(void)fx_table_begin(f, FX_ITEMS);
	assert_true(fx_has(f, FX_CUSTOMERS, "C1"));
	assert_true(fx_has(f, FX_CUSTOMERS, "C4"));
	assert_false(fx_has(f, FX_CUSTOMERS, "C5"));
	assert_false(fx_has(f, FX_CUSTOMERS, "c1"));
	fx_table_end(f);
	fx_end(f, "success");
}

/* Only what is asked for is answered, bits that are set stay, and null is no key. */
static void
has_answers_for_many_rows_at_once(void **p)
{
	struct state *s = *p;
	struct fx *f = &s->f;
	const char *rows[200];
	uint64_t asked[4] = { 0 }, known[4] = { 0, 1, 0, 0 }, made[4] = { 0 };

	fx_load_items(f, s->url, "RUN1", two_items);
	fx_start(f, s->url, "RUN2");
	(void)fx_table_begin(f, FX_CUSTOMERS);
	fx_table_end(f);
	(void)fx_table_begin(f, FX_ITEMS);
	for (size_t i = 0; i < 200; i++) {
		rows[i] = i % 4 == 0 ? "C1||" : i % 4 == 1 ? "C9||" : i % 4 == 2 ? "C3||" : "||";
		fe_bit_put(asked, i, i % 5 != 0);
	}
	fx_has_many(f, FX_CUSTOMERS, rows, 200, asked, known, made);
	for (size_t i = 0; i < 200; i++)
		assert_int_equal(fe_bit_get(known, i), i == 64 || (i % 5 != 0 && i % 2 == 0));
	assert_int_equal(made[0] | made[1] | made[2] | made[3], 0);
	fx_table_end(f);
	fx_end(f, "success");
}

static void
updates_change_mutable_columns_and_are_confirmed(void **p)
{
	struct state *s = *p;
	struct fx *f = &s->f;
	int64_t one, two;

	fx_load_items(f, s->url, "RUN1", two_items);
	fx_start(f, s->url, "RUN2");
	(void)fx_table_begin(f, FX_CUSTOMERS);
	fx_table_end(f);
	(void)fx_table_begin(f, FX_ITEMS);
	one = fx_lookup(f, FX_ITEMS, "K1|", NULL);
	two = fx_lookup(f, FX_ITEMS, "K2|", NULL);
	fx_update(f, one, "K1|C1|2026-01-31|2026-01-31 10:00:00.000000Z|12.50|paid|0.200||medium");
	/* As stored: nothing to be written. */
	fx_update(f, two, ITEM_2);
	(void)fx_insert(f, ITEM_3);
	fx_write(f);
	/* Not before the end: lookup still gives the warehouse as it was. */
	assert_int_equal(fx_lookup(f, FX_ITEMS, "K1|", NULL), one);
	assert_string_equal(fx_line(&f->met, 0, 8),
	                    "K1|C1|2026-01-31|2026-01-31 10:00:00.000000Z|12.50|open|0.125|7");
	fx_table_end(f);
	assert_sums(&f->result.inserted, 1, 0, 0);
	assert_sums(&f->result.updated, 1, 1250, 200);
	assert_sums(&f->result.unchanged, 1, -5, -1000);
	fx_end(f, "success");
	assert_rows(s, "fact_items",
	            "K1|C1|2026-01-31|2026-01-31 10:00:00.000000Z|12.50|paid|0.200||medium\n" ITEM_2
	            "\n" ITEM_3 "\n");
}

/* An update is of the group that the row is in afterwards. */
static void
updates_are_confirmed_by_group(void **p)
{
	struct state *s = *p;
	struct fx *f = &s->f;

	fx_load_items(f, s->url, "RUN1", two_items);
	ask_for_groups(s);
	fx_start(f, s->url, "RUN2");
	(void)fx_table_begin(f, FX_CUSTOMERS);
	fx_table_end(f);
	(void)fx_table_begin(f, FX_ITEMS);
	fx_update(f, fx_lookup(f, FX_ITEMS, "K1|", NULL), "K1|C1|2026-01-31|2026-01-31 10:00:00.000000Z|12.50||0.200||medium");
	fx_update(f, fx_lookup(f, FX_ITEMS, "K2|", NULL), ITEM_2);
	(void)fx_insert(f, "K5|C2|||1.00|closed|||");
	fx_write(f);
	fx_table_end(f);
	assert_groups(&f->result.inserted, "C2,closed: 1 100 0\n");
	assert_groups(&f->result.updated, "C1,null: 1 1250 200\n");
	assert_groups(&f->result.unchanged, "C2,closed: 1 -5 -1000\n");
	fx_end(f, "success");
}

static void
the_last_staged_update_of_a_row_counts(void **p)
{
	struct state *s = *p;
	struct fx *f = &s->f;
	struct fe_err err = FE_ERR_INIT;
	int64_t one;

	fx_load_items(f, s->url, "RUN1", two_items);
	fx_start(f, s->url, "RUN2");
	(void)fx_table_begin(f, FX_CUSTOMERS);
	fx_table_end(f);
	(void)fx_table_begin(f, FX_ITEMS);
	one = fx_lookup(f, FX_ITEMS, "K1|", NULL);
	fx_update(f, one, "K1|C1|2026-01-31|2026-01-31 10:00:00.000000Z|12.50|paid|0.200|1|small");
	fx_write(f);
	assert_int_equal(f->ops->fetch(f->sink, FX_ITEMS, FE_PLACE_STORED, one, &f->met, 0, &err),
	                 FE_OK);
	assert_string_equal(fx_line(&f->met, 0, 8),
	                    "K1|C1|2026-01-31|2026-01-31 10:00:00.000000Z|12.50|paid|0.200|1");
	fx_remove(f, FE_PLACE_STORED, one);
	fx_update(f, one, ITEM_1); /* and back again */
	fx_write(f);
	fx_table_end(f);
	assert_sums(&f->result.updated, 0, 0, 0);
	assert_sums(&f->result.unchanged, 1, 1250, 125);
	fx_end(f, "success");
	assert_rows(s, "fact_items", ITEM_1 "\n" ITEM_2 "\n");
}

static void
undo_takes_back_updates(void **p)
{
	struct state *s = *p;
	struct fx *f = &s->f;

	fx_load_items(f, s->url, "RUN1", two_items);
	fx_start(f, s->url, "RUN2");
	(void)fx_table_begin(f, FX_CUSTOMERS);
	fx_update(f, fx_lookup(f, FX_CUSTOMERS, "C1|", NULL), "C1|Other|false");
	fx_write(f);
	fx_table_end(f);
	assert_int_equal(f->result.updated.n, 1);
	fx_end(f, "failed");
	assert_rows(s, "dim_customers", CUSTOMERS);
}

static void
rows_of_several_runs_add_up(void **p)
{
	static const char *const third[] = { ITEM_3, NULL };
	struct state *s = *p;

	fx_load_items(&s->f, s->url, "RUN1", two_items);
	fx_load_items(&s->f, s->url, "RUN2", third);
	assert_sums(&s->f.result.inserted, 1, 0, 0);
	assert_rows(s, "dim_customers", CUSTOMERS);
	assert_rows(s, "fact_items", ITEM_1 "\n" ITEM_2 "\n" ITEM_3 "\n");
}

/* A run of which no record is a customer's makes them. */
static void
load_placeholder(struct state *s, const char *run_id)
{
	static const char *const keys[] = { "C7", "C9" };
	struct fx *f = &s->f;

	fx_load_items(f, s->url, "RUN1", two_items);
	fx_start(f, s->url, run_id);
	(void)fx_table_begin(f, FX_ITEMS);
	make_placeholders(f, keys, 2);
	(void)fx_insert(f, "K7|C7||||||||");
	fx_write(f);
	fx_table_end(f);
	fx_end(f, "success");
}

static void
lookup_and_has_tell_a_placeholder_from_a_record(void **p)
{
	struct state *s = *p;
	struct fx *f = &s->f;

	load_placeholder(s, "RUN2");
	fx_start(f, s->url, "RUN3");
	(void)fx_table_begin(f, FX_CUSTOMERS);
	assert_false(fx_has(f, FX_CUSTOMERS, "C7|"));
	assert_true(fx_has_made(f, FX_CUSTOMERS, "C7|"));
	assert_true(fx_has(f, FX_CUSTOMERS, "C1|"));
	assert_false(fx_has_made(f, FX_CUSTOMERS, "C8|"));
	assert_true(fx_lookup(f, FX_CUSTOMERS, "C7|", NULL) >= 0);
	assert_int_equal(f->met.origin[0].record, 0);
	assert_string_equal(fx_line(&f->met, 0, 3), "C7||");
	assert_true(fx_lookup(f, FX_CUSTOMERS, "C1|", NULL) >= 0);
	assert_int_not_equal(f->met.origin[0].record, 0);
	fx_table_end(f);
	fx_end(f, "success");
}

static void
an_update_of_a_placeholder_fills_it_in(void **p)
{
	struct state *s = *p;
	struct fx *f = &s->f;

	load_placeholder(s, "RUN2");
	fx_start(f, s->url, "RUN3");
	(void)fx_table_begin(f, FX_CUSTOMERS);
	fx_update(f, fx_lookup(f, FX_CUSTOMERS, "C7|", NULL), "C7|Zoe|true");
	fx_update(f, fx_lookup(f, FX_CUSTOMERS, "C9|", NULL), "C9||"); /* a record of nothing but its key */
	fx_update(f, fx_lookup(f, FX_CUSTOMERS, "C1|", NULL), "C1|Anne|true");
	fx_update(f, fx_lookup(f, FX_CUSTOMERS, "C2|", NULL), "C2|Bob|false"); /* as it is */
	(void)fx_insert(f, "C5|Eve|");
	fx_write(f);
	fx_table_end(f);
	assert_int_equal(f->result.filled.n, 2);
	assert_int_equal(f->result.updated.n, 1);
	assert_int_equal(f->result.unchanged.n, 1);
	assert_int_equal(f->result.inserted.n, 1);
	fx_end(f, "success");
	assert_rows(s, "dim_customers", "C1|Anne|true\nC2|Bob|false\nC3||\nC5|Eve|\nC7|Zoe|true\nC9||\n");
	fx_start(f, s->url, "RUN4");
	(void)fx_table_begin(f, FX_CUSTOMERS);
	assert_true(fx_lookup(f, FX_CUSTOMERS, "C9|", NULL) >= 0);
	assert_int_not_equal(f->met.origin[0].record, 0);
	fx_table_end(f);
	fx_end(f, "success");
}

static void
objects_are_known_once_a_run_ended_well(void **p)
{
	const struct fe_object_id id = {
		.path = (char[]){ "/in/items.csv" }, .size_bytes = 200,
		.sha256 = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
	};
	struct fe_object_id changed = id;
	struct state *s = *p;
	struct fx *f = &s->f;
	struct fe_err err = FE_ERR_INIT;
	bool known;

	changed.sha256[0] = 'c';
	fx_start(f, s->url, "RUN1");
	assert_int_equal(f->ops->object_known(f->sink, "items", &id, &known, &err), FE_OK);
	assert_false(known);
	fx_end(f, "held");
	fx_start(f, s->url, "RUN2");
	assert_int_equal(f->ops->object_known(f->sink, "items", &id, &known, &err), FE_OK);
	assert_false(known);
	fx_end(f, "success");
	fx_start(f, s->url, "RUN3");
	assert_int_equal(f->ops->object_known(f->sink, "items", &id, &known, &err), FE_OK);
	assert_true(known);
	assert_int_equal(f->ops->object_known(f->sink, "customers", &id, &known, &err), FE_OK);
	assert_false(known);
	assert_int_equal(f->ops->object_known(f->sink, "items", &changed, &known, &err), FE_OK);
	assert_false(known);
	fx_end(f, "success");
}

#define T(name) { #name, name, set_up, tear_down, NULL }

int
fe_sink_conformance(const struct fe_sink_subject *subject)
{
	struct state s = { .subject = subject };
	struct CMUnitTest always[] = {
		T(commit_publishes_all_tables_and_confirms_them),
		T(closing_without_commit_undoes_all),
		T(undo_leaves_what_was_published_as_it_was),
		T(undo_in_the_middle_of_a_table_works),
		T(placeholders_are_rows_that_no_figure_counts),
		T(a_run_without_records_is_fine),
		T(two_sinks_of_one_pipeline_do_not_run_at_once),
		T(removed_rows_are_neither_stored_nor_counted),
		T(fetch_gives_back_what_this_run_inserted),
		T(fetch_gives_back_every_type_and_null),
		T(text_bytes_travel_unharmed),
		T(ends_of_every_range_travel_unharmed),
		T(sums_are_exact_past_64_bits),
		T(what_is_inserted_is_confirmed_by_group),
	};
	struct CMUnitTest keepers[] = {
		T(lookup_finds_rows_of_earlier_runs_only),
		T(has_knows_what_was_there_and_what_is),
		T(has_answers_for_many_rows_at_once),
		T(updates_change_mutable_columns_and_are_confirmed),
		T(updates_are_confirmed_by_group),
		T(the_last_staged_update_of_a_row_counts),
		T(undo_takes_back_updates),
		T(undo_takes_back_placeholders),
		T(lookup_and_has_tell_a_placeholder_from_a_record),
		T(an_update_of_a_placeholder_fills_it_in),
		T(rows_of_several_runs_add_up),
		T(objects_are_known_once_a_run_ended_well),
	};
	size_t i;
	int n_failed;

	for (i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		always[i].initial_state = &s;
	for (i = 0; i < sizeof(keepers) / sizeof(keepers[0]); i++)
		keepers[i].initial_state = &s;
	n_failed = cmocka_run_group_tests_name("every sink", always, NULL, NULL);
	if (subject->keeps_rows)
		n_failed += cmocka_run_group_tests_name("sinks that keep rows", keepers, NULL, NULL);
	return n_failed;
}
