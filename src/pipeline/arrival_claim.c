// SPDX-License-Identifier: Apache-2.0
/* pipeline/arrival_claim.c - the objects that make results in S3 be there once, although many may be at it
 *
 * S3 can make one write depend on what is at its own key, and on nothing else. So:
 *
 *   claims/   names the version that is being processed, and by whom. Whoever begins writes it on the condition
 *             that it still is what was read (If-Match, If-None-Match), and so takes it from anybody who had it:
 *             a worker that is dead cannot be told from one that is slow. It keeps the run time of who claimed this
 *             version first, so that a retry gives the same bytes.
 *   results   are looked at once the claim is ours, the claim is looked at once more, and each is then written on
 *             the condition that it still is what was seen. Who lost the claim meanwhile writes nothing over the
 *             results of who has it: these are either seen too late, and differ, or come later.
 *   reports/  the mark, written last, on the condition that it is what was read first. What it will say is put into
 *             the claim before (and before a database commits), so that where only the mark is missing, it is made
 *             of that. The mark of an object that was held, or is broken, is none: it names the one whose results
 *             stay (last_published), so that no older one takes their place.
 *
 *             Whose report is in the claim has all results there, and may be about to write its mark, which no change of the
 *             results would keep it from. So whoever comes next writes that mark for it before anything else; both write the same.
 *             (With a database it is not known yet whether that has committed; there the manifest says which version is the later.)
 *
 * Whoever finds that a condition does not hold has lost to another worker, who is at it now: it waits for that one's mark
 * (fe_arrival_output_wait), and then finds what the other did. Where none comes in time it ends with FE_EUNAVAIL.
 */
#include <time.h>

#include "base/failpoint.h"
#include "base/json.h"
#include "base/stop.h"
#include "base/text.h"
#include "base/time.h"
#include "format/json_tree.h"
#include "load/record.h"
#include "pipeline/arrival_private.h"

#define MAX_MARK_BYTES ((size_t)16 << 20)
#define MAX_LOCATION_BYTES 8192
#define LOOK_EVERY_MS 200

const char *
fe_arrival_result_folder(enum fe_arrival_result_kind k)
{
	static const char *const folders[FE_N_RESULTS] = {
		[FE_RESULT_PROCESSED] = "processed/",
		[FE_RESULT_REJECTS] = "rejects/",
		[FE_RESULT_REPORT] = "reports/",
		[FE_RESULT_CLAIM] = "claims/",
	};
	return folders[k];
}

/* ---- names ---- */

static void
drop_end(struct fe_str *name, const char *const *ends)
{
	for (; *ends; ends++) {
		const struct fe_str end = fe_str_of(*ends);
		if (name->n > end.n && name->p[name->n - end.n - 1] != '/' &&
		    fe_text_casecmp_ascii((struct fe_str){ name->p + name->n - end.n, end.n }, end) == 0) {
			name->n -= end.n;
			return;
		}
	}
}

/* "raw/2026/07/a.csv.gz" of "raw/" and whatever is "2026/07/a": the first folder goes, where the source names it. */
static struct fe_str
name_of(const struct fe_arrival_source *source, struct fe_str key)
{
	static const char *const packings[] = { ".gz", ".zst", NULL };
	static const char *const formats[] = { ".csv", ".json", ".ndjson", ".jsonl", ".tsv", ".txt", NULL };
	const char *slash = source->prefix.n ? memchr(source->prefix.p, '/', source->prefix.n) : NULL;
	size_t n = slash ? (size_t)(slash - source->prefix.p) + 1 : 0;
	struct fe_str name = n < key.n ? (struct fe_str){ key.p + n, key.n - n } : key;

	drop_end(&name, packings);
	drop_end(&name, formats);
	return name;
}

