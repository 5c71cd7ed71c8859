// SPDX-License-Identifier: Apache-2.0
/* quality/report_verdict.c - how the run ended, and what to do next
 *
 * In words and a sign; colour only says it once more. What to do next is a command that can
 * be typed as it stands.
 */
#include "quality/chart.h"
#include "quality/report_parts.h"

#define MAX_COMMAND_BYTES ((size_t)64 * 1024)
#define MAX_ERROR_CHARS 2000

struct sums {
	uint64_t read, kept, rejected;
};

static struct sums
sums_of(const struct fe_report_run *run)
{
	struct sums s = { 0 };

	for (size_t i = 0; i < run->n_datasets; i++) {
		const struct fe_json_value *t = run->datasets[i].totals;
		s.read += fe_report_member_u64(t, "read");
		s.kept += fe_report_member_u64(t, "inserted") + fe_report_member_u64(t, "updated");
		s.rejected += fe_report_member_u64(t, "rejected");
	}
	return s;
}

static void
say_records(struct fe_html *h, uint64_t n)
{
	fe_html_count(h, n);
	fe_html_text(h, n == 1 ? " record" : " records");
}

static void
headline(struct fe_html *h, const struct fe_report_run *run, struct sums s)
{
	fe_html_open(h, "h2");
	fe_html_attr(h, "id", "verdict-heading");
	if (fe_str_is(run->status, "success")) {
		fe_html_text(h, "Loaded, and totals agree");
	} else if (fe_str_is(run->status, "success_with_rejects")) {
		fe_html_text(h, "Loaded, with ");
		say_records(h, s.rejected);
		fe_html_text(h, " rejected; totals agree");
	} else if (fe_str_is(run->status, "held")) {
		fe_html_text(h, "Held: nothing was published");
	} else if (fe_json_is(run->published, FE_JSON_NULL)) {
		fe_html_text(h, "Failed: whether it was published is not known");
	} else if (fe_str_is(run->status, "failed")) {
		fe_html_text(h, "Failed: nothing was published");
	} else if (fe_str_is(run->status, "abandoned")) {
		fe_html_text(h, "Abandoned: the process went away, nothing was published");
	} else if (fe_str_is(run->status, "running")) {
		fe_html_text(h, "Running: nothing is published yet");
	} else {
		fe_html_str(h, run->status);
	}
	fe_html_close(h, "h2");
}

/* "finetl rejects list --run ID [--warehouse '...']" */
static void
list_rejects(struct fe_html *h, const struct fe_report_run *run)
{
	struct fe_str keeper = run->run_id;
	struct fe_buf command;

	for (size_t i = 0; i < run->n_datasets; i++) {
		if (run->datasets[i].n_examples) {
			keeper = fe_report_keeper(run, &run->datasets[i]);
			break;
		}
	}
	fe_buf_init(&command, MAX_COMMAND_BYTES);
	fe_buf_add_text(&command, "finetl rejects list --run ");
	fe_report_add_word(&command, keeper);
	fe_buf_add_str(&command, run->warehouse_option);
	fe_report_command(h, &command);
}

static void
run_again(struct fe_html *h, const struct fe_report_run *run)
{
	struct fe_buf command;

	fe_buf_init(&command, MAX_COMMAND_BYTES);
	fe_buf_add_text(&command, "finetl run PIPELINE.yaml");
	fe_buf_add_str(&command, run->warehouse_option);
	fe_report_command(h, &command);
}

/* What the audit trail then has of it is asked for by the command. */
static void
release(struct fe_html *h, const struct fe_report_run *run)
{
	struct fe_buf command;

	fe_html_leaf(h, "p", NULL, "Or, where somebody answers for it as it is, publish it as it was checked:");
	fe_buf_init(&command, MAX_COMMAND_BYTES);
	fe_buf_add_text(&command, "finetl release ");
	fe_report_add_word(&command, run->run_id);
	fe_buf_add_text(&command, " --pipeline PIPELINE.yaml --reason 'WHY'");
	fe_buf_add_str(&command, run->warehouse_option);
	fe_report_command(h, &command);
}

static void
where_rejects_are(struct fe_html *h, const struct fe_report_run *run, const char *words)
{
	fe_html_leaf(h, "p", NULL, words);
	if (run->has_catalog)
		list_rejects(h, run);
	else
		fe_html_leaf(h, "p", NULL, "They stand in the .rejects.csv files beside report.json.");
}

static void
next_steps(struct fe_html *h, const struct fe_report_run *run, struct sums s)
{
	bool is_held = fe_str_is(run->status, "held"), is_failed = fe_str_is(run->status, "failed");

	if (fe_str_is(run->status, "success") || fe_str_is(run->status, "running"))
		return;
	fe_html_leaf(h, "h3", NULL, "What to do next");
	if (is_held && s.rejected == 0)
		fe_html_leaf(h, "p", NULL, "Look at what failed below, and mend the source or the bound.");
	else if (s.rejected && !is_failed)
		where_rejects_are(h, run, is_held ? "Look at the rejected records, and mend the source, the rule or the bound:"
						  : "Look at the rejected records, with their reasons and raw text:");
	if (is_failed && fe_json_is(run->retry_helps, FE_JSON_BOOL))
		fe_html_leaf(h, "p", NULL,
			     run->retry_helps->is_true ? "The cause may pass by itself. Run it again; it is safe to:"
						       : "Trying again will end alike until the cause is mended. Then run it again:");
	else if (fe_str_is(run->status, "success_with_rejects"))
		return;
	else
		fe_html_leaf(h, "p", NULL, "Then run it again. What is loaded already stays as it is:");
	run_again(h, run);
	if (is_held && run->has_catalog)
		release(h, run);
}

void
fe_report_verdict(struct fe_html *h, const struct fe_report_run *run)
{
	const struct fe_report_status *status = fe_report_status(run->status);
	struct sums s = sums_of(run);
	struct fe_buf class_name;

	fe_buf_init(&class_name, 64);
	fe_buf_addf(&class_name, "verdict %s-banner", status->tone);
	fe_html_open(h, "section");
	fe_html_attr(h, "id", "verdict");
	fe_html_attr_str(h, "class", fe_buf_str(&class_name));
	fe_html_attr(h, "aria-labelledby", "verdict-heading");
	fe_buf_reset(&class_name);
	fe_icon(h, (enum fe_icon)status->icon);
	fe_html_open(h, "div");
	headline(h, run, s);
	if (run->error.n) {
		fe_html_open(h, "p");
		fe_html_attr(h, "class", "cause");
		fe_html_cut(h, run->error, MAX_ERROR_CHARS);
		fe_html_close(h, "p");
	}
	next_steps(h, run, s);
	fe_html_close(h, "div");
	fe_html_close(h, "section");
}
