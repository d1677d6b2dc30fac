"""Mandates between enterprises: proposing, accepting, reading and closing them at the door."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest

from iam.domain.enterprises import Capacity
from iam.domain.identifiers import Niss
from iam.domain.instants import format_instant
from iam.domain.mandates import Mandate
from tests.api.administration import API, Country, Human

EMPLOYER, PROVIDER = Capacity.EMPLOYER, Capacity.SERVICE_PROVIDER
MAHIS = "mahis:manage+consult"


@dataclass(frozen=True)
class Side:
    """One party: its number, who manages its mandates, and in which capacity."""

    number: str
    human: Human
    capacity: Capacity

    def path(self, mandate: str = "", act: str = "") -> str:
        return f"/enterprises/{self.number}/mandates" + (mandate and f"/{mandate}") + (act and f"/{act}")


def party(country: Country, capacity: Capacity) -> Side:
    number = country.enterprise(capacity)
    return Side(number, country.user_of(number, capacity, MAHIS), capacity)


def proposal(other: Side, /, **changed: Any) -> dict[str, Any]:
    return {
        "side": "mandator",
        "other": other.number,
        "mandatary_capacity": other.capacity.value,
        "groups": ["dmfa-dimona"],
        "first_quarter": "2026-Q4",
        "contract_reference": "Contract 17",
        "finalise": True,
        **changed,
    }


def proposed(country: Country, employer: Side, provider: Side, /, **changed: Any) -> dict[str, Any]:
    body = proposal(provider, **changed)
    answer = country.post(employer.path(), employer.human, body, capacity=employer.capacity)
    assert answer.status_code == 201, answer.json
    told: dict[str, Any] = answer.json
    return told


def act(country: Country, side: Side, mandate: dict[str, Any], name: str, **body: Any) -> Any:
    path = side.path(mandate["id"], name)
    return country.post(path, side.human, body, capacity=side.capacity, version=mandate["version"])


def validated(country: Country, employer: Side, provider: Side, **changed: Any) -> dict[str, Any]:
    pending = proposed(country, employer, provider, **changed)
    answer = act(country, provider, pending, "validate", content_hash=pending["content_hash"])
    assert answer.status_code == 200, answer.json
    told: dict[str, Any] = answer.json
    return told


def test_both_sides_agree_on_the_same_content(country: Country) -> None:
    employer, provider = party(country, EMPLOYER), party(country, PROVIDER)
    draft = proposed(country, employer, provider, finalise=False)
    assert (draft["state"], draft["version"], draft["side"]) == ("to_be_finalised", 1, "mandator")
    changed = country.ask(
        "PUT",
        employer.path(draft["id"]),
        employer.human,
        {name: value for name, value in proposal(provider, contract_reference="18").items() if name != "finalise"},
        capacity=EMPLOYER,
        version=1,
    )
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    pending = act(country, employer, changed.json, "finalise")
    assert (pending.status_code, pending.json["standing"]) == (200, "pending_other_party")
    stands = act(country, provider, pending.json, "validate", content_hash=pending.json["content_hash"])
    assert (stands.status_code, stands.json["standing"], stands.json["side"]) == (200, "active", "mandatary")
    assert {one["channel"] for one in stands.json["acceptances"]} == {"mahis"}
    assert stands.json["in_force"]["until"] is None


def test_a_new_proposal_says_where_it_is(country: Country) -> None:
    employer, provider = party(country, EMPLOYER), party(country, PROVIDER)
    answer = country.post(employer.path(), employer.human, proposal(provider), capacity=EMPLOYER)
    assert answer.headers["Location"] == API + employer.path(answer.json["id"])
    assert answer.headers["ETag"] == '"2"'
    read = country.get(employer.path(answer.json["id"]), employer.human, capacity=EMPLOYER)
    assert (read.json, read.headers["ETag"]) == (answer.json, '"2"')


def test_people_of_the_other_side_are_not_named(country: Country) -> None:
    employer, provider = party(country, EMPLOYER), party(country, PROVIDER)
    mandate = validated(country, employer, provider)
    for side, name in ((employer, "mandator"), (provider, "mandatary")):
        seen = country.get(side.path(mandate["id"]), side.human, capacity=side.capacity).json
        named = {one["side"]: one["person"] for one in seen["acceptances"]}
        me = country.get("/me", side.human).json["sub"]
        assert named == {"mandator": None, "mandatary": None, name: me}


def test_a_mandate_between_others_does_not_exist(country: Country) -> None:
    employer, provider = party(country, EMPLOYER), party(country, PROVIDER)
    third = party(country, PROVIDER)
    mandate = validated(country, employer, provider)
    for name, body in (
        ("close", {}),
        ("refuse", {}),
        ("withdraw", {}),
        ("finalise", {}),
        ("validate", {"content_hash": mandate["content_hash"]}),
    ):
        known = act(country, third, mandate, name, **body)
        unknown = act(country, third, {**mandate, "id": "A" * 22}, name, **body)
        assert (known.status_code, known.data) == (404, unknown.data)
    known = country.get(third.path(mandate["id"]), third.human, capacity=PROVIDER)
    unknown = country.get(third.path("A" * 22), third.human, capacity=PROVIDER)
    assert (known.status_code, known.data) == (404, unknown.data)
    assert country.get(third.path(), third.human, capacity=PROVIDER).json["items"] == []
    stranger = country.get(employer.path(), third.human, capacity=PROVIDER)
    nowhere = country.get("/enterprises/1000000021/mandates", third.human, capacity=PROVIDER)
    assert (stranger.status_code, stranger.data) == (404, nowhere.data)


def test_a_change_needs_the_version_that_was_read(country: Country) -> None:
    employer, provider = party(country, EMPLOYER), party(country, PROVIDER)
    pending = proposed(country, employer, provider)
    path = provider.path(pending["id"], "validate")
    body = {"content_hash": pending["content_hash"]}
    without = country.post(path, provider.human, body, capacity=PROVIDER)
    assert (without.status_code, without.json["code"]) == (428, "if_match_missing")
    stale = country.post(path, provider.human, body, capacity=PROVIDER, version=1)
    assert (stale.status_code, stale.json["code"]) == (412, "stale_version")
    assert country.post(path, provider.human, body, capacity=PROVIDER, version=2).status_code == 200


def test_other_content_than_was_read_is_not_accepted(country: Country) -> None:
    employer, provider = party(country, EMPLOYER), party(country, PROVIDER)
    pending = proposed(country, employer, provider)
    other = act(country, provider, pending, "validate", content_hash="0" * 64)
    assert (other.status_code, other.json["code"]) == (409, "content_changed")
    own = act(country, employer, pending, "validate", content_hash=pending["content_hash"])
    assert (own.status_code, own.json["code"]) == (403, "own_proposal")


def test_a_proposal_is_refused_by_the_other_side_or_withdrawn_by_the_own(country: Country) -> None:
    employer, provider = party(country, EMPLOYER), party(country, PROVIDER)
    first, second = proposed(country, employer, provider), proposed(country, employer, provider)
    assert act(country, employer, first, "refuse").status_code == 403
    assert act(country, provider, first, "refuse").json["standing"] == "refused"
    assert act(country, provider, second, "withdraw").status_code == 403
    assert act(country, employer, second, "withdraw").json["standing"] == "withdrawn"


def test_a_proposal_that_nobody_answered_in_time_has_lapsed(country: Country) -> None:
    employer, provider = party(country, EMPLOYER), party(country, PROVIDER)
    pending = proposed(country, employer, provider)
    country.clock.advance(days=90)
    late = act(country, provider, pending, "validate", content_hash=pending["content_hash"])
    assert (late.status_code, late.json["code"]) == (410, "proposal_lapsed")
    seen = country.get(employer.path(pending["id"]), employer.human, capacity=EMPLOYER)
    assert seen.json["standing"] == "lapsed"


def test_either_side_closes_alone(country: Country) -> None:
    employer, provider = party(country, EMPLOYER), party(country, PROVIDER)
    mandate = validated(country, employer, provider)
    past = act(country, provider, mandate, "close", at="2020-01-01T00:00:00Z")
    assert (past.status_code, past.json["code"]) == (400, "instant_in_past")
    later = act(country, provider, mandate, "close", at="2026-12-31T23:00:00Z")
    assert (later.status_code, later.json["standing"], later.json["closed_by"]) == (200, "active", "mandatary")
    now = act(country, employer, later.json, "close")
    assert (now.json["standing"], now.json["closed_by"]) == ("closed", "mandator")
    longer = act(country, employer, now.json, "close", at="2027-01-31T23:00:00Z")
    assert longer.status_code in (403, 409)


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"groups": ["no-such"]}, 400, "unknown_group"),
        ({"groups": []}, 400, "invalid_input"),
        ({"mandatary_capacity": "employer"}, 400, "not_a_mandatary_capacity"),
        ({"mandatary_capacity": "certified_social_secretariat"}, 403, "mandatary_not_recognised"),
        ({"first_quarter": "2026-Q5"}, 400, "invalid_quarter"),
        ({"first_quarter": "2030-Q1"}, 400, "too_far_ahead"),
        ({"last_quarter": "2026-Q3"}, 400, "invalid_quarters"),
        ({"contract_reference": ""}, 400, "invalid_input"),
        ({"evidence_hash": "xyz"}, 400, "invalid_input"),
        ({"other": "1000000021"}, 403, "mandatary_not_recognised"),
        ({"side": "mandatary"}, 403, "not_your_side"),
        ({"as": "king"}, 400, "invalid_input"),
        ({"content_hash": "0" * 64}, 400, "invalid_input"),
    ],
)
def test_a_proposal_that_cannot_be_is_refused(
    small_country: Country, change: dict[str, Any], status: int, code: str
) -> None:
    country = small_country
    employer, provider = party(country, EMPLOYER), party(country, PROVIDER)
    answer = country.post(employer.path(), employer.human, proposal(provider, **change), capacity=EMPLOYER)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert country.found(Mandate) == []


def test_an_enterprise_gives_itself_no_mandate(small_country: Country) -> None:
    country = small_country
    number = country.enterprise(EMPLOYER, PROVIDER)
    both = Side(number, country.user_of(number, EMPLOYER, MAHIS), PROVIDER)
    answer = country.post(both.path(), both.human, proposal(both), capacity=EMPLOYER)
    assert (answer.status_code, answer.json["code"]) == (403, "self_mandate")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", 3),
        ("state=validated", 1),
        ("standing=active", 1),
        ("standing=pending_other_party", 1),
        ("state=to_be_finalised", 1),
        ("side=mandator", 3),
        ("side=mandatary", 0),
        ("group=works", 1),
        ("limit=1", 1),
        ("other=1000000021", 0),
        ("as_of=2026-09-01T00:00:00Z", 0),
        ("known_at=2026-09-01T00:00:00Z", 0),
    ],
)
def test_mandates_are_listed_by_what_they_are(country: Country, query: str, expected: int) -> None:
    employer, provider = party(country, EMPLOYER), party(country, PROVIDER)
    validated(country, employer, provider)
    proposed(country, employer, provider, groups=["works"])
    proposed(country, employer, provider, finalise=False)
    answer = country.get(f"{employer.path()}?{query}", employer.human, capacity=EMPLOYER)
    assert (answer.status_code, len(answer.json["items"])) == (200, expected)


def test_a_listing_of_mandates_is_complete_over_pages(country: Country) -> None:
    employer, provider = party(country, EMPLOYER), party(country, PROVIDER)
    expected = sorted(proposed(country, employer, provider)["id"] for _ in range(3))
    seen, path = [], f"{employer.path()}?limit=1&other={provider.number}"
    while path:
        page = country.get(path, employer.human, capacity=EMPLOYER).json
        seen += [one["id"] for one in page["items"]]
        path = page["next"]
        proposed(country, employer, provider)
    assert sorted(seen) == expected


def test_a_mandate_is_read_as_it_was_known(country: Country) -> None:
    employer, provider = party(country, EMPLOYER), party(country, PROVIDER)
    pending = proposed(country, employer, provider)
    before = quote(format_instant(country.clock.at))
    act(country, provider, pending, "validate", content_hash=pending["content_hash"])
    path = employer.path(pending["id"])
    then = country.get(f"{path}?known_at={before}", employer.human, capacity=EMPLOYER)
    assert (then.json["state"], then.json["version"]) == ("pending_other_party", 2)
    past = country.get(f"{path}?as_of={before}", employer.human, capacity=EMPLOYER)
    assert (past.json["state"], past.json["standing"]) == ("validated", "upcoming")


def test_a_representative_validates_what_the_register_confirms(country: Country) -> None:
    employer, provider = party(country, EMPLOYER), party(country, PROVIDER)
    pending = proposed(country, employer, provider)
    director = country.representative(provider.number)
    path, body = provider.path(pending["id"], "validate"), {"content_hash": pending["content_hash"]}
    without = country.post(path, director, body, capacity=PROVIDER, version=2)
    assert without.status_code == 404
    country.register.away = True
    away = country.post(path, director, {**body, "as": "legal_representative"}, version=2)
    assert (away.status_code, away.json["code"]) == (503, "register_unavailable")
    country.register.away = False
    seen = country.get(f"{provider.path(pending['id'])}?as=legal_representative", director)
    assert (seen.status_code, seen.json["standing"]) == (200, "pending_other_party")
    done = country.post(path, director, {**body, "as": "legal_representative"}, version=2)
    assert (done.status_code, done.json["standing"]) == (200, "active")
    listed = country.get(f"{provider.path()}?as=legal_representative", director)
    assert [one["id"] for one in listed.json["items"]] == [pending["id"]]


def directors(country: Country, number: str) -> list[Human]:
    """Two representatives who must sign together."""
    actors = country.represent(number, together=2, people=2)
    entries = country.register.representatives[number]
    return [Human(actor.person, Niss(entry.niss)) for actor, entry in zip(actors, entries, strict=True)]


def test_representatives_who_sign_together_are_waited_for(country: Country) -> None:
    employer, provider = party(country, EMPLOYER), party(country, PROVIDER)
    one, two = directors(country, employer.number)
    body = proposal(provider, **{"as": "legal_representative"})
    waits = country.post(employer.path(), one, body)
    assert (waits.status_code, waits.json["joint_act"]["awaited"]) == (202, 1)
    assert waits.headers["Location"] == API + employer.path(waits.json["mandate"]["id"])
    assert waits.json["mandate"]["state"] == "to_be_finalised"
    listed = country.get(f"/enterprises/{employer.number}/joint-acts?as=legal_representative", two)
    assert [one["content"]["mandate"] for one in listed.json["items"]] == [waits.json["mandate"]["id"]]
    path = employer.path(waits.json["mandate"]["id"], "finalise")
    same = country.post(path, one, {"as": "legal_representative"}, version=1)
    assert (same.status_code, same.json["code"]) == (409, "already_validated")
    done = country.post(path, two, {"as": "legal_representative"}, version=1)
    assert (done.status_code, done.json["state"]) == (200, "pending_other_party")
    assert country.get(f"/enterprises/{employer.number}/joint-acts?as=legal_representative", two).json["items"] == []


def test_consulting_is_not_managing(country: Country) -> None:
    employer, provider = party(country, EMPLOYER), party(country, PROVIDER)
    reader = country.user_of(employer.number, EMPLOYER, "mahis:consult")
    mandate = validated(country, employer, provider)
    assert country.get(employer.path(), reader, capacity=EMPLOYER).status_code == 200
    refused = country.post(employer.path(mandate["id"], "close"), reader, {}, capacity=EMPLOYER, version=3)
    assert (refused.status_code, refused.json["code"]) == (403, "no_grant")
    assert refused.json["cure"]["type"] == "ask_manager"


def test_a_mandate_that_both_accepted_is_changed_by_neither(country: Country) -> None:
    employer, provider = party(country, EMPLOYER), party(country, PROVIDER)
    mandate = validated(country, employer, provider)
    own = {name: value for name, value in proposal(provider).items() if name != "finalise"}
    theirs = {**own, "side": "mandatary", "other": employer.number}
    attempts = [(employer, own), (provider, theirs), (provider, {**theirs, "groups": ["dmfa-dimona", "works"]})]
    for side, body in attempts:
        path = side.path(mandate["id"])
        answer = country.ask("PUT", path, side.human, body, capacity=side.capacity, version=mandate["version"])
        assert (answer.status_code, answer.json["code"]) == (403, "accepted_mandate_fixed")
    assert act(country, provider, mandate, "finalise").status_code == 403
    assert [one.version for one in country.found(Mandate)] == [mandate["version"]]


def test_one_person_does_not_accept_for_both_sides(country: Country) -> None:
    employer, provider = party(country, EMPLOYER), party(country, PROVIDER)
    both = employer.human
    country.user(provider.number, PROVIDER, MAHIS, person=both.person)
    pending = proposed(country, employer, provider)
    answer = act(
        country, Side(provider.number, both, PROVIDER), pending, "validate", content_hash=pending["content_hash"]
    )
    assert (answer.status_code, answer.json["code"]) == (409, "same_person_both_sides")


def test_an_acceptance_is_not_good_for_a_changed_proposal(country: Country) -> None:
    employer, provider = party(country, EMPLOYER), party(country, PROVIDER)
    read = proposed(country, employer, provider)
    terms = {name: value for name, value in proposal(provider, groups=["works"]).items() if name != "finalise"}
    changed = country.ask("PUT", employer.path(read["id"]), employer.human, terms, capacity=EMPLOYER, version=2).json
    assert changed["acceptances"] == []
    pending = act(country, employer, changed, "finalise").json
    late = act(
        country, provider, {**read, "version": pending["version"]}, "validate", content_hash=read["content_hash"]
    )
    assert (late.status_code, late.json["code"]) == (409, "content_changed")


def test_software_reads_what_its_own_enterprise_has_part_in(country: Country) -> None:
    employer, provider = party(country, EMPLOYER), party(country, PROVIDER)
    mandate = validated(country, employer, provider)
    proposed(country, employer, party(country, PROVIDER))
    software = country.consulting(provider.number)
    listed = country.as_software(software, provider.path())
    assert [one["id"] for one in listed.json["items"]] == [mandate["id"]]
    one = country.as_software(software, provider.path(mandate["id"]))
    assert (one.status_code, one.json["standing"], one.headers["ETag"]) == (200, "active", '"3"')
    assert [each["person"] is None for each in one.json["acceptances"]] == [True, False]
