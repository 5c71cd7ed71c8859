// SPDX-License-Identifier: Apache-2.0
/* arc4random.c - a function of glibc 2.36 for a binary that is to start on glibc 2.34
 *
 * Debian's libexpat.a was built where libc has it. Its bytes are the kernel's, as glibc's own are; there is
 * nothing to fall back to, and an XML parser without its salt is one that an object listing could slow down.
 */
#include <stdlib.h>
#include <unistd.h>

#define MAX_AT_ONCE 256 /* of getentropy */

void arc4random_buf(void *out, size_t n_bytes);

void
arc4random_buf(void *out, size_t n_bytes)
{
	unsigned char *p = out;

	while (n_bytes) {
		const size_t n = n_bytes < MAX_AT_ONCE ? n_bytes : MAX_AT_ONCE;
		if (getentropy(p, n))
			abort();
		p += n;
		n_bytes -= n;
	}
}
