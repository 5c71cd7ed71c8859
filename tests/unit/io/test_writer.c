// SPDX-License-Identifier: Apache-2.0
/* Files that are there whole or not at all. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dirent.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <signal.h>

#include "../scratch.h"
#include "base/mem.h"
#include "base/sha256_pair.h"
#include "io/reader.h"
#include "io/writer.h"

static struct scratch scratch;

static int
open_scratch(void **state)
{
	(void)state;
	scratch_open(&scratch);
	return 0;
}

static int
close_scratch(void **state)
{
	(void)state;
	scratch_close(&scratch);
	return 0;
}

static void
expect_file(const char *path, struct fe_str want)
{
	struct fe_buf got;
	struct fe_err err = FE_ERR_INIT;
	fe_buf_init(&got, (size_t)16 * 1024 * 1024);
	assert_int_equal(fe_file_read(path, (size_t)16 * 1024 * 1024, &got, &err), FE_OK);
	assert_true(fe_str_eq(fe_buf_str(&got), want));
	fe_buf_reset(&got);
}

static size_t
count_files(void)
{
	DIR *dir = opendir(scratch.folder);
	size_t n = 0;
	assert_non_null(dir);
	while (readdir(dir))
		n++;
	(void)closedir(dir);
	return n - 2;
}

static struct fe_writer *
open_writer(const char *path)
{
	struct fe_writer *w;
	struct fe_err err = FE_ERR_INIT;
	if (fe_writer_open(&w, path, NULL, &err))
		fail_msg("%s", err.text);
	return w;
}

static void
add(struct fe_writer *w, struct fe_str s)
{
	struct fe_err err;
	assert_int_equal(fe_writer_write(w, s.p, s.n, &err), FE_OK);
}

static void
publish(struct fe_writer *w)
{
	char sha[FE_SHA256_HEX_BYTES];
	struct fe_err err;
	assert_int_equal(fe_writer_finish(w, sha, &err), FE_OK);
	assert_int_equal(fe_writer_publish(w, &err), FE_OK);
	fe_writer_close(w);
}

static void
writer_shows_nothing_until_it_publishes(void **state)
{
	(void)state;
	const char *path = scratch_path(&scratch, "a.csv");
	char sha[FE_SHA256_HEX_BYTES], want_sha[FE_SHA256_HEX_BYTES];
	struct fe_err err;
	struct stat st;
	struct fe_writer *w = open_writer(path);
	add(w, FE_STR("hello "));
	add(w, FE_STR("world\n"));
	add(w, FE_STR(""));
	assert_int_equal(fe_writer_size(w), 12);
	assert_int_not_equal(access(path, F_OK), 0);
	assert_int_equal(fe_writer_finish(w, sha, &err), FE_OK);
	assert_int_not_equal(access(path, F_OK), 0);
	assert_int_equal(fe_writer_publish(w, &err), FE_OK);
	fe_sha256_of(FE_STR("hello world\n"), want_sha);
	assert_string_equal(sha, want_sha);
	expect_file(path, FE_STR("hello world\n"));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07137, 0);
	fe_writer_close(w);
	assert_int_equal(count_files(), 1);
	assert_int_equal(unlink(path), 0);
}

static void
writer_undoes_what_was_not_published(void **state)
{
	(void)state;
	char sha[FE_SHA256_HEX_BYTES];
	struct fe_err err;
	const char *path = scratch_write(&scratch, "b.csv", FE_STR("old"));
	struct fe_writer *w = open_writer(path);
	add(w, FE_STR("new"));
	fe_writer_close(w);
	expect_file(path, FE_STR("old"));
	w = open_writer(path);
	add(w, FE_STR("new"));
	assert_int_equal(fe_writer_finish(w, sha, &err), FE_OK);
	fe_writer_close(w);
	expect_file(path, FE_STR("old"));
	assert_int_equal(count_files(), 1);
	fe_writer_close(NULL);
	w = open_writer(path);
	add(w, FE_STR("new"));
	publish(w);
	expect_file(path, FE_STR("new"));
	assert_int_equal(unlink(path), 0);
}

static void
writer_writes_pieces_of_any_size(void **state)
{
	(void)state;
	static const size_t sizes[] = { 1, 262143, 262144, 262145, 5, 700000, 262144, 1, 0, 300000 };
	const char *path = scratch_path(&scratch, "c.csv");
	struct fe_writer *w = open_writer(path);
	struct fe_buf want;
	fe_buf_init(&want, (size_t)16 * 1024 * 1024);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		size_t from = want.n_bytes;
		for (size_t k = 0; k < sizes[i]; k++)
			fe_buf_add_char(&want, (char)('a' + (k + i) % 26));
		add(w, (struct fe_str){ want.p + from, sizes[i] });
		assert_int_equal(fe_writer_size(w), want.n_bytes);
	}
	publish(w);
	expect_file(path, fe_buf_str(&want));
	fe_buf_reset(&want);
	assert_int_equal(unlink(path), 0);
}

static void
writer_reads_back_what_it_wrote(void **state)
{
	(void)state;
	struct fe_err err;
	char out[16] = "";
	struct fe_writer *w = open_writer(scratch_path(&scratch, "d.csv"));
	add(w, FE_STR("0123456789"));
	assert_int_equal(fe_writer_pread(w, 3, out, 4, &err), FE_OK);
	assert_memory_equal(out, "3456", 4);
	add(w, FE_STR("abc"));
	assert_int_equal(fe_writer_flush(w, &err), FE_OK);
	assert_int_equal(fe_writer_pread(w, 8, out, 5, &err), FE_OK);
	assert_memory_equal(out, "89abc", 5);
	assert_int_equal(fe_writer_pread(w, 8, out, 6, &err), FE_EBUG);
	assert_int_equal(fe_writer_pread(w, UINT64_MAX, out, 6, &err), FE_EBUG);
	fe_writer_close(w);
}

static void
write_anew(bool hashes_behind, struct fe_sha256_pair *pair)
{
	const char *path = scratch_path(&scratch, "anew.csv");
	struct fe_buf text, kept;
	struct fe_err err = FE_ERR_INIT;
	char sha[FE_SHA256_HEX_BYTES], want[FE_SHA256_HEX_BYTES], piece[1000];
	fe_buf_init(&text, 1u << 22);
	fe_buf_init(&kept, 1u << 22);
	for (int i = 0; i < 300000; i++)
		fe_buf_addf(&text, "%d,", i);
	struct fe_writer *w = open_writer(path);
	if (hashes_behind)
		fe_writer_hash_behind(w);
	else
		fe_writer_hash_in(w, pair);
	assert_int_equal(fe_writer_write(w, text.p, text.n_bytes, &err), FE_OK);
	fe_writer_forget_hash(w);
	assert_int_equal(fe_writer_rewrite(w, &err), FE_OK);
	/* Every third piece is left out. */
	for (size_t at = 0, i = 0; at < text.n_bytes; at += sizeof piece, i++) {
		size_t n = text.n_bytes - at < sizeof piece ? text.n_bytes - at : sizeof piece;
		assert_int_equal(fe_writer_pread(w, at, piece, n, &err), FE_OK);
		assert_memory_equal(piece, text.p + at, n);
		if (i % 3 == 1)
			continue;
		assert_int_equal(fe_writer_write(w, piece, n, &err), FE_OK);
		fe_buf_add(&kept, piece, n);
	}
	assert_int_equal(fe_writer_finish(w, sha, &err), FE_OK);
	assert_int_equal(fe_writer_size(w), kept.n_bytes);
	assert_int_equal(fe_writer_publish(w, &err), FE_OK);
	fe_writer_close(w);
	expect_file(path, fe_buf_str(&kept));
	fe_sha256_of(fe_buf_str(&kept), want);
	assert_string_equal(sha, want);
	assert_int_equal(unlink(path), 0);
	fe_buf_reset(&text);
	fe_buf_reset(&kept);
}

