// SPDX-License-Identifier: Apache-2.0
/* quality/report_view.c - reading what a run wrote down, see quality/report_view.h */
#include "quality/report_view.h"

#include "base/time.h"

struct fe_str
fe_report_member(const struct fe_json_value *v, const char *key)
{
	const struct fe_json_value *m = fe_json_get(v, key);

	if (fe_json_is(m, FE_JSON_STRING) || fe_json_is(m, FE_JSON_NUMBER))
		return m->text.p ? m->text : FE_STR("");
	return (struct fe_str){ 0 };
}

static bool
is_personal(const struct fe_report_dataset *d, struct fe_str column)
{
	const struct fe_json_value *pii = fe_json_get(d->quality, "pii");

	for (const struct fe_json_value *v = pii ? pii->first : NULL; v; v = v->next)
		if (fe_json_is(v, FE_JSON_STRING) && fe_str_eq(v->text, column))
			return true;
	return false;
}

const struct fe_json_value *
fe_report_next_sum(const struct fe_report_dataset *d, const struct fe_json_value *after)
{
	const struct fe_json_value *sums = fe_json_get(d->totals, "sums");
	const struct fe_json_value *v = after ? after->next : sums ? sums->first : NULL;

	while (v && is_personal(d, v->key))
		v = v->next;
	return v;
}

uint64_t
fe_report_u64(struct fe_str digits)
{
	uint64_t v = 0;

	for (size_t i = 0; i < digits.n; i++) {
		if (digits.p[i] < '0' || digits.p[i] > '9')
			return 0;
		if (__builtin_mul_overflow(v, (uint64_t)10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(digits.p[i] - '0'), &v))
			return 0;
	}
	return v;
}

uint64_t
fe_report_member_u64(const struct fe_json_value *v, const char *key)
{
	return fe_report_u64(fe_report_member(v, key));
}

struct fe_str
fe_report_plain_number(struct fe_str digits)
{
	if (!digits.n || !memchr(digits.p, '.', digits.n))
		return digits;
	while (digits.p[digits.n - 1] == '0')
		digits.n--;
	if (digits.p[digits.n - 1] == '.')
		digits.n--;
	return digits;
}

bool
fe_report_is_true(const struct fe_json_value *v, const char *key)
{
	const struct fe_json_value *m = fe_json_get(v, key);
	return fe_json_is(m, FE_JSON_BOOL) && m->is_true;
}

static int
compare_text(struct fe_str a, struct fe_str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n ? memcmp(a.p, b.p, n) : 0;
	return c ? c : (a.n > b.n) - (a.n < b.n);
}

static bool
comes_before(const struct fe_report_reason *a, const struct fe_report_reason *b)
{
	return a->n != b->n ? a->n > b->n : compare_text(a->text, b->text) < 0;
}

/* Put where it belongs in a short list that keeps the first ones only: there may be
 * thousands of kinds. */
size_t
fe_report_reasons(const struct fe_report_dataset *d, struct fe_report_reason out[FE_REPORT_MAX_REASONS], size_t *n_all)
{
	const struct fe_json_value *reasons = fe_json_get(d->quality, "reasons");
	size_t n = 0;

	*n_all = 0;
	for (const struct fe_json_value *m = reasons ? reasons->first : NULL; m; m = m->next) {
		struct fe_report_reason r = { m->key, fe_report_u64(m->text) };
		size_t at = n;
		++*n_all;
		while (at > 0 && comes_before(&r, &out[at - 1]))
			at--;
		if (at == FE_REPORT_MAX_REASONS)
			continue;
		n += n < FE_REPORT_MAX_REASONS;
		memmove(out + at + 1, out + at, (n - at - 1) * sizeof *out);
		out[at] = r;
	}
	return n;
}

bool
fe_report_elapsed_ms(struct fe_str from, struct fe_str to, uint64_t *ms)
{
	int64_t start_us, end_us;

	*ms = 0;
	if (!from.n || !to.n || fe_timestamp_parse(from, NULL, NULL, &start_us) != FE_TIME_OK ||
	    fe_timestamp_parse(to, NULL, NULL, &end_us) != FE_TIME_OK || end_us < start_us)
		return false;
	*ms = (uint64_t)((end_us - start_us) / 1000);
	return true;
}
