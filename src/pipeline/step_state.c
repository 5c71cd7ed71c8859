// SPDX-License-Identifier: Apache-2.0
/* pipeline/step_state.c - see pipeline/step_state.h */
#include "pipeline/step_state.h"

#include "base/decimal.h"
#include "base/json.h"
#include "base/text.h"
#include "base/time.h"
#include "io/folder.h"
#include "io/reader.h"
#include "io/writer.h"
#include "pipeline/step.h"

#define STATE_VERSION 1
#define MAX_STATE_BYTES ((size_t)64 << 20)
#define SEAL ",\n  \"sha256\": \""

const char *
fe_step_name(enum fe_step_kind kind)
{
	static const char *const names[FE_N_STEPS] = {
		[FE_STEP_EXTRACT] = "extract", [FE_STEP_TRANSFORM] = "transform", [FE_STEP_LOAD] = "load",
		[FE_STEP_CHECKS] = "checks",   [FE_STEP_NOTIFY] = "notify",
	};
	return names[kind];
}

bool
fe_step_state_is_good(const struct fe_step_state *s)
{
	return s->is_there && (s->exit_code == 0 || s->exit_code == fe_rc_exit_status(FE_ENOTHING));
}

/* A result of transform alone names no warehouse, and one of extract does not tell what was published. */
bool
fe_step_state_is_on_record(const struct fe_step_state *s)
{
	return s->is_there && fe_json_get(s->result, "published") && fe_json_is(fe_json_get(s->result, "warehouse"), FE_JSON_STRING);
}

/* ---- files ---- */

enum fe_rc
fe_step_read_file(const char *path, const struct fe_net_settings *net, size_t max_bytes, struct fe_buf *out, bool *found,
		  struct fe_err *err)
{
	char *piece;
	struct fe_reader *in;
	size_t n = 1;

	FE_TRY(fe_file_exists(path, net, found, err));
	if (!*found)
		return FE_OK;
	FE_TRY(fe_reader_open(&in, path, net, err));
	piece = fe_alloc(64 * 1024);
	enum fe_rc rc = FE_OK;
	while (rc == FE_OK && n > 0) {
		rc = fe_reader_read(in, piece, 64 * 1024, &n, err);
		if (rc == FE_OK && n > max_bytes - out->n_bytes)
			rc = fe_fail(err, FE_ELIMIT, "the file is longer than its limit of %zu bytes", max_bytes);
		if (rc == FE_OK)
			fe_buf_add(out, piece, n);
	}
	fe_free(piece);
	fe_reader_close(in);
	if (rc == FE_OK)
		rc = fe_buf_check(out, "the file", err);
	if (rc)
		fe_err_at(err, path, 0, NULL);
	return rc;
}

enum fe_rc
fe_step_write_file(const char *path, const struct fe_net_settings *net, struct fe_str text, struct fe_step_file *file,
		   struct fe_err *err)
{
	struct fe_writer *w;

	FE_TRY(fe_writer_open(&w, path, net, err));
	enum fe_rc rc = fe_writer_write(w, text.p, text.n, err);
	if (rc == FE_OK)
		rc = fe_writer_finish(w, file->sha256, err);
	if (rc == FE_OK)
		rc = fe_writer_publish(w, err);
	file->size_bytes = text.n;
	fe_writer_close(w);
	return rc;
}

/* ---- reading ---- */

static const char *
text_of(struct fe_step_state *s, const struct fe_json_value *v)
{
	return fe_json_is(v, FE_JSON_STRING) ? fe_arena_copy(&s->arena, v->text.p, v->text.n) : NULL;
}

static bool
get_i64(const struct fe_json_value *v, const char *key, int64_t *out)
{
	const struct fe_json_value *n = fe_json_get(v, key);
	return fe_json_is(n, FE_JSON_NUMBER) && fe_int_parse(n->text, out) == FE_DECIMAL_OK;
}

