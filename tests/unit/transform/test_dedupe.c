// SPDX-License-Identifier: Apache-2.0
/* Dedupe against a plain reading of its rules, over random histories: small universes
 * of keys, values and versions, cut into batches and runs in every way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/keytable.h"
#include "transform/dedupe.h"

enum { KEY, KEY2, AMOUNT, STATUS, VERSION, N_COLUMNS };
#define NONE (-1)
#define PLACEHOLDER (-2) /* the source of a row that is of no record */
#define MAX_RECORDS 24

/* What a record says; NONE is null. */
struct rec {
	int key, key2, amount, status, version;
};

struct row {
	struct rec rec;
	int source;   /* index of the record it came from */
	bool is_gone;
};

/* The target: what was committed, and what the run at hand has done. */
struct warehouse {
	struct row stored[MAX_RECORDS];
	size_t n_stored;
	struct row staged[MAX_RECORDS]; /* by number; source NONE: not staged */
	struct row inserted[MAX_RECORDS];
	size_t n_inserted;
	size_t n_lookups;
};

static const char *const statuses[] = { "", "pending", "completed", "a status that is longer than sixteen bytes" };
static const char *const keys[] = { "T1", "T2", "T", "1", "transaction-000000000000000000004" };

static struct fe_schema schema;
static struct fe_hash_key hash_key;

static int
setup(void **state)
{
	(void)state;
	fe_schema_init(&schema);
	fe_schema_add(&schema, FE_STR("key"), (struct fe_type){ .kind = FE_TEXT });
	fe_schema_add(&schema, FE_STR("key2"), (struct fe_type){ .kind = FE_INT });
	fe_schema_add(&schema, FE_STR("amount"), (struct fe_type){ .kind = FE_DECIMAL, .precision = 12, .scale = 2 });
	fe_schema_add(&schema, FE_STR("status"), (struct fe_type){ .kind = FE_TEXT });
	fe_schema_add(&schema, FE_STR("version"), (struct fe_type){ .kind = FE_DATE });
	schema.n_source = N_COLUMNS;
	for (size_t i = 0; i < sizeof hash_key.secret; i++)
		hash_key.secret[i] = (unsigned char)(i * 37 + 11);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	fe_schema_reset(&schema);
	return 0;
}

static void
put(struct fe_batch *b, size_t row, const struct rec *r)
{
	struct fe_column *c = b->columns;
	fe_bit_put(c[KEY].valid, row, true);
	c[KEY].text[row] = fe_str_of(keys[r->key]);
	fe_bit_put(c[KEY2].valid, row, true);
	c[KEY2].i64[row] = r->key2;
	fe_bit_put(c[AMOUNT].valid, row, r->amount != NONE);
	c[AMOUNT].i64[row] = r->amount * 1000003;
	fe_bit_put(c[STATUS].valid, row, r->status != NONE);
	c[STATUS].text[row] = r->status == NONE ? (struct fe_str){ 0 } : fe_str_of(statuses[r->status]);
	fe_bit_put(c[VERSION].valid, row, r->version != NONE);
	c[VERSION].days[row] = r->version - 2;
}

