// SPDX-License-Identifier: Apache-2.0
/* pipeline/reference.c - docs/pipeline-file.md, so that it cannot differ from the program */
#include "expr/expr.h"
#include "pipeline/reference.h"

#include "base/decimal.h"
#include "base/time.h"
#include "expr/expr.h"
#include "format/csv.h"
#include "pipeline/connectors.h"
#include "pipeline/keys.h"

static const struct fe_mapping *const mappings[] = {
	&fe_keys_pipeline, &fe_keys_defaults, &fe_keys_type_defaults, &fe_keys_dataset, &fe_keys_csv,
	&fe_keys_json, &fe_keys_ndjson, &fe_keys_api, &fe_keys_pagination, &fe_keys_auth_bearer, &fe_keys_auth_api_key,
	&fe_keys_auth_basic, &fe_keys_auth_oauth2, &fe_keys_auth_hmac, &fe_keys_auth_aws, &fe_keys_postgresql,
	&fe_keys_sqlite, &fe_keys_odbc, &fe_keys_cursor, &fe_keys_network, &fe_keys_column, &fe_keys_decimal, &fe_keys_rule, &fe_keys_reference, &fe_keys_derived,
	&fe_keys_bands, &fe_keys_point, &fe_keys_trailer, &fe_keys_control, &fe_keys_sidecar, &fe_keys_gate, &fe_keys_rejects, &fe_keys_target, &fe_keys_foreign_key,
	&fe_keys_notice, &fe_keys_email,
};
#define N_MAPPINGS (sizeof(mappings) / sizeof(*mappings))

static const char intro[] =
	"# The pipeline file\n\n"
	"<!-- Printed by `finetl describe pipeline` from the tables in src/pipeline/keys.c; a test holds the two equal. -->\n\n"
	"A pipeline file is YAML in UTF-8: mappings, lists and texts, without anchors, aliases, tags or a second\n"
	"document. It says where records come from, what they must be, and which tables they fill. Everything in it is\n"
	"checked before anything is read: `finetl lint FILE` shows all mistakes at once, each with its line and column.\n"
	"[pipelines/financial_transactions.yaml](../pipelines/financial_transactions.yaml) is a whole one.\n\n"
	"- **Paths** are relative to the file. `--warehouse` is relative to the current folder.\n"
	"- **Names** of data sets, columns, rules and tables are small letters, digits and `_`, at most 63 and no digit\n"
	"  first. A table may be `schema.name`.\n"
	"- **No value** is an absent key. A bare `null` or `~` is a mistake; the text is written `'null'`.\n"
	"- **`${NAME}`** stands for an environment variable where the table says *env*.\n"
	"- **`{name}`** stands for a parameter where the table says *params*: one declared under `params`, given by\n"
	"  `--param name=value`. In an expression it stands inside quotes, as `'{name}'`, or is a number. `{{` is a brace.\n"
	"- At most 1 MiB, 50,000 values, 32 levels, 256 data sets, 1,024 columns in one.\n\n";

static const char types[] =
	"## Types\n\n"
	"| type | what it takes |\n|---|---|\n"
	"| `text(n)`, `text` | UTF-8 of at most n characters; longer ones are rejected, never cut |\n"
	"| `decimal(p,s)` | `-?digits[.digits]` with p digits, at most 18, s of them decimals; fewer decimals are fine, more are rejected even if zero |\n"
	"| `int` | digits with an optional `-`, 64 bits |\n"
	"| `bool` | true/false, t/f, yes/no, y/n, 1/0, in any case |\n"
	"| `date` | `YYYY-MM-DD`, or as `format` says |\n"
	"| `timestamp` | `YYYY-MM-DD[( or T)hh:mm[:ss[.ffffff]]][Z or +hh:mm]`, or as `format` says; kept in UTC |\n\n"
	"Directives of `format`: `%Y %m %d %H %M %S %f %y %b %B %p %I %z %s %e %-d %-m %%`.\n\n";

/* Text of a cell of a table, where a bar ends the cell. */
static void
add_cell(struct fe_buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '|')
			fe_buf_add_char(out, '\\');
		fe_buf_add_char(out, *text);
	}
}