static bool
get_files(struct fe_step_state *s, const struct fe_json_value *list, struct fe_step_file **out, size_t *n)
{
	if (!fe_json_is(list, FE_JSON_ARRAY))
		return false;
	*out = fe_arena_alloc_zero(&s->arena, (list->n_children + 1) * sizeof **out);
	for (const struct fe_json_value *v = list->first; v; v = v->next) {
		struct fe_step_file *f = &(*out)[*n];
		const struct fe_json_value *sha256 = fe_json_get(v, "sha256");
		int64_t size;
		f->path = text_of(s, fe_json_get(v, "path"));
		if (!f->path || !get_i64(v, "size", &size) || size < 0 || !fe_json_is(sha256, FE_JSON_STRING) ||
		    sha256->text.n != FE_SHA256_HEX_BYTES - 1)
			return false;
		f->size_bytes = (uint64_t)size;
		memcpy(f->sha256, sha256->text.p, sha256->text.n);
		++*n;
	}
	return true;
}

static bool
get_params(struct fe_step_state *s, const struct fe_json_value *params, const struct fe_json_value *select)
{
	if (!fe_json_is(params, FE_JSON_OBJECT) || !fe_json_is(select, FE_JSON_ARRAY))
		return false;
	s->params = fe_arena_alloc_zero(&s->arena, (params->n_children + 1) * sizeof *s->params);
	for (const struct fe_json_value *v = params->first; v; v = v->next) {
		const char *value = text_of(s, v);
		if (!value)
			return false;
		s->params[s->n_params++] = (struct fe_plan_param){
			.name = fe_arena_copy(&s->arena, v->key.p, v->key.n), .value = value,
		};
	}
	s->select = fe_arena_alloc_zero(&s->arena, (select->n_children + 1) * sizeof *s->select);
	for (const struct fe_json_value *v = select->first; v; v = v->next) {
		s->select[s->n_select] = text_of(s, v);
		if (!s->select[s->n_select++])
			return false;
	}
	return true;
}

static bool
get_added(struct fe_step_state *s, const struct fe_json_value *added)
{
	if (!fe_json_is(added, FE_JSON_ARRAY))
		return false;
	s->added = fe_arena_alloc_zero(&s->arena, (added->n_children + 1) * sizeof *s->added);
	for (const struct fe_json_value *v = added->first; v; v = v->next) {
		struct fe_plan_added_column *a = &s->added[s->n_added++];
		a->dataset = text_of(s, fe_json_get(v, "dataset"));
		a->name = text_of(s, fe_json_get(v, "name"));
		a->from = text_of(s, fe_json_get(v, "from"));
		if (!a->dataset || !a->name || !a->from)
			return false;
	}
	return true;
}

static bool
understand(struct fe_step_state *s, const struct fe_json_value *v, enum fe_step_kind kind)
{
	const char *step = text_of(s, fe_json_get(v, "step")), *run_time = text_of(s, fe_json_get(v, "run_time"));
	int64_t version;

	s->run_id = text_of(s, fe_json_get(v, "run_id"));
	s->pipeline = text_of(s, fe_json_get(v, "pipeline"));
	s->config_sha256 = text_of(s, fe_json_get(v, "config_sha256"));
	s->version = text_of(s, fe_json_get(v, "finetl_version"));
	s->status = text_of(s, fe_json_get(v, "status"));
	s->pipeline_file = text_of(s, fe_json_get(v, "pipeline_file"));
	s->from = text_of(s, fe_json_get(v, "from"));
	s->until = text_of(s, fe_json_get(v, "to"));
	s->result = fe_json_get(v, "result");
	return get_i64(v, "version", &version) && version == STATE_VERSION && step && strcmp(step, fe_step_name(kind)) == 0 &&
	       s->run_id && strlen(s->run_id) == FE_RUN_ID_BYTES - 1 && s->pipeline && s->config_sha256 && s->version &&
	       s->status && s->pipeline_file && run_time &&
	       fe_timestamp_parse(fe_str_of(run_time), NULL, NULL, &s->run_time_us) == FE_TIME_OK &&
	       get_i64(v, "exit_code", &s->exit_code) && fe_json_is(s->result, FE_JSON_OBJECT) &&
	       get_params(s, fe_json_get(v, "params"), fe_json_get(v, "select")) && get_added(s, fe_json_get(v, "added")) &&
	       get_files(s, fe_json_get(v, "before"), &s->before, &s->n_before) &&
	       get_files(s, fe_json_get(v, "files"), &s->files, &s->n_files);
}

