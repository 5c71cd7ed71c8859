// SPDX-License-Identifier: Apache-2.0
/* quality/value_set.c - see quality/value_set.h
 *
 * Most sets are a handful of words: those are compared one by one, which is quicker than to
 * hash, and as two integers each where they are of a usual length. Numbers are sorted, whatever
 * their count.
 */
#include "quality/value_set.h"

#include <stdlib.h>

#include "base/mem.h"
#include "quality/literal.h"

#define MAX_DESCRIBED 12
#define MAX_ISO_BYTES 64

static bool
number_as(struct fe_type type, const struct fe_suite_number *n, int64_t *out)
{
	unsigned scale = type.kind == FE_DECIMAL ? type.scale : 0;
	fe_i128 v = n->digits;

	if (!n->is_exact || n->scale > scale) /* digits end in no zero behind the point */
		return false;
	for (unsigned s = n->scale; s < scale; s++) {
		if (__builtin_mul_overflow(v, 10, &v))
			return false;
	}
	*out = (int64_t)v;
	return v == *out;
}

bool
fe_value_read_moment(struct fe_type type, enum fe_moment_texts how, struct fe_str text, int64_t *out,
                     struct fe_buf *iso)
{
	struct fe_literal moment = { 0 };

	if (how == FE_MOMENT_TEXTS_NEVER || (type.kind == FE_DATE && how != FE_MOMENT_TEXTS_ALL) ||
	    !fe_literal_read_moment(text, &moment, iso))
		return false;
	*out = type.kind == FE_DATE ? moment.days : moment.us;
	return type.kind == FE_DATE || moment.kind == FE_LITERAL_INSTANT;
}

static bool
moment_as(struct fe_type type, enum fe_moment_texts how, struct fe_str text, int64_t *out)
{
	struct fe_buf iso;
	bool is_one;

	fe_buf_init(&iso, MAX_ISO_BYTES);
	is_one = fe_value_read_moment(type, how, text, out, &iso);
	fe_buf_reset(&iso);
	return is_one;
}

bool
fe_value_of_literal(struct fe_type type, enum fe_moment_texts how, const struct fe_literal *l, int64_t *number)
{
	bool is_moment = type.kind == FE_DATE || type.kind == FE_TIMESTAMP;

	switch (l->kind) {
	case FE_LITERAL_TEXT:
		return type.kind == FE_TEXT || (is_moment && moment_as(type, how, l->text, number));
	case FE_LITERAL_NUMBER:
		if (type.kind == FE_TEXT || is_moment || !number_as(type, &l->number, number))
			return false;
		return type.kind != FE_BOOL || *number == 0 || *number == 1;
	case FE_LITERAL_BOOL: {
		const struct fe_suite_number n = { .is_exact = true, .digits = l->is_true };
		return type.kind != FE_TEXT && !is_moment && number_as(type, &n, number);
	}
	default:
		return false;
	}
}

static bool
is_no_moment(struct fe_type type, enum fe_moment_texts how, const struct fe_literal *l)
{
	struct fe_literal moment = { 0 };
	struct fe_buf iso;
	bool is_one;

	if (type.kind != FE_TIMESTAMP || how == FE_MOMENT_TEXTS_NEVER || l->kind != FE_LITERAL_TEXT)
		return false;
	fe_buf_init(&iso, MAX_ISO_BYTES);
	is_one = fe_literal_read_moment(l->text, &moment, &iso);
	fe_buf_reset(&iso);
	return !is_one;
}

