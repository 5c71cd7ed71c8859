// SPDX-License-Identifier: Apache-2.0
/* What files:DIR leaves behind, byte by byte, and what it leaves alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "base/time.h"
#include "files_place.h"
#include "format/csv.h"
#include "io/reader.h"
#include "load/files_row.h"
#include "sink_fixture.h"

struct state {
	struct fx_tables tables;
	struct fx f;
	char url[300];
};

static int
set_up(void **p)
{
	static struct state s;
	fx_tables_init(&s.tables);
	fx_init(&s.f, &fe_sink_files, &s.tables);
	(void)snprintf(s.url, sizeof s.url, "%s", place_fresh());
	*p = &s;
	return 0;
}

static int
tear_down(void **p)
{
	struct state *s = *p;
	fx_reset(&s->f);
	fx_tables_reset(&s->tables);
	return 0;
}

#define HEADER "customer_id,name,is_active\n"
#define ITEMS_HEADER "item_id,customer_id,day,at,amount,status,fee,n,size\n"
#define REJECTS_HEADER "object,record,offset,verdict,reasons,raw,raw_encoding,detail\n"
#define WHOLE "customers.rejects.csv dim_customers.csv fact_items.csv items.rejects.csv report.json "

static const char *const two_items[] = {
	"K1|C1|2026-01-31|2026-01-31 10:00:00.000000Z|12.50|open|0.125|7|small",
	"K2|C2||||||-1|large, or \"so\"",
	NULL,
};

static void
files_hold_rows_in_input_order_in_canonical_texts(void **p)
{
	struct state *s = *p;
	fx_load_items(&s->f, s->url, "RUN1", two_items);
	assert_string_equal(place_list(), WHOLE);
	assert_string_equal(place_read("dim_customers.csv"), HEADER "C1,Ann,true\nC2,Bob,false\nC3,,\n");
	assert_string_equal(place_read("fact_items.csv"),
	                    ITEMS_HEADER
	                    "K1,C1,2026-01-31,2026-01-31 10:00:00.000000Z,12.50,open,0.125,7,small\n"
	                    "K2,C2,,,,,,-1,\"large, or \"\"so\"\"\"\n");
	assert_string_equal(place_read("items.rejects.csv"), REJECTS_HEADER);
}

static void
check_listed(const char *report, const char *name, size_t n_rows)
{
	char hex[FE_SHA256_HEX_BYTES], line[256], path[512];
	struct fe_buf text;
	fe_buf_init(&text, 1u << 20);
	(void)snprintf(path, sizeof path, "%s/%s", place_folder(), name);
	assert_int_equal(fe_file_read(path, 1u << 20, &text, NULL), FE_OK);
	fe_sha256_of(fe_buf_str(&text), hex);
	(void)snprintf(line, sizeof line, "{\"name\":\"%s\",\"bytes\":%zu,\"sha256\":\"%s\",\"rows\":%zu}", name,
	               text.n_bytes, hex, n_rows);
	if (!strstr(report, line))
		fail_msg("%s is not in %s", line, report);
	fe_buf_reset(&text);
}

static void
report_lists_every_file_with_its_hash(void **p)
{
	struct state *s = *p;
	char *report;
	fx_load_items(&s->f, s->url, "RUN1", two_items);
	report = fe_strdup(place_read("report.json"));
	check_listed(report, "dim_customers.csv", 3);
	check_listed(report, "fact_items.csv", 2);
	check_listed(report, "customers.rejects.csv", 0);
	check_listed(report, "items.rejects.csv", 0);
	static const char start[] = "{\"status\":\"x\",\n  \"files\": [\n    {\"name\":";
	assert_memory_equal(report, start, sizeof start - 1);
	assert_string_equal(report + strlen(report) - 8, "}\n  ]\n}\n");
	fe_free(report);
}

static void
rejects_say_where_why_and_what(void **p)
{
	struct state *s = *p;
	struct fx *f = &s->f;
	fx_start(f, s->url, "RUN1");
	(void)fx_table_begin(f, FX_CUSTOMERS);
	fx_table_end(f);
	(void)fx_table_begin(f, FX_ITEMS);
	fx_table_end(f);
	fx_reject(f, 4, "amount:not_a_number;customer_known", FE_STR("K4,\"x\""));
	fx_reject(f, 5, "status:invalid_utf8", FE_STR("K5,\xff"));
	fx_reject(f, 6, "status:nul_byte", FE_STR("K6\0"));
	fx_reject(f, 7, "record:too_few_cells", FE_STR("\xff\xfe"));
	fx_reject(f, 8, "record:blank_line", FE_STR(""));
	fx_end(f, "success_with_rejects");
	assert_string_equal(place_read("items.rejects.csv"),
	                    REJECTS_HEADER
	                    "/in/items.csv,4,400,rejected,amount:not_a_number;customer_known,\"K4,\"\"x\"\"\",utf-8,\n"
	                    "/in/items.csv,5,500,rejected,status:invalid_utf8,SzUs/w==,base64,\n"
	                    "/in/items.csv,6,600,rejected,status:nul_byte,SzYA,base64,\n"
	                    "/in/items.csv,7,700,rejected,record:too_few_cells,//4=,base64,\n"
	                    "/in/items.csv,8,800,rejected,record:blank_line,,utf-8,\n");
	assert_string_equal(place_read("customers.rejects.csv"), REJECTS_HEADER);
}

static void
held_run_leaves_the_set_alone_and_a_later_success_clears_up(void **p)
{
	struct state *s = *p;
	struct fx *f = &s->f;
	char *before, *report;

	fx_load_items(f, s->url, "RUN1", two_items);
	before = fe_strdup(place_read("dim_customers.csv"));
	report = fe_strdup(place_read("report.json"));
	for (int i = 0; i < 2; i++) {
		fx_start(f, s->url, "RUN2");
		(void)fx_table_begin(f, FX_CUSTOMERS);
		(void)fx_insert(f, "C9|Zoe|true");
		fx_write(f);
		fx_table_end(f);
		(void)fx_table_begin(f, FX_ITEMS);
		fx_reject(f, 4, "amount:missing", FE_STR("K4,"));
		fx_end(f, i ? "failed" : "held");
		assert_string_equal(place_read("dim_customers.csv"), before);
		assert_string_equal(place_read("report.json"), report);
		assert_string_equal(place_read("held/items.rejects.csv"),
		                    REJECTS_HEADER "/in/items.csv,4,400,rejected,amount:missing,\"K4,\",utf-8,\n");
		assert_non_null(strstr(place_read("held/report.json"), "\"name\":\"items.rejects.csv\""));
		assert_string_equal(place_list(), "customers.rejects.csv dim_customers.csv fact_items.csv held "
		                                  "items.rejects.csv report.json ");
	}
	fx_load_items(f, s->url, "RUN3", two_items);
	assert_string_equal(place_list(), WHOLE);
	fe_free(before);
	fe_free(report);
}

static void
files_of_others_and_of_tables_not_loaded_stay(void **p)
{
	struct state *s = *p;
	struct fx *f = &s->f;

	fx_load_items(f, s->url, "RUN1", two_items);
	place_write("mine.csv", "mine\n");
	place_write("old_table.csv", "old\n");
	fx_start(f, s->url, "RUN2");
	(void)fx_table_begin(f, FX_CUSTOMERS);
	(void)fx_insert(f, "C7|Gus|");
	fx_write(f);
	fx_table_end(f);
	fx_end(f, "success");
	assert_string_equal(place_read("dim_customers.csv"), HEADER "C7,Gus,\n");
	assert_string_equal(place_read("mine.csv"), "mine\n");
	assert_string_equal(place_read("old_table.csv"), "old\n");
	assert_non_null(strstr(place_read("fact_items.csv"), "K1,C1"));
	assert_null(strstr(place_read("report.json"), "fact_items"));
}

static void
leftovers_of_killed_runs_vanish_and_nothing_else_is_left(void **p)
{
	struct state *s = *p;
	fx_load_items(&s->f, s->url, "RUN1", two_items);
	place_write(".dim_customers.csv.tmp-0123456789abcdef", "half");
	fx_load_items(&s->f, s->url, "RUN2", two_items);
	assert_string_equal(place_list(), WHOLE);
}

static void
empty_text_is_not_null(void **p)
{
	struct state *s = *p;
	struct fx *f = &s->f;
	struct fe_err err = FE_ERR_INIT;

	fx_start(f, s->url, "RUN1");
	(void)fx_table_begin(f, FX_CUSTOMERS);
	(void)fx_insert(f, "C1|x|");
	f->batch.columns[1].text[0] = FE_STR("");
	fx_write(f);
	fe_batch_init(&f->met, &s->tables.schemas[FX_CUSTOMERS]);
	assert_int_equal(f->ops->fetch(f->sink, FX_CUSTOMERS, FE_PLACE_INSERTED, 0, &f->met, 0, &err), FE_OK);
	assert_true(fe_bit_get(f->met.columns[1].valid, 0));
	assert_int_equal(f->met.columns[1].text[0].n, 0);
	assert_false(fe_bit_get(f->met.columns[2].valid, 0));
	fx_table_end(f);
	fx_end(f, "success");
	assert_string_equal(place_read("dim_customers.csv"), HEADER "C1,\"\",\n");
}

/* Rows with line ends and quotes, one longer than any window, most of them removed:
 * the file must be what is left, and rows must be found before. */
