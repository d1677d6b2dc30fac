"""Officers decide alone about foreign identities, never about their own; what they decide counts at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from iam.domain.assurance import Assurance, LoginKey
from iam.domain.errors import Conflict, Forbidden, NotFound
from iam.domain.foreign_identities import ForeignIdentity, ForeignRepresentation, IdentityState, RequestContact
from iam.domain.logins import ForeignEnterprise
from iam.domain.sessions import Session
from iam.services.identity_decisions import IdentityRefusal, UnlinkGround
from iam.services.identity_links import CONTACT_AFTER_DECISION
from iam.services.people import person_of
from iam.services.readings import PartAsked
from tests.services.credential_scenes import SECRET_WORDS, Keys
from tests.services.identity_scenes import MARIA, Border
from tests.services.worlds import World


@pytest.fixture
def border(world: World) -> Border:
    """Where people come in, on each storage."""
    return Border(world)


def leaf(border: Border, act: str) -> dict[str, str]:
    """What the latest leaf of an act says."""
    found = [one.leaf for one in border.world.archive.leaves() if one.leaf.act == act]
    return dict(found[-1].objects)


def test_an_officer_confirms_the_number_stated_and_the_person_is_told(border: Border) -> None:
    person, niss = border.person()
    waiting = border.asked(stated=niss)
    linked = border.decisions.confirm(border.officer(), waiting.id, niss, despite_differences=False)
    assert (linked.person, linked.state, linked.stated_number) == (person, IdentityState.LINKED, "")
    assert border.recognised(border.foreign()) == person
    assert leaf(border, "identity_linked") == {"ground": "officer", "identity": waiting.id, "person": person}
    assert border.delivered() == 1
    ((address, subject, text),) = border.keys.post.emails
    assert (address, subject) == ("maria@example.org", "Your login is linked")
    assert text.endswith("https://procura.example/sign-in")
    assert niss.value not in text


def test_a_number_given_by_an_officer_makes_a_person_of_who_had_none(border: Border) -> None:
    waiting = border.asked()
    _, niss = border.world.person()
    with border.world.archive.reading() as reading:
        known = person_of(reading, niss)
    linked = border.decisions.confirm(border.officer(), waiting.id, niss, despite_differences=True)
    assert linked.person == known


def test_a_number_that_differs_is_confirmed_only_on_purpose_and_that_is_recorded(border: Border) -> None:
    (_, stated), (person, right) = border.person(), border.person()
    waiting = border.asked(border.foreign(personal=replace(MARIA, born=date(1985, 7, 29))), stated)
    with pytest.raises(Conflict) as refused:
        border.decisions.confirm(border.officer(), waiting.id, right, despite_differences=False)
    assert refused.value.code == "data_differ"
    assert refused.value.cure == {"type": "confirm_differences", "differences": ["stated_number", "birth_date"]}
    assert border.recognised(border.foreign(personal=None)) is None
    linked = border.decisions.confirm(border.officer(), waiting.id, right, despite_differences=True)
    assert linked.person == person
    assert leaf(border, "identity_linked")["despite"] == "stated_number birth_date"


@pytest.mark.parametrize(
    ("asked", "officer", "worth"),
    [
        (Assurance.HIGH, Assurance.SUBSTANTIAL, Assurance.SUBSTANTIAL),
        (Assurance.LOW, Assurance.HIGH, Assurance.LOW),
        (Assurance.HIGH, Assurance.HIGH, Assurance.HIGH),
    ],
)
def test_what_an_officer_confirms_is_worth_no_more_than_both_logins(
    border: Border, asked: Assurance, officer: Assurance, worth: Assurance
) -> None:
    _, niss = border.person()
    waiting = border.asked(border.foreign(assurance=asked))
    border.decisions.confirm(border.officer(level=officer), waiting.id, niss, despite_differences=False)
    assert border.entered(border.foreign()).assurance is worth


def test_a_refusal_links_nobody_and_the_person_may_ask_again(border: Border) -> None:
    waiting = border.asked()
    refused = border.decisions.refuse(border.officer(), waiting.id, IdentityRefusal.NOT_PROVEN)
    assert (refused.state, refused.person) == (IdentityState.REFUSED, None)
    assert border.recognised(border.foreign()) is None
    assert leaf(border, "identity_registration_refused") == {"ground": "not_proven", "identity": waiting.id}
    assert border.delivered() == 1
    with pytest.raises(Conflict, match="not_pending"):
        border.decisions.refuse(border.officer(), waiting.id, IdentityRefusal.NOT_PROVEN)
    again = border.asked()
    assert (again.id, again.state) == (waiting.id, IdentityState.PENDING)


def test_a_contact_is_kept_a_while_after_the_decision_and_no_longer(border: Border) -> None:
    waiting = border.asked()
    border.decisions.refuse(border.officer(), waiting.id, IdentityRefusal.ABUSE)
    (contact,) = border.world.found(RequestContact)
    assert contact.expires_at - border.world.clock.at < CONTACT_AFTER_DECISION + timedelta(seconds=1)


def test_unlinking_ends_the_sessions_begun_by_the_identity_and_no_others(border: Border) -> None:
    person, niss = border.person()
    border.registrations.link_by_login(border.foreign(), border.belgian(niss))
    belgian, foreign = border.belgian(niss), border.entered(border.foreign())
    (identity,) = border.world.found(ForeignIdentity)
    freed = border.decisions.unlink(border.officer(), identity.id, UnlinkGround.OWN_REQUEST)
    assert (freed.person, freed.state) == (None, IdentityState.UNLINKED)
    living = {one.id for one in border.world.found(Session, person=person)}
    assert belgian.id in living and foreign.id not in living
    assert border.recognised(border.foreign()) is None
    told = {"ground": "own_request", "identity": identity.id, "person": person}
    assert leaf(border, "identity_unlinked") == told
    with pytest.raises(Conflict, match="not_linked"):
        border.decisions.unlink(border.officer(), identity.id, UnlinkGround.OWN_REQUEST)


def test_what_was_unlinked_can_be_linked_to_another_person_by_fresh_proof(border: Border) -> None:
    (_, wrong), (right, number) = border.person(), border.person()
    border.registrations.link_by_login(border.foreign(), border.belgian(wrong))
    (identity,) = border.world.found(ForeignIdentity)
    border.decisions.unlink(border.officer(), identity.id, UnlinkGround.WRONG_PERSON)
    border.registrations.link_by_login(border.foreign(), border.belgian(number))
    assert border.recognised(border.foreign()) == right


def test_nobody_decides_about_their_own_records(border: Border) -> None:
    person, niss = border.person()
    officer = border.officer()
    assert officer.capacity is not None
    own = border.world.user(officer.enterprise, officer.capacity, "office:correct_identity", person=person)
    waiting = border.asked()
    with pytest.raises(Forbidden, match="own_record"):
        border.decisions.confirm(own, waiting.id, niss, despite_differences=False)
    with pytest.raises(Forbidden, match="own_record"):
        border.decisions.give_code(own, niss)
    border.decisions.confirm(officer, waiting.id, niss, despite_differences=False)
    with pytest.raises(Forbidden, match="own_record"):
        border.decisions.unlink(own, waiting.id, UnlinkGround.OWN_REQUEST)


def test_only_an_officer_for_identities_decides(border: Border) -> None:
    _, niss = border.person()
    waiting, stranger = border.asked(), border.officer("recognise")
    before = border.acts()
    for act in (
        lambda: border.decisions.confirm(stranger, waiting.id, niss, despite_differences=False),
        lambda: border.decisions.refuse(stranger, waiting.id, IdentityRefusal.ABUSE),
        lambda: border.decisions.unlink(stranger, waiting.id, UnlinkGround.ABUSE),
        lambda: border.decisions.give_code(stranger, niss),
        lambda: border.decisions.listed(stranger, IdentityState.PENDING, PartAsked()),
        lambda: border.said.all(stranger, PartAsked()),
    ):
        with pytest.raises(Forbidden):
            act()
    assert border.acts() == before


def test_a_registration_that_is_not_there_is_not_found(border: Border) -> None:
    _, niss = border.person()
    with pytest.raises(NotFound):
        border.decisions.confirm(border.officer(), "ab" * 32, niss, despite_differences=False)
    with pytest.raises(NotFound):
        border.decisions.unlink(border.officer(), "ab" * 32, UnlinkGround.ABUSE)


def test_registrations_are_listed_by_state_with_how_to_reach_people(border: Border) -> None:
    _, niss = border.person()
    border.asked(border.foreign("PT/BE/1"), niss)
    border.registrations.link_by_login(border.foreign("PT/BE/2"), border.belgian(niss))
    officer = border.officer()
    (view,) = border.decisions.listed(officer, IdentityState.PENDING, PartAsked()).views
    assert view.contact is not None and view.contact.email == "maria@example.org"
    assert len(border.decisions.listed(officer, IdentityState.LINKED, PartAsked()).views) == 1
    assert border.decisions.listed(officer, IdentityState.REFUSED, PartAsked()).views == ()


def test_a_login_for_a_foreign_company_is_recorded_as_said_and_gives_no_right(border: Border) -> None:
    person, niss = border.person()
    border.registrations.link_by_login(border.foreign(), border.belgian(niss))
    firm = ForeignEnterprise(identifier="PT/BE/500", name="Obras Lda")
    first = border.entered(border.foreign(enterprise=firm))
    assert (first.enterprise, first.capacity, first.mandator) == (None, None, None)
    border.world.clock.advance(hours=1)
    border.entered(border.foreign(enterprise=replace(firm, name="Obras SA"), assurance=Assurance.SUBSTANTIAL))
    border.entered(border.foreign())
    (said,) = border.said.own(person)
    assert (said.identifier, said.name, said.assurance) == ("PT/BE/500", "Obras SA", Assurance.SUBSTANTIAL)
    assert said.last_said_at - said.first_said_at >= timedelta(hours=1)
    assert border.acts().count("foreign_representation_said") == 1
    assert border.said.all(border.officer(), PartAsked()).views == (said,)
    assert border.said.own("somebody else") == []
    assert len(border.world.found(ForeignRepresentation)) == 1


def test_an_unknown_person_says_nothing_for_a_company(border: Border) -> None:
    firm = ForeignEnterprise(identifier="PT/BE/500", name="Obras Lda")
    assert border.recognised(border.foreign(enterprise=firm)) is None
    assert border.world.found(ForeignRepresentation) == []


def test_no_number_of_a_person_is_in_the_audit_trail(border: Border) -> None:
    _, niss = border.person()
    border.decisions.give_code(border.officer(), niss)
    waiting = border.asked(stated=niss)
    border.decisions.confirm(border.officer(), waiting.id, niss, despite_differences=False)
    assert not any(niss.value in str(one.leaf) for one in border.world.archive.leaves())


@pytest.mark.parametrize("ground", UnlinkGround)
def test_keys_that_somebody_else_may_have_added_go_with_the_identity(border: Border, ground: UnlinkGround) -> None:
    person, niss = border.person()
    keys = Keys(border.world)
    before = keys.passwords.choose(keys.shown(person=person), "jan.peeters", SECRET_WORDS)
    border.world.clock.advance(days=1)
    linked = border.registrations.link_by_login(border.foreign(), border.belgian(niss))
    added = keys.codes.new_card(keys.shown(LoginKey.EIDAS, Assurance.SUBSTANTIAL, person)).record
    begun = keys.session(person, LoginKey.TOKEN, Assurance.LOW)
    border.decisions.unlink(border.officer(), linked.id, ground)
    theirs = ground in (UnlinkGround.WRONG_PERSON, UnlinkGround.ABUSE)
    assert keys.own.listed(person) == ([before] if theirs else [before, added])
    assert (begun in border.world.found(Session)) is not theirs
