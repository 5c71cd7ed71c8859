// SPDX-License-Identifier: Apache-2.0
/* io/http_address.c - two tables of prefixes */
#include "io/http_address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>

#include "base/text.h"

struct block4 { uint32_t base; unsigned n_bits; const char *what; };
struct block6 { unsigned char base[16]; unsigned n_bits; const char *what; };

static const struct block4 blocks4[] = {
	{ 0x00000000, 8, "\"this network\"" },       /* 0.0.0.0/8: reaches loopback on Linux */
	{ 0x0a000000, 8, "private" },                /* 10/8 */
	{ 0x64400000, 10, "carrier-grade NAT" },     /* 100.64/10 */
	{ 0x7f000000, 8, "loopback" },               /* 127/8 */
	{ 0xa9fe0000, 16, "link-local" },            /* 169.254/16: cloud metadata */
	{ 0xac100000, 12, "private" },               /* 172.16/12 */
	{ 0xc0000000, 24, "of protocol assignments" }, /* 192.0.0/24 */
	{ 0xc0000200, 24, "for documentation" },     /* 192.0.2/24 */
	{ 0xc0586300, 24, "of a 6to4 relay" },       /* 192.88.99/24 */
	{ 0xc0a80000, 16, "private" },               /* 192.168/16 */
	{ 0xc6120000, 15, "for benchmarks" },        /* 198.18/15 */
	{ 0xc6336400, 24, "for documentation" },     /* 198.51.100/24 */
	{ 0xcb007100, 24, "for documentation" },     /* 203.0.113/24 */
	{ 0xe0000000, 4, "multicast" },
	{ 0xf0000000, 4, "reserved" },               /* and broadcast */
};

/* Whatever is not in 2000::/3 is special; these name it better, or are within. */
static const struct block6 blocks6[] = {
	{ { 0 }, 128, "unspecified" },
	{ { [15] = 1 }, 128, "loopback" },
	{ { 0x01 }, 64, "to be discarded" },               /* 100::/64 */
	{ { 0x20, 0x01 }, 23, "of protocol assignments" }, /* 2001::/23, Teredo in it */
	{ { 0x20, 0x01, 0x0d, 0xb8 }, 32, "for documentation" },
	{ { 0x3f, 0xff }, 20, "for documentation" },       /* 3fff::/20 */
	{ { 0xfc }, 7, "private" },                        /* fc00::/7, unique local */
	{ { 0xfe, 0x80 }, 10, "link-local" },
	{ { 0xfe, 0xc0 }, 10, "site-local" },
	{ { 0xff }, 8, "multicast" },
};

static const char *
special4(uint32_t a)
{
	for (size_t i = 0; i < sizeof blocks4 / sizeof blocks4[0]; i++)
		if ((a ^ blocks4[i].base) >> (32 - blocks4[i].n_bits) == 0)
			return blocks4[i].what;
	return NULL;
}

static bool
starts_with(const unsigned char *a, const unsigned char *base, unsigned n_bits)
{
	unsigned n_bytes = n_bits / 8, n_rest = n_bits % 8;
	if (memcmp(a, base, n_bytes) != 0)
		return false;
	return n_rest == 0 || (a[n_bytes] ^ base[n_bytes]) >> (8 - n_rest) == 0;
}

static uint32_t
four_bytes(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static const char *
special6(const unsigned char *a)
{
	static const unsigned char mapped[16] = { [10] = 0xff, [11] = 0xff };       /* ::ffff:0:0/96 */
	static const unsigned char nat64[16] = { 0x00, 0x64, 0xff, 0x9b };          /* 64:ff9b::/96 */
	static const unsigned char sixtofour[16] = { 0x20, 0x02 };                  /* 2002::/16 */
	if (starts_with(a, mapped, 96) || starts_with(a, nat64, 96))
		return special4(four_bytes(a + 12));
	if (starts_with(a, sixtofour, 16))
		return special4(four_bytes(a + 2));
	for (size_t i = 0; i < sizeof blocks6 / sizeof blocks6[0]; i++)
		if (starts_with(a, blocks6[i].base, blocks6[i].n_bits))
			return blocks6[i].what;
	return a[0] >> 5 == 1 ? NULL : "reserved";
}

const char *
fe_address_special(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET) {
		struct sockaddr_in a;
		memcpy(&a, address, sizeof a);
		return special4(ntohl(a.sin_addr.s_addr));
	}
	if (address->sa_family == AF_INET6) {
		struct sockaddr_in6 a;
		memcpy(&a, address, sizeof a);
		return special6(a.sin6_addr.s6_addr);
	}
	return "of no internet";
}

void
fe_address_text(const struct sockaddr *address, char out[FE_ADDRESS_TEXT_BYTES])
{
	struct sockaddr_in a4;
	struct sockaddr_in6 a6;
	const char *text = NULL;
	if (address->sa_family == AF_INET) {
		memcpy(&a4, address, sizeof a4);
		text = inet_ntop(AF_INET, &a4.sin_addr, out, FE_ADDRESS_TEXT_BYTES);
	} else if (address->sa_family == AF_INET6) {
		memcpy(&a6, address, sizeof a6);
		text = inet_ntop(AF_INET6, &a6.sin6_addr, out, FE_ADDRESS_TEXT_BYTES);
	}
	if (!text)
		(void)snprintf(out, FE_ADDRESS_TEXT_BYTES, "an address of family %d", address->sa_family);
}

static bool
ends_with(struct fe_str s, const char *end)
{
	size_t n = strlen(end);
	return s.n >= n && fe_text_casecmp_ascii((struct fe_str){ s.p + s.n - n, n }, fe_str_of(end)) == 0;
}

const char *
fe_address_special_host(const char *host)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM }, *found = NULL;
	struct fe_str name = fe_str_of(host);
	char bare[256];

	if (name.n > 1 && name.p[name.n - 1] == '.') /* "localhost." is the same */
		name.n--;
	if (fe_text_casecmp_ascii(name, FE_STR("localhost")) == 0 || ends_with(name, ".localhost"))
		return "loopback";
	if (name.n > 2 && name.p[0] == '[' && name.p[name.n - 1] == ']')
		name = (struct fe_str){ name.p + 1, name.n - 2 };
	if (name.n >= sizeof bare)
		return NULL;
	memcpy(bare, name.p, name.n);
	bare[name.n] = '\0';
	if (getaddrinfo(bare, NULL, &hints, &found) != 0)
		return NULL;
	const char *what = found ? fe_address_special(found->ai_addr) : NULL;
	freeaddrinfo(found);
	return what;
}
