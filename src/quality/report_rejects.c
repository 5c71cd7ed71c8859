// SPDX-License-Identifier: Apache-2.0
/* quality/report_rejects.c - why records were rejected, with examples
 *
 * The most frequent reasons of each data set, what each means as far as the run wrote it
 * down, and some records: place, and raw text where no column is personal.
 */
#include "quality/chart.h"
#include "quality/report_parts.h"

#define MAX_COMMAND_BYTES ((size_t)64 * 1024)
#define MAX_DETAIL_CHARS 300
#define MAX_PATH_CHARS 300
#define MAX_REASON_CHARS 200
#define MAX_LABEL_BYTES 4096
#define MAX_LINK_BYTES ((size_t)64 * 1024)

static uint64_t
n_rejected(const struct fe_report_dataset *d)
{
	return fe_report_member_u64(d->totals, "rejected");
}

bool
fe_report_has_rejects(const struct fe_report_run *run)
{
	for (size_t i = 0; i < run->n_datasets; i++)
		if (n_rejected(&run->datasets[i]))
			return true;
	return false;
}

struct fe_str
fe_report_keeper(const struct fe_report_run *run, const struct fe_report_dataset *d)
{
	for (size_t i = 0; i < d->n_examples; i++)
		if (!d->examples[i].run_id.n || fe_str_eq(d->examples[i].run_id, run->run_id))
			return run->run_id;
	return d->n_examples ? d->examples[0].run_id : run->run_id;
}

/* The member of the array whose id this is; NULL: none. */
static const struct fe_json_value *
by_id(const struct fe_json_value *array, struct fe_str id)
{
	for (const struct fe_json_value *v = array ? array->first : NULL; v; v = v->next)
		if (fe_str_eq(fe_report_member(v, "id"), id))
			return v;
	return NULL;
}

/* What the codes of cells say, where the code by itself does not. */
static const struct {
	const char *code, *words;
} codes[] = {
	{ "missing", "no value, and one is required" },
	{ "plus_sign", "a plus sign in front" },
	{ "exponent", "written with an exponent" },
	{ "separator", "separators of thousands, or a comma as the point" },
	{ "currency_sign", "a currency with the number" },
	{ "parentheses", "a number in parentheses" },
	{ "trailing_minus", "a minus sign at the end" },
	{ "blank_inside", "a blank in the number" },
	{ "too_many_decimals", "more decimals than the column has" },
	{ "out_of_range", "too large or too small for the column" },
	{ "no_such_day", "a day that is in no calendar" },
	{ "no_such_time", "a time that is on no clock" },
	{ "no_zone", "a time without its offset, and no zone is declared" },
	{ "skipped_time", "a time that its zone skips" },
	{ "repeated_time", "a time that its zone has twice" },
	{ "too_long", "more characters than the column has" },
	{ "too_few_cells", "fewer cells than the header" },
	{ "too_many_cells", "more cells than the header" },
};

/* A code, as not_a_number, in words. */
static void
words(struct fe_html *h, struct fe_str code)
{
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
		if (fe_str_is(code, codes[i].code)) {
			fe_html_text(h, codes[i].words);
			return;
		}
	}
	for (size_t i = 0, start = 0; i <= code.n; i++) {
		if (i < code.n && code.p[i] != '_')
			continue;
		fe_html_str(h, (struct fe_str){ code.p + start, i - start });
		if (i < code.n)
			fe_html_text(h, " ");
		start = i + 1;
	}
}

/* "not so: amount > 0", "customer_id is not in dim_customers", "too many decimals" */
static void
meaning(struct fe_html *h, const struct fe_report_dataset *d, struct fe_str reason)
{
	const struct fe_json_value *rule = by_id(fe_json_get(d->quality, "rules"), reason);
	const struct fe_json_value *reference = by_id(fe_json_get(d->quality, "references"), reason);

	fe_html_open(h, "td");
	if (rule) {
		fe_html_text(h, "not so: ");
		fe_html_open(h, "code");
		fe_html_cut(h, fe_report_member(rule, "check"), MAX_DETAIL_CHARS);
		fe_html_close(h, "code");
	} else if (reference) {
		fe_html_leaf_str(h, "code", NULL, fe_report_member(reference, "column"));
		fe_html_text(h, " is not in ");
		fe_html_leaf_str(h, "code", NULL, fe_report_member(reference, "target"));
	} else if (fe_str_is(reason, "conflict")) {
		fe_html_text(h, "same key, and a column differs that may not change");
	} else {
		const char *colon = reason.n ? memchr(reason.p, ':', reason.n) : NULL;
		size_t at = colon ? (size_t)(colon + 1 - reason.p) : 0;
		words(h, (struct fe_str){ reason.p + at, reason.n - at });
	}
	fe_html_close(h, "td");
}

static size_t
n_examples_of(const struct fe_report_dataset *d, struct fe_str reason)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n_examples; i++)
		n += fe_str_eq(d->examples[i].reason, reason);
	return n;
}

