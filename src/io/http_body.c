// SPDX-License-Identifier: Apache-2.0
/* io/http_body.c - framing by RFC 9112, section 6, read strictly; decoding, counted */
#include "io/http_body.h"

#include <inttypes.h>

#include "base/text.h"

#define RATIO_FREE_BYTES ((uint64_t)1 << 20)

static bool
is_word(struct fe_str s, const char *word)
{
	return fe_text_casecmp_ascii(s, fe_str_of(word)) == 0;
}

static enum fe_rc
take_length(struct fe_http_body *b, struct fe_str value, struct fe_err *err)
{
	uint64_t n = 0;
	if (b->has_length)
		return fe_fail(err, FE_EDATA, "the server's answer has two Content-Length headers");
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] < '0' || value.p[i] > '9' || __builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(value.p[i] - '0'), &n))
			goto fail;
	if (value.n == 0)
		goto fail;
	b->has_length = true;
	b->length_bytes = n;
	return FE_OK;
fail:
	return fe_fail(err, FE_EDATA, "the server's Content-Length is no number of bytes");
}

static enum fe_rc
take_coding(struct fe_str value, enum fe_packing *packing, struct fe_err *err)
{
	static const struct { const char *name; enum fe_packing packing; } known[] = {
		{ "gzip", FE_PACKING_GZIP }, { "x-gzip", FE_PACKING_GZIP }, { "zstd", FE_PACKING_ZSTD },
		{ "deflate", FE_PACKING_ZLIB }, { "identity", FE_PACKING_NONE }, { "", FE_PACKING_NONE },
	};
	if (memchr(value.n ? value.p : "", ',', value.n) || *packing != FE_PACKING_NONE)
		return fe_fail(err, FE_EDATA, "the server's answer is packed more than once (Content-Encoding), "
					      "which is not undone");
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (is_word(value, known[i].name)) {
			*packing = known[i].packing;
			return FE_OK;
		}
	}
	return fe_fail(err, FE_EDATA, "the server's Content-Encoding is not one of gzip, zstd, deflate, "
				      "and was not asked for");
}

static enum fe_rc
take_header(struct fe_http_body *b, const struct fe_http_header *h, enum fe_packing *packing,
	    struct fe_err *err)
{
	struct fe_str name = fe_str_of(h->name), value = fe_str_of(h->value);
	if (is_word(name, "Content-Length"))
		return take_length(b, value, err);
	if (is_word(name, "Transfer-Encoding")) {
		if (b->is_chunked || !is_word(value, "chunked"))
			return fe_fail(err, FE_EDATA, "the server's Transfer-Encoding is not just \"chunked\"");
		b->is_chunked = true;
	}
	if (is_word(name, "Content-Encoding") && !b->limits.keep_packed)
		return take_coding(value, packing, err);
	return FE_OK;
}

static enum fe_rc
check_framing(struct fe_http_body *b, struct fe_err *err)
{
	if (b->is_chunked && b->has_length)
		return fe_fail(err, FE_EDATA, "the server's answer has a Content-Length and is chunked: "
					      "where it ends is in doubt");
	if (!b->has_none && !b->is_chunked && !b->has_length && !b->limits.end_is_safe)
		return fe_fail(err, FE_EDATA, "the server's answer has no Content-Length and is not chunked: over "
					      "plain http its end cannot be told from a broken connection");
	if (b->has_length && !b->has_none && b->length_bytes > b->limits.max_bytes)
		return fe_fail(err, FE_ELIMIT, "the server's answer has %" PRIu64 " bytes, more than the limit of %" PRIu64,
			       b->length_bytes, b->limits.max_bytes);
	return FE_OK;
}

enum fe_rc
fe_http_body_begin(struct fe_http_body *b, const struct fe_http_head *head,
		   const struct fe_http_body_limits *limits, struct fe_err *err)
{
	enum fe_packing packing = FE_PACKING_NONE;
	*b = (struct fe_http_body){
		.limits = *limits,
		.has_none = limits->has_none || head->status < 200 || head->status == 204 || head->status == 304,
	};
	for (size_t i = 0; i < head->headers.n_items; i++)
		FE_TRY(take_header(b, &head->headers.items[i], &packing, err));
	FE_TRY(check_framing(b, err));
	if (packing != FE_PACKING_NONE && !b->has_none)
		return fe_decompress_new(&b->decompress, packing, err);
	return FE_OK;
}

