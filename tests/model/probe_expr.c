// SPDX-License-Identifier: Apache-2.0
/* tests/model/probe_expr.c - expressions on standard input and output
 *
 * A line is a command: words separated by the byte 0x1f.
 *
 *   schema name type name type ...   the columns; forgets the rows
 *   clear                            forgets the rows
 *   row value value ...              one more row; \N is null
 *   now MICROSECONDS                 the run time
 *   expr text                        answers: ok, type, and a value for each row
 *   sql sqlite|postgres text         answers: ok, the SQL
 *
 * The last two answer with one line, words separated by 0x1f; \N is null, \O is
 * overflow; a failure is: error, name of the code, column, message.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/decimal.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/time.h"
#include "expr/expr.h"

#define MAX_WORDS 2048
#define SEPARATOR '\x1f'

static struct fe_str words[MAX_WORDS];
static size_t n_words;

static _Noreturn void
die(const char *what)
{
	fprintf(stderr, "probe_expr: %s\n", what);
	exit(2);
}

static void
split(char *line, size_t n)
{
	char *end = line + n;

	n_words = 0;
	for (;;) {
		char *stop = memchr(line, SEPARATOR, (size_t)(end - line));

		if (n_words == MAX_WORDS)
			die("too many words");
		words[n_words++] = (struct fe_str){ line, (size_t)((stop ? stop : end) - line) };
		if (!stop)
			return;
		line = stop + 1;
	}
}

static void
set_cell(struct fe_batch *b, struct fe_column *c, size_t row, struct fe_str text)
{
	bool ok = true, flag = false;

	if (fe_str_is(text, "\\N")) {
		fe_bit_clear(c->valid, row);
		return;
	}
	fe_bit_set(c->valid, row);
	switch (c->type.kind) {
	case FE_TEXT:
		c->text[row] = (struct fe_str){ fe_arena_copy(&b->arena, text.p, text.n), text.n };
		break;
	case FE_DECIMAL:
		ok = fe_decimal_parse(text, c->type.precision, c->type.scale, NULL, &c->i64[row]) == FE_DECIMAL_OK;
		break;
	case FE_INT:
		ok = fe_int_parse(text, &c->i64[row]) == FE_DECIMAL_OK;
		break;
	case FE_BOOL:
		ok = fe_bool_parse(text, &flag);
		fe_bit_put(c->bits, row, flag);
		break;
	case FE_DATE:
		ok = fe_date_parse(text, NULL, &c->days[row]) == FE_TIME_OK;
		break;
	case FE_TIMESTAMP:
		ok = fe_timestamp_parse(text, NULL, NULL, &c->i64[row]) == FE_TIME_OK;
	}
	if (!ok)
		die("a value is not of its column's type");
}

static void
answer_error(const struct fe_err *err)
{
	printf("error%c%s%c%llu%c%s\n", SEPARATOR, fe_rc_name(err->rc), SEPARATOR, (unsigned long long)err->column,
	       SEPARATOR, err->text);
}

static void
answer_expr(struct fe_schema *schema, struct fe_batch *b, int64_t now_us)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_expr *e = NULL;
	struct fe_expr_state *state = NULL;
	const struct fe_column *out;
	const uint64_t *overflow;
	char type[FE_TYPE_TEXT_BYTES];
	struct fe_buf text;

	fe_buf_init(&text, 1u << 26);
	if (fe_expr_parse(&e, words[1], schema, schema->n_fields, &err)) {
		answer_error(&err);
		return;
	}
	state = fe_expr_state_new(e);
	if (fe_expr_eval(e, state, b, now_us, &out, &overflow, &err)) {
		answer_error(&err);
	} else {
		fe_buf_addf(&text, "ok%c%s", SEPARATOR, fe_type_print(fe_expr_type(e), type));
		for (size_t i = 0; i < b->n_rows; i++) {
			fe_buf_add_char(&text, SEPARATOR);
			if (overflow && fe_bit_get(overflow, i))
				fe_buf_add_text(&text, fe_bit_get(out->valid, i) ? "overflow with a value" : "\\O");
			else if (!fe_bit_get(out->valid, i))
				fe_buf_add_text(&text, "\\N");
			else
				fe_column_print(out, i, &text);
		}
		fe_buf_add_char(&text, '\n');
		fwrite(text.p, 1, text.n_bytes, stdout);
	}
	fe_buf_reset(&text);
	fe_expr_state_free(state);
	fe_expr_free(e);
}

static void
answer_sql(struct fe_schema *schema)
{
	enum fe_sql_dialect dialect = fe_str_is(words[1], "sqlite") ? FE_SQL_SQLITE : FE_SQL_POSTGRES;
	struct fe_err err = FE_ERR_INIT;
	struct fe_expr *e = NULL;
	struct fe_buf sql;

	fe_buf_init(&sql, 1u << 20);
	if (fe_expr_parse(&e, words[2], schema, schema->n_fields, &err) || fe_expr_print_sql(e, dialect, &sql, &err))
		answer_error(&err);
	else
		printf("ok%c%s\n", SEPARATOR, fe_buf_text(&sql));
	fe_buf_reset(&sql);
	fe_expr_free(e);
}

static void
read_schema(struct fe_schema *schema, struct fe_batch *b)
{
	fe_batch_reset(b);
	fe_schema_reset(schema);
	fe_schema_init(schema);
	for (size_t i = 1; i + 1 < n_words; i += 2) {
		struct fe_type type;

		if (fe_type_parse(words[i + 1], &type, NULL))
			die("not a type");
		fe_schema_add(schema, words[i], type);
	}
	schema->n_source = schema->n_fields;
	fe_batch_init(b, schema);
}

static void
read_row(const struct fe_schema *schema, struct fe_batch *b)
{
	if (n_words != schema->n_fields + 1 || b->n_rows == FE_BATCH_ROWS)
		die("a row with too few or too many values, or too many rows");
	for (size_t i = 0; i < schema->n_fields; i++)
		set_cell(b, &b->columns[i], b->n_rows, words[i + 1]);
	b->origin[b->n_rows] = (struct fe_origin){ .record = b->n_rows + 1 };
	b->n_rows++;
}

int
main(void)
{
	struct fe_schema schema;
	struct fe_batch batch;
	int64_t now_us = 0;
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	fe_schema_init(&schema);
	fe_batch_init(&batch, &schema);
	while ((n = getline(&line, &cap, stdin)) > 0) {
		split(line, (size_t)n - (line[n - 1] == '\n'));
		if (fe_str_is(words[0], "schema"))
			read_schema(&schema, &batch);
		else if (fe_str_is(words[0], "clear"))
			fe_batch_clear(&batch);
		else if (fe_str_is(words[0], "row"))
			read_row(&schema, &batch);
		else if (fe_str_is(words[0], "now") && n_words == 2 && fe_int_parse(words[1], &now_us) == FE_DECIMAL_OK)
			continue;
		else if (fe_str_is(words[0], "expr") && n_words == 2)
			answer_expr(&schema, &batch, now_us);
		else if (fe_str_is(words[0], "sql") && n_words == 3)
			answer_sql(&schema);
		else
			die("not a command");
	}
	free(line);
	fe_batch_reset(&batch);
	fe_schema_reset(&schema);
	return 0;
}
