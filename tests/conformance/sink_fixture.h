// SPDX-License-Identifier: Apache-2.0
/* conformance/sink_fixture.h - two tables and a hand to write them with
 *
 * A parent and a child with every type of column. A row is a line of texts parted by
 * '|', an empty one being null, in the order of the columns:
 *
 *   dim_customers  customer_id | name | is_active
 *   fact_items     item_id | customer_id | day | at | amount | status | fee | n | size
 *
 * Every call that is expected to work is asserted here, so that tests say only what
 * they are about.
 */
#ifndef FE_TEST_SINK_FIXTURE_H
#define FE_TEST_SINK_FIXTURE_H

#include "load/sink.h"

enum { FX_CUSTOMERS, FX_ITEMS, FX_N_TABLES };
enum { FX_ITEM_ID, FX_CUSTOMER_ID, FX_DAY, FX_AT, FX_AMOUNT, FX_STATUS, FX_FEE, FX_N, FX_SIZE };

struct fx_tables {
	struct fe_schema schemas[FX_N_TABLES];
	struct fe_table tables[FX_N_TABLES];
};
void fx_tables_init(struct fx_tables *t);
void fx_tables_reset(struct fx_tables *t);

struct fx {
	const struct fe_sink_ops *ops;
	const struct fx_tables *tables;
	struct fe_sink *sink;
	const char *run_id;
	int64_t now_us; /* what the clock says; every question adds a second */
	int64_t wait_ms, lock_timeout_ms;
	enum fe_load_strategy strategy;
	int64_t first_object_id;
	size_t table;
	struct fe_batch batch, met;
	struct fe_load_plan *plan;
	struct fe_removal removals[64];
	int64_t n_inserted;   /* numbers given in the table */
	uint64_t n_records;
	struct fe_spool *rejects;
	fe_i128 sums[4][8];
	struct fe_groups groups[3]; /* where the table has a sum_by */
	struct fe_table_result result; /* of the last fx_table_end */
	struct fe_clock clock;
};

void fx_init(struct fx *f, const struct fe_sink_ops *ops, const struct fx_tables *tables);
void fx_reset(struct fx *f); /* closes what is open */

enum fe_rc fx_open(struct fx *f, const char *url, struct fe_err *err);
enum fe_rc fx_begin(struct fx *f, const char *run_id, struct fe_err *err);
/* Both, asserted. */
void fx_start(struct fx *f, const char *url, const char *run_id);
bool fx_table_begin(struct fx *f, size_t table); /* whether it was empty */
int64_t fx_insert(struct fx *f, const char *row); /* its number; into the batch at hand */
void fx_update(struct fx *f, int64_t stored, const char *row);
void fx_remove(struct fx *f, enum fe_place place, int64_t number);
enum fe_rc fx_try_write(struct fx *f, struct fe_err *err);
void fx_write(struct fx *f); /* the batch at hand; and starts the next */
void fx_table_end(struct fx *f);
/* Those of these customers, of the fixture's first object. */
enum fe_rc fx_try_placeholders(struct fx *f, const char *const *rows, size_t n, struct fe_err *err);
void fx_reject(struct fx *f, uint64_t record, const char *reasons, struct fe_str raw);
enum fe_rc fx_try_end(struct fx *f, const char *status, struct fe_err *err);
void fx_end(struct fx *f, const char *status); /* commit or undo, and close */
void fx_close(struct fx *f);

/* The stored number of the row with this key line (key columns first), -1 if there is
 * none; its source columns are row 0 of f->met. */
int64_t fx_lookup(struct fx *f, size_t table, const char *row, struct fe_str *origin);
bool fx_has(struct fx *f, size_t table, const char *row);      /* of a record */
bool fx_has_made(struct fx *f, size_t table, const char *row); /* a placeholder */
/* Of many rows at once; asked, known and made have a bit a row. */
void fx_has_many(struct fx *f, size_t table, const char *const *rows, size_t n, const uint64_t *asked,
                 uint64_t *known, uint64_t *made);
/* A row of a batch as a line, source columns only. Lives until the next call. */
const char *fx_line(const struct fe_batch *b, size_t row, size_t n_columns);

/* A whole run: customers C1..C3, and the items given; rows end with NULL. */
void fx_load_items(struct fx *f, const char *url, const char *run_id, const char *const *rows);

#endif
