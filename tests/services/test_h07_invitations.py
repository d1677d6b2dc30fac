"""Codes that make somebody known: changed, used before, too old, guessed, or of who stands no more."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from iam.domain.actors import Actor
from iam.domain.appointments import LEGAL_REPRESENTATIVE, Appointment, Role
from iam.domain.assurance import Assurance, Authentication, LoginKey
from iam.domain.credentials import PROVISIONAL_LIFE, Password
from iam.domain.enterprises import Capacity
from iam.domain.errors import Gone, Refusal, StepUpRequired
from iam.domain.identifiers import CbeNumber
from iam.domain.periods import Period
from iam.domain.persons import Invitation
from iam.services.appointments import Appointments, ContactData, NewAppointment
from iam.services.invitations import LINK_VALIDITY
from iam.services.passwords import WrongPassword
from iam.services.people import People
from iam.services.sign_in import LoginRefused
from tests.services.identity_scenes import DACHBAU, Border
from tests.services.unchanged import RACERS, nothing_changes, raced
from tests.services.worlds import LONG_AGO, World

pytestmark = pytest.mark.attack("H07")

EMPLOYER = Capacity.EMPLOYER
CONTACT = ContactData(label="somebody", email="somebody@example.org", phone="+3220000000")
MICROSECOND = timedelta(microseconds=1)


class Waiting:
    """A place that waits for who holds a code, given by a manager or by an officer."""

    def __init__(self, world: World, by: str) -> None:
        self.world, self.border = world, Border(world)
        self.appointments = Appointments(
            world.archive, world.judge, world.library, world.randomness, world.representations
        )
        self.code = self._invited() if by == "manager" else self._granted()
        (one,) = world.found(Invitation)
        self.place, self.sender = one.appointment, one.issued_by
        self.number = world.found(Appointment, id=self.place)[0].enterprise

    def accept(self, code: str | None = None, login: Authentication | None = None) -> Appointment:
        return self.border.invitations.accept(login or self.stranger(), self.code if code is None else code, "portal")

    def stranger(self) -> Authentication:
        return self.world.acting(self.border.person()[0], "", None).authentication

    def ends(self, appointment: str) -> None:
        self.world.clock.advance(seconds=1)
        (one,), now = self.world.found(Appointment, id=appointment), self.world.clock.at
        self.world.record(replace(one, valid=Period(one.valid.start, now), ended_at=now))

    def _invited(self) -> str:
        number = self.world.enterprise(EMPLOYER)
        self.top = self.manager(number, Role.PRINCIPAL_ACCESS_MANAGER)
        self.deputy = self.manager(number, Role.CO_MANAGER)
        order = NewAppointment(role=Role.USER, capacity=EMPLOYER, domain=None, contact=CONTACT)
        return self.border.invitations.issue(self.deputy, self.appointments.appoint(self.deputy, order).id)

    def _granted(self) -> str:
        officer = self.border.officer("grant_number")
        request = self.border.enterprises.ask(DACHBAU)
        self.border.enterprises.grant(officer, request.id, CbeNumber.parse("0403019261"), "File")
        self.border.delivered()
        found = re.search(r"Aktivierungscode ist (\S+)\. ", self.border.keys.post.emails[-1][2])
        assert found is not None
        return found[1]

    def manager(self, number: str, role: Role) -> Actor:
        since, person = Period(self.world.clock.at - LONG_AGO), self.world.person()[0]
        self.world.record(
            Appointment(
                id=self.world.randomness.identifier(),
                enterprise=number,
                person=person,
                role=role,
                capacity=None,
                domain=None,
                appointed_by=LEGAL_REPRESENTATIVE,
                tie="",
                valid=since,
                activated_at=since.start,
            )
        )
        return self.world.acting(person, number, None)


@pytest.fixture(params=["manager", "officer"])
def waiting(request: pytest.FixtureRequest, world: World) -> Waiting:
    """A place that waits, on each storage."""
    return Waiting(world, request.param)


def hash_of(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


CHANGED: dict[str, Callable[[str], str]] = {
    "empty": lambda code: "",
    "a blank": lambda code: " ",
    "the first character": lambda code: ("b" if code[0] != "b" else "c") + code[1:],
    "the last character": lambda code: code[:-1] + ("b" if code[-1] != "b" else "c"),
    "one in the middle": lambda code: code[:9] + ("b" if code[9] != "b" else "c") + code[10:],
    "cut by one": lambda code: code[:-1],
    "cut in half": lambda code: code[: len(code) // 2],
    "one more": lambda code: code + "0",
    "twice": lambda code: code + code,
    "backwards": lambda code: code[::-1],
    "in capitals": lambda code: code.upper(),
    "blanks around it": lambda code: f" {code} ",
    "a line break": lambda code: f"{code}\n",
    "a zero octet": lambda code: f"{code}\x00",
    "a zero octet and more": lambda code: f"{code}\x00x",
    "in full width": lambda code: "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in code),
    "a zero-width blank": lambda code: code[:4] + "\u200b" + code[4:],
    "its hash": hash_of,
    "its hash in capitals": lambda code: hash_of(code).upper(),
    "any text": lambda code: "%",
    "any letter": lambda code: "_" * len(code),
    "a pattern": lambda code: f"{code[:5]}%",
    "a condition": lambda code: "' OR '1'='1",
    "a comment": lambda code: f"{code}'--",
    "an object": lambda code: '{"$ne": null}',
    "null": lambda code: "null",
    "very long": lambda code: code * 20_000,
}


def test_changed_codes_open_nothing_and_use_nothing_up(waiting: Waiting) -> None:
    login = waiting.stranger()
    for name, change in CHANGED.items():
        with nothing_changes(waiting.world), pytest.raises(Gone, match="invitation_unusable"):
            waiting.accept(change(waiting.code), login)
            pytest.fail(f"{name} was accepted")
    assert waiting.accept(login=login).person == login.person_id


def test_what_names_the_place_elsewhere_is_no_code_for_it(waiting: Waiting) -> None:
    login = waiting.stranger()
    with nothing_changes(waiting.world):
        for known in (waiting.place, waiting.sender, waiting.number, login.person_id, "id00000000000000000001"):
            with pytest.raises(Gone, match="invitation_unusable"):
                waiting.accept(known, login)


def test_a_used_code_opens_nothing_to_anybody_nor_to_who_used_it(waiting: Waiting) -> None:
    first, second = waiting.stranger(), waiting.stranger()
    accepted = waiting.accept(login=first)
    with nothing_changes(waiting.world):
        for login in (first, second):
            with pytest.raises(Gone, match="invitation_unusable"):
                waiting.accept(login=login)
    assert waiting.world.found(Appointment, id=waiting.place) == [accepted]


def test_of_64_who_use_a_code_at_once_one_gets_the_place(waiting: Waiting) -> None:
    logins = [waiting.stranger() for _ in range(RACERS)]
    outcomes = Counter(raced(lambda racer: waiting.accept(login=logins[racer])))
    assert outcomes == {"done": 1, "invitation_unusable": RACERS - 1}
    (place,) = waiting.world.found(Appointment, id=waiting.place)
    assert place.person in {one.person_id for one in logins}


@pytest.mark.parametrize(
    ("late", "good"),
    [(-MICROSECOND, True), (timedelta(0), False), (MICROSECOND, False), (timedelta(days=16), False)],
)
def test_a_code_is_good_for_two_weeks_to_the_instant(waiting: Waiting, late: timedelta, good: bool) -> None:
    (one,) = waiting.world.found(Invitation)
    waiting.world.clock.at = one.expires_at + late - MICROSECOND
    login = waiting.stranger()
    waiting.world.clock.at = one.expires_at + late
    if good:
        assert waiting.accept(login=login).activated_at is not None
        return
    with nothing_changes(waiting.world), pytest.raises(Gone, match="invitation_unusable"):
        waiting.accept(login=login)


@pytest.mark.parametrize("who", ["sender", "place", "enterprise"])
def test_a_code_ends_with_who_sent_it_and_with_what_it_is_for(waiting: Waiting, who: str) -> None:
    login = waiting.stranger()
    if who == "enterprise":
        waiting.world.cease(waiting.number)
    else:
        waiting.ends(waiting.sender if who == "sender" else waiting.place)
    waiting.world.clock.advance(seconds=1)
    with nothing_changes(waiting.world), pytest.raises(Refusal) as refused:
        waiting.accept(login=login)
    assert refused.value.code == ("enterprise_ceased" if who == "enterprise" else "invitation_unusable")


@pytest.mark.parametrize("key", [LoginKey.PASSWORD, LoginKey.TOKEN, LoginKey.EIDAS])
@pytest.mark.parametrize("right", [True, False])
def test_a_weak_login_hears_nothing_of_a_code(waiting: Waiting, key: LoginKey, right: bool) -> None:
    weak = replace(waiting.stranger(), key=key, assurance=Assurance.LOW)
    with nothing_changes(waiting.world), pytest.raises(StepUpRequired, match="assurance_too_low"):
        waiting.accept(waiting.code if right else "wrong", weak)


def test_a_code_accepted_by_a_former_record_of_somebody_gives_the_place_to_the_present_one(waiting: Waiting) -> None:
    (former, old), (present, new) = waiting.border.person(), waiting.border.person()
    login = waiting.world.acting(former, "", None).authentication
    people = People(waiting.world.archive, waiting.world.judge, waiting.world.joint_acts)
    for officer in (waiting.border.officer(), waiting.border.officer()):
        people.merge(officer, old, new)
    assert waiting.accept(login=login).person == present


@pytest.fixture
def sent(world: World) -> Waiting:
    """A place of which a user name and a provisional password were sent, too."""
    return Waiting(world, "officer")


def keys_sent(sent: Waiting) -> tuple[str, str]:
    name = re.search(r"Benutzernamen (\S+) und", sent.border.keys.post.emails[-1][2])
    password = re.search(r"Passwort: (\S+)\. ", sent.border.keys.post.texts[-1][1])
    assert name is not None and password is not None
    return name[1], password[1]


def test_a_place_taken_with_the_code_is_closed_to_the_password(sent: Waiting) -> None:
    accepted = sent.accept()
    with nothing_changes(sent.world), pytest.raises(WrongPassword):
        sent.border.by_password(*keys_sent(sent))
    assert sent.world.found(Appointment, id=sent.place) == [accepted]


def test_a_place_taken_with_the_password_is_closed_to_the_code(sent: Waiting) -> None:
    session = sent.border.entered(sent.border.by_password(*keys_sent(sent)))
    login = sent.stranger()
    with nothing_changes(sent.world), pytest.raises(Gone, match="invitation_unusable"):
        sent.accept(login=login)
    (place,) = sent.world.found(Appointment, id=sent.place)
    assert (place.person, session.assurance) == (session.person, Assurance.LOW)


def test_of_64_first_logins_at_once_all_are_of_one_person(sent: Waiting) -> None:
    proven = sent.border.by_password(*keys_sent(sent))
    outcomes = raced(lambda racer: sent.border.entered(replace(proven, reference=f"login {racer}")))
    assert outcomes == ["done"] * RACERS
    (kept,) = sent.world.found(Password)
    assert [one.person for one in sent.world.found(Appointment, id=sent.place)] == [kept.person]


def test_a_code_and_a_password_at_once_give_the_place_to_one_person(sent: Waiting) -> None:
    proven = sent.border.by_password(*keys_sent(sent))
    logins = [sent.stranger() for _ in range(RACERS)]

    def deed(racer: int) -> None:
        if racer % 2:
            sent.border.entered(replace(proven, reference=f"login {racer}"))
        else:
            sent.accept(login=logins[racer])

    outcomes = Counter(raced(deed))
    by_code = outcomes["user_name_void"] == RACERS // 2
    assert outcomes["done"] == (1 if by_code else RACERS // 2)
    (place,) = sent.world.found(Appointment, id=sent.place)
    assert place.person is not None
    assert (place.person in {one.person_id for one in logins}) is by_code


@pytest.mark.parametrize("who", ["sender", "place"])
def test_a_password_for_a_place_ends_with_who_sent_it(sent: Waiting, who: str) -> None:
    proven = sent.border.by_password(*keys_sent(sent))
    sent.ends(sent.sender if who == "sender" else sent.place)
    sent.world.clock.advance(seconds=1)
    with nothing_changes(sent.world), pytest.raises(LoginRefused, match="user_name_void"):
        sent.border.entered(proven)


@pytest.mark.parametrize(("late", "good"), [(-MICROSECOND, True), (timedelta(0), False), (timedelta(days=1), False)])
def test_a_provisional_password_is_good_for_thirty_days_to_the_instant(
    sent: Waiting, late: timedelta, good: bool
) -> None:
    (kept,) = sent.world.found(Password)
    assert kept.expires_at - kept.made_at == PROVISIONAL_LIFE
    sent.world.clock.at = kept.expires_at + late
    if good:
        assert sent.border.entered(sent.border.by_password(*keys_sent(sent))).person
        return
    with nothing_changes(sent.world), pytest.raises(Gone, match="provisional_password_expired"):
        sent.border.by_password(*keys_sent(sent))


def test_codes_of_two_weeks_are_what_is_sent() -> None:
    assert timedelta(days=14) == LINK_VALIDITY
