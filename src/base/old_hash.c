// SPDX-License-Identifier: Apache-2.0
/* base/old_hash.c - see base/old_hash.h; OpenSSL's */
#include "base/old_hash.h"

#include <openssl/evp.h>

#include "base/hash.h"

void
fe_sha1_of(struct fe_str bytes, char out_hex[FE_SHA1_HEX_BYTES])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n_bytes = 0;

	FE_ASSERT(EVP_Digest(bytes.p ? bytes.p : "", bytes.n, digest, &n_bytes, EVP_sha1(), NULL) == 1 &&
	          n_bytes == FE_SHA1_HEX_BYTES / 2);
	fe_hex(digest, n_bytes, out_hex);
}

bool
fe_md5_of(struct fe_str bytes, char out_base64[FE_MD5_BASE64_BYTES])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n_bytes = 0;

	if (EVP_Digest(bytes.p ? bytes.p : "", bytes.n, digest, &n_bytes, EVP_md5(), NULL) != 1 || n_bytes != 16)
		return false;
	FE_ASSERT(EVP_EncodeBlock((unsigned char *)out_base64, digest, (int)n_bytes) == FE_MD5_BASE64_BYTES - 1);
	return true;
}
