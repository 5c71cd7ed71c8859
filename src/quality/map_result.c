// SPDX-License-Identifier: Apache-2.0
/* quality/map_result.c - see quality/map_result.h; what is kept. map_print.c prints it.
 *
 * Samples lie in the order of their positions. Rows come in that order but for late ones,
 * which are put into their place; a sample that falls off the end is forgotten. Places of all
 * unexpected rows are only sorted when they are printed.
 */
#include "quality/map_result.h"

#include "base/mem.h"
#include "base/text.h"
#include "base/time.h"
#include "quality/map_private.h"

#define MAX_ROW_BYTES ((size_t)16 << 20)
/* Of all rows that COMPLETE tells of; a run that finds more is told to ask for less. */
#define MAX_PLACES ((size_t)16 << 20)
/* Rows that messages and reports show, whatever the format of the result. */
#define MIN_SAMPLES 5

bool
fe_map_result_tells_all(const struct fe_result_settings *set)
{
	return set->format == FE_RESULT_COMPLETE || (set->has_index_query && set->return_index_query);
}

void
fe_map_result_init(struct fe_map_result *m, const struct fe_result_settings *set, bool counts_nulls)
{
	size_t n = set->partial_unexpected_count;

	if (set->format == FE_RESULT_COMPLETE && n < FE_MAP_MAX_LISTED)
		n = FE_MAP_MAX_LISTED;
	if (n < MIN_SAMPLES)
		n = MIN_SAMPLES;
	*m = (struct fe_map_result){ .set = set, .counts_nulls = counts_nulls, .max_samples = n };
}

static void
reset_sample(struct fe_map_sample *s)
{
	fe_free(s->value);
	fe_free(s->index);
	fe_free(s->whole);
}

void
fe_map_result_reset(struct fe_map_result *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->n_samples; i++)
		reset_sample(&m->samples[i]);
	for (size_t i = 0; i < m->n_places; i++)
		fe_free(m->places[i].index);
	fe_free(m->samples);
	fe_free(m->places);
	*m = (struct fe_map_result){ 0 };
}

static bool
is_sample(const struct fe_map_result *m, uint64_t position)
{
	return m->n_samples < m->max_samples || position < m->samples[m->n_samples - 1].position;
}

bool
fe_map_result_lists(const struct fe_map_result *m, uint64_t position)
{
	return fe_map_result_tells_all(m->set) || is_sample(m, position);
}

static char *
copy_of(struct fe_str s)
{
	return s.p ? fe_strndup(s.p, s.n) : NULL;
}

static void
add_sample(struct fe_map_result *m, const struct fe_map_row *row)
{
	size_t at = m->n_samples;

	while (at > 0 && m->samples[at - 1].position > row->position)
		at--;
	if (at == m->max_samples)
		return;
	if (m->n_samples == m->max_samples)
		reset_sample(&m->samples[--m->n_samples]);
	m->samples = fe_grow(m->samples, &m->cap_samples, m->n_samples + 1, sizeof(*m->samples));
	memmove(m->samples + at + 1, m->samples + at, (m->n_samples - at) * sizeof(*m->samples));
	m->samples[at] = (struct fe_map_sample){
		.position = row->position,
		.value = copy_of(row->value),
		.index = copy_of(row->index),
		.whole = copy_of(row->whole),
	};
	m->n_samples++;
}

static enum fe_rc
add_place(struct fe_map_result *m, const struct fe_map_row *row, struct fe_err *err)
{
	if (!fe_map_result_tells_all(m->set))
		return FE_OK;
	if (m->n_places == MAX_PLACES)
		return fe_fail(err, FE_ELIMIT, "more than %zu rows to list; a result format other than COMPLETE lists fewer",
		               MAX_PLACES);
	m->places = fe_grow(m->places, &m->cap_places, m->n_places + 1, sizeof(*m->places));
	m->places[m->n_places++] = (struct fe_map_place){ .position = row->position, .index = copy_of(row->index) };
	return FE_OK;
}

enum fe_rc
fe_map_result_add_late(struct fe_map_result *m, const struct fe_map_row *row, struct fe_err *err)
{
	m->n_unexpected++;
	add_sample(m, row);
	return add_place(m, row, err);
}

enum fe_rc
fe_map_result_add(struct fe_map_result *m, const struct fe_expectation *x, const struct fe_view *v,
                  const uint64_t *considered, const uint64_t *unexpected, struct fe_err *err)
{
	struct fe_arena arena = { 0 };
	enum fe_rc rc = FE_OK;

	m->n_elements += fe_bits_count(v->rows, v->n_rows);
	m->n_considered += fe_bits_count(considered, v->n_rows);
	m->n_unexpected += fe_bits_count(unexpected, v->n_rows);
	for (size_t w = 0; w < FE_BITMAP_WORDS(v->n_rows) && rc == FE_OK; w++) {
		uint64_t bits = unexpected[w];

		for (; bits && rc == FE_OK; bits &= bits - 1) {
			size_t row = w * 64 + (size_t)__builtin_ctzll(bits);
			struct fe_map_row texts;

			if (!fe_map_result_lists(m, v->position[row]))
				goto done;
			if (is_sample(m, v->position[row]) || m->set->n_index_columns)
				fe_map_row_of(x, m->set, v, row, &arena, &texts);
			else
				texts = (struct fe_map_row){ .position = v->position[row] };
			add_sample(m, &texts);
			rc = add_place(m, &texts, err);
		}
		fe_arena_reset(&arena);
	}
done:
	fe_arena_free(&arena);
	return rc;
}

/* ---- the texts of a row ---- */

static bool
is_masked(const struct fe_expectation *x, size_t column)
{
	return x->pii && x->pii[column];
}

