// SPDX-License-Identifier: Apache-2.0
/* conformance/cursor.h - what a cursor of every engine must do, asked of each alike */
#ifndef FE_TEST_CONFORMANCE_CURSOR_H
#define FE_TEST_CONFORMANCE_CURSOR_H

#include "db/cursor.h"

struct fe_cursor_subject {
	enum fe_cursor_engine engine;
	/* Makes an empty place; where it is, until the next call. */
	const char *(*fresh)(void);
	void (*exec)(const char *sql); /* there, by another connection; committed */
	const char *text_type, *int_type, *decimal_type /* (18,2) */, *date_type, *timestamp_type;
	bool has_moments;              /* else dates and times are texts */
	const char *first_day;         /* the least date that it takes */
	/* "n" from 1 to so many in order; %d is where the number stands. */
	const char *series;
	/* Fails on row 500 of a series of 1000. */
	const char *failing;
	/* Takes minutes, if it is not stopped. */
	const char *endless;
	const char *nowhere;           /* a location with the password 'geheimnis', where no one answers */
};

/* Runs the suite; the number of tests that failed. Stops are requested in it, so it comes last. */
int fe_cursor_conformance(const struct fe_cursor_subject *subject);

#endif
