// SPDX-License-Identifier: Apache-2.0
/* The generator: the same bytes for the same settings, the rates it declares, and
 * faults that are what their names say. Files are read back by splitting lines, not
 * by finetl's own reader. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../scratch.h"
#include "base/mem.h"
#include "base/time.h"
#include "extract/generate.h"

#define UNTIL_US (INT64_C(20780) * FE_US_PER_DAY) /* 2026-11-23 */
#define MAX_CELLS 16

static struct scratch scratch;

static int
open_scratch(void **state)
{
	(void)state;
	scratch_open(&scratch);
	return 0;
}

static int
close_scratch(void **state)
{
	(void)state;
	scratch_close(&scratch);
	return 0;
}

static struct fe_generate_settings
settings(uint64_t n_customers, uint64_t n_transactions)
{
	struct fe_generate_settings set;
	fe_generate_settings_init(&set);
	set.folder = scratch.folder;
	set.until_us = UNTIL_US;
	set.n_customers = n_customers;
	set.n_transactions = n_transactions;
	return set;
}

static struct fe_generate_settings
clean_settings(uint64_t n_customers, uint64_t n_transactions)
{
	struct fe_generate_settings set = settings(n_customers, n_transactions);
	memset(set.per_mille, 0, sizeof(set.per_mille));
	return set;
}

static struct fe_generate_result
generate(const struct fe_generate_settings *set)
{
	struct fe_generate_result made;
	struct fe_err err = FE_ERR_INIT;
	enum fe_rc rc = fe_generate(set, &made, &err);
	if (rc != FE_OK)
		print_error("%s\n", err.text);
	assert_int_equal(rc, FE_OK);
	return made;
}

/* ---- reading back ---- */

struct lines {
	char *bytes;
	size_t n_bytes;
	struct fe_str *items; /* without the header */
	size_t n;
};

static struct lines
lines_of(const char *name)
{
	struct lines l = { 0 };
	FILE *f = fopen(scratch_path(&scratch, name), "rb");
	assert_non_null(f);
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	l.n_bytes = (size_t)ftell(f);
	rewind(f);
	l.bytes = fe_alloc(l.n_bytes + 1);
	assert_int_equal(fread(l.bytes, 1, l.n_bytes, f), l.n_bytes);
	assert_int_equal(fclose(f), 0);

	l.items = fe_new_array(l.n_bytes + 1, struct fe_str);
	const char *p = memchr(l.bytes, '\n', l.n_bytes);
	assert_non_null(p);
	for (p++; p < l.bytes + l.n_bytes; ) {
		const char *end = memchr(p, '\n', (size_t)(l.bytes + l.n_bytes - p));
		assert_non_null(end); /* the last line has its end too */
		l.items[l.n++] = (struct fe_str){ p, (size_t)(end - p) };
		p = end + 1;
	}
	return l;
}

static void
lines_free(struct lines *l)
{
	fe_free(l->bytes);
	fe_free(l->items);
}

/* Cells as they stand, quotes and all. */
static size_t
split(struct fe_str line, struct fe_str cells[MAX_CELLS])
{
	size_t n = 0, from = 0;
	bool quoted = false;
	for (size_t i = 0; i <= line.n; i++) {
		if (i < line.n && line.p[i] == '"')
			quoted = !quoted;
		if (i == line.n || (line.p[i] == ',' && !quoted)) {
			assert_true(n < MAX_CELLS);
			cells[n++] = (struct fe_str){ line.p + from, i - from };
			from = i + 1;
		}
	}
	assert_false(quoted);
	return n;
}

enum { ID, CUSTOMER, DATE, AMOUNT, MERCHANT, CATEGORY, STATUS, METHOD, N_COLUMNS };

/* ---- tests ---- */

static void
same_settings_give_the_same_bytes(void **state)
{
	(void)state;
	struct fe_generate_settings set = settings(500, 3000);
	struct fe_generate_result a = generate(&set), b = generate(&set);
	assert_string_equal(a.customers.sha256, b.customers.sha256);
	assert_string_equal(a.transactions.sha256, b.transactions.sha256);
}

/* What the bytes are is part of the promise: they are the same on every machine. */
static void
bytes_of_seed_one_are_the_known_ones(void **state)
{
	(void)state;
	struct fe_generate_settings set = settings(500, 3000);
	struct fe_generate_result made = generate(&set);
	assert_string_equal(made.customers.sha256, "e91b7a5d3ea6f2ad61ea3684f80f455dd8b191586cc4e9e73ae4b05f44158b5d");
	assert_string_equal(made.transactions.sha256, "907f0a5ca9ea2a0b6220b61acd40f2896cde054e48dfd995731b52c9e077869f");
}

