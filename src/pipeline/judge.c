// SPDX-License-Identifier: Apache-2.0
/* pipeline/judge.c - see pipeline/judge.h
 *
 * What was read is counted after the rules, where a record that aborts the run has been
 * cut off: it is in no total.
 */
#include "pipeline/judge.h"

#include "pipeline/run.h"
#include "pipeline/watermark.h"

enum fe_rc
fe_judge_open(struct fe_judge *j, struct fe_err *err)
{
	const struct fe_plan_dataset *p = j->plan;

	FE_TRY(fe_clean_new(&j->clean, p->clean, &p->schema, j->reasons, err));
	j->checks = fe_checks_new(p->where, p->rules, p->n_rules, j->reasons);
	j->derive = fe_derive_new(p->derivations, p->n_derivations, &p->schema, j->reasons);
	return FE_OK;
}

void
fe_judge_close(struct fe_judge *j)
{
	fe_clean_free(j->clean);
	fe_checks_free(j->checks);
	fe_derive_free(j->derive);
	j->clean = NULL;
	j->checks = NULL;
	j->derive = NULL;
}

enum fe_rc
fe_judge_alone(struct fe_judge *j, struct fe_batch *b, struct fe_err *err)
{
	FE_TRY(fe_clean_batch(j->clean, b, j->now_us, err));
	fe_watermark_see(j->watermark, b);
	FE_TRY(fe_checks_where(j->checks, b, j->now_us, err));
	return fe_checks_rules(j->checks, b, j->now_us, err);
}

enum fe_rc
fe_judge_rest(struct fe_judge *j, struct fe_batch *b, struct fe_err *err)
{
	FE_TRY(fe_tally_read(j->tally, b, err));
	FE_TRY(fe_check_references(j->references, j->reference_reasons, j->n_references, b, err));
	FE_TRY(fe_derive_batch(j->derive, b, j->now_us, err));
	fe_batch_reject_failed(b);
	return FE_OK;
}

enum fe_rc
fe_judge_batch(struct fe_judge *j, struct fe_batch *b, struct fe_err *err)
{
	enum fe_rc aborts = fe_judge_alone(j, b, err);
	if (aborts != FE_OK && aborts != FE_ECHECK)
		return aborts;
	FE_TRY(fe_judge_rest(j, b, err));
	return aborts;
}

size_t
fe_judge_n_counts(const struct fe_judge *j)
{
	return 2 * j->plan->schema.n_source + j->plan->n_rules;
}

void
fe_judge_counts(const struct fe_judge *j, uint64_t *out)
{
	for (size_t i = 0; i < j->plan->schema.n_source; i++) {
		*out++ = fe_clean_defaults_filled(j->clean, i);
		*out++ = fe_clean_negative_zeros(j->clean, i);
	}
	for (size_t i = 0; i < j->plan->n_rules; i++)
		*out++ = fe_checks_broken(j->checks, i);
}

void
fe_judge_tell_counts(const struct fe_judge *j, const uint64_t *counts, struct fe_dataset_result *out)
{
	for (size_t i = 0; i < j->plan->schema.n_source; i++) {
		out->defaults_filled[i] = *counts++;
		out->negative_zeros[i] = *counts++;
	}
	for (size_t i = 0; i < j->plan->n_rules; i++)
		out->rules_broken[i] = *counts++;
}
