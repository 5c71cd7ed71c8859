// SPDX-License-Identifier: Apache-2.0
/* extract/generate_transaction.c - made-up transactions */
#include "extract/generate_row.h"

#define DATE_SPAN_DAYS 365

enum { TRANSACTION_ID, CUSTOMER_ID, TRANSACTION_DATE, AMOUNT, MERCHANT_ID, CATEGORY, STATUS, PAYMENT_METHOD, N_CELLS };

const char fe_generate_transaction_header[] =
	"transaction_id,customer_id,transaction_date,amount,merchant_id,category,status,payment_method\n";

static const struct fe_weighted statuses[] = {
	{ 930, "completed" }, { 980, "pending" }, { 1000, "failed" },
};
static const struct fe_weighted categories[] = {
	{ 260, "groceries" },	  { 430, "restaurants" }, { 550, "transport" }, { 650, "retail" },
	{ 740, "utilities" },	  { 810, "entertainment" }, { 870, "healthcare" }, { 920, "electronics" },
	{ 960, "travel" },	  { 985, "education" },	  { 1000, "insurance" },
};
static const struct fe_weighted payment_methods[] = {
	{ 420, "credit_card" }, { 720, "debit_card" }, { 860, "digital_wallet" },
	{ 950, "bank_transfer" }, { 1000, "cash" },
};

/* Amounts in minor units: most are small, a few very large. */
static const struct {
	uint32_t upto;
	uint64_t low, high;
} amounts[] = {
	{ 450, 100, 3000 },	   { 750, 3001, 10000 },	{ 880, 10001, 25000 },
	{ 960, 25001, 100000 },	   { 988, 100001, 500000 },	{ 997, 500001, 1000000 },
	{ 1000, 1000001, 10000000 },
};

/* When in the day people pay: running sums of 1000 by hour. */
static const uint32_t hours[24] = {
	9,   14,  18,  21,  24,	 30,  46,  78,	126, 180, 236, 296,
	368, 432, 486, 540, 600, 668, 748, 824, 888, 938, 972, 1000,
};

static uint64_t
amount_pick(struct fe_rng *r)
{
	uint64_t x = fe_draw_below(r, 1000);
	size_t i = 0;
	while (x >= amounts[i].upto)
		i++;
	return fe_draw_between(r, amounts[i].low, amounts[i].high);
}

static int64_t
second_of_day_pick(struct fe_rng *r)
{
	uint64_t x = fe_draw_below(r, 1000);
	int64_t hour = 0;
	while (x >= hours[hour])
		hour++;
	return hour * 3600 + (int64_t)fe_draw_below(r, 3600);
}

struct transaction {
	uint64_t number, customer; /* from 1 */
	int32_t day;
	int64_t second;
	int64_t amount;
	uint64_t merchant;
	const char *category, *status, *payment_method;
};

/* A customer whose id stands in customers.csv: not one of the records there that
 * took the place of their own customer by repeating another. */
static uint64_t
customer_pick(const struct fe_generate_maker *m, struct fe_rng *r)
{
	uint64_t at = fe_draw_below(r, m->n_customers);
	while (at > 0 && fe_generate_repeats(fe_draw_fault_at(m->customer_seed, m->customer_faults, at)))
		at--;
	return at + 1;
}

static struct transaction
transaction_draw(const struct fe_generate_maker *m, struct fe_rng *r, uint64_t index)
{
	struct transaction t = { .number = index + 1 };
	t.customer = customer_pick(m, r);
	t.day = m->until_day - 1 - (int32_t)fe_draw_below(r, DATE_SPAN_DAYS);
	t.second = second_of_day_pick(r);
	t.amount = (int64_t)amount_pick(r);
	uint64_t one = fe_draw_between(r, 1, 2000), other = fe_draw_between(r, 1, 2000);
	t.merchant = one < other ? one : other; /* the first ones are the busiest */
	t.category = fe_draw_weighted(r, categories);
	t.status = fe_draw_weighted(r, statuses);
	t.payment_method = fe_draw_weighted(r, payment_methods);
	return t;
}

/* Faults that are another value of the same form. */
static void
transaction_bend(const struct fe_generate_maker *m, struct transaction *t,
		 enum fe_generate_fault fault, struct fe_rng *r)
{
	switch (fault) {
	case FE_GENERATE_NEGATIVE_AMOUNT:
		t->amount = -t->amount;
		break;
	case FE_GENERATE_OVER_LIMIT:
		t->amount = (int64_t)fe_draw_between(r, 100000001, 1000000000);
		break;
	case FE_GENERATE_CONFLICT:
		t->amount += (int64_t)fe_draw_between(r, 1, 10000);
		break;
	case FE_GENERATE_UNKNOWN_CUSTOMER:
		t->customer = m->n_customers + fe_draw_between(r, 1, 1000);
		break;
	case FE_GENERATE_FUTURE_DATE:
		t->day += (int32_t)fe_draw_between(r, 4020, 21900);
		break;
	case FE_GENERATE_TOO_OLD:
		t->day -= (int32_t)fe_draw_between(r, 800, 4000);
		break;
	default:
		break;
	}
}

