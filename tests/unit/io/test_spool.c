// SPDX-License-Identifier: Apache-2.0
/* Entries set aside, and read back as they were. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dirent.h>

#include "../scratch.h"
#include "io/spool.h"

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

static struct fe_spool *
open_spool(const char *folder)
{
	struct fe_spool *s;
	struct fe_err err;
	assert_int_equal(fe_spool_open(&s, folder, &err), FE_OK);
	return s;
}

/* The i-th entry: its own length and bytes. */
static size_t
entry_bytes(size_t i, size_t spread)
{
	return (i * 2654435761u >> 7) % spread;
}

static void
add_entries(struct fe_spool *s, size_t from, size_t to, size_t spread)
{
	char *bytes = fe_alloc(spread);
	for (size_t i = from; i < to; i++) {
		struct fe_err err;
		memset(bytes, (int)(i & 0xff), spread);
		assert_int_equal(fe_spool_add(s, (struct fe_str){ bytes, entry_bytes(i, spread) }, &err), FE_OK);
	}
	fe_free(bytes);
}

static void
expect_entries(struct fe_spool *s, size_t n, size_t spread)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_str entry;
	bool more;
	assert_int_equal(fe_spool_rewind(s, &err), FE_OK);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(fe_spool_next(s, &entry, &more, &err), FE_OK);
		assert_true(more);
		assert_int_equal(entry.n, entry_bytes(i, spread));
		for (size_t k = 0; k < entry.n; k++)
			assert_true((unsigned char)entry.p[k] == (i & 0xff));
	}
	assert_int_equal(fe_spool_next(s, &entry, &more, &err), FE_OK);
	assert_false(more);
	assert_int_equal(fe_spool_n_entries(s), n);
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

static void
spool_gives_back_entries_in_order_as_often_as_wanted(void **state)
{
	(void)state;
	static const size_t spreads[] = { 1, 50, 3000, 200000 };
	for (size_t i = 0; i < sizeof spreads / sizeof spreads[0]; i++) {
		size_t n = spreads[i] > 5000 ? 100 : 3000;
		struct fe_spool *s = open_spool(scratch.folder);
		expect_entries(s, 0, spreads[i]);
		add_entries(s, 0, n, spreads[i]);
		expect_entries(s, n, spreads[i]);
		expect_entries(s, n, spreads[i]);
		assert_int_equal(count_files(), 0); /* the file has no name */
		fe_spool_close(s);
	}
	fe_spool_close(NULL);
}

static void
spool_takes_entries_after_it_was_read(void **state)
{
	(void)state;
	struct fe_spool *s = open_spool(scratch.folder);
	size_t n = 0;
	for (size_t step = 1; step < 2000; step *= 3) {
		add_entries(s, n, n + step, 900);
		n += step;
		expect_entries(s, n, 900);
	}
	fe_spool_close(s);
}

static void
spool_reads_while_it_is_added_to(void **state)
{
	(void)state;
	struct fe_spool *s = open_spool(scratch.folder);
	struct fe_err err;
	struct fe_str entry;
	bool more;
	assert_int_equal(fe_spool_rewind(s, &err), FE_OK);
	for (size_t i = 0; i < 5000; i++) {
		add_entries(s, 2 * i, 2 * i + 2, 100);
		assert_int_equal(fe_spool_next(s, &entry, &more, &err), FE_OK);
		assert_true(more);
		assert_int_equal(entry.n, entry_bytes(i, 100));
	}
	fe_spool_close(s);
}

static void
small_spools_never_touch_the_disk(void **state)
{
	(void)state;
	struct fe_spool *s = open_spool("/nowhere/at/all");
	add_entries(s, 0, 1000, 50);
	expect_entries(s, 1000, 50);
	fe_spool_close(s);
}

static void
spool_says_when_its_folder_cannot_be_used(void **state)
{
	(void)state;
	struct fe_spool *s = open_spool("/nowhere/at/all");
	struct fe_err err = FE_ERR_INIT;
	enum fe_rc rc = FE_OK;
	for (size_t i = 0; i < 100000 && rc == FE_OK; i++)
		rc = fe_spool_add(s, FE_STR("some bytes"), &err);
	assert_int_equal(rc, FE_EUSAGE);
	assert_string_equal(err.object, "/nowhere/at/all");
	fe_spool_close(s);
}

/* The unnamed file in the scratch folder, by the number that it has here. */
static int
find_unnamed_file(void)
{
	for (int fd = 3; fd < 64; fd++) {
		char name[32], link[512];
		(void)snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
		ssize_t n = readlink(name, link, sizeof link - 1);
		link[n > 0 ? n : 0] = '\0';
		if (strstr(link, scratch.folder))
			return fd;
	}
	fail_msg("no file of the scratch folder is open");
	return -1;
}

static void
spool_says_when_the_disk_changed_an_entry(void **state)
{
	static const off_t places[] = { 0, 6, 9, 20, 40000 };
	(void)state;
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		struct fe_spool *s = open_spool(scratch.folder);
		struct fe_err err = FE_ERR_INIT;
		struct fe_str entry;
		enum fe_rc rc = FE_OK;
		bool more = true;
		char byte;
		add_entries(s, 1, 3000, 100);
		int fd = find_unnamed_file();
		assert_int_equal(pread(fd, &byte, 1, places[i]), 1);
		byte ^= 0x10;
		assert_int_equal(pwrite(fd, &byte, 1, places[i]), 1);
		assert_int_equal(fe_spool_rewind(s, &err), FE_OK);
		while (rc == FE_OK && more)
			rc = fe_spool_next(s, &entry, &more, &err);
		assert_int_equal(rc, FE_EUNAVAIL);
		assert_string_equal(err.object, scratch.folder);
		fe_spool_close(s);
	}
}

static void
spool_limits_an_entry(void **state)
{
	(void)state;
	struct fe_spool *s = open_spool(scratch.folder);
	struct fe_err err = FE_ERR_INIT;
	size_t max = (size_t)64 * 1024 * 1024;
	char *bytes = fe_alloc(max + 1);
	struct fe_str entry;
	bool more;
	assert_int_equal(fe_spool_add(s, (struct fe_str){ bytes, max + 1 }, &err), FE_ELIMIT);
	assert_int_equal(fe_spool_add(s, (struct fe_str){ bytes, max }, &err), FE_OK);
	assert_int_equal(fe_spool_rewind(s, &err), FE_OK);
	assert_int_equal(fe_spool_next(s, &entry, &more, &err), FE_OK);
	assert_int_equal(entry.n, max);
	fe_free(bytes);
	fe_spool_close(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spool_gives_back_entries_in_order_as_often_as_wanted),
		cmocka_unit_test(spool_takes_entries_after_it_was_read),
		cmocka_unit_test(spool_reads_while_it_is_added_to),
		cmocka_unit_test(small_spools_never_touch_the_disk),
		cmocka_unit_test(spool_says_when_its_folder_cannot_be_used),
		cmocka_unit_test(spool_says_when_the_disk_changed_an_entry),
		cmocka_unit_test(spool_limits_an_entry),
	};
	return cmocka_run_group_tests(tests, open_scratch, close_scratch);
}
