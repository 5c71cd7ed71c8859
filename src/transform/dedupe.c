// SPDX-License-Identifier: Apache-2.0
/* transform/dedupe.c - judging each record against the present state of its key
 *
 * A batch goes through in four steps. Its keys and contents are hashed, a column at a
 * time. Keys that this run has not met are asked of the warehouse, all in one call.
 * Then the rows are judged one after the other, exactly in record order; a row that
 * is accepted is pending until the end of the batch, so that a later row of the same
 * batch can still take its place without the target ever hearing of it. At last the
 * rows to insert are numbered.
 *
 * An entry of the key table is 32 bytes, 40 with a version, and the key, unless that is a number.
 */
#include "transform/dedupe.h"

#include <inttypes.h>

#include "base/keytable.h"
#include "transform/content.h"
#include "transform/key.h"

#define PREFETCH_ROWS 16
#define MAX_OBJECTS (1u << 24)
#define MAX_RECORD ((UINT64_C(1) << 40) - 1)
#define MAX_NUMBER ((INT64_C(1) << 60) - 1)
#define MAX_DETAIL_BYTES (128u * 1024)
#define NOT_MET UINT32_MAX
#define A_RECORD 1 /* any but 0: what the warehouse has is no placeholder */

/* Where the present row of a key is. */
enum state {
	INSERTED, /* number: this run's n-th row, of an earlier batch */
	STORED,   /* number: the warehouse's row, as it was when the run began */
	STAGED,   /* the same, with an update of this run laid over it */
	PENDING,  /* number: a row of this batch */
};

struct entry {
	uint64_t fixed, changing; /* hashes of the columns that may not, and may, change */
	uint64_t place;           /* number << 3 | no_version << 2 | enum state */
	uint64_t record;          /* object << 40 | record; of INSERTED and STAGED */
	int64_t version[];        /* [1] where there is a version column */
} __attribute__((packed, aligned(4)));

struct version {
	bool is_null;
	int64_t value;
};

struct fe_dedupe {
	struct fe_dedupe_settings set;
	struct fe_dedupe_store store;
	struct fe_keytable keys;
	struct fe_content fixed_columns, changing_columns;
	struct fe_load_plan plan;
	struct fe_removal removals[FE_BATCH_ROWS];
	uint32_t conflict;
	int64_t next_number;
	char **objects; /* names, by the source's index */
	size_t n_objects, cap_objects;

	/* the batch at hand */
	const char *object_name;
	struct fe_arena key_bytes;
	uint32_t rows[FE_BATCH_ROWS]; /* that are judged */
	size_t n_rows;
	struct fe_str key[FE_BATCH_ROWS];
	uint64_t code[FE_BATCH_ROWS]; /* of the key: base/keytable.h */
	uint64_t fixed[FE_BATCH_ROWS], changing[FE_BATCH_ROWS];
	struct entry *entry[FE_BATCH_ROWS]; /* of accepted rows */

	/* what the warehouse has, of keys that are new to this run */
	struct fe_batch met;
	uint32_t asked[FE_BATCH_ROWS];  /* rows of the batch */
	uint32_t met_of[FE_BATCH_ROWS]; /* by row of the batch: row of met, or NOT_MET */
	int64_t stored[FE_BATCH_ROWS];
	struct fe_str origin[FE_BATCH_ROWS];
	uint64_t met_fixed[FE_BATCH_ROWS], met_changing[FE_BATCH_ROWS];

	struct fe_batch one;  /* a single row that a conflict met */
	struct fe_batch gone; /* rows of earlier batches that are superseded */
};

struct fe_dedupe *
fe_dedupe_new(const struct fe_dedupe_settings *set, const struct fe_dedupe_store *store)
{
	struct fe_dedupe *d = fe_new(struct fe_dedupe);
	bool has_version = set->version != FE_NO_COLUMN;

	d->set = *set;
	d->store = *store;
	fe_keytable_init(&d->keys, sizeof(struct entry) + (has_version ? sizeof(int64_t) : 0), set->max_bytes,
			 set->hash_key);
	if (set->max_bytes && set->spill_folder)
		fe_keytable_spill_to(&d->keys, set->spill_folder);
	fe_content_init(&d->fixed_columns, set->hash_key);
	fe_content_init(&d->changing_columns, set->hash_key);
	for (size_t i = 0; i < set->schema->n_source; i++) {
		if (set->parts[i] == FE_PART_FIXED)
			fe_content_add_column(&d->fixed_columns, i);
		else if (set->parts[i] != FE_PART_KEY)
			fe_content_add_column(&d->changing_columns, i);
	}
	d->conflict = fe_reason_id(set->reasons, NULL, "conflict");
	return d;
}

