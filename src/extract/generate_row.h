// SPDX-License-Identifier: Apache-2.0
/* extract/generate_row.h - the i-th made-up record, as cells
 *
 * A record is a function of the settings and its index alone: its random numbers
 * start anew from (seed, file, index). So an earlier record can be written again, or
 * written changed, at any distance and without remembering it.
 */
#ifndef FE_EXTRACT_GENERATE_ROW_H
#define FE_EXTRACT_GENERATE_ROW_H

#include "extract/generate.h"
#include "extract/generate_draw.h"

#define FE_GENERATE_CELL_BYTES 64
#define FE_GENERATE_MAX_CELLS 9 /* 8 columns and one cell too many */

/* Cells as they stand in the file, quotes and all. */
struct fe_generate_row {
	struct {
		char text[FE_GENERATE_CELL_BYTES];
		size_t n_bytes;
	} cells[FE_GENERATE_MAX_CELLS];
	size_t n_cells;
	enum fe_generate_fault fault;
	bool has_amount;
	int64_t amount; /* scaled by 10^FE_GENERATE_AMOUNT_SCALE */
};

/* What the settings come to, ready for drawing. */
struct fe_generate_maker {
	uint64_t n_customers;
	uint64_t customer_seed, transaction_seed;
	int32_t until_day;
	uint32_t customer_faults[FE_N_GENERATE_FAULTS];    /* running sums, per mille */
	uint32_t transaction_faults[FE_N_GENERATE_FAULTS];
};

extern const char fe_generate_customer_header[];
extern const char fe_generate_transaction_header[];

/* ---- what a record is ---- */

void fe_generate_maker_init(struct fe_generate_maker *m, const struct fe_generate_settings *set);
void fe_generate_customer(const struct fe_generate_maker *m, uint64_t index, struct fe_generate_row *row);
void fe_generate_transaction(const struct fe_generate_maker *m, uint64_t index, struct fe_generate_row *row);

/* ---- what both kinds of record are made with ---- */

void fe_row_clear(struct fe_generate_row *row);
/* Append to a cell. */
void fe_row_put(struct fe_generate_row *row, size_t cell, const char *text, size_t n_bytes);
void fe_row_put_text(struct fe_generate_row *row, size_t cell, const char *text);
void fe_row_put_number(struct fe_generate_row *row, size_t cell, uint64_t v, size_t width); /* zeros in front */
void fe_row_put_amount(struct fe_generate_row *row, size_t cell, int64_t amount);
void fe_row_put_date(struct fe_generate_row *row, size_t cell, int32_t day);
void fe_row_put_moment(struct fe_generate_row *row, size_t cell, int32_t day, int64_t second);
/* Replace a cell. */
void fe_row_clear_cell(struct fe_generate_row *row, size_t cell);
void fe_row_set_text(struct fe_generate_row *row, size_t cell, const char *text);
/* ... by another text of the list than the one that is there. */
void fe_row_set_other(struct fe_generate_row *row, size_t cell, const struct fe_weighted *list, size_t n,
                      struct fe_rng *r);
/* Other case and blanks around: one of the cells for certain, the others by chance. */
void fe_row_make_untidy(struct fe_generate_row *row, const uint8_t *cells, size_t n, struct fe_rng *r);

/* The fault is the first draw of a record; upto are the running sums of the rates. */
enum fe_generate_fault fe_draw_fault(struct fe_rng *r, const uint32_t upto[FE_N_GENERATE_FAULTS]);
enum fe_generate_fault fe_draw_fault_at(uint64_t file_seed, const uint32_t *upto, uint64_t index);
bool fe_generate_repeats(enum fe_generate_fault fault); /* writes an earlier record again */
/* The sequence that a record's content is drawn from, after its fault: `own`, or for
 * one that repeats, that of an earlier record without a fault (index in *at). Where
 * there is none nearby, the fault becomes FE_GENERATE_PLAIN. */
struct fe_rng fe_draw_content(enum fe_generate_fault *fault, uint64_t file_seed, const uint32_t *upto,
                               struct fe_rng *own, uint64_t *at);

#endif
