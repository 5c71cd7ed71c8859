// SPDX-License-Identifier: Apache-2.0
/* quality/kwargs.c - see quality/kwargs.h
 *
 * Each kind of value has a function that reads it and prints its echo: what Great
 * Expectations' own classes make of the value (a bound of 1 is 1.0, " 12 " is 12.0). A value
 * whose echo is that of its default is left out of the result, as there.
 */
#include "quality/kwargs.h"

#include <stdio.h>

#include "base/double.h"
#include "base/mem.h"
#include "base/text.h"
#include "quality/condition.h"
#include "quality/condition.h"
#include "quality/expectation.h"
#include "quality/literal.h"

#define MAX_ECHO_BYTES ((size_t)64 << 20)
#define MAX_WHY_BYTES 1024

/* What every expectation takes, and nothing here looks at. */
static const struct fe_kwarg_spec of_all[] = {
	{ .name = "result_format", .kind = FE_KWARG_ANY, .may_be_null = true },
	{ .name = "catch_exceptions", .kind = FE_KWARG_ANY, .may_be_null = true },
	{ .name = "batch_id", .kind = FE_KWARG_ANY, .may_be_null = true },
};
#define N_OF_ALL (sizeof(of_all) / sizeof(of_all[0]))

/* In echoes these come first, in this order; all others follow in the order of the table. */
static const char *const first_of_echo[] = {
	"result_format", "catch_exceptions", "column",        "column_A",      "column_B",
	"column_list",   "mostly",           "ignore_row_if", "row_condition", "condition_parser",
};
#define N_FIRST (sizeof(first_of_echo) / sizeof(first_of_echo[0]))

/* One value at work. */
struct reading {
	const struct fe_kwarg_spec *spec;
	const struct fe_json_value *object; /* all kwargs */
	struct fe_arena *arena;
	struct fe_buf *mistake;
	struct fe_buf echo;
};

static void
add_mistake(struct fe_buf *mistake, const char *name, const char *what)
{
	if (mistake->n_bytes)
		fe_buf_add_text(mistake, "; ");
	fe_buf_addf(mistake, "%s: %s", name, what);
}

static bool
is_wrong(struct reading *r, const char *what, const struct fe_json_value *v)
{
	add_mistake(r->mistake, r->spec->name, what);
	fe_buf_add_text(r->mistake, ", not ");
	if (v->kind == FE_JSON_STRING || v->kind == FE_JSON_NUMBER) /* one that no double holds is a number still */
		fe_buf_add_printable(r->mistake, v->raw, 64);
	else
		fe_buf_add_text(r->mistake, fe_json_kind_name(v));
	return false;
}

static bool
is_bad(struct reading *r, const char *what)
{
	add_mistake(r->mistake, r->spec->name, what);
	return false;
}

static struct fe_str
kept(struct fe_arena *arena, const struct fe_buf *b)
{
	return (struct fe_str){ fe_arena_copy(arena, b->n_bytes ? b->p : "", b->n_bytes), b->n_bytes };
}

struct fe_str
fe_kwargs_squeeze(struct fe_str json, struct fe_arena *arena)
{
	char *to = fe_arena_bytes(arena, json.n + 1);
	bool in_text = false;
	size_t n = 0;

	for (size_t i = 0; i < json.n; i++) {
		char c = json.p[i];

		if (!in_text && (c == ' ' || c == '\t' || c == '\n' || c == '\r'))
			continue;
		to[n++] = c;
		if (c == '"')
			in_text = !in_text;
		else if (in_text && c == '\\' && i + 1 < json.n)
			to[n++] = json.p[++i];
	}
	return (struct fe_str){ to, n };
}

/* ---- numbers ---- */

static void
take_number(struct fe_literal *l, const struct fe_suite_number *n)
{
	l->kind = FE_LITERAL_NUMBER;
	l->number = *n;
}

