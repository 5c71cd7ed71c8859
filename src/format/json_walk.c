// SPDX-License-Identifier: Apache-2.0
/* format/json_walk.c - over values, one after the other, to the end of the next record
 *
 * Four states, and a step from each that is taken whole or not at all: so the walk can stop
 * wherever the block ends. A value that nobody wants goes the same way as any other.
 */
#include "format/json_walk.h"

#include "base/text.h"
#include "format/json_escape.h"

const char *
fe_json_fail(struct fe_json_reader *r, const char *at, enum fe_rc rc, const char *what)
{
	uint64_t offset = r->offset + (uint64_t)(at - r->block);
	r->problem = (struct fe_json_problem){
		.what = what,
		.rc = rc,
		.at = at,
		.line = r->lines.n + 1,
		.column = offset - r->lines.start + 1,
	};
	return NULL;
}

/* ---- texts, numbers, words ---- */

const char *
fe_json_pass_blanks(struct fe_json_reader *r, const char *p)
{
	struct fe_json_blanks seen = { 0 };
	p = FE_JSON_SCAN(blank_end)(p, r->is_lines, &seen);
	if (seen.n_lines) {
		r->lines.n += seen.n_lines;
		r->lines.start = r->offset + (uint64_t)(seen.line - r->block);
	}
	return p;
}

const char *
fe_json_text_end(struct fe_json_reader *r, const char *p, bool *has_escapes, bool *is_high)
{
	for (;;) {
		p = FE_JSON_SCAN(text_stop)(p, is_high);
		if (*p == '"')
			return p;
		if (*p == '\\' && (unsigned char)p[1] >= 0x20) {
			*has_escapes = true;
			p += 2;
			continue;
		}
		p += *p == '\\';
		return fe_json_fail(r, p, FE_EDATA, *p == '\n' || p == r->end ? "the text in quotes does not end"
		                                                : "a control character inside of a text; it is written as an escape");
	}
}

/* A text that is not plain; behind the opening quote. */
static __attribute__((noinline)) const char *
read_rare_text(struct fe_json_reader *r, const char *start, bool is_wanted, struct fe_str *text)
{
	bool has_escapes = false, is_high = false;
	const char *bad, *close = fe_json_text_end(r, start, &has_escapes, &is_high);

	if (!close)
		return NULL;
	*text = (struct fe_str){ start, (size_t)(close - start) };
	if (text->n > FE_JSON_MAX_STRING_BYTES)
		return fe_json_fail(r, start - 1, FE_ELIMIT, "a text of more than 1 MiB");
	if (is_high && (bad = fe_json_utf8_flaw(*text)))
		return fe_json_fail(r, bad, FE_EDATA, "a byte that is no UTF-8");
	if (has_escapes) {
		char *to = is_wanted ? fe_arena_bytes(r->arena, text->n) : NULL;
		size_t n;
		if (!fe_json_unescape(*text, to, &n, &bad))
			return fe_json_fail(r, bad, FE_EDATA,
			                    fe_json_escape_flaw((struct fe_str){ bad, (size_t)(close - bad) }));
		*text = (struct fe_str){ to, n };
	}
	r->has_high |= is_wanted && (is_high || (has_escapes && !fe_text_is_ascii(*text)));
	return close + 1;
}

static inline const char *
read_text(struct fe_json_reader *r, const char *p, bool is_wanted, struct fe_str *text)
{
	const char *start = p + 1;
	bool is_high = false;

	p = FE_JSON_SCAN(text_stop)(start, &is_high);
	if (*p != '"' || is_high || (size_t)(p - start) > FE_JSON_MAX_STRING_BYTES)
		return read_rare_text(r, start, is_wanted, text);
	*text = (struct fe_str){ start, (size_t)(p - start) };
	return p + 1;
}

/* Digits, at least one; NULL: there is a problem. */
static const char *
read_digits(struct fe_json_reader *r, const char *p)
{
	if (!fe_json_is_digit(*p))
		return fe_json_fail(r, p, FE_EDATA, "a digit is expected");
	while (fe_json_is_digit(*p))
		p++;
	return p;
}

static __attribute__((noinline)) const char *
read_rare_number(struct fe_json_reader *r, const char *p)
{
	const char *start = p;

	p += *p == '-';
	if (*p == '0')
		p++;
	else if (!(p = read_digits(r, p)))
		return NULL;
	if (*p == '.' && !(p = read_digits(r, p + 1)))
		return NULL;
	if (*p == 'e' || *p == 'E') {
		p++;
		p += *p == '+' || *p == '-';
		if (!(p = read_digits(r, p)))
			return NULL;
	}
	if (p == r->end && !r->is_last)
		return fe_json_fail(r, p, FE_EDATA, "a digit is expected"); /* it may go on, and go wrong */
	if (p - start > FE_JSON_MAX_NUMBER_BYTES)
		return fe_json_fail(r, start, FE_ELIMIT, "a number of more than 64 characters");
	return p;
}

