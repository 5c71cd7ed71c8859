// SPDX-License-Identifier: Apache-2.0
/* quality/json_schema.h - whether a JSON text is as a JSON Schema says
 *
 * As Python's jsonschema has it, which is what Great Expectations asks: drafts 2020-12, 2019-09, 7,
 * 6 and 4, by the schema's own $schema, else 2020-12. A schema that breaks its draft's rules is an error,
 * formats are not looked at, patterns are Python's. References lead to places of the schema
 * itself: pointers, anchors, and parts that have an $id; one that leads elsewhere is an error for
 * the value that meets it, since nothing is fetched.
 *
 *   Ownership  a schema is immutable once it is made, and keeps what it needs of the text
 *   Limits     FE_JSON_SCHEMA_MAX_... : past one a value was not judged
 */
#ifndef FE_QUALITY_JSON_SCHEMA_H
#define FE_QUALITY_JSON_SCHEMA_H

#include "base/regex.h"

#define FE_JSON_SCHEMA_MAX_OPEN 4096     /* schemas within schemas, as references unfold */
#define FE_JSON_SCHEMA_MAX_STEPS 5000000 /* of one value */

struct fe_json_schema;

/* FE_EUSAGE: it is no schema. */
FE_MUST_USE enum fe_rc fe_json_schema_new(struct fe_json_schema **out, struct fe_str text, struct fe_err *err);
void fe_json_schema_free(struct fe_json_schema *s); /* NULL is allowed */
/* FE_EDATA: the text is no JSON. FE_ELIMIT: a limit; FE_EUSAGE: a reference leads nowhere. */
FE_MUST_USE enum fe_rc fe_json_schema_fits(struct fe_json_schema *s, struct fe_str text, bool *fits, struct fe_err *err);

#endif
