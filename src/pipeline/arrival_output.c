// SPDX-License-Identifier: Apache-2.0
/* pipeline/arrival_output.c - the results of one object go to S3; what makes that safe is arrival_claim.c */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "base/json.h"
#include "base/text.h"
#include "io/upload.h"
#include "pipeline/arrival_private.h"

#define MAX_MARK_BYTES ((size_t)16 << 20)
#define MAX_LOCATION_BYTES 8192
#define MAX_TRIES 4

/* ---- the results ---- */

/* A file on its way, and what is known of it. */
struct sent { uint64_t size_bytes; char sha256[FE_SHA256_HEX_BYTES]; };

static enum fe_rc
hash_file(int fd, struct sent *sent, struct fe_err *err)
{
	struct fe_sha256 *sha = fe_sha256_new();
	char *piece = fe_alloc(256 * 1024);
	unsigned char digest[FE_SHA256_BYTES];
	enum fe_rc rc = FE_OK;

	for (;;) {
		ssize_t n = pread(fd, piece, 256 * 1024, (off_t)sent->size_bytes);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			rc = fe_fail_errno(err, errno, "cannot read back a result", NULL);
		if (n <= 0)
			break;
		fe_sha256_add(sha, piece, (size_t)n);
		sent->size_bytes += (uint64_t)n;
	}
	fe_sha256_end(sha, digest);
	fe_sha256_hex(digest, sent->sha256);
	fe_sha256_free(sha);
	fe_free(piece);
	return rc;
}

/* What was there when the claim was ours may have been replaced by somebody who had it before; so may what
 * we have written ourselves, where its answer was lost. As long as the claim is ours it is our turn. */
static enum fe_rc
publish_upload(struct fe_arrival_output *o, struct fe_upload *u, enum fe_arrival_result_kind kind, struct fe_err *err)
{
	for (int i = 1;; i++) {
		struct fe_err why = FE_ERR_INIT;
		const struct fe_s3_condition condition = { .etag = o->etags[kind] };
		enum fe_rc rc = fe_upload_publish_if(u, &condition, &why);
		bool is_lost = rc == FE_ECONFLICT || rc == FE_EUSAGE;
		if (is_lost && i < MAX_TRIES) {
			FE_TRY(fe_arrival_etag(o->w, o->keys[kind], &o->etags[kind], err));
			FE_TRY(fe_arrival_check_claim(o, err));
			continue;
		}
		if (is_lost) {
			o->is_lost = true;
			return fe_fail(err, FE_EUNAVAIL, "another worker is at the results of this object; try again");
		}
		if (rc && err)
			*err = why;
		return rc;
	}
}

static enum fe_rc
send_file(struct fe_arrival_output *o, const char *path, enum fe_arrival_result_kind kind, struct sent *sent,
          struct fe_err *err)
{
	struct fe_upload *u = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	*sent = (struct sent){ 0 };
	if (fd < 0)
		return fe_fail_errno(err, errno, "cannot read a result of the run", path);
	const struct fe_s3_url url = fe_arrival_url(o->w, o->keys[kind]);
	enum fe_rc rc = hash_file(fd, sent, err);
	if (rc == FE_OK)
		rc = fe_upload_open_at(&u, &url, &o->w->net, err);
	if (rc == FE_OK)
		rc = fe_upload_send(u, fd, sent->size_bytes, err);
	if (rc == FE_OK)
		rc = publish_upload(o, u, kind, err);
	fe_upload_close(u);
	(void)close(fd);
	return rc;
}

static void
write_sent(struct fe_json *j, const struct fe_arrival_output *o, const char *name, enum fe_arrival_result_kind kind,
           const struct sent *sent)
{
	fe_json_object(j, name);
	fe_json_text(j, "key", o->keys[kind]);
	fe_json_i64(j, "bytes", (int64_t)sent->size_bytes);
	fe_json_text(j, "sha256", sent->sha256);
	fe_json_object_end(j);
}

