# SPDX-License-Identifier: Apache-2.0
"""Objects that arrive in S3: two buckets and a pipeline between them, for tests of `finetl sweep` and `finetl lambda`, and what
must be there afterwards."""

import csv
import hashlib
import io
import json
import sqlite3

from finetl import write_pipeline

MODES = ["database", "results", "both"]
HEADER = "transaction_id,customer_id,amount,status\n"


def transactions(*rows):
    """Rows as (number, amount, status), of the customer C1."""
    return HEADER + "".join(f"T{n},C1,{amount},{status}\n" for n, amount, status in rows)


def pipeline(bucket, warehouse=None):
    columns = [{"name": "transaction_id", "type": "text(20)", "required": True},
               {"name": "customer_id", "type": "text(20)", "required": True},
               {"name": "amount", "type": "decimal(12,2)", "required": True},
               {"name": "status", "type": "text(20)"}]
    return {"version": 1, "pipeline": "arrivals", **({"warehouse": warehouse} if warehouse else {}),
            "datasets": [
                {"name": "customers", "source": {"csv": f"s3://{bucket}/raw/customers/*.csv"},
                 "columns": [{"name": "customer_id", "type": "text(20)", "required": True}, {"name": "name", "type": "text(50)"}],
                 "target": "dim_customers"},
                {"name": "transactions", "source": {"csv": f"s3://{bucket}/raw/transactions/**.csv*"}, "columns": columns,
                 "rules": [{"id": "positive", "check": "amount > 0"}],
                 "references": [{"id": "customer_known", "column": "customer_id", "target": "dim_customers"}],
                 "gate": {"max_rejected_percent": 60}, "target": "fact_transactions"}],
            "targets": {"dim_customers": {"key": ["customer_id"], "mutable": "all"},
                        "fact_transactions": {"key": ["transaction_id"], "mutable": ["status"]}}}


class Place:
    """Two buckets, a pipeline file, and finetl between them, in one of the three modes."""

    def __init__(self, finetl, server, folder, mode, name, is_versioned=True):
        self.finetl, self.server, self.folder, self.mode = finetl, server, folder, mode
        self.raw, self.out = f"{name}-raw", f"{name}-out"
        self.client = server.client()
        for bucket in (self.raw, self.out):
            self.client.create_bucket(Bucket=bucket)
        if is_versioned:
            self.client.put_bucket_versioning(Bucket=self.raw, VersioningConfiguration={"Status": "Enabled"})
        self.database = folder / "w.db"
        self.file = write_pipeline(folder, pipeline(self.raw))
        self.env = server.env(TMPDIR=str(folder))
        self.options = ["--output", f"s3://{self.out}/etl"] if mode != "database" else []
        self.options += ["--warehouse", f"sqlite:{self.database}" if mode != "results" else "none"]

    def put(self, key, text):
        """The object as an event would tell of it."""
        made = self.client.put_object(Bucket=self.raw, Key=key, Body=text)
        return key, made.get("VersionId"), made["ETag"].strip('"')

    def customers(self, *names):
        return self.put("raw/customers/c.csv", "customer_id,name\n" + "".join(f"{n},Name {n}\n" for n in names or ["C1"]))

    def told(self, event, sequencer=None, env=None, options=(), start=False):
        key, version, etag = event
        url = f"s3://{self.raw}/{key}" + (f"?versionId={version}" if version else "")
        more = ["--sequencer", sequencer] if sequencer else []
        call = self.finetl.start if start else self.finetl
        return call("sweep", self.file, "--object", url, "--etag", etag, *more, *self.options, *options, env=self.env | (env or {}))

    def sweep(self, *options, env=None):
        return self.finetl("sweep", self.file, *self.options, *options, env=self.env | (env or {}))

    def object(self, key):
        return self.client.get_object(Bucket=self.out, Key=f"etl/{key}")["Body"].read().decode()

    def objects(self):
        listed = self.client.list_objects_v2(Bucket=self.out).get("Contents", [])
        return sorted(o["Key"].removeprefix("etl/") for o in listed)

    def report(self, name):
        return json.loads(self.object(f"reports/{name}.json"))

    def rows(self, name="transactions/a"):
        """id -> (amount, status), of the file in processed/."""
        lines = list(csv.reader(io.StringIO(self.object(f"processed/{name}.csv"))))
        assert lines[0][:4] == HEADER.strip().split(",")
        return {r[0]: (r[2], r[3]) for r in lines[1:]}

    def ask(self, sql, *values):
        with sqlite3.connect(self.database) as db:
            return db.execute(sql, values).fetchall()

    def loaded(self):
        return {i: (f"{m // 100}.{m % 100:02}", s) for i, m, s in self.ask("SELECT transaction_id, amount_minor, status FROM fact_transactions")}

    def state(self, name="transactions/a"):
        """What both hold: {id: (amount, status)}; they must agree where there are both."""
        if self.mode == "database":
            return self.loaded()
        return self.rows(name)


class PostgresPlace(Place):
    """The same into a database on a server."""

    def __init__(self, finetl, server, folder, mode, name, database):
        super().__init__(finetl, server, folder, mode, name)
        self.server_database = database
        self.options[-1] = database.url

    def ask(self, sql, *values):
        with self.server_database.connect() as db:
            return db.execute(sql.replace("?", "%s"), values or None).fetchall()

    def loaded(self):
        return {i: (str(amount), status) for i, amount, status in self.ask("SELECT transaction_id, amount, status FROM fact_transactions")}


def uploads(place):
    """That were begun and never ended. gofakes3 knows a bucket's only from the first on."""
    try:
        return place.client.list_multipart_uploads(Bucket=place.out).get("Uploads", [])
    except place.client.exceptions.NoSuchUpload:
        return []


def check_results(place, name, rows, etag):
    """Of the object with this ETag; None: what is there now. A later one that was held, or is broken, has its report in the place of
    this one's, which it names."""
    report = place.report(name)
    body = place.object(f"processed/{name}.csv")
    assert place.rows(name) == rows, name
    if report["run"]["published"]:
        assert report["outputs"]["processed"]["sha256"] == hashlib.sha256(body.encode()).hexdigest()
    done = report["object"] if report["run"]["published"] else report["last_published"]
    current = etag or place.client.head_object(Bucket=place.raw, Key=report["object"]["key"])["ETag"].strip('"')
    assert done["etag"] == current, name


def check_state(place, want, etags=None):
    """What is held is what was put last under each key: {name: {id: (amount, status)}}; etags: of those where it is not what is
    there now."""
    if place.mode != "results":
        assert place.loaded() == {i: row for rows in want.values() for i, row in rows.items()}
        twice = place.ask("SELECT path, version, count(*) FROM etl_objects WHERE outcome = 'loaded' GROUP BY path, version HAVING count(*) > 1")
        assert twice == []
        assert place.ask("SELECT count(*) FROM etl_runs WHERE status = 'running'") == [(0,)]
        assert place.finetl("runs", "--verify", "--warehouse", place.options[-1], env=place.env).code == 0
    if place.mode != "database":
        for name, rows in want.items():
            check_results(place, name, rows, (etags or {}).get(name))
    assert uploads(place) == []
