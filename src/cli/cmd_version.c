// SPDX-License-Identifier: Apache-2.0
/* cli/cmd_version.c - finetl version */
#include "cli/cli.h"

static const struct fe_opt options[] = { { 0 } };

static enum fe_rc
run(const struct fe_opts *opts, struct fe_err *err)
{
	(void)opts;
	struct fe_buf text;
	fe_buf_init(&text, 256);
	fe_buf_add_text(&text, "finetl " FE_VERSION "\n");
	enum fe_rc rc = fe_cli_print(&text, err);
	fe_buf_reset(&text);
	return rc;
}

const struct fe_command fe_command_version = {
	.name = "version", .args = "", .summary = "print the version", .options = options, .run = run,
};