static enum fe_rc
make_key(const struct fe_arrivals *w, struct fe_str name, enum fe_arrival_result_kind kind, char **out, struct fe_err *err)
{
	struct fe_buf key;

	fe_buf_init(&key, MAX_LOCATION_BYTES);
	fe_buf_add_str(&key, w->prefix);
	fe_buf_add_text(&key, fe_arrival_result_folder(kind));
	fe_buf_add_str(&key, name);
	fe_buf_add_text(&key, kind == FE_RESULT_REPORT || kind == FE_RESULT_CLAIM ? ".json" : ".csv");
	enum fe_rc rc = fe_buf_check(&key, "the key of a result", err);
	if (rc == FE_OK && key.n_bytes > FE_S3_MAX_KEY_BYTES)
		rc = fe_fail(err, FE_ELIMIT, "the key of its result would have more than %d bytes: give the output a shorter prefix",
			     FE_S3_MAX_KEY_BYTES);
	*out = rc ? NULL : fe_buf_take(&key);
	fe_buf_reset(&key);
	return rc;
}

struct fe_s3_url
fe_arrival_url(const struct fe_arrivals *w, const char *key)
{
	return (struct fe_s3_url){ .bucket = w->bucket, .key = fe_str_of(key) };
}

/* ---- small objects ---- */

/* FE_EUSAGE of S3 is that there is none. */
static enum fe_rc
look(const struct fe_arrivals *w, const char *key, struct fe_s3_info *info, bool *is_there, struct fe_err *err)
{
	const struct fe_s3_url url = fe_arrival_url(w, key);
	struct fe_err why = FE_ERR_INIT;

	enum fe_rc rc = fe_s3_head(w->s3, &url, info, &why);
	*is_there = rc == FE_OK;
	if (rc == FE_OK || rc == FE_EUSAGE)
		return FE_OK;
	if (err)
		*err = why;
	return rc;
}

enum fe_rc
fe_arrival_etag(const struct fe_arrivals *w, const char *key, char **etag, struct fe_err *err)
{
	struct fe_s3_info info = { 0 };
	bool is_there;

	fe_free(*etag);
	*etag = NULL;
	enum fe_rc rc = look(w, key, &info, &is_there, err);
	if (rc == FE_OK && is_there)
		*etag = fe_strdup(info.etag);
	fe_s3_info_reset(&info);
	return rc;
}

static enum fe_rc
read_all(struct fe_s3_get *get, struct fe_buf *out, size_t n_bytes, struct fe_err *err)
{
	size_t n;
	do {
		if (!fe_buf_reserve(out, n_bytes + 1))
			return fe_buf_check(out, "the object", err);
		FE_TRY(fe_s3_get_read(get, out->p + out->n_bytes, n_bytes + 1 - out->n_bytes, &n, err));
		out->n_bytes += n;
	} while (n > 0 && out->n_bytes < n_bytes);
	return FE_OK;
}

/* Content and ETag of one state; *etag NULL: it is not there. */
static enum fe_rc
read_small(const struct fe_arrivals *w, const char *key, struct fe_buf *out, char **etag, struct fe_err *err)
{
	const struct fe_s3_url url = fe_arrival_url(w, key);
	struct fe_s3_get *get = NULL;
	struct fe_s3_info info = { 0 };
	bool is_there;

	fe_buf_clear(out);
	fe_free(*etag);
	*etag = NULL;
	enum fe_rc rc = look(w, key, &info, &is_there, err);
	if (rc == FE_OK && is_there && info.size_bytes > MAX_MARK_BYTES)
		rc = fe_fail(err, FE_ECONFLICT, "'%s' is no report or claim of finetl", key);
	if (rc == FE_OK && is_there && info.size_bytes) {
		rc = fe_s3_get_open(&get, w->s3, &url, &info, 0, info.size_bytes, err);
		if (rc == FE_OK)
			rc = read_all(get, out, (size_t)info.size_bytes, err);
		fe_s3_get_close(get);
		if (rc == FE_EDATA)
			rc = fe_fail(err, FE_EUNAVAIL, "'%s' changed while it was read; try again", key);
	}
	if (rc == FE_OK && is_there)
		*etag = fe_strdup(info.etag);
	fe_s3_info_reset(&info);
	return rc;
}

