// SPDX-License-Identifier: Apache-2.0
/* quality/json_schema_ask.h - what json_schema_judge.c, _words.c and _gather.c share
 *
 * A stack of frames in place of calls. A frame asks one schema about one value, word by word; a
 * word that needs another schema's answer pushes a frame for it, and is called again with the answer
 * in frame->child. A frame that gathers finds which items or members a schema has looked
 * at (unevaluatedItems, unevaluatedProperties); its answer means nothing.
 */
#ifndef FE_QUALITY_JSON_SCHEMA_ASK_H
#define FE_QUALITY_JSON_SCHEMA_ASK_H

#include "quality/json_schema_private.h"

enum fe_schema_answer { FE_ANSWER_NO, FE_ANSWER_YES, FE_ANSWER_LATER, FE_ANSWER_FAILED };

struct fe_schema_frame {
	const struct fe_schema_part *part;
	const struct fe_py *value;
	size_t word;             /* which is at work; */
	size_t i, n;             /* its own counts, 0 at first */
	enum fe_schema_answer child; /* LATER: none was asked yet */
	uint64_t *seen;          /* bit for each item of value; who gathers fills it */
	bool is_gathering;
};

struct fe_schema_asking {
	struct fe_json_schema *s;
	struct fe_schema_frame *frames; size_t n_frames, cap_frames;
	enum fe_rc rc;           /* FAILED: why */
	struct fe_err *err;
};

typedef enum fe_schema_answer fe_schema_word_fn(struct fe_schema_asking *a, struct fe_schema_frame *f,
                                                const struct fe_schema_word *w);

/* The answer comes with the next call: LATER, or FAILED past a limit. f is no longer valid. */
enum fe_schema_answer fe_schema_ask(struct fe_schema_asking *a, const struct fe_schema_part *part, const struct fe_py *value);
enum fe_schema_answer fe_schema_gather(struct fe_schema_asking *a, const struct fe_schema_part *part,
                                       const struct fe_py *value, uint64_t *seen);
enum fe_schema_answer fe_schema_found(struct fe_schema_asking *a, const struct fe_regex *regex, struct fe_str text);
/* The word of the same schema; NULL: none. */
const struct fe_schema_word *fe_schema_word_of(const struct fe_schema_part *part, enum fe_schema_op op);
/* Where $recursiveRef and $dynamicRef lead, as frames are open. */
const struct fe_schema_part *fe_schema_recursive(const struct fe_schema_asking *a, const struct fe_schema_part *part);
const struct fe_schema_part *fe_schema_dynamic(const struct fe_schema_asking *a, const struct fe_schema_word *w);

fe_schema_word_fn fe_schema_judge_word; /* json_schema_words.c */
fe_schema_word_fn fe_schema_gather_word; /* json_schema_gather.c; YES: done */

#endif
