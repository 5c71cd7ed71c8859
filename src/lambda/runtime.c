// SPDX-License-Identifier: Apache-2.0
/* lambda/runtime.c - see lambda/runtime.h
 *
 * One client of io/http for all calls, so that one connection serves an environment's life. The API
 * is plain http on an address of the host's own, which is all that this client may ask.
 */
#include "lambda/runtime.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/decimal.h"
#include "base/json.h"
#include "base/mem.h"
#include "io/http.h"

#define API_VERSION "2018-06-01"
#define MAX_EVENT_BYTES ((uint64_t)8 << 20) /* Lambda's own limit is 6 MB */
#define MAX_URL_BYTES 4096
#define MAX_ERROR_BYTES ((size_t)64 * 1024)
#define MAX_TRACE_BYTES 1024
#define FAREWELL_MS 300 /* of the 500 that Lambda leaves after SIGTERM, to answer what runs */
#define TRACE_VARIABLE "_X_AMZN_TRACE_ID"

struct fe_runtime {
	struct fe_http *http;
	struct fe_clock clock;
	char *base;                       /* "http://host:port/2018-06-01/runtime" */
	struct fe_http_response invocation;
	struct fe_http_response answer;
	/* Lent to the environment, and written in place: a reader in another thread may see half of
	 * two ids, but never memory that is gone. */
	char trace[sizeof TRACE_VARIABLE + MAX_TRACE_BYTES];
	bool has_trace;
};

static void
set_trace(struct fe_runtime *r, const char *id)
{
	(void)snprintf(r->trace, sizeof r->trace, TRACE_VARIABLE "=%s", id);
	if (!r->has_trace)
		r->has_trace = putenv(r->trace) == 0;
}

enum fe_rc
fe_runtime_open(struct fe_runtime **out, const char *address, const struct fe_clock *clock, struct fe_err *err)
{
	static const struct fe_net_settings net = {
		.allow_http = true, .allow_private = true, .no_proxy = true, .waits_forever = true, .max_tries = 1,
		.max_body_bytes = MAX_EVENT_BYTES,
	};
	struct fe_runtime *r = fe_new(struct fe_runtime);
	struct fe_buf base;
	enum fe_rc rc;

	r->clock = *clock;
	fe_buf_init(&base, MAX_URL_BYTES);
	fe_buf_addf(&base, "http://%s/" API_VERSION "/runtime", address);
	rc = fe_buf_check(&base, "AWS_LAMBDA_RUNTIME_API", err);
	r->base = fe_buf_take(&base);
	if (rc == FE_OK)
		rc = fe_http_new(&r->http, &net, clock, err);
	if (rc) {
		fe_runtime_close(r);
		r = NULL;
	}
	*out = r;
	return rc;
}

void
fe_runtime_close(struct fe_runtime *r)
{
	if (!r)
		return;
	if (r->has_trace)
		(void)unsetenv(TRACE_VARIABLE);
	fe_http_free(r->http);
	fe_http_response_reset(&r->invocation);
	fe_http_response_reset(&r->answer);
	fe_free(r->base);
	fe_free(r);
}

static const char *
header(const struct fe_http_response *resp, const char *name)
{
	const char *value = fe_http_headers_get(&resp->headers, name);

	return value ? value : "";
}

static int64_t
deadline_of(const struct fe_http_response *resp)
{
	int64_t ms, us;

	if (fe_int_parse(fe_str_of(header(resp, "Lambda-Runtime-Deadline-Ms")), &ms) != FE_DECIMAL_OK || ms < 0 ||
	    __builtin_mul_overflow(ms, (int64_t)1000, &us))
		return 0;
	return us;
}

