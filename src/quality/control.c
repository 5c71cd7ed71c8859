// SPDX-License-Identifier: Apache-2.0
/* quality/control.c - see quality/control.h
 *
 * What was read is added up by object, as statements come only once all is read. Figures are
 * kept as a list of (said, found), of the data set first and then by object, as they were
 * stated, and are looked at by all who tell of them.
 */
#include "quality/control.h"

#include <inttypes.h>

#include "base/mem.h"
#include "base/text.h"

#define MAX_TOLD 5          /* differences that an error names */
#define MAX_PRINTED 200     /* figures of objects that JSON lists */
#define MAX_FIGURE_SHOWN 60 /* of a text that is no figure */

/* What was read of one object. */
struct part {
	char *name;
	uint64_t n;
	fe_i128 *sums; /* [n_columns] */
	bool is_stated;
};

struct fe_control {
	struct fe_control_settings set;
	struct part *parts;
	size_t n_parts, cap_parts;
	struct fe_control_item *items;
	size_t n_items, cap_items;
	size_t n_of_dataset; /* of the items, the first */
};

const char *
fe_control_origin_name(enum fe_control_origin origin)
{
	static const char *const names[] = {
#define FE_X(name, text) [FE_CONTROL_##name] = text,
		FE_CONTROL_ORIGIN_MAP(FE_X)
#undef FE_X
	};
	return names[origin];
}

struct fe_control *
fe_control_new(const struct fe_control_settings *set)
{
	struct fe_control *c = fe_new(struct fe_control);
	c->set = *set;
	return c;
}

void
fe_control_free(struct fe_control *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n_parts; i++) {
		fe_free(c->parts[i].name);
		fe_free(c->parts[i].sums);
	}
	fe_free(c->parts);
	fe_free(c->items);
	fe_free(c);
}

static struct part *
part_of(struct fe_control *c, size_t object)
{
	while (c->n_parts <= object) {
		c->parts = fe_grow(c->parts, &c->cap_parts, c->n_parts + 1, sizeof *c->parts);
		c->parts[c->n_parts++] = (struct part){ .sums = fe_new_array(c->set.n_columns + 1, fe_i128) };
	}
	return &c->parts[object];
}

static const char *
name_of(const struct fe_control *c, size_t column)
{
	return c->set.schema->fields[c->set.columns[column].column].name;
}

static unsigned
scale_of(const struct fe_control *c, size_t column)
{
	return column == FE_NO_COLUMN ? 0 : c->set.schema->fields[c->set.columns[column].column].type.scale;
}

static enum fe_rc
add(const struct fe_control *c, fe_i128 *to, fe_i128 v, size_t column, struct fe_err *err)
{
	if (!__builtin_add_overflow(*to, v, to))
		return FE_OK;
	return fe_fail(err, FE_ELIMIT, "the sum of '%s' passes 128 bits",
		       column == FE_NO_COLUMN ? "records" : name_of(c, column));
}

enum fe_rc
fe_control_feed(struct fe_control *c, const struct fe_batch *b, struct fe_err *err)
{
	struct part *part = part_of(c, b->object);

	part->n += b->n_rows;
	for (size_t i = 0; i < c->set.n_columns; i++) {
		const struct fe_column *column = &b->columns[c->set.columns[i].column];
		fe_i128 sum = 0; /* 4096 of 64 bits do not pass 128 */
		for (size_t row = 0; row < b->n_rows; row++)
			sum += fe_bit_get(column->valid, row) ? column->i64[row] : 0;
		FE_TRY(add(c, &part->sums[i], sum, i, err));
	}
	return FE_OK;
}

/* ---- statements ---- */

static enum fe_rc
refuse_figure(const struct fe_control_statement *s, const char *what, struct fe_str figure, const char *why, struct fe_err *err)
{
	struct fe_buf shown;

	fe_buf_init(&shown, 1024);
	fe_buf_add_printable(&shown, figure, MAX_FIGURE_SHOWN);
	enum fe_rc rc = fe_fail(err, FE_EDATA, "control total (%s): '%s' is not %s (%s)", fe_control_origin_name(s->origin),
				fe_buf_text(&shown), what, why);
	if (s->object_name)
		fe_err_at(err, s->object_name, 0, NULL);
	fe_buf_reset(&shown);
	return rc;
}

