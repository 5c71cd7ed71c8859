// SPDX-License-Identifier: Apache-2.0
/* db/postgres_value.c - see db/postgres_value.h
 *
 * PostgreSQL 15 manual, COPY, section "Binary Format", and the send functions of the types.
 * Numbers stay digits: a numeric is written out group by group, as the server itself would.
 */
#include "db/postgres_value.h"

#include <endian.h>

#include "base/time.h"
#include "db/cursor_engine.h"

#define EPOCH_DAYS 10957
#define EPOCH_US INT64_C(946684800000000)
#define NUMERIC_NEGATIVE 0x4000
#define NUMERIC_NAN 0xC000
#define NUMERIC_INFINITY 0xD000
#define NUMERIC_MINUS_INFINITY 0xF000
#define MAX_SCALE 16383
#define JSONB_VERSION 1
#define UUID_BYTES 16
#define UUID_TEXT_BYTES 36

static uint16_t
get16(const char *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return be16toh(v);
}

static uint32_t
get32(const char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return be32toh(v);
}

static uint64_t
get64(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return be64toh(v);
}

static bool
set_text(struct fe_cursor_value *out, enum fe_cursor_kind kind, struct fe_str text)
{
	out->kind = kind;
	out->text = text;
	return true;
}

static bool
set_i64(struct fe_cursor_value *out, enum fe_cursor_kind kind, int64_t v)
{
	out->kind = kind;
	out->i64 = v;
	return true;
}

/* ---- what is text, or nearly ---- */

bool
fe_pg_decode_text(struct fe_str bytes, struct fe_cursor_value *out, struct fe_arena *texts)
{
	(void)texts;
	return set_text(out, FE_CURSOR_TEXT, bytes);
}

static bool
decode_json(struct fe_str bytes, struct fe_cursor_value *out, struct fe_arena *texts)
{
	(void)texts;
	return set_text(out, FE_CURSOR_JSON, bytes);
}

static bool
decode_jsonb(struct fe_str bytes, struct fe_cursor_value *out, struct fe_arena *texts)
{
	(void)texts;
	return bytes.n > 0 && bytes.p[0] == JSONB_VERSION &&
	       set_text(out, FE_CURSOR_JSON, (struct fe_str){ bytes.p + 1, bytes.n - 1 });
}

static bool
decode_bytea(struct fe_str bytes, struct fe_cursor_value *out, struct fe_arena *texts)
{
	(void)texts;
	return set_text(out, FE_CURSOR_BYTES, bytes);
}

static bool
decode_uuid(struct fe_str bytes, struct fe_cursor_value *out, struct fe_arena *texts)
{
	static const char digits[] = "0123456789abcdef";
	char *text, *to;

	if (bytes.n != UUID_BYTES)
		return false;
	text = to = fe_arena_bytes(texts, UUID_TEXT_BYTES);
	for (size_t i = 0; i < UUID_BYTES; i++) {
		const unsigned char c = (unsigned char)bytes.p[i];

		if (i == 4 || i == 6 || i == 8 || i == 10)
			*to++ = '-';
		*to++ = digits[c >> 4];
		*to++ = digits[c & 15];
	}
	return set_text(out, FE_CURSOR_UUID, (struct fe_str){ text, UUID_TEXT_BYTES });
}

/* ---- numbers ---- */

static bool
decode_bool(struct fe_str bytes, struct fe_cursor_value *out, struct fe_arena *texts)
{
	(void)texts;
	return bytes.n == 1 && (bytes.p[0] == 0 || bytes.p[0] == 1) && set_i64(out, FE_CURSOR_BOOL, bytes.p[0]);
}

static bool
decode_int(struct fe_str bytes, struct fe_cursor_value *out, struct fe_arena *texts)
{
	(void)texts;
	switch (bytes.n) {
	case 8:
		return set_i64(out, FE_CURSOR_INT, (int64_t)get64(bytes.p));
	case 4:
		return set_i64(out, FE_CURSOR_INT, (int32_t)get32(bytes.p));
	case 2:
		return set_i64(out, FE_CURSOR_INT, (int16_t)get16(bytes.p));
	default:
		return false;
	}
}

