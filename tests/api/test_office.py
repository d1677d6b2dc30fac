"""The administration's officers at the door: recognitions, paper, identities and migration."""

from typing import Any

import pytest

from iam.domain.appointments import Appointment
from iam.domain.enterprises import Capacity, CapacityHeld
from iam.domain.identifiers import Niss
from iam.domain.mandates import Mandate
from iam.domain.persons import Person, PersonNumber
from tests.api.administration import ADMINISTRATION, API, Country, Human

EMPLOYER, PROVIDER, OFFICE = Capacity.EMPLOYER, Capacity.SERVICE_PROVIDER, Capacity.ADMINISTRATION
ALL = "office:recognise+withdraw_recognition+confirm_paper+migrate+correct_identity"
DOCUMENT = "ab" * 32


def officers(country: Country) -> tuple[Human, Human]:
    one, two = (country.user_of(ADMINISTRATION, OFFICE, ALL) for _ in range(2))
    return one, two


def test_an_officer_recognises_a_provider_and_two_withdraw_it(country: Country) -> None:
    one, two = officers(country)
    number = country.enterprise(EMPLOYER)
    order = {"enterprise": number, "capacity": "service_provider", "file_reference": "F 1"}
    made = country.post("/office/recognitions", one, order)
    assert (made.status_code, made.json["ground"]) == (201, "recognition")
    assert made.headers["Location"] == f"{API}/enterprises/{number}"
    assert country.post("/office/recognitions", one, order).json["code"] == "capacity_held_already"
    body = {"enterprise": number, "capacity": "service_provider", "reason": "debts"}
    first = country.post("/office/recognition-withdrawals", one, body)
    assert (first.status_code, first.json["joint_act"]["awaited"]) == (202, 1)
    waiting = country.get(f"/enterprises/{ADMINISTRATION}/joint-acts", two, capacity=OFFICE).json["items"]
    assert [one["content_hash"] for one in waiting] == [first.json["joint_act"]["content_hash"]]
    assert [one["validated_by_you"] for one in waiting] == [False]
    again = country.post("/office/recognition-withdrawals", one, body)
    assert (again.status_code, again.json["code"]) == (409, "already_validated")
    done = country.post("/office/recognition-withdrawals", two, body)
    assert (done.status_code, done.json["joint_act"]["awaited"]) == (200, 0)
    held = country.found(CapacityHeld, enterprise=number, capacity=PROVIDER)
    assert [one.valid.end is not None for one in held] == [True]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"capacity": "employer"}, 400, "not_a_recognition"),
        ({"capacity": "full_service_secretariat"}, 400, "too_few_administrations"),
        ({"enterprise": "1000000021"}, 404, "not_found"),
        ({"certified": True}, 400, "invalid_input"),
        ({"represented_workers": -1}, 400, "invalid_input"),
    ],
)
def test_a_recognition_that_cannot_be_is_refused(
    small_country: Country, change: dict[str, Any], status: int, code: str
) -> None:
    country = small_country
    order = {
        "enterprise": country.enterprise(EMPLOYER),
        "capacity": "service_provider",
        "file_reference": "F",
        **change,
    }
    answer = country.post("/office/recognitions", officers(country)[0], order)
    assert (answer.status_code, answer.json["code"]) == (status, code)


OFFICE_ACTS: list[tuple[str, dict[str, Any]]] = [
    ("recognitions", {"enterprise": "0200000241", "capacity": "service_provider", "file_reference": "F"}),
    ("recognition-withdrawals", {"enterprise": "0200000241", "capacity": "service_provider", "reason": "R"}),
    ("paper-confirmations", {"mandate": "m", "document_hash": DOCUMENT}),
    ("paper-refusals", {"mandate": "m"}),
    ("identity-merges", {"former_niss": "85073003328", "present_niss": "17073003384"}),
    ("migrations", {"step": "prepare", "lines": []}),
]


