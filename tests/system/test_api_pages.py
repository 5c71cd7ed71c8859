# SPDX-License-Identifier: Apache-2.0
"""What APIs do wrong with their pages, under each way to page: either all records are loaded, each once, or none is.

And answers of status 200 that are no page: login pages, error objects, other encodings.
"""

import contextlib
import gzip
import json
import sqlite3

import pytest

from faultserver import Answer, FaultServer
from finetl import write_pipeline

SIZE, N = 7, 45
NAMED, COUNTED = ("cursor", "link", "next_url"), ("offset", "page")


class List:
    """Rows by position. twist(k, at, n, next) may change what request k gets: from where, how many, and what is next."""

    def __init__(self, paging, twist=lambda k, at, n, next_: (at, n, next_), total=len):
        self.paging, self.twist, self.total = paging, twist, total
        self.rows = [{"id": i, "name": f"Zoë {i}"} for i in range(N)]
        self.server = FaultServer({"/list": self.answer})

    def position(self, request):
        if self.paging == "offset":
            return int(request.query["at"])
        if self.paging == "page":
            return (int(request.query["at"]) - 1) * SIZE
        return int(request.query.get("at", "0:0").split(":")[1])

    def answer(self, request):
        asked = self.position(request)
        at, n, next_ = self.twist(request.number, asked, SIZE, None)
        next_ = at + n if next_ is None else next_
        has_next = self.paging in NAMED and (isinstance(next_, str) or next_ < len(self.rows))
        token = None
        if has_next:  # never one twice, but where that is the point
            token = next_ if isinstance(next_, str) else f"{request.number + 1}:{next_}"
        document = {"items": self.rows[at:at + n]}
        if self.total:
            document["total"] = self.total(self.rows)
        if token and self.paging != "link":
            document["next"] = f"?at={token}" if self.paging == "next_url" else token
        headers = [("Link", f'<?at={token}>; rel="next"')] if token and self.paging == "link" else []
        return Answer(json.dumps(document, ensure_ascii=False), headers=headers)

    @property
    def spec(self):
        pagination = {"cursor": {"by": "cursor", "next": "next", "param": "at"}, "link": {"by": "link"},
                      "next_url": {"by": "next_url", "next": "next"}, "page": {"by": "page", "param": "at"},
                      "offset": {"by": "offset", "param": "at", "size_param": "n", "size": SIZE}}[self.paging]
        return {"api": self.server.url("/list"), "records": "items", "pagination": pagination, **({"total": "total"} if self.total else {}),
                "network": {"allow_http": True, "allow_private_addresses": True, "retry_budget": "2s"}}


def pipeline_of(spec):
    return {"version": 1, "pipeline": "list", "datasets": [{
        "name": "rows", "source": spec, "target": "rows",
        "columns": [{"name": "id", "type": "int", "required": True}, {"name": "name", "type": "text(40)"}]}],
        "targets": {"rows": {"key": ["id"]}}}


def loaded(warehouse):
    if not warehouse.exists():
        return []
    with contextlib.closing(sqlite3.connect(warehouse)) as db:
        if not db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'rows'").fetchone():
            return []
        return db.execute("SELECT id, name FROM rows ORDER BY id").fetchall()


@pytest.fixture
def load(finetl, tmp_path):
    def run(spec):
        done = finetl.run(write_pipeline(tmp_path, pipeline_of(spec)), f"sqlite:{tmp_path / 'w.db'}")
        return done, loaded(tmp_path / "w.db")

    return run


def check(load, list_, code, part):
    """code 0: all is there; else the message has that part, and nothing is."""
    with list_.server:
        done, rows = load(list_.spec)
    assert done.code == code, done
    if code == 0:
        assert rows == [(row["id"], row["name"]) for row in list_.rows]
        assert done.dataset("rows")["duplicate"] == 0
    else:
        assert part in done.result["error"] and rows == [], done


def lost(k, at, n, next_):
    return (at + n, n, at + 2 * n) if k == 3 else (at, n, next_)


def repeated(k, at, n, next_):
    return (at - n, n, at + n) if k == 3 else (at, n, next_)


def looping(k, at, n, next_):
    return (at, n, "2:7") if k == 4 else (at, n, next_)


def stuck(k, at, n, next_):
    return (2 * n, n, at + 1) if k >= 3 else (at, n, next_)


