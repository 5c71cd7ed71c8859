// SPDX-License-Identifier: Apache-2.0
/* expr/eval.c - running a program over a batch
 *
 * One vector a node. Those of literals are filled when the state is made, those of
 * columns are pointed at the batch's own arrays, and each step runs one kernel into its
 * register. Steps over scalars only run for one row. Folding runs the same kernels.
 */
#include "base/mem.h"
#include "base/regex.h"
#include "base/time.h"
#include "expr/kernel.h"

/* Storage of a vector. */
struct reg {
	uint64_t *valid, *overflow;
	void *data;
};

struct fe_expr_state {
	const struct fe_expr *expr; /* not looked at when the state is freed */
	size_t n_nodes;
	uint32_t n_regs[FE_N_REG_CLASSES];
	struct fe_vec *vecs; /* by node */
	struct reg *regs[FE_N_REG_CLASSES];
	struct reg *scalars; /* by node; unused ones are empty */
	const struct fe_vec **in; /* arguments of the step being run */
	struct fe_regex_space *regex_space;
	struct fe_part_memo **part_memos; /* by node; NULL where it is none of a day's parts */
	struct fe_column result;  /* where the root's values are not yet in a column's shape */
	uint64_t *result_overflow;
	struct fe_column view;    /* what fe_expr_eval lends: the root's register */
};

static void
reg_init(struct reg *r, enum fe_reg_class c, size_t n_rows)
{
	size_t value_bytes = c == FE_REG_TEXT ? sizeof(struct fe_str) : sizeof(int64_t);

	r->valid = fe_new_array(FE_BITMAP_WORDS(n_rows), uint64_t);
	r->overflow = fe_new_array(FE_BITMAP_WORDS(n_rows), uint64_t);
	r->data = c == FE_REG_BITS ? fe_alloc_array(FE_BITMAP_WORDS(n_rows), sizeof(uint64_t))
	                           : fe_alloc_array(n_rows, value_bytes);
}

static void
reg_reset(struct reg *r)
{
	fe_free(r->valid);
	fe_free(r->overflow);
	fe_free(r->data);
}

static uint64_t all_of_bit(uint64_t word) { return word & 1 ? ~UINT64_C(0) : 0; }

static void
literal_vec(struct fe_vec *v, struct reg *r, const struct fe_node *n)
{
	enum fe_reg_class c = fe_reg_class_of(n->type.kind);

	reg_init(r, c, 64);
	*v = (struct fe_vec){ .valid = r->valid, .data = r->data, .is_scalar = true };
	v->valid[0] = n->is_null ? 0 : ~UINT64_C(0);
	if (c == FE_REG_TEXT)
		v->text[0] = n->text;
	else if (c == FE_REG_BITS)
		v->bits[0] = all_of_bit((uint64_t)n->value);
	else
		v->i64[0] = n->value;
}

