// SPDX-License-Identifier: Apache-2.0
/* Reading files, plain and compressed, whole, cut, damaged and changing. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <sys/wait.h>
#include <zlib.h>
#include <zstd.h>

#include "../scratch.h"
#include "base/mem.h"
#include "base/stop.h"
#include "io/decompress.h"
#include "io/reader.h"

#define MAX_BYTES ((size_t)16 * 1024 * 1024)

static struct scratch scratch;
static struct fe_buf text; /* some 300 KB that compress well, but not to nothing */

static int
make_text(void **state)
{
	(void)state;
	scratch_open(&scratch);
	fe_buf_init(&text, MAX_BYTES);
	for (unsigned i = 0; i < 20000; i++)
		fe_buf_addf(&text, "%u,%u\n", i, i * 2654435761u);
	return 0;
}

static int
drop_text(void **state)
{
	(void)state;
	fe_buf_reset(&text);
	scratch_close(&scratch);
	return 0;
}

static void
add_gzip(struct fe_buf *out, struct fe_str content)
{
	z_stream z = { 0 };
	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	size_t cap = deflateBound(&z, content.n) + 64;
	assert_true(fe_buf_reserve(out, cap));
	z.next_in = (Bytef *)(uintptr_t)content.p;
	z.avail_in = (uInt)content.n;
	z.next_out = (Bytef *)out->p + out->n_bytes;
	z.avail_out = (uInt)cap;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	out->n_bytes += cap - z.avail_out;
	(void)deflateEnd(&z);
}

static void
add_zstd(struct fe_buf *out, struct fe_str content)
{
	size_t cap = ZSTD_compressBound(content.n);
	assert_true(fe_buf_reserve(out, cap));
	size_t n = ZSTD_compress(out->p + out->n_bytes, cap, content.p, content.n, 3);
	assert_false(ZSTD_isError(n));
	out->n_bytes += n;
}

/* Reads in pieces of step bytes to the end. */
static enum fe_rc
read_path(const char *path, size_t step, struct fe_buf *out, struct fe_object_id *id, struct fe_err *err)
{
	struct fe_reader *r;
	size_t n;
	enum fe_rc rc = fe_reader_open(&r, path, NULL, err);
	if (rc)
		return rc;
	do {
		assert_true(fe_buf_reserve(out, step));
		rc = fe_reader_read(r, out->p + out->n_bytes, step, &n, err);
		out->n_bytes += n;
	} while (rc == FE_OK && n == step);
	if (rc == FE_OK && id) {
		*id = *fe_reader_identity(r);
		id->path = fe_strdup(id->path);
	}
	fe_reader_close(r);
	return rc;
}

static void
expect_content(struct fe_str stored, struct fe_str want)
{
	static const size_t steps[] = { 1000, 7, 262144, 1 };
	const char *path = scratch_write(&scratch, "data", stored);
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		struct fe_buf out;
		struct fe_object_id id;
		struct fe_err err = FE_ERR_INIT;
		char sha[FE_SHA256_HEX_BYTES];
		fe_buf_init(&out, MAX_BYTES);
		if (read_path(path, steps[i], &out, &id, &err))
			fail_msg("%s", err.text);
		assert_true(fe_str_eq(fe_buf_str(&out), want));
		assert_int_equal(id.size_bytes, stored.n);
		fe_sha256_of(stored, sha);
		assert_string_equal(id.sha256, sha);
		assert_string_equal(id.path, path);
		assert_true(id.mtime_us > 0);
		fe_object_id_reset(&id);
		fe_buf_reset(&out);
	}
}

static void
expect_failure(struct fe_str stored, const char *part)
{
	const char *path = scratch_write(&scratch, "data", stored);
	struct fe_buf out;
	struct fe_err err = FE_ERR_INIT;
	fe_buf_init(&out, MAX_BYTES);
	assert_int_equal(read_path(path, 1000, &out, NULL, &err), FE_EDATA);
	if (!strstr(err.text, part))
		fail_msg("'%s' is not in: %s", part, err.text);
	assert_string_equal(err.object, path);
	fe_buf_reset(&out);
}

static void
reader_reads_plain_files_of_any_size(void **state)
{
	(void)state;
	static const size_t sizes[] = { 0, 1, 3, 4, 5, 1000, 131071, 131072, 131073 };
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
		expect_content((struct fe_str){ text.p, sizes[i] }, (struct fe_str){ text.p, sizes[i] });
	expect_content(fe_buf_str(&text), fe_buf_str(&text));
}

