"""One's own keys: listed for oneself, removed from a session as strong, and with the sessions that they began."""

from __future__ import annotations

from dataclasses import replace

import pytest

from iam.domain.assurance import Assurance, LoginKey
from iam.domain.credentials import PaperCodes, Passkey, Password
from iam.domain.errors import Conflict, Forbidden, Gone, NotFound
from iam.domain.sessions import Session
from iam.services.own_keys import reference_of
from iam.services.passkeys import CHALLENGE_LIFE, MOST, CopiedPasskey, NewPasskey
from iam.services.people import join
from tests.services.credential_scenes import SECRET_WORDS, Keys
from tests.services.worlds import World


@pytest.fixture
def keys(world: World) -> Keys:
    return Keys(world)


def strong(keys: Keys, person: str = "") -> Session:
    return keys.session(person or keys.world.person()[0], LoginKey.ITSME, Assurance.HIGH)


def passkey(keys: Keys, session: Session, key: str = "a2V5", counter: int = 5) -> Passkey:
    challenge = keys.passkeys.challenge(session)
    return keys.passkeys.add(session, NewPasskey(id=key, public_key="cHVi", counter=counter), "Phone", challenge)


def test_a_removed_password_is_gone_with_the_sessions_that_it_began(keys: Keys) -> None:
    session = strong(keys)
    keys.passwords.choose(session.authentication, "jan.peeters", SECRET_WORDS)
    for key in (LoginKey.PASSWORD, LoginKey.TOTP, LoginKey.TOKEN):
        keys.session(session.person, key, Assurance.LOW)
    kept = keys.session(session.person, LoginKey.EID, Assurance.HIGH)
    (password,) = keys.own.listed(session.person)
    keys.own.remove(session, Password, reference_of(password))
    assert keys.own.listed(session.person) == []
    assert {one.id for one in keys.world.found(Session)} == {session.id, kept.id}


def test_a_key_cannot_be_removed_from_a_weaker_session(keys: Keys) -> None:
    session = strong(keys)
    added = passkey(keys, session)
    weak = keys.session(session.person, LoginKey.PASSWORD, Assurance.LOW)
    with pytest.raises(Forbidden) as refused:
        keys.own.remove(weak, Passkey, reference_of(added))
    assert refused.value.code == "stronger_key_needed"
    assert keys.own.listed(session.person) == [added]


def test_anothers_key_is_no_key_at_all(keys: Keys) -> None:
    added = passkey(keys, strong(keys))
    for reference in (reference_of(added), "none"):
        with pytest.raises(NotFound) as refused:
            keys.own.remove(strong(keys), Passkey, reference)
        assert refused.value.code == "not_found"


def test_a_challenge_adds_one_passkey_in_its_own_session_and_time(keys: Keys) -> None:
    session, other = strong(keys), strong(keys)
    challenge = keys.passkeys.challenge(session)
    new = NewPasskey(id="a2V5", public_key="cHVi", counter=0)
    with pytest.raises(Gone):
        keys.passkeys.add(other, new, "Phone", challenge)
    keys.passkeys.add(session, new, "Phone", challenge)
    with pytest.raises(Gone):
        keys.passkeys.add(session, replace(new, id="b3RoZXI"), "Phone", challenge)
    late = keys.passkeys.challenge(session)
    keys.world.clock.advance(seconds=CHALLENGE_LIFE.total_seconds() + 1)
    fresh = replace(session, authenticated_at=keys.world.clock.at)
    with pytest.raises(Gone):
        keys.passkeys.add(fresh, replace(new, id="bGF0ZQ"), "Phone", late)


def test_a_passkey_is_registered_once_and_nobody_has_very_many(keys: Keys) -> None:
    session = strong(keys)
    for number in range(MOST):
        passkey(keys, session, f"key{number}")
    with pytest.raises(Conflict) as refused:
        passkey(keys, strong(keys), "key0")
    assert refused.value.code == "passkey_exists"
    with pytest.raises(Conflict) as refused:
        passkey(keys, session, "one-more")
    assert refused.value.code == "too_many_passkeys"


def test_a_session_of_a_passkey_adds_no_other(keys: Keys) -> None:
    session = keys.session(keys.world.person()[0], LoginKey.PASSKEY, Assurance.SUBSTANTIAL)
    with pytest.raises(Forbidden):
        keys.passkeys.challenge(session)


@pytest.mark.parametrize(("counter", "copied"), [(6, False), (5, True), (4, True), (0, True)])
def test_a_device_that_counts_back_is_a_copy(keys: Keys, counter: int, copied: bool) -> None:
    added = passkey(keys, strong(keys), counter=5)
    if copied:
        with pytest.raises(CopiedPasskey):
            keys.passkeys.used(added, counter)
    else:
        keys.passkeys.used(added, counter)
    (kept,) = keys.world.found(Passkey)
    assert kept.counter == (5 if copied else counter)
    told = [leaf.leaf.act for leaf in keys.world.archive.leaves()]
    assert ("passkey_copy_noticed" in told) is copied


def test_a_device_that_does_not_count_is_taken_at_its_word(keys: Keys) -> None:
    added = passkey(keys, strong(keys), counter=0)
    keys.passkeys.used(added, 0)
    keys.passkeys.used(added, 0)
    assert keys.passkeys.find(added.id) is not None


def test_keys_follow_their_person_into_another_record(keys: Keys) -> None:
    session, stays = strong(keys), keys.world.person()[0]
    keys.passwords.choose(session.authentication, "jan.peeters", SECRET_WORDS)
    keys.codes.new_card(session.authentication)
    passkey(keys, session)
    with keys.world.archive.writing() as uow:
        join(uow, session.person, stays)
        uow.commit()
    assert {type(one) for one in keys.own.listed(stays)} == {Password, PaperCodes, Passkey}
    assert keys.own.listed(session.person) == []
