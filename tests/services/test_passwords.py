"""Passwords: equal answers at equal cost, owners whom no attacker keeps out, and provisional ones that open nothing."""

from __future__ import annotations

from contextlib import suppress
from itertools import product
from string import ascii_lowercase

import pytest

from iam.domain.assurance import Assurance, LoginKey
from iam.domain.credentials import FRESH, PROVISIONAL_LIFE, Password
from iam.domain.errors import Conflict, Forbidden, Gone, InvalidInput
from iam.domain.sessions import Session
from iam.services.passwords import WrongPassword
from iam.services.slowed_tries import FREE, LONGEST_WAIT, TooManyTries, Trier, _bucket
from tests.services.credential_scenes import HOME, SECRET_WORDS, CountingHashing, Keys
from tests.services.worlds import World

FAR = Trier(address="198.51.100.9")


@pytest.fixture
def keys(world: World) -> Keys:
    return Keys(world)


def test_who_knows_user_name_and_password_is_recognised_however_they_were_typed(keys: Keys) -> None:
    chosen = keys.with_password("jan.peeters")
    assert keys.passwords.check("  Jan.Peeters ", SECRET_WORDS, HOME) == chosen


@pytest.mark.parametrize("typed", ["jan.peeters", "nobody.known", "85073003328", "", "x" * 5000, "Ünknown\0"])
def test_a_wrong_password_and_an_unknown_name_take_the_same_steps(keys: Keys, typed: str) -> None:
    keys.with_password("jan.peeters")
    keys.hashing.matched.clear()
    with pytest.raises(WrongPassword) as refused:
        keys.passwords.check(typed, "not the password at all", HOME)
    assert len(keys.hashing.matched) == 1
    assert keys.hashing.matched[0].split("$")[:4] == keys.hashing.hash("x").split("$")[:4]
    assert refused.value.args == ()


def test_a_password_never_follows_from_what_is_kept(keys: Keys) -> None:
    chosen = keys.with_password()
    assert chosen.hash.startswith("$argon2id$")
    assert SECRET_WORDS not in repr(chosen) and chosen.hash not in repr(chosen)


def test_failing_in_the_owners_name_slows_the_failing_and_never_the_owners_browser(keys: Keys) -> None:
    chosen = keys.with_password()
    device = keys.passwords.accepted(chosen, SECRET_WORDS, HOME)
    refused = 0
    for number in range(1000):
        try:
            keys.passwords.check("jan.peeters", "a guess", Trier(address=f"198.51.{number % 250}.{number // 250}"))
        except TooManyTries as wait:
            refused += 1
            assert 0 < wait.retry_after <= LONGEST_WAIT.total_seconds() + 1
        except WrongPassword:
            continue
    assert refused == 1000 - FREE["account"]
    known = Trier(address="198.51.100.9", device=device)
    assert keys.passwords.check("jan.peeters", SECRET_WORDS, known) == chosen
    with pytest.raises(TooManyTries):
        keys.passwords.check("jan.peeters", SECRET_WORDS, FAR)


def test_a_browser_known_for_one_account_is_none_for_another(keys: Keys) -> None:
    device = keys.passwords.accepted(keys.with_password("jan.peeters"), SECRET_WORDS, HOME)
    keys.with_password("an.maes")
    thief = Trier(address="198.51.100.9", device=device)
    for _ in range(FREE["account"]):
        with pytest.raises(WrongPassword):
            keys.passwords.check("an.maes", "a guess", thief)
    with pytest.raises(TooManyTries):
        keys.passwords.check("an.maes", "a guess", thief)


def test_a_known_browser_that_guesses_is_slowed_by_itself(keys: Keys) -> None:
    device = keys.passwords.accepted(keys.with_password(), SECRET_WORDS, HOME)
    for _ in range(FREE["device"]):
        with pytest.raises(WrongPassword):
            keys.passwords.check("jan.peeters", "a guess", Trier(address="", device=device))
    with pytest.raises(TooManyTries):
        keys.passwords.check("jan.peeters", SECRET_WORDS, Trier(address="", device=device))


