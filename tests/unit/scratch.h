// SPDX-License-Identifier: Apache-2.0
/* scratch.h - a folder of its own for a test program, gone when it ends
 *
 * scratch_open once at the start, scratch_close at the end; in between paths below it,
 * and files of given content.
 */
#ifndef FE_TESTS_SCRATCH_H
#define FE_TESTS_SCRATCH_H

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

struct scratch {
	char folder[256];
	char **paths; /* all that were given */
	size_t n_paths, cap_paths;
};

static inline void
scratch_open(struct scratch *s)
{
	const char *base = getenv("TMPDIR");
	char made[256];
	*s = (struct scratch){ 0 };
	(void)snprintf(made, sizeof made, "%s/finetl-test-XXXXXX", base ? base : "/tmp");
	FE_ASSERT(mkdtemp(made));
	char *real = realpath(made, NULL);
	FE_ASSERT(real && strlen(real) < sizeof s->folder);
	memcpy(s->folder, real, strlen(real) + 1);
	free(real);
}

static int
scratch_remove(const char *path, const struct stat *st, int what, struct FTW *at)
{
	(void)st;
	(void)what;
	(void)at;
	return remove(path);
}

static inline void
scratch_close(struct scratch *s)
{
	FE_ASSERT(nftw(s->folder, scratch_remove, 16, FTW_DEPTH | FTW_PHYS) == 0);
	for (size_t i = 0; i < s->n_paths; i++)
		fe_free(s->paths[i]);
	fe_free(s->paths);
}

static inline const char *
scratch_path(struct scratch *s, const char *name)
{
	size_t n_bytes = strlen(s->folder) + strlen(name) + 2;
	char *path = fe_alloc(n_bytes);
	(void)snprintf(path, n_bytes, "%s/%s", s->folder, name);
	s->paths = fe_grow(s->paths, &s->cap_paths, s->n_paths + 1, sizeof *s->paths);
	s->paths[s->n_paths++] = path;
	return path;
}

static inline const char *
scratch_write(struct scratch *s, const char *name, struct fe_str content)
{
	const char *path = scratch_path(s, name);
	FILE *f = fopen(path, "wb");
	FE_ASSERT(f);
	FE_ASSERT(fwrite(content.p, 1, content.n, f) == content.n);
	FE_ASSERT(fclose(f) == 0);
	return path;
}

#endif