void
fe_dedupe_free(struct fe_dedupe *d)
{
	if (!d)
		return;
	fe_keytable_reset(&d->keys);
	fe_content_reset(&d->fixed_columns);
	fe_content_reset(&d->changing_columns);
	for (size_t i = 0; i < d->n_objects; i++)
		fe_free(d->objects[i]);
	fe_free(d->objects);
	fe_arena_free(&d->key_bytes);
	fe_batch_reset(&d->met);
	fe_batch_reset(&d->one);
	fe_batch_reset(&d->gone);
	fe_free(d);
}

uint64_t fe_dedupe_n_keys(const struct fe_dedupe *d) { return d->keys.n_keys; }
bool fe_dedupe_is_numbered(const struct fe_dedupe *d) { return fe_keytable_is_numbered(&d->keys); }
uint64_t fe_dedupe_bytes(const struct fe_dedupe *d) { return fe_keytable_bytes(&d->keys); }

/* ---- entries ---- */

static enum state state_of(const struct entry *e) { return (enum state)(e->place & 3); }
static int64_t number_of(const struct entry *e) { return (int64_t)(e->place >> 3); }

static void
set_place(struct entry *e, enum state state, int64_t number)
{
	e->place = (uint64_t)number << 3 | (e->place & 4) | (uint64_t)state;
}

static struct version
version_of_row(const struct fe_dedupe *d, const struct fe_batch *b, size_t row)
{
	const struct fe_column *c = &b->columns[d->set.version];
	bool has = fe_bit_get(c->valid, row);
	return (struct version){ .is_null = !has, .value = has ? fe_key_number(c, row) : 0 };
}

static struct version
version_of_entry(const struct entry *e)
{
	bool is_null = (e->place & 4) != 0;
	return (struct version){ .is_null = is_null, .value = is_null ? 0 : e->version[0] };
}

static void
set_version(const struct fe_dedupe *d, struct entry *e, const struct fe_batch *b, size_t row)
{
	if (d->set.version == FE_NO_COLUMN)
		return;
	struct version v = version_of_row(d, b, row);
	e->place = (e->place & ~UINT64_C(4)) | (v.is_null ? 4 : 0);
	e->version[0] = v.value;
}

static int
compare_versions(struct version a, struct version b)
{
	if (a.is_null || b.is_null)
		return (int)b.is_null - (int)a.is_null;
	return (a.value > b.value) - (a.value < b.value);
}

/* ---- keys ---- */

/* What is a single column may be a number. */
static void
learn_key(struct fe_dedupe *d, struct fe_str key)
{
	bool is_text = d->set.schema->fields[d->set.key[0]].type.kind == FE_TEXT;
	if (d->set.n_key == 1)
		fe_keytable_learn(&d->keys, is_text ? FE_KEY_TEXT : FE_KEY_WORD, key);
}

static enum fe_rc
take_keys(struct fe_dedupe *d, const struct fe_batch *b, struct fe_err *err)
{
	d->n_rows = 0;
	for (size_t row = 0; row < b->n_rows; row++)
		if (b->verdict[row] == FE_KEPT)
			d->rows[d->n_rows++] = (uint32_t)row;
	for (size_t k = 0; k < d->set.n_key; k++) {
		const struct fe_column *c = &b->columns[d->set.key[k]];
		for (size_t i = 0; i < d->n_rows; i++)
			if (!fe_bit_get(c->valid, d->rows[i]))
				return fe_fail(err, FE_EBUG, "record %" PRIu64 " has no value in '%s', a key of %s",
					       b->origin[d->rows[i]].record,
					       d->set.schema->fields[d->set.key[k]].name, d->set.target);
	}
	uint64_t n_key_bytes = 0;
	fe_arena_reset(&d->key_bytes);
	for (size_t i = 0; i < d->n_rows; i++) {
		size_t row = d->rows[i];
		if (b->origin[row].record > MAX_RECORD)
			return fe_fail(err, FE_ELIMIT, "an object of more than %" PRIu64 " records", MAX_RECORD);
		d->key[row] = fe_key_of_row(b, d->set.key, d->set.n_key, row, &d->key_bytes);
		if (i == 0)
			learn_key(d, d->key[row]);
		d->code[row] = fe_keytable_code(&d->keys, d->key[row]);
		n_key_bytes += d->key[row].n;
	}
	FE_TRY(fe_keytable_begin(&d->keys, d->n_rows, n_key_bytes, err));
	return fe_keytable_recall(&d->keys, d->code, d->key, d->rows, d->n_rows, err);
}

