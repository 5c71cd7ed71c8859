// SPDX-License-Identifier: Apache-2.0
/* Hashes that go two at a time, against OpenSSL's. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/sha256_kernel.h"
#include "base/sha256_pair.h"

#define MAX_LENGTH 4500
#define MAX_STREAMS 5
#define STREAM_BYTES ((size_t)3 * 1024 * 1024)

/* Knuth's MMIX generator: the same in every run. */
static uint64_t
next_random(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *seed >> 33;
}

static unsigned char *
random_bytes(size_t n_bytes, uint64_t seed)
{
	unsigned char *p = fe_alloc(n_bytes);

	for (size_t i = 0; i < n_bytes; i++)
		p[i] = (unsigned char)next_random(&seed);
	return p;
}

static void
assert_is_sha256_of(const unsigned char digest[FE_SHA256_BYTES], const unsigned char *p, size_t n_bytes)
{
	unsigned char expected[FE_SHA256_BYTES];
	unsigned n = 0;

	assert_int_equal(EVP_Digest(p, n_bytes, expected, &n, EVP_sha256(), NULL), 1);
	assert_memory_equal(digest, expected, FE_SHA256_BYTES);
}

static void
assert_ends(struct fe_sha256 *h, const unsigned char *p, size_t n_bytes)
{
	unsigned char digest[FE_SHA256_BYTES];

	fe_sha256_end(h, digest);
	assert_is_sha256_of(digest, p, n_bytes);
}

