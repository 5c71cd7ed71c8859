// SPDX-License-Identifier: Apache-2.0
/* base/err.h - failure is a value with a place
 *
 * Every function that can fail returns an enum fe_rc and fills the caller's
 * struct fe_err. The code answers one question, what should be done about it;
 * the struct says what happened and where. Context is added on the way up
 * (fe_err_context); nothing prints before main does.
 *
 *   return fe_fail(err, FE_EDATA, "'%s' is not a number", text);
 *
 * err may be NULL where the caller does not care for the text. The texts that
 * go in are escaped for control characters when they are printed, not here.
 */
#ifndef FE_BASE_ERR_H
#define FE_BASE_ERR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FE_MUST_USE __attribute__((warn_unused_result))
#define FE_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* code, exit status, name, whether a retry can help, meaning */
#define FE_RC_MAP(X)                                                           \
	X(OK, 0, "ok", false, "done")                                          \
	X(EUSAGE, 2, "usage", false, "the command or the pipeline file is wrong") \
	X(EDATA, 3, "data", false, "the input breaks its format")              \
	X(ECHECK, 4, "held", false, "held by the gate or a control total")     \
	X(ELIMIT, 5, "limit", false, "a declared limit was reached")           \
	X(EUNAVAIL, 6, "unavailable", true, "the other side is unavailable or busy") \
	X(EDENIED, 7, "denied", false, "not allowed")                          \
	X(ECONFLICT, 8, "conflict", false, "the target's state disagrees")     \
	X(ECANCEL, 9, "cancelled", false, "asked to stop")                     \
	X(EBUG, 70, "bug", false, "an invariant of finetl broke")              \
	X(ENOTHING, 99, "nothing", false, "nothing to do (only where asked for)")

enum fe_rc {
#define FE_RC_ENUM(code, exit, name, retry, text) FE_##code,
	FE_RC_MAP(FE_RC_ENUM)
#undef FE_RC_ENUM
};

#define FE_ERR_TEXT_BYTES 1024

struct fe_err {
	enum fe_rc rc;
	char foreign[24];      /* SQLSTATE, SQLite code, HTTP status; "" if none */
	char object[256];      /* file, table or URL; "" if none */
	uint64_t record;       /* 1-based record of the object; 0 if none */
	uint64_t line, column; /* 1-based place in a text file; 0 if none */
	char field[64];        /* column of the data; "" if none */
	char text[FE_ERR_TEXT_BYTES]; /* cut with "..." where too long */
};

#define FE_ERR_INIT { .rc = FE_OK }

/* Fills err (text replaces what was there, place is cleared) and returns rc. */
FE_PRINTF(3, 4)
enum fe_rc fe_fail(struct fe_err *err, enum fe_rc rc, const char *fmt, ...);

/* Fails as something has failed before, in another thread perhaps; returns its code. */
enum fe_rc fe_err_pass(struct fe_err *err, const struct fe_err *before);

/* Puts "context: " before the text; the code and place stay. */
FE_PRINTF(2, 3)
void fe_err_context(struct fe_err *err, const char *fmt, ...);

/* Names the place; NULL or 0 leaves a part as it is. */
void fe_err_at(struct fe_err *err, const char *object, uint64_t record,
               const char *field);
void fe_err_at_line(struct fe_err *err, const char *object, uint64_t line,
                    uint64_t column);

/* Fills err from errno: chooses the code (ENOENT -> usage, EACCES -> denied,
 * ENOSPC/EDQUOT -> unavailable, ...), returns it. what: "cannot open". */
enum fe_rc fe_fail_errno(struct fe_err *err, int errnum, const char *what,
                         const char *object);

/* "object:line:column: text" or "object, record N, column C: text", one line,
 * control characters escaped. Always terminates; returns out. */
const char *fe_err_print(const struct fe_err *err, char *out, size_t out_bytes);

int fe_rc_exit_status(enum fe_rc rc);
const char *fe_rc_name(enum fe_rc rc);
bool fe_rc_retry_helps(enum fe_rc rc);
const char *fe_rc_meaning(enum fe_rc rc);

/* Only in functions that own nothing yet. */
#define FE_TRY(expr)                                                           \
	do {                                                                   \
		enum fe_rc fe_try_rc_ = (expr);                                \
		if (fe_try_rc_ != FE_OK)                                       \
			return fe_try_rc_;                                     \
	} while (0)

/* Money and commit code checks its invariants in every build: stops the
 * process with a message; the database's rollback is the recovery. */
#define FE_ASSERT(cond)                                                        \
	((cond) ? (void)0 : fe_assert_failed(#cond, __FILE__, __LINE__))
_Noreturn void fe_assert_failed(const char *cond, const char *file, int line);

#endif