@pytest.mark.parametrize(("act", "body"), OFFICE_ACTS[:-1])
def test_only_officers_with_that_act_do_it(small_country: Country, act: str, body: dict[str, Any]) -> None:
    country = small_country
    number = country.enterprise(EMPLOYER)
    strangers = (country.manager(number), country.manager(ADMINISTRATION), country.user_of(ADMINISTRATION, OFFICE))
    before = country.facts()
    for human in strangers:
        answer = country.post(f"/office/{act}", human, body)
        assert (answer.status_code, answer.json["type"].rpartition(":")[2]) == (403, "missingPermission")
    assert country.facts() == before
    elsewhere = country.post(f"/office/{act}", officers(country)[0], body, capacity=EMPLOYER)
    assert elsewhere.status_code == 403


def test_two_officers_make_two_records_of_one_person_one(country: Country) -> None:
    one, two = officers(country)
    former, present = country.human(), country.human()
    number = country.enterprise(EMPLOYER)
    country.user(number, EMPLOYER, person=former.person)
    body = {"former_niss": former.niss.value, "present_niss": present.niss.value}
    first = country.post("/office/identity-merges", one, body)
    assert (first.status_code, first.json["joint_act"]["content"]) == (202, {})
    assert country.post("/office/identity-merges", two, body).status_code == 200
    assert country.found(Person, id=former.person)[0].merged_into == present.person
    assert {one.person for one in country.found(Appointment, enterprise=number)} == {present.person}
    assert len(country.found(PersonNumber, person=present.person)) == 2
    unknown = country.post("/office/identity-merges", one, {**body, "present_niss": "17073003384"})
    assert (unknown.status_code, unknown.json["code"]) == (404, "unknown_person")


def test_paper_that_the_other_side_signed_is_confirmed_by_two_officers(country: Country) -> None:
    one, two = officers(country)
    employer, provider = country.enterprise(EMPLOYER), country.enterprise(PROVIDER)
    human = country.user_of(provider, PROVIDER, "mahis:manage+consult")
    proposal = {
        "side": "mandatary",
        "other": employer,
        "mandatary_capacity": "service_provider",
        "groups": ["dmfa-dimona"],
        "first_quarter": "2026-Q4",
        "contract_reference": "C",
        "finalise": True,
    }
    path = f"/enterprises/{provider}/mandates"
    made = country.post(path, human, proposal, capacity=PROVIDER).json["id"]
    paper = {"document_hash": DOCUMENT, "document_date": "2026-09-30", "signatory_niss": [country.human().niss.value]}
    sent = country.post(f"{path}/{made}/paper", human, paper, capacity=PROVIDER, version=2)
    assert (sent.status_code, sent.json["state"]) == (200, "pending_administration")
    assert sent.json["document"] == {"hash": DOCUMENT, "date": "2026-09-30"}
    other = country.post("/office/paper-confirmations", one, {"mandate": made, "document_hash": "cd" * 32})
    assert (other.status_code, other.json["code"]) == (409, "document_differs")
    confirmation = {"mandate": made, "document_hash": DOCUMENT}
    assert country.post("/office/paper-confirmations", one, confirmation).status_code == 202
    for officer, mine in ((one, True), (two, False)):
        waiting = country.get("/office/paper-proxies", officer).json["items"]
        assert [(each["id"], each["confirmed"], each["confirmed_by_you"]) for each in waiting] == [(made, 1, mine)]
    assert country.get("/office/paper-proxies", country.manager(ADMINISTRATION)).status_code == 403
    same = country.post("/office/paper-confirmations", one, confirmation)
    assert (same.status_code, same.json["code"]) == (409, "second_officer_needed")
    done = country.post("/office/paper-confirmations", two, confirmation)
    assert (done.status_code, done.json["state"]) == (200, "validated")
    assert country.get("/office/paper-proxies", two).json["items"] == []
    seen = country.get(f"{path}/{made}", human, capacity=PROVIDER).json
    assert (seen["document"]["hash"], seen["acceptances"][1]["channel"]) == (DOCUMENT, "paper")
    assert seen["acceptances"][1]["person"] is None
    assert country.post("/office/paper-refusals", one, {"mandate": made}).status_code == 409
    assert country.post("/office/paper-refusals", one, {"mandate": "unknown"}).status_code == 404


