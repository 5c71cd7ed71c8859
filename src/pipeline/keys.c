// SPDX-License-Identifier: Apache-2.0
/* pipeline/keys.c - the tables, from the outermost mapping inwards */
#include "pipeline/keys.h"

#define MAPPING(variable, ...) const struct fe_mapping variable = { __VA_ARGS__ }
#define KIND(k) (1u << (k))

static const char *const versions[] = { "1", NULL };
static const char *const cases[] = { "keep", "lower", "upper", NULL };
static const char *const points[] = { ".", ",", NULL };
static const char *const groups[] = { ",", ".", "'", " ", NULL };
static const char *const signs[] = { "plus", "trailing", "parentheses", NULL };
static const char *const actions[] = { "reject", "warn", "abort", NULL };
/* In the order of enum fe_contract. */
static const char *const contracts[] = { "freeze", "evolve", "discard_column", NULL };
static const char *const on_missing[] = { "reject", "placeholder", NULL };
/* In the order of enum fe_reject_raw. */
static const char *const raws[] = { "full", "masked", "none", NULL };

MAPPING(fe_keys_pipeline, .name = "the pipeline file", .path = "The file",
	.help = "The outermost mapping.",
	.keys = (const struct fe_key[]){
		{ .name = "version", .kind = FE_KEY_CHOICE, .choices = versions, .is_required = true,
		  .help = "Version of this format." },
		{ .name = "pipeline", .kind = FE_KEY_NAME, .is_required = true,
		  .help = "Name of the pipeline: in the audit log, and of the lock that lets one run at a time." },
		{ .name = "warehouse", .kind = FE_KEY_TEXT, .takes_env = true, .takes_params = true,
		  .form = "URL",
		  .help = "Where the tables are: `sqlite:FILE`, `postgresql://HOST/DATABASE` (`postgresql:` "
			  "alone: what `PGHOST`, `PGDATABASE`, `PGSERVICE` and the like name) or `files:DIR`. "
			  "`--warehouse` and `FINETL_WAREHOUSE` win over it. A password is never written out "
			  "here: leave it to `~/.pgpass`, `PGPASSWORD` or a service, or name a variable, "
			  "`${NAME}`." },
		{ .name = "params", .kind = FE_KEY_PAIRS, .may_be_empty = true, .max = 256,
		  .form = "mapping of names to values",
		  .help = "Parameters that `--param name=value` sets, each with what holds where it does "
			  "not; a parameter without a value must be set." },
		{ .name = "defaults", .kind = FE_KEY_MAPPING, .of = &fe_keys_defaults,
		  .help = "Column options by type, for columns that do not say otherwise." },
		{ .name = "datasets", .kind = FE_KEY_MAPPINGS, .of = &fe_keys_dataset, .is_required = true,
		  .min = 1, .max = 256, .help = "What is read. They run in the order of their references." },
		{ .name = "targets", .kind = FE_KEY_NAMED, .of = &fe_keys_target, .is_required = true,
		  .min = 1, .max = 256,
		  .help = "The tables, by name; each is fed by one data set." },
		{ .name = "notify", .kind = FE_KEY_MAPPINGS, .of = &fe_keys_notice, .max = 16,
		  .help = "Who is told how a run ended, and when." },
		{ 0 } });

MAPPING(fe_keys_defaults, .name = "the defaults", .path = "defaults",
	.help = "Options that all columns of a type have, unless they say otherwise. Computed columns "
		"take none.",
	.keys = (const struct fe_key[]){
		{ .name = "text", .kind = FE_KEY_MAPPING, .of = &fe_keys_type_defaults, .help = "Of text columns." },
		{ .name = "decimal", .kind = FE_KEY_MAPPING, .of = &fe_keys_type_defaults, .help = "Of decimal columns." },
		{ .name = "int", .kind = FE_KEY_MAPPING, .of = &fe_keys_type_defaults, .help = "Of int columns." },
		{ .name = "bool", .kind = FE_KEY_MAPPING, .of = &fe_keys_type_defaults, .help = "Of bool columns." },
		{ .name = "date", .kind = FE_KEY_MAPPING, .of = &fe_keys_type_defaults, .help = "Of date columns." },
		{ .name = "timestamp", .kind = FE_KEY_MAPPING, .of = &fe_keys_type_defaults, .help = "Of timestamp columns." },
		{ 0 } });

