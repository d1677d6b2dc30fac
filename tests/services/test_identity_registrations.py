"""Foreign identities lead to one person at most, by a link that was proven freshly from both sides, and to no other."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from iam.domain.appointments import Appointment
from iam.domain.assurance import Assurance, LoginKey
from iam.domain.errors import Conflict, Forbidden, Gone
from iam.domain.foreign_identities import ForeignIdentity, IdentityState, RequestContact
from iam.domain.logins import ForeignEnterprise, PersonalData, ProvenLogin
from iam.domain.niss import Niss
from iam.domain.periods import Period
from iam.domain.persons import Person, PersonNumber
from iam.services import pending_identities
from iam.services.identity_decisions import CODE_LIFE
from iam.services.identity_registrations import FRESH, MOST_TRIES, TRIES_WITHIN, WAITS
from iam.services.people import People
from iam.services.readings import PartAsked
from iam.services.sign_in import LoginRefused
from tests.services.identity_scenes import MARIA, Border, request
from tests.services.worlds import World


@pytest.fixture
def border(world: World) -> Border:
    """Where people come in, on each storage."""
    return Border(world)


def unknown_number() -> Niss:
    """A number of Maria's birth date by which nobody is known."""
    return Niss.parse(f"850730997{97 - 850730997 % 97:02d}")


def test_a_first_login_knows_nobody_and_after_the_link_the_person_is_recognised(border: Border) -> None:
    person, niss = border.person()
    first = border.foreign()
    assert border.recognised(first) is None
    linked = border.registrations.link_by_login(first, border.belgian(niss))
    assert (linked.person, linked.state, linked.stated_number) == (person, IdentityState.LINKED, "")
    assert border.recognised(border.foreign()) == person
    assert "identity_linked" in border.acts()


def test_the_same_name_at_another_provider_or_in_other_letters_is_somebody_else(border: Border) -> None:
    _, niss = border.person()
    border.registrations.link_by_login(border.foreign("PT/BE/a"), border.belgian(niss))
    for stranger in ("PT/BE/A", "PT/BE/a ", "ES/BE/a"):
        assert border.recognised(border.foreign(stranger)) is None
    assert border.recognised(border.foreign("PT/BE/a", provider="other-node")) is None


def test_nobody_is_recognised_by_name_and_birth_date_alone(border: Border) -> None:
    person, niss = border.person()
    border.registrations.link_by_login(border.foreign(), border.belgian(niss))
    changed = border.foreign("PT/BE/new-card")
    assert border.recognised(changed) is None
    asked = border.registrations.ask(changed, request())
    assert (asked.state, asked.person) == (IdentityState.PENDING, None)
    border.world.clock.advance(hours=2)
    assert border.recognised(border.foreign("PT/BE/new-card")) is None
    assert border.recognised(border.foreign()) == person


def test_a_changed_identifier_is_linked_again_by_a_fresh_belgian_login(border: Border) -> None:
    person, niss = border.person()
    border.registrations.link_by_login(border.foreign(), border.belgian(niss))
    changed = border.foreign("PT/BE/new-card")
    border.registrations.link_by_login(changed, border.belgian(niss, "card"))
    assert border.recognised(border.foreign("PT/BE/new-card")) == person
    assert len(border.world.found(ForeignIdentity, person=person)) == 2


def test_an_officer_sees_that_a_changed_identifier_has_the_same_minimum_data_set(border: Border) -> None:
    _, niss = border.person()
    former = border.registrations.link_by_login(border.foreign(), border.belgian(niss))
    spelt = replace(MARIA, family_name="SILVA", given_name=" maria ")
    new = border.asked(border.foreign("PT/BE/new-card", personal=spelt))
    other_country = border.asked(border.foreign("ES/BE/1", issued_in="ES"))
    born_otherwise = border.asked(border.foreign("PT/BE/3", personal=replace(MARIA, born=date(1985, 7, 31))))
    views = border.decisions.listed(border.officer(), IdentityState.PENDING, PartAsked()).views
    alike = {one.identity.id: one.alike for one in views}
    assert alike == {new.id: (former.id,), other_country.id: (), born_otherwise.id: ()}


def test_a_name_that_the_provider_gave_to_somebody_else_leads_to_nobody(border: Border) -> None:
    person, niss = border.person()
    border.registrations.link_by_login(border.foreign(), border.belgian(niss))
    recycled = border.foreign(personal=PersonalData(family_name="Silva", given_name="Rui", born=date(2001, 1, 1)))
    assert border.recognised(recycled) is None
    with pytest.raises(Forbidden, match="minimum_data_differ"):
        border.registrations.link_by_login(recycled, border.belgian(niss))
    asked = border.registrations.ask(recycled, request())
    assert (asked.person, asked.given_name) == (None, "Rui")
    assert border.recognised(border.foreign()) is None
    assert border.world.found(ForeignIdentity, person=person) == []