/* processed NULL: there is none. */
static enum fe_rc
make_report(struct fe_arrival_output *o, const struct sent *processed, const struct sent *rejects, struct fe_err *err)
{
	struct fe_buf run;
	struct fe_json j;

	fe_buf_init(&run, MAX_MARK_BYTES / 2);
	fe_run_result_json(o->run, &run);
	fe_buf_clear(&o->report);
	fe_json_init(&j, &o->report, 0);
	fe_json_object(&j, NULL);
	fe_arrival_write_object(&j, o);
	if (!processed && o->published.n_bytes)
		fe_json_raw(&j, FE_ARRIVAL_LAST_PUBLISHED, fe_buf_str(&o->published));
	fe_json_text(&j, "dataset", o->dataset->name);
	fe_json_object(&j, "outputs");
	if (processed)
		write_sent(&j, o, "processed", FE_RESULT_PROCESSED, processed);
	if (rejects)
		write_sent(&j, o, "rejects", FE_RESULT_REJECTS, rejects);
	fe_json_object_end(&j);
	fe_json_raw(&j, "run", fe_text_trim(fe_buf_str(&run)));
	fe_json_object_end(&j);
	enum fe_rc rc = fe_buf_check(&run, "the result of the run", err);
	fe_buf_reset(&run);
	return rc ? rc : fe_buf_check(&o->report, "the report", err);
}

static enum fe_rc
print_path(struct fe_buf *out, const char *folder, const char *name, const char *suffix, struct fe_err *err)
{
	fe_buf_clear(out);
	fe_buf_addf(out, "%s/%s%s", folder, name, suffix);
	return fe_buf_check(out, "the path of a result", err);
}

enum fe_rc
fe_arrival_output_publish(struct fe_arrival_output *o, const char *folder, struct fe_err *err)
{
	struct sent processed = { 0 }, rejects = { 0 };
	struct fe_buf path;

	fe_buf_init(&path, MAX_LOCATION_BYTES);
	enum fe_rc rc = fe_failpoint("arrival.publish", err);
	if (rc == FE_OK)
		rc = print_path(&path, folder, o->table, ".csv", err);
	if (rc == FE_OK)
		rc = send_file(o, fe_buf_text(&path), FE_RESULT_PROCESSED, &processed, err);
	if (rc == FE_OK)
		rc = fe_failpoint("arrival.half", err);
	if (rc == FE_OK)
		rc = print_path(&path, folder, o->dataset->name, ".rejects.csv", err);
	if (rc == FE_OK)
		rc = send_file(o, fe_buf_text(&path), FE_RESULT_REJECTS, &rejects, err);
	if (rc == FE_OK)
		rc = make_report(o, &processed, &rejects, err);
	if (rc == FE_OK)
		rc = fe_arrival_write_claim(o, err);
	fe_buf_reset(&path);
	return rc;
}

enum fe_rc
fe_arrival_output_publish_failure(struct fe_arrival_output *o, const char *folder, struct fe_err *err)
{
	struct sent rejects = { 0 };
	struct fe_buf path;

	fe_buf_init(&path, MAX_LOCATION_BYTES);
	enum fe_rc rc = print_path(&path, folder, o->dataset->name, ".rejects.csv", err);
	bool has_rejects = rc == FE_OK && access(fe_buf_text(&path), R_OK) == 0;
	if (rc == FE_OK && has_rejects)
		rc = send_file(o, fe_buf_text(&path), FE_RESULT_REJECTS, &rejects, err);
	if (rc == FE_OK)
		rc = make_report(o, NULL, has_rejects ? &rejects : NULL, err);
	if (rc == FE_OK)
		rc = fe_arrival_output_mark(o, err);
	fe_buf_reset(&path);
	return rc;
}

enum fe_rc
fe_arrival_output_mark(struct fe_arrival_output *o, struct fe_err *err)
{
	FE_TRY(fe_failpoint("arrival.mark", err));
	return fe_arrival_put(o, FE_RESULT_REPORT, fe_buf_str(&o->report), err);
}
