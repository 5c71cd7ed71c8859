// SPDX-License-Identifier: Apache-2.0
/* quality/few.c - see quality/few.h */
#include "quality/few.h"

#include <stdlib.h>

#define HASH_MULTIPLIER UINT64_C(0x9e3779b97f4a7c15)

static size_t
slot_of(uint64_t v)
{
	return (size_t)(v * HASH_MULTIPLIER >> 56);
}

_Static_assert(FE_FEW_SLOTS == 1 << 8, "slot_of gives eight bits");

/* ---- numbers ---- */

/* The slot that has the value, or else a free one. */
static inline struct fe_few_number *
find_number(struct fe_few_number *slots, int64_t value)
{
	size_t s = slot_of((uint64_t)value);
	while (slots[s].value != value && slots[s].n)
		s = (s + 1) % FE_FEW_SLOTS;
	return &slots[s];
}

static bool
add_number(struct fe_few *f, int64_t value, uint64_t n)
{
	struct fe_few_number *slot = find_number(f->numbers, value);
	if (slot->n == 0 && f->n_values == FE_FEW_VALUES)
		return false;
	f->n_values += slot->n == 0;
	slot->value = value;
	slot->n += n;
	return true;
}

/* Values that lie close together, as parts of dates do: a counter each. In turns by four tables, as
 * adding again to what was just added to would have to wait for it. */
#define N_NEAR 256
#define N_TURNS 4

/* False: some are not near the base; what was counted is of no use then. */
static bool
count_near(uint32_t counts[N_TURNS][N_NEAR], const int64_t *values, const uint16_t *rows, size_t n, uint64_t base)
{
	uint64_t far = 0;
	size_t i = 0;

	for (; i + N_TURNS <= n; i += N_TURNS) {
		for (size_t turn = 0; turn < N_TURNS; turn++) {
			uint64_t at = (uint64_t)values[rows[i + turn]] - base;
			far |= at;
			counts[turn][at % N_NEAR]++;
		}
		if (far >= N_NEAR)
			return false;
	}
	for (; i < n; i++) {
		uint64_t at = (uint64_t)values[rows[i]] - base;
		far |= at;
		counts[0][at % N_NEAR]++;
	}
	for (size_t k = 0; k < N_NEAR; k++)
		counts[0][k] += counts[1][k] + counts[2][k] + counts[3][k];
	return far < N_NEAR;
}

/* How many values that are not counted yet are among those. */
static size_t
n_new(const struct fe_few *f, const uint32_t *counts, uint64_t base)
{
	size_t n = 0;
	for (size_t k = 0; k < N_NEAR; k++)
		n += counts[k] && find_number(f->numbers, (int64_t)(base + k))->n == 0;
	return n;
}

/* All of them, or none: false. */
static bool
take_near(struct fe_few *f, const int64_t *values, const uint16_t *rows, size_t n)
{
	const uint64_t base = (uint64_t)values[rows[0]] - N_NEAR / 2;
	uint32_t counts[N_TURNS][N_NEAR] = { { 0 } };

	if (!count_near(counts, values, rows, n, base) || n_new(f, counts[0], base) > FE_FEW_VALUES - f->n_values)
		return false;
	for (size_t k = 0; k < N_NEAR; k++)
		if (counts[0][k])
			(void)add_number(f, (int64_t)(base + k), counts[0][k]); /* for which there is room */
	return true;
}

static void
make_numbers(struct fe_few *f)
{
	if (!f->numbers)
		f->numbers = fe_new_array(FE_FEW_SLOTS, struct fe_few_number);
}

size_t
fe_few_count_numbers(struct fe_few *f, const int64_t *values, const uint16_t *rows, size_t n)
{
	FE_ASSERT(n <= UINT32_MAX);
	make_numbers(f);
	if (n >= N_NEAR && take_near(f, values, rows, n))
		return n;
	for (size_t i = 0; i < n; i++) {
		int64_t value = values[rows[i]];
		struct fe_few_number *slot = find_number(f->numbers, value);
		if (__builtin_expect(slot->n > 0, 1))
			slot->n++;
		else if (!add_number(f, value, 1))
			return i;
	}
	return n;
}