def test_a_person_whose_names_changed_is_recognised_under_the_new_ones(border: Border) -> None:
    person, niss = border.person()
    border.registrations.link_by_login(border.foreign(), border.belgian(niss))
    assert border.recognised(border.foreign(personal=replace(MARIA, family_name="Santos"))) == person
    assert border.recognised(border.foreign(personal=None)) == person
    (identity,) = border.world.found(ForeignIdentity)
    assert (identity.family_name, identity.born) == ("Santos", "1985-07-30")


def test_a_source_that_names_nobody_begins_nothing(border: Border) -> None:
    with pytest.raises(LoginRefused, match="nobody_named"):
        border.recognised(border.foreign(""))
    with pytest.raises(ValueError, match="names nobody"):
        border.registrations.ask(border.foreign(""), request())
    assert border.world.found(ForeignIdentity) == []


@pytest.mark.parametrize(
    ("belgian", "foreign", "code"),
    [
        ({"assurance": Assurance.LOW}, {}, "belgian_key_needed"),
        ({}, {"assurance": Assurance.LOW}, "belgian_key_needed"),
        ({"key": LoginKey.PASSWORD}, {}, "belgian_key_needed"),
        ({"key": LoginKey.TOTP}, {}, "belgian_key_needed"),
    ],
)
def test_a_link_is_proven_at_the_level_that_it_needs_by_a_key_that_yields_a_number(
    border: Border, belgian: dict[str, Any], foreign: dict[str, Any], code: str
) -> None:
    _, niss = border.person()
    with pytest.raises(Forbidden, match=code):
        border.registrations.link_by_login(border.foreign(**foreign), border.belgian(niss, **belgian))
    assert border.world.found(ForeignIdentity) == []


@pytest.mark.parametrize("stale", ["foreign", "belgian"])
def test_both_proofs_of_a_link_are_fresh(border: Border, stale: str) -> None:
    person, niss = border.person()
    long_ago = border.world.clock.at - FRESH - timedelta(microseconds=1)
    foreign, belgian = border.foreign(), border.belgian(niss)
    changed = {"authenticated_at": long_ago}
    with pytest.raises(Forbidden, match="fresh_login_needed"):
        border.registrations.link_by_login(
            replace(foreign, **changed) if stale == "foreign" else foreign,  # type: ignore[arg-type]
            replace(belgian, **changed) if stale == "belgian" else belgian,  # type: ignore[arg-type]
        )
    barely = {"authenticated_at": long_ago + timedelta(microseconds=1)}
    linked = border.registrations.link_by_login(replace(foreign, **barely), replace(belgian, **barely))  # type: ignore[arg-type]
    assert linked.person == person


def test_one_login_proves_one_link_only(border: Border) -> None:
    _, niss = border.person()
    belgian, foreign = border.belgian(niss), border.foreign()
    border.registrations.link_by_login(foreign, belgian)
    with pytest.raises(Forbidden, match="proof_used"):
        border.registrations.link_by_login(border.foreign("PT/BE/2"), belgian)
    with pytest.raises(Forbidden, match="proof_used"):
        border.registrations.link_by_login(foreign, border.belgian(niss))
    assert len(border.world.found(ForeignIdentity)) == 1


def test_a_session_that_rests_on_a_link_proves_no_other_link(border: Border) -> None:
    person, niss = border.person()
    mobile = {"provider": "itsme", "key": LoginKey.ITSME, "issued_in": "NL"}
    border.registrations.link_by_login(border.foreign("nl-1", **mobile), border.belgian(niss, "card"))
    by_link = border.entered(border.foreign("nl-1", **mobile))
    assert by_link.person == person
    with pytest.raises(Forbidden, match="belgian_key_needed"):
        border.registrations.link_by_login(border.foreign("PT/BE/2"), by_link)


def test_an_identity_of_somebody_else_is_not_taken_over(border: Border) -> None:
    (owner, niss), (_, other) = border.person(), border.person()
    border.registrations.link_by_login(border.foreign(), border.belgian(niss))
    with pytest.raises(Conflict, match="identity_taken"):
        border.registrations.link_by_login(border.foreign(), border.belgian(other))
    with pytest.raises(Conflict, match="identity_known"):
        border.registrations.ask(border.foreign(), request())
    assert border.recognised(border.foreign()) == owner


