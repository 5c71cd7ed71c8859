// SPDX-License-Identifier: Apache-2.0
/* pipeline/result_file.h - the result of a command where a container's keeper looks for it */
#ifndef FE_PIPELINE_RESULT_FILE_H
#define FE_PIPELINE_RESULT_FILE_H

#include "base/err.h"
#include "base/str.h"

/* The line of JSON as a file that is there whole or not at all: Airflow's
 * /airflow/xcom/return.json. */
FE_MUST_USE enum fe_rc fe_result_file_write(const char *path, struct fe_str line, struct fe_err *err);

/* Why a container failed, at most 4 KiB: Kubernetes' /dev/termination-log, a file that is
 * mounted and so cannot be replaced, only written. */
#define FE_TERMINATION_LOG_BYTES 4096
FE_MUST_USE enum fe_rc fe_termination_log_write(const char *path, const struct fe_err *why, struct fe_err *err);

#endif
