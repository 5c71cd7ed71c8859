// SPDX-License-Identifier: Apache-2.0
/* pipeline/step.c - a step from its lock to its state; see pipeline/step.h */
#include "pipeline/step.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "io/folder.h"
#include "io/s3_url.h"
#include "io/session.h"
#include "pipeline/connectors.h"
#include "pipeline/redact.h"

#define LOCK ".finetl.lock"
#define MAX_DIR_BYTES ((size_t)16 * 1024)
#define MAX_RESULT_BYTES ((size_t)16 << 20)

/* ---- the directory ---- */

static enum fe_rc
resolve(const char *dir, char **out, struct fe_err *err)
{
	char here[PATH_MAX];
	struct fe_buf path;

	fe_buf_init(&path, MAX_DIR_BYTES);
	if (dir[0] == '\0')
		return fe_fail(err, FE_EUSAGE, "--run-dir names no folder");
	if (!fe_s3_is_url(dir) && dir[0] != '/') {
		if (!getcwd(here, sizeof here))
			return fe_fail_errno(err, errno, "cannot tell the current folder", ".");
		fe_buf_addf(&path, "%s/", here);
	}
	fe_buf_add_text(&path, dir);
	while (path.n_bytes > 1 && path.p[path.n_bytes - 1] == '/')
		path.n_bytes--;
	enum fe_rc rc = fe_buf_check(&path, "the name of the run directory", err);
	*out = fe_buf_take(&path);
	return rc;
}

/* With all that is above it. */
static enum fe_rc
make_folders(const char *dir, struct fe_err *err)
{
	enum fe_rc rc = FE_OK;
	if (fe_s3_is_url(dir))
		return FE_OK;
	for (const char *slash = strchr(dir + 1, '/'); rc == FE_OK; slash = strchr(slash + 1, '/')) {
		char *part = slash ? fe_strndup(dir, (size_t)(slash - dir)) : fe_strdup(dir);
		rc = fe_folder_make(part, err);
		fe_free(part);
		if (!slash)
			break;
	}
	return rc;
}

bool
fe_step_needs_other_records(const struct fe_step *s, const struct fe_step_state *state)
{
	return state == &s->states[FE_STEP_TRANSFORM] &&
	       (state->exit_code == fe_rc_exit_status(FE_EDATA) || state->exit_code == fe_rc_exit_status(FE_ECHECK));
}

/* What comes before needs its end; people are told of any. */
static bool
may_follow(enum fe_step_kind before, enum fe_step_kind kind, const struct fe_step_state *s, bool knows_pipeline)
{
	if (kind == FE_STEP_NOTIFY)
		return s->is_there || before > FE_STEP_EXTRACT || knows_pipeline;
	/* A record that aborts the run is judged by the load once more, and written down there, unless that was done. */
	bool is_held = s->is_there && s->exit_code == fe_rc_exit_status(FE_ECHECK) && !fe_step_state_is_on_record(s);
	return fe_step_state_is_good(s) || (kind == FE_STEP_LOAD && before == FE_STEP_TRANSFORM && is_held);
}

static enum fe_rc
check_before(const struct fe_step *s, struct fe_err *err)
{
	for (enum fe_step_kind before = 0; before < s->set.kind && before <= FE_STEP_LOAD; before++) {
		const struct fe_step_state *state = &s->states[before];
		if (may_follow(before, s->set.kind, state, s->set.has_pipeline))
			continue;
		const char *name = fe_step_name(before), *file = before == FE_STEP_EXTRACT ? " PIPELINE" : "";
		if (!state->is_there)
			return fe_fail(err, FE_EUSAGE, "%s/%s.json is not there: first run `finetl %s%s --run-dir %s`", s->dir, name, name,
				       file, s->dir);
		if (fe_step_needs_other_records(s, state))
			return fe_fail(err, FE_EUSAGE, "%s/%s.json says that it ended with exit code %lld (%s), for records that will be "
				       "the same here: mend the source, then run `finetl extract %s --run-dir ANOTHER`", s->dir, name,
				       (long long)state->exit_code, state->status, state->pipeline_file);
		return fe_fail(err, FE_EUSAGE, "%s/%s.json says that it ended with exit code %lld (%s): run `finetl %s%s --run-dir %s` again",
			       s->dir, name, (long long)state->exit_code, state->status, name, file, s->dir);
	}
	return FE_OK;
}

