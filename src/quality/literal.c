// SPDX-License-Identifier: Apache-2.0
/* quality/literal.c - see quality/literal.h
 *
 * A number keeps its first 38 digits; a nonzero digit after them makes it inexact, and then
 * it lies a little further from zero than its digits: enough to compare it with anything of
 * fewer digits, as every value of a column is.
 */
#include "quality/literal.h"

#include <limits.h>

#include "base/double.h"
#include "base/text.h"
#include "base/time.h"
#include "quality/expectation.h"

#define MAX_DIGITS 38
#define MAX_EXPONENT 100000 /* far past what a double holds; ends the sum of digits */

static fe_i128
pow10_of(unsigned n)
{
	fe_i128 p = 1;

	while (n-- > 0)
		p *= 10;
	return p;
}

/* ---- numbers ---- */

/* From what the checked text says: digits * 10^exponent, is_cut where digits were left out. */
struct scan {
	fe_i128 digits;
	unsigned n_digits;
	int exponent;
	bool is_negative, is_cut;
};

static void
scan_digit(struct scan *s, char c, bool after_point)
{
	if (s->n_digits == MAX_DIGITS) {
		s->is_cut |= c != '0';
		s->exponent += !after_point;
		return;
	}
	s->digits = s->digits * 10 + (c - '0');
	s->n_digits += s->digits != 0;
	s->exponent -= after_point;
}

static void
scan_number(struct fe_str text, struct scan *s)
{
	bool after_point = false, is_negative = false;
	int exponent = 0;
	size_t i = 0;

	for (; i < text.n && text.p[i] != 'e' && text.p[i] != 'E'; i++) {
		if (text.p[i] == '-')
			s->is_negative = true;
		else if (text.p[i] == '.')
			after_point = true;
		else
			scan_digit(s, text.p[i], after_point);
	}
	for (i++; i < text.n; i++) {
		if (text.p[i] == '-')
			is_negative = true;
		else if (text.p[i] != '+' && exponent < MAX_EXPONENT)
			exponent = exponent * 10 + (text.p[i] - '0');
	}
	s->exponent += is_negative ? -exponent : exponent;
}

/* Brings the exponent into 0 .. -38, as far as digits allow. */
static void
settle(struct scan *s, struct fe_suite_number *out)
{
	while (s->exponent > 0 && s->digits != 0 && s->n_digits < MAX_DIGITS) {
		s->digits *= 10;
		s->n_digits++;
		s->exponent--;
	}
	while (s->exponent < 0 && s->digits != 0 && (s->exponent < -MAX_DIGITS || s->digits % 10 == 0)) {
		s->is_cut |= s->digits % 10 != 0;
		s->digits /= 10;
		s->exponent++;
	}
	if (s->digits == 0 || s->exponent > 0) /* nothing, or more than 38 digits before the point */
		s->is_cut |= s->digits != 0;
	out->is_exact = !s->is_cut;
	out->scale = s->digits == 0 || s->exponent > 0 ? 0 : (unsigned)-s->exponent;
	out->digits = s->is_negative ? -s->digits : s->digits;
}

static struct fe_str
bare_number(struct fe_str text)
{
	text = fe_text_trim(text);
	if (text.n > 1 && text.p[0] == '+' && text.p[1] != '-')
		text = (struct fe_str){ text.p + 1, text.n - 1 };
	return text;
}

bool
fe_suite_number_read(struct fe_str text, struct fe_suite_number *out)
{
	struct scan s = { 0 };

	*out = (struct fe_suite_number){ 0 };
	text = bare_number(text);
	if (!fe_double_parse(text, &out->value))
		return false;
	scan_number(text, &s);
	settle(&s, out);
	/* All digits cut away: what is left has no sign of its own. */
	if (!out->is_exact && out->digits == 0)
		out->is_exact = out->value == 0.0;
	return true;
}

static int
sign_of(fe_i128 v)
{
	return (v > 0) - (v < 0);
}

