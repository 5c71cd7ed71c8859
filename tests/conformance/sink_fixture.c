// SPDX-License-Identifier: Apache-2.0
/* conformance/sink_fixture.c - see conformance/sink_fixture.h */
#include "sink_fixture.h"

#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/text.h"
#include "base/time.h"
#include "load/reject.h"

/* ---- tables ---- */

static const enum fe_role customer_roles[] = { FE_ROLE_KEY, FE_ROLE_MUTABLE, FE_ROLE_MUTABLE };
static const bool customer_not_null[] = { true, false, false };
static const enum fe_role item_roles[] = {
	FE_ROLE_KEY,     FE_ROLE_FIXED,   FE_ROLE_FIXED,   FE_ROLE_FIXED,  FE_ROLE_FIXED,
	FE_ROLE_MUTABLE, FE_ROLE_MUTABLE, FE_ROLE_MUTABLE, FE_ROLE_DERIVED,
};
static const bool item_not_null[] = { true, true, false, false, false, false, false, false, false };
static const size_t first_column[] = { 0 };
static const struct fe_index item_indexes[] = {
	{ .columns = { FX_CUSTOMER_ID }, .n_columns = 1 },
	{ .columns = { FX_AMOUNT }, .n_columns = 1 },
	{ .columns = { FX_AT, FX_STATUS }, .descending = { true, false }, .n_columns = 2 },
};
static const struct fe_check_sql item_checks[] = {
	{ .text = "status <> 'never'", .sqlite = "status <> 'never'", .postgres = "status <> 'never'" },
};

static void
add(struct fe_schema *s, const char *name, struct fe_type type)
{
	(void)fe_schema_add(s, fe_str_of(name), type);
}

static void
add_columns(struct fx_tables *t)
{
	const struct fe_type text = { .kind = FE_TEXT };
	struct fe_schema *c = &t->schemas[FX_CUSTOMERS], *i = &t->schemas[FX_ITEMS];

	fe_schema_init(c);
	add(c, "customer_id", text);
	add(c, "name", text);
	add(c, "is_active", (struct fe_type){ .kind = FE_BOOL });
	c->n_source = c->n_fields;
	fe_schema_init(i);
	add(i, "item_id", text);
	add(i, "customer_id", text);
	add(i, "day", (struct fe_type){ .kind = FE_DATE });
	add(i, "at", (struct fe_type){ .kind = FE_TIMESTAMP });
	add(i, "amount", (struct fe_type){ .kind = FE_DECIMAL, .precision = 18, .scale = 2 });
	add(i, "status", text);
	add(i, "fee", (struct fe_type){ .kind = FE_DECIMAL, .precision = 6, .scale = 3 });
	add(i, "n", (struct fe_type){ .kind = FE_INT });
	i->n_source = i->n_fields;
	add(i, "size", text);
}

void
fx_tables_init(struct fx_tables *t)
{
	static struct fe_foreign_key keys[] = { { .columns = { FX_CUSTOMER_ID }, .n_columns = 1 } };

	*t = (struct fx_tables){ 0 };
	add_columns(t);
	keys[0].references = &t->tables[FX_CUSTOMERS];
	t->tables[FX_CUSTOMERS] = (struct fe_table){
		.name = "dim_customers", .dataset = "customers",
		.schema = &t->schemas[FX_CUSTOMERS], .roles = customer_roles,
		.not_null = customer_not_null, .key = first_column, .n_key = 1,
		.version = FE_NO_COLUMN, .takes_placeholders = true,
	};
	t->tables[FX_ITEMS] = (struct fe_table){
		.name = "fact_items", .dataset = "items", .schema = &t->schemas[FX_ITEMS],
		.roles = item_roles, .not_null = item_not_null, .key = first_column, .n_key = 1,
		.version = FE_NO_COLUMN, .indexes = item_indexes, .n_indexes = 3,
		.foreign_keys = keys, .n_foreign_keys = 1, .checks = item_checks, .n_checks = 1,
	};
}

void
fx_tables_reset(struct fx_tables *t)
{
	size_t i;

	for (i = 0; i < FX_N_TABLES; i++)
		fe_schema_reset(&t->schemas[i]);
}

/* ---- cells ---- */

