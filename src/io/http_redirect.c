// SPDX-License-Identifier: Apache-2.0
/* io/http_redirect.c - which URLs are asked, and where an answer may lead
 *
 * Redirects are followed here, hop by hop, each looked at as the first URL was; libcurl
 * follows none. The parser is libcurl's own, so that what is checked is what is connected to.
 */
#include "base/mem.h"
#include "base/text.h"
#include "io/http_private.h"

static char *
part_of(CURLU *url, CURLUPart part)
{
	char *text = NULL;
	if (curl_url_get(url, part, &text, CURLU_DEFAULT_PORT) != CURLUE_OK)
		return NULL;
	char *copy = fe_strdup(text);
	curl_free(text);
	return copy;
}

static enum fe_rc
check_scheme(const struct fe_http *h, CURLU *url, struct fe_err *err)
{
	char *scheme = part_of(url, CURLUPART_SCHEME);
	bool is_https = scheme && strcmp(scheme, "https") == 0, is_http = scheme && strcmp(scheme, "http") == 0;
	fe_free(scheme);
	if (is_https || (is_http && h->net.allow_http))
		return FE_OK;
	if (is_http)
		return fe_fail(err, FE_EUSAGE, "plain http can be read and changed on its way: use https, or say allow_http");
	return fe_fail(err, FE_EUSAGE, "only https URLs are read here");
}

enum fe_rc
fe_http_url_parse(struct fe_http *h, const char *text, CURLU **out, struct fe_err *err)
{
	struct fe_str s = fe_str_of(text);
	enum fe_rc rc = FE_EUSAGE;
	*out = curl_url();
	FE_ASSERT(*out);
	for (size_t i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f) {
			(void)fe_fail(err, rc, "the URL has blanks or control characters: write them as %%20");
			goto fail;
		}
	}
	CURLUcode c = curl_url_set(*out, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME | CURLU_PATH_AS_IS);
	if (c != CURLUE_OK) {
		(void)fe_fail(err, rc, "this is no URL of the form https://host/path: %s", curl_url_strerror(c));
		goto fail;
	}
	rc = check_scheme(h, *out, err);
	if (rc)
		goto fail;
	return FE_OK;
fail:
	curl_url_cleanup(*out);
	*out = NULL;
	fe_http_err_at(h, err, text);
	return rc;
}

static bool
is_same_part(CURLU *a, CURLU *b, CURLUPart part)
{
	char *x = part_of(a, part), *y = part_of(b, part);
	bool is_same = x && y && fe_text_casecmp_ascii(fe_str_of(x), fe_str_of(y)) == 0;
	fe_free(x);
	fe_free(y);
	return is_same;
}

bool
fe_http_is_same_origin(CURLU *a, CURLU *b)
{
	return is_same_part(a, b, CURLUPART_SCHEME) && is_same_part(a, b, CURLUPART_HOST) &&
	       is_same_part(a, b, CURLUPART_PORT);
}

static bool
is_https(CURLU *url)
{
	char *scheme = part_of(url, CURLUPART_SCHEME);
	bool is = scheme && strcmp(scheme, "https") == 0;
	fe_free(scheme);
	return is;
}

/* 303 asks for GET; 301 and 302 may not turn a POST into one, which some clients do. */
static enum fe_rc
choose_method(struct fe_http_ask *ask, long status, struct fe_err *err)
{
	if (strcmp(ask->method, "GET") == 0 || strcmp(ask->method, "HEAD") == 0 || status == 307 ||
	    status == 308)
		return FE_OK;
	if (status == 303) {
		ask->method = "GET";
		ask->has_body = false;
		return FE_OK;
	}
	return fe_fail(err, FE_EDENIED, "a %s is redirected by %ld, which does not say whether to repeat it: "
		       "use the URL it leads to", ask->method, status);
}

static enum fe_rc
follow(struct fe_http *h, struct fe_http_ask *ask, const char *location, CURLU *next, struct fe_err *err)
{
	if (curl_url_set(next, CURLUPART_URL, location, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
		return fe_fail(err, FE_EDATA, "the server redirects to what is no URL");
	if (curl_url_set(next, CURLUPART_FRAGMENT, NULL, 0) != CURLUE_OK)
		return fe_fail(err, FE_EBUG, "a fragment cannot be taken off a URL");
	if (is_https(ask->url) && !is_https(next))
		return fe_fail(err, FE_EDENIED, "the server redirects from https to what is not: refused");
	FE_TRY(check_scheme(h, next, err));
	return FE_OK;
}

enum fe_rc
fe_http_redirect(struct fe_http *h, struct fe_http_ask *ask, long status, const char *location,
		 struct fe_err *err)
{
	CURLU *next = curl_url_dup(ask->url);
	FE_ASSERT(next);
	enum fe_rc rc = choose_method(ask, status, err);
	if (rc)
		goto fail;
	rc = follow(h, ask, location, next, err);
	if (rc)
		goto fail;
	if (!fe_http_is_same_origin(ask->url, next))
		ask->is_elsewhere = true;
	curl_url_cleanup(ask->url);
	ask->url = next;
	fe_free(ask->url_text);
	ask->url_text = part_of(next, CURLUPART_URL);
	FE_ASSERT(ask->url_text);
	return FE_OK;
fail:
	curl_url_cleanup(next);
	return rc;
}

enum fe_rc
fe_url_resolve(struct fe_buf *out, const char *base, struct fe_str target, bool *is_same_origin, struct fe_err *err)
{
	FE_TRY(fe_curl_open(err));
	CURLU *from = curl_url(), *to = NULL;
	char *text = fe_strndup(target.p ? target.p : "", target.n), *whole = NULL; /* libcurl's */
	enum fe_rc rc = FE_OK;

	FE_ASSERT(from);
	if (curl_url_set(from, CURLUPART_URL, base, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK) {
		rc = fe_fail(err, FE_EDATA, "this is no URL to go on from");
		goto done;
	}
	to = curl_url_dup(from);
	FE_ASSERT(to);
	if (curl_url_set(to, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME | CURLU_URLENCODE) != CURLUE_OK ||
	    curl_url_get(to, CURLUPART_URL, &whole, CURLU_NO_DEFAULT_PORT) != CURLUE_OK) {
		rc = fe_fail(err, FE_EDATA, "the URL that is named is none");
		goto done;
	}
	*is_same_origin = fe_http_is_same_origin(from, to);
	fe_buf_add_text(out, whole);
done:
	curl_free(whole);
	fe_free(text);
	curl_url_cleanup(to);
	curl_url_cleanup(from);
	return rc;
}
