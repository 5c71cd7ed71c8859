// SPDX-License-Identifier: Apache-2.0
/* bench/floor_sqlite.c - the least that loading a SQLite warehouse can cost
 *
 *   floor_sqlite READY.db NEW.db TABLE...
 *
 * Reads the rows of the tables from a finished warehouse into memory, makes the same
 * empty tables in a new file with the same pragmas, and then, timed, inserts the rows
 * by prepared statements in one transaction and builds the same indexes: no reading of
 * CSV, no checks but SQLite's own, nothing that is not in the tables. Prints seconds.
 *
 * A benchmark, not part of finetl: it uses nothing of it, and stops at any error.
 */
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* As in src/db/sqlite.c. */
static const char pragmas[] =
	"PRAGMA foreign_keys = ON; PRAGMA cell_size_check = ON; PRAGMA temp_store = FILE; "
	"PRAGMA cache_size = -8192; PRAGMA temp.cache_size = -2048; PRAGMA page_size = %lld; "
	"PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA;";

/* The values of all rows one after another: a type byte, then 8 bytes of integer, or 4
 * of length and the text. */
struct rows {
	unsigned char *bytes;
	size_t n_bytes, cap_bytes;
	size_t n_rows;
	int n_columns;
	char *insert_sql;
};

static void
fail(sqlite3 *db, const char *what)
{
	fprintf(stderr, "floor_sqlite: %s: %s\n", what, db ? sqlite3_errmsg(db) : "out of memory");
	exit(1);
}

static void
exec(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail(db, sql);
}

static void
add(struct rows *r, const void *p, size_t n)
{
	if (r->n_bytes + n > r->cap_bytes) {
		r->cap_bytes = (r->n_bytes + n) * 2;
		r->bytes = realloc(r->bytes, r->cap_bytes);
		if (!r->bytes)
			fail(NULL, "rows");
	}
	memcpy(r->bytes + r->n_bytes, p, n);
	r->n_bytes += n;
}

static void
add_value(struct rows *r, sqlite3_stmt *st, int column)
{
	unsigned char type = (unsigned char)sqlite3_column_type(st, column);
	add(r, &type, 1);
	if (type == SQLITE_INTEGER) {
		int64_t v = sqlite3_column_int64(st, column);
		add(r, &v, sizeof(v));
	} else if (type == SQLITE_TEXT) {
		uint32_t n = (uint32_t)sqlite3_column_bytes(st, column);
		add(r, &n, sizeof(n));
		add(r, sqlite3_column_text(st, column), n);
	} else if (type != SQLITE_NULL) {
		fprintf(stderr, "floor_sqlite: a column is neither integer nor text\n");
		exit(1);
	}
}

static sqlite3_stmt *
prepare(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *st;
	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
		fail(db, sql);
	return st;
}

