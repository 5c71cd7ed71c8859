// SPDX-License-Identifier: Apache-2.0
/* pipeline/keys.h - every key of a pipeline file, as data
 *
 * One table a mapping. The same rows check a file, supply what is not given, find the
 * nearest right name, and print the reference in docs/pipeline-file.md, so that none
 * of these can differ from another. What a table cannot say (that a column exists,
 * that an expression has a type) is checked where the plan is built.
 */
#ifndef FE_PIPELINE_KEYS_H
#define FE_PIPELINE_KEYS_H

#include "batch/type.h"
#include "pipeline/yaml.h"

enum fe_key_kind {
	FE_KEY_TEXT,       /* any text */
	FE_KEY_NAME,       /* a name fit for SQL */
	FE_KEY_TABLE,      /* a name, or schema.name */
	FE_KEY_TYPE,       /* text(20), decimal(12,2), ... */
	FE_KEY_EXPRESSION,
	FE_KEY_INT,        /* from min to max */
	FE_KEY_DECIMAL,    /* from min to max, with at most `scale` decimals */
	FE_KEY_BOOL,       /* true, false */
	FE_KEY_CHAR,       /* one ASCII character that is no letter or digit, or one of the choices */
	FE_KEY_CHOICE,     /* one of the choices */
	FE_KEY_CHOICES,    /* one or a list of them */
	FE_KEY_TEXTS,      /* a list of texts, from min to max items */
	FE_KEY_LISTS,      /* a list of lists of texts, each of from min to max items */
	FE_KEY_ALL_OR_TEXTS, /* the word `all`, or a list of texts */
	FE_KEY_PAIRS,      /* a mapping of names to texts, from min to max */
	FE_KEY_MAPPING,    /* a mapping of its own */
	FE_KEY_MAPPINGS,   /* a list of such mappings */
	FE_KEY_NAMED,      /* a mapping of table names to such mappings */
	FE_KEY_ONE_OF,     /* a mapping of one of several kinds, told by the first key of its table */
	FE_KEY_DURATION,   /* 30s, 10m */
};

/* What stands for {since} and {until} in a value that may have them. */
struct fe_key_window { const char *since, *until; };

struct fe_key {
	const char *name;
	const char *help;   /* one line */
	const char *preset; /* what holds where it is not given; NULL: nothing */
	const char *const *choices; /* ends with NULL */
	const char *form;   /* for the reference, where the kind does not say it */
	int64_t min, max;   /* of the value, or of how many there are; max 0: no bounds */
	const struct fe_mapping *of;
	const struct fe_mapping *const *one_of; /* ends with NULL */
	const struct fe_key_window *window; /* NULL: none */
	enum fe_key_kind kind;
	unsigned kinds;     /* bits 1u << enum fe_kind: types of column it is for; 0: all */
	unsigned scale;
	bool is_sql;        /* a query: a parameter in it stays a value, as in an expression */
	bool is_required;
	bool may_be_empty;  /* no value is fine */
	bool only_read;     /* of a column that is read, not computed */
	bool takes_env;     /* ${NAME} is filled in */
	bool takes_params;  /* {name} is filled in */
};

struct fe_mapping {
	const char *name; /* "a column": in messages */
	const char *path; /* "datasets[].columns[]": in the reference */
	const char *help;
	const struct fe_key *keys; /* ends with an empty one */
};

extern const struct fe_mapping fe_keys_pipeline; /* the outermost */
extern const struct fe_mapping fe_keys_defaults, fe_keys_type_defaults;
extern const struct fe_mapping fe_keys_dataset, fe_keys_column, fe_keys_decimal;
extern const struct fe_mapping *const fe_keys_sources[], *const fe_keys_auths[]; /* end with NULL */
extern const struct fe_mapping fe_keys_csv, fe_keys_json, fe_keys_ndjson, fe_keys_api, fe_keys_pagination;
extern const struct fe_mapping fe_keys_postgresql, fe_keys_sqlite, fe_keys_odbc, fe_keys_cursor, fe_keys_network;
extern const struct fe_mapping fe_keys_auth_bearer, fe_keys_auth_api_key, fe_keys_auth_basic;
extern const struct fe_mapping fe_keys_auth_oauth2, fe_keys_auth_hmac, fe_keys_auth_aws;
extern const struct fe_mapping fe_keys_rule, fe_keys_reference, fe_keys_derived, fe_keys_bands;
extern const struct fe_mapping fe_keys_notice, fe_keys_email; /* keys_notify.c */
extern const struct fe_mapping fe_keys_trailer, fe_keys_control, fe_keys_sidecar; /* keys_control.c */
extern const struct fe_mapping fe_keys_point, fe_keys_gate, fe_keys_rejects, fe_keys_target, fe_keys_foreign_key;

/* Walks the tree and notes what breaks the tables; such nodes are marked wrong. */
void fe_keys_check(struct fe_node *root, const struct fe_mapping *mapping, struct fe_mistakes *mistakes);
/* Notes the keys of a column (or of a type's defaults) that are not for its type, or
 * not for a computed column. */
void fe_keys_check_column(struct fe_node *map, const struct fe_mapping *mapping, enum fe_kind kind,
                          bool is_computed, struct fe_mistakes *mistakes);

/* The kind that a mapping is of, by the key that it has; NULL: of none. */
const struct fe_mapping *fe_keys_kind_of(const struct fe_mapping *const *one_of, const struct fe_node *map);

const struct fe_key *fe_key_find(const struct fe_mapping *mapping, struct fe_str name); /* or NULL */

/* What a key of a checked mapping says, else its preset. */
struct fe_str fe_key_text(const struct fe_mapping *mapping, const struct fe_node *map, const char *key);
bool fe_key_bool(const struct fe_mapping *mapping, const struct fe_node *map, const char *key);
int64_t fe_key_int(const struct fe_mapping *mapping, const struct fe_node *map, const char *key);
int64_t fe_key_ms(const struct fe_mapping *mapping, const struct fe_node *map, const char *key); /* of a duration */

#endif
