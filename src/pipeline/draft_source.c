// SPDX-License-Identifier: Apache-2.0
/* pipeline/draft_source.c - which columns there are, and what they seem to be
 *
 * All cells are read as texts, by the source itself. Of CSV the header says which there are. Of
 * JSON reading says it: what no column reads is noted, becomes a column, and is read next time;
 * an object is asked for what is in it by a column within it that nobody has.
 */
#include <stdio.h>

#include "pipeline/draft_private.h"

#define MAX_LOOKS 10 /* objects in objects */
#define PROBE "._"

static struct fe_draft_column *
add_column(struct fe_draft_work *w, struct fe_draft_dataset *d, struct fe_str from, bool is_probe)
{
	d->columns = fe_grow(d->columns, &d->cap_columns, d->n_columns + 1, sizeof *d->columns);
	struct fe_draft_column *c = &d->columns[d->n_columns];
	*c = (struct fe_draft_column){ .is_probe = is_probe, .parent = FE_DRAFT_NONE, .from = fe_arena_copy(&w->arena, from.p, from.n) };
	c->name = is_probe ? "" : fe_draft_column_name(w, d, from, d->n_columns);
	d->n_columns++;
	return c;
}

/* ---- one reading ---- */

struct reading {
	struct fe_schema schema;
	struct fe_source_column *columns;
	const char **names;        /* of a CSV file without a header */
	struct fe_trailer_settings trailer;
	struct fe_reason_table reasons;
	struct fe_source *source;
	struct fe_batch batch;
};

static void
close_reading(struct reading *r)
{
	fe_source_close(r->source);
	fe_batch_reset(&r->batch);
	fe_schema_reset(&r->schema);
	fe_reason_table_reset(&r->reasons);
	fe_free(r->columns);
	fe_free(r->names);
}

static enum fe_rc
open_reading(struct reading *r, const struct fe_draft_work *w, const struct fe_draft_dataset *d, struct fe_err *err)
{
	char name[32];

	fe_schema_init(&r->schema);
	r->columns = fe_new_array(d->n_columns + 1, struct fe_source_column);
	for (size_t i = 0; i < d->n_columns; i++) {
		(void)snprintf(name, sizeof name, "c%zu", i);
		fe_schema_add(&r->schema, fe_str_of(name), (struct fe_type){ .kind = FE_TEXT });
		r->columns[i].from = d->columns[i].from;
	}
	r->schema.n_source = d->n_columns;
	fe_batch_init(&r->batch, &r->schema);
	struct fe_source_settings set = {
		.location = d->location, .dataset = d->name, .schema = &r->schema, .columns = r->columns, .reasons = &r->reasons,
		.delimiter = d->sniff.delimiter, .quote = d->sniff.quote, .skip_lines = d->sniff.skip_lines,
		.encoding = fe_encoding_names[d->sniff.encoding], .json = &d->json, .limit_rows = w->set->limit, .clock = w->set->clock,
	};
	if (d->source == &fe_source_csv && !d->sniff.has_header) {
		r->names = fe_new_array(d->n_columns + 1, const char *);
		for (size_t i = 0; i < d->n_columns; i++)
			r->names[i] = d->columns[i].from;
		set.names = r->names;
		set.n_names = d->n_columns;
	}
	if (d->trailer.starts[0]) {
		r->trailer.starts = d->trailer.starts;
		set.trailer = &r->trailer;
	}
	if (d->source != &fe_source_csv) {
		set.contract = FE_CONTRACT_DISCARD;
		set.is_look = true;
	}
	return fe_source_open(&r->source, d->source, &set, err);
}

static void
feed(struct fe_draft_dataset *d, const struct fe_batch *b)
{
	for (size_t i = 0; i < d->n_columns; i++) {
		if (d->columns[i].is_probe)
			continue;
		for (size_t row = 0; row < b->n_rows; row++)
			if (!fe_bit_get(b->broken, row))
				fe_guess_feed(&d->columns[i].guess, b->cells[i][row]);
	}
}

