// SPDX-License-Identifier: Apache-2.0
/* quality/python_value.c - see quality/python_value.h
 *
 * The text is scanned first (python_json.h), so that building has nothing to refuse: values are put on a
 * stack, and a bracket that closes takes those of its own from it. Hashes are made on the way,
 * so that two large values are compared only where they are most likely the same.
 */
#include "quality/python_value.h"

#include <math.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/decimal.h"
#include "base/double.h"
#include "base/text.h"
#include "quality/python_json.h"

struct build {
	const char *p, *end;
	struct fe_arena *arena;
	struct fe_py **done; size_t n_done, cap_done;  /* values without a parent yet */
	size_t *opens; size_t n_opens, cap_opens;      /* index of each open list or object in done */
	size_t n_values;
};

static uint64_t
mix(uint64_t a, uint64_t b)
{
	uint64_t x = (a ^ (b + UINT64_C(0x9E3779B97F4A7C15) + (a << 6) + (a >> 2))) * UINT64_C(0xBF58476D1CE4E5B9);

	return x ^ (x >> 29);
}

static uint64_t
hash_text(struct fe_str s, uint64_t h)
{
	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * UINT64_C(0x100000001B3);
	return mix(h, s.n);
}

static void
skip_blanks(struct build *b)
{
	while (b->p < b->end && (*b->p == ' ' || *b->p == '\t' || *b->p == '\n' || *b->p == '\r'))
		b->p++;
}

/* ---- texts ---- */

static uint32_t
hex4(const char *p)
{
	uint32_t v = 0;

	for (int i = 0; i < 4; i++)
		v = v << 4 | (uint32_t)(p[i] <= '9' ? p[i] - '0' : (p[i] | 0x20) - 'a' + 10);
	return v;
}

/* \uXXXX, two of which are one character where they are a pair; a lone surrogate has three bytes, as
 * if it were a character. */
static size_t
unicode_escape(struct build *b, char *out)
{
	uint32_t c = hex4(b->p);

	b->p += 4;
	if (c >= 0xD800 && c < 0xDC00 && b->p[0] == '\\' && b->p[1] == 'u') {
		uint32_t low = hex4(b->p + 2);
		if (low >= 0xDC00 && low < 0xE000) {
			c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
			b->p += 6;
		}
	}
	if (c < 0xD800 || c > 0xDFFF)
		return fe_utf8_encode(c, out);
	out[0] = (char)(0xE0 | c >> 12);
	out[1] = (char)(0x80 | (c >> 6 & 0x3F));
	out[2] = (char)(0x80 | (c & 0x3F));
	return 3;
}

static char
plain_escape(char c)
{
	switch (c) {
	case 'b': return '\b';
	case 'f': return '\f';
	case 'n': return '\n';
	case 'r': return '\r';
	case 't': return '\t';
	default: return c;
	}
}

/* At the first quote. */
static struct fe_str
take_text(struct build *b)
{
	const char *from = ++b->p;
	bool is_plain = true;
	struct fe_str text;
	char *out;

	while (*b->p != '"') {
		is_plain = is_plain && *b->p != '\\';
		b->p += *b->p == '\\' ? 2 : 1;
	}
	text = (struct fe_str){ from, (size_t)(b->p - from) };
	if (is_plain) {
		b->p++;
		return text;
	}
	text.p = out = fe_arena_bytes(b->arena, text.n); /* an escape is never shorter than what it means */
	for (b->p = from; *b->p != '"';) {
		if (*b->p != '\\') {
			*out++ = *b->p++;
		} else if (b->p[1] == 'u') {
			b->p += 2;
			out += unicode_escape(b, out);
		} else {
			*out++ = plain_escape(b->p[1]);
			b->p += 2;
		}
	}
	b->p++;
	text.n = (size_t)(out - text.p);
	return text;
}

/* ---- scalars ---- */

static void
take_number(struct build *b, struct fe_py *v)
{
	const char *from = b->p;
	bool is_int = true;

	while (b->p < b->end && strchr("+-.eE0123456789", *b->p) && *b->p) {
		is_int = is_int && *b->p != '.' && *b->p != 'e' && *b->p != 'E';
		b->p++;
	}
	v->kind = is_int ? FE_PY_INT : FE_PY_FLOAT;
	v->text = (struct fe_str){ from, (size_t)(b->p - from) };
	if (is_int && fe_str_is(v->text, "-0"))
		v->text = FE_STR("0");
	if (!fe_double_parse(v->text, &v->real))
		v->real = *from == '-' ? -INFINITY : INFINITY;
	if (v->real == 0)
		v->real = 0; /* -0.0 equals 0 */
}

static const struct {
	const char *word;
	enum fe_py_kind kind;
	double real;
} words[] = {
	{ "null", FE_PY_NONE, 0 },
	{ "true", FE_PY_TRUE, 0 },
	{ "false", FE_PY_FALSE, 0 },
	{ "NaN", FE_PY_FLOAT, NAN },
	{ "Infinity", FE_PY_FLOAT, INFINITY },
	{ "-Infinity", FE_PY_FLOAT, -INFINITY },
};

