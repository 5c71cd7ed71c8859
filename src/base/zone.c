// SPDX-License-Identifier: Apache-2.0
/* base/zone.c - finding a zone's file, and looking up its offsets
 *
 * From UTC to local there is always one answer. From local to UTC there may be none
 * or two: a local time L was shown at the moments L - offset for those stretches
 * that hold the moment. Offsets are at most 26 hours, so a stretch that begins
 * before L - 26 h and ends after L + 26 h, L taken as UTC, is the only candidate; this
 * is the case for all but a few days a year. Else each stretch nearby is asked.
 */
#include "base/zone.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/zone_table.h"

#define ZONEINFO "/usr/share/zoneinfo"
#define MAX_FILE_BYTES (1024 * 1024)

/* The table ------------------------------------------------------------------------ */

void
fe_zone_init(struct fe_zone *zone, int32_t offset_s)
{
	zone->at_s = fe_grow(zone->at_s, &zone->cap_at, 2, sizeof(*zone->at_s));
	zone->offset_s = fe_grow(zone->offset_s, &zone->cap_offsets, 1, sizeof(*zone->offset_s));
	zone->at_s[0] = INT64_MIN;
	zone->at_s[1] = INT64_MAX;
	zone->offset_s[0] = offset_s;
	zone->n = 1;
	zone->repeat_from_s = INT64_MAX;
}

void
fe_zone_add(struct fe_zone *zone, int64_t at_s, int32_t offset_s)
{
	if (zone->n > 1 && at_s == zone->at_s[zone->n - 1])
		zone->n--;
	if (offset_s != zone->offset_s[zone->n - 1]) {
		zone->at_s = fe_grow(zone->at_s, &zone->cap_at, zone->n + 2, sizeof(*zone->at_s));
		zone->offset_s = fe_grow(zone->offset_s, &zone->cap_offsets, zone->n + 1,
					 sizeof(*zone->offset_s));
		zone->at_s[zone->n] = at_s;
		zone->offset_s[zone->n] = offset_s;
		zone->n++;
	}
	zone->at_s[zone->n] = INT64_MAX;
}

static int64_t
seconds_of(int64_t us)
{
	return us / FE_US_PER_SECOND - (us % FE_US_PER_SECOND < 0);
}

/* The same time of an earlier cycle, where the table reaches. */
static int64_t
into_table(const struct fe_zone *zone, int64_t s)
{
	if (s < zone->repeat_from_s)
		return s;
	return s - ((s - zone->repeat_from_s) / FE_ZONE_SECONDS_PER_CYCLE + 1) * FE_ZONE_SECONDS_PER_CYCLE;
}

/* The stretch that holds a moment. The halving has no branch to predict. */
static size_t
find_stretch(const struct fe_zone *zone, int64_t s)
{
	const int64_t *at = zone->at_s;
	size_t n = zone->n;

	while (n > 1) {
		size_t half = n / 2;

		at += at[half] <= s ? half : 0;
		n -= half;
	}
	return (size_t)(at - zone->at_s);
}

int32_t
fe_zone_offset_at(const struct fe_zone *zone, int64_t us)
{
	if (zone->n == 1)
		return zone->offset_s[0];
	return zone->offset_s[find_stretch(zone, into_table(zone, seconds_of(us)))];
}

static bool
holds(const struct fe_zone *zone, size_t i, int64_t s)
{
	return s >= zone->at_s[i] && s < zone->at_s[i + 1];
}

enum fe_zone_fit
fe_zone_to_utc(const struct fe_zone *zone, int64_t local_us, int64_t *out_us)
{
	if (zone->n == 1) { /* it has no gaps, and repeats nothing */
		*out_us = local_us - zone->offset_s[0] * FE_US_PER_SECOND;
		return FE_ZONE_UNIQUE;
	}
	int64_t s = into_table(zone, seconds_of(local_us));
	size_t i = find_stretch(zone, s);
	int32_t offset_s = zone->offset_s[i];
	unsigned n_fits = 0;

	if (zone->at_s[i] >= s - FE_ZONE_OFFSET_LIMIT_S || zone->at_s[i + 1] <= s + FE_ZONE_OFFSET_LIMIT_S) {
		while (i > 0 && zone->at_s[i] >= s - FE_ZONE_OFFSET_LIMIT_S)
			i--;
		for (; i < zone->n && zone->at_s[i] <= s + FE_ZONE_OFFSET_LIMIT_S; i++) {
			if (!holds(zone, i, s - zone->offset_s[i]))
				continue;
			offset_s = zone->offset_s[i];
			n_fits++;
		}
		if (n_fits != 1)
			return n_fits == 0 ? FE_ZONE_SKIPPED : FE_ZONE_REPEATED;
	}
	*out_us = local_us - offset_s * FE_US_PER_SECOND;
	return FE_ZONE_UNIQUE;
}

/* Opening -------------------------------------------------------------------------- */

/* (+|-)hh:mm up to 15:59 */
static bool
parse_fixed(const char *name, int32_t *out_s)
{
	int32_t minutes;

	if (strlen(name) != 6 || (name[0] != '+' && name[0] != '-') || name[3] != ':')
		return false;
	for (size_t i = 1; i < 6; i++)
		if (i != 3 && (name[i] < '0' || name[i] > '9'))
			return false;
	if (name[1] > '1' || (name[1] == '1' && name[2] > '5') || name[4] > '5')
		return false;
	minutes = ((name[1] - '0') * 10 + name[2] - '0') * 60 + (name[4] - '0') * 10 + name[5] - '0';
	*out_s = (name[0] == '-' ? -minutes : minutes) * 60;
	return true;
}