enum fe_rc
fe_dedupe_known(struct fe_dedupe *d, const struct fe_column *column, const uint64_t *asked, size_t n_rows,
                uint64_t *known, struct fe_err *err)
{
	return fe_key_known(&d->keys, column, asked, n_rows, known, err);
}

/* ---- the warehouse ---- */

/* Row i of those judged is next: asks for the memory of rows to come, for its index
 * first and, halfway, for the entry that a tag points to. */
static inline void
prefetch(const struct fe_dedupe *d, size_t i)
{
	if (i + PREFETCH_ROWS < d->n_rows)
		fe_keytable_prefetch(&d->keys, d->code[d->rows[i + PREFETCH_ROWS]]);
	if (i + PREFETCH_ROWS / 2 < d->n_rows)
		fe_keytable_prefetch_entry(&d->keys, d->code[d->rows[i + PREFETCH_ROWS / 2]]);
}

/* Empty, and all of it null: the target sets only the rows that it has. */
static void
clear_batch(struct fe_batch *b, const struct fe_schema *schema)
{
	if (b->schema)
		fe_batch_clear(b);
	else
		fe_batch_init(b, schema);
	for (size_t i = 0; i < schema->n_fields; i++)
		fe_bits_fill(b->columns[i].valid, FE_BATCH_ROWS, false);
}

static enum fe_rc
ask_warehouse(struct fe_dedupe *d, const struct fe_batch *b, struct fe_err *err)
{
	size_t n = 0;

	if (d->store.is_empty)
		return FE_OK;
	for (size_t i = 0; i < d->n_rows; i++) {
		size_t row = d->rows[i];
		d->met_of[row] = NOT_MET;
		prefetch(d, i);
		if (!fe_keytable_find(&d->keys, d->code[row], d->key[row])) {
			d->met_of[row] = (uint32_t)n;
			d->stored[n] = -1;
			d->asked[n++] = (uint32_t)row;
		}
	}
	if (n == 0)
		return FE_OK;
	clear_batch(&d->met, d->set.schema);
	for (size_t i = 0; i < n; i++)
		d->met.origin[i].record = A_RECORD;
	FE_TRY(d->store.lookup(d->store.ctx, b, d->asked, n, &d->met, d->stored, d->origin, err));
	d->met.n_rows = n;
	fe_content_hash(&d->fixed_columns, &d->met, d->met_fixed);
	fe_content_hash(&d->changing_columns, &d->met, d->met_changing);
	for (size_t i = 0; i < n; i++) {
		if (d->stored[i] > MAX_NUMBER)
			return fe_fail(err, FE_ELIMIT, "%s has a row with the number %" PRId64 "; at most %" PRId64
				       " is possible", d->set.target, d->stored[i], MAX_NUMBER);
		if (d->stored[i] < 0)
			d->met_of[d->asked[i]] = NOT_MET;
	}
	return FE_OK;
}

/* ---- conflicts ---- */

/* The present row of a key: a row of some batch, and what it is called. */
struct present {
	const struct fe_batch *batch;
	size_t row;
	struct fe_str origin; /* empty: it is record `record` of `object` */
	uint64_t record;
	const char *object;
};

static enum fe_rc
find_present(struct fe_dedupe *d, struct fe_batch *b, size_t row, const struct entry *e, struct present *out,
             struct fe_err *err)
{
	enum state state = state_of(e);
	uint32_t asked = (uint32_t)row;
	int64_t stored;

