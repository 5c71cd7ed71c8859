// SPDX-License-Identifier: Apache-2.0
/* base/log.h - log lines on stderr, as text, as JSON lines, or as AWS Lambda's readers have them
 *
 * The log target is one of the two pieces of global state (docs/style.md); main
 * sets it, and only cli/, lambda/, the runner in pipeline/, and db/ of a server that
 * lacks security fixes write to it. One
 * write(2) a line; a log that cannot be written neither blocks nor fails a run.
 * Values are escaped; row content never goes here.
 *
 *   fe_log(FE_LOG_INFO, "dataset read", "dataset", "customers", "rows", "5000", NULL);
 */
#ifndef FE_BASE_LOG_H
#define FE_BASE_LOG_H

#include "base/err.h"

enum fe_log_level { FE_LOG_DEBUG, FE_LOG_INFO, FE_LOG_WARN, FE_LOG_ERROR };
/* FE_LOG_LAMBDA: JSON with `timestamp`, and levels as DEBUG, INFO, WARN, ERROR. */
enum fe_log_format { FE_LOG_TEXT, FE_LOG_JSON, FE_LOG_LAMBDA };

void fe_log_set(enum fe_log_level least, enum fe_log_format format);
/* Members of JSON ("\"a\":1,\"b\":2") that every line of FE_LOG_LAMBDA has besides; borrowed until
 * the next call. NULL: none. */
void fe_log_members(const char *members);
/* Whether a line of this level is written, for those who write lines of their own. */
bool fe_log_is_on(enum fe_log_level level);
/* Whether a progress bar may stand on the terminal: lines then begin by wiping it. */
void fe_log_over_bar(bool on);
/* Pairs of key and value texts, ended by NULL. */
void fe_log(enum fe_log_level level, const char *message, ...)
	__attribute__((sentinel));
void fe_log_err(const struct fe_err *err); /* at level error, all its parts */

#endif
