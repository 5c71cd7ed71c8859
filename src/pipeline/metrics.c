// SPDX-License-Identifier: Apache-2.0
/* pipeline/metrics.c - see pipeline/metrics.h
 *
 * Names of pipelines and data sets are names of SQL, so labels need no escaping.
 */
#include "pipeline/metrics.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>

#include "base/time.h"
#include "io/reader.h"
#include "io/writer.h"
#include "pipeline/report_run.h"
#include "quality/tally.h"

#define MAX_FILE_BYTES ((size_t)4 * 1024 * 1024)
#define MAX_PATH_BYTES ((size_t)64 * 1024)

static const char *const statuses[] = { "success", "success_with_rejects", "held", "failed" };
#define N_STATUSES (sizeof statuses / sizeof statuses[0])

struct metrics {
	const struct fe_report_run *run;
	struct fe_str old;
	struct fe_buf *out;
	bool is_known;              /* the old file tells of this run already: it counts once */
};

static void
family(struct metrics *m, const char *name, const char *type, const char *help)
{
	fe_buf_addf(m->out, "# HELP finetl_%s %s\n# TYPE finetl_%s %s\n", name, help, name, type);
}

/* "finetl_NAME{pipeline="P"" - what the other labels and the value follow. */
static void
begin(struct metrics *m, const char *name)
{
	fe_buf_addf(m->out, "finetl_%s{pipeline=\"%.*s\"", name, FE_STR_ARGS(m->run->pipeline));
}

static void
of_dataset(struct metrics *m, const char *name, const struct fe_report_dataset *d)
{
	begin(m, name);
	fe_buf_addf(m->out, ",dataset=\"%.*s\"", FE_STR_ARGS(d->name));
}

static void
end_u64(struct metrics *m, uint64_t v)
{
	fe_buf_addf(m->out, "} %" PRIu64 "\n", v);
}

static void
end_str(struct metrics *m, struct fe_str v)
{
	fe_buf_addf(m->out, "} %.*s\n", FE_STR_ARGS(v));
}

/* The value that the old file has for what stands at the end of the new one, from `from` on; p NULL: none. */
static struct fe_str
old_value(const struct metrics *m, size_t from)
{
	struct fe_str key = { m->out->p + from, m->out->n_bytes - from }, rest = m->old;

	while (rest.n) {
		const char *end = memchr(rest.p, '\n', rest.n);
		size_t n = end ? (size_t)(end - rest.p) : rest.n;
		if (n > key.n + 2 && memcmp(rest.p, key.p, key.n) == 0 && rest.p[key.n] == '}' && rest.p[key.n + 1] == ' ') {
			struct fe_str v = { rest.p + key.n + 2, n - key.n - 2 };
			for (size_t i = 0; i < v.n; i++)
				if ((v.p[i] < '0' || v.p[i] > '9') && v.p[i] != '.')
					return (struct fe_str){ 0 };
			return v;
		}
		rest = end ? (struct fe_str){ end + 1, rest.n - n - 1 } : (struct fe_str){ 0 };
	}
	return (struct fe_str){ 0 };
}

/* A counter goes on from where it was. */
static void
end_counter(struct metrics *m, size_t from, uint64_t more)
{
	uint64_t v = fe_report_u64(old_value(m, from));

	more = m->is_known ? 0 : more;
	if (__builtin_add_overflow(v, more, &v))
		v = more; /* as one that begins anew */
	end_u64(m, v);
}

static bool
is_published(const struct fe_report_run *run)
{
	return run->published && run->published->is_true;
}

static bool
seconds_of(struct fe_str time, struct fe_buf *out)
{
	int64_t us;

	if (!time.n || fe_timestamp_parse(time, NULL, NULL, &us) != FE_TIME_OK)
		return false;
	fe_buf_add_decimal(out, us, 6);
	return true;
}

static void
add_time(struct metrics *m, const char *name, const char *help, struct fe_str time)
{
	struct fe_buf text;

	fe_buf_init(&text, 64);
	if (seconds_of(time, &text)) {
		family(m, name, "gauge", help);
		begin(m, name);
		end_str(m, fe_buf_str(&text));
	}
	fe_buf_reset(&text);
}

