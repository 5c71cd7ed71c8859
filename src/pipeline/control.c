// SPDX-License-Identifier: Apache-2.0
/* pipeline/control.c - see pipeline/control.h */
#include "pipeline/control.h"

#include "base/text.h"
#include "format/csv.h"
#include "format/encoding.h"
#include "format/json_tree.h"
#include "io/reader.h"

#define MAX_SIDECAR_BYTES ((size_t)1 << 20)
#define MAX_PATH_BYTES ((size_t)64 * 1024)
#define MAX_NAME_SHOWN 80

struct fe_control *
fe_control_of(const struct fe_plan_dataset *p)
{
	const struct fe_control_settings set = {
		.dataset = p->name,
		.schema = &p->schema,
		.columns = p->control ? p->control->columns : NULL,
		.n_columns = p->control ? p->control->n_columns : 0,
	};
	return p->control ? fe_control_new(&set) : NULL;
}

/* The text that stands where `where` says. */
typedef enum fe_rc find_fn(void *ctx, const char *where, struct fe_str *out, struct fe_err *err);

static enum fe_rc
state(struct fe_control *c, const struct fe_plan_control *plan, const struct fe_plan_figures *figures,
      struct fe_control_statement *s, find_fn *find, void *ctx, struct fe_err *err)
{
	struct fe_str *sums = fe_new_array(plan->n_columns + 1, struct fe_str);
	enum fe_rc rc = FE_OK;

	s->sums = sums;
	if (figures->rows)
		rc = find(ctx, figures->rows, &s->rows, err);
	for (size_t i = 0; i < plan->n_columns && rc == FE_OK; i++)
		if (figures->sums[i])
			rc = find(ctx, figures->sums[i], &sums[i], err);
	if (rc == FE_OK)
		rc = fe_control_state(c, s, err);
	fe_free(sums);
	return rc;
}

/* ---- trailers ---- */

static enum fe_rc
find_cell(void *ctx, const char *where, struct fe_str *out, struct fe_err *err)
{
	const struct fe_object *o = ctx;
	int64_t number = 0;

	if (fe_int_parse(fe_str_of(where), &number) != FE_DECIMAL_OK || number < 1)
		return fe_fail(err, FE_EBUG, "'%s' is not the number of a cell", where);
	if ((uint64_t)number > o->n_trailer) {
		enum fe_rc rc = fe_fail(err, FE_EDATA, "the trailer has %zu cells, and its figures should be in cell %s too; was the file cut short?",
					o->n_trailer, where);
		fe_err_at(err, o->id.path, 0, NULL);
		return rc;
	}
	*out = o->trailer[number - 1];
	return FE_OK;
}

/* ---- sidecars ---- */

void
fe_control_add_sidecar_path(const struct fe_plan_control *plan, const char *path, struct fe_buf *out)
{
	const char *pattern = plan->sidecar_file;
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strchr(*name ? name + 1 : name, '.');
	struct fe_str whole = fe_str_of(name), stem = { name, dot ? (size_t)(dot - name) : whole.n };

	if (pattern[0] != '/')
		fe_buf_add(out, path, (size_t)(name - path));
	for (const char *p = pattern; *p;) {
		bool is_name = strncmp(p, "{name}", 6) == 0, is_stem = strncmp(p, "{stem}", 6) == 0;
		if (is_name || is_stem)
			fe_buf_add_str(out, is_name ? whole : stem);
		else
			fe_buf_add_char(out, *p);
		p += is_name || is_stem ? 6 : 1;
	}
}

static enum fe_rc
read_all(const char *path, const struct fe_net_settings *net, struct fe_buf *out, struct fe_err *err)
{
	struct fe_reader *in;
	enum fe_rc rc;
	size_t n = 1;

	FE_TRY(fe_reader_open(&in, path, net, err));
	for (rc = FE_OK; rc == FE_OK && n;) {
		if (!fe_buf_reserve(out, 4096))
			break;
		rc = fe_reader_read(in, out->p + out->n_bytes, 4096, &n, err);
		out->n_bytes += rc ? 0 : n;
	}
	fe_reader_close(in);
	return rc ? rc : fe_buf_check(out, "a control file", err);
}