def test_the_birth_date_of_the_number_is_that_of_the_foreign_source(border: Border) -> None:
    _, niss = border.person()
    with pytest.raises(Forbidden, match="minimum_data_differ"):
        border.registrations.link_by_login(
            border.foreign(personal=replace(MARIA, born=date(1990, 1, 1))), border.belgian(niss)
        )
    assert border.registrations.link_by_login(
        border.foreign(personal=replace(MARIA, born=None)), border.belgian(niss)
    ).person


@pytest.mark.parametrize(
    ("foreign", "belgian", "later", "worth"),
    [
        (Assurance.HIGH, Assurance.SUBSTANTIAL, Assurance.HIGH, Assurance.SUBSTANTIAL),
        (Assurance.SUBSTANTIAL, Assurance.HIGH, Assurance.HIGH, Assurance.SUBSTANTIAL),
        (Assurance.HIGH, Assurance.HIGH, Assurance.LOW, Assurance.LOW),
        (Assurance.HIGH, Assurance.HIGH, Assurance.HIGH, Assurance.HIGH),
    ],
)
def test_a_login_is_worth_no_more_than_the_link_that_leads_to_the_person(
    border: Border, foreign: Assurance, belgian: Assurance, later: Assurance, worth: Assurance
) -> None:
    _, niss = border.person()
    border.registrations.link_by_login(border.foreign(assurance=foreign), border.belgian(niss, assurance=belgian))
    assert border.entered(border.foreign(assurance=later)).assurance is worth


def test_a_link_is_made_surer_by_a_surer_proof(border: Border) -> None:
    _, niss = border.person()
    border.registrations.link_by_login(border.foreign(), border.belgian(niss, assurance=Assurance.SUBSTANTIAL))
    border.registrations.link_by_login(border.foreign(), border.belgian(niss, "card"))
    assert border.entered(border.foreign()).assurance is Assurance.HIGH


def test_merges_lead_former_links_to_the_record_that_stays(border: Border) -> None:
    world = border.world
    (former, old), (present, new) = border.person(), border.person()
    border.registrations.link_by_login(border.foreign(), border.belgian(old))
    people = People(world.archive, world.judge, world.joint_acts)
    for officer in (border.officer(), border.officer()):
        people.merge(officer, old, new)
    assert border.recognised(border.foreign()) == present
    assert [one.id for one in world.found(ForeignIdentity, person=present)] == [
        one.id for one in world.found(ForeignIdentity)
    ]
    assert world.found(ForeignIdentity, person=former) == []
    linked = border.registrations.link_by_login(border.foreign("PT/BE/2"), border.belgian(old))
    assert linked.person == present
    assert {one.person for one in world.found(PersonNumber)} >= {present}


def test_a_session_of_a_record_that_was_merged_links_nothing_and_the_next_login_the_record_that_stays(
    border: Border,
) -> None:
    world = border.world
    (_, old), (present, new) = border.person(), border.person()
    foreign = border.foreign()
    session = border.belgian(old)
    people = People(world.archive, world.judge, world.joint_acts)
    for officer in (border.officer(), border.officer()):
        people.merge(officer, old, new)
    with pytest.raises(Forbidden, match="fresh_login_needed"):
        border.registrations.link_by_login(foreign, session)
    assert border.registrations.link_by_login(foreign, border.belgian(old)).person == present


def test_an_officers_code_proves_the_number_once(border: Border) -> None:
    person, niss = border.person()
    code = border.decisions.give_code(border.officer(), niss)
    linked = border.registrations.link_by_code(border.foreign(), niss, code.upper().replace("-", " "))
    assert (linked.person, linked.vouched) == (person, Assurance.SUBSTANTIAL)
    with pytest.raises(Gone, match="code_unusable"):
        border.registrations.link_by_code(border.foreign("PT/BE/2"), niss, code)
    assert border.recognised(border.foreign()) == person


def test_a_code_for_a_number_that_nobody_has_makes_the_person_known(border: Border) -> None:
    niss = unknown_number()
    code = border.decisions.give_code(border.officer(), niss)
    linked = border.registrations.link_by_code(border.foreign(), niss, code)
    assert border.entered(border.foreign()).person == linked.person
    assert border.belgian(niss).person == linked.person


