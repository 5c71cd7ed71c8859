// SPDX-License-Identifier: Apache-2.0
/* base/regex.c - the one place that knows PCRE2
 *
 * Spaces hold the results of a match and the stack of machine code; they are made once and
 * used for every match of a thread.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "base/regex.h"

#include <pcre2.h>
#include <stdio.h>

#include "base/mem.h"

#define JIT_STACK_LEAST_BYTES ((size_t)32 * 1024)
#define JIT_STACK_MOST_BYTES ((size_t)512 * 1024)

struct fe_regex {
	pcre2_code *code;
};

struct fe_regex_space {
	pcre2_match_data *data;
	pcre2_match_context *context;
	pcre2_jit_stack *jit_stack;
};

static void
describe(int code, char *out, size_t out_bytes)
{
	if (pcre2_get_error_message(code, (PCRE2_UCHAR *)out, out_bytes) < 0)
		snprintf(out, out_bytes, "error %d", code);
}

static uint32_t
options_of(unsigned options)
{
	uint32_t o = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C;

	if (options & FE_REGEX_UNICODE)
		o |= PCRE2_UCP;
	if (options & FE_REGEX_CASELESS)
		o |= PCRE2_CASELESS;
	if (options & FE_REGEX_ANCHORED)
		o |= PCRE2_ANCHORED;
	if (options & FE_REGEX_MULTILINE_END)
		o |= PCRE2_ALT_CIRCUMFLEX;
	return o;
}

enum fe_rc
fe_regex_new(struct fe_regex **out, struct fe_str pattern, unsigned options, struct fe_err *err)
{
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	struct fe_regex *r = fe_new(struct fe_regex);
	char text[128];
	size_t at;
	int code;

	if (context) /* whatever the library was built with */
		pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	r->code = pcre2_compile((PCRE2_SPTR)(pattern.n ? pattern.p : ""), pattern.n, options_of(options), &code, &at, context);
	pcre2_compile_context_free(context);
	if (!r->code) {
		describe(code, text, sizeof(text));
		fe_free(r);
		return fe_fail(err, FE_EUSAGE, "this pattern is wrong after %zu bytes: %s", at, text);
	}
	/* Without machine code (no permission, other processor) the same match runs interpreted. */
	(void)pcre2_jit_compile(r->code, PCRE2_JIT_COMPLETE);
	*out = r;
	return FE_OK;
}

void
fe_regex_free(struct fe_regex *r)
{
	if (!r)
		return;
	pcre2_code_free(r->code);
	fe_free(r);
}

struct fe_regex_space *
fe_regex_space_new(void)
{
	struct fe_regex_space *s = fe_new(struct fe_regex_space);

	s->data = pcre2_match_data_create(FE_REGEX_MAX_GROUPS, NULL);
	s->context = pcre2_match_context_create(NULL);
	s->jit_stack = pcre2_jit_stack_create(JIT_STACK_LEAST_BYTES, JIT_STACK_MOST_BYTES, NULL);
	if (s->context) {
		pcre2_set_match_limit(s->context, FE_REGEX_MAX_STEPS);
		pcre2_set_heap_limit(s->context, FE_REGEX_MAX_HEAP_KIB);
		if (s->jit_stack)
			pcre2_jit_stack_assign(s->context, NULL, s->jit_stack);
	}
	return s;
}

void
fe_regex_space_free(struct fe_regex_space *s)
{
	if (!s)
		return;
	pcre2_match_data_free(s->data);
	pcre2_match_context_free(s->context);
	pcre2_jit_stack_free(s->jit_stack);
	fe_free(s);
}

enum fe_rc
fe_regex_search(const struct fe_regex *r, struct fe_regex_space *s, struct fe_str text, bool *found, struct fe_err *err)
{
	char why[128];
	int code;

	if (!s->data || !s->context)
		return fe_fail(err, FE_ELIMIT, "no memory to match a pattern");
	code = pcre2_match(r->code, (PCRE2_SPTR)(text.n ? text.p : ""), text.n, 0, 0, s->data, s->context);
	*found = code >= 0;
	if (code >= 0 || code == PCRE2_ERROR_NOMATCH)
		return FE_OK;
	describe(code, why, sizeof(why));
	return fe_fail(err, FE_ELIMIT, "gave up on a text of %zu bytes: %s; make the pattern simpler", text.n, why);
}

enum fe_rc
fe_regex_find(const struct fe_regex *r, struct fe_regex_space *s, struct fe_str text, struct fe_str *groups,
              size_t n_groups, bool *found, struct fe_err *err)
{
	const size_t *ends;

	FE_TRY(fe_regex_search(r, s, text, found, err));
	if (!*found)
		return FE_OK;
	ends = pcre2_get_ovector_pointer(s->data);
	for (size_t i = 0; i < n_groups && i < FE_REGEX_MAX_GROUPS; i++) {
		size_t from = ends[2 * i], to = ends[2 * i + 1];

		groups[i] = (struct fe_str){ 0 };
		if (from != PCRE2_UNSET && from <= to && to <= text.n)
			groups[i] = (struct fe_str){ (text.n ? text.p : "") + from, to - from };
	}
	return FE_OK;
}
