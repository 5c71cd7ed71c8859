// SPDX-License-Identifier: Apache-2.0
/* conformance/sink.h - what every sink must do, asked of each alike */
#ifndef FE_TEST_CONFORMANCE_SINK_H
#define FE_TEST_CONFORMANCE_SINK_H

#include "load/sink.h"

struct fe_sink_subject {
	const struct fe_sink_ops *ops;
	/* A URL where nothing is yet; lives until the next call. */
	const char *(*fresh)(void);
	/* Appends the published rows of a table, sorted, a line each, in the fixture's form
	 * (schema columns only); nothing where there is no such table. */
	void (*dump)(const char *url, const char *table, struct fe_buf *out);
	/* Whether it knows rows of earlier runs: then lookup, updates and reruns are asked
	 * of it too. */
	bool keeps_rows;
};

/* Runs the suite; the number of tests that failed. */
int fe_sink_conformance(const struct fe_sink_subject *subject);

#endif