void
fe_few_count_bools(struct fe_few *f, uint64_t n_true, uint64_t n_false)
{
	make_numbers(f);
	if (n_true)
		(void)add_number(f, true, n_true); /* there is room for both */
	if (n_false)
		(void)add_number(f, false, n_false);
}

/* ---- texts ---- */

#define N_SLOTS 1024 /* so many that nearly every value is at its first one */
#define N_VIEWS 128

struct slot {
	struct fe_text_ends ends; /* of a long text, those of its first 16 bytes */
	size_t n_bytes;           /* SIZE_MAX: free */
	uint64_t n;
};

struct fe_few_texts {
	struct slot slots[N_SLOTS];
	const char *bytes[N_SLOTS]; /* of the arena */
};

static inline size_t
slot_of_text(struct fe_text_ends ends)
{
	return (size_t)((ends.first + 2 * ends.last) * HASH_MULTIPLIER >> 54);
}

_Static_assert(N_SLOTS == 1 << 10, "slot_of_text gives ten bits");

static struct fe_few_texts *
new_texts(void)
{
	struct fe_few_texts *t = fe_new(struct fe_few_texts);

	for (size_t i = 0; i < N_SLOTS; i++)
		t->slots[i].n_bytes = SIZE_MAX;
	return t;
}

static inline bool
has_ends(const struct slot *s, struct fe_text_ends ends, size_t n_bytes)
{
	return s->n_bytes == n_bytes && s->ends.first == ends.first && s->ends.last == ends.last;
}

/* Counts any text, which becomes a value if it is none yet. Its slot; NULL: it would be one too many. */
static __attribute__((noinline)) struct slot *
count_text(struct fe_few *f, struct fe_str text)
{
	struct fe_few_texts *t = f->texts;
	const struct fe_str head = { text.p, text.n < FE_TEXT_KEY_BYTES ? text.n : FE_TEXT_KEY_BYTES };
	const struct fe_text_ends ends = fe_text_ends(head);
	size_t i = slot_of_text(ends);

	for (; t->slots[i].n; i = (i + 1) % N_SLOTS)
		if (has_ends(&t->slots[i], ends, text.n) && fe_str_eq((struct fe_str){ t->bytes[i], text.n }, text))
			break;
	struct slot *s = &t->slots[i];
	if (s->n == 0) {
		if (f->n_values == FE_FEW_VALUES || text.n > FE_FEW_TEXT_BYTES - f->arena.used_bytes)
			return NULL;
		char *p = fe_arena_bytes(&f->arena, text.n);
		if (text.n)
			memcpy(p, text.p, text.n);
		t->bytes[i] = p;
		*s = (struct slot){ .ends = ends, .n_bytes = text.n };
		f->n_values++;
	}
	s->n++;
	return s;
}

/* As long as each is short and a value at its first slot already, as nearly all are. */
static size_t
count_known(struct slot *slots, const struct fe_str *texts, const uint16_t *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct fe_str text = texts[rows[i]];
		if (text.n > FE_TEXT_KEY_BYTES)
			return i;
		struct fe_text_ends ends = fe_text_ends(text);
		struct slot *s = &slots[slot_of_text(ends)];
		if (!has_ends(s, ends, text.n))
			return i;
		s->n++;
	}
	return n;
}

static size_t
count_by_bytes(struct fe_few *f, const struct fe_str *texts, const uint16_t *rows, size_t n)
{
	for (size_t i = 0;; i++) {
		i += count_known(f->texts->slots, texts, rows + i, n - i);
		if (i == n || !count_text(f, texts[rows[i]]))
			return i;
	}
}

/* Of texts that are not the input's but constants, as those of bands are, equal ones are the same bytes
 * in memory, which need not be looked at again. */
struct view {
	struct fe_str text;
	struct slot *slot; /* NULL: no text yet */
	uint32_t n[2];     /* in turns, as above */
};

static inline struct view *
view_of(struct view *views, struct fe_str text)
{
	return &views[(uint64_t)(uintptr_t)text.p * HASH_MULTIPLIER >> 57];
}

_Static_assert(N_VIEWS == 1 << 7, "view_of gives seven bits");

