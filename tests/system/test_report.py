# SPDX-License-Identifier: Apache-2.0
"""Pages of runs, seen by a browser and by axe-core; and data that would like to be markup.

Screenshots go to the folder that FINETL_SCREENSHOTS names, to be looked at.
"""

import functools
import html.parser
import importlib.resources
import json
import os
import pathlib
import re
import shutil
import sqlite3

import pytest

import chromium
from finetl import ROOT, absent, write_pipeline

SCRIPT = "<script>alert('x')</script>"
ATTRIBUTE = "x\" onload=\"alert(1)\" y='"
TURNED = "invoice\u202egnp.exe"
PII = "planted.person@example.org"
CONTROL = "bell\x07and\x00nul"


def columns(*names):
    return [{"name": name, "type": "text(200)", "trim": False} for name in names]


def pipeline(folder, rows=None, **dataset):
    """A data set of ids, amounts and notes; some amounts are no numbers, some not positive."""
    rows = rows if rows is not None else [f"k{i:05},{i}.25,note {i % 3}" for i in range(1, 301)] + ["b1,x,bad", "b2,-5.00,negative"]
    (folder / "in.csv").write_bytes("\n".join(["id,amount,note", *rows, ""]).encode("utf-8", "surrogateescape"))
    return write_pipeline(folder, {
        "version": 1, "pipeline": "reported",
        "datasets": [{
            "name": "payments", "source": {"csv": "in.csv"},
            "columns": [{"name": "id", "type": "text(60)", "required": True},
                        {"name": "amount", "type": "decimal(12,2)", "required": True}, *columns("note")],
            "rules": [{"id": "amount_positive", "check": "amount > 0"}],
            "target": "payments", **dataset}],
        "targets": {"payments": {"key": ["id"]}},
    })


