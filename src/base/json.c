// SPDX-License-Identifier: Apache-2.0
/* base/json.c - writing JSON text into a buffer
 *
 * need_comma[depth] says whether the container at that depth has a member yet;
 * depth 0 is the place of the outermost value. A wrong nesting is our mistake
 * and stops the process rather than hand out a broken document.
 */
#include "base/json.h"

#include "base/text.h"
#include "base/time.h"

void
fe_json_init(struct fe_json *j, struct fe_buf *out, unsigned indent)
{
	*j = (struct fe_json){ .out = out, .indent = indent };
}

static void
new_line(struct fe_json *j)
{
	if (j->indent == 0)
		return;
	fe_buf_add_char(j->out, '\n');
	for (unsigned i = 0; i < j->depth * j->indent; i++)
		fe_buf_add_char(j->out, ' ');
}

static void
begin_value(struct fe_json *j, const char *key)
{
	if (j->need_comma[j->depth])
		fe_buf_add_char(j->out, ',');
	if (j->depth > 0)
		new_line(j);
	j->need_comma[j->depth] = true;
	if (key) {
		fe_buf_add_json_string(j->out, fe_str_of(key));
		fe_buf_add_text(j->out, j->indent ? ": " : ":");
	}
}

static void
begin_container(struct fe_json *j, const char *key, char bracket)
{
	begin_value(j, key);
	fe_buf_add_char(j->out, bracket);
	FE_ASSERT(j->depth + 1 < sizeof(j->need_comma) / sizeof(j->need_comma[0]));
	j->need_comma[++j->depth] = false;
}

static void
end_container(struct fe_json *j, char bracket)
{
	bool has_members = j->need_comma[j->depth];

	FE_ASSERT(j->depth > 0);
	j->depth--;
	if (has_members)
		new_line(j);
	fe_buf_add_char(j->out, bracket);
}

void
fe_json_object(struct fe_json *j, const char *key)
{
	begin_container(j, key, '{');
}

void
fe_json_object_end(struct fe_json *j)
{
	end_container(j, '}');
}

void
fe_json_array(struct fe_json *j, const char *key)
{
	begin_container(j, key, '[');
}

void
fe_json_array_end(struct fe_json *j)
{
	end_container(j, ']');
}

void
fe_json_str(struct fe_json *j, const char *key, struct fe_str value)
{
	begin_value(j, key);
	fe_buf_add_json_string(j->out, value);
}

void
fe_json_text(struct fe_json *j, const char *key, const char *value)
{
	if (value)
		fe_json_str(j, key, fe_str_of(value));
	else
		fe_json_null(j, key);
}

void
fe_json_i64(struct fe_json *j, const char *key, int64_t value)
{
	begin_value(j, key);
	fe_buf_add_i64(j->out, value);
}

void
fe_json_bool(struct fe_json *j, const char *key, bool value)
{
	begin_value(j, key);
	fe_buf_add_text(j->out, value ? "true" : "false");
}

void
fe_json_null(struct fe_json *j, const char *key)
{
	begin_value(j, key);
	fe_buf_add_text(j->out, "null");
}

void
fe_json_decimal(struct fe_json *j, const char *key, fe_i128 value, unsigned scale)
{
	begin_value(j, key);
	fe_buf_add_char(j->out, '"');
	fe_buf_add_decimal(j->out, value, scale);
	fe_buf_add_char(j->out, '"');
}

void
fe_json_time(struct fe_json *j, const char *key, int64_t us)
{
	char text[FE_TIMESTAMP_TEXT_BYTES];

	fe_timestamp_format_iso(us, text);
	fe_json_str(j, key, (struct fe_str){ text, sizeof(text) });
}

void
fe_json_raw(struct fe_json *j, const char *key, struct fe_str json)
{
	begin_value(j, key);
	fe_buf_add_str(j->out, json);
}
