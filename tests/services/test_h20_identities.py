"""Two identities are put together by fresh proof of both, and by nothing that they share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from iam.domain.assurance import Assurance, LoginKey
from iam.domain.errors import Conflict, Forbidden, Gone, Refusal
from iam.domain.foreign_identities import ForeignIdentity, IdentityState
from iam.domain.logins import PersonalData, ProvenLogin
from iam.domain.niss import Niss
from iam.domain.persons import PersonNumber
from iam.domain.sessions import Session
from iam.services.identity_decisions import UnlinkGround
from iam.services.identity_registrations import FRESH, MOST_TRIES
from iam.services.people import People
from iam.services.sessions import end_session
from iam.services.sign_in import LoginRefused
from tests.services.identity_scenes import MARIA, Border, request
from tests.services.unchanged import RACERS, nothing_changes, raced
from tests.services.worlds import World

pytestmark = pytest.mark.attack("H20")


@pytest.fixture
def border(world: World) -> Border:
    """Where people come in, on each storage."""
    return Border(world)


def linked(border: Border, subject: str = "PT/BE/1") -> tuple[str, Niss]:
    """A person who is known by an identity of Portugal."""
    person, niss = border.person()
    border.registrations.link_by_login(border.foreign(subject), border.belgian(niss))
    return person, niss


def merged(border: Border, former: Niss, present: Niss) -> None:
    """Two officers find that two numbers are one person's."""
    people = People(border.world.archive, border.world.judge, border.world.joint_acts)
    for officer in (border.officer(), border.officer()):
        people.merge(officer, former, present)


STRANGERS: dict[str, dict[str, Any]] = {
    "another provider": {"provider": "other-node"},
    "a key of another kind": {"provider": "itsme", "key": LoginKey.ITSME},
    "in small letters": {"subject": "pt/be/1"},
    "a blank after it": {"subject": "PT/BE/1 "},
    "a blank before it": {"subject": " PT/BE/1"},
    "a line break": {"subject": "PT/BE/1\n"},
    "a zero octet": {"subject": "PT/BE/1\x00"},
    "more after a zero octet": {"subject": "PT/BE/1\x00x"},
    "in full width": {"subject": "ＰＴ／ＢＥ／１"},
    "a zero-width blank": {"subject": "PT/BE/\u200b1"},
    "a letter that looks alike": {"subject": "РT/BE/1"},
    "for another country": {"subject": "PT/ES/1"},
    "from another country": {"subject": "ES/BE/1", "issued_in": "ES"},
    "a number before it": {"subject": "PT/BE/01"},
    "longer": {"subject": "PT/BE/1" + "0" * 100_000},
    "part of it": {"subject": "PT/BE/"},
    "null in words": {"subject": "null"},
    "none in words": {"subject": "None"},
    "nothing but a blank": {"subject": " "},
    "zero": {"subject": "0"},
    "any text": {"subject": "%"},
    "the id of the record": {"subject": "e"},
    "with the provider's name": {"subject": "eidas\x00PT/BE/1"},
}


def test_who_shares_everything_but_provider_and_name_is_somebody_else(border: Border) -> None:
    person, _ = linked(border)
    for name, changed in STRANGERS.items():
        proven = border.foreign(**{"subject": "PT/BE/1", **changed})
        with nothing_changes(border.world):
            assert border.recognised(proven) is None, name
    for name, changed in STRANGERS.items():
        asked = border.registrations.ask(border.foreign(**{"subject": "PT/BE/1", **changed}), request())
        assert (asked.person, asked.state) == (None, IdentityState.PENDING), name
    assert len(border.world.found(ForeignIdentity)) == len(STRANGERS) + 1
    assert border.recognised(border.foreign()) == person
    assert len(border.world.found(ForeignIdentity, person=person)) == 1


@pytest.mark.parametrize("provider", ["eidas", "other-node", "itsme", "card"])
def test_a_source_that_names_nobody_is_nobody(border: Border, provider: str) -> None:
    linked(border)
    nameless = border.foreign("", provider=provider)
    with nothing_changes(border.world), pytest.raises(LoginRefused, match="nobody_named"):
        border.recognised(nameless)
    with pytest.raises(ValueError, match="names nobody"):
        border.registrations.ask(nameless, request())
    with pytest.raises(ValueError, match="names nobody"):
        border.registrations.link_by_code(nameless, border.person()[1], "code")


