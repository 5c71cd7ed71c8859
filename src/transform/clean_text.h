// SPDX-License-Identifier: Apache-2.0
/* transform/clean_text.h - quick looks at short texts, and tables of them
 *
 * The looks read eight bytes at a time and say "no" where a slower function has to
 * decide: they never say "yes" wrongly.
 */
#ifndef FE_TRANSFORM_CLEAN_TEXT_H
#define FE_TRANSFORM_CLEAN_TEXT_H

#include "base/text.h"
#include "transform/clean.h"

/* Nothing but the bytes 0x01 to 0x7F. */
bool fe_text_is_plain_ascii(struct fe_str s);
/* ASCII, and the case map would leave it as it is. */
bool fe_text_has_case(struct fe_str s, enum fe_case to);

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
