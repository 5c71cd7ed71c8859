// SPDX-License-Identifier: Apache-2.0
/* expr/match.c - matches(s, 'pattern')
 *
 * The pattern is compiled once with the plan. Where a match gives up, the run ends with
 * FE_ELIMIT, naming the record.
 */
#include "base/regex.h"
#include "expr/kernel.h"

static enum fe_rc
match_failed(const struct fe_job *job, size_t row, enum fe_rc rc)
{
	fe_err_context(job->err, "matches()");
	if (job->err && job->batch)
		fe_err_at(job->err, NULL, job->batch->origin[row].record, NULL);
	return rc;
}

enum fe_rc
fe_kernel_matches(struct fe_job *job)
{
	if (!job->regex_space)
		return fe_fail(job->err, FE_ELIMIT, "no memory for matches()");
	fe_job_nulls(job);
	for (size_t w = 0; w < job->n_words; w++) {
		uint64_t found = 0;

		for (uint64_t m = job->out->valid[w] & fe_rows_word(job, w); m; m &= m - 1) {
			unsigned bit = (unsigned)__builtin_ctzll(m);
			bool is_match;
			enum fe_rc rc = fe_regex_search(job->node->pattern, job->regex_space, job->in[0]->text[w * 64 + bit],
			                                &is_match, job->err);

			if (rc)
				return match_failed(job, w * 64 + bit, rc);
			found |= (uint64_t)is_match << bit;
		}
		job->out->bits[w] = found;
	}
	return FE_OK;
}
