// SPDX-License-Identifier: Apache-2.0
/* io/curl_late.c - libcurl, opened when it is first asked for
 *
 * What is called of it. See base/library.h.
 */
#include "base/library.h"
#include "io/curl.h"

#define FILE_NAME "libcurl.so.4"

FE_LIBRARY_NOTE("recommended", "http", "HTTP, S3 and mail", FILE_NAME);

/* Two of them have a parameter of any type: a long, a curl_off_t or a pointer of some kind, which all have
 * one register of a processor of 64 bits, and are passed on as that. */
_Static_assert(sizeof(long) == sizeof(void *) && sizeof(curl_off_t) == sizeof(void *), "one register");

#define CALLS(CALL)                                                                                               \
	CALL(CURLcode, curl_easy_getinfo, (CURL *c, CURLINFO what, void *to), (c, what, to))                      \
	CALL(CURL *, curl_easy_init, (void), ())                                                                  \
	CALL(CURLcode, curl_easy_pause, (CURL *c, int what), (c, what))                                           \
	CALL(CURLcode, curl_easy_setopt, (CURL *c, CURLoption what, void *value), (c, what, value))               \
	CALL(const char *, curl_easy_strerror, (CURLcode code), (code))                                           \
	CALL(CURLcode, curl_global_init, (long flags), (flags))                                                   \
	CALL(CURLMcode, curl_multi_add_handle, (CURLM *m, CURL *c), (m, c))                                       \
	CALL(CURLMcode, curl_multi_cleanup, (CURLM *m), (m))                                                      \
	CALL(CURLMsg *, curl_multi_info_read, (CURLM *m, int *n_left), (m, n_left))                               \
	CALL(CURLM *, curl_multi_init, (void), ())                                                                \
	CALL(CURLMcode, curl_multi_perform, (CURLM *m, int *n_running), (m, n_running))                           \
	CALL(CURLMcode, curl_multi_poll, (CURLM *m, struct curl_waitfd *fds, unsigned n_fds, int timeout_ms, int *n), \
	     (m, fds, n_fds, timeout_ms, n))                                                                      \
	CALL(CURLMcode, curl_multi_remove_handle, (CURLM *m, CURL *c), (m, c))                                    \
	CALL(struct curl_slist *, curl_slist_append, (struct curl_slist *list, const char *text), (list, text))   \
	CALL(CURLU *, curl_url, (void), ())                                                                       \
	CALL(CURLU *, curl_url_dup, (CURLU *url), (url))                                                          \
	CALL(CURLUcode, curl_url_get, (CURLU *url, CURLUPart part, char **to, unsigned flags), (url, part, to, flags)) \
	CALL(CURLUcode, curl_url_set, (CURLU *url, CURLUPart part, const char *text, unsigned flags),             \
	     (url, part, text, flags))                                                                            \
	CALL(const char *, curl_url_strerror, (CURLUcode code), (code))                                           \
	CALL(curl_version_info_data *, curl_version_info, (CURLversion version), (version))

#define FREES(FREE)                                                                                               \
	FREE(curl_easy_cleanup, CURL)                                                                             \
	FREE(curl_free, void)                                                                                     \
	FREE(curl_slist_free_all, struct curl_slist)                                                              \
	FREE(curl_url_cleanup, CURLU)

FE_LATE(CALLS, FREES)

enum fe_rc
fe_curl_open(struct fe_err *err)
{
	static const struct fe_library library = {
		.file = FILE_NAME,
		.what = "libcurl, which HTTP, S3 and mail go by,",
		.remedy = "install libcurl 7.88 or later (Debian: libcurl4)",
	};
	static const struct fe_library_function functions[] = FE_LATE_FUNCTIONS(CALLS, FREES);

	return fe_library_open(&library, functions, err);
}
