// SPDX-License-Identifier: Apache-2.0
/* extract/source.h - where records come from
 *
 * A source is a pull stream of batches of one data set's declared columns.
 *
 *   Order      open, then next until it yields a batch without rows, then close.
 *   Objects    A source reads one or more objects (files), in a fixed order. A
 *              batch holds rows of one object. What is known of an object is in
 *              objects[i]; its identity is whole once a batch of a later object,
 *              or the end, has been yielded.
 *   Ownership  The caller owns the source and the batch it hands in. It may be
 *              another one each time, made for the same schema; the one before it
 *              must not have been changed or reset then, for what of its input has
 *              not been read yet moves over. What the settings point to (not the struct
 *              itself) is borrowed until close.
 *   Failure    After next fails, only close is legal.
 *   Threads    One source, one thread.
 *   Cost       next fills at most FE_BATCH_ROWS rows.
 */
#ifndef FE_EXTRACT_SOURCE_H
#define FE_EXTRACT_SOURCE_H

#include "base/clock.h"
#include "batch/batch.h"
#include "extract/contract.h"
#include "io/net.h"
#include "io/reader.h"

struct fe_sha256_pair;
struct fe_source;

/* What a source must know of each declared column. */
struct fe_source_column {
	const char *from;   /* name in the source */
	bool is_computed;   /* not read at all */
	bool needs_zone;    /* a timestamp whose texts say their offset themselves, as no zone is declared */
	bool has_own_point; /* a decimal whose texts have another point than '.': what the source has as a number is none of them */
};

/* What only rows of an incremental data set are asked by. The texts are the source's own:
 * ready to stand in a query or a request, whatever overlap there is taken off. */
struct fe_source_window {
	const char *cursor;      /* name in the source of the column; NULL: not incremental */
	const char *since;       /* from here, itself included; NULL: from the beginning */
	const char *until;       /* up to here, itself not included; NULL: to the end */
	bool include_null;       /* rows without a cursor as well */
};

/* The last record of each csv file, which is no data: what its first cell is, or has in it. */
struct fe_trailer_settings { const char *starts, *pattern; }; /* one of them; the other NULL */

struct fe_kept;           /* extract/kept.h */
struct fe_keep;
struct fe_json_settings;  /* extract/json_rows.h */
struct fe_api_settings;   /* extract/api.h */
struct fe_query_settings; /* extract/query.h */

/* As the pipeline file gives them; not every source looks at every one. */
struct fe_source_settings {
	const char *location;    /* path, glob, URL, "-"; of a database: how to connect */
	const char *dataset;     /* for messages */
	const struct fe_schema *schema;
	const struct fe_source_column *columns; /* [schema->n_source] */
	struct fe_reason_table *reasons;        /* source adds its own: "record:too_few_cells" */
	char delimiter, quote;   /* csv; quote 0: none */
	const char *encoding;    /* of format/encoding.h; NULL: utf-8 */
	uint64_t skip_lines;     /* before the header */
	const char *const *names;/* csv without header: its columns; NULL: has a header */
	size_t n_names;
	const struct fe_trailer_settings *trailer; /* csv; NULL: none */
	enum fe_contract contract; /* about columns that are not as declared */
	bool needs_each_column;  /* csv: whatever the contract, none of the declared may be gone */
	size_t n_evolved;        /* the last of the columns were found in the source: nobody declared them */
	bool allow_empty;        /* 0 bytes or a header alone is fine */
	uint64_t limit_rows;     /* 0: none */
	bool is_look;            /* not for its records: that none of the declared columns is there is no error */
	const struct fe_json_settings *json;   /* json, ndjson, api */
	const struct fe_api_settings *api;     /* api */
	const struct fe_query_settings *query; /* postgresql, sqlite, odbc */
	struct fe_source_window window;        /* api and databases */
	struct fe_net_settings net;            /* of files by URL, and of api */
	const struct fe_clock *clock;
	struct fe_sha256_pair *hashes;         /* what is read is hashed in it, in the thread that made it; NULL: by itself */
	/* Asked before an object is read, in the thread that calls next; true: leave it out
	 * (incremental). Standard input is always read. NULL: read all. */
	bool (*skip_object)(void *ctx, const struct fe_object_id *id);
	void *skip_ctx;
	const struct fe_kept *kept; /* read in the place of the source; NULL: the source is */
	const struct fe_keep *keep; /* told what an API or a database gives, as it comes; NULL: nobody */
};