/* Parts of [A-Za-z0-9_+-], with single slashes between them. localtime is a zone of
 * this machine, and right/ counts leap seconds, which timestamps do not. */
static bool
is_zone_name(const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n >= FE_ZONE_NAME_BYTES || strcmp(name, "localtime") == 0 ||
	    strncmp(name, "right/", 6) == 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = name[i];
		bool is_word = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
			       c == '_' || c == '+' || c == '-';

		if (!is_word && (c != '/' || i == 0 || i + 1 == n || name[i - 1] == '/'))
			return false;
	}
	return true;
}

static const char *
zoneinfo_dir(void)
{
	const char *dir = getenv("FINETL_ZONEINFO");

	return dir && *dir ? dir : ZONEINFO;
}

static enum fe_rc
read_all(int fd, const char *path, struct fe_buf *out, struct fe_err *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return fe_fail_errno(err, errno, "cannot read", path);
	if (!S_ISREG(st.st_mode))
		return fe_fail_errno(err, ENOENT, "cannot read", path);
	for (;;) {
		ssize_t n;

		if (!fe_buf_reserve(out, 4096))
			return fe_buf_check(out, path, err);
		n = read(fd, out->p + out->n_bytes, 4096);
		if (n == 0)
			return FE_OK;
		if (n > 0)
			out->n_bytes += (size_t)n;
		else if (errno != EINTR)
			return fe_fail_errno(err, errno, "cannot read", path);
	}
}

static enum fe_rc
read_file(const char *name, struct fe_buf *out, struct fe_err *err)
{
	struct fe_buf path;
	enum fe_rc rc;
	int fd;

	fe_buf_init(&path, 4096);
	fe_buf_addf(&path, "%s/%s", zoneinfo_dir(), name);
	rc = fe_buf_check(&path, "the path of a time zone", err);
	if (rc)
		goto done;
	fd = open(fe_buf_text(&path), O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		rc = fe_fail_errno(err, errno, "cannot open", fe_buf_text(&path));
		goto done;
	}
	rc = read_all(fd, fe_buf_text(&path), out, err);
	(void)close(fd); /* it was only read */
done:
	fe_buf_reset(&path);
	return rc;
}

/* The name after the nth blank of a line, as a string. */
static char *
word_of(char *line, unsigned nth)
{
	while (nth-- > 0) {
		line = strchr(line, ' ');
		if (!line)
			return NULL;
		line++;
	}
	line[strcspn(line, " ")] = '\0';
	return line;
}

/* Names the nearest zone, from the list that comes with the database: its lines
 * "Z name ..." and "L target name". */
static enum fe_rc
no_such_zone(const char *name, struct fe_err *err)
{
	struct fe_buf list;
	const char *names[1024], *nearest = NULL;
	size_t n_names = 0;

	fe_buf_init(&list, MAX_FILE_BYTES);
	if (read_file("tzdata.zi", &list, NULL) == FE_OK && list.n_bytes > 0) {
		for (char *next, *line = list.p; line && n_names < 1024; line = next) {
			char *word = NULL;

			next = strchr(line, '\n');
			if (next)
				*next++ = '\0';
			if (line[0] == 'Z' || line[0] == 'L')
				word = word_of(line, line[0] == 'Z' ? 1 : 2);
			if (word)
				names[n_names++] = word;
		}
		nearest = fe_text_nearest(fe_str_of(name), names, n_names);
	}
	if (nearest)
		(void)fe_fail(err, FE_EUSAGE, "there is no time zone '%s'; did you mean '%s'?", name, nearest);
	else if (access(zoneinfo_dir(), R_OK) != 0)
		(void)fe_fail(err, FE_EUSAGE, "cannot look up time zone '%s': no zones in %s; install tzdata",
			      name, zoneinfo_dir());
	else
		(void)fe_fail(err, FE_EUSAGE,
			      "there is no time zone '%s'; write a name such as Europe/London, UTC, or an "
			      "offset such as +05:45", name);
	fe_buf_reset(&list);
	return FE_EUSAGE;
}

static enum fe_rc
load(struct fe_zone *zone, struct fe_err *err)
{
	struct fe_buf bytes;
	enum fe_rc rc;

	fe_buf_init(&bytes, MAX_FILE_BYTES);
	rc = read_file(zone->name, &bytes, NULL);
	if (rc == FE_OK) {
		rc = fe_zone_read_tzif(zone, fe_buf_str(&bytes), err);
		if (rc) {
			fe_err_context(err, "time zone '%s' in %s", zone->name, zoneinfo_dir());
			rc = FE_EUSAGE;
		}
	} else {
		rc = no_such_zone(zone->name, err);
	}
	if (rc && err)
		err->rc = rc;
	fe_buf_reset(&bytes);
	return rc;
}

enum fe_rc
fe_zone_open(struct fe_zone **out, const char *name, struct fe_err *err)
{
	struct fe_zone *zone;
	int32_t offset_s = 0;
	enum fe_rc rc;

	*out = NULL;
	if (!is_zone_name(name) && !parse_fixed(name, &offset_s))
		return no_such_zone(name, err);
	zone = fe_new(struct fe_zone);
	memcpy(zone->name, name, strlen(name) + 1);
	if (strcmp(name, "UTC") == 0 || parse_fixed(name, &offset_s)) {
		fe_zone_init(zone, offset_s);
	} else {
		rc = load(zone, err);
		if (rc) {
			fe_zone_free(zone);
			return rc;
		}
	}
	*out = zone;
	return FE_OK;
}

void
fe_zone_free(struct fe_zone *zone)
{
	if (!zone)
		return;
	fe_free(zone->at_s);
	fe_free(zone->offset_s);
	fe_free(zone);
}

const char *
fe_zone_name(const struct fe_zone *zone)
{
	return zone->name;
}