	*out = (struct present){ .batch = &d->one, .record = e->record & MAX_RECORD };
	if (state == PENDING) {
		*out = (struct present){
			.batch = b,
			.row = (size_t)number_of(e),
			.record = b->origin[number_of(e)].record,
			.object = d->object_name,
		};
		return FE_OK;
	}
	if (state == STORED && d->met_of[row] != NOT_MET) {
		*out = (struct present){
			.batch = &d->met, .row = d->met_of[row], .origin = d->origin[d->met_of[row]],
		};
		return FE_OK;
	}
	clear_batch(&d->one, d->set.schema);
	d->one.n_rows = 1;
	if (state == STORED)
		return d->store.lookup(d->store.ctx, b, &asked, 1, &d->one, &stored, &out->origin, err);
	out->object = d->objects[e->record >> 40];
	return d->store.fetch(d->store.ctx, state == INSERTED ? FE_PLACE_INSERTED : FE_PLACE_STORED, number_of(e),
			      &d->one, 0, err);
}

/* "differs in amount, status from record 17 of transactions.csv" */
static struct fe_str
print_detail(const struct fe_dedupe *d, struct fe_batch *b, size_t row, const struct present *p)
{
	struct fe_buf text;
	const char *before = "differs in ";

	fe_buf_init(&text, MAX_DETAIL_BYTES);
	for (size_t i = 0; i < d->set.schema->n_source; i++) {
		if (fe_column_same_value(&b->columns[i], row, &p->batch->columns[i], p->row))
			continue;
		fe_buf_addf(&text, "%s%s", before, d->set.schema->fields[i].name);
		before = ", ";
	}
	fe_buf_add_text(&text, " from ");
	if (p->origin.n)
		fe_buf_add_str(&text, p->origin);
	else
		fe_buf_addf(&text, "record %" PRIu64 " of %s", p->record, p->object);
	struct fe_str detail = { fe_arena_copy(&b->arena, text.p, text.n_bytes), text.n_bytes };
	fe_buf_reset(&text);
	return detail;
}

static enum fe_rc
refuse(struct fe_dedupe *d, struct fe_batch *b, size_t row, const struct entry *e, struct fe_err *err)
{
	struct present p;
	FE_TRY(find_present(d, b, row, e, &p, err));
	b->verdict[row] = FE_CONFLICT;
	fe_batch_add_reason(b, row, d->conflict, print_detail(d, b, row, &p));
	return FE_OK;
}

/* ---- judging ---- */

/* Makes the row the present one of its key, to be written as the plan says. */
static void
accept(struct fe_dedupe *d, const struct fe_batch *b, size_t row, struct entry *e, enum fe_action action,
       int64_t number)
{
	d->plan.action[row] = (uint8_t)action;
	d->plan.number[row] = number;
	fe_bit_set(d->plan.accepted, row);
	d->entry[row] = e;
	set_place(e, PENDING, (int64_t)row);
	set_version(d, e, b, row);
	e->fixed = d->fixed[row];
	e->changing = d->changing[row];
	e->record = (uint64_t)b->object << 40 | b->origin[row].record;
}

/* The present row, of an earlier batch of this run, is superseded. */
static enum fe_rc
remove_present(struct fe_dedupe *d, const struct entry *e, struct fe_err *err)
{
	size_t i = d->plan.n_removals;
	enum fe_place place = state_of(e) == INSERTED ? FE_PLACE_INSERTED : FE_PLACE_STORED;

	if (i == 0)
		clear_batch(&d->gone, d->set.schema);
	d->gone.n_rows = i + 1;
	d->gone.origin[i] = (struct fe_origin){ .record = e->record & MAX_RECORD };
	FE_TRY(d->store.fetch(d->store.ctx, place, number_of(e), &d->gone, i, err));
	d->removals[i] = (struct fe_removal){ .place = place, .number = number_of(e) };
	d->plan.n_removals++;
	return FE_OK;
}

static enum fe_rc
replace(struct fe_dedupe *d, struct fe_batch *b, size_t row, struct entry *e, struct fe_err *err)
{
	enum fe_action action = FE_ACTION_UPDATE;
	int64_t number = number_of(e);

	switch (state_of(e)) {
	case PENDING: {
		size_t earlier = (size_t)number;
		action = (enum fe_action)d->plan.action[earlier];
		number = d->plan.number[earlier];
		d->plan.action[earlier] = FE_ACTION_NONE;
		b->verdict[earlier] = FE_SUPERSEDED;
		break;
	}
	case INSERTED:
		FE_TRY(remove_present(d, e, err));
		action = FE_ACTION_INSERT;
		break;
	case STAGED:
		FE_TRY(remove_present(d, e, err));
		break;
	case STORED:
		break;
	}
	accept(d, b, row, e, action, number);
	return FE_OK;
}

