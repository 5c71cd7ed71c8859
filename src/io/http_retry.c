// SPDX-License-Identifier: Apache-2.0
/* io/http_retry.c - the table of statuses, backoff, and Retry-After */
#include "io/http_retry.h"

#include "base/buf.h"
#include "base/text.h"
#include "base/time.h"

static const struct { long status; struct fe_http_meaning meaning; } statuses[] = {
	{ 301, { FE_HTTP_REDIRECT, FE_EDENIED, "moved permanently" } },
	{ 302, { FE_HTTP_REDIRECT, FE_EDENIED, "found elsewhere" } },
	{ 303, { FE_HTTP_REDIRECT, FE_EDENIED, "see other" } },
	{ 304, { FE_HTTP_GIVE_UP, FE_EDATA, "not modified, which was not asked" } },
	{ 307, { FE_HTTP_REDIRECT, FE_EDENIED, "moved for now" } },
	{ 308, { FE_HTTP_REDIRECT, FE_EDENIED, "moved permanently" } },
	{ 400, { FE_HTTP_GIVE_UP, FE_EDATA, "bad request: look at its parameters and body" } },
	{ 401, { FE_HTTP_GIVE_UP, FE_EDENIED, "not authenticated: the credentials are missing, wrong or have expired" } },
	{ 403, { FE_HTTP_GIVE_UP, FE_EDENIED, "forbidden: the credentials do not allow this" } },
	{ 404, { FE_HTTP_GIVE_UP, FE_EUSAGE, "not found: look at the URL" } },
	{ 405, { FE_HTTP_GIVE_UP, FE_EDATA, "method not allowed: another one than GET or POST is wanted there" } },
	{ 407, { FE_HTTP_GIVE_UP, FE_EDENIED, "the proxy wants credentials: put them in HTTPS_PROXY" } },
	{ 408, { FE_HTTP_AGAIN, FE_EUNAVAIL, "request timeout" } },
	{ 410, { FE_HTTP_GIVE_UP, FE_EUSAGE, "gone: look at the URL" } },
	{ 413, { FE_HTTP_GIVE_UP, FE_EDATA, "the request is too large" } },
	{ 416, { FE_HTTP_GIVE_UP, FE_EDATA, "the range does not exist: is the object shorter now?" } },
	{ 425, { FE_HTTP_AGAIN, FE_EUNAVAIL, "too early" } },
	{ 429, { FE_HTTP_AGAIN, FE_EUNAVAIL, "too many requests: a lower rate_per_minute avoids it" } },
	{ 451, { FE_HTTP_GIVE_UP, FE_EDENIED, "unavailable for legal reasons" } },
	{ 500, { FE_HTTP_AGAIN, FE_EUNAVAIL, "internal error of the server" } },
	{ 502, { FE_HTTP_AGAIN, FE_EUNAVAIL, "bad gateway" } },
	{ 503, { FE_HTTP_AGAIN, FE_EUNAVAIL, "service unavailable" } },
	{ 504, { FE_HTTP_AGAIN, FE_EUNAVAIL, "gateway timeout" } },
};

struct fe_http_meaning
fe_http_meaning_of(long status, bool is_range)
{
	for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
		if (statuses[i].status == status)
			return statuses[i].meaning;
	if (status == 206 && !is_range)
		return (struct fe_http_meaning){ FE_HTTP_GIVE_UP, FE_EDATA, "a part of the body, where all was asked for" };
	if (status >= 200 && status <= 299)
		return (struct fe_http_meaning){ FE_HTTP_TAKE, FE_OK, "" };
	if (status >= 400 && status <= 499)
		return (struct fe_http_meaning){ FE_HTTP_GIVE_UP, FE_EDATA, "the request is refused" };
	if (status >= 500 && status <= 599)
		return (struct fe_http_meaning){ FE_HTTP_GIVE_UP, FE_EUNAVAIL, "error of the server" };
	return (struct fe_http_meaning){ FE_HTTP_GIVE_UP, FE_EDATA, "no status that is known here" };
}

int64_t
fe_http_backoff_ms(unsigned n_failed, uint64_t chance)
{
	uint64_t bound = FE_HTTP_BACKOFF_FIRST_MS;
	for (unsigned i = 1; i < n_failed && bound < FE_HTTP_BACKOFF_MOST_MS; i++)
		bound *= 2;
	if (bound > FE_HTTP_BACKOFF_MOST_MS)
		bound = FE_HTTP_BACKOFF_MOST_MS;
	/* The high bits of a 128-bit product: even, without a division. */
	return (int64_t)((unsigned __int128)chance * (bound + 1) >> 64);
}

#define MOST_MS (INT64_MAX / 1000)

static bool
seconds_of(struct fe_str value, int64_t *out_ms)
{
	int64_t s = 0;
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] < '0' || value.p[i] > '9')
			return false;
		if (__builtin_mul_overflow(s, 10, &s) || __builtin_add_overflow(s, value.p[i] - '0', &s))
			s = MOST_MS;
		if (s > MOST_MS)
			s = MOST_MS;
	}
	if (__builtin_mul_overflow(s, 1000, out_ms) || *out_ms > MOST_MS)
		*out_ms = MOST_MS;
	return value.n > 0;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", and asctime's
 * "Sun Nov  6 08:49:37 1994": all without their weekday, one blank between words, in UTC. */
bool
fe_http_date(struct fe_str value, int64_t *out_us)
{
	static const char *const formats[] = { "%d %b %Y %H:%M:%S%z", "%d-%b-%y %H:%M:%S%z", "%b %e %H:%M:%S %Y%z" };
	const char *space = value.n ? memchr(value.p, ' ', value.n) : NULL;
	char text[64];
	size_t n = 0;
	if (!space || value.n > 40)
		return false;
	for (const char *p = space + 1; p < value.p + value.n; p++)
		if (*p != ' ' || (n && text[n - 1] != ' '))
			text[n++] = *p;
	if (n > 4 && memcmp(text + n - 4, " GMT", 4) == 0)
		n -= 4;
	text[n++] = 'Z';
	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
		if (fe_timestamp_parse((struct fe_str){ text, n }, formats[i], NULL, out_us) == FE_TIME_OK)
			return true;
	return false;
}

bool
fe_http_retry_after_ms(struct fe_str raw, int64_t now_us, int64_t *out_ms)
{
	struct fe_str value = fe_text_trim(raw);
	int64_t at_us, us;
	if (seconds_of(value, out_ms))
		return true;
	if (!fe_http_date(value, &at_us))
		return false;
	if (__builtin_sub_overflow(at_us, now_us, &us))
		us = INT64_MAX;
	*out_ms = us > 0 ? us / 1000 + (us % 1000 != 0) : 0;
	return true;
}