def test_slowed_tries_come_through_again_after_the_wait(keys: Keys) -> None:
    chosen = keys.with_password()
    with pytest.raises(TooManyTries):
        for _ in range(100):
            with pytest.raises(WrongPassword):
                keys.passwords.check("jan.peeters", "a guess", FAR)
    keys.world.clock.advance(seconds=LONGEST_WAIT.total_seconds())
    assert keys.passwords.check("jan.peeters", SECRET_WORDS, FAR) == chosen


def test_an_unknown_address_is_counted_for_the_account_alone(keys: Keys) -> None:
    for number in range(FREE["address"] * 2):
        with pytest.raises(WrongPassword):
            keys.passwords.check(f"nobody.{'abcdefghij'[number % 10]}{number // 10}x", "a guess", Trier(address=""))


def test_a_hash_of_former_parameters_is_made_anew_at_the_next_login(keys: Keys) -> None:
    former = keys.with_password()
    keys.hashing.inner = type(keys.hashing.inner)(passes=2, memory_kib=16, lanes=1)
    keys.passwords.accepted(keys.passwords.check("jan.peeters", SECRET_WORDS, HOME), SECRET_WORDS, HOME)
    (renewed,) = keys.world.found(Password)
    assert ",t=2," in renewed.hash and renewed.hash != former.hash
    assert keys.passwords.check("jan.peeters", SECRET_WORDS, HOME) == renewed


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short words", "password_too_short"),
        ("lang" * 40, "password_too_long"),
        ("Password12345!", "password_too_simple"),
        ("Welkom2026!!x", "password_too_simple"),
        ("abcabcabcabcabc", "password_too_simple"),
        ("azertyuiop12345", "password_too_simple"),
        ("my jan.peeters words", "password_has_user_name"),
    ],
)
def test_a_password_that_others_would_guess_is_refused_with_the_reason(keys: Keys, password: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        keys.passwords.choose(keys.shown(), "jan.peeters", password)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("key", "assurance"),
    [
        (LoginKey.PASSWORD, Assurance.LOW),
        (LoginKey.TOTP, Assurance.SUBSTANTIAL),
        (LoginKey.PASSKEY, Assurance.SUBSTANTIAL),
        (LoginKey.EIDAS, Assurance.LOW),
    ],
)
def test_a_weaker_key_gives_no_other(keys: Keys, key: LoginKey, assurance: Assurance) -> None:
    with pytest.raises(Forbidden) as refused:
        keys.passwords.choose(keys.shown(key, assurance), "jan.peeters", SECRET_WORDS)
    assert refused.value.code == "stronger_key_needed"


def test_a_stronger_key_that_was_shown_long_ago_gives_no_other(keys: Keys) -> None:
    shown = keys.shown()
    keys.world.clock.advance(seconds=FRESH.total_seconds())
    keys.passwords.choose(shown, "jan.peeters", SECRET_WORDS)
    keys.world.clock.advance(seconds=1)
    with pytest.raises(Forbidden) as refused:
        keys.passwords.choose(shown, "jan.peeters", SECRET_WORDS)
    assert refused.value.code == "fresh_login_needed"


def test_a_user_name_belongs_to_one_person_and_a_person_has_one(keys: Keys) -> None:
    shown = keys.shown()
    keys.passwords.choose(shown, "jan.peeters", SECRET_WORDS)
    with pytest.raises(Conflict) as refused:
        keys.passwords.choose(keys.shown(), "Jan.Peeters", SECRET_WORDS)
    assert refused.value.code == "user_name_taken"
    keys.passwords.choose(shown, "peeters.jan", SECRET_WORDS)
    assert [one.user_name for one in keys.world.found(Password)] == ["peeters.jan"]