class Words(html.parser.HTMLParser):
    """The words of a page, its tags, and the attributes that say something."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.pieces, self.open = [], [], [], []
        self.feed(text)
        self.close()
        self.text = re.sub(r"\s+", " ", "".join(self.pieces))

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("meta",):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.pieces.append(data)


def read(path):
    text = pathlib.Path(path).read_text(encoding="utf-8")
    words = Words(text)
    assert words.open == []
    return text, words


def assert_harmless(text, words):
    assert not {"script", "link", "iframe", "img", "object", "base", "form", "input"} & set(words.tags)
    assert not [name for name, _ in words.attributes if name.startswith("on") or name in ("src", "style")]
    for name, value in words.attributes:
        assert name != "href" or re.fullmatch(r"#[a-z]+|#rejects-\d+-\d+|[0-9A-Za-z-]+\.html|([a-z]+/)*[a-z_]+\.rejects\.csv", value), value
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in words.attributes
    hidden = re.findall(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]", text)
    assert not hidden


@pytest.fixture(scope="module")
def warehouse(finetl, tmp_path_factory):
    """A success, a run with rejects, one that is held, one that fails: name -> page; and the index."""
    folder = tmp_path_factory.mktemp("report")
    pages, reports = {}, folder / "reports"
    url = f"sqlite:{folder / 'w.db'}"

    def take(name, code, **how):
        done = finetl.run(pipeline(folder, **how), url, "--report", reports)
        assert done.code == code, done
        pages[name] = reports / f"{done.result['run_id']}.html"

    good = [f"g{i:05},{i}.50,note {i % 3}" for i in range(1, 401)]
    take("success", 0, rows=good)
    take("rejects", 0)
    take("held", 4, gate={"max_rejected_percent": "0.1"}, rows=[*good, "h1,x,bad"])
    take("failed", 3, rows=[*good, 'last,"1.0'])
    many = [f"r{i:05},{'x' if i % 2 else '-1'},{SCRIPT if i % 5 == 0 else 'note'}" for i in range(10000)]
    take("ten_thousand", 4, rows=many, gate={"max_rejected_percent": 5})
    finetl("report", "--index", "--warehouse", url, "--output", reports).ok()
    pages["index"] = reports / "index.html"
    return {"url": url, "folder": folder, "pages": pages}


NAMES = ["success", "rejects", "held", "failed", "ten_thousand", "index"]


# ---- content ----

@pytest.mark.parametrize("name", NAMES)
def test_page_is_whole_harmless_and_of_a_moderate_size(warehouse, name):
    text, words = read(warehouse["pages"][name])
    assert_harmless(text, words)
    assert len(text) < 300_000
    assert words.tags.count("h1") == 1 and words.tags.count("main") == 1
    levels = [int(tag[1]) for tag in words.tags if re.fullmatch("h[1-6]", tag)]
    assert all(b <= a + 1 for a, b in zip(levels, levels[1:]))


def test_verdicts_say_how_it_ended_and_what_to_type(warehouse):
    def words(name):
        return read(warehouse["pages"][name])[1].text

    run_id = warehouse["pages"]["held"].stem
    assert "Loaded, and totals agree" in words("success")
    assert "Loaded, with 2 records rejected; totals agree" in words("rejects")
    assert "Held: nothing was published" in words("held")
    assert f"finetl rejects list --run {run_id} --warehouse {warehouse['url']}" in words("held")
    assert "max_rejected_percent" in words("held") and "holds the run" in words("held")
    assert "Failed: nothing was published" in words("failed")
    assert "Trying again will end alike" in words("failed")


def test_commands_of_the_page_work(finetl, warehouse):
    text, _ = read(warehouse["pages"]["rejects"])
    commands = re.findall(r'<p class="command"><code>finetl (rejects list [^<]*)</code>', text)
    assert len(commands) >= 3
    for command in commands:
        assert "b1" in finetl(*command.split()).ok().stdout or "b2" in finetl(*command.split()).ok().stdout


def test_totals_of_the_page_are_those_of_the_run(warehouse):
    words = read(warehouse["pages"]["rejects"])[1].text
    assert "302 read = 300 inserted + 2 rejected" in words
    total = sum(i * 100 + 25 for i in range(1, 301))
    rejected = -500
    assert f"{(total + rejected) / 100:,.2f} read = {total / 100:,.2f} inserted + {rejected / 100:,.2f} rejected" in words


@pytest.fixture(scope="module")
def contracts(finetl, tmp_path_factory):
    """Pages of two runs of a source that has lost a column and got others: where they are added, and where they are left out."""
    folder, pages = tmp_path_factory.mktemp("contracts"), {}
    for contract in ("evolve", "discard_column"):
        path = pipeline(folder, rows=[], contract=contract)
        (folder / "in.csv").write_text(f"id,amount,Late fee,{SCRIPT.replace(',', '')}\n" + "".join(f"k{i},{i}.25,{i},x\n" for i in range(1, 41)))
        warehouse = f"sqlite:{folder / contract}.db"
        run = finetl.run(path, warehouse).ok().result["run_id"]
        pages[contract] = folder / f"{contract}.html"
        finetl("report", run, "--warehouse", warehouse, "--output", pages[contract]).ok()
    return pages


def test_columns_that_came_and_went_are_told(contracts, warehouse):
    added, left_out = (Words(contracts[name].read_text()) for name in ("evolve", "discard_column"))
    for page in (added, left_out):
        assert "Columns that came and went" in page.text and ("href", "#contract") in page.attributes
        assert "paymentsnoteis gone from the source40" in page.text
        assert "script" not in page.tags
    assert "paymentslate_feeis new, and was added, from Late fee" in added.text
    assert "paymentsLate feeis new, and was left out40" in left_out.text and f"payments{SCRIPT}is new, and was left out40" in left_out.text
    assert "came and went" not in warehouse["pages"]["rejects"].read_text()


def test_ten_thousand_rejects_give_a_page_with_examples_and_figures(warehouse):
    text, words = read(warehouse["pages"]["ten_thousand"])
    assert "payments: 10,000 of 10,000" in words.text
    assert "amount:not_a_number: 50 of 5,000" in words.text and "amount_positive: 50 of 5,000" in words.text
    assert text.count('class="raw"') == 100
    links = [value for name, value in words.attributes if name == "href" and value.startswith("#rejects-")]
    ids = [value for name, value in words.attributes if name == "id" and value.startswith("rejects-1-")]
    assert links == ["#rejects-1-1", "#rejects-1-2"] and [f"#{i}" for i in ids] == links


def test_page_from_the_warehouse_is_the_page_that_the_run_wrote(finetl, warehouse, tmp_path):
    for name in NAMES[:-1]:
        page = warehouse["pages"][name]
        later = tmp_path / page.name
        assert finetl("report", page.stem, "--warehouse", warehouse["url"], "--output", tmp_path).ok().stdout == f"{later}\n"
        assert later.read_text() == page.read_text(), name
    newest = warehouse["pages"]["ten_thousand"].stem
    done = finetl("report", "latest", "--warehouse", warehouse["url"], cwd=tmp_path).ok()
    assert done.stdout == f"finetl-report-{newest}.html\n" and (tmp_path / f"finetl-report-{newest}.html").exists()
    out = finetl("report", "latest", "--warehouse", warehouse["url"], "--output", "-").ok().stdout
    assert out == warehouse["pages"]["ten_thousand"].read_text()


def test_index_links_the_pages_that_are_there(finetl, warehouse, tmp_path):
    text, words = read(warehouse["pages"]["index"])
    hrefs = {value for name, value in words.attributes if name == "href" and value.endswith(".html")}
    assert hrefs == {page.name for name, page in warehouse["pages"].items() if name != "index"}
    assert text.count("<svg class=\"line\"") == 4
    finetl("report", "--index", "--warehouse", warehouse["url"], "--output", tmp_path / "all.html").ok()
    assert ".html" not in read(tmp_path / "all.html")[0]


def test_files_warehouse_has_pages_of_the_published_and_the_held_run(finetl, tmp_path):
    url = f"files:{tmp_path / 'out'}"
    first = finetl.run(pipeline(tmp_path), url).ok().result["run_id"]
    held = finetl.run(pipeline(tmp_path, gate={"max_rejected_percent": "0.1"}), url).result["run_id"]
    for run_id, words in ((first, "Loaded, with 2 records rejected"), (held, "Held: nothing was published"), ("latest", "Held:")):
        finetl("report", run_id, "--warehouse", url, "--output", tmp_path / "p.html").ok()
        text, seen = read(tmp_path / "p.html")
        assert_harmless(text, seen)
        assert words in seen.text and "record 302 of" in seen.text and "b2,-5.00,negative" in seen.text
        links = [value for name, value in seen.attributes if name == "href" and value.endswith(".rejects.csv")]
        assert len(links) == 1 and (tmp_path / links[0]).read_text().count("\n") == 3
    finetl("report", "--index", "--warehouse", url, "--output", tmp_path / "i.html").ok()
    assert first in read(tmp_path / "i.html")[1].text and held in read(tmp_path / "i.html")[1].text


def test_rerun_shows_examples_that_the_first_run_kept(finetl, tmp_path):
    url = f"sqlite:{tmp_path / 'w.db'}"
    path = pipeline(tmp_path)
    first = finetl.run(path, url).ok().result["run_id"]
    finetl.run(path, url).ok()
    finetl("report", "latest", "--warehouse", url, "--output", tmp_path / "p.html").ok()
    words = read(tmp_path / "p.html")[1].text
    assert f"kept since run {first}" in words and "b1,x,bad" in words
    assert f"finetl rejects list --run {first}" in words


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_both_engines_have_the_same_page(finetl, tmp_path, engine, request):
    if engine == "postgres":
        url = request.getfixturevalue("postgres").fresh().url
    else:
        url = f"sqlite:{tmp_path / 'w.db'}"
    done = finetl.run(pipeline(tmp_path), url, "--report", tmp_path).ok()
    finetl("report", "latest", "--warehouse", url, "--output", tmp_path / "p.html").ok()
    text, words = read(tmp_path / "p.html")
    assert_harmless(text, words)
    assert text == (tmp_path / f"{done.result['run_id']}.html").read_text()
    assert "302 read = 300 inserted + 2 rejected" in words.text and "b1,x,bad" in words.text


GOLDEN = sorted((ROOT / "tests" / "golden" / "report").iterdir())


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case.name)
def test_golden_page(finetl, tmp_path, case):
    """The page of what a run wrote down is always the same; a change of it is to be looked at, then
    written with FINETL_GOLDEN=write."""
    shutil.copytree(case / "out", tmp_path / "out")
    finetl("report", "latest", "--warehouse", f"files:{tmp_path / 'out'}", "--output", tmp_path / "p.html").ok()
    text = (tmp_path / "p.html").read_text(encoding="utf-8").replace(str(tmp_path.resolve()), "")
    assert_harmless(*read(tmp_path / "p.html"))
    if os.environ.get("FINETL_GOLDEN") == "write":
        (case / "page.html").write_text(text, encoding="utf-8")
    assert text == (case / "page.html").read_text(encoding="utf-8")


# ---- what ends otherwise ----

def test_page_that_cannot_be_written_does_not_fail_the_run(finetl, tmp_path):
    (tmp_path / "file").write_text("")
    done = finetl.run(pipeline(tmp_path), f"sqlite:{tmp_path / 'w.db'}", "--report", tmp_path / "file").ok()
    assert done.result["published"] is True
    assert "the report of the run was not written" in done.stderr


def test_page_does_not_replace_what_is_no_file(finetl, warehouse, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    done = finetl("report", "latest", "--warehouse", warehouse["url"], "--output", tmp_path / "pipe")
    assert done.code == 2 and (tmp_path / "pipe").is_fifo()


def test_page_of_a_run_whose_warehouse_is_away(finetl, tmp_path):
    path = pipeline(tmp_path)
    done = finetl.run(path, "sqlite:/nowhere/at/all/w.db", "--report", tmp_path / "reports")
    assert done.code != 0
    for page in (tmp_path / "reports").glob("*.html"):
        assert "Failed: nothing was published" in read(page)[1].text


@pytest.mark.parametrize("arguments", [["report"], ["report", "nope"], ["report", "--index", "latest"], ["report", "../../etc/passwd"]])
def test_wrong_questions_are_answered(finetl, warehouse, tmp_path, arguments):
    done = finetl(*arguments, "--warehouse", warehouse["url"], cwd=tmp_path)
    assert done.code == 2 and not list(tmp_path.iterdir()), done


# ---- hostile data ----

@pytest.fixture(scope="module")
def hostile(finetl, tmp_path_factory):
    """Data that would like to be markup, and a path that would, too."""
    folder = tmp_path_factory.mktemp("hostile") / "a&b <i>'\"\u202e"
    folder.mkdir()
    quoted = ATTRIBUTE.replace('"', '""')
    rows = [f"{SCRIPT},1.00,{SCRIPT}", f'"{quoted}",2.00,"{quoted}"', f"{TURNED},3.00,{TURNED}",
            f"b1,{SCRIPT},{SCRIPT}", f'b2,"{quoted}","{quoted}"', f"b3,{TURNED},{TURNED}", f"b4,x,{CONTROL}", "b5,\udcff\udcfe,raw"]
    url = f"sqlite:{folder / 'w.db'}"
    finetl.run(pipeline(folder, rows=rows), url, "--report", folder / "reports").ok()
    return next((folder / "reports").glob("*.html"))


def test_markup_in_data_is_text(hostile):
    text, words = read(hostile)
    assert_harmless(text, words)
    assert SCRIPT in words.text and ATTRIBUTE in words.text
    assert "invoice[U+202E]gnp.exe" in words.text and "\\x07and\\0nul" in words.text and "\\xff\\xfe" in words.text


def test_personal_values_are_nowhere(finetl, tmp_path):
    rows = [f"p{i},1.00,{PII}" for i in range(5)] + [f"q1,x,{PII}", f"{PII},y,z"]
    suite = {"name": "s", "expectations": [{"type": "expect_column_values_to_match_regex", "kwargs": {"column": "note", "regex": "^no$"},
                                            "severity": "warning"}]}
    (tmp_path / "suite.json").write_text(json.dumps(suite))
    note = {"name": "note", "type": "text(200)", "pii": True}
    path = pipeline(tmp_path, rows=rows, expectations="suite.json",
                    columns=[{"name": "id", "type": "text(60)"}, {"name": "amount", "type": "decimal(12,2)"}, note])
    for url in (f"sqlite:{tmp_path / 'w.db'}", f"files:{tmp_path / 'out'}"):
        finetl.run(path, url, "--report", tmp_path / "reports").ok()
        finetl("report", "latest", "--warehouse", url, "--output", tmp_path / "p.html").ok()
        for page in [tmp_path / "p.html", *(tmp_path / "reports").glob("*.html")]:
            text, words = read(page)
            assert "planted" not in text and "example.org" not in text
            assert "The raw text is not shown here" in words.text and "personal: no value is shown" in words.text
            assert "record 6 of" in words.text


def test_sums_of_personal_columns_are_in_the_audit_row_alone(finetl, tmp_path):
    """The sum of one record is its value."""
    path = pipeline(tmp_path, rows=["a,1.00,4711.25", "b,x,815.50"], columns=[
        {"name": "id", "type": "text(60)"}, {"name": "amount", "type": "decimal(12,2)"},
        {"name": "note", "type": "decimal(12,2)", "pii": True}])
    for url in (f"sqlite:{tmp_path / 'w.db'}", f"files:{tmp_path / 'out'}"):
        done = finetl.run(path, url, "--report", tmp_path / "reports", "--summary").ok()
        finetl("report", "latest", "--warehouse", url, "--output", tmp_path / "p.html").ok()
        told = [done.stdout, done.stderr, *(p.read_text() for p in [tmp_path / "p.html", *(tmp_path / "reports").glob("*.html")])]
        told += [p.read_text() for p in (tmp_path / "out").glob("**/*.json")]
        assert len(told) >= 4 and not [t for t in told if "711.25" in t or "815.50" in t]
        assert set(done.result["datasets"][0]["sums"]) == {"amount"}
    held = finetl.run(pipeline(tmp_path, rows=["a,1.00,4711.25", "b,x,815.50"], gate={"max_rejected_sum": {"note": "815.49"}}, columns=[
        {"name": "id", "type": "text(60)"}, {"name": "amount", "type": "decimal(12,2)"},
        {"name": "note", "type": "decimal(12,2)", "pii": True}]), f"files:{tmp_path / 'held'}", "--report", tmp_path / "held_page")
    told = [held.stdout, held.stderr, *(p.read_text() for p in (tmp_path / "held_page").iterdir())]
    assert held.code == 4 and "hold *** of 'note', more than the 815.49" in held.stderr and not [t for t in told if "815.50" in t]
    with sqlite3.connect(tmp_path / "w.db") as db:
        text = db.execute("SELECT reconciliation FROM etl_audit_log WHERE reconciliation IS NOT NULL").fetchone()[0]
    assert json.loads(text)["datasets"]["payments"]["sums"]["note"]["rejected"] == "815.50"


def test_password_of_the_warehouse_is_nowhere(finetl, postgres, tmp_path):
    secret = "planted-secret"
    env = {"FINETL_WAREHOUSE": postgres.url_of(postgres.fresh().name, password=secret)}
    finetl("run", pipeline(tmp_path), "--report", tmp_path / "reports", env=env).ok()
    finetl("report", "latest", "--output", tmp_path / "p.html", env=env).ok()
    finetl("report", "--index", "--output", tmp_path / "i.html", env=env).ok()
    for page in [*tmp_path.glob("*.html"), *(tmp_path / "reports").glob("*.html")]:
        text, words = read(page)
        assert secret not in text and "--warehouse" not in text
        assert "***" in words.text
    assert "give it by FINETL_WAREHOUSE" in read(tmp_path / "p.html")[1].text


def test_raw_text_is_not_shown_where_it_is_not_known_what_is_personal(finetl, tmp_path):
    """As of a run of a version that did not write down which columns are."""
    url = f"sqlite:{tmp_path / 'w.db'}"
    finetl.run(pipeline(tmp_path), url).ok()
    with sqlite3.connect(tmp_path / "w.db") as db:
        db.execute("DROP TRIGGER etl_audit_log_no_update")
        db.execute("UPDATE etl_audit_log SET quality_report = json_remove(quality_report, '$.datasets.payments.pii')")
    db.close()
    finetl("report", "latest", "--warehouse", url, "--output", tmp_path / "p.html").ok()
    assert "b1,x,bad" not in read(tmp_path / "p.html")[0]


def test_audit_row_that_is_too_large_leaves_a_page(finetl, tmp_path):
    url = f"sqlite:{tmp_path / 'w.db'}"
    finetl.run(pipeline(tmp_path), url).ok()
    with sqlite3.connect(tmp_path / "w.db") as db:
        db.execute("DROP TRIGGER etl_audit_log_no_update")
        db.execute("UPDATE etl_audit_log SET quality_report = ?", ("[" * 100 + "]" * 100,))
    db.close()
    finetl("report", "latest", "--warehouse", url, "--output", tmp_path / "p.html").ok()
    words = read(tmp_path / "p.html")[1].text
    assert "too large to be shown" in words and "302 read = 300 inserted" in words


# ---- in a browser ----

@functools.cache
def axe():
    try:
        return importlib.resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    except (ModuleNotFoundError, FileNotFoundError):
        return None


@pytest.fixture(scope="module")
def browser():
    if not chromium.program():
        absent("no Chromium; ./test installs Debian's")
    browser = chromium.Chromium()
    yield browser
    browser.close()


def keep(name, png):
    folder = os.environ.get("FINETL_SCREENSHOTS")
    if folder:
        pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
        (pathlib.Path(folder) / f"{name}.png").write_bytes(png)


LOOKS = [("light", 1280), ("dark", 1280), ("light", 360), ("dark", 360)]


@pytest.mark.parametrize("scheme,width", LOOKS)
@pytest.mark.parametrize("name", [*NAMES, "hostile", "evolve", "discard_column"])
def test_page_is_quiet_and_fits_the_screen(browser, warehouse, hostile, contracts, name, scheme, width):
    path = {"hostile": hostile, **contracts, **warehouse["pages"]}[name]
    with browser.open(path, width=width, scheme=scheme) as page:
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert page.messages() == [] and page.requests() == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("document.compatMode") == "CSS1Compat"
        keep(f"{name}-{scheme}-{width}", page.screenshot())


@pytest.mark.parametrize("name", ["rejects", "index"])
def test_page_is_the_same_without_scripts(browser, warehouse, name):
    shots = []
    for scripts in (True, False):
        with browser.open(warehouse["pages"][name], scripts=scripts) as page:
            shots.append(page.screenshot())
    assert shots[0] == shots[1]


def test_schemes_differ(browser, warehouse):
    grounds = []
    for scheme in ("light", "dark"):
        with browser.open(warehouse["pages"]["rejects"], scheme=scheme) as page:
            grounds.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert grounds[0] != grounds[1]


@pytest.mark.parametrize("scheme,width", LOOKS[:3])
@pytest.mark.parametrize("name", [*NAMES, "hostile"])
def test_axe_finds_nothing(browser, warehouse, hostile, name, scheme, width):
    if not axe():
        absent("no axe-core; ./test installs it from tests/requirements.txt")
    path = hostile if name == "hostile" else warehouse["pages"][name]
    with browser.open(path, width=width, scheme=scheme, bypass_csp=True) as page:
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert page.accessibility_violations(axe()) == []


def test_axe_would_find_something(browser, tmp_path):
    """That the check can fail."""
    if not axe():
        absent("no axe-core; ./test installs it from tests/requirements.txt")
    (tmp_path / "bad.html").write_text("<p style='color:#999'>pale</p><img src='x.png'>")
    with browser.open(tmp_path / "bad.html", bypass_csp=True) as page:
        assert {"color-contrast", "image-alt", "html-has-lang"} <= {v[0] for v in page.accessibility_violations(axe())}
        assert page.requests()
