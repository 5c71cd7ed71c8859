// SPDX-License-Identifier: Apache-2.0
/* tests/fuzz/fuzz_suite.c - any bytes as a suite of expectations
 *
 * Read, and where it can be read, run over a small fixed batch of all types, whole and cut into
 * single rows, in the result format that tells most. The result must be JSON and have an entry
 * for each expectation; the two results must be the same.
 */
#include "base/mem.h"
#include "base/time.h"
#include "quality/validation.h"
#include "harness.h"

#define N_ROWS 9
#define MAX_BYTES ((size_t)64 << 20)

static const struct {
	const char *name, *type;
} fields[] = {
	{ "amount", "decimal(12,2)" }, { "n", "int" }, { "m", "int" },           { "s", "text(20)" }, { "t", "text" },
	{ "b", "bool" },               { "d", "date" }, { "at", "timestamp" },
};
#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))

static const char *const texts[] = { "", "completed", "Ünïcode", "a%b_c", "  blank  ", "2024-01-31", "{\"a\": 1}" };

static void
set_cell(struct fe_column *c, size_t row, size_t i, size_t k)
{
	fe_bit_put(c->valid, row, (i + k) % 4 != 0);
	switch (c->type.kind) {
	case FE_TEXT:
		c->text[row] = fe_str_of(texts[(i + k) % (sizeof(texts) / sizeof(texts[0]))]);
		break;
	case FE_BOOL:
		fe_bit_put(c->bits, row, i % 3 == 0);
		break;
	case FE_DATE:
		c->days[row] = (int32_t)i * 400;
		break;
	case FE_TIMESTAMP:
		c->i64[row] = (int64_t)i * INT64_C(86399999999);
		break;
	case FE_DECIMAL:
		c->i64[row] = (int64_t)(i % 5) * 1999 - 50;
		break;
	case FE_INT:
		c->i64[row] = i == 5 ? INT64_MIN : i == 6 ? INT64_MAX : (int64_t)(i % 3);
	}
}

/* Rows from .. from + n of the fixed data. */
static void
fill(struct fe_batch *b, size_t from, size_t n)
{
	fe_batch_clear(b);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < N_FIELDS; k++)
			set_cell(&b->columns[k], i, from + i, k);
		b->origin[i] = (struct fe_origin){ .record = from + i + 1 };
	}
	b->n_rows = n;
}

/* False where a limit was met. */
static bool
run(const struct fe_suite *suite, const struct fe_schema *schema, struct fe_batch *b, size_t batch_rows, struct fe_buf *out)
{
	static const char *const index_columns[] = { "n" };
	const struct fe_validation_settings set = {
		.suite = suite,
		.schema = schema,
		.result = { .format = FE_RESULT_COMPLETE, .partial_unexpected_count = 20, .index_columns = index_columns,
		            .n_index_columns = 1, .has_index_columns = true, .include_unexpected_rows = true },
		.max_bytes = (uint64_t)16 << 20,
	};
	uint64_t rows[1] = { UINT64_MAX };
	struct fe_validation *v;
	struct fe_err err = FE_ERR_INIT;
	enum fe_rc rc = fe_validation_open(&v, &set, &err);

	for (size_t from = 0; rc == FE_OK && from < N_ROWS; from += batch_rows) {
		fill(b, from, batch_rows);
		rc = fe_validation_feed(v, b, rows, &err);
	}
	if (rc == FE_OK)
		rc = fe_validation_end(v, &err);
	FE_ASSERT(rc == FE_OK || rc == FE_ELIMIT);
	if (rc == FE_OK) {
		struct fe_buf sentence, found;

		fe_validation_result_json(v, out);
		FE_ASSERT(!out->failed);
		fe_buf_init(&sentence, MAX_BYTES);
		fe_buf_init(&found, MAX_BYTES);
		for (size_t i = 0; i < suite->n_items; i++)
			(void)fe_validation_item(v, i, &sentence, &found);
		fe_buf_reset(&sentence);
		fe_buf_reset(&found);
	}
	fe_validation_close(v);
	return rc == FE_OK;
}

static void
check_result(struct fe_str json, size_t n_items)
{
	struct fe_arena arena = { 0 };
	const struct fe_json_value *root, *results;

	FE_ASSERT(fe_json_parse(json, &arena, &root, NULL) == FE_OK);
	results = fe_json_get(root, "results");
	FE_ASSERT(results && results->n_children == n_items);
	fe_arena_free(&arena);
}

static void
validate(const struct fe_suite *suite)
{
	struct fe_schema schema;
	struct fe_batch batch;
	struct fe_buf whole, cut;

	fe_schema_init(&schema);
	for (size_t i = 0; i < N_FIELDS; i++) {
		struct fe_type type;

		FE_ASSERT(fe_type_parse(fe_str_of(fields[i].type), &type, NULL) == FE_OK);
		fe_schema_add(&schema, fe_str_of(fields[i].name), type);
	}
	schema.n_source = schema.n_fields;
	fe_batch_init(&batch, &schema);
	fe_buf_init(&whole, MAX_BYTES);
	fe_buf_init(&cut, MAX_BYTES);
	if (run(suite, &schema, &batch, N_ROWS, &whole)) {
		/* What a suite echoes may be deeper, longer or wider than a text of JSON that we would read. */
		if (suite->n_items < 100)
			check_result(fe_buf_str(&whole), suite->n_items);
		FE_ASSERT(run(suite, &schema, &batch, 1, &cut));
		FE_ASSERT(fe_str_eq(fe_buf_str(&whole), fe_buf_str(&cut)));
	}
	fe_buf_reset(&whole);
	fe_buf_reset(&cut);
	fe_batch_reset(&batch);
	fe_schema_reset(&schema);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct fe_suite_param params[] = { { "low", FE_STR("1.5") }, { "names", FE_STR("[\"a\", 1, null]") } };
	const struct fe_suite_settings set = { .path = "suite.json", .params = params, .n_params = 2 };
	struct fe_err err = FE_ERR_INIT;
	struct fe_suite *suite;

	if (fe_suite_read(&suite, (struct fe_str){ (const char *)data, size }, &set, &err)) {
		FE_ASSERT(!suite && (err.rc == FE_EUSAGE || err.rc == FE_EDATA || err.rc == FE_ELIMIT));
		return 0;
	}
	validate(suite);
	fe_suite_free(suite);
	return 0;
}