static void
removals_and_fetches_find_their_way_through_long_and_quoted_rows(void **p)
{
	struct state *s = *p;
	struct fx *f = &s->f;
	struct fe_err err = FE_ERR_INIT;
	struct fe_buf expected, name;
	size_t n_rows = 3000;

	fe_buf_init(&expected, 1u << 26);
	fe_buf_init(&name, 1u << 24);
	fe_buf_add_text(&expected, HEADER);
	fx_start(f, s->url, "RUN1");
	(void)fx_table_begin(f, FX_CUSTOMERS);
	for (size_t i = 0; i < n_rows; i++) {
		char row[64];
		bool is_dead = i % 3 == 0 || (i > 1000 && i < 1200) || i == n_rows - 1;
		fe_buf_clear(&name);
		fe_buf_addf(&name, "line\n%zu \"quoted\",\r\n", i);
		for (size_t k = 0; i == 500 && k < 300000; k++)
			fe_buf_add_text(&name, "\"\n,x");
		(void)snprintf(row, sizeof row, "C%zu|x|true", i);
		(void)fx_insert(f, row);
		f->batch.columns[1].text[f->batch.n_rows - 1] =
			(struct fe_str){ fe_arena_copy(&f->batch.arena, name.p, name.n_bytes), name.n_bytes };
		if (!is_dead) {
			fe_buf_addf(&expected, "C%zu,", i);
			fe_csv_add_cell(&expected, fe_buf_str(&name), ',');
			fe_buf_add_text(&expected, ",true\n");
		}
		if (i % 100 == 99)
			fx_write(f);
	}
	fe_batch_init(&f->met, &s->tables.schemas[FX_CUSTOMERS]);
	for (int64_t i = 0; i < (int64_t)n_rows; i += i > 480 && i < 520 ? 1 : 37) {
		char key[32];
		(void)snprintf(key, sizeof key, "C%d", (int)i);
		fe_batch_clear(&f->met);
		if (f->ops->fetch(f->sink, FX_CUSTOMERS, FE_PLACE_INSERTED, i, &f->met, 0, &err))
			fail_msg("%s", err.text);
		assert_true(fe_str_is(f->met.columns[0].text[0], key));
		if (i == 500)
			assert_true(f->met.columns[1].text[0].n > 1200000);
	}
	assert_int_equal(f->ops->fetch(f->sink, FX_CUSTOMERS, FE_PLACE_INSERTED, 3000, &f->met, 0, &err), FE_EBUG);
	for (size_t i = 0; i < n_rows; i++) {
		if (i % 3 == 0 || (i > 1000 && i < 1200) || i == n_rows - 1)
			fx_remove(f, FE_PLACE_INSERTED, (int64_t)i);
		if (i % 50 == 49)
			fx_write(f);
	}
	fx_table_end(f);
	fx_end(f, "success");
	assert_string_equal(place_read("dim_customers.csv"), fe_buf_text(&expected));
	assert_string_equal(place_list(), "customers.rejects.csv dim_customers.csv report.json ");
	fe_buf_reset(&expected);
	fe_buf_reset(&name);
}

