// SPDX-License-Identifier: Apache-2.0
/* load/chain.h - the hash that ties each event of a run to the one before it
 *
 * SHA-256 over fields that are each written as "<bytes>:<text>,", null as "-,": no two
 * lists of fields look the same. Whoever has the table can compute it anew.
 */
#ifndef FE_LOAD_CHAIN_H
#define FE_LOAD_CHAIN_H

#include "base/hash.h"

struct fe_stmt;

/* A field with p == NULL is null. */
void fe_chain_hash(const struct fe_str *fields, size_t n_fields, char hex[FE_SHA256_HEX_BYTES]);
/* Of columns first .. first + n - 1 of the statement's row; n at most 32. */
void fe_chain_hash_row(struct fe_stmt *st, int first, int n, char hex[FE_SHA256_HEX_BYTES]);

/* previous_hash of the first event. */
#define FE_CHAIN_START "0000000000000000000000000000000000000000000000000000000000000000"
/* The hashed columns, in their order. */
#define FE_CHAIN_EVENT_COLUMNS "previous_hash, event_id, run_id, pipeline_name, event, at, detail"
#define FE_CHAIN_N_EVENT_COLUMNS 7
#define FE_CHAIN_AUDIT_COLUMNS                                                               \
	"run_id, pipeline_name, start_time, end_time, status, records_extracted, "             \
	"records_transformed, records_loaded, records_rejected, records_duplicate, "           \
	"error_message, run_time, config_sha256, finetl_version, quality_report, reconciliation"
#define FE_CHAIN_N_AUDIT_COLUMNS 16

#endif
