// SPDX-License-Identifier: Apache-2.0
/* format/csv_scan_16.c - the kernel with vectors of sixteen bytes, which x86-64 (SSE2) and arm64
 * (NEON) always have; and the question of the splitter, which is too short for wider ones
 */
#include "format/csv_scan_16.h"

static const struct fe_csv_kernel sixteen = {
	.bare = fe_csv_bare_16, .all = fe_csv_all_16, .parity = fe_csv_parity_64, .write = fe_csv_write_64,
};

void
fe_csv_scan_16(struct fe_csv_scan *s, const char *p, size_t n_bytes, uint32_t base, struct fe_csv_index *found)
{
	struct fe_csv_vectors_16 v = fe_csv_vectors_16(s);

	fe_csv_scan_64(s, p, n_bytes, base, found, &sixteen, &v);
	fe_csv_note_16(s, &v);
}

uint64_t
fe_csv_scan_all(struct fe_csv_scan *s, const char *p, size_t n_bytes)
{
	struct fe_csv_vectors_16 v = fe_csv_vectors_16(s);
	fe_text16 found[4];
	char copy[64];

	if (n_bytes < sizeof copy) {
		memset(copy, 'x', sizeof copy);
		memcpy(copy, p, n_bytes);
		p = copy;
	}
	for (unsigned i = 0; i < 4; i++) {
		const fe_text16 x = fe_csv_load_16(&v, p + (size_t)i * FE_TEXT16_BYTES);
		found[i] = (fe_text16)((x == v.delimiter) | (x == v.quote) | (x == v.cr) | (x == v.lf));
	}
	fe_csv_note_16(s, &v);
	const uint64_t all = fe_text16_bits_64(found);
	return n_bytes < sizeof copy ? all & ((UINT64_C(1) << n_bytes) - 1) : all;
}
