// SPDX-License-Identifier: Apache-2.0
/* extract/api_pager.c - from page to page, and no page twice */
#include "extract/api_pager.h"

#include "base/decimal.h"
#include "base/keytable.h"
#include "base/mem.h"
#include "io/http_link.h"

#define MAX_NEXT_BYTES ((size_t)64 * 1024)
#define MAX_SEEN_BYTES ((uint64_t)512 << 20)

struct fe_api_pager {
	const struct fe_source_settings *set;
	const struct fe_api_settings *api;
	struct fe_api_place place;
	struct fe_buf next;        /* what place.url or place.cursor points to */
	struct fe_hash_key hash_key;
	struct fe_keytable seen;   /* pages that were named, and hashes of records that came */
	bool has_total;
	uint64_t total;            /* as the last page said that told it */
};

struct fe_api_pager *
fe_api_pager_new(const struct fe_source_settings *set)
{
	struct fe_api_pager *p = fe_new(struct fe_api_pager);
	p->set = set;
	p->api = set->api;
	fe_buf_init(&p->next, MAX_NEXT_BYTES);
	fe_hash_key_random(&p->hash_key);
	fe_keytable_init(&p->seen, 4, MAX_SEEN_BYTES, &p->hash_key);
	return p;
}

void
fe_api_pager_free(struct fe_api_pager *p)
{
	if (!p)
		return;
	fe_keytable_reset(&p->seen);
	fe_buf_reset(&p->next);
	fe_free(p);
}

const struct fe_api_place *
fe_api_pager_place(const struct fe_api_pager *p)
{
	return &p->place;
}

static enum fe_rc
is_new(struct fe_api_pager *p, struct fe_str what, bool *is, struct fe_err *err)
{
	uint64_t hash = fe_hash64(&p->hash_key, what.p, what.n);
	void *value;

	*is = fe_keytable_find(&p->seen, hash, what) == NULL;
	return *is ? fe_keytable_add(&p->seen, hash, what, &value, err) : FE_OK;
}

/* ---- the next page ---- */

/* By URL: absolute, or relative to the page that named it. */
static enum fe_rc
take_url(struct fe_api_pager *p, struct fe_str target, struct fe_err *err)
{
	struct fe_api_request at = { 0 };
	struct fe_buf next;
	bool is_same_origin;

	FE_TRY(fe_api_request_make(&at, p->set, &p->place, err));
	fe_buf_init(&next, MAX_NEXT_BYTES);
	enum fe_rc rc = fe_url_resolve(&next, fe_buf_text(&at.url), target, &is_same_origin, err);
	if (rc == FE_OK && !is_same_origin)
		rc = fe_fail(err, FE_EDENIED, "the next page is on another host than the first; nothing is sent there");
	fe_api_request_reset(&at);
	fe_buf_reset(&p->next);
	p->next = next;
	p->place.url = rc ? NULL : fe_buf_text(&p->next);
	return rc;
}

static enum fe_rc
take_cursor(struct fe_api_pager *p, struct fe_str cursor, struct fe_err *err)
{
	fe_buf_clear(&p->next);
	fe_buf_add_str(&p->next, cursor);
	p->place.cursor = fe_buf_text(&p->next);
	return fe_buf_check(&p->next, "the cursor of the next page", err);
}

/* Sets *has_ended where no next page is named. */
static enum fe_rc
take_named(struct fe_api_pager *p, const struct fe_api_page_facts *facts, bool *has_ended, struct fe_err *err)
{
	struct fe_str next = facts->next;
	bool is;

	if (p->api->paging == FE_PAGING_LINK)
		FE_TRY(fe_http_link_of(facts->headers, "next", &next, err));
	*has_ended = next.n == 0;
	if (*has_ended)
		return FE_OK;
	if (p->api->paging == FE_PAGING_CURSOR)
		FE_TRY(take_cursor(p, next, err));
	else
		FE_TRY(take_url(p, next, err));
	FE_TRY(is_new(p, fe_buf_str(&p->next), &is, err));
	if (!is)
		return fe_fail(err, FE_EDATA, "the API goes in circles: it names a next page that was read before");
	return FE_OK;
}

