"""The bench measures what it says: its countries, peers and figures, run small and without a clock."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pytest

from tests.bench import (
    countries,
    databases,
    figures,
    floor,
    login_cryptography,
    login_stands,
    options,
    printing,
    requests_for,
)
from tests.bench.casbin_peer import Peer as CasbinPeer
from tests.bench.cedar_peer import Peer as CedarPeer
from tests.bench.cpu import Meter, Spent, resident
from tests.bench.databases import Database
from tests.bench.deciding import Deciding
from tests.bench.described import Described
from tests.bench.figures import CHECK, FLOOR_KEY, SQLITE, Bar, judged, judged_memory, ratio
from tests.bench.importing import Importing
from tests.bench.login_cryptography import Cryptography
from tests.bench.refusing import Refusing
from tests.bench.setting_up import Ground
from tests.bench.stands import Act, Key, Series, measured, planned
from tests.surroundings import arrange

SIZE, QUESTIONS = 120, 40


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A small country, with its settings in this process's environment."""
    database = databases.fresh(SQLITE, SIZE, tmp_path_factory.mktemp("bench"), None)
    with pytest.MonkeyPatch.context() as patch:
        arrange(patch, database.settings())
        countries.grow(SIZE, datetime.now(UTC).isoformat(), str(database.folder), mandates=True)
        yield database


def test_the_house_answers_every_question_as_the_country_says(country: Database) -> None:
    asked = list(islice(Described(country.folder).questions(), QUESTIONS))
    assert {one.allowed for one in asked} == {True, False}
    house = Deciding()
    house.prepare(QUESTIONS)
    assert house.act() == {"wrong": 0}


@pytest.mark.parametrize("fast", [True, False])
def test_casbin_holds_the_same_mandates(country: Database, fast: bool) -> None:
    peer = CasbinPeer(fast, country.folder)
    peer.prepare(QUESTIONS)
    assert peer.act() == {"wrong": 0}


def test_cedar_holds_the_same_mandates(country: Database) -> None:
    peer = CedarPeer(country.folder)
    peer.prepare(QUESTIONS)
    assert peer.act() == {"wrong": 0}


def test_every_line_of_the_import_is_done(country: Database) -> None:
    importing = Importing()
    importing.prepare(1)
    assert importing.act() == {"wrong": 0}


def test_a_batch_of_a_thousand_is_written_once_for_all(country: Database) -> None:
    body, permitted = next(requests_for.batches_of_one(Described(country.folder)))
    assert len(body["evaluations"]) == permitted == requests_for.ITEMS
    assert body["subject"]["type"] == "client"


def test_the_floor_answers_a_constant() -> None:
    application = floor.create()
    answer = application.test_client().post("/access/v1/evaluation", json={})  # type: ignore[attr-defined]
    assert (answer.status_code, answer.data) == (200, floor.ANSWER)


class Counted:
    """A stand that costs as much CPU as somebody's meter says."""

    key = Key("counted", SQLITE, 1)
    worth, most, rounds = 2, 50, 2

    def __init__(self) -> None:
        self.meter = Meter()
        self.done = 0

    def prepare(self, count: int) -> Act:
        def act() -> None:
            self.done += count

        return act


def test_stands_are_measured_in_turns_and_no_more_often_than_they_allow() -> None:
    stand, series = Counted(), Series()
    told: list[str] = []
    assert planned(stand, 0.1) == stand.most
    stand.done = 0
    series.run([(stand, 5)], 3, told.append)
    assert stand.done == 10
    assert [one.count for one in series.spent[stand.key]] == [10, 10]
    assert len(told) == 3


def spent(*seconds: float) -> list[Spent]:
    return [Spent(one, one, 1) for one in seconds]


def test_a_bar_is_met_by_the_median_of_the_rounds() -> None:
    key = Key(CHECK, SQLITE, 10)
    series = {key: spent(4.0, 2.0, 9.0), FLOOR_KEY: spent(2.0, 2.0, 3.0)}
    found = ratio(series[key], series[FLOOR_KEY])
    assert (found.least, found.middle, found.most) == (1.0, 2.0, 3.0)
    assert judged(Bar(key, FLOOR_KEY, 2.0), series).met is True
    assert judged(Bar(key, FLOOR_KEY, 1.9), series).met is False
    assert judged(Bar(key, figures.PEER_KEY, 2.0), series).met is None
    assert judged_memory(key, 100_000_001).met is False


def test_what_was_not_run_is_told_with_its_reason() -> None:
    key = Key(CHECK, SQLITE, 10)
    verdicts = [judged(Bar(key, figures.PEER_KEY, 2.0), {})]
    told = printing.as_json({key: spent(1.0)}, {figures.PEER_KEY: "no node"}, verdicts, 1.0)
    assert told["not_run"] == [{"row": "token", "engine": "oidc-provider", "size": 0, "reason": "no node"}]
    assert told["rows"][0]["cpu_microseconds"] == {"median": 1e6, "min": 1e6, "max": 1e6}
    assert told["bars"][0]["met"] is None


def test_a_meter_counts_this_process() -> None:
    meter = Meter(os.getpid())
    before = meter.read()
    sum(range(200_000))
    assert 0 < meter.since(before) < 60
    assert resident(os.getpid()) > 1_000_000


@pytest.mark.parametrize("kind", ["oidc", "eidas"])
def test_the_cryptography_of_a_login_is_done_alone(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(login_cryptography.KIND, kind)
    doing = Cryptography()
    doing.prepare(1)
    assert doing.act() == {"wrong": 0}
    assert len(doing._steps) == {"oidc": 5, "eidas": 4}[kind]


def test_hostile_documents_are_refused_and_held_against_their_bar() -> None:
    doing = Refusing()
    doing.prepare(2)
    assert doing.act() == {"wrong": 0}
    assert figures.judged_refusal({figures.HOSTILE_KEY: spent(0.019, 0.018, 0.5)}).met is True
    assert figures.judged_refusal({figures.HOSTILE_KEY: spent(0.021)}).met is False
    assert figures.judged_refusal({}).met is None


def test_logins_are_those_of_a_running_service(tmp_path: Path) -> None:
    """Both kinds lead to a session, through every page, at the sandbox's providers."""
    chosen = replace(options.QUICK, rows=frozenset({"logins"}), engines=(SQLITE,))
    with ExitStack() as stack:
        ground = Ground(chosen, [], tmp_path, stack)
        stands = login_stands._served(ground, databases.fresh(SQLITE, 0, tmp_path / "logins", None))
        assert [one.key.row for one in stands] == list(figures.LOGIN.values())
        for stand in stands:
            assert measured(stand, 2).count == 2
    told = [one for one in figures.bars(chosen.sizes, chosen.engines) if one.about in {one.key for one in stands}]
    assert [one.most for one in told] == [3.0, 3.0]


def test_options_are_read_strictly(capsys: pytest.CaptureFixture[str]) -> None:
    chosen, file = options.read(["--quick", "--engines", "sqlite", "--sizes", "30,20", "--json", "x.json"])
    assert (chosen.sizes, chosen.engines, file) == ((20, 30), (SQLITE,), Path("x.json"))
    with pytest.raises(SystemExit):
        options.read(["--engines", "oracle"])
    assert "choose from sqlite, postgresql" in capsys.readouterr().err
