// SPDX-License-Identifier: Apache-2.0
/* pipeline/draft_print.c - the draft as YAML, with what is in doubt behind `# guess:` */
#include <inttypes.h>
#include <stdio.h>

#include "pipeline/draft_private.h"

#define MAX_COMMENT_BYTES 300

/* Text between quotes, as YAML has them: control characters and what is not UTF-8 escaped. */
static void
add_quoted(struct fe_buf *out, const char *text)
{
	fe_buf_add_json_string(out, fe_str_of(text));
}

/* A name, which YAML could take for something else. */
static void
add_name(struct fe_buf *out, const char *name)
{
	static const char *const words[] = { "null", "true", "false", "yes", "no", "on", "off", "y", "n" };
	bool is_word = false;

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		is_word |= strcmp(name, words[i]) == 0;
	fe_buf_addf(out, is_word ? "\"%s\"" : "%s", name);
}

FE_PRINTF(3, 4) static void
add_guess(struct fe_draft_work *w, struct fe_buf *out, const char *fmt, ...)
{
	char text[MAX_COMMENT_BYTES];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	fe_buf_add_text(out, "  # guess: ");
	fe_buf_add_printable(out, fe_str_of(text), MAX_COMMENT_BYTES);
	w->n_guesses++;
}

/* ---- sources ---- */

static const char *
doubt_of_file(const struct fe_draft_dataset *d)
{
	if (!d->sniff.has_header)
		return "the first line has values in it, so there is no header; the names are ours";
	if (d->sniff.skip_lines)
		return "the first lines have fewer cells than those that follow";
	if (d->sniff.encoding == FE_WINDOWS_1252)
		return "not UTF-8; mac-roman and others would read, too: look at letters with accents";
	return d->sniff.is_all_text && !d->is_partial && d->n_records < 5 ? "the first line is taken for the header" : NULL;
}

static const char *
doubt_of_trailer(const struct fe_draft_dataset *d)
{
	if (!d->trailer.starts[0])
		return NULL;
	return d->trailer.rows ? "the last record tells how many there are; sums that it tells: sums: { column: cell }"
			       : "the last record looks like a trailer, and tells no number of records; where it is data, take this away";
}

static void
add_csv(struct fe_draft_work *w, const struct fe_draft_dataset *d, struct fe_buf *out)
{
	const struct fe_csv_sniff *s = &d->sniff;

	if (s->delimiter == '\t')
		fe_buf_add_text(out, ", delimiter: tab");
	else if (s->delimiter != ',')
		fe_buf_addf(out, ", delimiter: '%c'", s->delimiter);
	if (!s->quote)
		fe_buf_add_text(out, ", quote: none");
	if (s->encoding != FE_UTF_8)
		fe_buf_addf(out, ", encoding: %s", fe_encoding_names[s->encoding]);
	if (s->skip_lines)
		fe_buf_addf(out, ", skip_lines: %" PRIu64, s->skip_lines);
	if (!s->has_header) {
		fe_buf_add_text(out, ", names: [");
		for (size_t i = 0; i < d->n_columns; i++)
			fe_buf_addf(out, "%s%s", i ? ", " : "", d->columns[i].from);
		fe_buf_add_char(out, ']');
	}
	if (d->trailer.starts[0])
		fe_buf_addf(out, ", trailer: { starts: %s", d->trailer.starts);
	if (d->trailer.rows)
		fe_buf_addf(out, ", rows: %zu", d->trailer.rows);
	fe_buf_add_text(out, d->trailer.starts[0] ? " } }" : " }");
	const char *file = doubt_of_file(d), *trailer = doubt_of_trailer(d);
	if (file || trailer)
		add_guess(w, out, "%s%s%s", file ? file : "", file && trailer ? "; " : "", trailer ? trailer : "");
}

