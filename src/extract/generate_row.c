// SPDX-License-Identifier: Apache-2.0
/* extract/generate_row.c - cells, faults and repeats of made-up records
 *
 * A record is drawn in a fixed order of draws into plain values, printed into cells,
 * and then spoiled by its fault.
 *
 * Repeating an earlier record looks for one without a fault at or before a random
 * index, so that what is repeated was loaded; near the start of a file there may be
 * none, and the record is then a plain one.
 */
#include "extract/generate_row.h"

#include "base/time.h"

#define MAX_STEPS_BACK 64

/* ---- cells ---- */

void
fe_row_put(struct fe_generate_row *row, size_t cell, const char *text, size_t n_bytes)
{
	size_t used = row->cells[cell].n_bytes;
	FE_ASSERT(n_bytes <= FE_GENERATE_CELL_BYTES - used);
	memcpy(row->cells[cell].text + used, text, n_bytes);
	row->cells[cell].n_bytes = used + n_bytes;
}

void
fe_row_put_text(struct fe_generate_row *row, size_t cell, const char *text)
{
	fe_row_put(row, cell, text, strlen(text));
}

void
fe_row_put_number(struct fe_generate_row *row, size_t cell, uint64_t v, size_t width)
{
	char digits[20];
	size_t at = sizeof(digits);
	do {
		digits[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v || sizeof(digits) - at < width);
	fe_row_put(row, cell, digits + at, sizeof(digits) - at);
}

void
fe_row_put_amount(struct fe_generate_row *row, size_t cell, int64_t amount)
{
	char text[FE_DECIMAL_TEXT_BYTES];
	fe_row_put(row, cell, text, fe_decimal_format(amount, FE_GENERATE_AMOUNT_SCALE, text));
}

void
fe_row_put_date(struct fe_generate_row *row, size_t cell, int32_t day)
{
	char text[FE_DATE_TEXT_BYTES];
	fe_date_format(day, text);
	fe_row_put(row, cell, text, sizeof(text));
}

void
fe_row_put_moment(struct fe_generate_row *row, size_t cell, int32_t day, int64_t second)
{
	uint64_t s = (uint64_t)second;
	fe_row_put_date(row, cell, day);
	fe_row_put_text(row, cell, " ");
	fe_row_put_number(row, cell, s / 3600, 2);
	fe_row_put_text(row, cell, ":");
	fe_row_put_number(row, cell, s / 60 % 60, 2);
	fe_row_put_text(row, cell, ":");
	fe_row_put_number(row, cell, s % 60, 2);
}

void
fe_row_clear_cell(struct fe_generate_row *row, size_t cell)
{
	row->cells[cell].n_bytes = 0;
}

void
fe_row_set_text(struct fe_generate_row *row, size_t cell, const char *text)
{
	fe_row_clear_cell(row, cell);
	fe_row_put_text(row, cell, text);
}

void
fe_row_set_other(struct fe_generate_row *row, size_t cell, const struct fe_weighted *list, size_t n,
		 struct fe_rng *r)
{
	size_t at = fe_draw_below(r, n);
	struct fe_str now = { row->cells[cell].text, row->cells[cell].n_bytes };
	if (fe_str_is(now, list[at].text))
		at = (at + 1) % n;
	fe_row_set_text(row, cell, list[at].text);
}

static void
swap_case(struct fe_generate_row *row, size_t cell)
{
	char *p = row->cells[cell].text;
	for (size_t i = 0; i < row->cells[cell].n_bytes; i++)
		if ((p[i] >= 'a' && p[i] <= 'z') || (p[i] >= 'A' && p[i] <= 'Z'))
			p[i] ^= 0x20;
}

static void
add_blanks(struct fe_generate_row *row, size_t cell)
{
	char *p = row->cells[cell].text;
	FE_ASSERT(row->cells[cell].n_bytes + 3 <= FE_GENERATE_CELL_BYTES);
	memmove(p + 1, p, row->cells[cell].n_bytes);
	p[0] = ' ';
	row->cells[cell].n_bytes++;
	fe_row_put_text(row, cell, "  ");
}

void
fe_row_make_untidy(struct fe_generate_row *row, const uint8_t *cells, size_t n, struct fe_rng *r)
{
	size_t certain = fe_draw_below(r, n);
	for (size_t i = 0; i < n; i++) {
		uint64_t what = fe_draw_below(r, i == certain ? 2 : 6);
		if (what == 0)
			swap_case(row, cells[i]);
		else if (what == 1)
			add_blanks(row, cells[i]);
	}
}

/* ---- faults ---- */

enum fe_generate_fault
fe_draw_fault(struct fe_rng *r, const uint32_t upto[FE_N_GENERATE_FAULTS])
{
	uint64_t x = fe_draw_below(r, 1000);
	if (x >= upto[FE_N_GENERATE_FAULTS - 1])
		return FE_GENERATE_PLAIN;
	unsigned fault = 0;
	while (x >= upto[fault])
		fault++;
	return (enum fe_generate_fault)fault;
}

enum fe_generate_fault
fe_draw_fault_at(uint64_t file_seed, const uint32_t *upto, uint64_t index)
{
	struct fe_rng r = fe_draw_at(file_seed, index);
	return fe_draw_fault(&r, upto);
}

bool
fe_generate_repeats(enum fe_generate_fault fault)
{
	return fault == FE_GENERATE_DUPLICATE || fault == FE_GENERATE_CHANGED || fault == FE_GENERATE_CONFLICT;
}

/* A record without a fault before `index`; false where there is none nearby. */
static bool
earlier_plain(struct fe_rng *r, uint64_t file_seed, const uint32_t *upto, uint64_t index,
	      uint64_t *found)
{
	if (index == 0)
		return false;
	uint64_t at = fe_draw_below(r, index);
	for (unsigned step = 0; step < MAX_STEPS_BACK; step++, at--) {
		if (fe_draw_fault_at(file_seed, upto, at) == FE_GENERATE_PLAIN) {
			*found = at;
			return true;
		}
		if (at == 0)
			return false;
	}
	return false;
}

struct fe_rng
fe_draw_content(enum fe_generate_fault *fault, uint64_t file_seed, const uint32_t *upto,
		struct fe_rng *own, uint64_t *at)
{
	if (!fe_generate_repeats(*fault))
		return *own;
	if (!earlier_plain(own, file_seed, upto, *at, at)) {
		*fault = FE_GENERATE_PLAIN;
		return *own;
	}
	struct fe_rng earlier = fe_draw_at(file_seed, *at);
	(void)fe_draw(&earlier); /* its fault: none */
	return earlier;
}

void
fe_row_clear(struct fe_generate_row *row)
{
	for (size_t i = 0; i < FE_GENERATE_MAX_CELLS; i++)
		row->cells[i].n_bytes = 0;
	row->has_amount = false;
	row->amount = 0;
}

void
fe_generate_maker_init(struct fe_generate_maker *m, const struct fe_generate_settings *set)
{
	uint32_t customers = 0, transactions = 0;
	*m = (struct fe_generate_maker){
		.n_customers = set->n_customers,
		.customer_seed = fe_draw_mix(set->seed),
		.transaction_seed = fe_draw_mix(~set->seed),
		.until_day = fe_days_of_us(set->until_us),
	};
	for (size_t i = 0; i < FE_N_GENERATE_FAULTS; i++) {
		transactions += set->per_mille[i];
		if (fe_generate_faults[i].in_customers)
			customers += set->per_mille[i];
		m->transaction_faults[i] = transactions;
		m->customer_faults[i] = customers;
	}
}
