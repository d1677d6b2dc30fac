"""Activation codes: link and paper code together, once, in time, while the officer who gave them stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pyotp
import pytest

from iam.domain.actors import Actor
from iam.domain.appointments import Appointment
from iam.domain.assurance import Assurance
from iam.domain.credentials import LINK_LIFE, SIMPLIFIED_LINK_LIFE, ActivationCode, OneTimeDevice, Password
from iam.domain.errors import Conflict, Forbidden, Gone, InvalidInput
from iam.domain.identifiers import Niss
from iam.domain.messages import WaitingMessage
from iam.domain.periods import Period
from iam.services.activation_codes import MOST_WRONG, FirstKey, Registration
from iam.services.one_time_codes import WrongCode
from tests.services.credential_scenes import SECRET_WORDS, Keys
from tests.services.worlds import World

CHOSEN = FirstKey(user_name="jan.peeters", password=SECRET_WORDS)


class Office:
    """An officer who registered a person at the counter."""

    def __init__(self, world: World, *, vouched: Assurance = Assurance.SUBSTANTIAL, simplified: bool = False) -> None:
        self.keys = Keys(world)
        self.officer: Actor = world.officer("correct_identity")
        self.person, self.niss = world.person()
        self.order = Registration(niss=self.niss, email="jan@example.org", vouched=vouched, simplified=simplified)
        self.code, self.link = self.issued()

    def issued(self) -> tuple[str, str]:
        links: list[str] = []

        def texts(link: str) -> tuple[str, str]:
            links.append(link)
            return "Your key", f"https://procura.test/activation/{link}"

        return self.keys.activation.issue(self.officer, self.order, texts), links[0]


@pytest.fixture
def office(world: World) -> Office:
    return Office(world)


def test_link_and_code_give_a_password_once(office: Office) -> None:
    activation = office.keys.activation
    assert activation.usable(office.link)
    password = activation.redeem(office.link, office.code.upper(), CHOSEN)
    assert (password.person, password.vouched) == (office.person, Assurance.SUBSTANTIAL)
    for code in (office.code, "another"):
        with pytest.raises(Gone) as gone:
            activation.redeem(office.link, code, replace(CHOSEN, user_name="other.name"))
        assert gone.value.code == "activation_unusable"
    assert not activation.usable(office.link)


def test_a_device_can_be_added_with_the_first_password(office: Office) -> None:
    secret = office.keys.codes.new_secret()
    code = pyotp.TOTP(secret).at(office.keys.world.clock.at)
    chosen = replace(CHOSEN, secret=secret, device_code=code, label="Phone")
    office.keys.activation.redeem(office.link, office.code, chosen)
    (device,) = office.keys.world.found(OneTimeDevice)
    assert (device.person, device.vouched) == (office.person, Assurance.SUBSTANTIAL)


def test_a_wrong_code_of_the_device_uses_nothing_up(office: Office) -> None:
    secret = office.keys.codes.new_secret()
    for spoilt, code in ((secret, "wrong_first_code"), ("AAAA", "invalid_secret"), ("", "invalid_secret")):
        chosen = replace(CHOSEN, secret=spoilt, device_code="000000", label="Phone")
        with pytest.raises(InvalidInput) as refused:
            office.keys.activation.redeem(office.link, office.code, chosen)
        assert refused.value.code == code
    assert office.keys.world.found(Password) == []
    assert office.keys.activation.redeem(office.link, office.code, CHOSEN).person == office.person


def test_the_link_waits_sealed_and_goes_to_the_address_given(office: Office) -> None:
    (waiting,) = office.keys.world.found(WaitingMessage)
    assert office.link not in waiting.sealed and "jan" not in waiting.sealed
    office.keys.delivered()
    (sent,) = office.keys.post.emails
    assert sent[0] == "jan@example.org" and office.link in sent[2] and office.code not in sent[2]


@pytest.mark.attack("H07")
def test_after_five_wrong_codes_the_link_is_void(office: Office) -> None:
    for _ in range(MOST_WRONG):
        with pytest.raises(WrongCode):
            office.keys.activation.redeem(office.link, "wrong", CHOSEN)
    with pytest.raises(Gone):
        office.keys.activation.redeem(office.link, office.code, CHOSEN)
    assert office.keys.world.found(Password) == []


@pytest.mark.attack("H07")
@pytest.mark.parametrize("simplified", [False, True])
def test_a_link_is_good_until_its_end_and_not_after(world: World, simplified: bool) -> None:
    office, life = Office(world, simplified=simplified), SIMPLIFIED_LINK_LIFE if simplified else LINK_LIFE
    (record,) = world.found(ActivationCode)
    assert abs(record.expires_at - (world.clock.at + life)) < timedelta(seconds=1)
    world.clock.at = record.expires_at - timedelta(microseconds=1)
    assert office.keys.activation.usable(office.link)
    world.clock.at = record.expires_at
    with pytest.raises(Gone):
        office.keys.activation.redeem(office.link, office.code, CHOSEN)


@pytest.mark.parametrize(
    ("vouched", "simplified", "reached"),
    [
        (Assurance.HIGH, False, Assurance.SUBSTANTIAL),
        (Assurance.LOW, False, Assurance.LOW),
        (Assurance.SUBSTANTIAL, True, Assurance.LOW),
    ],
)
def test_a_key_reaches_what_the_office_vouched_for(
    world: World, vouched: Assurance, simplified: bool, reached: Assurance
) -> None:
    office = Office(world, vouched=vouched, simplified=simplified)
    assert office.keys.activation.redeem(office.link, office.code, CHOSEN).vouched is reached


def test_a_new_code_voids_the_former_one(office: Office) -> None:
    code, link = office.issued()
    with pytest.raises(Gone):
        office.keys.activation.redeem(office.link, office.code, CHOSEN)
    with pytest.raises(WrongCode):
        office.keys.activation.redeem(link, office.code, CHOSEN)
    assert office.keys.activation.redeem(link, code, CHOSEN).person == office.person


def test_the_code_of_one_person_is_none_for_the_link_of_another(office: Office) -> None:
    office.order = replace(office.order, niss=office.keys.world.person()[1])
    code, _ = office.issued()
    with pytest.raises(WrongCode):
        office.keys.activation.redeem(office.link, code, CHOSEN)


@pytest.mark.attack("H07")
def test_codes_of_an_officer_who_left_are_void(office: Office) -> None:
    world = office.keys.world
    (place,) = world.found(Appointment, person=office.officer.person)
    world.record(replace(place, valid=Period(place.valid.start, world.clock.at), ended_at=world.clock.at))
    assert not office.keys.activation.usable(office.link)
    with pytest.raises(Gone):
        office.keys.activation.redeem(office.link, office.code, CHOSEN)


def test_only_an_officer_who_may_gives_codes(world: World) -> None:
    keys, other = Keys(world), world.officer("recognise")
    order = Registration(niss=world.person()[1], email="jan@example.org", vouched=Assurance.LOW)
    with pytest.raises(Forbidden):
        keys.activation.issue(other, order, lambda link: ("", link))
    assert world.found(ActivationCode) == [] and world.found(WaitingMessage) == []


def test_a_refused_choice_leaves_link_and_code_good(office: Office) -> None:
    office.keys.with_password("jan.peeters")
    with pytest.raises(Conflict):
        office.keys.activation.redeem(office.link, office.code, CHOSEN)
    with pytest.raises(InvalidInput):
        office.keys.activation.redeem(office.link, office.code, replace(CHOSEN, password="short"))
    chosen = replace(CHOSEN, user_name="peeters.jan")
    assert office.keys.activation.redeem(office.link, office.code, chosen).person == office.person


def test_a_number_that_nobody_had_becomes_a_person(world: World) -> None:
    office = Office(world)
    office.order = replace(office.order, niss=Niss.parse("85073003328"))
    code, link = office.issued()
    assert office.keys.activation.redeem(link, code, CHOSEN).person not in ("", office.person, None)
