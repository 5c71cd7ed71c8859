// SPDX-License-Identifier: Apache-2.0
/* io/http_address.h - which addresses are of the public internet
 *
 * Asked of the address that is about to be connected to, after names were resolved and odd
 * ways to write an address (decimal, octal, mapped into IPv6) were undone by the resolver:
 * what is judged is what is used. An address of IPv6 that carries one of IPv4 (mapped,
 * NAT64, 6to4) is judged by that one. By IANA's registries of special-purpose addresses.
 */
#ifndef FE_IO_HTTP_ADDRESS_H
#define FE_IO_HTTP_ADDRESS_H

#include <sys/socket.h>

#include "base/str.h"

/* What it is instead of public: "loopback", "private", ...; NULL: public. */
const char *fe_address_special(const struct sockaddr *address);

#define FE_ADDRESS_TEXT_BYTES 64
void fe_address_text(const struct sockaddr *address, char out[FE_ADDRESS_TEXT_BYTES]);

/* The same of a host as text, if it is an address in any of the ways that the resolver
 * takes, or a name that always means this machine; NULL: public, or a name to resolve. */
const char *fe_address_special_host(const char *host);

#endif
