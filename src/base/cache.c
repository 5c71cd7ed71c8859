// SPDX-License-Identifier: Apache-2.0
/* base/cache.c - see base/cache.h; the one instruction of x86-64 that does not wait for the one before it */
#include "base/cache.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>
#include <stdint.h>

#define LINE_BYTES 64

bool
fe_cache_lets_go(void)
{
	unsigned eax, ebx = 0, ecx, edx;
	return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (ebx & bit_CLFLUSHOPT);
}

__attribute__((target("clflushopt"))) void
fe_cache_let_go(const void *p, size_t n_bytes)
{
	const uintptr_t end = (uintptr_t)p + n_bytes;
	for (uintptr_t line = (uintptr_t)p & ~(uintptr_t)(LINE_BYTES - 1); line < end; line += LINE_BYTES)
		_mm_clflushopt((void *)line);
}

#else

bool fe_cache_lets_go(void) { return false; }
void fe_cache_let_go(const void *p, size_t n_bytes) { (void)p, (void)n_bytes; }

#endif
