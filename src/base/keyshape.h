// SPDX-License-Identifier: Apache-2.0
/* base/keyshape.h - keys that are a number in a fixed wrapping: TXN0000417, CUST42, 42
 *
 * Most systems number their records. Such a key is exactly told by its number once the rest
 * of it is known, and a number finds its place without hashing, comparing or storing bytes.
 *
 * A shape is learnt from one key and is reversible: a number stands for one key of the shape.
 *
 *   FE_KEY_TEXT  a prefix, which may be empty, and behind it up to 16 digits. Where the learnt
 *                key's digits begin with a zero, they are filled up to that many; keys with more
 *                digits begin with another digit. At most 16 bytes in all
 *   FE_KEY_WORD  the eight bytes of an int64_t (transform/key.h) that is not negative
 */
#ifndef FE_BASE_KEYSHAPE_H
#define FE_BASE_KEYSHAPE_H

#include "base/str.h"

enum fe_key_form { FE_KEY_TEXT, FE_KEY_WORD };

#define FE_NO_NUMBER UINT64_MAX
#define FE_KEY_NUMBERS (UINT64_C(1) << 62) /* numbers are below */

struct fe_keyshape {
	enum fe_key_form form;
	uint64_t prefix[2], prefix_mask[2]; /* of the key's sixteen bytes */
	unsigned n_prefix;
	unsigned min_digits;
	/* Keys as long as the learnt one, which most are. SIZE_MAX, as no key is: it is too short, or its prefix too long. */
	size_t usual_bytes;
	uint64_t usual_low, usual_high; /* masks: its last eight digits, those before */
};

/* False: the key is no number in a wrapping. */
bool fe_keyshape_learn(struct fe_keyshape *s, enum fe_key_form form, struct fe_str key);
/* FE_NO_NUMBER: not of this shape. */
uint64_t fe_keyshape_number(const struct fe_keyshape *s, struct fe_str key);

#endif
