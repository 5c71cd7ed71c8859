import contextlib, json, sqlite3, os, datetime, subprocess
import pytest, psycopg
from finetl import write_pipeline
from test_rv import pipe, COLS, show
import mariadb_server

def rows(w):
    with contextlib.closing(sqlite3.connect(w)) as db:
        return db.execute("select * from rows order by 1").fetchall(), db.execute("select value from etl_watermarks").fetchall()

def go(finetl, tmp_path, spec, cols, **more):
    p = write_pipeline(tmp_path, pipe(spec, cols, **more))
    return finetl("run", p, "--warehouse", f"sqlite:{tmp_path/'w.db'}")

def test_pg_text(finetl, postgres, tmp_path):
    db = postgres.fresh()
    for i, coll in enumerate(('"C"', '"und-x-icu"', '"en-US-x-icu"')):
        db.execute(f'CREATE TABLE t{i} (id int primary key, changed text COLLATE {coll})')
        cols = [COLS[0], {"name": "changed", "type": "text(20)"}]
        for q in ({"table": f"t{i}"}, {"query": f"SELECT * FROM t{i}"}):
            db.execute(f"DELETE FROM t{i}")
            w = tmp_path/'w.db'
            w.unlink(missing_ok=True)
            for n, v in enumerate(("Z9", "a1", "a2", "ä", "z-1", "z1", "z-2")):
                db.execute(f"INSERT INTO t{i} VALUES ({n}, '{v}')")
                d = go(finetl, tmp_path, {"postgresql": db.url, **q, "incremental": {"cursor": "changed"}}, cols)
                if d.code: show(d)
            print(coll, q, [r[:2] for r in rows(w)[0]], rows(w)[1])

def test_pg_ts(finetl, postgres, tmp_path):
    db = postgres.fresh()
    db.execute("CREATE TABLE t (id int primary key, changed timestamp)")
    cols = [COLS[0], {"name": "changed", "type": "timestamp", "zone": "Europe/London"}]
    w = tmp_path/'w.db'
    for n, v in enumerate(("2025-10-26 00:59:59.123456", "2025-10-26 01:30:00", "2025-10-26 02:00:00", "infinity", "2025-10-26 02:00:00.5", None, "0044-03-15 BC", "2025-10-26 02:00:00.500001")):
        db.execute(f"INSERT INTO t VALUES ({n}, {repr(v) if v else 'NULL'})")
        d = go(finetl, tmp_path, {"postgresql": db.url, "table": "t", "incremental": {"cursor": "changed", "overlap": "90m"}}, cols)
        if d.code: show(d)
        else: print(v, {k: d.dataset("rows")[k] for k in ("read", "inserted", "rejected", "reasons")}, rows(w)[1])
    db.execute("CREATE TABLE u (id int primary key, changed timestamptz)")
    w.unlink()
    for n, v in enumerate(("2025-10-26 00:59:59.123456+00", "2025-10-26 01:30:00+05:30", "2025-10-26 02:00:00+00", "infinity", "2025-10-26 02:00:00.5+00", None, "0044-03-15 00:00+00 BC", "2025-10-26 02:00:00.500001+00")):
        db.execute(f"INSERT INTO u VALUES ({n}, {repr(v) if v else 'NULL'})")
        d = go(finetl, tmp_path, {"postgresql": db.url, "table": "u", "incremental": {"cursor": "changed"}}, COLS)
        if d.code: show(d)
        else: print(v, {k: d.dataset("rows")[k] for k in ("read", "inserted", "rejected", "reasons")}, rows(w)[1])