static enum fe_encoding
encoding_of(const struct fe_source_settings *set)
{
	enum fe_encoding e = FE_UTF_8;

	if (set->encoding)
		(void)fe_encoding_find(fe_str_of(set->encoding), &e);
	return e;
}

static struct fe_str
without_mark(struct fe_str s)
{
	const bool has_mark = s.n >= 3 && memcmp(s.p, "\xef\xbb\xbf", 3) == 0;

	return has_mark ? (struct fe_str){ s.p + 3, s.n - 3 } : s;
}

/* A sidecar as it was read: texts by names. */
struct sidecar {
	struct fe_arena arena;
	const struct fe_json_value *json; /* NULL: CSV */
	const struct fe_str *names, *cells;
	size_t n_cells;
};

static enum fe_rc
find_column(const struct sidecar *s, const char *where, struct fe_str *out, struct fe_err *err)
{
	for (size_t i = 0; i < s->n_cells; i++)
		if (fe_str_is(s->names[i], where)) {
			*out = s->cells[i];
			return FE_OK;
		}
	return fe_fail(err, FE_EDATA, "the control file has no column '%s'", where);
}

/* "control.rows": members with dots between. */
static enum fe_rc
find_member(const struct sidecar *s, const char *where, struct fe_str *out, struct fe_err *err)
{
	const struct fe_json_value *v = s->json;
	char key[FE_JSON_MAX_KEY_BYTES + 1];

	for (const char *p = where; v && *p;) {
		size_t n = strcspn(p, ".");
		if (n > FE_JSON_MAX_KEY_BYTES)
			break;
		memcpy(key, p, n);
		key[n] = '\0';
		v = fe_json_get(v, key);
		p += n + (p[n] == '.');
	}
	if (!fe_json_is(v, FE_JSON_NUMBER) && !fe_json_is(v, FE_JSON_STRING))
		return fe_fail(err, FE_EDATA, "the control file has no number or text at '%s', but %s", where, fe_json_kind_name(v));
	*out = v->text.p ? v->text : FE_STR("");
	return FE_OK;
}

static enum fe_rc
find_named(void *ctx, const char *where, struct fe_str *out, struct fe_err *err)
{
	const struct sidecar *s = ctx;
	return s->json ? find_member(s, where, out, err) : find_column(s, where, out, err);
}

static struct fe_str *
copy_cells(struct sidecar *s, const struct fe_csv_record *r)
{
	struct fe_str *cells = fe_arena_alloc(&s->arena, (r->n_cells + 1) * sizeof *cells);
	for (size_t i = 0; i < r->n_cells; i++) {
		struct fe_str cell = fe_text_trim(r->cells[i]);
		cells[i] = (struct fe_str){ fe_arena_copy(&s->arena, cell.n ? cell.p : "", cell.n), cell.n };
	}
	return cells;
}

/* A header and one record. */
static enum fe_rc
split_csv(struct sidecar *s, struct fe_csv_reader *csv, char delimiter, struct fe_err *err)
{
	struct fe_csv_record r;
	bool has_header, has_record = false, more = false;

	FE_TRY(fe_csv_next(csv, &r, &has_header, err));
	if (has_header && r.flaw == FE_CSV_NONE) {
		s->names = copy_cells(s, &r);
		s->n_cells = r.n_cells;
		fe_csv_expect(csv, r.n_cells, NULL);
		FE_TRY(fe_csv_next(csv, &r, &has_record, err));
	}
	if (has_record && r.flaw == FE_CSV_NONE) {
		s->cells = copy_cells(s, &r);
		FE_TRY(fe_csv_next(csv, &r, &more, err));
	}
	if (!s->cells || more)
		return fe_fail(err, FE_EDATA, "a control file of format csv is a header and one record, with '%c' between cells as its "
			       "source has it", delimiter);
	return FE_OK;
}

static enum fe_rc
parse(struct sidecar *s, const struct fe_plan_dataset *p, struct fe_str text, struct fe_err *err)
{
	const struct fe_source_settings *set = &p->source_set;
	struct fe_csv_dialect dialect = { .delimiter = set->delimiter ? set->delimiter : ',',
					  .quote = set->delimiter ? set->quote : '"' };

	if (!p->control->sidecar_is_csv)
		return fe_json_parse(text, &s->arena, &s->json, err);
	struct fe_csv_reader *csv = fe_csv_reader_new(dialect);
	enum fe_rc rc = fe_csv_feed(csv, text, 0, true, &s->arena, err);
	if (rc == FE_OK)
		rc = split_csv(s, csv, dialect.delimiter, err);
	fe_csv_reader_free(csv);
	return rc;
}