/* Where the answer to a write was lost, it is asked for again, and then meets itself: what is there is read
 * before a conflict is believed. */
enum fe_rc
fe_arrival_put(struct fe_arrival_output *o, enum fe_arrival_result_kind kind, struct fe_str content, struct fe_err *err)
{
	const struct fe_arrivals *w = o->w;
	const struct fe_s3_url url = fe_arrival_url(w, o->keys[kind]);
	char **etag = &o->etags[kind];
	const struct fe_s3_condition condition = { .etag = *etag };
	struct fe_err why = FE_ERR_INIT;
	char *new_etag = NULL;
	struct fe_buf there;

	enum fe_rc rc = fe_s3_put(w->s3, &url, content, &condition, &new_etag, &why);
	if (rc == FE_OK || (rc != FE_ECONFLICT && rc != FE_EUSAGE)) {
		fe_free(*etag);
		*etag = new_etag;
		if (rc && err)
			*err = why;
		return rc;
	}
	fe_buf_init(&there, MAX_MARK_BYTES + 1);
	rc = read_small(w, o->keys[kind], &there, etag, err);
	if (rc == FE_OK && !(*etag && fe_str_eq(fe_buf_str(&there), content))) {
		o->is_lost = true;
		rc = fe_fail(err, FE_EUNAVAIL, "another worker was at the results of this object; try again");
	}
	fe_buf_reset(&there);
	return rc;
}

/* ---- what claims and marks say ---- */

void
fe_arrival_write_object(struct fe_json *j, const struct fe_arrival_output *o)
{
	const struct fe_object_id *id = &o->look->id;

	fe_json_object(j, "object");
	fe_json_text(j, "bucket", o->told->bucket);
	fe_json_text(j, "key", o->told->key);
	fe_json_text(j, "version", id->version);
	fe_json_text(j, "etag", o->look->etag);
	fe_json_text(j, "sequencer", o->told->sequencer);
	fe_json_i64(j, "size_bytes", (int64_t)id->size_bytes);
	fe_json_time(j, "modified_at", id->mtime_us);
	fe_json_object_end(j);
}

static struct fe_str
text_of(const struct fe_json_value *object, const char *key)
{
	const struct fe_json_value *v = fe_json_get(object, key);
	return fe_json_is(v, FE_JSON_STRING) ? v->text : (struct fe_str){ 0 };
}

static bool
is_text(const struct fe_json_value *object, const char *key, const char *is)
{
	return is && fe_str_is(text_of(object, key), is);
}

static int64_t
time_of(const struct fe_json_value *object, const char *key)
{
	int64_t us = 0;
	const struct fe_str text = text_of(object, key);
	return text.n && fe_timestamp_parse(text, NULL, NULL, &us) == FE_TIME_OK ? us : 0;
}

/* The object of a claim or a mark that is there. */
static enum fe_rc
parse_small(const struct fe_buf *text, const char *key, struct fe_arena *arena, const struct fe_json_value **out,
            struct fe_err *err)
{
	struct fe_err why = FE_ERR_INIT;

	if (fe_json_parse(fe_buf_str(text), arena, out, &why) == FE_OK && fe_json_is(fe_json_get(*out, "object"), FE_JSON_OBJECT))
		return FE_OK;
	(void)fe_fail(err, FE_ECONFLICT, "this object is none that finetl has written; move it, or name another output");
	fe_err_at(err, key, 0, NULL);
	return FE_ECONFLICT;
}

static bool
is_this_version(const struct fe_arrival_output *o, const struct fe_json_value *object)
{
	return is_text(object, "version", o->look->id.version);
}