static enum fe_rc
read_all(struct fe_draft_dataset *d, struct reading *r, struct fe_err *err)
{
	const bool has_trailer = d->trailer.starts[0];

	d->n_records = 0;
	for (size_t i = 0; i < d->n_columns; i++)
		d->columns[i].guess = (struct fe_guess){ 0 };
	do {
		FE_TRY(fe_source_next(r->source, &r->batch, err));
		feed(d, &r->batch);
		if (d->source == &fe_source_csv && !has_trailer)
			fe_draft_trailer_see(d, &r->batch);
		d->n_records += r->batch.n_rows;
	} while (r->batch.n_rows);
	return FE_OK;
}

/* What the source met and no column reads; *found: something new was. */
static void
take_discarded(struct fe_draft_work *w, struct fe_draft_dataset *d, const struct fe_source *source, bool *found)
{
	const struct fe_column_notes *notes = &source->notes.discarded;
	char probe[512];

	for (size_t i = 0; i < notes->n && d->n_columns < FE_MAX_COLUMNS; i++) {
		const char *name = notes->items[i].name;
		if (notes->items[i].is_value) {
			add_column(w, d, fe_str_of(name), false);
			*found = true;
		} else if ((size_t)snprintf(probe, sizeof probe, "%s" PROBE, name) < sizeof probe) {
			add_column(w, d, fe_str_of(probe), true);
			*found = true;
		}
	}
	d->is_discarding |= notes->has_more;
}

static enum fe_rc
read_once(struct fe_draft_work *w, struct fe_draft_dataset *d, bool *found, struct fe_err *err)
{
	struct reading r = { 0 };

	*found = false;
	enum fe_rc rc = open_reading(&r, w, d, err);
	if (rc == FE_OK)
		rc = read_all(d, &r, err);
	if (rc == FE_OK) {
		fe_source_progress(r.source, &d->done_bytes, &d->total_bytes);
		d->is_partial = w->set->limit && d->n_records >= w->set->limit;
		if (d->source != &fe_source_csv)
			take_discarded(w, d, r.source, found);
	}
	close_reading(&r);
	return rc;
}

/* ---- csv ---- */

static bool
is_windows(const struct fe_draft_dataset *d)
{
	uint64_t n_invalid = 0, n_multibyte = 0;

	for (size_t i = 0; i < d->n_columns; i++) {
		n_invalid += d->columns[i].guess.n_invalid;
		n_multibyte += d->columns[i].guess.n_multibyte;
	}
	return d->sniff.encoding == FE_UTF_8 && n_invalid > n_multibyte;
}

/* Where another record begins with its word, too, it is none, and data as the others. */
static enum fe_rc
read_without_trailer(struct fe_draft_work *w, struct fe_draft_dataset *d, struct fe_err *err)
{
	struct fe_err ignored = FE_ERR_INIT;
	bool found;

	enum fe_rc rc = read_once(w, d, &found, &ignored);
	if (rc == FE_EDATA || (rc == FE_OK && d->n_records == 0)) {
		d->trailer = (struct fe_draft_trailer){ .is_none = true };
		return read_once(w, d, &found, err);
	}
	if (rc)
		*err = ignored;
	return rc;
}

static enum fe_rc
look_at_csv_as(struct fe_draft_work *w, struct fe_draft_dataset *d, const char *path, enum fe_encoding encoding, struct fe_err *err)
{
	char name[32];
	bool found;

	fe_csv_sniff_reset(&d->sniff);
	d->n_columns = 0;
	d->trailer = (struct fe_draft_trailer){ 0 };
	FE_TRY(fe_csv_sniff(&d->sniff, path, encoding, NULL, err));
	if (d->sniff.n_columns == 0) {
		(void)fe_fail(err, FE_EDATA, "the file is empty, or no CSV: there is nothing to draft from");
		fe_err_at(err, path, 0, NULL);
		return FE_EDATA;
	}
	if (d->sniff.n_columns > FE_MAX_COLUMNS)
		return fe_fail(err, FE_ELIMIT, "%zu columns; a data set has at most %d", d->sniff.n_columns, FE_MAX_COLUMNS);
	for (size_t i = 0; i < d->sniff.n_columns; i++) {
		(void)snprintf(name, sizeof name, "column_%zu", i + 1);
		add_column(w, d, d->sniff.names ? d->sniff.names[i] : fe_str_of(name), false);
	}
	FE_TRY(read_once(w, d, &found, err));
	fe_draft_trailer_decide(d);
	return d->trailer.starts[0] ? read_without_trailer(w, d, err) : FE_OK;
}