int
fe_suite_number_compare(fe_i128 v, unsigned scale, const struct fe_suite_number *b)
{
	/* What the number is more than its digits, away from zero. */
	int rest = b->is_exact ? 0 : b->digits ? sign_of(b->digits) : b->value < 0 ? -1 : 1;
	fe_i128 digits = b->digits;

	if (b->scale > scale) {
		fe_i128 unit = pow10_of(b->scale - scale);
		fe_i128 cut = digits % unit;

		digits /= unit;
		if (cut != 0)
			rest = sign_of(cut);
	} else if (__builtin_mul_overflow(digits, pow10_of(scale - b->scale), &digits)) {
		return -sign_of(b->digits);
	}
	return v != digits ? (v > digits) - (v < digits) : -rest;
}

/* ---- moments ---- */

struct cursor {
	const char *p, *end;
};

/* least .. most digits */
static bool
take_number(struct cursor *c, unsigned least, unsigned most, unsigned *out)
{
	unsigned n = 0;

	for (*out = 0; n < most && c->p < c->end && *c->p >= '0' && *c->p <= '9'; n++)
		*out = *out * 10 + (unsigned)(*c->p++ - '0');
	return n >= least;
}

static bool
take_char(struct cursor *c, char a, char b)
{
	if (c->p == c->end || (*c->p != a && *c->p != b))
		return false;
	c->p++;
	return true;
}

static bool
take_date(struct cursor *c, int32_t *days)
{
	unsigned year, month, day;
	struct fe_civil back;

	if (!take_number(c, 4, 4, &year) || !take_char(c, '-', '-') || !take_number(c, 1, 2, &month) ||
	    !take_char(c, '-', '-') || !take_number(c, 1, 2, &day))
		return false;
	if (year < 1 || month < 1 || month > 12 || day < 1 || day > 31)
		return false;
	*days = fe_days_from_civil((int32_t)year, month, day);
	back = fe_civil_from_days(*days);
	return back.day == day && back.month == month;
}

static bool
take_time(struct cursor *c, int64_t *us)
{
	unsigned hour, minute, second = 0, fraction = 0, n_digits = 0;

	if (!take_number(c, 1, 2, &hour) || !take_char(c, ':', ':') || !take_number(c, 1, 2, &minute))
		return false;
	if (take_char(c, ':', ':')) {
		if (!take_number(c, 1, 2, &second))
			return false;
		if (take_char(c, '.', '.')) {
			for (; c->p < c->end && *c->p >= '0' && *c->p <= '9' && n_digits < 12; n_digits++, c->p++) {
				if (n_digits < 6)
					fraction = fraction * 10 + (unsigned)(*c->p - '0');
			}
			if (n_digits == 0)
				return false;
			for (; n_digits < 6; n_digits++)
				fraction *= 10;
		}
	}
	*us = ((hour * 60 + minute) * INT64_C(60) + second) * FE_US_PER_SECOND + fraction;
	return hour < 24 && minute < 60 && second < 60;
}

/* Minutes; *has: there is one. */
static bool
take_offset(struct cursor *c, bool *has, int *minutes)
{
	unsigned hour, minute = 0;
	bool is_negative;

	*minutes = 0;
	*has = c->p < c->end;
	if (!*has || take_char(c, 'Z', 'Z'))
		return true;
	is_negative = *c->p == '-';
	if (!take_char(c, '+', '-') || !take_number(c, 2, 2, &hour))
		return false;
	if (c->p < c->end) {
		(void)take_char(c, ':', ':');
		if (!take_number(c, 2, 2, &minute))
			return false;
	}
	*minutes = (int)(hour * 60 + minute) * (is_negative ? -1 : 1);
	return hour < 24 && minute < 60;
}

/* As datetime.isoformat() of what was written. */
static void
print_iso(struct fe_buf *iso, int64_t local_us, bool has_offset, int offset)
{
	char text[FE_TIMESTAMP_TEXT_BYTES];
	unsigned amount = (unsigned)(offset < 0 ? -offset : offset);

	fe_timestamp_format_iso(local_us, text);
	fe_buf_add_char(iso, '"');
	fe_buf_add(iso, text, local_us % FE_US_PER_SECOND == 0 ? 19 : 26);
	if (has_offset)
		fe_buf_addf(iso, "%c%02u:%02u", offset < 0 ? '-' : '+', amount / 60, amount % 60);
	fe_buf_add_char(iso, '"');
}