void
fe_http_body_reset(struct fe_http_body *b)
{
	fe_decompress_free(b->decompress);
	*b = (struct fe_http_body){ 0 };
}

enum fe_rc
fe_http_body_pass(struct fe_http_body *b, size_t n_bytes, struct fe_err *err)
{
	b->n_wire_bytes += n_bytes;
	if (b->has_none && n_bytes)
		return fe_fail(err, FE_EUNAVAIL, "the server sent a body where there is none");
	if (b->has_length && b->n_wire_bytes > b->length_bytes)
		return fe_fail(err, FE_EUNAVAIL, "the server sent more than its Content-Length of %" PRIu64 " bytes",
			       b->length_bytes);
	return FE_OK;
}

static enum fe_rc
check_size(const struct fe_http_body *b, struct fe_err *err)
{
	if (b->n_plain_bytes > b->limits.max_bytes)
		return fe_fail(err, FE_ELIMIT, "the server's answer has more than the limit of %" PRIu64 " bytes%s",
			       b->limits.max_bytes, b->decompress ? ", decompressed" : "");
	/* Looked at where a step of the output is full, against what that took of the input: how the
	 * body came in pieces makes no difference. */
	if (b->decompress && b->n_plain_bytes % FE_HTTP_BODY_STEP_BYTES == 0 && b->n_plain_bytes > RATIO_FREE_BYTES &&
	    b->n_plain_bytes / b->limits.max_ratio > b->n_used_bytes)
		return fe_fail(err, FE_ELIMIT, "the server's answer becomes more than %" PRIu64
			       " times as long when it is decompressed: such a body is taken for an attack",
			       b->limits.max_ratio);
	return FE_OK;
}

static enum fe_rc
decode(struct fe_http_body *b, struct fe_str *in, bool has_ended, struct fe_buf *out, struct fe_err *err)
{
	struct fe_decompress_room room;
	do {
		if (!fe_buf_reserve(out, FE_HTTP_BODY_STEP_BYTES))
			return fe_buf_check(out, "the server's answer", err);
		room = (struct fe_decompress_room){
			.p = out->p + out->n_bytes,
			.cap_bytes = FE_HTTP_BODY_STEP_BYTES - b->n_plain_bytes % FE_HTTP_BODY_STEP_BYTES,
		};
		const size_t n_before = in->n;
		FE_TRY(fe_decompress_step(b->decompress, in, has_ended, &room, &b->is_done, err));
		b->n_used_bytes += n_before - in->n;
		out->n_bytes += room.n_bytes;
		b->n_plain_bytes += room.n_bytes;
		FE_TRY(check_size(b, err));
	} while (room.n_bytes);
	return FE_OK;
}

enum fe_rc
fe_http_body_add(struct fe_http_body *b, struct fe_str bytes, struct fe_buf *out, struct fe_err *err)
{
	FE_TRY(fe_http_body_pass(b, bytes.n, err));
	if (b->decompress)
		return decode(b, &bytes, false, out, err);
	b->n_plain_bytes += bytes.n;
	FE_TRY(check_size(b, err));
	fe_buf_add_str(out, bytes);
	return fe_buf_check(out, "the server's answer", err);
}

enum fe_rc
fe_http_body_end(struct fe_http_body *b, struct fe_buf *out, struct fe_err *err)
{
	struct fe_str nothing = { "", 0 };
	if (b->has_length && !b->has_none && b->n_wire_bytes != b->length_bytes)
		return fe_fail(err, FE_EUNAVAIL, "the server sent %" PRIu64 " of %" PRIu64 " bytes, then it stopped",
			       b->n_wire_bytes, b->length_bytes);
	return b->decompress ? decode(b, &nothing, true, out, err) : FE_OK;
}
