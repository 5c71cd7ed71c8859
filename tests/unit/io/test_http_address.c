// SPDX-License-Identifier: Apache-2.0
/* Addresses of the public internet, and all the others, in all the ways to write them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "io/http_address.h"

static const char *
special_of(const char *text)
{
	struct sockaddr_in a4 = { .sin_family = AF_INET };
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6 };
	if (inet_pton(AF_INET, text, &a4.sin_addr) == 1)
		return fe_address_special((const struct sockaddr *)&a4);
	assert_int_equal(inet_pton(AF_INET6, text, &a6.sin6_addr), 1);
	return fe_address_special((const struct sockaddr *)&a6);
}

static void
public_addresses_are_public(void **state)
{
	static const char *const texts[] = {
		"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
		"128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "191.255.255.255", "192.0.1.0",
		"192.0.3.0", "192.88.98.255", "192.88.100.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0",
		"198.51.99.255", "198.51.101.0", "203.0.112.255", "203.0.114.0", "223.255.255.255",
		"2001:200::", "2001:4860:4860::8888", "2606:4700::1111", "2a00::1", "2003::1", "3ffe::1", "2001:db7::1",
		"::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1", "3fff:1000::1",
	};
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (special_of(texts[i]))
			fail_msg("%s is public, and is called %s", texts[i], special_of(texts[i]));
}

static void
special_addresses_are_named(void **state)
{
	static const char *const texts[][2] = {
		{ "0.0.0.0", "\"this network\"" }, { "0.255.255.255", "\"this network\"" },
		{ "10.0.0.0", "private" }, { "10.255.255.255", "private" },
		{ "100.64.0.0", "carrier-grade NAT" }, { "100.127.255.255", "carrier-grade NAT" },
		{ "127.0.0.1", "loopback" }, { "127.255.255.254", "loopback" },
		{ "169.254.0.0", "link-local" }, { "169.254.169.254", "link-local" }, { "169.254.255.255", "link-local" },
		{ "172.16.0.0", "private" }, { "172.31.255.255", "private" },
		{ "192.0.0.0", "of protocol assignments" }, { "192.0.0.255", "of protocol assignments" },
		{ "192.0.2.255", "for documentation" }, { "192.88.99.1", "of a 6to4 relay" },
		{ "192.168.0.0", "private" }, { "192.168.255.255", "private" },
		{ "198.18.0.0", "for benchmarks" }, { "198.19.255.255", "for benchmarks" },
		{ "198.51.100.7", "for documentation" }, { "203.0.113.7", "for documentation" },
		{ "224.0.0.1", "multicast" }, { "239.255.255.255", "multicast" },
		{ "240.0.0.0", "reserved" }, { "255.255.255.255", "reserved" },
		{ "::", "unspecified" }, { "::1", "loopback" }, { "::2", "reserved" }, { "::127.0.0.1", "reserved" },
		{ "::ffff:127.0.0.1", "loopback" }, { "::ffff:10.1.2.3", "private" }, { "::ffff:169.254.169.254", "link-local" },
		{ "::ffff:0:127.0.0.1", "reserved" }, { "64:ff9b::7f00:1", "loopback" }, { "64:ff9b::a9fe:a9fe", "link-local" },
		{ "64:ff9b:1::1", "reserved" }, { "100::1", "to be discarded" }, { "100:0:0:1::1", "reserved" },
		{ "2001::1", "of protocol assignments" }, { "2001:1ff:ffff::", "of protocol assignments" },
		{ "2001:0:4136:e378:8000:63bf:3fff:fdd2", "of protocol assignments" },
		{ "2001:db8::1", "for documentation" }, { "2001:db8:ffff::", "for documentation" },
		{ "2002:7f00:1::", "loopback" }, { "2002:a00:1::", "private" }, { "2002:c0a8:101::", "private" },
		{ "3fff::1", "for documentation" }, { "3fff:fff::", "for documentation" },
		{ "4000::1", "reserved" }, { "5f00::1", "reserved" }, { "8000::1", "reserved" }, { "e000::", "reserved" },
		{ "fc00::1", "private" }, { "fd00:ec2::254", "private" }, { "fdff::", "private" },
		{ "fe80::1", "link-local" }, { "febf::", "link-local" }, { "fec0::1", "site-local" }, { "feff::", "site-local" },
		{ "fe00::", "reserved" }, { "ff02::1", "multicast" }, { "ffff::", "multicast" }, { "1fff::", "reserved" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		const char *special = special_of(texts[i][0]);
		if (!special)
			fail_msg("%s passes for public", texts[i][0]);
		assert_string_equal(special, texts[i][1]);
	}
}

static void
hosts_are_known_in_all_forms_of_an_address(void **state)
{
	static const char *const special[] = {
		"127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "0", "0x0",
		"localhost", "LocalHost", "localhost.", "a.localhost", "[::1]", "::1", "[::ffff:7f00:1]", "[0:0::1]", "10.1",
		"192.168.257", "0xa9fea9fe", "2852039166", "0251.0376.0251.0376", "[fe80::1]", "[fd00::1]",
	};
	static const char *const others[] = { "example.com", "8.8.8.8", "134744072", "[2606:4700::1111]", "10.example", "localhost.example",
		                              "notlocalhost", "", "127.0.0.1.example", "-", "256.256.256.256" };
	(void)state;
	for (size_t i = 0; i < sizeof special / sizeof special[0]; i++)
		if (!fe_address_special_host(special[i]))
			fail_msg("%s passes for public", special[i]);
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		if (fe_address_special_host(others[i]))
			fail_msg("%s is called %s", others[i], fe_address_special_host(others[i]));
}

static void
families_without_an_internet_are_special(void **state)
{
	const struct sockaddr a = { .sa_family = AF_UNIX };
	char text[FE_ADDRESS_TEXT_BYTES];
	(void)state;
	assert_non_null(fe_address_special(&a));
	fe_address_text(&a, text);
	assert_non_null(strstr(text, "family"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(public_addresses_are_public),
		cmocka_unit_test(special_addresses_are_named),
		cmocka_unit_test(hosts_are_known_in_all_forms_of_an_address),
		cmocka_unit_test(families_without_an_internet_are_special),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
