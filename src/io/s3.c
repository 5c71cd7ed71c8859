// SPDX-License-Identifier: Apache-2.0
/* io/s3.c - the client; see io/s3.h */
#include "io/s3.h"

#include "base/mem.h"
#include "io/s3_private.h"

#define MAX_ATTEMPTS 100
#define TOTAL_TIMEOUT_MS 3600000 /* a part may be half a GiB; a dead line ends by its low speed */
#define FAREWELL_US (5 * INT64_C(1000000))

static enum fe_rc
read_attempts(const struct fe_aws_value *v, unsigned *out, struct fe_err *err)
{
	unsigned n = 0;
	if (!v->text)
		return FE_OK;
	for (const char *p = v->text; *p >= '0' && *p <= '9' && n <= MAX_ATTEMPTS; p++)
		n = n * 10 + (unsigned)(*p - '0');
	if (n == 0 || n > MAX_ATTEMPTS || strspn(v->text, "0123456789") != strlen(v->text))
		return fe_fail(err, FE_EUSAGE, "the number of attempts of %s is '%s'; it must be 1 to %d", v->from,
			       v->text, MAX_ATTEMPTS);
	*out = n;
	return FE_OK;
}

enum fe_rc
fe_s3_open(struct fe_s3 **out, const struct fe_net_settings *net, const struct fe_clock *clock,
	   const struct fe_env *env, struct fe_err *err)
{
	struct fe_aws_config config;

	*out = NULL;
	FE_TRY(fe_aws_config_load(&config, env, err));
	struct fe_s3 *s = fe_new(struct fe_s3);
	FE_ASSERT(pthread_mutex_init(&s->lock, NULL) == 0);
	s->config = config;
	s->clock = clock ? clock : &fe_clock_system;
	s->net = net ? *net : (struct fe_net_settings){ 0 };
	/* Where the user names the endpoint, it is theirs: of this machine, or by plain http. */
	s->net.allow_private = s->config.endpoint_s3.text != NULL;
	s->net.allow_http = s->net.allow_private && strncmp(s->config.endpoint_s3.text, "http://", 7) == 0;
	s->net.max_redirects = 0;
	if (s->net.total_timeout_ms == 0)
		s->net.total_timeout_ms = TOTAL_TIMEOUT_MS;
	s->net.max_body_bytes = FE_S3_LIST_MAX_BYTES;
	if (s->config.ca_file.text)
		s->net.ca_file = s->config.ca_file.text;
	s->credentials = fe_credentials_new(&s->config, s->clock);
	enum fe_rc rc = read_attempts(&s->config.max_attempts, &s->net.max_tries, err);
	if (rc) {
		fe_s3_close(s);
		return rc;
	}
	*out = s;
	return FE_OK;
}

void
fe_s3_close(struct fe_s3 *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n_idle; i++)
		fe_http_free(s->idle[i]);
	for (size_t i = 0; i < s->n_regions; i++) {
		fe_free(s->regions[i].bucket);
		fe_free(s->regions[i].region);
	}
	fe_free(s->regions);
	fe_credentials_free(s->credentials);
	fe_aws_config_reset(&s->config);
	(void)pthread_mutex_destroy(&s->lock);
	fe_free(s);
}

const struct fe_aws_config *fe_s3_config(const struct fe_s3 *s) { return &s->config; }

enum fe_rc
fe_s3_take_http(struct fe_s3 *s, struct fe_http **out, struct fe_err *err)
{
	(void)pthread_mutex_lock(&s->lock);
	*out = s->n_idle ? s->idle[--s->n_idle] : NULL;
	int64_t farewell_us = s->farewell_us;
	(void)pthread_mutex_unlock(&s->lock);
	if (!*out)
		FE_TRY(fe_http_new(out, &s->net, s->clock, err));
	fe_http_outlive_stop(*out, farewell_us);
	return FE_OK;
}

void
fe_s3_give_http(struct fe_s3 *s, struct fe_http *http)
{
	bool is_kept = false;
	(void)pthread_mutex_lock(&s->lock);
	if (http && s->n_idle < FE_S3_MAX_IDLE) {
		s->idle[s->n_idle++] = http;
		is_kept = true;
	}
	(void)pthread_mutex_unlock(&s->lock);
	if (!is_kept)
		fe_http_free(http);
}

void
fe_s3_farewell(struct fe_s3 *s)
{
	(void)pthread_mutex_lock(&s->lock);
	if (s->farewell_us == 0)
		s->farewell_us = fe_clock_ticks(s->clock) + FAREWELL_US;
	(void)pthread_mutex_unlock(&s->lock);
}

char *
fe_s3_region_of(struct fe_s3 *s, struct fe_str bucket)
{
	const char *region = s->config.region.text;
	(void)pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->n_regions; i++)
		if (fe_str_is(bucket, s->regions[i].bucket))
			region = s->regions[i].region;
	char *copy = fe_strdup(region);
	(void)pthread_mutex_unlock(&s->lock);
	return copy;
}

void
fe_s3_learn_region(struct fe_s3 *s, struct fe_str bucket, const char *region)
{
	(void)pthread_mutex_lock(&s->lock);
	size_t i = 0;
	while (i < s->n_regions && !fe_str_is(bucket, s->regions[i].bucket))
		i++;
	if (i == s->n_regions) {
		s->regions = fe_grow(s->regions, &s->cap_regions, i + 1, sizeof *s->regions);
		s->regions[s->n_regions++] = (struct fe_s3_region){ .bucket = fe_strndup(bucket.p, bucket.n) };
	} else {
		fe_free(s->regions[i].region);
	}
	s->regions[i].region = fe_strdup(region);
	(void)pthread_mutex_unlock(&s->lock);
}
