// SPDX-License-Identifier: Apache-2.0
/* load/copy.c - see load/copy.h
 *
 * Dedupe numbers the rows that a run inserts, and knows those that it updates by the engine's
 * numbers. In the file both are lines, so for either there is a way from its number to its line:
 * an array, and a table of the few that may be superseded.
 */
#include "load/copy.h"

#include <inttypes.h>

#include "base/keytable.h"
#include "base/mem.h"
#include "load/files_table.h"

struct copy_sink {
	struct fe_sink base;
	struct fe_sink *of;
	struct fe_copy_settings set;
	struct fe_files_table table;
	struct fe_load_plan *plan;       /* the batch's, by lines */
	uint64_t *lines;                 /* [n_lines] of inserted rows, by their number */
	size_t n_lines, cap_lines;
	struct fe_hash_key hash_key;
	struct fe_keytable updated;      /* the engine's number -> the line */
	struct fe_removal *removals;
	size_t cap_removals;
};

/* ---- handed on ---- */

static struct copy_sink *of_base(struct fe_sink *s) { return (struct copy_sink *)s; }

static enum fe_rc
copy_begin(struct fe_sink *sink, const struct fe_run_info *run, int64_t *first_object_id, struct fe_err *err)
{
	struct fe_sink *of = of_base(sink)->of;
	return of->ops->begin(of, run, first_object_id, err);
}

static enum fe_rc
copy_lookup(struct fe_sink *sink, size_t table, const struct fe_batch *b, const uint32_t *rows, size_t n,
            struct fe_batch *met, int64_t *stored, struct fe_str *origin, struct fe_err *err)
{
	struct fe_sink *of = of_base(sink)->of;
	return of->ops->lookup(of, table, b, rows, n, met, stored, origin, err);
}

static enum fe_rc
copy_fetch(struct fe_sink *sink, size_t table, enum fe_place place, int64_t number, struct fe_batch *met, size_t met_row,
           struct fe_err *err)
{
	struct fe_sink *of = of_base(sink)->of;
	return of->ops->fetch(of, table, place, number, met, met_row, err);
}

static enum fe_rc
copy_has(struct fe_sink *sink, size_t table, const struct fe_column *column, const uint64_t *asked, size_t n_rows,
         uint64_t *known, uint64_t *made, struct fe_err *err)
{
	struct fe_sink *of = of_base(sink)->of;
	return of->ops->has(of, table, column, asked, n_rows, known, made, err);
}

static enum fe_rc
copy_object_known(struct fe_sink *sink, const char *dataset, const struct fe_object_id *id, bool *known, struct fe_err *err)
{
	struct fe_sink *of = of_base(sink)->of;
	return of->ops->object_known(of, dataset, id, known, err);
}

static enum fe_rc
copy_object_state(struct fe_sink *sink, const struct fe_arrived_object *o, enum fe_object_state *out, struct fe_err *err)
{
	struct fe_sink *of = of_base(sink)->of;
	*out = FE_OBJECT_NEW;
	return of->ops->object_state ? of->ops->object_state(of, o, out, err) : FE_OK;
}

static enum fe_rc
copy_watermark(struct fe_sink *sink, const struct fe_run_watermark *what, struct fe_buf *value, bool *found,
               struct fe_err *err)
{
	struct fe_sink *of = of_base(sink)->of;
	return of->ops->watermark(of, what, value, found, err);
}

/* Of another table than the one that is copied: a table is not its own parent. */
static enum fe_rc
copy_placeholders(struct fe_sink *sink, size_t table, const struct fe_batch *keys, int64_t object_id, struct fe_err *err)
{
	struct fe_sink *of = of_base(sink)->of;
	return of->ops->placeholders(of, table, keys, object_id, err);
}

/* ---- the copy ---- */