static void
add_last_success(struct metrics *m)
{
	static const char name[] = "last_success_timestamp_seconds";
	struct fe_buf text, key;
	struct fe_str value;

	fe_buf_init(&text, 64);
	fe_buf_init(&key, 1024);
	struct metrics aside = { .run = m->run, .old = m->old, .out = &key };
	begin(&aside, name);
	value = old_value(&aside, 0);
	if (is_published(m->run) && seconds_of(m->run->end_time, &text))
		value = fe_buf_str(&text);
	if (value.n) {
		family(m, name, "gauge", "When a run of the pipeline was last published.");
		begin(m, name);
		end_str(m, value);
	}
	fe_buf_reset(&text);
	fe_buf_reset(&key);
}

static void
add_statuses(struct metrics *m)
{
	family(m, "runs_total", "counter", "Runs that have ended, by how.");
	for (size_t i = 0; i < N_STATUSES; i++) {
		size_t from = m->out->n_bytes;
		begin(m, "runs_total");
		fe_buf_addf(m->out, ",status=\"%s\"", statuses[i]);
		end_counter(m, from, fe_str_is(m->run->status, statuses[i]));
	}
	family(m, "last_run_status", "gauge", "1 for the status in which the last run ended.");
	for (size_t i = 0; i < N_STATUSES; i++) {
		begin(m, "last_run_status");
		fe_buf_addf(m->out, ",status=\"%s\"", statuses[i]);
		end_u64(m, fe_str_is(m->run->status, statuses[i]));
	}
}

/* A percent with four decimals as a ratio with six. */
static void
add_ratio(struct metrics *m, const char *name, const char *help, struct fe_str percent)
{
	struct fe_buf text;
	fe_i128 v;

	if (!percent.n || !fe_i128_parse(percent, 4, &v))
		return;
	fe_buf_init(&text, FE_DECIMAL_TEXT_BYTES);
	fe_buf_add_decimal(&text, v, 6);
	family(m, name, "gauge", help);
	begin(m, name);
	end_str(m, fe_buf_str(&text));
	fe_buf_reset(&text);
}

static void
add_run(struct metrics *m, int exit_code)
{
	struct fe_buf text;
	uint64_t ms;

	family(m, "build_info", "gauge", "The version of finetl that wrote this.");
	fe_buf_addf(m->out, "finetl_build_info{version=\"%s\"} 1\n", FE_VERSION);
	add_statuses(m);
	family(m, "last_run_exit_code", "gauge", "Exit code of the last run.");
	begin(m, "last_run_exit_code");
	end_u64(m, (uint64_t)exit_code);
	family(m, "last_run_published", "gauge", "Whether the last run was published.");
	begin(m, "last_run_published");
	end_u64(m, is_published(m->run));
	add_time(m, "last_run_start_timestamp_seconds", "When the last run began.", m->run->start_time);
	add_time(m, "last_run_end_timestamp_seconds", "When the last run ended.", m->run->end_time);
	add_last_success(m);
	if (fe_report_elapsed_ms(m->run->start_time, m->run->end_time, &ms)) {
		fe_buf_init(&text, FE_DECIMAL_TEXT_BYTES);
		fe_buf_add_decimal(&text, (fe_i128)ms, 3);
		family(m, "last_run_duration_seconds", "gauge", "How long the last run took.");
		begin(m, "last_run_duration_seconds");
		end_str(m, fe_buf_str(&text));
		fe_buf_reset(&text);
	}
	add_ratio(m, "last_run_quality_ratio", "Expectations that the last run met, 0 to 1.", m->run->quality_score);
}