bool
fe_literal_read_moment(struct fe_str text, struct fe_literal *out, struct fe_buf *iso)
{
	struct cursor c = { text.p, text.p + text.n };
	int64_t us, of_offset, local_us;
	bool has_offset;
	int offset;

	if (!take_date(&c, &out->days))
		return false;
	out->text = text;
	if (c.p == c.end) {
		char day[FE_DATE_TEXT_BYTES];

		fe_date_format(out->days, day);
		out->kind = FE_LITERAL_DATE;
		fe_buf_addf(iso, "\"%.*s\"", FE_DATE_TEXT_BYTES, day);
		return true;
	}
	if (!take_char(&c, 'T', ' ') || !take_time(&c, &us) || !take_offset(&c, &has_offset, &offset) || c.p != c.end)
		return false;
	local_us = out->days * FE_US_PER_DAY + us;
	of_offset = offset * INT64_C(60) * FE_US_PER_SECOND;
	out->us = local_us - of_offset;
	out->kind = has_offset ? FE_LITERAL_INSTANT : FE_LITERAL_NAIVE;
	print_iso(iso, local_us, has_offset, offset);
	return true;
}

/* ---- values ---- */

void
fe_literal_of_json(const struct fe_json_value *v, struct fe_literal *out)
{
	*out = (struct fe_literal){ .raw = v->raw };
	switch (v->kind) {
	case FE_JSON_NULL:
		break;
	case FE_JSON_BOOL:
		out->kind = FE_LITERAL_BOOL;
		out->is_true = v->is_true;
		break;
	case FE_JSON_NUMBER:
		out->kind = fe_suite_number_read(v->text, &out->number) ? FE_LITERAL_NUMBER : FE_LITERAL_OTHER;
		break;
	case FE_JSON_STRING:
		out->kind = FE_LITERAL_TEXT;
		out->text = v->text;
		break;
	case FE_JSON_ARRAY:
	case FE_JSON_OBJECT:
		out->kind = FE_LITERAL_OTHER;
	}
}

static int
order_i64(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int
order_texts(struct fe_str a, struct fe_str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n ? memcmp(a.p, b.p, n) : 0;

	return order ? (order > 0) - (order < 0) : (a.n > b.n) - (a.n < b.n);
}

int
fe_literal_compare(const struct fe_column *c, size_t row, const struct fe_literal *bound, bool *comparable)
{
	struct fe_suite_number truth = { .is_exact = true, .digits = bound->is_true, .value = bound->is_true };
	const struct fe_suite_number *n = bound->kind == FE_LITERAL_BOOL ? &truth : &bound->number;
	bool is_number = bound->kind == FE_LITERAL_NUMBER || bound->kind == FE_LITERAL_BOOL;

	*comparable = true;
	switch (c->type.kind) {
	case FE_DECIMAL:
		if (is_number)
			return fe_suite_number_compare(c->i64[row], c->type.scale, n);
		break;
	case FE_INT:
		if (is_number)
			return fe_suite_number_compare(c->i64[row], 0, n);
		break;
	case FE_BOOL:
		if (is_number)
			return fe_suite_number_compare(fe_bit_get(c->bits, row), 0, n);
		break;
	case FE_TEXT:
		if (bound->kind == FE_LITERAL_TEXT)
			return order_texts(c->text[row], bound->text);
		break;
	case FE_DATE:
		if (bound->kind == FE_LITERAL_DATE)
			return order_i64(c->days[row], bound->days);
		break;
	case FE_TIMESTAMP:
		if (bound->kind == FE_LITERAL_INSTANT)
			return order_i64(c->i64[row], bound->us);
	}
	*comparable = false;
	return 0;
}
