"""Officers at the door decide about identities of other countries and about numbers of foreign enterprises."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from iam.domain.appointments import Appointment
from iam.domain.assurance import Assurance, LoginKey
from iam.domain.enterprises import Capacity
from iam.domain.foreign_identities import ForeignIdentity, ForeignRepresentation, IdentityState
from iam.domain.identifiers import CbeNumber
from iam.domain.logins import ForeignEnterprise, PersonalData, ProvenLogin
from iam.domain.messages import WaitingMessage
from iam.services.entry_proposals import Proposer
from iam.services.foreign_representations import note_representation
from iam.services.identity_registrations import IdentityRegistrations
from tests.api.administration import ADMINISTRATION, API, Country, Human
from tests.services.credential_scenes import Post
from tests.services.identity_scenes import DACHBAU, request

OFFICE = Capacity.ADMINISTRATION
IDENTITIES, REQUESTS = "/office/identities", "/office/foreign-enterprise-requests"
NUMBER = "0403019261"


def clerk(country: Country, *actions: str) -> Human:
    """An officer with acts of the office."""
    return country.user_of(ADMINISTRATION, OFFICE, f"office:{'+'.join(actions)}")


def proven(country: Country, subject: str = "PT/BE/1", **changed: Any) -> ProvenLogin:
    given: dict[str, Any] = {
        "provider": "eidas",
        "key": LoginKey.EIDAS,
        "assurance": Assurance.HIGH,
        "authenticated_at": country.clock.at,
        "reference": country.randomness.identifier(),
        "expires_at": country.clock.at + timedelta(minutes=5),
        "subject": subject,
        "issued_in": "PT",
        "personal": PersonalData(family_name="Silva", given_name="Maria", born=date(1985, 7, 30)),
        **changed,
    }
    return ProvenLogin(**given)


def asked(country: Country, subject: str = "PT/BE/1", stated: Human | None = None) -> ForeignIdentity:
    """A registration that waits."""
    registrations = IdentityRegistrations(country.archive, ADMINISTRATION)
    waiting = registrations.ask(proven(country, subject), request(stated.niss if stated else None))
    country.clock.advance(seconds=1)
    return waiting


def test_an_officer_lists_confirms_and_unlinks_a_registration(country: Country) -> None:
    officer, maria = clerk(country, "correct_identity"), country.human()
    waiting = asked(country, stated=maria)
    (shown,) = country.get(IDENTITIES, officer).json["items"]
    assert (shown["id"], shown["state"], shown["number_stated"]) == (waiting.id, "pending", True)
    assert (shown["family_name"], shown["born"], shown["alike"]) == ("Silva", "1985-07-30", [])
    assert shown["contact"]["email"] == "maria@example.org"
    body = {"niss": maria.niss.value}
    done = country.post(f"{IDENTITIES}/{waiting.id}/confirm", officer, body)
    assert (done.status_code, done.json["state"], done.json["assurance"]) == (200, "linked", "substantial")
    assert country.found(ForeignIdentity, id=waiting.id)[0].person == maria.person
    again = country.post(f"{IDENTITIES}/{waiting.id}/confirm", officer, body)
    assert (again.status_code, again.json["code"]) == (409, "not_pending")
    assert country.get(IDENTITIES, officer).json["items"] == []
    assert len(country.get(f"{IDENTITIES}?state=linked", officer).json["items"]) == 1
    freed = country.post(f"{IDENTITIES}/{waiting.id}/unlink", officer, {"ground": "own_request"})
    assert (freed.status_code, freed.json["state"]) == (200, "unlinked")


def test_a_number_that_differs_is_refused_with_what_differs(small_country: Country) -> None:
    country = small_country
    officer, maria, other = clerk(country, "correct_identity"), country.human(), country.human()
    waiting = asked(country, stated=maria)
    path = f"{IDENTITIES}/{waiting.id}/confirm"
    refused = country.post(path, officer, {"niss": other.niss.value})
    assert (refused.status_code, refused.json["code"]) == (409, "data_differ")
    assert refused.json["cure"]["differences"] == ["stated_number"]
    done = country.post(path, officer, {"niss": other.niss.value, "despite_differences": True})
    assert done.json["state"] == "linked"


def test_an_officer_refuses_a_registration_on_a_ground_that_is_known(small_country: Country) -> None:
    country = small_country
    officer, waiting = clerk(country, "correct_identity"), asked(small_country)
    path = f"{IDENTITIES}/{waiting.id}/refuse"
    assert country.post(path, officer, {"ground": "because"}).status_code == 400
    refused = country.post(path, officer, {"ground": "not_proven"})
    assert (refused.status_code, refused.json["state"]) == (200, "refused")
    assert country.post(f"{IDENTITIES}/{'0' * 64}/refuse", officer, {"ground": "abuse"}).status_code == 404


def test_a_code_that_an_officer_gives_links_the_identity(country: Country) -> None:
    officer, maria = clerk(country, "correct_identity"), country.human()
    given = country.post("/office/identity-codes", officer, {"niss": maria.niss.value})
    assert given.status_code == 201
    registrations = IdentityRegistrations(country.archive, ADMINISTRATION)
    linked = registrations.link_by_code(proven(country), maria.niss, given.json["code"])
    assert (linked.person, linked.state) == (maria.person, IdentityState.LINKED)


def test_registrations_are_listed_page_by_page(small_country: Country) -> None:
    country = small_country
    officer = clerk(country, "correct_identity")
    waiting = {asked(country, f"PT/BE/{number}").id for number in range(3)}
    first = country.get(f"{IDENTITIES}?limit=2", officer).json
    rest = country.get(first["next"], officer).json
    assert {one["id"] for one in [*first["items"], *rest["items"]]} == waiting
    assert (len(first["items"]), rest["next"]) == (2, None)


def test_an_officer_grants_a_number_and_the_code_in_the_letter_is_accepted(country: Country) -> None:
    officer, jana = clerk(country, "grant_number"), country.human()
    waiting = country.house.foreign_enterprises.ask(DACHBAU)
    (shown,) = country.get(REQUESTS, officer).json["items"]
    assert (shown["id"], shown["registered_as"], shown["expired"]) == (waiting.id, "HRB 12345", False)
    assert shown["contact"] == {
        "name": "Jana Müller",
        "email": "jana@example.org",
        "phone": "+49241000000",
        "language": "de",
    }
    path = f"{REQUESTS}/{waiting.id}"
    done = country.post(f"{path}/grant", officer, {"number": NUMBER, "ground": "File 17"}, key="one-grant")
    assert (done.status_code, done.json["enterprise"], done.json["ground"]) == (200, NUMBER, "File 17")
    same = country.post(f"{path}/grant", officer, {"number": NUMBER, "ground": "File 17"}, key="one-grant")
    assert same.json == done.json
    assert country.ask("POST", f"{path}/activations", officer).status_code == 200
    accepted = country.post("/invitations/acceptances", jana, {"code": code_sent(country)})
    assert (accepted.status_code, accepted.json["role"]) == (201, "principal_access_manager")
    (place,) = country.found(Appointment, enterprise=NUMBER)
    assert (place.person, place.appointed_by) == (jana.person, "officer")
    (activated,) = country.get(f"{REQUESTS}?state=granted", officer).json["items"]
    assert activated["activated"] is True
    late = country.ask("POST", f"{path}/activations", officer)
    assert (late.status_code, late.json["code"]) == (409, "activated")


def code_sent(country: Country) -> str:
    """The code in the letter that was sent last."""
    post = Post()
    country.house.letters.send_waiting(post)
    assert country.found(WaitingMessage) == []
    found = re.search(r"Aktivierungscode ist (\S+)\. ", post.emails[-1][2])
    assert found is not None
    return found[1]


def test_an_officer_refuses_a_foreign_enterprise(small_country: Country) -> None:
    country = small_country
    officer = clerk(country, "grant_number")
    waiting = country.house.foreign_enterprises.ask(DACHBAU)
    country.clock.advance(seconds=1)
    refused = country.post(f"{REQUESTS}/{waiting.id}/refuse", officer, {"reason": "No works in Belgium"})
    assert (refused.status_code, refused.json["state"]) == (200, "refused")
    assert country.post(f"{REQUESTS}/{waiting.id}/refuse", officer, {"reason": "R"}).status_code == 409
    assert country.post(f"{REQUESTS}/unknown/refuse", officer, {"reason": "R"}).status_code == 404


def test_one_sees_for_whom_one_logged_in_and_officers_see_all(country: Country) -> None:
    maria, rui = country.human(), country.human()
    firm = ForeignEnterprise(identifier="PT/BE/500", name="Obras Lda")
    with country.archive.writing() as uow:
        note_representation(uow, maria.person, proven(country), firm)
        uow.commit()
    (own,) = country.get("/me/foreign-representations", maria).json["items"]
    assert (own["identifier"], own["name"], own["assurance"]) == ("PT/BE/500", "Obras Lda", "high")
    assert country.get("/me/foreign-representations", rui).json["items"] == []
    listed = country.get("/office/foreign-representations", clerk(country, "correct_identity")).json["items"]
    assert [one["person"] for one in listed] == [country.house.subjects.sub_for(maria.person, country.portal.sector)]
    assert country.get("/me", maria).json["contexts"] == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", IDENTITIES, None),
        ("GET", "/office/foreign-representations", None),
        ("GET", REQUESTS, None),
        ("POST", "/office/identity-codes", {"niss": "85073003328"}),
        ("POST", f"{IDENTITIES}/{'0' * 64}/confirm", {"niss": "85073003328"}),
        ("POST", f"{IDENTITIES}/{'0' * 64}/refuse", {"ground": "abuse"}),
        ("POST", f"{IDENTITIES}/{'0' * 64}/unlink", {"ground": "abuse"}),
        ("POST", f"{REQUESTS}/x/grant", {"number": NUMBER, "ground": "F"}),
        ("POST", f"{REQUESTS}/x/refuse", {"reason": "R"}),
        ("POST", f"{REQUESTS}/x/activations", {}),
    ],
)
def test_nobody_but_an_officer_with_that_act_does_it(
    small_country: Country, method: str, path: str, body: dict[str, Any] | None
) -> None:
    country = small_country
    strangers = (country.manager(ADMINISTRATION), country.human(), clerk(country, "recognise"))
    before = country.facts()
    for human in strangers:
        sent = None if path.endswith("activations") else body
        answer = country.ask(method, path, human, sent)
        assert (answer.status_code, answer.json["type"].rpartition(":")[2]) == (403, "missingPermission")
    assert country.facts() == before


def test_numbers_of_people_are_in_no_answer_about_identities(small_country: Country) -> None:
    country = small_country
    officer, maria = clerk(country, "correct_identity"), country.human()
    waiting = asked(country, stated=maria)
    path = f"{API}{IDENTITIES}"
    told = country.get(path, officer).data
    told += country.post(f"{path}/{waiting.id}/confirm", officer, {"niss": maria.niss.formatted}).data
    told += country.get(f"{path}?state=linked", officer).data
    assert maria.niss.value.encode() not in told and maria.niss.formatted.encode() not in told


def test_a_manager_reads_accepts_and_refuses_what_somebody_proposes_from_a_login(country: Country) -> None:
    number, maria = country.enterprise(Capacity.EMPLOYER), country.human()
    manager, user = country.manager(number), country.user_of(number, Capacity.EMPLOYER, "dimona:declare")
    said = ForeignEnterprise(identifier="PT/BE/500100200", name="Acme Lda")
    with country.archive.writing() as uow:
        note_representation(uow, maria.person, proven(country), said)
        uow.commit()
    (representation,) = country.found(ForeignRepresentation, person=maria.person)
    proposer = Proposer(name="Maria Silva", email="maria@example.org", phone="+351210000000", language="en")
    make = country.house.entry_proposals.propose
    first, second = (make(maria.person, representation.id, CbeNumber(number), proposer) for _ in range(2))
    path = f"/enterprises/{number}/entry-proposals"
    country.clock.advance(seconds=1)
    shown = country.get(path, manager).json["items"]
    assert {one["id"] for one in shown} == {first.id, second.id}
    assert (shown[0]["name"], shown[0]["identifier"], shown[0]["contact"]["name"]) == (
        said.name,
        said.identifier,
        "Maria Silva",
    )
    assert country.get(path, user).status_code == 403
    body = {"capacity": "employer"}
    assert country.post(f"{path}/{first.id}/accept", maria, body).status_code in (403, 404)
    taken = country.post(f"{path}/{first.id}/accept", manager, body)
    assert (taken.status_code, taken.json["role"], taken.json["contact"]["label"]) == (201, "user", "Maria Silva")
    again = country.post(f"{path}/{second.id}/accept", manager, body)
    assert (again.status_code, again.json["code"]) == (409, "already_appointed")
    assert country.ask("POST", f"{path}/{second.id}/refuse", manager).status_code == 204
    assert country.get(path, manager).json["items"] == []


def test_an_officer_sees_what_a_login_said_of_who_asks_for_a_number(country: Country) -> None:
    officer, maria = clerk(country, "grant_number"), country.human()
    with country.archive.writing() as uow:
        note_representation(uow, maria.person, proven(country), ForeignEnterprise(identifier="PT/BE/5", name="Acme"))
        uow.commit()
    (representation,) = country.found(ForeignRepresentation, person=maria.person)
    country.house.foreign_enterprises.ask(replace(DACHBAU, representation=representation.id))
    country.house.foreign_enterprises.ask(DACHBAU)
    country.clock.advance(seconds=1)
    said = [one["said"] and one["said"]["identifier"] for one in country.get(REQUESTS, officer).json["items"]]
    assert set(said) == {None, "PT/BE/5"}