static void
removing_a_row_twice_or_one_that_is_not_there_is_a_bug(void **p)
{
	struct state *s = *p;
	struct fx *f = &s->f;
	struct fe_err err = FE_ERR_INIT;

	fx_start(f, s->url, "RUN1");
	(void)fx_table_begin(f, FX_CUSTOMERS);
	(void)fx_insert(f, "C1||");
	fx_write(f);
	fx_remove(f, FE_PLACE_INSERTED, 0);
	fx_remove(f, FE_PLACE_INSERTED, 0);
	assert_int_equal(fx_try_write(f, &err), FE_EBUG);
	fx_remove(f, FE_PLACE_INSERTED, 1);
	assert_int_equal(fx_try_write(f, &err), FE_EBUG);
	fx_update(f, 0, "C1||");
	assert_int_equal(fx_try_write(f, &err), FE_EBUG);
}

static void
names_that_lead_out_of_the_folder_are_refused(void **p)
{
	struct state *s = *p;
	struct fe_err err = FE_ERR_INIT;
	struct fx_tables *t = &s->tables;
	static const char *const names[] = { "../x", "a/b", ".x", "", "customers.rejects" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		t->tables[FX_ITEMS].name = names[i];
		assert_int_equal(fx_open(&s->f, s->url, &err), FE_EUSAGE);
		assert_null(s->f.sink);
	}
	t->tables[FX_ITEMS].name = "shop.items";
	assert_int_equal(fx_open(&s->f, "files:", &err), FE_EUSAGE);
	assert_int_equal(fx_open(&s->f, "files:/nowhere/at/all", &err), FE_EUSAGE);
	assert_int_equal(fx_open(&s->f, s->url, &err), FE_OK);
	fx_close(&s->f);
	place_write("x", "");
	char url[sizeof s->url + 2];
	(void)snprintf(url, sizeof url, "%s/x", s->url);
	assert_int_equal(fx_open(&s->f, url, &err), FE_EUSAGE);
}