static void
another_seed_gives_other_bytes(void **state)
{
	(void)state;
	struct fe_generate_settings set = settings(500, 3000);
	struct fe_generate_result a = generate(&set);
	set.seed = 2;
	struct fe_generate_result b = generate(&set);
	assert_string_not_equal(a.customers.sha256, b.customers.sha256);
	assert_string_not_equal(a.transactions.sha256, b.transactions.sha256);
}

static void
more_records_begin_with_the_same_ones(void **state)
{
	(void)state;
	struct fe_generate_settings set = settings(500, 1000);
	(void)generate(&set);
	struct lines few = lines_of("transactions.csv");
	set.n_transactions = 2000;
	(void)generate(&set);
	struct lines many = lines_of("transactions.csv");
	assert_true(many.n_bytes > few.n_bytes);
	assert_memory_equal(few.bytes, many.bytes, few.n_bytes);
	lines_free(&few);
	lines_free(&many);
}

static void
records_are_as_many_as_asked_for(void **state)
{
	(void)state;
	struct fe_generate_settings set = settings(777, 12345);
	struct fe_generate_result made = generate(&set);
	struct lines customers = lines_of("customers.csv"), transactions = lines_of("transactions.csv");
	assert_int_equal(customers.n, 777);
	assert_int_equal(transactions.n, 12345);
	assert_int_equal(made.customers.n_records, 777);
	assert_int_equal(made.transactions.n_records, 12345);
	assert_int_equal(made.customers.size_bytes, customers.n_bytes);
	assert_int_equal(made.transactions.size_bytes, transactions.n_bytes);
	lines_free(&customers);
	lines_free(&transactions);
}

static void
no_records_is_a_header_alone(void **state)
{
	(void)state;
	struct fe_generate_settings set = settings(0, 0);
	struct fe_generate_result made = generate(&set);
	struct lines transactions = lines_of("transactions.csv");
	assert_int_equal(transactions.n, 0);
	assert_true(made.transactions.size_bytes > 0);
	assert_true(made.amount_sum == 0);
	lines_free(&transactions);
}

static void
sums_are_those_of_the_file(void **state)
{
	(void)state;
	struct fe_generate_settings set = settings(1000, 20000);
	struct fe_generate_result made = generate(&set);
	struct lines l = lines_of("transactions.csv");
	struct fe_str cells[MAX_CELLS];
	fe_i128 sum = 0;
	uint64_t n = 0;
	for (size_t i = 0; i < l.n; i++) {
		int64_t amount;
		if (split(l.items[i], cells) != N_COLUMNS)
			continue;
		if (fe_decimal_parse(cells[AMOUNT], 12, 2, NULL, &amount) == FE_DECIMAL_OK) {
			sum += amount;
			n++;
		}
	}
	assert_true(sum == made.amount_sum);
	assert_int_equal(n, made.n_amounts);
	lines_free(&l);
}

static void
default_rates_are_met(void **state)
{
	(void)state;
	struct fe_generate_settings set = settings(10000, 100000);
	struct fe_generate_result made = generate(&set);
	for (size_t i = 0; i < FE_N_GENERATE_FAULTS; i++) {
		uint64_t expected = set.per_mille[i] * 100u, found = made.transactions.n_faults[i];
		/* within half of what is expected: more than six deviations of the rarest */
		assert_in_range(found, expected / 2 - expected / 10, expected * 3 / 2 + expected / 10);
		if (!fe_generate_faults[i].in_customers)
			assert_int_equal(made.customers.n_faults[i], 0);
	}
}

/* The default pipeline's gate lets 5 % of rejects pass. */
static void
default_rejects_stay_below_the_gate(void **state)
{
	(void)state;
	struct fe_generate_settings set = settings(5000, 10000);
	unsigned rejected = 0;
	for (size_t i = 0; i <= FE_GENERATE_CONFLICT; i++)
		rejected += set.per_mille[i];
	assert_in_range(rejected, 30, 40);

	struct fe_generate_result made = generate(&set);
	uint64_t n = 0;
	for (size_t i = 0; i <= FE_GENERATE_CONFLICT; i++)
		n += made.transactions.n_faults[i];
	assert_in_range(n, 1, 499);
}