/* What cleaning a cell takes: the same rows for a column and for the defaults of a type. */
#define CLEANING_KEYS                                                                            \
	{ .name = "trim", .kind = FE_KEY_BOOL, .preset = "false", .only_read = true,             \
	  .help = "Cut blanks (ASCII white space) at both ends; a cell of blanks is then empty." }, \
	{ .name = "null", .kind = FE_KEY_TEXTS, .min = 1, .max = 1000, .only_read = true,        \
	  .help = "The texts that stand for no value, in place of the empty text." },            \
	{ .name = "case", .kind = FE_KEY_CHOICE, .choices = cases, .preset = "keep",             \
	  .kinds = KIND(FE_TEXT), .only_read = true, .help = "Change to lower or upper case." }, \
	{ .name = "format", .kind = FE_KEY_TEXT, .kinds = KIND(FE_DATE) | KIND(FE_TIMESTAMP),    \
	  .only_read = true,                                                                     \
	  .help = "How it is written, as `%d/%m/%Y`; without it `YYYY-MM-DD`, with the time behind." }, \
	{ .name = "zone", .kind = FE_KEY_TEXT, .kinds = KIND(FE_TIMESTAMP), .only_read = true,   \
	  .help = "Time zone of values without an offset, as `Europe/London`; without it they "  \
		  "are rejected." },                                                             \
	{ .name = "decimal", .kind = FE_KEY_MAPPING, .of = &fe_keys_decimal,                     \
	  .kinds = KIND(FE_DECIMAL), .only_read = true,                                          \
	  .help = "How numbers are written, where it is not plain `-1234.56`." }

MAPPING(fe_keys_type_defaults, .name = "the defaults of a type", .path = "defaults.TYPE",
	.help = "The cleaning options of a column.",
	.keys = (const struct fe_key[]){ CLEANING_KEYS, { 0 } });

MAPPING(fe_keys_dataset, .name = "a data set", .path = "datasets[]",
	.help = "Records of one kind: where they come from, what they must be, where they go.",
	.keys = (const struct fe_key[]){
		{ .name = "name", .kind = FE_KEY_NAME, .is_required = true, .help = "Its name: in reports and rejects." },
		{ .name = "source", .kind = FE_KEY_ONE_OF, .one_of = fe_keys_sources, .is_required = true,
		  .help = "Where the records come from." },
		{ .name = "contract", .kind = FE_KEY_CHOICE, .choices = contracts, .preset = "freeze",
		  .help = "What is done where the source has other columns than are declared. `freeze`: an error that "
			  "names them. `evolve`: one that is not declared is read as text, into a column that is added to "
			  "the table (nullable, `pii`, changed by later records); one that is gone is null; one of another "
			  "type, in a database, is read as text and cast. `discard_column`: the same, but what is not "
			  "declared is not read, only counted. Under each of them it is an error that none of the declared "
			  "columns is there. In JSON a column is gone where no record has it; `freeze` lets that pass where "
			  "a run reads only what is new." },
		{ .name = "columns", .kind = FE_KEY_MAPPINGS, .of = &fe_keys_column, .is_required = true,
		  .min = 1, .max = 1024, .help = "The columns that are read, and those computed from them." },
		{ .name = "where", .kind = FE_KEY_EXPRESSION, .takes_params = true,
		  .help = "Keep the records for which this is true; the others are counted as filtered." },
		{ .name = "rules", .kind = FE_KEY_MAPPINGS, .of = &fe_keys_rule, .max = 1024,
		  .help = "What each record must meet." },
		{ .name = "references", .kind = FE_KEY_MAPPINGS, .of = &fe_keys_reference, .max = 64,
		  .help = "Values that must be keys of another table." },
		{ .name = "derive", .kind = FE_KEY_MAPPINGS, .of = &fe_keys_derived, .max = 1024,
		  .help = "Columns made of the others, after all checks." },
		{ .name = "expectations", .kind = FE_KEY_TEXT, .takes_params = true, .form = "path",
		  .help = "A suite of Great Expectations (JSON). It is held against the records that the data "
			  "set keeps: those that pass all checks and are no copy of another; a version that a "
			  "later record of the run replaces takes part, too. A failed expectation of severity "
			  "critical (`--fail-on`) holds the run. `run_time` and `params` are parameters of every suite." },
		{ .name = "control", .kind = FE_KEY_MAPPING, .of = &fe_keys_control,
		  .help = "Control totals from elsewhere, that what was read must agree with." },
		{ .name = "sum_by", .kind = FE_KEY_TEXTS, .min = 1, .max = 4,
		  .help = "Source columns, as `[currency]`: counts and sums of the reconciliation are also told, and must agree, for "
			  "each of their values. At most 1000 groups." },
		{ .name = "gate", .kind = FE_KEY_MAPPING, .of = &fe_keys_gate,
		  .help = "What must hold for the run to be published." },
		{ .name = "rejects", .kind = FE_KEY_MAPPING, .of = &fe_keys_rejects,
		  .help = "What is kept of records that are not loaded, and for how long." },
		{ .name = "target", .kind = FE_KEY_TABLE, .is_required = true,
		  .help = "The table of `targets` that it feeds." },
		{ 0 } });