static void
add_source(struct fe_draft_work *w, const struct fe_draft_dataset *d, struct fe_buf *out)
{
	fe_buf_addf(out, "    source: { %s: ", d->source->name);
	add_quoted(out, fe_draft_location(w, d->location));
	if (d->source == &fe_source_csv) {
		add_csv(w, d, out);
	} else {
		if (d->json.records) {
			fe_buf_add_text(out, ", records: ");
			add_quoted(out, d->json.records);
		}
		fe_buf_add_text(out, " }");
	}
	fe_buf_add_char(out, '\n');
	if (d->is_discarding)
		fe_buf_add_text(out, "    contract: discard_column  # arrays, and what is in them, are not read\n");
}

/* ---- columns ---- */

static void
add_decimal(const struct fe_guessed *is, struct fe_buf *out)
{
	const struct fe_decimal_format *f = &is->decimal;
	const char *between = "";

	if (!f->point && !f->group && !f->sign_plus && !f->sign_trailing && !f->sign_parens && !is->n_currencies)
		return;
	fe_buf_add_text(out, ", decimal: { ");
	if (f->point)
		fe_buf_addf(out, "point: '%c'", f->point);
	if (f->group)
		fe_buf_addf(out, "%sgroup: \"%c\"", f->point ? ", " : "", f->group);
	between = f->point || f->group ? ", " : "";
	if (f->sign_plus || f->sign_trailing || f->sign_parens) {
		const char *comma = "";
		fe_buf_addf(out, "%ssign: [", between);
		if (f->sign_plus) {
			fe_buf_add_text(out, "plus");
			comma = ", ";
		}
		if (f->sign_trailing) {
			fe_buf_addf(out, "%strailing", comma);
			comma = ", ";
		}
		if (f->sign_parens)
			fe_buf_addf(out, "%sparentheses", comma);
		fe_buf_add_char(out, ']');
		between = ", ";
	}
	for (size_t i = 0; i < is->n_currencies; i++) {
		fe_buf_addf(out, "%s", i ? ", " : between);
		fe_buf_add_text(out, i ? "" : "currency: [");
		add_quoted(out, is->currencies[i]);
	}
	fe_buf_add_text(out, is->n_currencies ? "] }" : " }");
}

static void
add_cleaning(const struct fe_draft_column *c, struct fe_buf *out)
{
	const struct fe_guessed *is = &c->is;

	if (is->is_padded && is->type.kind != FE_TEXT)
		fe_buf_add_text(out, ", trim: true");
	for (size_t i = 0; i < is->n_nulls; i++) {
		fe_buf_add_text(out, i ? ", " : ", null: ['', ");
		add_quoted(out, is->nulls[i]);
	}
	if (is->n_nulls)
		fe_buf_add_char(out, ']');
	if (is->fold != FE_CASE_KEEP)
		fe_buf_addf(out, ", case: %s", is->fold == FE_CASE_UPPER ? "upper" : "lower");
	if (is->format) {
		fe_buf_add_text(out, ", format: ");
		add_quoted(out, is->format);
	}
	if (is->needs_zone)
		fe_buf_add_text(out, ", zone: UTC");
	add_decimal(is, out);
}

static void
add_column_doubts(struct fe_draft_work *w, const struct fe_draft_dataset *d, size_t column, struct fe_buf *out)
{
	const struct fe_draft_column *c = &d->columns[column];
	const uint64_t n_empty = c->guess.n_empty;

	if (c->is.doubt[0] && c->is.needs_zone)
		add_guess(w, out, "%s; no value says its offset, and UTC is assumed", c->is.doubt);
	else if (c->is.needs_zone)
		add_guess(w, out, "values say no offset, and UTC is assumed");
	else if (c->is.doubt[0])
		add_guess(w, out, "%s", c->is.doubt);
	else if (n_empty && n_empty <= d->n_records / 20 && !fe_draft_is_key(d, column))
		add_guess(w, out, "%" PRIu64 " of %" PRIu64 " have no value; to reject them: required: true", n_empty, d->n_records);
}

