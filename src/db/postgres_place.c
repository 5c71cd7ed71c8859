// SPDX-License-Identifier: Apache-2.0
/* db/postgres_place.c - which database an address leads to, whoever goes there and however */
#include "db/postgres.h"

#include <string.h>

#include "db/libpq.h"

static const char *
value_of(const PQconninfoOption *options, const char *keyword)
{
	for (const PQconninfoOption *o = options; o && o->keyword; o++)
		if (strcmp(o->keyword, keyword) == 0)
			return o->val && *o->val ? o->val : NULL;
	return NULL;
}

/* As said, else as the environment has it; a database without a name has the user's. NULL: neither. */
static const char *
resolved(const PQconninfoOption *said, const PQconninfoOption *defaults, const char *keyword)
{
	const char *value = value_of(said, keyword);

	if (!value)
		value = value_of(defaults, keyword);
	if (!value && strcmp(keyword, "dbname") == 0)
		value = value_of(said, "user") ? value_of(said, "user") : value_of(defaults, "user");
	return value;
}

bool
fe_pg_is_same_database(const char *a, const char *b)
{
	static const char *const place[] = { "host", "hostaddr", "port", "dbname", "service" };

	if (fe_libpq_open(NULL)) /* whoever connects there is told */
		return strcmp(a, b) == 0;
	PQconninfoOption *x = PQconninfoParse(a, NULL), *y = PQconninfoParse(b, NULL);
	PQconninfoOption *defaults = PQconndefaults(); /* of the environment and the service file */
	bool is = x && y;

	for (size_t i = 0; is && i < sizeof place / sizeof place[0]; i++) {
		const char *of_x = resolved(x, defaults, place[i]), *of_y = resolved(y, defaults, place[i]);
		is = of_x && of_y ? strcmp(of_x, of_y) == 0 : of_x == of_y;
	}
	PQconninfoFree(x);
	PQconninfoFree(y);
	PQconninfoFree(defaults);
	return is;
}
