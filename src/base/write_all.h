// SPDX-License-Identifier: Apache-2.0
/* base/write_all.h - whole writes and reads at an offset
 *
 * The system may take or give fewer bytes than asked, or be interrupted; these go on
 * until all is done.
 */
#ifndef FE_BASE_WRITE_ALL_H
#define FE_BASE_WRITE_ALL_H

#include "base/err.h"

FE_MUST_USE enum fe_rc fe_pwrite_all(int fd, uint64_t offset, const void *p, size_t n_bytes,
                                     struct fe_err *err);
/* An end before n_bytes is FE_EUNAVAIL: the file was cut behind our back. */
FE_MUST_USE enum fe_rc fe_pread_all(int fd, uint64_t offset, void *out, size_t n_bytes,
                                    struct fe_err *err);

#endif