/* A number, true or false as 1 and 0, or a text of a number. */
static bool
number_of(const struct fe_json_value *v, struct fe_suite_number *n)
{
	if (v->kind == FE_JSON_NUMBER || v->kind == FE_JSON_STRING)
		return fe_suite_number_read(v->text, n);
	*n = (struct fe_suite_number){ .is_exact = true, .digits = v->is_true, .value = v->is_true };
	return v->kind == FE_JSON_BOOL;
}

static bool
read_float(struct reading *r, struct fe_kwarg *k, const struct fe_json_value *v)
{
	struct fe_suite_number n;

	if (!number_of(v, &n))
		return is_wrong(r, "must be a number", v);
	if (r->spec->kind == FE_KWARG_MOSTLY && !(n.value >= 0 && n.value <= 1))
		return is_bad(r, "must be from 0 to 1");
	take_number(&k->one, &n);
	fe_buf_add_double(&r->echo, n.value);
	return true;
}

static bool
read_int(struct reading *r, struct fe_kwarg *k, const struct fe_json_value *v)
{
	char text[FE_DECIMAL_TEXT_BYTES];
	struct fe_suite_number n;

	if (!number_of(v, &n) || (v->kind == FE_JSON_STRING && n.scale > 0))
		return is_wrong(r, "must be a whole number", v);
	if (!n.is_exact && n.scale == 0 && n.digits != 0)
		return is_bad(r, "is too large a number");
	for (; n.scale > 0; n.scale--)
		n.digits /= 10;
	n.is_exact = true;
	n.value = fe_double_of_decimal(n.digits, 0);
	take_number(&k->one, &n);
	fe_buf_add(&r->echo, text, fe_i128_format(n.digits, 0, text));
	return true;
}

static bool
read_bound(struct reading *r, struct fe_kwarg *k, const struct fe_json_value *v)
{
	struct fe_suite_number n;

	if (number_of(v, &n)) {
		take_number(&k->one, &n);
		fe_buf_add_double(&r->echo, n.value);
		return true;
	}
	if (v->kind == FE_JSON_STRING && fe_literal_read_moment(v->text, &k->one, &r->echo))
		return true;
	return is_wrong(r, "must be a number, a date as 2026-12-31 or a moment as 2026-12-31T10:00:00Z", v);
}

/* ---- words and texts ---- */

static bool
read_bool(struct reading *r, struct fe_kwarg *k, const struct fe_json_value *v)
{
	bool is_true = v->is_true;

	if (v->kind == FE_JSON_NUMBER || v->kind == FE_JSON_STRING) {
		if (!fe_bool_parse(v->text, &is_true))
			return is_bad(r, "must be true or false");
	} else if (v->kind != FE_JSON_BOOL) {
		return is_wrong(r, "must be true or false", v);
	}
	k->one.kind = FE_LITERAL_BOOL;
	k->one.is_true = is_true;
	fe_buf_add_text(&r->echo, is_true ? "true" : "false");
	return true;
}

static bool
is_word(const char *words, struct fe_str text)
{
	for (const char *p = words; p; p = *p ? p + 1 : NULL) {
		size_t n = strcspn(p, "|");

		if (n == text.n && memcmp(p, text.p, n) == 0)
			return true;
		p += n;
		if (!*p)
			return false;
	}
	return false;
}

static bool
read_text(struct reading *r, struct fe_kwarg *k, const struct fe_json_value *v)
{
	if (v->kind != FE_JSON_STRING)
		return is_wrong(r, "must be a text", v);
	if (r->spec->kind == FE_KWARG_COLUMN && v->text.n == 0)
		return is_bad(r, "must be the name of a column");
	if (r->spec->kind == FE_KWARG_WORD && !is_word(r->spec->words, v->text)) {
		char text[256];

		(void)snprintf(text, sizeof(text), "must be one of %s", r->spec->words);
		return is_bad(r, text);
	}
	fe_literal_of_json(v, &k->one);
	fe_buf_add_str(&r->echo, fe_kwargs_squeeze(v->raw, r->arena));
	return true;
}