static bool
same(const struct rec *a, const struct rec *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

/* ---- the fake target ---- */

static int
find_key(const char *text)
{
	for (int i = 0; i < (int)(sizeof keys / sizeof *keys); i++)
		if (strcmp(keys[i], text) == 0)
			return i;
	return NONE;
}

static enum fe_rc
lookup(void *ctx, const struct fe_batch *b, const uint32_t *rows, size_t n, struct fe_batch *met, int64_t *stored,
       struct fe_str *origin, struct fe_err *err)
{
	struct warehouse *w = ctx;
	(void)err;
	w->n_lookups++;
	for (size_t i = 0; i < n; i++) {
		char text[64];
		struct fe_str s = b->columns[KEY].text[rows[i]];
		snprintf(text, sizeof text, "%.*s", FE_STR_ARGS(s));
		stored[i] = -1;
		for (size_t j = 0; j < w->n_stored; j++) {
			const struct rec *r = &w->stored[j].rec;
			if (r->key != find_key(text) || r->key2 != b->columns[KEY2].i64[rows[i]])
				continue;
			stored[i] = (int64_t)j;
			put(met, i, r);
			if (w->stored[j].source == PLACEHOLDER)
				met->origin[i].record = 0;
			snprintf(text, sizeof text, "record %d of old.csv, run 7", w->stored[j].source);
			origin[i] = (struct fe_str){ fe_arena_copy(&met->arena, text, strlen(text)), strlen(text) };
		}
	}
	return FE_OK;
}

static enum fe_rc
fetch(void *ctx, enum fe_place place, int64_t number, struct fe_batch *met, size_t met_row, struct fe_err *err)
{
	struct warehouse *w = ctx;
	(void)err;
	if (place == FE_PLACE_INSERTED) {
		assert_true(number < (int64_t)w->n_inserted);
		assert_false(w->inserted[number].is_gone);
		put(met, met_row, &w->inserted[number].rec);
	} else {
		assert_int_equal(place, FE_PLACE_STORED);
		assert_true(number < (int64_t)w->n_stored);
		assert_int_not_equal(w->staged[number].source, NONE);
		put(met, met_row, &w->staged[number].rec);
	}
	return FE_OK;
}

static void
check_gone(const struct fe_load_plan *plan, size_t i, const struct rec *r)
{
	static struct fe_batch expected;
	if (!expected.schema)
		fe_batch_init(&expected, &schema);
	put(&expected, 0, r);
	for (size_t c = 0; c < N_COLUMNS; c++)
		assert_true(fe_column_same_value(&plan->gone->columns[c], i, &expected.columns[c], 0));
	fe_batch_reset(&expected);
}

/* Does what the plan says, as a sink would, and checks that it can be done. */
static void
write_plan(struct warehouse *w, const struct fe_batch *b, const struct fe_load_plan *plan, const struct rec *recs,
           int first, uint8_t *outcome)
{
	size_t n_inserts = 0, n_updates = 0;

	for (size_t i = 0; i < plan->n_removals; i++) {
		bool is_inserted = plan->removals[i].place == FE_PLACE_INSERTED;
		struct row *gone = &(is_inserted ? w->inserted : w->staged)[plan->removals[i].number];
		assert_false(gone->is_gone);
		assert_int_not_equal(gone->source, NONE);
		check_gone(plan, i, &gone->rec);
		assert_int_equal(plan->gone->origin[i].record, gone->source + 1);
		outcome[gone->source] = FE_SUPERSEDED;
		if (is_inserted)
			gone->is_gone = true;
		else
			gone->source = NONE;
	}
	for (size_t row = 0; row < b->n_rows; row++) {
		struct row new = { .rec = recs[row], .source = first + (int)row };
		switch ((enum fe_action)plan->action[row]) {
		case FE_ACTION_NONE:
			assert_int_not_equal(b->verdict[row], FE_KEPT);
			break;
		case FE_ACTION_INSERT:
			assert_int_equal(b->verdict[row], FE_KEPT);
			assert_int_equal(plan->number[row], w->n_inserted);
			w->inserted[w->n_inserted++] = new;
			n_inserts++;
			break;
		case FE_ACTION_UPDATE:
			assert_int_equal(b->verdict[row], FE_KEPT);
			assert_true(plan->number[row] < (int64_t)w->n_stored);
			assert_int_equal(w->staged[plan->number[row]].source, NONE);
			w->staged[plan->number[row]] = new;
			n_updates++;
			break;
		}
	}
	assert_int_equal(n_inserts, plan->n_inserts);
	assert_int_equal(n_updates, plan->n_updates);
}

static void
commit(struct warehouse *w)
{
	for (size_t i = 0; i < w->n_stored; i++)
		if (w->staged[i].source != NONE)
			w->stored[i] = w->staged[i];
	for (size_t i = 0; i < w->n_inserted; i++)
		if (!w->inserted[i].is_gone)
			w->stored[w->n_stored++] = w->inserted[i];
	w->n_inserted = 0;
}

/* ---- the rules, read plainly ---- */

struct oracle {
	struct row rows[MAX_RECORDS]; /* present state; is_gone: nothing is there yet */
	bool of_this_run[MAX_RECORDS];
	size_t n_rows;
};

static enum fe_verdict
expect(struct oracle *o, const struct rec *r, int source, bool has_version, uint8_t *outcome)
{
	struct row new = { .rec = *r, .source = source };
	size_t i = 0;

	while (i < o->n_rows && (o->rows[i].rec.key != r->key || o->rows[i].rec.key2 != r->key2))
		i++;
	if (i == o->n_rows || o->rows[i].source == PLACEHOLDER) {
		o->rows[i] = new;
		o->of_this_run[i] = true;
		o->n_rows += i == o->n_rows;
		return FE_KEPT;
	}
	const struct rec *now = &o->rows[i].rec;
	if (same(now, r))
		return o->of_this_run[i] ? FE_DUPLICATE : FE_UNCHANGED;
	if (now->amount != r->amount)
		return FE_CONFLICT;
	if (has_version && now->version == r->version)
		return FE_CONFLICT;
	if (has_version && r->version < now->version) /* NONE is least */
		return FE_SUPERSEDED;
	if (o->of_this_run[i])
		outcome[o->rows[i].source] = FE_SUPERSEDED;
	o->rows[i] = new;
	o->of_this_run[i] = true;
	return FE_KEPT;
}

/* ---- histories ---- */

static uint64_t
next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static int
choose(uint64_t *seed, int n)
{
	return (int)(next_random(seed) >> 33) % n;
}

struct rig {
	bool has_version;
	struct fe_reason_table reasons;
	struct fe_batch batch;
};

static const size_t key_columns[] = { KEY, KEY2 };

static struct fe_dedupe *
make_dedupe(struct rig *rig, struct warehouse *w)
{
	static const enum fe_dedupe_part with[] = { FE_PART_KEY, FE_PART_KEY, FE_PART_FIXED, FE_PART_MUTABLE,
		                                    FE_PART_VERSION };
	static const enum fe_dedupe_part without[] = { FE_PART_KEY, FE_PART_KEY, FE_PART_FIXED, FE_PART_MUTABLE,
		                                       FE_PART_MUTABLE };
	struct fe_dedupe_settings set = {
		.schema = &schema,
		.parts = rig->has_version ? with : without,
		.key = key_columns,
		.n_key = 2,
		.version = rig->has_version ? VERSION : FE_NO_COLUMN,
		.hash_key = &hash_key,
		.reasons = &rig->reasons,
		.target = "t",
	};
	struct fe_dedupe_store store = {
		.ctx = w, .is_empty = w->n_stored == 0, .lookup = lookup, .fetch = fetch,
	};
	return fe_dedupe_new(&set, &store);
}

static void
fill(struct rig *rig, const struct rec *recs, size_t n, int first)
{
	fe_batch_clear(&rig->batch);
	rig->batch.n_rows = n;
	for (size_t i = 0; i < n; i++) {
		put(&rig->batch, i, &recs[i]);
		rig->batch.origin[i].record = (uint64_t)first + i + 1;
	}
}

/* One run over recs[from..to), cut into batches at the bits of `cuts`. */
static void
run(struct rig *rig, struct warehouse *w, const struct rec *recs, size_t from, size_t to, uint64_t cuts,
    uint8_t *outcome, uint64_t *accepted)
{
	struct fe_dedupe *d = make_dedupe(rig, w);
	struct fe_err err = FE_ERR_INIT;

	for (size_t i = 0; i < w->n_stored; i++)
		w->staged[i].source = NONE;
	while (from < to) {
		size_t end = from + 1;
		struct fe_load_plan *plan;
		while (end < to && !(cuts >> end & 1))
			end++;
		fill(rig, recs + from, end - from, (int)from);
		assert_int_equal(fe_dedupe_batch(d, &rig->batch, "new.csv", &plan, &err), FE_OK);
		for (size_t i = from; i < end; i++) {
			outcome[i] = rig->batch.verdict[i - from];
			fe_bit_put(accepted, i, fe_bit_get(plan->accepted, i - from));
		}
		write_plan(w, &rig->batch, plan, recs + from, (int)from, outcome);
		for (size_t i = 0; i < rig->batch.n_reasons; i++)
			assert_int_equal(rig->batch.verdict[rig->batch.reasons[i].row], FE_CONFLICT);
		assert_int_equal(rig->batch.n_reasons, fe_batch_count(&rig->batch, FE_CONFLICT));
		from = end;
	}
	commit(w);
	fe_dedupe_free(d);
}

static void
check_state(const struct warehouse *w, const struct oracle *o)
{
	assert_int_equal(w->n_stored, o->n_rows);
	for (size_t i = 0; i < o->n_rows; i++) {
		bool found = false;
		for (size_t j = 0; j < w->n_stored; j++)
			found |= same(&w->stored[j].rec, &o->rows[i].rec) && w->stored[j].source == o->rows[i].source;
		assert_true(found);
	}
}

static void
check_history(struct rig *rig, uint64_t *seed)
{
	struct rec recs[MAX_RECORDS];
	size_t n = 2 + (size_t)choose(seed, MAX_RECORDS - 2);
	int n_keys = 1 + choose(seed, 4), n_amounts = 1 + choose(seed, 2), n_versions = 1 + choose(seed, 4);

	rig->has_version = choose(seed, 2);
	for (size_t i = 0; i < n; i++)
		recs[i] = (struct rec){
			.key = choose(seed, n_keys) + choose(seed, 2),
			.key2 = choose(seed, 2),
			.amount = choose(seed, 12) ? 0 : choose(seed, n_amounts + 1) - 1,
			.status = choose(seed, 3) - 1 + choose(seed, 2),
			.version = choose(seed, n_versions + 1) - 1,
		};
	/* Cut into runs at the bits of run_cuts; each run into batches at batch_cuts. */
	uint64_t run_cuts = choose(seed, 3) ? next_random(seed) & next_random(seed) : 0;
	uint64_t batch_cuts = choose(seed, 4) ? next_random(seed) : choose(seed, 2) ? 0 : UINT64_MAX;

	struct warehouse w = { 0 };
	struct oracle o = { 0 }, whole = { 0 };
	uint8_t got[MAX_RECORDS], want[MAX_RECORDS], unused[MAX_RECORDS];
	uint64_t accepted = 0, to_accept = 0;
	if (choose(seed, 3) == 0) { /* keys that others have referred to */
		const struct rec key = { .key = choose(seed, n_keys), .key2 = choose(seed, 2), .amount = NONE, .status = NONE,
			                 .version = NONE };
		const struct row placeholder = { .rec = key, .source = PLACEHOLDER };
		w.stored[w.n_stored++] = o.rows[o.n_rows++] = whole.rows[whole.n_rows++] = placeholder;
	}
	for (size_t from = 0; from < n;) {
		size_t to = from + 1;
		while (to < n && !(run_cuts >> to & 1))
			to++;
		memset(o.of_this_run, 0, sizeof o.of_this_run);
		for (size_t i = from; i < to; i++) {
			want[i] = (uint8_t)expect(&o, &recs[i], (int)i, rig->has_version, want);
			fe_bit_put(&to_accept, i, want[i] == FE_KEPT);
		}
		run(rig, &w, recs, from, to, batch_cuts, got, &accepted);
		assert_memory_equal(got + from, want + from, to - from);
		assert_true(accepted == to_accept);
		from = to;
	}
	check_state(&w, &o);
	for (size_t i = 0; i < n; i++)
		(void)expect(&whole, &recs[i], (int)i, rig->has_version, unused);
	check_state(&w, &whole); /* as if it had been a single run */
}

static void
dedupe_any_cut_into_batches_and_runs_ends_in_the_state_of_the_rules(void **state)
{
	(void)state;
	struct rig rig = { 0 };
	uint64_t seed = 20261123;
	const char *more = getenv("FINETL_TEST_LONG");
	int n = more ? 200000 : 3000;

	fe_batch_init(&rig.batch, &schema);
	for (int i = 0; i < n; i++)
		check_history(&rig, &seed);
	fe_batch_reset(&rig.batch);
	fe_reason_table_reset(&rig.reasons);
}

/* ---- details ---- */

static void
one_batch(struct rig *rig, struct fe_dedupe *d, struct warehouse *w, const struct rec *recs, size_t n)
{
	struct fe_load_plan *plan;
	struct fe_err err = FE_ERR_INIT;
	uint8_t outcome[MAX_RECORDS];
	fill(rig, recs, n, 0);
	assert_int_equal(fe_dedupe_batch(d, &rig->batch, "new.csv", &plan, &err), FE_OK);
	write_plan(w, &rig->batch, plan, recs, 0, outcome);
}

static void
check_detail(const struct rig *rig, size_t i, size_t row, const char *text)
{
	char got[200];
	assert_true(i < rig->batch.n_reasons);
	assert_int_equal(rig->batch.reasons[i].row, row);
	assert_string_equal(fe_reason_text(&rig->reasons, rig->batch.reasons[i].id), "conflict");
	snprintf(got, sizeof got, "%.*s", FE_STR_ARGS(rig->batch.reasons[i].detail));
	assert_string_equal(got, text);
}

static void
dedupe_conflict_names_the_columns_and_the_record_it_met(void **state)
{
	(void)state;
	struct rig rig = { .has_version = true };
	struct warehouse w = { .stored = { { .rec = { 1, 0, 5, 1, 1 }, .source = 40 } }, .n_stored = 1 };
	struct fe_dedupe *d;

	for (size_t i = 0; i < MAX_RECORDS; i++)
		w.staged[i].source = NONE;
	fe_batch_init(&rig.batch, &schema);
	d = make_dedupe(&rig, &w);
	one_batch(&rig, d, &w,
	          (struct rec[]){ { 0, 0, 1, 1, 1 }, { 0, 0, 2, 0, 1 }, { 1, 0, 6, 1, 1 }, { 1, 0, 5, 2, 1 } }, 4);
	assert_int_equal(rig.batch.n_reasons, 3);
	check_detail(&rig, 0, 1, "differs in amount, status from record 1 of new.csv");
	check_detail(&rig, 1, 2, "differs in amount from record 40 of old.csv, run 7");
	check_detail(&rig, 2, 3, "differs in status from record 40 of old.csv, run 7");
	/* in a later batch: an inserted one, a stored one asked again, then a staged one */
	one_batch(&rig, d, &w,
	          (struct rec[]){ { 0, 0, NONE, 1, 1 }, { 1, 0, 5, NONE, 1 }, { 1, 0, 5, 2, 3 } }, 3);
	check_detail(&rig, 0, 0, "differs in amount from record 1 of new.csv");
	check_detail(&rig, 1, 1, "differs in status from record 40 of old.csv, run 7");
	one_batch(&rig, d, &w, (struct rec[]){ { 1, 0, 9, 2, 2 } }, 1);
	check_detail(&rig, 0, 0, "differs in amount, version from record 3 of new.csv");

	fe_dedupe_free(d);
	fe_batch_reset(&rig.batch);
	fe_reason_table_reset(&rig.reasons);
}

static void
dedupe_leaves_rows_alone_that_are_not_kept(void **state)
{
	(void)state;
	struct rig rig = { 0 };
	struct warehouse w = { 0 };
	struct fe_load_plan *plan;
	struct fe_err err = FE_ERR_INIT;
	struct fe_dedupe *d;

	fe_batch_init(&rig.batch, &schema);
	d = make_dedupe(&rig, &w);
	fill(&rig, (struct rec[]){ { 0, 0, 1, 1, 1 }, { 0, 0, 2, 1, 1 }, { 0, 0, 3, 1, 1 } }, 3, 0);
	rig.batch.verdict[0] = FE_REJECTED;
	rig.batch.verdict[1] = FE_FILTERED;
	fe_bit_clear(rig.batch.columns[KEY].valid, 0); /* a rejected record may have no key */
	assert_int_equal(fe_dedupe_batch(d, &rig.batch, "new.csv", &plan, &err), FE_OK);
	assert_int_equal(rig.batch.verdict[0], FE_REJECTED);
	assert_int_equal(rig.batch.verdict[1], FE_FILTERED);
	assert_int_equal(rig.batch.verdict[2], FE_KEPT);
	assert_int_equal(plan->n_inserts, 1);
	assert_int_equal(plan->action[2], FE_ACTION_INSERT);
	assert_int_equal(fe_dedupe_n_keys(d), 1);

	fill(&rig, (struct rec[]){ { 1, 0, 1, 1, 1 } }, 1, 0);
	fe_bit_clear(rig.batch.columns[KEY].valid, 0);
	assert_int_equal(fe_dedupe_batch(d, &rig.batch, "new.csv", &plan, &err), FE_EBUG);

	fe_dedupe_free(d);
	fe_batch_reset(&rig.batch);
	fe_reason_table_reset(&rig.reasons);
}

static void
dedupe_tells_keys_apart_whose_parts_run_together(void **state)
{
	(void)state;
	struct rig rig = { 0 };
	struct warehouse w = { 0 };
	struct fe_schema two;
	struct fe_batch b;
	struct fe_load_plan *plan;
	struct fe_err err = FE_ERR_INIT;
	static const enum fe_dedupe_part parts[] = { FE_PART_KEY, FE_PART_KEY };
	static const size_t key[] = { 0, 1 };
	char long_text[300];

	fe_schema_init(&two);
	fe_schema_add(&two, FE_STR("a"), (struct fe_type){ .kind = FE_TEXT });
	fe_schema_add(&two, FE_STR("b"), (struct fe_type){ .kind = FE_TEXT });
	two.n_source = 2;
	fe_batch_init(&b, &two);
	memset(long_text, 'x', sizeof long_text);
	struct fe_dedupe_settings set = {
		.schema = &two, .parts = parts, .key = key, .n_key = 2, .version = FE_NO_COLUMN,
		.hash_key = &hash_key, .reasons = &rig.reasons, .target = "t",
	};
	struct fe_dedupe_store store = { .ctx = &w, .is_empty = true, .fetch = fetch };
	struct fe_dedupe *d = fe_dedupe_new(&set, &store);
	struct fe_str pairs[][2] = {
		{ FE_STR("a"), FE_STR("bc") }, { FE_STR("ab"), FE_STR("c") }, { FE_STR("abc"), FE_STR("") },
		{ FE_STR(""), FE_STR("abc") }, { { long_text, 300 }, { long_text, 128 } },
		{ { long_text, 128 }, { long_text, 300 } }, { FE_STR("a"), FE_STR("bc") },
	};
	b.n_rows = 7;
	for (size_t i = 0; i < b.n_rows; i++)
		for (size_t c = 0; c < 2; c++) {
			fe_bit_set(b.columns[c].valid, i);
			b.columns[c].text[i] = pairs[i][c];
		}
	assert_int_equal(fe_dedupe_batch(d, &b, "x", &plan, &err), FE_OK);
	assert_int_equal(fe_dedupe_n_keys(d), 6);
	assert_int_equal(b.verdict[6], FE_DUPLICATE);

	fe_dedupe_free(d);
	fe_batch_reset(&b);
	fe_schema_reset(&two);
	fe_reason_table_reset(&rig.reasons);
}

/* ---- many keys ---- */

struct single {
	struct fe_schema schema;
	struct fe_batch batch;
	struct fe_reason_table reasons;
	struct fe_dedupe *dedupe;
	char texts[FE_BATCH_ROWS][24];
};

static void
single_open(struct single *s, uint64_t max_bytes)
{
	static const enum fe_dedupe_part parts[] = { FE_PART_KEY };
	static const size_t key[] = { 0 };
	fe_schema_init(&s->schema);
	fe_schema_add(&s->schema, FE_STR("id"), (struct fe_type){ .kind = FE_TEXT });
	s->schema.n_source = 1;
	fe_batch_init(&s->batch, &s->schema);
	struct fe_dedupe_settings set = {
		.schema = &s->schema, .parts = parts, .key = key, .n_key = 1, .version = FE_NO_COLUMN,
		.hash_key = &hash_key, .reasons = &s->reasons, .max_bytes = max_bytes, .target = "t",
	};
	struct fe_dedupe_store store = { .is_empty = true };
	s->dedupe = fe_dedupe_new(&set, &store);
}

static void
single_close(struct single *s)
{
	fe_dedupe_free(s->dedupe);
	fe_batch_reset(&s->batch);
	fe_schema_reset(&s->schema);
	fe_reason_table_reset(&s->reasons);
	free(s);
}

static enum fe_rc
single_batch(struct single *s, size_t first, struct fe_err *err)
{
	struct fe_load_plan *plan;
	fe_batch_clear(&s->batch);
	s->batch.n_rows = FE_BATCH_ROWS;
	for (size_t i = 0; i < FE_BATCH_ROWS; i++) {
		int n = snprintf(s->texts[i], sizeof s->texts[i], "TXN%012zu", first + i);
		s->batch.columns[0].text[i] = (struct fe_str){ s->texts[i], (size_t)n };
		fe_bit_set(s->batch.columns[0].valid, i);
	}
	return fe_dedupe_batch(s->dedupe, &s->batch, "x", &plan, err);
}

static void
dedupe_finds_every_key_again_and_stays_below_its_bytes_a_key(void **state)
{
	(void)state;
	struct single *s = calloc(1, sizeof *s);
	struct fe_err err = FE_ERR_INIT;
	size_t n_batches = 100;

	single_open(s, 0);
	for (size_t i = 0; i < n_batches; i++) {
		assert_int_equal(single_batch(s, i * FE_BATCH_ROWS, &err), FE_OK);
		assert_int_equal(fe_batch_count(&s->batch, FE_KEPT), FE_BATCH_ROWS);
		uint64_t n_keys = (i + 1) * FE_BATCH_ROWS;
		assert_int_equal(fe_dedupe_n_keys(s->dedupe), n_keys);
		assert_true(fe_dedupe_bytes(s->dedupe) < (2u << 20) + n_keys * 64);
	}
	for (size_t i = 0; i < n_batches; i++) {
		assert_int_equal(single_batch(s, i * FE_BATCH_ROWS, &err), FE_OK);
		assert_int_equal(fe_batch_count(&s->batch, FE_DUPLICATE), FE_BATCH_ROWS);
	}
	uint64_t asked[FE_BITMAP_WORDS(FE_BATCH_ROWS)], known[FE_BITMAP_WORDS(FE_BATCH_ROWS)] = { 0 };
	for (size_t i = 0; i < FE_BATCH_ROWS; i++) {
		fe_bit_put(asked, i, i % 5 != 0);
		if (i % 3 == 0) /* one that is not there */
			s->texts[i][0] = 'X';
	}
	assert_int_equal(fe_dedupe_known(s->dedupe, &s->batch.columns[0], asked, 4032, known, &err), FE_OK);
	for (size_t i = 0; i < FE_BATCH_ROWS; i++)
		assert_int_equal(fe_bit_get(known, i), i % 5 != 0 && i % 3 != 0 && i < 4032);
	single_close(s);
}

static void
dedupe_stops_at_its_memory_limit(void **state)
{
	(void)state;
	struct single *s = calloc(1, sizeof *s);
	struct fe_err err = FE_ERR_INIT;
	enum fe_rc rc = FE_OK;
	uint64_t max = UINT64_C(5) << 20;

	single_open(s, max);
	for (size_t i = 0; i < 100 && rc == FE_OK; i++) {
		rc = single_batch(s, i * FE_BATCH_ROWS, &err);
		assert_true(fe_dedupe_bytes(s->dedupe) <= max);
	}
	assert_int_equal(rc, FE_ELIMIT);
	assert_non_null(strstr(err.text, "--max-memory"));
	single_close(s);
}

static void
keytable_refuses_a_key_that_no_chunk_holds(void **state)
{
	(void)state;
	struct fe_keytable t;
	struct fe_err err = FE_ERR_INIT;
	size_t n = 1u << 20;
	char *big = calloc(1, n);
	void *value;

	fe_keytable_init(&t, 8, 0, &hash_key);
	assert_null(fe_keytable_find(&t, 1, FE_STR("a")));
	fe_keytable_prefetch(&t, 1);
	assert_int_equal(fe_keytable_add(&t, 1, (struct fe_str){ big, n }, &value, &err), FE_ELIMIT);
	struct fe_str fits = { big, n - 8 - 4 - 8 };
	uint64_t hash = fe_hash64(&hash_key, fits.p, fits.n);
	assert_int_equal(fe_keytable_add(&t, hash, fits, &value, &err), FE_OK);
	assert_ptr_equal(fe_keytable_find(&t, hash, fits), value);
	struct fe_str empty = { NULL, 0 };
	hash = fe_hash64(&hash_key, "", 0);
	assert_int_equal(fe_keytable_add(&t, hash, empty, &value, &err), FE_OK);
	assert_ptr_equal(fe_keytable_find(&t, hash, empty), value);
	fe_keytable_reset(&t);
	free(big);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dedupe_any_cut_into_batches_and_runs_ends_in_the_state_of_the_rules),
		cmocka_unit_test(dedupe_conflict_names_the_columns_and_the_record_it_met),
		cmocka_unit_test(dedupe_leaves_rows_alone_that_are_not_kept),
		cmocka_unit_test(dedupe_tells_keys_apart_whose_parts_run_together),
		cmocka_unit_test(dedupe_finds_every_key_again_and_stays_below_its_bytes_a_key),
		cmocka_unit_test(dedupe_stops_at_its_memory_limit),
		cmocka_unit_test(keytable_refuses_a_key_that_no_chunk_holds),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
