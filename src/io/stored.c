// SPDX-License-Identifier: Apache-2.0
/* io/stored.c - which kind a location is of; see io/stored.h */
#include "io/stored.h"

#include "base/failpoint.h"
#include "base/mem.h"
#include "io/http.h"
#include "io/s3_url.h"

const struct fe_stored_ops *
fe_stored_ops_of(const char *location)
{
	if (fe_s3_is_url(location))
		return &fe_stored_s3;
	if (strncmp(location, "https://", 8) == 0 || strncmp(location, "http://", 7) == 0)
		return &fe_stored_http;
	return &fe_stored_file;
}

char *
fe_location_name(const char *location, const struct fe_net_settings *net)
{
	struct fe_buf shown;
	if (fe_stored_ops_of(location) != &fe_stored_http)
		return fe_strdup(location);
	fe_buf_init(&shown, SIZE_MAX / 2);
	fe_url_show_for(&shown, fe_str_of(location), net);
	return fe_buf_take(&shown);
}

enum fe_rc
fe_stored_open(struct fe_stored **out, const char *location, const struct fe_net_settings *net,
	       struct fe_err *err)
{
	static const struct fe_net_settings careful = { 0 };

	*out = NULL;
	return fe_stored_ops_of(location)->open(out, location, net ? net : &careful, err);
}

enum fe_rc
fe_stored_read(struct fe_stored *s, void *out, size_t cap_bytes, size_t *n_bytes, struct fe_err *err)
{
	*n_bytes = 0;
	FE_TRY(fe_failpoint("reader.read", err));
	return s->ops->read(s, out, cap_bytes, n_bytes, err);
}

char *
fe_etag_name(const char *etag)
{
	size_t n = strlen(etag);
	bool is_quoted = n >= 2 && etag[0] == '"' && etag[n - 1] == '"';
	return is_quoted ? fe_strndup(etag + 1, n - 2) : fe_strdup(etag);
}

void
fe_stored_close(struct fe_stored *s)
{
	if (!s)
		return;
	fe_free(s->path);
	fe_free(s->version);
	s->ops->close(s);
}