static void
set_cell(struct fe_batch *b, size_t column, size_t row, struct fe_str text)
{
	struct fe_column *c = &b->columns[column];
	bool v = false;

	fe_bit_put(c->valid, row, text.n > 0);
	if (text.n == 0)
		return;
	switch (c->type.kind) {
	case FE_TEXT:
		c->text[row] = (struct fe_str){ fe_arena_copy(&b->arena, text.p, text.n), text.n };
		break;
	case FE_DECIMAL:
		assert_int_equal(fe_decimal_parse(text, c->type.precision, c->type.scale, NULL,
		                                  &c->i64[row]),
		                 FE_DECIMAL_OK);
		break;
	case FE_INT:
		assert_int_equal(fe_int_parse(text, &c->i64[row]), FE_DECIMAL_OK);
		break;
	case FE_BOOL:
		assert_true(fe_bool_parse(text, &v));
		fe_bit_put(c->bits, row, v);
		break;
	case FE_DATE:
		assert_int_equal(fe_date_parse(text, NULL, &c->days[row]), FE_TIME_OK);
		break;
	case FE_TIMESTAMP:
		assert_int_equal(fe_timestamp_parse(text, NULL, NULL, &c->i64[row]), FE_TIME_OK);
		break;
	}
}

static void
set_row(struct fe_batch *b, size_t row, const char *line)
{
	struct fe_str rest = fe_str_of(line);
	size_t i;

	for (i = 0; i < b->schema->n_fields; i++) {
		const char *bar = rest.n ? memchr(rest.p, '|', rest.n) : NULL;
		struct fe_str cell = { rest.p, bar ? (size_t)(bar - rest.p) : rest.n };

		set_cell(b, i, row, cell);
		rest.p = bar ? bar + 1 : rest.p + rest.n;
		rest.n = bar ? rest.n - cell.n - 1 : 0;
	}
}

const char *
fx_line(const struct fe_batch *b, size_t row, size_t n_columns)
{
	static char line[4096];
	struct fe_buf out;
	size_t i;

	fe_buf_init(&out, sizeof(line) - 1);
	for (i = 0; i < n_columns; i++) {
		if (i > 0)
			fe_buf_add_char(&out, '|');
		fe_column_print(&b->columns[i], row, &out);
	}
	assert_false(out.failed);
	memcpy(line, fe_buf_text(&out), out.n_bytes + 1);
	fe_buf_reset(&out);
	return line;
}

/* ---- a run ---- */

static int64_t
tick(void *self)
{
	struct fx *f = self;

	return f->now_us += FE_US_PER_SECOND;
}

void
fx_init(struct fx *f, const struct fe_sink_ops *ops, const struct fx_tables *tables)
{
	*f = (struct fx){ .ops = ops, .tables = tables, .now_us = INT64_C(1800000000) * 1000000 };
	f->clock = (struct fe_clock){ .now_us = tick, .ticks_us = tick, .self = f };
	f->plan = fe_new(struct fe_load_plan);
}

void
fx_reset(struct fx *f)
{
	for (size_t i = 0; i < 3; i++)
		fe_groups_reset(&f->groups[i]);
	fx_close(f);
	fe_free(f->plan);
	f->plan = NULL;
}

void
fx_close(struct fx *f)
{
	if (f->sink)
		f->ops->close(f->sink);
	f->sink = NULL;
	fe_spool_close(f->rejects);
	f->rejects = NULL;
	fe_batch_reset(&f->batch);
	fe_batch_reset(&f->met);
}

static void
assert_ok(enum fe_rc rc, const struct fe_err *err)
{
	if (rc)
		fail_msg("%s", err->text);
}

enum fe_rc
fx_open(struct fx *f, const char *url, struct fe_err *err)
{
	const struct fe_sink_settings set = {
		.url = url, .tables = f->tables->tables, .n_tables = FX_N_TABLES,
		.clock = &f->clock, .wait_ms = f->wait_ms, .strategy = f->strategy,
		.lock_timeout_ms = f->lock_timeout_ms, .spool_folder = "/tmp",
	};

	return f->ops->open(&f->sink, &set, err);
}

enum fe_rc
fx_begin(struct fx *f, const char *run_id, struct fe_err *err)
{
	const struct fe_run_info run = {
		.run_id = run_id, .pipeline = "shop", .config_sha256 = "c0ffee", .version = "0.0.1",
		.start_us = tick(f), .run_time_us = f->now_us,
	};

	f->run_id = run_id;
	f->n_records = 0;
	return f->ops->begin(f->sink, &run, &f->first_object_id, err);
}

void
fx_start(struct fx *f, const char *url, const char *run_id)
{
	struct fe_err err = FE_ERR_INIT;

	assert_ok(fx_open(f, url, &err), &err);
	assert_ok(fx_begin(f, run_id, &err), &err);
	assert_ok(fe_spool_open(&f->rejects, "/tmp", &err), &err);
}