/* All that stands before the seal is as it was when it was sealed. */
static bool
is_sealed(struct fe_str text)
{
	const size_t n_seal = strlen(SEAL) + FE_SHA256_HEX_BYTES - 1 + strlen("\"\n}\n");
	char sha256[FE_SHA256_HEX_BYTES];

	if (text.n < n_seal)
		return false;
	const char *seal = text.p + text.n - n_seal;
	fe_sha256_of((struct fe_str){ text.p, (size_t)(seal - text.p) }, sha256);
	return memcmp(seal, SEAL, strlen(SEAL)) == 0 && memcmp(seal + strlen(SEAL), sha256, sizeof sha256 - 1) == 0;
}

enum fe_rc
fe_step_state_read(struct fe_step_state *out, const char *dir, enum fe_step_kind kind, const struct fe_net_settings *net,
		   struct fe_err *err)
{
	const struct fe_json_value *all;
	struct fe_buf path;
	enum fe_rc rc;

	*out = (struct fe_step_state){ 0 };
	fe_buf_init(&out->text, MAX_STATE_BYTES);
	fe_buf_init(&path, SIZE_MAX / 2);
	fe_buf_addf(&path, "%s/%s.json", dir, fe_step_name(kind));
	rc = fe_step_read_file(fe_buf_text(&path), net, MAX_STATE_BYTES, &out->text, &out->is_there, err);
	if (rc || !out->is_there)
		goto end;
	struct fe_err why = FE_ERR_INIT;
	if (!is_sealed(fe_buf_str(&out->text)) || fe_json_parse(fe_buf_str(&out->text), &out->arena, &all, &why) ||
	    !understand(out, all, kind)) {
		rc = fe_fail(err, FE_ECONFLICT, "this state is not as a step of this version wrote it; it was changed since, or is of "
			     "another version: extract into another folder");
		fe_err_at(err, fe_buf_text(&path), 0, NULL);
		goto end;
	}
	out->self.path = fe_arena_copy(&out->arena, path.p + strlen(dir) + 1, path.n_bytes - strlen(dir) - 1);
	out->self.size_bytes = out->text.n_bytes;
	fe_sha256_of(fe_buf_str(&out->text), out->self.sha256);
end:
	fe_buf_reset(&path);
	return rc;
}

void
fe_step_state_reset(struct fe_step_state *s)
{
	fe_buf_reset(&s->text);
	fe_arena_free(&s->arena);
	*s = (struct fe_step_state){ 0 };
}

/* ---- writing ---- */

static void
write_files(struct fe_json *j, const char *key, const struct fe_step_file *files, size_t n)
{
	fe_json_array(j, key);
	for (size_t i = 0; i < n; i++) {
		fe_json_object(j, NULL);
		fe_json_text(j, "path", files[i].path);
		fe_json_i64(j, "size", (int64_t)files[i].size_bytes);
		fe_json_text(j, "sha256", files[i].sha256);
		fe_json_object_end(j);
	}
	fe_json_array_end(j);
}

/* Of a parameter that was given twice the last value holds. */
static bool
is_given_again(const struct fe_plan_param *params, size_t n, size_t i)
{
	for (size_t k = i + 1; k < n; k++)
		if (strcmp(params[k].name, params[i].name) == 0)
			return true;
	return false;
}

/* What extract was given is told in each state: it is what the next step begins with. */
static void
write_given(struct fe_json *j, const struct fe_step *s)
{
	const struct fe_step_state *origin = fe_step_origin(s);
	const size_t n_params = origin ? origin->n_params : s->set.n_params;
	const size_t n_select = origin ? origin->n_select : s->set.n_select;
	const struct fe_plan_param *params = origin ? origin->params : s->set.params;
	const char *const *select = origin ? origin->select : s->set.select;

	fe_json_text(j, "pipeline_file", s->plan->path);
	fe_json_object(j, "params");
	for (size_t i = 0; i < n_params; i++)
		if (!is_given_again(params, n_params, i))
			fe_json_text(j, params[i].name, params[i].value);
	fe_json_object_end(j);
	fe_json_array(j, "select");
	for (size_t i = 0; i < n_select; i++)
		fe_json_text(j, NULL, select[i]);
	fe_json_array_end(j);
	fe_json_text(j, "from", origin ? origin->from : s->set.from);
	fe_json_text(j, "to", origin ? origin->until : s->set.until);
}

