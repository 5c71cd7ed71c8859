// SPDX-License-Identifier: Apache-2.0
/* probe_csv - the CSV reader on standard input and output, for differential tests
 *
 * Cases come one after the other, each a line "<bytes> <cells> <bulk> <step>" and then
 * that many bytes of CSV without a header: cells is the number each record must have (0:
 * any), bulk 1 reads into columns, step is the size of a block. The answer is what
 * csv_render.h makes of it, in hex, up to its line "end" or "error ...".
 */
#include <stdio.h>

#include "../unit/format/csv_render.h"

static size_t
cut_steps(void *ctx, size_t at)
{
	return at + *(size_t *)ctx;
}

int
main(void)
{
	size_t n_bytes, n_cells, step;
	int in_bulk;
	while (scanf("%zu %zu %d %zu", &n_bytes, &n_cells, &in_bulk, &step) == 4 && getchar() == '\n') {
		struct fe_buf out;
		struct csv_way way = {
			.n_cells = n_cells,
			.any_cells = n_cells == 0,
			.in_bulk = in_bulk,
			.in_hex = true,
			.cut = cut_steps,
			.cut_ctx = &step,
		};
		char *bytes = fe_alloc(n_bytes);
		if (step == 0 || (in_bulk && n_cells == 0) || fread(bytes, 1, n_bytes, stdin) != n_bytes)
			return 1;
		fe_buf_init(&out, CSV_RENDER_MAX_BYTES);
		csv_render((struct fe_str){ bytes, n_bytes }, &way, &out);
		if (fwrite(out.p, 1, out.n_bytes, stdout) != out.n_bytes)
			return 1;
		fe_buf_reset(&out);
		fe_free(bytes);
	}
	return ferror(stdin) || !feof(stdin) || fflush(stdout) != 0;
}