static void
print_cell(const struct fe_expectation *x, const struct fe_view *v, size_t row, size_t column, struct fe_buf *b)
{
	fe_expectation_print_value(b, &v->batch->columns[column], row, is_masked(x, column));
}

/* Pairs go through numpy there, whose moments have no zone and always six digits. */
static void
print_pair_cell(const struct fe_expectation *x, const struct fe_view *v, size_t row, size_t column, struct fe_buf *b)
{
	const struct fe_column *c = &v->batch->columns[column];
	char text[FE_TIMESTAMP_TEXT_BYTES];

	if (c->type.kind != FE_TIMESTAMP || is_masked(x, column) || !fe_bit_get(c->valid, row)) {
		print_cell(x, v, row, column, b);
		return;
	}
	fe_timestamp_format_iso(c->i64[row], text);
	fe_buf_addf(b, "\"%.*s\"", FE_TIMESTAMP_TEXT_BYTES - 1, text);
}

static void
print_member(const struct fe_expectation *x, const struct fe_view *v, size_t row, size_t column, struct fe_buf *b)
{
	if (!b->failed && b->p[b->n_bytes - 1] != '{') /* a cell never ends with one */
		fe_buf_add_char(b, ',');
	fe_buf_add_json_string(b, fe_str_of(x->schema->fields[column].name));
	fe_buf_add_char(b, ':');
	print_cell(x, v, row, column, b);
}

static bool
is_among(const size_t *columns, size_t n, size_t column)
{
	for (size_t i = 0; i < n; i++) {
		if (columns[i] == column)
			return true;
	}
	return false;
}

static void
print_object(const struct fe_expectation *x, const struct fe_view *v, size_t row, const size_t *columns, size_t n,
             struct fe_buf *b)
{
	fe_buf_add_char(b, '{');
	for (size_t i = 0; i < n; i++) {
		if (!columns || !is_among(columns, i, columns[i])) /* a key stands once */
			print_member(x, v, row, columns ? columns[i] : i, b);
	}
	fe_buf_add_char(b, '}');
}

static void
print_value(const struct fe_expectation *x, const struct fe_view *v, size_t row, struct fe_buf *b)
{
	switch (x->item->kind->domain) {
	case FE_DOMAIN_TABLE:
		fe_buf_add_text(b, "null");
		break;
	case FE_DOMAIN_COLUMN:
		print_cell(x, v, row, x->columns[0], b);
		break;
	case FE_DOMAIN_PAIR:
		fe_buf_add_char(b, '[');
		print_pair_cell(x, v, row, x->columns[0], b);
		fe_buf_add_char(b, ',');
		print_pair_cell(x, v, row, x->columns[1], b);
		fe_buf_add_char(b, ']');
		break;
	case FE_DOMAIN_MULTI:
		print_object(x, v, row, x->columns, x->n_columns, b);
	}
}

static void
add_once(size_t *columns, size_t *n, size_t column)
{
	if (!is_among(columns, *n, column))
		columns[(*n)++] = column;
}

size_t *
fe_map_index_columns(const struct fe_expectation *x, const struct fe_result_settings *set, struct fe_arena *arena,
                     size_t *n)
{
	size_t *columns = fe_arena_alloc(arena, (x->n_columns + set->n_index_columns + 1) * sizeof(*columns));
	bool is_pair = x->item->kind->domain == FE_DOMAIN_PAIR;

	*n = 0;
	for (size_t i = 0; i < x->n_columns - is_pair && !set->exclude_unexpected_values; i++)
		add_once(columns, n, x->columns[i]);
	for (size_t i = 0; i < set->n_index_columns; i++)
		add_once(columns, n, fe_schema_find(x->schema, fe_str_of(set->index_columns[i])));
	if (is_pair && !set->exclude_unexpected_values)
		add_once(columns, n, x->columns[1]);
	return columns;
}

/* An object; of excluded values a line for each column, as they are printed by column. */
static void
print_index(const struct fe_expectation *x, const struct fe_result_settings *set, const struct fe_view *v, size_t row,
            struct fe_arena *arena, struct fe_buf *b)
{
	size_t n;
	size_t *columns = fe_map_index_columns(x, set, arena, &n);

	if (!set->exclude_unexpected_values) {
		print_object(x, v, row, columns, n, b);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		print_cell(x, v, row, columns[i], b);
		fe_buf_add_char(b, '\n');
	}
}

static struct fe_str
keep(struct fe_buf *b, struct fe_arena *arena)
{
	struct fe_str s = { fe_arena_copy(arena, b->n_bytes ? b->p : "", b->n_bytes), b->n_bytes };

	if (b->failed)
		s = FE_STR("null");
	fe_buf_clear(b);
	return s;
}

void
fe_map_row_of(const struct fe_expectation *x, const struct fe_result_settings *set, const struct fe_view *v, size_t row,
              struct fe_arena *arena, struct fe_map_row *out)
{
	struct fe_buf b;

	fe_buf_init(&b, MAX_ROW_BYTES);
	*out = (struct fe_map_row){ .position = v->position[row] };
	print_value(x, v, row, &b);
	out->value = keep(&b, arena);
	if (set->n_index_columns && set->format >= FE_RESULT_SUMMARY) {
		print_index(x, set, v, row, arena, &b);
		out->index = keep(&b, arena);
	}
	if (set->include_unexpected_rows && set->format >= FE_RESULT_BASIC) {
		print_object(x, v, row, NULL, x->schema->n_fields, &b);
		out->whole = keep(&b, arena);
	}
	fe_buf_reset(&b);
}

bool
fe_map_result_success(const struct fe_map_result *m, double mostly)
{
	if (m->n_considered == 0)
		return true;
	return (double)(m->n_considered - m->n_unexpected) / (double)m->n_considered >= mostly;
}