MAPPING(fe_keys_column, .name = "a column", .path = "datasets[].columns[]",
	.help = "For each column in turn: decode, `trim`, `null`, `map`, `case`, cast to its `type`, "
		"`default`, `required`. A cell that fails rejects the record with the reason `column:code`.",
	.keys = (const struct fe_key[]){
		{ .name = "name", .kind = FE_KEY_NAME, .is_required = true, .help = "Its name in the warehouse and in expressions." },
		{ .name = "type", .kind = FE_KEY_TYPE, .is_required = true, .help = "Its type." },
		{ .name = "from", .kind = FE_KEY_TEXT, .only_read = true,
		  .help = "Its name in the source, where it is another." },
		CLEANING_KEYS,
		{ .name = "map", .kind = FE_KEY_PAIRS, .only_read = true, .form = "mapping of texts to texts",
		  .help = "Texts to put in the place of others." },
		{ .name = "default", .kind = FE_KEY_TEXT,
		  .help = "What a record without a value gets, written as a cell of the source would be." },
		{ .name = "required", .kind = FE_KEY_BOOL, .preset = "false",
		  .help = "Whether a record without a value is rejected (`column:missing`). Keys always are." },
		{ .name = "pii", .kind = FE_KEY_BOOL, .preset = "false",
		  .help = "Whether it tells of a person: no value of it is shown in results and reports, and no sum. What `value` makes of such a "
			  "column tells of one, too, truth values aside, unless this says otherwise." },
		{ .name = "value", .kind = FE_KEY_EXPRESSION, .takes_params = true,
		  .help = "Compute it from the columns before it, instead of reading it." },
		{ 0 } });

MAPPING(fe_keys_decimal, .name = "a way of writing decimals", .path = "datasets[].columns[].decimal",
	.help = "What is not declared here is rejected, with a reason of its own.",
	.keys = (const struct fe_key[]){
		{ .name = "point", .kind = FE_KEY_CHOICE, .choices = points, .preset = ".", .help = "The decimal point." },
		{ .name = "group", .kind = FE_KEY_CHOICE, .choices = groups,
		  .help = "What groups digits in threes. A blank stands for the no-break ones (U+00A0, U+202F), too." },
		{ .name = "sign", .kind = FE_KEY_CHOICES, .choices = signs,
		  .help = "Signs to understand beside a leading minus: `+5`, `5-`, `(5)`." },
		{ .name = "currency", .kind = FE_KEY_TEXTS, .min = 1, .max = 32,
		  .help = "Currency signs to pass over, as `[\"$\", EUR]`: one of them may stand before or behind the number, "
			  "with a blank between or none. Any other is rejected." },
		{ 0 } });

