// SPDX-License-Identifier: Apache-2.0
/* base/zone.h - time zones from the system's tz database
 *
 * Reads TZif files (RFC 8536, versions 1 to 3, with the POSIX TZ footer for
 * times after the last transition) below /usr/share/zoneinfo, or the folder in
 * FINETL_ZONEINFO. Names as in the database ("Europe/London"), "UTC", and fixed
 * offsets "+05:45". Never the process's own TZ. A name is checked before it is
 * opened: no "..", no absolute path.
 */
#ifndef FE_BASE_ZONE_H
#define FE_BASE_ZONE_H

#include "base/err.h"

struct fe_zone;

/* FE_EUSAGE where there is no such zone. Freed with fe_zone_free. */
FE_MUST_USE enum fe_rc fe_zone_open(struct fe_zone **out, const char *name, struct fe_err *err);
void fe_zone_free(struct fe_zone *zone); /* NULL is allowed */
const char *fe_zone_name(const struct fe_zone *zone);

enum fe_zone_fit { FE_ZONE_UNIQUE, FE_ZONE_SKIPPED, FE_ZONE_REPEATED };
/* Local wall-clock microseconds (as if UTC) to UTC. For SKIPPED and REPEATED
 * *out_us is not set. */
enum fe_zone_fit fe_zone_to_utc(const struct fe_zone *zone, int64_t local_us, int64_t *out_us);
/* Offset in seconds east of UTC that holds at a moment; memoised by callers
 * over runs of equal values if they care. */
int32_t fe_zone_offset_at(const struct fe_zone *zone, int64_t us);

#endif
