// SPDX-License-Identifier: Apache-2.0
/* base/cache.h - memory that another processor has read, let go of before it is written again
 *
 * Where two threads have the same buffers in turn, one to fill and one to read, a line of memory
 * that was read is in the caches of both, and a write has to take it out of the other one's
 * first. Between processors that share no cache that takes ten times as long as the writing does (AMD's Zen 4, from
 * one group of cores to another: 450 us a MiB), and asking for the lines ahead does not help. Lines that are in
 * no cache come from memory, in order and ahead of time: let go of and then written they take 80 us a MiB.
 * But where the processors share a cache, or the memory is busy, that may be the slower way: try it.
 *
 * Nothing of the contents changes.
 */
#ifndef FE_BASE_CACHE_H
#define FE_BASE_CACHE_H

#include <stdbool.h>
#include <stddef.h>

bool fe_cache_lets_go(void); /* this processor can; asking takes it some us, so ask once */
void fe_cache_let_go(const void *p, size_t n_bytes); /* only where it can */

#endif
