// SPDX-License-Identifier: Apache-2.0
/* load/reject.h - a record that was not loaded, with all that is known of it
 *
 * Rejects are spooled (io/spool.h) while the run goes on, and written by the sink
 * at its end, in the data's own transaction or, where the run is held or failed, in
 * one of their own.
 *
 * A reject is kept with its cells, as the source gave them and before anything was made of
 * them, so that it can be mended and replayed whatever the source was (pipeline/replay.h):
 *
 *   {"id": "T1", "amount": "12,x"}   by the names of the declared columns
 *   absent                           the record had no such cell
 *   null                             it says that there is no value (JSON, databases)
 *   []                               an object or array stood where a value is wanted
 *   {"code": "..."}                  the source refused it, with this reason
 *   {"base64": "..."}                bytes that are no text: not UTF-8, or with a NUL
 *
 * A record that could not be split has none. Where personal columns are to be hidden
 * (masked), nothing is kept that could be replayed, and the raw bytes, which have them in
 * places that nobody knows, give way to the same JSON with "***" for their values.
 */
#ifndef FE_LOAD_REJECT_H
#define FE_LOAD_REJECT_H

#include "batch/batch.h"
#include "io/spool.h"

/* What is there of the record itself. */
#define FE_REJECT_RAW_MAP(X)                                                   \
	X(FULL, "full")                                                        \
	X(MASKED, "masked")  /* without the values of personal columns */      \
	X(NONE, "none")                                                        \
	X(PURGED, "purged")  /* it was full or masked, and is past its time */

enum fe_reject_raw {
#define FE_X(name, text) FE_REJECT_RAW_##name,
	FE_REJECT_RAW_MAP(FE_X)
#undef FE_X
	FE_N_REJECT_RAW
};
const char *fe_reject_raw_name(enum fe_reject_raw kept);

struct fe_reject {
	uint32_t dataset;      /* index into the run's data sets */
	uint32_t object;       /* index into the run's objects */
	uint64_t record, offset;
	enum fe_verdict verdict; /* FE_REJECTED or FE_CONFLICT */
	struct fe_str reasons; /* texts joined by ';' in the order they were found */
	struct fe_str detail;  /* "" or what a conflict met */
	struct fe_str decimals;/* JSON object of the decimal columns that cast: {"amount":"12.50"} */
	struct fe_str raw;     /* the record's bytes */
	struct fe_str cells;   /* JSON as above; "": there are none */
	struct fe_str key;     /* JSON array of the canonical texts of the target's key; "": a part has none */
	enum fe_reject_raw kept;
};

/* How the rejects of a data set are kept. */
struct fe_reject_policy {
	enum fe_reject_raw raw;
	const bool *pii;       /* [n_source]; NULL: no column is personal */
	const size_t *key; size_t n_key; /* of the target */
};

FE_MUST_USE enum fe_rc fe_reject_add(struct fe_spool *s, const struct fe_reject *r, struct fe_err *err);
/* Views into the spool's entry, until the next call. */
FE_MUST_USE enum fe_rc fe_reject_next(struct fe_spool *s, struct fe_reject *out, bool *more, struct fe_err *err);
/* All rejected and conflicting rows of a batch. */
struct fe_reject_batch {
	uint32_t dataset, object; /* as in fe_reject */
	const struct fe_reason_table *reasons;
	const struct fe_reject_policy *policy;
};
FE_MUST_USE enum fe_rc fe_reject_add_batch(struct fe_spool *s, struct fe_batch *b, const struct fe_reject_batch *of,
                                           struct fe_err *err);

#endif
