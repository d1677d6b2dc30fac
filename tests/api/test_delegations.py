"""Delegations to a former mandatary at the door, and proxies on paper that officers confirm."""

from typing import Any

import pytest

from iam.domain.delegations import Delegation
from iam.domain.enterprises import Capacity
from iam.domain.mandates import Cover
from iam.domain.periods import Period, Quarter
from tests.api.administration import API, Country

EMPLOYER, PROVIDER = Capacity.EMPLOYER, Capacity.SERVICE_PROVIDER
MAHIS = "mahis:manage+consult"


class Scene:
    """An employer whose present mandatary followed a former one at the start of October."""

    def __init__(self, country: Country) -> None:
        self.country = country
        self.employer = country.enterprise(EMPLOYER)
        self.giver, self.receiver = country.enterprise(PROVIDER), country.enterprise(PROVIDER)
        self.people = {
            self.employer: country.user_of(self.employer, EMPLOYER, MAHIS),
            self.giver: country.user_of(self.giver, PROVIDER, MAHIS),
            self.receiver: country.user_of(self.receiver, PROVIDER, MAHIS),
        }
        change = Quarter(2026, 4).start
        country.record(
            self.cover("old", self.receiver, Period(Quarter(2025, 1).start, change)),
            self.cover("new", self.giver, Period(change)),
        )

    def cover(self, mandate: str, mandatary: str, valid: Period) -> Cover:
        return Cover(
            id=f"{mandate}/dmfa-dimona",
            mandate=mandate,
            mandate_version=3,
            mandator=self.employer,
            mandatary=mandatary,
            mandatary_capacity=PROVIDER,
            group="dmfa-dimona",
            valid=valid,
        )

    def order(self, **changed: Any) -> dict[str, Any]:
        return {
            "mandator": self.employer,
            "giver": self.giver,
            "receiver": self.receiver,
            "receiver_capacity": "service_provider",
            "group": "dmfa-dimona",
            "first_quarter": "2026-Q1",
            "last_quarter": "2026-Q2",
            **changed,
        }

    def ask(self, number: str, method: str, where: str, body: Any = None, **how: Any) -> Any:
        capacity = EMPLOYER if number == self.employer else PROVIDER
        path = f"/enterprises/{number}/delegations{where}"
        return self.country.ask(method, path, self.people[number], body, capacity=capacity, **how)


@pytest.fixture
def scene(country: Country) -> Scene:
    return Scene(country)


def test_two_mandataries_agree_on_past_quarters(scene: Scene) -> None:
    made = scene.ask(scene.giver, "POST", "", scene.order())
    assert (made.status_code, made.json["standing"]) == (201, "pending_other_party")
    where = f"/{made.json['id']}"
    assert made.headers["Location"] == f"{API}/enterprises/{scene.giver}/delegations{where}"
    content = {"content_hash": made.json["content_hash"]}
    own = scene.ask(scene.giver, "POST", f"{where}/validate", content, version=1)
    assert (own.status_code, own.json["code"]) == (403, "own_proposal")
    done = scene.ask(scene.receiver, "POST", f"{where}/validate", content, version=1)
    assert (done.status_code, done.json["standing"], done.headers["ETag"]) == (200, "running", '"2"')
    assert done.json["mandate"] is None
    for number in (scene.employer, scene.giver, scene.receiver):
        assert [one["id"] for one in scene.ask(number, "GET", "").json["items"]] == [made.json["id"]]
    assert scene.ask(scene.employer, "GET", where).json["mandate"] == "new"
    ended = scene.ask(scene.giver, "POST", f"{where}/end", {}, version=2)
    assert (ended.status_code, ended.json["standing"]) == (200, "ended")
    assert scene.ask(scene.giver, "POST", f"{where}/end", {}, version=3).status_code == 409


def test_a_delegation_is_refused_or_withdrawn(scene: Scene) -> None:
    first = scene.ask(scene.giver, "POST", "", scene.order()).json["id"]
    second = scene.ask(scene.receiver, "POST", "", scene.order(first_quarter="2026-Q2")).json["id"]
    assert scene.ask(scene.giver, "POST", f"/{first}/refuse", version=1).status_code == 403
    assert scene.ask(scene.receiver, "POST", f"/{first}/refuse", version=1).json["standing"] == "refused"
    assert scene.ask(scene.giver, "POST", f"/{second}/withdraw", version=1).status_code == 403
    assert scene.ask(scene.receiver, "POST", f"/{second}/withdraw", version=1).json["standing"] == "withdrawn"
    assert scene.ask(scene.receiver, "POST", f"/{second}/withdraw", version=1).status_code == 412


def test_the_mandator_reads_and_does_not_act(scene: Scene) -> None:
    made = scene.ask(scene.giver, "POST", "", scene.order()).json["id"]
    assert scene.ask(scene.employer, "GET", f"/{made}").status_code == 200
    assert scene.ask(scene.employer, "POST", f"/{made}/end", {}, version=1).status_code == 404
    proposed = scene.ask(scene.employer, "POST", "", scene.order())
    assert (proposed.status_code, proposed.json["code"]) == (403, "not_your_side")


def test_a_delegation_between_others_does_not_exist(scene: Scene) -> None:
    made = scene.ask(scene.giver, "POST", "", scene.order()).json["id"]
    third = scene.country.enterprise(PROVIDER)
    scene.people[third] = scene.country.user_of(third, PROVIDER, MAHIS)
    known, unknown = (scene.ask(third, "GET", f"/{one}") for one in (made, "A" * 22))
    assert (known.status_code, known.data) == (404, unknown.data)
    assert scene.ask(third, "GET", "").json["items"] == []


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"last_quarter": "2026-Q4"}, 400, "quarter_not_past"),
        ({"first_quarter": "2026-Q3", "last_quarter": "2026-Q1"}, 400, "invalid_quarters"),
        ({"first_quarter": "2024-Q1"}, 403, "quarter_not_handled"),
        ({"group": "works"}, 403, "not_current_mandatary"),
        ({"receiver_capacity": "employer"}, 400, "not_a_mandatary_capacity"),
        ({"first_quarter": "Q1"}, 400, "invalid_quarter"),
        ({"mandate": "new"}, 400, "invalid_input"),
    ],
)
def test_a_delegation_that_cannot_be_is_refused(scene: Scene, change: dict[str, Any], status: int, code: str) -> None:
    answer = scene.ask(scene.giver, "POST", "", scene.order(**change))
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert scene.country.found(Delegation) == []
