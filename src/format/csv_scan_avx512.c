// SPDX-License-Identifier: Apache-2.0
/* format/csv_scan_avx512.c - the kernel with vectors of 64 bytes, for x86-64 with AVX-512 VBMI2
 *
 * A comparison is a mask of 64 bits as it is; and one instruction moves the numbers of the bits that
 * are set together, so that sixteen positions are written at once.
 */
#include "format/csv_scan_64.h"

/* Not under gcc's AddressSanitizer: the stack that gcc 12 has it make for variables is aligned to 32
 * bytes, and vectors of 64 fault on it. That of clang is right. */
#if defined(__x86_64__) && (defined(__clang__) || !defined(__SANITIZE_ADDRESS__))

#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vbmi2,bmi,bmi2,popcnt,pclmul")))

struct vectors {
	__m512i delimiter, quote, cr, lf;
	__m512i high, least; /* or of all bytes; the least byte of each lane */
};

AVX512 static inline __m512i
load(struct vectors *v, const char *p)
{
	__m512i x = _mm512_loadu_si512(p);
	v->high = _mm512_or_si512(v->high, x);
	v->least = _mm512_min_epu8(v->least, x);
	return x;
}

AVX512 static inline void
find_all(void *vectors, const char *p, struct fe_csv_bits *out)
{
	struct vectors *v = vectors;
	const __m512i x = load(v, p);

	out->delimiters = _mm512_cmpeq_epi8_mask(x, v->delimiter);
	out->quotes = _mm512_cmpeq_epi8_mask(x, v->quote);
	out->crs = _mm512_cmpeq_epi8_mask(x, v->cr);
	out->lfs = _mm512_cmpeq_epi8_mask(x, v->lf);
}

AVX512 static inline bool
find_bare(void *vectors, const char *p, struct fe_csv_bits *out)
{
	find_all(vectors, p, out);
	return (out->quotes | out->crs) == 0;
}

AVX512 static inline uint64_t
parity(uint64_t bits)
{
	__m128i product = _mm_clmulepi64_si128(_mm_cvtsi64_si128((long long)bits), _mm_set1_epi8((char)0xff), 0);
	return (uint64_t)_mm_cvtsi128_si64(product);
}

AVX512 static inline __m512i
numbers(void)
{
	__m512i n = _mm512_set_epi64(0x3f3e3d3c3b3a3938, 0x3736353433323130, 0x2f2e2d2c2b2a2928, 0x2726252423222120,
	                             0x1f1e1d1c1b1a1918, 0x1716151413121110, 0x0f0e0d0c0b0a0908, 0x0706050403020100);
	return n;
}

AVX512 static inline void
write_bits(uint64_t bits, uint64_t quoted, uint32_t at, uint32_t *out)
{
	const __m512i flag = _mm512_set1_epi32((int)FE_CSV_QUOTED), first = _mm512_set1_epi32((int)at);
	__m512i places = _mm512_maskz_compress_epi8(bits, numbers());
	uint64_t has_flag = _pext_u64(quoted, bits);

	for (int left = __builtin_popcountll(bits);; left -= 16, out += 16, has_flag >>= 16) {
		__m512i marks = _mm512_add_epi32(_mm512_cvtepu8_epi32(_mm512_castsi512_si128(places)), first);
		_mm512_storeu_si512(out, _mm512_mask_or_epi32(marks, (__mmask16)has_flag, marks, flag));
		if (__builtin_expect(left <= 16, 1))
			break;
		places = _mm512_shuffle_i64x2(places, places, 0x39); /* the next sixteen to the front */
	}
}

AVX512 static void
scan_avx512(struct fe_csv_scan *s, const char *p, size_t n_bytes, uint32_t base, struct fe_csv_index *found)
{
	static const struct fe_csv_kernel avx512 = {
		.bare = find_bare, .all = find_all, .parity = parity, .write = write_bits,
	};
	struct vectors v = {
		.delimiter = _mm512_set1_epi8(s->delimiter),
		.quote = _mm512_set1_epi8(fe_csv_quote_byte(s)),
		.cr = _mm512_set1_epi8('\r'),
		.lf = _mm512_set1_epi8('\n'),
		.high = _mm512_setzero_si512(),
		.least = _mm512_set1_epi8((char)0xff),
	};

	fe_csv_scan_64(s, p, n_bytes, base, found, &avx512, &v);
	s->saw |= _mm512_movepi8_mask(v.high) ? FE_CSV_SAW_HIGH : 0;
	s->saw |= _mm512_cmpeq_epi8_mask(v.least, _mm512_setzero_si512()) ? FE_CSV_SAW_NUL : 0;
}

fe_csv_scan_fn *
fe_csv_scan_avx512(void)
{
	bool has_vectors = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	                   __builtin_cpu_supports("avx512vbmi2");
	bool has_bits = __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt") &&
	                __builtin_cpu_supports("pclmul");
	return has_vectors && has_bits ? scan_avx512 : NULL;
}

#else

fe_csv_scan_fn *
fe_csv_scan_avx512(void)
{
	return NULL;
}

#endif
