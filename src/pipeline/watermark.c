// SPDX-License-Identifier: Apache-2.0
/* pipeline/watermark.c - the greatest cursor of a run, compared as its type, kept as its text */
#include "pipeline/watermark.h"

#include "base/text.h"

#define MAX_VALUE_BYTES ((size_t)4096)
#define US_PER_MS 1000
#define US_PER_S 1000000
#define MS_PER_DAY ((int64_t)86400000)
#define FIRST_US (-INT64_C(62135596800000000)) /* 0001-01-01 */
#define FIRST_DAY (-719162)

/* A value of the cursor column. */
struct mark {
	bool is_set;
	int64_t number;     /* timestamp, date, int */
	struct fe_buf text; /* of a text column: what is compared */
	struct fe_buf own;  /* as the source writes it */
};

struct fe_watermark {
	struct fe_watermark_settings set;
	struct fe_type type;
	struct mark kept, greatest;
	struct fe_buf since;
	bool is_backfill;
};

static void
mark_init(struct mark *m)
{
	*m = (struct mark){ 0 };
	fe_buf_init(&m->text, MAX_VALUE_BYTES);
	fe_buf_init(&m->own, MAX_VALUE_BYTES);
}

static void
mark_reset(struct mark *m)
{
	fe_buf_reset(&m->text);
	fe_buf_reset(&m->own);
}

static void
mark_set(struct mark *m, const struct fe_column *column, size_t row, struct fe_str own)
{
	fe_buf_clear(&m->text);
	fe_buf_clear(&m->own);
	if (column->type.kind == FE_TEXT)
		fe_buf_add_str(&m->text, column->text[row]);
	else
		m->number = column->type.kind == FE_DATE ? column->days[row] : column->i64[row];
	if (own.p)
		fe_buf_add_str(&m->own, own);
	else
		fe_column_print(column, row, &m->own);
	m->is_set = !m->text.failed && !m->own.failed;
}

static int
compare_text(struct fe_str a, struct fe_str b)
{
	int diff = memcmp(a.n ? a.p : "", b.n ? b.p : "", a.n < b.n ? a.n : b.n);
	return diff ? diff : (a.n > b.n) - (a.n < b.n);
}

/* ---- values from texts ---- */

/* Casts a text the way that a cell of the column goes. */
static enum fe_rc
cast(const struct fe_watermark *w, struct fe_str text, struct mark *out, struct fe_err *err)
{
	const struct fe_plan_dataset *d = w->set.dataset;
	struct fe_clean_column column = d->clean[d->cursor->column];
	struct fe_reason_table reasons = { 0 };
	struct fe_clean *clean = NULL;
	struct fe_schema schema;
	struct fe_batch b;

	fe_schema_init(&schema);
	schema.n_source = fe_schema_add(&schema, fe_str_of(d->schema.fields[d->cursor->column].name), column.type) + 1;
	column.default_text = NULL;
	column.required = true;
	fe_batch_init(&b, &schema);
	enum fe_rc rc = fe_clean_new(&clean, &column, &schema, &reasons, err);
	if (rc)
		goto done;
	b.n_rows = 1;
	b.cells[0][0] = text;
	rc = fe_clean_batch(clean, &b, w->set.run_time_us, err);
	if (rc == FE_OK && b.n_reasons)
		rc = fe_fail(err, FE_EUSAGE, "'%.*s' is no value of column '%s': %s", FE_STR_ARGS(text),
			     schema.fields[0].name, fe_reason_text(&reasons, b.reasons[0].id));
	if (rc == FE_OK)
		mark_set(out, &b.columns[0], 0, text);
done:
	fe_clean_free(clean);
	fe_batch_reset(&b);
	fe_reason_table_reset(&reasons);
	fe_schema_reset(&schema);
	return rc;
}

/* ---- the overlap ---- */

/* What a text of a time looks like, so that another is written like it. */
struct time_form {
	bool has_t, has_time, has_seconds;
	unsigned n_decimals;
	struct fe_str offset; /* "Z", "+02:00"; n 0: none */
};

static struct time_form
form_of(struct fe_str like)
{
	struct time_form f = { .has_time = like.n > FE_DATE_TEXT_BYTES };
	size_t i = FE_DATE_TEXT_BYTES + sizeof "hh:mm";

	if (!f.has_time)
		return f;
	f.has_t = like.p[FE_DATE_TEXT_BYTES] == 'T' || like.p[FE_DATE_TEXT_BYTES] == 't';
	f.has_seconds = i < like.n && like.p[i] == ':';
	i += f.has_seconds ? strlen(":ss") : 0;
	if (i < like.n && like.p[i] == '.')
		for (i++; i < like.n && like.p[i] >= '0' && like.p[i] <= '9'; i++)
			f.n_decimals++;
	if (i < like.n)
		f.offset = (struct fe_str){ like.p + i, like.n - i };
	return f;
}

