// SPDX-License-Identifier: Apache-2.0
/* format/csv_scan_sse42.c - the kernel with vectors of sixteen bytes, for x86-64 with SSE4.2
 *
 * SSE4.2 itself has nothing for it that SSE2 lacks; what came with it has: bits are counted, and the
 * parity of all below is had of a multiplication without carries, in one instruction each.
 */
#include "format/csv_scan_16.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define SSE42 __attribute__((target("sse4.2,popcnt,pclmul")))

SSE42 static inline uint64_t
parity(uint64_t bits)
{
	__m128i product = _mm_clmulepi64_si128(_mm_cvtsi64_si128((long long)bits), _mm_set1_epi8((char)0xff), 0);
	return (uint64_t)_mm_cvtsi128_si64(product);
}

SSE42 static void
scan_sse42(struct fe_csv_scan *s, const char *p, size_t n_bytes, uint32_t base, struct fe_csv_index *found)
{
	static const struct fe_csv_kernel sse42 = {
		.bare = fe_csv_bare_16, .all = fe_csv_all_16, .parity = parity, .write = fe_csv_write_64,
	};
	struct fe_csv_vectors_16 v = fe_csv_vectors_16(s);

	fe_csv_scan_64(s, p, n_bytes, base, found, &sse42, &v);
	fe_csv_note_16(s, &v);
}

fe_csv_scan_fn *
fe_csv_scan_sse42(void)
{
	bool has_all = __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt") &&
	               __builtin_cpu_supports("pclmul");
	return has_all ? scan_sse42 : NULL;
}

#else

fe_csv_scan_fn *
fe_csv_scan_sse42(void)
{
	return NULL;
}

#endif