MAPPING(fe_keys_rule, .name = "a rule", .path = "datasets[].rules[]",
	.help = "A rule is broken where its check is false; where it is unknown, because a value is "
		"missing, it is not.",
	.keys = (const struct fe_key[]){
		{ .name = "id", .kind = FE_KEY_NAME, .is_required = true, .help = "Its name: the reason of the rejects." },
		{ .name = "check", .kind = FE_KEY_EXPRESSION, .is_required = true, .takes_params = true,
		  .help = "A condition on the columns." },
		{ .name = "action", .kind = FE_KEY_CHOICE, .choices = actions, .preset = "reject",
		  .help = "Reject the record, only count it, or end the run." },
		{ 0 } });

MAPPING(fe_keys_reference, .name = "a reference", .path = "datasets[].references[]",
	.help = "A record whose parent is neither among this run's kept records nor in the warehouse is "
		"rejected, or its parent is made. No value is no reference.",
	.keys = (const struct fe_key[]){
		{ .name = "id", .kind = FE_KEY_NAME, .is_required = true, .help = "Its name: the reason of the rejects." },
		{ .name = "column", .kind = FE_KEY_TEXT, .is_required = true, .help = "The column with the value." },
		{ .name = "target", .kind = FE_KEY_TABLE, .is_required = true,
		  .help = "The table that must have it, by its key of one column." },
		{ .name = "on_missing", .kind = FE_KEY_CHOICE, .choices = on_missing, .preset = "reject",
		  .help = "What to do about a record without its parent. `reject`: it is rejected. `placeholder`: the target gets a "
			  "row with this key, null in all other columns and 0 for `etl_record`, which the first record of the key "
			  "fills in, whenever it comes: that counts as inserted, and is no conflict. A key that the target's own data "
			  "set would refuse (cleaning of the key column, rules on it alone, the table's `checks`) is rejected all the "
			  "same. No column of the target but its key may be `required` or have a `default`; write `x is not null` as a "
			  "rule of its records. All references of a data set to one target say the same. A placeholder is no record: for a "
			  "reference of another data set that rejects, its key is not there." },
		{ 0 } });

MAPPING(fe_keys_derived, .name = "a derived column", .path = "datasets[].derive[]",
	.help = "One of `value`, `bands` and `points`; each may use the derived columns before it.",
	.keys = (const struct fe_key[]){
		{ .name = "name", .kind = FE_KEY_NAME, .is_required = true, .help = "Its name." },
		{ .name = "type", .kind = FE_KEY_TYPE, .is_required = true, .help = "Its type." },
		{ .name = "value", .kind = FE_KEY_EXPRESSION, .takes_params = true, .help = "An expression." },
		{ .name = "bands", .kind = FE_KEY_MAPPING, .of = &fe_keys_bands, .help = "A text by ranges of a column." },
		{ .name = "points", .kind = FE_KEY_MAPPINGS, .of = &fe_keys_point, .min = 1, .max = 256,
		  .help = "A sum of points, each where its condition is true." },
		{ .name = "clamp", .kind = FE_KEY_TEXTS, .min = 2, .max = 2, .form = "[least, greatest]",
		  .help = "With `points`: bounds of the sum." },
		{ .name = "pii", .kind = FE_KEY_BOOL, .preset = "false",
		  .help = "Whether it tells of a person. What `value` makes of a column with `pii` does, truth values aside, unless this "
			  "says otherwise." },
		{ 0 } });

MAPPING(fe_keys_bands, .name = "bands", .path = "datasets[].derive[].bands",
	.help = "The label of the first bound that is not below the value; bounds are inclusive. No value, no label.",
	.keys = (const struct fe_key[]){
		{ .name = "of", .kind = FE_KEY_TEXT, .is_required = true,
		  .help = "An int, decimal, date or timestamp column." },
		{ .name = "upto", .kind = FE_KEY_LISTS, .is_required = true, .min = 2, .max = 2,
		  .form = "list of [bound, label]", .help = "The bounds, rising, and their labels." },
		{ .name = "above", .kind = FE_KEY_TEXT, .is_required = true, .help = "The label above the last bound." },
		{ 0 } });