static enum fe_rc
read_rows(const struct fe_control_statement *s, fe_i128 *out, struct fe_err *err)
{
	int64_t v = 0;
	enum fe_decimal_why why = fe_int_parse(fe_text_trim(s->rows), &v);

	if (why != FE_DECIMAL_OK || v < 0)
		return refuse_figure(s, "a number of records", s->rows, why ? fe_decimal_why_code(why) : "negative", err);
	*out = v;
	return FE_OK;
}

/* Written as the cells of the column are; a sum may have more digits than they. */
static enum fe_rc
read_sum(const struct fe_control *c, const struct fe_control_statement *s, size_t column, fe_i128 *out, struct fe_err *err)
{
	const struct fe_decimal_format *format = s->is_plain ? NULL : c->set.columns[column].format;
	struct fe_str text = fe_text_trim(s->sums[column]);
	unsigned scale = scale_of(c, column);
	int64_t v = 0;
	enum fe_decimal_why why = fe_decimal_parse(text, FE_DECIMAL_MAX_PRECISION, scale, format, &v);

	*out = v;
	if (why == FE_DECIMAL_OK || (why == FE_DECIMAL_OUT_OF_RANGE && !format && fe_i128_parse(text, scale, out)))
		return FE_OK;
	struct fe_buf what;
	fe_buf_init(&what, 256);
	fe_buf_addf(&what, "a sum of '%s'", name_of(c, column));
	struct fe_str shown = c->set.columns[column].is_personal ? FE_STR("***") : s->sums[column];
	enum fe_rc rc = refuse_figure(s, fe_buf_text(&what), shown, fe_decimal_why_code(why), err);
	fe_buf_reset(&what);
	return rc;
}

static void
add_item(struct fe_control *c, enum fe_control_origin origin, size_t object, size_t column, fe_i128 said, fe_i128 found)
{
	c->items = fe_grow(c->items, &c->cap_items, c->n_items + 1, sizeof *c->items);
	c->items[c->n_items++] = (struct fe_control_item){
		.origin = origin, .object = object, .column = column, .said = said, .found = found,
	};
}

/* What was read of the object, or of all. */
static enum fe_rc
found_of(const struct fe_control *c, size_t object, size_t column, fe_i128 *out, struct fe_err *err)
{
	size_t first = object == FE_CONTROL_ALL ? 0 : object, end = object == FE_CONTROL_ALL ? c->n_parts : object + 1;

	*out = 0;
	for (size_t i = first; i < end; i++)
		FE_TRY(add(c, out, column == FE_NO_COLUMN ? (fe_i128)c->parts[i].n : c->parts[i].sums[column], column, err));
	return FE_OK;
}

enum fe_rc
fe_control_state(struct fe_control *c, const struct fe_control_statement *s, struct fe_err *err)
{
	fe_i128 said, found;

	if (s->object != FE_CONTROL_ALL) {
		struct part *part = part_of(c, s->object);
		if (!part->name)
			part->name = fe_strdup(s->object_name);
		part->is_stated = true;
	}
	if (s->rows.p) {
		FE_TRY(read_rows(s, &said, err));
		FE_TRY(found_of(c, s->object, FE_NO_COLUMN, &found, err));
		add_item(c, s->origin, s->object, FE_NO_COLUMN, said, found);
	}
	for (size_t i = 0; i < c->set.n_columns; i++) {
		if (!s->sums[i].p)
			continue;
		FE_TRY(read_sum(c, s, i, &said, err));
		FE_TRY(found_of(c, s->object, i, &found, err));
		add_item(c, s->origin, s->object, i, said, found);
	}
	return FE_OK;
}

/* ---- the data set ---- */

