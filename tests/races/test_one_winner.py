"""Sixty-four at once, to four processes: exactly one wins, the others are clearly refused, and nothing else happens."""

from __future__ import annotations

from collections import Counter

import pytest

from iam.domain.enterprises import Capacity, Enterprise
from iam.domain.identifiers import CbeNumber
from iam.domain.mandates import Mandate, State
from iam.domain.periods import Quarter
from tests.races.conftest import Arena
from tests.races.till import outcomes
from tests.rows import gained_by
from tests.running import ADMINISTER, Request

MANY = 64
CHANGE = {"revisions": 1, "audit_leaves": 1}
EMPLOYER = Capacity.EMPLOYER
VARIANTS = ("0206731645", "206731645", "0206.731.645", "BE0206731645", "BE 0206.731.645")
"""One number as people write it."""


@pytest.fixture(scope="module")
def mandator(arena: Arena) -> str:
    """An employer with a user who manages mandates."""
    number = arena.sandbox.number("bakery")
    arena.backstage.designate("bea", number, "gust")
    arena.backstage.user("gust", number, "zita", EMPLOYER, mahis=("manage",))
    return number


def proposal(
    arena: Arena, mandator: str, reference: str, *, login: str | None = None, key: str | None = None
) -> Request:
    """A proposal by that user, for software that several providers may be given."""
    body = {
        "side": "mandator",
        "other": arena.sandbox.number("bureau"),
        "mandatary_capacity": "service_provider",
        "groups": ["works"],
        "first_quarter": str(Quarter.of(arena.sandbox.clock.now())),
        "contract_reference": reference,
    }
    path = f"/enterprises/{mandator}/mandates"
    return arena.sandbox.act("zita", "POST", path, body, capacity=EMPLOYER, login=login, key=key)


def proposed(arena: Arena, reference: str) -> list[Mandate]:
    """The mandates with this contract reference."""
    with arena.backstage.house.archive.reading() as reading:
        return [one for one in reading.find(Mandate) if one.terms.contract_reference == reference]


def test_one_of_many_validations_for_an_exclusive_group_wins(arena: Arena, mandator: str) -> None:
    behind = arena.backstage
    providers = behind.providers("bert", MANY)
    proposals = behind.proposed("bert", [behind.terms(mandator, one.value, f"race {one}") for one in providers])
    requests = [
        arena.sandbox.act(
            "zita",
            "POST",
            f"/enterprises/{mandator}/mandates/{one.id}/validate",
            {"content_hash": one.terms.content_hash()},
            capacity=EMPLOYER,
            version=one.version,
        )
        for one in proposals
    ]
    with gained_by(arena.url) as gains:
        answers = arena.race(requests)
    assert outcomes(answers) == {(200, None): 1, (409, "group_taken"): MANY - 1}
    assert gains == {**CHANGE, "mandates": 1, "covers": 1, "tenures": 1, "outbox": 1, "claims": MANY}
    with behind.house.archive.reading() as reading:
        states = Counter(reading.get(Mandate, one.id).state for one in proposals)
    assert states == {State.VALIDATED: 1, State.PENDING_OTHER_PARTY: MANY - 1}


def test_one_of_many_registrations_of_one_enterprise_wins_however_its_number_is_written(arena: Arena) -> None:
    """Their first logins, which come at once too, make one person."""
    number = CbeNumber.parse(VARIANTS[0])
    arena.backstage.listed(number, "otto")
    written = [VARIANTS[count % len(VARIANTS)] for count in range(MANY)]
    requests = [arena.sandbox.act("otto", "POST", "/enterprises", {"number": one}) for one in written]
    with gained_by(arena.url) as gains:
        answers = arena.race(requests)
    assert outcomes(answers) == {(201, None): 1, (409, "enterprise_exists"): MANY - 1}
    person = {"persons": 1, "person_numbers": 1, "audit_leaves": 2}
    assert gains == {**CHANGE, **person, "enterprises": 1, "register_answers": 1, "claims": MANY}
    with arena.backstage.house.archive.reading() as reading:
        entered = reading.get(Enterprise, number.value)
    assert entered is not None and entered.entered_at is not None


def test_digits_that_only_look_like_digits_register_nothing(arena: Arena) -> None:
    wide = VARIANTS[0].translate({ord("0") + digit: 0xFF10 + digit for digit in range(10)})
    requests = [arena.sandbox.act("rosa", "POST", "/enterprises", {"number": wide}) for _ in range(8)]
    with gained_by(arena.url) as gains:
        answers = [arena.sandbox.send(one) for one in requests]
    assert {one.status for one in answers} == {400}
    assert gains == {"claims": 8}


def test_one_of_many_uses_of_a_client_assertion_wins(arena: Arena) -> None:
    request = arena.sandbox.token_request("portal", ADMINISTER)
    with gained_by(arena.url) as gains:
        answers = arena.race([request] * MANY)
    assert outcomes(answers) == {(200, None): 1, (401, "invalid_client"): MANY - 1}
    assert gains == {"issued_tokens": 1, "audit_leaves": 1, "claims": 1}


def test_one_of_many_uses_of_a_login_wins(arena: Arena, mandator: str) -> None:
    login = arena.sandbox.login("zita")
    requests = [proposal(arena, mandator, "one login", login=login) for _ in range(MANY)]
    with gained_by(arena.url) as gains:
        answers = arena.race(requests)
    assert outcomes(answers) == {(201, None): 1, (401, "authentication_replayed"): MANY - 1}
    assert gains == {**CHANGE, "mandates": 1, "outbox": 1, "claims": 1}
    assert len(proposed(arena, "one login")) == 1


def test_one_idempotency_key_gives_everybody_the_same_answer_and_the_act_is_done_once(
    arena: Arena, mandator: str
) -> None:
    requests = [proposal(arena, mandator, "one key", key="the-one-key") for _ in range(MANY)]
    with gained_by(arena.url) as gains:
        answers = arena.race(requests)
    assert outcomes(answers) == {(201, None): MANY}
    assert len({repr((one.told, one.headers["etag"], one.headers["location"])) for one in answers}) == 1
    assert gains == {**CHANGE, "mandates": 1, "outbox": 1, "claims": MANY, "kept_values": 1}
    assert [one.id for one in proposed(arena, "one key")] == [answers[0].told["id"]]


def test_one_idempotency_key_for_two_requests_does_one_of_them(arena: Arena, mandator: str) -> None:
    requests = [proposal(arena, mandator, f"shared key {count % 2}", key="a-shared-key") for count in range(MANY)]
    with gained_by(arena.url) as gains:
        answers = arena.race(requests)
    assert outcomes(answers) == {(201, None): MANY // 2, (409, "idempotency_key_reused"): MANY // 2}
    assert len({one.told["id"] for one in answers if one.status == 201}) == 1
    assert gains == {**CHANGE, "mandates": 1, "outbox": 1, "claims": MANY, "kept_values": 1}


def test_of_many_changes_to_one_version_one_is_made(arena: Arena, mandator: str) -> None:
    made = arena.sandbox.send(proposal(arena, mandator, "one version"))
    path = f"{made.headers['location'].removeprefix('/api/v1')}/withdraw"
    requests = [arena.sandbox.act("zita", "POST", path, {}, capacity=EMPLOYER, version=1) for _ in range(MANY)]
    with gained_by(arena.url) as gains:
        answers = arena.race(requests)
    assert sorted(outcomes(answers).values()) == [1, MANY - 1]
    assert outcomes(answers)[200, None] == 1
    assert gains == {**CHANGE, "mandates": 1, "outbox": 1, "claims": MANY}