static inline const char *
read_number(struct fe_json_reader *r, const char *p, struct fe_str *text)
{
	const char *end = FE_JSON_SCAN(number_end)(p);

	if (!end && !(end = read_rare_number(r, p)))
		return NULL;
	if (end == r->end && !r->is_last) /* it may go on */
		return fe_json_fail(r, end, FE_EDATA, "");
	*text = (struct fe_str){ p, (size_t)(end - p) };
	return end;
}

static const char *
read_word(struct fe_json_reader *r, const char *p, const char *word, struct fe_str *text)
{
	size_t n = 0;

	while (word[n] && p[n] == word[n])
		n++;
	if (word[n]) /* said of its first byte, but where the block may have cut it */
		return fe_json_fail(r, p + n == r->end ? p + n : p, FE_EDATA, "a value is expected");
	*text = (struct fe_str){ p, n };
	return p + n;
}

/* A text, number or word. NULL: there is a problem, none of them for a start. */
static inline const char *
read_scalar(struct fe_json_reader *r, const char *p, bool is_wanted, struct fe_str *text)
{
	char c = *p;

	if (c == '"')
		return read_text(r, p, is_wanted, text);
	if (c == '-' || fe_json_is_digit(c))
		return read_number(r, p, text);
	if (c == 't')
		return read_word(r, p, "true", text);
	if (c == 'f')
		return read_word(r, p, "false", text);
	if (c != 'n')
		return fe_json_fail(r, p, FE_EDATA, "a value is expected");
	p = read_word(r, p, "null", text);
	*text = (struct fe_str){ fe_cell_null, 0 };
	return p;
}

/* ---- what is wanted ---- */

static void
keep_aside(struct fe_json_reader *r, size_t index, struct fe_str text)
{
	bool is_value = text.p != fe_cell_null && text.p != fe_cell_no_value;

	fe_buf_clear(&r->aside[index]);
	r->is_met_aside[index] = true;
	r->has_aside[index] = is_value;
	r->is_container_aside[index] = text.p == fe_cell_no_value;
	if (is_value)
		fe_buf_add_str(&r->aside[index], text); /* a text is shorter than it may be */
}

static inline void
keep_value(struct fe_json_reader *r, const struct fe_json_node *node, struct fe_str text)
{
	if (node->target < 0)
		return;
	if (r->in_record)
		r->cells[node->target][r->row] = text;
	else
		keep_aside(r, (size_t)node->target, text);
}

/* ---- records ---- */

void
fe_json_begin_record(struct fe_json_reader *r, struct fe_json_node *node)
{
	r->in_record = true;
	r->is_object = *r->p == '{';
	r->record_start = r->p;
	r->record_node = r->node;
	r->record_lines = r->lines;
	r->record_depth = r->depth;
	r->n_members = 0;
	r->has_other = false;
	r->node = node;
	r->state = FE_JSON_AT_VALUE;
}

void
fe_json_abandon_record(struct fe_json_reader *r)
{
	if (r->depth > r->record_depth) {
		const struct fe_json_frame *f = &r->stack[r->record_depth];
		r->n_keys = f->first_key;
		r->key_bytes.n_bytes = f->first_key_byte;
		r->key_bytes.failed = false;
	}
	r->in_record = false;
	r->p = r->record_start;
	r->node = r->record_node;
	r->lines = r->record_lines;
	r->depth = r->record_depth;
	r->state = FE_JSON_AT_VALUE;
}

/* Whether the value to come, in a document, is a record; *is_bad where it should be one or
 * an array of them, and cannot be. */
static bool
is_record(struct fe_json_reader *r, const char *p, bool *is_bad)
{
	if (r->depth && r->stack[r->depth - 1].is_records)
		return true;
	if (r->node != r->records)
		return false;
	r->has_records |= *p == '{' || *p == '[' || *p == 'n';
	*is_bad = !r->has_records && p != r->end;
	return *p == '{';
}

/* ---- steps ---- */

/* Behind the bracket; NULL: too deep. */
static const char *
open_container(struct fe_json_reader *r, const char *p, struct fe_json_node *node)
{
	if (r->depth == FE_JSON_MAX_DEPTH)
		return fe_json_fail(r, p, FE_ELIMIT, "values nested deeper than 64");
	r->stack[r->depth++] = (struct fe_json_frame){
		.node = node,
		.run = { .next = &node->first, .stamp = ++r->stamp },
		.first_key = r->n_keys,
		.first_key_byte = r->key_bytes.n_bytes,
		.is_object = *p == '{',
		.is_records = *p == '[' && !r->in_record && node == r->records,
	};
	return p + 1;
}

void
fe_json_resume_record(struct fe_json_reader *r, const struct fe_json_run *run, const char *p)
{
	fe_json_begin_record(r, r->record_root);
	(void)open_container(r, r->p, r->record_root);
	r->stack[r->depth - 1].run = *run;
	r->stack[r->depth - 1].n_children = run->n_members;
	r->state = run->n_members > 0 && !run->is_closed ? FE_JSON_AT_KEY : FE_JSON_AFTER_VALUE;
	r->p = p;
}

