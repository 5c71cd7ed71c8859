// SPDX-License-Identifier: Apache-2.0
/* transform/check.h - `where`, rules and references: what a record must meet
 *
 * where: rows for which it is not true become FE_FILTERED, whatever reasons they
 * have; but a record without cells is not asked, lest a malformed one disappear, and
 * one for which it overflows stays, with the reason "where:overflow". Rules: broken
 * only where the check is false (unknown adds nothing); an overflow breaks the rule.
 * action reject adds the rule's id as a reason, warn only counts, abort ends the run
 * (FE_ECHECK, naming rule and record) and leaves in the batch what came before that
 * record. References: a value that is not null and not known adds the reference's id.
 */
#ifndef FE_TRANSFORM_CHECK_H
#define FE_TRANSFORM_CHECK_H

#include "batch/batch.h"
#include "expr/expr.h"

enum fe_rule_action { FE_RULE_REJECT, FE_RULE_WARN, FE_RULE_ABORT };

struct fe_rule {
	const char *id;
	const struct fe_expr *check; /* bool */
	const char *text;            /* the same as the pipeline file has it */
	enum fe_rule_action action;
};

struct fe_checks;
struct fe_checks *fe_checks_new(const struct fe_expr *where, const struct fe_rule *rules,
                                size_t n_rules, struct fe_reason_table *reasons); /* where may be NULL */
void fe_checks_free(struct fe_checks *c);
FE_MUST_USE enum fe_rc fe_checks_where(struct fe_checks *c, struct fe_batch *b, int64_t now_us, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_checks_rules(struct fe_checks *c, struct fe_batch *b, int64_t now_us, struct fe_err *err);
uint64_t fe_checks_broken(const struct fe_checks *c, size_t rule); /* how often, over all batches */

/* Which values are keys of a parent: of the rows whose bit is set in asked, sets the
 * bits in known of those that are. Asked once a batch, and only of what has a value. */
typedef enum fe_rc fe_reference_known_fn(void *ctx, const struct fe_column *column, const uint64_t *asked,
                                         size_t n_rows, uint64_t *known, struct fe_err *err);
struct fe_reference {
	const char *id;
	size_t column;
	fe_reference_known_fn *known;
	void *ctx;
};
FE_MUST_USE enum fe_rc fe_check_references(const struct fe_reference *refs, const uint32_t *reason_ids,
                                           size_t n_refs, struct fe_batch *b, struct fe_err *err);

#endif