/* ---- totals ---- */

static bool
is_by_position(const struct fe_api_pager *p)
{
	return p->api->paging == FE_PAGING_OFFSET || p->api->paging == FE_PAGING_PAGE;
}

/* Takes note of the total that the page tells; it need not be on each of them. */
static enum fe_rc
take_total(struct fe_api_pager *p, struct fe_str text, bool *is_told, struct fe_err *err)
{
	const uint64_t before = p->total;
	int64_t v;

	*is_told = text.p != NULL;
	if (!*is_told)
		return FE_OK;
	if (fe_int_parse(text, &v) != FE_DECIMAL_OK || v < 0)
		return fe_fail(err, FE_EDATA, "the API's total is '%.*s', which is no count", FE_STR_ARGS(text));
	if (is_by_position(p) && p->has_total && (uint64_t)v < before)
		return fe_fail(err, FE_EUNAVAIL, "the API's list shrank from %llu to %llu records while it was read by position, and "
			       "what moved up was not read; run again, or read it by a cursor",
			       (unsigned long long)before, (unsigned long long)v);
	p->has_total = true;
	p->total = (uint64_t)v;
	return FE_OK;
}

/* A total that is declared and never told would be a check that never fails. */
static enum fe_rc
check_total(const struct fe_api_pager *p, struct fe_err *err)
{
	if (p->api->total && !p->has_total && p->place.n_records > 0)
		return fe_fail(err, FE_EDATA, "no page tells a total at '%s'; mend 'total', or leave it out", p->api->total);
	if (!p->has_total || p->place.n_records == p->total)
		return FE_OK;
	return fe_fail(err, FE_EUNAVAIL, "the API says that there are %llu records and gave %llu; nothing is loaded of "
		       "what may be half of it: run again",
		       (unsigned long long)p->total, (unsigned long long)p->place.n_records);
}

/* Empty pages may well be equal. Only the records are compared: what stands beside them may name another next page. */
static enum fe_rc
check_records(struct fe_api_pager *p, const struct fe_api_page_facts *facts, struct fe_err *err)
{
	const uint64_t hash = fe_hash64(&p->hash_key, facts->records.p, facts->records.n);
	bool is;

	if (facts->n_records == 0)
		return FE_OK;
	FE_TRY(is_new(p, (struct fe_str){ (const char *)&hash, sizeof hash }, &is, err));
	if (!is)
		return fe_fail(err, FE_EDATA, "the records of page %llu are the same, byte for byte, as those of one before it; does "
			       "the API know the parameter that pages are asked by?",
			       (unsigned long long)p->place.number + 1);
	return FE_OK;
}

enum fe_rc
fe_api_pager_step(struct fe_api_pager *p, const struct fe_api_page_facts *facts, bool *has_ended, struct fe_err *err)
{
	bool is_told;

	FE_TRY(check_records(p, facts, err));
	FE_TRY(take_total(p, facts->total, &is_told, err));
	p->place.n_records += facts->n_records;
	*has_ended = p->api->paging == FE_PAGING_NONE;
	if (is_by_position(p)) /* until a page is empty, or all are there */
		*has_ended = facts->n_records == 0 || (is_told && p->place.n_records >= p->total);
	else if (!*has_ended)
		FE_TRY(take_named(p, facts, has_ended, err));
	p->place.number++;
	if (*has_ended)
		return check_total(p, err);
	if (p->api->max_pages && p->place.number >= p->api->max_pages)
		return fe_fail(err, FE_ELIMIT, "there are more than %llu pages; raise 'max_pages' where that is right",
			       (unsigned long long)p->api->max_pages);
	return FE_OK;
}