def line(mandator: str, mandatary: str, **changed: Any) -> dict[str, Any]:
    return {
        "mandator": mandator,
        "mandatary": mandatary,
        "mandatary_capacity": "service_provider",
        "groups": ["dmfa-dimona"],
        "first_quarter": "2020-Q1",
        "contract_reference": "C",
        "document_hash": DOCUMENT,
        "document_date": "2020-01-01",
        "stood_since": "2020-01-01T00:00:00+01:00",
        **changed,
    }


def test_standing_mandates_are_taken_over_by_two_officers(country: Country) -> None:
    one, two = officers(country)
    employer, provider = country.enterprise(EMPLOYER), country.enterprise(PROVIDER)
    lines = [line(employer, provider), line(employer, employer)]
    early = country.post("/office/migrations", two, {"step": "confirm", "lines": lines}).json["lines"]
    assert [one["refusal"]["code"] for one in early] == ["not_prepared", "self_mandate"]
    prepared = country.post("/office/migrations", one, {"step": "prepare", "lines": lines})
    assert [one["mandate"] is None for one in prepared.json["lines"]] == [False, True]
    same = country.post("/office/migrations", one, {"step": "confirm", "lines": lines[:1]}).json["lines"][0]
    assert same["refusal"]["code"] == "second_officer_needed"
    done = country.post("/office/migrations", two, {"step": "confirm", "lines": lines[:1]}).json["lines"][0]
    assert done["refusal"] is None
    human = country.user_of(employer, EMPLOYER, "mahis:consult")
    seen = country.get(f"/enterprises/{employer}/mandates", human, capacity=EMPLOYER).json["items"][0]
    assert (seen["migrated"], seen["standing"], seen["document"]["date"]) == (True, "active", "2020-01-01")


def test_migration_is_open_only_while_configured(small_country: Country) -> None:
    country = small_country
    country.house.migration_open = False
    body = {"step": "prepare", "lines": [line("0200000241", "0200000340")]}
    answer = country.post("/office/migrations", officers(country)[0], body)
    assert (answer.status_code, answer.json["code"]) == (403, "migration_closed")
    assert country.found(Mandate) == []


def test_a_migration_takes_no_more_lines_than_it_says(small_country: Country) -> None:
    country = small_country
    lines = [line("0200000241", "0200000340")] * 501
    answer = country.post("/office/migrations", officers(country)[0], {"step": "prepare", "lines": lines})
    assert (answer.status_code, answer.json["code"]) == (400, "invalid_input")
    whole = country.post("/office/migrations", officers(country)[0], {"step": "prepare", "lines": lines[:500]})
    assert (whole.status_code, len(whole.json["lines"])) == (200, 500)


def test_officers_see_only_what_waits_for_acts_of_their_own(country: Country) -> None:
    one, _ = officers(country)
    number = country.enterprise(EMPLOYER)
    country.hold(number, PROVIDER)
    body = {"enterprise": number, "capacity": "service_provider", "reason": "debts"}
    assert country.post("/office/recognition-withdrawals", one, body).status_code == 202
    path = f"/enterprises/{ADMINISTRATION}/joint-acts"
    identities = country.user_of(ADMINISTRATION, OFFICE, "office:correct_identity")
    assert country.get(path, identities, capacity=OFFICE).json["items"] == []
    assert len(country.get(path, one, capacity=OFFICE).json["items"]) == 1
    clerk = country.user_of(ADMINISTRATION, OFFICE)
    assert country.get(path, clerk, capacity=OFFICE).status_code == 403


def test_numbers_of_people_are_in_no_answer_of_the_office(country: Country) -> None:
    one, _ = officers(country)
    body = {"former_niss": "85073003328", "present_niss": "17073003384"}
    answer = country.post("/office/identity-merges", one, body)
    assert answer.status_code == 404
    assert not any(Niss(number).value.encode() in answer.data for number in body.values())