static void
reader_reads_gzip_of_one_and_more_members(void **state)
{
	(void)state;
	struct fe_buf stored;
	fe_buf_init(&stored, MAX_BYTES);
	add_gzip(&stored, fe_buf_str(&text));
	expect_content(fe_buf_str(&stored), fe_buf_str(&text));
	fe_buf_clear(&stored);
	add_gzip(&stored, (struct fe_str){ text.p, 10 });
	add_gzip(&stored, FE_STR(""));
	add_gzip(&stored, (struct fe_str){ text.p + 10, text.n_bytes - 10 });
	expect_content(fe_buf_str(&stored), fe_buf_str(&text));
	fe_buf_clear(&stored);
	add_gzip(&stored, FE_STR(""));
	expect_content(fe_buf_str(&stored), FE_STR(""));
	fe_buf_reset(&stored);
}

static void
reader_reads_zstd_of_one_and_more_frames(void **state)
{
	(void)state;
	struct fe_buf stored;
	fe_buf_init(&stored, MAX_BYTES);
	add_zstd(&stored, fe_buf_str(&text));
	expect_content(fe_buf_str(&stored), fe_buf_str(&text));
	fe_buf_clear(&stored);
	fe_buf_add_str(&stored, FE_STR("\x50\x2a\x4d\x18\x03\0\0\0abc")); /* to be skipped */
	add_zstd(&stored, (struct fe_str){ text.p, 10 });
	add_zstd(&stored, FE_STR(""));
	add_zstd(&stored, (struct fe_str){ text.p + 10, text.n_bytes - 10 });
	expect_content(fe_buf_str(&stored), fe_buf_str(&text));
	fe_buf_reset(&stored);
}

static void
reader_refuses_compressed_files_that_were_cut(void **state)
{
	(void)state;
	struct fe_buf stored;
	struct fe_str some = { text.p, 2000 };
	fe_buf_init(&stored, MAX_BYTES);
	add_gzip(&stored, some);
	for (size_t n = 4; n < stored.n_bytes; n++)
		expect_failure((struct fe_str){ stored.p, n }, "was cut short");
	fe_buf_clear(&stored);
	add_zstd(&stored, some);
	for (size_t n = 4; n < stored.n_bytes; n++)
		expect_failure((struct fe_str){ stored.p, n }, "was cut short");
	fe_buf_reset(&stored);
}

static void
reader_refuses_bytes_after_compressed_data(void **state)
{
	(void)state;
	static const struct fe_str tails[] = {
		{ "x", 1 }, { "\0", 1 }, { "\0\0\0\0\0\0\0\0", 8 }, { "\x1f\x8b\x99 not gzip", 12 }, { "some more text", 14 },
	};
	for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
		struct fe_buf stored;
		fe_buf_init(&stored, MAX_BYTES);
		add_gzip(&stored, fe_buf_str(&text));
		fe_buf_add_str(&stored, tails[i]);
		expect_failure(fe_buf_str(&stored), "after the end of the gzip data");
		fe_buf_clear(&stored);
		add_zstd(&stored, fe_buf_str(&text));
		fe_buf_add_str(&stored, tails[i]);
		expect_failure(fe_buf_str(&stored), tails[i].n < 4 ? "zstd data" : "after the end of the zstd data");
		fe_buf_reset(&stored);
	}
}

static void
reader_refuses_damaged_compressed_data(void **state)
{
	(void)state;
	struct fe_buf stored;
	fe_buf_init(&stored, MAX_BYTES);
	add_gzip(&stored, (struct fe_str){ text.p, 2000 });
	stored.p[stored.n_bytes - 6] = (char)(stored.p[stored.n_bytes - 6] ^ 1); /* its checksum */
	expect_failure(fe_buf_str(&stored), "the gzip data is damaged");
	fe_buf_clear(&stored);
	add_zstd(&stored, (struct fe_str){ text.p, 2000 });
	stored.p[stored.n_bytes / 2] = (char)(stored.p[stored.n_bytes / 2] ^ 0x40);
	stored.p[stored.n_bytes / 2 + 1] = (char)(stored.p[stored.n_bytes / 2 + 1] ^ 0x40);
	struct fe_buf out;
	struct fe_err err = FE_ERR_INIT;
	fe_buf_init(&out, MAX_BYTES);
	/* Without a checksum some damage shows as other content only, never as the right one. */
	enum fe_rc rc = read_path(scratch_write(&scratch, "data", fe_buf_str(&stored)), 1000, &out, NULL, &err);
	assert_true(rc == FE_EDATA || !fe_str_eq(fe_buf_str(&out), (struct fe_str){ text.p, 2000 }));
	fe_buf_reset(&out);
	fe_buf_reset(&stored);
}

