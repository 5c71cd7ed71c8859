// SPDX-License-Identifier: Apache-2.0
/* lambda/telemetry.h - what CloudWatch is told: log lines with the keys people query, and metrics
 *
 * Log lines are one JSON object each, with the keys of Powertools for AWS Lambda; lines of all
 * layers get them by fe_log_members. Metrics are lines of CloudWatch's embedded metric format, never
 * inside of another line. No content of a record is in either.
 *
 * At INFO an event is one line, whatever it tells of; what other layers say at INFO is DEBUG here. An object
 * has a line of its own at ERROR where it failed, at WARN where it is gone, else at DEBUG.
 *
 *   https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 *
 *   Purity     Lines are put into buffers; who calls writes them.
 *   Environ.   POWERTOOLS_SERVICE_NAME, POWERTOOLS_METRICS_NAMESPACE, AWS_LAMBDA_LOG_LEVEL (else POWERTOOLS_LOG_LEVEL,
 *              LOG_LEVEL), FINETL_GB_SECOND_PRICE, AWS_LAMBDA_FUNCTION_NAME, AWS_LAMBDA_FUNCTION_MEMORY_SIZE
 */
#ifndef FE_LAMBDA_TELEMETRY_H
#define FE_LAMBDA_TELEMETRY_H

#include "base/buf.h"
#include "base/log.h"
#include "lambda/event.h"
#include "lambda/runtime.h"

#define FE_TELEMETRY_MAX_LINE_BYTES ((size_t)16 * 1024)

struct fe_telemetry {
	const char *service, *name_space, *function_name; /* borrowed of the environment */
	int64_t memory_mb;         /* 0: not told */
	int64_t gb_second_price;   /* dollars, scaled by 10^FE_PRICE_SCALE */
	enum fe_log_level least;
	bool is_cold;              /* the first invocation is not over yet */
	struct fe_buf members;     /* lent to base/log */
};
#define FE_PRICE_SCALE 10

/* What became of an object of an event. */
struct fe_object_report {
	const struct fe_event_object *object;
	enum fe_rc rc;
	const struct fe_err *err;  /* where rc tells of a failure */
	struct fe_arrival_result result; /* what is known of it, where rc tells of a failure too */
};

/* What became of an invocation. */
struct fe_invocation_report {
	const char *source;        /* "s3", "sqs", ...; NULL: the event is none */
	uint64_t n_objects, n_processed, n_done_before, n_skipped, n_failed;
	uint64_t n_read, n_loaded, n_rejected, n_bytes; /* of all objects */
	enum fe_rc rc;             /* of the first that failed */
	struct fe_object_report object; /* of the last that the event told of; without its error */
	struct fe_sweep_result sweep; /* where it asked for one */
	int64_t elapsed_us;        /* of the cold one, with the start of the process */
};

/* FE_EUSAGE: a variable says what it cannot. Sets the log. */
FE_MUST_USE enum fe_rc fe_telemetry_init(struct fe_telemetry *t, struct fe_err *err);
void fe_telemetry_reset(struct fe_telemetry *t);

/* From here on log lines have the invocation's ids. */
void fe_telemetry_begin(struct fe_telemetry *t, const struct fe_invocation *inv);
/* The invocation is over, and those that follow are not cold. */
void fe_telemetry_end(struct fe_telemetry *t);

/* One line each, with its end. Of an object nothing, where its level is not written. */
void fe_telemetry_add_event_log(const struct fe_telemetry *t, const struct fe_invocation_report *r, int64_t now_us,
                                struct fe_buf *out);
void fe_telemetry_add_object_log(const struct fe_telemetry *t, const struct fe_object_report *r, int64_t now_us,
                                 struct fe_buf *out);
void fe_telemetry_add_object_metrics(const struct fe_telemetry *t, const struct fe_invocation *inv,
                                     const struct fe_object_report *r, int64_t now_us, struct fe_buf *out);
void fe_telemetry_add_invocation_metrics(const struct fe_telemetry *t, const struct fe_invocation *inv,
                                         const struct fe_invocation_report *r, int64_t now_us, struct fe_buf *out);

/* Of that much time, and one request: dollars, scaled by 10^FE_PRICE_SCALE; 0 where the memory is not told. */
int64_t fe_telemetry_cost(const struct fe_telemetry *t, int64_t elapsed_us);

#endif