/* As load/record_objects.c has it of the manifest. */
static bool
is_later(const struct fe_arrival_output *o, const struct fe_json_value *object)
{
	const struct fe_str sequencer = text_of(object, "sequencer");

	if (is_text(object, "version", o->look->current_version))
		return true;
	if (o->told->sequencer && sequencer.n)
		return fe_sequencer_compare(sequencer, fe_str_of(o->told->sequencer)) > 0;
	return time_of(object, "modified_at") > o->look->id.mtime_us;
}

static bool
is_published(const struct fe_json_value *mark)
{
	const struct fe_json_value *published = fe_json_get(fe_json_get(mark, "run"), "published");
	return fe_json_is(published, FE_JSON_BOOL) && published->is_true;
}

/* The object whose results are there. A mark of what was held, or is broken, names the one before. */
static const struct fe_json_value *
published_object(const struct fe_json_value *mark)
{
	const struct fe_json_value *object = fe_json_get(mark, is_published(mark) ? "object" : FE_ARRIVAL_LAST_PUBLISHED);
	return fe_json_is(object, FE_JSON_OBJECT) ? object : NULL;
}

/* What a name stands for is one key: "a.csv" and "a.csv.gz" cannot have one result. */
static enum fe_rc
check_key(const struct fe_arrival_output *o, const struct fe_json_value *object, struct fe_err *err)
{
	if (is_text(object, "bucket", o->told->bucket) && is_text(object, "key", o->told->key))
		return FE_OK;
	const struct fe_str other = text_of(object, "key");
	return fe_fail(err, FE_ECONFLICT, "its results would be '%s', which are those of '%.*s'; rename one of the two",
		       o->keys[FE_RESULT_PROCESSED], FE_STR_ARGS(other));
}

static enum fe_rc
read_mark(struct fe_arrival_output *o, struct fe_err *err)
{
	const struct fe_json_value *mark, *done;
	struct fe_arena arena = { 0 };
	struct fe_buf text;

	fe_buf_init(&text, MAX_MARK_BYTES + 1);
	enum fe_rc rc = read_small(o->w, o->keys[FE_RESULT_REPORT], &text, &o->etags[FE_RESULT_REPORT], err);
	if (rc == FE_OK && o->etags[FE_RESULT_REPORT]) {
		rc = parse_small(&text, o->keys[FE_RESULT_REPORT], &arena, &mark, err);
		if (rc == FE_OK)
			rc = check_key(o, fe_json_get(mark, "object"), err);
		done = rc ? NULL : published_object(mark);
		if (done) {
			o->state = is_this_version(o, done) ? FE_OBJECT_DONE : is_later(o, done) ? FE_OBJECT_OLDER : FE_OBJECT_NEW;
			fe_buf_add_str(&o->published, done->raw);
		}
	}
	fe_arena_free(&arena);
	fe_buf_reset(&text);
	return rc;
}

/* The claim of this version, if there is one, says when it was first begun, and may have the whole report. */
static enum fe_rc
read_claim(struct fe_arrival_output *o, struct fe_err *err)
{
	const struct fe_json_value *claim, *report;
	struct fe_arena arena = { 0 };
	struct fe_buf text;

	o->run_time_us = fe_clock_now(o->w->set.clock);
	fe_buf_init(&text, MAX_MARK_BYTES + 1);
	enum fe_rc rc = read_small(o->w, o->keys[FE_RESULT_CLAIM], &text, &o->etags[FE_RESULT_CLAIM], err);
	if (rc == FE_OK && o->etags[FE_RESULT_CLAIM])
		rc = parse_small(&text, o->keys[FE_RESULT_CLAIM], &arena, &claim, err);
	if (rc == FE_OK && o->etags[FE_RESULT_CLAIM]) {
		const bool is_ours = is_this_version(o, fe_json_get(claim, "object"));
		const int64_t us = is_ours ? time_of(claim, "run_time") : 0;
		report = fe_json_get(claim, "report");
		if (us)
			o->run_time_us = us;
		if (fe_json_is(report, FE_JSON_OBJECT))
			fe_buf_add_str(is_ours ? &o->report : &o->unmarked, report->raw);
	}
	fe_arena_free(&arena);
	fe_buf_reset(&text);
	return rc;
}