/* A numeric as it is sent: digits[0] is worth 10000^weight, the next 10000 times less. */
struct numeric {
	int n_digits, weight;
	unsigned scale;
	const char *digits;
};

/* The group that is worth 10000^place; -1: it is none. */
static int
group_at(const struct numeric *num, int place)
{
	const int i = num->weight - place;
	int group;

	if (i < 0 || i >= num->n_digits)
		return 0;
	group = get16(num->digits + (size_t)i * 2);
	return group < 10000 ? group : -1;
}

static void
put_group(char out[4], int group)
{
	out[0] = (char)('0' + group / 1000);
	out[1] = (char)('0' + group / 100 % 10);
	out[2] = (char)('0' + group / 10 % 10);
	out[3] = (char)('0' + group % 10);
}

/* The digits before the point, without zeros in front but the only one; NULL: no digits. */
static char *
put_whole(char *to, const struct numeric *num)
{
	char *const start = to;
	char four[4];

	for (int place = num->weight; place >= 0; place--) {
		const int group = group_at(num, place);
		size_t skip = 0;

		if (group < 0)
			return NULL;
		put_group(four, group);
		while (to == start && skip < 4 && four[skip] == '0')
			skip++;
		memcpy(to, four + skip, 4 - skip);
		to += 4 - skip;
	}
	if (to == start)
		*to++ = '0';
	return to;
}

/* As many decimals as the value says that it has; NULL: no digits, or more than that. */
static char *
put_decimals(char *to, const struct numeric *num)
{
	unsigned left = num->scale;
	char four[4];

	if (left > 0)
		*to++ = '.';
	for (int place = -1; left > 0; place--) {
		const unsigned n = left < 4 ? left : 4;
		const int group = group_at(num, place);

		if (group < 0)
			return NULL;
		put_group(four, group);
		for (unsigned i = n; i < 4; i++)
			if (four[i] != '0')
				return NULL;
		memcpy(to, four, n);
		to += n;
		left -= n;
	}
	return to;
}

static bool
decode_special(uint16_t sign, struct fe_cursor_value *out)
{
	switch (sign) {
	case NUMERIC_NAN:
		return set_text(out, FE_CURSOR_TEXT, FE_STR("NaN"));
	case NUMERIC_INFINITY:
		return set_text(out, FE_CURSOR_TEXT, FE_STR("Infinity"));
	case NUMERIC_MINUS_INFINITY:
		return set_text(out, FE_CURSOR_TEXT, FE_STR("-Infinity"));
	default:
		return false;
	}
}

static bool
decode_numeric(struct fe_str bytes, struct fe_cursor_value *out, struct fe_arena *texts)
{
	struct numeric num;
	uint16_t sign;
	char *text, *to;

	if (bytes.n < 8)
		return false;
	sign = get16(bytes.p + 4);
	if (sign != 0 && sign != NUMERIC_NEGATIVE)
		return decode_special(sign, out);
	num = (struct numeric){
		.n_digits = (int16_t)get16(bytes.p),
		.weight = (int16_t)get16(bytes.p + 2),
		.scale = get16(bytes.p + 6),
		.digits = bytes.p + 8,
	};
	if (num.n_digits < 0 || bytes.n != 8 + (size_t)num.n_digits * 2 || num.scale > MAX_SCALE)
		return false;
	/* Nothing may stand behind the last decimal that is written. */
	if (num.n_digits > 0 && (num.n_digits - 1 - num.weight) * 4 > (int)num.scale + 3)
		return false;
	text = to = fe_arena_bytes(texts, (size_t)(num.weight > 0 ? num.weight : 0) * 4 + 4 + num.scale + 8);
	if (sign == NUMERIC_NEGATIVE)
		*to++ = '-';
	to = put_whole(to, &num);
	if (to)
		to = put_decimals(to, &num);
	return to && set_text(out, FE_CURSOR_DECIMAL, (struct fe_str){ text, (size_t)(to - text) });
}

/* ---- moments ---- */

/* The least and the greatest value stand for the infinities. */
static bool
decode_infinity(bool is_positive, struct fe_cursor_value *out)
{
	return set_text(out, FE_CURSOR_TEXT, is_positive ? FE_STR("infinity") : FE_STR("-infinity"));
}