static void
next_batch(struct fx *f)
{
	fe_batch_clear(&f->batch);
	memset(f->plan, 0, sizeof(*f->plan));
}

bool
fx_table_begin(struct fx *f, size_t table)
{
	struct fe_err err = FE_ERR_INIT;
	bool is_empty = false;

	fe_batch_reset(&f->batch);
	fe_batch_init(&f->batch, &f->tables->schemas[table]);
	next_batch(f);
	f->table = table;
	f->n_inserted = 0;
	assert_ok(f->ops->table_begin(f->sink, table, &is_empty, &err), &err);
	return is_empty;
}

static size_t
add_row(struct fx *f, enum fe_action action, int64_t number, const char *line)
{
	size_t row = f->batch.n_rows++;

	assert_true(row < FE_BATCH_ROWS);
	set_row(&f->batch, row, line);
	f->batch.origin[row].record = ++f->n_records;
	f->plan->action[row] = (uint8_t)action;
	f->plan->number[row] = number;
	return row;
}

int64_t
fx_insert(struct fx *f, const char *line)
{
	(void)add_row(f, FE_ACTION_INSERT, f->n_inserted, line);
	f->plan->n_inserts++;
	return f->n_inserted++;
}

void
fx_update(struct fx *f, int64_t stored, const char *line)
{
	(void)add_row(f, FE_ACTION_UPDATE, stored, line);
	f->plan->n_updates++;
}

void
fx_remove(struct fx *f, enum fe_place place, int64_t number)
{
	assert_true(f->plan->n_removals < 64);
	f->removals[f->plan->n_removals++] = (struct fe_removal){ place, number };
	f->plan->removals = f->removals;
}

enum fe_rc
fx_try_write(struct fx *f, struct fe_err *err)
{
	enum fe_rc rc = f->ops->write(f->sink, f->table, &f->batch, f->plan,
	                              f->first_object_id + (int64_t)f->table, err);

	next_batch(f);
	return rc;
}

void
fx_write(struct fx *f)
{
	struct fe_err err = FE_ERR_INIT;

	assert_ok(fx_try_write(f, &err), &err);
}

/* Given by the caller, as sums are. */
static void
ask_for_groups(struct fx *f)
{
	const struct fe_table *t = &f->tables->tables[f->table];
	struct fe_confirmed *const of[3] = { &f->result.inserted, &f->result.updated, &f->result.unchanged };
	size_t n_figures = 1;

	for (size_t i = 0; i < t->schema->n_source; i++)
		n_figures += t->schema->fields[i].type.kind == FE_DECIMAL;
	for (size_t i = 0; i < 3; i++) {
		fe_groups_reset(&f->groups[i]);
		if (!t->n_sum_by)
			continue;
		fe_groups_init(&f->groups[i], t->schema, t->sum_by, t->n_sum_by, n_figures);
		of[i]->groups = &f->groups[i];
	}
}

void
fx_table_end(struct fx *f)
{
	struct fe_err err = FE_ERR_INIT;

	memset(f->sums, 0x55, sizeof(f->sums)); /* so that what is not set shows */
	f->result = (struct fe_table_result){ .inserted.sums = f->sums[0],
		                              .updated.sums = f->sums[1],
		                              .unchanged.sums = f->sums[2],
		                              .filled.sums = f->sums[3] };
	ask_for_groups(f);
	assert_ok(f->ops->table_end(f->sink, f->table, &f->result, &err), &err);
}

enum fe_rc
fx_try_placeholders(struct fx *f, const char *const *rows, size_t n, struct fe_err *err)
{
	struct fe_batch keys;
	enum fe_rc rc;
	size_t i;

	fe_batch_init(&keys, &f->tables->schemas[FX_CUSTOMERS]);
	fe_batch_clear(&keys);
	for (i = 0; i < n; i++)
		set_row(&keys, i, rows[i]);
	keys.n_rows = n;
	rc = f->ops->placeholders(f->sink, FX_CUSTOMERS, &keys, f->first_object_id, err);
	fe_batch_reset(&keys);
	return rc;
}

void
fx_reject(struct fx *f, uint64_t record, const char *reasons, struct fe_str raw)
{
	const struct fe_reject r = {
		.dataset = 1, .object = 1, .record = record, .offset = record * 100,
		.verdict = FE_REJECTED, .reasons = fe_str_of(reasons),
		.decimals = FE_STR("{\"amount\":\"12.50\"}"), .raw = raw,
	};
	struct fe_err err = FE_ERR_INIT;

	assert_ok(fe_reject_add(f->rejects, &r, &err), &err);
}

