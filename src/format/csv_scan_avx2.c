// SPDX-License-Identifier: Apache-2.0
/* format/csv_scan_avx2.c - the kernel with vectors of 32 bytes, for x86-64 with AVX2
 *
 * Beside the vectors it has single bits by instructions that say what becomes of none (64), and
 * the parity of a multiplication without carries.
 */
#include "format/csv_scan_64.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt,pclmul")))

struct vectors {
	__m256i delimiter, quote, cr, lf;
	__m256i high, least; /* or of all bytes; the least byte of each lane */
};

AVX2 static inline __m256i
load(struct vectors *v, const char *p)
{
	__m256i x = _mm256_loadu_si256((const __m256i_u *)p);
	v->high = _mm256_or_si256(v->high, x);
	v->least = _mm256_min_epu8(v->least, x);
	return x;
}

AVX2 static inline uint64_t
equal(__m256i low, __m256i high, __m256i to)
{
	uint64_t bits = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, to));
	return bits << 32 | (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, to));
}

AVX2 static inline void
find_all(void *vectors, const char *p, struct fe_csv_bits *out)
{
	struct vectors *v = vectors;
	const __m256i low = load(v, p), high = load(v, p + 32);

	out->delimiters = equal(low, high, v->delimiter);
	out->quotes = equal(low, high, v->quote);
	out->crs = equal(low, high, v->cr);
	out->lfs = equal(low, high, v->lf);
}

AVX2 static inline bool
find_bare(void *vectors, const char *p, struct fe_csv_bits *out)
{
	struct vectors *v = vectors;
	const __m256i low = load(v, p), high = load(v, p + 32);
	__m256i quotes = _mm256_or_si256(_mm256_cmpeq_epi8(low, v->quote), _mm256_cmpeq_epi8(high, v->quote));
	__m256i crs = _mm256_or_si256(_mm256_cmpeq_epi8(low, v->cr), _mm256_cmpeq_epi8(high, v->cr));

	out->delimiters = equal(low, high, v->delimiter);
	out->lfs = equal(low, high, v->lf);
	return _mm256_movemask_epi8(_mm256_or_si256(quotes, crs)) == 0;
}

AVX2 static inline uint64_t
parity(uint64_t bits)
{
	__m128i product = _mm_clmulepi64_si128(_mm_cvtsi64_si128((long long)bits), _mm_set1_epi8((char)0xff), 0);
	return (uint64_t)_mm_cvtsi128_si64(product);
}

AVX2 static inline void
write_bits(uint64_t bits, uint64_t quoted, uint32_t at, uint32_t *out)
{
	for (; bits; out += 8) {
		for (int i = 0; i < 8; i++) {
			uint64_t bit = _tzcnt_u64(bits);
			out[i] = (at + (uint32_t)bit) | (uint32_t)(quoted >> (bit & 63) << 31);
			bits = _blsr_u64(bits);
		}
	}
}

AVX2 static void
scan_avx2(struct fe_csv_scan *s, const char *p, size_t n_bytes, uint32_t base, struct fe_csv_index *found)
{
	static const struct fe_csv_kernel avx2 = {
		.bare = find_bare, .all = find_all, .parity = parity, .write = write_bits,
	};
	struct vectors v = {
		.delimiter = _mm256_set1_epi8(s->delimiter),
		.quote = _mm256_set1_epi8(fe_csv_quote_byte(s)),
		.cr = _mm256_set1_epi8('\r'),
		.lf = _mm256_set1_epi8('\n'),
		.high = _mm256_setzero_si256(),
		.least = _mm256_set1_epi8((char)0xff),
	};

	fe_csv_scan_64(s, p, n_bytes, base, found, &avx2, &v);
	s->saw |= _mm256_movemask_epi8(v.high) ? FE_CSV_SAW_HIGH : 0;
	if (_mm256_movemask_epi8(_mm256_cmpeq_epi8(v.least, _mm256_setzero_si256())))
		s->saw |= FE_CSV_SAW_NUL;
}

fe_csv_scan_fn *
fe_csv_scan_avx2(void)
{
	bool has_all = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") &&
	               __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("pclmul");
	return has_all ? scan_avx2 : NULL;
}

#else

fe_csv_scan_fn *
fe_csv_scan_avx2(void)
{
	return NULL;
}

#endif
