# SPDX-License-Identifier: Apache-2.0
"""What an event of OpenLineage must be, written down by hand from the published specification (version 2-0-2).

check(event) fails where a key is missing, unknown or of the wrong kind, by this and by OpenLineage's own classes. Of a facet the keys that we
send are here, each with its kind; a '?' in front means that it may be left out.
"""

import datetime
import re
import uuid

import openlineage_classes

BASE = "https://openlineage.io/spec/"


def is_time(v):
    assert "T" in v and v.endswith("Z")
    datetime.datetime.fromisoformat(v.replace("Z", "+00:00"))


def is_uuid(v):
    assert str(uuid.UUID(v)) == v


def is_text(v):
    assert isinstance(v, str) and v


def is_uri(v):
    assert re.fullmatch(r"[a-z][a-z0-9+.-]*:\S+", v)


def is_count(v):
    assert isinstance(v, int) and not isinstance(v, bool) and v >= 0


def is_number(v):
    assert not isinstance(v, (bool, str)), v


def is_bool(v):
    assert isinstance(v, bool)


def one_of(*words):
    def check_word(v):
        assert v in words, v
    return check_word


def each(kind):
    def check_list(v):
        assert isinstance(v, list)
        for item in v:
            hold(item, kind)
    return check_list


def by_name(kind):
    def check_map(v):
        assert isinstance(v, dict)
        for item in v.values():
            hold(item, kind)
    return check_map


def hold(value, kind):
    if callable(kind):
        kind(value)
        return
    assert isinstance(value, dict), value
    for key, inner in kind.items():
        if key.lstrip("?") in value:
            hold(value[key.lstrip("?")], inner)
        else:
            assert key.startswith("?"), f"no {key} in {value}"
    unknown = set(value) - {key.lstrip("?") for key in kind}
    assert not unknown, f"unknown: {unknown}"


def facet(version, name, /, **keys):
    return {"_producer": is_uri, "_schemaURL": one_of(f"{BASE}facets/{version}/{name}.json#/$defs/{name}"),
            **{("?" + key[4:] if key.startswith("may_") else key): kind for key, kind in keys.items()}}


COLUMNS = by_name({"?nullCount": is_count, "?distinctCount": is_count, "?sum": is_number, "?count": is_number, "?min": is_number,
                   "?max": is_number, "?quantiles": by_name(is_number)})
RUN_FACETS = {
    "processing_engine": facet("1-1-1", "ProcessingEngineRunFacet", version=is_text, may_name=is_text),
    "nominalTime": facet("1-0-1", "NominalTimeRunFacet", nominalStartTime=is_time),
    "?parent": facet("1-2-0", "ParentRunFacet", run={"runId": is_uuid}, job={"namespace": is_text, "name": is_text}),
    "?errorMessage": facet("1-0-1", "ErrorMessageRunFacet", message=is_text, programmingLanguage=is_text),
    # Ours; of the base of all facets of a run, which may have keys of its own.
    "finetl": {"_producer": is_uri, "_schemaURL": one_of(BASE + "2-0-2/OpenLineage.json#/$defs/RunFacet"), "runId": is_text,
               "configSha256": is_text, "?status": is_text, "?exitCode": is_count, "?recordsExtracted": is_count,
               "?recordsTransformed": is_count, "?recordsLoaded": is_count, "?recordsRejected": is_count,
               "?recordsDuplicate": is_count, "?qualityScore": is_text},
}
SCHEMA = facet("1-2-0", "SchemaDatasetFacet", fields=each({"name": is_text, "?type": is_text}))
INPUT = {
    "namespace": is_text, "name": is_text, "?facets": {"schema": SCHEMA},
    "?inputFacets": {
        "?dataQualityMetrics": facet("1-0-3", "DataQualityMetricsInputDatasetFacet", columnMetrics=COLUMNS, may_rowCount=is_count,
                                     may_bytes=is_count, may_fileCount=is_count),
        "?dataQualityAssertions": facet("1-1-0", "DataQualityAssertionsDatasetFacet", assertions=each(
            {"assertion": is_text, "success": is_bool, "?column": is_text, "?severity": one_of("error", "warn")})),
    },
}
OUTPUT = {
    "namespace": is_text, "name": is_text,
    "?facets": {"schema": SCHEMA, "?dataQualityMetrics": facet("1-0-1", "DataQualityMetricsDatasetFacet", columnMetrics=COLUMNS,
                                                              may_rowCount=is_count)},
    "?outputFacets": {"outputStatistics": facet("1-0-2", "OutputStatisticsOutputDatasetFacet", may_rowCount=is_count)},
}
EVENT = {
    "eventType": one_of("START", "COMPLETE", "FAIL", "ABORT"), "eventTime": is_time, "producer": is_uri,
    "schemaURL": one_of(BASE + "2-0-2/OpenLineage.json#/$defs/RunEvent"),
    "run": {"runId": is_uuid, "facets": RUN_FACETS},
    "job": {"namespace": is_text, "name": is_text, "facets": {"jobType": facet(
        "2-0-4", "JobTypeJobFacet", processingType=one_of("BATCH"), integration=is_text, may_jobType=is_text)}},
    "?inputs": each(INPUT), "?outputs": each(OUTPUT),
}


def check(event):
    hold(event, EVENT)
    openlineage_classes.conforms(event)
    return event