static enum fe_rc
look_at_csv(struct fe_draft_work *w, struct fe_draft_dataset *d, struct fe_err *err)
{
	struct fe_paths paths;

	FE_TRY(fe_paths_expand(d->location, NULL, &paths, err));
	enum fe_rc rc = look_at_csv_as(w, d, paths.paths[0], FE_N_ENCODINGS, err);
	if (rc == FE_OK && is_windows(d))
		rc = look_at_csv_as(w, d, paths.paths[0], FE_WINDOWS_1252, err);
	fe_paths_free(&paths);
	return rc;
}

/* ---- json ---- */

/* Of what the probes have asked: an object or array that showed nothing. */
static bool
is_closed(const struct fe_draft_dataset *d, const struct fe_draft_column *probe)
{
	const size_t n = strlen(probe->from) - (sizeof PROBE - 2); /* with the point */

	for (size_t i = 0; i < d->n_columns; i++)
		if (&d->columns[i] != probe && strncmp(d->columns[i].from, probe->from, n) == 0)
			return false;
	return true;
}

static enum fe_rc
look_at_records(struct fe_draft_work *w, struct fe_draft_dataset *d, const char *records, struct fe_err *err)
{
	bool found = true;

	d->json = (struct fe_json_settings){ .records = records, .is_lines = d->source == &fe_source_ndjson };
	d->n_columns = 0;
	d->is_discarding = false;
	for (int i = 0; i < MAX_LOOKS && found; i++)
		FE_TRY(read_once(w, d, &found, err));
	return FE_OK;
}

/* A document that is one object has its records further in: where an array is that shows nothing
 * to a path through it. */
static enum fe_rc
look_further_in(struct fe_draft_work *w, struct fe_draft_dataset *d, struct fe_err *err)
{
	const char *paths[16];
	size_t n = 0;

	for (size_t i = 0; i < d->n_columns && n < 16; i++)
		if (d->columns[i].is_probe && is_closed(d, &d->columns[i]))
			paths[n++] = fe_arena_copy(&w->arena, d->columns[i].from, strlen(d->columns[i].from) - (sizeof PROBE - 1));
	for (size_t i = 0; i < n; i++) {
		struct fe_err ignored = FE_ERR_INIT;
		if (look_at_records(w, d, paths[i], &ignored) == FE_OK && d->n_records > 0 && d->n_columns > 0)
			return FE_OK;
	}
	return n ? look_at_records(w, d, NULL, err) : FE_OK;
}

static void
drop_probes(struct fe_draft_dataset *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n_columns; i++)
		d->is_discarding |= d->columns[i].is_probe && is_closed(d, &d->columns[i]);
	for (size_t i = 0; i < d->n_columns; i++)
		if (!d->columns[i].is_probe)
			d->columns[n++] = d->columns[i];
	d->n_columns = n;
}

static enum fe_rc
look_at_json(struct fe_draft_work *w, struct fe_draft_dataset *d, struct fe_err *err)
{
	FE_TRY(look_at_records(w, d, NULL, err));
	if (d->source == &fe_source_json && d->n_records == 1)
		FE_TRY(look_further_in(w, d, err));
	drop_probes(d);
	return FE_OK;
}

enum fe_rc
fe_draft_look(struct fe_draft_work *w, struct fe_draft_dataset *d, struct fe_err *err)
{
	enum fe_rc rc = d->source == &fe_source_csv ? look_at_csv(w, d, err) : look_at_json(w, d, err);

	if (rc == FE_OK && (d->n_columns == 0 || d->n_records == 0)) {
		rc = fe_fail(err, FE_EDATA, "there are no records: nothing tells what the columns hold");
		fe_err_at(err, d->location, 0, NULL);
	}
	for (size_t i = 0; rc == FE_OK && i < d->n_columns; i++)
		fe_guess_decide(&d->columns[i].guess, d->columns[i].name, &d->columns[i].is);
	return rc;
}