/* Every byte at every place of texts around the widths that are copied at once. */
static void
row_quotes_as_the_csv_writer_does_and_reads_itself_back(void **p)
{
	struct state *s = *p;
	struct fe_schema schema = { 0 };
	struct fe_batch b, met;
	struct fe_buf line, expected;
	struct fe_err err = FE_ERR_INIT;
	struct fe_files_rows rows;
	char text[32];
	(void)s;

	fe_schema_add(&schema, FE_STR("a"), (struct fe_type){ .kind = FE_TEXT });
	fe_schema_add(&schema, FE_STR("b"), (struct fe_type){ .kind = FE_INT });
	schema.n_source = 2;
	fe_batch_init(&b, &schema);
	fe_batch_init(&met, &schema);
	b.n_rows = met.n_rows = 1;
	fe_files_rows_init(&rows, &schema);
	fe_buf_init(&line, 1u << 16);
	fe_buf_init(&expected, 1u << 16);
	for (size_t n = 1; n <= 20; n++) {
		for (size_t at = 0; at < n; at++) {
			for (int byte = 1; byte < 256; byte++) {
				memset(text, 'x', n);
				text[at] = (char)byte;
				if (byte == 0x5c && at + 1 < n)
					text[at + 1] = '.';
				b.columns[0].text[0] = (struct fe_str){ text, n };
				fe_bit_put(b.columns[0].valid, 0, true);
				fe_buf_clear(&line);
				fe_buf_clear(&expected);
				fe_bit_put(b.columns[1].valid, 0, byte & 1); /* a row that is whole, and one with a null */
				b.columns[1].i64[0] = byte;
				fe_files_rows_look(&rows, &b);
				assert_int_equal(fe_files_rows_add(&rows, &line, 1, 0, 1), 1);
				fe_csv_add_cell(&expected, b.columns[0].text[0], ',');
				fe_buf_addf(&expected, byte & 1 ? ",%d\n" : ",\n", byte);
				assert_string_equal(fe_buf_text(&line), fe_buf_text(&expected));
				assert_int_equal(fe_files_row_length(fe_buf_str(&line)), line.n_bytes);
				assert_int_equal(fe_files_row_length((struct fe_str){ line.p, line.n_bytes - 1 }), 0);
				fe_arena_reset(&met.arena);
				assert_int_equal(fe_files_row_parse((struct fe_str){ line.p, line.n_bytes - 1 }, &met, 0, &err),
				                 FE_OK);
				assert_true(fe_column_same_value(&b.columns[0], 0, &met.columns[0], 0));
				assert_true(fe_column_same_value(&b.columns[1], 0, &met.columns[1], 0));
			}
		}
	}
	fe_batch_reset(&b);
	fe_batch_reset(&met);
	fe_buf_reset(&line);
	fe_buf_reset(&expected);
	fe_files_rows_reset(&rows);
	fe_schema_reset(&schema);
}

