"""I13, I2 and H16 for tokens of persons: what breaks gives no token, and after an end nobody gets one by what ended."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from iam.domain.appointments import Grant
from iam.domain.audit import Leaf
from iam.domain.authorization_grants import AuthorizationGrant
from iam.domain.errors import Refusal
from iam.ports import Law
from iam.services.grant_families import revoke_family
from iam.services.token_issue import TokenIssue, TokenRefused
from iam.storage.archive import SqlArchive, open_archive
from iam.storage.migrations import upgrade
from iam.storage.unit_of_work import SqlUnitOfWork
from policies.engine import CasbinLaw
from tests.invariants.lent_rights import LentRights
from tests.storage import records
from tests.storage.clocks import SetClock

ROUNDS = {"sqlite": 800, "postgresql": 200}
"""Ends on each engine, while two nodes renew, exchange and introspect: a thousand together."""


class Broken(Exception):
    """Something that does not answer."""


def _url(request: pytest.FixtureRequest, folder: Path) -> str:
    if request.param == "postgresql":
        url: str = request.getfixturevalue("postgresql_copy")
        return url
    upgrade(url := f"sqlite:///{folder / 'procura.db'}")
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def nodes(request: pytest.FixtureRequest, law: Law, tmp_path: Path) -> Iterator[tuple[LentRights, LentRights]]:
    """Two nodes on one database."""
    url, clock = _url(request, tmp_path), SetClock()
    archives = [open_archive(url, clock) for _ in range(2)]
    first, second = (LentRights(one, clock, law) for one in archives)
    first.settle()
    first.newcomer()
    second.person, second.session = first.person, first.session
    yield first, second
    for one in archives:
        one.close()


WHERE: dict[str, tuple[type[Any], str]] = {
    "the question is not answered": (SqlUnitOfWork, "situations"),
    "the law fails": (CasbinLaw, "judge"),
    "nothing is found": (SqlUnitOfWork, "get"),
    "nothing is recorded": (SqlUnitOfWork, "put"),
    "no leaf is written": (SqlUnitOfWork, "audit"),
    "the commit fails": (SqlUnitOfWork, "commit"),
    "the judge fails": (TokenIssue, "judged"),
}


@pytest.mark.parametrize("act", ["redeem", "refresh", "swap", "approve"])
@pytest.mark.parametrize("where", WHERE)
def test_what_breaks_gives_no_token_and_takes_nothing_away(
    nodes: tuple[LentRights, LentRights], where: str, act: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, _ = nodes
    acts = _acts(world)
    before, head = world.issued(), world.archive.head()
    kind, name = WHERE[where]

    def broken(*_: object, **__: object) -> Any:
        raise Broken

    with monkeypatch.context() as patch:
        patch.setattr(kind, name, broken)
        with pytest.raises((Broken, Refusal)):
            acts[act]()
    assert world.issued() == before and world.archive.head() == head
    acts[act]()


def _acts(world: LentRights) -> dict[str, Callable[[], object]]:
    code, given = world.approve(offline=True), world.redeem(world.approve(offline=True))
    assert given.refresh_token is not None
    return {
        "redeem": lambda: world.redeem(code),
        "refresh": lambda: world.refresh(given.refresh_token or ""),
        "swap": lambda: world.swap(given.standing.token.jti),
        "approve": lambda: world.approve(offline=False),
    }


class Asking(threading.Thread):
    """A node that renews, exchanges and introspects until it is told to stop, as often as it may."""

    def __init__(self, world: LentRights, token: str, jti: str, family: str) -> None:
        super().__init__()
        self.world, self.token, self.jti, self.family = world, token, jti, family
        self.acknowledged = threading.Event()
        self.stopping = threading.Event()
        self.begun_after: list[object] = []
        """What was given to questions that began after the acknowledgement."""
        self.refused = 0

    def run(self) -> None:
        while not self.stopping.is_set():
            after = self.acknowledged.is_set()
            try:
                given = self.world.refresh(self.token)
                self.token = given.refresh_token or ""
                found: list[object] = [given, self.world.swap(given.standing.token.jti)]
            except TokenRefused:
                found, self.refused = [], self.refused + 1
            if self.world.active(self.jti):
                found.append("active")
            self.begun_after += found if after else []
            if after and self.refused:
                return


def end_right(world: LentRights, how: str, family: str) -> None:
    """End what the tokens rest on, with a leaf that tells when."""
    with world.archive.writing() as uow:
        if how == "grant":
            uow.remove(Grant, f"g{world.person}")
        else:
            found = uow.get(AuthorizationGrant, family)
            assert found is not None
            revoke_family(uow, found, "test")
        uow.audit(Leaf(act="ended_now", actor="x", caller="", objects={"grant": family}))
        uow.commit()


def rounds(nodes: tuple[LentRights, LentRights], many: int, chance: Random) -> None:
    """End a right so many times while both nodes use it."""
    world, other = nodes
    for count in range(many):
        world.put_link("grant", records.OPEN)
        threads = []
        for node in (world, other):
            given = node.redeem(node.approve(offline=True))
            token = given.standing.token
            threads.append(Asking(node, given.refresh_token or "", token.jti, token.grant or ""))
        for one in threads:
            one.start()
        threading.Event().wait(chance.random() * 0.004)
        end_right(world, "grant" if count % 2 else "family", threads[0].family)
        ended = threads if count % 2 else threads[:1]
        for one in ended:
            one.acknowledged.set()
        for one in ended:
            one.join(30)
        for one in threads:
            one.stopping.set()
            one.join(30)
            assert not one.is_alive()
        assert [one.begun_after for one in ended] == [[]] * len(ended), "given after the acknowledgement"
        world.clock.advance(seconds=1)


def check_trail(world: LentRights) -> None:
    """In the audit trail no token of a family comes after its end."""
    ended: set[str] = set()
    archive = world.archive
    assert isinstance(archive, SqlArchive)
    for one in archive.leaves():
        if one.leaf.act == "ended_now":
            ended.add(one.leaf.objects["grant"])
        assert one.leaf.act != "token_issued" or one.leaf.objects.get("grant") not in ended, "issued after the end"


@pytest.mark.attack("H16")
def test_after_an_end_no_node_gives_a_token_by_what_ended(nodes: tuple[LentRights, LentRights]) -> None:
    archive = nodes[0].archive
    assert isinstance(archive, SqlArchive)
    rounds(nodes, ROUNDS[archive.engine.dialect.name], Random(16))
    check_trail(nodes[0])


def test_a_judge_that_remembers_is_found_by_the_race(
    nodes: tuple[LentRights, LentRights], monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = TokenIssue.judged
    kept: dict[object, Any] = {}

    def remembered(issue: TokenIssue, reading: Any, draft: Any, ends: Any, login: Any = None) -> Any:
        if draft.grant not in kept:
            kept[draft.grant] = judged(issue, reading, draft, ends, login)
        before = kept[draft.grant].token
        token = replace(draft, issued_at=before.issued_at, expires_at=before.expires_at)
        return replace(kept[draft.grant], token=token)

    monkeypatch.setattr(TokenIssue, "judged", remembered)
    with pytest.raises(AssertionError, match="after"):
        rounds(nodes, 6, Random(1))
        check_trail(nodes[0])
