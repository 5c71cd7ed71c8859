// SPDX-License-Identifier: Apache-2.0
/* extract/csv_text.c - see csv_text.h */
#include "extract/csv_text.h"

#include "base/mem.h"

#define RAW_BYTES ((size_t)64 * 1024)

void
fe_csv_text_begin(struct fe_csv_text *t, struct fe_reader *in, enum fe_encoding encoding)
{
	*t = (struct fe_csv_text){ .in = in, .encoding = encoding };
	if (encoding != FE_UTF_8)
		t->raw = fe_alloc(RAW_BYTES);
}

void
fe_csv_text_reset(struct fe_csv_text *t)
{
	fe_free(t->raw);
	*t = (struct fe_csv_text){ 0 };
}

static enum fe_rc
refuse_wide(enum fe_encoding found, struct fe_err *err)
{
	const char *name = found == FE_UTF_16LE || found == FE_UTF_16BE ? "UTF-16" : "UTF-32";
	return fe_fail(err, FE_EDATA, "the file is %s, not UTF-8; set encoding: %s, or convert it (iconv -f %s -t UTF-8)",
		       name, fe_encoding_names[found], name);
}

/* The mark with its bytes the other way round, which stands for no character. */
static bool
has_other_mark(enum fe_encoding e, struct fe_str start)
{
	static const struct { enum fe_encoding encoding; const char *mark; size_t n_bytes; } others[] = {
		{ FE_UTF_16LE, "\xfe\xff", 2 }, { FE_UTF_16BE, "\xff\xfe", 2 },
		{ FE_UTF_32LE, "\0\0\xfe\xff", 4 }, { FE_UTF_32BE, "\xff\xfe\0\0", 4 },
	};

	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		if (others[i].encoding == e && start.n >= others[i].n_bytes && memcmp(start.p, others[i].mark, others[i].n_bytes) == 0)
			return true;
	return false;
}

static enum fe_rc
refuse_order(enum fe_encoding declared, struct fe_err *err)
{
	return fe_fail(err, FE_EDATA, "the byte order mark is not that of %s; set encoding: %s, which goes by the mark", fe_encoding_names[declared],
		       fe_encoding_names[declared == FE_UTF_16LE || declared == FE_UTF_16BE ? FE_UTF_16 : FE_UTF_32]);
}

/* utf-16 and utf-32 get their byte order; UTF-8 must not look like one of those. */
static enum fe_rc
begin(struct fe_csv_text *t, struct fe_str start, struct fe_err *err)
{
	enum fe_encoding found = fe_encoding_guess(start);
	t->has_begun = true;
	if (t->encoding == FE_UTF_8)
		return found == FE_UTF_8 ? FE_OK : refuse_wide(found, err);
	if (t->encoding != FE_UTF_16 && t->encoding != FE_UTF_32)
		return has_other_mark(t->encoding, start) ? refuse_order(t->encoding, err) : FE_OK;
	bool is_16 = t->encoding == FE_UTF_16;
	bool fits = is_16 ? found == FE_UTF_16LE || found == FE_UTF_16BE : found == FE_UTF_32LE || found == FE_UTF_32BE;
	if (fits)
		t->encoding = found;
	else if (start.n)
		return fe_fail(err, FE_EDATA, "the file is not %s as far as its first bytes tell; where it is, say its "
			       "byte order: encoding: %sle or %sbe", fe_encoding_names[t->encoding],
			       fe_encoding_names[t->encoding], fe_encoding_names[t->encoding]);
	return FE_OK;
}

static enum fe_rc
fill_raw(struct fe_csv_text *t, struct fe_err *err)
{
	size_t n_wanted = RAW_BYTES - t->n_raw, n_read;
	FE_TRY(fe_reader_read(t->in, t->raw + t->n_raw, n_wanted, &n_read, err));
	t->n_raw += n_read;
	t->in_ended = n_read < n_wanted;
	return t->has_begun ? FE_OK : begin(t, (struct fe_str){ t->raw, t->n_raw }, err);
}

static enum fe_rc
read_decoded(struct fe_csv_text *t, char *out, size_t cap_bytes, size_t *n_bytes, bool *ended, struct fe_err *err)
{
	for (;;) {
		if (!t->in_ended && t->n_raw < RAW_BYTES / 2)
			FE_TRY(fill_raw(t, err));
		struct fe_str rest = { t->raw, t->n_raw };
		*n_bytes += fe_encoding_decode(t->encoding, &rest, out + *n_bytes, cap_bytes - *n_bytes);
		memmove(t->raw, rest.p, rest.n);
		t->n_raw = rest.n;
		if (cap_bytes - *n_bytes < FE_ENCODING_ROOM)
			return FE_OK;
		if (t->in_ended)
			break;
	}
	if (t->n_raw)
		return fe_fail(err, FE_EDATA, "the file ends inside a character of %s; it was cut short, or is in another "
			       "encoding", fe_encoding_names[t->encoding]);
	*ended = true;
	return FE_OK;
}

enum fe_rc
fe_csv_text_read(struct fe_csv_text *t, char *out, size_t cap_bytes, size_t *n_bytes, bool *ended, struct fe_err *err)
{
	*n_bytes = 0;
	*ended = false;
	if (t->encoding != FE_UTF_8)
		return read_decoded(t, out, cap_bytes, n_bytes, ended, err);
	FE_TRY(fe_reader_read(t->in, out, cap_bytes, n_bytes, err));
	*ended = *n_bytes < cap_bytes;
	return t->has_begun ? FE_OK : begin(t, (struct fe_str){ out, *n_bytes }, err);
}
