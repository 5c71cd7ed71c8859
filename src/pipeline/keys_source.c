// SPDX-License-Identifier: Apache-2.0
/* pipeline/keys_source.c - the tables of sources: one for each kind, told by its first key */
#include "extract/api.h"
#include "format/encoding.h"
#include "pipeline/keys.h"

#define MAPPING(variable, ...) const struct fe_mapping variable = { __VA_ARGS__ }

static const char *const extra_columns[] = { "error", "ignore", NULL };
static const char *const objects[] = { "objects", NULL };
static const char *const tab[] = { "tab", NULL };
static const char *const none[] = { "none", NULL };
static const char *const methods[] = { "GET", "POST", NULL };
static const char *const on_null[] = { "include", "exclude", NULL };
/* In the order of enum fe_api_paging. */
static const char *const pagings[] = { "none", "link", "next_url", "cursor", "offset", "page", NULL };

static const struct fe_key_window templates = { FE_TEMPLATE_SINCE, FE_TEMPLATE_UNTIL };
static const struct fe_key_window bound = { "?1", "?2" };

#define KEY_ALLOW_EMPTY                                                                          \
	{ .name = "allow_empty", .kind = FE_KEY_BOOL, .preset = "false",                         \
	  .help = "Whether a source without records is fine." }
#define KEY_NETWORK                                                                              \
	{ .name = "network", .kind = FE_KEY_MAPPING, .of = &fe_keys_network,                     \
	  .help = "What is allowed, and how long is waited, where a network is between." }
#define KEY_OBJECTS                                                                              \
	{ .name = "incremental", .kind = FE_KEY_CHOICE, .choices = objects,                      \
	  .help = "`objects`: leave out files that an earlier run has loaded, told by path, version or " \
		  "size and SHA-256; `--reprocess` reads them again." }
#define KEY_CURSOR                                                                               \
	{ .name = "incremental", .kind = FE_KEY_MAPPING, .of = &fe_keys_cursor,                  \
	  .help = "Ask only for what is newer than the last run's records." }
#define KEY_RECORDS                                                                              \
	{ .name = "records", .kind = FE_KEY_TEXT, .form = "path", .takes_params = true,          \
	  .help = "Where the records are: names with dots between, as `data.items`, or a JSON pointer, as " \
		  "`/data/items`. Without it the document is an array of records, or one record. `from` of a " \
		  "column is a path within a record." }
#define FILE_FORM .form = "path, glob, URL or `-`", .takes_env = true, .takes_params = true, .is_required = true
#define FILE_HELP                                                                                \
	" (plain, gzip or zstd, told by content): a path or glob, `https://...`, `s3://bucket/key` " \
	"or `s3://bucket/prefix/*`, or `-` for standard input."

MAPPING(fe_keys_csv, .name = "a csv source", .path = "datasets[].source: csv", .help = "Records of CSV files.",
	.keys = (const struct fe_key[]){
		{ .name = "csv", .kind = FE_KEY_TEXT, FILE_FORM, .help = "CSV files" FILE_HELP },
		{ .name = "delimiter", .kind = FE_KEY_CHAR, .choices = tab, .preset = ",",
		  .help = "What stands between cells." },
		{ .name = "quote", .kind = FE_KEY_CHAR, .choices = none, .preset = "\"",
		  .help = "What a cell is quoted with." },
		{ .name = "encoding", .kind = FE_KEY_CHOICE, .choices = fe_encoding_names, .preset = "utf-8",
		  .help = "How the text is encoded. Places and raw bytes of rejects are those of the text as UTF-8." },
		{ .name = "skip_lines", .kind = FE_KEY_INT, .max = 1000000, .preset = "0",
		  .help = "Lines to pass over before the header." },
		{ .name = "names", .kind = FE_KEY_TEXTS, .min = 1, .max = 4096,
		  .help = "Names of the columns of a file without a header." },
		{ .name = "trailer", .kind = FE_KEY_MAPPING, .of = &fe_keys_trailer,
		  .help = "The last record of each file, where it is no data but tells of them." },
		{ .name = "extra_columns", .kind = FE_KEY_CHOICE, .choices = extra_columns,
		  .help = "What is done about columns that are not declared: `error`, or `ignore`, which only counts them. Each "
			  "declared column must be there; where one may be gone, set the `contract` of the data set instead." },
		KEY_ALLOW_EMPTY, KEY_OBJECTS, KEY_NETWORK, { 0 } });

MAPPING(fe_keys_json, .name = "a json source", .path = "datasets[].source: json",
	.help = "Records of JSON documents. Numbers are taken as they are written; a key that stands twice "
		"in an object is refused.",
	.keys = (const struct fe_key[]){
		{ .name = "json", .kind = FE_KEY_TEXT, FILE_FORM, .help = "JSON files" FILE_HELP },
		KEY_RECORDS, KEY_ALLOW_EMPTY, KEY_OBJECTS, KEY_NETWORK, { 0 } });