RECYCLED = {
    "born otherwise": PersonalData(family_name="Silva", given_name="Maria", born=date(1985, 7, 31)),
    "a child of the same name": PersonalData(family_name="Silva", given_name="Maria", born=date(2010, 7, 30)),
    "both names": PersonalData(family_name="Costa", given_name="Rui", born=MARIA.born),
    "both names, and no birth date told": PersonalData(family_name="Costa", given_name="Rui", born=None),
}


@pytest.mark.parametrize("other", RECYCLED.values(), ids=RECYCLED)
def test_a_name_that_a_provider_gave_to_somebody_else_is_matched_again(border: Border, other: PersonalData) -> None:
    person, _ = linked(border)
    held = border.entered(border.foreign())
    recycled = border.foreign(personal=other)
    with nothing_changes(border.world):
        assert border.recognised(recycled) is None
    stranger = border.belgian(border.person()[1])
    with nothing_changes(border.world), pytest.raises(Conflict, match="identity_taken"):
        border.registrations.link_by_login(replace(recycled, personal=replace(other, born=None)), stranger)
    border.registrations.ask(recycled, request())
    assert border.world.found(ForeignIdentity, person=person) == []
    assert border.world.found(Session, id=held.id) == []
    assert border.acts()[-3:] == ["identity_unlinked", "session_ended", "identity_registration_asked"]
    assert border.recognised(border.foreign()) is None


SAME = {
    "married": replace(MARIA, family_name="Santos"),
    "another given name": replace(MARIA, given_name="Mariana"),
    "without accents": PersonalData(family_name="SILVA", given_name="maria", born=MARIA.born),
    "with accents": PersonalData(family_name="Sílva", given_name="Mária", born=MARIA.born),
    "double spaced": PersonalData(family_name=" Sil va ", given_name="Ma-ria", born=MARIA.born),
    "nothing told": None,
}


@pytest.mark.parametrize("personal", SAME.values(), ids=SAME)
def test_one_change_of_names_or_another_spelling_is_the_same_person(
    border: Border, personal: PersonalData | None
) -> None:
    person, _ = linked(border)
    assert border.recognised(border.foreign(personal=personal)) == person


def test_a_birth_date_told_later_must_be_that_of_the_number(border: Border) -> None:
    person, niss = border.person()
    border.registrations.link_by_login(border.foreign(personal=None), border.belgian(niss))
    wrong = PersonalData(family_name="Silva", given_name="Maria", born=date(1990, 1, 1))
    with nothing_changes(border.world):
        assert border.recognised(border.foreign(personal=wrong)) is None
    assert border.recognised(border.foreign()) == person


def stale(border: Border, niss: Niss) -> tuple[ProvenLogin, Session]:
    belgian = border.belgian(niss)
    border.world.clock.advance(seconds=FRESH.total_seconds() + 1)
    return border.foreign(), belgian


def stale_abroad(border: Border, niss: Niss) -> tuple[ProvenLogin, Session]:
    foreign = border.foreign()
    border.world.clock.advance(seconds=FRESH.total_seconds() + 1)
    return foreign, border.belgian(niss)


def from_before(border: Border, niss: Niss) -> tuple[ProvenLogin, Session]:
    belgian = border.belgian(niss)
    border.world.clock.advance(seconds=2)
    return border.foreign(), belgian


def ended(border: Border, niss: Niss) -> tuple[ProvenLogin, Session]:
    foreign, belgian = border.foreign(), border.belgian(niss)
    with border.world.archive.writing() as uow:
        end_session(uow, belgian)
        uow.commit()
    return foreign, belgian


def weak(border: Border, niss: Niss) -> tuple[ProvenLogin, Session]:
    return border.foreign(), border.belgian(niss, assurance=Assurance.LOW)