static bool
take_word(struct build *b, struct fe_py *v)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t n = strlen(words[i].word);

		if ((size_t)(b->end - b->p) < n || memcmp(b->p, words[i].word, n) != 0)
			continue;
		b->p += n;
		v->kind = words[i].kind;
		v->real = words[i].real;
		return true;
	}
	return false;
}

static void
take_scalar(struct build *b, struct fe_py *v)
{
	if (*b->p == '"') {
		v->kind = FE_PY_STR;
		v->text = take_text(b);
	} else if (!take_word(b, v)) {
		take_number(b, v);
	}
	v->hash = mix((uint64_t)v->kind, 1);
	if (v->kind == FE_PY_STR) {
		v->hash = hash_text(v->text, 3);
	} else if (fe_py_is_number(v)) {
		uint64_t bits;
		memcpy(&bits, &v->real, sizeof(bits));
		v->hash = mix(bits, 2);
	}
}

/* ---- lists and objects ---- */

static int
by_key(const void *a, const void *b)
{
	const struct fe_py *x = *(struct fe_py *const *)a, *y = *(struct fe_py *const *)b;
	size_t n = x->key.n < y->key.n ? x->key.n : y->key.n;
	int c = n ? memcmp(x->key.p, y->key.p, n) : 0;

	if (c == 0)
		c = (x->key.n > y->key.n) - (x->key.n < y->key.n);
	/* Of the same key the later first. */
	return c ? c : (x->mark < y->mark) - (x->mark > y->mark);
}

/* In the order of keys, of the same ones the last. */
static void
order_members(struct fe_py *v)
{
	size_t n = 0;

	for (size_t i = 0; i < v->n_items; i++)
		v->items[i]->mark = &v->items[i]; /* its place */
	qsort(v->items, v->n_items, sizeof(*v->items), by_key);
	for (size_t i = 0; i < v->n_items; i++) {
		v->items[i]->mark = NULL;
		if (n == 0 || !fe_str_eq(v->items[n - 1]->key, v->items[i]->key))
			v->items[n++] = v->items[i];
	}
	v->n_items = n;
}

static void
close_one(struct build *b)
{
	size_t at = b->opens[--b->n_opens];
	struct fe_py *v = b->done[at];

	b->p++;
	v->n_items = b->n_done - at - 1;
	v->items = fe_arena_alloc(b->arena, v->n_items * sizeof(*v->items) + 1);
	if (v->n_items)
		memcpy(v->items, b->done + at + 1, v->n_items * sizeof(*v->items));
	b->n_done = at + 1;
	v->hash = mix((uint64_t)v->kind, 4);
	if (v->kind == FE_PY_DICT) {
		order_members(v);
		for (size_t i = 0; i < v->n_items; i++)
			v->hash = mix(v->hash, hash_text(v->items[i]->key, 5));
	}
	for (size_t i = 0; i < v->n_items; i++)
		v->hash = mix(v->hash, v->items[i]->hash);
}

static bool
is_in_dict(const struct build *b)
{
	return b->n_opens && b->done[b->opens[b->n_opens - 1]]->kind == FE_PY_DICT;
}

static void
take_value(struct build *b)
{
	struct fe_py *v = fe_arena_alloc_zero(b->arena, sizeof(*v));

	if (is_in_dict(b)) {
		v->key = take_text(b);
		skip_blanks(b);
		b->p++; /* the colon */
		skip_blanks(b);
	}
	b->done = fe_grow(b->done, &b->cap_done, b->n_done + 1, sizeof(*b->done));
	b->done[b->n_done++] = v;
	b->n_values++;
	if (*b->p != '[' && *b->p != '{') {
		take_scalar(b, v);
		return;
	}
	v->kind = *b->p++ == '[' ? FE_PY_LIST : FE_PY_DICT;
	b->opens = fe_grow(b->opens, &b->cap_opens, b->n_opens + 1, sizeof(*b->opens));
	b->opens[b->n_opens++] = b->n_done - 1;
}

enum fe_rc
fe_py_read(struct fe_str text, struct fe_arena *arena, struct fe_py **out, struct fe_err *err)
{
	struct build b = { .p = text.p, .end = text.p + text.n, .arena = arena };

	*out = NULL;
	if (!fe_python_json_reads(text))
		return fe_fail(err, FE_EDATA, "a value is no JSON");
	while (b.n_values <= FE_PY_MAX_VALUES) {
		skip_blanks(&b);
		if (b.p == b.end)
			break;
		if (*b.p == ',')
			b.p++;
		else if (*b.p == ']' || *b.p == '}')
			close_one(&b);
		else
			take_value(&b);
	}
	*out = b.done[0];
	fe_free(b.done);
	fe_free(b.opens);
	if (b.n_values > FE_PY_MAX_VALUES)
		return fe_fail(err, FE_ELIMIT, "a JSON text has more than %d values", FE_PY_MAX_VALUES);
	return FE_OK;
}