MAPPING(fe_keys_ndjson, .name = "an ndjson source", .path = "datasets[].source: ndjson",
	.help = "Records of files with one JSON object in each line. A line that is none is rejected.",
	.keys = (const struct fe_key[]){
		{ .name = "ndjson", .kind = FE_KEY_TEXT, FILE_FORM, .help = "NDJSON files" FILE_HELP },
		KEY_ALLOW_EMPTY, KEY_OBJECTS, KEY_NETWORK, { 0 } });

MAPPING(fe_keys_api, .name = "an api source", .path = "datasets[].source: api",
	.help = "Records of an HTTP JSON API, page by page. In URL, query, headers and body `{since}` and "
		"`{until}` stand for the window of an incremental run.",
	.keys = (const struct fe_key[]){
		{ .name = "api", .kind = FE_KEY_TEXT, .form = "URL", .takes_env = true, .takes_params = true,
		  .window = &templates, .is_required = true, .help = "URL of the first page, without what `query` adds. What comes from the environment is shown and kept "
			  "as `${NAME}`, but for the host." },
		{ .name = "method", .kind = FE_KEY_CHOICE, .choices = methods, .preset = "GET", .help = "How it is asked." },
		{ .name = "query", .kind = FE_KEY_PAIRS, .max = 64, .takes_env = true, .takes_params = true,
		  .window = &templates, .help = "Query parameters; what an empty `{since}` leaves empty is not sent." },
		{ .name = "headers", .kind = FE_KEY_PAIRS, .max = 64, .takes_env = true, .takes_params = true,
		  .window = &templates, .help = "Request headers." },
		{ .name = "body", .kind = FE_KEY_TEXT, .takes_env = true, .takes_params = true, .window = &templates,
		  .help = "Body of a POST, in JSON." },
		KEY_RECORDS,
		{ .name = "pagination", .kind = FE_KEY_MAPPING, .of = &fe_keys_pagination,
		  .help = "How the next page is found." },
		{ .name = "total", .kind = FE_KEY_TEXT, .form = "path",
		  .help = "Where a page tells how many records there are in all; they must be that many." },
		{ .name = "auth", .kind = FE_KEY_ONE_OF, .one_of = fe_keys_auths,
		  .help = "How the request proves who asks." },
		KEY_ALLOW_EMPTY, KEY_CURSOR, KEY_NETWORK, { 0 } });

MAPPING(fe_keys_pagination, .name = "a pagination", .path = "datasets[].source.pagination",
	.help = "Pages are read until there is no next one; a page that was seen before is an error.",
	.keys = (const struct fe_key[]){
		{ .name = "by", .kind = FE_KEY_CHOICE, .choices = pagings, .is_required = true,
		  .help = "`link`: the Link header (rel=next); `next_url`: a URL in the body; `cursor`: a value of the body, "
			  "sent back; `offset` and `page`: counted, which suits lists that only grow at their end: in one that "
			  "moves while it is read, records may be passed over." },
		{ .name = "next", .kind = FE_KEY_TEXT, .form = "path",
		  .help = "Of `next_url` and `cursor`: where it is in the body. Absent, null or empty: the last page. What it leads "
			  "through (`meta` of `meta.next`) must be on the first page, unless that has fewer records than `size`, or a `total`." },
		{ .name = "param", .kind = FE_KEY_TEXT,
		  .help = "Of `cursor`, `offset` and `page`: the query parameter that takes it (of a POST: a member of the body)." },
		{ .name = "size_param", .kind = FE_KEY_TEXT, .help = "The parameter that takes the page size." },
		{ .name = "size", .kind = FE_KEY_INT, .min = 1, .max = 1000000,
		  .help = "Records a page, as `size_param` asks for them. A page with fewer is not taken for the last one." },
		{ .name = "first", .kind = FE_KEY_INT, .min = 0, .max = 1000000,
		  .help = "Number of the first page (`page`: 1) or record (`offset`: 0)." },
		{ .name = "max_pages", .kind = FE_KEY_INT, .min = 1, .max = 1000000, .preset = "1000000",
		  .help = "More are an error." },
		{ 0 } });

