// SPDX-License-Identifier: Apache-2.0
/* base/keyshape.c - digits to a number, sixteen bytes at once
 *
 * The key is moved up until its last byte is the last of sixteen, and what stands before its
 * digits becomes zeros; so the steps are the same for any length. Eight digits become a number
 * by three multiplications, which add neighbours, then pairs, then fours.
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
	return true;
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
	if (key.n > FE_TEXT16_BYTES || key.n < s->n_prefix + s->min_digits)
		return FE_NO_NUMBER;
	u128 bytes = bytes_of(key);
	if ((((uint64_t)bytes ^ s->prefix[0]) & s->prefix_mask[0]) |
	    (((uint64_t)(bytes >> 64) ^ s->prefix[1]) & s->prefix_mask[1]))
		return FE_NO_NUMBER;
	unsigned n_digits = (unsigned)key.n - s->n_prefix, n_before = FE_TEXT16_BYTES - n_digits;
	if (n_digits > s->min_digits && key.p[s->n_prefix] == '0')
		return FE_NO_NUMBER;
	u128 mask = ~(u128)0 << 8 * n_before, zeros = (u128)ZEROS << 64 | ZEROS;
	u128 digits = ((bytes << 8 * (FE_TEXT16_BYTES - key.n)) & mask) | (zeros & ~mask);
	uint64_t low = (uint64_t)(digits >> 64), high = (uint64_t)digits;
	if (!are_digits(low) || !are_digits(high))
		return FE_NO_NUMBER;
	return n_digits <= 8 ? eight_digits(low) : eight_digits(high) * 100000000 + eight_digits(low);
}
