// SPDX-License-Identifier: Apache-2.0
/* The sources of databases, over an SQLite file: columns, rows as an object, limits, bounds. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "../scratch.h"
#include "db/sqlite.h"
#include "extract/query.h"

static struct scratch scratch;
static const char *path;

static void
make(const char *sql)
{
	static int n;
	struct fe_sqlite_settings set = { 0 };
	struct fe_err err = FE_ERR_INIT;
	struct fe_db *db;
	char name[32];

	(void)snprintf(name, sizeof name, "%d.db", ++n);
	path = set.path = scratch_path(&scratch, name);
	if (fe_sqlite_open(&db, &set, &err) || fe_db_exec(db, sql, &err))
		fail_msg("%s", err.text);
	fe_db_close(db);
}

struct reading {
	struct fe_schema schema;
	struct fe_source_column columns[8];
	struct fe_reason_table reasons;
	struct fe_query_settings query;
	struct fe_source_settings set;
	struct fe_buf text; /* what was read */
	struct fe_object object;
	uint64_t n_rows;
	bool ascii;
	struct fe_err err;
};

static void
reading_init(struct reading *r, const char *columns, const char *table, const char *query)
{
	*r = (struct reading){ .ascii = true, .query = { .table = table, .query = query } };
	fe_schema_init(&r->schema);
	for (const char *from = columns; *from;) {
		size_t n = strcspn(from, ":"), n_type = strcspn(from + n, " ");
		struct fe_type type;

		assert_int_equal(fe_type_parse((struct fe_str){ from + n + 1, n_type - 1 }, &type, &r->err), FE_OK);
		(void)fe_schema_add(&r->schema, (struct fe_str){ from, n }, type);
		from += n + n_type + (from[n + n_type] == ' ');
	}
	r->schema.n_source = r->schema.n_fields;
	for (size_t i = 0; i < r->schema.n_fields; i++)
		r->columns[i].from = r->schema.fields[i].name;
	fe_buf_init(&r->text, (size_t)64 << 20);
	r->set = (struct fe_source_settings){
		.location = path,
		.dataset = "data",
		.schema = &r->schema,
		.columns = r->columns,
		.reasons = &r->reasons,
		.query = &r->query,
	};
}

static void
reading_reset(struct reading *r)
{
	fe_buf_reset(&r->text);
	fe_reason_table_reset(&r->reasons);
	fe_schema_reset(&r->schema);
}

static void
render(struct reading *r, const struct fe_batch *b)
{
	for (size_t row = 0; row < b->n_rows; row++) {
		const struct fe_origin *o = &b->origin[row];

		fe_buf_addf(&r->text, "%llu@%llu ", (unsigned long long)o->record, (unsigned long long)o->offset);
		for (size_t c = 0; c < r->schema.n_source; c++) {
			const struct fe_str cell = b->cells[c][row];

			if (cell.p == fe_cell_null)
				fe_buf_add_text(&r->text, "(null)");
			else if (!cell.p)
				fe_buf_add_text(&r->text, cell.n ? "(failed)" : "(absent)");
			else
				fe_buf_addf(&r->text, "[%.*s]", FE_STR_ARGS(cell));
		}
		fe_buf_addf(&r->text, " %.*s\n", FE_STR_ARGS(o->raw));
	}
	for (size_t i = 0; i < b->n_reasons; i++)
		fe_buf_addf(&r->text, "row %u: %s\n", b->reasons[i].row, fe_reason_text(&r->reasons, b->reasons[i].id));
}

/* n_batches in turn, as a prefetching reader hands them in. */
static enum fe_rc
read_all(struct reading *r, size_t n_batches)
{
	struct fe_source *source;
	struct fe_batch batches[3];
	enum fe_rc rc = fe_source_open(&source, &fe_source_sqlite, &r->set, &r->err);
	size_t at = 0;

	if (rc)
		return rc;
	for (size_t i = 0; i < n_batches; i++)
		fe_batch_init(&batches[i], &r->schema);
	do {
		struct fe_batch *b = &batches[at++ % n_batches];

		rc = fe_source_next(source, b, &r->err);
		if (rc == FE_OK && b->n_rows == 0)
			break;
		r->ascii &= b->ascii;
		render(r, b);
	} while (rc == FE_OK);
	r->object = source->objects[0];
	r->object.id.path = NULL;
	r->n_rows = source->n_rows;
	for (size_t i = 0; i < n_batches; i++)
		fe_batch_reset(&batches[i]);
	fe_source_close(source);
	return rc;
}

