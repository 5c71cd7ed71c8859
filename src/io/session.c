// SPDX-License-Identifier: Apache-2.0
/* io/session.c - see io/session.h */
#include "io/session.h"

#include <pthread.h>

#include "base/mem.h"

struct fe_session {
	pthread_mutex_t lock;
	struct fe_s3 *s3; /* NULL: not asked for yet */
};

struct fe_session *
fe_session_new(void)
{
	struct fe_session *s = fe_new(struct fe_session);
	FE_ASSERT(pthread_mutex_init(&s->lock, NULL) == 0);
	return s;
}

void
fe_session_free(struct fe_session *s)
{
	if (!s)
		return;
	fe_s3_close(s->s3);
	(void)pthread_mutex_destroy(&s->lock);
	fe_free(s);
}

enum fe_rc
fe_session_take_s3(const struct fe_net_settings *net, struct fe_s3 **out, struct fe_err *err)
{
	struct fe_session *s = net->session;
	enum fe_rc rc = FE_OK;

	if (!s)
		return fe_s3_open(out, net, NULL, NULL, err);
	(void)pthread_mutex_lock(&s->lock);
	if (!s->s3)
		rc = fe_s3_open(&s->s3, net, NULL, NULL, err);
	*out = s->s3;
	(void)pthread_mutex_unlock(&s->lock);
	return rc;
}

void
fe_session_give_s3(const struct fe_net_settings *net, struct fe_s3 *s3)
{
	if (!net->session)
		fe_s3_close(s3);
}

void
fe_session_farewell(struct fe_session *s)
{
	(void)pthread_mutex_lock(&s->lock);
	if (s->s3)
		fe_s3_farewell(s->s3);
	(void)pthread_mutex_unlock(&s->lock);
}
