// SPDX-License-Identifier: Apache-2.0
/* tests/fuzz/fuzz_pipeline.c - any bytes as a pipeline file: a plan or mistakes, never both
 *
 * Held for every input: either a plan, or mistakes that have a place and are in the
 * order of the file; and the same input gives the same answer again.
 */
#include "pipeline/plan.h"
#include "harness.h"

static enum fe_rc
load(const struct fe_plan_settings *set, struct fe_str text, struct fe_mistakes *mistakes, struct fe_plan **plan)
{
	struct fe_err err = FE_ERR_INIT;
	enum fe_rc rc = fe_plan_load_text(plan, set, text, mistakes, &err);
	FE_ASSERT(rc == FE_OK || rc == FE_EUSAGE);
	FE_ASSERT((rc == FE_OK) == (*plan != NULL));
	FE_ASSERT((rc == FE_OK) == (mistakes->n_items == 0));
	for (size_t i = 0; i < mistakes->n_items; i++) {
		const struct fe_mistake *m = &mistakes->items[i];
		FE_ASSERT(m->line > 0 && m->column > 0 && m->text[0]);
		FE_ASSERT(i == 0 || m[-1].line < m->line || (m[-1].line == m->line && m[-1].column <= m->column));
	}
	return rc;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct fe_plan_settings set = { .path = "/srv/fuzz/pipeline.yaml" };
	struct fe_str text = { (const char *)data, size };
	struct fe_mistakes first = { 0 }, second = { 0 };
	struct fe_plan *plan, *again;
	enum fe_rc rc = load(&set, text, &first, &plan);
	FE_ASSERT(load(&set, text, &second, &again) == rc);
	FE_ASSERT(first.n_items == second.n_items);
	for (size_t i = 0; i < first.n_items; i++)
		FE_ASSERT(strcmp(first.items[i].text, second.items[i].text) == 0);
	if (plan)
		FE_ASSERT(strcmp(plan->config_sha256, again->config_sha256) == 0);
	fe_plan_free(plan);
	fe_plan_free(again);
	fe_mistakes_reset(&first);
	fe_mistakes_reset(&second);
	return 0;
}
