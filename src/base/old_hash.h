// SPDX-License-Identifier: Apache-2.0
/* base/old_hash.h - SHA-1 and MD5, where others ask for just these: for a file's name, for what a network spoils
 *
 * Neither proves anything against who means harm: base/hash.h has SHA-256 for that.
 */
#ifndef FE_BASE_OLD_HASH_H
#define FE_BASE_OLD_HASH_H

#include <stdbool.h>

#include "base/str.h"

#define FE_SHA1_HEX_BYTES 41 /* with the NUL */
void fe_sha1_of(struct fe_str bytes, char out_hex[FE_SHA1_HEX_BYTES]);

#define FE_MD5_BASE64_BYTES 25 /* with the NUL */
/* As Content-MD5 has it (RFC 1864). False: this machine's OpenSSL allows none (FIPS). */
bool fe_md5_of(struct fe_str bytes, char out_base64[FE_MD5_BASE64_BYTES]);

#endif