static void
expect(struct reading *r, const char *want)
{
	if (read_all(r, 1))
		fail_msg("%s", r->err.text);
	assert_string_equal(fe_buf_text(&r->text), want);
	reading_reset(r);
}

static void
expect_refused(struct reading *r, enum fe_rc rc, const char *const *parts)
{
	assert_int_equal(read_all(r, 1), rc);
	for (; *parts; parts++)
		if (!strstr(r->err.text, *parts))
			fail_msg("'%s' is not in: %s", *parts, r->err.text);
	reading_reset(r);
}

/* ---- rows ---- */

static void
rows_are_lines_of_json_with_cells_within(void **state)
{
	struct reading r;

	(void)state;
	make("CREATE TABLE t (a, b, c); INSERT INTO t VALUES ('x', 12, NULL), ('', -5, 'y')");
	reading_init(&r, "b:int a:text c:text", "t", NULL);
	expect(&r, "1@0 [12][x](null) {\"a\":\"x\",\"b\":\"12\",\"c\":null}\n"
	           "2@28 [-5][][y] {\"a\":\"\",\"b\":\"-5\",\"c\":\"y\"}\n");
}

static void
texts_that_json_escapes_come_as_they_are(void **state)
{
	struct reading r;

	(void)state;
	make("CREATE TABLE t (a); INSERT INTO t VALUES ('say \"x\"'), ('back\\slash'), ('tab\t' || char(10)), "
	     "('12345678901234567890\"'), ('\xC3\xA4\xE2\x82\xAC'), (CAST(x'ff41' AS text))");
	reading_init(&r, "a:text", "t", NULL);
	assert_int_equal(read_all(&r, 1), FE_OK);
	assert_false(r.ascii);
	assert_non_null(strstr(fe_buf_text(&r.text), "[say \"x\"] {\"a\":\"say \\\"x\\\"\"}\n"));
	assert_non_null(strstr(fe_buf_text(&r.text), "[back\\slash] {\"a\":\"back\\\\slash\"}\n"));
	assert_non_null(strstr(fe_buf_text(&r.text), "[tab\t\n] {\"a\":\"tab\\t\\n\"}\n"));
	assert_non_null(strstr(fe_buf_text(&r.text), "[12345678901234567890\"] {"));
	assert_non_null(strstr(fe_buf_text(&r.text), "[\xC3\xA4\xE2\x82\xAC] {\"a\":\"\xC3\xA4\xE2\x82\xAC\"}\n"));
	assert_non_null(strstr(fe_buf_text(&r.text), "[\xFF" "A] {\"a\":\"\xEF\xBF\xBD" "A\"}\n"));
	reading_reset(&r);
}

static void
floats_and_bytes_are_refused_by_the_value(void **state)
{
	struct reading r;

	(void)state;
	make("CREATE TABLE t (a, b); INSERT INTO t VALUES (0.5, 0.25), (x'00ff', x'01'), ('1', '2')");
	reading_init(&r, "a:decimal(12,2) b:text", "t", NULL);
	expect(&r, "1@0 (failed)[0.25] {\"a\":\"0.5\",\"b\":\"0.25\"}\n"
	           "2@23 (failed)(failed) {\"a\":\"AP8=\",\"b\":\"AQ==\"}\n"
	           "3@47 [1][2] {\"a\":\"1\",\"b\":\"2\"}\n"
	           "row 0: a:float\nrow 1: a:bytes\nrow 1: b:bytes\n");
}