enum fe_rc
fe_runtime_next(struct fe_runtime *r, struct fe_invocation *out, struct fe_err *err)
{
	struct fe_http_response *resp = &r->invocation;
	const struct fe_http_header as_it_is = { "Accept-Encoding", "identity" };
	struct fe_buf url;

	*out = (struct fe_invocation){ 0 };
	fe_buf_init(&url, MAX_URL_BYTES);
	fe_buf_addf(&url, "%s/invocation/next", r->base);
	const struct fe_http_request req = { .url = fe_buf_text(&url), .headers = &as_it_is, .n_headers = 1,
		                             .accept_any_status = true };
	enum fe_rc rc = fe_buf_check(&url, "the address of the Runtime API", err);
	if (rc == FE_OK)
		rc = fe_http_fetch(r->http, &req, resp, err);
	fe_buf_reset(&url);
	if (rc && rc != FE_ELIMIT)
		return rc;
	if (rc == FE_OK && resp->status != 200)
		return fe_fail(err, FE_EUNAVAIL, "the Runtime API answers with status %ld where the next event is asked for", resp->status);
	if (!header(resp, "Lambda-Runtime-Aws-Request-Id")[0])
		return fe_fail(err, FE_EUNAVAIL, "the Runtime API's event has no Lambda-Runtime-Aws-Request-Id");
	*out = (struct fe_invocation){
		.request_id = header(resp, "Lambda-Runtime-Aws-Request-Id"),
		.function_arn = header(resp, "Lambda-Runtime-Invoked-Function-Arn"),
		.trace_id = header(resp, "Lambda-Runtime-Trace-Id"),
		.deadline_us = deadline_of(resp),
		.event = fe_buf_str(&resp->body),
	};
	set_trace(r, out->trace_id);
	return rc;
}

/* ---- answers ---- */

static enum fe_rc
judge(long status, struct fe_err *err)
{
	if (status >= 200 && status < 300)
		return FE_OK;
	if (status == 413)
		return fe_fail(err, FE_ELIMIT, "the answer is larger than Lambda takes");
	if (status == 400 || status == 403)
		return fe_fail(err, FE_ECONFLICT, "the Runtime API does not take the answer: status %ld", status);
	return fe_fail(err, FE_EUNAVAIL, "the Runtime API answers with status %ld: this container is done", status);
}

/* request_id NULL: of the start. error_type NULL: it is no error. */
static enum fe_rc
post(struct fe_runtime *r, const char *request_id, const char *what, const char *error_type, struct fe_str json,
     struct fe_err *err)
{
	const struct fe_http_header headers[] = {
		{ "Content-Type", "application/json" },
		{ "Lambda-Runtime-Function-Error-Type", error_type },
	};
	struct fe_buf url;

	fe_buf_init(&url, MAX_URL_BYTES);
	fe_buf_addf(&url, "%s/%s", r->base, request_id ? "invocation/" : "init");
	if (request_id)
		fe_url_encode(&url, fe_str_of(request_id), false);
	fe_buf_addf(&url, "/%s", what);
	const struct fe_http_request req = { .method = "POST", .url = fe_buf_text(&url), .headers = headers,
		                             .n_headers = error_type ? 2 : 1, .body = json, .accept_any_status = true };
	enum fe_rc rc = fe_buf_check(&url, "the address of the Runtime API", err);
	fe_http_outlive_stop(r->http, fe_clock_ticks(&r->clock) + FAREWELL_MS * 1000);
	if (rc == FE_OK)
		rc = fe_http_fetch(r->http, &req, &r->answer, err);
	fe_http_outlive_stop(r->http, 0);
	fe_buf_reset(&url);
	return rc ? rc : judge(r->answer.status, err);
}

enum fe_rc
fe_runtime_answer(struct fe_runtime *r, const char *request_id, struct fe_str json, struct fe_err *err)
{
	return post(r, request_id, "response", NULL, json, err);
}

const char *
fe_error_type(enum fe_rc rc, char out[FE_ERROR_TYPE_BYTES])
{
	const char *name = fe_rc_name(rc);

	(void)snprintf(out, FE_ERROR_TYPE_BYTES, "Function.%c%s", name[0] - 'a' + 'A', name + 1);
	return out;
}

enum fe_rc
fe_runtime_fail(struct fe_runtime *r, const char *request_id, const struct fe_err *why, struct fe_err *err)
{
	char text[FE_ERR_TEXT_BYTES + 512], type[FE_ERROR_TYPE_BYTES];
	struct fe_buf body;
	struct fe_json j;

	fe_buf_init(&body, MAX_ERROR_BYTES);
	fe_json_init(&j, &body, 0);
	fe_json_object(&j, NULL);
	fe_json_text(&j, "errorMessage", fe_err_print(why, text, sizeof text));
	fe_json_text(&j, "errorType", fe_error_type(why->rc, type));
	fe_json_array(&j, "stackTrace");
	fe_json_array_end(&j);
	fe_json_object_end(&j);
	enum fe_rc rc = fe_buf_check(&body, "the error", err);
	if (rc == FE_OK)
		rc = post(r, request_id, "error", type, fe_buf_str(&body), err);
	fe_buf_reset(&body);
	return rc;
}
