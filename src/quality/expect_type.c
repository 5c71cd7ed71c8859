// SPDX-License-Identifier: Apache-2.0
/* quality/expect_type.c - types of columns and values, by the names that pandas has for them
 *
 * Great Expectations asks pandas, so its names are those of pandas and numpy. A column is here
 * what a table of pandas would have: decimals are float64, ints int64 (Int64 where there are nulls),
 * bools boolean, timestamps datetime64[us, UTC]; texts and dates are objects, whose values are
 * looked at one by one: each is what its column's type says, so all fit or none does.
 */
#include <stdio.h>

#include "base/mem.h"
#include "base/text.h"
#include "quality/kinds.h"
#include "quality/sentence.h"
#include "quality/text_map.h"

struct types {
	const char *observed;
	bool success;      /* not a map: the outcome */
	bool fits;         /* a map: of every value */
	bool has_nulls;
};

/* Names that mean the type; blanks stand between them. */
struct names {
	const char *scalar; /* of_type: the type of values */
	const char *column; /* in_type_list: the type of the column */
	const char *dtype;  /* column_type_to_be */
	const char *observed_scalar, *observed_dtype;
};

#define OBJECT_NAMES " O object object_ "
#define FLOAT_NAMES " <f8 =f8 d double f8 float float64 "
#define INT_NAMES " <i8 =i8 i8 int int64 int_ intp l long n p "
#define BOOL_NAMES " ? b1 bool bool_ |b1 "

static const struct names names_of[FE_N_KINDS] = {
	[FE_TEXT] = { .dtype = OBJECT_NAMES, .observed_scalar = "object_", .observed_dtype = "object" },
	[FE_DATE] = { .scalar = " date ", .dtype = OBJECT_NAMES, .observed_scalar = "object_", .observed_dtype = "object" },
	[FE_DECIMAL] = { .scalar = FLOAT_NAMES " >f8 ", .column = FLOAT_NAMES, .dtype = FLOAT_NAMES,
		         .observed_scalar = "float64", .observed_dtype = "float64" },
	[FE_INT] = { .scalar = INT_NAMES " >i8 ", .column = INT_NAMES " Int64Dtype ", .dtype = INT_NAMES " longlong q ",
		     .observed_scalar = "int64", .observed_dtype = "int64" },
	[FE_BOOL] = { .scalar = BOOL_NAMES, .column = BOOL_NAMES " BooleanDtype ", .dtype = " boolean ",
		      .observed_scalar = "bool", .observed_dtype = "boolean" },
	[FE_TIMESTAMP] = { .scalar = " Timestamp ", .dtype = " datetime64[us, UTC] ", .observed_scalar = "Timestamp",
		           .observed_dtype = "datetime64[us, UTC]" },
};

/* What numpy and Python know beside: no value of ours is one, but they are no mistake either. */
static const char known_to_values[] =
	OBJECT_NAMES FLOAT_NAMES INT_NAMES BOOL_NAMES " byte bytes bytes_ cdouble clongdouble complex complex64 complex128 "
	"complex256 csingle date datetime datetime64 Decimal dict f2 f4 float16 float32 float128 half i1 i2 i4 int8 int16 "
	"int32 intc list longdouble longlong M8 m8 S short single str_ time timedelta timedelta64 U u1 u2 u4 u8 ubyte uint "
	"uint8 uint16 uint32 uint64 uintc uintp ulong ulonglong unicode ushort V void ArrowDtype BooleanDtype Categorical "
	"CategoricalDtype CategoricalIndex DataFrame DateOffset DatetimeIndex DatetimeTZDtype Float32Dtype Float64Dtype Index "
	"Int8Dtype Int16Dtype Int32Dtype Int64Dtype Interval IntervalDtype IntervalIndex MultiIndex Period PeriodDtype "
	"PeriodIndex RangeIndex Series SparseDtype StringDtype Timedelta TimedeltaIndex Timestamp UInt8Dtype UInt16Dtype "
	"UInt32Dtype UInt64Dtype ";
static const char native[] = " none bool int long float bytes complex list dict ";
static const char native_text[] = " str string_types ";
static const char known_to_columns[] =
	OBJECT_NAMES FLOAT_NAMES INT_NAMES BOOL_NAMES " >f8 >i8 boolean byte bytes bytes_ category cdouble clongdouble complex "
	"complex64 complex128 complex256 csingle datetime64 f2 f4 float16 float32 float128 Float32 Float64 half i1 i2 i4 int8 "
	"int16 int32 Int8 Int16 Int32 Int64 intc interval Interval longdouble longlong M8 m8 q S short single str str_ string "
	"timedelta64 U u1 u2 u4 u8 ubyte uint uint8 uint16 uint32 uint64 UInt8 UInt16 UInt32 UInt64 uintc uintp ulong "
	"ulonglong unicode ushort V void ";