static void
the_object_is_its_rows(void **state)
{
	static const char rows[] = "{\"a\":\"1\"}\n{\"a\":\"2\"}\n{\"a\":null}\n";
	char want[FE_SHA256_HEX_BYTES];
	struct reading r;

	(void)state;
	make("CREATE TABLE t (a); INSERT INTO t VALUES (1), ('2'), (NULL)");
	reading_init(&r, "a:text", "t", NULL);
	assert_int_equal(read_all(&r, 1), FE_OK);
	fe_sha256_of((struct fe_str){ rows, sizeof rows - 1 }, want);
	assert_string_equal(r.object.id.sha256, want);
	assert_int_equal(r.object.id.size_bytes, sizeof rows - 1);
	assert_true(r.object.complete);
	assert_int_equal(r.object.n_records, 3);
	reading_reset(&r);
}

#define MANY "WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 20000) "

static void
it_does_not_matter_which_batch_is_handed_in(void **state)
{
	char *texts[3], sha256[3][FE_SHA256_HEX_BYTES];

	(void)state;
	/* Long ones among them, so that batches end before they are full. */
	make("CREATE TABLE t (n, v); INSERT INTO t " MANY "SELECT n, hex(zeroblob(CASE WHEN n % 5000 = 7 THEN 400000 ELSE n % 60 END)) FROM s");
	for (size_t n = 1; n <= 3; n++) {
		struct reading r;

		reading_init(&r, "n:int v:text", "t", NULL);
		assert_int_equal(read_all(&r, n), FE_OK);
		assert_int_equal(r.n_rows, 20000);
		texts[n - 1] = fe_buf_take(&r.text);
		memcpy(sha256[n - 1], r.object.id.sha256, FE_SHA256_HEX_BYTES);
		reading_reset(&r);
	}
	for (size_t n = 1; n < 3; n++) {
		assert_string_equal(texts[0], texts[n]);
		assert_string_equal(sha256[0], sha256[n]);
	}
	for (size_t n = 0; n < 3; n++)
		fe_free(texts[n]);
}

static void
a_limit_ends_the_rows(void **state)
{
	static const uint64_t limits[] = { 1, 4095, 4096, 4097, 12000 };

	(void)state;
	make("CREATE TABLE t (n); INSERT INTO t " MANY "SELECT n FROM s");
	for (size_t i = 0; i < 5; i++) {
		struct reading r;

		reading_init(&r, "n:int", "t", NULL);
		r.set.limit_rows = limits[i];
		assert_int_equal(read_all(&r, 2), FE_OK);
		assert_int_equal(r.n_rows, limits[i]);
		assert_false(r.object.complete); /* not all of it was seen */
		reading_reset(&r);
	}
}

static void
a_row_that_is_too_long_is_a_limit(void **state)
{
	static const char *const parts[] = { "longer than 4 MiB", NULL };
	struct reading r;

	(void)state;
	make("CREATE TABLE t (v); INSERT INTO t VALUES (hex(zeroblob(2100000)))");
	reading_init(&r, "v:text", "t", NULL);
	expect_refused(&r, FE_ELIMIT, parts);
}

/* ---- columns ---- */

static void
all_columns_that_do_not_fit_are_told(void **state)
{
	static const char *const parts[] = { "'amount' is REAL and declared as decimal(12,2)", "'b' is there twice", "'idd' is not among",
		                             "did you mean 'id'?", "'id' is not declared", NULL };
	struct reading r;

	(void)state;
	make("CREATE TABLE t (id, amount REAL)");
	reading_init(&r, "amount:decimal(12,2) b:text idd:text", NULL, "SELECT id, amount, 1 AS b, 2 AS b FROM t");
	expect_refused(&r, FE_EUSAGE, parts);
}

static void
other_columns_are_ignored_where_they_may_be(void **state)
{
	struct reading r;

	(void)state;
	make("CREATE TABLE t (a, b, c); INSERT INTO t VALUES (1, 2, 3)");
	reading_init(&r, "b:int", "t", NULL);
	r.set.contract = FE_CONTRACT_DISCARD;
	expect(&r, "1@0 [2] {\"a\":\"1\",\"b\":\"2\",\"c\":\"3\"}\n");
}

