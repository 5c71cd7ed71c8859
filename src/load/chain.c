// SPDX-License-Identifier: Apache-2.0
/* load/chain.c - see load/chain.h */
#include "load/chain.h"

#include <inttypes.h>
#include <stdio.h>

#include "db/db.h"

static void
add_field(struct fe_sha256 *h, struct fe_str field)
{
	char head[24];
	int n;

	if (!field.p) {
		fe_sha256_add(h, "-,", 2);
		return;
	}
	n = snprintf(head, sizeof(head), "%zu:", field.n);
	FE_ASSERT(n > 0 && (size_t)n < sizeof(head));
	fe_sha256_add(h, head, (size_t)n);
	fe_sha256_add(h, field.p, field.n);
	fe_sha256_add(h, ",", 1);
}

void
fe_chain_hash(const struct fe_str *fields, size_t n_fields, char hex[FE_SHA256_HEX_BYTES])
{
	struct fe_sha256 *h = fe_sha256_new();
	unsigned char digest[FE_SHA256_BYTES];
	size_t i;

	for (i = 0; i < n_fields; i++)
		add_field(h, fields[i]);
	fe_sha256_end(h, digest);
	fe_sha256_hex(digest, hex);
	fe_sha256_free(h);
}

void
fe_chain_hash_row(struct fe_stmt *st, int first, int n, char hex[FE_SHA256_HEX_BYTES])
{
	struct fe_str fields[32];
	int i;

	FE_ASSERT(n >= 0 && n <= 32);
	for (i = 0; i < n; i++)
		fields[i] = fe_stmt_text(st, first + i);
	fe_chain_hash(fields, (size_t)n, hex);
}