/* ---- lists ---- */

/* Zeroed, and aligned for numbers of 128 bits. */
static void *
room_of(struct fe_arena *arena, size_t n, size_t size_bytes)
{
	size_t n_bytes;
	char *p;

	FE_ASSERT(!__builtin_mul_overflow(n ? n : 1, size_bytes, &n_bytes));
	p = fe_arena_alloc_zero(arena, n_bytes + _Alignof(fe_i128));
	return p + (-(uintptr_t)p & (_Alignof(fe_i128) - 1));
}

static void
room_for(struct reading *r, struct fe_kwarg *k, size_t n)
{
	k->many = room_of(r->arena, n, sizeof(*k->many));
}

static bool
read_list(struct reading *r, struct fe_kwarg *k, const struct fe_json_value *v)
{
	bool of_texts = r->spec->kind != FE_KWARG_VALUES;

	if (v->kind != FE_JSON_ARRAY)
		return is_wrong(r, "must be a list", v);
	room_for(r, k, v->n_children);
	for (const struct fe_json_value *e = v->first; e; e = e->next) {
		if (of_texts && e->kind != FE_JSON_STRING)
			return is_wrong(r, "must be a list of texts", e);
		fe_literal_of_json(e, &k->many[k->n_many++]);
	}
	fe_buf_add_str(&r->echo, fe_kwargs_squeeze(v->raw, r->arena));
	return true;
}

static bool
read_pairs(struct reading *r, struct fe_kwarg *k, const struct fe_json_value *v)
{
	if (v->kind != FE_JSON_ARRAY)
		return is_wrong(r, "must be a list of pairs", v);
	room_for(r, k, v->n_children * 2);
	for (const struct fe_json_value *e = v->first; e; e = e->next) {
		if (e->kind != FE_JSON_ARRAY || e->n_children != 2)
			return is_bad(r, "must be a list of lists of two values");
		fe_literal_of_json(e->first, &k->many[k->n_many++]);
		fe_literal_of_json(e->first->next, &k->many[k->n_many++]);
	}
	fe_buf_add_str(&r->echo, fe_kwargs_squeeze(v->raw, r->arena));
	return true;
}

/* One quantile and the next range, where there is one. */
static bool
read_quantile(struct fe_literal *l, const struct fe_json_value *q, const struct fe_json_value *range)
{
	fe_literal_of_json(q, &l[0]);
	if (l[0].kind != FE_LITERAL_NUMBER)
		return false;
	if (!range)
		return true;
	if (range->kind != FE_JSON_ARRAY || range->n_children != 2)
		return false;
	fe_literal_of_json(range->first, &l[1]);
	fe_literal_of_json(range->first->next, &l[2]);
	return (l[1].kind == FE_LITERAL_NUMBER || l[1].kind == FE_LITERAL_NONE) &&
	       (l[2].kind == FE_LITERAL_NUMBER || l[2].kind == FE_LITERAL_NONE);
}

static bool
read_quantiles(struct reading *r, struct fe_kwarg *k, const struct fe_json_value *v)
{
	const struct fe_json_value *quantiles = fe_json_get(v, "quantiles"), *ranges = fe_json_get(v, "value_ranges");
	const struct fe_json_value *range;

	if (!fe_json_is(quantiles, FE_JSON_ARRAY) || !fe_json_is(ranges, FE_JSON_ARRAY))
		return is_wrong(r, "must be an object of the lists quantiles and value_ranges", v);
	room_for(r, k, quantiles->n_children * 3);
	range = ranges->first;
	for (const struct fe_json_value *q = quantiles->first; q; q = q->next) {
		if (!read_quantile(k->many + k->n_many, q, range))
			return is_bad(r, "quantiles must be numbers, value_ranges pairs of numbers or null");
		k->n_many += 3;
		range = range ? range->next : NULL;
	}
	fe_buf_add_str(&r->echo, fe_kwargs_squeeze(v->raw, r->arena));
	return true;
}