MAPPING(fe_keys_cursor, .name = "a cursor", .path = "datasets[].source.incremental",
	.help = "The greatest value of a column that was read is kept with the load, and the next run asks from there. "
		"It never moves back, nor past the run time; `--from` and `--to` leave it alone. Each value of the parameters that "
		"a source uses has one of its own. A source that is put in the place of another is read on from there, too: give "
		"the data set another name, or read what is older by `--from`.",
	.keys = (const struct fe_key[]){
		{ .name = "cursor", .kind = FE_KEY_TEXT, .is_required = true,
		  .help = "The declared column, by its name or its name in the source: a timestamp, date, int or text that only grows; a text in the order that the "
			  "source compares texts in." },
		{ .name = "start", .kind = FE_KEY_TEXT, .takes_params = true,
		  .help = "What `{since}` is before anything was read; without it all is asked for." },
		{ .name = "overlap", .kind = FE_KEY_TEXT, .form = "duration, as `10m`, or a whole number",
		  .help = "How far back from there to ask again, for what was written late. What is known already is unchanged." },
		{ .name = "on_null", .kind = FE_KEY_CHOICE, .choices = on_null, .preset = "include",
		  .help = "Whether a database is asked for rows without a value every time." },
		{ 0 } });

MAPPING(fe_keys_network, .name = "a network", .path = "datasets[].source.network",
	.help = "The defaults are careful: https only, no redirects, no address of a private network.",
	.keys = (const struct fe_key[]){
		{ .name = "allow_http", .kind = FE_KEY_BOOL, .preset = "false", .help = "Read `http://`, too." },
		{ .name = "allow_private_addresses", .kind = FE_KEY_BOOL, .preset = "false",
		  .help = "Connect to loopback, link-local and private addresses." },
		{ .name = "max_redirects", .kind = FE_KEY_INT, .max = 20, .preset = "0",
		  .help = "Redirects to follow; they never take credentials to another host." },
		{ .name = "ca_file", .kind = FE_KEY_TEXT, .form = "path", .takes_env = true,
		  .help = "Certificates to trust, in the place of the system's." },
		{ .name = "crl_file", .kind = FE_KEY_TEXT, .form = "path", .takes_env = true,
		  .help = "Lists of revoked certificates (PEM), one for each authority on the way to the server; without it revocation is not looked at." },
		{ .name = "connect_timeout", .kind = FE_KEY_DURATION, .preset = "10s", .help = "For a connection." },
		{ .name = "timeout", .kind = FE_KEY_DURATION, .preset = "5m", .help = "For one answer." },
		{ .name = "low_speed_timeout", .kind = FE_KEY_DURATION, .preset = "30s",
		  .help = "A line that brings less than 1 KiB a second for so long is dead." },
		{ .name = "retry_budget", .kind = FE_KEY_DURATION, .preset = "5m",
		  .help = "All waiting between tries of one request." },
		{ .name = "max_tries", .kind = FE_KEY_INT, .min = 1, .max = 100, .preset = "8", .help = "Of one request." },
		{ .name = "requests_per_minute", .kind = FE_KEY_INT, .max = 1000000, .preset = "0",
		  .help = "Not to be exceeded; 0: as fast as they are answered." },
		{ .name = "max_body_bytes", .kind = FE_KEY_INT, .min = 1024, .max = (int64_t)4 << 30, .preset = "67108864",
		  .help = "Of one page of an API, decompressed." },
		{ 0 } });

#define SECRET .kind = FE_KEY_TEXT, .takes_env = true, .is_required = true
MAPPING(fe_keys_auth_bearer, .name = "a bearer token", .path = "datasets[].source.auth: bearer",
	.help = "`Authorization: Bearer TOKEN` (RFC 6750).",
	.keys = (const struct fe_key[]){ { .name = "bearer", SECRET, .help = "The token." }, { 0 } });
MAPPING(fe_keys_auth_api_key, .name = "an API key", .path = "datasets[].source.auth: api_key",
	.help = "A key in a header or a query parameter: name one of them.",
	.keys = (const struct fe_key[]){
		{ .name = "api_key", SECRET, .help = "The key." },
		{ .name = "header", .kind = FE_KEY_TEXT, .help = "The header that takes it." },
		{ .name = "query", .kind = FE_KEY_TEXT, .help = "The query parameter that takes it." }, { 0 } });
MAPPING(fe_keys_auth_basic, .name = "a basic authentication", .path = "datasets[].source.auth: basic",
	.help = "`Authorization: Basic` (RFC 7617).",
	.keys = (const struct fe_key[]){ { .name = "basic", SECRET, .help = "The user." },
					 { .name = "password", SECRET, .help = "The password." }, { 0 } });
MAPPING(fe_keys_auth_oauth2, .name = "an OAuth 2 authentication", .path = "datasets[].source.auth: oauth2",
	.help = "Client credentials (RFC 6749, 4.4); the token is kept and renewed.",
	.keys = (const struct fe_key[]){
		{ .name = "oauth2", SECRET, .form = "URL", .help = "Where tokens are given out." },
		{ .name = "client_id", SECRET, .help = "The client." },
		{ .name = "client_secret", SECRET, .help = "Its secret." },
		{ .name = "scope", .kind = FE_KEY_TEXT, .help = "The scopes to ask for." },
		{ .name = "secret_in_body", .kind = FE_KEY_BOOL, .preset = "false",
		  .help = "Client and secret go into the body of the request (client_secret_post), for servers that take no basic "
			  "authentication." }, { 0 } });