static enum fe_rc
state_sidecar(struct fe_control *c, const struct fe_plan_dataset *p, struct fe_control_statement *st, const char *path,
              const struct fe_net_settings *net, struct fe_err *err)
{
	struct sidecar s = { 0 };
	struct fe_buf raw, text;

	fe_buf_init(&raw, MAX_SIDECAR_BYTES);
	fe_buf_init(&text, FE_ENCODING_ROOM * (MAX_SIDECAR_BYTES + 1));
	enum fe_rc rc = read_all(path, net, &raw, err);
	if (rc == FE_EUSAGE && err) /* it is not there: what was sent is not whole */
		err->rc = rc = FE_EDATA;
	if (rc)
		fe_err_context(err, "the control file of %s", st->object_name);
	if (rc == FE_OK)
		rc = fe_encoding_read(fe_buf_str(&raw), encoding_of(&p->source_set), &text, err);
	if (rc == FE_OK)
		rc = parse(&s, p, without_mark(fe_buf_str(&text)), err);
	if (rc == FE_OK)
		rc = state(c, p->control, p->control->sidecar, st, find_named, &s, err);
	if (rc)
		fe_err_at(err, path, 0, NULL);
	fe_arena_free(&s.arena);
	fe_buf_reset(&raw);
	fe_buf_reset(&text);
	return rc;
}

static enum fe_rc
gather_sidecar(struct fe_control *c, const struct fe_plan_dataset *p, const struct fe_kept *kept, struct fe_control_statement *st,
               struct fe_err *err)
{
	const char *aside = kept ? kept->objects[st->object].aside : NULL;
	struct fe_buf path;

	if (aside)
		return state_sidecar(c, p, st, aside, kept->net, err);
	fe_buf_init(&path, MAX_PATH_BYTES);
	fe_control_add_sidecar_path(p->control, st->object_name, &path);
	enum fe_rc rc = fe_buf_check(&path, "the path of a control file", err);
	if (rc == FE_OK)
		rc = state_sidecar(c, p, st, fe_buf_text(&path), &p->source_set.net, err);
	fe_buf_reset(&path);
	return rc;
}

/* ---- all of them ---- */

static enum fe_rc
find_itself(void *ctx, const char *where, struct fe_str *out, struct fe_err *err)
{
	(void)ctx, (void)err;
	*out = fe_str_of(where);
	return FE_OK;
}

static enum fe_rc
gather_object(struct fe_control *c, const struct fe_plan_dataset *p, const struct fe_kept *kept, const struct fe_source *source, size_t i,
              struct fe_err *err)
{
	struct fe_object *o = &source->objects[i];
	struct fe_control_statement s = { .origin = FE_CONTROL_TRAILER, .object = i, .object_name = o->id.path };

	if (p->control->trailer) {
		enum fe_rc rc = state(c, p->control, p->control->trailer, &s, find_cell, o, err);
		if (rc) {
			fe_err_at_line(err, NULL, o->trailer_line, 0);
			return rc;
		}
	}
	s = (struct fe_control_statement){
		.origin = FE_CONTROL_SIDECAR, .object = i, .object_name = o->id.path, .is_plain = !p->control->sidecar_is_csv,
	};
	return p->control->sidecar ? gather_sidecar(c, p, kept, &s, err) : FE_OK;
}

enum fe_rc
fe_control_gather(struct fe_control *c, const struct fe_plan_dataset *p, const struct fe_kept *kept, const struct fe_source *source,
                  struct fe_err *err)
{
	struct fe_control_statement given = { .origin = FE_CONTROL_GIVEN, .object = FE_CONTROL_ALL };

	for (size_t i = 0; i < source->n_objects; i++)
		if (!source->objects[i].skipped)
			FE_TRY(gather_object(c, p, kept, source, i, err));
	if (p->control->given)
		FE_TRY(state(c, p->control, p->control->given, &given, find_itself, NULL, err));
	return fe_control_end(c, err);
}