/* So that types stand below each other. */
static size_t
width_of(const struct fe_draft_dataset *d)
{
	size_t width = 0;

	for (size_t i = 0; i < d->n_columns; i++)
		if (strlen(d->columns[i].name) > width && strlen(d->columns[i].name) <= 30)
			width = strlen(d->columns[i].name);
	return width;
}

static void
add_column(struct fe_draft_work *w, const struct fe_draft_dataset *d, size_t column, bool is_trial, struct fe_buf *out)
{
	const struct fe_draft_column *c = &d->columns[column];
	char type[FE_TYPE_TEXT_BYTES];

	const size_t before = out->n_bytes;
	fe_buf_add_text(out, "      - { name: ");
	add_name(out, c->name);
	fe_buf_add_char(out, ',');
	while (out->n_bytes - before < sizeof "      - { name: ," - 1 + width_of(d) && !out->failed)
		fe_buf_add_char(out, ' ');
	if (strcmp(c->name, c->from) != 0) {
		fe_buf_add_text(out, " from: ");
		add_quoted(out, c->from);
		fe_buf_add_char(out, ',');
	}
	fe_buf_addf(out, c->is.type.kind == FE_DECIMAL ? " type: \"%s\"" : " type: %s", fe_type_print(c->is.type, type));
	add_cleaning(c, out);
	if (!is_trial && (fe_draft_is_required(c) || fe_draft_is_key(d, column)))
		fe_buf_add_text(out, ", required: true");
	if (c->is.is_person)
		fe_buf_add_text(out, ", pii: true");
	fe_buf_add_text(out, " }");
	if (!is_trial)
		add_column_doubts(w, d, column, out);
	fe_buf_add_char(out, '\n');
}

/* ---- checks ---- */

/* 'it''s' within "..." of YAML. */
static void
add_few(const struct fe_draft_column *c, struct fe_buf *out)
{
	for (size_t i = 0; i < c->n_few; i++) {
		fe_buf_add_text(out, i ? ", '" : "'");
		for (size_t k = 0; k < c->few[i].text.n; k++) {
			const char ch = c->few[i].text.p[k];
			if (ch == '\'')
				fe_buf_add_char(out, ch);
			if (ch == '"' || ch == '\\')
				fe_buf_add_char(out, '\\');
			fe_buf_add_char(out, ch);
		}
		fe_buf_add_char(out, '\'');
	}
}

static void
add_rules(struct fe_draft_work *w, const struct fe_draft_dataset *d, struct fe_buf *out)
{
	bool is_first = true;

	for (size_t i = 0; i < d->n_columns; i++) {
		if (!fe_draft_is_few(d, i))
			continue;
		fe_buf_add_text(out, is_first ? "    rules:\n" : "");
		fe_buf_addf(out, "      - { id: %s_known, check: \"%s in (", d->columns[i].name, d->columns[i].name);
		add_few(&d->columns[i], out);
		fe_buf_add_text(out, ")\" }");
		add_guess(w, out, "the values that were seen; others would be rejected");
		fe_buf_add_char(out, '\n');
		is_first = false;
	}
}

static void
add_references(struct fe_draft_work *w, const struct fe_draft_dataset *d, struct fe_buf *out)
{
	bool is_first = true;

	for (size_t i = 0; i < d->n_columns; i++) {
		const struct fe_draft_column *c = &d->columns[i];
		if (c->parent == FE_DRAFT_NONE)
			continue;
		fe_buf_addf(out, "%s      - { id: %s_known, column: ", is_first ? "    references:\n" : "", c->name);
		add_name(out, c->name);
		fe_buf_addf(out, ", target: %s }", w->datasets[c->parent].target);
		if (c->n_orphans)
			add_guess(w, out, "%" PRIu64 " values are no keys of it; their records would be rejected", c->n_orphans);
		fe_buf_add_char(out, '\n');
		is_first = false;
	}
}

