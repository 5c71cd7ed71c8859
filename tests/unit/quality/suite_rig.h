// SPDX-License-Identifier: Apache-2.0
/* A suite on a table of texts: rig_ask gives the result's JSON.
 *
 *   struct rig r; rig_open(&r, "id:int t:text", "1 a|2 -|3 a");  "-" is null; rows end with |
 *   assert_has(rig_ask(&r, "{...an expectation...}"), "\"unexpected_count\":2");
 *   rig_close(&r);
 */
#ifndef TESTS_QUALITY_SUITE_RIG_H
#define TESTS_QUALITY_SUITE_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/text.h"
#include "base/time.h"
#include "quality/validation.h"

struct rig {
	struct fe_schema schema;
	const char *rows;
	struct fe_validation_settings set;
	size_t batch_rows;
	bool pii[8], known_unique[8];
	struct fe_buf out;
	enum fe_rc rc;
	struct fe_err err;
};

static struct fe_str
rig_word(const char **p, const char *ends)
{
	struct fe_str w = { *p, strcspn(*p, ends) };

	*p += w.n;
	return w;
}

static void
rig_open(struct rig *r, const char *columns, const char *rows)
{
	*r = (struct rig){ .rows = rows, .batch_rows = FE_BATCH_ROWS, .err = FE_ERR_INIT };
	r->set.result = (struct fe_result_settings){ .format = FE_RESULT_SUMMARY, .partial_unexpected_count = 20 };
	r->set.schema = &r->schema;
	r->set.run_id = "run";
	fe_schema_init(&r->schema);
	for (const char *p = columns; *p; p += *p == ' ') {
		struct fe_str name = rig_word(&p, ":");
		struct fe_type type;
		p++;
		assert_int_equal(fe_type_parse(rig_word(&p, " "), &type, &r->err), FE_OK);
		(void)fe_schema_add(&r->schema, name, type);
	}
	r->schema.n_source = r->schema.n_fields;
	fe_buf_init(&r->out, SIZE_MAX);
}

static void
rig_close(struct rig *r)
{
	fe_schema_reset(&r->schema);
	fe_buf_reset(&r->out);
}

static void
rig_put(struct fe_column *c, size_t row, struct fe_str cell)
{
	bool truth = false;

	fe_bit_put(c->valid, row, !fe_str_is(cell, "-"));
	if (fe_str_is(cell, "-"))
		return;
	switch (c->type.kind) {
	case FE_TEXT:
		c->text[row] = cell;
		break;
	case FE_DECIMAL:
		assert_int_equal(fe_decimal_parse(cell, c->type.precision, c->type.scale, NULL, &c->i64[row]), 0);
		break;
	case FE_INT:
		assert_int_equal(fe_int_parse(cell, &c->i64[row]), 0);
		break;
	case FE_BOOL:
		assert_true(fe_bool_parse(cell, &truth));
		fe_bit_put(c->bits, row, truth);
		break;
	case FE_DATE:
		assert_int_equal(fe_date_parse(cell, NULL, &c->days[row]), 0);
		break;
	case FE_TIMESTAMP:
		assert_int_equal(fe_timestamp_parse(cell, NULL, NULL, &c->i64[row]), 0);
	}
}

/* Feeds all rows, batch_rows at a time. */
static enum fe_rc
rig_feed(struct rig *r, struct fe_validation *v, struct fe_batch *b)
{
	uint64_t all[FE_BITMAP_WORDS(FE_BATCH_ROWS)];
	enum fe_rc rc = FE_OK;

	memset(all, 0xff, sizeof all);
	for (const char *p = r->rows; *p && rc == FE_OK;) {
		fe_batch_clear(b);
		for (; *p && b->n_rows < r->batch_rows; b->n_rows++, p += *p == '|') {
			for (size_t c = 0; c < r->schema.n_fields; c++, p += *p == ' ')
				rig_put(&b->columns[c], b->n_rows, rig_word(&p, " |"));
		}
		rc = fe_validation_feed(v, b, all, &r->err);
	}
	return rc;
}

/* The result of a suite of one expectation; r->rc where the run fails. */
static const char *
rig_ask(struct rig *r, const char *expectation)
{
	struct fe_suite_settings from = { .path = "suite" };
	struct fe_validation *v = NULL;
	struct fe_suite *suite = NULL;
	struct fe_batch batch;
	struct fe_buf text;

	fe_buf_init(&text, SIZE_MAX);
	fe_buf_addf(&text, "{\"name\": \"s\", \"expectations\": [%s]}", expectation);
	fe_batch_init(&batch, &r->schema);
	fe_buf_clear(&r->out);
	r->rc = fe_suite_read(&suite, fe_buf_str(&text), &from, &r->err);
	r->set.suite = suite;
	if (r->rc == FE_OK)
		r->rc = fe_validation_open(&v, &r->set, &r->err);
	if (r->rc == FE_OK)
		r->rc = rig_feed(r, v, &batch);
	if (r->rc == FE_OK)
		r->rc = fe_validation_end(v, &r->err);
	if (r->rc == FE_OK)
		fe_validation_result_json(v, &r->out);
	fe_validation_close(v);
	fe_suite_free(suite);
	fe_batch_reset(&batch);
	fe_buf_reset(&text);
	return fe_buf_text(&r->out);
}

#define assert_has(text, part)                                                               \
	do {                                                                                 \
		const char *text_ = (text);                                                  \
		if (!strstr(text_, (part)))                                                  \
			fail_msg("%s\n  is not in\n%s", (part), text_);                       \
	} while (0)

#endif
