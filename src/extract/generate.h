// SPDX-License-Identifier: Apache-2.0
/* extract/generate.h - made-up customers and transactions, faults included
 *
 * Writes customers.csv and transactions.csv as pipelines/financial_transactions.yaml
 * reads them, of any size, with a declared share of each kind of fault. The same
 * settings give the same bytes on any machine: integers only, a generator of random
 * numbers of our own, no clock.
 *
 *   Records    Exactly n_customers and n_transactions, repeated ones included.
 *   Faults     A record has at most one. What it costs the record is in the table:
 *              some faults are legal and are cleaned, some reject the record.
 *   Dates      Within the 365 whole days before the day of until_us.
 *   Publishing A file is there whole or not at all, and both are finished before
 *              the first is published.
 *   Cost       Time linear in the records (a million in well under a second), no
 *              memory that grows with them.
 */
#ifndef FE_EXTRACT_GENERATE_H
#define FE_EXTRACT_GENERATE_H

#include "base/decimal.h"
#include "base/hash.h"

/* name, in customers too, records per mille by default, what it does */
#define FE_GENERATE_FAULT_MAP(X)                                               \
	X(MISSING_AMOUNT, missing_amount, false, 20, "amount is empty; rejected") \
	X(MALFORMED_AMOUNT, malformed_amount, false, 2, "amount as '1,234.56', '$5.00', '12.345', ...; rejected") \
	X(NEGATIVE_AMOUNT, negative_amount, false, 2, "amount below zero; rejected by amount_positive") \
	X(OVER_LIMIT, over_limit, false, 1, "amount above 1000000; rejected by amount_limit") \
	X(UNKNOWN_CUSTOMER, unknown_customer, false, 2, "customer that is not in customers.csv; rejected by customer_known") \
	X(BAD_STATUS, bad_status, false, 2, "status outside the known three; rejected by status_known") \
	X(FUTURE_DATE, future_date, false, 1, "date 10 to 60 years ahead; rejected by not_in_future") \
	X(TOO_OLD, too_old, false, 2, "date more than two years back; rejected by not_too_old") \
	X(BAD_DATE, bad_date, false, 1, "date as '2025-02-30', '31/12/2025', ...; rejected") \
	X(MISSING_ID, missing_id, false, 1, "transaction_id is empty; rejected") \
	X(RAGGED, ragged, false, 1, "a cell too few or too many; rejected")    \
	X(CONFLICT, conflict, false, 1, "an earlier transaction again with another amount; rejected as conflict") \
	X(DUPLICATE, duplicate, true, 10, "an earlier record once more; loaded once") \
	X(CHANGED, changed, true, 5, "an earlier record with another status or tier; the later one wins") \
	X(MISSING_OPTIONAL, missing_optional, true, 10, "a cell that is not required is empty; defaults fill in") \
	X(UNTIDY, untidy, true, 20, "blanks around texts, other upper and lower case; cleaned") \
	X(QUOTED, quoted, true, 10, "text in quotes, with a comma or quotes inside; loaded as it is")

enum fe_generate_fault {
#define FE_X(NAME, name, in_customers, per_mille, help) FE_GENERATE_##NAME,
	FE_GENERATE_FAULT_MAP(FE_X)
#undef FE_X
	FE_N_GENERATE_FAULTS,
	FE_GENERATE_PLAIN = FE_N_GENERATE_FAULTS /* none */
};

struct fe_generate_fault_info {
	const char *name;
	const char *help;
	unsigned per_mille; /* by default */
	bool in_customers;  /* customers have it too, at the same rate */
};
extern const struct fe_generate_fault_info fe_generate_faults[FE_N_GENERATE_FAULTS];

#define FE_GENERATE_MAX_CUSTOMERS UINT64_C(99000000)      /* CUST and 8 digits */
#define FE_GENERATE_MAX_TRANSACTIONS UINT64_C(9999999999) /* TXN and 10 digits */

struct fe_generate_settings {
	const char *folder;       /* made where it is missing; its parent must be there */
	uint64_t n_customers;     /* at least 1 where there are transactions */
	uint64_t n_transactions;
	uint64_t seed;
	int64_t until_us;         /* years 1970 to 2200 */
	unsigned per_mille[FE_N_GENERATE_FAULTS]; /* together at most 1000 */
};

/* One file as it was written. */
struct fe_generate_file {
	uint64_t n_records;
	uint64_t n_faults[FE_N_GENERATE_FAULTS];
	uint64_t size_bytes;
	char sha256[FE_SHA256_HEX_BYTES];
};

#define FE_GENERATE_AMOUNT_SCALE 2
struct fe_generate_result {
	struct fe_generate_file customers, transactions;
	fe_i128 amount_sum;       /* of every amount that can be read as decimal(12,2) */
	uint64_t n_amounts;       /* transactions with such an amount */
};

/* 5,000 customers, 10,000 transactions, seed 1, the default rates; folder and
 * until_us are for the caller to fill in. */
void fe_generate_settings_init(struct fe_generate_settings *set);

/* FE_EUSAGE where a setting is out of its range. */
FE_MUST_USE enum fe_rc fe_generate(const struct fe_generate_settings *set,
                                   struct fe_generate_result *out, struct fe_err *err);

#endif