def test_codes_that_prove_nothing_all_look_the_same(border: Border) -> None:
    world = border.world
    (_, niss), (_, other) = border.person(), border.person()
    officer = border.officer()
    born_otherwise = border.foreign("PT/BE/9", personal=replace(MARIA, born=date(1990, 1, 1)))
    code = border.decisions.give_code(officer, niss)
    tries: list[tuple[ProvenLogin, Niss, str]] = [
        (border.foreign("PT/BE/1"), niss, "abcd-efgh"),
        (border.foreign("PT/BE/2"), other, code),
        (border.foreign("PT/BE/3"), unknown_number(), code),
        (born_otherwise, niss, code),
    ]
    told = set()
    for proven, stated, typed in tries:
        with pytest.raises(Gone) as refused:
            border.registrations.link_by_code(proven, stated, typed)
        told.add((refused.value.code, refused.value.detail, str(refused.value.cure)))
    world.clock.advance(seconds=CODE_LIFE.total_seconds() + 1)
    with pytest.raises(Gone) as refused:
        border.registrations.link_by_code(border.foreign("PT/BE/4"), niss, code)
    told.add((refused.value.code, refused.value.detail, str(refused.value.cure)))
    assert len(told) == 1
    assert [one for one in world.found(ForeignIdentity) if one.linked] == []


def test_a_code_of_an_officer_who_stands_no_more_is_worth_nothing(border: Border) -> None:
    world = border.world
    _, niss = border.person()
    officer = border.officer()
    code = border.decisions.give_code(officer, niss)
    for place in world.found(Appointment, person=officer.person):
        world.record(replace(place, valid=Period(place.valid.start, world.clock.at)))
    with pytest.raises(Gone, match="code_unusable"):
        border.registrations.link_by_code(border.foreign(), niss, code)


def test_tries_are_bounded_for_each_identity_and_begin_anew_later(border: Border) -> None:
    _, niss = border.person()
    for _ in range(MOST_TRIES):
        with pytest.raises(Gone):
            border.registrations.link_by_code(border.foreign(), niss, "wrong")
    code = border.decisions.give_code(border.officer(), niss)
    for _ in range(2):
        with pytest.raises(Forbidden, match="too_many_tries"):
            border.registrations.link_by_code(border.foreign(), niss, code)
        with pytest.raises(Forbidden, match="too_many_tries"):
            border.asked()
    border.asked(border.foreign("PT/BE/2"))
    border.world.clock.advance(seconds=TRIES_WITHIN.total_seconds() + 1)
    assert border.registrations.link_by_code(border.foreign(), niss, code).linked


def test_asking_tells_nothing_of_whether_the_number_is_known(border: Border) -> None:
    _, known = border.person()
    with_known = border.asked(border.foreign("PT/BE/1"), known)
    with_unknown = border.asked(border.foreign("PT/BE/2"), unknown_number())
    assert {with_known.state, with_unknown.state} == {IdentityState.PENDING}
    assert (with_known.person, with_unknown.person) == (None, None)
    numbers = {one.niss for one in border.world.found(PersonNumber)}
    assert unknown_number().value not in numbers


def test_a_request_can_be_changed_while_it_waits_and_keeps_its_place(border: Border) -> None:
    first = border.asked()
    border.world.clock.advance(minutes=5)
    _, niss = border.person()
    again = border.registrations.ask(border.foreign(), replace(request(niss), email="new@example.org"))
    assert (again.id, again.asked_at, again.stated_number) == (first.id, first.asked_at, niss.value)
    (contact,) = border.world.found(RequestContact)
    assert contact.email == "new@example.org"
    assert border.registrations.standing(border.foreign()) == again


def test_a_proven_identity_waits_an_hour_and_no_longer(border: Border) -> None:
    old = border.foreign()
    border.world.clock.advance(seconds=WAITS.total_seconds() + 1)
    with pytest.raises(Forbidden, match="fresh_login_needed"):
        border.registrations.ask(old, request())


def test_a_link_that_the_person_proves_erases_what_waited_for_an_officer(border: Border) -> None:
    _, niss = border.person()
    border.asked(stated=niss)
    border.registrations.link_by_login(border.foreign(), border.belgian(niss))
    assert border.world.found(RequestContact) == []
    assert [one.stated_number for one in border.world.found(ForeignIdentity)] == [""]


def test_a_visit_keeps_a_proven_identity_as_it_was(border: Border) -> None:
    firm = ForeignEnterprise(identifier="PT/BE/500", name="Obras Lda")
    for proven in (border.foreign(enterprise=firm), border.foreign(personal=None), border.foreign()):
        assert pending_identities.read(pending_identities.written(proven)) == proven
    assert pending_identities.read("") is None
    for other in (border.foreign(""), border.foreign(niss=unknown_number())):
        with pytest.raises(ValueError, match="names somebody"):
            pending_identities.written(other)


def test_a_record_that_never_was_recognises_nobody(border: Border) -> None:
    linked = border.registrations.link_by_login(border.foreign(), border.belgian(border.person()[1]))
    border.world.record(replace(linked, person="nobody"))
    assert border.recognised(border.foreign()) is None
    assert border.world.found(Person, id="nobody") == []
