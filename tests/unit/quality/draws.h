// SPDX-License-Identifier: Apache-2.0
/* What is drawn, and the rows it is put in, for the tests of profiles and of what they count by. */
#ifndef FE_TESTS_UNIT_QUALITY_DRAWS_H
#define FE_TESTS_UNIT_QUALITY_DRAWS_H

#include <stddef.h>
#include <stdint.h>

#define MAX_ROWS 600

static inline uint64_t
draw(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* 0, 1, 2, ... */
static inline const uint16_t *
all_rows(void)
{
	static uint16_t rows[MAX_ROWS];

	for (size_t i = 0; i < MAX_ROWS; i++)
		rows[i] = (uint16_t)i;
	return rows;
}

#endif