static enum fe_rc
open_dir(struct fe_step *s, struct fe_err *err)
{
	FE_TRY(resolve(s->set.dir, &s->dir, err));
	if (s->set.kind == FE_STEP_EXTRACT || (s->set.kind == FE_STEP_NOTIFY && s->set.has_pipeline))
		FE_TRY(make_folders(s->dir, err));
	else if (!fe_s3_is_url(s->dir) && access(s->dir, F_OK) != 0)
		return fe_fail(err, FE_EUSAGE, "there is no run directory '%s'; `finetl extract PIPELINE --run-dir %s` makes it", s->dir,
			       s->dir);
	FE_TRY(fe_folder_lock(&s->lock, s->dir, LOCK, s->set.wait_ms, s->set.clock, &s->net, err));
	for (enum fe_step_kind kind = 0; kind <= s->set.kind; kind++)
		FE_TRY(fe_step_state_read(&s->states[kind], s->dir, kind, &s->net, err));
	/* One that failed has settled nothing: what was wrong may be mended in the pipeline file. */
	if (s->set.kind == FE_STEP_EXTRACT && !fe_step_state_is_good(&s->states[FE_STEP_EXTRACT]))
		fe_step_state_reset(&s->states[FE_STEP_EXTRACT]);
	return check_before(s, err);
}

enum fe_rc
fe_step_open(struct fe_step **out, const struct fe_step_begin *set, struct fe_err *err)
{
	struct fe_step *s = fe_new(struct fe_step);

	*out = NULL;
	s->set = *set;
	s->status = "failed";
	s->start_us = fe_clock_now(set->clock);
	s->run_time_us = set->has_run_time ? set->run_time_us : s->start_us;
	s->net.session = fe_session_new();
	fe_buf_init(&s->result, MAX_RESULT_BYTES);
	enum fe_rc rc = open_dir(s, err);
	if (rc) {
		fe_step_close(s);
		return rc;
	}
	*out = s;
	return FE_OK;
}

void
fe_step_close(struct fe_step *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < FE_N_STEPS; i++)
		fe_step_state_reset(&s->states[i]);
	fe_lock_release(s->lock);
	fe_session_free(s->net.session);
	fe_buf_reset(&s->result);
	fe_free(s->files);
	fe_arena_free(&s->arena);
	fe_free(s->dir);
	fe_free(s);
}

const struct fe_step_state *
fe_step_origin(const struct fe_step *s)
{
	const struct fe_step_state *origin = &s->states[FE_STEP_EXTRACT];
	return origin->is_there ? origin : NULL;
}

/* ---- whether it is the right one ---- */

static enum fe_rc
refuse(const struct fe_step *s, const struct fe_step_state *state, const char *what, const char *was, const char *is, struct fe_err *err)
{
	(void)fe_fail(err, FE_ECONFLICT, "the directory was begun with %s %s, and this is %s; name another directory", what, was, is);
	fe_err_at(err, s->dir, 0, NULL);
	if (err && state->self.path)
		fe_err_context(err, "%s", state->self.path);
	return FE_ECONFLICT;
}

static const struct fe_step_state *
state_of_file(const struct fe_step *s, const char *path)
{
	for (size_t k = 0; k < FE_N_STEPS; k++)
		if (s->states[k].is_there && strcmp(s->states[k].self.path, path) == 0)
			return &s->states[k];
	return NULL;
}

