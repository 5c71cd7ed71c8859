# SPDX-License-Identifier: Apache-2.0
"""The same records in every kind of source, for tests that ask all of them alike.

A Source puts records (dicts of texts, None for null) where finetl reads them, and says what a
pipeline file needs to know of it. SOURCES names all of them; `opened` makes one of them, or skips
the test where a server that it needs is not there.
"""

import base64
import contextlib
import csv
import datetime
import gzip
import io
import json
import os
import random
import shutil
import sqlite3
import subprocess
import time

import psycopg

import mariadb_server
from certificates import Authority
from faultserver import Answer, FaultServer, stall, tls_context
from finetl import absent

EXACT = ("id", "amount", "rate")  # what JSON writes as numbers
NAMES = ["Zoë", "O'Neil, \"Ann\"", "日本 商事", "a;b|c", "Ünal & Söhne", "back\\slash", "plain", "\U0001f4b6 bank"]
TYPES = {"id": "int", "amount": "decimal(18,2)", "rate": "decimal(18,6)", "name": "text(60)", "day": "date", "changed": "timestamp"}
COLUMNS = list(TYPES)


def records(n, seed=1, first=1):
    """Records of all that money and texts can be, within the types above."""
    chance = random.Random(seed)
    for i in range(first, first + n):
        cents = chance.choice([chance.randrange(-10**6, 10**6), chance.randrange(10**17, 10**18), 0, -1, 1])
        micros = chance.randrange(10**12)
        second = chance.randrange(60 * 86400)
        yield {
            "id": str(i),
            "amount": None if i % 13 == 5 else decimal_text(cents, 2),
            "rate": None if i % 17 == 5 else decimal_text(micros, 6),
            "name": None if i % 11 == 5 else f"{chance.choice(NAMES)} {i}",
            "day": None if i % 19 == 5 else f"2025-{1 + i % 12:02}-{1 + i % 28:02}",
            "changed": moment(second, chance.randrange(10**6)),
        }


def decimal_text(value, scale):
    digits = str(abs(value)).zfill(scale + 1)
    return f"{'-' if value < 0 else ''}{digits[:-scale]}.{digits[-scale:]}"


def moment(second, micro=0):
    """Seconds into 2025, as the APIs write it."""
    at = datetime.datetime(2025, 1, 1) + datetime.timedelta(seconds=second)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{micro:06}Z"


def stored(record):
    """A row of the SQLite warehouse that a record becomes."""
    def minor(text):
        return None if text is None else int(text.replace(".", ""))

    return (int(record["id"]), minor(record["amount"]), minor(record["rate"]), record["name"], record["day"],
            record["changed"] and record["changed"].replace("T", " "))


STORED = "SELECT id, amount_minor, rate_minor, name, day, changed FROM facts ORDER BY id"


# ---- texts ----

def csv_text(columns, rows):
    out = io.StringIO(newline="")
    write = csv.writer(out, lineterminator="\n")
    write.writerow(columns)
    for row in rows:
        write.writerow(["" if row[c] is None else row[c] for c in columns])
    return out.getvalue().encode()


def json_object(columns, row):
    return "{" + ", ".join(
        f'"{c}": ' + ("null" if row[c] is None else row[c] if c in EXACT else json.dumps(row[c], ensure_ascii=False)) for c in columns) + "}"


def ndjson_text(columns, rows):
    return "".join(json_object(columns, row) + "\n" for row in rows).encode()


def json_text(columns, rows, **beside):
    items = ",\n".join(json_object(columns, row) for row in rows)
    more = "".join(f'"{key}": {json.dumps(value)}, ' for key, value in beside.items())
    return f'{{{more}"data": {{"items": [{items}]}}}}'.encode()


