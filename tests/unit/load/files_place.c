// SPDX-License-Identifier: Apache-2.0
#include "files_place.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "../scratch.h"
#include "io/reader.h"

static struct scratch scratch;
static const char *folder; /* below the scratch folder */

const char *
place_fresh(void)
{
	static char url[sizeof scratch.folder + 32];
	static int n;
	char name[16];
	if (!folder)
		scratch_open(&scratch);
	(void)snprintf(name, sizeof name, "d%d", ++n);
	folder = scratch_path(&scratch, name);
	(void)snprintf(url, sizeof url, "files:%s", folder);
	return url;
}

const char *
place_folder(void)
{
	return folder;
}

static const char *
path_of(const char *name)
{
	static char path[512];
	assert_true(snprintf(path, sizeof path, "%s/%s", folder, name) < (int)sizeof path);
	return path;
}

bool
place_has(const char *name)
{
	return access(path_of(name), F_OK) == 0;
}

const char *
place_read(const char *name)
{
	static struct fe_buf text;
	struct fe_err err = FE_ERR_INIT;
	fe_buf_reset(&text);
	if (!place_has(name))
		return NULL;
	fe_buf_init(&text, 1u << 26);
	if (fe_file_read(path_of(name), 1u << 26, &text, &err))
		fail_msg("%s", err.text);
	return fe_buf_text(&text);
}

void
place_write(const char *name, const char *text)
{
	FILE *f = fopen(path_of(name), "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static int
is_shown(const struct dirent *e)
{
	return strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 && strcmp(e->d_name, ".finetl.lock") != 0;
}

const char *
place_list(void)
{
	static char names[1024];
	struct dirent **entries;
	size_t n_bytes = 0;
	int n = scandir(folder, &entries, is_shown, alphasort);
	names[0] = '\0';
	for (int i = 0; i < n; i++) {
		n_bytes += (size_t)snprintf(names + n_bytes, sizeof names - n_bytes, "%s ", entries[i]->d_name);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return names;
}

void
place_remove(void)
{
	(void)place_read("nothing"); /* frees the last text */
	scratch_close(&scratch);
}