/* Stored columns only: what SQLite computes by itself is not inserted. */
static char *
column_list(sqlite3 *db, const char *table)
{
	char *sql = sqlite3_mprintf("SELECT group_concat('\"' || name || '\"', ', ') FROM pragma_table_xinfo(%Q) WHERE hidden = 0", table);
	sqlite3_stmt *st = prepare(db, sql);
	if (sqlite3_step(st) != SQLITE_ROW || !sqlite3_column_text(st, 0))
		fail(db, table);
	char *list = sqlite3_mprintf("%s", sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	sqlite3_free(sql);
	return list;
}

static void
read_rows(sqlite3 *db, const char *table, struct rows *r)
{
	char *list = column_list(db, table);
	char *sql = sqlite3_mprintf("SELECT %s FROM \"%w\" ORDER BY rowid", list, table);
	sqlite3_stmt *st = prepare(db, sql);
	r->n_columns = sqlite3_column_count(st);
	while (sqlite3_step(st) == SQLITE_ROW) {
		for (int i = 0; i < r->n_columns; i++)
			add_value(r, st, i);
		r->n_rows++;
	}
	sqlite3_finalize(st);
	sqlite3_free(sql);

	char *marks = malloc((size_t)r->n_columns * 2 + 1);
	if (!marks)
		fail(NULL, "marks");
	for (int i = 0; i < r->n_columns; i++)
		memcpy(marks + i * 2, "?,", 2);
	marks[r->n_columns * 2 - 1] = '\0';
	r->insert_sql = sqlite3_mprintf("INSERT INTO \"%w\" (%s) VALUES (%s)", table, list, marks);
	free(marks);
	sqlite3_free(list);
}

/* The statements that made a table, or its indexes. */
static void
copy_schema(sqlite3 *from, sqlite3 *to, const char *table, const char *type)
{
	char *sql = sqlite3_mprintf("SELECT sql FROM sqlite_schema WHERE tbl_name = %Q AND type = %Q AND sql IS NOT NULL", table, type);
	sqlite3_stmt *st = prepare(from, sql);
	while (sqlite3_step(st) == SQLITE_ROW)
		exec(to, (const char *)sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	sqlite3_free(sql);
}

static void
insert_rows(sqlite3 *db, const struct rows *r)
{
	sqlite3_stmt *st = prepare(db, r->insert_sql);
	const unsigned char *p = r->bytes;
	for (size_t row = 0; row < r->n_rows; row++) {
		for (int i = 1; i <= r->n_columns; i++) {
			unsigned char type = *p++;
			if (type == SQLITE_INTEGER) {
				int64_t v;
				memcpy(&v, p, sizeof(v));
				sqlite3_bind_int64(st, i, v);
				p += sizeof(v);
			} else if (type == SQLITE_TEXT) {
				uint32_t n;
				memcpy(&n, p, sizeof(n));
				p += sizeof(n);
				sqlite3_bind_text(st, i, (const char *)p, (int)n, SQLITE_STATIC);
				p += n;
			} else {
				sqlite3_bind_null(st, i);
			}
		}
		if (sqlite3_step(st) != SQLITE_DONE)
			fail(db, r->insert_sql);
		sqlite3_reset(st);
	}
	sqlite3_finalize(st);
}

static long long
pragma(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *st = prepare(db, sql);
	if (sqlite3_step(st) != SQLITE_ROW)
		fail(db, sql);
	long long v = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return v;
}

static double
seconds(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int
main(int argc, char **argv)
{
	sqlite3 *ready, *db;
	int n_tables = argc - 3;

	if (n_tables < 1) {
		fprintf(stderr, "usage: floor_sqlite READY.db NEW.db TABLE...\n");
		return 2;
	}
	struct rows *rows = calloc((size_t)n_tables, sizeof(*rows));
	if (!rows)
		fail(NULL, "tables");
	if (sqlite3_open_v2(argv[1], &ready, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
		fail(ready, argv[1]);
	for (int t = 0; t < n_tables; t++)
		read_rows(ready, argv[3 + t], &rows[t]);

	double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	if (sqlite3_open(argv[2], &db) != SQLITE_OK)
		fail(db, argv[2]);
	char *sql = sqlite3_mprintf(pragmas, pragma(ready, "PRAGMA page_size"));
	exec(db, sql);
	sqlite3_free(sql);
	exec(db, "BEGIN IMMEDIATE");
	for (int t = 0; t < n_tables; t++) {
		copy_schema(ready, db, argv[3 + t], "table");
		insert_rows(db, &rows[t]);
		copy_schema(ready, db, argv[3 + t], "index");
	}
	exec(db, "COMMIT");
	if (sqlite3_close(db) != SQLITE_OK)
		fail(db, "close");
	wall = seconds(CLOCK_MONOTONIC) - wall;
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;

	size_t n = 0;
	for (int t = 0; t < n_tables; t++)
		n += rows[t].n_rows;
	printf("{\"seconds\": %.6f, \"cpu\": %.6f, \"rows\": %zu}\n", wall, cpu, n);
	sqlite3_close(ready);
	return 0;
}