struct fe_py *
fe_py_of_text(struct fe_str text, struct fe_arena *arena)
{
	struct fe_py *v = fe_arena_alloc_zero(arena, sizeof(*v));

	v->kind = FE_PY_STR;
	v->text = text;
	v->hash = hash_text(text, 3);
	return v;
}

/* ---- questions ---- */

bool
fe_py_is_whole(const struct fe_py *v)
{
	return v->kind == FE_PY_INT || (v->kind == FE_PY_FLOAT && isfinite(v->real) && v->real == floor(v->real));
}

struct fe_py *
fe_py_get(const struct fe_py *dict, struct fe_str key)
{
	size_t low = 0, high = dict->n_items;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		struct fe_py *m = dict->items[mid];
		size_t n = m->key.n < key.n ? m->key.n : key.n;
		int c = n ? memcmp(m->key.p, key.p, n) : 0;

		if (c == 0)
			c = (m->key.n > key.n) - (m->key.n < key.n);
		if (c == 0)
			return m;
		if (c < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/* JSON has no zeros in front, so that the longer one is the larger one. */
static int
compare_ints(struct fe_str a, struct fe_str b)
{
	bool is_less_a = a.p[0] == '-', is_less_b = b.p[0] == '-';
	int c;

	if (is_less_a != is_less_b)
		return is_less_a ? -1 : 1;
	c = a.n != b.n ? (a.n > b.n ? 1 : -1) : memcmp(a.p, b.p, a.n);
	c = (c > 0) - (c < 0);
	return is_less_a ? -c : c;
}

/* Both have the same nearest double. */
static int
compare_near(const struct fe_py *i, const struct fe_py *f)
{
	fe_i128 whole;

	if (fabs(f->real) < 1e15 || fabs(f->real) > 1e38 || !fe_i128_parse(i->text, 0, &whole))
		return 0;
	return (whole > (fe_i128)f->real) - (whole < (fe_i128)f->real);
}

bool
fe_py_compare(const struct fe_py *a, const struct fe_py *b, int *order)
{
	*order = 0;
	if (isnan(a->real) || isnan(b->real))
		return false;
	if (a->kind == FE_PY_INT && b->kind == FE_PY_INT)
		*order = compare_ints(a->text, b->text);
	else if (a->real < b->real || a->real > b->real)
		*order = a->real < b->real ? -1 : 1;
	else if (isinf(a->real) && a->kind != b->kind) /* an int is never infinite */
		*order = (a->kind == FE_PY_INT) == (a->real > 0) ? -1 : 1;
	else if (a->kind == FE_PY_INT)
		*order = compare_near(a, b);
	else if (b->kind == FE_PY_INT)
		*order = -compare_near(b, a);
	return true;
}

struct pair { const struct fe_py *a, *b; };

static bool
are_equal_but_for_items(const struct fe_py *a, const struct fe_py *b)
{
	int order;

	if (a == b)
		return true;
	if (a->hash != b->hash)
		return false;
	if (fe_py_is_number(a) && fe_py_is_number(b))
		return fe_py_compare(a, b, &order) && order == 0;
	return a->kind == b->kind && a->n_items == b->n_items && (a->kind != FE_PY_STR || fe_str_eq(a->text, b->text));
}

bool
fe_py_equal(const struct fe_py *a, const struct fe_py *b)
{
	struct pair *pairs = NULL;
	size_t n = 0, cap = 0;
	bool is_equal = are_equal_but_for_items(a, b);

	for (;;) {
		for (size_t i = 0; is_equal && i < a->n_items && a != b; i++) {
			const struct fe_py *x = a->items[i], *y = b->items[i];

			is_equal = are_equal_but_for_items(x, y) && (a->kind != FE_PY_DICT || fe_str_eq(x->key, y->key));
			if (is_equal && x->n_items) {
				pairs = fe_grow(pairs, &cap, n + 1, sizeof(*pairs));
				pairs[n++] = (struct pair){ x, y };
			}
		}
		if (!is_equal || n == 0)
			break;
		a = pairs[--n].a;
		b = pairs[n].b;
	}
	fe_free(pairs);
	return is_equal;
}

static int
by_hash(const void *a, const void *b)
{
	const struct fe_py *x = *(struct fe_py *const *)a, *y = *(struct fe_py *const *)b;

	return (x->hash > y->hash) - (x->hash < y->hash);
}

bool
fe_py_all_differ(const struct fe_py *list)
{
	size_t n = list->n_items;
	struct fe_py **sorted;
	bool all_differ = true;

	if (n < 2)
		return true;
	sorted = fe_new_array(n, struct fe_py *);
	memcpy(sorted, list->items, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), by_hash);
	for (size_t i = 1; all_differ && i < n; i++)
		for (size_t j = i; all_differ && j-- > 0 && sorted[j]->hash == sorted[i]->hash;)
			all_differ = !fe_py_equal(sorted[j], sorted[i]);
	fe_free(sorted);
	return all_differ;
}

size_t
fe_py_length(struct fe_str text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += ((unsigned char)text.p[i] & 0xC0) != 0x80;
	return n;
}
