// SPDX-License-Identifier: Apache-2.0
/* quality/guess_person.c - columns that tell of a person: by name, or by the look of the values */
#include "quality/guess_private.h"

static bool
is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* one@two.three */
static bool
is_email(struct fe_str v)
{
	const char *at = memchr(v.p, '@', v.n);

	if (!at || at == v.p || memchr(v.p, ' ', v.n))
		return false;
	const size_t n_host = v.n - (size_t)(at - v.p) - 1;
	const char *dot = memchr(at + 1, '.', n_host);
	return dot && dot > at + 1 && dot + 1 < v.p + v.n && !memchr(at + 1, '@', n_host);
}

/* ISO 13616: the digits, the first four last, letters as 10 to 35, are 1 modulo 97. */
static bool
is_iban(struct fe_str v)
{
	char plain[34];
	size_t n = 0;
	unsigned rest = 0;

	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] == ' ')
			continue;
		if (n == sizeof plain || !(is_digit(v.p[i]) || is_letter(v.p[i])))
			return false;
		plain[n++] = v.p[i];
	}
	if (n < 15 || !is_letter(plain[0]) || !is_letter(plain[1]) || !is_digit(plain[2]) || !is_digit(plain[3]))
		return false;
	for (size_t i = 0; i < n; i++) {
		const char c = plain[(i + 4) % n];
		const unsigned value = is_digit(c) ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a') + 10;
		rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
	}
	return rest == 1;
}

/* +49 30 1234567: a plus, 8 to 15 digits, and what stands between them. */
static bool
is_phone(struct fe_str v)
{
	size_t n_digits = 0;

	if (v.p[0] != '+')
		return false;
	for (size_t i = 1; i < v.n; i++) {
		if (!is_digit(v.p[i]) && !strchr(" -()./", v.p[i]))
			return false;
		n_digits += is_digit(v.p[i]);
	}
	return n_digits >= 8 && n_digits <= 15;
}

void
fe_guess_feed_person(struct fe_guess *g, struct fe_str value)
{
	g->n_emails += is_email(value);
	g->n_ibans += is_iban(value);
	g->n_phones += is_phone(value);
}

static bool
is_person_name(const char *name)
{
	return fe_guess_has_word(name, "name names surname") &&
	       !fe_guess_has_word(name, "file product merchant company category item account bank brand store shop branch city country region "
	                                "state currency project program department vendor supplier type event table user_agent");
}

bool
fe_guess_is_person(const struct fe_guess *g, const char *name, uint64_t n, const char **pattern)
{
	*pattern = fe_guess_is_most(g->n_emails, n) ? "e-mail addresses" : fe_guess_is_most(g->n_ibans, n) ? "IBANs" :
		   fe_guess_is_most(g->n_phones, n) ? "phone numbers" : NULL;
	if (fe_guess_has_word(name, "email mail emailaddress phone telephone tel mobile fax iban birthdate birthday birth dob ssn passport "
	                            "firstname lastname fullname surname address street pan cardnumber") ||
	    is_person_name(name) || strcmp(name, "card_number") == 0 || strcmp(name, "tax_id") == 0 || strcmp(name, "ip_address") == 0) {
		*pattern = NULL; /* the name says it */
		return true;
	}
	return *pattern != NULL;
}
