"""The races catch a stale cache: one in each process, that lasts across a revision which another process raised."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.backstage import backstage
from tests.races.askers import PROVIDER, Askers
from tests.races.conftest import Arena
from tests.races.test_revocation import check_rounds, given, raced
from tests.running import Service, sandbox

ROUNDS = 8
"""Within which a planted cache must be found."""


@pytest.fixture(params=[False, True], ids=["as it is", "with a planted cache"])
def arena(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Arena]:
    """The service on SQLite, as it is and with the fault."""
    command = (sys.executable, "-m", "tests.races.planted") if request.param else ()
    with sandbox(tmp_path, f"sqlite:///{tmp_path / 'procura.db'}") as country, backstage(country) as behind:
        service = Service(country.environment, tmp_path / "service.log", command)
        service.start()
        try:
            service.await_workers()
            behind.user("ivo", country.number("bureau"), "zita", PROVIDER, mahis=("manage",))
            yield Arena(country, service, behind)
        finally:
            service.kill()


def race(arena: Arena, askers: Askers) -> None:
    """Close mandates while they are used, and compare."""
    bureau, rounds = arena.sandbox.number("bureau"), []
    for mandate in given(arena, ROUNDS):
        path = f"/enterprises/{bureau}/mandates/{mandate.id}/close"
        closing = arena.sandbox.act("zita", "POST", path, {}, capacity=PROVIDER, version=mandate.version)
        rounds.append(raced(arena, askers, mandate.terms.mandator, mandate.id, closing))
    check_rounds(arena, "mandate_closed", rounds)


def test_a_stale_cache_is_caught_and_the_service_as_it_is_passes(arena: Arena, request: pytest.FixtureRequest) -> None:
    askers = Askers(arena.sandbox)
    try:
        if not request.node.callspec.params["arena"]:
            race(arena, askers)
            return
        with pytest.raises(AssertionError) as caught:
            race(arena, askers)
    finally:
        askers.close()
    assert caught.traceback[-1].name in ("check_rounds", "check_worthless")
