// SPDX-License-Identifier: Apache-2.0
/* pipeline/lineage.c - where events of lineage go, see pipeline/lineage.h */
#include "pipeline/lineage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "io/http.h"

#define MAX_EVENT_BYTES ((size_t)16 * 1024 * 1024)
#define MAX_URL_BYTES ((size_t)16 * 1024)
#define MAX_ANSWER_BYTES ((uint64_t)1024 * 1024)

static const char *
variable(const char *name, const char *fallback)
{
	const char *value = getenv(name);
	return value && *value ? value : fallback;
}

bool
fe_lineage_init(struct fe_lineage *l, const char *url, const struct fe_clock *clock)
{
	bool is_disabled = false;

	*l = (struct fe_lineage){
		.url = url ? url : variable("OPENLINEAGE_URL", NULL),
		.endpoint = variable("OPENLINEAGE_ENDPOINT", "api/v1/lineage"),
		.api_key = variable("OPENLINEAGE_API_KEY", NULL),
		.job_namespace = variable("OPENLINEAGE_NAMESPACE", "default"),
		.clock = clock,
	};
	(void)fe_bool_parse(fe_str_of(variable("OPENLINEAGE_DISABLED", "false")), &is_disabled);
	return l->url && !is_disabled;
}

void
fe_lineage_reset(struct fe_lineage *l)
{
	*l = (struct fe_lineage){ 0 };
}

/* ---- to a file ---- */

/* One write of one line, so that several runs may share the file. */
static enum fe_rc
append(const char *path, struct fe_str line, struct fe_err *err)
{
	enum fe_rc rc = FE_OK;
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0640);

	if (fd < 0)
		return fe_fail_errno(err, errno, "cannot open the file of lineage", path);
	while (line.n && rc == FE_OK) {
		ssize_t n = write(fd, line.p, line.n);
		if (n >= 0)
			line = (struct fe_str){ line.p + n, line.n - (size_t)n };
		else if (errno != EINTR)
			rc = fe_fail_errno(err, errno, "cannot write the file of lineage", path);
	}
	if (close(fd) < 0 && rc == FE_OK)
		rc = fe_fail_errno(err, errno, "cannot write the file of lineage", path);
	return rc;
}

/* ---- to a URL ---- */

static enum fe_rc
endpoint_of(const struct fe_lineage *l, struct fe_buf *out, struct fe_err *err)
{
	size_t n = strlen(l->url);

	if (strncmp(l->url, "http://", 7) != 0 && strncmp(l->url, "https://", 8) != 0)
		return fe_fail(err, FE_EUSAGE, "lineage goes to 'https://...', 'http://...' or 'file:PATH'");
	if (l->api_key && strncmp(l->url, "http://", 7) == 0)
		return fe_fail(err, FE_EDENIED, "OPENLINEAGE_API_KEY is not sent without TLS; name a URL with https");
	while (n && l->url[n - 1] == '/')
		n--;
	fe_buf_add(out, l->url, n);
	fe_buf_addf(out, "/%s", l->endpoint + (*l->endpoint == '/'));
	return fe_buf_check(out, "the URL of lineage", err);
}

/* The operator names this server by the command line or the environment, so that it may be near and
 * without TLS, as Marquez beside a scheduler is. */
static enum fe_rc
post(const struct fe_lineage *l, const char *url, struct fe_str body, struct fe_err *err)
{
	const struct fe_net_settings net = {
		.allow_http = true, .allow_private = true, .connect_timeout_ms = FE_LINEAGE_TIMEOUT_MS,
		.total_timeout_ms = FE_LINEAGE_TIMEOUT_MS, .max_tries = 1, .max_body_bytes = MAX_ANSWER_BYTES,
	};
	struct fe_http_header headers[2] = { { "Content-Type", "application/json" } };
	struct fe_http_response answer = { 0 };
	struct fe_http *http = NULL;
	struct fe_buf key;
	enum fe_rc rc;

	fe_buf_init(&key, MAX_URL_BYTES);
	if (l->api_key)
		fe_buf_addf(&key, "Bearer %s", l->api_key);
	headers[1] = (struct fe_http_header){ "Authorization", fe_buf_text(&key) };
	const struct fe_http_request req = {
		.method = "POST", .url = url, .headers = headers, .n_headers = l->api_key ? 2 : 1, .body = body, .ignores_body = true,
	};
	rc = fe_http_new(&http, &net, l->clock, err);
	if (rc == FE_OK) {
		fe_http_outlive_stop(http, fe_clock_ticks(l->clock) + FE_LINEAGE_TIMEOUT_MS * INT64_C(1000));
		rc = fe_http_fetch(http, &req, &answer, err);
	}
	fe_http_response_reset(&answer);
	fe_http_free(http);
	if (key.p)
		explicit_bzero(key.p, key.n_bytes);
	fe_buf_reset(&key);
	return rc;
}

static enum fe_rc
deliver(const struct fe_lineage *l, struct fe_buf *event, struct fe_err *err)
{
	struct fe_buf url;
	enum fe_rc rc = fe_buf_check(event, "the event", err);

	if (rc)
		return rc;
	if (strncmp(l->url, "file:", 5) == 0) {
		fe_buf_add_char(event, '\n');
		return append(l->url + (strncmp(l->url, "file:///", 8) == 0 ? 7 : 5), fe_buf_str(event), err);
	}
	fe_buf_init(&url, MAX_URL_BYTES);
	rc = endpoint_of(l, &url, err);
	if (rc == FE_OK)
		rc = post(l, fe_buf_text(&url), fe_buf_str(event), err);
	fe_buf_reset(&url);
	return rc;
}

void
fe_lineage_send(const struct fe_lineage *l, const struct fe_lineage_event *e, struct fe_told_list *told)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_buf event, shown;
	enum fe_rc rc;

	fe_buf_init(&event, MAX_EVENT_BYTES);
	fe_buf_init(&shown, MAX_URL_BYTES);
	fe_url_show(&shown, fe_str_of(l->url));
	fe_lineage_json(l, e, &event);
	rc = deliver(l, &event, &err);
	fe_told_add(told, "openlineage", fe_buf_text(&shown), rc ? &err : NULL);
	fe_buf_reset(&event);
	fe_buf_reset(&shown);
}