/* Mutable columns, in the words of the file: with amounts only what looks like a state. */
static bool
is_mutable(const struct fe_draft_dataset *d, size_t column)
{
	return fe_draft_is_few(d, column) || (d->columns[column].is.type.kind == FE_BOOL && !fe_draft_is_key(d, column));
}

static bool
has_amount(const struct fe_draft_dataset *d)
{
	for (size_t i = 0; i < d->n_columns; i++)
		if (d->columns[i].is.type.kind == FE_DECIMAL)
			return true;
	return false;
}

/* As many records as a run may reject, at most; records that are read again later are not known. */
static void
add_gate(struct fe_draft_work *w, const struct fe_draft_dataset *d, struct fe_buf *out)
{
	uint64_t n = d->n_rejected + (has_amount(d) ? d->n_key_repeats : 0), percent = 1;

	for (size_t i = 0; i < d->n_columns; i++)
		n += d->columns[i].n_orphans + (fe_draft_is_key(d, i) ? d->columns[i].guess.n_empty : 0);
	if (n > d->n_records)
		n = d->n_records;
	if (n > 0)
		percent = n * 100 / d->n_records + 2 > 100 ? 100 : n * 100 / d->n_records + 2;
	fe_buf_addf(out, "    gate: { max_rejected_percent: %" PRIu64 " }", percent);
	if (n > 0)
		add_guess(w, out, "of %" PRIu64 " records that were read at most %" PRIu64 " would be rejected; finetl plan --limit shows why",
			  d->n_records, n);
	fe_buf_add_char(out, '\n');
}

/* ---- data sets and targets ---- */

static void
add_share(const struct fe_draft_dataset *d, struct fe_buf *out)
{
	fe_buf_addf(out, "  # %s: ", d->name);
	if (!d->is_partial) {
		fe_buf_addf(out, "all of it was read, %" PRIu64 " record%s\n", d->n_records, d->n_records == 1 ? "" : "s");
		return;
	}
	fe_buf_addf(out, "the first %" PRIu64 " records were read", d->n_records);
	if (d->total_bytes)
		fe_buf_addf(out, ", about %" PRIu64 "%% of its bytes",
			    (uint64_t)((fe_i128)(d->done_bytes > d->total_bytes ? d->total_bytes : d->done_bytes) * 100 / d->total_bytes));
	fe_buf_add_text(out, "; what is further on is not known\n");
}

static void
add_dataset(struct fe_draft_work *w, const struct fe_draft_dataset *d, bool is_trial, struct fe_buf *out)
{
	add_share(d, out);
	fe_buf_add_text(out, "  - name: ");
	add_name(out, d->name);
	fe_buf_add_char(out, '\n');
	add_source(w, d, out);
	fe_buf_add_text(out, "    columns:\n");
	for (size_t i = 0; i < d->n_columns; i++)
		add_column(w, d, i, is_trial, out);
	if (is_trial) {
		/* A key that every record has, so that none is rejected for the want of one. */
		fe_buf_add_text(out, "      - { name: trial_of_init, type: int, value: \"1\" }\n");
	} else {
		add_rules(w, d, out);
		add_references(w, d, out);
		add_gate(w, d, out);
	}
	fe_buf_add_text(out, "    target: ");
	add_name(out, d->target);
	fe_buf_add_char(out, '\n');
}

static void
add_names(const struct fe_draft_dataset *d, bool (*is_in)(const struct fe_draft_dataset *, size_t), struct fe_buf *out)
{
	const char *between = "";

	fe_buf_add_char(out, '[');
	for (size_t i = 0; i < d->n_columns; i++) {
		if (!is_in(d, i))
			continue;
		fe_buf_add_text(out, between);
		add_name(out, d->columns[i].name);
		between = ", ";
	}
	fe_buf_add_text(out, "]");
}