def weak_abroad(border: Border, niss: Niss) -> tuple[ProvenLogin, Session]:
    return border.foreign(assurance=Assurance.LOW), border.belgian(niss)


def own_key(border: Border, niss: Niss) -> tuple[ProvenLogin, Session]:
    return border.foreign(), border.belgian(niss, key=LoginKey.TOTP)


def of_a_link(border: Border, niss: Niss) -> tuple[ProvenLogin, Session]:
    abroad = {"provider": "itsme", "key": LoginKey.ITSME, "issued_in": "NL"}
    border.registrations.link_by_login(border.foreign("nl-1", **abroad), border.belgian(niss, "card"))
    return border.foreign(), border.entered(border.foreign("nl-1", **abroad))


def of_a_link_of_a_former_record(border: Border, niss: Niss) -> tuple[ProvenLogin, Session]:
    foreign, session = of_a_link(border, niss)
    merged(border, niss, border.person()[1])
    return foreign, session


def used_before(border: Border, niss: Niss) -> tuple[ProvenLogin, Session]:
    belgian = border.belgian(niss)
    border.registrations.link_by_login(border.foreign("PT/BE/another"), belgian)
    return border.foreign(), belgian


def used_before_abroad(border: Border, niss: Niss) -> tuple[ProvenLogin, Session]:
    foreign = border.foreign()
    done = border.registrations.link_by_login(foreign, border.belgian(niss))
    border.decisions.unlink(border.officer(), done.id, UnlinkGround.WRONG_PERSON)
    return foreign, border.belgian(border.person()[1])


def used_for_a_code(border: Border, niss: Niss) -> tuple[ProvenLogin, Session]:
    foreign = border.foreign()
    done = border.registrations.link_by_code(foreign, niss, border.decisions.give_code(border.officer(), niss))
    border.decisions.unlink(border.officer(), done.id, UnlinkGround.WRONG_PERSON)
    return foreign, border.belgian(border.person()[1])


def of_another_birth_date(border: Border, niss: Niss) -> tuple[ProvenLogin, Session]:
    return border.foreign(personal=replace(MARIA, born=date(1990, 1, 1))), border.belgian(niss)


def of_somebody_elses_identity(border: Border, niss: Niss) -> tuple[ProvenLogin, Session]:
    linked(border)
    return border.foreign(), border.belgian(niss)


Bad = Callable[[Border, Niss], tuple[ProvenLogin, Session]]
BAD_PROOFS: list[tuple[Bad, str]] = [
    (stale, "fresh_login_needed"),
    (stale_abroad, "fresh_login_needed"),
    (from_before, "fresh_login_needed"),
    (ended, "fresh_login_needed"),
    (weak, "belgian_key_needed"),
    (weak_abroad, "belgian_key_needed"),
    (own_key, "belgian_key_needed"),
    (of_a_link, "belgian_key_needed"),
    (of_a_link_of_a_former_record, "fresh_login_needed"),
    (used_before, "proof_used"),
    (used_before_abroad, "proof_used"),
    (used_for_a_code, "proof_used"),
    (of_another_birth_date, "minimum_data_differ"),
    (of_somebody_elses_identity, "identity_taken"),
]


@pytest.mark.parametrize(("bad", "code"), BAD_PROOFS, ids=[one.__name__ for one, _ in BAD_PROOFS])
def test_no_other_proof_than_a_fresh_one_of_both_makes_a_link(border: Border, bad: Bad, code: str) -> None:
    _, niss = border.person()
    foreign, belgian = bad(border, niss)
    with nothing_changes(border.world), pytest.raises(Refusal) as refused:
        border.registrations.link_by_login(foreign, belgian)
    assert refused.value.code == code


def test_a_bis_number_that_gave_way_leads_links_codes_and_logins_to_the_same_person(border: Border) -> None:
    person, bis = linked(border)
    present, niss = border.person()
    merged(border, bis, niss)
    assert {border.recognised(border.foreign()), border.belgian(bis).person, border.belgian(niss).person} == {present}
    code = border.decisions.give_code(border.officer(), niss)
    with pytest.raises(Gone, match="code_unusable"):
        border.registrations.link_by_code(border.foreign("PT/BE/2"), bis, code)
    assert border.registrations.link_by_code(border.foreign("PT/BE/2"), niss, code).person == present
    assert border.world.found(ForeignIdentity, person=person) == []


