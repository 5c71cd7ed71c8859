// SPDX-License-Identifier: Apache-2.0
/* io/xml.c - see io/xml.h */
#include "io/xml.h"

#include <expat.h>
#include <limits.h>

#include "base/buf.h"
#include "base/mem.h"

struct xml {
	XML_Parser parser;
	fe_xml_end_fn *fn;
	void *ctx;
	char path[FE_XML_MAX_PATH_BYTES];
	size_t n_path, starts[FE_XML_MAX_DEPTH];
	struct fe_buf texts[FE_XML_MAX_DEPTH];
	unsigned depth;
	enum fe_rc rc; /* why it was stopped */
	struct fe_err *err;
};

static void
stop(struct xml *x, enum fe_rc rc)
{
	x->rc = rc;
	(void)XML_StopParser(x->parser, XML_FALSE);
}

static void XMLCALL
on_start(void *ctx, const XML_Char *name, const XML_Char **attributes)
{
	struct xml *x = ctx;
	size_t n = strlen(name);
	(void)attributes;
	if (x->rc)
		return;
	if (x->depth == FE_XML_MAX_DEPTH || n + 2 > sizeof x->path - x->n_path) {
		stop(x, fe_fail(x->err, FE_EDATA, "the XML is nested deeper than any answer is"));
		return;
	}
	x->starts[x->depth] = x->n_path;
	if (x->n_path)
		x->path[x->n_path++] = '/';
	memcpy(x->path + x->n_path, name, n + 1);
	x->n_path += n;
	fe_buf_clear(&x->texts[x->depth++]);
}

static void XMLCALL
on_end(void *ctx, const XML_Char *name)
{
	struct xml *x = ctx;
	(void)name;
	if (x->rc)
		return;
	struct fe_buf *text = &x->texts[x->depth - 1];
	enum fe_rc rc = fe_buf_check(text, "a text of the XML", x->err);
	if (rc == FE_OK)
		rc = x->fn(x->ctx, x->path, fe_buf_str(text), x->err);
	x->n_path = x->starts[--x->depth];
	x->path[x->n_path] = '\0';
	if (rc)
		stop(x, rc);
}

static void XMLCALL
on_text(void *ctx, const XML_Char *p, int n)
{
	struct xml *x = ctx;
	if (x->depth && n > 0)
		fe_buf_add(&x->texts[x->depth - 1], p, (size_t)n);
}

static void XMLCALL
on_doctype(void *ctx, const XML_Char *name, const XML_Char *system, const XML_Char *public, int has_subset)
{
	struct xml *x = ctx;
	(void)name, (void)system, (void)public, (void)has_subset;
	stop(x, fe_fail(x->err, FE_EDATA, "the XML declares a document type, which no answer does"));
}

static enum fe_rc
parse(struct xml *x, struct fe_str doc, struct fe_err *err)
{
	if (doc.n > INT_MAX)
		return fe_fail(err, FE_ELIMIT, "the XML is too long");
	XML_SetUserData(x->parser, x);
	XML_SetElementHandler(x->parser, on_start, on_end);
	XML_SetCharacterDataHandler(x->parser, on_text);
	XML_SetStartDoctypeDeclHandler(x->parser, on_doctype);
	if (XML_Parse(x->parser, doc.p ? doc.p : "", (int)doc.n, XML_TRUE) == XML_STATUS_OK)
		return x->rc;
	if (x->rc)
		return x->rc;
	enum fe_rc rc = fe_fail(err, FE_EDATA, "this is no well-formed XML: %s",
				XML_ErrorString(XML_GetErrorCode(x->parser)));
	fe_err_at_line(err, NULL, XML_GetCurrentLineNumber(x->parser),
		       XML_GetCurrentColumnNumber(x->parser) + 1);
	return rc;
}

enum fe_rc
fe_xml_read(struct fe_str doc, fe_xml_end_fn *fn, void *ctx, struct fe_err *err)
{
	struct xml *x = fe_new(struct xml);
	enum fe_rc rc;

	x->fn = fn;
	x->ctx = ctx;
	x->err = err;
	for (size_t i = 0; i < FE_XML_MAX_DEPTH; i++)
		fe_buf_init(&x->texts[i], FE_XML_MAX_TEXT_BYTES);
	x->parser = XML_ParserCreate("UTF-8");
	rc = x->parser ? parse(x, doc, err) : fe_fail(err, FE_ELIMIT, "no memory to read XML");
	if (x->parser)
		XML_ParserFree(x->parser);
	for (size_t i = 0; i < FE_XML_MAX_DEPTH; i++)
		fe_buf_reset(&x->texts[i]);
	fe_free(x);
	return rc;
}