static void
reader_refuses_what_is_packed_otherwise(void **state)
{
	(void)state;
	expect_failure(FE_STR("PK\x03\x04\x14\0\0\0\x08\0"), "zip archive");
	expect_failure(FE_STR("PK\x05\x06\0\0\0\0\0\0"), "zip archive");
	expect_failure(FE_STR("BZh91AY&SY\x11\x22"), "bzip2");
	expect_failure(FE_STR("\xfd" "7zXZ\0\0\x04"), "an xz file");
	expect_failure(FE_STR("7z\xbc\xaf\x27\x1c\0\4"), "7z");
	expect_failure(FE_STR("%PDF-1.4\n"), "a PDF document");
	expect_content(FE_STR("BZh,amount\n"), FE_STR("BZh,amount\n"));
	expect_content(FE_STR("7z,x\n"), FE_STR("7z,x\n"));
	expect_content(FE_STR("PK\x03"), FE_STR("PK\x03"));
	expect_content(FE_STR("PKW,x\n"), FE_STR("PKW,x\n"));
}

static void
reader_refuses_a_file_that_changes_while_it_is_read(void **state)
{
	(void)state;
	static const char *const modes[] = { "ab", "wb", "r+b" };
	for (size_t i = 0; i < 3; i++) {
		const char *path = scratch_write(&scratch, "changing", fe_buf_str(&text));
		struct fe_reader *r;
		struct fe_err err = FE_ERR_INIT;
		char *out = fe_alloc(text.n_bytes + 100);
		size_t n;
		assert_int_equal(fe_reader_open(&r, path, NULL, &err), FE_OK);
		assert_int_equal(fe_reader_read(r, out, 10, &n, &err), FE_OK);
		/* The clock of a file system may tick slowly. */
		struct timespec at[2] = { { .tv_nsec = UTIME_NOW }, { .tv_sec = 1700000000 } };
		FILE *f = fopen(path, modes[i]);
		assert_non_null(f);
		assert_int_equal(fwrite("more", 1, 4, f), 4);
		assert_int_equal(fclose(f), 0);
		assert_int_equal(utimensat(AT_FDCWD, path, at, 0), 0);
		assert_int_equal(fe_reader_read(r, out, text.n_bytes + 100, &n, &err), FE_EDATA);
		assert_non_null(strstr(err.text, "changed while it was read"));
		fe_reader_close(r);
		fe_free(out);
	}
}

static void
reader_refuses_what_is_not_there_or_no_file(void **state)
{
	(void)state;
	struct fe_reader *r;
	struct fe_err err = FE_ERR_INIT;
	assert_int_equal(fe_reader_open(&r, scratch_path(&scratch, "none"), NULL, &err), FE_EUSAGE);
	assert_null(r);
	assert_int_equal(fe_reader_open(&r, scratch.folder, NULL, &err), FE_EUSAGE);
	assert_non_null(strstr(err.text, "folder"));
	const char *path = scratch_write(&scratch, "secret", FE_STR("x"));
	assert_int_equal(chmod(path, 0), 0);
	if (geteuid() != 0)
		assert_int_equal(fe_reader_open(&r, path, NULL, &err), FE_EDENIED);
}

/* Standard input replaced by a pipe that a child fills slowly. */
static void
reader_reads_a_slow_pipe_as_standard_input(void **state)
{
	(void)state;
	int ends[2];
	int old = dup(STDIN_FILENO);
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0) {
		struct fe_buf stored;
		fe_buf_init(&stored, MAX_BYTES);
		add_gzip(&stored, (struct fe_str){ text.p, 2000 });
		for (size_t i = 0; i < stored.n_bytes; i++) {
			if (write(ends[1], stored.p + i, 1) != 1)
				_exit(1);
			if (i < 5)
				(void)usleep(2000);
		}
		_exit(0);
	}
	(void)close(ends[1]);
	assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	struct fe_buf out;
	struct fe_object_id id;
	struct fe_err err = FE_ERR_INIT;
	fe_buf_init(&out, MAX_BYTES);
	assert_int_equal(read_path("-", 100, &out, &id, &err), FE_OK);
	assert_true(fe_str_eq(fe_buf_str(&out), (struct fe_str){ text.p, 2000 }));
	assert_string_equal(id.path, "-");
	assert_int_equal(id.mtime_us, 0);
	fe_object_id_reset(&id);
	fe_buf_reset(&out);
	(void)dup2(old, STDIN_FILENO);
	(void)close(old);
	(void)close(ends[0]);
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void
reader_tells_how_far_it_is(void **state)
{
	(void)state;
	struct fe_reader *r;
	struct fe_err err;
	char out[10];
	size_t n;
	assert_int_equal(fe_reader_open(&r, scratch_write(&scratch, "data", fe_buf_str(&text)), NULL, &err), FE_OK);
	assert_int_equal(fe_reader_stored_size(r), text.n_bytes);
	assert_int_equal(fe_reader_read(r, out, sizeof out, &n, &err), FE_OK);
	assert_in_range(fe_reader_stored_bytes_read(r), 10, text.n_bytes);
	fe_reader_close(r);
	fe_reader_close(NULL);
}

