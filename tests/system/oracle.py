#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The judge of a PostgreSQL warehouse: whether it holds what it should, once, and nothing else.

  oracle.py URL WANTED.json

A program of its own that shares nothing with finetl. WANTED.json is
{"tables": {name: {"columns": [...], "rows": [[text or null, ...], ...]}}, "rejects": [[object's
SHA-256, record, offset, verdict, [reasons], raw in hex], ...]}: what the model made of the same
input; the first column is the key. Prints one line a finding; exits 1 where there is one.

Besides rows, totals and rejects: every run that began has ended, once; the chain of events and
the audit rows it seals are whole (computed here anew); nothing temporary, prepared, locked or
connected is left.
"""

import hashlib
import json
import sys
from collections import Counter
from decimal import Decimal

import psycopg

CHAIN_START = "0" * 64
EVENT = ["previous_hash", "event_id", "run_id", "pipeline_name", "event", "at", "detail"]
AUDIT = ["run_id", "pipeline_name", "start_time", "end_time", "status", "records_extracted", "records_transformed",
         "records_loaded", "records_rejected", "records_duplicate", "error_message", "run_time", "config_sha256",
         "finetl_version", "quality_report", "reconciliation"]
STAMP = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US"Z"')"""
AS_TEXT = {"timestamp with time zone": STAMP, "boolean": "CASE {} WHEN true THEN 'true' WHEN false THEN 'false' END",
           "bytea": "encode({}, 'hex')"}


def columns_of(db, table):
    """name -> type, in the order of the table."""
    rows = db.execute("SELECT attname, format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = to_regclass(%s) "
                      "AND attnum > 0 AND NOT attisdropped ORDER BY attnum", (table,))
    return dict(rows.fetchall())


def texts(db, table, columns=None, order=None, where="true"):
    """The rows with every value as its canonical text."""
    types = columns_of(db, table)
    names = columns or list(types)
    parts = [AS_TEXT.get(types[name], "{}::text").format(f'"{name}"') for name in names]
    # Of the table, as a bare name would be the text that is printed.
    tail = f' ORDER BY {table}."{order}"' if order else ""
    return [tuple(row) for row in db.execute(f"SELECT {', '.join(parts)} FROM {table} WHERE {where}{tail}")]


