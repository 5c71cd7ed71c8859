# SPDX-License-Identifier: Apache-2.0
"""The peer of run_api.py: an API's pages by dlt's rest_api source into DuckDB, by way of Parquet, which is its
fastest. Says what it took, as JSON.

Usage: dlt_api.py URL FOLDER [DUMP]; DUMP: a CSV of what is in the table afterwards, by id.
"""
import json
import os
import pathlib
import resource
import sys
import time

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["RUNTIME__LOG_LEVEL"] = "ERROR"

import dlt  # noqa: E402
import duckdb  # noqa: E402
from dlt.sources.rest_api import rest_api_source  # noqa: E402

COLUMNS = {
    "id": {"data_type": "bigint", "primary_key": True},
    "amount": {"data_type": "decimal", "precision": 18, "scale": 2},
    "status": {"data_type": "text"},
    "changed": {"data_type": "timestamp"},
}
DUMP = """COPY (SELECT id, amount, status, customer__name AS customer_name, strftime(changed AT TIME ZONE 'UTC', '%Y-%m-%d %H:%M:%S.%fZ') AS changed
          FROM bench.orders ORDER BY id) TO '{}' (HEADER, DELIMITER ',')"""


def cpu():
    return sum(getattr(resource.getrusage(who), f"ru_{kind}time") for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
               for kind in ("u", "s"))


def main():
    url, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    base, _, path = url.rpartition("/")
    source = rest_api_source({
        "client": {"base_url": base + "/", "paginator": {"type": "cursor", "cursor_path": "next", "cursor_param": "after"}},
        "resources": [{"name": "orders", "endpoint": {"path": path, "data_selector": "items"}, "columns": COLUMNS,
                       "write_disposition": "append"}],
    })
    began, cpu_began = time.monotonic(), cpu()
    pipeline = dlt.pipeline("bench", destination=dlt.destinations.duckdb(str(folder / "orders.duckdb")), dataset_name="bench",
                            pipelines_dir=str(folder / "state"))
    pipeline.run(source, loader_file_format="parquet").raise_on_failed_jobs()
    took, used = time.monotonic() - began, cpu() - cpu_began
    with duckdb.connect(str(folder / "orders.duckdb")) as db:
        db.execute("SET TimeZone = 'UTC'")
        n_rows = db.execute("SELECT count(*) FROM bench.orders").fetchone()[0]
        if len(sys.argv) > 3:
            db.execute(DUMP.format(sys.argv[3]))
    print(json.dumps({"rows": n_rows, "wall": took, "cpu": used, "dlt": dlt.__version__, "duckdb": duckdb.__version__}))


if __name__ == "__main__":
    main()
