// SPDX-License-Identifier: Apache-2.0
/* format/pgcopy_read.c - values from PostgreSQL's binary form
 *
 * What comes from a server is checked like any other input: a length that is not the
 * type's, a digit above 9999 or a number that does not fit is no value, and is said so.
 */
#include "format/pgcopy.h"

#include <endian.h>

#include "base/text.h"
#include "base/time.h"

#define EPOCH_DAYS 10957
#define EPOCH_US INT64_C(946684800000000)
#define NUMERIC_NEGATIVE 0x4000
#define MAX_DIGITS_128 38

static uint16_t
get16(const char *p)
{
	uint16_t v;
	memcpy(&v, p, sizeof v);
	return be16toh(v);
}

static uint32_t
get32(const char *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof v);
	return be32toh(v);
}

static uint64_t
get64(const char *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof v);
	return be64toh(v);
}

bool
fe_pg_read_i64(struct fe_str bytes, int64_t *out)
{
	switch (bytes.n) {
	case 8:
		*out = (int64_t)get64(bytes.p);
		return true;
	case 4:
		*out = (int32_t)get32(bytes.p);
		return true;
	case 2:
		*out = (int16_t)get16(bytes.p);
		return true;
	default:
		return false;
	}
}

bool
fe_pg_read_tid(struct fe_str bytes, int64_t *out)
{
	if (bytes.n != 6)
		return false;
	*out = (int64_t)get32(bytes.p) << 16 | get16(bytes.p + 4);
	return true;
}

/* A numeric as it is sent: digits[0] is worth 10000^weight, the next 10000 times less. */
struct numeric {
	int n_digits, weight;
	bool is_negative;
	unsigned scale;
	const char *digits;
};

static bool
open_numeric(struct fe_str bytes, struct numeric *out)
{
	if (bytes.n < 8)
		return false;
	uint16_t sign = get16(bytes.p + 4);
	*out = (struct numeric){
		.n_digits = (int16_t)get16(bytes.p),
		.weight = (int16_t)get16(bytes.p + 2),
		.is_negative = sign == NUMERIC_NEGATIVE,
		.scale = get16(bytes.p + 6),
		.digits = bytes.p + 8,
	};
	if (sign != 0 && sign != NUMERIC_NEGATIVE) /* NaN, an infinity */
		return false;
	return out->n_digits >= 0 && bytes.n == 8 + (size_t)out->n_digits * 2;
}

/* The group at a place, 0 where none is sent; -1: it is none. */
static int
group_at(const struct numeric *num, int place)
{
	int i = num->weight - place;
	if (i < 0 || i >= num->n_digits)
		return 0;
	int group = get16(num->digits + (size_t)i * 2);
	return group < 10000 ? group : -1;
}

/* v = v * times + group, true where it fits. */
static bool
shift_in(fe_i128 *v, int times, int group)
{
	return !__builtin_mul_overflow(*v, times, v) && !__builtin_add_overflow(*v, group, v);
}

/* Whether there is nothing but zeros from a place on. */
static bool
is_zero_from(const struct numeric *num, int place)
{
	for (int at = place < num->weight ? place : num->weight; num->weight - at < num->n_digits; at--) {
		if (group_at(num, at) != 0)
			return false;
	}
	return true;
}

bool
fe_pg_read_i128(struct fe_str bytes, unsigned scale, fe_i128 *out)
{
	static const int powers[] = { 1, 10, 100, 1000 };
	struct numeric num;
	fe_i128 v = 0;

	if (!open_numeric(bytes, &num) || num.scale > scale || scale > MAX_DIGITS_128)
		return false;
	if (num.n_digits > 0 && num.weight > MAX_DIGITS_128 / 4)
		return false;
	int part = -(int)(scale / 4) - 1; /* the first place behind the whole groups */
	for (int place = num.n_digits > 0 ? num.weight : part; place > part; place--) {
		int group = group_at(&num, place);
		if (group < 0 || !shift_in(&v, 10000, group))
			return false;
	}
	if (scale % 4 != 0) {
		int group = group_at(&num, part--), cut = powers[4 - scale % 4];
		if (group < 0 || group % cut != 0 || !shift_in(&v, powers[scale % 4], group / cut))
			return false;
	}
	if (!is_zero_from(&num, part))
		return false;
	*out = num.is_negative ? -v : v;
	return true;
}

static bool
read_decimal(struct fe_str bytes, struct fe_type type, int64_t *out)
{
	fe_i128 v;
	if (!fe_pg_read_i128(bytes, type.scale, &v) || v > INT64_MAX || v < INT64_MIN)
		return false;
	*out = (int64_t)v;
	return fe_decimal_fits(*out, type.precision);
}

static bool
read_date(struct fe_str bytes, int32_t *out)
{
	if (bytes.n != 4)
		return false;
	int64_t days = (int64_t)(int32_t)get32(bytes.p) + EPOCH_DAYS; /* infinities are out of range */
	*out = (int32_t)days;
	return days >= FE_DATE_MIN && days <= FE_DATE_MAX;
}

static bool
read_timestamp(struct fe_str bytes, int64_t *out)
{
	if (bytes.n != 8 || __builtin_add_overflow((int64_t)get64(bytes.p), EPOCH_US, out))
		return false;
	return *out >= FE_TIMESTAMP_MIN && *out <= FE_TIMESTAMP_MAX;
}

static bool
read_bool(struct fe_str bytes, uint64_t *bits, size_t row)
{
	if (bytes.n != 1 || (bytes.p[0] != 0 && bytes.p[0] != 1))
		return false;
	fe_bit_put(bits, row, bytes.p[0] == 1);
	return true;
}

/* What others wrote may hold code points that are never characters: also UTF-8. */
static bool
is_utf8(struct fe_str s)
{
	uint32_t code;
	if (fe_utf8_is_valid(s))
		return true;
	while (s.n > 0) {
		size_t n = fe_utf8_decode(s, &code);
		if (n == 0)
			return false;
		s = (struct fe_str){ s.p + n, s.n - n };
	}
	return true;
}

static bool
read_text(struct fe_str bytes, struct fe_arena *arena, struct fe_str *out)
{
	if (!is_utf8(bytes))
		return false;
	*out = (struct fe_str){ fe_arena_copy(arena, bytes.p, bytes.n), bytes.n };
	return true;
}

static bool
read_some(struct fe_str bytes, struct fe_column *c, size_t row, struct fe_arena *arena)
{
	switch (c->type.kind) {
	case FE_TEXT:
		return read_text(bytes, arena, &c->text[row]);
	case FE_DECIMAL:
		return read_decimal(bytes, c->type, &c->i64[row]);
	case FE_INT:
		return fe_pg_read_i64(bytes, &c->i64[row]);
	case FE_BOOL:
		return read_bool(bytes, c->bits, row);
	case FE_DATE:
		return read_date(bytes, &c->days[row]);
	case FE_TIMESTAMP:
		break;
	}
	return read_timestamp(bytes, &c->i64[row]);
}

bool
fe_pg_read_value(struct fe_str bytes, struct fe_column *c, size_t row, struct fe_arena *arena)
{
	bool is_value = bytes.p && read_some(bytes, c, row, arena);
	fe_bit_put(c->valid, row, is_value);
	return is_value || !bytes.p;
}