static void
no_rows_are_told_unless_they_may_be(void **state)
{
	static const char *const parts[] = { "the table has no rows", "allow_empty: true", NULL };
	struct reading r;

	(void)state;
	make("CREATE TABLE t (a)");
	reading_init(&r, "a:int", "t", NULL);
	expect_refused(&r, FE_EDATA, parts);
	reading_init(&r, "a:int", "t", NULL);
	r.set.allow_empty = true;
	expect(&r, "");
	reading_init(&r, "a:int", "t", NULL);
	r.set.window.cursor = "a"; /* nothing new is no fault */
	expect(&r, "");
}

/* ---- windows ---- */

static void
a_table_is_asked_by_its_window(void **state)
{
	struct reading r;

	(void)state;
	make("CREATE TABLE t (a int); INSERT INTO t VALUES (3), (1), (NULL), (2), (10)");
	reading_init(&r, "a:int", "t", NULL);
	r.set.window = (struct fe_source_window){ .cursor = "a", .since = "2", .until = "10" };
	expect(&r, "1@0 [2] {\"a\":\"2\"}\n2@10 [3] {\"a\":\"3\"}\n");
	reading_init(&r, "a:int", NULL, "SELECT a FROM t WHERE a > 1");
	r.set.window = (struct fe_source_window){ .cursor = "a", .since = "3" };
	expect(&r, "1@0 [3] {\"a\":\"3\"}\n2@10 [10] {\"a\":\"10\"}\n");
	reading_init(&r, "a:int", NULL, "SELECT a FROM t WHERE a >= ?1 ORDER BY a DESC");
	r.set.window = (struct fe_source_window){ .cursor = "a", .since = "3" };
	expect(&r, "1@0 [10] {\"a\":\"10\"}\n2@11 [3] {\"a\":\"3\"}\n");
}

static void
a_query_that_would_find_nothing_is_refused(void **state)
{
	static const char *const since[] = { "{since} has no value", NULL }, *const until[] = { "{until} has no value", NULL };
	static const char *const quoted[] = { "{until} in the query stands in quotes", NULL };
	struct reading r;

	(void)state;
	make("CREATE TABLE t (a int); INSERT INTO t VALUES (1)");
	reading_init(&r, "a:int", NULL, "SELECT a FROM t WHERE a >= ?1");
	expect_refused(&r, FE_EUSAGE, since);
	reading_init(&r, "a:int", NULL, "SELECT a FROM t WHERE a >= ?1 AND a < ?2");
	r.set.window = (struct fe_source_window){ .cursor = "a", .since = "1" };
	expect_refused(&r, FE_EUSAGE, until);
	reading_init(&r, "a:int", NULL, "SELECT a FROM t WHERE a < '?2' OR a = 1");
	expect_refused(&r, FE_EUSAGE, quoted);
	reading_init(&r, "a:int", NULL, "SELECT a FROM t WHERE (?1 IS  null OR a >= ?1) -- not '?2'");
	expect(&r, "1@0 [1] {\"a\":\"1\"}\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_lines_of_json_with_cells_within),
		cmocka_unit_test(texts_that_json_escapes_come_as_they_are),
		cmocka_unit_test(floats_and_bytes_are_refused_by_the_value),
		cmocka_unit_test(the_object_is_its_rows),
		cmocka_unit_test(it_does_not_matter_which_batch_is_handed_in),
		cmocka_unit_test(a_limit_ends_the_rows),
		cmocka_unit_test(a_row_that_is_too_long_is_a_limit),
		cmocka_unit_test(all_columns_that_do_not_fit_are_told),
		cmocka_unit_test(other_columns_are_ignored_where_they_may_be),
		cmocka_unit_test(no_rows_are_told_unless_they_may_be),
		cmocka_unit_test(a_table_is_asked_by_its_window),
		cmocka_unit_test(a_query_that_would_find_nothing_is_refused),
	};
	int failed;

	scratch_open(&scratch);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	scratch_close(&scratch);
	return failed;
}