static enum fe_rc
run_op(const struct fe_expr *e, struct fe_job *job)
{
	const struct fe_node *n = job->node;
	struct fe_type a = n->n_args > 0 ? fe_node_arg(e, n, 0)->type : n->type;
	struct fe_type b = n->n_args > 1 ? fe_node_arg(e, n, 1)->type : n->type;

	job->in_kind = a.kind;
	switch (n->op) {
	case FE_OP_AND:
	case FE_OP_OR:
	case FE_OP_NOT:
	case FE_OP_IS_NULL:
		fe_kernel_logic(job);
		return FE_OK;
	case FE_OP_COMPARE:
		fe_kernel_compare(job, a, b);
		return FE_OK;
	case FE_OP_IN:
		fe_kernel_in(job);
		return FE_OK;
	case FE_OP_LIKE:
		fe_kernel_like(job);
		return FE_OK;
	case FE_OP_MATCHES:
		return fe_kernel_matches(job);
	case FE_OP_ADD:
	case FE_OP_SUBTRACT:
	case FE_OP_MULTIPLY:
	case FE_OP_NEGATE:
	case FE_OP_ABS:
	case FE_OP_RESCALE:
		fe_kernel_arithmetic(job);
		return FE_OK;
	case FE_OP_ROUND:
		fe_kernel_round(job, a.scale);
		return FE_OK;
	case FE_OP_ROUND_DIVIDE:
		fe_kernel_round_divide(job, a.scale, b.scale);
		return FE_OK;
	case FE_OP_ADD_TIME:
		fe_kernel_add_time(job);
		return FE_OK;
	case FE_OP_TO_TIMESTAMP:
		fe_kernel_to_timestamp(job);
		return FE_OK;
	case FE_OP_TO_DATE:
		fe_kernel_to_date(job);
		return FE_OK;
	case FE_OP_PART:
		fe_kernel_part(job);
		return FE_OK;
	case FE_OP_CASE:
		fe_kernel_case(job);
		return FE_OK;
	case FE_OP_COALESCE:
		fe_kernel_coalesce(job);
		return FE_OK;
	case FE_OP_NULLIF:
		fe_kernel_nullif(job);
		return FE_OK;
	case FE_OP_LEAST:
	case FE_OP_GREATEST:
		fe_kernel_extreme(job);
		return FE_OK;
	case FE_OP_LOWER:
	case FE_OP_UPPER:
	case FE_OP_TRIM:
	case FE_OP_LENGTH:
	case FE_OP_SUBSTR:
	case FE_OP_CONCAT:
		return fe_kernel_text(job);
	case FE_OP_LITERAL:
	case FE_OP_COLUMN:
	case FE_OP_NOW:
	case FE_OP_DIVIDE:
	case FE_OP_INTERVAL:
		break;
	}
	return fe_fail(job->err, FE_EBUG, "operation %d of an expression cannot be run", (int)n->op);
}

enum fe_rc
fe_job_run(const struct fe_expr *e, struct fe_job *job)
{
	struct fe_vec *out = job->out;

	FE_TRY(run_op(e, job));
	if (!job->node->is_scalar)
		return FE_OK;
	out->valid[0] = all_of_bit(out->valid[0]);
	if (out->overflow)
		out->overflow[0] = all_of_bit(out->overflow[0]);
	if (fe_reg_class_of(job->node->type.kind) == FE_REG_BITS)
		out->bits[0] = all_of_bit(out->bits[0]);
	out->is_scalar = true;
	return FE_OK;
}

static void
become_literal(struct fe_node *n, const struct fe_vec *v)
{
	enum fe_reg_class c = fe_reg_class_of(n->type.kind);

	n->op = FE_OP_LITERAL;
	n->n_args = 0;
	n->is_null = !(v->valid[0] & 1);
	n->value = 0;
	n->text = FE_STR("");
	if (!n->is_null && c == FE_REG_TEXT)
		n->text = v->text[0];
	else if (!n->is_null)
		n->value = c == FE_REG_BITS ? (int64_t)(v->bits[0] & 1) : v->i64[0];
}

enum fe_rc
fe_expr_fold(struct fe_expr *e, struct fe_node *n, struct fe_err *err)
{
	size_t n_args = n->n_args;
	const struct fe_vec **in = fe_new_array(n_args, const struct fe_vec *);
	struct fe_vec *vecs = fe_new_array(n_args, struct fe_vec);
	struct reg *regs = fe_new_array(n_args + 1, struct reg), *r = &regs[n_args];
	struct fe_vec out = { .is_scalar = false };
	struct fe_job job = { .node = n, .n_rows = 1, .n_words = 1, .n_in = n_args, .in = in, .out = &out,
		              .arena = &e->arena, .err = err };
	enum fe_rc rc;

	for (size_t i = 0; i < n_args; i++) {
		literal_vec(&vecs[i], &regs[i], fe_node_arg(e, n, i));
		in[i] = &vecs[i];
	}
	reg_init(r, fe_reg_class_of(n->type.kind), 64);
	out.valid = r->valid;
	out.data = r->data;
	job.overflow_space = r->overflow;
	rc = fe_job_run(e, &job);
	if (rc == FE_OK && out.overflow && (out.overflow[0] & 1))
		rc = fe_fail(err, FE_EUSAGE, "this constant is out of range: an int has 64 bits, a decimal 18 digits, "
		                             "a date the years 0001 to 9999, and nothing divides by 0");
	if (rc == FE_OK)
		become_literal(n, &out);
	for (size_t i = 0; i <= n_args; i++)
		reg_reset(&regs[i]);
	fe_free(in);
	fe_free(vecs);
	fe_free(regs);
	return rc;
}

