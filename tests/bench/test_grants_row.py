"""The rows of grants measure what they say: tokens of live grants at a running service, and what cleaning costs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from iam.domain.authorization_grants import AuthorizationCode, AuthorizationGrant, RefreshToken
from iam.domain.tokens import IssuedToken
from tests.bench import grant_figures, growing_up, options, pauses
from tests.bench.cpu import Meter, Spent
from tests.bench.databases import Database
from tests.bench.figures import SQLITE
from tests.bench.grant_country import read_people
from tests.bench.grant_figures import CODE, peer_of
from tests.bench.grant_stands import opened, served, stands_of
from tests.bench.pauses import Pauses, rank
from tests.bench.setting_up import Ground
from tests.bench.stands import Key, measured
from tests.surroundings import arrange

LIVE, EXPIRED = 40, 30


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ground, Database]]:
    """A database with some live grants, in which nothing else is measured."""
    folder = tmp_path_factory.mktemp("grants")
    chosen = replace(options.QUICK, rows=frozenset({"grants"}), engines=(SQLITE,), live=(LIVE,), expired=EXPIRED)
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        arrange(patch, {})
        [database] = growing_up.live_grants(chosen, [SQLITE], folder, None)
        yield Ground(chosen, [], folder, stack), database


def test_every_row_is_answered_by_a_running_service(ground: tuple[Ground, Database]) -> None:
    """By code, by refresh with and without rotation, by credentials with proofs, and what such tokens are worth."""
    place, database = ground
    requests, meter = served(place, database)
    stands = stands_of(requests, meter, database.engine, database.size)
    assert [one.key.row for one in stands] == list(grant_figures.ROWS)
    for stand in stands:
        assert measured(stand, 2).count == 2


def test_each_live_grant_has_its_code_and_tokens(ground: tuple[Ground, Database]) -> None:
    place, database = ground
    people, _ = read_people(database.folder)
    with opened(place, database).reading() as reading:
        for number in range(LIVE):
            grant = people.loaded(number)
            assert reading.get(AuthorizationGrant, grant.id) == grant
            assert len(reading.find(IssuedToken, grant=grant.id)) >= 1
        loaded = {people.loaded(number).id for number in range(LIVE)}
        for kind in (AuthorizationCode, RefreshToken):
            assert loaded <= {one.grant for one in reading.find(kind)}


def test_what_ended_is_cleaned_while_tokens_are_given(ground: tuple[Ground, Database]) -> None:
    place, database = ground
    (found,) = pauses.pauses_of(place, database).values()
    assert found.swept >= EXPIRED * pauses.KINDS_OF_GRANT
    assert found.alone
    people, _ = read_people(database.folder)
    with opened(place, database).reading() as reading:
        assert all(reading.get(AuthorizationGrant, people.loaded(number).id) for number in range(LIVE))


def spent(*seconds: float) -> list[Spent]:
    return [Spent(one, one, 1) for one in seconds]


def test_tokens_for_each_second_are_compared_with_the_peers_and_growth_with_few_grants() -> None:
    few, many = Key(CODE, SQLITE, 10), Key(CODE, SQLITE, 1000)
    series = {few: spent(1.0, 1.0, 1.0), many: spent(1.2, 1.5, 1.2), peer_of(CODE): spent(1.3, 1.3, 1.3)}
    gain, growth = (one for one in grant_figures.verdicts((10, 1000), (SQLITE,), series) if one.found)
    assert (gain.met, gain.least) == (True, 1.0)
    assert gain.found is not None and round(gain.found.middle, 3) == round(1.3 / 1.2, 3)
    assert (growth.met, growth.most) == (True, 1.3)
    slower = {**series, many: spent(1.4, 1.5, 1.4)}
    told = [one.met for one in grant_figures.verdicts((10, 1000), (SQLITE,), slower) if one.found]
    assert told == [False, False]


def test_a_row_that_was_not_run_meets_nothing() -> None:
    assert {one.met for one in grant_figures.verdicts((10, 1000), (SQLITE,), {})} == {None}


def test_the_longest_pause_is_what_the_slowest_waits_more() -> None:
    assert Pauses([0.1, 0.2], [0.3, 0.44], 1, 1.0).met is True
    assert Pauses([0.1, 0.2], [0.3, 0.46], 1, 1.0).met is False
    assert rank([3.0, 1.0, 2.0], 0.5) == 2.0
    assert rank([float(one) for one in range(100)], 0.99) == 98.0


def test_what_a_database_server_uses_is_told_apart() -> None:
    meter = Meter(os.getppid(), database=os.getpid())
    before = meter.read()
    sum(range(2_000_000))
    whole, database = meter.parts_since(before)
    assert 0 < database <= whole
    assert Meter(os.getpid()).parts_since(before)[1] == 0


def test_options_of_grants_are_read(tmp_path: Path) -> None:
    chosen, _ = options.read(["--live", "30,20", "--expired", "7", "--rows", "grants"])
    assert (chosen.live, chosen.expired, chosen.rows) == ((20, 30), 7, frozenset({"grants"}))
    assert options.Options().live == (10_000, 1_000_000)
