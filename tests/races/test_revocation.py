"""Taking a right back while checks and token requests run: from the acknowledgement on nobody gets it any more."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from iam.domain.appointments import Grant, Portfolio
from iam.domain.mandates import Mandate
from iam.services.grants import NewGrant
from iam.services.portfolios import NewPortfolio
from tests.races.askers import PROVIDER, Askers, Round
from tests.races.conftest import Arena
from tests.running import Request, Sandbox

T = TypeVar("T", Grant, Portfolio)
MANDATES, GIFTS = 80, 12
"""How many times a mandate is closed, and a grant or a portfolio taken back, on each engine."""


@pytest.fixture(scope="module")
def askers(arena: Arena) -> Iterator[Askers]:
    """The askers; the bureau has a user who closes mandates."""
    arena.backstage.user("ivo", arena.sandbox.number("bureau"), "zita", PROVIDER, mahis=("manage",))
    threads = Askers(arena.sandbox)
    yield threads
    threads.close()


def given(arena: Arena, many: int) -> list[Mandate]:
    """Mandates of so many employers to the bureau."""
    behind, bureau = arena.backstage, arena.sandbox.number("bureau")
    terms = [behind.terms(one.value, bureau, f"contract {one}") for one in behind.employers("tess", many)]
    return behind.validated("tess", behind.proposed("rosa", terms))


def of_payroll(arena: Arena, kind: type[T], **equal: object) -> T:
    """What the payroll software was given and has not lost."""
    holder, now = arena.sandbox.clients["payroll"].client_id, arena.sandbox.clock.now()
    with arena.backstage.house.archive.reading() as reading:
        return next(one for one in reading.find(kind, holder=holder, **equal) if one.valid.contains(now))


def taken_back(country: Sandbox, request: Request) -> None:
    """Take a right back: it must be acknowledged."""
    answer = country.send(request)
    assert answer.status in (200, 204), answer


def check_rounds(arena: Arena, act: str, rounds: list[Round]) -> None:
    """What got the right came before its end in the order of time, of revisions and of the audit trail."""
    leaves = list(arena.backstage.house.archive.leaves())
    ends = {one.leaf.objects[act.partition("_")[0]]: one for one in leaves if one.leaf.act == act}
    issued = {one.leaf.objects["token"]: one.sequence for one in leaves if one.leaf.act == "token_issued"}
    for done in rounds:
        end = ends[done.thing]
        assert len(done.later) >= 5
        assert [one for one in done.later if one.got] == []
        assert not [one for one in done.asked if one.permits and one.refusals], "one batch gave two answers"
        assert max(revision for one in done.asked for revision in one.permits or (0,)) < end.revision
        assert all(revision >= end.revision for one in done.asked for revision in one.refusals)
        assert all(issued[jti_of(one)] < end.sequence for one in done.tokens)
    assert sum(len(done.together) for done in rounds) > 2 * len(rounds)


def jti_of(token: str) -> str:
    """The name of an access token."""
    return str(json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))["jti"])


def check_worthless(country: Sandbox, done: Round) -> None:
    """Tokens that were issued before are worth nothing after."""
    for token in {*done.tokens[:1], *done.tokens[-1:]}:
        assert country.send(country.introspection("declarations", token)).told == {"active": False}


def raced(arena: Arena, askers: Askers, employer: str, thing: str, ending: Request) -> Round:
    """One right, taken back while its holder uses it."""
    done = askers.round(employer, thing, lambda: taken_back(arena.sandbox, ending))
    check_worthless(arena.sandbox, done)
    return done


def test_after_a_mandate_was_closed_no_check_permits_and_no_token_is_issued(arena: Arena, askers: Askers) -> None:
    country, rounds = arena.sandbox, []
    for mandate in given(arena, MANDATES):
        path = f"/enterprises/{country.number('bureau')}/mandates/{mandate.id}/close"
        closing = country.act("zita", "POST", path, {}, capacity=PROVIDER, version=mandate.version)
        rounds.append(raced(arena, askers, mandate.terms.mandator, mandate.id, closing))
    check_rounds(arena, "mandate_closed", rounds)


def check_gifts(arena: Arena, askers: Askers, kind: type[T], again: Callable[[T], object], **equal: object) -> None:
    """Take back what the payroll software was given while it acts for the haulier, and give it again."""
    country, name, rounds = arena.sandbox, kind.__name__.lower(), []
    for _ in range(GIFTS):
        gift = of_payroll(arena, kind, **equal)
        path = f"/enterprises/{country.number('bureau')}/{name}s/{gift.id}/end"
        rounds.append(raced(arena, askers, country.number("haulier"), gift.id, country.act("ivo", "POST", path, {})))
        again(gift)
    check_rounds(arena, f"{name}_ended", rounds)


def test_after_a_grant_was_taken_back_no_check_permits_and_no_token_is_issued(arena: Arena, askers: Askers) -> None:
    manager = arena.backstage.actor("ivo", arena.sandbox.number("bureau"))

    def again(grant: Grant) -> None:
        order = NewGrant(holder=grant.holder, capacity=PROVIDER, service="dimona", actions=grant.actions)
        arena.backstage.house.grants.give(manager, order)

    check_gifts(arena, askers, Grant, again, service="dimona")


def test_after_a_portfolio_was_taken_back_no_check_permits_and_no_token_is_issued(arena: Arena, askers: Askers) -> None:
    manager = arena.backstage.actor("ivo", arena.sandbox.number("bureau"))

    def again(portfolio: Portfolio) -> None:
        arena.backstage.house.portfolios.give(manager, NewPortfolio(holder=portfolio.holder, kind=portfolio.kind))

    check_gifts(arena, askers, Portfolio, again)