/* "+02:00", "+0200", "-05": what is behind a time that was read, and so is one of them; else 0. */
static int64_t
seconds_of_offset(struct fe_str offset)
{
	const char *sign = offset.n ? memchr(offset.p, '+', offset.n) : NULL;
	int64_t digits = 0;
	unsigned n = 0;

	if (!sign && offset.n)
		sign = memchr(offset.p, '-', offset.n);
	if (!sign)
		return 0;
	for (const char *p = sign + 1; p < offset.p + offset.n && n < 4; p++)
		if (*p >= '0' && *p <= '9') {
			digits = digits * 10 + (*p - '0');
			n++;
		}
	if (n == 2)
		digits *= 100;
	const int64_t seconds = digits / 100 * 3600 + digits % 100 * 60;
	return *sign == '-' ? -seconds : seconds;
}

/* In the same form and at the same offset, for a source may compare texts. Canonical text has all of it; what
 * the form lacks is left out, which only goes back further. */
static void
print_time_like(struct fe_buf *out, struct fe_str like, int64_t us, const struct fe_zone *zone)
{
	struct time_form f = form_of(like);
	char text[FE_TIMESTAMP_TEXT_BYTES];

	us += (f.offset.n || !zone ? seconds_of_offset(f.offset) : (int64_t)fe_zone_offset_at(zone, us)) * US_PER_S;
	fe_timestamp_format(us < FIRST_US ? FIRST_US : us, text);
	fe_buf_add(out, text, FE_DATE_TEXT_BYTES);
	if (!f.has_time)
		return;
	fe_buf_add_char(out, f.has_t ? 'T' : ' ');
	fe_buf_add(out, text + FE_DATE_TEXT_BYTES + 1, f.has_seconds ? strlen("hh:mm:ss") : strlen("hh:mm"));
	if (f.n_decimals)
		fe_buf_add(out, text + strlen("YYYY-MM-DD hh:mm:ss"), 1 + (f.n_decimals < 6 ? f.n_decimals : 6));
	fe_buf_add_str(out, f.offset);
}

/* What `%s` is: whole seconds since 1970, rounded back. */
static void
print_epoch(struct fe_buf *out, int64_t us)
{
	const int64_t seconds = us / US_PER_S - (us % US_PER_S < 0);

	fe_buf_addf(out, "%lld", (long long)seconds);
}

static void
print_since(struct fe_watermark *w)
{
	const struct fe_plan_dataset *d = w->set.dataset;
	int64_t overlap = d->cursor->overlap, v;
	struct fe_str own = fe_buf_str(&w->kept.own);

	if (overlap == 0) {
		fe_buf_add_str(&w->since, own);
	} else if (w->type.kind == FE_INT) {
		if (__builtin_sub_overflow(w->kept.number, overlap, &v))
			v = INT64_MIN;
		fe_buf_addf(&w->since, "%lld", (long long)v);
	} else if (w->type.kind == FE_DATE) {
		char text[FE_DATE_TEXT_BYTES];
		v = w->kept.number - (overlap / MS_PER_DAY + (overlap % MS_PER_DAY != 0));
		fe_date_format((int32_t)(v < FIRST_DAY ? FIRST_DAY : v), text);
		fe_buf_add(&w->since, text, sizeof text);
	} else {
		if (__builtin_mul_overflow(overlap, US_PER_MS, &v) || __builtin_sub_overflow(w->kept.number, v, &v))
			v = FIRST_US;
		if (d->clean[d->cursor->column].format) /* the plan has seen to it that it is %s */
			print_epoch(&w->since, v);
		else
			print_time_like(&w->since, own, v, d->clean[d->cursor->column].zone);
	}
}

/* ---- the window ---- */

static enum fe_rc
cast_bound(const struct fe_watermark *w, const char *option, const char *text, struct mark *m, struct fe_err *err)
{
	if (!text)
		return FE_OK;
	enum fe_rc rc = cast(w, fe_str_of(text), m, err);
	if (rc)
		fe_err_context(err, "%s", option);
	return rc;
}

/* Each is a value of the column, and there can be something between them. */
static enum fe_rc
check_bounds(const struct fe_watermark *w, const char *from, const char *until, struct fe_err *err)
{
	struct mark first, end;

	mark_init(&first);
	mark_init(&end);
	enum fe_rc rc = cast_bound(w, "--from", from, &first, err);
	if (rc == FE_OK)
		rc = cast_bound(w, "--to", until, &end, err);
	bool is_empty = first.is_set && end.is_set &&
		(w->type.kind == FE_TEXT ? fe_str_eq(fe_buf_str(&first.text), fe_buf_str(&end.text)) : first.number >= end.number);
	if (rc == FE_OK && is_empty)
		rc = fe_fail(err, FE_EUSAGE, "--from '%s' is not before --to '%s': nothing is between them", from, until);
	mark_reset(&first);
	mark_reset(&end);
	return rc;
}

enum fe_rc
fe_watermark_check_options(const struct fe_plan *plan, const char *from, const char *until, struct fe_err *err)
{
	bool has_cursor = false;

	for (size_t i = 0; i < plan->n_datasets; i++)
		has_cursor |= plan->datasets[i].is_selected && plan->datasets[i].cursor;
	if (has_cursor || (!from && !until))
		return FE_OK;
	return fe_fail(err, FE_EUSAGE, "%s is for data sets that are 'incremental' by a 'cursor', and none is: all would be read",
	               from ? "--from" : "--to");
}

