// SPDX-License-Identifier: Apache-2.0
/* Keyed hashes and SHA-256. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/hash.h"

static void
sha256_agrees_with_the_standard(void **state)
{
	char hex[FE_SHA256_HEX_BYTES];

	(void)state;
	fe_sha256_of(FE_STR("abc"), hex);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	fe_sha256_of((struct fe_str){ 0 }, hex);
	assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void
sha256_in_pieces_is_that_of_the_whole_and_starts_anew(void **state)
{
	struct fe_sha256 *h = fe_sha256_new();
	unsigned char digest[FE_SHA256_BYTES];
	char hex[FE_SHA256_HEX_BYTES], whole[FE_SHA256_HEX_BYTES];

	(void)state;
	fe_sha256_of(FE_STR("abc"), whole);
	for (int round = 0; round < 2; round++) {
		fe_sha256_add(h, "a", 1);
		fe_sha256_add(h, NULL, 0);
		fe_sha256_add(h, "bc", 2);
		fe_sha256_end(h, digest);
		fe_sha256_hex(digest, hex);
		assert_string_equal(hex, whole);
	}
	fe_sha256_free(h);
	fe_sha256_free(NULL);
}

static void
keyed_hash_depends_on_key_and_every_byte(void **state)
{
	struct fe_hash_key a, b;
	char text[300] = { 0 };

	(void)state;
	fe_hash_key_random(&a);
	fe_hash_key_random(&b);
	for (size_t n = 1; n <= sizeof(text); n += n < 20 ? 1 : 40) {
		uint64_t plain = fe_hash64(&a, text, n);

		assert_true(plain == fe_hash64(&a, text, n));
		assert_true(plain != fe_hash64(&b, text, n));
		assert_true(plain != fe_hash64(&a, text, n - 1));
		text[n - 1] = 1;
		assert_true(plain != fe_hash64(&a, text, n));
		text[n - 1] = 0;
	}
}

/* RFC 4231, cases 1, 2 and 6 (a key longer than a block). */
static void
hmac_agrees_with_the_standard(void **state)
{
	char long_key[131];
	memset(long_key, 0xaa, sizeof long_key);
	const struct { struct fe_str key, message; const char *hex; } cases[] = {
		{ FE_STR("\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"), FE_STR("Hi There"),
		  "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
		{ FE_STR("Jefe"), FE_STR("what do ya want for nothing?"),
		  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
		{ { long_key, sizeof long_key }, FE_STR("Test Using Larger Than Block-Size Key - Hash Key First"),
		  "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
	};
	unsigned char mac[FE_SHA256_BYTES];
	char hex[FE_SHA256_HEX_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		fe_hmac_sha256(cases[i].key, cases[i].message, mac);
		fe_sha256_hex(mac, hex);
		assert_string_equal(hex, cases[i].hex);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_agrees_with_the_standard),
		cmocka_unit_test(sha256_in_pieces_is_that_of_the_whole_and_starts_anew),
		cmocka_unit_test(hmac_agrees_with_the_standard),
		cmocka_unit_test(keyed_hash_depends_on_key_and_every_byte),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