/* What is legal in an object, but worth telling: name in reports. */
#define FE_OBJECT_NOTE_MAP(X)                                                  \
	X(BYTE_ORDER_MARK, "byte_order_mark")                                  \
	X(MIXED_LINE_ENDS, "mixed_line_ends")                                  \
	X(NO_FINAL_NEWLINE, "no_final_newline")

enum fe_object_note {
#define FE_X(name, text) FE_NOTE_##name,
	FE_OBJECT_NOTE_MAP(FE_X)
#undef FE_X
	FE_N_OBJECT_NOTES
};
const char *fe_object_note_name(enum fe_object_note note);

struct fe_object {
	struct fe_object_id id;
	uint64_t n_records;      /* yielded so far */
	bool skipped;            /* by skip_object */
	bool complete;           /* identity is whole */
	bool notes[FE_N_OBJECT_NOTES];
	struct fe_str *trailer;  /* [n_trailer] the cells of its trailer, in one piece of memory */
	size_t n_trailer;
	uint64_t trailer_line;
};

/* What a source has, whether it is declared or not. */
struct fe_source_column_found {
	const char *name;     /* as `from` has it */
	const char *type;     /* as the source calls it; "" where it tells none */
	bool is_value;        /* a column can be made of it: not so of objects and arrays in JSON */
};
struct fe_source_look {
	struct fe_source_column_found *columns;
	size_t n_columns, cap_columns;
	bool has_more;        /* columns that are not listed */
	struct fe_arena arena;
};

struct fe_source_ops {
	const char *name;     /* as written in a pipeline file: "csv" */
	const char *summary;  /* one line for `finetl describe` */
	FE_MUST_USE enum fe_rc (*open)(struct fe_source **out, const struct fe_source_settings *set, struct fe_err *err);
	/* Fills the batch (cleared by the wrapper); no rows: the end. */
	FE_MUST_USE enum fe_rc (*next)(struct fe_source *src, struct fe_batch *batch, struct fe_err *err);
	void (*progress)(const struct fe_source *src, uint64_t *done_bytes, uint64_t *total_bytes);
	void (*close)(struct fe_source *src);
	/* Which columns there are, by as little reading as tells: headers, the first records, a
	 * query's description. Of many files those named last count, for names have dates. */
	FE_MUST_USE enum fe_rc (*look)(struct fe_source_look *out, const struct fe_source_settings *set, struct fe_err *err);
};

/* First member of every implementation's own struct. Read-only outside. */
struct fe_source {
	const struct fe_source_ops *ops;
	const char *dataset; /* for messages */
	struct fe_session *session; /* the source's own; NULL: it was lent one */
	struct fe_object *objects;
	size_t n_objects, cap_objects;
	uint64_t n_rows; /* yielded so far */
	struct fe_contract_notes notes; /* of what was read so far */
};

extern const struct fe_source_ops fe_source_csv;

FE_MUST_USE enum fe_rc fe_source_open(struct fe_source **out, const struct fe_source_ops *ops,
                                      const struct fe_source_settings *set, struct fe_err *err);
/* Clears the batch, pulls, counts, names the data set in any error. The reasons table
 * is only added to by open. */
FE_MUST_USE enum fe_rc fe_source_next(struct fe_source *src, struct fe_batch *batch, struct fe_err *err);
void fe_source_progress(const struct fe_source *src, uint64_t *done_bytes, uint64_t *total_bytes);
void fe_source_close(struct fe_source *src); /* NULL is allowed */

/* What a source told of its objects and columns when it had come so far: for one who lets it read
 * ahead, and ends before all of that is used. Zeroed at first, made as often as it is needed, and reset
 * when done. After back_to only close is legal. */
struct fe_source_mark {
	uint64_t n_rows;
	size_t n_objects, object; /* those after it had not been begun */
	struct fe_object then;    /* of that object; what is owned by it is not to be touched */
	struct fe_contract_mark columns;
};
void fe_source_mark(const struct fe_source *src, size_t object, struct fe_source_mark *mark);
void fe_source_back_to(struct fe_source *src, const struct fe_source_mark *mark);
void fe_source_mark_reset(struct fe_source_mark *mark);

/* Begun as open is, and over when it returns. reset also after a failure. */
FE_MUST_USE enum fe_rc fe_source_look(struct fe_source_look *out, const struct fe_source_ops *ops,
                                      const struct fe_source_settings *set, struct fe_err *err);
void fe_source_look_reset(struct fe_source_look *look);
void fe_source_look_add(struct fe_source_look *look, struct fe_str name, const char *type, bool is_value); /* once a name */

#endif