/* The anchor that a heading gets: small letters of its text, and dashes for blanks. */
static void
add_link(struct fe_buf *out, const char *text, const struct fe_mapping *to)
{
	fe_buf_addf(out, "[%s](#", text);
	for (const char *p = to->path; *p; p++) {
		bool is_upper = *p >= 'A' && *p <= 'Z';
		if (is_upper || (*p >= 'a' && *p <= 'z') || *p == '_')
			fe_buf_add_char(out, (char)(is_upper ? *p + ('a' - 'A') : *p));
		else if (*p == ' ')
			fe_buf_add_char(out, '-');
	}
	fe_buf_add_char(out, ')');
}

static void
add_choices(struct fe_buf *out, const struct fe_key *key)
{
	for (size_t i = 0; key->choices[i]; i++)
		fe_buf_addf(out, "%s`%s`", i ? ", " : "", key->choices[i]);
}

static void
add_bounds(struct fe_buf *out, const struct fe_key *key)
{
	if (key->max == INT64_MAX)
		fe_buf_addf(out, ", at least %lld", (long long)key->min);
	else if (key->max)
		fe_buf_addf(out, " from %lld to %lld", (long long)key->min, (long long)key->max);
}

static void
add_form(struct fe_buf *out, const struct fe_key *key)
{
	if (key->form) {
		fe_buf_add_text(out, key->form);
		return;
	}
	switch (key->kind) {
	case FE_KEY_TEXT:
		fe_buf_add_text(out, "text");
		break;
	case FE_KEY_NAME:
		fe_buf_add_text(out, "name");
		break;
	case FE_KEY_TABLE:
		fe_buf_add_text(out, "table");
		break;
	case FE_KEY_TYPE:
		fe_buf_add_text(out, "[type](#types)");
		break;
	case FE_KEY_EXPRESSION:
		fe_buf_add_text(out, "[expression](#expressions)");
		break;
	case FE_KEY_INT:
		fe_buf_add_text(out, "whole number");
		add_bounds(out, key);
		break;
	case FE_KEY_DECIMAL:
		fe_buf_add_text(out, "number");
		add_bounds(out, key);
		break;
	case FE_KEY_BOOL:
		fe_buf_add_text(out, "`true`, `false`");
		break;
	case FE_KEY_CHAR:
		fe_buf_add_text(out, "one character, or ");
		add_choices(out, key);
		break;
	case FE_KEY_CHOICE:
		add_choices(out, key);
		break;
	case FE_KEY_CHOICES:
		fe_buf_add_text(out, "one or a list of ");
		add_choices(out, key);
		break;
	case FE_KEY_TEXTS:
		fe_buf_add_text(out, "list of texts");
		break;
	case FE_KEY_LISTS:
		fe_buf_add_text(out, "list of lists");
		break;
	case FE_KEY_ALL_OR_TEXTS:
		fe_buf_add_text(out, "`all`, or a list of columns");
		break;
	case FE_KEY_PAIRS:
		fe_buf_add_text(out, "mapping of texts");
		break;
	case FE_KEY_MAPPING:
		add_link(out, "mapping", key->of);
		break;
	case FE_KEY_MAPPINGS:
		fe_buf_add_text(out, "list of ");
		add_link(out, "mappings", key->of);
		break;
	case FE_KEY_DURATION:
		fe_buf_add_text(out, "duration, as `30s`, `10m`");
		break;
	case FE_KEY_ONE_OF:
		fe_buf_add_text(out, "one of ");
		for (size_t i = 0; key->one_of[i]; i++) {
			fe_buf_add_text(out, i ? ", " : "");
			add_link(out, key->one_of[i]->keys[0].name, key->one_of[i]);
		}
		break;
	case FE_KEY_NAMED:
		fe_buf_add_text(out, "mapping of names to ");
		add_link(out, "mappings", key->of);
		break;
	}
}

/* For which columns, and what is filled in. */
static void
add_notes(struct fe_buf *out, const struct fe_key *key)
{
	bool is_first = true;
	for (int kind = 0; kind < FE_N_KINDS; kind++) {
		if (!(key->kinds & 1u << kind))
			continue;
		fe_buf_addf(out, is_first ? " Only %s" : ", %s", fe_kind_name((enum fe_kind)kind));
		is_first = false;
	}
	if (!is_first)
		fe_buf_add_char(out, '.');
	if (key->takes_env || key->takes_params)
		fe_buf_addf(out, " *%s%s%s*", key->takes_env ? "env" : "", key->takes_env && key->takes_params ? ", " : "",
			    key->takes_params ? "params" : "");
}

