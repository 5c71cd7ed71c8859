# SPDX-License-Identifier: Apache-2.0
"""The function under AWS's own emulator: every form of event, over objects on an S3 that checks signatures."""

import pathlib
import re

import pytest

from emulator import Emulator, find_emulator
from finetl import absent
from runtimeapi import TEST_EVENT, s3_event, s3_record, sns, sns_body, sqs
from test_lambda import HEADER, Place, moto, rows  # noqa: F401 (moto is a fixture)


@pytest.fixture(scope="module")
def emulator_binary():
    found = find_emulator()
    if found is None:
        absent("no Runtime Interface Emulator: aws-sam-cli of tests/requirements.txt has it; ./test installs that")
    return found


@pytest.fixture
def place(moto, finetl, tmp_path, emulator_binary):  # noqa: F811
    place = Place(moto, finetl.binary, tmp_path, None)
    (tmp_path / "bootstrap").symlink_to(finetl.binary)

    def emulate(memory_mb=512, timeout_s=300, **env):
        names = {name: value for name, value in moto.env().items() if name.startswith("AWS_")}
        more = {"FINETL_PIPELINE": place.pipeline, "FINETL_OUTPUT": f"s3://{place.processed}", **names, **env}
        started = Emulator(emulator_binary, [tmp_path / "bootstrap"], tmp_path, more, memory_mb, timeout_s)
        place.started.append(started)
        return started

    place.emulate = emulate
    yield place
    for emulator in place.started:
        emulator.stop()


FORMS = {"s3": lambda place, key, text: place.event(key, text),
         "sns": lambda place, key, text: sns(place.event(key, text)),
         "sqs": lambda place, key, text: sqs(place.event(key, text)),
         "sns in sqs": lambda place, key, text: sqs(sns_body(place.event(key, text))),
         "eventbridge": lambda place, key, text: place.bridge(key, text)}


def test_every_form_of_event_is_worked_off_by_one_process(place):
    emulator, pids = place.emulate(), set()
    for n, (name, form) in enumerate(FORMS.items()):
        key = f"raw/{name} é+%.csv"
        status, answer = emulator.invoke(form(place, key, rows(n, n + 100)))
        assert status == 200 and "errorType" not in answer, (name, answer, emulator.logs())
        if "sqs" in name:
            assert answer == {"batchItemFailures": []}
        else:
            assert answer["n_processed"] == 1
        assert place.rows("processed/" + key.removeprefix("raw/")) == [f"T{n}", f"T{n + 100}"]
        pids.add(emulator.function_pid())
    assert len(pids) == 1 and None not in pids


def test_what_is_no_object_is_answered_and_told_again_is_done(place):
    emulator = place.emulate()
    status, answer = emulator.invoke(TEST_EVENT)
    assert status == 200 and "errorType" not in answer, answer
    status, answer = emulator.invoke({"Records": [s3_record("raw/a.csv", place.raw, name="ObjectRemoved:Delete")]})
    assert answer["n_skipped"] == 1
    event = place.event("raw/a.csv", rows(1))
    assert emulator.invoke(event)[1]["n_processed"] == 1
    assert [emulator.invoke(event)[1]["n_done_before"] for _ in range(3)] == [1, 1, 1]


def test_an_error_is_an_error_and_the_next_event_is_worked_off(place):
    emulator = place.emulate()
    for event, kind in ((place.event("raw/malformed.csv", HEADER + 'T1,"x\n'), "Function.Data"),
                        (place.event("raw/held.csv", HEADER + "T1,Ann,-1\nT2,Bob,-2\n"), "Function.Held"),
                        ({"what": "is this"}, "Function.Data"),
                        (s3_event("raw/a.csv", bucket="somebody-elses"), "Function.Data")):
        _, answer = emulator.invoke(event)
        assert answer["errorType"] == kind, answer
        assert answer["errorMessage"]
    assert emulator.invoke(place.event("raw/good.csv", rows(1)))[1]["n_processed"] == 1
    assert emulator.invoke(sqs(place.event("raw/b.csv", rows(2)), "nonsense"))[1] == {"batchItemFailures": [{"itemIdentifier": "m1"}]}


def test_a_wrong_pipeline_file_is_an_error_of_the_start(place):
    place.pipeline.write_text("version: 1\npipelin: x\n")
    emulator = place.emulate()
    _, answer = emulator.invoke(place.event("raw/a.csv", rows(1)))
    assert answer["errorType"] == "Function.Usage" and "mistakes in the pipeline file" in answer["errorMessage"], answer
    assert "did you mean 'pipeline'" in emulator.logs()


@pytest.mark.long
def test_an_object_that_is_larger_than_the_memory(place):
    memory_mb, n = 512, 16_000_000
    emulator = place.emulate(memory_mb=memory_mb)
    text = HEADER + "".join(f"T{i},Somebody Called Ann,{i % 977}.50\n" for i in range(1, n))
    assert len(text) > memory_mb << 20
    status, answer = emulator.invoke(place.event("raw/large.csv", text), seconds=280)
    assert status == 200 and answer["objects"][0]["loaded"] == n - 1, (answer, emulator.logs())
    told = pathlib.Path(f"/proc/{emulator.function_pid()}/status").read_text(encoding="ascii")
    assert int(re.search(r"VmHWM:\s+(\d+)", told)[1]) < memory_mb * 1024
