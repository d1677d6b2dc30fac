"""L04: two sectors cannot find out that they know the same person, and who may not have a number is told none."""

from __future__ import annotations

import base64
import hashlib
import hmac
import zlib
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import pytest

from iam.domain.clients import ClientKind
from iam.domain.enterprises import Capacity
from tests.api.evaluation_world import (
    ASKER,
    EVALUATION,
    NISS,
    PERSON,
    STRANGER_NISS,
    EvaluationWorld,
    archive_on,
    caller,
    evaluation,
    person,
    proof,
)
from tests.storage import records
from tests.storage.clocks import SetClock
from tests.storage.records import OTHER

ELSEWHERE, NEIGHBOUR = "1000000005", "other-sector"
"""A service of another enterprise, which is another sector."""


@pytest.fixture(params=["memory", "sqlite"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EvaluationWorld]:
    clock = SetClock()
    with archive_on(request.param, tmp_path, clock) as archive:
        made = EvaluationWorld(archive, clock)
        made.callers[f"Bearer t-{NEIGHBOUR}"] = caller(NEIGHBOUR)
        acting = {"enterprise": ELSEWHERE, "capacity": Capacity.ADMINISTRATION}
        made.put(
            records.enterprise(ELSEWHERE),
            records.capacity_held("c9", **acting),
            records.client(NEIGHBOUR, services=("dimona",), kind=ClientKind.DECLARATION_SERVICE, **acting),
            records.token(f"t-{NEIGHBOUR}", client=NEIGHBOUR, service="authorization"),
        )
        yield made


def told(world: EvaluationWorld, subject: object, by: str) -> tuple[int, object]:
    """Status and body of an answer, without what is new in each."""
    answer = world.post(EVALUATION, evaluation(subject), by=by)
    body = dict(answer.json or {})
    body.pop("instance", None)
    context = body.get("context")
    if isinstance(context, dict):
        body["context"] = {name: value for name, value in context.items() if name != "id"}
    assert NISS not in answer.text + str(answer.headers)
    return answer.status_code, body


def spelt(sub: str) -> list[str]:
    """Ways to write a name of another sector so that it might be taken."""
    octets = base64.urlsafe_b64decode(sub + "==")
    standard = base64.b64encode(octets).decode()
    return [sub, f"{sub}==", standard, octets.hex(), f" {sub}", f"{sub} ", sub.swapcase(), sub[::-1], f"{OTHER}:{sub}"]


@pytest.mark.attack("L04")
@pytest.mark.parametrize("spelling", range(9))
@pytest.mark.parametrize("logged_in", [True, False])
def test_the_name_of_another_sector_is_answered_like_the_name_of_nobody(
    world: EvaluationWorld, spelling: int, logged_in: bool
) -> None:
    foreign, nobody = spelt(world.sub())[spelling], spelt("Bw" + "A" * 20)[spelling]
    tokens = [proof(f"j{one}", azp=NEIGHBOUR) if logged_in else None for one in range(2)]
    asked = [told(world, person(name, token), NEIGHBOUR) for name, token in zip((foreign, nobody), tokens, strict=True)]
    assert asked[0] == asked[1]
    assert "decision" not in str(asked[0][1]) or asked[0][1]["decision"] is False  # type: ignore[index]


def test_the_own_name_is_answered_otherwise(world: EvaluationWorld) -> None:
    own = world.sub(sector=ELSEWHERE)
    status, body = told(world, person(own, proof("j1", azp=NEIGHBOUR)), NEIGHBOUR)
    assert (status, body["decision"]) == (200, True)  # type: ignore[index]


HASHES: dict[str, Callable[[bytes, bytes], bytes]] = {
    "sha256": lambda key, text: hashlib.sha256(key + text).digest(),
    "sha1": lambda key, text: hashlib.sha1(key + text).digest(),
    "md5": lambda key, text: hashlib.md5(key + text).digest(),
    "sha512": lambda key, text: hashlib.sha512(text + key).digest(),
    "blake2": lambda key, text: hashlib.blake2b(text + key).digest(),
    "hmac": lambda key, text: hmac.digest(key or b"\0", text, "sha256"),
    "crc": lambda key, text: zlib.crc32(key + text).to_bytes(4, "big") * 4,
    "plain": lambda key, text: (key + text).ljust(16, b"\0"),
}
KEYS = ("", OTHER, ELSEWHERE, PERSON, ASKER, NEIGHBOUR, "procura", "dimona", "https://procura.example")
WRITINGS = (NISS, f"{NISS[:2]}.{NISS[2:4]}.{NISS[4:6]}-{NISS[6:9]}.{NISS[9:]}", f"niss:{NISS}", NISS[:9], PERSON)


@pytest.mark.attack("L04")
@pytest.mark.parametrize("name", HASHES)
def test_no_name_is_computed_from_the_number_or_from_that_of_another_sector(world: EvaluationWorld, name: str) -> None:
    """Whoever knows every number of the country, the sectors and the names in one of them learns none in another."""
    mine, other = world.sub(), world.sub(sector=ELSEWHERE)
    for key, text in product(KEYS, (*WRITINGS, mine, f"{OTHER}{mine}")):
        for tried in (HASHES[name](key.encode(), text.encode()), HASHES[name](text.encode(), key.encode())):
            written = base64.urlsafe_b64encode(tried).decode()
            assert not any(len(sub) > 0 and (sub in written or sub[:10] in written) for sub in (mine, other))
            assert not any(sub in tried.hex() for sub in (mine, other))


@pytest.mark.attack("L04")
def test_names_of_many_people_share_nothing_between_sectors(world: EvaluationWorld) -> None:
    """Neither order nor any part of a name tells which two are one person's."""
    people = [base64.urlsafe_b64encode(bytes([0] * 14 + [n // 256, n % 256])).decode()[:22] for n in range(512)]
    here = [world.sub(one) for one in people]
    there = [world.sub(one, ELSEWHERE) for one in people]
    assert len({*here, *there, *people}) == 3 * len(people)
    alike = [sum(a == b for a, b in zip(one, other, strict=True)) for one, other in zip(here, there, strict=True)]
    assert max(alike) < 8 and sum(alike) / len(alike) < 1.5
    order = sorted(range(512), key=here.__getitem__)
    same = sum(one == other for one, other in zip(order, sorted(range(512), key=there.__getitem__), strict=True))
    assert same < 12


@pytest.mark.attack("L04", "W09")
@pytest.mark.parametrize("by", [NEIGHBOUR, ASKER])
@pytest.mark.parametrize("logged_in", [True, False])
def test_who_may_not_name_people_by_number_learns_of_none(world: EvaluationWorld, by: str, logged_in: bool) -> None:
    """A client is told the same of a number that is known, unknown, or none at all."""
    service = "dimona" if by == NEIGHBOUR else "dmfa"
    answers = []
    for place, number in enumerate((NISS, STRANGER_NISS, "85073003329", "x")):
        token = proof(f"j{place}", azp=by) if logged_in else None
        answer = world.post(EVALUATION, evaluation(person(f"niss:{number}", token), service=service), by=by)
        assert number not in answer.text or number == "x"
        answers.append((answer.status_code, {**(answer.json or {}), "instance": ""}))
    assert {one[0] for one in answers} == {403}
    assert all(one == answers[0] for one in answers)
    assert world.logins == 0