def empty(k, at, n, next_):
    return (at, 0, at) if k == 3 else (at, n, next_)


def resized(k, at, n, next_):
    return at, [7, 3, 11, 1, 5][k % 5], next_


CASES = {
    "page lost": [(lost, NAMED, 6, "45"), (lost, COUNTED, 3, "same")],
    "page repeated": [(repeated, NAMED + COUNTED, 3, "same")],
    "token loops": [(looping, NAMED, 3, "circles")],
    "same page for two tokens": [(stuck, NAMED + COUNTED, 3, "same")],
    "empty middle page": [(empty, NAMED, 0, ""), (empty, COUNTED, 6, "45")],
    "page size changes": [(resized, (*NAMED, "offset"), 0, ""), (resized, ("page",), 6, "45")],
}


@pytest.mark.parametrize("name, paging, twist, code, part", [
    pytest.param(name, paging, twist, code, part, id=f"{name}-{paging}")
    for name, cases in CASES.items() for twist, pagings, code, part in cases for paging in pagings])
def test_pages_that_are_wrong_are_noticed_or_made_up_for(load, name, paging, twist, code, part):
    check(load, List(paging, twist), code, part)


@pytest.mark.parametrize("paging", NAMED + COUNTED)
def test_without_a_total_a_page_that_comes_twice_is_still_noticed(load, paging):
    check(load, List(paging, repeated, total=None), 3, "same")
    check(load, List(paging, stuck, total=None), 3, "same")


@pytest.mark.parametrize("paging", NAMED + COUNTED)
def test_a_list_that_grows_while_it_is_read_is_read_whole(load, paging):
    def grow(k, at, n, next_):
        if k == 3:
            list_.rows.append({"id": N, "name": "new"})
        return at, n, next_

    list_ = List(paging, grow)
    check(load, list_, 0, "")
    assert len(list_.rows) == N + 1


@pytest.mark.parametrize("paging", NAMED + COUNTED)
def test_a_total_that_is_not_kept_is_an_error(load, paging):
    counts = []

    def total(rows):
        counts.append(len(rows))
        return len(rows) + (len(counts) > 3)

    check(load, List(paging, total=total), 6, "46")


@pytest.mark.parametrize("paging", COUNTED)
def test_a_list_that_shrinks_while_it_is_read_by_position_is_an_error(load, paging):
    """One record moves up to a page that was read: the count at the end would be right all the same."""
    def shrink(k, at, n, next_):
        if k == 4:
            del list_.rows[0]
        return at, n, next_

    list_ = List(paging, shrink)
    check(load, list_, 6, "shrank from 45 to 44")


# ---- status 200, and no page ----

def page(**more):
    return json.dumps({"items": [{"id": 1, "name": "Zoë"}], "total": 1, **more}, ensure_ascii=False)


NO_PAGES = {
    "login page": (Answer("<!DOCTYPE html><title>Log in</title>", content_type="text/html"), "login page"),
    "login page that says it is JSON": (Answer("\n <html></html>"), "login page"),
    "error object": (Answer('{"error": {"code": 17, "message": "quota"}}'), "items"),
    "error text": (Answer('"quota exceeded"'), "items"),
    "empty body": (Answer(b""), "empty"),
    "only blanks": (Answer(b" \r\n\t "), "empty"),
    "null": (Answer("null"), "items"),
    "latin-1": (Answer(page().encode("latin-1"), content_type="application/json; charset=iso-8859-1"), "UTF-8"),
    "utf-16": (Answer(page().encode("utf-16"), content_type="application/json; charset=utf-16"), "UTF-16"),
    "utf-16 without a mark": (Answer(page().encode("utf-16-le")), "UTF-16"),
    "packed, and not said so": (Answer(gzip.compress(page().encode())), ""),
    "cut in a number": (Answer(page()[:-2]), ""),
    "two pages": (Answer(page() + page()), ""),
    "records that are none": (Answer('{"items": "none", "total": 0}'), "records"),
    "a total that is none": (Answer(page(total="many")), "many"),
    "NaN": (Answer('{"items": [{"id": NaN, "name": "x"}], "total": 1}'), ""),
}


