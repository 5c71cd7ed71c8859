// SPDX-License-Identifier: Apache-2.0
/* pipeline/told.c - see pipeline/told.h */
#include "pipeline/told.h"

#include "base/log.h"
#include "base/mem.h"

void
fe_told_add(struct fe_told_list *list, const char *channel, const char *target, const struct fe_err *why)
{
	char text[FE_ERR_TEXT_BYTES + 512];

	list->items = fe_grow(list->items, &list->cap_items, list->n_items + 1, sizeof *list->items);
	list->items[list->n_items++] = (struct fe_told){
		.channel = channel,
		.target = fe_strdup(target),
		.error = why ? fe_strdup(fe_err_print(why, text, sizeof text)) : NULL,
		.rc = why ? why->rc : FE_OK,
	};
	if (why)
		fe_log(FE_LOG_WARN, "the run could not be told of", "channel", channel, "target", target, "cause", text, NULL);
	else
		fe_log(FE_LOG_DEBUG, "the run was told of", "channel", channel, "target", target, NULL);
}

void
fe_told_json(const struct fe_told_list *list, struct fe_json *j)
{
	fe_json_array(j, "notifications");
	for (size_t i = 0; i < list->n_items; i++) {
		const struct fe_told *t = &list->items[i];
		fe_json_object(j, NULL);
		fe_json_text(j, "channel", t->channel);
		fe_json_text(j, "target", t->target);
		fe_json_bool(j, "sent", !t->error);
		fe_json_text(j, "error", t->error);
		fe_json_object_end(j);
	}
	fe_json_array_end(j);
}

void
fe_told_reset(struct fe_told_list *list)
{
	for (size_t i = 0; i < list->n_items; i++) {
		fe_free(list->items[i].target);
		fe_free(list->items[i].error);
	}
	fe_free(list->items);
	*list = (struct fe_told_list){ 0 };
}
