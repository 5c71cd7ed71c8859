// SPDX-License-Identifier: Apache-2.0
/* io/credentials_process.c - keys that a program of the user's prints; see io/credentials.h
 *
 * The command is split into words by blanks and quotes, and started as it is: no shell sees
 * it. It has a minute, no input, and 64 KiB to print; its stderr is ours.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/stop.h"
#include "base/text.h"
#include "io/credentials_private.h"

#define MAX_WORDS 64
#define MAX_OUTPUT_BYTES ((size_t)64 * 1024)
#define TIMEOUT_US (60 * INT64_C(1000000))
#define POLL_MS 100

struct words {
	struct fe_arena arena;
	char *list[MAX_WORDS + 1];
	size_t n;
};

/* One word, without its quotes; false: a quote does not end. */
static bool
take_word(const char **rest, char *out)
{
	char quote = 0;
	const char *p = *rest;
	for (; *p && (quote || !fe_is_blank((unsigned char)*p)); p++) {
		if (quote && *p == quote)
			quote = 0;
		else if (!quote && (*p == '"' || *p == '\''))
			quote = *p;
		else if (*p == '\\' && quote != '\'' && p[1])
			*out++ = *++p;
		else
			*out++ = *p;
	}
	*out = '\0';
	*rest = p;
	return quote == 0;
}

static enum fe_rc
split(const char *command, struct words *w, struct fe_err *err)
{
	while (fe_is_blank((unsigned char)*command))
		command++;
	while (*command) {
		if (w->n == MAX_WORDS)
			return fe_fail(err, FE_EUSAGE, "credential_process has more than %d words", MAX_WORDS);
		char *word = fe_arena_alloc(&w->arena, strlen(command) + 1);
		if (!take_word(&command, word))
			return fe_fail(err, FE_EUSAGE, "a quote of credential_process does not end");
		w->list[w->n++] = word;
		while (fe_is_blank((unsigned char)*command))
			command++;
	}
	return w->n ? FE_OK : fe_fail(err, FE_EUSAGE, "credential_process is empty");
}

static enum fe_rc
start(const struct words *w, pid_t *child, int *from, struct fe_err *err)
{
	posix_spawn_file_actions_t actions;
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return fe_fail_errno(err, errno, "cannot make a pipe", NULL);
	if (posix_spawn_file_actions_init(&actions) != 0) {
		(void)close(ends[0]);
		(void)close(ends[1]);
		return fe_fail(err, FE_ELIMIT, "no memory to start a program");
	}
	int failed = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (failed == 0)
		failed = posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	if (failed == 0)
		failed = posix_spawnp(child, w->list[0], &actions, NULL, w->list, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)close(ends[1]);
	*from = ends[0];
	if (failed == 0)
		return FE_OK;
	(void)close(ends[0]);
	return fe_fail_errno(err, failed, "cannot start the program of credential_process", w->list[0]);
}

/* Until the program closes its output. */
static enum fe_rc
collect(const struct fe_key_search *s, int from, struct fe_buf *out, struct fe_err *err)
{
	int64_t end = fe_clock_ticks(s->clock) + TIMEOUT_US;
	for (;;) {
		struct pollfd p = { .fd = from, .events = POLLIN };
		int ready = poll(&p, 1, POLL_MS);
		FE_TRY(fe_stop_check(err));
		if (fe_clock_ticks(s->clock) > end)
			return fe_fail(err, FE_EUNAVAIL, "credential_process did not end within a minute");
		if (ready <= 0)
			continue;
		if (!fe_buf_reserve(out, 4096))
			return fe_buf_check(out, "what credential_process prints", err);
		ssize_t n = read(from, out->p + out->n_bytes, 4096);
		if (n < 0 && errno != EINTR)
			return fe_fail_errno(err, errno, "cannot read from credential_process", NULL);
		if (n == 0)
			return FE_OK;
		if (n > 0)
			out->n_bytes += (size_t)n;
	}
}

static enum fe_rc
run(const struct fe_key_search *s, const struct words *w, struct fe_buf *out, struct fe_err *err)
{
	int from = -1, status = 0;
	pid_t child;
	FE_TRY(start(w, &child, &from, err));
	enum fe_rc rc = collect(s, from, out, err);
	(void)close(from);
	if (rc)
		(void)kill(child, SIGKILL);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (rc == FE_OK && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
		rc = fe_fail(err, FE_EDENIED, "the program of credential_process ended with status %d",
			     WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return rc;
}

enum fe_rc
fe_keys_of_process(struct fe_key_search *s, const char *command, struct fe_aws_keys *out, struct fe_err *err)
{
	struct words w = { 0 };
	struct fe_buf text;
	enum fe_rc rc = split(command, &w, err);

	fe_buf_init(&text, MAX_OUTPUT_BYTES);
	if (rc == FE_OK)
		rc = run(s, &w, &text, err);
	if (rc == FE_OK) {
		rc = fe_keys_of_json(fe_buf_str(&text), "SessionToken", out, err);
		if (rc)
			fe_err_context(err, "credential_process");
	}
	if (text.p)
		explicit_bzero(text.p, text.n_bytes);
	fe_buf_reset(&text);
	fe_arena_free(&w.arena);
	return rc;
}
