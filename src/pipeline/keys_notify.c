// SPDX-License-Identifier: Apache-2.0
/* pipeline/keys_notify.c - the tables of `notify`: who is told how a run ended */
#include "pipeline/keys.h"

#define MAPPING(variable, ...) const struct fe_mapping variable = { __VA_ARGS__ }

/* In the order of enum fe_notice_on, of enum fe_smtp_tls. */
static const char *const occasions[] = { "failed", "held", "rejects", "success", NULL };
static const char *const tls[] = { "starttls", "tls", "none", NULL };

MAPPING(fe_keys_notice, .name = "a notice", .path = "notify[]",
	.help = "Sent once the run has ended and its end is on record: what, where, figures, the error and the next "
		"command to type; never a value of a record. Each takes ten seconds at most. One that cannot be sent is a warning and "
		"an entry of the result; the run stays as it ended. A variable of `${NAME}` that is not set keeps only its notice from being sent.",
	.keys = (const struct fe_key[]){
		{ .name = "email", .kind = FE_KEY_MAPPING, .of = &fe_keys_email, .help = "A mail: this, or `webhook`." },
		{ .name = "webhook", .kind = FE_KEY_TEXT, .form = "URL", .takes_env = true,
		  .help = "Where JSON is sent that Slack shows, and what takes Slack's messages (Mattermost, Rocket.Chat). Its path is a "
			  "password: better `${NAME}`." },
		{ .name = "on", .kind = FE_KEY_CHOICES, .choices = occasions, .preset = "failed, held",
		  .form = "one or a list of `failed`, `held`, `rejects`, `success`",
		  .help = "When it is sent. `rejects`: records were rejected, however the run ended; `success`: it was published." },
		{ .name = "rejects_above", .kind = FE_KEY_TEXT, .preset = "0", .form = "number of records, or `5%` of those read",
		  .help = "Of `rejects`: only where there are more." },
		{ .name = "headers", .kind = FE_KEY_PAIRS, .max = 16, .takes_env = true, .help = "Of the webhook's request." },
		{ .name = "allow_http", .kind = FE_KEY_BOOL, .preset = "false", .help = "The webhook may be `http://`." },
		{ .name = "allow_private_addresses", .kind = FE_KEY_BOOL, .preset = "false",
		  .help = "The webhook may be on a loopback, link-local or private address." },
		{ .name = "ca_file", .kind = FE_KEY_TEXT, .form = "path", .takes_env = true,
		  .help = "Certificates to trust, in the place of the system's; of the webhook, or the mail server." },
		{ 0 } });

MAPPING(fe_keys_email, .name = "an e-mail", .path = "notify[].email",
	.help = "Plain text, one mail to all recipients.",
	.keys = (const struct fe_key[]){
		{ .name = "to", .kind = FE_KEY_TEXTS, .min = 1, .max = 50, .is_required = true, .takes_env = true,
		  .help = "The recipients." },
		{ .name = "from", .kind = FE_KEY_TEXT, .is_required = true, .takes_env = true, .help = "The sender." },
		{ .name = "server", .kind = FE_KEY_TEXT, .is_required = true, .takes_env = true, .form = "HOST or HOST:PORT",
		  .help = "The mail server; without a port 587, with `tls: tls` 465, with `tls: none` 25." },
		{ .name = "tls", .kind = FE_KEY_CHOICE, .choices = tls, .preset = "starttls",
		  .help = "`starttls`: begins in the clear and must go on with TLS; `tls`: from the first byte; `none`: without, as to a relay on this machine." },
		{ .name = "user", .kind = FE_KEY_TEXT, .takes_env = true, .help = "Who sends, as the server knows them." },
		{ .name = "password", .kind = FE_KEY_TEXT, .takes_env = true, .form = "`${NAME}`",
		  .help = "Never written out here, and never sent without TLS." },
		{ 0 } });