static void
transaction_print(const struct transaction *t, struct fe_generate_row *row)
{
	fe_row_put_text(row, TRANSACTION_ID, "TXN");
	fe_row_put_number(row, TRANSACTION_ID, t->number, 10);
	fe_row_put_text(row, CUSTOMER_ID, "CUST");
	fe_row_put_number(row, CUSTOMER_ID, t->customer, 8);
	fe_row_put_moment(row, TRANSACTION_DATE, t->day, t->second);
	fe_row_put_amount(row, AMOUNT, t->amount);
	fe_row_put_text(row, MERCHANT_ID, "MERCH");
	fe_row_put_number(row, MERCHANT_ID, t->merchant, 4);
	fe_row_put_text(row, CATEGORY, t->category);
	fe_row_put_text(row, STATUS, t->status);
	fe_row_put_text(row, PAYMENT_METHOD, t->payment_method);
	row->n_cells = N_CELLS;
	row->has_amount = true;
	row->amount = t->amount;
}

/* The amount, written in a way that is not a decimal(12,2). */
static void
amount_malform(struct fe_generate_row *row, struct fe_rng *r)
{
	uint64_t minor = fe_draw_between(r, 100000, 9999999); /* from 1,000.00 */
	fe_row_clear_cell(row, AMOUNT);
	switch (fe_draw_below(r, 6)) {
	case 0:
		fe_row_put_text(row, AMOUNT, "\"");
		fe_row_put_number(row, AMOUNT, minor / 100000, 1);
		fe_row_put_text(row, AMOUNT, ",");
		fe_row_put_number(row, AMOUNT, minor / 100 % 1000, 3);
		fe_row_put_text(row, AMOUNT, ".");
		fe_row_put_number(row, AMOUNT, minor % 100, 2);
		fe_row_put_text(row, AMOUNT, "\"");
		break;
	case 1:
		fe_row_put_text(row, AMOUNT, "$");
		fe_row_put_amount(row, AMOUNT, row->amount);
		break;
	case 2:
		fe_row_put_amount(row, AMOUNT, row->amount);
		fe_row_put_text(row, AMOUNT, "5");
		break;
	case 3:
		fe_row_put_amount(row, AMOUNT, row->amount);
		fe_row_put_text(row, AMOUNT, " EUR");
		break;
	case 4:
		fe_row_put_text(row, AMOUNT, "(");
		fe_row_put_amount(row, AMOUNT, row->amount);
		fe_row_put_text(row, AMOUNT, ")");
		break;
	default:
		fe_row_put_number(row, AMOUNT, minor / 100000, 1);
		fe_row_put_text(row, AMOUNT, "e3");
		break;
	}
}

#define PICK(r, list) (list)[fe_draw_below((r), sizeof(list) / sizeof((list)[0]))]

/* Faults of the cells' text. */
static void
transaction_spoil(struct fe_generate_row *row, struct fe_rng *r)
{
	static const char *const bad_dates[] = { "2025-02-30", "31/12/2025", "2025-13-01 10:00:00",
	                                         "2025-06-15 24:00:00", "20250615", "yesterday" };
	static const char *const bad_statuses[] = { "complete", "cancelled", "refunded", "unknown" };
	static const char *const quoted[] = { "\"food, drink\"", "\"gifts, \"\"other\"\"\"", "\"books, music\"" };
	static const uint8_t optional[] = { MERCHANT_ID, CATEGORY, PAYMENT_METHOD };
	static const uint8_t texts[] = { TRANSACTION_ID, CUSTOMER_ID, MERCHANT_ID,
	                                 CATEGORY, STATUS, PAYMENT_METHOD };

	switch (row->fault) {
	case FE_GENERATE_MISSING_AMOUNT:
		fe_row_clear_cell(row, AMOUNT);
		row->has_amount = false;
		break;
	case FE_GENERATE_MALFORMED_AMOUNT:
		amount_malform(row, r);
		row->has_amount = false;
		break;
	case FE_GENERATE_BAD_STATUS:
		fe_row_set_text(row, STATUS, PICK(r, bad_statuses));
		break;
	case FE_GENERATE_BAD_DATE:
		fe_row_set_text(row, TRANSACTION_DATE, PICK(r, bad_dates));
		break;
	case FE_GENERATE_MISSING_ID:
		fe_row_clear_cell(row, TRANSACTION_ID);
		break;
	case FE_GENERATE_RAGGED:
		if (fe_draw_below(r, 2) == 0)
			row->n_cells--;
		else
			fe_row_put_text(row, row->n_cells++, "extra");
		row->has_amount = false;
		break;
	case FE_GENERATE_CHANGED:
		fe_row_set_other(row, STATUS, statuses, sizeof(statuses) / sizeof(statuses[0]), r);
		break;
	case FE_GENERATE_MISSING_OPTIONAL:
		fe_row_clear_cell(row, PICK(r, optional));
		break;
	case FE_GENERATE_UNTIDY:
		fe_row_make_untidy(row, texts, sizeof(texts), r);
		break;
	case FE_GENERATE_QUOTED:
		fe_row_set_text(row, CATEGORY, PICK(r, quoted));
		break;
	default:
		break;
	}
}

void
fe_generate_transaction(const struct fe_generate_maker *m, uint64_t index,
			struct fe_generate_row *row)
{
	struct fe_rng own = fe_draw_at(m->transaction_seed, index);
	uint64_t at = index;

	fe_row_clear(row);
	row->fault = fe_draw_fault(&own, m->transaction_faults);
	struct fe_rng content = fe_draw_content(&row->fault, m->transaction_seed, m->transaction_faults, &own, &at);
	struct transaction t = transaction_draw(m, &content, at);
	/* A repeat's own choices are its own, or every repeat of a record would be the same. */
	struct fe_rng *choices = fe_generate_repeats(row->fault) ? &own : &content;
	transaction_bend(m, &t, row->fault, choices);
	transaction_print(&t, row);
	transaction_spoil(row, choices);
}
