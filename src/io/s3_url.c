// SPDX-License-Identifier: Apache-2.0
/* io/s3_url.c - see io/s3_url.h */
#include "io/s3_url.h"

#include "base/mem.h"

#define SCHEME "s3://"
#define VERSION "?versionId="
#define MAX_BUCKET_BYTES 255
#define MAX_PATTERN_BYTES 4096

bool
fe_s3_is_url(const char *location)
{
	return strncmp(location, SCHEME, sizeof SCHEME - 1) == 0;
}

static bool
is_bucket_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
	       c == '_';
}

/* The last one: a key may have the text, too. */
static const char *
find_version(struct fe_str rest)
{
	size_t n = sizeof VERSION - 1;
	for (size_t i = rest.n; i >= n; i--)
		if (memcmp(rest.p + i - n, VERSION, n) == 0)
			return rest.p + i - n;
	return NULL;
}

enum fe_rc
fe_s3_url_parse(const char *location, struct fe_s3_url *out, struct fe_err *err)
{
	struct fe_str rest = fe_str_of(location);

	*out = (struct fe_s3_url){ 0 };
	if (!fe_s3_is_url(location))
		return fe_fail(err, FE_EUSAGE, "an object of S3 is written s3://bucket/key");
	rest.p += sizeof SCHEME - 1;
	rest.n -= sizeof SCHEME - 1;
	while (out->bucket.n < rest.n && rest.p[out->bucket.n] != '/') {
		if (!is_bucket_char(rest.p[out->bucket.n]) || out->bucket.n == MAX_BUCKET_BYTES)
			return fe_fail(err, FE_EUSAGE, "the name of a bucket has letters, digits, '.', '-' and '_' only");
		out->bucket.n++;
	}
	out->bucket.p = rest.p;
	if (out->bucket.n == 0 || fe_str_is(out->bucket, ".") || fe_str_is(out->bucket, ".."))
		return fe_fail(err, FE_EUSAGE, "this names no bucket; an object of S3 is written s3://bucket/key");
	rest.p += out->bucket.n;
	rest.n -= out->bucket.n;
	if (rest.n) {
		rest.p++;
		rest.n--;
	}
	const char *version = find_version(rest);
	out->key = rest;
	if (version) {
		out->key.n = (size_t)(version - rest.p);
		out->version.p = version + sizeof VERSION - 1;
		out->version.n = (size_t)(rest.p + rest.n - out->version.p);
		if (out->version.n == 0)
			return fe_fail(err, FE_EUSAGE, "?versionId= names no version");
	}
	return FE_OK;
}

void
fe_s3_url_print(struct fe_buf *out, const struct fe_s3_url *url)
{
	fe_buf_add_text(out, SCHEME);
	fe_buf_add_str(out, url->bucket);
	fe_buf_add_char(out, '/');
	fe_buf_add_str(out, url->key);
	if (url->version.p) {
		fe_buf_add_text(out, VERSION);
		fe_buf_add_str(out, url->version);
	}
}

struct fe_str
fe_s3_pattern_prefix(struct fe_str pattern)
{
	size_t n = 0;
	while (n < pattern.n && !strchr("*?[\\", pattern.p[n]))
		n++;
	return (struct fe_str){ pattern.p, n };
}

bool
fe_s3_is_pattern(struct fe_str key)
{
	return fe_s3_pattern_prefix(key).n < key.n;
}

/* One element of a pattern: what it takes of a key. */
struct element {
	enum { STAR, STARS, ONE } kind;
	size_t n;       /* bytes of the pattern */
};

static struct element
element_at(struct fe_str p)
{
	if (p.p[0] == '*')
		return p.n > 1 && p.p[1] == '*' ? (struct element){ STARS, 2 } : (struct element){ STAR, 1 };
	if (p.p[0] == '\\' && p.n > 1)
		return (struct element){ ONE, 2 };
	if (p.p[0] != '[')
		return (struct element){ ONE, 1 };
	size_t i = p.n > 1 && (p.p[1] == '!' || p.p[1] == '^') ? 2 : 1;
	i += i < p.n && p.p[i] == ']'; /* the first is an ordinary one */
	while (i < p.n && p.p[i] != ']')
		i++;
	return (struct element){ ONE, i < p.n ? i + 1 : 1 }; /* one that is not closed is itself */
}

static bool
is_in_set(struct fe_str set, unsigned char c)
{
	bool is_not = set.n && (set.p[0] == '!' || set.p[0] == '^'), found = false;
	for (size_t i = is_not; i < set.n; i++) {
		unsigned char low = (unsigned char)set.p[i], high = low;
		if (set.n - i > 2 && set.p[i + 1] == '-') {
			high = (unsigned char)set.p[i + 2];
			i += 2;
		}
		found |= c >= low && c <= high;
	}
	return found != is_not && c != '/';
}

/* '?' and a set take one character of UTF-8, which is one byte of a set. */
static size_t
takes(struct fe_str element, struct fe_str key)
{
	if (key.n == 0)
		return 0;
	if (element.p[0] == '[' && element.n > 1)
		return is_in_set((struct fe_str){ element.p + 1, element.n - 2 }, (unsigned char)key.p[0]);
	if (element.p[0] != '?')
		return element.p[element.n - 1] == key.p[0];
	size_t n = key.p[0] != '/';
	while (n && n < key.n && ((unsigned char)key.p[n] & 0xC0) == 0x80)
		n++;
	return n;
}

/* can[i]: the part of the pattern so far matches the first i bytes of the key. */
static void
pass_stars(bool *can, struct fe_str key, bool also_slash)
{
	for (size_t i = 0; i < key.n; i++)
		if (can[i] && (also_slash || key.p[i] != '/'))
			can[i + 1] = true;
}

static void
pass_one(bool *can, bool *next, struct fe_str element, struct fe_str key)
{
	memset(next, 0, key.n + 1);
	for (size_t i = 0; i < key.n; i++) {
		size_t n = can[i] ? takes(element, (struct fe_str){ key.p + i, key.n - i }) : 0;
		if (n)
			next[i + n] = true;
	}
	memcpy(can, next, key.n + 1);
}

bool
fe_s3_matches(struct fe_str pattern, struct fe_str key)
{
	if (key.n > MAX_PATTERN_BYTES || pattern.n > MAX_PATTERN_BYTES)
		return false;
	bool *can = fe_new_array(2 * (key.n + 1), bool);
	can[0] = true;
	while (pattern.n) {
		struct element e = element_at(pattern);
		if (e.kind == ONE)
			pass_one(can, can + key.n + 1, (struct fe_str){ pattern.p, e.n }, key);
		else
			pass_stars(can, key, e.kind == STARS);
		pattern.p += e.n;
		pattern.n -= e.n;
	}
	bool matched = can[key.n];
	fe_free(can);
	return matched;
}
