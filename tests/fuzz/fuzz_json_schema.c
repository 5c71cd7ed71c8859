// SPDX-License-Identifier: Apache-2.0
/* tests/fuzz/fuzz_json_schema.c - a JSON Schema of any bytes, and any bytes held against it
 *
 * The schema ends at the first 0, where there is one; behind it is the text. The same answer comes the
 * second time, of a value and of a schema that is made anew; and a schema says of its own text, too,
 * what it says, for that is JSON wherever there is a schema.
 */
#include "quality/json_schema.h"
#include "harness.h"

#define MAX_BYTES 4096 /* a long one is a short one with more of the same */

struct answer { enum fe_rc rc; bool fits; };

static struct answer
ask(struct fe_json_schema *s, struct fe_str text)
{
	struct fe_err err = FE_ERR_INIT;
	struct answer a = { .fits = false };

	a.rc = fe_json_schema_fits(s, text, &a.fits, &err);
	expect(a.rc == FE_OK || a.rc == FE_EDATA || a.rc == FE_ELIMIT || a.rc == FE_EUSAGE);
	expect(a.rc == err.rc && (a.rc == FE_OK || err.text[0]));
	return a;
}

static bool
is_same(struct answer a, struct answer b)
{
	return a.rc == b.rc && (a.rc != FE_OK || a.fits == b.fits);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
	struct fe_str schema = { (const char *)data, n_bytes < MAX_BYTES ? n_bytes : MAX_BYTES }, text = { "null", 4 };
	const char *end = schema.n ? memchr(schema.p, 0, schema.n) : NULL;
	struct fe_json_schema *s, *again;
	struct fe_err err = FE_ERR_INIT;

	if (end) {
		text = (struct fe_str){ end + 1, schema.n - (size_t)(end - schema.p) - 1 };
		schema.n -= text.n + 1;
	}
	if (fe_json_schema_new(&s, schema, &err)) {
		expect((err.rc == FE_EUSAGE || err.rc == FE_EDATA || err.rc == FE_ELIMIT) && err.text[0]);
		return 0;
	}
	const struct answer first = ask(s, text);
	if (first.rc == FE_ELIMIT) /* which took its time */
		goto end;
	expect(ask(s, schema).rc != FE_EDATA);
	expect(is_same(first, ask(s, text)));
	expect(fe_json_schema_new(&again, schema, &err) == FE_OK);
	expect(is_same(first, ask(again, text)));
	fe_json_schema_free(again);
end:
	fe_json_schema_free(s);
	return 0;
}