static inline uint64_t
differs(const struct view *v, struct fe_str text)
{
	return ((uint64_t)(uintptr_t)v->text.p ^ (uint64_t)(uintptr_t)text.p) | (v->text.n ^ text.n);
}

static size_t
count_same(struct view *views, const struct fe_str *texts, const uint16_t *rows, size_t n)
{
	size_t i = 0;

	for (; i + 2 <= n; i += 2) {
		struct fe_str a = texts[rows[i]], b = texts[rows[i + 1]];
		struct view *x = view_of(views, a), *y = view_of(views, b);
		if (differs(x, a) | differs(y, b))
			break;
		x->n[0]++;
		y->n[1]++;
	}
	return i;
}

static void
leave_view(struct view *v)
{
	if (v->slot)
		v->slot->n += (uint64_t)v->n[0] + v->n[1];
}

/* How many were counted: no more, once too many turn out to have bytes of their own. */
static size_t
count_by_view(struct fe_few *f, const struct fe_str *texts, const uint16_t *rows, size_t n)
{
	struct view views[N_VIEWS] = { { .text.n = 1 } }; /* that of NULL, which is an empty text */
	size_t i = 0;

	for (size_t n_unseen = 0; !f->has_own_bytes; f->has_own_bytes = ++n_unseen > 8 + i / 8) {
		i += count_same(views, texts, rows + i, n - i);
		if (i == n)
			break;
		struct fe_str text = texts[rows[i]];
		struct slot *slot = count_text(f, text);
		if (!slot)
			break;
		struct view *v = view_of(views, text);
		leave_view(v);
		*v = (struct view){ .text = text, .slot = slot };
		i++;
	}
	for (size_t k = 0; k < N_VIEWS; k++)
		leave_view(&views[k]);
	return i;
}

size_t
fe_few_count_texts(struct fe_few *f, const struct fe_str *texts, const uint16_t *rows, size_t n)
{
	FE_ASSERT(n <= UINT32_MAX);
	if (!f->texts)
		f->texts = new_texts();
	size_t n_counted = f->has_own_bytes ? 0 : count_by_view(f, texts, rows, n);
	return n_counted + count_by_bytes(f, texts, rows + n_counted, n - n_counted);
}

/* ---- in order ---- */

static int
by_number(const void *a, const void *b)
{
	const struct fe_few_number *x = a, *y = b;
	return x->value < y->value ? -1 : x->value > y->value;
}

static int
by_count_of_number(const void *a, const void *b)
{
	const struct fe_few_number *x = a, *y = b;
	return x->n != y->n ? (x->n < y->n ? 1 : -1) : by_number(a, b);
}

void
fe_few_sort_numbers(const struct fe_few *f, bool by_count, struct fe_few_number out[FE_FEW_VALUES])
{
	size_t n = 0;
	for (size_t i = 0; f->numbers && i < FE_FEW_SLOTS; i++)
		if (f->numbers[i].n)
			out[n++] = f->numbers[i];
	qsort(out, n, sizeof(*out), by_count ? by_count_of_number : by_number);
}

static int
by_text(const void *a, const void *b)
{
	const struct fe_few_text *x = a, *y = b;
	return fe_str_compare(x->text, y->text);
}

static int
by_count_of_text(const void *a, const void *b)
{
	const struct fe_few_text *x = a, *y = b;
	return x->n != y->n ? (x->n < y->n ? 1 : -1) : by_text(a, b);
}

void
fe_few_sort_texts(const struct fe_few *f, bool by_count, struct fe_few_text out[FE_FEW_VALUES])
{
	size_t n = 0;
	for (size_t i = 0; f->texts && i < N_SLOTS; i++) {
		const struct slot *slot = &f->texts->slots[i];
		if (slot->n)
			out[n++] = (struct fe_few_text){ { f->texts->bytes[i], slot->n_bytes }, slot->n };
	}
	qsort(out, n, sizeof(*out), by_count ? by_count_of_text : by_text);
}

void
fe_few_reset(struct fe_few *f)
{
	fe_free(f->numbers);
	fe_arena_free(&f->arena);
	*f = (struct fe_few){ 0 };
}