static enum fe_rc
check_state(const struct fe_step *s, const struct fe_step_state *state, struct fe_err *err)
{
	const struct fe_step_state *origin = fe_step_origin(s);

	if (strcmp(state->pipeline, s->plan->name) != 0)
		return refuse(s, state, "the pipeline", state->pipeline, s->plan->name, err);
	if (strcmp(state->version, FE_VERSION) != 0)
		return refuse(s, state, "finetl", state->version, FE_VERSION, err);
	if (strcmp(state->config_sha256, s->plan->config_sha256) != 0)
		return refuse(s, state, "the configuration (pipeline file, suites and parameters) of SHA-256", state->config_sha256,
			      s->plan->config_sha256, err);
	if (strcmp(state->run_id, origin->run_id) != 0)
		return refuse(s, state, "the run", origin->run_id, state->run_id, err);
	for (size_t i = 0; i < state->n_before && fe_step_state_is_good(state); i++) {
		const struct fe_step_state *now = state_of_file(s, state->before[i].path);
		if (now && strcmp(now->self.sha256, state->before[i].sha256) != 0)
			return refuse(s, state, now->self.path, state->before[i].sha256, now->self.sha256, err);
	}
	return FE_OK;
}

/* Steps that failed are done again, and people are told of that, too: what they were told before is
 * of the past then. */
static void
forget_if_past(struct fe_step *s)
{
	struct fe_step_state *told = &s->states[FE_STEP_NOTIFY];
	size_t n_now = 0;
	bool is_past = false;

	for (size_t k = 0; k < FE_STEP_NOTIFY; k++)
		n_now += s->states[k].is_there;
	for (size_t i = 0; i < told->n_before; i++) {
		const struct fe_step_state *now = state_of_file(s, told->before[i].path);
		is_past |= !now || strcmp(now->self.sha256, told->before[i].sha256) != 0;
	}
	if (is_past || told->n_before != n_now)
		fe_step_state_reset(told);
}

static bool
is_same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Of an extract that is asked for again: it must be the same one. */
static enum fe_rc
check_given(const struct fe_step *s, struct fe_err *err)
{
	const struct fe_step_state *origin = fe_step_origin(s);
	bool is_same = origin->n_select == s->set.n_select;

	for (size_t i = 0; is_same && i < s->set.n_select; i++)
		is_same = strcmp(origin->select[i], s->set.select[i]) == 0;
	if (!is_same)
		return refuse(s, origin, "other data sets", "selected", "another selection", err);
	if (!is_same_text(origin->from, s->set.from) || !is_same_text(origin->until, s->set.until))
		return refuse(s, origin, "another window", "(--from, --to)", "not that one", err);
	if (s->set.has_run_time && s->set.run_time_us != origin->run_time_us)
		return refuse(s, origin, "another run time", "(--run-time)", "not that one", err);
	return FE_OK;
}

enum fe_rc
fe_step_check_file(struct fe_step *s, const struct fe_step_file *file, struct fe_err *err)
{
	const char *path = fe_step_path(s, file->path);
	struct fe_object_id id = { 0 };
	bool exists;

	FE_TRY(fe_file_exists(path, &s->net, &exists, err));
	if (exists)
		FE_TRY(fe_object_digest(path, &s->net, &id, err));
	bool is_same = exists && id.size_bytes == file->size_bytes && strcmp(id.sha256, file->sha256) == 0;
	fe_object_id_reset(&id);
	if (is_same)
		return FE_OK;
	(void)fe_fail(err, FE_ECONFLICT, "the file %s: the state of its step tells of %llu bytes with SHA-256 %s; extract again, into "
		      "another folder", exists ? "was changed" : "is not there any more", (unsigned long long)file->size_bytes, file->sha256);
	fe_err_at(err, path, 0, NULL);
	return FE_ECONFLICT;
}

bool
fe_step_is_warehouse_of(const struct fe_step *s, const struct fe_step_state *state)
{
	const struct fe_json_value *was = state->is_there ? fe_json_get(state->result, "warehouse") : NULL;
	struct fe_buf is;

	if (!fe_json_is(was, FE_JSON_STRING) || !s->plan->warehouse)
		return false;
	fe_buf_init(&is, SIZE_MAX / 2);
	fe_buf_add_redacted_url(&is, s->plan->warehouse);
	char *url = fe_strndup(was->text.p, was->text.n);
	bool is_same = fe_warehouse_is_same(url, fe_buf_text(&is));
	fe_free(url);
	fe_buf_reset(&is);
	return is_same;
}