/* Those of data sets that this run left out (--select) go on, too. begun: where the family is in the new file. */
static void
keep_counters(struct metrics *m, size_t begun)
{
	struct fe_str rest = m->old, name;
	struct fe_buf head;

	fe_buf_init(&head, 1024);
	struct metrics aside = { .run = m->run, .out = &head };
	begin(&aside, "records_total");
	fe_buf_add_text(&head, ",dataset=\"");
	for (const char *at; rest.n && !head.failed && (at = memmem(rest.p, rest.n, head.p, head.n_bytes)) != NULL;) {
		name.p = at + head.n_bytes;
		rest = (struct fe_str){ name.p, rest.n - (size_t)(name.p - rest.p) };
		const char *end = memchr(rest.p, '"', rest.n);
		name.n = end ? (size_t)(end - name.p) : 0;
		if (m->out->failed || !fe_is_sql_name(name))
			continue;
		/* With the quote, so that it is not taken for one that begins alike. */
		if (memmem(m->out->p + begun, m->out->n_bytes - begun, at, head.n_bytes + name.n + 1))
			continue;
		struct fe_report_dataset d = { .name = name };
		for (int t = 0; t < FE_N_TERMS; t++) {
			size_t from = m->out->n_bytes;
			of_dataset(m, "records_total", &d);
			fe_buf_addf(m->out, ",outcome=\"%s\"", fe_term_name((enum fe_term)t));
			end_counter(m, from, 0);
		}
	}
	fe_buf_reset(&head);
}

/* Of the last run, for each term of the equation; and in all, of what was published. */
static void
add_records(struct metrics *m)
{
	const struct fe_report_run *run = m->run;

	family(m, "last_run_records", "gauge", "Records of the last run, by what became of them; read is the sum of the others.");
	for (size_t i = 0; i < run->n_datasets; i++) {
		for (int t = 0; t < FE_N_TERMS; t++) {
			const char *term = fe_term_name((enum fe_term)t);
			of_dataset(m, "last_run_records", &run->datasets[i]);
			fe_buf_addf(m->out, ",outcome=\"%s\"", term);
			end_u64(m, fe_report_member_u64(run->datasets[i].totals, term));
		}
	}
	size_t begun = m->out->n_bytes;
	family(m, "records_total", "counter", "Records of all runs that were published, by what became of them.");
	for (size_t i = 0; i < run->n_datasets; i++) {
		for (int t = 0; t < FE_N_TERMS; t++) {
			const char *term = fe_term_name((enum fe_term)t);
			size_t from = m->out->n_bytes;
			of_dataset(m, "records_total", &run->datasets[i]);
			fe_buf_addf(m->out, ",outcome=\"%s\"", term);
			end_counter(m, from, is_published(run) ? fe_report_member_u64(run->datasets[i].totals, term) : 0);
		}
	}
	keep_counters(m, begun);
}

static void
add_count_of_datasets(struct metrics *m, const char *name, const char *help, const char *key)
{
	family(m, name, "gauge", help);
	for (size_t i = 0; i < m->run->n_datasets; i++) {
		of_dataset(m, name, &m->run->datasets[i]);
		end_u64(m, fe_report_member_u64(m->run->datasets[i].quality, key));
	}
}

/* Of data sets that can have any. */
static void
add_placeholders(struct metrics *m)
{
	static const struct { const char *member, *result; } kinds[] = { { "placeholders", "made" }, { "filled", "filled" } };
	bool has_any = false;

	for (size_t i = 0; i < m->run->n_datasets; i++) {
		for (size_t k = 0; k < 2; k++) {
			if (!fe_json_get(m->run->datasets[i].totals, kinds[k].member))
				continue;
			if (!has_any)
				family(m, "last_run_placeholders", "gauge", "Placeholders of the last run: made for the records of a data set, or "
				       "filled in by them.");
			has_any = true;
			of_dataset(m, "last_run_placeholders", &m->run->datasets[i]);
			fe_buf_addf(m->out, ",result=\"%s\"", kinds[k].result);
			end_u64(m, fe_report_member_u64(m->run->datasets[i].totals, kinds[k].member));
		}
	}
}

