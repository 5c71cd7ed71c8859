// SPDX-License-Identifier: Apache-2.0
/* extract/generate_customer.c - made-up customers */
#include "extract/generate_row.h"

enum { CUSTOMER_ID, CUSTOMER_NAME, REGISTRATION_DATE, CUSTOMER_TIER, EMAIL, IS_ACTIVE, N_CELLS };

const char fe_generate_customer_header[] =
	"customer_id,customer_name,registration_date,customer_tier,email,is_active\n";

struct name {
	const char *text, *ascii;
};
static const struct name first_names[] = {
	{ "Anna", "anna" },	{ "Ben", "ben" },	{ "Carla", "carla" },	{ "David", "david" },
	{ "Elena", "elena" },	{ "Farid", "farid" },	{ "Grace", "grace" },	{ "Hiro", "hiro" },
	{ "Ines", "ines" },	{ "Jonas", "jonas" },	{ "Kavya", "kavya" },	{ "Liam", "liam" },
	{ "Maria", "maria" },	{ "Nadia", "nadia" },	{ "Oscar", "oscar" },	{ "Priya", "priya" },
	{ "Quinn", "quinn" },	{ "Rosa", "rosa" },	{ "Samuel", "samuel" }, { "Tara", "tara" },
	{ "Umar", "umar" },	{ "Vera", "vera" },	{ "William", "william" }, { "Ximena", "ximena" },
	{ "Yusuf", "yusuf" },	{ "Zofia", "zofia" },	{ "José", "jose" },	{ "Zoë", "zoe" },
	{ "Łukasz", "lukasz" }, { "Chloé", "chloe" },	{ "Noah", "noah" },	{ "Amara", "amara" },
};
static const struct name last_names[] = {
	{ "Adams", "adams" },	{ "Bauer", "bauer" },	{ "Costa", "costa" },	{ "Dubois", "dubois" },
	{ "Evans", "evans" },	{ "Fischer", "fischer" }, { "Garcia", "garcia" }, { "Hansen", "hansen" },
	{ "Ivanova", "ivanova" }, { "Jensen", "jensen" }, { "Kumar", "kumar" },	{ "Larsen", "larsen" },
	{ "Moreau", "moreau" }, { "Nguyen", "nguyen" }, { "Okafor", "okafor" }, { "Patel", "patel" },
	{ "Rossi", "rossi" },	{ "Silva", "silva" },	{ "Tanaka", "tanaka" }, { "Ueda", "ueda" },
	{ "Vogel", "vogel" },	{ "Walker", "walker" }, { "Xu", "xu" },		{ "Yilmaz", "yilmaz" },
	{ "Zhang", "zhang" },	{ "Müller", "mueller" }, { "O'Neill", "oneill" }, { "Smith", "smith" },
	{ "Nowak", "nowak" },	{ "Horváth", "horvath" }, { "Taylor", "taylor" }, { "Brown", "brown" },
};

static const struct fe_weighted tiers[] = {
	{ 550, "bronze" }, { 820, "silver" }, { 950, "gold" }, { 1000, "platinum" },
};

static void
customer_draw(const struct fe_generate_maker *m, struct fe_rng *r, uint64_t index,
	      struct fe_generate_row *row)
{
	const struct name *first = &first_names[fe_draw_below(r, sizeof(first_names) / sizeof(first_names[0]))];
	const struct name *last = &last_names[fe_draw_below(r, sizeof(last_names) / sizeof(last_names[0]))];

	fe_row_put_text(row, CUSTOMER_ID, "CUST");
	fe_row_put_number(row, CUSTOMER_ID, index + 1, 8);
	fe_row_put_text(row, CUSTOMER_NAME, first->text);
	fe_row_put_text(row, CUSTOMER_NAME, " ");
	fe_row_put_text(row, CUSTOMER_NAME, last->text);
	fe_row_put_date(row, REGISTRATION_DATE, m->until_day - (int32_t)fe_draw_between(r, 1, 2000));
	fe_row_put_text(row, CUSTOMER_TIER, fe_draw_weighted(r, tiers));
	fe_row_put_text(row, EMAIL, first->ascii);
	fe_row_put_text(row, EMAIL, ".");
	fe_row_put_text(row, EMAIL, last->ascii);
	fe_row_put_number(row, EMAIL, index + 1, 1);
	fe_row_put_text(row, EMAIL, "@example.com");
	fe_row_put_text(row, IS_ACTIVE, fe_draw_below(r, 100) < 92 ? "true" : "false");
	row->n_cells = N_CELLS;
}

/* "Horváth, Zoë" and "Zoë ""Horváth""": both must be quoted. */
static void
quote_name(struct fe_generate_row *row, struct fe_rng *r)
{
	char name[FE_GENERATE_CELL_BYTES];
	size_t n = row->cells[CUSTOMER_NAME].n_bytes;
	memcpy(name, row->cells[CUSTOMER_NAME].text, n);
	size_t blank = (size_t)((const char *)memchr(name, ' ', n) - name);
	bool with_comma = fe_draw_below(r, 2) == 0;

	fe_row_set_text(row, CUSTOMER_NAME, "\"");
	if (with_comma) {
		fe_row_put(row, CUSTOMER_NAME, name + blank + 1, n - blank - 1);
		fe_row_put_text(row, CUSTOMER_NAME, ", ");
		fe_row_put(row, CUSTOMER_NAME, name, blank);
		fe_row_put_text(row, CUSTOMER_NAME, "\"");
	} else {
		fe_row_put(row, CUSTOMER_NAME, name, blank + 1);
		fe_row_put_text(row, CUSTOMER_NAME, "\"\"");
		fe_row_put(row, CUSTOMER_NAME, name + blank + 1, n - blank - 1);
		fe_row_put_text(row, CUSTOMER_NAME, "\"\"\"");
	}
}

static void
customer_spoil(struct fe_generate_row *row, struct fe_rng *r)
{
	static const uint8_t texts[] = { CUSTOMER_ID, CUSTOMER_TIER, EMAIL };
	switch (row->fault) {
	case FE_GENERATE_CHANGED:
		fe_row_set_other(row, CUSTOMER_TIER, tiers, sizeof(tiers) / sizeof(tiers[0]), r);
		break;
	case FE_GENERATE_MISSING_OPTIONAL:
		fe_row_clear_cell(row, fe_draw_between(r, CUSTOMER_NAME, IS_ACTIVE));
		break;
	case FE_GENERATE_UNTIDY:
		fe_row_make_untidy(row, texts, sizeof(texts), r);
		break;
	case FE_GENERATE_QUOTED:
		quote_name(row, r);
		break;
	default:
		break;
	}
}

void
fe_generate_customer(const struct fe_generate_maker *m, uint64_t index, struct fe_generate_row *row)
{
	struct fe_rng own = fe_draw_at(m->customer_seed, index);
	uint64_t at = index;

	fe_row_clear(row);
	row->fault = fe_draw_fault(&own, m->customer_faults);
	struct fe_rng content = fe_draw_content(&row->fault, m->customer_seed, m->customer_faults, &own, &at);
	customer_draw(m, &content, at, row);
	customer_spoil(row, fe_generate_repeats(row->fault) ? &own : &content);
}
