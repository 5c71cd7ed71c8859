// SPDX-License-Identifier: Apache-2.0
/* extract/generate.c - writing the made-up files, and counting what was written
 *
 * Rows are joined into one block of memory that goes to the writer when it is full.
 */
#include "extract/generate.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/stop.h"
#include "base/time.h"
#include "extract/generate_row.h"
#include "io/writer.h"

#define BLOCK_BYTES (256u * 1024)
#define MAX_ROW_BYTES (FE_GENERATE_MAX_CELLS * (FE_GENERATE_CELL_BYTES + 1))
#define MAX_PATH_BYTES 4096
#define UNTIL_MAX_US (INT64_C(7258118400) * FE_US_PER_SECOND) /* 2200-01-01 */

const struct fe_generate_fault_info fe_generate_faults[FE_N_GENERATE_FAULTS] = {
#define FE_X(NAME, name_, in_customers_, per_mille_, help_)                    \
	[FE_GENERATE_##NAME] = { .name = #name_, .help = help_, .per_mille = per_mille_, .in_customers = in_customers_ },
	FE_GENERATE_FAULT_MAP(FE_X)
#undef FE_X
};

void
fe_generate_settings_init(struct fe_generate_settings *set)
{
	*set = (struct fe_generate_settings){ .n_customers = 5000, .n_transactions = 10000, .seed = 1 };
	for (size_t i = 0; i < FE_N_GENERATE_FAULTS; i++)
		set->per_mille[i] = fe_generate_faults[i].per_mille;
}

static enum fe_rc
settings_check(const struct fe_generate_settings *set, struct fe_err *err)
{
	uint64_t total = 0;
	for (size_t i = 0; i < FE_N_GENERATE_FAULTS; i++)
		total += set->per_mille[i];

	if (!set->folder || !set->folder[0])
		return fe_fail(err, FE_EUSAGE, "no folder to write to");
	if (total > 1000)
		return fe_fail(err, FE_EUSAGE, "the rates of all faults add up to %llu per mille; at most 1000 is possible",
		               (unsigned long long)total);
	if (set->n_customers > FE_GENERATE_MAX_CUSTOMERS)
		return fe_fail(err, FE_EUSAGE, "%llu customers are more than the %llu that there are ids for",
		               (unsigned long long)set->n_customers, (unsigned long long)FE_GENERATE_MAX_CUSTOMERS);
	if (set->n_transactions > FE_GENERATE_MAX_TRANSACTIONS)
		return fe_fail(err, FE_EUSAGE, "%llu transactions are more than the %llu that there are ids for",
		               (unsigned long long)set->n_transactions,
		               (unsigned long long)FE_GENERATE_MAX_TRANSACTIONS);
	if (set->n_transactions > 0 && set->n_customers == 0)
		return fe_fail(err, FE_EUSAGE, "transactions need at least one customer");
	if (set->seed > INT64_MAX)
		return fe_fail(err, FE_EUSAGE, "the seed must be 0 to %lld", (long long)INT64_MAX);
	if (set->until_us < 0 || set->until_us > UNTIL_MAX_US)
		return fe_fail(err, FE_EUSAGE, "until must be a moment from 1970-01-01 to 2200-01-01");
	return FE_OK;
}

static enum fe_rc
folder_make(const char *folder, struct fe_err *err)
{
	if (mkdir(folder, 0777) == 0 || errno == EEXIST)
		return FE_OK;
	return fe_fail_errno(err, errno, "cannot make the folder", folder);
}

static enum fe_rc
file_open(struct fe_writer **out, const char *folder, const char *name, struct fe_err *err)
{
	struct fe_buf path;
	enum fe_rc rc;

	fe_buf_init(&path, MAX_PATH_BYTES);
	fe_buf_addf(&path, "%s/%s", folder, name);
	rc = fe_buf_check(&path, "the path", err);
	if (rc == FE_OK)
		rc = fe_writer_open(out, fe_buf_text(&path), NULL, err);
	fe_buf_reset(&path);
	return rc;
}

static char *
row_join(const struct fe_generate_row *row, char *p)
{
	for (size_t i = 0; i < row->n_cells; i++) {
		memcpy(p, row->cells[i].text, row->cells[i].n_bytes);
		p += row->cells[i].n_bytes;
		*p++ = ',';
	}
	p[-1] = '\n';
	return p;
}

typedef void row_fn(const struct fe_generate_maker *m, uint64_t index, struct fe_generate_row *row);

struct file {
	struct fe_writer *writer;
	const char *header;
	row_fn *row;
	struct fe_generate_file *out;
};

static enum fe_rc
file_write(const struct file *file, const struct fe_generate_maker *m, uint64_t n_records,
	   struct fe_generate_result *all, struct fe_err *err)
{
	struct fe_generate_row row;
	char *block = fe_new_array(BLOCK_BYTES, char);
	char *p = block;
	enum fe_rc rc = fe_writer_write(file->writer, file->header, strlen(file->header), err);

	for (uint64_t i = 0; i < n_records && rc == FE_OK; i++) {
		file->row(m, i, &row);
		file->out->n_records++;
		if (row.fault != FE_GENERATE_PLAIN)
			file->out->n_faults[row.fault]++;
		if (row.has_amount) {
			all->amount_sum += row.amount;
			all->n_amounts++;
		}
		p = row_join(&row, p);
		if ((size_t)(p - block) > BLOCK_BYTES - MAX_ROW_BYTES) {
			rc = fe_stop_check(err);
			if (rc == FE_OK)
				rc = fe_writer_write(file->writer, block, (size_t)(p - block), err);
			p = block;
		}
	}
	if (rc == FE_OK)
		rc = fe_writer_write(file->writer, block, (size_t)(p - block), err);
	if (rc == FE_OK)
		rc = fe_writer_finish(file->writer, file->out->sha256, err);
	if (rc == FE_OK)
		file->out->size_bytes = fe_writer_size(file->writer);
	fe_free(block);
	return rc;
}

enum fe_rc
fe_generate(const struct fe_generate_settings *set, struct fe_generate_result *out,
	    struct fe_err *err)
{
	struct fe_generate_maker maker;
	struct file customers = { .header = fe_generate_customer_header, .row = fe_generate_customer,
	                          .out = &out->customers };
	struct file transactions = { .header = fe_generate_transaction_header, .row = fe_generate_transaction,
	                             .out = &out->transactions };
	enum fe_rc rc;

	*out = (struct fe_generate_result){ 0 };
	FE_TRY(settings_check(set, err));
	FE_TRY(folder_make(set->folder, err));
	fe_generate_maker_init(&maker, set);

	rc = file_open(&customers.writer, set->folder, "customers.csv", err);
	if (rc)
		goto fail;
	rc = file_open(&transactions.writer, set->folder, "transactions.csv", err);
	if (rc)
		goto fail;
	rc = file_write(&customers, &maker, set->n_customers, out, err);
	if (rc)
		goto fail;
	rc = file_write(&transactions, &maker, set->n_transactions, out, err);
	if (rc)
		goto fail;
	rc = fe_writer_publish_all((struct fe_writer *[]){ customers.writer, transactions.writer }, 2, err);
fail:
	fe_writer_close(customers.writer);
	fe_writer_close(transactions.writer);
	return rc;
}
