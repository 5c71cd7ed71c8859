// SPDX-License-Identifier: Apache-2.0
/* pipeline/planner_hidden.c - values of the environment in URLs, which are shown by their names
 *
 * Some APIs take a token as a part of the path, and pages name the next one with it. So each part of a path that
 * came from the environment is hidden wherever it stands in a URL (fe_url_show_for of io/http.h). A variable may hold all that
 * a URL begins with: of that the host is shown. What is behind the path is never shown (fe_url_show).
 */
#include "pipeline/planner.h"

#define TOKEN_LEAST_BYTES 16

static size_t
path_of(const char *url)
{
	const char *host = strstr(url, "://");
	size_t n = host ? (size_t)(host + 3 - url) : 0;

	return n + strcspn(url + n, "/?#");
}

static const char *
shown_as(struct fe_planner *b, const char *name)
{
	struct fe_buf shown;

	fe_buf_init(&shown, SIZE_MAX / 2);
	fe_buf_addf(&shown, "${%s}", name);
	const char *text = fe_planner_text(b, fe_buf_str(&shown));
	fe_buf_reset(&shown);
	return text;
}

/* Without the slashes around it, which URLs have more and fewer of. */
static struct fe_str
trimmed(struct fe_str part)
{
	while (part.n && part.p[0] == '/')
		part = (struct fe_str){ part.p + 1, part.n - 1 };
	while (part.n && part.p[part.n - 1] == '/')
		part.n--;
	return part;
}

/* The part whole, and each name of it that is as long as tokens are, as another path may lead to it. */
static size_t
add_hidden(struct fe_planner *b, struct fe_net_hidden *out, struct fe_str part, const char *shown)
{
	size_t n = 0;

	if (part.n)
		out[n++] = (struct fe_net_hidden){ fe_planner_text(b, part), shown };
	for (size_t from = 0, to; from < part.n; from = to + 1) {
		const char *slash = memchr(part.p + from, '/', part.n - from);
		to = slash ? (size_t)(slash - part.p) : part.n;
		if (to - from >= TOKEN_LEAST_BYTES && to - from < part.n)
			out[n++] = (struct fe_net_hidden){ fe_planner_text(b, (struct fe_str){ part.p + from, to - from }), shown };
	}
	return n;
}

void
fe_planner_hide(struct fe_planner *b, const char *url, struct fe_net_settings *net)
{
	const size_t path = path_of(url), path_end = path + strcspn(url + path, "?#");
	struct fe_net_hidden *hidden;
	size_t n = net->n_hidden;

	if (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0)
		return;
	hidden = FE_PLAN_ARRAY(b, n + b->n_filled + (path_end - path), struct fe_net_hidden);
	for (size_t i = 0; i < n; i++)
		hidden[i] = net->hidden[i];
	for (size_t i = 0; i < b->n_filled; i++) {
		const struct fe_planner_filled *f = &b->filled[i];
		const size_t from = f->at < path ? path : f->at, to = f->at + f->n_bytes < path_end ? f->at + f->n_bytes : path_end;
		if (from < to)
			n += add_hidden(b, hidden + n, trimmed((struct fe_str){ url + from, to - from }), shown_as(b, f->name));
	}
	net->hidden = hidden;
	net->n_hidden = n;
}