enum fe_rc
fe_arrival_write_claim(struct fe_arrival_output *o, struct fe_err *err)
{
	struct fe_buf text;
	struct fe_json j;

	fe_buf_init(&text, MAX_MARK_BYTES);
	fe_json_init(&j, &text, 0);
	fe_json_object(&j, NULL);
	fe_arrival_write_object(&j, o);
	fe_json_time(&j, "run_time", o->run_time_us);
	fe_json_text(&j, "holder", o->holder);
	if (o->report.n_bytes)
		fe_json_raw(&j, "report", fe_buf_str(&o->report));
	fe_json_object_end(&j);
	fe_buf_add_char(&text, '\n');
	enum fe_rc rc = fe_buf_check(&text, "the claim", err);
	if (rc == FE_OK)
		rc = fe_arrival_put(o, FE_RESULT_CLAIM, fe_buf_str(&text), err);
	fe_buf_reset(&text);
	return rc;
}

enum fe_rc
fe_arrival_check_claim(struct fe_arrival_output *o, struct fe_err *err)
{
	char *etag = NULL;
	enum fe_rc rc = fe_arrival_etag(o->w, o->keys[FE_RESULT_CLAIM], &etag, err);
	if (rc == FE_OK && !(etag && strcmp(etag, o->etags[FE_RESULT_CLAIM]) == 0)) {
		o->is_lost = true;
		rc = fe_fail(err, FE_EUNAVAIL, "another worker has begun with this object; try again");
	}
	fe_free(etag);
	return rc;
}

/* A dead worker's mark does not come, and one that is slow is not waited for longer than for a lock. */
bool
fe_arrival_output_wait(const struct fe_arrival_output *o)
{
	const struct timespec pause = { .tv_nsec = LOOK_EVERY_MS * 1000000 };
	const int64_t until_us = fe_clock_ticks(&fe_clock_system) + o->w->set.wait_ms * 1000;

	for (;;) {
		char *etag = NULL;
		enum fe_rc rc = fe_arrival_etag(o->w, o->keys[FE_RESULT_REPORT], &etag, NULL);
		bool has_come = rc == FE_OK && etag && !(o->mark_before && strcmp(etag, o->mark_before) == 0);
		fe_free(etag);
		if (rc || has_come || fe_stop_requested() || fe_clock_ticks(&fe_clock_system) >= until_us)
			return has_come;
		(void)nanosleep(&pause, NULL);
	}
}

/* Whether the mark that the other version would write is there already. */
static enum fe_rc
is_marked(const struct fe_arrival_output *o, bool *out, struct fe_err *err)
{
	const struct fe_json_value *mark, *published;
	struct fe_arena arena = { 0 };

	*out = false;
	enum fe_rc rc = fe_json_parse(fe_buf_str(&o->unmarked), &arena, &mark, err);
	if (rc == FE_OK && o->published.n_bytes)
		rc = fe_json_parse(fe_buf_str(&o->published), &arena, &published, err);
	if (rc == FE_OK && o->published.n_bytes)
		*out = fe_str_eq(text_of(fe_json_get(mark, "object"), "version"), text_of(published, "version"));
	fe_arena_free(&arena);
	return rc;
}

static enum fe_rc
write_their_mark(struct fe_arrival_output *o, struct fe_err *err)
{
	bool done;

	if (o->w->warehouse || o->unmarked.n_bytes == 0)
		return FE_OK;
	FE_TRY(is_marked(o, &done, err));
	if (done)
		return FE_OK;
	FE_TRY(fe_arrival_put(o, FE_RESULT_REPORT, fe_buf_str(&o->unmarked), err));
	fe_buf_clear(&o->published);
	return read_mark(o, err);
}

