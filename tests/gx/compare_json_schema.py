#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Asks Python's jsonschema and finetl whether the same random texts are as the same random schemas say.

  compare_json_schema.py --probe build/tests/gx/probe_gx [--seed N] [--schemas N] [--suite DIR]

Schemas of drafts 4 to 2020-12, sound and broken, with references inside; texts that nearly fit them, and a few that
are no JSON. An answer is that a text fits, that it does not, or an exception. --suite: the JSON-Schema-Test-Suite in
DIR, too, which comes with the sources of jsonschema; schemas whose references lead out of them are left out. Run it
with a Python that has jsonschema (.venv/bin/python). Leaves with 1 where an answer differs.
"""

import argparse
import csv
import io
import json
import pathlib
import random
import re
import signal
import sys
import warnings

import jsonschema

import compare

DRAFTS = {"http://json-schema.org/draft-04/schema#": 4, "http://json-schema.org/draft-06/schema#": 6,
          "http://json-schema.org/draft-07/schema#": 7, "https://json-schema.org/draft/2019-09/schema": 2019,
          "https://json-schema.org/draft/2020-12/schema": 2020}
KEYS = ("a", "b", "ab", "é", "x-1", "")
PATTERNS = ("^a", "b$", "", "é", r"^\w+$", "^x-")
TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")
SCALARS = (None, True, False, 0, 1, -1, 2, 3, 1.0, 2.5, -0.0, 0.1, 1e300, 10**20, 10**20 + 1, "", "a", "ab", "é", "日本", "x-1", "\U0001f600")
NO_JSON = ("", "{", "nope", "[1,]", "'a'", "01", '{"a":1}x')


def value(r, depth=3):
    kind = r.random()
    if depth == 0 or kind < 0.5:
        return r.choice(SCALARS)
    if kind < 0.75:
        return [value(r, depth - 1) for _ in range(r.randint(0, 4))]
    return {key: value(r, depth - 1) for key in r.sample(KEYS, r.randint(0, 4))}


def wrong(r):
    return r.choice([None, 1, -1, 0.5, "a", [], [1], ["a", "a"], {}, {"a": 1}, True, "("])


def schema(r, draft, depth=3):
    """A schema of a few keywords; one in a hundred of them is broken."""
    if draft > 4 and r.random() < 0.07:
        return r.random() < 0.6
    made = {}
    for _ in range(r.choice([0, 1, 1, 2, 2, 3, 4])):
        made.update(keyword(r, draft, depth))
    return made


def keyword(r, draft, depth):
    def one():
        return schema(r, draft, depth - 1)

    def some(low=1):
        return [one() for _ in range(r.randint(low, 3))]

    def of_keys(make, keys=KEYS):
        return {key: make() for key in r.sample(keys, r.randint(0, 3))}

    def names():
        return r.sample(KEYS, r.randint(draft == 4, 3))

    number = r.choice([0, 1, 2, 1.0, 2.5, -1, 10**20])
    plain = [("type", r.choice([r.choice(TYPES), r.sample(TYPES, r.randint(1, 3))])), ("enum", [value(r, 2) for _ in range(r.randint(1, 4))]),
             ("minimum", number), ("maximum", number), ("multipleOf", r.choice([1, 2, 0.1, 0.5, 3, 1e-300])),
             ("minLength", r.randint(0, 3)), ("maxLength", r.randint(0, 3)), ("pattern", r.choice(PATTERNS)),
             ("minItems", r.randint(0, 3)), ("maxItems", r.randint(0, 4)), ("uniqueItems", r.random() < 0.8),
             ("minProperties", r.randint(0, 3)), ("maxProperties", r.randint(0, 4)), ("required", names()), ("format", "date")]
    if draft > 4:
        plain += [("const", value(r, 2)), ("exclusiveMinimum", number), ("exclusiveMaximum", number)]
    if draft == 4:
        plain += [("minimum", number), ("exclusiveMinimum", r.random() < 0.5), ("exclusiveMaximum", True)]
    if r.random() < 0.01:
        return {r.choice(plain)[0]: wrong(r)}
    if depth == 0 or r.random() < 0.35:
        return dict([r.choice(plain)])
    nested = [("properties", lambda: of_keys(one)), ("properties", lambda: of_keys(one)), ("patternProperties", lambda: of_keys(one, PATTERNS)),
              ("additionalProperties", one), ("allOf", lambda: some()), ("anyOf", lambda: some()), ("oneOf", lambda: some()), ("not", one),
              ("items", one), ("definitions", lambda: of_keys(one)), ("$ref", lambda: reference(r))]
    if draft < 2020:
        nested += [("items", lambda: some()), ("additionalItems", one)]
    if draft < 2019:
        nested += [("dependencies", lambda: of_keys(lambda: r.choice([one, names])()))]
    if draft > 4:
        nested += [("contains", one), ("propertyNames", one)]
    if draft > 6:
        nested += [("if", one), ("then", one), ("else", one)]
    if draft >= 2019:
        nested += [("dependentRequired", lambda: of_keys(names)), ("dependentSchemas", lambda: of_keys(one)), ("minContains", lambda: r.randint(0, 2)),
                   ("maxContains", lambda: r.randint(0, 2)), ("unevaluatedProperties", one), ("unevaluatedItems", one), ("$defs", lambda: of_keys(one)),
                   ("unevaluatedProperties", lambda: False), ("unevaluatedItems", lambda: False), ("$anchor", lambda: r.choice(["here", "there"]))]
    if draft == 2020:
        nested += [("prefixItems", lambda: some()), ("$dynamicRef", lambda: r.choice(["#", "#node"])), ("$dynamicAnchor", lambda: "node")]
    if draft == 2019:
        nested += [("$recursiveRef", lambda: "#"), ("$recursiveAnchor", lambda: r.random() < 0.5)]
    name, make = r.choice(nested)
    return {name: make()}


def reference(r):
    if r.random() < 0.8:
        return r.choice(["#/definitions/a", "#/definitions/b"])
    return r.choice(["#", "#/$defs/a", "#/properties/a", "#/items", "#/allOf/0", "#here"])


def whole_schema(r):
    uri, draft = r.choice(list(DRAFTS.items()))
    made = schema(r, draft, r.choice([1, 2, 3]))
    made = made if isinstance(made, dict) else {"not": {}}
    if draft != 2020 or r.random() < 0.5:
        made["$schema"] = uri
    made["definitions"] = {"a": schema(r, draft, 0), "b": {"type": "integer"}}
    return made


# References that lead nowhere or to themselves end jsonschema even where the value is refused anyway: finetl may say so first.
AS_GOOD = {"endless": ("exception", "does not"), "nowhere": ("exception", "does not"), "too slow": ("exception", "does not", "fits")}


class TooSlow(BaseException):
    """References that unfold without end take years until Python's stack is full."""