/* What a node needs beside a register. */
static void
prepare_node(struct fe_expr_state *s, const struct fe_node *n, size_t i)
{
	if (n->op == FE_OP_LITERAL)
		literal_vec(&s->vecs[i], &s->scalars[i], n);
	else if (n->is_scalar)
		reg_init(&s->scalars[i], fe_reg_class_of(n->type.kind), 64);
	if (n->op == FE_OP_MATCHES && !s->regex_space)
		s->regex_space = fe_regex_space_new();
	if (n->op == FE_OP_PART && n->detail < FE_DAYOFWEEK && !n->is_scalar)
		s->part_memos[i] = fe_part_memo_new();
}

struct fe_expr_state *
fe_expr_state_new(const struct fe_expr *e)
{
	struct fe_expr_state *s = fe_new(struct fe_expr_state);
	const struct fe_node *root = &e->nodes[e->root];
	size_t most_args = 1;

	s->expr = e;
	s->n_nodes = e->n_nodes;
	s->vecs = fe_new_array(e->n_nodes, struct fe_vec);
	s->scalars = fe_new_array(e->n_nodes, struct reg);
	s->part_memos = fe_new_array(e->n_nodes, struct fe_part_memo *);
	for (size_t c = 0; c < FE_N_REG_CLASSES; c++) {
		s->n_regs[c] = e->n_regs[c];
		s->regs[c] = fe_new_array(e->n_regs[c], struct reg);
		for (size_t i = 0; i < e->n_regs[c]; i++)
			reg_init(&s->regs[c][i], (enum fe_reg_class)c, FE_BATCH_ROWS);
	}
	for (size_t i = 0; i < e->n_nodes; i++) {
		if (!e->is_used[i])
			continue;
		prepare_node(s, &e->nodes[i], i);
		most_args = e->nodes[i].n_args > most_args ? e->nodes[i].n_args : most_args;
	}
	s->in = fe_new_array(most_args, const struct fe_vec *);
	s->result_overflow = fe_new_array(FE_EXPR_WORDS, uint64_t);
	if (root->type.kind == FE_DATE || root->is_scalar)
		fe_column_init(&s->result, root->type, FE_BATCH_ROWS);
	return s;
}

void
fe_expr_state_free(struct fe_expr_state *s)
{
	if (!s)
		return;
	for (size_t c = 0; c < FE_N_REG_CLASSES; c++) {
		for (size_t i = 0; i < s->n_regs[c]; i++)
			reg_reset(&s->regs[c][i]);
		fe_free(s->regs[c]);
	}
	for (size_t i = 0; i < s->n_nodes; i++) {
		reg_reset(&s->scalars[i]);
		fe_free(s->part_memos[i]);
	}
	fe_free(s->part_memos);
	fe_free(s->scalars);
	fe_free(s->vecs);
	fe_free(s->in);
	fe_free(s->result_overflow);
	fe_regex_space_free(s->regex_space);
	fe_column_reset(&s->result);
	fe_free(s);
}

static void
point_at_columns(struct fe_expr_state *s, const struct fe_batch *batch)
{
	for (size_t i = 0; i < s->expr->n_nodes; i++) {
		const struct fe_node *n = &s->expr->nodes[i];

		if (!s->expr->is_used[i] || n->op != FE_OP_COLUMN)
			continue;
		s->vecs[i] = (struct fe_vec){ .valid = batch->columns[n->column].valid,
			                      .data = batch->columns[n->column].data };
	}
}

