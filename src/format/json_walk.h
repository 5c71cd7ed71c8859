// SPDX-License-Identifier: Apache-2.0
/* format/json_walk.h - the state of a reader of JSON, shared by its parts
 *
 *   json_walk.c      the walk over values: from here to the end of the next record
 *   json_foretold.h  the way of nearly every record: members that are as those before
 *   json_keys.c      other keys: looked up, learned; and those that cannot be learned
 *   json_others.c    members that no column reads
 *   json_reader.c    the public face: blocks, lines, rows, errors
 *
 * Beside records the walk goes on where it was cut, with its stack; a record that the block
 * cuts is given up, and walked again when it is fed whole.
 */
#ifndef FE_FORMAT_JSON_WALK_H
#define FE_FORMAT_JSON_WALK_H

#include "base/buf.h"
#include "format/json_reader.h"
#include "format/json_scan.h"
#include "format/json_shape.h"

enum fe_json_state {
	FE_JSON_AT_VALUE,
	FE_JSON_AT_KEY,
	FE_JSON_AFTER_VALUE,
	FE_JSON_AT_END, /* the document's value is whole */
};

enum fe_json_event {
	FE_JSON_RECORD, /* r->record_start to r->p */
	FE_JSON_CUT,    /* the block ends first */
	FE_JSON_ENDED,  /* the document */
	FE_JSON_BAD,    /* r->problem */
};

/* Members of an object that are taken one after the other. */
struct fe_json_run {
	struct fe_json_member **next; /* where it stands which member is to come */
	uint64_t stamp;               /* this object's own */
	uint64_t n_members;           /* that it has taken */
	size_t n_cells;               /* that it has filled */
	bool is_closed;               /* the object ends where the run does */
};

/* A container that is open. */
struct fe_json_frame {
	struct fe_json_node *node;
	struct fe_json_run run;
	uint64_t n_children;
	size_t first_key, first_key_byte; /* of its keys that could not be learned */
	bool is_object, is_records;
};

/* Where lines of the input are counted. */
struct fe_json_lines {
	uint64_t n;     /* line ends passed */
	uint64_t start; /* offset of the line in the input */
};

struct fe_json_problem {
	const char *what;
	struct fe_str key;  /* that it is about; p NULL: none */
	enum fe_rc rc;
	const char *at;     /* in the block */
	uint64_t line, column;
};

struct fe_json_key { size_t at, n; }; /* in key_bytes */

/* Takes members from p on, which is at a key, as long as they are ordinary and as foretold: each
 * of them whole, or not at all. Returns where it stands: at the next key, or the brace. */
typedef const char *fe_json_foretold_fn(struct fe_json_reader *r, struct fe_json_run *run, const char *p);
fe_json_foretold_fn fe_json_walk_foretold;
fe_json_foretold_fn *fe_json_walk_foretold_avx2(void); /* NULL where the processor has none */

struct fe_json_reader {
	struct fe_json_shape shape;
	struct fe_json_node *record_root, *document_root, *records;
	bool is_lines, refuse_others, take_others;
	size_t n_columns, n_aside;
	const char *others[FE_JSON_MAX_OTHERS]; /* paths of the members that no column reads */
	size_t n_others;
	bool has_more_others;

	/* The block. */
	const char *block, *end;
	uint64_t offset;
	bool is_last;
	struct fe_arena *arena;

	fe_json_foretold_fn *walk_foretold;

	/* The walk: where it stands, between two steps. */
	const char *p;
	enum fe_json_state state;
	struct fe_json_node *node; /* of the value to come */
	struct fe_json_lines lines;
	struct fe_json_frame stack[FE_JSON_MAX_DEPTH];
	size_t depth;
	uint64_t stamp;
	struct fe_json_problem problem;

	/* Keys of open objects that could not be learned. */
	struct fe_json_key *keys;
	size_t n_keys, cap_keys;
	struct fe_buf key_bytes;

	/* The record that is walked, or was last. */
	bool in_record, is_object;
	const char *record_start;
	struct fe_json_node *record_node;
	struct fe_json_lines record_lines;
	size_t record_depth;
	uint64_t n_members; /* of its objects that have been closed */
	struct fe_str *const *cells;
	size_t row;
	bool has_high;      /* a cell with more than ASCII */
	bool has_gaps;      /* the last one had no cell for some column */
	bool has_other;     /* a member that no column reads, where that is refused */
	struct fe_json_problem other;

	/* The input. */
	bool has_begun, has_bom, has_records, has_lf, has_crlf, no_final_newline;
	uint64_t n_records;
	struct fe_buf *aside; /* [n_aside] */
	bool *is_container_aside; /* [n_aside] an object or an array was met */
	bool *has_aside, *is_met_aside;
};

enum fe_json_event fe_json_walk(struct fe_json_reader *r);
/* Begins a record at r->p, of which node is known; the next walk ends with it. */
void fe_json_begin_record(struct fe_json_reader *r, struct fe_json_node *node);
/* The same for an object of which a run has taken members, and stands at p. */
void fe_json_resume_record(struct fe_json_reader *r, const struct fe_json_run *run, const char *p);
/* Goes back to before the record. */
void fe_json_abandon_record(struct fe_json_reader *r);

/* Sets the problem, at a place of the block; NULL. */
const char *fe_json_fail(struct fe_json_reader *r, const char *at, enum fe_rc rc, const char *what);
/* The closing quote of a text; p is behind the opening one. NULL: there is a problem. */
const char *fe_json_text_end(struct fe_json_reader *r, const char *p, bool *has_escapes, bool *is_high);
/* Behind blanks, of which p is one. */
const char *fe_json_pass_blanks(struct fe_json_reader *r, const char *p);

static inline const char *
fe_json_blanks(struct fe_json_reader *r, const char *p)
{
	if ((unsigned char)*p > ' ')
		return p;
	if (*p == ' ' && (unsigned char)p[1] > ' ')
		return p + 1;
	return fe_json_pass_blanks(r, p);
}

/* A key that was not foretold, its colon, and the blanks behind it: *node is that of its
 * value. NULL: there is a problem. */
const char *fe_json_read_key(struct fe_json_reader *r, const char *p, struct fe_json_node **node);
/* A member of a record that no path begins with: refused, once the record is whole, or taken. */
void fe_json_refuse_other(struct fe_json_reader *r, const struct fe_json_node *node, const char *at, struct fe_str key);
void fe_json_take_other(struct fe_json_reader *r, const struct fe_json_node *parent, struct fe_json_member *m);
/* The object of this frame is whole: its keys are let go. False: there is a problem. */
bool fe_json_end_keys(struct fe_json_reader *r, const struct fe_json_frame *f, const char *at);

#endif