@pytest.mark.parametrize("name", NO_PAGES)
def test_what_is_no_page_is_told_by_its_content(load, name):
    answer, part = NO_PAGES[name]
    list_ = List("offset")
    with list_.server:
        list_.server.routes["/list"] = answer
        done, rows = load(list_.spec)
    assert done.code == 3 and part in done.result["error"] and rows == [], done
    assert "/list" in done.result["error"] + done.stderr


def test_a_byte_order_mark_and_another_content_type_do_no_harm(load):
    list_ = List("offset")
    with list_.server:
        list_.server.routes["/list"] = Answer(b"\xef\xbb\xbf" + page().encode(), content_type="text/plain")
        done, rows = load(list_.spec)
    done.ok()
    assert rows == [(1, "Zoë")]


@pytest.mark.parametrize("next_", [{"after": 5}, ["a"], [], {}])
@pytest.mark.parametrize("by", ["cursor", "next_url"])
def test_a_next_page_that_is_no_value_is_not_taken_for_the_end(load, by, next_):
    with FaultServer({"/list": Answer(json.dumps({"items": [{"id": 1, "name": "x"}], "next": next_}))}) as server:
        pagination = {"by": by, "next": "next", **({"param": "at"} if by == "cursor" else {})}
        done, rows = load({"api": server.url("/list"), "records": "items", "pagination": pagination,
                           "network": {"allow_http": True, "allow_private_addresses": True}})
    assert done.code == 3 and "'next' is an object or an array" in done.result["error"] and rows == [], done


def test_a_next_page_among_the_records_is_refused(load):
    """As they stream by, nothing is looked up in them: it would be taken for absent, and the first page for all."""
    with FaultServer({"/list": Answer(page())}) as server:
        done, rows = load({"api": server.url("/list"), "records": "items", "pagination": {"by": "cursor", "next": "items.0.id", "param": "at"},
                           "network": {"allow_http": True, "allow_private_addresses": True}})
    assert done.code == 2 and "'items'" in done.result["error"] and rows == [], done


ONE = [{"id": 1, "name": "one"}]


@pytest.mark.parametrize("next_, document, said", [
    ("meta.next", {"items": ONE, "paging": {"next": "b"}}, "no 'meta' is among items, paging"),
    ("meta.page.next", {"items": ONE, "meta": {"pages": 3, "n": 1}}, "no 'page' is among pages, n"),
    ("/meta/next", {"items": ONE, "paging": {"next": "b"}}, "no 'meta' is among items, paging"),
    ("links.1.next", {"items": ONE, "links": [{"next": "b"}]}, "no '1' is among the 1 of a list"),
    ("meta.next", {"items": ONE, "meta": "b"}, "'meta' is a text, which leads nowhere")])
@pytest.mark.parametrize("by", NAMED[::2])
def test_a_path_of_the_next_page_that_leads_nowhere_is_not_the_end(load, by, next_, document, said):
    with FaultServer({"/list": Answer(json.dumps(document))}) as server:
        spec = {"api": server.url("/list"), "records": "items", "pagination": {"by": by, "next": next_, "param": "at"}, "network": {"allow_http": True, "allow_private_addresses": True}}
        done, rows = load(spec)
    assert done.code == 3 and said in done.result["error"] and rows == [], done


@pytest.mark.parametrize("document, more", [
    ({"items": ONE, "meta": None}, {}),
    ({"items": ONE, "meta": None}, {"next": "meta.page.next"}),
    ({"items": ONE, "links": []}, {"next": "links.0.href"}),
    ({"items": ONE, "meta": {}}, {}),
    ({"items": ONE, "meta": {"next": None}}, {}),
    ({"items": ONE, "total": 1}, {"total": "total"}),
    ({"items": ONE}, {"size": 2}),
    ({"items": []}, {"empty": True})], ids=["null", "null_above", "empty_list", "empty", "null_within", "total", "size", "no_records"])
def test_an_only_page_is_the_last_one(load, document, more):
    with FaultServer({"/list": Answer(json.dumps(document))}) as server:
        spec = {"api": server.url("/list"), "records": "items", "network": {"allow_http": True, "allow_private_addresses": True},
                "pagination": {"by": "cursor", "next": more.get("next", "meta.next"), "param": "at", **({"size_param": "n", "size": more["size"]} if "size" in more else {})}}
        if "total" in more:
            spec["total"] = more["total"]
        if "empty" in more:
            spec["allow_empty"] = True
        done, rows = load(spec)
    assert done.code == 0 and len(rows) == len(document["items"]), done
