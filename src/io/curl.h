// SPDX-License-Identifier: Apache-2.0
/* io/curl.h - libcurl
 *
 * Private to io/. It brings Kerberos, LDAP, SSH and HTTP/2 with it, two dozen libraries that a run over files would map for
 * nothing: so it is opened when a client of HTTP or SMTP is first made (curl_late.c). A program that has its libraries within
 * itself has it from the start (curl_linked.c). Its functions are called by their names either way.
 */
#ifndef FE_IO_CURL_H
#define FE_IO_CURL_H

#include <curl/curl.h>

#include "base/err.h"

/* Before the first call of libcurl, by whoever makes its objects; what frees takes NULL at any time. FE_EUSAGE where the
 * library is not installed. Any thread. */
FE_MUST_USE enum fe_rc fe_curl_open(struct fe_err *err);

#endif
