# SPDX-License-Identifier: Apache-2.0
"""Great Expectations, asked about data that a schema and CSV text say.

generate.py and live.py share this: typed data from CSV text (read), the data frame or the SQLite
table that Great Expectations sees (frame, table), a suite run over it (answer), and its result
without what changes from run to run (normalised). Needs the environment that setup.sh makes.
"""

import csv
import datetime
import decimal
import io
import json
import logging
import os
import pathlib
import re
import sqlite3
import tempfile
import warnings

# Before the import: no report of use is sent.
os.environ["GX_ANALYTICS_ENABLED"] = "false"
warnings.simplefilter("ignore")
logging.getLogger("great_expectations").addHandler(logging.NullHandler())
logging.getLogger("great_expectations").propagate = False

import great_expectations as gx  # noqa: E402
import pandas  # noqa: E402
from great_expectations.core.expectation_suite import (  # noqa: E402
    ExpectationSuite,
    expectationSuiteSchema,
)
from great_expectations.core.expectation_validation_result import (  # noqa: E402
    expectationSuiteValidationResultSchema,
)
from great_expectations.expectations.registry import (  # noqa: E402
    list_registered_expectation_implementations,
)

VERSION = gx.__version__
METRIC_ID = re.compile(r"(_kwargs_id=)'[0-9a-f]{32}'")
ADDRESS = re.compile(r" at 0x[0-9a-f]+")
# Of meta, what names the batch and the run.
OF_THE_RUN = ("active_batch_definition", "batch_markers", "batch_parameters", "batch_spec",
              "checkpoint_id", "run_id", "validation_id", "validation_time")
# 0.18's keys and 1.x's for the same; what 1.x has no place for is None.
KEYS_OF_0_18 = {"expectation_suite_name": "name", "expectation_type": "type",
                "ge_cloud_id": "id", "data_asset_type": None,
                "evaluation_parameters": "suite_parameters"}


def kind_of(type_name):
    return type_name.partition("(")[0]


def read(schema, text):
    """The columns of CSV text as lists of Python's values by the declared types; None is null.

    The empty cell is null, quoted or not, as it is to finetl. A text column with a `null` of its
    own has that text for null, and the empty cell for the empty text.
    """
    rows = list(csv.reader(io.StringIO(text, newline="")))
    names = [column["name"] for column in schema]
    if rows[0] != names:
        raise ValueError(f"the header is {rows[0]}, the schema has {names}")
    columns = {}
    for i, column in enumerate(schema):
        null, of_text = column.get("null", ""), OF_TEXT[kind_of(column["type"])]
        columns[column["name"]] = [None if row[i] == null else of_text(row[i]) for row in rows[1:]]
    return columns


def timestamp(text):
    value = datetime.datetime.fromisoformat(text)
    if value.tzinfo is None:
        raise ValueError(f"{text}: a timestamp has its offset")
    return value.astimezone(datetime.timezone.utc)


OF_TEXT = {"text": str, "decimal": decimal.Decimal, "int": int,
           "bool": {"true": True, "false": False}.__getitem__,
           "date": datetime.date.fromisoformat, "timestamp": timestamp}
DTYPE = {"text": object, "decimal": object, "int": "Int64", "bool": "boolean",
         "date": object, "timestamp": "datetime64[us, UTC]"}


def frame(schema, text, plain=False):
    """The data frame of the columns; README.md says why these dtypes.

    Plain is with the numbers that pandas has of itself, as its reading of CSV gives them: float64
    for a decimal, int64 for an int, and float64 for one that has nulls.
    """
    columns, series = read(schema, text), {}
    for c in schema:
        cells, dtype = columns[c["name"]], DTYPE[kind_of(c["type"])]
        if plain and kind_of(c["type"]) in ("decimal", "int"):
            is_float = kind_of(c["type"]) == "decimal" or None in cells
            cells = [None if v is None else float(v) for v in cells] if is_float else cells
            dtype = "float64" if is_float else "int64"
        series[c["name"]] = pandas.Series(cells, dtype=dtype)
    return pandas.DataFrame(series, columns=list(series))


def has_numbers(schema):
    return any(kind_of(c["type"]) in ("decimal", "int") for c in schema)


SQL_TYPE = {"text": "TEXT", "decimal": "NUMERIC", "int": "INTEGER", "bool": "BOOLEAN",
            "date": "DATE", "timestamp": "DATETIME"}