static void
clean_has_no_faults(void **state)
{
	(void)state;
	struct fe_generate_settings set = clean_settings(300, 5000);
	struct fe_generate_result made = generate(&set);
	for (size_t i = 0; i < FE_N_GENERATE_FAULTS; i++) {
		assert_int_equal(made.transactions.n_faults[i], 0);
		assert_int_equal(made.customers.n_faults[i], 0);
	}
	assert_int_equal(made.n_amounts, 5000);

	struct lines l = lines_of("transactions.csv");
	struct fe_str cells[MAX_CELLS];
	for (size_t i = 0; i < l.n; i++) {
		char id[32];
		assert_int_equal(split(l.items[i], cells), N_COLUMNS);
		(void)snprintf(id, sizeof(id), "TXN%010zu", i + 1);
		assert_true(fe_str_is(cells[ID], id));
	}
	lines_free(&l);
}

static void
dates_fall_in_the_year_before_until(void **state)
{
	(void)state;
	struct fe_generate_settings set = clean_settings(10, 20000);
	set.until_us += 5 * INT64_C(3600) * FE_US_PER_SECOND; /* the time of day plays no part */
	(void)generate(&set);
	struct lines l = lines_of("transactions.csv");
	struct fe_str cells[MAX_CELLS];
	for (size_t i = 0; i < l.n; i++) {
		int32_t day;
		(void)split(l.items[i], cells);
		assert_int_equal(cells[DATE].n, 19);
		cells[DATE].n = 10;
		assert_int_equal(fe_date_parse(cells[DATE], NULL, &day), FE_TIME_OK);
		assert_in_range(day, 20780 - 365, 20780 - 1);
	}
	lines_free(&l);
}

static int
str_compare(const void *a, const void *b)
{
	const struct fe_str *x = a, *y = b;
	int c = memcmp(x->p, y->p, x->n < y->n ? x->n : y->n);
	return c ? c : (x->n > y->n) - (x->n < y->n);
}

static void
customers_named_by_transactions_exist(void **state)
{
	(void)state;
	struct fe_generate_settings set = clean_settings(400, 5000);
	set.per_mille[FE_GENERATE_DUPLICATE] = 200; /* customers that take another's place */
	set.per_mille[FE_GENERATE_CHANGED] = 200;
	(void)generate(&set);
	struct lines customers = lines_of("customers.csv"), transactions = lines_of("transactions.csv");
	struct fe_str *ids = fe_new_array(customers.n, struct fe_str), cells[MAX_CELLS];
	for (size_t i = 0; i < customers.n; i++) {
		(void)split(customers.items[i], cells);
		ids[i] = cells[0];
	}
	qsort(ids, customers.n, sizeof(*ids), str_compare);
	for (size_t i = 0; i < transactions.n; i++) {
		(void)split(transactions.items[i], cells);
		assert_non_null(bsearch(&cells[CUSTOMER], ids, customers.n, sizeof(*ids), str_compare));
	}
	fe_free(ids);
	lines_free(&customers);
	lines_free(&transactions);
}

/* Each fault at a rate of 1000: every record has it. */
typedef bool shows_fn(size_t n_cells, const struct fe_str *cells);