static void
add_mapping(struct fe_buf *out, const struct fe_mapping *m)
{
	fe_buf_addf(out, m == &fe_keys_pipeline ? "## %s\n\n" : "## `%s`\n\n", m->path);
	fe_buf_addf(out, "%s\n\n| key | value | default | |\n|---|---|---|---|\n", m->help);
	for (const struct fe_key *k = m->keys; k->name; k++) {
		fe_buf_addf(out, "| `%s` | ", k->name);
		add_form(out, k);
		if (k->is_required)
			fe_buf_add_text(out, " | *required* | ");
		else if (k->preset)
			fe_buf_addf(out, " | `%s` | ", k->preset);
		else
			fe_buf_add_text(out, " | | ");
		fe_buf_add_text(out, k->help);
		add_notes(out, k);
		fe_buf_add_text(out, " |\n");
	}
	fe_buf_add_char(out, '\n');
}

static void
add_connectors(struct fe_buf *out)
{
	fe_buf_add_text(out, "## Sources\n\n");
	for (size_t i = 0; fe_sources[i]; i++)
		fe_buf_addf(out, "- `%s`: %s\n", fe_sources[i]->name, fe_sources[i]->summary);
	fe_buf_add_text(out, "\n## Warehouses\n\n");
	for (size_t i = 0; fe_sinks[i]; i++)
		fe_buf_addf(out, "- `%s:`: %s\n", fe_sinks[i]->scheme, fe_sinks[i]->summary);
	fe_buf_add_char(out, '\n');
}

static void
add_expressions(struct fe_buf *out)
{
	size_t n;
	const char *const *functions = fe_expr_function_help(&n);
	fe_buf_add_text(out,
		"## Expressions\n\n"
		"A small, typed, exact subset of SQL. Columns by name; literals `12`, `12.50`, `'text'`, `true`, `false`,\n"
		"`null`, `date '2026-01-31'`, `timestamp '2026-01-31 10:00Z'`; `+ - * ||`, `= <> != < <= > >=`, `and or not`,\n"
		"`in (...)`, `between ... and ...`, `like ... escape ...`, `is [not] null`, `case when ... then ... else ... end`.\n"
		"Decimals are exact: `/` stands only inside `round(x / y, scale)`. Nulls are as in SQL: a comparison with no value\n"
		"is unknown.\n\n"
		"| function | |\n|---|---|\n");
	for (size_t i = 0; i < n; i++) {
		const char *dash = strstr(functions[i], " - ");
		FE_ASSERT(dash);
		fe_buf_addf(out, "| `%.*s` | ", (int)(dash - functions[i]), functions[i]);
		add_cell(out, dash + 3);
		fe_buf_add_text(out, " |\n");
	}
}

/* Codes from first to last, but those that only say that all is well. */
#define ADD_CODES(out, what, code_of, n)                                                         \
	do {                                                                                     \
		fe_buf_addf((out), "| %s | ", (what));                                           \
		for (unsigned i_ = 1; i_ < (n); i_++)                                            \
			fe_buf_addf((out), "%s`%s`", i_ > 1 ? ", " : "", code_of(i_));           \
		fe_buf_add_text((out), " |\n");                                                  \
	} while (0)

static void
add_reasons(struct fe_buf *out)
{
	fe_buf_add_text(out,
		"\n## Reasons of rejects\n\n"
		"`column:code` where a cell is wrong, `record:code` where the record is, the id of a rule or a reference that is\n"
		"broken, and `conflict` where a record contradicts an earlier one of the same key. A record has all of its reasons.\n\n"
		"| of | codes |\n|---|---|\n"
		"| every column | `invalid_utf8`, `nul_byte`, `missing` |\n"
		"| text | `too_long` |\n"
		"| bool | `not_a_bool` |\n");
	ADD_CODES(out, "decimal, int", fe_decimal_why_code, FE_DECIMAL_OUT_OF_RANGE + 1u);
	ADD_CODES(out, "date, timestamp", fe_time_why_code, FE_TIME_REPEATED_TIME + 1u);
	fe_buf_add_text(out, "| computed and derived columns | `overflow`, `out_of_range`, `too_many_decimals`, `too_long` |\n");
	ADD_CODES(out, "`record`, of CSV", fe_csv_flaw_code, FE_CSV_REPEATED_HEADER + 1u);
}

void
fe_pipeline_reference(struct fe_buf *out)
{
	fe_buf_add_text(out, intro);
	for (size_t i = 0; i < N_MAPPINGS; i++)
		add_mapping(out, mappings[i]);
	add_connectors(out);
	fe_buf_add_text(out, types);
	add_expressions(out);
	add_reasons(out);
}
