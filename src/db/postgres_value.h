// SPDX-License-Identifier: Apache-2.0
/* db/postgres_value.h - values of PostgreSQL's binary form, as a cursor gives them
 *
 * Private to db/. What comes from a server is checked like any other input.
 */
#ifndef FE_DB_POSTGRES_VALUE_H
#define FE_DB_POSTGRES_VALUE_H

#include "base/mem.h"
#include "db/cursor.h"

/* Reads a value that is not null. Texts are the bytes themselves, or made in the arena. False: the bytes are no
 * value of the type. */
typedef bool fe_pg_decode_fn(struct fe_str bytes, struct fe_cursor_value *out, struct fe_arena *texts);

/* How the type of this pg_type.oid is read; NULL: not in binary, so it is to be cast to text. */
struct fe_pg_decoder {
	uint32_t oid;
	enum fe_cursor_kind kind;
	fe_pg_decode_fn *decode;
};
const struct fe_pg_decoder *fe_pg_find_decoder(uint32_t oid);
bool fe_pg_decode_text(struct fe_str bytes, struct fe_cursor_value *out, struct fe_arena *texts);

#endif