static enum fe_rc
judge_known(struct fe_dedupe *d, struct fe_batch *b, size_t row, struct entry *e, struct fe_err *err)
{
	if (e->fixed != d->fixed[row])
		return refuse(d, b, row, e, err);
	if (e->changing == d->changing[row]) {
		b->verdict[row] = state_of(e) == STORED ? FE_UNCHANGED : FE_DUPLICATE;
		return FE_OK;
	}
	if (d->set.version != FE_NO_COLUMN) {
		int order = compare_versions(version_of_row(d, b, row), version_of_entry(e));
		if (order == 0)
			return refuse(d, b, row, e, err);
		if (order < 0) {
			b->verdict[row] = FE_SUPERSEDED;
			return FE_OK;
		}
	}
	return replace(d, b, row, e, err);
}

static enum fe_rc
judge(struct fe_dedupe *d, struct fe_batch *b, size_t row, struct fe_err *err)
{
	struct entry *e = fe_keytable_find(&d->keys, d->code[row], d->key[row]);
	void *value;

	if (e)
		return judge_known(d, b, row, e, err);
	FE_TRY(fe_keytable_add(&d->keys, d->code[row], d->key[row], &value, err));
	e = value;
	if (d->store.is_empty || d->met_of[row] == NOT_MET) {
		accept(d, b, row, e, FE_ACTION_INSERT, 0);
		return FE_OK;
	}
	uint32_t m = d->met_of[row];
	if (d->met.origin[m].record == 0) {
		accept(d, b, row, e, FE_ACTION_UPDATE, d->stored[m]);
		return FE_OK;
	}
	set_place(e, STORED, d->stored[m]);
	set_version(d, e, &d->met, m);
	e->fixed = d->met_fixed[m];
	e->changing = d->met_changing[m];
	return judge_known(d, b, row, e, err);
}

/* Numbers rise by row, whichever row a key was first seen in. */
static void
number_rows(struct fe_dedupe *d)
{
	for (size_t i = 0; i < d->n_rows; i++) {
		size_t row = d->rows[i];
		switch ((enum fe_action)d->plan.action[row]) {
		case FE_ACTION_INSERT:
			d->plan.number[row] = d->next_number++;
			d->plan.n_inserts++;
			set_place(d->entry[row], INSERTED, d->plan.number[row]);
			break;
		case FE_ACTION_UPDATE:
			d->plan.n_updates++;
			set_place(d->entry[row], STAGED, d->plan.number[row]);
			break;
		case FE_ACTION_NONE:
			break;
		}
	}
}

static enum fe_rc
note_object(struct fe_dedupe *d, const struct fe_batch *b, const char *name, struct fe_err *err)
{
	d->object_name = name;
	if (b->object >= MAX_OBJECTS)
		return fe_fail(err, FE_ELIMIT, "more than %u objects in one run", MAX_OBJECTS);
	while (d->n_objects <= b->object) {
		d->objects = fe_grow(d->objects, &d->cap_objects, d->n_objects + 1, sizeof *d->objects);
		d->objects[d->n_objects++] = NULL;
	}
	if (!d->objects[b->object])
		d->objects[b->object] = fe_strdup(name);
	return FE_OK;
}

enum fe_rc
fe_dedupe_batch(struct fe_dedupe *d, struct fe_batch *b, const char *object_name, struct fe_load_plan **plan,
                struct fe_err *err)
{
	memset(d->plan.action, FE_ACTION_NONE, sizeof d->plan.action);
	memset(d->plan.accepted, 0, sizeof d->plan.accepted);
	d->plan.n_inserts = d->plan.n_updates = d->plan.n_removals = 0;
	d->plan.removals = d->removals;
	d->plan.gone = &d->gone;
	*plan = &d->plan;

	FE_TRY(note_object(d, b, object_name, err));
	FE_TRY(take_keys(d, b, err));
	fe_content_hash(&d->fixed_columns, b, d->fixed);
	fe_content_hash(&d->changing_columns, b, d->changing);
	FE_TRY(ask_warehouse(d, b, err));
	for (size_t i = 0; i < d->n_rows; i++) {
		prefetch(d, i);
		FE_TRY(judge(d, b, d->rows[i], err));
	}
	number_rows(d);
	return FE_OK;
}
