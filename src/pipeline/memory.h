// SPDX-License-Identifier: Apache-2.0
/* pipeline/memory.h - how --max-memory is divided
 *
 * What a run takes beside keys hardly depends on its input: batches, buffers, a cache of the
 * warehouse. That is taken off first, and a quarter for objects of S3 on their way, where there are any; the rest is for keys, at least 1 MiB, so that also less than
 * a process needs can be asked for (it then takes what it needs).
 *
 * An eighth of that, where there are references, is for keys of parents that the warehouse had
 * before (pipeline/parent.h): as many as fit.
 *
 * A data set has half of what those before it have left, the last one all of it: parents come
 * before children, and are the smaller ones. Its expectations that remember what they saw may
 * take half of that, dedupe has the rest.
 *
 * Only keys can go to disk. What expectations keep besides (values for a median, rows that
 * are listed) ends the run with FE_ELIMIT where it has no room.
 */
#ifndef FE_PIPELINE_MEMORY_H
#define FE_PIPELINE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fe_run_context;
struct fe_run_settings;

/* Of --max-memory, what is left for keys beside this warehouse (NULL: none), and objects of S3, if there are. 0: no limit. */
uint64_t fe_memory_for_keys(uint64_t max_memory_bytes, const char *warehouse, bool has_s3);
/* And what these may take, read ahead and in parts on their way back: net's max_object_bytes. 0: as they like. */
uint64_t fe_memory_of_objects(uint64_t max_memory_bytes);
/* Of that, the part of each table's parents. UINT64_MAX: no limit. */
uint64_t fe_memory_of_parents(const struct fe_run_settings *set);
/* Of that, the part of data set number index, which is about to begin. */
uint64_t fe_memory_of_dataset(const struct fe_run_context *run, size_t index);
/* And of this, what its expectations may take, and then, once they are open, dedupe. */
uint64_t fe_memory_of_expectations(uint64_t dataset_bytes);
uint64_t fe_memory_of_dedupe(const struct fe_run_context *run, size_t index, uint64_t dataset_bytes);
/* Where keys go that have no room, beside no warehouse: TMPDIR, or /tmp. */
const char *fe_memory_folder(void);

#endif