static int64_t
amount_of(const struct fe_str *cells)
{
	int64_t amount = 0;
	assert_int_equal(fe_decimal_parse(cells[AMOUNT], 12, 2, NULL, &amount), FE_DECIMAL_OK);
	return amount;
}
static bool shows_missing_amount(size_t n, const struct fe_str *c) { return n == N_COLUMNS && c[AMOUNT].n == 0; }
static bool
shows_malformed_amount(size_t n, const struct fe_str *c)
{
	int64_t amount;
	return n == N_COLUMNS && c[AMOUNT].n > 0 && fe_decimal_parse(c[AMOUNT], 12, 2, NULL, &amount) != FE_DECIMAL_OK;
}
static bool shows_negative_amount(size_t n, const struct fe_str *c) { return n == N_COLUMNS && amount_of(c) < 0; }
static bool shows_over_limit(size_t n, const struct fe_str *c) { return n == N_COLUMNS && amount_of(c) > 100000000; }
static bool
shows_unknown_customer(size_t n, const struct fe_str *c)
{
	return n == N_COLUMNS && c[CUSTOMER].n == 12 && str_compare(&c[CUSTOMER], &FE_STR("CUST00000010")) > 0;
}
static bool
shows_bad_status(size_t n, const struct fe_str *c)
{
	return n == N_COLUMNS && c[STATUS].n && !fe_str_is(c[STATUS], "completed") && !fe_str_is(c[STATUS], "pending") &&
	       !fe_str_is(c[STATUS], "failed");
}
static int32_t
day_of(const struct fe_str *c)
{
	int32_t day = 0;
	assert_int_equal(fe_date_parse((struct fe_str){ c[DATE].p, 10 }, NULL, &day), FE_TIME_OK);
	return day;
}
static bool shows_future_date(size_t n, const struct fe_str *c) { return n == N_COLUMNS && day_of(c) > 20780 + 3650; }
static bool shows_too_old(size_t n, const struct fe_str *c) { return n == N_COLUMNS && day_of(c) < 20780 - 730; }
static bool
shows_bad_date(size_t n, const struct fe_str *c)
{
	int64_t us;
	return n == N_COLUMNS && fe_timestamp_parse(c[DATE], NULL, NULL, &us) != FE_TIME_NO_ZONE;
}
static bool shows_missing_id(size_t n, const struct fe_str *c) { return n == N_COLUMNS && c[ID].n == 0; }
static bool
shows_ragged(size_t n, const struct fe_str *c)
{
	(void)c;
	return n == N_COLUMNS - 1 || n == N_COLUMNS + 1;
}
static bool
shows_missing_optional(size_t n, const struct fe_str *c)
{
	return n == N_COLUMNS && (c[MERCHANT].n == 0) + (c[CATEGORY].n == 0) + (c[METHOD].n == 0) == 1;
}
static bool
shows_untidy(size_t n, const struct fe_str *c)
{
	bool untidy = false;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < c[i].n; k++)
			untidy |= (c[i].p[k] == ' ' && i != DATE) ||
				  (i >= CATEGORY ? c[i].p[k] >= 'A' && c[i].p[k] <= 'Z' : c[i].p[k] >= 'a');
	return n == N_COLUMNS && untidy;
}
static bool shows_quoted(size_t n, const struct fe_str *c) { return n == N_COLUMNS && c[CATEGORY].p[0] == '"'; }

static void
faults_are_what_they_say(void **state)
{
	(void)state;
	static shows_fn *const shows[FE_N_GENERATE_FAULTS] = {
		[FE_GENERATE_MISSING_AMOUNT] = shows_missing_amount,
		[FE_GENERATE_MALFORMED_AMOUNT] = shows_malformed_amount,
		[FE_GENERATE_NEGATIVE_AMOUNT] = shows_negative_amount,
		[FE_GENERATE_OVER_LIMIT] = shows_over_limit,
		[FE_GENERATE_UNKNOWN_CUSTOMER] = shows_unknown_customer,
		[FE_GENERATE_BAD_STATUS] = shows_bad_status,
		[FE_GENERATE_FUTURE_DATE] = shows_future_date,
		[FE_GENERATE_TOO_OLD] = shows_too_old,
		[FE_GENERATE_BAD_DATE] = shows_bad_date,
		[FE_GENERATE_MISSING_ID] = shows_missing_id,
		[FE_GENERATE_RAGGED] = shows_ragged,
		[FE_GENERATE_MISSING_OPTIONAL] = shows_missing_optional,
		[FE_GENERATE_UNTIDY] = shows_untidy,
		[FE_GENERATE_QUOTED] = shows_quoted,
	};
	for (size_t fault = 0; fault < FE_N_GENERATE_FAULTS; fault++) {
		if (!shows[fault])
			continue; /* repeats: below */
		struct fe_generate_settings set = clean_settings(10, 500);
		set.per_mille[fault] = 1000;
		struct fe_generate_result made = generate(&set);
		assert_int_equal(made.transactions.n_faults[fault], 500);

		struct lines l = lines_of("transactions.csv");
		struct fe_str cells[MAX_CELLS];
		for (size_t i = 0; i < l.n; i++) {
			size_t n = split(l.items[i], cells);
			if (!shows[fault](n, cells))
				print_error("%s: %.*s\n", fe_generate_faults[fault].name, FE_STR_ARGS(l.items[i]));
			assert_true(shows[fault](n, cells));
		}
		lines_free(&l);
	}
}

