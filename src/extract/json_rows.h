// SPDX-License-Identifier: Apache-2.0
/* extract/json_rows.h - records in JSON, from bytes to rows of a batch
 *
 * What the json and ndjson sources and the pages of an API have in common. Bytes are fed in
 * blocks, rows are taken until there are none; a block that ends within a record is carried
 * over. Nothing but the record at hand is held in memory.
 *
 *   Records    where `records` points: an array whose elements are the records (objects), or one
 *              object that is a record by itself; "" is the whole document. In NDJSON each line is one.
 *   Paths      of records and of columns (`from`): names with dots between, "customer.address.city",
 *              or a JSON pointer (RFC 6901) where they begin with '/'. A number stands for an element of an array.
 *   Cells      text of strings unescaped, numbers as they are written, true and false; null and
 *              absent have no text and are told apart in reasons (column:null, column:absent); an
 *              object or array where a value is wanted gets the reason column:not_a_value
 *   Raw        the record's bytes as they stand in the document
 *   Strictness as format/json_reader.h; in NDJSON a bad line is a rejected record (record:bad_json,
 *              the detail says what and where), in a document it is FE_EDATA with line and column.
 *              What is JSON but no object, where a record should be, is record:not_an_object.
 *   Also       of what stands beside the records (next page, totals), the values of up to
 *              FE_JSON_ROWS_MAX_ASIDE paths are kept for the caller
 */
#ifndef FE_EXTRACT_JSON_ROWS_H
#define FE_EXTRACT_JSON_ROWS_H

#include "extract/source.h"

#define FE_JSON_ROWS_MAX_ASIDE 8

struct fe_json_settings {
	const char *records;     /* path; NULL or "": the document itself */
	bool is_lines;           /* NDJSON */
	const char *const *aside; size_t n_aside; /* paths */
};

struct fe_json_rows;

/* set->json, columns, schema, reasons, contract, limit_rows and allow_empty are used. Of members that no column
 * reads those count that stand in an object which a path of a column leads through, the record itself first. */
FE_MUST_USE enum fe_rc fe_json_rows_new(struct fe_json_rows **out, const struct fe_source_settings *set,
                                        struct fe_err *err);
void fe_json_rows_free(struct fe_json_rows *j); /* NULL is allowed */
/* Begins another document; record numbers and offsets start anew. */
void fe_json_rows_begin(struct fe_json_rows *j, const char *object_name);
/* Fills the batch with rows, reading by `read` where it needs more (0 bytes: the end of the
 * document). No rows: the document has ended, and was whole. */
struct fe_json_feed {
	enum fe_rc (*read)(void *self, void *out, size_t cap_bytes, size_t *n_bytes, struct fe_err *err);
	void *self;
};
FE_MUST_USE enum fe_rc fe_json_rows_next(struct fe_json_rows *j, const struct fe_json_feed *feed,
                                         struct fe_batch *batch, struct fe_err *err);
/* All records have been read, or as many as were wanted (is_whole false): notes in source->notes which columns no
 * record had, and which members were not read. FE_EDATA where the contract does not have the former; what an
 * incremental data set was asked for may be too little to tell. */
FE_MUST_USE enum fe_rc fe_json_rows_end(const struct fe_json_rows *j, struct fe_source *source, bool is_whole,
                                        struct fe_err *err);
/* A value beside the records, once the document has ended: its text; p NULL: absent or null.
 * Lives until the next begin. */
struct fe_str fe_json_rows_aside(const struct fe_json_rows *j, size_t index);
/* Notes what was odd about the document. */
void fe_json_rows_note(const struct fe_json_rows *j, struct fe_object *object);

/* Files of documents, and files of lines. */
extern const struct fe_source_ops fe_source_json, fe_source_ndjson;

#endif
