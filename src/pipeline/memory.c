// SPDX-License-Identifier: Apache-2.0
/* pipeline/memory.c - see pipeline/memory.h */
#include "pipeline/memory.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "io/net.h"
#include "io/s3_url.h"
#include "pipeline/run_dataset.h"
#include "transform/dedupe.h"

#define PROCESS_BYTES (UINT64_C(28) << 20)
#define SQLITE_BYTES (UINT64_C(24) << 20) /* its cache, and as much while an index is built */
#define LEAST_BYTES (UINT64_C(1) << 20)
#define PART_OF_PARENTS 8
#define PART_OF_OBJECTS 4
#define LEAST_OF_OBJECTS (UINT64_C(9) << 20) /* one part of 8 MiB on its way out */

uint64_t
fe_memory_of_objects(uint64_t max_memory_bytes)
{
	const uint64_t part = max_memory_bytes / PART_OF_OBJECTS;

	if (max_memory_bytes == 0)
		return 0;
	return part < LEAST_OF_OBJECTS ? LEAST_OF_OBJECTS : part < FE_NET_OBJECT_BYTES ? part : FE_NET_OBJECT_BYTES;
}

uint64_t
fe_memory_for_keys(uint64_t max_memory_bytes, const char *warehouse, bool has_s3)
{
	bool is_sqlite = warehouse && strncmp(warehouse, "sqlite:", 7) == 0;
	uint64_t others = PROCESS_BYTES + (is_sqlite ? SQLITE_BYTES : 0) + (has_s3 ? fe_memory_of_objects(max_memory_bytes) : 0);

	if (max_memory_bytes == 0)
		return 0;
	return max_memory_bytes > others + LEAST_BYTES ? max_memory_bytes - others : LEAST_BYTES;
}

static bool
has_references(const struct fe_plan *p)
{
	for (size_t i = 0; i < p->n_datasets; i++)
		if (p->datasets[i].n_references)
			return true;
	return false;
}

static bool
has_s3(const struct fe_plan *p)
{
	if (p->warehouse && strncmp(p->warehouse, "files:s3://", 11) == 0)
		return true;
	for (size_t i = 0; i < p->n_datasets; i++) {
		const char *location = p->datasets[i].source_set.location;
		if (location && p->datasets[i].is_selected && fe_s3_is_url(location))
			return true;
	}
	return false;
}

uint64_t
fe_memory_of_parents(const struct fe_run_settings *set)
{
	if (set->max_memory_bytes == 0)
		return UINT64_MAX;
	uint64_t all = fe_memory_for_keys(set->max_memory_bytes, set->plan->warehouse, has_s3(set->plan));
	return all / PART_OF_PARENTS / (set->plan->n_datasets + 1);
}

static uint64_t
bytes_of_expectations(const struct fe_dataset_result *d)
{
	return d->expectations.validation ? fe_validation_reserved_bytes(d->expectations.validation) : 0;
}

uint64_t
fe_memory_of_dataset(const struct fe_run_context *run, size_t index)
{
	const struct fe_plan *plan = run->set->plan;
	uint64_t all = fe_memory_for_keys(run->set->max_memory_bytes, plan->warehouse, has_s3(plan)), used = 0;
	bool is_last = true, is_first = true;

	for (size_t i = 0; i < run->set->plan->n_datasets; i++) {
		used += run->keys[i] ? fe_dedupe_bytes(run->keys[i]) + bytes_of_expectations(&run->result->datasets[i]) : 0;
		if (i != index && !run->keys[i] && run->set->plan->datasets[i].is_selected)
			is_last = false;
		is_first = is_first && !run->keys[i];
	}
	if (all == 0)
		return 0;
	if (is_first && all == LEAST_BYTES)
		fe_log(FE_LOG_WARN, "--max-memory is less than a run takes beside its keys, which get 1 MiB", NULL);
	used += has_references(run->set->plan) ? all / PART_OF_PARENTS : 0;
	uint64_t left = all > used + LEAST_BYTES ? all - used : LEAST_BYTES;
	return is_last ? left : left / 2;
}

uint64_t fe_memory_of_expectations(uint64_t dataset_bytes) { return dataset_bytes / 2; }

uint64_t
fe_memory_of_dedupe(const struct fe_run_context *run, size_t index, uint64_t dataset_bytes)
{
	return dataset_bytes - bytes_of_expectations(&run->result->datasets[index]);
}

const char *
fe_memory_folder(void)
{
	const char *folder = getenv("TMPDIR");
	return folder && *folder ? folder : "/tmp";
}
