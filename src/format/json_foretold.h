// SPDX-License-Identifier: Apache-2.0
/* format/json_foretold.h - the way of nearly every record, in a loop of its own
 *
 * A record is mostly as the one before: the same keys in the same order, short texts, numbers.
 * The loop compares the key that is to come, takes the value, and is at the next key. Whatever
 * else it meets (another key, an escape, a blank before a comma, an object) it leaves to the
 * steps of json_walk.c, which know all of JSON: so it can only be quick, not wrong.
 *
 * Its body is compiled once for each kind of processor, with the questions it asks of bytes
 * (json_scan.h) put in.
 */
#ifndef FE_FORMAT_JSON_FORETOLD_H
#define FE_FORMAT_JSON_FORETOLD_H

#include "format/json_walk.h"

#define FE_JSON_ALWAYS_INLINE inline __attribute__((always_inline))

struct fe_json_questions {
	fe_json_begins_fn *begins;
	fe_json_find_fn *short_text, *number_end;
};

/* A byte 32 times. They come from memory, and from another file: where compilers see what they
 * are, they make them anew for each text. */
struct fe_json_32 {
	char quotes[32], backslashes[32], blanks[32];
};
extern const struct fe_json_32 fe_json_32 __attribute__((visibility("hidden"), aligned(32)));

/* true, false, null. NULL: none of them. */
static FE_JSON_ALWAYS_INLINE const char *
fe_json_take_word(const char *p, struct fe_str *text)
{
	if (memcmp(p, "null", 4) == 0) {
		*text = (struct fe_str){ fe_cell_null, 0 };
		return p + 4;
	}
	size_t n = memcmp(p, "true", 4) == 0 ? 4 : 5;
	*text = (struct fe_str){ p, n };
	return n == 4 || memcmp(p, "false", 5) == 0 ? p + n : NULL;
}

/* Where a scalar ends; NULL: it takes longer to tell, or is none. */
static FE_JSON_ALWAYS_INLINE const char *
fe_json_take_scalar(const char *p, struct fe_str *text, struct fe_json_questions ask)
{
	const char *end;

	if (*p == '"') {
		end = ask.short_text(p + 1);
		*text = (struct fe_str){ p + 1, (size_t)(end - p - 1) };
		return *end == '"' ? end + 1 : NULL;
	}
	if (*p > '9')
		return fe_json_take_word(p, text);
	end = *p == '-' || fe_json_is_digit(*p) ? ask.number_end(p) : NULL;
	*text = (struct fe_str){ p, (size_t)(end - p) };
	return end;
}

static FE_JSON_ALWAYS_INLINE const char *
fe_json_walk_foretold_with(struct fe_json_reader *r, struct fe_json_run *run, const char *p,
                           struct fe_json_questions ask)
{
	struct fe_json_member **next = run->next, *m;
	const uint64_t stamp = run->stamp;
	struct fe_str *const *cells = r->cells;
	const size_t row = r->row;
	size_t n_cells = 0, n_members = 0;

	while ((m = *next) && m->stamp != stamp && ask.begins(p, m->head, m->n_head)) {
		struct fe_str text;
		const char *value = p + m->n_head;
		if (__builtin_expect(*value == ' ', 0)) /* a branch, so that nothing has to wait for the byte */
			value++;
		const char *end = fe_json_take_scalar(value, &text, ask);
		if (!end || (*end != ',' && *end != '}'))
			break;
		m->stamp = stamp;
		next = &m->after;
		n_members++;
		if (m->target >= 0) {
			cells[m->target][row] = text;
			n_cells++;
		}
		p = end;
		if (*end == '}') {
			run->is_closed = true;
			break;
		}
		p = fe_json_blanks(r, end + 1);
	}
	run->n_members = n_members;
	run->next = next;
	run->n_cells = n_cells;
	return p;
}

#endif