/* Those come behind the declared ones. */
static void
write_added(struct fe_json *j, const struct fe_plan *plan)
{
	fe_json_array(j, "added");
	for (size_t i = 0; i < plan->n_datasets; i++) {
		const struct fe_plan_dataset *d = &plan->datasets[i];
		for (size_t c = d->schema.n_source - d->n_evolved; c < d->schema.n_source; c++) {
			fe_json_object(j, NULL);
			fe_json_text(j, "dataset", d->name);
			fe_json_text(j, "name", d->schema.fields[c].name);
			fe_json_text(j, "from", d->source_set.columns[c].from);
			fe_json_object_end(j);
		}
	}
	fe_json_array_end(j);
}

static void
write_before(struct fe_json *j, const struct fe_step *s)
{
	struct fe_step_file before[FE_N_STEPS];
	size_t n = 0;

	for (enum fe_step_kind kind = 0; kind < s->set.kind; kind++)
		if (s->states[kind].is_there)
			before[n++] = s->states[kind].self;
	write_files(j, "before", before, n);
}

static void
write_state(const struct fe_step *s, enum fe_rc rc, const struct fe_err *failure, struct fe_buf *out)
{
	char text[FE_ERR_TEXT_BYTES + 512];
	struct fe_json j;

	fe_json_init(&j, out, 2);
	fe_json_object(&j, NULL);
	fe_json_i64(&j, "version", STATE_VERSION);
	fe_json_text(&j, "step", fe_step_name(s->set.kind));
	fe_json_text(&j, "run_id", s->run_id);
	fe_json_text(&j, "pipeline", s->plan->name);
	fe_json_text(&j, "config_sha256", s->plan->config_sha256);
	fe_json_text(&j, "finetl_version", FE_VERSION);
	fe_json_time(&j, "run_time", s->run_time_us);
	fe_json_text(&j, "status", s->status);
	fe_json_i64(&j, "exit_code", fe_rc_exit_status(rc));
	fe_json_time(&j, "started", s->start_us);
	fe_json_time(&j, "ended", fe_clock_now(s->set.clock));
	fe_json_text(&j, "error", rc && rc != FE_ENOTHING ? fe_err_print(failure, text, sizeof text) : NULL);
	write_given(&j, s);
	write_added(&j, s->plan);
	write_before(&j, s);
	fe_json_raw(&j, "result", fe_buf_str(&s->result));
	write_files(&j, "files", s->files, s->n_files);
	fe_json_object_end(&j);
}

enum fe_rc
fe_step_state_write(struct fe_step *s, enum fe_rc rc, const struct fe_err *failure, struct fe_err *err)
{
	char sha256[FE_SHA256_HEX_BYTES];
	struct fe_step_file file = { 0 };
	struct fe_buf text, name;

	fe_buf_init(&text, MAX_STATE_BYTES);
	fe_buf_init(&name, 64);
	fe_buf_addf(&name, "%s.json", fe_step_name(s->set.kind));
	write_state(s, rc, failure, &text);
	text.n_bytes -= text.failed ? 0 : strlen("\n}"); /* the seal comes last */
	fe_sha256_of(fe_buf_str(&text), sha256);
	fe_buf_addf(&text, SEAL "%s\"\n}\n", sha256);
	enum fe_rc done = fe_buf_check(&text, "the state", err);
	if (done == FE_OK)
		done = fe_step_write_file(fe_step_path(s, fe_buf_text(&name)), &s->net, fe_buf_str(&text), &file, err);
	fe_buf_reset(&name);
	fe_buf_reset(&text);
	return done;
}
