#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Python peers of run_postgres.py: rows that are clean already, into PostgreSQL.

  postgres_peers.py psycopg URL MERGE.sql FACTS.csv     COPY to a temporary table, then the merge
  postgres_peers.py pandas URL CUSTOMERS.csv FACTS.csv  to_sql in chunks, as the older stack does

Prints the seconds that the work took, the imports left out.
"""
import json
import sys
import time


def run_psycopg(url, merge, facts):
    """Copied as it lies in the file, in large pieces: nothing is parsed here."""
    import psycopg

    begun = time.monotonic()
    columns = open(facts, encoding="utf-8").readline().strip()  # the stamps that say where a row is from among them
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("SET LOCAL temp_buffers = '64MB'; SET LOCAL work_mem = '64MB'; SET LOCAL jit = off")
        cursor.execute(f"CREATE TEMP TABLE stage ON COMMIT DROP AS SELECT {columns} "
                       "FROM fact_transactions WITH NO DATA")
        with open(facts, "rb") as file, cursor.copy(
                f"COPY stage ({columns}) FROM STDIN (FORMAT csv, HEADER)") as copy:
            while block := file.read(1 << 18):
                copy.write(block)
        cursor.execute("ANALYZE stage")
        cursor.execute(open(merge, encoding="utf-8").read())
    return time.monotonic() - begun


def run_pandas(url, customers, facts):
    import pandas
    import sqlalchemy

    begun = time.monotonic()
    engine = sqlalchemy.create_engine(url.replace("postgresql://", "postgresql+psycopg2://"))
    now = pandas.Timestamp.now(tz="UTC")
    with engine.begin() as connection:
        for table, path, date in (("dim_customers", customers, "registration_date"),
                                  ("fact_transactions", facts, "transaction_date")):
            frame = pandas.read_csv(path)
            frame[date] = pandas.to_datetime(frame[date])
            frame = frame.assign(processed_at=now, created_at=now, updated_at=now, etl_run_id="pandas", etl_object_id=1,
                                 etl_record=range(1, len(frame) + 1))
            frame.to_sql(table, connection, if_exists="append", index=False, method="multi", chunksize=1000)
    return time.monotonic() - begun


def main():
    way, *arguments = sys.argv[1:]
    print(json.dumps({"seconds": {"psycopg": run_psycopg, "pandas": run_pandas}[way](*arguments)}))


if __name__ == "__main__":
    main()
