// SPDX-License-Identifier: Apache-2.0
/* io/http_proxy.c - HTTPS_PROXY, HTTP_PROXY, NO_PROXY
 *
 * Decided here and not by libcurl, so that it is known whether the address that is connected
 * to is the server's (and judged) or the proxy's (the user's own word). This machine and
 * link-local addresses never go by a proxy: metadata of a cloud would be the proxy's.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"
#include "io/http_private.h"

static const char *
variable(const char *lower, const char *upper)
{
	const char *value = getenv(lower);
	if (!value || !*value)
		value = getenv(upper);
	return value && *value ? value : NULL;
}

static struct fe_str
next_word(struct fe_str *rest)
{
	while (rest->n && (*rest->p == ',' || fe_is_blank((unsigned char)*rest->p)))
		*rest = (struct fe_str){ rest->p + 1, rest->n - 1 };
	struct fe_str word = { rest->p, 0 };
	while (word.n < rest->n && rest->p[word.n] != ',' && !fe_is_blank((unsigned char)rest->p[word.n]))
		word.n++;
	*rest = (struct fe_str){ rest->p + word.n, rest->n - word.n };
	return word;
}

static bool
is_same(struct fe_str a, struct fe_str b)
{
	return fe_text_casecmp_ascii(a, b) == 0;
}

/* "bank.example" and ".bank.example" are the name and all below it; ":8443" only that port. */
static bool
is_meant(struct fe_str word, struct fe_str host, struct fe_str port)
{
	const char *colon = memchr(word.p, ':', word.n);
	bool has_port = colon && !memchr(colon + 1, ':', word.n - (size_t)(colon - word.p) - 1);
	if (has_port) { /* one colon only: else it is an address of IPv6 */
		struct fe_str wanted = { colon + 1, word.n - (size_t)(colon - word.p) - 1 };
		if (!is_same(wanted, port))
			return false;
		word.n = (size_t)(colon - word.p);
	}
	if (fe_str_is(word, "*"))
		return true;
	if (word.n && word.p[0] == '.')
		word = (struct fe_str){ word.p + 1, word.n - 1 };
	if (word.n == 0 || host.n < word.n)
		return false;
	struct fe_str end = { host.p + host.n - word.n, word.n };
	return is_same(end, word) && (host.n == word.n || host.p[host.n - word.n - 1] == '.');
}

static bool
is_near(const char *host)
{
	const char *special = fe_address_special_host(host);
	return special && (strcmp(special, "loopback") == 0 || strcmp(special, "link-local") == 0);
}

char *
fe_http_proxy_of(const char *scheme, const char *host, const char *port)
{
	bool is_https = strcmp(scheme, "https") == 0;
	const char *proxy = is_https ? variable("https_proxy", "HTTPS_PROXY") : variable("http_proxy", "HTTP_PROXY");
	struct fe_str none = fe_str_of(variable("no_proxy", "NO_PROXY")), name = fe_str_of(host);
	if (!proxy || is_near(host))
		return NULL;
	if (name.n > 2 && name.p[0] == '[')
		name = (struct fe_str){ name.p + 1, name.n - 2 };
	for (;;) {
		struct fe_str word = next_word(&none);
		if (!word.n)
			return fe_strdup(proxy);
		if (is_meant(word, name, fe_str_of(port)))
			return NULL;
	}
}
