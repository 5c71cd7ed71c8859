// SPDX-License-Identifier: Apache-2.0
/* extract/csv_header.c - checking a header, and saying well what is wrong with it */
#include "extract/csv_header.h"

#include <stdlib.h>

#include "base/text.h"
#include "format/encoding.h"

#define MESSAGE_BYTES ((size_t)64 * 1024)
#define NAME_BYTES 80 /* of a name in a message */

static void
add_name(struct fe_buf *out, struct fe_str name)
{
	fe_buf_add_char(out, '\'');
	fe_buf_add_printable(out, name, NAME_BYTES);
	fe_buf_add_char(out, '\'');
}

static void
add_listed(struct fe_buf *out, struct fe_str name, size_t n_before)
{
	if (n_before)
		fe_buf_add_text(out, ", ");
	add_name(out, name);
}

static enum fe_rc
fail_with(struct fe_buf *message, enum fe_rc rc, struct fe_err *err)
{
	(void)fe_fail(err, rc, "%s", fe_buf_text(message));
	fe_buf_reset(message);
	return rc;
}

/* ---- the delimiter ---- */

static struct fe_str
plain_name(struct fe_str s)
{
	s = fe_text_trim(s);
	if (s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"')
		s = fe_text_trim((struct fe_str){ s.p + 1, s.n - 2 });
	return s;
}

static bool
is_declared(const struct fe_source_settings *set, struct fe_str name)
{
	for (size_t i = 0; i < set->schema->n_source; i++) {
		if (!set->columns[i].is_computed && fe_str_is(name, set->columns[i].from))
			return true;
	}
	return false;
}

static size_t
count_declared(const struct fe_source_settings *set, struct fe_str line, char delimiter)
{
	size_t n = 0;
	for (;;) {
		const char *end = memchr(line.p, delimiter, line.n);
		size_t n_bytes = end ? (size_t)(end - line.p) : line.n;
		n += is_declared(set, plain_name((struct fe_str){ line.p, n_bytes }));
		if (!end || n > FE_MAX_COLUMNS)
			return n;
		line.p += n_bytes + 1;
		line.n -= n_bytes + 1;
	}
}

char
fe_csv_guess_delimiter(const struct fe_source_settings *set, struct fe_str line)
{
	static const char candidates[] = { ',', ';', '\t', '|' };
	char best = 0;
	if (line.n == 0 || line.n > MESSAGE_BYTES)
		return 0;
	size_t n_best = count_declared(set, line, set->delimiter);
	for (size_t i = 0; i < sizeof candidates; i++) {
		size_t n = count_declared(set, line, candidates[i]);
		if (candidates[i] != set->delimiter && n > n_best) {
			best = candidates[i];
			n_best = n;
		}
	}
	return best;
}

void
fe_csv_add_delimiter_hint(const struct fe_source_settings *set, struct fe_str line,
			  struct fe_buf *out)
{
	char c = fe_csv_guess_delimiter(set, line);
	if (c == '\t')
		fe_buf_add_text(out, "; the cells look separated by tabs: set delimiter: \"\\t\"");
	else if (c)
		fe_buf_addf(out, "; the cells look separated by '%c': set delimiter: '%c'", c, c);
}

/* ---- the names by themselves ---- */

/* What is declared of the text; NULL: UTF-8. */
static const char *
other_encoding(const struct fe_source_settings *set)
{
	const bool is_other = set->encoding && strcmp(set->encoding, fe_encoding_names[FE_UTF_8]) != 0;

	return is_other ? set->encoding : NULL;
}

static enum fe_rc
fail_no_text(const struct fe_source_settings *set, size_t column, enum fe_rc rc, struct fe_err *err)
{
	const char *encoding = other_encoding(set);

	if (encoding)
		return fe_fail(err, rc, "the name of column %zu in the header has what %s has no character for; set the encoding that the "
			       "file is in", column, encoding);
	return fe_fail(err, rc, "the name of column %zu in the header is not valid UTF-8; set encoding, as encoding: latin-1, or "
		       "convert the file to UTF-8", column);
}

static enum fe_rc
check_bytes(const struct fe_source_settings *set, const struct fe_str *names, size_t n_names, enum fe_rc rc, struct fe_err *err)
{
	for (size_t i = 0; i < n_names; i++) {
		const struct fe_str name = names[i];
		if (name.n && memchr(name.p, '\0', name.n))
			return fe_fail(err, rc,
				       "the name of column %zu in the header has a NUL byte; "
				       "the file seems to be binary or UTF-16; save it as UTF-8",
				       i + 1);
		if (!fe_utf8_is_valid(name))
			return fail_no_text(set, i + 1, rc, err);
		if (name.n == 0)
			return fe_fail(err, rc,
				       "column %zu has an empty name in the header; name it, or pass "
				       "over lines before the header by skip_lines",
				       i + 1);
	}
	return FE_OK;
}

struct folded { struct fe_str name; size_t at; };

static int
compare_folded(const void *a, const void *b)
{
	const struct folded *x = a, *y = b;
	size_t n = x->name.n < y->name.n ? x->name.n : y->name.n;
	int order = n ? memcmp(x->name.p, y->name.p, n) : 0;
	if (order == 0)
		order = (x->name.n > y->name.n) - (x->name.n < y->name.n);
	return order ? order : (x->at > y->at) - (x->at < y->at);
}

/* Of a line that is no header, for all that is known, names are values: they are not shown. */
static bool
is_surely_a_header(const struct fe_source_settings *set, const struct fe_str *names, size_t n_names, enum fe_rc rc)
{
	for (size_t i = 0; i < n_names; i++)
		if (is_declared(set, names[i]))
			return true;
	return rc != FE_EDATA; /* the pipeline file's own */
}

static enum fe_rc
check_doubles(const struct fe_str *names, size_t n_names, bool is_header, enum fe_rc rc, struct fe_err *err)
{
	struct fe_arena arena = { 0 };
	struct folded *sorted = fe_new_array(n_names, struct folded);
	struct fe_buf message;
	enum fe_rc result = FE_OK;

	for (size_t i = 0; i < n_names; i++)
		sorted[i] = (struct folded){ fe_text_case(names[i], FE_CASE_LOWER, &arena), i };
	qsort(sorted, n_names, sizeof *sorted, compare_folded);
	for (size_t i = 1; i < n_names && result == FE_OK; i++) {
		if (!fe_str_eq(sorted[i - 1].name, sorted[i].name))
			continue;
		fe_buf_init(&message, MESSAGE_BYTES);
		fe_buf_addf(&message,
			    "columns %zu and %zu have the same name in the header",
			    sorted[i - 1].at + 1, sorted[i].at + 1);
		const struct fe_str one = names[sorted[i - 1].at], other = names[sorted[i].at];
		bool is_same = fe_str_eq(one, other);
		fe_buf_add_text(&message, !is_same ? " but for case" : "");
		if (is_header) {
			fe_buf_add_text(&message, ": ");
			add_name(&message, one);
			fe_buf_add_text(&message, is_same ? "" : " and ");
			if (!is_same)
				add_name(&message, other);
		}
		fe_buf_add_text(&message, is_header ? "; rename one" : "; rename one, or is this line no header?");
		result = fail_with(&message, rc, err);
	}
	fe_free(sorted);
	fe_arena_free(&arena);
	return result;
}

/* ---- names against columns ---- */

struct mapping {
	const struct fe_source_settings *set;
	struct fe_str *names; /* trimmed */
	size_t n_names;
	bool *is_used;        /* [n_names] */
};

static size_t
place_of(const struct mapping *m, const char *from)
{
	for (size_t i = 0; i < m->n_names; i++) {
		if (fe_str_is(m->names[i], from))
			return i;
	}
	return FE_NO_COLUMN;
}

/* Declared names may have been found elsewhere; what is left over may be meant. */
static void
add_nearest(const struct mapping *m, const char *from, struct fe_buf *out)
{
	const char **left_over = fe_new_array(m->n_names + 1, const char *);
	size_t n = 0;
	for (size_t i = 0; i < m->n_names; i++) {
		if (!is_declared(m->set, m->names[i]))
			left_over[n++] = fe_strndup(m->names[i].p, m->names[i].n);
	}
	const char *nearest = fe_text_nearest(fe_str_of(from), left_over, n);
	if (nearest) {
		fe_buf_add_text(out, " (is ");
		add_name(out, fe_str_of(nearest));
		fe_buf_add_text(out, " meant?)");
	}
	for (size_t i = 0; i < n; i++)
		fe_free((char *)(uintptr_t)left_over[i]);
	fe_free(left_over);
}

static void
add_missing(const struct mapping *m, struct fe_buf *message)
{
	size_t n_missing = 0;
	fe_buf_add_text(message, "the header has no column ");
	for (size_t i = 0; i < m->set->schema->n_source; i++) {
		const char *from = m->set->columns[i].from;
		if (m->set->columns[i].is_computed || place_of(m, from) != FE_NO_COLUMN)
			continue;
		add_listed(message, fe_str_of(from), n_missing++);
		add_nearest(m, from, message);
	}
}

static enum fe_rc
fail_missing(const struct mapping *m, struct fe_str line, bool has_none, enum fe_rc rc, struct fe_err *err)
{
	struct fe_buf message;
	fe_buf_init(&message, MESSAGE_BYTES);
	add_missing(m, &message);
	fe_csv_add_delimiter_hint(m->set, line, &message);
	bool is_header = is_surely_a_header(m->set, m->names, m->n_names, rc);
	fe_buf_add_text(&message, "; it has ");
	for (size_t i = 0; is_header && i < m->n_names && i < 20; i++)
		add_listed(&message, m->names[i], i);
	if (is_header && m->n_names > 20)
		fe_buf_addf(&message, " and %zu more", m->n_names - 20);
	if (!is_header)
		fe_buf_addf(&message, "%zu that %s not declared", m->n_names, m->n_names == 1 ? "is" : "are");
	if (has_none && rc == FE_EDATA && !fe_csv_guess_delimiter(m->set, line))
		fe_buf_add_text(&message,
				"; is this line the header? skip_lines passes over lines "
				"before it, names stand in for one that is not there");
	if (rc == FE_EDATA && other_encoding(m->set))
		fe_buf_addf(&message, "; and is the file in %s, as declared?", m->set->encoding);
	return fail_with(&message, rc, err);
}

/* Without any of the declared columns it is another file, whatever the contract. */
static enum fe_rc
map_declared(struct mapping *m, uint32_t *wanted, struct fe_str line, enum fe_rc rc, struct fe_err *err)
{
	size_t n_missing = 0, n_wanted = 0, n_met = 0;
	for (size_t i = 0; i < m->set->schema->n_source; i++) {
		if (m->set->columns[i].is_computed)
			continue;
		size_t at = place_of(m, m->set->columns[i].from);
		if (at != FE_NO_COLUMN)
			m->is_used[at] = true;
		n_missing += at == FE_NO_COLUMN;
		n_met += at != FE_NO_COLUMN && i < m->set->schema->n_source - m->set->n_evolved;
		wanted[n_wanted++] = at == FE_NO_COLUMN ? FE_CSV_ABSENT : (uint32_t)at;
	}
	if (n_missing && (m->set->contract == FE_CONTRACT_FREEZE || m->set->needs_each_column || n_met == 0))
		return fail_missing(m, line, n_met == 0, rc, err);
	return FE_OK;
}

static enum fe_rc
check_extra(const struct mapping *m, enum fe_rc rc, struct fe_err *err)
{
	struct fe_buf message;
	size_t n_extra = 0;
	fe_buf_init(&message, MESSAGE_BYTES);
	for (size_t i = 0; i < m->n_names; i++) {
		if (m->is_used[i])
			continue;
		if (n_extra == 0)
			fe_buf_add_text(&message, "the header has columns that are not declared: ");
		add_listed(&message, m->names[i], n_extra++);
	}
	if (n_extra) {
		fe_buf_add_text(&message, "; " FE_CONTRACT_ADVICE);
		return fail_with(&message, rc, err);
	}
	fe_buf_reset(&message);
	return FE_OK;
}

static void
list_extra(const struct mapping *m, struct fe_csv_map *map)
{
	map->extra = fe_new_array(m->n_names + 1, struct fe_str);
	for (size_t i = 0; i < m->n_names; i++)
		if (!m->is_used[i])
			map->extra[map->n_extra++] = m->names[i];
}

enum fe_rc
fe_csv_map_names(const struct fe_source_settings *set, const struct fe_csv_names *names,
		 struct fe_csv_map *map, enum fe_rc rc, struct fe_err *err)
{
	struct mapping m = {
		.set = set,
		.names = fe_new_array(names->n_names, struct fe_str),
		.n_names = names->n_names,
		.is_used = fe_new_array(names->n_names, bool),
	};
	map->extra = NULL;
	map->n_extra = 0;
	for (size_t i = 0; i < m.n_names; i++)
		m.names[i] = fe_text_trim(names->names[i]);

	enum fe_rc result = check_bytes(set, m.names, m.n_names, rc, err);
	if (result == FE_OK)
		result = check_doubles(m.names, m.n_names, is_surely_a_header(set, m.names, m.n_names, rc), rc, err);
	if (result == FE_OK)
		result = map_declared(&m, map->wanted, names->line, rc, err);
	if (result == FE_OK && set->contract == FE_CONTRACT_FREEZE)
		result = check_extra(&m, rc, err);
	if (result == FE_OK)
		list_extra(&m, map);
	fe_free(m.is_used);
	fe_free(m.names);
	return result;
}
