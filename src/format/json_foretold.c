// SPDX-License-Identifier: Apache-2.0
/* format/json_foretold.c - the loop of json_foretold.h for any processor */
#include "format/json_foretold.h"

#define EIGHT(c) c, c, c, c, c, c, c, c
#define THIRTY_TWO(c) { EIGHT(c), EIGHT(c), EIGHT(c), EIGHT(c) }

const struct fe_json_32 fe_json_32 = { THIRTY_TWO('"'), THIRTY_TWO('\\'), THIRTY_TWO(' ') };

const char *
fe_json_walk_foretold(struct fe_json_reader *r, struct fe_json_run *run, const char *p)
{
	static const struct fe_json_questions ask = {
		.begins = FE_JSON_SCAN(begins),
		.short_text = FE_JSON_SCAN(short_text),
		.number_end = FE_JSON_SCAN(number_end),
	};
	return fe_json_walk_foretold_with(r, run, p, ask);
}