MAPPING(fe_keys_auth_hmac, .name = "a request signature", .path = "datasets[].source.auth: hmac",
	.help = "HMAC-SHA256 of a text made of the request, in hexadecimal.",
	.keys = (const struct fe_key[]){
		{ .name = "hmac", SECRET, .help = "The secret." },
		{ .name = "header", .kind = FE_KEY_TEXT, .preset = "X-Signature", .help = "The header that takes the signature." },
		{ .name = "timestamp_header", .kind = FE_KEY_TEXT, .preset = "X-Timestamp",
		  .help = "The header that takes the time, in seconds since 1970." },
		{ .name = "sign", .kind = FE_KEY_TEXT, .preset = "{method}\\n{path}\\n{query}\\n{timestamp}\\n{body_sha256}",
		  .help = "What is signed: these five, and `\\n` for a line end." }, { 0 } });
MAPPING(fe_keys_auth_aws, .name = "an AWS signature", .path = "datasets[].source.auth: aws",
	.help = "Signature version 4; keys come from the environment, profiles or roles, as for S3.",
	.keys = (const struct fe_key[]){
		{ .name = "aws", .kind = FE_KEY_TEXT, .is_required = true, .help = "The service, as `execute-api`." },
		{ .name = "region", .kind = FE_KEY_TEXT, .takes_env = true, .help = "The region, where it is not the configured one." },
		{ 0 } });
const struct fe_mapping *const fe_keys_auths[] = { &fe_keys_auth_bearer, &fe_keys_auth_api_key, &fe_keys_auth_basic,
						   &fe_keys_auth_oauth2, &fe_keys_auth_hmac, &fe_keys_auth_aws, NULL };

#define KEYS_OF_QUERY                                                                            \
	{ .name = "table", .kind = FE_KEY_TABLE, .help = "The table to read: this, or `query`." }, \
	{ .name = "query", .kind = FE_KEY_TEXT, .takes_params = true, .window = &bound, .is_sql = true, \
	  .help = "A SELECT; `{since}` and `{until}` stand for the window of an incremental run. A parameter is a number, " \
		  "or stands in quotes." }
MAPPING(fe_keys_postgresql, .name = "a postgresql source", .path = "datasets[].source: postgresql",
	.help = "Rows of a table or query of PostgreSQL, all of one snapshot.",
	.keys = (const struct fe_key[]){
		{ .name = "postgresql", .kind = FE_KEY_TEXT, .form = "URL", .takes_env = true, .takes_params = true,
		  .is_required = true,
		  .help = "`postgresql://HOST/DATABASE`, or `postgresql:` for what `PGHOST`, `PGSERVICE` and the like name." },
		KEYS_OF_QUERY,
		{ .name = "parallel", .kind = FE_KEY_INT, .min = 1, .max = 16, .preset = "1",
		  .help = "Parts of a table that are read at once." },
		KEY_ALLOW_EMPTY, KEY_CURSOR, { 0 } });
MAPPING(fe_keys_sqlite, .name = "a sqlite source", .path = "datasets[].source: sqlite",
	.help = "Rows of a table or query of an SQLite file.",
	.keys = (const struct fe_key[]){
		{ .name = "sqlite", .kind = FE_KEY_TEXT, .form = "path", .takes_env = true, .takes_params = true,
		  .is_required = true, .help = "The file." },
		KEYS_OF_QUERY, KEY_ALLOW_EMPTY, KEY_CURSOR, { 0 } });
MAPPING(fe_keys_odbc, .name = "an odbc source", .path = "datasets[].source: odbc",
	.help = "Rows of a table or query of any database with an ODBC driver: SQL Server, Oracle, MariaDB, Db2.",
	.keys = (const struct fe_key[]){
		{ .name = "odbc", .kind = FE_KEY_TEXT, .form = "connection string", .takes_env = true, .takes_params = true,
		  .is_required = true, .help = "As `DSN=ledger;UID=etl;PWD=${LEDGER_PASSWORD}`." },
		KEYS_OF_QUERY, KEY_ALLOW_EMPTY, KEY_CURSOR, { 0 } });

const struct fe_mapping *const fe_keys_sources[] = {
	&fe_keys_csv, &fe_keys_json, &fe_keys_ndjson, &fe_keys_api, &fe_keys_postgresql, &fe_keys_sqlite, &fe_keys_odbc,
	NULL
};