/* What was loaded into one warehouse is not done in another. */
static enum fe_rc
check_warehouse(const struct fe_step *s, enum fe_step_kind kind, struct fe_err *err)
{
	const struct fe_step_state *state = &s->states[kind];
	const struct fe_json_value *was = fe_step_state_is_good(state) ? fe_json_get(state->result, "warehouse") : NULL;
	struct fe_buf is;
	enum fe_rc rc = FE_OK;

	if (!fe_json_is(was, FE_JSON_STRING) || !s->plan->warehouse)
		return FE_OK;
	fe_buf_init(&is, SIZE_MAX / 2);
	fe_buf_add_redacted_url(&is, s->plan->warehouse);
	if (!fe_step_is_warehouse_of(s, state))
		rc = fe_fail(err, FE_ECONFLICT, "this directory was loaded into %.*s, and a directory is that of one warehouse; extract into "
			     "another folder for %s", FE_STR_ARGS(was->text), fe_buf_text(&is));
	fe_buf_reset(&is);
	return rc;
}

enum fe_rc
fe_step_check(struct fe_step *s, const struct fe_plan *plan, bool *is_done, struct fe_err *err)
{
	const struct fe_step_state *own = &s->states[s->set.kind], *origin = fe_step_origin(s);

	*is_done = false;
	s->plan = plan;
	forget_if_past(s);
	if (origin) {
		for (enum fe_step_kind kind = 0; kind <= s->set.kind; kind++)
			if (s->states[kind].is_there)
				FE_TRY(check_state(s, &s->states[kind], err));
		if (s->set.kind == FE_STEP_EXTRACT)
			FE_TRY(check_given(s, err));
		memcpy(s->run_id, origin->run_id, sizeof s->run_id);
		s->run_time_us = origin->run_time_us;
	} else {
		fe_run_id_new(s->start_us, s->run_id);
	}
	for (enum fe_step_kind kind = 0; kind <= s->set.kind; kind++)
		for (size_t i = 0; fe_step_state_is_good(&s->states[kind]) && i < s->states[kind].n_files; i++)
			FE_TRY(fe_step_check_file(s, &s->states[kind].files[i], err));
	if (s->set.kind >= FE_STEP_LOAD)
		FE_TRY(check_warehouse(s, FE_STEP_LOAD, err));
	*is_done = fe_step_state_is_good(own);
	s->has_begun = !*is_done;
	if (*is_done)
		fe_step_take_result(s, own->result->raw);
	else
		fe_log(FE_LOG_INFO, "step started", "step", fe_step_name(s->set.kind), "run_id", s->run_id, "run_dir", s->dir, NULL);
	return FE_OK;
}

/* ---- files ---- */

const char *
fe_step_path(struct fe_step *s, const char *name)
{
	size_t n_dir = strlen(s->dir), n_name = strlen(name);
	char *out = fe_arena_bytes(&s->arena, n_dir + n_name + 2);
	memcpy(out, s->dir, n_dir);
	out[n_dir] = '/';
	memcpy(out + n_dir + 1, name, n_name + 1);
	return out;
}

void
fe_step_add_file(struct fe_step *s, const char *name, uint64_t size_bytes, const char *sha256)
{
	s->files = fe_grow(s->files, &s->cap_files, s->n_files + 1, sizeof *s->files);
	struct fe_step_file *f = &s->files[s->n_files++];
	*f = (struct fe_step_file){ .path = fe_arena_copy(&s->arena, name, strlen(name)), .size_bytes = size_bytes };
	(void)snprintf(f->sha256, sizeof f->sha256, "%s", sha256);
}

/* ---- the end ---- */

