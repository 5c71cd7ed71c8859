#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes docker/grafana/dashboards/finetl-runs.json out of sql/queries/postgres: a panel a query.

  grafana_dashboard.py            writes the file
  grafana_dashboard.py --check    says whether it is as this would write it

The queries are taken as they are, so that what a panel shows can be asked for by psql as well. Two are wrapped: what is
drawn over time is cut to the time that the page shows, and sums of money become text, since Grafana reads numeric as
floating point. Row totals and shares are small enough for that.
"""

import argparse
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
QUERIES = ROOT / "sql" / "queries" / "postgres"
OUTPUT = ROOT / "docker" / "grafana" / "dashboards" / "finetl-runs.json"
DATASOURCE = {"type": "grafana-postgresql-datasource", "uid": "finetl-warehouse"}
GREEN, YELLOW, ORANGE, RED, GREY = "green", "yellow", "orange", "red", "#808080"
OUTCOMES = [("success", GREEN), ("success_with_rejects", YELLOW), ("held", ORANGE), ("failed", RED), ("abandoned", GREY)]

TREND = 'SELECT start_time AS "time", pipeline_name, success_percent, quality_score FROM (\n{query}\n) AS trend\n' \
        "WHERE $__timeFilter(start_time)\nORDER BY start_time"
MONEY = 'SELECT day, pipeline_name, dataset, "column", CAST(sum_read AS text) AS sum_read, CAST(sum_loaded AS text) AS sum_loaded,\n' \
        "\tCAST(sum_rejected AS text) AS sum_rejected\nFROM (\n{query}\n) AS sums"
DAYS = "SELECT * FROM (\n{query}\n) AS days\nORDER BY day, pipeline_name"


def color(name):
    return {"mode": "fixed", "fixedColor": name}


def override(column, *properties):
    return {"matcher": {"id": "byName", "options": column}, "properties": [{"id": i, "value": value} for i, value in properties]}


def steps(*limits):
    return {"mode": "absolute", "steps": [{"color": limits[0], "value": None}] + [{"color": c, "value": v} for v, c in limits[1:]]}


LEGEND = {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}}


# (name of the query, title, kind, width, height, what wraps it, more of the panel)
PANELS = [
    ("last_success", "Last published run of each pipeline", "table", 12, 6, None, {"overrides": [
        override("hours_since", ("unit", "h"), ("custom.cellOptions", {"type": "color-text"}),
                 ("thresholds", steps(GREEN, (26, ORANGE), (50, RED)))),
        override("runs_since", ("custom.cellOptions", {"type": "color-text"}), ("thresholds", steps(GREEN, (1, ORANGE), (3, RED))))]}),
    ("running_now", "Running now, or killed and not yet noticed", "table", 12, 6, None, {}),
    ("runs_by_day", "How runs ended, by day (UTC)", "barchart", 12, 8, DAYS, {
        "options": {"xField": "day", "stacking": "normal", **LEGEND},
        "overrides": [override(name, ("color", color(shade))) for name, shade in OUTCOMES] + [
            override(name, ("custom.hideFrom", {"viz": True, "legend": True, "tooltip": True}))
            for name in ("runs", "records_extracted", "records_loaded", "records_rejected", "records_duplicate")]}),
    ("quality_trend", "Records not rejected, and expectations met", "timeseries", 12, 8, TREND, {
        "unit": "percent", "options": LEGEND}),
    ("oldest_unprocessed_object", "Files met and never loaded, the oldest first", "table", 12, 8, None, {
        "overrides": [override("size_bytes", ("unit", "bytes")), override("hours_waiting", ("unit", "h"))]}),
    ("recent_failures", "Runs held, failed or abandoned", "table", 12, 8, None, {}),
    ("rejects_by_reason", "Why records are not loaded", "table", 12, 8, None, {
        "overrides": [override("records", ("custom.cellOptions", {"type": "gauge", "mode": "basic"}), ("color", color(ORANGE)))]}),
    ("failed_expectations", "Expectations that fail", "table", 12, 8, None, {}),
    ("amounts_by_day", "Sums of each decimal column, by day (UTC)", "table", 12, 8, MONEY, {}),
    ("slowest_stages", "Which data sets take the time", "table", 12, 8, None, {
        "overrides": [override("mean_seconds", ("unit", "s")), override("max_seconds", ("unit", "s"))]}),
]


def read_query(name):
    """(what it means, its text without comments and the last semicolon)"""
    lines = (QUERIES / f"{name}.sql").read_text(encoding="utf-8").splitlines()
    means = " ".join(line.removeprefix("-- means: ") for line in lines if line.startswith("-- means: "))
    return means, "\n".join(line for line in lines if not line.startswith("--")).strip().removesuffix(";")


def panel(number, x, y, spec):
    name, title, kind, width, height, wrapper, more = spec
    means, query = read_query(name)
    defaults = {"custom": {"align": "auto", "filterable": True} if kind == "table" else {}}
    if "unit" in more:
        defaults["unit"] = more["unit"]
    return {
        "id": number, "type": kind, "title": title, "description": means, "datasource": DATASOURCE,
        "gridPos": {"h": height, "w": width, "x": x, "y": y},
        "fieldConfig": {"defaults": defaults, "overrides": more.get("overrides", [])},
        "options": more.get("options", {}),
        "targets": [{"refId": "A", "datasource": DATASOURCE, "format": "time_series" if kind == "timeseries" else "table",
                     "editorMode": "code", "rawQuery": True,
                     "rawSql": wrapper.format(query=query) if wrapper else query}],
    }


def dashboard():
    panels, x, y = [], 0, 0
    for number, spec in enumerate(PANELS, 1):
        panels.append(panel(number, x, y, spec))
        x += spec[3]
        if x >= 24:
            x, y = 0, y + spec[4]
    return {
        "uid": "finetl-runs", "title": "finetl: runs", "tags": ["finetl"], "schemaVersion": 41, "version": 1, "editable": False,
        "timezone": "utc", "refresh": "1m", "time": {"from": "now-30d", "to": "now"}, "annotations": {"list": []},
        "templating": {"list": []}, "panels": panels,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if the file is not as it should be")
    options = parser.parse_args()
    text = json.dumps(dashboard(), indent=1) + "\n"
    if options.check:
        if not OUTPUT.exists() or OUTPUT.read_text(encoding="utf-8") != text:
            print(f"{OUTPUT}: is not what tools/grafana_dashboard.py makes of sql/queries; run it")
            return 1
        return 0
    OUTPUT.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
