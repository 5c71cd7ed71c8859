// SPDX-License-Identifier: Apache-2.0
/* pipeline/plan.h - a pipeline file, understood: names resolved, expressions typed
 *
 * fe_plan_load reads the YAML, checks all of it and builds the structs of the lower
 * layers. Mistakes are collected, not returned one by one: each has its place and the
 * nearest right name. A plan is immutable; runs share it. It owns everything that it
 * points to.
 */
#ifndef FE_PIPELINE_PLAN_H
#define FE_PIPELINE_PLAN_H

#include "extract/source.h"
#include "load/reject.h"
#include "load/sink.h"
#include "pipeline/mistake.h"
#include "pipeline/notify.h"
#include "quality/control.h"
#include "quality/gate.h"
#include "quality/suite.h"
#include "transform/check.h"
#include "transform/clean.h"
#include "transform/dedupe.h"
#include "transform/derive.h"

struct fe_plan_reference {
	const char *id;
	size_t column;  /* of this data set */
	size_t table;   /* whose single-column key must know the value */
	const char *target; /* its name */
	bool makes_placeholders; /* of a value that it does not know: pipeline/placeholder.h */
};

/* `incremental` with a cursor. */
struct fe_plan_cursor {
	size_t column;    /* timestamp, date, int or text */
	const char *name; /* that its watermark is kept by: the column's in the source, and what was asked for by parameters */
	const char *start;/* where nothing was read before; NULL: from the beginning */
	int64_t overlap;  /* to ask again, back from the watermark: milliseconds, of an int its units */
};

/* What a statement tells, or where: of a trailer numbers of cells, of a sidecar names, else the
 * figures themselves. */
struct fe_plan_figures {
	const char *rows;  /* NULL: it does not tell */
	const char **sums; /* [n_columns] of the control; the same */
};

/* Control totals: `control`, and those of a `trailer`. */
struct fe_plan_control {
	struct fe_control_column *columns; size_t n_columns;
	const struct fe_plan_figures *trailer, *sidecar, *given; /* NULL: there is none */
	const char *sidecar_file;   /* {name} and {stem} as they are written */
	bool sidecar_is_csv;
};

struct fe_plan_dataset {
	const char *name;
	bool is_selected;                     /* to be read; the others are there for references */
	struct fe_schema schema;
	const struct fe_source_ops *source;
	struct fe_source_settings source_set; /* all but reasons, which are the run's */
	bool incremental_objects;
	struct fe_plan_cursor *cursor;        /* NULL: not incremental by one */
	struct fe_clean_column *clean;        /* [schema.n_source] */
	bool *pii;                            /* [schema.n_fields] */
	size_t n_evolved;                     /* of the source columns, the last: not declared, but found in the source */
	struct fe_expr *where;                /* or NULL */
	struct fe_rule *rules; size_t n_rules;
	struct fe_plan_reference *references; size_t n_references;
	struct fe_derivation *derivations; size_t n_derivations;
	const char *suite_path;               /* `expectations`; NULL: none */
	struct fe_str suite;                  /* its text */
	struct fe_gate gate;
	struct fe_reject_policy rejects;      /* how they are kept */
	int64_t rejects_keep_days;            /* 0: for ever */
	struct fe_plan_control *control;      /* NULL: no control totals */
	size_t *sum_by; size_t n_sum_by;      /* source columns */
	enum fe_dedupe_part *parts;           /* [schema.n_source] */
	const struct fe_expr **table_checks;  /* [of its table's n_checks] */
	size_t table;                         /* index into tables; the same as its own index */
	uint64_t line;                        /* in the pipeline file */
};

struct fe_plan {
	char *path;               /* of the pipeline file, canonical */
	char *name;               /* pipeline: */
	char *warehouse;          /* as given, ${NAME} filled in, paths absolute; NULL: none */
	char config_sha256[FE_SHA256_HEX_BYTES]; /* of the bytes of the file and its suites, and the parameters */
	struct fe_plan_dataset *datasets; /* in the order of their references */
	struct fe_table *tables;          /* table i is fed by data set i */
	size_t n_datasets;
	const struct fe_plan_notice *notices; size_t n_notices; /* `notify` */
	struct fe_suite_param *suite_params; size_t n_suite_params; /* `params`, as suites take them */
};

struct fe_plan_param { const char *name, *value; };
/* A column that a data set has as if it were declared, behind its others: text. */
struct fe_plan_added_column { const char *dataset, *name, *from; };
struct fe_plan_settings {
	const char *path;                                   /* of the pipeline file */
	const struct fe_plan_param *params; size_t n_params;/* --param */
	const char *const *select; size_t n_select;         /* data set names; none: all */
	const char *warehouse;                              /* overrides; NULL: the file's */
	bool connects;                                      /* the warehouse is asked: pipeline/secret.h */
	const struct fe_plan_added_column *added; size_t n_added; /* pipeline/evolve.h */
};

/* FE_EUSAGE with every mistake in *mistakes, in the order of the file, and their
 * number in err; other codes where the file cannot be read. *out is NULL then. */
FE_MUST_USE enum fe_rc fe_plan_load(struct fe_plan **out, const struct fe_plan_settings *set,
                                    struct fe_mistakes *mistakes, struct fe_err *err);
void fe_plan_free(struct fe_plan *plan);
/* The same from memory; set->path only names it and says what paths are relative to. */
FE_MUST_USE enum fe_rc fe_plan_load_text(struct fe_plan **out, const struct fe_plan_settings *set,
                                         struct fe_str text, struct fe_mistakes *mistakes,
                                         struct fe_err *err);

#endif
