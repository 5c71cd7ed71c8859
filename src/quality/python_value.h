// SPDX-License-Identifier: Apache-2.0
/* quality/python_value.h - what Python's json.loads makes of a text
 *
 * A tree of the values, with Python's ideas of them: a number is an int of any length or a
 * double, the last of keys that stand twice counts, a surrogate may stand alone. What is read at all
 * says quality/python_json.h.
 *
 *   Ownership  values live in the arena; texts without escapes are views of the text
 *   Order      members of an object are in the order of their keys
 *   Limits     the depth of python_json.h, FE_PY_MAX_VALUES
 */
#ifndef FE_QUALITY_PYTHON_VALUE_H
#define FE_QUALITY_PYTHON_VALUE_H

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#define FE_PY_MAX_VALUES 1000000

enum fe_py_kind { FE_PY_NONE, FE_PY_FALSE, FE_PY_TRUE, FE_PY_INT, FE_PY_FLOAT, FE_PY_STR, FE_PY_LIST, FE_PY_DICT };

struct fe_py {
	enum fe_py_kind kind;
	struct fe_str text;          /* STR: what it means; INT: as it is written */
	double real;                 /* INT, FLOAT: the nearest double; infinite where there is none */
	struct fe_str key;           /* of a member */
	struct fe_py **items;        /* LIST, DICT */
	size_t n_items;
	uint64_t hash;               /* the same for values that are equal */
	void *mark;                  /* whoever asked for the tree may keep something here; NULL */
};

/* FE_EDATA: json.loads does not read it. FE_ELIMIT: too many values. */
FE_MUST_USE enum fe_rc fe_py_read(struct fe_str text, struct fe_arena *arena, struct fe_py **out, struct fe_err *err);

/* A text as a value. */
struct fe_py *fe_py_of_text(struct fe_str text, struct fe_arena *arena);

static inline bool
fe_py_is_number(const struct fe_py *v)
{
	return v->kind == FE_PY_INT || v->kind == FE_PY_FLOAT;
}
/* 2.0 is as whole as 2. */
bool fe_py_is_whole(const struct fe_py *v);
/* The member of a DICT; NULL: none. */
struct fe_py *fe_py_get(const struct fe_py *dict, struct fe_str key);
/* -1, 0, 1, exactly; false where one is NaN. Both are numbers; ints of more than 38 digits are
 * told apart from one another, not from a double that is as near as can be. */
bool fe_py_compare(const struct fe_py *a, const struct fe_py *b, int *order);
/* == of Python, but a truth value equals no number, at any depth. */
bool fe_py_equal(const struct fe_py *a, const struct fe_py *b);
/* No two are equal. The list's items stay where they are. */
bool fe_py_all_differ(const struct fe_py *list);
/* Characters, a lone surrogate being one. */
size_t fe_py_length(struct fe_str text);

#endif
