// SPDX-License-Identifier: Apache-2.0
/* base/mem.c - the one place that calls malloc */
#include "base/mem.h"

#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/err.h"

#define CHUNK_BYTES (64u * 1024)
#define PAGE_BYTES ((size_t)4096)
#define LARGE_BYTES (32 * 1024) /* what is to go back when it is freed: columns and cells of a batch, and more */
#define HUGE_PAGE_BYTES ((size_t)2 * 1024 * 1024)

static _Noreturn void
out_of_memory(size_t size_bytes)
{
	(void)fprintf(stderr, "finetl: out of memory (%zu bytes wanted); nothing was committed\n",
		      size_bytes);
	_Exit(fe_rc_exit_status(FE_ELIMIT));
}

static size_t
product(size_t n, size_t size_bytes)
{
	size_t total;
	if (__builtin_mul_overflow(n, size_bytes, &total))
		out_of_memory(SIZE_MAX);
	return total;
}

void *
fe_alloc(size_t size_bytes)
{
	void *p = calloc(1, size_bytes ? size_bytes : 1);
	if (!p)
		out_of_memory(size_bytes);
	return p;
}

void *fe_alloc_array(size_t n, size_t size_bytes) { return fe_alloc(product(n, size_bytes)); }

void *
fe_alloc_pages(size_t size_bytes)
{
	bool is_huge = size_bytes >= HUGE_PAGE_BYTES && size_bytes % HUGE_PAGE_BYTES == 0;
	void *p = aligned_alloc(is_huge ? HUGE_PAGE_BYTES : PAGE_BYTES, size_bytes);
	if (!p)
		out_of_memory(size_bytes);
	if (is_huge)
		(void)madvise(p, size_bytes, MADV_HUGEPAGE); /* before it is touched; only a hint */
	return p;
}

void *
fe_alloc_table(size_t n, size_t size_bytes)
{
	size_t total = product(n, size_bytes);
	if (total < HUGE_PAGE_BYTES || total % HUGE_PAGE_BYTES)
		return fe_alloc(total);
	void *p = fe_alloc_pages(total);
	memset(p, 0, total);
	return p;
}

void *
fe_realloc_array(void *p, size_t n, size_t size_bytes)
{
	size_t total = product(n, size_bytes);
	void *q = realloc(p, total ? total : 1);
	if (!q)
		out_of_memory(total);
	return q;
}

char *fe_strdup(const char *text) { return text ? fe_strndup(text, strlen(text)) : NULL; }

char *
fe_strndup(const char *text, size_t n)
{
	char *p = fe_alloc(n + 1);
	if (n)
		memcpy(p, text, n);
	return p;
}

void fe_free(void *p) { free(p); }

void *
fe_grow(void *p, size_t *n_cap, size_t n_need, size_t size_bytes)
{
	if (n_need <= *n_cap)
		return p;
	size_t cap = *n_cap ? *n_cap : 8;
	while (cap < n_need)
		cap = product(cap, 2);
	p = fe_realloc_array(p, cap, size_bytes);
	*n_cap = cap;
	return p;
}

void
fe_mem_thrift(void)
{
	/* The threshold stays what it is, once it is set: it would else grow with the first large one that is freed. */
	(void)mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
	(void)mallopt(M_ARENA_MAX, 1);
}

/* Only what cannot have been written to, not even by relocation: that is as it is in the file. */
static int
forget_pages(struct dl_phdr_info *info, size_t size_bytes, void *ctx)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);

	(void)size_bytes, (void)ctx;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &info->dlpi_phdr[i];
		if (h->p_type != PT_LOAD || (h->p_flags & PF_W))
			continue;
		uintptr_t from = (info->dlpi_addr + h->p_vaddr) & ~(page - 1);
		uintptr_t to = info->dlpi_addr + h->p_vaddr + h->p_memsz;
		(void)madvise((void *)from, to - from, MADV_DONTNEED); /* only a hint */
	}
	return 0;
}

void
fe_mem_give_back(void)
{
	(void)malloc_trim(0);
	(void)dl_iterate_phdr(forget_pages, NULL);
}

struct fe_arena_chunk {
	struct fe_arena_chunk *before;
	size_t size_bytes;
	_Alignas(16) char bytes[];
};

static void
add_chunk(struct fe_arena *a, size_t least_bytes)
{
	size_t size = least_bytes > CHUNK_BYTES ? least_bytes : CHUNK_BYTES;
	size_t total;
	if (__builtin_add_overflow(size, sizeof(struct fe_arena_chunk), &total))
		out_of_memory(SIZE_MAX);
	struct fe_arena_chunk *c = malloc(total);
	if (!c)
		out_of_memory(total);
	*c = (struct fe_arena_chunk){ .before = a->chunk, .size_bytes = size };
	a->chunk = c;
	a->next = c->bytes;
	a->end = c->bytes + size;
}

char *
fe_arena_bytes(struct fe_arena *a, size_t n_bytes)
{
	if (!a->chunk || (size_t)(a->end - a->next) < n_bytes)
		add_chunk(a, n_bytes);
	char *p = a->next;
	a->next += n_bytes;
	a->used_bytes += n_bytes;
	return p;
}

void *
fe_arena_alloc(struct fe_arena *a, size_t size_bytes)
{
	size_t pad = (size_t)-(uintptr_t)a->next & 7;
	if (a->chunk && (size_t)(a->end - a->next) >= pad)
		a->next += pad;
	return fe_arena_bytes(a, size_bytes);
}

void *
fe_arena_alloc_zero(struct fe_arena *a, size_t size_bytes)
{
	return memset(fe_arena_alloc(a, size_bytes), 0, size_bytes);
}

char *
fe_arena_copy(struct fe_arena *a, const char *p, size_t n_bytes)
{
	char *q = fe_arena_bytes(a, n_bytes + 1);
	if (n_bytes)
		memcpy(q, p, n_bytes);
	q[n_bytes] = '\0';
	return q;
}

void
fe_arena_reset(struct fe_arena *a)
{
	while (a->chunk && a->chunk->before) {
		struct fe_arena_chunk *before = a->chunk->before;
		free(a->chunk);
		a->chunk = before;
	}
	if (a->chunk) {
		a->next = a->chunk->bytes;
		a->end = a->chunk->bytes + a->chunk->size_bytes;
	}
	a->used_bytes = 0;
}

void
fe_arena_free(struct fe_arena *a)
{
	fe_arena_reset(a);
	free(a->chunk);
	*a = (struct fe_arena){ 0 };
}
