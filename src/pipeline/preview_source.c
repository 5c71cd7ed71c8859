// SPDX-License-Identifier: Apache-2.0
/* pipeline/preview_source.c - what would be read, without secrets */
#include <inttypes.h>

#include "base/text.h"
#include "extract/api_request.h"
#include "extract/json_rows.h"
#include "extract/query.h"
#include "pipeline/preview_parts.h"
#include "pipeline/redact.h"

#define MAX_SHOWN_OBJECTS 1000 /* in JSON */
#define MAX_TOLD_OBJECTS 10    /* to people */
#define MAX_TEXT_BYTES ((size_t)1 << 20)

/* ---- files ---- */

struct files {
	uint64_t n, n_skipped, size_bytes;
	bool is_known; /* that many bytes of records */
};

static bool
is_packed(const char *path)
{
	const char *dot = strrchr(path, '.');
	return dot && (strcmp(dot, ".gz") == 0 || strcmp(dot, ".zst") == 0);
}

static enum fe_rc
look_at_object(const struct fe_source_settings *set, const char *path, bool *is_skipped, struct fe_err *err)
{
	struct fe_object_id id = { 0 };

	*is_skipped = false;
	if (!set->skip_object)
		return FE_OK;
	FE_TRY(fe_object_identify(path, &set->net, &id, err));
	*is_skipped = set->skip_object(set->skip_ctx, &id);
	fe_object_id_reset(&id);
	return FE_OK;
}

static void
add_object(struct fe_preview_out *out, const struct files *f, const char *name, uint64_t size_bytes, bool is_skipped)
{
	if (f->n > MAX_SHOWN_OBJECTS)
		return;
	fe_json_object(&out->json, NULL);
	fe_json_str(&out->json, "path", fe_str_of(name));
	fe_json_i64(&out->json, "size_bytes", (int64_t)size_bytes);
	fe_json_bool(&out->json, "is_skipped", is_skipped);
	fe_json_object_end(&out->json);
	if (f->n <= MAX_TOLD_OBJECTS)
		fe_buf_addf(out->text, "    %12" PRIu64 " bytes  %s%s\n", size_bytes, name,
			    is_skipped ? "  (loaded before, left out)" : "");
}

static enum fe_rc
preview_files(struct fe_preview_out *out, const struct fe_source_settings *set, struct fe_err *err)
{
	struct fe_paths paths;
	struct files f = { .is_known = true };
	enum fe_rc rc = FE_OK;

	FE_TRY(fe_paths_expand(set->location, &set->net, &paths, err));
	fe_buf_addf(out->text, "  reads       %zu object%s\n", paths.n_paths, paths.n_paths == 1 ? "" : "s");
	fe_json_array(&out->json, "objects");
	for (size_t i = 0; i < paths.n_paths && rc == FE_OK; i++) {
		bool is_skipped;
		rc = look_at_object(set, paths.paths[i], &is_skipped, err);
		f.n++;
		f.n_skipped += is_skipped;
		f.size_bytes += is_skipped ? 0 : paths.sizes_bytes[i];
		f.is_known &= is_skipped || (paths.sizes_bytes[i] > 0 && !is_packed(paths.paths[i]));
		if (rc == FE_OK)
			add_object(out, &f, paths.names[i], paths.sizes_bytes[i], is_skipped);
	}
	fe_json_array_end(&out->json);
	if (f.n > MAX_TOLD_OBJECTS)
		fe_buf_addf(out->text, "    and %" PRIu64 " more; %" PRIu64 " of all were loaded before and are left out\n",
			    f.n - MAX_TOLD_OBJECTS, f.n_skipped);
	fe_json_i64(&out->json, "n_objects", (int64_t)f.n);
	fe_json_i64(&out->json, "n_skipped_objects", (int64_t)f.n_skipped);
	fe_json_i64(&out->json, "size_bytes", (int64_t)f.size_bytes);
	fe_paths_free(&paths);
	out->read_bytes = f.size_bytes;
	out->has_read_bytes = f.is_known;
	return rc;
}