void
fe_step_begin_result(const struct fe_step *s, struct fe_json *j, const char *run_id, enum fe_rc rc, const char *status,
                     const struct fe_err *err)
{
	char text[FE_ERR_TEXT_BYTES + 512];

	fe_json_object(j, NULL);
	fe_json_text(j, "run_id", run_id[0] ? run_id : NULL);
	fe_json_text(j, "run_dir", s->dir);
	fe_json_text(j, "step", fe_step_name(s->set.kind));
	fe_json_text(j, "pipeline", s->plan ? s->plan->name : NULL);
	fe_json_text(j, "status", status);
	fe_json_i64(j, "exit_code", fe_rc_exit_status(rc));
	fe_json_bool(j, "retry_helps", fe_rc_retry_helps(rc));
	fe_json_time(j, "run_time", s->run_time_us);
	fe_json_time(j, "start_time", s->start_us);
	fe_json_time(j, "end_time", fe_clock_now(s->set.clock));
	fe_json_text(j, "error", rc && rc != FE_ENOTHING ? fe_err_print(err, text, sizeof text) : NULL);
	fe_json_text(j, "config_sha256", s->plan ? s->plan->config_sha256 : NULL);
	fe_json_text(j, "finetl_version", FE_VERSION);
}

/* A result of another writer is told of which step it is. */
void
fe_step_take_result(struct fe_step *s, struct fe_str line)
{
	struct fe_json j;
	struct fe_buf more;

	FE_ASSERT(line.n >= 2 && line.p[0] == '{' && line.p[line.n - 1] == '}');
	fe_buf_clear(&s->result);
	if (memmem(line.p, line.n, "\"run_dir\":", strlen("\"run_dir\":"))) {
		fe_buf_add_str(&s->result, line);
		return;
	}
	fe_buf_init(&more, MAX_DIR_BYTES * 2);
	fe_json_init(&j, &more, 0);
	fe_json_object(&j, NULL);
	fe_json_text(&j, "run_dir", s->dir);
	fe_json_text(&j, "step", fe_step_name(s->set.kind));
	fe_json_object_end(&j);
	fe_buf_add(&s->result, line.p, line.n - 1);
	if (line.n > 2)
		fe_buf_add_char(&s->result, ',');
	fe_buf_add(&s->result, more.p + 1, more.n_bytes - 1);
	fe_buf_reset(&more);
}

/* Where it failed before it had one. */
static void
complete_result(struct fe_step *s, enum fe_rc rc, const struct fe_err *err)
{
	struct fe_json j;

	if (s->result.n_bytes)
		return;
	fe_json_init(&j, &s->result, 0);
	fe_step_begin_result(s, &j, s->run_id, rc, s->status, err);
	fe_json_array(&j, "datasets");
	fe_json_array_end(&j);
	fe_json_object_end(&j);
}

void
fe_step_take_figures(struct fe_step *s, enum fe_rc rc, const char *key, struct fe_str json, const struct fe_err *err)
{
	struct fe_json j;

	while (json.n && json.p[json.n - 1] == '\n')
		json.n--;
	s->status = rc == FE_OK ? "success" : rc == FE_ECHECK ? "held" : "failed";
	fe_buf_clear(&s->result);
	fe_json_init(&j, &s->result, 0);
	fe_step_begin_result(s, &j, s->run_id, rc, s->status, err);
	if (json.n)
		fe_json_raw(&j, key, json);
	else
		fe_json_null(&j, key);
	fe_json_object_end(&j);
}

enum fe_rc
fe_step_end(struct fe_step *s, enum fe_rc rc, struct fe_err *err)
{
	struct fe_err why = FE_ERR_INIT;

	if (rc == FE_ECHECK)
		s->status = "held";
	complete_result(s, rc, err);
	if (!s->has_begun || rc == FE_ECANCEL)
		return rc; /* one that was stopped has not ended */
	enum fe_rc written = fe_step_state_write(s, rc, err, &why);
	fe_log(FE_LOG_INFO, "step ended", "step", fe_step_name(s->set.kind), "run_id", s->run_id, "status", s->status, NULL);
	if (written && !rc) {
		fe_err_context(&why, "the step is done, but its state could not be written; run it again");
		*err = why;
		s->status = "failed";
		fe_buf_clear(&s->result);
		complete_result(s, written, err);
		return written;
	}
	if (written)
		fe_log_err(&why);
	return rc;
}
