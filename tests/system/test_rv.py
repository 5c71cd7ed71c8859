import contextlib, json, sqlite3, os, datetime
import pytest
from faultserver import Answer, FaultServer, status
from finetl import write_pipeline

NET = {"allow_http": True, "allow_private_addresses": True, "retry_budget": "1s"}
COLS = [{"name": "id", "type": "int", "required": True}, {"name": "changed", "type": "timestamp"}]

def pipe(spec, cols=COLS, **more):
    return {"version": 1, "pipeline": "p", **({"params": more.pop("params")} if "params" in more else {}), "datasets": [{"name": "rows", "source": spec, "target": "rows", "columns": cols, **more}],
            "targets": {"rows": {"key": ["id"], "mutable": "all"}}}

def rows(w):
    with contextlib.closing(sqlite3.connect(w)) as db:
        return db.execute("select * from rows order by id").fetchall(), db.execute("select * from etl_watermarks").fetchall()

def show(done):
    print("CODE", done.code, done.stdout[-1500:], done.stderr[-1500:])

def test_plus(finetl, tmp_path):
    log = []
    def ans(r):
        log.append((r.target, r.query, r.body, r.headers))
        return Answer(json.dumps([{"id": 1, "changed": "2025-01-01T00:00:00+01:00"}]))
    with FaultServer({"/x*": ans}) as s:
        for how in ({"api": s.url("/x?since={since}")}, {"api": s.url("/x"), "method": "POST", "body": '{"since": "{{since}}"}'.replace("{{since}}", "{since}").replace('{"', '{{"',1).replace('"}', '"}}')},
            {"api": s.url("/x"), "query": {"since": "{since}"}}, {"api": s.url("/x"), "headers": {"X-Since": "{since}"}}):
            p = write_pipeline(tmp_path, pipe({**how, "incremental": {"cursor": "changed"}, "network": NET, "allow_empty": True}))
            w = tmp_path / "w.db"
            for _ in range(2):
                d = finetl("run", p, "--warehouse", f"sqlite:{w}")
                if d.code: show(d)
            print(log[-1][:3], [h for h in log[-1][3] if h[0] == "X-Since"])
            w.unlink()

def test_inject(finetl, tmp_path):
    log = []
    def ans(r):
        log.append((r.target, r.query, r.body, r.headers))
        return Answer(json.dumps([{"id": 1, "changed": 'a"b\\c\r\nX-Evil: 1 ü&x=1#f'}]))
    cols = [COLS[0], {"name": "changed", "type": "text(100)"}]
    with FaultServer({"/x*": ans}) as s:
        for how in ({"api": s.url("/x?since={since}")}, {"api": s.url("/x"), "method": "POST", "body": '{{"since": "{since}"}}'},
            {"api": s.url("/x"), "query": {"since": "{since}"}}, {"api": s.url("/x"), "headers": {"X-Since": "{since}"}}):
            p = write_pipeline(tmp_path, pipe({**how, "incremental": {"cursor": "changed"}, "network": NET, "allow_empty": True}, cols))
            w = tmp_path / "w.db"
            for _ in range(2):
                d = finetl("run", p, "--warehouse", f"sqlite:{w}")
                if d.code: show(d)
            print(log[-1][:3], log[-1][3])
            w.unlink()

def test_total(finetl, tmp_path):
    def ans(r):
        k = int(r.query.get("page", 1))
        if k == 1: return Answer(json.dumps({"total": 10, "items": [{"id": i, "changed": None} for i in range(5)]}))
        return Answer(json.dumps({"items": []}))
    with FaultServer({"/x*": ans}) as s:
        p = write_pipeline(tmp_path, pipe({"api": s.url("/x"), "records": "items", "total": "total", "pagination": {"by": "page", "param": "page"}, "network": NET}))
        d = finetl("run", p, "--warehouse", f"sqlite:{tmp_path/'w.db'}"); show(d)
        p = write_pipeline(tmp_path, pipe({"api": s.url("/x"), "records": "items", "total": "meta.count", "pagination": {"by": "page", "param": "page"}, "network": NET}))
        d = finetl("run", p, "--warehouse", f"sqlite:{tmp_path/'w.db'}"); show(d)

