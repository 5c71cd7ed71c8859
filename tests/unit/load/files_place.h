// SPDX-License-Identifier: Apache-2.0
/* A folder for the tests of files:DIR, and the files in it. */
#ifndef FE_TESTS_FILES_PLACE_H
#define FE_TESTS_FILES_PLACE_H

#include "base/buf.h"

/* "files:DIR", DIR not being there; lives until the next call. */
const char *place_fresh(void);
const char *place_folder(void); /* DIR */
/* A file of the folder as text; NULL: there is none. Lives until the next call. */
const char *place_read(const char *name);
bool place_has(const char *name);
void place_write(const char *name, const char *text);
/* The names in the folder but for the lock, sorted, each with a blank behind it. */
const char *place_list(void);
void place_remove(void);

#endif
