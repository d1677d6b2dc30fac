"""A testimony of a login is used once, and names the same person for ever."""

import threading
from datetime import timedelta
from typing import Any

import pytest

from iam.domain.assurance import Assurance, LoginKey
from iam.domain.errors import StepUpRequired
from iam.domain.identifiers import Niss
from iam.domain.persons import Person, PersonNumber
from iam.services.authentications import AuthenticationClaims, Authentications
from tests.services.worlds import World

NISS = Niss.parse("85073003328")


@pytest.fixture
def authentications(world: World) -> Authentications:
    return Authentications(world.archive, world.randomness)


def claims(world: World, reference: str = "t1", **changed: Any) -> AuthenticationClaims:
    plain: dict[str, Any] = {
        "source": "https://login.example",
        "niss": NISS,
        "key": LoginKey.ITSME,
        "assurance": Assurance.SUBSTANTIAL,
        "authenticated_at": world.clock.at - timedelta(minutes=5),
        "reference": reference,
        "expires_at": world.clock.at + timedelta(minutes=5),
    }
    return AuthenticationClaims(**{**plain, **changed})


def test_a_login_becomes_the_value_that_every_login_yields(world: World, authentications: Authentications) -> None:
    login = authentications.admit(claims(world))
    assert (login.key, login.assurance) == (LoginKey.ITSME, Assurance.SUBSTANTIAL)
    assert login.authenticated_at == world.clock.at - timedelta(minutes=5)
    assert (login.source, login.reference) == ("https://login.example", "t1")


def test_a_number_seen_for_the_first_time_becomes_a_person(world: World, authentications: Authentications) -> None:
    first = authentications.admit(claims(world, "t1")).person_id
    again = authentications.admit(claims(world, "t2")).person_id
    assert first == again
    assert [one.id for one in world.found(Person)] == [first]
    assert [(one.niss, one.person) for one in world.found(PersonNumber)] == [(NISS.value, first)]
    assert [one.leaf.act for one in world.archive.leaves()] == ["person_recorded"]


def test_a_known_person_is_recognised(world: World, authentications: Authentications) -> None:
    person, niss = world.person()
    assert authentications.admit(claims(world, niss=niss)).person_id == person


def test_a_testimony_is_used_once(world: World, authentications: Authentications) -> None:
    authentications.admit(claims(world))
    with pytest.raises(StepUpRequired) as refusal:
        authentications.admit(claims(world))
    assert refusal.value.code == "authentication_replayed"
    with pytest.raises(StepUpRequired):
        Authentications(world.archive, world.randomness).admit(claims(world))


def test_two_sources_may_choose_the_same_reference(world: World, authentications: Authentications) -> None:
    authentications.admit(claims(world))
    assert authentications.admit(claims(world, source="https://other.example")).source == "https://other.example"


def test_of_many_uses_at_once_one_wins_and_one_person_is_recorded(
    world: World, authentications: Authentications
) -> None:
    barrier, outcomes = threading.Barrier(12), []

    def use(number: int) -> None:
        barrier.wait()
        try:
            outcomes.append(authentications.admit(claims(world, f"t{number % 2}")).person_id)
        except StepUpRequired as refusal:
            outcomes.append(refusal.code)

    threads = [threading.Thread(target=use, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("authentication_replayed") == 10
    assert len(set(outcomes)) == 2
    assert len(world.found(Person)) == 1