static bool
decode_date(struct fe_str bytes, struct fe_cursor_value *out, struct fe_arena *texts)
{
	int64_t days;
	char *text;

	if (bytes.n != 4)
		return false;
	days = (int32_t)get32(bytes.p);
	if (days == INT32_MIN || days == INT32_MAX)
		return decode_infinity(days > 0, out);
	days += EPOCH_DAYS;
	if (days >= FE_DATE_MIN && days <= FE_DATE_MAX)
		return set_i64(out, FE_CURSOR_DATE, days);
	if (days > INT32_MAX)
		return false;
	text = fe_arena_bytes(texts, FE_CURSOR_MOMENT_BYTES);
	return set_text(out, FE_CURSOR_TEXT, (struct fe_str){ text, fe_cursor_print_date(days, text) });
}

static bool
decode_moment(struct fe_str bytes, enum fe_cursor_kind kind, struct fe_cursor_value *out, struct fe_arena *texts)
{
	int64_t raw, us, days;
	size_t n;
	char *text;

	if (bytes.n != 8)
		return false;
	raw = (int64_t)get64(bytes.p);
	if (raw == INT64_MIN || raw == INT64_MAX)
		return decode_infinity(raw > 0, out);
	if (!__builtin_add_overflow(raw, EPOCH_US, &us) && us >= FE_TIMESTAMP_MIN && us <= FE_TIMESTAMP_MAX)
		return set_i64(out, kind, us);
	days = raw / FE_US_PER_DAY - (raw % FE_US_PER_DAY < 0);
	text = fe_arena_bytes(texts, FE_CURSOR_MOMENT_BYTES);
	n = fe_cursor_print_moment(days + EPOCH_DAYS, raw - days * FE_US_PER_DAY, kind == FE_CURSOR_TIMESTAMPTZ, text);
	return set_text(out, FE_CURSOR_TEXT, (struct fe_str){ text, n });
}

static bool
decode_timestamp(struct fe_str bytes, struct fe_cursor_value *out, struct fe_arena *texts)
{
	return decode_moment(bytes, FE_CURSOR_TIMESTAMP, out, texts);
}

static bool
decode_timestamptz(struct fe_str bytes, struct fe_cursor_value *out, struct fe_arena *texts)
{
	return decode_moment(bytes, FE_CURSOR_TIMESTAMPTZ, out, texts);
}

/* ---- the types ---- */

const struct fe_pg_decoder *
fe_pg_find_decoder(uint32_t oid)
{
	static const struct fe_pg_decoder decoders[] = { /* by pg_type.oid, fixed since ever */
		{ 16, FE_CURSOR_BOOL, decode_bool },
		{ 17, FE_CURSOR_BYTES, decode_bytea },
		{ 19, FE_CURSOR_TEXT, fe_pg_decode_text },           /* name */
		{ 20, FE_CURSOR_INT, decode_int },                   /* int8 */
		{ 21, FE_CURSOR_INT, decode_int },                   /* int2 */
		{ 23, FE_CURSOR_INT, decode_int },                   /* int4 */
		{ 25, FE_CURSOR_TEXT, fe_pg_decode_text },           /* text */
		{ 114, FE_CURSOR_JSON, decode_json },
		{ 1042, FE_CURSOR_TEXT, fe_pg_decode_text },         /* char(n) */
		{ 1043, FE_CURSOR_TEXT, fe_pg_decode_text },         /* varchar(n) */
		{ 1082, FE_CURSOR_DATE, decode_date },
		{ 1114, FE_CURSOR_TIMESTAMP, decode_timestamp },
		{ 1184, FE_CURSOR_TIMESTAMPTZ, decode_timestamptz },
		{ 1700, FE_CURSOR_DECIMAL, decode_numeric },
		{ 2950, FE_CURSOR_UUID, decode_uuid },
		{ 3802, FE_CURSOR_JSON, decode_jsonb },
	};

	for (size_t i = 0; i < sizeof(decoders) / sizeof(decoders[0]); i++)
		if (decoders[i].oid == oid)
			return &decoders[i];
	return NULL;
}