def test_pg_types(finetl, postgres, tmp_path):
    db = postgres.fresh()
    for ty, val, col in (("numeric", "'NaN'", "decimal(18,2)"), ("numeric", "'Infinity'", "decimal(18,2)"), ("numeric", "12.3400", "decimal(18,2)"), ("numeric(20,2)", "1234567890123456.78", "decimal(18,2)"), ("numeric(5,-2)", "12300", "decimal(18,2)"),
       ("numeric(5,-2)", "12300", "int"), ("money", "'$1,234.50'", "decimal(18,2)"), ("float8", "0.1", "decimal(18,2)"), ("char(5)", "'ab'", "text(5)"), ("bytea", "'\\x00'", "text"), ("bit(3)", "B'101'", "text"), ("int[]", "'{1,2}'", "text"),
       ("interval", "'1 day'", "text"), ("jsonb", "'{\"a\": 1.10}'", "text"), ("xml", "'<a/>'", "text"), ("citext_x", "'x'", "text"), ("time", "'24:00'", "text"), ("timetz", "'12:00+01'", "text"), ("date", "'infinity'", "date"), ("date", "'4713-01-01 BC'", "date"), ("date", "'10000-01-01'", "date"),
       ("timestamptz", "'294276-01-01'", "timestamp"), ("uuid", "gen_random_uuid()", "text"), ("bool", "true", "bool"), ("int8", "9223372036854775807", "int"), ("oid", "4294967295", "int"), ("name", "'n'", "text"), ("\"char\"", "'c'", "text"), ("varchar(3)", "'日本商'", "text(3)"), ("dom", "1.50", "decimal(18,2)"), ("enm", "'x'", "text"), ("numeric", "0.00000000000000000001", "decimal(18,2)"), ("numeric", "-0.0", "decimal(18,2)"), ("numeric", "1e30", "decimal(18,2)"), ("text", "''", "text"), ("xid", "'1'", "int"), ("regclass", "'pg_class'", "text"), ("comp", "ROW(1,'a')", "text"), ("int4range", "'[1,2)'", "text"), ("hstoreish[]", "NULL", "text")):
        try:
            db.execute("DROP TABLE IF EXISTS t")
            with contextlib.suppress(Exception):
                if ty == "dom": db.execute("CREATE DOMAIN dom AS numeric(8,2)")
                if ty == "enm": db.execute("CREATE TYPE enm AS ENUM ('x')")
                if ty == "comp": db.execute("CREATE TYPE comp AS (a int, b text)")
            db.execute(f"CREATE TABLE t (id int, v {ty})"); db.execute(f"INSERT INTO t VALUES (1, {val})")
        except Exception as e:
            print(ty, "skip", str(e)[:60]); continue
        w = tmp_path/'w.db'; w.unlink(missing_ok=True)
        d = go(finetl, tmp_path, {"postgresql": db.url, "table": "t"}, [COLS[0], {"name": "v", "type": col}])
        print(ty, val, col, "->", d.code, (d.result.get("error") or "")[:160], [r[1] for r in rows(w)[0]] if d.code == 0 else "", d.dataset("rows").get("reasons") if d.code == 0 else "")

def test_pg_parallel(finetl, postgres, tmp_path):
    db = postgres.fresh()
    db.execute("CREATE TABLE par (id int, changed timestamptz) PARTITION BY RANGE (id)")
    db.execute("CREATE TABLE p1 PARTITION OF par FOR VALUES FROM (0) TO (50000)"); db.execute("CREATE TABLE p2 PARTITION OF par FOR VALUES FROM (50000) TO (500000)")
    db.execute("INSERT INTO par SELECT g, now() FROM generate_series(1, 200000) g")
    db.execute("CREATE TABLE base (id int, changed timestamptz)"); db.execute("CREATE TABLE kid () INHERITS (base)")
    db.execute("INSERT INTO base SELECT g, now() FROM generate_series(1, 100000) g"); db.execute("INSERT INTO kid SELECT g, now() FROM generate_series(100001, 300000) g")
    db.execute("CREATE VIEW vw AS SELECT * FROM base"); 
    for t, n in (("par", 200000), ("base", 300000), ("vw", 300000)):
        w = tmp_path/'w.db'; w.unlink(missing_ok=True)
        d = go(finetl, tmp_path, {"postgresql": db.url, "table": t, "parallel": 4}, COLS)
        print(t, d.code, d.result.get("error"), d.dataset("rows")["inserted"], d.dataset("rows")["duplicate"], n)

