// SPDX-License-Identifier: Apache-2.0
/* base/err.c - filling, placing and printing errors */
#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"

static void
copy_text(char *to, size_t to_bytes, const char *from)
{
	size_t n = strlen(from);
	if (n >= to_bytes)
		n = to_bytes - 1;
	memcpy(to, from, n);
	to[n] = '\0';
}

static void
mark_cut(char *text, size_t text_bytes, int n_wanted)
{
	if (n_wanted >= 0 && (size_t)n_wanted >= text_bytes)
		memcpy(text + text_bytes - 4, "...", 4);
}

enum fe_rc
fe_fail(struct fe_err *err, enum fe_rc rc, const char *fmt, ...)
{
	if (!err)
		return rc;
	/* The old text may be among the arguments. */
	char text[FE_ERR_TEXT_BYTES];
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	mark_cut(text, sizeof text, n);
	*err = (struct fe_err){ .rc = rc };
	memcpy(err->text, text, sizeof text);
	return rc;
}

enum fe_rc
fe_err_pass(struct fe_err *err, const struct fe_err *before)
{
	if (err)
		*err = *before;
	return before->rc;
}

void
fe_err_context(struct fe_err *err, const char *fmt, ...)
{
	if (!err)
		return;
	char text[FE_ERR_TEXT_BYTES];
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	size_t used = strnlen(text, sizeof text);
	int more = snprintf(text + used, sizeof text - used, ": %s", err->text);
	mark_cut(text, sizeof text, more < 0 ? more : n + more);
	memcpy(err->text, text, sizeof text);
}

void
fe_err_at(struct fe_err *err, const char *object, uint64_t record, const char *field)
{
	if (!err)
		return;
	if (object)
		copy_text(err->object, sizeof err->object, object);
	if (record)
		err->record = record;
	if (field)
		copy_text(err->field, sizeof err->field, field);
}

void
fe_err_at_line(struct fe_err *err, const char *object, uint64_t line, uint64_t column)
{
	if (!err)
		return;
	if (object)
		copy_text(err->object, sizeof err->object, object);
	if (line)
		err->line = line;
	if (column)
		err->column = column;
}

static enum fe_rc
rc_of_errno(int errnum)
{
	switch (errnum) {
	case ENOENT:
	case ENOTDIR:
	case EISDIR:
	case ENAMETOOLONG:
	case ELOOP:
	case EINVAL:
		return FE_EUSAGE;
	case EACCES:
	case EPERM:
	case EROFS:
		return FE_EDENIED;
	case EMFILE:
	case ENFILE:
	case EFBIG:
		return FE_ELIMIT;
	default: /* ENOSPC, EDQUOT, EIO, EBUSY, ...: another time it may work */
		return FE_EUNAVAIL;
	}
}

static const char *
way_out_of_errno(int errnum)
{
	switch (errnum) {
	case ENOSPC:
	case EDQUOT:
		return "; free some space and run again";
	case EROFS:
		return "; choose a place that can be written";
	case EACCES:
	case EPERM:
		return "; check owner and mode of the file and its folders";
	case EMFILE:
	case ENFILE:
		return "; raise the limit of open files (ulimit -n)";
	case EFBIG:
		return "; raise the limit of file sizes (ulimit -f)";
	case EBADF:
		return "; it is closed";
	default:
		return "";
	}
}

enum fe_rc
fe_fail_errno(struct fe_err *err, int errnum, const char *what, const char *object)
{
	char text[128];
	/* The GNU form: thread-safe, does not always use the buffer. */
	const char *why = strerror_r(errnum, text, sizeof text);
	enum fe_rc rc = fe_fail(err, rc_of_errno(errnum), "%s: %s%s", what, why,
				way_out_of_errno(errnum));
	fe_err_at(err, object, 0, NULL);
	return rc;
}

static void
add_place(struct fe_buf *b, const struct fe_err *err)
{
	const char *comma = "";
	fe_buf_add_printable(b, fe_str_of(err->object), FE_ERR_TEXT_BYTES);
	if (err->line)
		fe_buf_addf(b, "%s%llu", err->object[0] ? ":" : "line ", (unsigned long long)err->line);
	if (err->line && err->column)
		fe_buf_addf(b, ":%llu", (unsigned long long)err->column);
	if (b->n_bytes)
		comma = ", ";
	if (err->record) {
		fe_buf_addf(b, "%srecord %llu", comma, (unsigned long long)err->record);
		comma = ", ";
	}
	if (err->field[0]) {
		fe_buf_addf(b, "%scolumn ", comma);
		fe_buf_add_printable(b, fe_str_of(err->field), FE_ERR_TEXT_BYTES);
	}
	if (b->n_bytes)
		fe_buf_add_text(b, ": ");
}

const char *
fe_err_print(const struct fe_err *err, char *out, size_t out_bytes)
{
	struct fe_buf b;
	if (out_bytes == 0)
		return out;
	fe_buf_init(&b, 16 * FE_ERR_TEXT_BYTES);
	add_place(&b, err);
	fe_buf_add_printable(&b, fe_str_of(err->text), 4 * FE_ERR_TEXT_BYTES);
	if (err->foreign[0])
		fe_buf_addf(&b, " [%s]", err->foreign);
	size_t n = b.n_bytes;
	if (n >= out_bytes) {
		n = out_bytes - 1;
		while (n > 0 && ((unsigned char)b.p[n] & 0xc0) == 0x80)
			n--; /* no code point is cut in two */
	}
	memcpy(out, fe_buf_text(&b), n);
	out[n] = '\0';
	fe_buf_reset(&b);
	return out;
}

struct rc_row {
	int exit_status;
	const char *name;
	bool retry_helps;
	const char *meaning;
};

static const struct rc_row *
row_of(enum fe_rc rc)
{
	static const struct rc_row rows[] = {
#define FE_RC_ROW(code, exit, name, retry, text) [FE_##code] = { exit, name, retry, text },
		FE_RC_MAP(FE_RC_ROW)
#undef FE_RC_ROW
	};
	return &rows[(size_t)rc < sizeof rows / sizeof rows[0] ? rc : FE_EBUG];
}

int fe_rc_exit_status(enum fe_rc rc) { return row_of(rc)->exit_status; }
const char *fe_rc_name(enum fe_rc rc) { return row_of(rc)->name; }
bool fe_rc_retry_helps(enum fe_rc rc) { return row_of(rc)->retry_helps; }
const char *fe_rc_meaning(enum fe_rc rc) { return row_of(rc)->meaning; }

void
fe_assert_failed(const char *cond, const char *file, int line)
{
	(void)fprintf(stderr, "finetl: invariant broken: %s (%s:%d); nothing was committed\n",
		      cond, file, line);
	_Exit(fe_rc_exit_status(FE_EBUG));
}