def test_an_officer_never_decides_about_the_own_record_nor_under_a_former_one(border: Border) -> None:
    """Neither as they are nor, once two others found that two records are theirs, by the login of before."""
    officer = border.officer()
    (number,) = border.world.found(PersonNumber, person=officer.person)
    own, (_, present) = Niss.parse(number.niss), border.person()
    waiting = border.asked()
    with nothing_changes(border.world), pytest.raises(Forbidden, match="own_record"):
        border.decisions.confirm(officer, waiting.id, own, despite_differences=True)
    with nothing_changes(border.world), pytest.raises(Forbidden, match="own_record"):
        border.decisions.give_code(officer, own)
    merged(border, own, present)
    done = border.registrations.link_by_login(border.foreign("PT/BE/2"), border.belgian(present))
    with nothing_changes(border.world):
        for act in (
            lambda: border.decisions.confirm(officer, waiting.id, own, despite_differences=True),
            lambda: border.decisions.confirm(officer, waiting.id, present, despite_differences=True),
            lambda: border.decisions.give_code(officer, own),
            lambda: border.decisions.give_code(officer, present),
            lambda: border.decisions.unlink(officer, done.id, UnlinkGround.OWN_REQUEST),
        ):
            with pytest.raises(Forbidden, match=r"own_record|not_appointed"):
                act()


def test_unlinking_ends_the_sessions_of_a_former_record_too(border: Border) -> None:
    _, niss = linked(border)
    held = border.entered(border.foreign())
    merged(border, niss, border.person()[1])
    (done,) = border.world.found(ForeignIdentity)
    border.decisions.unlink(border.officer(), done.id, UnlinkGround.WRONG_PERSON)
    assert border.world.found(Session, id=held.id) == []


def test_of_64_links_of_one_identity_to_as_many_people_one_is_made(border: Border) -> None:
    foreign = border.foreign()
    sessions = [border.belgian(border.person()[1]) for _ in range(RACERS)]
    outcomes = Counter(
        raced(
            lambda racer: border.registrations.link_by_login(
                replace(foreign, reference=f"login {racer}"), sessions[racer]
            )
        )
    )
    assert outcomes == {"done": 1, "identity_taken": RACERS - 1}
    (done,) = border.world.found(ForeignIdentity)
    assert done.person in {one.person for one in sessions}


def test_of_64_identities_linked_by_one_belgian_login_one_is(border: Border) -> None:
    belgian = border.belgian(border.person()[1])
    outcomes = Counter(
        raced(lambda racer: border.registrations.link_by_login(border.foreign(f"PT/BE/{racer}"), belgian))
    )
    assert outcomes == {"done": 1, "proof_used": RACERS - 1}
    assert len(border.world.found(ForeignIdentity)) == 1


def test_of_64_identities_linked_by_one_code_one_is(border: Border) -> None:
    _, niss = border.person()
    code = border.decisions.give_code(border.officer(), niss)
    outcomes = Counter(
        raced(lambda racer: border.registrations.link_by_code(border.foreign(f"PT/BE/{racer}"), niss, code))
    )
    assert outcomes == {"done": 1, "code_unusable": RACERS - 1}
    assert len(border.world.found(ForeignIdentity)) == 1


def test_a_code_is_not_guessed_by_one_identity(border: Border) -> None:
    _, niss = border.person()
    right = border.decisions.give_code(border.officer(), niss)
    outcomes = Counter(
        raced(lambda racer: border.registrations.link_by_code(border.foreign(), niss, f"{right[:-1]}{racer}"))
    )
    assert outcomes == {"code_unusable": MOST_TRIES, "too_many_tries": RACERS - MOST_TRIES}
    with pytest.raises(Forbidden, match="too_many_tries"):
        border.registrations.link_by_code(border.foreign(), niss, right)
    assert border.registrations.link_by_code(border.foreign("PT/BE/2"), niss, right).person