static bool
read_condition(struct reading *r, struct fe_kwarg *k, const struct fe_json_value *v)
{
	const struct fe_json_value *parser = fe_json_get(r->object, "condition_parser");
	struct fe_str parser_name = fe_json_is(parser, FE_JSON_STRING) ? parser->text : (struct fe_str){ 0 };
	struct fe_buf why;
	bool ok;

	fe_buf_init(&why, MAX_WHY_BYTES);
	fe_literal_of_json(v, &k->one);
	ok = fe_condition_echo(v, parser_name, &r->echo, &why);
	if (!ok)
		(void)is_bad(r, fe_buf_text(&why));
	fe_buf_reset(&why);
	return ok;
}

static bool
read_any(struct reading *r, struct fe_kwarg *k, const struct fe_json_value *v)
{
	fe_literal_of_json(v, &k->one);
	fe_buf_add_str(&r->echo, fe_kwargs_squeeze(v->raw, r->arena));
	return true;
}

static bool
read_by_kind(struct reading *r, struct fe_kwarg *k, const struct fe_json_value *v)
{
	switch (r->spec->kind) {
	case FE_KWARG_BOUND:
		return read_bound(r, k, v);
	case FE_KWARG_INT:
		return read_int(r, k, v);
	case FE_KWARG_FLOAT:
	case FE_KWARG_MOSTLY:
		return read_float(r, k, v);
	case FE_KWARG_BOOL:
		return read_bool(r, k, v);
	case FE_KWARG_COLUMN:
	case FE_KWARG_TEXT:
	case FE_KWARG_WORD:
		return read_text(r, k, v);
	case FE_KWARG_NAMES:
	case FE_KWARG_TEXTS:
	case FE_KWARG_VALUES:
		return read_list(r, k, v);
	case FE_KWARG_PAIRS:
		return read_pairs(r, k, v);
	case FE_KWARG_QUANTILES:
		return read_quantiles(r, k, v);
	case FE_KWARG_CONDITION:
		return read_condition(r, k, v);
	case FE_KWARG_ANY:
		break;
	}
	return read_any(r, k, v);
}

/* ---- one kwarg ---- */

/* The default, as if it had been given; its echo, for comparison, in *echo. */
static void
read_default(struct fe_kwarg *k, struct reading *r, struct fe_str *echo)
{
	const struct fe_json_value *v;
	bool ok;

	*echo = (struct fe_str){ 0 };
	if (!r->spec->default_json)
		return;
	ok = fe_json_parse(fe_str_of(r->spec->default_json), r->arena, &v, NULL) == FE_OK &&
	     (v->kind == FE_JSON_NULL || read_by_kind(r, k, v));
	FE_ASSERT(ok); /* the tables are ours */
	*echo = kept(r->arena, &r->echo);
	fe_buf_clear(&r->echo);
}

static void
read_kwarg(struct fe_kwarg *k, const struct fe_kwarg_spec *spec, const struct fe_json_value *object,
           struct fe_arena *arena, struct fe_buf *mistake)
{
	struct reading r = { .spec = spec, .object = object, .arena = arena, .mistake = mistake };
	const struct fe_json_value *v = fe_json_get(object, spec->name);
	struct fe_str default_echo;
	struct fe_kwarg given = { .name = spec->name, .json = v };

	fe_buf_init(&r.echo, MAX_ECHO_BYTES);
	k->name = spec->name;
	read_default(k, &r, &default_echo);
	if (!v) {
		if (spec->is_required)
			add_mistake(mistake, spec->name, "is required");
	} else if (v->kind == FE_JSON_NULL) {
		k->json = v;
		if (!spec->may_be_null)
			(void)is_bad(&r, "must not be null");
		else if (default_echo.n) /* null is another value than the default */
			k->echo = FE_STR("null");
	} else if (read_by_kind(&r, &given, v)) {
		given.is_set = true;
		given.one.raw = v->raw;
		given.echo = kept(arena, &r.echo);
		if (default_echo.p && fe_str_eq(given.echo, default_echo))
			given.echo = (struct fe_str){ 0 };
		*k = given;
	}
	fe_buf_reset(&r.echo);
}

