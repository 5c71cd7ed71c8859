// SPDX-License-Identifier: Apache-2.0
/* transform/clean_text.h - quick looks at texts, and tables of them
 *
 * The looks say "no" where a slower function has to decide: they never say "yes" wrongly. Up to
 * sixteen bytes are looked at all at once.
 */
#ifndef FE_TRANSFORM_CLEAN_TEXT_H
#define FE_TRANSFORM_CLEAN_TEXT_H

#include "base/text.h"
#include "base/text16.h"
#include "transform/clean.h"

/* The same of texts of sixteen bytes and more. */
bool fe_text_long_is_plain_ascii(struct fe_str s);
bool fe_text_long_has_case(struct fe_str s, char first_other);

/* Nothing but the bytes 0x01 to 0x7F. */
static inline bool
fe_text_is_plain_ascii(struct fe_str s)
{
	if (s.n > FE_TEXT16_BYTES)
		return fe_text_long_is_plain_ascii(s);
	fe_text16 t = fe_text16_load(s, '_'), zeros = { 0 };
	return !fe_text16_any((t & fe_text16_all((char)0x80)) | (fe_text16)(t == zeros));
}

/* ASCII, and the case map would leave it as it is. */
static inline bool
fe_text_has_case(struct fe_str s, enum fe_case to)
{
	const char first_other = to == FE_CASE_LOWER ? 'A' : 'a';
	if (s.n > FE_TEXT16_BYTES)
		return fe_text_long_has_case(s, first_other);
	return !fe_text16_any(fe_text16_letters(fe_text16_load(s, '_'), first_other));
}

/* What is asked of each cell of a column. */
struct fe_text_look {
	size_t max_bytes; /* 1 to 16 */
	bool trims;
	enum fe_case to_case;
};
/* Of at most 64 cells: bit i where cells[i] is as it is to be, neither empty nor more than max_bytes long,
 * of the bytes 0x20 to 0x7F, its ends no blanks, its letters of the case. Those are out[i] now. */
uint64_t fe_text_settled_64(const struct fe_text_look *look, const struct fe_str *cells, size_t n, struct fe_str *out);

/* Texts to texts, or a mere set; ordered by length and bytes, found by halving. The
 * texts are borrowed. */
struct fe_text_entry {
	struct fe_str from, to;
};
struct fe_text_table {
	struct fe_text_entry *pairs;
	size_t n_pairs;
};
void fe_text_table_init_list(struct fe_text_table *t, const char *const *texts, size_t n);
void fe_text_table_init_pairs(struct fe_text_table *t, const struct fe_text_pair *pairs, size_t n);
void fe_text_table_reset(struct fe_text_table *t);
bool fe_text_table_find(const struct fe_text_table *t, struct fe_str from, struct fe_str *to);

#endif
