// SPDX-License-Identifier: Apache-2.0
/* quality/expectation.c - the table of all kinds, and what they share
 *
 * Kinds stand in arrays, one a file; the table of all is found by walking these: some fifty
 * names, looked up once a suite.
 */
#include "quality/expectation.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/double.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/time.h"
#include "quality/kinds.h"
#include "quality/map_result.h"

static const struct fe_expectation_kind *const families[] = {
	fe_kinds_table,  fe_kinds_null,      fe_kinds_values,   fe_kinds_unique,   fe_kinds_text, fe_kinds_parse,  fe_kinds_type,
	fe_kinds_aggregate, fe_kinds_quantile, fe_kinds_distinct, fe_kinds_pair, fe_kinds_multi,
	fe_kinds_outlier, fe_kinds_distinct_set,
};
#define N_FAMILIES (sizeof(families) / sizeof(families[0]))

const struct fe_expectation_kind *
fe_expectation_kind_of(struct fe_str type)
{
	for (size_t i = 0; i < N_FAMILIES; i++) {
		for (const struct fe_expectation_kind *k = families[i]; k->type; k++) {
			if (fe_str_is(type, k->type))
				return k;
		}
	}
	return NULL;
}

const struct fe_expectation_kind *
fe_expectation_kind_at(size_t i)
{
	for (size_t f = 0; f < N_FAMILIES; f++) {
		for (const struct fe_expectation_kind *k = families[f]; k->type; k++) {
			if (i-- == 0)
				return k;
		}
	}
	return NULL;
}

void
fe_expectation_raise(struct fe_expectation *x, const char *const *metrics, const char *fmt, ...)
{
	char text[FE_ERR_TEXT_BYTES];
	size_t n = 0;
	va_list args;

	if (x->exception.form) /* the first one counts */
		return;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	x->exception.form = metrics ? FE_EXCEPTION_METRIC : FE_EXCEPTION_PLAIN;
	x->exception.message = fe_strdup(text);
	for (; metrics && metrics[n] && n + 1 < sizeof(x->exception.metrics) / sizeof(x->exception.metrics[0]); n++)
		x->exception.metrics[n] = metrics[n];
}

void
fe_expectation_drop_map(struct fe_expectation *x)
{
	fe_map_result_reset(x->map);
	fe_free(x->map);
	x->map = NULL;
}

/* 2024-01-31T10:00:00+00:00, with six digits of a fraction where there is one. */
static void
print_timestamp(struct fe_buf *out, int64_t us)
{
	char text[FE_TIMESTAMP_TEXT_BYTES];

	fe_timestamp_format_iso(us, text);
	fe_buf_add_char(out, '"');
	fe_buf_add(out, text, us % FE_US_PER_SECOND == 0 ? 19 : 26);
	fe_buf_add_text(out, "+00:00\"");
}

void
fe_expectation_print_value(struct fe_buf *out, const struct fe_column *c, size_t row, bool is_masked)
{
	char text[FE_DATE_TEXT_BYTES];

	if (!fe_bit_get(c->valid, row)) {
		fe_buf_add_text(out, "null");
		return;
	}
	if (is_masked) {
		fe_buf_add_text(out, "\"***\"");
		return;
	}
	switch (c->type.kind) {
	case FE_TEXT:
		fe_buf_add_json_string(out, c->text[row]);
		break;
	case FE_DECIMAL:
		fe_buf_add_double(out, fe_double_of_decimal(c->i64[row], c->type.scale));
		break;
	case FE_INT:
		fe_buf_add_i64(out, c->i64[row]);
		break;
	case FE_BOOL:
		fe_buf_add_text(out, fe_bit_get(c->bits, row) ? "true" : "false");
		break;
	case FE_DATE:
		fe_date_format(c->days[row], text);
		fe_buf_add_char(out, '"');
		fe_buf_add(out, text, sizeof(text));
		fe_buf_add_char(out, '"');
		break;
	case FE_TIMESTAMP:
		print_timestamp(out, c->i64[row]);
	}
}