static uint64_t
next_number(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state >> 16;
}

/* Small ones and large ones, of either sign. */
static int64_t
some_number(uint64_t *state, int64_t limit)
{
	int64_t v = (int64_t)next_number(state) * 65536 >> next_number(state) % 63;
	return v % limit;
}

/* Of up to 40 bytes, one in eight of them with something odd. */
static struct fe_str
some_text(uint64_t *state, struct fe_arena *arena)
{
	static const char odd[] = "\",\n\r\\. \xc3\xa9-";
	size_t n = next_number(state) % 41;
	char *text = fe_arena_bytes(arena, n + 1);

	for (size_t i = 0; i < n; i++)
		text[i] = (char)('A' + next_number(state) % 26);
	if (n && next_number(state) % 8 == 0)
		text[next_number(state) % n] = odd[next_number(state) % (sizeof odd - 1)];
	return (struct fe_str){ text, n };
}

static void
put_something(uint64_t *state, struct fe_batch *b, struct fe_column *c, size_t row)
{
	fe_bit_put(c->valid, row, next_number(state) % 16 != 0);
	switch (c->type.kind) {
	case FE_TEXT:
		c->text[row] = some_text(state, &b->arena);
		return;
	case FE_BOOL:
		fe_bit_put(c->bits, row, next_number(state) & 1);
		return;
	case FE_DATE:
		c->days[row] = (int32_t)(FE_DATE_MIN + (int64_t)(next_number(state) % (FE_DATE_MAX - FE_DATE_MIN + 1)));
		return;
	case FE_TIMESTAMP:
		c->i64[row] = FE_TIMESTAMP_MIN + (int64_t)(next_number(state) % (FE_TIMESTAMP_MAX - FE_TIMESTAMP_MIN + 1));
		c->i64[row] -= next_number(state) & 1 ? c->i64[row] % FE_US_PER_SECOND : 0;
		return;
	default:
		c->i64[row] = some_number(state, fe_pow10[18]);
	}
}

/* What a row is, one cell after the other and without haste; its decimals are added up. */
static void
print_row(const struct fe_batch *b, size_t row, struct fe_buf *out, fe_i128 *sums)
{
	struct fe_buf cell;

	fe_buf_init(&cell, 1u << 16);
	for (size_t i = 0; i < b->schema->n_fields; i++) {
		const struct fe_column *c = &b->columns[i];
		const bool has_value = fe_bit_get(c->valid, row);
		if (i)
			fe_buf_add_char(out, ',');
		fe_buf_clear(&cell);
		fe_column_print(c, row, &cell);
		if (c->type.kind == FE_TEXT && has_value && cell.n_bytes == 0)
			fe_buf_add_text(out, "\"\"");
		else
			fe_csv_add_cell(out, fe_buf_str(&cell), ',');
		if (c->type.kind == FE_DECIMAL && has_value)
			sums[i] += c->i64[row];
	}
	fe_buf_add_char(out, '\n');
	fe_buf_reset(&cell);
}