def provisional(keys: Keys, person: str | None = None) -> tuple[Password, str]:
    drawn = keys.passwords.provisional("pam-")
    with keys.world.archive.writing() as uow:
        given = keys.passwords.put_provisional(uow, drawn, person=person, vouched=Assurance.LOW, appointment="a1")
        uow.commit()
    return given, drawn.password


def test_a_provisional_password_is_replaced_once(keys: Keys) -> None:
    given, sent = provisional(keys)
    found = keys.passwords.check(given.user_name, sent, HOME)
    assert found.provisional
    with pytest.raises(InvalidInput) as refused:
        keys.passwords.replace_provisional(found, sent)
    assert refused.value.code == "password_unchanged"
    assert not keys.passwords.replace_provisional(found, SECRET_WORDS).provisional
    with pytest.raises(Gone) as gone:
        keys.passwords.replace_provisional(found, SECRET_WORDS + " again")
    assert gone.value.code == "provisional_password_used"
    with pytest.raises(WrongPassword):
        keys.passwords.check(given.user_name, sent, HOME)


def test_a_provisional_password_is_void_after_thirty_days_and_by_the_next_one(keys: Keys) -> None:
    first, sent = provisional(keys)
    second, sent_anew = provisional(keys)
    with pytest.raises(WrongPassword):
        keys.passwords.check(first.user_name, sent, HOME)
    found = keys.passwords.check(second.user_name, sent_anew, HOME)
    keys.world.clock.advance(days=PROVISIONAL_LIFE.days)
    with pytest.raises(Gone) as gone:
        keys.passwords.check(second.user_name, sent_anew, HOME)
    assert gone.value.code == "provisional_password_expired"
    with pytest.raises(Gone):
        keys.passwords.replace_provisional(found, SECRET_WORDS)


def test_the_counting_hashing_counts() -> None:
    hashing = CountingHashing()
    hashed = hashing.hash("x")
    assert hashing.matches(hashed, "x") and not hashing.matches(hashed, "y")
    assert hashing.matched == [hashed, hashed]


def beside(user_name: str) -> str:
    """Another user name whose tries are counted in the same place."""
    place = _bucket(user_name)
    names = (f"mallory.{''.join(letters)}" for letters in product(ascii_lowercase, repeat=5))
    return next(name for name in names if _bucket(name) == place)


def test_who_logs_in_with_an_account_of_theirs_forgives_no_guesses_at_another(keys: Keys) -> None:
    keys.with_password("jan.peeters")
    own, guesses = keys.with_password(beside("jan.peeters")), 0
    for number in range(40):
        elsewhere = Trier(address=f"2001:db8:{number}")
        try:
            keys.passwords.check("jan.peeters", "a guess", elsewhere)
        except WrongPassword:
            guesses += 1
        except TooManyTries:
            break
        with suppress(TooManyTries):
            keys.passwords.accepted(keys.passwords.check(own.user_name, SECRET_WORDS, elsewhere), "", elsewhere)
    assert guesses == FREE["account"]
    with pytest.raises(TooManyTries):
        keys.passwords.check("jan.peeters", "a guess", Trier(address="2001:db8:ffff"))


def test_a_new_password_ends_the_sessions_that_rest_on_the_former_one(keys: Keys) -> None:
    shown = keys.shown()
    kept = [keys.session(shown.person_id, one, Assurance.HIGH).id for one in (LoginKey.EID, LoginKey.PASSKEY)]
    for key in (LoginKey.PASSWORD, LoginKey.TOTP, LoginKey.TOKEN):
        keys.session(shown.person_id, key, Assurance.LOW)
    others = keys.session(keys.world.person()[0], LoginKey.PASSWORD, Assurance.LOW).id
    keys.passwords.choose(shown, "jan.peeters", SECRET_WORDS)
    assert {one.id for one in keys.world.found(Session)} == {*kept, others}