static bool
close_container(struct fe_json_reader *r, const struct fe_json_frame *f, const char *p)
{
	if (f->is_object) {
		r->n_members += f->n_children;
		if (r->n_members > FE_JSON_MAX_MEMBERS && r->in_record) {
			(void)fe_json_fail(r, p, FE_ELIMIT, "more than 1000000 members");
			return false;
		}
		if (r->n_keys != f->first_key && !fe_json_end_keys(r, f, p))
			return false;
	}
	r->depth--;
	return true;
}

static inline const char *
step_value(struct fe_json_reader *r, const char *p, struct fe_json_node *node)
{
	struct fe_str text;

	if (*p == '{' || *p == '[') {
		keep_value(r, node, (struct fe_str){ fe_cell_no_value, 0 });
		r->state = FE_JSON_AFTER_VALUE;
		return open_container(r, p, node);
	}
	p = read_scalar(r, p, node->target >= 0, &text);
	if (!p)
		return NULL;
	keep_value(r, node, text);
	r->state = FE_JSON_AFTER_VALUE;
	return p;
}

/* Keys that are too long for the run, or whose values are, are foretold as well. */
static inline const char *
step_key(struct fe_json_reader *r, const char *p)
{
	struct fe_json_frame *f = &r->stack[r->depth - 1];
	struct fe_json_member *m = *f->run.next;

	if (m && m->stamp != f->run.stamp && (size_t)(r->end - p) >= m->literal.n &&
	    memcmp(p, m->literal.p, m->literal.n) == 0) {
		m->stamp = f->run.stamp;
		f->run.next = &m->after;
		r->node = m->node;
		p += m->literal.n;
	} else if (!(p = fe_json_read_key(r, p, &r->node))) {
		return NULL;
	}
	f->n_children++;
	r->state = FE_JSON_AT_VALUE;
	return p;
}

/* What can be taken of a record's members at once. */
static const char *
run_ahead(struct fe_json_reader *r, const char *p)
{
	struct fe_json_frame *f = &r->stack[r->depth - 1];

	p = r->walk_foretold(r, &f->run, p);
	f->n_children += f->run.n_members;
	if (f->run.is_closed)
		r->state = FE_JSON_AFTER_VALUE;
	return p;
}

static inline const char *
step_after(struct fe_json_reader *r, const char *p)
{
	struct fe_json_frame *f = &r->stack[r->depth - 1];
	bool is_first = f->n_children == 0;

	if (*p == (f->is_object ? '}' : ']'))
		return close_container(r, f, p) ? p + 1 : NULL;
	if (is_first ? p == r->end : *p != ',')
		return fe_json_fail(r, p, FE_EDATA, f->is_object ? "',' or '}' is expected" : "',' or ']' is expected");
	p += !is_first;
	if (f->is_object) {
		r->state = FE_JSON_AT_KEY;
		return p;
	}
	r->node = fe_json_shape_element(&r->shape, f->node, f->n_children++);
	r->state = FE_JSON_AT_VALUE;
	return p;
}

/* Said of a value beside records. */
static const char *
check_place(struct fe_json_reader *r, const char *p)
{
	bool is_bad = false;

	r->p = p;
	if (is_record(r, p, &is_bad))
		fe_json_begin_record(r, *p == '{' ? r->record_root : &r->shape.nothing);
	return is_bad ? fe_json_fail(r, p, FE_EDATA, "an array of records, or one record, is expected") : p;
}

static enum fe_json_event
stop(struct fe_json_reader *r, const char *p)
{
	r->p = p;
	return r->problem.at == r->end && !r->is_last ? FE_JSON_CUT : FE_JSON_BAD;
}

/* Whether no container is open but those around the record. */
static inline bool
is_whole(const struct fe_json_reader *r)
{
	return r->depth == (r->in_record ? r->record_depth : 0);
}

enum fe_json_event
fe_json_walk(struct fe_json_reader *r)
{
	const char *p = r->p, *next = NULL;

	for (;; p = next) {
		switch (r->state) {
		case FE_JSON_AT_KEY:
			p = fe_json_blanks(r, p);
			if (r->in_record)
				p = run_ahead(r, p);
			next = r->state == FE_JSON_AT_KEY ? step_key(r, p) : p;
			break;
		case FE_JSON_AT_VALUE:
			p = fe_json_blanks(r, p);
			if (!r->in_record && !check_place(r, p))
				return stop(r, p);
			next = step_value(r, p, r->node);
			break;
		case FE_JSON_AFTER_VALUE:
			if (is_whole(r) && r->in_record) {
				r->in_record = false;
				r->p = p;
				return FE_JSON_RECORD;
			}
			if (is_whole(r)) {
				r->state = FE_JSON_AT_END;
				next = p;
				break;
			}
			p = fe_json_blanks(r, p);
			next = step_after(r, p);
			break;
		case FE_JSON_AT_END:
			p = fe_json_blanks(r, p);
			r->p = p;
			if (p == r->end)
				return r->is_last ? FE_JSON_ENDED : FE_JSON_CUT;
			next = fe_json_fail(r, p, FE_EDATA, "the end of the document is expected");
			break;
		}
		if (!next)
			return stop(r, p);
	}
}
