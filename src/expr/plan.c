// SPDX-License-Identifier: Apache-2.0
/* expr/plan.c - the nodes as a program: which run, in which registers
 *
 * Only what the root reaches runs, in the order of the nodes. Literals and columns are
 * no steps (but a date column is widened to int64 first). A register is free again
 * after the last step that reads it; scalars have small registers of their own.
 */
#include "base/mem.h"
#include "expr/node.h"

/* All registers of one evaluation. */
#define MAX_REG_BYTES (32u * 1024 * 1024)

static const size_t reg_bytes[FE_N_REG_CLASSES] = {
	[FE_REG_I64] = FE_BATCH_ROWS * sizeof(int64_t),
	[FE_REG_TEXT] = FE_BATCH_ROWS * sizeof(struct fe_str),
	[FE_REG_BITS] = FE_BATCH_ROWS / 8,
};

/* Registers of one class that no later step reads. */
struct free_list {
	uint32_t *regs;
	size_t n_regs, cap_regs;
};

static bool
is_step(const struct fe_node *n)
{
	return n->op != FE_OP_LITERAL && (n->op != FE_OP_COLUMN || n->type.kind == FE_DATE);
}

/* Parents come after their children, so one pass from the end marks all. */
static void
mark_used(struct fe_expr *e)
{
	e->is_used = fe_new_array(e->n_nodes, bool);
	e->is_used[e->root] = true;
	for (size_t i = e->root + 1; i-- > 0;)
		for (size_t k = 0; e->is_used[i] && k < e->nodes[i].n_args; k++)
			e->is_used[e->args[e->nodes[i].first_arg + k]] = true;
}

static uint32_t
take_reg(struct fe_expr *e, struct free_list *list, enum fe_reg_class c)
{
	return list[c].n_regs ? list[c].regs[--list[c].n_regs] : e->n_regs[c]++;
}

static void
give_reg(struct free_list *list, enum fe_reg_class c, uint32_t reg)
{
	list[c].regs = fe_grow(list[c].regs, &list[c].cap_regs, list[c].n_regs + 1, sizeof(uint32_t));
	list[c].regs[list[c].n_regs++] = reg;
}

/* The last step that reads each node; none reads the root. */
static uint32_t *
last_readers(const struct fe_expr *e)
{
	uint32_t *last = fe_new_array(e->n_nodes, uint32_t);

	for (size_t i = 0; i < e->n_nodes; i++)
		for (size_t k = 0; e->is_used[i] && k < e->nodes[i].n_args; k++)
			last[e->args[e->nodes[i].first_arg + k]] = (uint32_t)i;
	return last;
}

static void
assign_regs(struct fe_expr *e)
{
	struct free_list list[FE_N_REG_CLASSES] = { 0 };
	uint32_t *last = last_readers(e);
	uint32_t *reg_of = fe_new_array(e->n_nodes, uint32_t);

	for (size_t i = 0; i < e->n_nodes; i++) {
		const struct fe_node *n = &e->nodes[i];

		reg_of[i] = FE_NO_REG;
		if (!e->is_used[i] || !is_step(n))
			continue;
		if (!n->is_scalar)
			reg_of[i] = take_reg(e, list, fe_reg_class_of(n->type.kind));
		for (size_t k = 0; k < n->n_args; k++) {
			uint32_t arg = e->args[n->first_arg + k];

			if (last[arg] != i || reg_of[arg] == FE_NO_REG)
				continue;
			give_reg(list, fe_reg_class_of(e->nodes[arg].type.kind), reg_of[arg]);
			reg_of[arg] = FE_NO_REG; /* the same argument twice is given back once */
		}
		e->steps[e->n_steps++] = (struct fe_step){ .node = (uint32_t)i, .reg = reg_of[i] };
	}
	for (size_t c = 0; c < FE_N_REG_CLASSES; c++)
		fe_free(list[c].regs);
	fe_free(reg_of);
	fe_free(last);
}

enum fe_rc
fe_expr_plan(struct fe_expr *e, struct fe_err *err)
{
	size_t total = 0;

	mark_used(e);
	e->steps = fe_new_array(e->n_nodes, struct fe_step);
	assign_regs(e);
	for (size_t c = 0; c < FE_N_REG_CLASSES; c++)
		total += e->n_regs[c] * reg_bytes[c];
	if (total > MAX_REG_BYTES)
		return fe_fail(err, FE_ELIMIT, "this expression needs %zu MiB for its intermediate values; the limit is %u",
		               total >> 20, MAX_REG_BYTES >> 20);
	return FE_OK;
}
