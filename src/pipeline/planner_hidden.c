// SPDX-License-Identifier: Apache-2.0
/* pipeline/planner_hidden.c - values of the environment in URLs, which are shown by their names
 *
 * Some APIs take a token as a part of the path, and pages name the next one with it. So each part of a path that
 * came from the environment is hidden wherever it stands in a URL (fe_url_show_for of io/http.h). A variable may hold all that
 * a URL begins with: of that the host is shown.
 */
#include "pipeline/planner.h"

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

void
fe_planner_hide(struct fe_planner *b, const char *url, struct fe_net_settings *net)
{
	const size_t n_url = strlen(url), path = path_of(url);
	struct fe_net_hidden *hidden;
	size_t n = net->n_hidden;

	if (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0)
		return;
	hidden = FE_PLAN_ARRAY(b, n + b->n_filled, struct fe_net_hidden);
	for (size_t i = 0; i < n; i++)
		hidden[i] = net->hidden[i];
	for (size_t i = 0; i < b->n_filled; i++) {
		const struct fe_planner_filled *f = &b->filled[i];
		size_t from = f->at < path ? path : f->at, to = f->at + f->n_bytes < n_url ? f->at + f->n_bytes : n_url;
		while (from < to && url[from] == '/')
			from++;
		while (from < to && url[to - 1] == '/')
			to--;
		if (from < to)
			hidden[n++] = (struct fe_net_hidden){ fe_planner_text(b, (struct fe_str){ url + from, to - from }), shown_as(b, f->name) };
	}
	net->hidden = hidden;
	net->n_hidden = n;
}
