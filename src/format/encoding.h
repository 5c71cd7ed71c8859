// SPDX-License-Identifier: Apache-2.0
/* format/encoding.h - text in other encodings to UTF-8, exactly
 *
 * What a declared encoding has no character for becomes bytes that are no UTF-8: the cell
 * fails as `invalid_utf8`, and nothing is put in its place that could be taken for data. It
 * can still be told from them: a byte that windows-1252 leaves open stays that byte, and half
 * a surrogate pair or a number of UTF-32 past U+10FFFF has the three or four bytes that it would have; past
 * 1FFFFF it is FF.
 */
#ifndef FE_FORMAT_ENCODING_H
#define FE_FORMAT_ENCODING_H

#include "base/buf.h"

#define FE_ENCODING_MAP(X)                                                     \
	X(UTF_8, "utf-8")                                                      \
	X(LATIN_1, "latin-1")                                                  \
	X(WINDOWS_1252, "windows-1252")                                        \
	X(MAC_ROMAN, "mac-roman")                                              \
	X(UTF_16, "utf-16")     /* by its byte order mark */                   \
	X(UTF_16LE, "utf-16le")                                                \
	X(UTF_16BE, "utf-16be")                                                \
	X(UTF_32, "utf-32")     /* by its byte order mark */                   \
	X(UTF_32LE, "utf-32le")                                                \
	X(UTF_32BE, "utf-32be")

enum fe_encoding {
#define FE_X(name, text) FE_##name,
	FE_ENCODING_MAP(FE_X)
#undef FE_X
	FE_N_ENCODINGS
};

extern const char *const fe_encoding_names[FE_N_ENCODINGS + 1]; /* NULL at the end */

/* In any case; false: there is no such encoding. */
bool fe_encoding_find(struct fe_str name, enum fe_encoding *out);
/* What the first bytes of a text show it to be: UTF-16 or 32 with its byte order, by the
 * mark or by where ASCII has zeros; else UTF-8. */
enum fe_encoding fe_encoding_guess(struct fe_str start);

/* Writes whole characters to out while there is room, at least FE_ENCODING_ROOM bytes,
 * and takes them from *in; how many bytes it wrote. What is left in *in where there is
 * room is part of a character. The encoding is one that says its byte order. */
#define FE_ENCODING_ROOM 4
size_t fe_encoding_decode(enum fe_encoding e, struct fe_str *in, char *out, size_t cap_bytes);
/* All of a small text, its mark with it. UTF-16 and UTF-32 are told by the bytes; what is neither, and no UTF-8, is in
 * `other`, or stays as it is. FE_EDATA: it ends inside a character. */
FE_MUST_USE enum fe_rc fe_encoding_read(struct fe_str raw, enum fe_encoding other, struct fe_buf *out, struct fe_err *err);

#endif