/* NIST's examples: one block, two blocks of message, a million letters. */
static void
pair_agrees_with_the_standard(void **state)
{
	static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
	const struct { struct fe_str text; unsigned n_times; const char *hex; } cases[] = {
		{ FE_STR("abc"), 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ FE_STR(two_blocks), 1, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
		{ FE_STR("aaaaaaaaaa"), 100000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0" },
		{ FE_STR(""), 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	};
	struct fe_sha256_pair *pair = fe_sha256_pair_new();
	struct fe_sha256 *h = fe_sha256_new_in(pair), *other = fe_sha256_new_in(pair);
	unsigned char digest[FE_SHA256_BYTES];
	char hex[FE_SHA256_HEX_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		for (unsigned n = 0; n < cases[i].n_times; n++) {
			fe_sha256_add(h, cases[i].text.p, cases[i].text.n);
			if (n % 3 == 0)
				fe_sha256_add(other, two_blocks, sizeof two_blocks);
		}
		fe_sha256_end(h, digest);
		fe_sha256_hex(digest, hex);
		assert_string_equal(hex, cases[i].hex);
	}
	fe_sha256_free(h);
	fe_sha256_free(other);
	fe_sha256_pair_free(pair);
}

/* Alone, and beside one that has as much waiting; whole, and in two pieces. */
static void
pair_agrees_at_every_length(void **state)
{
	unsigned char *bytes = random_bytes(MAX_LENGTH + 1, 1);
	struct fe_sha256_pair *pair = fe_sha256_pair_new();
	struct fe_sha256 *h = fe_sha256_new_in(pair);

	(void)state;
	for (size_t n = 0; n <= MAX_LENGTH; n++) {
		fe_sha256_add(h, bytes, n / 3);
		fe_sha256_add(h, bytes + n / 3, n - n / 3);
		assert_ends(h, bytes, n);
	}
	struct fe_sha256 *other = fe_sha256_new_in(pair);
	for (size_t n = 0; n <= MAX_LENGTH; n++) {
		fe_sha256_add(other, bytes + 1, n);
		fe_sha256_add(h, bytes, n);
		assert_ends(n % 2 ? h : other, n % 2 ? bytes : bytes + 1, n);
		assert_ends(n % 2 ? other : h, n % 2 ? bytes + 1 : bytes, n);
	}
	fe_sha256_free(h);
	fe_sha256_free(other);
	fe_sha256_pair_free(pair);
	fe_free(bytes);
}

/* ---- many at once ---- */

struct stream {
	struct fe_sha256 *hash; /* NULL: there is none now */
	const unsigned char *bytes;
	size_t n_bytes;         /* added */
};

/* Small ones mostly, as large as reads and writes are, and larger than what may wait. */
static size_t
random_size(uint64_t *seed)
{
	static const size_t most[] = { 3, 64, 65, 1000, 70000, FE_SHA256_WAIT_BYTES, 2 * FE_SHA256_WAIT_BYTES + 100 };
	return next_random(seed) % (most[next_random(seed) % (sizeof most / sizeof most[0])] + 1);
}

/* Adds to one, ends it, or frees it and makes it anew. */
static void
step(struct fe_sha256_pair *pair, struct stream *s, uint64_t *seed)
{
	const uint64_t what = next_random(seed) % 64;
	size_t n = random_size(seed);

	if (!s->hash || what == 0) {
		fe_sha256_free(s->hash);
		s->hash = what < 4 ? NULL : fe_sha256_new_in(pair);
		s->n_bytes = 0;
	} else if (what == 1 || s->n_bytes + n > STREAM_BYTES) {
		assert_ends(s->hash, s->bytes, s->n_bytes);
		s->n_bytes = 0;
	} else {
		fe_sha256_add(s->hash, s->bytes + s->n_bytes, n);
		s->n_bytes += n;
	}
}

static void
pair_agrees_however_its_hashes_take_turns(void **state)
{
	unsigned char *bytes = random_bytes(STREAM_BYTES + MAX_STREAMS, 2);

	(void)state;
	for (uint64_t round = 0; round < 40; round++) {
		struct fe_sha256_pair *pair = fe_sha256_pair_new();
		struct stream streams[MAX_STREAMS] = { 0 };
		const size_t n_streams = 2 + round % (MAX_STREAMS - 1);
		uint64_t seed = round;

		for (size_t i = 0; i < n_streams; i++)
			streams[i] = (struct stream){ .hash = fe_sha256_new_in(pair), .bytes = bytes + i };
		for (int i = 0; i < 300; i++)
			step(pair, &streams[next_random(&seed) % n_streams], &seed);
		for (size_t i = 0; i < n_streams; i++) {
			if (streams[i].hash)
				assert_ends(streams[i].hash, streams[i].bytes, streams[i].n_bytes);
			fe_sha256_free(streams[i].hash);
		}
		fe_sha256_pair_free(pair);
	}
	fe_free(bytes);
}

/* What was added may be overwritten at once. */
static void
pair_keeps_its_own_copy_of_what_waits(void **state)
{
	unsigned char *bytes = random_bytes(2000, 3), *used = random_bytes(2000, 3);
	struct fe_sha256_pair *pair = fe_sha256_pair_new();
	struct fe_sha256 *h = fe_sha256_new_in(pair), *other = fe_sha256_new_in(pair);

	(void)state;
	fe_sha256_add(h, used, 2000);
	memset(used, 0, 2000);
	fe_sha256_add(other, bytes, 1000);
	assert_ends(h, bytes, 2000);
	assert_ends(other, bytes, 1000);
	fe_sha256_free(h);
	fe_sha256_free(other);
	fe_sha256_pair_free(pair);
	fe_free(used);
	fe_free(bytes);
}

static void
pair_forgets_a_hash_that_is_freed_while_it_waits(void **state)
{
	unsigned char *bytes = random_bytes(2000, 4);
	struct fe_sha256_pair *pair = fe_sha256_pair_new();
	struct fe_sha256 *h = fe_sha256_new_in(pair), *other = fe_sha256_new_in(pair);

	(void)state;
	fe_sha256_add(h, bytes, 2000);
	fe_sha256_free(h);
	fe_sha256_add(other, bytes, 1500);
	assert_ends(other, bytes, 1500);
	fe_sha256_free(other);
	fe_sha256_pair_free(pair);
	fe_free(bytes);
}

static void *
add_from_elsewhere(void *hash)
{
	fe_sha256_add(hash, "abc", 3);
	return NULL;
}

static void
pair_ends_the_process_where_another_thread_adds(void **state)
{
	int status;

	(void)state;
	if (!fe_sha256_kernel_x86() && !fe_sha256_kernel_arm64())
		skip(); /* OpenSSL's hashes share nothing */
	const pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct fe_sha256 *h = fe_sha256_new_in(fe_sha256_pair_new());
		pthread_t thread;
		if (pthread_create(&thread, NULL, add_from_elsewhere, h) == 0)
			pthread_join(thread, NULL);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), fe_rc_exit_status(FE_EBUG));
}

static void
no_pair_is_a_hash_by_itself(void **state)
{
	unsigned char *bytes = random_bytes(1000, 5);
	struct fe_sha256 *h = fe_sha256_new_in(NULL);

	(void)state;
	fe_sha256_add(h, bytes, 1000);
	assert_ends(h, bytes, 1000);
	fe_sha256_free(h);
	fe_sha256_pair_free(NULL);
	fe_free(bytes);
}

/* Where OpenSSL is to do all of it, a pair is none. */
static void
pair_leaves_all_to_openssl_where_that_keeps_to_fips(void **state)
{
	unsigned char *bytes = random_bytes(1000, 6);

	(void)state;
	assert_int_equal(EVP_default_properties_enable_fips(NULL, 1), 1);
	struct fe_sha256_pair *pair = fe_sha256_pair_new();
	assert_int_equal(EVP_default_properties_enable_fips(NULL, 0), 1);
	struct fe_sha256 *h = fe_sha256_new_in(pair);
	fe_sha256_pair_free(pair); /* is not asked any more */
	fe_sha256_add(h, bytes, 1000);
	assert_ends(h, bytes, 1000);
	fe_sha256_free(h);
	fe_free(bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pair_agrees_with_the_standard),
		cmocka_unit_test(pair_agrees_at_every_length),
		cmocka_unit_test(pair_agrees_however_its_hashes_take_turns),
		cmocka_unit_test(pair_keeps_its_own_copy_of_what_waits),
		cmocka_unit_test(pair_forgets_a_hash_that_is_freed_while_it_waits),
		cmocka_unit_test(pair_ends_the_process_where_another_thread_adds),
		cmocka_unit_test(no_pair_is_a_hash_by_itself),
		cmocka_unit_test(pair_leaves_all_to_openssl_where_that_keeps_to_fips),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