static void
writer_writes_anew_over_what_it_wrote(void **state)
{
	(void)state;
	struct fe_sha256_pair *pair = fe_sha256_pair_new();
	struct fe_sha256 *other = fe_sha256_new_in(pair);
	write_anew(false, NULL);
	write_anew(true, NULL);
	write_anew(false, pair);
	fe_sha256_free(other);
	fe_sha256_pair_free(pair);
}

static void
writer_that_hashes_behind_has_the_same_hash(void **state)
{
	const char *path = scratch_path(&scratch, "behind.csv");
	char sha[FE_SHA256_HEX_BYTES], want[FE_SHA256_HEX_BYTES];
	struct fe_err err = FE_ERR_INIT;
	struct fe_buf text;
	(void)state;

	for (int n = 0; n <= 900000; n += 300000) {
		struct fe_writer *w = open_writer(path);
		fe_writer_hash_behind(w);
		fe_buf_init(&text, 1u << 24);
		for (int i = 0; i < n; i++)
			fe_buf_addf(&text, "%d,", i);
		for (size_t at = 0; at < text.n_bytes; at += 70001) {
			size_t left = text.n_bytes - at;
			assert_int_equal(fe_writer_write(w, text.p + at, left < 70001 ? left : 70001, &err), FE_OK);
		}
		assert_int_equal(fe_writer_finish(w, sha, &err), FE_OK);
		fe_writer_close(w);
		fe_sha256_of(fe_buf_str(&text), want);
		assert_string_equal(sha, want);
		fe_buf_reset(&text);
	}
}

