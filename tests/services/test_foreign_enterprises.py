"""A foreign enterprise enters by an officer's grant, and its activation makes one person its manager."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

import iam.services.foreign_enterprises
from iam.domain.appointments import OFFICER, Appointment, Role
from iam.domain.credentials import Password
from iam.domain.enterprises import Capacity, CapacityHeld, Enterprise, Ground
from iam.domain.errors import Conflict, Forbidden, Gone, InvalidInput, NotFound
from iam.domain.foreign_enterprises import REQUEST_LIFE, ForeignEnterpriseRequest, RequestState
from iam.domain.foreign_identities import RequestContact
from iam.domain.identifiers import CbeNumber
from iam.domain.periods import Period
from iam.services.foreign_enterprises import ALL_WITHIN, MOST_OF_ADDRESS, MOST_OF_ONE, ONE_WITHIN
from iam.services.passwords import WrongPassword
from tests.services.credential_scenes import SECRET_WORDS
from tests.services.identity_scenes import DACHBAU, Border
from tests.services.worlds import World

NUMBER = CbeNumber.parse("0403019261")
GROUND = "File 2026/17"


@pytest.fixture
def border(world: World) -> Border:
    """Where enterprises come in, on each storage."""
    return Border(world)


def asked(border: Border, **changed: Any) -> ForeignEnterpriseRequest:
    return border.enterprises.ask(replace(DACHBAU, **changed))


def granted(border: Border, number: CbeNumber = NUMBER) -> tuple[ForeignEnterpriseRequest, str]:
    """A request that was granted, and the code in the letter."""
    request = border.enterprises.grant(border.officer("grant_number"), asked(border).id, number, GROUND)
    return request, code_in_letter(border)


def code_in_letter(border: Border) -> str:
    border.delivered()
    found = re.search(r"Aktivierungscode ist (\S+)\. ", border.keys.post.emails[-1][2])
    assert found is not None
    return found[1]


def test_a_request_waits_for_an_officer_and_gives_nothing(border: Border) -> None:
    request = asked(border)
    assert (request.state, request.enterprise, request.appointment) == (RequestState.WAITING, None, None)
    assert border.world.found(Enterprise, id=NUMBER.value) == []
    assert border.acts()[-1] == "foreign_enterprise_asked"
    assert border.delivered() == 0


def test_a_grant_lets_the_enterprise_in_with_its_number_its_capacity_and_their_ground(border: Border) -> None:
    request, _ = granted(border)
    assert (request.state, request.enterprise, request.ground) == (RequestState.GRANTED, NUMBER.value, GROUND)
    (enterprise,) = border.world.found(Enterprise, id=NUMBER.value)
    assert enterprise.entered_at is not None
    (held,) = border.world.found(CapacityHeld, enterprise=NUMBER.value)
    assert (held.capacity, held.ground) == (Capacity.COMPANY_WITHOUT_STAFF, Ground.NUMBER_GRANTED)
    assert held.reference == GROUND
    (place,) = border.world.found(Appointment, enterprise=NUMBER.value)
    assert (place.role, place.person, place.appointed_by) == (Role.PRINCIPAL_ACCESS_MANAGER, None, OFFICER)
    assert place.id == request.appointment


def test_the_requester_receives_the_number_and_the_keys_along_two_ways(border: Border) -> None:
    granted(border)
    ((address, subject, text),) = border.keys.post.emails
    ((phone, message),) = border.keys.post.texts
    assert (address, phone) == (DACHBAU.email, DACHBAU.phone)
    assert subject == "Ihre Unternehmensnummer und Ihre digitalen Schlüssel"
    (password,) = border.world.found(Password)
    assert NUMBER.value in text and password.user_name in text
    assert password.provisional and password.person is None
    sent = message.split(": ")[1].split(".")[0]
    assert sent not in text and password.user_name not in message
    assert border.keys.hashing.matches(password.hash, sent)


def test_who_logs_in_with_the_code_becomes_the_manager_once(border: Border) -> None:
    request, code = granted(border)
    person, _ = border.person()
    actor = border.world.acting(person, NUMBER.value, None)
    accepted = border.invitations.accept(actor.authentication, code, "portal")
    assert (accepted.id, accepted.person, accepted.role) == (
        request.appointment,
        person,
        Role.PRINCIPAL_ACCESS_MANAGER,
    )
    assert border.world.decision(actor, "access_management:manage", NUMBER.value).allowed
    with pytest.raises(Gone, match="invitation_unusable"):
        border.invitations.accept(border.world.acting(border.person()[0], "", None).authentication, code, "portal")


def test_before_the_activation_nobody_manages_anything(border: Border) -> None:
    granted(border)
    stranger = border.world.acting(border.person()[0], NUMBER.value, None)
    assert not border.world.decision(stranger, "access_management:manage", NUMBER.value).allowed
    assert not border.world.decision(stranger, "works:declare", NUMBER.value).allowed


def test_another_activation_makes_the_former_one_void(border: Border) -> None:
    request, first = granted(border)
    (before,) = border.world.found(Password)
    border.enterprises.send_again(border.officer("grant_number"), request.id)
    second = code_in_letter(border)
    (after,) = border.world.found(Password)
    assert first != second and before.user_name != after.user_name
    login = border.world.acting(border.person()[0], NUMBER.value, None).authentication
    with pytest.raises(Gone):
        border.invitations.accept(login, first, "portal")
    assert border.invitations.accept(login, second, "portal").person
    with pytest.raises(Conflict, match="activated"):
        border.enterprises.send_again(border.officer("grant_number"), request.id)


def test_a_place_taken_with_the_password_alone_can_be_taken_anew_with_a_key_of_ones_own(border: Border) -> None:
    request, _ = granted(border)
    (sent,) = border.world.found(Password)
    provisional = border.keys.post.texts[-1][1].split(": ")[1].split(".")[0]
    session = border.entered(border.by_password(sent.user_name, provisional))
    border.world.clock.advance(days=1)
    again = border.enterprises.send_again(border.officer("grant_number"), request.id)
    code = code_in_letter(border)
    assert again.appointment != request.appointment
    former = border.world.found(Appointment, id=request.appointment)[0]
    assert (former.person, former.ended_at is not None) == (session.person, True)
    with pytest.raises(WrongPassword):
        border.by_password(sent.user_name, SECRET_WORDS)
    actor = border.world.acting(border.person()[0], NUMBER.value, None)
    assert border.invitations.accept(actor.authentication, code, "portal").id == again.appointment
    assert border.world.decision(actor, "access_management:manage", NUMBER.value).allowed
    with pytest.raises(Conflict, match="activated"):
        border.enterprises.send_again(border.officer("grant_number"), request.id)


def test_an_activation_expires_and_ends_with_the_officer_who_sent_it(border: Border) -> None:
    _, code = granted(border)
    login = border.world.acting(border.person()[0], NUMBER.value, None).authentication
    border.world.clock.advance(days=14, seconds=1)
    with pytest.raises(Gone):
        border.invitations.accept(login, code, "portal")
    officer = border.officer("grant_number")
    other = border.enterprises.grant(officer, asked(border).id, CbeNumber.parse("0403227515"), GROUND)
    second = code_in_letter(border)
    for place in border.world.found(Appointment, person=officer.person):
        border.world.record(replace(place, valid=Period(place.valid.start, border.world.clock.at)))
    with pytest.raises(Gone):
        border.invitations.accept(login, second, "portal")
    assert border.world.found(Appointment, id=other.appointment)[0].person is None


def test_a_number_under_which_somebody_entered_is_not_given_away(border: Border) -> None:
    firm = CbeNumber.parse(border.world.enterprise(Capacity.EMPLOYER))
    request = asked(border)
    with pytest.raises(Conflict, match="enterprise_exists"):
        border.enterprises.grant(border.officer("grant_number"), request.id, firm, GROUND)
    border.world.cease(firm.value)
    with pytest.raises(Forbidden, match="enterprise_ceased"):
        border.enterprises.grant(border.officer("grant_number"), request.id, firm, GROUND)
    assert border.world.found(ForeignEnterpriseRequest)[0].state is RequestState.WAITING
    assert border.delivered() == 0


def test_a_number_that_a_register_announced_can_be_given_and_keeps_its_capacity(border: Border) -> None:
    border.world.record(Enterprise(id=NUMBER.value, valid=Period(border.world.clock.at - timedelta(days=1))))
    border.world.hold(NUMBER.value, Capacity.EMPLOYER)
    border.world.clock.advance(seconds=1)
    granted(border)
    assert [one.capacity for one in border.world.found(CapacityHeld, enterprise=NUMBER.value)] == [Capacity.EMPLOYER]


def test_a_refusal_is_told_with_its_reason(border: Border) -> None:
    request = asked(border)
    refused = border.enterprises.refuse(border.officer("grant_number"), request.id, "No works in Belgium")
    assert (refused.state, refused.ground, refused.enterprise) == (RequestState.REFUSED, "No works in Belgium", None)
    assert border.delivered() == 1
    assert "No works in Belgium" in border.keys.post.emails[0][2]
    for act in decisions(border, request.id):
        with pytest.raises(Conflict, match=r"not_pending|not_granted"):
            act()


def decisions(border: Border, request: str, right: str = "grant_number") -> list[Callable[[], object]]:
    """Every decision of an officer about a request."""
    officer = border.officer(right)
    return [
        lambda: border.enterprises.grant(officer, request, NUMBER, GROUND),
        lambda: border.enterprises.refuse(officer, request, "R"),
        lambda: border.enterprises.send_again(officer, request),
    ]


def test_only_an_officer_for_numbers_decides(border: Border) -> None:
    request = asked(border)
    acts = decisions(border, request.id, "correct_identity")
    before = border.acts()
    for act in acts:
        with pytest.raises(Forbidden):
            act()
    for act in decisions(border, "unknown"):
        with pytest.raises(NotFound):
            act()
    assert border.acts() == before


def test_a_request_expires_and_its_contact_can_be_erased(border: Border) -> None:
    request, other = asked(border), asked(border)
    with border.world.archive.writing() as uow:
        uow.remove(RequestContact, other.id)
        uow.commit()
    with pytest.raises(Conflict, match="contact_erased"):
        border.enterprises.grant(border.officer("grant_number"), other.id, NUMBER, GROUND)
    border.world.clock.advance(seconds=REQUEST_LIFE.total_seconds() + 1)
    for act in decisions(border, request.id)[:2]:
        with pytest.raises(Conflict, match="not_pending"):
            act()


def test_an_enterprise_of_belgium_is_led_to_its_own_way_in(border: Border) -> None:
    with pytest.raises(InvalidInput, match="belgian_enterprise"):
        asked(border, country="BE")
    assert border.world.found(ForeignEnterpriseRequest) == []


def test_requests_are_bounded_for_each_e_mail_address(border: Border) -> None:
    for _ in range(MOST_OF_ONE):
        asked(border)
    with pytest.raises(Forbidden, match="too_many_tries"):
        asked(border, email=DACHBAU.email.upper())
    border.world.clock.advance(seconds=ONE_WITHIN.total_seconds() + 1)
    asked(border)


def test_a_flood_from_one_network_address_keeps_nobody_else_out(border: Border) -> None:
    for number in range(MOST_OF_ADDRESS):
        border.enterprises.ask(replace(DACHBAU, email=f"a{number}@example.org"), "192.0.2.66")
    for number in range(3):
        with pytest.raises(Forbidden, match="too_many_tries"):
            border.enterprises.ask(replace(DACHBAU, email=f"b{number}@example.org"), "192.0.2.66")
    border.enterprises.ask(DACHBAU, "192.0.2.1")
    border.world.clock.advance(seconds=ONE_WITHIN.total_seconds() + 1)
    border.enterprises.ask(replace(DACHBAU, email="b0@example.org"), "192.0.2.66")


def test_all_together_cannot_fill_the_office(border: Border, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(iam.services.foreign_enterprises, "MOST_OF_ALL", 4)
    for number in range(4):
        asked(border, email=f"a{number}@example.org")
    with pytest.raises(Forbidden, match="too_many_tries"):
        asked(border, email="another@example.org")
    border.world.clock.advance(seconds=ALL_WITHIN.total_seconds() + 1)
    asked(border, email="another@example.org")


def test_no_name_or_address_of_a_person_is_in_the_audit_trail(border: Border) -> None:
    granted(border)
    told = " ".join(str(one.leaf) for one in border.world.archive.leaves())
    assert not any(word in told for word in (DACHBAU.contact_name, DACHBAU.email, DACHBAU.phone, DACHBAU.name))