/* "rejects-1-2": the list of the second reason of the first data set. */
static void
add_anchor(struct fe_buf *out, const struct fe_report_run *run, const struct fe_report_dataset *d, size_t reason)
{
	fe_buf_addf(out, "rejects-%zu-%zu", (size_t)(d - run->datasets) + 1, reason + 1);
}

/* A reason, linked to the records that have it where the page lists some. */
static void
reason_head(struct fe_html *h, const struct fe_report_run *run, const struct fe_report_dataset *d, struct fe_str reason, size_t i)
{
	bool is_linked = n_examples_of(d, reason) > 0;
	struct fe_buf link;

	fe_html_open(h, "th");
	fe_html_attr(h, "scope", "row");
	if (is_linked) {
		fe_buf_init(&link, MAX_LABEL_BYTES);
		fe_buf_add_char(&link, '#');
		add_anchor(&link, run, d, i);
		fe_html_open(h, "a");
		fe_html_attr_str(h, "href", fe_buf_str(&link));
		fe_buf_reset(&link);
	}
	fe_html_open(h, "code");
	fe_html_cut(h, reason, MAX_REASON_CHARS);
	fe_html_close(h, "code");
	if (is_linked)
		fe_html_close(h, "a");
	fe_html_close(h, "th");
}

static void
reasons_table(struct fe_html *h, const struct fe_report_run *run, const struct fe_report_dataset *d,
	      const struct fe_report_reason *reasons, size_t n)
{
	const uint64_t whole = n_rejected(d);
	struct fe_buf label;

	fe_buf_init(&label, MAX_LABEL_BYTES);
	fe_buf_add_text(&label, "Reasons of rejects of ");
	fe_buf_add_str(&label, d->name);
	fe_report_table(h, NULL, fe_buf_str(&label));
	fe_buf_reset(&label);
	fe_html_open(h, "thead");
	fe_html_open(h, "tr");
	fe_report_column(h, "reason", "Reason");
	fe_report_column(h, NULL, "Meaning");
	fe_report_column(h, "num", "Records");
	fe_report_column(h, "num", "Of rejects");
	fe_report_column(h, "wide", "Share");
	fe_html_close(h, "tr");
	fe_html_close(h, "thead");
	fe_html_open(h, "tbody");
	for (size_t i = 0; i < n; i++) {
		const struct fe_chart_part part = { reasons[i].n, "gone" };
		fe_html_open(h, "tr");
		reason_head(h, run, d, reasons[i].text, i);
		meaning(h, d, reasons[i].text);
		fe_html_leaf_count(h, "td", "num", reasons[i].n);
		fe_html_open(h, "td");
		fe_html_attr(h, "class", "num quiet");
		fe_report_percent(h, reasons[i].n, whole);
		fe_html_close(h, "td");
		fe_html_open(h, "td");
		fe_html_attr(h, "class", "wide");
		fe_chart_parts(h, (struct fe_str){ 0 }, whole, &part, 1);
		fe_html_close(h, "td");
		fe_html_close(h, "tr");
	}
	fe_html_close(h, "tbody");
	fe_report_table_end(h);
}

/* ---- examples ---- */

static void
example(struct fe_html *h, const struct fe_report_run *run, const struct fe_report_reject *r)
{
	fe_html_open(h, "li");
	fe_html_open(h, "p");
	fe_html_text(h, "record ");
	fe_html_count(h, r->record);
	fe_html_text(h, " of ");
	fe_html_open(h, "code");
	fe_html_cut(h, r->object, MAX_PATH_CHARS);
	fe_html_close(h, "code");
	fe_html_text(h, ", byte ");
	fe_html_count(h, r->offset);
	if (!fe_str_eq(r->reasons, r->reason)) {
		fe_html_text(h, "; all reasons: ");
		fe_html_cut(h, r->reasons, MAX_DETAIL_CHARS);
	}
	if (r->detail.n) {
		fe_html_text(h, "; ");
		fe_html_cut(h, r->detail, MAX_DETAIL_CHARS);
	}
	if (r->run_id.n && !fe_str_eq(r->run_id, run->run_id)) {
		fe_html_text(h, "; kept since run ");
		fe_html_leaf_str(h, "code", NULL, r->run_id);
	}
	fe_html_close(h, "p");
	if (r->raw.p) {
		fe_html_open(h, "p");
		fe_html_attr(h, "class", "raw");
		fe_html_open(h, "code");
		fe_html_cut(h, r->raw, FE_REPORT_MAX_RAW_CHARS);
		fe_html_close(h, "code");
		fe_html_close(h, "p");
	}
	fe_html_close(h, "li");
}

static void
list_command(struct fe_html *h, const struct fe_report_run *run, const struct fe_report_dataset *d, struct fe_str reason)
{
	struct fe_buf command;

	fe_buf_init(&command, MAX_COMMAND_BYTES);
	fe_buf_add_text(&command, "finetl rejects list --run ");
	fe_report_add_word(&command, fe_report_keeper(run, d));
	fe_buf_add_text(&command, " --dataset ");
	fe_report_add_word(&command, d->name);
	if (reason.n) {
		fe_buf_add_text(&command, " --reason ");
		fe_report_add_word(&command, reason);
	}
	fe_buf_add_str(&command, run->warehouse_option);
	fe_report_command(h, &command);
}

