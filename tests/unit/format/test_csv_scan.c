// SPDX-License-Identifier: Apache-2.0
/* Every kernel of the scan against a loop over single bytes. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "csv_scan_check.h"

#define MAX_BYTES 400

static uint64_t
chance(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *seed >> 33;
}

/* Of ordinary bytes, with more or fewer of those that matter; or of any. */
static void
make_input(uint64_t *seed, char *p, size_t n)
{
	static const char alphabet[] = ",\"\r\nx,;1 ab-.\t+#\x0c\x0b\x0a\x8a\xac\xa2";
	const uint64_t density = chance(seed) % 5;

	for (size_t i = 0; i < n; i++) {
		if (chance(seed) % 5 < density)
			p[i] = alphabet[chance(seed) % (sizeof alphabet - 1)];
		else
			p[i] = density == 4 ? (char)(chance(seed) & 255) : 'k';
	}
}

/* Of records as they are to be: cells with quotes around them or not, now and then a stray quote. */
static void
make_records(uint64_t *seed, char *p, size_t n)
{
	static const char *const cells[] = { "abc", "\"abc\"", "\"a,b\"", "\"\"", "", "\"a\"\"b\"", "\"a\nb\"", "x\"y", "\"a\"b", "0123456789" };
	static const char *const ends[] = { ",", ",", ",", "\n", "\r\n", "\r" };
	const uint64_t n_cells = 1 + chance(seed) % (sizeof cells / sizeof *cells), n_ends = 4 + chance(seed) % 3;

	for (size_t i = 0; i < n;) {
		const char *text = chance(seed) & 1 ? cells[chance(seed) % n_cells] : "ab";
		for (; *text && i < n; text++)
			p[i++] = *text;
		text = ends[chance(seed) % n_ends];
		for (; *text && i < n; text++)
			p[i++] = *text;
	}
}

static void
check_kernel(fe_csv_scan_fn *kernel)
{
	uint64_t seed = 7;
	char p[MAX_BYTES];

	for (int round = 0; round < 20000; round++) {
		const size_t n = chance(&seed) % MAX_BYTES;
		struct fe_csv_scan s = { .delimiter = round & 1 ? ',' : 'x', .quote = round & 2 ? '"' : '\'' };
		if (round % 8 == 7)
			s.quote = s.delimiter;
		if (round % 3 == 0)
			make_records(&seed, p, n);
		else
			make_input(&seed, p, n);
		fe_csv_scan_restart(&s);
		if (!csv_scan_agrees(kernel, s, p, n, chance(&seed) % MAX_BYTES, 77))
			fail_msg("round %d, %zu bytes: <%.*s>", round, n, (int)n, p);
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
sse42_kernel_finds_what_is_defined(void **state)
{
	(void)state;
	if (!fe_csv_scan_sse42())
		skip();
	check_kernel(fe_csv_scan_sse42());
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
avx512_kernel_finds_what_is_defined(void **state)
{
	(void)state;
	if (!fe_csv_scan_avx512())
		skip();
	check_kernel(fe_csv_scan_avx512());
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
	struct fe_csv_scan s = { .delimiter = ',', .quote = '"', .saw = FE_CSV_SAW_HIGH };
	struct fe_csv_index found;

	csv_scan_index_new(&found, 6);
	fe_csv_scan_restart(&s);
	fe_csv_scan_best()(&s, "abc", 3, 0, &found);
	assert_int_equal(s.saw, FE_CSV_SAW_HIGH);
	fe_csv_scan_best()(&s, "a\0c", 3, 3, &found);
	assert_int_equal(s.saw, FE_CSV_SAW_HIGH | FE_CSV_SAW_NUL);
	csv_scan_index_free(&found);
}

/* By hand, so that kernels and their check are not wrong alike. */
static void
index_says_where_cells_end_which_are_quoted_and_what_is_odd(void **state)
{
	(void)state;
	static const char input[] = "a,\"b,\"\n\"c\"\"\",d\r\ne\"f,\"g\nh\"\n1,2\n";
	static const uint32_t marks[] = { 2, 7 | FE_CSV_QUOTED, 13 | FE_CSV_QUOTED, 15, 16 };
	struct fe_csv_scan s = { .delimiter = ',', .quote = '"' };
	struct fe_csv_index found;

	csv_scan_index_new(&found, sizeof input);
	fe_csv_scan_restart(&s);
	fe_csv_scan_best()(&s, input, sizeof input - 1, 0, &found);
	/* The stray quote turns all behind it inside out: the splitter refuses that. */
	assert_int_equal(found.n_ends, 3);
	assert_memory_equal(found.marks, marks, sizeof marks);
	assert_int_equal(found.ends[0], 2);
	assert_int_equal(found.ends[1], 5 | FE_CSV_ODD);
	csv_scan_index_free(&found);
}

static void
splitter_sees_structural_bytes_in_quotes_too(void **state)
{
	(void)state;
	struct fe_csv_scan s = { .delimiter = ',', .quote = '"' };
	assert_int_equal(fe_csv_scan_all(&s, "a,\",\r\n\"", 7), 0x7e);
	assert_int_equal(fe_csv_scan_all(&s, "", 0), 0);
	assert_int_equal(s.saw, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_kernel_finds_what_is_defined),
		cmocka_unit_test(sixteen_byte_kernel_finds_what_is_defined),
		cmocka_unit_test(sse42_kernel_finds_what_is_defined),
		cmocka_unit_test(avx2_kernel_finds_what_is_defined),
		cmocka_unit_test(avx512_kernel_finds_what_is_defined),
		cmocka_unit_test(best_kernel_is_one_that_can_run),
		cmocka_unit_test(kernels_add_to_what_was_seen),
		cmocka_unit_test(index_says_where_cells_end_which_are_quoted_and_what_is_odd),
		cmocka_unit_test(splitter_sees_structural_bytes_in_quotes_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
