// SPDX-License-Identifier: Apache-2.0
/* format/json_foretold_avx2.c - the loop of json_foretold.h with vectors of 32 bytes, for x86-64 */
#include "format/json_foretold.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,bmi,bmi2")))

AVX2 static inline __m256i
load(const char *p)
{
	return _mm256_loadu_si256((const __m256i_u *)p);
}

AVX2 static inline bool
begins(const char *p, const char *head, uint32_t n_bytes)
{
	uint32_t same = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(load(p), load(head)));
	return _bzhi_u32(~same, n_bytes) == 0;
}

AVX2 static inline __m256i
all(const char bytes[32])
{
	return _mm256_load_si256((const __m256i *)(const void *)bytes);
}

/* As signed bytes, those that are not ASCII are less than a blank, as controls are. */
AVX2 static inline uint32_t
stops(const char *p)
{
	__m256i x = load(p);
	__m256i marks = _mm256_or_si256(_mm256_cmpeq_epi8(x, all(fe_json_32.quotes)),
	                                _mm256_cmpeq_epi8(x, all(fe_json_32.backslashes)));
	return (uint32_t)_mm256_movemask_epi8(_mm256_or_si256(marks, _mm256_cmpgt_epi8(all(fe_json_32.blanks), x)));
}

AVX2 static inline const char *
short_text(const char *p)
{
	uint32_t found = stops(p);
	if (__builtin_expect(!found, 0)) {
		p += 32;
		found = stops(p);
		if (!found)
			return "";
	}
	return p + _tzcnt_u32(found);
}

AVX2 static const char *
walk_foretold(struct fe_json_reader *r, struct fe_json_run *run, const char *p)
{
	static const struct fe_json_questions ask = {
		.begins = begins,
		.short_text = short_text,
		.number_end = fe_json_number_end_sse2,
	};
	return fe_json_walk_foretold_with(r, run, p, ask);
}

fe_json_foretold_fn *
fe_json_walk_foretold_avx2(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") ? walk_foretold : NULL;
}

#else

fe_json_foretold_fn *
fe_json_walk_foretold_avx2(void)
{
	return NULL;
}

#endif
