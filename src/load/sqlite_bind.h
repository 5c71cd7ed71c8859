// SPDX-License-Identifier: Apache-2.0
/* load/sqlite_bind.h - how values stand in a SQLite warehouse: one place that binds them */
#ifndef FE_LOAD_SQLITE_BIND_H
#define FE_LOAD_SQLITE_BIND_H

#include "base/time.h"
#include "batch/column.h"
#include "db/sqlite.h"

/* scratch holds the text of a date or timestamp until the statement is stepped. */
static inline void
fe_sqlite_bind_value(struct fe_stmt *st, int index, const struct fe_column *c, size_t row,
		     char scratch[32])
{
	if (!fe_bit_get(c->valid, row)) {
		fe_stmt_bind_null(st, index);
		return;
	}
	switch (c->type.kind) {
	case FE_TEXT:
		fe_stmt_bind_text(st, index, c->text[row]);
		break;
	case FE_DECIMAL:
	case FE_INT:
		fe_stmt_bind_i64(st, index, c->i64[row]);
		break;
	case FE_BOOL:
		fe_stmt_bind_i64(st, index, fe_bit_get(c->bits, row));
		break;
	case FE_DATE:
		fe_date_format(c->days[row], scratch);
		fe_stmt_bind_text(st, index, (struct fe_str){ scratch, FE_DATE_TEXT_BYTES });
		break;
	case FE_TIMESTAMP:
		fe_timestamp_format(c->i64[row], scratch);
		fe_stmt_bind_text(st, index, (struct fe_str){ scratch, FE_TIMESTAMP_TEXT_BYTES });
		break;
	}
}

/* The canonical text of a moment, in out. */
static inline struct fe_str
fe_sqlite_time_text(int64_t us, char out[FE_TIMESTAMP_TEXT_BYTES])
{
	fe_timestamp_format(us, out);
	return (struct fe_str){ out, FE_TIMESTAMP_TEXT_BYTES };
}

#endif