static void
object_is_identified_without_being_decompressed(void **state)
{
	(void)state;
	struct fe_buf stored;
	struct fe_object_id id;
	struct fe_err err = FE_ERR_INIT;
	char sha[FE_SHA256_HEX_BYTES];
	fe_buf_init(&stored, MAX_BYTES);
	add_gzip(&stored, fe_buf_str(&text));
	const char *path = scratch_write(&scratch, "data", fe_buf_str(&stored));
	assert_int_equal(fe_object_identify(path, NULL, &id, &err), FE_OK);
	fe_sha256_of(fe_buf_str(&stored), sha);
	assert_string_equal(id.sha256, sha);
	assert_int_equal(id.size_bytes, stored.n_bytes);
	assert_string_equal(id.path, path);
	fe_object_id_reset(&id);
	fe_object_id_reset(&id);
	assert_int_equal(fe_object_identify("/nowhere", NULL, &id, &err), FE_EUSAGE);
	fe_buf_reset(&stored);
}

static void
small_files_are_read_whole_up_to_a_limit(void **state)
{
	(void)state;
	struct fe_buf out;
	struct fe_err err = FE_ERR_INIT;
	const char *path = scratch_write(&scratch, "small", (struct fe_str){ text.p, 1000 });
	fe_buf_init(&out, MAX_BYTES);
	assert_int_equal(fe_file_read(path, 1000, &out, &err), FE_OK);
	assert_true(fe_str_eq(fe_buf_str(&out), (struct fe_str){ text.p, 1000 }));
	assert_int_equal(fe_file_read(path, 999, &out, &err), FE_ELIMIT);
	assert_string_equal(err.object, path);
	assert_int_equal(fe_file_read("/nowhere", 999, &out, &err), FE_EUSAGE);
	assert_int_equal(fe_file_read(scratch_write(&scratch, "small", FE_STR("")), 0, &out, &err), FE_OK);
	assert_int_equal(out.n_bytes, 0);
	fe_buf_reset(&out);
}

/* Any bytes at all must end, one way or the other. */
static void
decompress_survives_any_bytes(void **state)
{
	(void)state;
	uint64_t seed = 5;
	for (int round = 0; round < 2000; round++) {
		char bytes[64], out[256];
		size_t n = 4 + (size_t)round % 60;
		for (size_t i = 0; i < n; i++) {
			seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
			bytes[i] = (char)(seed >> 56);
		}
		memcpy(bytes, round & 1 ? "\x1f\x8b\x08\x00" : "\x28\xb5\x2f\xfd", 4);
		struct fe_decompress *d;
		struct fe_err err;
		struct fe_str in = { bytes, n };
		struct fe_decompress_room room = { .p = out, .cap_bytes = sizeof out };
		bool is_done = false;
		assert_int_equal(fe_decompress_new(&d, fe_packing_of(in), &err), FE_OK);
		enum fe_rc rc = FE_OK;
		for (int steps = 0; rc == FE_OK && !is_done; steps++) {
			assert_true(steps < 1000000);
			rc = fe_decompress_step(d, &in, true, &room, &is_done, &err);
		}
		assert_true(rc == FE_EDATA || is_done);
		fe_decompress_free(d);
	}
}

static void
reader_stops_waiting_when_it_is_asked_to(void **state)
{
	(void)state;
	int ends[2];
	struct fe_reader *r;
	struct fe_err err = FE_ERR_INIT;
	int old = dup(STDIN_FILENO);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	fe_stop_request(); /* for the rest of the process: this test is the last */
	assert_int_equal(fe_reader_open(&r, "-", NULL, &err), FE_ECANCEL);
	(void)dup2(old, STDIN_FILENO);
	(void)close(old);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reader_reads_plain_files_of_any_size),
		cmocka_unit_test(reader_reads_gzip_of_one_and_more_members),
		cmocka_unit_test(reader_reads_zstd_of_one_and_more_frames),
		cmocka_unit_test(reader_refuses_compressed_files_that_were_cut),
		cmocka_unit_test(reader_refuses_bytes_after_compressed_data),
		cmocka_unit_test(reader_refuses_damaged_compressed_data),
		cmocka_unit_test(reader_refuses_what_is_packed_otherwise),
		cmocka_unit_test(reader_refuses_a_file_that_changes_while_it_is_read),
		cmocka_unit_test(reader_refuses_what_is_not_there_or_no_file),
		cmocka_unit_test(reader_reads_a_slow_pipe_as_standard_input),
		cmocka_unit_test(reader_tells_how_far_it_is),
		cmocka_unit_test(object_is_identified_without_being_decompressed),
		cmocka_unit_test(small_files_are_read_whole_up_to_a_limit),
		cmocka_unit_test(decompress_survives_any_bytes),
		cmocka_unit_test(reader_stops_waiting_when_it_is_asked_to),
	};
	return cmocka_run_group_tests(tests, make_text, drop_text);
}