def test_maria(finetl, tmp_path):
    odbc = os.environ["FINETL_TEST_ODBC"]; sock = os.environ["FINETL_TEST_MARIADB"]
    def sql(s):
        r = subprocess.run(["mariadb", "-S", sock, "--default-character-set=utf8mb4", "-e", s], capture_output=True, text=True)
        if r.returncode: print(r.stderr)
        return r.returncode == 0
    sql("CREATE DATABASE IF NOT EXISTS rv5 CHARACTER SET utf8mb4")
    conn = odbc + ";DATABASE=rv5"
    for ty, val, col in (("BIGINT UNSIGNED", "18446744073709551615", "int"), ("BIGINT UNSIGNED", "9223372036854775807", "int"), ("TINYINT(1)", "1", "bool"), ("BIT(1)", "1", "bool"), ("BIT(8)", "5", "int"), ("YEAR", "2025", "int"), ("TIME", "'-838:59:59'", "text"), ("ENUM('a','b')", "'b'", "text"),
       ("DECIMAL(65,30)", "12345678901234567890.123456789012345678901234567890", "decimal(18,2)"), ("DECIMAL(18,2)", "-9999999999999999.99", "decimal(18,2)"), ("DATETIME(6)", "'2025-01-01 10:00:00.123456'", "timestamp"), ("DATETIME", "'0000-00-00 00:00:00'", "timestamp"), ("DATE", "'2025-02-00'", "date"), ("TEXT", "'💶 Zoë'", "text"), ("VARCHAR(20) CHARACTER SET latin1", "'Zoë'", "text"), ("VARCHAR(20)", "CONCAT('a', CHAR(0), 'b')", "text"), ("BLOB", "x'00ff'", "text"), ("DOUBLE", "0.1", "decimal(18,2)"), ("LONGTEXT", "REPEAT('é', 300000)", "text"), ("JSON", "'{\"a\":1}'", "text"), ("CHAR(5)", "'ab'", "text"), ("VARCHAR(5)", "''", "text"), ("TIMESTAMP", "'2025-01-01 10:00:00'", "timestamp"), ("UUID", "uuid()", "text"), ("INET6", "'::1'", "text"), ("MEDIUMINT UNSIGNED ZEROFILL", "7", "int"), ("FLOAT", "1.5", "text"), ("SET('a','b')", "'a,b'", "text"), ("VARBINARY(4)", "'ab'", "text")):
        sql("SET sql_mode=''; USE rv5; DROP TABLE IF EXISTS t")
        if not sql(f"SET sql_mode=''; USE rv5; CREATE TABLE t (id int, v {ty}); INSERT INTO t VALUES (1, {val})"): continue
        w = tmp_path/'w.db'; w.unlink(missing_ok=True)
        d = go(finetl, tmp_path, {"odbc": conn, "table": "t"}, [COLS[0], {"name": "v", "type": col, **({"zone": "UTC"} if col == "timestamp" else {})}])
        print(ty, val[:30], col, "->", d.code, (d.result.get("error") or "")[:160], [str(r[1])[:40] for r in rows(w)[0]] if d.code == 0 else "", d.dataset("rows").get("reasons") if d.code == 0 else "")
    cols = [COLS[0], {"name": "changed", "type": "text(20)"}]
    sql("USE rv5; DROP TABLE t; CREATE TABLE t (id int, changed varchar(20))")
    w = tmp_path/'w.db'; w.unlink(missing_ok=True)
    for n, v in enumerate(("Z9", "a1", "a2", "ä", "z-1", "z1", "z-2")):
        sql(f"USE rv5; INSERT INTO t VALUES ({n}, '{v}')")
        d = go(finetl, tmp_path, {"odbc": conn, "table": "t", "incremental": {"cursor": "changed"}}, cols)
        if d.code: show(d)
    print([r[:2] for r in rows(w)[0]], rows(w)[1])
    for ty, vals, col in (("DATETIME(6)", ("2025-01-01 10:00:00.000001", "2025-01-01 10:00:00.000002", "2025-01-01 10:00:00.000002", "2025-01-02 00:00:00"), {"type": "timestamp", "zone": "UTC"}), ("DATETIME(3)", ("2025-01-01 10:00:00.001", "2025-01-01 10:00:00.001"), {"type": "timestamp", "zone": "UTC"}), ("DATE", ("2025-01-01", "2025-01-01", "2025-01-02"), {"type": "date"}), ("BIGINT", ("9", "10", "100"), {"type": "int"}), ("VARCHAR(9)", ("9", "10", "100"), {"type": "int"}), ("DECIMAL(10,0)", ("9", "10", "100"), {"type": "int"})):
        sql(f"USE rv5; DROP TABLE t; CREATE TABLE t (id int, changed {ty})")
        w.unlink(missing_ok=True)
        for n, v in enumerate(vals):
            sql(f"USE rv5; INSERT INTO t VALUES ({n}, '{v}')")
            d = go(finetl, tmp_path, {"odbc": conn, "table": "t", "incremental": {"cursor": "changed"}}, [COLS[0], {"name": "changed", **col}])
            if d.code: show(d)
        print(ty, [r[:2] for r in rows(w)[0]], rows(w)[1])