static void
rows_of_every_type_are_their_cells_printed_one_by_one(void **p)
{
	static const char *const types[] = { "text",          "int",  "decimal(18,2)", "timestamp",    "text",     "text(20)",
		                             "decimal(18,0)", "bool", "date",          "decimal(9,7)", "timestamp", "int",
		                             "int",           "bool", "decimal(18,18)", "decimal(4,2)" };
	const size_t n_types = sizeof types / sizeof *types;
	struct fe_schema schema = { 0 };
	struct fe_err err = FE_ERR_INIT;
	struct fe_files_rows rows;
	struct fe_buf lines, expected;
	struct fe_batch b;
	fe_i128 sums[sizeof types / sizeof *types] = { 0 };
	uint64_t state = 1;
	(void)p;

	for (size_t i = 0; i < n_types; i++) {
		struct fe_type type;
		assert_int_equal(fe_type_parse(fe_str_of(types[i]), &type, &err), FE_OK);
		fe_schema_add(&schema, FE_STR("c"), type);
	}
	fe_batch_init(&b, &schema);
	fe_files_rows_init(&rows, &schema);
	fe_buf_init(&lines, 1u << 24);
	fe_buf_init(&expected, 1u << 24);
	for (size_t round = 0; round < 8; round++) {
		fe_batch_clear(&b);
		b.n_rows = 500;
		for (size_t row = 0; row < b.n_rows; row++) {
			for (size_t i = 0; i < n_types; i++)
				put_something(&state, &b, &b.columns[i], row);
			print_row(&b, row, &expected, sums);
		}
		fe_files_rows_look(&rows, &b);
		for (size_t row = 0, n; row < b.n_rows; row += n) {
			n = 1 + next_number(&state) % 20;
			n = n < b.n_rows - row ? n : b.n_rows - row;
			size_t enough = lines.n_bytes + next_number(&state) % 3000, had = lines.n_bytes, n_added;
			n_added = fe_files_rows_add(&rows, &lines, enough, row, n);
			assert_true(n_added == n || (n_added > 0 && n_added < n && lines.n_bytes >= enough));
			assert_true(lines.n_bytes > had);
			n = n_added;
		}
		assert_int_equal(lines.n_bytes, expected.n_bytes);
		assert_memory_equal(lines.p, expected.p, lines.n_bytes);
	}
	for (size_t i = 0; i < n_types; i++)
		assert_true(rows.sums[i] == sums[i]);
	fe_buf_reset(&lines);
	fe_buf_reset(&expected);
	fe_files_rows_reset(&rows);
	fe_batch_reset(&b);
	fe_schema_reset(&schema);
}

static void
row_past_its_limit_fails_and_writes_nothing_beyond(void **p)
{
	struct state *s = *p;
	struct fe_batch b;
	struct fe_buf line;
	struct fe_files_rows rows;
	static char quotes[2000];

	fe_files_rows_init(&rows, &s->tables.schemas[FX_CUSTOMERS]);
	memset(quotes, '"', sizeof quotes);
	fe_batch_init(&b, &s->tables.schemas[FX_CUSTOMERS]);
	b.columns[0].text[0] = b.columns[1].text[0] = (struct fe_str){ quotes, sizeof quotes };
	fe_bit_put(b.columns[0].valid, 0, true);
	fe_bit_put(b.columns[1].valid, 0, true);
	b.n_rows = 1;
	fe_files_rows_look(&rows, &b);
	for (size_t max = 100; max < 9000; max += 57) {
		fe_buf_init(&line, max);
		assert_int_equal(fe_files_rows_add(&rows, &line, 1, 0, 1), 1);
		assert_true(line.n_bytes <= max);
		assert_int_equal(line.failed, max < 3 + 2 * sizeof quotes + 2 + 2 * sizeof quotes + 2 + rows.bound);
		fe_buf_reset(&line);
	}
	fe_files_rows_reset(&rows);
	fe_batch_reset(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(files_hold_rows_in_input_order_in_canonical_texts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(report_lists_every_file_with_its_hash, set_up, tear_down),
		cmocka_unit_test_setup_teardown(rejects_say_where_why_and_what, set_up, tear_down),
		cmocka_unit_test_setup_teardown(held_run_leaves_the_set_alone_and_a_later_success_clears_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(files_of_others_and_of_tables_not_loaded_stay, set_up, tear_down),
		cmocka_unit_test_setup_teardown(leftovers_of_killed_runs_vanish_and_nothing_else_is_left, set_up, tear_down),
		cmocka_unit_test_setup_teardown(empty_text_is_not_null, set_up, tear_down),
		cmocka_unit_test_setup_teardown(removals_and_fetches_find_their_way_through_long_and_quoted_rows, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(removing_a_row_twice_or_one_that_is_not_there_is_a_bug, set_up, tear_down),
		cmocka_unit_test_setup_teardown(names_that_lead_out_of_the_folder_are_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(row_quotes_as_the_csv_writer_does_and_reads_itself_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(rows_of_every_type_are_their_cells_printed_one_by_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(row_past_its_limit_fails_and_writes_nothing_beyond, set_up, tear_down),
	};
	int n_failed = cmocka_run_group_tests(tests, NULL, NULL);
	place_remove();
	return n_failed;
}
