// SPDX-License-Identifier: Apache-2.0
/* Every kernel of the scan against a loop over single bytes. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/mem.h"
#include "format/csv_scan.h"

#define MAX_BYTES 400

static uint64_t
chance(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *seed >> 33;
}

static size_t
scan_by_definition(struct fe_csv_scan *s, const char *p, size_t n, uint32_t base, uint32_t *marks)
{
	size_t n_marks = 0;
	for (size_t i = 0; i < n; i++) {
		if (p[i] == s->delimiter || p[i] == s->quote || p[i] == '\r' || p[i] == '\n')
			marks[n_marks++] = base + (uint32_t)i;
		if ((unsigned char)p[i] >= 0x80)
			s->saw |= FE_CSV_SAW_HIGH;
		if (p[i] == 0)
			s->saw |= FE_CSV_SAW_NUL;
	}
	return n_marks;
}

static void
check_kernel(fe_csv_scan_fn kernel)
{
	static const char alphabet[] = ",\"\r\nx,;1 ab-.\t+#\x0c\x0b\x0a\x8a\xac\xa2";
	uint64_t seed = 7;
	for (int round = 0; round < 20000; round++) {
		size_t n = chance(&seed) % MAX_BYTES;
		/* Exact sizes, so that the sanitizer sees a step outside. */
		char *p = fe_alloc(n);
		uint32_t *marks = fe_new_array(n + FE_CSV_SCAN_SLACK, uint32_t);
		uint32_t *want = fe_new_array(n + 1, uint32_t);
		uint64_t density = chance(&seed) % 5;
		for (size_t i = 0; i < n; i++) {
			if (chance(&seed) % 5 < density)
				p[i] = alphabet[chance(&seed) % (sizeof alphabet - 1)];
			else
				p[i] = density == 4 ? (char)(chance(&seed) & 255) : 'k';
		}
		struct fe_csv_scan a = { .delimiter = round & 1 ? ',' : 'x', .quote = round & 2 ? '"' : '\'' };
		struct fe_csv_scan b = a;
		size_t n_want = scan_by_definition(&a, p, n, 77, want);
		size_t n_got = kernel(&b, p, n, 77, marks);
		assert_int_equal(n_got, n_want);
		assert_memory_equal(marks, want, n_want * sizeof *want);
		assert_int_equal(a.saw, b.saw);
		fe_free(p);
		fe_free(marks);
		fe_free(want);
	}
}

static void
plain_kernel_finds_what_is_defined(void **state)
{
	(void)state;
	check_kernel(fe_csv_scan_plain);
}

static void
sixteen_byte_kernel_finds_what_is_defined(void **state)
{
	(void)state;
	check_kernel(fe_csv_scan_16);
}

static void
avx2_kernel_finds_what_is_defined(void **state)
{
	(void)state;
	if (!fe_csv_scan_avx2())
		skip();
	check_kernel(fe_csv_scan_avx2());
}

static void
best_kernel_is_one_that_can_run(void **state)
{
	(void)state;
	check_kernel(fe_csv_scan_best());
}

static void
kernels_add_to_what_was_seen(void **state)
{
	(void)state;
	uint32_t marks[4 + FE_CSV_SCAN_SLACK];
	struct fe_csv_scan s = { .delimiter = ',', .quote = '"', .saw = FE_CSV_SAW_HIGH };
	(void)fe_csv_scan_best()(&s, "abc", 3, 0, marks);
	assert_int_equal(s.saw, FE_CSV_SAW_HIGH);
	(void)fe_csv_scan_best()(&s, "a\0c", 3, 0, marks);
	assert_int_equal(s.saw, FE_CSV_SAW_HIGH | FE_CSV_SAW_NUL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_kernel_finds_what_is_defined),
		cmocka_unit_test(sixteen_byte_kernel_finds_what_is_defined),
		cmocka_unit_test(avx2_kernel_finds_what_is_defined),
		cmocka_unit_test(best_kernel_is_one_that_can_run),
		cmocka_unit_test(kernels_add_to_what_was_seen),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
