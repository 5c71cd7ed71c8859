// SPDX-License-Identifier: Apache-2.0
/* io/xml.h - the small XML that AWS answers in, by libexpat
 *
 * A document is told element by element, as they end: where it stands ("Error/Code"), and
 * its text. What no such answer has is refused: a document type (and so entities), more
 * than FE_XML_MAX_DEPTH levels, a text of more than FE_XML_MAX_TEXT_BYTES. Attributes and
 * name spaces are passed over.
 */
#ifndef FE_IO_XML_H
#define FE_IO_XML_H

#include "base/err.h"
#include "base/str.h"

#define FE_XML_MAX_DEPTH 16
#define FE_XML_MAX_TEXT_BYTES ((size_t)64 * 1024)
#define FE_XML_MAX_PATH_BYTES 1024

/* text: of the element itself, without that of elements in it; gone after the call. */
typedef enum fe_rc fe_xml_end_fn(void *ctx, const char *path, struct fe_str text, struct fe_err *err);

/* FE_EDATA where it is no XML, or has what is refused. */
FE_MUST_USE enum fe_rc fe_xml_read(struct fe_str doc, fe_xml_end_fn *fn, void *ctx, struct fe_err *err);

#endif
