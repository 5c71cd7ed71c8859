// SPDX-License-Identifier: Apache-2.0
/* expr/like.c - LIKE: % for any run of characters, _ for one character
 *
 * A pattern is cut at its % into segments. The first is tried at the start of the
 * text, the last at its end, and each between at the first place after the one before
 * where it fits: taking the first place never loses a match. A segment is a row of
 * pieces, bytes or a _; a _ takes one code point, so that a segment has a fixed number
 * of them. Segments without _ are found by memmem, in time linear in the text.
 */
#include "base/text.h"
#include "expr/kernel.h"

struct piece {
	struct fe_str bytes; /* n 0: a _ */
};

struct segment {
	const struct piece *pieces;
	size_t n_pieces;
	size_t n_chars;
};

struct fe_like {
	struct fe_str pattern, escape;
	struct segment *segments; /* one more than there are % */
	size_t n_segments;
};

struct fe_str fe_like_pattern(const struct fe_like *like) { return like->pattern; }
struct fe_str fe_like_escape(const struct fe_like *like) { return like->escape; }

/* The bytes of the character at p. */
static size_t
char_bytes(const char *p, const char *end)
{
	size_t n = 1;

	while (p + n < end && ((unsigned char)p[n] & 0xC0) == 0x80)
		n++;
	return n;
}

static void
end_piece(struct segment *segment, struct piece *pieces, char *from, char *to)
{
	if (to > from)
		pieces[segment->n_pieces++] = (struct piece){ .bytes = { from, (size_t)(to - from) } };
}

enum fe_rc
fe_like_new(const struct fe_like **out, struct fe_str pattern, struct fe_str escape,
	    struct fe_arena *arena, struct fe_err *err)
{
	struct fe_like *like = fe_arena_alloc_zero(arena, sizeof(*like));
	const char *p = pattern.p, *end = pattern.p + pattern.n;
	struct piece *pieces = fe_arena_alloc_zero(arena, (pattern.n + 1) * sizeof(*pieces));
	char *bytes = fe_arena_bytes(arena, pattern.n + 1), *from = bytes;
	struct segment *segment;

	*like = (struct fe_like){ .pattern = pattern, .escape = escape };
	like->segments = fe_arena_alloc_zero(arena, (pattern.n + 1) * sizeof(*like->segments));
	segment = like->segments;
	segment->pieces = pieces;
	while (p < end) {
		size_t n = char_bytes(p, end);
		bool is_escaped = n == escape.n && memcmp(p, escape.p, n) == 0;

		if (is_escaped) {
			p += n;
			n = p < end ? char_bytes(p, end) : 0;
			if (n == 0 || (*p != '%' && *p != '_' && !(n == escape.n && memcmp(p, escape.p, n) == 0)))
				return fe_fail(err, FE_EUSAGE, "in this pattern the escape is not followed by %%, _ or itself");
		} else if (*p == '%' || *p == '_') {
			end_piece(segment, pieces, from, bytes);
			from = bytes;
			if (*p == '_') {
				pieces[segment->n_pieces++] = (struct piece){ 0 };
				segment->n_chars++;
			} else {
				pieces += segment->n_pieces;
				(++segment)->pieces = pieces;
			}
			p += n;
			continue;
		}
		memcpy(bytes, p, n);
		bytes += n;
		p += n;
		segment->n_chars++;
	}
	end_piece(segment, pieces, from, bytes);
	like->n_segments = (size_t)(segment - like->segments) + 1;
	*out = like;
	return FE_OK;
}

/* Where the segment ends if it begins at p, else NULL. */
static const char *
fits_at(const struct segment *s, const char *p, const char *end)
{
	for (size_t i = 0; i < s->n_pieces; i++) {
		struct fe_str bytes = s->pieces[i].bytes;

		if (bytes.n == 0) {
			if (p >= end)
				return NULL;
			p += char_bytes(p, end);
			continue;
		}
		if ((size_t)(end - p) < bytes.n || memcmp(p, bytes.p, bytes.n) != 0)
			return NULL;
		p += bytes.n;
	}
	return p;
}

/* Where the first fit in [p, end) ends. */
static const char *
find(const struct segment *s, const char *p, const char *end)
{
	if (s->n_pieces == 0)
		return p;
	if (s->n_pieces == 1 && s->pieces[0].bytes.n) {
		struct fe_str bytes = s->pieces[0].bytes;
		const char *at = memmem(p, (size_t)(end - p), bytes.p, bytes.n);

		return at ? at + bytes.n : NULL;
	}
	for (; p < end; p += char_bytes(p, end)) {
		const char *after = fits_at(s, p, end);

		if (after)
			return after;
	}
	return NULL;
}

/* Whether the last segment fits at the end, not beginning before p. */
static bool
fits_at_end(const struct segment *s, const char *p, const char *end)
{
	const char *at = end;

	for (size_t i = 0; i < s->n_chars; i++) {
		if (at <= p)
			return false;
		do
			at--;
		while (at > p && ((unsigned char)*at & 0xC0) == 0x80);
	}
	return fits_at(s, at, end) == end;
}

static bool
is_like(const struct fe_like *like, struct fe_str text)
{
	const char *p = text.p ? text.p : "", *end = p + text.n;

	if (like->n_segments == 1)
		return fits_at(&like->segments[0], p, end) == end;
	p = fits_at(&like->segments[0], p, end);
	for (size_t i = 1; p && i + 1 < like->n_segments; i++)
		p = find(&like->segments[i], p, end);
	return p && fits_at_end(&like->segments[like->n_segments - 1], p, end);
}

void
fe_kernel_like(struct fe_job *job)
{
	fe_job_nulls(job);
	for (size_t w = 0; w < job->n_words; w++) {
		uint64_t found = 0;

		for (uint64_t m = job->out->valid[w] & fe_rows_word(job, w); m; m &= m - 1) {
			unsigned bit = (unsigned)__builtin_ctzll(m);

			found |= (uint64_t)is_like(job->node->like, job->in[0]->text[w * 64 + bit]) << bit;
		}
		job->out->bits[w] = found;
	}
}