class Judge:
    def __init__(self, url):
        self.db = psycopg.connect(url, autocommit=True)
        self.findings = []

    def find(self, kind, text):
        self.findings.append((kind, text))

    def one(self, sql, *values):
        return self.db.execute(sql, values or None).fetchone()[0]

    def rows(self, table, wanted):
        columns, rows = wanted["columns"], [tuple(row) for row in wanted["rows"]]
        if not columns_of(self.db, table):
            if rows:
                self.find("lost", f"{table} is not there")
            return
        stored = texts(self.db, table, columns)
        seen = Counter(row[0] for row in stored)
        now, then = {row[0]: row for row in stored}, {row[0]: row for row in rows}
        for key, n in seen.items():
            if n > 1:
                self.find("doubled", f"{table}: {key} stands {n} times")
        for key in then.keys() - now.keys():
            self.find("lost", f"{table}: {key} is missing")
        for key in now.keys() - then.keys():
            self.find("doubled", f"{table}: {key} should not be there")
        for key in now.keys() & then.keys():
            if now[key] != then[key]:
                self.find("altered", f"{table}: {now[key]} instead of {then[key]}")
        self.totals(table, columns, rows)

    def totals(self, table, columns, rows):
        """Asked of the server, so that nothing rests on how the rows came to us."""
        types = columns_of(self.db, table)
        for i, name in enumerate(columns):
            if types[name] == "numeric":
                here = self.one(f'SELECT coalesce(sum("{name}"), 0) FROM {table}')
                there = sum((Decimal(row[i]) for row in rows if row[i] is not None), Decimal(0))
                if here != there:
                    self.find("altered", f"{table}: the sum of {name} is {here} instead of {there}")

    def rejects(self, wanted):
        # One of a run that broke off stays as it was written, by path and size: the object's hash is that
        # of the run which read it to its end.
        sha256 = ("CASE WHEN length(object_sha256) = 64 THEN object_sha256 ELSE (SELECT min(b.sha256) FROM etl_objects a JOIN etl_objects b "
                  "USING (dataset, path, size_bytes, modified_at) WHERE a.object_id = r.object_id) END")
        stored = self.db.execute(f"SELECT {sha256}, record, byte_offset, verdict, reasons::text, encode(raw, 'hex') "
                                 "FROM etl_rejects r").fetchall()
        now = Counter((*row[:4], tuple(json.loads(row[4])), row[5]) for row in stored)
        then = Counter((*row[:4], tuple(row[4]), row[5]) for row in wanted)
        for row in then - now:
            self.find("lost", f"the reject {row} is missing")
        for row in now - then:
            self.find("doubled", f"the reject {row} should not be there" if row not in then else f"the reject {row} stands twice")

    def runs(self):
        """Each run began once, and ended once, in the log and in the chain alike."""
        events = self.db.execute("SELECT run_id, event FROM etl_run_events").fetchall()
        begun = Counter(run for run, event in events if event == "started")
        ended = Counter(run for run, event in events if event != "started")
        audit = dict(self.db.execute("SELECT run_id, status FROM etl_audit_log").fetchall())
        for run, n in (begun + ended).items():
            if begun[run] != 1 or ended[run] != 1 or run not in audit:
                self.find("audit", f"run {run}: begun {begun[run]} times, ended {ended[run]}, audit row {audit.get(run)}")
        for run, status in audit.items():
            if (run, status) not in events:
                self.find("audit", f"run {run}: no event says {status}")
        for table in ("etl_objects", "etl_rejects"):
            for (run,) in self.db.execute(f"SELECT DISTINCT run_id FROM {table}"):
                if run not in audit:
                    self.find("audit", f"{table} has rows of the run {run}, which never ended")

    def chain(self):
        previous, number = CHAIN_START, 0
        audit = {row[0]: row for row in texts(self.db, "etl_audit_log", AUDIT)}
        for row in texts(self.db, "etl_run_events", [*EVENT, "hash"], "event_id"):
            number += 1
            if int(row[1]) != number or row[0] != previous or hashed(row[:-1]) != row[-1]:
                self.find("audit", f"the chain is broken at event {row[1]}")
                return
            sealed = json.loads(row[6]).get("audit_sha256")
            if sealed and (row[2] not in audit or hashed(audit[row[2]]) != sealed):
                self.find("audit", f"the audit row of {row[2]} is not what event {row[1]} sealed")
            previous = row[-1]

    def provenance(self, table):
        """Each row names a run that ended well, and an object of that run."""
        n = self.one(f"SELECT count(*) FROM {table} t WHERE NOT EXISTS (SELECT FROM etl_objects o JOIN etl_audit_log a USING (run_id) "
                     f"WHERE o.object_id = t.etl_object_id AND o.run_id = t.etl_run_id AND a.status IN ('success', 'success_with_rejects'))")
        if n:
            self.find("altered", f"{table}: {n} rows name an object or a run that did not load them")

    def leftovers(self):
        here = "(SELECT oid FROM pg_database WHERE datname = current_database())"
        for what, sql in {
            "temporary tables": "SELECT count(*) FROM pg_class WHERE relpersistence = 't' AND relkind = 'r'",
            "unlogged tables": "SELECT count(*) FROM pg_class WHERE relpersistence = 'u' AND relkind = 'r'",
            "prepared transactions": "SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database()",
            "advisory locks": f"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = {here}",
            "sessions": f"SELECT count(*) FROM pg_stat_activity WHERE datid = {here} AND pid <> pg_backend_pid() "
                        "AND backend_type = 'client backend' AND application_name LIKE 'finetl%'",
            "invalid indexes": "SELECT count(*) FROM pg_index WHERE NOT indisvalid OR NOT indisready",
            "constraints that are not validated": "SELECT count(*) FROM pg_constraint WHERE NOT convalidated",
        }.items():
            if self.one(sql):
                self.find("leftover", f"{what}: {self.one(sql)}")


def hashed(fields):
    """As finetl's load/chain.h says of it: <bytes>:<text>, for each field, '-,' for null."""
    h = hashlib.sha256()
    for field in fields:
        data = None if field is None else field.encode()
        h.update(b"-," if data is None else b"%d:%s," % (len(data), data))
    return h.hexdigest()


def judge(url, wanted):
    """All findings as (kind, text): lost, doubled, altered, audit, leftover."""
    judge_ = Judge(url)
    with judge_.db:
        for table, rows in wanted["tables"].items():
            judge_.rows(table, rows)
        if columns_of(judge_.db, "etl_run_events"):
            if "rejects" in wanted:
                judge_.rejects(wanted["rejects"])
            judge_.runs()
            judge_.chain()
            for table in wanted["tables"]:
                if columns_of(judge_.db, table):
                    judge_.provenance(table)
        judge_.leftovers()
    return judge_.findings


def main():
    with open(sys.argv[2], encoding="utf-8") as f:
        findings = judge(sys.argv[1], json.load(f))
    for kind, text in findings:
        print(f"{kind}: {text}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
