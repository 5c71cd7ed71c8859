// SPDX-License-Identifier: Apache-2.0
/* format/json_reader.h - records of JSON, strictly: blocks of bytes to cells
 *
 * Pure: no I/O. One pass over the bytes: what a value is, whether it is one, and where it ends
 * are found together (json_scan.h), and the keys of a record are foretold by the one before it
 * (json_shape.h). No recursion; containers that are open lie on a stack of fixed depth.
 *
 *   Records    In lines, each line holds one; blank lines are none. In a document, those of
 *              the array at the path `records` (no path: of the document itself), or the one
 *              object that stands there. What stands beside them is read and let go of.
 *   Cells      of the wanted paths: texts unescaped, numbers as they are written, true, false.
 *              Absent: p NULL. null and what is no value (an object, an array) are told by
 *              address: fe_cell_null, fe_cell_no_value (batch/batch.h).
 *   Strict     RFC 8259 and UTF-8, of all bytes: values that nobody wants are held to the
 *              same grammar, escapes and limits as others. Refused are too: a key that
 *              stands twice in an object, however it is written, at any depth; a lone
 *              surrogate; U+0000. A byte order mark is passed over at the very start.
 *   Flaws      What is wrong within a line is a value of its record; in a document there is
 *              no telling where the next one begins, and reading fails, with line and column.
 *   Limits     of json_tree.h for depth, texts, keys and numbers, alike in what nobody wants;
 *              FE_JSON_MAX_MEMBERS and _RECORD_BYTES of a record. Past one of them a line is
 *              flawed and a document fails (FE_ELIMIT); a record of too many bytes fails both.
 *   Cuts of    How the input is cut into blocks changes nothing: the same records, the same
 *   blocks     error. Time is linear in the bytes fed.
 */
#ifndef FE_FORMAT_JSON_READER_H
#define FE_FORMAT_JSON_READER_H

#include "base/mem.h"
#include "base/str.h"
#include "batch/batch.h"
#include "format/json_scan.h" /* FE_JSON_PADDING */
#include "format/json_tree.h"

#define FE_JSON_MAX_RECORD_BYTES (8u * 1024 * 1024)
#define FE_JSON_MAX_MEMBERS 1000000 /* of a record, and of what is open beside records */
#define FE_JSON_MAX_KEYS_BYTES ((size_t)64 * 1024 * 1024)

/* Reason codes of a record. A flawed record has no cells. */
#define FE_JSON_FLAW_MAP(X)                                                    \
	X(NO_FLAW, "")                                                         \
	X(BAD_JSON, "bad_json")           /* of a line; the detail says what and where */ \
	X(NOT_AN_OBJECT, "not_an_object") /* JSON, but not what a record is */

enum fe_json_flaw {
#define FE_X(name, code) FE_JSON_##name,
	FE_JSON_FLAW_MAP(FE_X)
#undef FE_X
	FE_JSON_N_FLAWS
};
const char *fe_json_flaw_code(enum fe_json_flaw flaw);

struct fe_json_wants {
	bool is_lines;
	const char *records;         /* path; NULL or "": the document itself */
	const char *const *columns;  /* paths of cells */
	size_t n_columns;
	const char *const *aside;    /* paths of values beside the records, of a document */
	size_t n_aside;
	/* Members that no path begins with, of a record and of the objects in it that paths lead through: */
	bool refuse_others;          /* FE_EDATA */
	bool take_others;            /* cells of them, too: up to FE_JSON_MAX_OTHERS, in the order in which they are met */
};
#define FE_JSON_MAX_OTHERS 64

struct fe_json_reader;
/* FE_EUSAGE: a path that is none, or is given twice. Paths are copied. */
FE_MUST_USE enum fe_rc fe_json_reader_new(struct fe_json_reader **out, const struct fe_json_wants *wants,
                                          struct fe_err *err);
void fe_json_reader_free(struct fe_json_reader *r); /* NULL is allowed */
/* Another input. What was learned of the shape of records stays. */
void fe_json_reader_begin(struct fe_json_reader *r);

/* Feeds a block. Behind it lie FE_JSON_PADDING bytes that are zero. offset is that of its
 * first byte in the input; is_last says that nothing follows. The bytes must stay until the
 * next feed; texts that had escapes live in `arena`. Then fill adds rows; rest says how many
 * bytes at the end are to be fed again, with what follows: as many again at least, to stay
 * linear. A block may be fed again from rest on, to move it to another place. */
void fe_json_reader_feed(struct fe_json_reader *r, struct fe_str block, uint64_t offset, bool is_last,
                         struct fe_arena *arena);
size_t fe_json_reader_rest(const struct fe_json_reader *r);

/* Rows are added from n_rows on, until cap_rows or until the block has no whole record more.
 * On failure the rows before it have been added; the error has line and column. */
struct fe_json_fill {
	struct fe_str *const *cells; /* [n_columns, and FE_JSON_MAX_OTHERS where those are taken], each [cap_rows] */
	struct fe_origin *origin;    /* [cap_rows] */
	uint8_t *flaws;              /* [cap_rows], enum fe_json_flaw */
	struct fe_str *details;      /* [cap_rows], only where flawed; in the arena */
	size_t n_rows, cap_rows;
	size_t n_flawed;             /* added to */
};
FE_MUST_USE enum fe_rc fe_json_reader_fill(struct fe_json_reader *r, struct fe_json_fill *rows, struct fe_err *err);
/* No cell since the last feed has had anything but ASCII. */
bool fe_json_reader_is_ascii(const struct fe_json_reader *r);

/* Of the input so far. */
struct fe_json_notes { bool has_bom, mixed_line_ends, no_final_newline; };
struct fe_json_notes fe_json_reader_notes(const struct fe_json_reader *r);
/* A document had an array, an object or null where its records should be. */
bool fe_json_reader_has_records(const struct fe_json_reader *r);
/* How many others have been met so far, and the path of each, written as one that is wanted may be. Their cells
 * come behind those of the columns. */
size_t fe_json_reader_n_others(const struct fe_json_reader *r);
const char *fe_json_reader_other(const struct fe_json_reader *r, size_t index);
bool fe_json_reader_has_more_others(const struct fe_json_reader *r); /* that there was no room for */
/* The text of a value beside the records; p NULL: absent, null, no value. Until begin. */
struct fe_str fe_json_reader_aside(const struct fe_json_reader *r, size_t index);
/* That it is there: a value, null, an object or an array. */
bool fe_json_reader_aside_is_met(const struct fe_json_reader *r, size_t index);
/* That it has no value because it is an object or an array. */
bool fe_json_reader_aside_is_container(const struct fe_json_reader *r, size_t index);

#endif
