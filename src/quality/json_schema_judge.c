// SPDX-License-Identifier: Apache-2.0
/* quality/json_schema_judge.c - one value against a schema: the loop over frames */
#include "quality/json_schema_ask.h"

static enum fe_schema_answer
push(struct fe_schema_asking *a, const struct fe_schema_frame *frame)
{
	if (a->n_frames == FE_JSON_SCHEMA_MAX_OPEN) {
		a->rc = fe_fail(a->err, FE_ELIMIT, "json_schema: schemas lead to one another %d deep; does a reference lead to itself?",
		                FE_JSON_SCHEMA_MAX_OPEN);
		return FE_ANSWER_FAILED;
	}
	a->frames = fe_grow(a->frames, &a->cap_frames, a->n_frames + 1, sizeof(*a->frames));
	a->frames[a->n_frames++] = *frame;
	return FE_ANSWER_LATER;
}

enum fe_schema_answer
fe_schema_ask(struct fe_schema_asking *a, const struct fe_schema_part *part, const struct fe_py *value)
{
	return push(a, &(struct fe_schema_frame){ .part = part, .value = value, .child = FE_ANSWER_LATER });
}

enum fe_schema_answer
fe_schema_gather(struct fe_schema_asking *a, const struct fe_schema_part *part, const struct fe_py *value, uint64_t *seen)
{
	return push(a, &(struct fe_schema_frame){
		.part = part, .value = value, .child = FE_ANSWER_LATER, .seen = seen, .is_gathering = true });
}

enum fe_schema_answer
fe_schema_found(struct fe_schema_asking *a, const struct fe_regex *regex, struct fe_str text)
{
	bool found = false;

	a->rc = fe_regex_search(regex, a->s->space, text, &found, a->err);
	if (a->rc)
		return FE_ANSWER_FAILED;
	return found ? FE_ANSWER_YES : FE_ANSWER_NO;
}

const struct fe_schema_word *
fe_schema_word_of(const struct fe_schema_part *part, enum fe_schema_op op)
{
	for (size_t i = 0; i < part->n_words; i++)
		if (part->words[i].op == op)
			return &part->words[i];
	return NULL;
}

/* Outwards, as long as roots say $recursiveAnchor. */
const struct fe_schema_part *
fe_schema_recursive(const struct fe_schema_asking *a, const struct fe_schema_part *part)
{
	const struct fe_schema_part *found = part->resource;

	if (!found->is_recursive)
		return found;
	for (size_t i = a->n_frames; i-- > 0;) {
		const struct fe_schema_part *next = a->frames[i].part->resource;
		if (!next->is_recursive)
			break;
		found = next;
	}
	return found;
}

/* An anchor that is dynamic is the outermost of its name. */
const struct fe_schema_part *
fe_schema_dynamic(const struct fe_schema_asking *a, const struct fe_schema_word *w)
{
	const struct fe_schema_part *target = w->parts[0];
	struct fe_str ref = w->value->text;
	const char *hash = ref.n ? memchr(ref.p, '#', ref.n) : NULL;
	struct fe_str name = { hash ? hash + 1 : NULL, hash ? ref.n - (size_t)(hash + 1 - ref.p) : 0 };
	const struct fe_schema_anchor *anchor = target && name.n ? fe_schema_anchor_of(a->s, target->resource, name) : NULL;

	if (!anchor || !anchor->is_dynamic || anchor->part != target)
		return target;
	for (size_t i = 0; i < a->n_frames; i++) {
		anchor = fe_schema_anchor_of(a->s, a->frames[i].part->resource, name);
		if (anchor && anchor->is_dynamic)
			return anchor->part;
	}
	return target;
}

/* The frame on top has its answer. */
static void
pop(struct fe_schema_asking *a, enum fe_schema_answer answer)
{
	a->n_frames--;
	if (a->n_frames)
		a->frames[a->n_frames - 1].child = answer;
}

static enum fe_schema_answer
judge(struct fe_schema_asking *a)
{
	enum fe_schema_answer answer = FE_ANSWER_YES;
	size_t n_steps = 0;

	while (a->n_frames) {
		struct fe_schema_frame *f = &a->frames[a->n_frames - 1];
		const struct fe_schema_part *part = f->part;
		bool is_gathering = f->is_gathering;

		if (++n_steps > FE_JSON_SCHEMA_MAX_STEPS) {
			a->rc = fe_fail(a->err, FE_ELIMIT, "json_schema: one value needs more than %d steps", FE_JSON_SCHEMA_MAX_STEPS);
			return FE_ANSWER_FAILED;
		}
		answer = part->is_false && !is_gathering ? FE_ANSWER_NO : FE_ANSWER_YES;
		if (f->word == part->n_words) {
			pop(a, answer);
			continue;
		}
		answer = is_gathering ? fe_schema_gather_word(a, f, &part->words[f->word]) :
		                        fe_schema_judge_word(a, f, &part->words[f->word]);
		if (answer == FE_ANSWER_FAILED)
			return answer;
		if (answer == FE_ANSWER_NO && !is_gathering) {
			pop(a, answer);
		} else if (answer != FE_ANSWER_LATER) {
			f->word++;
			f->i = f->n = 0;
			f->child = FE_ANSWER_LATER;
		}
	}
	return answer;
}

enum fe_rc
fe_json_schema_fits(struct fe_json_schema *s, struct fe_str text, bool *fits, struct fe_err *err)
{
	struct fe_schema_asking a = { .s = s, .err = err };
	struct fe_py *value = NULL;

	*fits = false;
	fe_arena_reset(&s->of_value);
	a.rc = fe_py_read(text, &s->of_value, &value, err);
	if (a.rc)
		return a.rc;
	if (fe_schema_ask(&a, s->root, value) != FE_ANSWER_FAILED)
		*fits = judge(&a) == FE_ANSWER_YES;
	fe_free(a.frames);
	return a.rc;
}