static void
examples_of(struct fe_html *h, const struct fe_report_run *run, const struct fe_report_dataset *d, const struct fe_report_reason *reason, size_t at)
{
	size_t n = n_examples_of(d, reason->text);
	struct fe_buf anchor;

	if (n == 0)
		return;
	fe_html_open(h, "details");
	fe_html_open(h, "summary");
	fe_html_open(h, "code");
	fe_html_cut(h, reason->text, MAX_REASON_CHARS);
	fe_html_close(h, "code");
	fe_html_textf(h, ": %zu of ", n);
	fe_html_count(h, reason->n);
	fe_html_close(h, "summary");
	fe_html_open(h, "ol"); /* a link to what is inside opens the details */
	fe_buf_init(&anchor, MAX_LABEL_BYTES);
	add_anchor(&anchor, run, d, at);
	fe_html_attr_str(h, "id", fe_buf_str(&anchor));
	fe_buf_reset(&anchor);
	fe_html_attr(h, "class", "examples");
	for (size_t i = 0; i < d->n_examples; i++)
		if (fe_str_eq(d->examples[i].reason, reason->text))
			example(h, run, &d->examples[i]);
	fe_html_close(h, "ol");
	if (run->has_catalog)
		list_command(h, run, d, reason->text);
	fe_html_close(h, "details");
}

/* A path as a link has it: what is not plain is %XX. */
static void
add_href(struct fe_buf *out, struct fe_str path)
{
	for (size_t i = 0; i < path.n; i++) {
		unsigned char c = (unsigned char)path.p[i];
		bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("-._~/", c);
		if (is_plain && c)
			fe_buf_add_char(out, (char)c);
		else
			fe_buf_addf(out, "%%%02X", c);
	}
}

/* The file of all rejects, where the run wrote one. */
static void
file_link(struct fe_html *h, const struct fe_report_run *run, const struct fe_report_dataset *d)
{
	struct fe_buf name, link;

	if (!run->rejects_folder.p)
		return;
	fe_buf_init(&name, MAX_LINK_BYTES);
	fe_buf_init(&link, MAX_LINK_BYTES);
	fe_buf_add_str(&name, d->name);
	fe_buf_add_text(&name, ".rejects.csv");
	fe_html_open(h, "p");
	fe_html_text(h, "All of them, with the file and the record that each is from: ");
	if (run->rejects_link.p) {
		add_href(&link, run->rejects_link);
		add_href(&link, fe_buf_str(&name));
		fe_html_open(h, "a");
		fe_html_attr_str(h, "href", fe_buf_str(&link));
		fe_html_str(h, fe_buf_str(&name));
		fe_html_close(h, "a");
	} else {
		fe_html_open(h, "code");
		fe_html_str(h, run->rejects_folder);
		fe_html_text(h, "/");
		fe_html_str(h, fe_buf_str(&name));
		fe_html_close(h, "code");
	}
	fe_html_close(h, "p");
	fe_buf_reset(&name);
	fe_buf_reset(&link);
}

static void
examples(struct fe_html *h, const struct fe_report_run *run, const struct fe_report_dataset *d,
	 const struct fe_report_reason *reasons, size_t n)
{
	const struct fe_json_value *pii = fe_json_get(d->quality, "pii");

	if (d->n_examples)
		fe_html_leaf(h, "h4", NULL, "Examples");
	if (d->n_examples && pii && pii->n_children)
		fe_html_leaf(h, "p", "more", "The raw text is not shown here: this data set has personal columns.");
	for (size_t i = 0; i < n; i++)
		examples_of(h, run, d, &reasons[i], i);
	if (run->has_catalog)
		list_command(h, run, d, (struct fe_str){ 0 });
}

void
fe_report_rejects(struct fe_html *h, const struct fe_report_run *run)
{
	fe_report_section(h, "rejects", "Rejected records");
	fe_html_leaf(h, "p", "lead", "Kept with reasons, place and raw bytes. A record may have several reasons.");
	for (size_t i = 0; i < run->n_datasets; i++) {
		const struct fe_report_dataset *d = &run->datasets[i];
		struct fe_report_reason reasons[FE_REPORT_MAX_REASONS];
		size_t n_all = 0, n = fe_report_reasons(d, reasons, &n_all);
		if (!n_rejected(d))
			continue;
		fe_html_open(h, "h3");
		fe_html_str(h, d->name);
		fe_html_text(h, ": ");
		fe_html_count(h, n_rejected(d));
		fe_html_text(h, " of ");
		fe_html_number(h, fe_report_member(d->totals, "read"));
		fe_html_close(h, "h3");
		if (n)
			reasons_table(h, run, d, reasons, n);
		fe_report_more(h, n_all - n, "reasons");
		file_link(h, run, d);
		examples(h, run, d, reasons, n);
	}
	fe_report_section_end(h);
}