/* ---- requests ---- */

/* Of a header the name; what it says may be a secret. */
static void
add_request(struct fe_buf *out, const struct fe_api_request *r, const struct fe_net_settings *net)
{
	fe_buf_addf(out, "%s ", r->http.method);
	fe_url_show_for(out, fe_buf_str(&r->url), net);
	for (size_t i = 0; i < r->http.n_headers; i++)
		fe_buf_addf(out, "; %s: ***", r->http.headers[i].name);
	if (r->http.body.n)
		fe_buf_addf(out, "; with a body of %zu bytes", r->http.body.n);
}

static enum fe_rc
preview_request(struct fe_preview_out *out, const struct fe_source_settings *set, struct fe_err *err)
{
	static const char *const auths[] = { "none", "bearer", "api_key", "basic", "oauth2", "hmac", "aws" };
	struct fe_api_request request;
	struct fe_buf text;

	FE_TRY(fe_api_request_make(&request, set, &(struct fe_api_place){ 0 }, err));
	fe_buf_init(&text, MAX_TEXT_BYTES);
	add_request(&text, &request, &set->net);
	fe_preview_fact(out, "request", "asks", fe_buf_str(&text));
	fe_preview_fact(out, "auth", "proves by", fe_str_of(auths[set->api->auth]));
	fe_buf_reset(&text);
	fe_api_request_reset(&request);
	return FE_OK;
}

/* ---- queries ---- */

/* The connection string without its password. */
static void
add_odbc(struct fe_buf *out, const char *connection)
{
	for (;;) {
		struct fe_str secret = fe_odbc_secret(connection);
		if (!secret.n)
			break;
		fe_buf_add(out, connection, (size_t)(secret.p - connection));
		fe_buf_add_text(out, "***");
		connection = secret.p + secret.n;
	}
	fe_buf_add_text(out, connection);
}

static void
add_query(struct fe_buf *out, const struct fe_query_settings *q)
{
	if (q->table)
		fe_buf_addf(out, "table %s", q->table);
	else
		fe_buf_add_text(out, q->query);
}

static void
preview_query(struct fe_preview_out *out, const struct fe_plan_dataset *d, const struct fe_source_settings *set)
{
	struct fe_buf text;

	fe_buf_init(&text, MAX_TEXT_BYTES);
	if (d->source == &fe_source_odbc)
		add_odbc(&text, set->location);
	else if (d->source == &fe_source_postgres)
		fe_buf_add_redacted_url(&text, set->location);
	else
		fe_buf_add_text(&text, set->location);
	fe_preview_fact(out, "connects_to", "from", fe_buf_str(&text));
	fe_buf_clear(&text);
	add_query(&text, set->query);
	fe_preview_fact(out, "query", "reads", fe_buf_str(&text));
	fe_buf_reset(&text);
}

/* ---- any ---- */

static void
preview_window(struct fe_preview_out *out, const struct fe_source_window *w)
{
	if (!w->cursor)
		return;
	fe_preview_fact(out, "cursor", "cursor", fe_str_of(w->cursor));
	fe_preview_fact(out, "since", "since", w->since ? fe_str_of(w->since) : FE_STR("the beginning"));
	fe_preview_fact(out, "until", "until", w->until ? fe_str_of(w->until) : FE_STR("the end"));
}

enum fe_rc
fe_preview_source(struct fe_preview_out *out, const struct fe_plan_dataset *d, const struct fe_source_settings *set,
                  struct fe_err *err)
{
	fe_preview_fact(out, "source", "source", fe_str_of(d->source->name));
	fe_preview_fact(out, "contract", "contract", fe_str_of(fe_contract_name(set->contract)));
	preview_window(out, &set->window);
	if (d->source == &fe_source_api)
		return preview_request(out, set, err);
	if (!set->query)
		return preview_files(out, set, err);
	preview_query(out, d, set);
	return FE_OK;
}
