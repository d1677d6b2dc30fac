"""The enterprise register is believed only when it answers validly, and about the enterprise that was asked."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from iam.domain.enterprises import RegisterExtract, Representative
from iam.domain.errors import InvalidInput, Unavailable
from iam.domain.periods import Period
from iam.outside.enterprise_register import HttpEnterpriseRegister
from iam.outside.guarded_http import GuardedHttp
from tests.outside.scripted_server import answering, send

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
NUMBER, OTHER, NISS = "0206731645", "0884303369", "85073003328"
REPRESENTATIVE = {"niss": NISS, "function": "director", "from": "2019-03-01T00:00:00+01:00", "until": None}
ANSWER: dict[str, Any] = {
    "enterprise": NUMBER,
    "exists": True,
    "ceased_at": None,
    "required_signatures": 2,
    "representatives": [REPRESENTATIVE],
}


class StoppedClock:
    """A clock that shows one instant."""

    def now(self) -> datetime:
        """That instant."""
        return NOW


def extract(body: bytes, status: int = 200) -> RegisterExtract:
    """What the house takes from a register that answers with this body."""
    with answering(send(body, status=status)) as address:
        return HttpEnterpriseRegister(GuardedHttp(address), StoppedClock()).extract(NUMBER)


def without(member: str) -> dict[str, Any]:
    """The answer without one of its members."""
    return {name: value for name, value in ANSWER.items() if name != member}


def test_a_valid_answer_becomes_an_extract_with_the_instant_of_asking() -> None:
    start = datetime(2019, 2, 28, 23, tzinfo=UTC)
    assert extract(json.dumps(ANSWER).encode()) == RegisterExtract(
        enterprise=NUMBER,
        asked_at=NOW,
        exists=True,
        ceased_at=None,
        representatives=(Representative(niss=NISS, function="director", valid=Period(start)),),
        required_signatures=2,
    )


def test_a_number_that_the_register_does_not_know_is_an_answer() -> None:
    unknown = {**ANSWER, "exists": False, "representatives": [], "required_signatures": 1}
    assert extract(json.dumps(unknown).encode()).exists is False


def test_a_ceased_enterprise_tells_when_it_ceased() -> None:
    ceased = {**ANSWER, "ceased_at": "2026-01-01T00:00:00+01:00"}
    assert extract(json.dumps(ceased).encode()).ceased_at == datetime(2025, 12, 31, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    "answer",
    [
        {**ANSWER, "enterprise": OTHER},
        {**ANSWER, "enterprise": NUMBER[1:]},
        {**ANSWER, "exists": "yes"},
        {**ANSWER, "exists": 1},
        {**ANSWER, "required_signatures": 0},
        {**ANSWER, "required_signatures": True},
        {**ANSWER, "required_signatures": "2"},
        {**ANSWER, "ceased_at": "2026-01-01"},
        {**ANSWER, "representatives": None},
        {**ANSWER, "representatives": [{**REPRESENTATIVE, "niss": "85073003329"}]},
        {**ANSWER, "representatives": [{**REPRESENTATIVE, "function": ""}]},
        {**ANSWER, "representatives": [{**REPRESENTATIVE, "until": "2019-03-01T00:00:00+01:00"}]},
        {**ANSWER, "representatives": [{**REPRESENTATIVE, "name": "X"}]},
        {**ANSWER, "representatives": [REPRESENTATIVE] * 1001},
        {**ANSWER, "note": "more than was agreed"},
        without("representatives"),
        without("ceased_at"),
        [ANSWER],
        None,
    ],
)
def test_an_answer_that_is_not_valid_is_no_answer(answer: object) -> None:
    with pytest.raises(Unavailable) as caught:
        extract(json.dumps(answer).encode())
    assert caught.value.code == "register_unavailable"


def test_a_member_that_stands_twice_is_no_answer() -> None:
    body = json.dumps(ANSWER).replace('"exists": true', '"exists": false, "exists": true').encode()
    with pytest.raises(Unavailable):
        extract(body)


@pytest.mark.parametrize("status", [204, 302, 404, 500, 503])
def test_another_status_is_no_answer(status: int) -> None:
    with pytest.raises(Unavailable):
        extract(json.dumps(ANSWER).encode(), status)


def test_a_register_that_is_not_there_says_nothing_of_the_enterprise() -> None:
    with answering(send(b"")) as address:
        register = HttpEnterpriseRegister(GuardedHttp(address), StoppedClock())
    with pytest.raises(Unavailable):
        register.extract(NUMBER)


def test_only_a_valid_number_is_asked_about() -> None:
    register = HttpEnterpriseRegister(GuardedHttp("https://register.example"), StoppedClock())
    with pytest.raises(InvalidInput):
        register.extract("../0206731645")