/* Among those that were added up so far. */
static struct fe_control_item *
total_of(struct fe_control *c, size_t first, const struct fe_control_item *like)
{
	for (size_t i = first; i < c->n_items; i++) {
		struct fe_control_item *t = &c->items[i];
		if (t->origin == like->origin && t->column == like->column)
			return t;
	}
	return NULL;
}

static void
put_totals_first(struct fe_control *c)
{
	struct fe_control_item *sorted = fe_new_array(c->n_items + 1, struct fe_control_item);
	size_t n = 0;

	for (size_t i = 0; i < c->n_items; i++)
		if (c->items[i].object == FE_CONTROL_ALL)
			sorted[n++] = c->items[i];
	c->n_of_dataset = n;
	for (size_t i = 0; i < c->n_items; i++)
		if (c->items[i].object != FE_CONTROL_ALL)
			sorted[n++] = c->items[i];
	fe_free(c->items);
	c->items = sorted;
	c->cap_items = c->n_items + 1;
}

enum fe_rc
fe_control_end(struct fe_control *c, struct fe_err *err)
{
	size_t n = c->n_items;

	for (size_t i = 0; i < n; i++) {
		const struct fe_control_item of = c->items[i];
		if (of.object == FE_CONTROL_ALL)
			continue;
		struct fe_control_item *total = total_of(c, n, &of);
		if (!total) {
			add_item(c, of.origin, FE_CONTROL_ALL, of.column, of.said, of.found);
			continue;
		}
		FE_TRY(add(c, &total->said, of.said, of.column, err));
		FE_TRY(add(c, &total->found, of.found, of.column, err));
	}
	put_totals_first(c);
	return FE_OK;
}

size_t
fe_control_n_items(const struct fe_control *c)
{
	return c->n_items;
}

const struct fe_control_item *
fe_control_item(const struct fe_control *c, size_t i)
{
	return &c->items[i];
}

/* ---- telling ---- */

static struct fe_str
figure(const struct fe_control *c, const struct fe_control_item *i, fe_i128 v, char out[FE_DECIMAL_TEXT_BYTES])
{
	if (i->column != FE_NO_COLUMN && c->set.columns[i->column].is_personal)
		return FE_STR("***");
	return (struct fe_str){ out, fe_i128_format(v, scale_of(c, i->column), out) };
}

/* "a.csv: 3 records were read, and its trailer says 4" */
static void
add_difference(const struct fe_control *c, const struct fe_control_item *i, struct fe_buf *out)
{
	char a[FE_DECIMAL_TEXT_BYTES], b[FE_DECIMAL_TEXT_BYTES];
	struct fe_str said = figure(c, i, i->said, a), found = figure(c, i, i->found, b);
	const char *origin = fe_control_origin_name(i->origin);
	bool is_all = i->object == FE_CONTROL_ALL;

	if (!is_all) {
		fe_buf_add_printable(out, fe_str_of(c->parts[i->object].name), 256);
		fe_buf_add_text(out, ": ");
	}
	if (i->column == FE_NO_COLUMN)
		fe_buf_addf(out, "%.*s records were read, and ", FE_STR_ARGS(found));
	else
		fe_buf_addf(out, "the sum of '%s' is %.*s as read, and ", name_of(c, i->column), FE_STR_ARGS(found));
	if (i->origin == FE_CONTROL_GIVEN)
		fe_buf_addf(out, "given is %.*s", FE_STR_ARGS(said));
	else if (is_all)
		fe_buf_addf(out, "the %ss say %.*s together", origin, FE_STR_ARGS(said));
	else
		fe_buf_addf(out, "its %s says %.*s", origin, FE_STR_ARGS(said));
}

static size_t
n_stated(const struct fe_control *c)
{
	size_t n = 0;
	for (size_t i = 0; i < c->n_parts; i++)
		n += c->parts[i].is_stated;
	return n;
}

/* Of one object, the data set's figures are its own: they are told once. */
static bool
is_told_by_object(const struct fe_control *c, const struct fe_control_item *i)
{
	return i->object == FE_CONTROL_ALL && i->origin != FE_CONTROL_GIVEN && n_stated(c) == 1;
}