static bool
is_among(struct fe_str name, const char *names)
{
	size_t n_names = names ? strlen(names) : 0;

	if (name.n == 0 || !names || (memchr(name.p, ' ', name.n) && !fe_str_is(name, "datetime64[us, UTC]")))
		return false;
	for (const char *p = names; (p = memmem(p, n_names - (size_t)(p - names), name.p, name.n)) != NULL; p++) {
		if (p[-1] == ' ' && p[name.n] == ' ') /* every list begins and ends with a blank */
			return true;
	}
	return false;
}

/* Python's own names are known in any case. */
static bool
is_native(struct fe_str name, const char *names)
{
	char text[16];

	if (name.n == 0 || name.n > sizeof(text))
		return false;
	for (size_t i = 0; i < name.n; i++)
		text[i] = name.p[i] >= 'A' && name.p[i] <= 'Z' ? (char)(name.p[i] | 0x20) : name.p[i];
	return is_among((struct fe_str){ text, name.n }, names);
}

/* datetime64[us], timedelta64[ns], M8[s] */
static bool
is_moment_of_unit(struct fe_str name)
{
	static const char units[] = " Y M W D h m s ms us ns ps fs as ";
	const char *bracket = name.n ? memchr(name.p, '[', name.n) : NULL;
	struct fe_str stem, unit;

	if (!bracket || name.p[name.n - 1] != ']')
		return false;
	stem = (struct fe_str){ name.p, (size_t)(bracket - name.p) };
	unit = (struct fe_str){ bracket + 1, name.n - stem.n - 2 };
	return is_among(stem, " datetime64 timedelta64 M8 m8 ") && is_among(unit, units);
}

static bool
is_known_to_values(struct fe_str name)
{
	return is_among(name, known_to_values) || is_native(name, native) || is_native(name, native_text) ||
	       is_moment_of_unit(name);
}

static enum fe_kind
kind_of(const struct fe_expectation *x)
{
	return x->schema->fields[x->columns[0]].type.kind;
}

static bool
is_of_objects(const struct fe_expectation *x)
{
	return kind_of(x) == FE_TEXT || kind_of(x) == FE_DATE;
}

static bool
values_are(const struct fe_expectation *x, struct fe_str name)
{
	return kind_of(x) == FE_TEXT ? is_native(name, native_text) : is_among(name, names_of[kind_of(x)].scalar);
}

static void
reset_types(struct fe_expectation *x)
{
	fe_free(x->state);
	x->state = NULL;
}

/* Names of columns are exact here: pandas is asked for one. */
static struct types *
bind_exactly(struct fe_expectation *x)
{
	size_t at = fe_schema_find(x->schema, fe_suite_kwarg(x->item, "column")->one.text);
	struct types *t = fe_new(struct types);

	x->state = t;
	if (at == FE_NO_COLUMN)
		fe_expectation_raise(x, NULL, "list index out of range");
	else
		x->columns[0] = at;
	t->observed = names_of[kind_of(x)].observed_scalar;
	return t;
}

static enum fe_rc
bind_of_type(struct fe_expectation *x, struct fe_err *err)
{
	struct fe_str name = fe_suite_kwarg(x->item, "type_")->one.text;
	struct types *t = bind_exactly(x);
	char why[256];

	(void)err;
	t->fits = values_are(x, name);
	t->success = t->fits;
	if (!is_of_objects(x)) {
		fe_expectation_drop_map(x);
	} else if (is_among(name, " object object_ O ")) {
		t->success = true;
		fe_expectation_drop_map(x);
	} else if (!t->fits && !is_known_to_values(name)) {
		snprintf(why, sizeof(why), "Unrecognized numpy/python type: %.*s", (int)(name.n > 128 ? 128 : name.n), name.p);
		fe_text_map_raise(x, why);
	}
	return FE_OK;
}

static enum fe_rc
bind_in_type_list(struct fe_expectation *x, struct fe_err *err)
{
	const struct fe_kwarg *list = fe_suite_kwarg(x->item, "type_list");
	struct types *t = bind_exactly(x);
	bool is_any_known = false;

	(void)err;
	t->success = !list->is_set;
	for (size_t i = 0; i < list->n_many; i++) {
		struct fe_str name = list->many[i].text;

		t->fits = t->fits || values_are(x, name);
		t->success = t->success || is_among(name, names_of[kind_of(x)].column);
		is_any_known = is_any_known || values_are(x, name) || is_known_to_values(name);
	}
	if (!is_of_objects(x) || !list->is_set)
		fe_expectation_drop_map(x);
	else if (!is_any_known)
		fe_text_map_raise(x, "No recognized numpy/python type in list");
	return FE_OK;
}

static enum fe_rc
judge_types(struct fe_expectation *x, const struct fe_view *v, uint64_t *considered, uint64_t *unexpected, struct fe_err *err)
{
	const struct types *t = x->state;

	(void)err;
	(void)fe_text_map_consider(x, v, considered);
	if (!t->fits)
		memcpy(unexpected, considered, FE_BITMAP_WORDS(v->n_rows) * sizeof(*considered));
	return FE_OK;
}

