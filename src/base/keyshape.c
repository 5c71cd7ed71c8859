// SPDX-License-Identifier: Apache-2.0
/* base/keyshape.c - digits to a number, sixteen bytes at once
 *
 * The key is moved up until its last byte is the last of sixteen, and what stands before its
 * digits becomes zeros; so the steps are the same for any length. Eight digits become a number
 * by three multiplications, which add neighbours, then pairs, then fours. A key of the usual
 * length has its words at known places, which is half of the work.
 */
#include "base/keyshape.h"

#include "base/text16.h"

#define ZEROS UINT64_C(0x3030303030303030)
#define TOPS UINT64_C(0x8080808080808080)

typedef unsigned __int128 u128;

static inline u128
bytes_of(struct fe_str key)
{
	fe_text16 t = fe_text16_load(key, 0);
	return (u128)fe_text16_word(t, 1) << 64 | fe_text16_word(t, 0);
}

static inline bool
are_digits(uint64_t w)
{
	return (((w + UINT64_C(0x4646464646464646)) | (w - ZEROS)) & TOPS) == 0;
}

static inline uint64_t
eight_digits(uint64_t w)
{
	const uint64_t mask = UINT64_C(0x000000ff000000ff);
	w -= ZEROS;
	w = w * 10 + (w >> 8);
	return ((w & mask) * UINT64_C(0x000f424000000064) + (w >> 16 & mask) * UINT64_C(0x0000271000000001)) >> 32;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits, zeros where there is no mask. FE_NO_NUMBER: not all of them are. */
static inline uint64_t
masked_digits(uint64_t w, uint64_t mask)
{
	w = (w & mask) | (ZEROS & ~mask);
	return are_digits(w) ? eight_digits(w) : FE_NO_NUMBER;
}

static void
learn_usual(struct fe_keyshape *s, size_t n)
{
	unsigned n_digits = (unsigned)n - s->n_prefix;

	s->usual_bytes = SIZE_MAX;
	if (n < 8 || s->n_prefix > 8)
		return;
	s->usual_bytes = n;
	s->usual_low = n_digits < 8 ? UINT64_MAX << 8 * (8 - n_digits) : UINT64_MAX;
	s->usual_high = n_digits > 8 ? UINT64_MAX << 8 * (16 - n_digits) : 0;
}

bool
fe_keyshape_learn(struct fe_keyshape *s, enum fe_key_form form, struct fe_str key)
{
	*s = (struct fe_keyshape){ .form = form };
	if (form == FE_KEY_WORD)
		return fe_keyshape_number(s, key) != FE_NO_NUMBER;
	if (key.n == 0 || key.n > FE_TEXT16_BYTES || !is_digit(key.p[key.n - 1]))
		return false;
	size_t n_prefix = key.n;
	while (n_prefix > 0 && is_digit(key.p[n_prefix - 1]))
		n_prefix--;
	s->n_prefix = (unsigned)n_prefix;
	s->min_digits = key.p[n_prefix] == '0' ? (unsigned)(key.n - n_prefix) : 1;
	u128 mask = ((u128)1 << 8 * n_prefix) - 1, prefix = bytes_of(key) & mask;
	for (int i = 0; i < 2; i++) {
		s->prefix[i] = (uint64_t)(prefix >> 64 * i);
		s->prefix_mask[i] = (uint64_t)(mask >> 64 * i);
	}
	learn_usual(s, key.n);
	return true;
}

/* The two words may overlap: together they are all of the key. */
static inline uint64_t
number_of_usual(const struct fe_keyshape *s, const char *p)
{
	uint64_t first, last, high = 0;

	memcpy(&first, p, sizeof first);
	memcpy(&last, p + s->usual_bytes - sizeof last, sizeof last);
	if ((first ^ s->prefix[0]) & s->prefix_mask[0])
		return FE_NO_NUMBER;
	if (s->usual_bytes - s->n_prefix > s->min_digits && p[s->n_prefix] == '0')
		return FE_NO_NUMBER;
	uint64_t low = masked_digits(last, s->usual_low);
	if (s->usual_high)
		high = masked_digits(first << 8 * (FE_TEXT16_BYTES - s->usual_bytes), s->usual_high);
	if (low == FE_NO_NUMBER || high == FE_NO_NUMBER)
		return FE_NO_NUMBER;
	return high * 100000000 + low;
}

static inline uint64_t
number_of_word(struct fe_str key)
{
	int64_t number;
	memcpy(&number, key.p, sizeof number);
	return number >= 0 && (uint64_t)number < FE_KEY_NUMBERS ? (uint64_t)number : FE_NO_NUMBER;
}

uint64_t
fe_keyshape_number(const struct fe_keyshape *s, struct fe_str key)
{
	if (s->form == FE_KEY_WORD)
		return number_of_word(key);
	if (key.n == s->usual_bytes)
		return number_of_usual(s, key.p);
	if (key.n > FE_TEXT16_BYTES || key.n < s->n_prefix + s->min_digits)
		return FE_NO_NUMBER;
	u128 bytes = bytes_of(key);
	if ((((uint64_t)bytes ^ s->prefix[0]) & s->prefix_mask[0]) |
	    (((uint64_t)(bytes >> 64) ^ s->prefix[1]) & s->prefix_mask[1]))
		return FE_NO_NUMBER;
	unsigned n_digits = (unsigned)key.n - s->n_prefix, n_before = FE_TEXT16_BYTES - n_digits;
	if (n_digits > s->min_digits && key.p[s->n_prefix] == '0')
		return FE_NO_NUMBER;
	u128 mask = ~(u128)0 << 8 * n_before;
	bytes <<= 8 * (FE_TEXT16_BYTES - key.n);
	uint64_t low = masked_digits((uint64_t)(bytes >> 64), (uint64_t)(mask >> 64));
	uint64_t high = masked_digits((uint64_t)bytes, (uint64_t)mask);
	return low == FE_NO_NUMBER || high == FE_NO_NUMBER ? FE_NO_NUMBER : high * 100000000 + low;
}