static enum fe_rc
run_step(struct fe_expr_state *s, const struct fe_step *step, struct fe_job *job, int64_t now_us)
{
	const struct fe_expr *e = s->expr;
	const struct fe_node *n = &e->nodes[step->node];
	struct fe_vec *out = &s->vecs[step->node];
	struct reg *r = n->is_scalar ? &s->scalars[step->node]
	                             : &s->regs[fe_reg_class_of(n->type.kind)][step->reg];

	if (n->op == FE_OP_COLUMN) { /* a date: widened, nulls as they are */
		int32_t *days = out->data;

		out->data = r->data;
		for (size_t i = 0; i < job->n_rows; i++)
			out->i64[i] = days[i];
		return FE_OK;
	}
	*out = (struct fe_vec){ .valid = r->valid, .data = r->data };
	if (n->op == FE_OP_NOW) {
		out->valid[0] = ~UINT64_C(0);
		out->i64[0] = now_us;
		out->is_scalar = true;
		return FE_OK;
	}
	for (size_t k = 0; k < n->n_args; k++)
		s->in[k] = &s->vecs[e->args[n->first_arg + k]];
	job->node = n;
	job->part_memo = s->part_memos[step->node];
	job->n_in = n->n_args;
	job->out = out;
	job->overflow_space = r->overflow;
	if (!n->is_scalar)
		return fe_job_run(e, job);

	struct fe_job one = *job;
	enum fe_rc rc;

	one.n_rows = one.n_words = 1;
	rc = fe_job_run(e, &one);
	job->new_bytes = one.new_bytes;
	return rc;
}

/* The root's vector as a column of its type; overflow too, whole. */
static void
shape_result(struct fe_expr_state *s, const struct fe_vec *root, size_t n_rows)
{
	struct fe_type type = s->expr->nodes[s->expr->root].type;
	struct fe_column *c = &s->result;

	for (size_t w = 0; w < FE_BITMAP_WORDS(n_rows); w++) {
		c->valid[w] = fe_word(root->valid, root, w);
		if (type.kind == FE_BOOL)
			c->bits[w] = fe_word(root->bits, root, w);
	}
	for (size_t i = 0; type.kind == FE_DATE && i < n_rows; i++)
		c->days[i] = (int32_t)root->i64[fe_index(root, i)];
	for (size_t i = 0; type.kind == FE_TEXT && i < n_rows; i++)
		c->text[i] = root->text[fe_index(root, i)];
	for (size_t i = 0; fe_reg_class_of(type.kind) == FE_REG_I64 && type.kind != FE_DATE && i < n_rows; i++)
		c->i64[i] = root->i64[fe_index(root, i)];
}

/* NULL where no row of the batch overflowed. */
static const uint64_t *
overflow_of(struct fe_expr_state *s, const struct fe_vec *root, size_t n_rows)
{
	if (!root->overflow)
		return NULL;
	for (size_t w = 0; w < FE_BITMAP_WORDS(n_rows); w++)
		s->result_overflow[w] = fe_word(root->overflow, root, w);
	return fe_bits_count(s->result_overflow, n_rows) ? s->result_overflow : NULL;
}

enum fe_rc
fe_expr_eval(const struct fe_expr *e, struct fe_expr_state *s, struct fe_batch *batch,
	     int64_t now_us, const struct fe_column **out, const uint64_t **overflow,
	     struct fe_err *err)
{
	struct fe_job job = { .n_rows = batch->n_rows, .n_words = FE_BITMAP_WORDS(batch->n_rows), .in = s->in,
		              .arena = &batch->arena, .regex_space = s->regex_space, .batch = batch, .err = err };
	const struct fe_node *root = &e->nodes[e->root];
	const struct fe_vec *v = &s->vecs[e->root];

	FE_ASSERT(s->expr == e && batch->n_rows <= FE_BATCH_ROWS);
	*overflow = NULL;
	if (root->op == FE_OP_COLUMN) {
		*out = &batch->columns[root->column];
		return FE_OK;
	}
	point_at_columns(s, batch);
	for (size_t i = 0; i < e->n_steps; i++)
		FE_TRY(run_step(s, &e->steps[i], &job, now_us));
	*overflow = overflow_of(s, v, batch->n_rows);
	if (s->result.valid) {
		shape_result(s, v, batch->n_rows);
		*out = &s->result;
		return FE_OK;
	}
	s->view = (struct fe_column){ .type = root->type, .valid = v->valid, .data = v->data };
	*out = &s->view;
	return FE_OK;
}