/* Three bytes are written for each two that are read, as they come. */
static void
copy_and_half(const char *from, struct fe_writer *w, struct fe_sha256_pair *pair, struct fe_buf *written,
	      char read_sha[FE_SHA256_HEX_BYTES])
{
	static char piece[200 * 1024];
	struct fe_err err = FE_ERR_INIT;
	struct fe_reader *r;
	size_t n;

	assert_int_equal(fe_reader_open(&r, from, NULL, &err), FE_OK);
	fe_reader_hash_in(r, pair);
	do {
		assert_int_equal(fe_reader_read(r, piece, sizeof piece, &n, &err), FE_OK);
		assert_int_equal(fe_writer_write(w, piece, n, &err), FE_OK);
		assert_int_equal(fe_writer_write(w, piece, n / 2, &err), FE_OK);
		fe_buf_add(written, piece, n);
		fe_buf_add(written, piece, n / 2);
	} while (n > 0);
	memcpy(read_sha, fe_reader_identity(r)->sha256, FE_SHA256_HEX_BYTES);
	fe_reader_close(r);
}

static void
reader_and_writer_of_a_pair_have_the_same_hashes(void **state)
{
	static const int n_numbers[] = { 0, 1, 20, 30000, 300000 };
	struct fe_sha256_pair *pair = fe_sha256_pair_new();
	char sha[FE_SHA256_HEX_BYTES], read_sha[FE_SHA256_HEX_BYTES], want[FE_SHA256_HEX_BYTES];
	struct fe_err err = FE_ERR_INIT;
	struct fe_buf text, written;
	(void)state;

	for (size_t i = 0; i < sizeof n_numbers / sizeof n_numbers[0]; i++) {
		fe_buf_init(&text, 1u << 24);
		fe_buf_init(&written, 1u << 24);
		for (int k = 0; k < n_numbers[i]; k++)
			fe_buf_addf(&text, "%d,", k);
		const char *from = scratch_write(&scratch, "from.csv", text.n_bytes ? fe_buf_str(&text) : FE_STR(""));
		struct fe_writer *w = open_writer(scratch_path(&scratch, "pair.csv"));
		fe_writer_hash_in(w, pair);
		copy_and_half(from, w, pair, &written, read_sha);
		assert_int_equal(fe_writer_finish(w, sha, &err), FE_OK);
		fe_writer_close(w);
		assert_int_equal(unlink(from), 0);
		fe_sha256_of(fe_buf_str(&text), want);
		assert_string_equal(read_sha, want);
		fe_sha256_of(fe_buf_str(&written), want);
		assert_string_equal(sha, want);
		fe_buf_reset(&written);
		fe_buf_reset(&text);
	}
	fe_sha256_pair_free(pair);
}

