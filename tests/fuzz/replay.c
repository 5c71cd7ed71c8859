// SPDX-License-Identifier: Apache-2.0
/* tests/fuzz/replay.c - runs a fuzz harness over kept inputs, without libFuzzer
 *
 * Arguments are files, or folders whose files are all run, in no order. A finding
 * shows as it does under libFuzzer: the harness aborts, or a sanitizer does; the
 * input's name has been printed by then. No input at all is a failure, so that a
 * lost corpus is noticed.
 */
#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

#include "harness.h"

#define MAX_INPUT_BYTES ((size_t)16 * 1024 * 1024)
#define MAX_PATH_BYTES 4096

static int
replay_file(const char *path)
{
	int rc = -1;
	uint8_t *bytes = NULL;
	uint8_t *exact = NULL;
	size_t n_bytes;
	FILE *f = fopen(path, "rb");

	if (!f) {
		perror(path);
		return -1;
	}
	bytes = malloc(MAX_INPUT_BYTES);
	if (!bytes)
		goto fail;
	n_bytes = fread(bytes, 1, MAX_INPUT_BYTES, f);
	if (ferror(f) || n_bytes == MAX_INPUT_BYTES) {
		fprintf(stderr, "%s: cannot be read, or is too long\n", path);
		goto fail;
	}
	/* A block of just its size, so that a read past its end is seen. */
	exact = malloc(n_bytes ? n_bytes : 1);
	if (!exact)
		goto fail;
	memcpy(exact, bytes, n_bytes);
	printf("%s\n", path);
	fflush(stdout);
	rc = LLVMFuzzerTestOneInput(exact, n_bytes);
fail:
	free(exact);
	free(bytes);
	fclose(f);
	return rc;
}

static int
replay_folder(const char *folder, size_t *n_inputs)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	int rc = 0;

	if (!dir) {
		perror(folder);
		return -1;
	}
	while (rc == 0 && (entry = readdir(dir)) != NULL) {
		char path[MAX_PATH_BYTES];
		struct stat st;
		int n = snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);

		if (n < 0 || (size_t)n >= sizeof(path) || stat(path, &st) != 0) {
			rc = -1;
		} else if (S_ISREG(st.st_mode)) {
			rc = replay_file(path);
			(*n_inputs)++;
		}
	}
	closedir(dir);
	return rc;
}

int
main(int argc, char **argv)
{
	size_t n_inputs = 0;

	for (int i = 1; i < argc; i++) {
		struct stat st;
		int rc;

		if (stat(argv[i], &st) != 0) {
			perror(argv[i]);
			return 1;
		}
		if (S_ISDIR(st.st_mode)) {
			rc = replay_folder(argv[i], &n_inputs);
		} else {
			rc = replay_file(argv[i]);
			n_inputs++;
		}
		if (rc != 0) {
			fprintf(stderr, "%s: failed\n", argv[i]);
			return 1;
		}
	}
	printf("%zu inputs replayed\n", n_inputs);
	return n_inputs == 0;
}
