#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes expected/ of golden cases, from the model; never from the binary.

Arguments: case folders. Needs PyYAML (Debian: python3-yaml), which the tests do not.
Read what it wrote before it is committed: the model is a reading of the rules, too.
The model makes no placeholders: expected/ of placeholder_* is made by hand.
Cases whose expected/ has an `exit` file (refused, held) are made by hand; of them only
the rejects of a held run are written, where expected/held is there.

A case: pipeline.yaml and its inputs; expected/<table>.csv, <data set>.rejects.csv and
counts.json (the data sets of the result), or exit: the code, and words of the error.
"""

import base64
import glob
import gzip
import json
import pathlib
import sys

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "model"))

import cells  # noqa: E402
import model  # noqa: E402
import nasty  # noqa: E402


def cell(text):
    """Null is an empty cell, an empty text a quoted one."""
    special = any(c in text for c in ',"\r\n') or text.startswith("\ufeff") or text == "\\."
    return '"' + text.replace('"', '""') + '"' if special else text


def lines(rows):
    return "".join(",".join(cell(text) for text in row) + "\n" for row in rows).encode()


def raw_cells(raw):
    try:
        text = raw.decode()
        if "\0" not in text and not any(model.is_noncharacter(c) for c in text):
            return [text, "utf-8"]
    except UnicodeDecodeError:
        pass
    return [base64.b64encode(raw).decode(), "base64"]


def rejects_csv(outcome):
    rows = [["object", "record", "offset", "verdict", "reasons", "raw", "raw_encoding", "detail"]]
    for r in outcome.rejects:
        rows.append([r.object, str(r.record), str(r.offset), r.verdict, ";".join(r.reasons), *raw_cells(r.raw), r.detail])
    return lines(rows)


def counts(outcomes, pipeline):
    out = {}
    for o in outcomes:
        types = model.DataSet(pipeline, next(d for d in pipeline["datasets"] if d["name"] == o.name)).types
        sums = {
            name: {**{term: cells.printed(v.quantize(model.Decimal(1).scaleb(-types[name].scale))) for term, v in terms.items()},
                   "no_value": o.no_value[name]}
            for name, terms in o.sums.items()
        }
        out[o.name] = {**o.counts, "sums": sums, "reasons": dict(o.reasons), "warnings": dict(o.warnings),
                       "defaults_filled": dict(o.defaults_filled)}
    return json.dumps(out, indent=1) + "\n"


def inputs_of(case, dataset):
    for path in sorted(glob.glob(str(case / dataset["source"]["csv"]))):
        data = pathlib.Path(path).read_bytes()
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
        yield model.Input(pathlib.Path(path).name, data)


class Loader(yaml.SafeLoader):
    """Keys are texts: the option `null` is not a null."""


def text_keys(loader, node):
    loader.flatten_mapping(node)
    return {key.value: loader.construct_object(value, deep=True) for key, value in node.value}


Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, text_keys)


def write(case):
    if case.name.startswith("placeholder_"):
        return
    pipeline = yaml.load((case / "pipeline.yaml").read_text(), Loader)
    expected = case / "expected"
    if (expected / "exit").exists():
        expected = expected / "held"
        if not expected.exists():
            return
    expected.mkdir(parents=True, exist_ok=True)
    inputs = {d["name"]: list(inputs_of(case, d)) for d in pipeline["datasets"]}
    outcomes, _ = model.run(pipeline, inputs, nasty.RUN_TIME_US)
    for outcome in outcomes:
        (expected / f"{outcome.name}.rejects.csv").write_bytes(rejects_csv(outcome))
        if expected.name == "held":
            continue
        dataset = next(d for d in pipeline["datasets"] if d["name"] == outcome.name)
        header = model.DataSet(pipeline, dataset)
        out = ",".join(header.names + header.derived) + "\n"
        for row in outcome.rows:
            out += ",".join('""' if v == "" else cell(cells.printed(v)) for v in row.values.values()) + "\n"
        (expected / f"{dataset['target']}.csv").write_bytes(out.encode())
    if expected.name != "held":
        (expected / "counts.json").write_text(counts(outcomes, pipeline))


if __name__ == "__main__":
    for folder in sys.argv[1:]:
        write(pathlib.Path(folder))
