// SPDX-License-Identifier: Apache-2.0
/* extract/query_stored.c - see extract/query_stored.h */
#include "extract/query_stored.h"

#include "base/decimal.h"
#include "base/json.h"
#include "base/text.h"
#include "db/cursor_engine.h"
#include "format/json_escape.h"
#include "format/json_tree.h"

#define READ_BYTES ((size_t)256 * 1024)
#define MAX_LINE_BYTES ((size_t)64 << 20) /* a row of 16 MiB in hex, and more */

/* ---- writing what stands beside ---- */

enum fe_rc
fe_query_keep_columns(const struct fe_keep *keep, const struct fe_cursor *c, struct fe_err *err)
{
	struct fe_buf line;
	struct fe_json j;

	fe_buf_init(&line, MAX_LINE_BYTES);
	fe_json_init(&j, &line, 0);
	fe_json_object(&j, NULL);
	fe_json_text(&j, "name", fe_cursor_name(c));
	fe_json_array(&j, "columns");
	for (size_t i = 0; i < fe_cursor_n_columns(c); i++) {
		const struct fe_cursor_column *column = fe_cursor_column(c, i);
		fe_json_object(&j, NULL);
		fe_json_text(&j, "name", column->name);
		fe_json_text(&j, "type", column->type);
		fe_json_i64(&j, "kind", column->kind);
		fe_json_i64(&j, "precision", column->precision);
		fe_json_i64(&j, "scale", column->scale);
		fe_json_i64(&j, "max_chars", column->max_chars > INT64_MAX ? 0 : (int64_t)column->max_chars);
		fe_json_object_end(&j);
	}
	fe_json_array_end(&j);
	fe_json_object_end(&j);
	fe_buf_add_char(&line, '\n');
	enum fe_rc rc = fe_buf_check(&line, "the columns of the source", err);
	if (rc == FE_OK)
		rc = keep->aside(keep->ctx, fe_buf_str(&line), err);
	fe_buf_reset(&line);
	return rc;
}

/* What a value is that its line does not tell; NULL: the line tells all of it. */
static const char *
oddity_of(const struct fe_cursor_value *v)
{
	if (v->is_null)
		return NULL;
	switch (v->kind) {
	case FE_CURSOR_INT:
	case FE_CURSOR_BOOL:
	case FE_CURSOR_DATE:
	case FE_CURSOR_TIMESTAMP:
	case FE_CURSOR_TIMESTAMPTZ:
		return NULL;
	case FE_CURSOR_FLOAT:
		return "float";
	case FE_CURSOR_BYTES:
		return "bytes";
	default:
		return v->text.n && (memchr(v->text.p, '\0', v->text.n) || !fe_utf8_is_valid(v->text)) ? "text" : NULL;
	}
}

static void
add_hex(struct fe_buf *out, struct fe_str bytes)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < bytes.n; i++) {
		fe_buf_add_char(out, digits[(unsigned char)bytes.p[i] >> 4]);
		fe_buf_add_char(out, digits[(unsigned char)bytes.p[i] & 15]);
	}
}

static enum fe_rc
keep_oddity(const struct fe_keep *keep, uint64_t record, size_t column, const struct fe_cursor_value *v, const char *what,
            struct fe_err *err)
{
	struct fe_buf line;

	fe_buf_init(&line, MAX_LINE_BYTES);
	fe_buf_addf(&line, "%llu %zu %s ", (unsigned long long)record, column + 1, what);
	if (v->kind != FE_CURSOR_FLOAT)
		add_hex(&line, v->text);
	fe_buf_add_char(&line, '\n');
	enum fe_rc rc = fe_buf_check(&line, "a value of the source", err);
	if (rc == FE_OK)
		rc = keep->aside(keep->ctx, fe_buf_str(&line), err);
	fe_buf_reset(&line);
	return rc;
}