MAPPING(fe_keys_point, .name = "a point", .path = "datasets[].derive[].points[]",
	.help = "A condition that is unknown adds nothing.",
	.keys = (const struct fe_key[]){
		{ .name = "add", .kind = FE_KEY_TEXT, .is_required = true, .form = "number", .help = "How many." },
		{ .name = "when", .kind = FE_KEY_EXPRESSION, .is_required = true, .takes_params = true,
		  .help = "For which records." },
		{ 0 } });

MAPPING(fe_keys_rejects, .name = "how rejects are kept", .path = "datasets[].rejects",
	.help = "That a record was rejected, where it stands and why is kept in any case.",
	.keys = (const struct fe_key[]){
		{ .name = "raw", .kind = FE_KEY_CHOICE, .choices = raws, .preset = "full",
		  .help = "The record itself: all of it, all but the values of `pii` columns (`masked`), or nothing. Only what is kept "
			  "in full can be exported and replayed." },
		{ .name = "keep_days", .kind = FE_KEY_INT, .min = 1, .max = 36500,
		  .help = "After so many days a run takes the record out of the reject, as `finetl rejects purge` does; without it, it "
			  "stays." },
		{ 0 } });

MAPPING(fe_keys_gate, .name = "a gate", .path = "datasets[].gate",
	.help = "Any bound that is passed holds the whole run: nothing is published, the rejects are kept.",
	.keys = (const struct fe_key[]){
		{ .name = "max_rejected_percent", .kind = FE_KEY_DECIMAL, .max = 100, .scale = 6,
		  .help = "Rejects, as a share of the records read." },
		{ .name = "max_rejected_sum", .kind = FE_KEY_PAIRS, .max = 1024,
		  .form = "mapping of decimal columns to amounts",
		  .help = "Rejected amounts, added without their signs." },
		{ .name = "min_quality_score", .kind = FE_KEY_DECIMAL, .max = 100, .scale = 6,
		  .help = "The percent of `expectations` that are met, whatever their severity, at least." },
		{ .name = "min_rows", .kind = FE_KEY_INT, .max = INT64_MAX, .preset = "0", .help = "Records read, at least." },
		{ 0 } });

MAPPING(fe_keys_target, .name = "a target", .path = "targets.NAME",
	.help = "A table. Its columns are those of its data set, with stamps and provenance added: "
		"`processed_at`, `created_at`, `updated_at`, `etl_run_id`, `etl_object_id`, `etl_record`.",
	.keys = (const struct fe_key[]){
		{ .name = "key", .kind = FE_KEY_TEXTS, .is_required = true, .min = 1, .max = 8,
		  .help = "The columns that say which row it is." },
		{ .name = "mutable", .kind = FE_KEY_ALL_OR_TEXTS,
		  .help = "The columns that a later record of the same key may change. Other changes are conflicts." },
		{ .name = "version", .kind = FE_KEY_TEXT,
		  .help = "The column whose greater value wins, whatever the order." },
		{ .name = "foreign_keys", .kind = FE_KEY_MAPPINGS, .of = &fe_keys_foreign_key, .max = 64,
		  .help = "Columns that are the key of another target." },
		{ .name = "checks", .kind = FE_KEY_TEXTS, .max = 256, .form = "list of expressions",
		  .help = "Conditions that the table itself holds." },
		{ .name = "indexes", .kind = FE_KEY_LISTS, .min = 1, .max = 8,
		  .form = "list of lists of columns, as `[a, b desc]`", .help = "Indexes beside that of the key." },
		{ 0 } });

MAPPING(fe_keys_foreign_key, .name = "a foreign key", .path = "targets.NAME.foreign_keys[]",
	.help = "Held by the table itself.",
	.keys = (const struct fe_key[]){
		{ .name = "columns", .kind = FE_KEY_TEXTS, .is_required = true, .min = 1, .max = 8, .help = "The columns of this table." },
		{ .name = "references", .kind = FE_KEY_TABLE, .is_required = true, .help = "The table whose key they are." },
		{ 0 } });