static enum fe_rc
copy_table_begin(struct fe_sink *sink, size_t table, bool *is_empty, struct fe_err *err)
{
	struct copy_sink *s = of_base(sink);
	FE_TRY(s->of->ops->table_begin(s->of, table, is_empty, err));
	return table == s->set.table ? fe_files_table_begin(&s->table, err) : FE_OK;
}

static struct fe_str
key_of(const int64_t *number)
{
	return (struct fe_str){ (const char *)number, sizeof *number };
}

/* The line of a row that was written earlier. */
static enum fe_rc
find_line(const struct copy_sink *s, const struct fe_removal *r, int64_t *line, struct fe_err *err)
{
	if (r->place == FE_PLACE_INSERTED && r->number >= 0 && (uint64_t)r->number < s->n_lines) {
		*line = (int64_t)s->lines[r->number];
		return FE_OK;
	}
	const struct fe_str key = key_of(&r->number);
	const void *value = r->place == FE_PLACE_STORED
	                            ? fe_keytable_find(&s->updated, fe_hash64(&s->hash_key, key.p, key.n), key) : NULL;
	if (!value)
		return fe_fail(err, FE_EBUG, "no row %" PRId64 " of '%s' to take out of its copy", r->number, s->table.table->name);
	memcpy(line, value, sizeof *line); /* aligned to 4 */
	return FE_OK;
}

static enum fe_rc
note_update(struct copy_sink *s, int64_t number, int64_t line, struct fe_err *err)
{
	const struct fe_str key = key_of(&number);
	const uint64_t hash = fe_hash64(&s->hash_key, key.p, key.n);
	void *value = fe_keytable_find(&s->updated, hash, key);

	if (!value)
		FE_TRY(fe_keytable_add(&s->updated, hash, key, &value, err));
	memcpy(value, &line, sizeof line);
	return FE_OK;
}

/* What is inserted and updated becomes lines; what is superseded is known by the lines that it became. */
static enum fe_rc
plan_lines(struct copy_sink *s, const struct fe_batch *b, const struct fe_load_plan *plan, struct fe_err *err)
{
	struct fe_load_plan *own = s->plan;
	int64_t line = (int64_t)s->table.n_written;

	s->removals = fe_grow(s->removals, &s->cap_removals, plan->n_removals + 1, sizeof *s->removals);
	for (size_t i = 0; i < plan->n_removals; i++) {
		s->removals[i].place = FE_PLACE_INSERTED;
		FE_TRY(find_line(s, &plan->removals[i], &s->removals[i].number, err));
	}
	own->removals = s->removals;
	own->n_removals = plan->n_removals;
	own->n_inserts = 0;
	for (size_t row = 0; row < b->n_rows; row++) {
		own->action[row] = FE_ACTION_NONE;
		if (plan->action[row] == FE_ACTION_NONE)
			continue;
		if (plan->action[row] == FE_ACTION_UPDATE) {
			FE_TRY(note_update(s, plan->number[row], line, err));
		} else {
			FE_ASSERT(plan->number[row] == (int64_t)s->n_lines);
			s->lines = fe_grow(s->lines, &s->cap_lines, s->n_lines + 1, sizeof *s->lines);
			s->lines[s->n_lines++] = (uint64_t)line;
		}
		own->action[row] = FE_ACTION_INSERT;
		own->number[row] = line++;
		own->n_inserts++;
	}
	return FE_OK;
}

static enum fe_rc
copy_write(struct fe_sink *sink, size_t table, const struct fe_batch *b, const struct fe_load_plan *plan, int64_t object_id,
           struct fe_err *err)
{
	struct copy_sink *s = of_base(sink);
	FE_TRY(s->of->ops->write(s->of, table, b, plan, object_id, err));
	if (table != s->set.table)
		return FE_OK;
	FE_TRY(plan_lines(s, b, plan, err));
	return fe_files_table_write(&s->table, b, s->plan, err);
}