static void
writer_removes_leftovers_of_killed_runs_only(void **state)
{
	(void)state;
	const char *dead = scratch_write(&scratch, ".e.csv.tmp-0000000000000001", FE_STR("half"));
	const char *other = scratch_write(&scratch, ".f.csv.tmp-0000000000000001", FE_STR("half"));
	const char *path = scratch_path(&scratch, "e.csv");
	struct fe_writer *alive = open_writer(path);
	assert_int_not_equal(access(dead, F_OK), 0);
	assert_int_equal(access(other, F_OK), 0);
	add(alive, FE_STR("first"));
	struct fe_writer *second = open_writer(path);
	add(second, FE_STR("second"));
	publish(second);
	expect_file(path, FE_STR("second"));
	publish(alive);
	expect_file(path, FE_STR("first"));
	assert_int_equal(unlink(other), 0);
	assert_int_equal(unlink(path), 0);
}

static void
writers_publish_several_files_in_their_order(void **state)
{
	struct fe_err err = FE_ERR_INIT;
	char sha[FE_SHA256_HEX_BYTES];
	const char *const names[] = { "h.csv", "i.csv", "j.csv" };
	struct fe_writer *writers[4] = { NULL };
	(void)state;

	for (int is_blocked = 1; is_blocked >= 0; is_blocked--) {
		for (size_t i = 0; i < 3; i++) { /* the second is none */
			writers[i + (i > 0)] = open_writer(scratch_path(&scratch, names[i]));
			add(writers[i + (i > 0)], fe_str_of(is_blocked ? "old" : "new"));
			assert_int_equal(fe_writer_finish(writers[i + (i > 0)], sha, &err), FE_OK);
		}
		if (is_blocked) /* a folder of the second one's name */
			assert_int_equal(mkdir(scratch_path(&scratch, names[1]), 0700), 0);
		assert_int_equal(fe_writer_publish_all(writers, 4, &err) == FE_OK, !is_blocked);
		for (size_t i = 0; i < 4; i++)
			fe_writer_close(writers[i]);
		if (is_blocked) { /* what comes behind it has no name */
			expect_file(scratch_path(&scratch, names[0]), FE_STR("old"));
			assert_int_equal(rmdir(scratch_path(&scratch, names[1])), 0);
			assert_int_not_equal(access(scratch_path(&scratch, names[2]), F_OK), 0);
		}
	}
	for (size_t i = 0; i < 3; i++) {
		expect_file(scratch_path(&scratch, names[i]), FE_STR("new"));
		assert_int_equal(unlink(scratch_path(&scratch, names[i])), 0);
	}
	assert_int_equal(count_files(), 0);
}