def give_up(*_):
    raise TooSlow


def answer_of_jsonschema(document, text):
    signal.setitimer(signal.ITIMER_REAL, 1)
    try:
        jsonschema.validate(json.loads(text), document)
        return "fits"
    except jsonschema.ValidationError:
        return "does not"
    except jsonschema.exceptions._WrappedReferencingError:
        return "nowhere"
    except TooSlow:
        return "too slow"
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever it is, Great Expectations fails the expectation
        return "endless" if isinstance(error, RecursionError) or type(error).__name__ == "PanicException" else "exception"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def ask(probe, document, texts):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([["t"], *([t] for t in texts)])
    suite = {"name": "s", "expectations": [{"type": "expect_column_values_to_match_json_schema", "kwargs": {
        "column": "t", "json_schema": document}}]}
    said = probe.ask({"name": "random", "schema": [{"name": "t", "type": "text(100000)", "null": "<null>"}], "csv": text.getvalue(),
                      "suite": suite, "result_format": "COMPLETE", "parameters": {}})
    if "error" in said:
        return None, said["error"]["message"]
    entry = said["result"]["results"][0]
    if compare.shape(entry["exception_info"]) != "none":
        return None, json.dumps(entry["exception_info"])
    return entry["result"].get("unexpected_index_list", []), ""


def answers_of_finetl(probe, document, texts):
    bad, _ = ask(probe, document, texts)
    if bad is not None:
        return ["does not" if i in bad else "fits" for i in range(len(texts))]
    if len(texts) == 1:
        return ["exception"]
    return [answers_of_finetl(probe, document, [text])[0] for text in texts]


def differences(probe, document, texts, wanted):
    said = answers_of_finetl(probe, document, texts)
    return [(text, want, got) for text, want, got in zip(texts, wanted, said, strict=True) if got not in AS_GOOD.get(want, (want,))]


def of_suite(folder):
    """Schemas and texts of the official suite, with what jsonschema says; but for those that need other documents."""
    folders = {"draft4": 4, "draft6": 6, "draft7": 7, "draft2019-09": 2019, "draft2020-12": 2020}
    uris = {draft: uri for uri, draft in DRAFTS.items()}
    for path in sorted(pathlib.Path(folder).rglob("*.json")):
        draft = next((folders[part] for part in path.parts if part in folders), None)
        if draft is None or "remotes" in path.parts or path.stem in ("format", "vocabulary", "cross-draft") or path.parent.name == "format":
            continue
        for group in json.loads(path.read_text(encoding="utf-8")):
            document = group["schema"]
            is_remote = re.search(r'"\$?(ref|schema|dynamicRef)": "(http://localhost:1234|https?://json-schema.org)',
                                  json.dumps({k: v for k, v in document.items() if k != "$schema"}) if isinstance(document, dict) else "")
            is_remote = is_remote or "\\u0000" in json.dumps(document)  # which no suite has
            if isinstance(document, bool) or is_remote:
                continue
            document = {"$schema": uris[draft], **document}
            yield f"{path.stem}: {group['description']}", document, [json.dumps(test["data"]) for test in group["tests"]]


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--probe", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--schemas", type=int, default=500)
    parser.add_argument("--suite")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGALRM, give_up)
    r = random.Random(args.seed)
    cases = [(f"random {i}", whole_schema(r), [r.choice(NO_JSON) if r.random() < 0.02 else json.dumps(value(r), ensure_ascii=False)
                                             .encode("utf-8", "replace").decode() for _ in range(12)]) for i in range(args.schemas)]
    cases += of_suite(args.suite) if args.suite else []
    n_texts = n_differ = n_shown = 0
    counts = {}
    with compare.Probe(args.probe) as probe:
        for name, document, texts in cases:
            wanted = [answer_of_jsonschema(document, text) for text in texts]
            for want in wanted:
                counts[want] = counts.get(want, 0) + 1
            n_texts += len(texts)
            found = differences(probe, document, texts, wanted)
            n_differ += len(found)
            n_shown += bool(found)
            for text, want, got in found[:1]:
                if n_shown <= 30:
                    print(f"{name}: {want} wanted, {got} given: {json.dumps(document, ensure_ascii=False)[:600]} of {text[:200]}")
    print(f"{n_texts} texts, {len(cases)} schemas ({counts}), {n_differ} answered differently")
    sys.exit(1 if n_differ else 0)


if __name__ == "__main__":
    main()