static enum fe_rc
copy_table_end(struct fe_sink *sink, size_t table, struct fe_table_result *out, struct fe_err *err)
{
	struct copy_sink *s = of_base(sink);
	struct fe_table_result mine = { 0 };

	FE_TRY(s->of->ops->table_end(s->of, table, out, err));
	if (table != s->set.table)
		return FE_OK;
	FE_TRY(fe_files_table_end(&s->table, &mine, err));
	const uint64_t taken = out->inserted.n + out->updated.n + out->unchanged.n + out->filled.n;
	if (mine.inserted.n != taken)
		return fe_fail(err, FE_EBUG, "'%s' has taken %" PRIu64 " rows, and its copy has %" PRIu64,
			       s->table.table->name, taken, mine.inserted.n);
	return FE_OK;
}

/* ---- the two ends of a run ---- */

static enum fe_rc
write_rejects(struct copy_sink *s, const struct fe_run_end *end, struct fe_err *err)
{
	struct fe_files_output *outputs = fe_new_array(s->base.set.n_tables + 1, struct fe_files_output);

	fe_files_output_init(&outputs[s->set.table], &(struct fe_files_place){ s->set.folder, NULL },
	                     s->base.set.tables[s->set.table].dataset, ".rejects.csv");
	enum fe_rc rc = fe_files_write_rejects(outputs, s->base.set.n_tables, end, err);
	if (rc == FE_OK)
		rc = fe_writer_publish(outputs[s->set.table].writer, err);
	fe_files_output_reset(&outputs[s->set.table]);
	fe_free(outputs);
	return rc;
}

static enum fe_rc
copy_commit(struct fe_sink *sink, const struct fe_run_end *end, struct fe_err *err)
{
	struct copy_sink *s = of_base(sink);

	if (s->table.has_ended) { /* else nothing was read */
		FE_TRY(fe_writer_publish(s->table.out.writer, err));
		FE_TRY(write_rejects(s, end, err));
		FE_TRY(s->set.finished(s->set.ctx, err));
	}
	return s->of->ops->commit(s->of, end, err);
}

static enum fe_rc
copy_undo(struct fe_sink *sink, const struct fe_run_end *end, struct fe_err *err)
{
	struct copy_sink *s = of_base(sink);
	struct fe_err why = FE_ERR_INIT;

	/* What the database has of it counts; the copy is by the way. */
	if (s->table.has_begun)
		(void)!write_rejects(s, end, &why);
	return s->of->ops->undo(s->of, end, err);
}

static void
copy_close(struct fe_sink *sink)
{
	struct copy_sink *s = of_base(sink);
	if (!s)
		return;
	fe_files_table_reset(&s->table);
	fe_keytable_reset(&s->updated);
	fe_free(s->plan);
	fe_free(s->lines);
	fe_free(s->removals);
	s->of->ops->close(s->of);
	fe_free(s);
}

static const struct fe_sink_ops copy_ops = {
	.scheme = "copy",
	.begin = copy_begin,
	.table_begin = copy_table_begin,
	.lookup = copy_lookup,
	.fetch = copy_fetch,
	.has = copy_has,
	.placeholders = copy_placeholders,
	.write = copy_write,
	.table_end = copy_table_end,
	.object_known = copy_object_known,
	.object_state = copy_object_state,
	.watermark = copy_watermark,
	.commit = copy_commit,
	.undo = copy_undo,
	.close = copy_close,
};

struct fe_sink *
fe_copy_new(struct fe_sink *of, const struct fe_copy_settings *set)
{
	struct copy_sink *s = fe_new(struct copy_sink);

	s->base = (struct fe_sink){ .ops = &copy_ops, .set = of->set };
	s->of = of;
	s->set = *set;
	fe_files_table_init(&s->table, &of->set.tables[set->table], &(struct fe_files_place){ set->folder, NULL });
	s->table.stamp = set->stamp;
	s->plan = fe_new(struct fe_load_plan);
	fe_hash_key_random(&s->hash_key);
	fe_keytable_init(&s->updated, sizeof(int64_t), 0, &s->hash_key);
	return &s->base;
}
