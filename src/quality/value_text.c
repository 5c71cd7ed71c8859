// SPDX-License-Identifier: Apache-2.0
/* quality/value_text.c - see quality/value_text.h */
#include "quality/value_text.h"

#include "base/decimal.h"
#include "base/double.h"
#include "base/time.h"

static struct fe_str
text_of_timestamp(int64_t us, char *space)
{
	static const char utc[] = "+00:00";
	char text[FE_TIMESTAMP_TEXT_BYTES];
	size_t n = us % FE_US_PER_SECOND == 0 ? 19 : us % 1000 == 0 ? 23 : 26;

	fe_timestamp_format(us, text); /* YYYY-MM-DD hh:mm:ss.ffffffZ */
	memcpy(space, text, n);
	memcpy(space + n, utc, sizeof(utc) - 1);
	return (struct fe_str){ space, n + sizeof(utc) - 1 };
}

struct fe_str
fe_value_text(const struct fe_column *c, size_t row, char space[FE_VALUE_TEXT_BYTES])
{
	switch (c->type.kind) {
	case FE_TEXT:
		break;
	case FE_DECIMAL:
		return (struct fe_str){ space, fe_double_format(fe_double_of_decimal(c->i64[row], c->type.scale), space) };
	case FE_INT:
		return (struct fe_str){ space, fe_decimal_format(c->i64[row], 0, space) };
	case FE_BOOL:
		return fe_bit_get(c->bits, row) ? FE_STR("True") : FE_STR("False");
	case FE_DATE:
		fe_date_format(c->days[row], space);
		return (struct fe_str){ space, FE_DATE_TEXT_BYTES };
	case FE_TIMESTAMP:
		return text_of_timestamp(c->i64[row], space);
	}
	return c->text[row];
}

_Static_assert(FE_VALUE_TEXT_BYTES >= FE_DOUBLE_TEXT_BYTES && FE_VALUE_TEXT_BYTES >= FE_DECIMAL_TEXT_BYTES,
	       "the longest text of a value has room");
