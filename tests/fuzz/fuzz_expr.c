// SPDX-License-Identifier: Apache-2.0
/* tests/fuzz/fuzz_expr.c - any text as an expression
 *
 * Parsed against a schema of all types; what parses is evaluated over a small fixed
 * batch and written as SQL of both dialects. A result must be a value, null or overflow,
 * and fit its type; a SQL text must not need more than its limit.
 */
#include "base/decimal.h"
#include "base/mem.h"
#include "base/time.h"
#include "expr/expr.h"
#include "harness.h"

#define N_ROWS 70 /* more than a word of bits */

static const struct {
	const char *name, *type;
} fields[] = {
	{ "amount", "decimal(12,2)" }, { "rate", "decimal(18,6)" }, { "n", "int" },   { "m", "int" },
	{ "s", "text(20)" },           { "t", "text" },             { "b", "bool" },  { "c", "bool" },
	{ "d", "date" },               { "ts", "timestamp" },       { "later", "int" },
};
#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))

static const char *const texts[] = { "", "completed", "Ünïcode", "a%b_c", "  blank  ", "0123456789abcdef0123456789" };

static const int64_t numbers[] = { 0, 1, -1, 50, -12345, 999999999999, INT64_C(999999999999999999) };

static void
fill(struct fe_batch *b)
{
	for (size_t i = 0; i < N_ROWS; i++) {
		int64_t v = numbers[i % (sizeof(numbers) / sizeof(numbers[0]))];

		for (size_t k = 0; k < N_FIELDS; k++) {
			struct fe_column *c = &b->columns[k];

			fe_bit_put(c->valid, i, (i + k) % 5 != 0);
			switch (c->type.kind) {
			case FE_TEXT:
				c->text[i] = fe_str_of(texts[(i + k) % (sizeof(texts) / sizeof(texts[0]))]);
				break;
			case FE_BOOL:
				fe_bit_put(c->bits, i, (i * (k + 1)) % 3 == 0);
				break;
			case FE_DATE:
				c->days[i] = i == 3 ? FE_DATE_MIN : i == 4 ? FE_DATE_MAX : (int32_t)(i * 400);
				break;
			case FE_TIMESTAMP:
				c->i64[i] = i == 3 ? FE_TIMESTAMP_MIN : i == 4 ? FE_TIMESTAMP_MAX : (int64_t)i * INT64_C(86399999999);
				break;
			case FE_DECIMAL:
				c->i64[i] = v % fe_pow10[c->type.precision];
				break;
			case FE_INT:
				c->i64[i] = i == 5 ? INT64_MIN : i == 6 ? INT64_MAX : v;
			}
		}
		b->origin[i] = (struct fe_origin){ .record = i + 1 };
	}
	b->n_rows = N_ROWS;
}

static void
check_value(const struct fe_column *c, size_t i)
{
	if (c->type.kind == FE_DECIMAL)
		FE_ASSERT(fe_decimal_fits(c->i64[i], FE_DECIMAL_MAX_PRECISION));
	if (c->type.kind == FE_DATE)
		FE_ASSERT(c->days[i] >= FE_DATE_MIN && c->days[i] <= FE_DATE_MAX);
	if (c->type.kind == FE_TIMESTAMP)
		FE_ASSERT(c->i64[i] >= FE_TIMESTAMP_MIN && c->i64[i] <= FE_TIMESTAMP_MAX);
}

static void
evaluate(const struct fe_expr *e, struct fe_batch *b)
{
	struct fe_expr_state *state = fe_expr_state_new(e);
	const struct fe_column *out;
	const uint64_t *overflow;
	struct fe_err err = FE_ERR_INIT;
	struct fe_buf text;

	fe_buf_init(&text, 64u << 20);
	/* Twice: a state is used for many batches. */
	for (int round = 0; round < 2; round++) {
		if (fe_expr_eval(e, state, b, INT64_C(1795400000000000), &out, &overflow, &err)) {
			FE_ASSERT(err.rc == FE_ELIMIT);
			break;
		}
		FE_ASSERT(out->type.kind == fe_expr_type(e).kind);
		for (size_t i = 0; i < N_ROWS; i++) {
			bool has = fe_bit_get(out->valid, i);

			FE_ASSERT(!(has && overflow && fe_bit_get(overflow, i)));
			fe_column_print(out, i, &text);
			if (has)
				check_value(out, i);
		}
		fe_buf_clear(&text);
	}
	fe_buf_reset(&text);
	fe_expr_state_free(state);
}

static void
print(const struct fe_expr *e)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_buf sql;

	fe_buf_init(&sql, 1u << 20);
	for (int dialect = 0; dialect < 2; dialect++) {
		enum fe_rc rc = fe_expr_print_sql(e, dialect ? FE_SQL_POSTGRES : FE_SQL_SQLITE, &sql, &err);

		FE_ASSERT(rc == FE_OK || rc == FE_EUSAGE || rc == FE_ELIMIT);
		fe_buf_clear(&sql);
	}
	fe_buf_reset(&sql);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_schema schema;
	struct fe_batch batch;
	struct fe_expr *e;

	fe_schema_init(&schema);
	for (size_t i = 0; i < N_FIELDS; i++) {
		struct fe_type type;

		FE_ASSERT(fe_type_parse(fe_str_of(fields[i].type), &type, NULL) == FE_OK);
		fe_schema_add(&schema, fe_str_of(fields[i].name), type);
	}
	schema.n_source = schema.n_fields;
	if (fe_expr_parse(&e, (struct fe_str){ (const char *)data, size }, &schema, N_FIELDS - 1, &err)) {
		FE_ASSERT(e == NULL && (err.rc == FE_EUSAGE || err.rc == FE_ELIMIT));
	} else {
		fe_batch_init(&batch, &schema);
		fill(&batch);
		evaluate(e, &batch);
		print(e);
		fe_expr_free(e);
		fe_batch_reset(&batch);
	}
	fe_schema_reset(&schema);
	return 0;
}
