// SPDX-License-Identifier: Apache-2.0
/* io/upload.c - see io/upload.h */
#include "io/upload.h"

#include <pthread.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "base/write_all.h"
#include "io/session.h"

#define CONNECTIONS 4

struct fe_upload {
	char *bucket, *key;
	struct fe_net_settings net;
	struct fe_s3 *s3;
	struct fe_s3_url url; /* views of these */
	int fd;
	uint64_t size_bytes, part_bytes;
	unsigned n_parts;
	char *upload_id;      /* NULL: a short content */
	char **etags;         /* [n_parts] */
	/* shared by the threads that send */
	pthread_mutex_t lock;
	unsigned next;        /* part, from 0 */
	enum fe_rc rc;        /* of the first that failed */
	struct fe_err err;
};

enum fe_rc
fe_upload_open_at(struct fe_upload **out, const struct fe_s3_url *url, const struct fe_net_settings *net,
		  struct fe_err *err)
{
	struct fe_upload *u = fe_new(struct fe_upload);
	enum fe_rc rc = FE_OK;

	FE_ASSERT(pthread_mutex_init(&u->lock, NULL) == 0);
	u->bucket = fe_strndup(url->bucket.p, url->bucket.n);
	u->key = fe_strndup(url->key.p, url->key.n);
	u->url = (struct fe_s3_url){ .bucket = fe_str_of(u->bucket), .key = fe_str_of(u->key) };
	u->net = *net;
	if (url->key.n == 0 || url->key.n > FE_S3_MAX_KEY_BYTES || url->version.p)
		rc = fe_fail(err, FE_EUSAGE, "this cannot be the name of an object to write");
	if (rc == FE_OK)
		rc = fe_session_take_s3(&u->net, &u->s3, err);
	if (rc == FE_OK)
		rc = fe_s3_upload_abort_left(u->s3, &u->url, err);
	*out = rc ? NULL : u;
	if (rc)
		fe_upload_close(u);
	return rc;
}

enum fe_rc
fe_upload_open(struct fe_upload **out, const char *location, const struct fe_net_settings *net,
	       struct fe_err *err)
{
	struct fe_s3_url url;
	enum fe_rc rc = fe_s3_url_parse(location, &url, err);

	*out = NULL;
	if (rc == FE_OK)
		rc = fe_upload_open_at(out, &url, net, err);
	if (rc)
		fe_err_at(err, location, 0, NULL);
	return rc;
}

/* ---- parts ---- */

static enum fe_rc
send_part(struct fe_upload *u, unsigned part, char *buffer, struct fe_err *err)
{
	uint64_t from = part * u->part_bytes, left = u->size_bytes - from;
	size_t n = (size_t)(left < u->part_bytes ? left : u->part_bytes);
	FE_TRY(fe_failpoint("upload.part", err));
	FE_TRY(fe_pread_all(u->fd, from, buffer, n, err));
	return fe_s3_upload_part(u->s3, &u->url, u->upload_id, part + 1, (struct fe_str){ buffer, n },
				 &u->etags[part], err);
}

static void *
run_thread(void *user)
{
	struct fe_upload *u = user;
	char *buffer = fe_alloc((size_t)u->part_bytes);
	for (;;) {
		struct fe_err err = FE_ERR_INIT;
		(void)pthread_mutex_lock(&u->lock);
		unsigned part = u->rc ? u->n_parts : u->next++;
		(void)pthread_mutex_unlock(&u->lock);
		if (part >= u->n_parts)
			break;
		enum fe_rc rc = send_part(u, part, buffer, &err);
		(void)pthread_mutex_lock(&u->lock);
		if (rc && u->rc == FE_OK) {
			u->rc = rc;
			u->err = err;
		}
		(void)pthread_mutex_unlock(&u->lock);
	}
	fe_free(buffer);
	return NULL;
}

/* This thread is one of them, so that it goes on where no other can be made. */
static enum fe_rc
send_parts(struct fe_upload *u, struct fe_err *err)
{
	pthread_t threads[CONNECTIONS];
	const uint64_t most = u->net.max_object_bytes ? u->net.max_object_bytes : FE_NET_OBJECT_BYTES;
	const uint64_t n_fit = most / u->part_bytes; /* this one is sent also where none does */
	unsigned n_threads = 0, n_wanted = n_fit < CONNECTIONS ? (unsigned)n_fit : CONNECTIONS;

	if (n_wanted > u->n_parts)
		n_wanted = u->n_parts;
	while (n_threads + 1 < n_wanted &&
	       pthread_create(&threads[n_threads], NULL, run_thread, u) == 0)
		n_threads++;
	(void)run_thread(u);
	while (n_threads)
		(void)pthread_join(threads[--n_threads], NULL);
	if (u->rc && err)
		*err = u->err;
	return u->rc;
}

enum fe_rc
fe_upload_send(struct fe_upload *u, int fd, uint64_t size_bytes, struct fe_err *err)
{
	u->fd = fd;
	u->size_bytes = size_bytes;
	if (size_bytes <= FE_S3_PART_BYTES)
		return FE_OK;
	if (size_bytes > FE_S3_MAX_OBJECT_BYTES)
		return fe_fail(err, FE_ELIMIT, "an object of S3 cannot be longer than 5 TiB");
	u->part_bytes = fe_s3_part_bytes(size_bytes);
	u->n_parts = (unsigned)((size_bytes + u->part_bytes - 1) / u->part_bytes);
	u->etags = fe_new_array(u->n_parts, char *);
	FE_TRY(fe_s3_upload_begin(u->s3, &u->url, &u->upload_id, err));
	return send_parts(u, err);
}

/* ---- the end ---- */

static enum fe_rc
put_whole(struct fe_upload *u, const struct fe_s3_condition *condition, struct fe_err *err)
{
	char *content = fe_alloc((size_t)u->size_bytes + 1);
	enum fe_rc rc = fe_pread_all(u->fd, 0, content, (size_t)u->size_bytes, err);
	if (rc == FE_OK)
		rc = fe_s3_put(u->s3, &u->url, (struct fe_str){ content, (size_t)u->size_bytes }, condition, NULL,
			       err);
	fe_free(content);
	return rc;
}

enum fe_rc
fe_upload_publish_if(struct fe_upload *u, const struct fe_s3_condition *condition, struct fe_err *err)
{
	if (!u->upload_id)
		return put_whole(u, condition, err);
	FE_TRY(fe_failpoint("upload.complete", err));
	FE_TRY(fe_s3_upload_complete(u->s3, &u->url, u->upload_id, u->etags, u->n_parts, condition, err));
	fe_free(u->upload_id);
	u->upload_id = NULL;
	return FE_OK;
}

enum fe_rc
fe_upload_publish(struct fe_upload *u, struct fe_err *err)
{
	return fe_upload_publish_if(u, NULL, err);
}

void
fe_upload_close(struct fe_upload *u)
{
	if (!u)
		return;
	if (u->upload_id) {
		fe_s3_farewell(u->s3);
		(void)!fe_s3_upload_abort(u->s3, &u->url, u->upload_id, NULL); /* else the next writer's open does */
	}
	for (unsigned i = 0; u->etags && i < u->n_parts; i++)
		fe_free(u->etags[i]);
	fe_free(u->etags);
	fe_free(u->upload_id);
	fe_session_give_s3(&u->net, u->s3);
	fe_free(u->bucket);
	fe_free(u->key);
	(void)pthread_mutex_destroy(&u->lock);
	fe_free(u);
}
