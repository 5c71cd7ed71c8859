// SPDX-License-Identifier: Apache-2.0
/* tests/fuzz/harness.h - what all harnesses have */
#ifndef FE_FUZZ_HARNESS_H
#define FE_FUZZ_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static inline void
expect(bool holds)
{
	if (!holds)
		abort();
}

/* At most max lines, which is at least one; what stands behind them is left out. */
static inline size_t
lines_of(const uint8_t *data, size_t n_bytes, struct fe_str *lines, size_t max)
{
	const char *text = (const char *)data;
	size_t n = 0;

	for (size_t from = 0, i = 0; i <= n_bytes && n < max; i++) {
		if (i < n_bytes && text[i] != '\n')
			continue;
		lines[n++] = (struct fe_str){ text + from, i - from };
		from = i + 1;
	}
	return n;
}

#endif