/* ---- all of them ---- */

static void
check_names(const struct fe_suite_item *item, const struct fe_json_value *object, struct fe_buf *mistake)
{
	for (const struct fe_json_value *m = object->first; m; m = m->next) {
		bool is_known = false;

		for (size_t i = 0; i < item->n_kwargs && !is_known; i++)
			is_known = fe_str_is(m->key, item->kwargs[i].name);
		if (!is_known) {
			fe_buf_add_text(mistake, mistake->n_bytes ? "; " : "");
			fe_buf_add_printable(mistake, m->key, FE_JSON_MAX_KEY_BYTES);
			fe_buf_addf(mistake, ": %s has no such kwarg", item->kind->type);
		}
	}
}

static size_t
rank_in_echo(const char *name)
{
	for (size_t i = 0; i < N_FIRST; i++) {
		if (strcmp(first_of_echo[i], name) == 0)
			return i;
	}
	return N_FIRST;
}

static void
order_echo(struct fe_suite_item *item, struct fe_arena *arena)
{
	item->order = fe_arena_alloc(arena, (item->n_kwargs + 1) * sizeof(*item->order));
	for (size_t rank = 0; rank <= N_FIRST; rank++) {
		for (size_t i = 0; i < item->n_kwargs; i++) {
			if (item->kwargs[i].echo.p && rank_in_echo(item->kwargs[i].name) == rank)
				item->order[item->n_order++] = i;
		}
	}
}

/* Which notation a condition is in, condition_parser says: it is checked, and echoed, after both are read. */
static void
echo_condition(struct fe_suite_item *item, struct fe_arena *arena, struct fe_buf *mistake)
{
	struct fe_kwarg *condition = NULL;
	struct fe_str parser = { 0 };
	struct fe_buf echo;

	for (size_t i = 0; i < item->n_kwargs; i++) {
		struct fe_kwarg *k = &item->kwargs[i];

		if (strcmp(k->name, "row_condition") == 0)
			condition = k;
		else if (strcmp(k->name, "condition_parser") == 0 && k->is_set)
			parser = k->one.text;
	}
	if (!condition || !condition->is_set || mistake->n_bytes)
		return;
	fe_buf_init(&echo, MAX_ECHO_BYTES);
	if (fe_condition_echo(condition->json, parser, &echo, mistake))
		condition->echo = fe_kwargs_squeeze(kept(arena, &echo), arena);
	fe_buf_reset(&echo);
}

void
fe_kwargs_read(struct fe_suite_item *item, const struct fe_json_value *object, struct fe_arena *arena,
               struct fe_buf *mistake)
{
	const struct fe_kwarg_spec *specs = item->kind->kwargs;
	size_t n = 0;

	while (specs[n].name)
		n++;
	item->n_kwargs = n + N_OF_ALL;
	item->kwargs = room_of(arena, item->n_kwargs, sizeof(*item->kwargs));
	for (size_t i = 0; i < item->n_kwargs; i++) {
		const struct fe_kwarg_spec *spec = i < n ? &specs[i] : &of_all[i - n];

		read_kwarg(&item->kwargs[i], spec, object, arena, mistake);
		if (strcmp(spec->name, "batch_id") == 0) /* of the run, not of the suite */
			item->kwargs[i].echo = (struct fe_str){ 0 };
	}
	check_names(item, object, mistake);
	echo_condition(item, arena, mistake);
	order_echo(item, arena);
	if (mistake->n_bytes == 0 && item->kind->check)
		item->kind->check(item, mistake);
}