def split(rows, n_parts):
    """In order, the last one the shortest."""
    size = max(1, -(-len(rows) // n_parts))
    return [rows[i:i + size] for i in range(0, len(rows), size)] or [[]]


# ---- the sources ----

class Source:
    """put makes the records what there is; spec is the pipeline file's `source`; parts: how many records each
    object has, in order; raw reads a reject's raw bytes back to a record's id."""

    env = {}
    is_query = False
    can_have_nul = True
    is_json = True        # rejects are kept as JSON

    def __init__(self, folder, postgres=None):
        self.folder = folder / self.name
        self.folder.mkdir()
        self.rows, self.columns, self.postgres = [], COLUMNS, postgres
        self.open()

    def open(self):
        pass

    def close(self):
        pass

    @property
    def parts(self):
        return [len(part) for part in split(self.rows, 3)]

    def id_of(self, raw):
        return int(json.loads(raw)["id"])

    @contextlib.contextmanager
    def waiting(self):
        """A time in which a run would wait for this source: the spec to use, and what it reads standard input from."""
        with_stdin = {self.kind: "-", **{k: v for k, v in self.spec.items() if k != self.kind}}
        reader, writer = os.pipe()
        os.write(writer, self.text(self.columns, self.rows)[:1000])
        try:
            yield with_stdin, reader
        finally:
            os.close(reader)
            os.close(writer)


class Files(Source):
    ending, is_packed, kind = "", False, None

    def text(self, columns, rows):
        return ndjson_text(columns, rows)

    def put(self, rows, columns=COLUMNS):
        self.rows, self.columns = rows, columns
        for old in self.folder.iterdir():
            old.unlink()
        for i, part in enumerate(split(rows, 3)):
            text = self.text(columns, part)
            (self.folder / f"part-{i}.{self.ending}").write_bytes(gzip.compress(text, 1) if self.is_packed else text)

    @property
    def spec(self):
        return {self.kind: str(self.folder / "*")}


class Csv(Files):
    name = kind = ending = "csv"
    is_json = False

    def text(self, columns, rows):
        return csv_text(columns, rows)

    def id_of(self, raw):
        return int(raw.split(b",", 1)[0])


class CsvGz(Csv):
    name, ending, is_packed = "csv-gz", "csv.gz", True


class Ndjson(Files):
    name = kind = ending = "ndjson"


class NdjsonGz(Ndjson):
    name, ending, is_packed = "ndjson-gz", "ndjson.gz", True


class Json(Files):
    name = kind = ending = "json"

    def text(self, columns, rows):
        return json_text(columns, rows)

    @property
    def spec(self):
        return {"json": str(self.folder / "*"), "records": "data.items"}


class Https(Source):
    """NDJSON by https, of an authority that the pipeline file names."""

    name, kind = "ndjson-https", "ndjson"

    def open(self):
        authority = Authority(self.folder / "ca")
        self.ca = authority.crt
        self.answer = Answer(b"")
        self.server = FaultServer({"/rows.ndjson": lambda request: self.answer}, tls=tls_context(*authority.leaf("good")))

    def put(self, rows, columns=COLUMNS):
        self.rows, self.columns = rows, columns
        self.answer = Answer(ndjson_text(columns, rows), content_type="application/x-ndjson")

    @property
    def parts(self):
        return [len(self.rows)]

    @property
    def spec(self):
        return {"ndjson": self.server.url("/rows.ndjson"), "network": {"allow_private_addresses": True, "ca_file": str(self.ca)}}

    @contextlib.contextmanager
    def waiting(self):
        answer = self.answer
        self.answer = stall(answer)
        try:
            yield self.spec, subprocess.DEVNULL
        finally:
            self.answer = answer

    def close(self):
        self.server.close()


def is_object(request):
    """Whether a request of S3's is for an object's bytes."""
    return request.method == "GET" and request.path.endswith(".gz")


class S3(Source):
    """Gzipped NDJSON under a prefix; a proxy stands before the server, so that it can be made to wait."""

    name, kind = "s3", "ndjson"

    def open(self):
        try:
            import s3servers
        except ImportError as error:
            absent(f"S3: {error}")
        self.log = open(self.folder / "moto.log", "w", encoding="utf-8")
        self.server = s3servers.start_moto(self.log)
        self.client = self.server.client()
        self.client.create_bucket(Bucket="ledger")
        self.after = lambda request, answer: answer
        self.proxy = s3servers.Proxy(self.server, after=lambda request, answer: self.after(request, answer))
        self.env = self.server.env(AWS_ENDPOINT_URL=self.proxy.endpoint)

    def put(self, rows, columns=COLUMNS):
        self.rows, self.columns = rows, columns
        for old in self.client.list_objects_v2(Bucket="ledger").get("Contents", []):
            self.client.delete_object(Bucket="ledger", Key=old["Key"])
        for i, part in enumerate(split(rows, 3)):
            self.put_object(f"in/part-{i}.ndjson.gz", part, columns)

    def put_object(self, key, rows, columns=COLUMNS):
        self.client.put_object(Bucket="ledger", Key=key, Body=gzip.compress(ndjson_text(columns, rows), 1, mtime=0))

    @property
    def spec(self):
        return {"ndjson": "s3://ledger/in/*.gz"}

    @contextlib.contextmanager
    def waiting(self):
        self.after = lambda request, answer: stall(answer) if is_object(request) else answer
        try:
            yield self.spec, subprocess.DEVNULL
        finally:
            self.after = lambda request, answer: answer

    def close(self):
        self.proxy.close()
        self.server.stop()
        self.log.close()


class Api(Source):
    """Pages of a list that is held in memory; instead: what is done in an answer's place."""

    kind = "api"
    paging = "cursor"
    size = 100

    def open(self):
        self.instead = lambda request, answer: answer
        self.is_stalled = False
        self.server = FaultServer({"/items": self.answer})
        self.bodies = {}

    def put(self, rows, columns=COLUMNS):
        self.rows, self.columns, self.bodies = rows, columns, {}

    @property
    def parts(self):
        return [min(self.size, len(self.rows) - i) for i in range(0, len(self.rows), self.size)]

    def page_of(self, asked):
        if self.paging == "cursor":
            return int(base64.b64decode(asked.get("after", "")) or b"0")
        if self.paging == "offset":
            return int(asked["offset"]) // self.size
        if self.paging == "page":
            return int(asked["page"]) - 1
        return int(asked.get("at", 0))

    def body(self, page, since):
        """A page, and whether there is one behind it; since: only what was changed from then on."""
        if (page, since) not in self.bodies:
            rows = self.rows if since is None else [row for row in self.rows if row["changed"] >= since]
            next_, has_next = None, (page + 1) * self.size < len(rows)
            if has_next:
                next_ = base64.b64encode(b"%d" % (page + 1)).decode() if self.paging == "cursor" else f"?at={page + 1}"
            body = json_text(self.columns, rows[page * self.size:(page + 1) * self.size], total=len(rows), next=next_)
            self.bodies[page, since] = body, has_next
        return self.bodies[page, since]

    def answer(self, request):
        page = self.page_of(request.query)
        body, has_next = self.body(page, request.query.get("since"))
        answer = Answer(body)
        if self.paging == "link" and has_next:
            answer.headers = [("Link", f'<?at={page + 1}>; rel="next"')]
        if self.is_stalled and (page + 1) * self.size * 2 > len(self.rows):
            return stall(answer)
        return self.instead(request, answer)

    @property
    def spec(self):
        pagination = {"cursor": {"by": "cursor", "next": "next", "param": "after"}, "link": {"by": "link"},
                      "offset": {"by": "offset", "param": "offset", "size_param": "limit", "size": self.size},
                      "page": {"by": "page", "param": "page"}, "next": {"by": "next_url", "next": "next"}}[self.paging]
        return {"api": self.server.url("/items"), "records": "data.items", "total": "total", "pagination": pagination,
                "network": {"allow_http": True, "allow_private_addresses": True, "retry_budget": "5s"}}

    @contextlib.contextmanager
    def waiting(self):
        self.is_stalled = True
        try:
            yield self.spec, subprocess.DEVNULL
        finally:
            self.is_stalled = False

    def close(self):
        self.server.close()


class Query(Source):
    """A table with the types of the engine."""

    is_query = True
    types = {}

    @property
    def parts(self):
        return [len(self.rows)]

    def type_of(self, column):
        return self.types.get(column, self.types["name"])

    def create(self, columns):
        return f"CREATE TABLE facts ({', '.join(f'{c} {self.type_of(c)}' for c in columns)})"


class Postgres(Query):
    name = kind = "postgresql"
    can_have_nul = False
    types = {"id": "bigint", "amount": "numeric(18,2)", "rate": "numeric(18,6)", "name": "varchar(60)", "day": "date", "changed": "timestamptz"}

    def open(self):
        if self.postgres is None:
            absent("there is no PostgreSQL server")
        self.database = self.postgres.fresh()

    def put(self, rows, columns=COLUMNS):
        self.rows, self.columns = rows, columns
        with self.database.connect() as db, db.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS facts")
            cursor.execute(self.create(columns))
            with cursor.copy("COPY facts FROM STDIN") as copy:
                for row in rows:
                    copy.write_row([row[c] for c in columns])
            # COPY fills pages as it likes: now they are in this order.
            cursor.execute("CREATE UNIQUE INDEX by_id ON facts (id)")
            cursor.execute("CLUSTER facts USING by_id")

    @property
    def spec(self):
        return {"postgresql": self.database.url, "table": "facts"}

    @contextlib.contextmanager
    def waiting(self):
        with psycopg.connect(self.database.url) as db:
            db.execute("LOCK TABLE facts IN ACCESS EXCLUSIVE MODE")
            yield self.spec, subprocess.DEVNULL
            db.rollback()

    def close(self):
        self.database.drop()


class PostgresParallel(Postgres):
    """In parts that are read at once, where the table is large enough for that."""

    name = "postgresql-parallel"

    @property
    def spec(self):
        return {**super().spec, "parallel": 4}


class Sqlite(Query):
    name = kind = "sqlite"
    types = {"id": "integer", "amount": "text", "rate": "text", "name": "text", "day": "text", "changed": "text"}

    def open(self):
        self.path = self.folder / "source.db"

    def put(self, rows, columns=COLUMNS):
        self.rows, self.columns = rows, columns
        with contextlib.closing(sqlite3.connect(self.path)) as db, db:
            db.execute("DROP TABLE IF EXISTS facts")
            db.execute(self.create(columns))
            db.executemany(f"INSERT INTO facts VALUES ({', '.join('?' * len(columns))})", ([row[c] for c in columns] for row in rows))

    @property
    def spec(self):
        return {"sqlite": str(self.path), "table": "facts"}

    @contextlib.contextmanager
    def waiting(self):
        with contextlib.closing(sqlite3.connect(self.path, isolation_level=None)) as db:
            db.execute("BEGIN EXCLUSIVE")
            yield self.spec, subprocess.DEVNULL
            db.execute("ROLLBACK")


class MariaDB(Query):
    name, kind = "odbc-mariadb", "odbc"
    types = {"id": "bigint", "amount": "decimal(18,2)", "rate": "decimal(18,6)", "name": "varchar(60)", "day": "date", "changed": "datetime(6)"}

    def open(self):
        if mariadb_server.VARIABLE not in os.environ or "FINETL_TEST_MARIADB" not in os.environ:
            absent("there is no MariaDB server (tools/mariadb_server.py run -- ...)")
        self.database = f"finetl_{os.getpid()}_{time.monotonic_ns()}"
        self.call("mysql", f"CREATE DATABASE {self.database} CHARACTER SET utf8mb4")
        before, _, after = os.environ[mariadb_server.VARIABLE].partition("DATABASE=")
        self.location = f"{before}DATABASE={self.database};{after.partition(';')[2]}"

    def client(self, database):
        return [shutil.which("mariadb") or "mysql", "--no-defaults", f"--socket={os.environ['FINETL_TEST_MARIADB']}", "-u", "root",
                "--local-infile=1", "--default-character-set=utf8mb4", "-N", "-n", database]

    def call(self, database, sql):
        subprocess.run(self.client(database), input=sql, text=True, check=True, timeout=300)

    def put(self, rows, columns=COLUMNS):
        self.rows, self.columns = rows, columns
        path, escapes = self.folder / "rows.tsv", str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\0": "\\0"})
        with open(path, "w", encoding="utf-8", newline="") as out:
            for row in rows:
                texts = [row[c] if c != "changed" or row[c] is None else row[c].replace("T", " ").rstrip("Z") for c in columns]
                out.write("\t".join("\\N" if v is None else v.translate(escapes) for v in texts) + "\n")
        self.call(self.database, f"DROP TABLE IF EXISTS facts; {self.create(columns)} CHARACTER SET utf8mb4; "
                                 f"LOAD DATA LOCAL INFILE '{path}' INTO TABLE facts CHARACTER SET utf8mb4;")

    @property
    def spec(self):
        return {"odbc": self.location, "table": "facts"}

    @contextlib.contextmanager
    def waiting(self):
        with subprocess.Popen(self.client(self.database), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
            holder.stdin.write("LOCK TABLES facts WRITE; SELECT 'locked';\n")
            holder.stdin.flush()
            assert holder.stdout.readline().strip() == "locked"
            yield self.spec, subprocess.DEVNULL

    def close(self):
        self.call("mysql", f"DROP DATABASE IF EXISTS {self.database}")


def api_by(paging):
    return type(f"Api_{paging}", (Api,), {"name": f"api-{paging}", "paging": paging})


SOURCES = {source.name: source for source in (
    Csv, CsvGz, Ndjson, NdjsonGz, Json, Https, S3, *(api_by(p) for p in ("cursor", "offset", "page", "link", "next")), Postgres, PostgresParallel, Sqlite,
    MariaDB)}


@contextlib.contextmanager
def opened(name, folder, request):
    """The source of that name. PostgreSQL's server is asked for only by who needs it."""
    source = SOURCES[name](folder, request.getfixturevalue("postgres") if name.startswith("postgresql") else None)
    try:
        yield source
    finally:
        source.close()


# ---- pipelines ----

def pipeline_of(source, columns=COLUMNS, target="facts", **more):
    """The pipeline that loads a source's records; `more` goes into its `source`, `rules` and `contract` beside it."""
    rules, contract = more.pop("rules", None), more.pop("contract", None)
    spec = more.pop("spec", None) or source.spec
    declared = [{"name": c, "type": TYPES.get(c, "text(60)"), **({"required": True} if c == "id" else {})} for c in columns]
    return {"version": 1, "pipeline": "all_sources", "defaults": {"timestamp": {"zone": "UTC"}},
            "datasets": [{"name": "facts", "source": {**spec, **more}, "columns": declared, "target": target,
                          **({"contract": contract} if contract else {}), **({"rules": rules} if rules else {})}],
            "targets": {target: {"key": ["id"], "mutable": "all"}}}


def rows_of(warehouse):
    with contextlib.closing(sqlite3.connect(warehouse)) as db:
        if not db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'facts'").fetchone():
            return []
        return db.execute(STORED).fetchall()