static enum fe_rc
bind_column_type(struct fe_expectation *x, struct fe_err *err)
{
	struct fe_str name = fe_suite_kwarg(x->item, "type_")->one.text;
	struct types *t = fe_new(struct types);

	(void)err;
	x->state = t;
	if (!is_among(name, known_to_columns) && !is_among(name, names_of[kind_of(x)].dtype) && !is_moment_of_unit(name))
		fe_expectation_raise(x, NULL, "Unrecognized pandas type: %.*s (data type '%.*s' not understood)",
		                     (int)(name.n > 128 ? 128 : name.n), name.p, (int)(name.n > 128 ? 128 : name.n), name.p);
	return FE_OK;
}

static enum fe_rc
feed_types(struct fe_expectation *x, const struct fe_view *v, struct fe_err *err)
{
	const struct fe_column *c = &v->batch->columns[x->columns[0]];
	struct types *t = x->state;

	(void)err;
	for (size_t w = 0; w < FE_BITMAP_WORDS(v->n_rows) && !t->has_nulls; w++)
		t->has_nulls = v->rows[w] & ~c->valid[w];
	return FE_OK;
}

static enum fe_rc
end_types(struct fe_expectation *x, struct fe_err *err)
{
	const struct types *t = x->state;

	(void)err;
	x->success = t->success;
	return FE_OK;
}

static enum fe_rc
end_column_type(struct fe_expectation *x, struct fe_err *err)
{
	struct fe_str name = fe_suite_kwarg(x->item, "type_")->one.text;
	struct types *t = x->state;

	(void)err;
	t->observed = names_of[kind_of(x)].observed_dtype;
	x->success = is_among(name, names_of[kind_of(x)].dtype);
	if (kind_of(x) == FE_INT && t->has_nulls) {
		t->observed = "Int64";
		x->success = fe_str_is(name, "Int64");
	}
	return FE_OK;
}

static void
print_types(const struct fe_expectation *x, const struct fe_result_settings *set, struct fe_json *j)
{
	const struct types *t = x->state;

	(void)set;
	fe_json_text(j, "observed_value", t->observed);
}

static void
describe_of_type(const struct fe_suite_item *item, struct fe_buf *out)
{
	fe_sentence_name(item, "column", out);
	fe_buf_add_text(out, " is of type ");
	fe_sentence_value(item, "type_", out);
	fe_sentence_mostly(item, out);
}

static void
describe_in_type_list(const struct fe_suite_item *item, struct fe_buf *out)
{
	fe_sentence_name(item, "column", out);
	fe_buf_add_text(out, " is of type ");
	fe_sentence_list(item, "type_list", out);
	fe_sentence_mostly(item, out);
}

#define OF_COLUMN                                                              \
	{ .name = "column", .kind = FE_KWARG_COLUMN, .is_required = true },    \
	{ .name = "mostly", .kind = FE_KWARG_MOSTLY, .default_json = "1.0" },  \
	{ .name = "row_condition", .kind = FE_KWARG_CONDITION, .may_be_null = true }, \
	{ .name = "condition_parser", .kind = FE_KWARG_ANY, .may_be_null = true }

static const struct fe_kwarg_spec of_type[] = {
	OF_COLUMN,
	{ .name = "type_", .kind = FE_KWARG_TEXT, .is_required = true },
	{ .name = NULL },
};

static const struct fe_kwarg_spec of_type_list[] = {
	OF_COLUMN,
	{ .name = "type_list", .kind = FE_KWARG_TEXTS, .may_be_null = true },
	{ .name = NULL },
};

static const struct fe_kwarg_spec of_column_type[] = {
	{ .name = "column", .kind = FE_KWARG_COLUMN, .is_required = true },
	{ .name = "type_", .kind = FE_KWARG_TEXT, .is_required = true },
	{ .name = NULL },
};

const struct fe_expectation_kind fe_kinds_type[] = {
	{ .type = "expect_column_values_to_be_of_type",
	  .domain = FE_DOMAIN_COLUMN,
	  .is_map = true,
	  .metrics = { "column_values.of_type.condition" },
	  .is_plain_without_column = true,
	  .kwargs = of_type,
	  .bind = bind_of_type,
	  .judge = judge_types,
	  .feed = feed_types,
	  .end = end_types,
	  .print = print_types,
	  .reset = reset_types,
	  .describe = describe_of_type },
	{ .type = "expect_column_values_to_be_in_type_list",
	  .domain = FE_DOMAIN_COLUMN,
	  .is_map = true,
	  .metrics = { "column_values.in_type_list.condition" },
	  .is_plain_without_column = true,
	  .kwargs = of_type_list,
	  .bind = bind_in_type_list,
	  .judge = judge_types,
	  .feed = feed_types,
	  .end = end_types,
	  .print = print_types,
	  .reset = reset_types,
	  .describe = describe_in_type_list },
	{ .type = "expect_column_type_to_be",
	  .domain = FE_DOMAIN_COLUMN,
	  .is_plain_without_column = true,
	  .kwargs = of_column_type,
	  .bind = bind_column_type,
	  .feed = feed_types,
	  .end = end_column_type,
	  .print = print_types,
	  .reset = reset_types,
	  .describe = describe_of_type },
	{ .type = NULL },
};