enum fe_rc
fe_query_keep_row(const struct fe_keep *keep, const struct fe_cursor *c, uint64_t record, struct fe_err *err)
{
	const struct fe_cursor_value *values = fe_cursor_values(c);

	for (size_t i = 0; i < fe_cursor_n_columns(c); i++) {
		const char *what = oddity_of(&values[i]);
		if (what)
			FE_TRY(keep_oddity(keep, record, i, &values[i], what, err));
	}
	return FE_OK;
}

/* ---- lines of a stored object ---- */

struct lines {
	struct fe_reader *in;
	struct fe_buf block;
	size_t at;            /* of the block: what is before was given out */
	bool has_ended;
};

static enum fe_rc
fill(struct lines *l, struct fe_err *err)
{
	size_t n_left = l->block.n_bytes - l->at, n_wanted = n_left > READ_BYTES ? n_left : READ_BYTES, n_read;

	if (n_left)
		memmove(l->block.p, l->block.p + l->at, n_left);
	l->at = 0;
	l->block.n_bytes = n_left;
	if (!fe_buf_reserve(&l->block, n_wanted))
		return fe_buf_check(&l->block, "a line", err);
	FE_TRY(fe_reader_read(l->in, l->block.p + n_left, n_wanted, &n_read, err));
	l->block.n_bytes += n_read;
	l->has_ended = n_read < n_wanted;
	return FE_OK;
}

/* Without its end; line->p NULL: there is none more. What is behind the last end is none. */
static enum fe_rc
next_line(struct lines *l, struct fe_str *line, struct fe_err *err)
{
	for (;;) {
		const char *start = l->block.p + l->at;
		const char *end = l->block.n_bytes > l->at ? memchr(start, '\n', l->block.n_bytes - l->at) : NULL;
		if (end) {
			*line = (struct fe_str){ start, (size_t)(end - start) };
			l->at += line->n + 1;
			return FE_OK;
		}
		*line = (struct fe_str){ 0 };
		if (l->has_ended)
			return FE_OK;
		FE_TRY(fill(l, err));
	}
}

static enum fe_rc
lines_open(struct lines *l, const char *location, const struct fe_net_settings *net, struct fe_err *err)
{
	fe_buf_init(&l->block, 2 * MAX_LINE_BYTES);
	return fe_reader_open(&l->in, location, net, err);
}

static void
lines_close(struct lines *l)
{
	fe_reader_close(l->in);
	fe_buf_reset(&l->block);
}

/* ---- the cursor ---- */

struct oddity {
	int64_t record, column; /* from 1; record 0: there is none more */
	enum fe_cursor_kind kind;
	struct fe_str hex;
};

struct stored {
	struct fe_cursor base;
	const struct fe_kept_object *object;
	struct lines rows, aside;
	struct oddity odd;     /* the next one */
	int64_t record;
	struct fe_arena arena; /* texts of the row that are not as they stand in the line */
};

static enum fe_rc
fail_changed(const struct stored *s, const char *location, struct fe_err *err)
{
	(void)fe_fail(err, FE_ECONFLICT, "this is not what was kept of '%s': it was changed; extract again, into another folder",
		      s->object->id.path);
	fe_err_at(err, location, (uint64_t)s->record, NULL);
	return FE_ECONFLICT;
}

static bool
get_number(const struct fe_json_value *v, const char *key, int64_t most, int64_t *out)
{
	const struct fe_json_value *n = fe_json_get(v, key);
	return fe_json_is(n, FE_JSON_NUMBER) && fe_int_parse(n->text, out) == FE_DECIMAL_OK && *out >= 0 && *out <= most;
}

