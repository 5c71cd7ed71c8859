// SPDX-License-Identifier: Apache-2.0
/* expr/match.c - matches(s, 'pattern'): PCRE2, on a leash
 *
 * Patterns are UTF-8, compiled once with the plan and to machine code where PCRE2 can.
 * A match may take FE_MATCH_LIMIT steps and FE_MATCH_HEAP_KIB of memory; past either the
 * run ends with FE_ELIMIT, naming the record: an answer that was not worked out must
 * not pass for "no match".
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>

#include "base/mem.h"
#include "expr/kernel.h"

#define FE_MATCH_LIMIT 1000000
#define FE_MATCH_HEAP_KIB (16 * 1024)
#define FE_MATCH_JIT_STACK_BYTES (512u * 1024)

struct fe_pattern {
	pcre2_code *code;
};

struct fe_match_space {
	pcre2_match_data *data;
	pcre2_match_context *context;
	pcre2_jit_stack *jit_stack;
};

void
fe_pattern_free(struct fe_pattern *p)
{
	if (!p)
		return;
	pcre2_code_free(p->code);
	fe_free(p);
}

enum fe_rc
fe_pattern_new(struct fe_pattern **out, struct fe_str pattern, struct fe_err *err)
{
	struct fe_pattern *p = fe_new(struct fe_pattern);
	char text[128];
	size_t at;
	int code;

	p->code = pcre2_compile((PCRE2_SPTR)(pattern.n ? pattern.p : ""), pattern.n,
	                        PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C, &code, &at, NULL);
	if (!p->code) {
		if (pcre2_get_error_message(code, (PCRE2_UCHAR *)text, sizeof(text)) < 0)
			text[0] = '\0';
		fe_free(p);
		return fe_fail(err, FE_EUSAGE, "this pattern is wrong after %zu bytes: %s", at, text);
	}
	/* Without machine code (no permission, other processor) the same match runs interpreted. */
	(void)pcre2_jit_compile(p->code, PCRE2_JIT_COMPLETE);
	*out = p;
	return FE_OK;
}

struct fe_match_space *
fe_match_space_new(void)
{
	struct fe_match_space *s = fe_new(struct fe_match_space);

	s->data = pcre2_match_data_create(1, NULL);
	s->context = pcre2_match_context_create(NULL);
	s->jit_stack = pcre2_jit_stack_create(32 * 1024, FE_MATCH_JIT_STACK_BYTES, NULL);
	if (s->context) {
		pcre2_set_match_limit(s->context, FE_MATCH_LIMIT);
		pcre2_set_heap_limit(s->context, FE_MATCH_HEAP_KIB);
		if (s->jit_stack)
			pcre2_jit_stack_assign(s->context, NULL, s->jit_stack);
	}
	return s;
}

void
fe_match_space_free(struct fe_match_space *s)
{
	if (!s)
		return;
	pcre2_match_data_free(s->data);
	pcre2_match_context_free(s->context);
	pcre2_jit_stack_free(s->jit_stack);
	fe_free(s);
}

static enum fe_rc
match_failed(const struct fe_job *job, size_t row, int code)
{
	char text[128];
	enum fe_rc rc;

	if (pcre2_get_error_message(code, (PCRE2_UCHAR *)text, sizeof(text)) < 0)
		snprintf(text, sizeof(text), "error %d", code);
	rc = fe_fail(job->err, FE_ELIMIT, "matches() gave up on a text of %zu bytes: %s; make the pattern simpler",
	             job->in[0]->text[row].n, text);
	if (job->err && job->batch)
		fe_err_at(job->err, NULL, job->batch->origin[row].record, NULL);
	return rc;
}

enum fe_rc
fe_kernel_matches(struct fe_job *job)
{
	struct fe_match_space *s = job->match_space;

	if (!s || !s->data || !s->context)
		return fe_fail(job->err, FE_ELIMIT, "no memory for matches()");
	fe_job_nulls(job);
	for (size_t w = 0; w < job->n_words; w++) {
		uint64_t found = 0;

		for (uint64_t m = job->out->valid[w] & fe_rows_word(job, w); m; m &= m - 1) {
			unsigned bit = (unsigned)__builtin_ctzll(m);
			struct fe_str text = job->in[0]->text[w * 64 + bit];
			int code = pcre2_match(job->node->pattern->code, (PCRE2_SPTR)(text.n ? text.p : ""), text.n, 0, 0,
			                       s->data, s->context);

			if (code < 0 && code != PCRE2_ERROR_NOMATCH)
				return match_failed(job, w * 64 + bit, code);
			found |= (uint64_t)(code >= 0) << bit;
		}
		job->out->bits[w] = found;
	}
	return FE_OK;
}