enum fe_rc
fe_control_check(const struct fe_control *c, struct fe_err *err)
{
	struct fe_buf text;
	size_t n = 0;

	fe_buf_init(&text, FE_ERR_TEXT_BYTES * 4);
	for (size_t i = 0; i < c->n_items; i++) {
		if (fe_control_agrees(&c->items[i]) || is_told_by_object(c, &c->items[i]))
			continue;
		if (n++ >= MAX_TOLD)
			continue;
		fe_buf_add_text(&text, n > 1 ? "; " : "");
		add_difference(c, &c->items[i], &text);
	}
	if (n > MAX_TOLD)
		fe_buf_addf(&text, "; and %zu more differ", n - MAX_TOLD);
	enum fe_rc rc = n ? fe_fail(err, FE_ECHECK, "'%s': control totals differ: %s", c->set.dataset, fe_buf_text(&text)) : FE_OK;
	fe_buf_reset(&text);
	return rc;
}

void
fe_control_summary(const struct fe_control *c, struct fe_buf *out)
{
	for (size_t i = 0; i < c->n_of_dataset; i++) {
		const struct fe_control_item *item = &c->items[i];
		char text[FE_DECIMAL_TEXT_BYTES];
		struct fe_str found = figure(c, item, item->found, text);
		fe_buf_addf(out, "  %s: ", c->set.dataset);
		if (!fe_control_agrees(item)) {
			add_difference(c, item, out);
		} else {
			fe_buf_addf(out, "%s %.*s, as ", item->column == FE_NO_COLUMN ? "records" : name_of(c, item->column),
				    FE_STR_ARGS(found));
			if (item->origin == FE_CONTROL_GIVEN)
				fe_buf_add_text(out, "given");
			else if (n_stated(c) == 1)
				fe_buf_addf(out, "its %s says", fe_control_origin_name(item->origin));
			else
				fe_buf_addf(out, "the %ss of %zu objects say", fe_control_origin_name(item->origin), n_stated(c));
		}
		fe_buf_add_char(out, '\n');
	}
}

static void
print_item(const struct fe_control *c, const struct fe_control_item *i, struct fe_json *j)
{
	char a[FE_DECIMAL_TEXT_BYTES], b[FE_DECIMAL_TEXT_BYTES];

	fe_json_object(j, NULL);
	fe_json_text(j, "by", fe_control_origin_name(i->origin));
	if (i->object != FE_CONTROL_ALL)
		fe_json_text(j, "object", c->parts[i->object].name);
	if (i->column != FE_NO_COLUMN)
		fe_json_text(j, "column", name_of(c, i->column));
	fe_json_str(j, "said", figure(c, i, i->said, a));
	fe_json_str(j, "found", figure(c, i, i->found, b));
	fe_json_bool(j, "agrees", fe_control_agrees(i));
	fe_json_object_end(j);
}

/* All of the data set; of objects those that differ come first where not all are listed. */
void
fe_control_json(const struct fe_control *c, const char *key, struct fe_json *j)
{
	size_t n_differ = 0, n_printed = 0;

	for (size_t i = 0; i < c->n_items; i++)
		n_differ += !fe_control_agrees(&c->items[i]);
	fe_json_object(j, key);
	fe_json_bool(j, "agrees", n_differ == 0);
	fe_json_i64(j, "objects", (int64_t)n_stated(c));
	fe_json_array(j, "figures");
	for (size_t i = 0; i < c->n_of_dataset; i++)
		print_item(c, &c->items[i], j);
	for (int agrees = 0; agrees < 2; agrees++)
		for (size_t i = c->n_of_dataset; i < c->n_items && n_printed < MAX_PRINTED; i++) {
			if (fe_control_agrees(&c->items[i]) != (agrees == 1))
				continue;
			print_item(c, &c->items[i], j);
			n_printed++;
		}
	fe_json_array_end(j);
	if (c->n_items - c->n_of_dataset > n_printed)
		fe_json_i64(j, "more_figures", (int64_t)(c->n_items - c->n_of_dataset - n_printed));
	fe_json_object_end(j);
}