static bool
describe(struct fe_cursor *c, const struct fe_json_value *all)
{
	const struct fe_json_value *name = fe_json_get(all, "name"), *columns = fe_json_get(all, "columns"), *v;
	int64_t kind, precision, scale, max_chars;
	size_t i = 0;

	if (!fe_json_is(name, FE_JSON_STRING) || !fe_json_is(columns, FE_JSON_ARRAY))
		return false;
	c->name = fe_strndup(name->text.p, name->text.n);
	fe_cursor_init_columns(c, columns->n_children);
	for (v = columns->first; v; v = v->next, i++) {
		const struct fe_json_value *own = fe_json_get(v, "name"), *type = fe_json_get(v, "type");
		if (!fe_json_is(own, FE_JSON_STRING) || !fe_json_is(type, FE_JSON_STRING) ||
		    !get_number(v, "kind", FE_CURSOR_ANY, &kind) || !get_number(v, "precision", UINT32_MAX, &precision) ||
		    !get_number(v, "scale", UINT32_MAX, &scale) || !get_number(v, "max_chars", INT64_MAX, &max_chars))
			return false;
		char *type_name = fe_strndup(type->text.p, type->text.n);
		fe_cursor_describe(c, i, own->text, type_name, (enum fe_cursor_kind)kind);
		fe_free(type_name);
		c->columns[i].precision = (unsigned)precision;
		c->columns[i].scale = (unsigned)scale;
		c->columns[i].max_chars = (uint64_t)max_chars;
	}
	return true;
}

static enum fe_rc
read_columns(struct stored *s, struct fe_err *err)
{
	struct fe_arena arena = { 0 };
	const struct fe_json_value *all;
	struct fe_str line;

	FE_TRY(next_line(&s->aside, &line, err));
	if (!line.p)
		return fail_changed(s, s->object->aside, err);
	enum fe_rc rc = fe_json_parse(line, &arena, &all, err);
	if (rc || !describe(&s->base, all))
		rc = fail_changed(s, s->object->aside, err);
	fe_arena_free(&arena);
	return rc;
}

/* ---- values ---- */

static struct fe_str
take_word(struct fe_str *line)
{
	const char *blank = line->n ? memchr(line->p, ' ', line->n) : NULL;
	struct fe_str word = { line->p, blank ? (size_t)(blank - line->p) : line->n };
	size_t n = word.n + (blank != NULL);
	*line = (struct fe_str){ line->p + n, line->n - n };
	return word;
}

static enum fe_rc
next_oddity(struct stored *s, struct fe_err *err)
{
	struct fe_str line, what;

	s->odd = (struct oddity){ 0 };
	FE_TRY(next_line(&s->aside, &line, err));
	if (!line.p)
		return FE_OK;
	if (fe_int_parse(take_word(&line), &s->odd.record) || fe_int_parse(take_word(&line), &s->odd.column))
		return fail_changed(s, s->object->aside, err);
	what = take_word(&line);
	s->odd.kind = fe_str_is(what, "float") ? FE_CURSOR_FLOAT : fe_str_is(what, "bytes") ? FE_CURSOR_BYTES : FE_CURSOR_TEXT;
	s->odd.hex = line;
	if (s->odd.record <= s->record || s->odd.column < 1 || (size_t)s->odd.column > s->base.n_columns || line.n % 2)
		return fail_changed(s, s->object->aside, err);
	return FE_OK;
}

static unsigned
hex_digit(char c)
{
	return c >= '0' && c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a') + 10;
}

static enum fe_rc
apply_oddities(struct stored *s, struct fe_err *err)
{
	const int64_t record = s->record;

	while (s->odd.record == record) {
		struct fe_cursor_value *v = &s->base.values[s->odd.column - 1];
		const struct fe_str hex = s->odd.hex;
		v->kind = s->odd.kind;
		if (v->kind != FE_CURSOR_FLOAT) {
			char *bytes = fe_arena_bytes(&s->arena, hex.n / 2 + 1);
			for (size_t i = 0; i + 1 < hex.n; i += 2)
				bytes[i / 2] = (char)(hex_digit(hex.p[i]) << 4 | hex_digit(hex.p[i + 1]));
			v->text = (struct fe_str){ bytes, hex.n / 2 };
		}
		s->record--; /* another one may be of the same record */
		enum fe_rc rc = next_oddity(s, err);
		s->record = record;
		if (rc)
			return rc;
	}
	return FE_OK;
}