enum fe_rc
fx_try_end(struct fx *f, const char *status, struct fe_err *err)
{
	static const char *const datasets[] = { "customers", "items" };
	struct fe_object_id ids[2] = {
		{ .path = (char[]){ "/in/customers.csv" }, .size_bytes = 100, .mtime_us = 5,
		  .sha256 = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" },
		{ .path = (char[]){ "/in/items.csv" }, .size_bytes = 200, .mtime_us = 0,
		  .sha256 = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" },
	};
	struct fe_run_object objects[2];
	bool is_success = strncmp(status, "success", 7) == 0;
	size_t i;

	for (i = 0; i < 2; i++)
		objects[i] = (struct fe_run_object){ .dataset = datasets[i],
			                             .object_id = f->first_object_id + (int64_t)i,
			                             .id = &ids[i],
			                             .n_records = 3,
			                             .is_whole = true };
	const struct fe_run_end end = {
		.status = status, .end_us = tick(f), .extracted = 10, .transformed = 9, .loaded = 8,
		.rejected = f->rejects ? fe_spool_n_entries(f->rejects) : 0, .duplicate = 1,
		.error = is_success ? NULL : "it did not go well",
		.quality_report = FE_STR("{}"), .reconciliation = FE_STR("{\"agrees\":true}"),
		.report = FE_STR("{\"status\":\"x\"}"), .objects = objects, .n_objects = 2,
		.datasets = datasets, .n_datasets = 2, .rejects = f->rejects,
	};
	return is_success ? f->ops->commit(f->sink, &end, err) : f->ops->undo(f->sink, &end, err);
}

void
fx_end(struct fx *f, const char *status)
{
	struct fe_err err = FE_ERR_INIT;

	assert_ok(fx_try_end(f, status, &err), &err);
	fx_close(f);
}

/* ---- questions ---- */

static void
ask(struct fx *f, size_t table, const char *line, struct fe_batch *question)
{
	fe_batch_reset(&f->met);
	fe_batch_init(&f->met, &f->tables->schemas[table]);
	fe_batch_clear(&f->met);
	fe_batch_init(question, &f->tables->schemas[table]);
	fe_batch_clear(question);
	set_row(question, 0, line);
	question->n_rows = 1;
}

int64_t
fx_lookup(struct fx *f, size_t table, const char *line, struct fe_str *origin)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_str from = { 0 };
	struct fe_batch question;
	const uint32_t rows[] = { 0 };
	int64_t stored = -2;

	ask(f, table, line, &question);
	assert_ok(f->ops->lookup(f->sink, table, &question, rows, 1, &f->met, &stored, &from, &err),
	          &err);
	fe_batch_reset(&question);
	if (origin)
		*origin = from;
	return stored;
}

static void
has_one(struct fx *f, size_t table, const char *line, uint64_t *known, uint64_t *made)
{
	const uint64_t asked = 1;

	*known = *made = 0;
	fx_has_many(f, table, &line, 1, &asked, known, made);
	assert_true(*known + *made <= 1);
}

bool
fx_has(struct fx *f, size_t table, const char *line)
{
	uint64_t known, made;

	has_one(f, table, line, &known, &made);
	return known;
}

bool
fx_has_made(struct fx *f, size_t table, const char *line)
{
	uint64_t known, made;

	has_one(f, table, line, &known, &made);
	return made;
}

void
fx_has_many(struct fx *f, size_t table, const char *const *lines, size_t n, const uint64_t *asked,
	    uint64_t *known, uint64_t *made)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_batch question;

	ask(f, table, lines[0], &question);
	for (size_t i = 1; i < n; i++)
		set_row(&question, i, lines[i]);
	question.n_rows = n;
	assert_ok(f->ops->has(f->sink, table, &question.columns[0], asked, n, known, made, &err), &err);
	fe_batch_reset(&question);
}

void
fx_load_items(struct fx *f, const char *url, const char *run_id, const char *const *rows)
{
	fx_start(f, url, run_id);
	if (fx_table_begin(f, FX_CUSTOMERS)) {
		(void)fx_insert(f, "C1|Ann|true");
		(void)fx_insert(f, "C2|Bob|false");
		(void)fx_insert(f, "C3||");
		fx_write(f);
	}
	fx_table_end(f);
	(void)fx_table_begin(f, FX_ITEMS);
	for (; *rows; rows++)
		(void)fx_insert(f, *rows);
	fx_write(f);
	fx_table_end(f);
	fx_end(f, "success");
}
