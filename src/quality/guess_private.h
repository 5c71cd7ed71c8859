// SPDX-License-Identifier: Apache-2.0
/* quality/guess_private.h - what the parts of a guess share; internal to guess*.c */
#ifndef FE_QUALITY_GUESS_PRIVATE_H
#define FE_QUALITY_GUESS_PRIVATE_H

#include "quality/guess.h"

/* A candidate that has failed so often takes no more part: it fits no more from then on, and stays out. */
static inline bool
fe_guess_is_out(uint64_t n_misses, uint64_t n_fits)
{
	return n_misses > 1000 + n_fits;
}
/* Nine of ten. */
static inline bool
fe_guess_is_most(uint64_t n, uint64_t n_values)
{
	return n > 0 && n_values - n <= n_values / 10;
}

/* guess_number.c, guess_time.c, guess_person.c: of a trimmed value, not empty. */
void fe_guess_feed_number(struct fe_guess *g, struct fe_str value);
void fe_guess_feed_time(struct fe_guess *g, struct fe_str value);
void fe_guess_feed_person(struct fe_guess *g, struct fe_str value);
/* True: most of the n values are of the kind, and out is filled. */
bool fe_guess_decide_number(const struct fe_guess *g, const char *name, uint64_t n, struct fe_guessed *out);
bool fe_guess_decide_time(const struct fe_guess *g, const char *name, uint64_t n, struct fe_guessed *out);
bool fe_guess_is_person(const struct fe_guess *g, const char *name, uint64_t n, const char **pattern);

#endif
