// SPDX-License-Identifier: Apache-2.0
/* io's readers, writers and signer on a command line: what tests/system/test_s3*.py ask.
 *
 *   cat LOCATION            the bytes of an object; "id size sha256 version" on stderr
 *   cat LOCATION PAUSE_MS   the same, with a rest after the first bytes
 *   list PATTERN            what it names, each ended by a NUL
 *   put LOCATION            stdin becomes an object; "size sha256" on stdout
 *   put LOCATION PAUSE_MS   the same, with a rest between finish and publish
 *   twice A PAUSE_MS B      two objects in one session, with a rest between them
 *   sign                    of lines "time, service, region, key, secret, token, method, url,
 *                           n headers, (name, value)..., body" (hex, parted by blanks): Authorization
 *   config                  what AWS's settings are, and where from
 *
 * Ends with finetl's exit codes, the error on stderr. SIGTERM is a stop. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/stop.h"
#include "base/time.h"
#include "io/reader.h"
#include "io/session.h"
#include "io/sigv4.h"
#include "io/writer.h"

static void
pause_ms(const char *text)
{
	int64_t ms = 0;
	for (; text && *text >= '0' && *text <= '9'; text++)
		ms = ms * 10 + *text - '0';
	for (; ms > 0 && !fe_stop_requested(); ms -= 10)
		(void)nanosleep(&(struct timespec){ .tv_nsec = 10 * 1000000 }, NULL);
}

static enum fe_rc
cat(const char *location, const char *rest, const struct fe_net_settings *net, struct fe_err *err)
{
	static char piece[100000];
	struct fe_reader *r;
	size_t n, n_pieces = 0;
	FE_TRY(fe_reader_open(&r, location, net, err));
	enum fe_rc rc;
	do {
		rc = fe_reader_read(r, piece, n_pieces ? sizeof piece : 10, &n, err);
		(void)fwrite(piece, 1, n, stdout);
		if (n_pieces++ == 0)
			pause_ms(rest);
	} while (rc == FE_OK && n > 0);
	const struct fe_object_id *id = fe_reader_identity(r);
	if (rc == FE_OK)
		(void)fprintf(stderr, "id %llu %s %s %s\n", (unsigned long long)id->size_bytes, id->sha256,
		              id->version ? id->version : "-", id->path);
	fe_reader_close(r);
	return rc;
}

static enum fe_rc
list(const char *pattern, const struct fe_net_settings *net, struct fe_err *err)
{
	struct fe_paths paths;
	FE_TRY(fe_paths_expand(pattern, net, &paths, err));
	for (size_t i = 0; i < paths.n_paths; i++)
		(void)fwrite(paths.paths[i], 1, strlen(paths.paths[i]) + 1, stdout);
	fe_paths_free(&paths);
	return FE_OK;
}

static enum fe_rc
put(const char *location, const char *rest, const struct fe_net_settings *net, struct fe_err *err)
{
	static char piece[100000];
	char sha256[FE_SHA256_HEX_BYTES];
	struct fe_writer *w;
	size_t n;
	FE_TRY(fe_writer_open(&w, location, net, err));
	enum fe_rc rc = FE_OK;
	while (rc == FE_OK && (n = fread(piece, 1, sizeof piece, stdin)) > 0)
		rc = fe_writer_write(w, piece, n, err);
	if (rc == FE_OK)
		rc = fe_writer_finish(w, sha256, err);
	if (rc == FE_OK && rest) {
		(void)fprintf(stderr, "finished\n");
		pause_ms(rest);
		rc = fe_stop_check(err);
	}
	if (rc == FE_OK)
		rc = fe_writer_publish(w, err);
	if (rc == FE_OK)
		(void)printf("%llu %s\n", (unsigned long long)fe_writer_size(w), sha256);
	fe_writer_close(w);
	return rc;
}

static char *
take_field(char **rest)
{
	char *from = *rest, *end = strchr(from, ' ');
	size_t n = end ? (size_t)(end - from) : strlen(from);
	char *out = fe_alloc(n / 2 + 1);
	for (size_t i = 0; i + 1 < n; i += 2) {
		unsigned byte = 0;
		for (size_t k = i; k < i + 2; k++)
			byte = byte * 16 + (unsigned)(from[k] <= '9' ? from[k] - '0' : from[k] - 'a' + 10);
		out[i / 2] = (char)byte;
	}
	*rest = end ? end + 1 : from + n;
	return out;
}

static enum fe_rc
sign_line(char *line, struct fe_err *err)
{
	char *f[9], *h[2 * 16];
	struct fe_http_header headers[16];
	int64_t now_us;
	for (size_t i = 0; i < 9; i++)
		f[i] = take_field(&line);
	size_t n = (size_t)(f[8][0] - '0');
	for (size_t i = 0; i < 2 * n; i++)
		h[i] = take_field(&line);
	for (size_t i = 0; i < n; i++)
		headers[i] = (struct fe_http_header){ h[2 * i], h[2 * i + 1] };
	char *body = take_field(&line);
	FE_ASSERT(fe_timestamp_parse(fe_str_of(f[0]), NULL, NULL, &now_us) == FE_TIME_OK);
	const struct fe_sigv4_keys keys = { f[3], f[4], f[5][0] ? f[5] : NULL };
	const struct fe_sigv4 set = { .keys = &keys, .service = f[1], .region = f[2], .now_us = now_us };
	const struct fe_http_request req = { .method = f[6], .url = f[7], .headers = headers, .n_headers = n,
		                             .body = fe_str_of(body) };
	struct fe_http_headers added = { 0 };
	enum fe_rc rc = fe_sigv4_sign(&set, &req, &added, err);
	if (rc == FE_OK)
		(void)puts(fe_http_headers_get(&added, "Authorization"));
	fe_http_headers_reset(&added);
	for (size_t i = 0; i < 9; i++)
		fe_free(f[i]);
	for (size_t i = 0; i < 2 * n; i++)
		fe_free(h[i]);
	fe_free(body);
	return rc;
}

static enum fe_rc
sign_all(struct fe_err *err)
{
	static char line[200000];
	enum fe_rc rc = FE_OK;
	while (rc == FE_OK && fgets(line, sizeof line, stdin)) {
		line[strcspn(line, "\n")] = '\0';
		rc = sign_line(line, err);
	}
	return rc;
}

static enum fe_rc
config(struct fe_err *err)
{
	struct fe_aws_config c;
	struct fe_aws_value v;
	const char *name;
	FE_TRY(fe_aws_config_load(&c, NULL, err));
	for (size_t i = 0; (name = fe_aws_config_nth(&c, i, &v)) != NULL; i++)
		(void)printf("%s|%s|%s\n", name, v.text ? v.text : "", v.from ? v.from : "");
	fe_aws_config_reset(&c);
	return FE_OK;
}

static enum fe_rc
twice(char **argv, const struct fe_net_settings *net, struct fe_err *err)
{
	FE_TRY(cat(argv[2], NULL, net, err));
	pause_ms(argv[3]);
	return cat(argv[4], NULL, net, err);
}

int
main(int argc, char **argv)
{
	struct fe_net_settings net = { .allow_http = getenv("PROBE_HTTP") != NULL,
		                       .allow_private = getenv("PROBE_HTTP") != NULL,
		                       .retry_budget_ms = 20000 };
	struct fe_err err = FE_ERR_INIT;
	enum fe_rc rc = FE_EUSAGE;
	char text[2048];

	fe_stop_install();
	net.session = fe_session_new();
	if (argc > 2 && strcmp(argv[1], "cat") == 0)
		rc = cat(argv[2], argc > 3 ? argv[3] : NULL, &net, &err);
	else if (argc > 2 && strcmp(argv[1], "list") == 0)
		rc = list(argv[2], &net, &err);
	else if (argc > 2 && strcmp(argv[1], "put") == 0)
		rc = put(argv[2], argc > 3 ? argv[3] : NULL, &net, &err);
	else if (argc > 4 && strcmp(argv[1], "twice") == 0)
		rc = twice(argv, &net, &err);
	else if (argc > 1 && strcmp(argv[1], "sign") == 0)
		rc = sign_all(&err);
	else if (argc > 1 && strcmp(argv[1], "config") == 0)
		rc = config(&err);
	fe_session_free(net.session);
	if (rc)
		(void)fprintf(stderr, "%s%s%s\n", fe_err_print(&err, text, sizeof text), err.foreign[0] ? " code=" : "",
		              err.foreign);
	return fe_rc_exit_status(rc);
}