static void
writer_refuses_to_replace_what_is_no_file(void **state)
{
	const char *pipe_path = scratch_path(&scratch, "pipe");
	struct fe_writer *w;
	struct fe_err err = FE_ERR_INIT;
	struct stat st;
	(void)state;
	assert_int_equal(mkfifo(pipe_path, 0600), 0);
	assert_int_equal(fe_writer_open(&w, pipe_path, NULL, &err), FE_EUSAGE);
	assert_int_equal(fe_writer_open(&w, "/dev/null", NULL, &err), FE_EUSAGE);
	assert_int_equal(fe_writer_open(&w, scratch.folder, NULL, &err), FE_EUSAGE);
	assert_int_equal(stat("/dev/null", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
	assert_int_equal(unlink(pipe_path), 0);
}

static void
writer_refuses_places_that_cannot_be_written(void **state)
{
	(void)state;
	struct fe_writer *w;
	struct fe_err err = FE_ERR_INIT;
	const char *path = scratch_path(&scratch, "none/a.csv");
	assert_int_equal(fe_writer_open(&w, path, NULL, &err), FE_EUSAGE);
	assert_null(w);
	assert_string_equal(err.object, path);
	assert_int_equal(fe_writer_open(&w, scratch_path(&scratch, ""), NULL, &err), FE_EUSAGE);
	assert_int_equal(fe_writer_open(&w, scratch_path(&scratch, ".."), NULL, &err), FE_EUSAGE);
	assert_int_not_equal(fe_writer_open(&w, "/proc/a.csv", NULL, &err), FE_OK);
	/* A folder of the target's name, made meanwhile. */
	char sha[FE_SHA256_HEX_BYTES];
	w = open_writer(scratch_path(&scratch, "g.csv"));
	assert_int_equal(mkdir(scratch_path(&scratch, "g.csv"), 0700), 0);
	assert_int_equal(fe_writer_finish(w, sha, &err), FE_OK);
	assert_int_not_equal(fe_writer_publish(w, &err), FE_OK);
	fe_writer_close(w);
	assert_int_equal(rmdir(scratch_path(&scratch, "g.csv")), 0);
	assert_int_equal(count_files(), 0);
}

/* It may ask the disk for room ahead, and has to give back what it did not need. */
static void
writer_of_a_large_file_holds_no_more_of_the_disk_than_its_size(void **state)
{
	enum { PIECE_BYTES = 1024 * 1024, N_PIECES = 9 };
	const char *path = scratch_path(&scratch, "large.csv");
	char *piece = fe_alloc(PIECE_BYTES);
	struct stat st;
	(void)state;
	memset(piece, 'x', PIECE_BYTES);
	struct fe_writer *w = open_writer(path);
	for (size_t i = 0; i < N_PIECES; i++)
		add(w, (struct fe_str){ piece, PIECE_BYTES });
	publish(w);
	fe_free(piece);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, PIECE_BYTES * N_PIECES);
	assert_true(st.st_blocks * 512 < st.st_size + PIECE_BYTES);
	assert_int_equal(unlink(path), 0);
}

/* A full disk, played by a limit on the size of files. */
static void
writer_says_when_it_cannot_write(void **state)
{
	(void)state;
	struct rlimit old, small;
	struct fe_err err = FE_ERR_INIT;
	const char *path = scratch_path(&scratch, "h.csv");
	struct fe_writer *w = open_writer(path);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = (struct rlimit){ .rlim_cur = 1000, .rlim_max = old.rlim_max };
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	add(w, FE_STR("x"));
	char zeros[2000] = { 0 };
	add(w, (struct fe_str){ zeros, sizeof zeros });
	enum fe_rc rc = fe_writer_flush(w, &err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(rc, FE_ELIMIT);
	assert_string_equal(err.object, path);
	fe_writer_close(w);
	assert_int_equal(count_files(), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writer_shows_nothing_until_it_publishes),
		cmocka_unit_test(writer_undoes_what_was_not_published),
		cmocka_unit_test(writer_writes_pieces_of_any_size),
		cmocka_unit_test(writer_reads_back_what_it_wrote),
		cmocka_unit_test(writer_writes_anew_over_what_it_wrote),
		cmocka_unit_test(writer_that_hashes_behind_has_the_same_hash),
		cmocka_unit_test(reader_and_writer_of_a_pair_have_the_same_hashes),
		cmocka_unit_test(writer_removes_leftovers_of_killed_runs_only),
		cmocka_unit_test(writers_publish_several_files_in_their_order),
		cmocka_unit_test(writer_refuses_to_replace_what_is_no_file),
		cmocka_unit_test(writer_refuses_places_that_cannot_be_written),
		cmocka_unit_test(writer_of_a_large_file_holds_no_more_of_the_disk_than_its_size),
		cmocka_unit_test(writer_says_when_it_cannot_write),
	};
	return cmocka_run_group_tests(tests, open_scratch, close_scratch);
}
