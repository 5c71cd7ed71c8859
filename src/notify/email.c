// SPDX-License-Identifier: Apache-2.0
/* notify/email.c - see notify/email.h */
#include "notify/email.h"

#include <inttypes.h>

#include "base/text.h"
#include "base/time.h"

#define MAX_ADDRESS_BYTES 254
#define MAX_WORD_BYTES 42     /* of UTF-8 in an encoded word: 56 in base 64, 68 with what is around it */
#define MAX_SUBJECT_BYTES 200
#define MAX_LINE_BYTES 76     /* of quoted-printable, with the '=' at its end */
#define HEX "0123456789ABCDEF"

bool
fe_email_is_address(const char *text)
{
	static const char odd[] = "!#$%&'*+-/=?^_`{|}~.@"; /* RFC 5322's atoms, and dots between */
	const char *at = strrchr(text, '@');
	size_t n = strlen(text);

	if (!at || at == text || strchr(text, '@') != at || !at[1] || n > MAX_ADDRESS_BYTES)
		return false;
	for (const char *p = text; *p; p++) {
		bool is_alnum = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9');
		if (!is_alnum && !strchr(odd, *p))
			return false;
		if (*p == '.' && (p == text || p[-1] == '.' || p + 1 == at || p[1] == '\0' || p == at + 1))
			return false;
	}
	return true;
}

/* "Mon, 23 Nov 2026 15:07:22 +0000" */
static void
add_date(struct fe_buf *out, int64_t now_us)
{
	static const char *const days[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	int32_t day = fe_days_of_us(now_us);
	struct fe_civil civil = fe_civil_from_days(day);
	unsigned second = (unsigned)((now_us - day * FE_US_PER_DAY) / FE_US_PER_SECOND);

	fe_buf_addf(out, "Date: %s, %u %s %" PRId32 " %02u:%02u:%02u +0000\r\n", days[fe_dayofweek(day)],
		    (unsigned)civil.day, months[civil.month - 1], civil.year, second / 3600, second / 60 % 60, second % 60);
}

/* Encoded words, each of whole characters, one a line. */
static void
add_encoded_words(struct fe_buf *out, struct fe_str text)
{
	const char *between = "";

	while (text.n) {
		size_t n = text.n < MAX_WORD_BYTES ? text.n : MAX_WORD_BYTES;
		while (n > 1 && n < text.n && ((unsigned char)text.p[n] & 0xc0) == 0x80)
			n--;
		fe_buf_addf(out, "%s=?utf-8?B?", between);
		fe_buf_add_base64(out, (struct fe_str){ text.p, n });
		fe_buf_add_text(out, "?=");
		text = (struct fe_str){ text.p + n, text.n - n };
		between = "\r\n ";
	}
}

static void
add_subject(struct fe_buf *out, const char *title)
{
	struct fe_buf subject;

	fe_buf_init(&subject, 4 * MAX_SUBJECT_BYTES);
	fe_buf_add_text(&subject, "[finetl] ");
	fe_buf_add_printable(&subject, fe_str_of(title), MAX_SUBJECT_BYTES);
	fe_buf_add_text(out, "Subject: ");
	if (fe_text_is_ascii(fe_buf_str(&subject)))
		fe_buf_add_str(out, fe_buf_str(&subject));
	else
		add_encoded_words(out, fe_buf_str(&subject));
	fe_buf_add_text(out, "\r\n");
	fe_buf_reset(&subject);
}

/* RFC 2045, 6.7: what is not plain is =XX, blanks at the end of a line too. */
static void
add_quoted_printable(struct fe_buf *out, struct fe_str text)
{
	size_t n_line = 0;

	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		bool is_last = i + 1 == text.n || text.p[i + 1] == '\n';
		if (c == '\n') {
			fe_buf_add_text(out, "\r\n");
			n_line = 0;
			continue;
		}
		bool is_plain = (c > ' ' && c < 0x7f && c != '=') || (c == ' ' && !is_last);
		if (n_line + (is_plain ? 1 : 3) > MAX_LINE_BYTES - 1) {
			fe_buf_add_text(out, "=\r\n");
			n_line = 0;
		}
		if (is_plain)
			fe_buf_add_char(out, (char)c);
		else
			fe_buf_addf(out, "=%c%c", HEX[c >> 4], HEX[c & 15]);
		n_line += is_plain ? 1 : 3;
	}
}

static void
add_recipients(struct fe_buf *out, const struct fe_email_settings *set)
{
	fe_buf_add_text(out, "To: ");
	for (size_t i = 0; i < set->n_to; i++)
		fe_buf_addf(out, "%s%s", i ? ",\r\n " : "", set->to[i]);
	fe_buf_add_text(out, "\r\n");
}

void
fe_email_message(const struct fe_email_settings *set, const struct fe_notice *n, const struct fe_clock *clock,
		 struct fe_buf *out)
{
	const char *domain = strrchr(set->from, '@');
	struct fe_buf text;

	add_date(out, fe_clock_now(clock));
	fe_buf_addf(out, "From: finetl <%s>\r\n", set->from);
	add_recipients(out, set);
	add_subject(out, n->title);
	fe_buf_addf(out, "Message-ID: <finetl.%s.%016" PRIx64 "%s>\r\n", n->run_id, fe_clock_chance(clock),
		    domain ? domain : "@localhost");
	fe_buf_add_text(out, "MIME-Version: 1.0\r\n"
			     "Content-Type: text/plain; charset=utf-8\r\n"
			     "Content-Transfer-Encoding: quoted-printable\r\n"
			     "Auto-Submitted: auto-generated\r\n\r\n");
	fe_buf_init(&text, FE_NOTICE_MAX_BYTES);
	fe_notice_text(n, &text);
	add_quoted_printable(out, fe_buf_str(&text));
	out->failed = out->failed || text.failed;
	fe_buf_reset(&text);
}

enum fe_rc
fe_email_send(const struct fe_email_settings *set, const struct fe_notice *n, const struct fe_clock *clock,
	      struct fe_err *err)
{
	struct fe_buf message;
	struct fe_smtp_mail mail = { .from = set->from, .to = set->to, .n_to = set->n_to };
	enum fe_rc rc;

	fe_buf_init(&message, 8 * FE_NOTICE_MAX_BYTES);
	fe_email_message(set, n, clock, &message);
	rc = fe_buf_check(&message, "the mail", err);
	mail.message = fe_buf_str(&message);
	if (rc == FE_OK)
		rc = fe_smtp_send(&set->smtp, &mail, err);
	fe_buf_reset(&message);
	return rc;
}
