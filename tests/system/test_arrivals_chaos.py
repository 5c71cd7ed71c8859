# SPDX-License-Identifier: Apache-2.0
"""Functions of Lambda on a bad day (arrivals_chaos.py): whatever is told of and however they end, after a sweep the state is that of
what was put."""

import pytest

from arrivals import Place, PostgresPlace
from arrivals_chaos import Chaos
from finetl import absent

try:
    import s3servers
except ImportError:
    s3servers = None

FILE_MODES, SERVER_MODES = ["results", "database", "both"], ["database", "both"]
ALL_MODES = [(m, False) for m in FILE_MODES] + [(m, True) for m in SERVER_MODES]


def start(kind, folder):
    """gofakes3 answers ten times as fast as moto, which keeps more of what S3 does."""
    if s3servers is None:
        absent("moto and boto3 are not installed; ./test does")
    with open(folder / "s3.log", "w", encoding="utf-8") as log:
        return {"gofakes3": s3servers.start_gofakes3, "moto": s3servers.start_moto}[kind](log)


def check(place, seed, n_tellings, is_versioned=True):
    chaos = Chaos(place, seed, n_tellings, is_versioned)
    chaos.run()
    print(f"seed {seed}, {place.mode}{'' if is_versioned else ', unversioned'}: {dict(chaos.counts)}")
    assert chaos.counts["told"] > n_tellings // 3


def check_on_files(finetl, folder, kind, mode, seed, n_tellings):
    server = start(kind, folder)
    try:
        is_versioned = seed % 5 != 4
        check(Place(finetl, server, folder, mode, f"chaos-{seed}", is_versioned), seed, n_tellings, is_versioned)
    finally:
        server.stop()


def check_on_a_server(finetl, folder, postgres, mode, seed, n_tellings):
    server = start("gofakes3", folder)
    try:
        check(PostgresPlace(finetl, server, folder, mode, f"chaos-{seed}", postgres.fresh()), seed, n_tellings)
    finally:
        server.stop()


@pytest.mark.parametrize("seed", range(6))
def test_a_bad_day_ends_in_the_state_of_what_was_put(finetl, tmp_path, seed):
    check_on_files(finetl, tmp_path, "gofakes3", FILE_MODES[seed % 3], seed, 80)


def test_a_bad_day_ends_in_the_state_of_what_was_put_with_moto(finetl, tmp_path):
    check_on_files(finetl, tmp_path, "moto", "both", 10, 40)


@pytest.mark.parametrize("mode", SERVER_MODES)
def test_a_bad_day_ends_in_the_state_of_what_was_put_on_a_server(finetl, postgres, tmp_path, mode):
    check_on_a_server(finetl, tmp_path, postgres, mode, 11, 60)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 150))
def test_a_bad_day_of_a_thousand_events_ends_in_the_state_of_what_was_put(finetl, tmp_path, request, seed):
    mode, is_on_server = ALL_MODES[seed % len(ALL_MODES)]
    if is_on_server:
        check_on_a_server(finetl, tmp_path, request.getfixturevalue("postgres"), mode, seed, 1000)
    else:
        check_on_files(finetl, tmp_path, "gofakes3", mode, seed, 1000)
