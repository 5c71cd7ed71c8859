// SPDX-License-Identifier: Apache-2.0
/* base/mem.h - small allocations that cannot fail, and arenas
 *
 * Out of memory ends the process (exit 5, one line on stderr): the database's
 * rollback is the recovery. Whatever is sized by input is checked against a
 * declared limit by its owner before it comes here.
 *
 * A process that mostly waits (a function between two events) should not keep what it needed for a moment:
 * thrift and give_back are for it.
 *
 * An arena hands out memory that is freed all at once. reset keeps the first
 * chunk, so that an arena that is reset per batch stops allocating.
 */
#ifndef FE_BASE_MEM_H
#define FE_BASE_MEM_H

#include <stddef.h>

/* Zeroed. n * size is overflow-checked. Freed with fe_free. */
void *fe_alloc(size_t size_bytes);
void *fe_alloc_array(size_t n, size_t size_bytes);
/* The same, for tables that are read here and there: in huge pages where it has some, and the system too. */
void *fe_alloc_table(size_t n, size_t size_bytes);
/* Not zeroed: whole pages, in huge ones where it has as many. */
void *fe_alloc_pages(size_t size_bytes);
/* Not zeroed beyond the old content. Replaces p. */
void *fe_realloc_array(void *p, size_t n, size_t size_bytes);
char *fe_strdup(const char *text);            /* NULL gives NULL */
char *fe_strndup(const char *text, size_t n); /* always terminated */
void fe_free(void *p);                        /* NULL is allowed */

#define fe_new(type) ((type *)fe_alloc(sizeof(type)))
#define fe_new_array(n, type) ((type *)fe_alloc_array((n), sizeof(type)))

/* Grows *p (n_cap elements) so that it holds at least n_need; doubling. */
void *fe_grow(void *p, size_t *n_cap, size_t n_need, size_t size_bytes);

/* Once, before there are threads: from here on what is large is pages of its own, which go back to the system when it is
 * freed, and threads share one heap. Costs a page fault for each 4 KiB that is allocated anew. */
void fe_mem_thrift(void);
/* What is free of the heap goes back to the system, and so do the pages of the program's file that were read so far: those
 * that are needed again are mapped again, from the page cache; those of the start never are. */
void fe_mem_give_back(void);

struct fe_arena_chunk;
struct fe_arena {
	struct fe_arena_chunk *chunk; /* the one being filled */
	char *next, *end;
	size_t used_bytes; /* handed out since the last reset */
};

void *fe_arena_alloc(struct fe_arena *a, size_t size_bytes); /* 8-aligned, not zeroed */
void *fe_arena_alloc_zero(struct fe_arena *a, size_t size_bytes);
char *fe_arena_copy(struct fe_arena *a, const char *p, size_t n_bytes); /* + NUL */
char *fe_arena_bytes(struct fe_arena *a, size_t n_bytes); /* unaligned */
void fe_arena_reset(struct fe_arena *a); /* frees all but one chunk */
void fe_arena_free(struct fe_arena *a);

#endif