def table(path, schema, text):
    """A SQLite file with the columns as the table `data`."""
    columns = read(schema, text)
    declared = ", ".join(f'"{c["name"]}" {SQL_TYPE[kind_of(c["type"])]}' for c in schema)
    with sqlite3.connect(path) as db:
        db.execute(f"CREATE TABLE data ({declared})")
        marks = ", ".join("?" * len(schema))
        rows = zip(*(columns[c["name"]] for c in schema), strict=True)
        db.executemany(f"INSERT INTO data VALUES ({marks})", [
            [v if isinstance(v, (int, type(None))) else str(v) for v in row] for row in rows])


def modern(suite):
    """A suite with 1.x's keys; Great Expectations 1.x does not take 0.18's itself."""
    if isinstance(suite, list):
        return [modern(item) for item in suite]
    if not isinstance(suite, dict):
        return suite
    changed = {}
    for key, value in suite.items():
        key = KEYS_OF_0_18.get(key, key)
        if key:
            changed[key] = value if key in ("kwargs", "meta") else modern(value)
    return changed


def is_of_0_18(suite):
    return "expectation_suite_name" in suite


def registered_types():
    return set(list_registered_expectation_implementations())


def load_suite(suite):
    """Great Expectations' own ExpectationSuite of a suite's JSON; raises what it raises."""
    return ExpectationSuite(**expectationSuiteSchema.load(suite))


def load_result(result):
    """Great Expectations' own ExpectationSuiteValidationResult of a result's JSON."""
    return expectationSuiteValidationResultSchema.load(result)


class Asker:
    """A Great Expectations context to ask; as many questions as one likes."""

    def __init__(self):
        self.context = gx.get_context(mode="ephemeral")
        self.context.variables.progress_bars = {"globally": False, "metric_calculations": False}
        asset = self.context.data_sources.add_pandas("pandas").add_dataframe_asset("data")
        self.definition = asset.add_batch_definition_whole_dataframe("whole")
        self.n_tables = 0

    def batch(self, engine, schema, text, folder):
        if engine.startswith("pandas"):
            data = frame(schema, text, plain=engine == "pandas plain")
            return self.definition.get_batch({"dataframe": data})
        path = pathlib.Path(folder) / "data.sqlite"
        table(path, schema, text)
        self.n_tables += 1
        source = self.context.data_sources.add_sqlite(
            f"sqlite{self.n_tables}", connection_string=f"sqlite:///{path}")
        asset = source.add_table_asset("data", table_name="data")
        return asset.add_batch_definition_whole_table("whole").get_batch()

    def answer(self, suite, schema, text, result_format="SUMMARY", parameters=None,
               engine="pandas"):
        """{"result": ...}, or {"error": {type, message}} where it raises instead."""
        with tempfile.TemporaryDirectory() as folder:
            try:
                loaded = load_suite(modern(suite) if is_of_0_18(suite) else suite)
                batch = self.batch(engine, schema, text, folder)
                result = batch.validate(loaded, result_format=result_format,
                                        expectation_parameters=parameters or None)
                return {"result": normalised(result.to_json_dict())}
            except Exception as error:  # whatever it raises is its answer
                return {"error": {"type": type(error).__name__, "message": str(error)}}


def normalised(result):
    """A result as JSON can say it, without what changes from run to run or names the batch."""
    # numpy's bool, which quantiles give for success, is not JSON to Great Expectations itself.
    result = json.loads(json.dumps(result, default=bool))
    for key in ("id", "batch_id", "result_url"):
        result.pop(key, None)
    for key in OF_THE_RUN:
        result.get("meta", {}).pop(key, None)
    for entry in result["results"]:
        for key in ("id", "rendered_content"):
            entry["expectation_config"].pop(key, None)
        entry["expectation_config"]["kwargs"].pop("batch_id", None)
        entry["exception_info"] = exception_info(entry["exception_info"])
    return result


def exception_info(info):
    """Without the traceback and the hashes of the metrics' arguments; metrics by their names."""
    if "raised_exception" in info:
        if info["exception_traceback"] is not None:
            info["exception_traceback"] = "<traceback>"
        if info["exception_message"] is not None:
            info["exception_message"] = plain(info["exception_message"])
        return info
    return {plain(key): exception_info(info[key]) for key in sorted(info)}


def plain(text):
    return ADDRESS.sub(" at <address>", METRIC_ID.sub(r"\1'<id>'", text))