/* Which columns of a later record differ from the first one of its id. */
static unsigned
differing_columns(const struct lines *l, size_t at, size_t *first)
{
	struct fe_str later[MAX_CELLS], earlier[MAX_CELLS];
	unsigned differ = 0;
	assert_int_equal(split(l->items[at], later), N_COLUMNS);
	for (*first = 0; *first < at; ++*first) {
		(void)split(l->items[*first], earlier);
		if (fe_str_eq(earlier[ID], later[ID]))
			break;
	}
	for (unsigned c = 0; *first < at && c < N_COLUMNS; c++)
		if (!fe_str_eq(earlier[c], later[c]))
			differ |= 1u << c;
	return differ;
}

static void
repeats_differ_where_they_say(void **state)
{
	(void)state;
	static const struct {
		enum fe_generate_fault fault;
		unsigned differ;
	} kinds[] = {
		{ FE_GENERATE_DUPLICATE, 0 },
		{ FE_GENERATE_CHANGED, 1u << STATUS },
		{ FE_GENERATE_CONFLICT, 1u << AMOUNT },
	};
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		struct fe_generate_settings set = clean_settings(10, 800);
		set.per_mille[kinds[k].fault] = 300;
		struct fe_generate_result made = generate(&set);
		struct lines l = lines_of("transactions.csv");
		uint64_t n_repeats = 0;
		for (size_t i = 0; i < l.n; i++) {
			size_t first;
			unsigned differ = differing_columns(&l, i, &first);
			if (first == i)
				continue; /* seen for the first time */
			n_repeats++;
			assert_int_equal(differ, kinds[k].differ);
		}
		assert_true(n_repeats > 100);
		assert_int_equal(n_repeats, made.transactions.n_faults[kinds[k].fault]);
		lines_free(&l);
	}
}

static void
settings_out_of_range_are_refused(void **state)
{
	(void)state;
	struct fe_generate_result made;
	struct fe_err err = FE_ERR_INIT;

	struct fe_generate_settings set = settings(10, 10);
	set.per_mille[FE_GENERATE_DUPLICATE] = 1000;
	assert_int_equal(fe_generate(&set, &made, &err), FE_EUSAGE);
	assert_non_null(strstr(err.text, "1000"));

	set = settings(0, 1);
	assert_int_equal(fe_generate(&set, &made, &err), FE_EUSAGE);
	set = settings(FE_GENERATE_MAX_CUSTOMERS + 1, 1);
	assert_int_equal(fe_generate(&set, &made, &err), FE_EUSAGE);
	set = settings(1, FE_GENERATE_MAX_TRANSACTIONS + 1);
	assert_int_equal(fe_generate(&set, &made, &err), FE_EUSAGE);
	set = settings(1, 1);
	set.until_us = -1;
	assert_int_equal(fe_generate(&set, &made, &err), FE_EUSAGE);
	set = settings(1, 1);
	set.seed = UINT64_MAX;
	assert_int_equal(fe_generate(&set, &made, &err), FE_EUSAGE);
	set = settings(1, 1);
	set.folder = "";
	assert_int_equal(fe_generate(&set, &made, &err), FE_EUSAGE);
}

static void
folder_without_a_parent_is_named(void **state)
{
	(void)state;
	struct fe_generate_settings set = settings(10, 10);
	struct fe_generate_result made;
	struct fe_err err = FE_ERR_INIT;
	set.folder = "/nonexistent/finetl/data";
	assert_int_equal(fe_generate(&set, &made, &err), FE_EUSAGE);
	assert_string_equal(err.object, "/nonexistent/finetl/data");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_settings_give_the_same_bytes),
		cmocka_unit_test(bytes_of_seed_one_are_the_known_ones),
		cmocka_unit_test(another_seed_gives_other_bytes),
		cmocka_unit_test(more_records_begin_with_the_same_ones),
		cmocka_unit_test(records_are_as_many_as_asked_for),
		cmocka_unit_test(no_records_is_a_header_alone),
		cmocka_unit_test(sums_are_those_of_the_file),
		cmocka_unit_test(default_rates_are_met),
		cmocka_unit_test(default_rejects_stay_below_the_gate),
		cmocka_unit_test(clean_has_no_faults),
		cmocka_unit_test(dates_fall_in_the_year_before_until),
		cmocka_unit_test(customers_named_by_transactions_exist),
		cmocka_unit_test(faults_are_what_they_say),
		cmocka_unit_test(repeats_differ_where_they_say),
		cmocka_unit_test(settings_out_of_range_are_refused),
		cmocka_unit_test(folder_without_a_parent_is_named),
	};
	return cmocka_run_group_tests_name("generate", tests, open_scratch, close_scratch);
}