static enum fe_rc
ask_kept(struct fe_watermark *w, struct fe_buf *value, bool *found, struct fe_err *err)
{
	const struct fe_plan_dataset *d = w->set.dataset;
	const struct fe_run_watermark what = { .dataset = d->name, .cursor = d->cursor->name };

	if (!w->set.sink) {
		*found = w->set.kept != NULL;
		fe_buf_add_text(value, w->set.kept ? w->set.kept : "");
		return FE_OK;
	}
	if (!w->set.sink->ops->watermark)
		return fe_fail(err, FE_EUSAGE, "data set '%s' is incremental: where it was read up to is kept in the warehouse, "
			       "which must be a database for that", d->name);
	return w->set.sink->ops->watermark(w->set.sink, &what, value, found, err);
}

static enum fe_rc
read_kept(struct fe_watermark *w, struct fe_err *err)
{
	const struct fe_plan_dataset *d = w->set.dataset;
	struct fe_buf value;
	bool found;

	fe_buf_init(&value, MAX_VALUE_BYTES);
	enum fe_rc rc = ask_kept(w, &value, &found, err);
	if (rc == FE_OK)
		rc = fe_buf_check(&value, "the watermark", err);
	if (rc == FE_OK && found) {
		rc = cast(w, fe_buf_str(&value), &w->kept, err);
		if (rc == FE_EUSAGE)
			rc = fe_fail(err, FE_ECONFLICT, "the watermark '%s' that is kept of data set '%s' is no value of column '%s' as it is "
				     "declared now; declare it as it was, or delete that row of etl_watermarks to begin anew",
				     fe_buf_text(&value), d->name, d->schema.fields[d->cursor->column].name);
	}
	fe_buf_reset(&value);
	return rc;
}

enum fe_rc
fe_watermark_open(struct fe_watermark **out, const struct fe_watermark_settings *set, struct fe_source_window *window,
		  struct fe_err *err)
{
	const struct fe_plan_cursor *cursor = set->dataset->cursor;
	struct fe_watermark *w = fe_new(struct fe_watermark);
	enum fe_rc rc;

	w->set = *set;
	w->type = set->dataset->schema.fields[cursor->column].type;
	w->is_backfill = set->from || set->until;
	mark_init(&w->kept);
	mark_init(&w->greatest);
	fe_buf_init(&w->since, MAX_VALUE_BYTES);
	rc = check_bounds(w, set->from, set->until, err);
	if (rc == FE_OK && !w->is_backfill)
		rc = read_kept(w, err);
	if (rc) {
		fe_watermark_free(w);
		return rc;
	}
	window->since = w->is_backfill ? set->from : cursor->start;
	window->until = set->until;
	if (w->kept.is_set) {
		print_since(w);
		window->since = fe_buf_text(&w->since);
	}
	*out = w;
	return FE_OK;
}

void
fe_watermark_free(struct fe_watermark *w)
{
	if (!w)
		return;
	mark_reset(&w->kept);
	mark_reset(&w->greatest);
	fe_buf_reset(&w->since);
	fe_free(w);
}

/* ---- the records ---- */

/* The greatest value that a time may have to move the watermark. */
static int64_t
most_of(const struct fe_watermark *w)
{
	if (w->type.kind == FE_TIMESTAMP)
		return w->set.run_time_us;
	return w->type.kind == FE_DATE ? fe_days_of_us(w->set.run_time_us) : INT64_MAX;
}

static bool
is_greater(const struct fe_watermark *w, const struct fe_column *c, size_t row, const struct mark *than)
{
	if (w->type.kind == FE_TEXT)
		return !than->is_set || compare_text(c->text[row], fe_buf_str(&than->text)) > 0;
	int64_t v = w->type.kind == FE_DATE ? c->days[row] : c->i64[row];
	return v <= most_of(w) && (!than->is_set || v > than->number);
}

void
fe_watermark_see(struct fe_watermark *w, const struct fe_batch *b)
{
	if (!w)
		return;
	const size_t column = w->set.dataset->cursor->column;
	const struct fe_column *c = &b->columns[column];
	const struct fe_str *cells = b->cells[column];

	for (size_t row = fe_bits_next(c->valid, b->n_rows, 0); row < b->n_rows; row = fe_bits_next(c->valid, b->n_rows, row + 1)) {
		/* A default is not the source's. */
		if ((cells && cells[row].n == 0) || !is_greater(w, c, row, &w->greatest))
			continue;
		mark_set(&w->greatest, c, row, cells ? fe_text_trim(cells[row]) : (struct fe_str){ 0 });
	}
}

const char *
fe_watermark_value(const struct fe_watermark *w)
{
	if (!w || w->is_backfill || !w->greatest.is_set)
		return NULL;
	bool is_back = w->kept.is_set && (w->type.kind == FE_TEXT
		? compare_text(fe_buf_str(&w->greatest.text), fe_buf_str(&w->kept.text)) <= 0
		: w->greatest.number <= w->kept.number);
	return is_back ? NULL : fe_buf_text(&w->greatest.own);
}