/* The order matters: see above. The claim is read before the mark, so that who came to an end in between
 * has changed it. */
static enum fe_rc
claim(struct fe_arrival_output *o, struct fe_err *err)
{
	FE_TRY(read_claim(o, err));
	FE_TRY(read_mark(o, err));
	FE_TRY(write_their_mark(o, err));
	o->mark_before = fe_strdup(o->etags[FE_RESULT_REPORT]);
	if (o->state != FE_OBJECT_NEW)
		return FE_OK;
	fe_run_id_new(fe_clock_now(o->w->set.clock), o->holder);
	FE_TRY(fe_arrival_write_claim(o, err));
	FE_TRY(fe_failpoint("arrival.claimed", err));
	FE_TRY(fe_arrival_etag(o->w, o->keys[FE_RESULT_PROCESSED], &o->etags[FE_RESULT_PROCESSED], err));
	FE_TRY(fe_arrival_etag(o->w, o->keys[FE_RESULT_REJECTS], &o->etags[FE_RESULT_REJECTS], err));
	FE_TRY(fe_arrival_check_claim(o, err));
	o->is_claimed = true;
	return FE_OK;
}

enum fe_rc
fe_arrival_output_open(struct fe_arrival_output *o, const struct fe_arrivals *w, const struct fe_arrival_source *source,
                       const struct fe_arrival *told, const struct fe_arrival_look *l, struct fe_err *err)
{
	*o = (struct fe_arrival_output){
		.w = w,
		.told = told,
		.look = l,
		.dataset = &w->plan->datasets[source->dataset],
		.table = w->plan->tables[source->dataset].name,
	};
	fe_buf_init(&o->report, MAX_MARK_BYTES);
	fe_buf_init(&o->published, MAX_MARK_BYTES);
	fe_buf_init(&o->unmarked, MAX_MARK_BYTES);
	for (int k = 0; k < FE_N_RESULTS; k++)
		FE_TRY(make_key(w, name_of(source, fe_str_of(told->key)), (enum fe_arrival_result_kind)k, &o->keys[k], err));
	return claim(o, err);
}

void
fe_arrival_output_reset(struct fe_arrival_output *o)
{
	for (int k = 0; k < FE_N_RESULTS; k++) {
		fe_free(o->keys[k]);
		fe_free(o->etags[k]);
	}
	fe_free(o->mark_before);
	fe_buf_reset(&o->report);
	fe_buf_reset(&o->published);
	fe_buf_reset(&o->unmarked);
	*o = (struct fe_arrival_output){ 0 };
}

enum fe_rc
fe_arrival_output_record(const struct fe_arrivals *w, const struct fe_arrival_source *source, struct fe_str key,
                         struct fe_str etag, enum fe_arrival_record *out, struct fe_err *err)
{
	const struct fe_json_value *mark;
	struct fe_arena arena = { 0 };
	char *name = NULL, *there = NULL;
	struct fe_buf text;

	*out = FE_ON_NO_RECORD;
	fe_buf_init(&text, MAX_MARK_BYTES + 1);
	enum fe_rc rc = make_key(w, name_of(source, key), FE_RESULT_REPORT, &name, err);
	if (rc == FE_OK)
		rc = read_small(w, name, &text, &there, err);
	if (rc == FE_OK && there && fe_json_parse(fe_buf_str(&text), &arena, &mark, NULL) == FE_OK) {
		const struct fe_json_value *object = fe_json_get(mark, "object");
		if (fe_str_eq(text_of(object, "key"), key) && fe_str_eq(text_of(object, "bucket"), source->url.bucket) &&
		    fe_str_eq(text_of(object, "etag"), etag))
			*out = is_published(mark) ? FE_ON_RECORD_AS_DONE : FE_ON_RECORD_AS_FAILED;
	}
	fe_arena_free(&arena);
	fe_buf_reset(&text);
	fe_free(name);
	fe_free(there);
	return rc;
}