static void
add_datasets(struct metrics *m)
{
	const struct fe_report_run *run = m->run;
	struct fe_buf text;

	add_records(m);
	add_placeholders(m);
	add_count_of_datasets(m, "last_run_objects", "Objects (files, pages) that the last run met.", "objects");
	add_count_of_datasets(m, "last_run_read_bytes", "Bytes of the objects that the last run read, as they are stored.", "bytes");
	family(m, "last_run_dataset_duration_seconds", "gauge", "How long a data set took, to the end of its table.");
	for (size_t i = 0; i < run->n_datasets; i++) {
		fe_buf_init(&text, FE_DECIMAL_TEXT_BYTES);
		fe_buf_add_decimal(&text, (fe_i128)fe_report_member_u64(run->datasets[i].quality, "elapsed_ms"), 3);
		of_dataset(m, "last_run_dataset_duration_seconds", &run->datasets[i]);
		end_str(m, fe_buf_str(&text));
		fe_buf_reset(&text);
	}
	family(m, "last_run_expectations", "gauge", "Expectations of the last run, by whether they were met.");
	for (size_t i = 0; i < run->n_datasets; i++) {
		const struct fe_json_value *e = fe_json_get(run->datasets[i].quality, "expectations");
		uint64_t evaluated = fe_report_member_u64(e, "evaluated"), successful = fe_report_member_u64(e, "successful");
		of_dataset(m, "last_run_expectations", &run->datasets[i]);
		fe_buf_add_text(m->out, ",result=\"met\"");
		end_u64(m, successful);
		of_dataset(m, "last_run_expectations", &run->datasets[i]);
		fe_buf_add_text(m->out, ",result=\"not_met\"");
		end_u64(m, evaluated - successful);
	}
}

/* By its start: no two runs of a pipeline begin at one microsecond. */
static bool
is_known(const struct fe_report_run *run, struct fe_str old)
{
	struct fe_buf key, start;

	fe_buf_init(&key, 1024);
	fe_buf_init(&start, 64);
	struct metrics aside = { .run = run, .old = old, .out = &key };
	begin(&aside, "last_run_start_timestamp_seconds");
	bool is = seconds_of(run->start_time, &start) && fe_str_eq(old_value(&aside, 0), fe_buf_str(&start));
	fe_buf_reset(&start);
	fe_buf_reset(&key);
	return is;
}

void
fe_metrics_text(const struct fe_report_run *run, int exit_code, struct fe_str old, struct fe_buf *out)
{
	struct metrics m = { .run = run, .old = old, .out = out, .is_known = is_known(run, old) };

	add_run(&m, exit_code);
	if (run->n_datasets)
		add_datasets(&m);
}

/* ---- the file ---- */

static enum fe_rc
path_of(const char *path, const struct fe_report_run *run, struct fe_buf *out, struct fe_err *err)
{
	fe_buf_add_text(out, path);
	if (fe_report_is_folder(path))
		fe_buf_addf(out, "/finetl_%.*s.prom", FE_STR_ARGS(run->pipeline));
	return fe_buf_check(out, "the path of the metrics", err);
}

static enum fe_rc
publish(const char *path, const struct fe_buf *text, struct fe_err *err)
{
	struct fe_buf written;
	enum fe_rc rc;

	fe_buf_init(&written, MAX_PATH_BYTES);
	rc = fe_report_write(path, "", text, &written, err);
	fe_buf_reset(&written);
	/* The collector is another user. */
	if (rc == FE_OK && chmod(path, 0644) < 0)
		rc = fe_fail_errno(err, errno, "cannot let others read the metrics", path);
	return rc;
}

enum fe_rc
fe_metrics_write(const char *path, const struct fe_report_run *run, int exit_code, struct fe_buf *written, struct fe_err *err)
{
	struct fe_buf old, text;
	struct stat now;
	enum fe_rc rc = path_of(path, run, written, err);

	fe_buf_init(&old, MAX_FILE_BYTES);
	fe_buf_init(&text, MAX_FILE_BYTES);
	bool is_there = rc == FE_OK && stat(fe_buf_text(written), &now) == 0;
	if (is_there && !S_ISREG(now.st_mode)) /* a pipe would be waited for, a device replaced */
		rc = fe_fail(err, FE_EUSAGE, "%s is no file", fe_buf_text(written));
	if (rc == FE_OK && is_there)
		rc = fe_file_read(fe_buf_text(written), MAX_FILE_BYTES, &old, err);
	if (rc == FE_OK)
		fe_metrics_text(run, exit_code, fe_buf_str(&old), &text);
	if (rc == FE_OK)
		rc = fe_buf_check(&text, "the metrics", err);
	if (rc == FE_OK)
		rc = publish(fe_buf_text(written), &text, err);
	fe_buf_reset(&old);
	fe_buf_reset(&text);
	return rc;
}