static int
compare_numbers(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

/* The two words may overlap: together they are all of the text. */
static inline struct fe_two_words
two_words_of(struct fe_str s)
{
	struct fe_two_words w = { .n = s.n };
	uint32_t head, tail;

	if (s.n - 1 >= 2 * sizeof w.head)
		return (struct fe_two_words){ 0 };
	if (s.n >= sizeof w.head) {
		memcpy(&w.head, s.p, sizeof w.head);
		memcpy(&w.tail, s.p + s.n - sizeof w.tail, sizeof w.tail);
	} else if (s.n >= sizeof head) {
		memcpy(&head, s.p, sizeof head);
		memcpy(&tail, s.p + s.n - sizeof tail, sizeof tail);
		w.head = head;
		w.tail = tail;
	} else {
		w.head = (unsigned char)s.p[0];
		w.tail = (uint64_t)(unsigned char)s.p[s.n / 2] << 8 | (unsigned char)s.p[s.n - 1];
	}
	return w;
}

static enum fe_rc
index_texts(struct fe_value_set *s, struct fe_err *err)
{
	fe_hash_key_random(&s->hash_key);
	fe_keytable_init(&s->table, 0, 0, &s->hash_key);
	for (size_t i = 0; i < s->n_texts; i++) {
		uint64_t hash = fe_hash64(&s->hash_key, s->texts[i].p, s->texts[i].n);
		void *value;
		if (!fe_keytable_find(&s->table, hash, s->texts[i]))
			FE_TRY(fe_keytable_add(&s->table, hash, s->texts[i], &value, err));
	}
	return FE_OK;
}

enum fe_rc
fe_value_set_init(struct fe_value_set *s, struct fe_type type, enum fe_moment_texts how, const struct fe_kwarg *set,
                  struct fe_err *err)
{
	*s = (struct fe_value_set){ 0 };
	s->numbers = fe_new_array(set->n_many, int64_t);
	s->texts = fe_new_array(set->n_many, struct fe_str);
	for (size_t i = 0; i < set->n_many; i++) {
		int64_t number = 0;
		if (!fe_value_of_literal(type, how, &set->many[i], &number)) {
			if (!s->no_moment && is_no_moment(type, how, &set->many[i]))
				s->no_moment = &set->many[i];
			continue;
		}
		if (type.kind == FE_TEXT)
			s->texts[s->n_texts++] = set->many[i].text;
		else
			s->numbers[s->n_numbers++] = number;
	}
	if (s->n_numbers > 1)
		qsort(s->numbers, s->n_numbers, sizeof *s->numbers, compare_numbers);
	for (size_t i = 0; i < s->n_texts && i < FE_VALUE_SET_FEW; i++)
		s->words[i] = two_words_of(s->texts[i]);
	return s->n_texts > FE_VALUE_SET_FEW ? index_texts(s, err) : FE_OK;
}

void
fe_value_set_reset(struct fe_value_set *s)
{
	fe_free(s->numbers);
	fe_free(s->texts);
	fe_keytable_reset(&s->table);
	*s = (struct fe_value_set){ 0 };
}

bool
fe_value_set_has_number(const struct fe_value_set *s, int64_t v)
{
	size_t from = 0, to = s->n_numbers;

	while (from < to) {
		size_t middle = from + (to - from) / 2;
		if (s->numbers[middle] < v)
			from = middle + 1;
		else
			to = middle;
	}
	return from < s->n_numbers && s->numbers[from] == v;
}

bool
fe_value_set_has_text(const struct fe_value_set *s, struct fe_str v)
{
	if (s->n_texts > FE_VALUE_SET_FEW)
		return fe_keytable_find(&s->table, fe_hash64(&s->hash_key, v.p, v.n), v) != NULL;
	struct fe_two_words w = two_words_of(v);
	bool is_in = false;
	if (w.n) {
		/* No leap out of so short a loop: which of the words it is cannot be foreseen. */
		for (size_t i = 0; i < s->n_texts; i++)
			is_in |= ((s->words[i].n ^ w.n) | (s->words[i].head ^ w.head) | (s->words[i].tail ^ w.tail)) == 0;
		return is_in;
	}
	for (size_t i = 0; i < s->n_texts && !is_in; i++)
		is_in = fe_str_eq(s->texts[i], v);
	return is_in;
}

void
fe_value_set_describe(const struct fe_kwarg *set, struct fe_buf *out)
{
	size_t n = set->n_many > MAX_DESCRIBED ? MAX_DESCRIBED : set->n_many;

	if (n == 0)
		fe_buf_add_text(out, "nothing");
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			fe_buf_add_text(out, ", ");
		fe_buf_add_str(out, set->many[i].raw);
	}
	if (n < set->n_many)
		fe_buf_addf(out, " and %zu more", set->n_many - n);
}