static void
add_mutable(struct fe_draft_work *w, const struct fe_draft_dataset *d, struct fe_buf *out)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n_columns; i++)
		n += has_amount(d) ? is_mutable(d, i) : !fe_draft_is_key(d, i);
	if (n == 0)
		return;
	fe_buf_add_text(out, "    mutable: ");
	if (has_amount(d))
		add_names(d, is_mutable, out);
	else
		fe_buf_add_text(out, "all");
	add_guess(w, out, "%s", has_amount(d) ? "a later record may change these; where it differs in others it is rejected as conflict" :
						"a later record of the same key takes the place of the earlier one");
	fe_buf_add_char(out, '\n');
}

static void
add_links(const struct fe_draft_work *w, const struct fe_draft_dataset *d, struct fe_buf *out)
{
	bool has_keys = false, has_indexes = false, has_day = false;

	for (size_t i = 0; i < d->n_columns; i++) {
		if (d->columns[i].parent == FE_DRAFT_NONE)
			continue;
		fe_buf_addf(out, "%s      - { columns: [", has_keys ? "" : "    foreign_keys:\n");
		add_name(out, d->columns[i].name);
		fe_buf_addf(out, "], references: %s }\n", w->datasets[d->columns[i].parent].target);
		has_keys = true;
	}
	for (size_t i = 0; i < d->n_columns; i++) {
		const struct fe_draft_column *c = &d->columns[i];
		const bool is_day = c->is.type.kind == FE_DATE || c->is.type.kind == FE_TIMESTAMP;
		if ((d->n_key == 1 && d->key[0] == i) || (c->parent == FE_DRAFT_NONE && (!is_day || has_day)))
			continue;
		has_day |= is_day;
		fe_buf_addf(out, "%s[", has_indexes ? ", " : "    indexes: [");
		add_name(out, c->name);
		fe_buf_add_char(out, ']');
		has_indexes = true;
	}
	fe_buf_add_text(out, has_indexes ? "]\n" : "");
}

static void
add_target(struct fe_draft_work *w, const struct fe_draft_dataset *d, bool is_trial, struct fe_buf *out)
{
	fe_buf_add_text(out, "  ");
	add_name(out, d->target);
	fe_buf_add_text(out, ":\n");
	if (is_trial) {
		fe_buf_add_text(out, "    key: [trial_of_init]\n");
		return;
	}
	fe_buf_add_text(out, "    key: [");
	for (size_t i = 0; i < d->n_key; i++) {
		if (i)
			fe_buf_add_text(out, ", ");
		add_name(out, d->columns[d->key[i]].name);
	}
	fe_buf_add_char(out, ']');
	if (d->n_key_repeats)
		add_guess(w, out, "%" PRIu64 " of %" PRIu64 " records repeat it: %s", d->n_key_repeats, d->n_records, d->key_doubt);
	else if (d->key_doubt)
		add_guess(w, out, "%s", d->key_doubt);
	fe_buf_add_char(out, '\n');
	add_mutable(w, d, out);
	add_links(w, d, out);
}

void
fe_draft_print(struct fe_draft_work *w, bool is_trial, struct fe_buf *out)
{
	w->n_guesses = 0;
	fe_buf_add_text(out, "# A first draft by finetl init, from the data itself. Read it before it runs: what the data\n"
			     "# does not settle is marked `guess`. Every key: finetl describe pipeline.\n"
			     "version: 1\npipeline: ");
	add_name(out, w->set->name ? w->set->name : w->datasets[0].name);
	fe_buf_add_text(out, "\nwarehouse: sqlite:warehouse.db\ndefaults: { text: { trim: true } }\ndatasets:\n");
	for (size_t i = 0; i < w->n_datasets; i++)
		add_dataset(w, &w->datasets[i], is_trial, out);
	fe_buf_add_text(out, "targets:\n");
	for (size_t i = 0; i < w->n_datasets; i++)
		add_target(w, &w->datasets[i], is_trial, out);
}
