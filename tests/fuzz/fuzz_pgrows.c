// SPDX-License-Identifier: Apache-2.0
/* tests/fuzz/fuzz_pgrows.c - any bytes as what a server sends for COPY TO STDOUT
 *
 * The first byte is how many columns there are, one byte each chooses their types; then messages follow, each with
 * its length in one byte, 255 standing for all that is left. A row is of values that are whole and of their kind, whatever the bytes are, and
 * each of them lies within the message or was made by the reader.
 */
#include "base/time.h"
#include "db/cursor_engine.h"
#include "db/postgres_rows.h"
#include "harness.h"

#define MAX_COLUMNS 8

/* Each byte is looked at, so that one that is not there is noticed. */
static size_t
weigh(struct fe_str text)
{
	size_t sum = 0;

	for (size_t i = 0; i < text.n; i++)
		sum += (unsigned char)text.p[i];
	return sum;
}

/* "-12.30": what decimals are promised to be. */
static void
check_digits(struct fe_str text)
{
	size_t i = text.n && text.p[0] == '-', n_digits = 0, n_points = 0;

	for (; i < text.n; i++) {
		const bool is_digit = text.p[i] >= '0' && text.p[i] <= '9';
		expect(is_digit || (text.p[i] == '.' && n_points++ == 0 && n_digits));
		n_digits += is_digit;
	}
	expect(n_digits > 0 && text.p[text.n - 1] != '.');
}

static void
check_value(const struct fe_cursor_value *v)
{
	if (v->is_null)
		return;
	switch (v->kind) {
	case FE_CURSOR_BOOL:
		expect(v->i64 == 0 || v->i64 == 1);
		break;
	case FE_CURSOR_DATE:
		expect(v->i64 >= FE_DATE_MIN && v->i64 <= FE_DATE_MAX);
		break;
	case FE_CURSOR_TIMESTAMP:
	case FE_CURSOR_TIMESTAMPTZ:
		expect(v->i64 >= FE_TIMESTAMP_MIN && v->i64 <= FE_TIMESTAMP_MAX);
		break;
	case FE_CURSOR_INT:
		break;
	case FE_CURSOR_DECIMAL:
		check_digits(v->text);
		break;
	default:
		expect(weigh(v->text) <= v->text.n * 255);
	}
}

/* False: nothing more can be read. */
static bool
read_message(struct fe_pg_rows *rows, const struct fe_pg_fields *f, struct fe_str message)
{
	size_t column;

	if (!fe_pg_rows_feed(rows, message))
		return false;
	while (rows->rest.n) {
		const size_t n_before = rows->rest.n;
		const enum fe_pg_taken taken = fe_pg_rows_take(rows, f, &column);

		if (taken == FE_PG_BAD_STREAM)
			return false;
		expect(rows->rest.n < n_before);
		if (taken == FE_PG_BAD_VALUE) {
			expect(column < f->n);
			return false;
		}
		for (size_t i = 0; taken == FE_PG_ROW && i < f->n; i++)
			check_value(&f->values[i]);
	}
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
	static const uint32_t oids[] = { 16, 17, 19, 20, 21, 23, 25, 114, 1042, 1043, 1082, 1114, 1184, 1700, 2950, 3802, 0 };
	struct fe_cursor_column columns[MAX_COLUMNS] = { 0 };
	struct fe_cursor_value values[MAX_COLUMNS] = { 0 };
	fe_pg_decode_fn *decode[MAX_COLUMNS] = { 0 };
	struct fe_arena texts = { 0 };
	struct fe_pg_rows rows = { 0 };
	const size_t n_columns = n_bytes ? data[0] % MAX_COLUMNS + 1u : 0;
	size_t at = 1 + n_columns;

	if (n_bytes < at || !n_columns)
		return 0;
	for (size_t i = 0; i < n_columns; i++) {
		const struct fe_pg_decoder *d = fe_pg_find_decoder(oids[data[1 + i] % (sizeof oids / sizeof oids[0])]);
		decode[i] = d ? d->decode : NULL;
		columns[i].kind = d ? d->kind : FE_CURSOR_OTHER;
	}
	const struct fe_pg_fields fields = { .columns = columns, .decode = decode, .values = values, .n = n_columns, .texts = &texts };
	for (bool goes_on = true; goes_on && at < n_bytes;) {
		const size_t left = n_bytes - at - 1, n = data[at] == 255 || data[at] > left ? left : data[at];
		/* A block of just its size, so that a read past its end is seen. */
		char *message = malloc(n ? n : 1);

		expect(message != NULL);
		memcpy(message, data + at + 1, n);
		goes_on = read_message(&rows, &fields, (struct fe_str){ message, n });
		free(message);
		at += 1 + n;
	}
	fe_arena_free(&texts);
	return 0;
}
