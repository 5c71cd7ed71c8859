// SPDX-License-Identifier: Apache-2.0
/* pipeline/keys_control.c - the tables of trailers and control totals */
#include "pipeline/keys.h"

#define MAPPING(variable, ...) const struct fe_mapping variable = { __VA_ARGS__ }
#define MAX_SUMS 1024

static const char *const formats[] = { "csv", "json", NULL };

MAPPING(fe_keys_trailer, .name = "a trailer", .path = "datasets[].source.trailer",
	.help = "The last record of each file, which is no data: a file that ends without it was cut, and is refused, "
		"as is one with records behind it. It may have any number of cells. Its figures are control totals: "
		"where they differ from what was read, the run is held.",
	.keys = (const struct fe_key[]){
		{ .name = "starts", .kind = FE_KEY_TEXT,
		  .help = "The text of its first cell, blanks around it aside: this, or `pattern`." },
		{ .name = "pattern", .kind = FE_KEY_TEXT,
		  .help = "A regular expression (PCRE2) that is found in its first cell, and in that of no other record." },
		{ .name = "rows", .kind = FE_KEY_INT, .min = 1, .max = 4096,
		  .help = "The number of the cell that tells how many records there are; the first is 1." },
		{ .name = "sums", .kind = FE_KEY_PAIRS, .max = MAX_SUMS, .form = "mapping of decimal columns to numbers of cells",
		  .help = "The cells that tell sums, written as the values of their columns are." },
		{ 0 } });

MAPPING(fe_keys_control, .name = "control totals", .path = "datasets[].control",
	.help = "What is known of the data from elsewhere: how many records, and sums of columns. All records that are "
		"read count, whatever becomes of them; sums are of the values that can be cast. Where a figure differs, the run "
		"is held, and both are named.",
	.keys = (const struct fe_key[]){
		{ .name = "rows", .kind = FE_KEY_TEXT, .takes_params = true, .form = "whole number",
		  .help = "Records of the whole data set, as `\"{expected_rows}\"` from a parameter." },
		{ .name = "sums", .kind = FE_KEY_PAIRS, .max = MAX_SUMS, .takes_params = true,
		  .form = "mapping of decimal columns to amounts", .help = "Sums of the whole data set." },
		{ .name = "sidecar", .kind = FE_KEY_MAPPING, .of = &fe_keys_sidecar,
		  .help = "A small file beside each file that tells of it. A file without one is refused." },
		{ 0 } });

MAPPING(fe_keys_sidecar, .name = "a sidecar", .path = "datasets[].control.sidecar",
	.help = "A control file for each file of the source.",
	.keys = (const struct fe_key[]){
		{ .name = "file", .kind = FE_KEY_TEXT, .is_required = true, .form = "path",
		  .help = "Where it is, seen from its file: `{name}` stands for the name of that (`payments.csv`), `{stem}` for the "
			  "name up to its first dot (`payments`), as in `{name}.ctl` or `../control/{stem}.json`." },
		{ .name = "format", .kind = FE_KEY_CHOICE, .choices = formats, .preset = "json",
		  .help = "One JSON object, or a CSV file with a header and one record, delimiter and quotes as the source has them. In UTF-8, UTF-16 "
			  "or the encoding of the source." },
		{ .name = "rows", .kind = FE_KEY_TEXT, .form = "name",
		  .help = "Where it tells how many records: the name of a column, or in JSON of a member (`control.rows` within another)." },
		{ .name = "sums", .kind = FE_KEY_PAIRS, .max = MAX_SUMS, .form = "mapping of decimal columns to names",
		  .help = "Where it tells sums, the same way; in JSON they are written as `1234.56`, in CSV as the values of their columns are." },
		{ 0 } });