/* A string of JSON from its quote on; the length with both quotes, 0: none. */
static size_t
string_length(struct fe_str s, bool *has_escape)
{
	*has_escape = false;
	if (s.n < 2 || s.p[0] != '"')
		return 0;
	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] == '"')
			return i + 1;
		if (s.p[i] == '\\') {
			*has_escape = true;
			i++;
		}
	}
	return 0;
}

static bool
take(struct fe_str *rest, size_t n)
{
	if (n == 0 || n > rest->n)
		return false;
	*rest = (struct fe_str){ rest->p + n, rest->n - n };
	return true;
}

static bool
parse_value(struct stored *s, struct fe_str *rest, struct fe_cursor_value *v)
{
	const char *bad;
	bool has_escape;

	*v = (struct fe_cursor_value){ .kind = FE_CURSOR_TEXT };
	if (rest->n >= 4 && memcmp(rest->p, "null", 4) == 0) {
		v->is_null = true;
		return take(rest, 4);
	}
	size_t n = string_length(*rest, &has_escape);
	if (n == 0)
		return false;
	v->text = (struct fe_str){ rest->p + 1, n - 2 };
	if (has_escape) {
		char *out = fe_arena_bytes(&s->arena, n);
		size_t n_out;
		/* What cannot be told by an escape stands beside the lines. */
		v->text = (struct fe_str){ out, fe_json_unescape(v->text, out, &n_out, &bad) ? n_out : 0 };
	}
	return take(rest, n);
}

static bool
parse_row(struct stored *s, struct fe_str line)
{
	bool has_escape;

	for (size_t i = 0; i < s->base.n_columns; i++) {
		if (line.n == 0 || line.p[0] != (i ? ',' : '{') || !take(&line, 1) ||
		    !take(&line, string_length(line, &has_escape)) || line.n == 0 || line.p[0] != ':' || !take(&line, 1) ||
		    !parse_value(s, &line, &s->base.values[i]))
			return false;
	}
	return fe_str_is(line, "}");
}

static enum fe_rc
check_end(struct stored *s, struct fe_err *err)
{
	const struct fe_object_id *id = fe_reader_identity(s->rows.in);
	if (s->odd.record || s->rows.at < s->rows.block.n_bytes)
		return fail_changed(s, s->object->stored, err);
	return fe_kept_check(s->object, id->size_bytes, id->sha256, err);
}

static enum fe_rc
stored_next(struct fe_cursor *c, bool *row, struct fe_err *err)
{
	struct stored *s = (struct stored *)c;
	struct fe_str line;

	FE_TRY(next_line(&s->rows, &line, err));
	if (!line.p)
		return check_end(s, err);
	fe_arena_reset(&s->arena);
	s->record++;
	if (!parse_row(s, line))
		return fail_changed(s, s->object->stored, err);
	*row = true;
	return apply_oddities(s, err);
}

static void
stored_close(struct fe_cursor *c)
{
	struct stored *s = (struct stored *)c;

	lines_close(&s->rows);
	lines_close(&s->aside);
	fe_arena_free(&s->arena);
	fe_cursor_reset(c);
	fe_free(s);
}

static const struct fe_cursor_ops stored_ops = { .next = stored_next, .close = stored_close };

enum fe_rc
fe_query_stored_open(struct fe_cursor **out, const struct fe_kept *kept, struct fe_err *err)
{
	struct stored *s;
	enum fe_rc rc;

	*out = NULL;
	if (kept->n_objects != 1 || !kept->objects[0].stored || !kept->objects[0].aside)
		return fe_fail(err, FE_ECONFLICT, "of a table or query one object is kept with what stands beside it; there is none");
	s = fe_new(struct stored);
	s->base.ops = &stored_ops;
	s->object = &kept->objects[0];
	rc = lines_open(&s->rows, s->object->stored, kept->net, err);
	if (rc == FE_OK)
		rc = lines_open(&s->aside, s->object->aside, kept->net, err);
	if (rc == FE_OK)
		rc = read_columns(s, err);
	if (rc == FE_OK)
		rc = next_oddity(s, err);
	if (rc) {
		stored_close(&s->base);
		return rc;
	}
	*out = &s->base;
	return FE_OK;
}