def test_nullrecords(finetl, tmp_path):
    for body in ('{"items": null}', '{"items": {}}', '{"items": {"id":1,"changed":null}}', '{"items": "x"}', '{"items": [null]}', '{"items": [1]}', '{"items": [[]]}', '{"items":[{"id":1}]} x', '{"items":[{"id":1}]}{"items":[]}', '{"items":[{"id":1}],"items":[]}', '{"items":[{"id":1,"\\u0069d":2}]}', '{"items":[{"id":01,"changed":null}]}','{"items":[{"id":1e0,"changed":null}]}', '{"items":[{"id":-0,"changed":null}]}',
       '{"items":[{"id":1,"changed":"\\ud800"}]}', '\ufeff{"items":[{"id":1,"changed":null}]}', '{"items":[{"id":99999999999999999999,"changed":null}]}', '{"items":[{"id":1,"changed":null},]}', '{"items":[{"id":true,"changed":null}]}', '{"items":[{"id":"1","changed":""}]}', '{"items":[{"id":{"a":1},"changed":""}]}', '{"items":[{"id":1,"changed":null,"z":' + '['*2000 + ']'*2000 + '}]}', '{"errors":["denied"],"items":[]}', '{"items":[{"id":1,"changed":"2025-01-01T00:00:00Z\x00"}]}'):
        with FaultServer({"/x*": Answer(body.encode())}) as s:
            p = write_pipeline(tmp_path, pipe({"api": s.url("/x"), "records": "items", "network": NET}))
            w = tmp_path/'w.db'
            d = finetl("run", p, "--warehouse", f"sqlite:{w}")
            print(body[:60], d.code, d.result.get("error"), [r[:2] for r in rows(w)[0]] if not d.result.get("error") else "", [x for x in d.result["datasets"][0].get("rejects", [])] if d.result.get("datasets") else "")
            if w.exists(): w.unlink()

def test_params(finetl, tmp_path):
    data = {"EU": [{"id": 1, "changed": "2025-01-01T12:00:00Z"}], "US": [{"id": 2, "changed": "2025-01-01T11:00:00Z"}]}
    def ans(r):
        return Answer(json.dumps([x for x in data[r.query["region"]] if x["changed"] >= r.query.get("since", "")]))
    with FaultServer({"/x*": ans}) as s:
        p = write_pipeline(tmp_path, pipe({"api": s.url("/x"), "query": {"region": "{region}", "since": "{since}"}, "incremental": {"cursor": "changed"}, "network": NET, "allow_empty": True}, params={"region": ""}))
        w = tmp_path/'w.db'
        for region in ("EU", "US"):
            d = finetl("run", p, "--warehouse", f"sqlite:{w}", "--param", f"region={region}"); show(d)
        print(rows(w))

def test_epoch(finetl, tmp_path):
    log = []
    def ans(r):
        log.append(r.target)
        return Answer(json.dumps([{"id": 1, "changed": 1760000000}]))
    with FaultServer({"/x*": ans}) as s:
        for fmt, in (("%s",),):
            cols = [COLS[0], {"name": "changed", "type": "timestamp", "format": fmt}]
            p = write_pipeline(tmp_path, pipe({"api": s.url("/x"), "query": {"since": "{since}"}, "incremental": {"cursor": "changed", "overlap": "10m"}, "network": NET, "allow_empty": True}, cols))
            w = tmp_path/'w.db'
            for _ in (1, 2):
                d = finetl("run", p, "--warehouse", f"sqlite:{w}"); show(d)
        print(log)

def test_sqlite_paths(finetl, tmp_path):
    for name in ("a?b.db", "a%20b.db", "a#b.db", "ü b.db", "file:x.db"):
        f = tmp_path / name
        db = sqlite3.connect(str(f)); db.execute("create table t(id integer, changed text)"); db.execute("insert into t values(1, '2025-01-01T00:00:00Z')"); db.commit(); db.close()
        p = write_pipeline(tmp_path, pipe({"sqlite": str(f), "table": "t"}))
        w = tmp_path/'w.db'
        d = finetl("run", p, "--warehouse", f"sqlite:{w}")
        print(name, d.code, d.result.get("error"))

def test_sqlite_cursor(finetl, tmp_path):
    f = tmp_path / "s.db"
    db = sqlite3.connect(str(f)); db.execute("create table t(id integer, changed)"); db.execute("insert into t values(1, '2025-01-01T00:00:00Z')"); db.commit()
    for cols, vals, q in (
        ([COLS[0], {"name": "changed", "type": "timestamp", "zone": "UTC"}], ["2025-01-01 10:00:00", "2025-01-01T09:00:00", "2025-01-01T11:00:00"], None),
        ([COLS[0], {"name": "changed", "type": "int"}], [9, "10", 11, "12"], None),
        ([COLS[0], {"name": "changed", "type": "text(20)"}], ["Z9", "a1"], None),
        ([COLS[0], {"name": "changed", "type": "timestamp", "format": "%s"}], [1735689600, 1735689700], None),
        ([COLS[0], {"name": "changed", "type": "date"}], ["2025-01-01", "2025-01-02"], None),
    ):
        for table in (None, "select id, changed||'' as changed from t", "select id, changed from t"):
            db.execute("delete from t"); db.commit()
            spec = {"sqlite": str(f), **({"query": table} if table else {"table": "t"}), "incremental": {"cursor": "changed"}}
            p = write_pipeline(tmp_path, pipe(spec, cols))
            w = tmp_path/'w.db'
            for i, v in enumerate(vals):
                db.execute("insert into t values(?,?)", (i, v)); db.commit()
                d = finetl("run", p, "--warehouse", f"sqlite:{w}")
                if d.code: show(d)
            got = rows(w)
            print(cols[1], table, "LOST" if len(got[0]) < len(vals) else "", [g[:2] for g in got[0]], [x[3] for x in got[1]])
            w.unlink()
