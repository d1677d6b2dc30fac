"""One-time codes: each once, beside each other too, of one's own device or card alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pyotp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iam.domain.assurance import Assurance, LoginKey
from iam.domain.credentials import KEY_LIFE, OneTimeDevice, PaperCodes, worth
from iam.domain.errors import Conflict, Forbidden, InvalidInput
from iam.domain.sessions import Session
from iam.services.one_time_codes import CARD, MOST_DEVICES, STEP_SECONDS, WrongCode
from tests.services.credential_scenes import SEALER, Keys
from tests.services.worlds import World


@pytest.fixture
def keys(world: World) -> Keys:
    return Keys(world)


def device(keys: Keys) -> tuple[OneTimeDevice, pyotp.TOTP]:
    """A device whose first code was shown, and what it shows from then on."""
    secret = keys.codes.new_secret()
    shows = pyotp.TOTP(secret)
    added = keys.codes.add_device(keys.shown(), secret, shows.at(keys.world.clock.at), "Phone")
    return added, shows


def test_a_code_is_good_once_and_the_next_one_again(keys: Keys) -> None:
    added, shows = device(keys)
    for _ in range(3):
        keys.world.clock.advance(seconds=STEP_SECONDS)
        code = shows.at(keys.world.clock.at)
        assert keys.codes.use_device(added.person, f" {code[:3]} {code[3:]} ").id == added.id
        with pytest.raises(WrongCode):
            keys.codes.use_device(added.person, code)


def test_the_code_that_added_a_device_opens_nothing(keys: Keys) -> None:
    added, shows = device(keys)
    with pytest.raises(WrongCode):
        keys.codes.use_device(added.person, shows.at(keys.world.clock.at))


def test_no_earlier_code_is_good_after_a_later_one(keys: Keys) -> None:
    added, shows = device(keys)
    keys.world.clock.advance(seconds=2 * STEP_SECONDS)
    now = keys.world.clock.at
    keys.codes.use_device(added.person, shows.at(now))
    with pytest.raises(WrongCode):
        keys.codes.use_device(added.person, shows.at(now.timestamp().__int__() - STEP_SECONDS))


def test_a_code_of_another_time_or_person_is_refused(keys: Keys) -> None:
    added, shows = device(keys)
    other, others = device(keys)
    keys.world.clock.advance(seconds=10 * STEP_SECONDS)
    now = int(keys.world.clock.at.timestamp())
    for wrong in (shows.at(now - 60), shows.at(now + 60), others.at(now), "", "000000" * 30, "ab12cd"):
        with pytest.raises(WrongCode):
            keys.codes.use_device(added.person, wrong)
    assert keys.codes.use_device(other.person, others.at(now)).id == other.id


def test_of_many_who_show_one_code_at_once_one_comes_in(keys: Keys) -> None:
    added, shows = device(keys)
    keys.world.clock.advance(seconds=STEP_SECONDS)
    code, ready = shows.at(keys.world.clock.at), Barrier(8)

    def show() -> bool:
        ready.wait()
        try:
            keys.codes.use_device(added.person, code)
        except WrongCode:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        came_in = [one.result() for one in [threads.submit(show) for _ in range(8)]]
    assert sorted(came_in) == [False] * 7 + [True]


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(waits=st.lists(st.integers(0, 95), min_size=1, max_size=8))
def test_a_time_step_is_used_once_however_the_clock_goes(keys: Keys, waits: list[int]) -> None:
    added, shows = device(keys)
    used: list[int] = []
    for wait in waits:
        keys.world.clock.advance(seconds=wait)
        now = int(keys.world.clock.at.timestamp())
        for moment in (now, now - STEP_SECONDS, now + STEP_SECONDS):
            try:
                keys.codes.use_device(added.person, shows.at(moment))
            except WrongCode:
                continue
            used.append(moment // STEP_SECONDS)
    assert used == sorted(set(used)), "no step twice, and none before a later one"


def test_a_device_whose_ten_years_are_over_opens_nothing(keys: Keys) -> None:
    added, shows = device(keys)
    keys.world.clock.advance(days=KEY_LIFE.days)
    with pytest.raises(WrongCode):
        keys.codes.use_device(added.person, shows.at(keys.world.clock.at))


def test_a_wrong_first_code_adds_nothing(keys: Keys) -> None:
    with pytest.raises(WrongCode):
        keys.codes.add_device(keys.shown(), keys.codes.new_secret(), "000000", "Phone")
    with pytest.raises(InvalidInput) as refused:
        keys.codes.add_device(keys.shown(), "not base32!", "000000", "Phone")
    assert refused.value.code == "invalid_secret"
    assert keys.world.found(OneTimeDevice) == []


def test_secrets_and_codes_are_kept_sealed(keys: Keys) -> None:
    added, shows = device(keys)
    assert SEALER.unseal(f"one_time_device:{added.id}", bytes.fromhex(added.secret)).decode() == shows.secret
    card = keys.codes.new_card(keys.shown())
    assert not any(one.replace("-", "") in card.record.codes for one in card.codes)
    assert card.codes[0] not in repr(card) and shows.secret not in repr(added)


def test_each_code_of_a_card_is_good_once_in_any_order(keys: Keys) -> None:
    shown = keys.shown()
    card = keys.codes.new_card(shown)
    assert len(set(card.codes)) == CARD
    for number, code in enumerate(reversed(card.codes), 1):
        keys.codes.use_paper(shown.person_id, code.upper())
        with pytest.raises(WrongCode):
            keys.codes.use_paper(shown.person_id, code)
        assert [one.left for one in keys.world.found(PaperCodes)] == [CARD - number]


def test_a_new_card_voids_the_former_one_and_nobody_elses(keys: Keys) -> None:
    shown = keys.shown()
    former, others = keys.codes.new_card(shown), keys.codes.new_card(keys.shown())
    keys.codes.new_card(shown)
    for code in (former.codes[0], others.codes[0]):
        with pytest.raises(WrongCode):
            keys.codes.use_paper(shown.person_id, code)
    assert keys.codes.use_paper(others.record.person, others.codes[0]).id == others.record.id


@pytest.mark.parametrize("key", [LoginKey.PASSWORD, LoginKey.TOTP, LoginKey.TOKEN, LoginKey.PASSKEY])
def test_keys_of_our_own_breed_no_keys(keys: Keys, key: LoginKey) -> None:
    shown = keys.shown(key, Assurance.HIGH)
    with pytest.raises(Forbidden):
        keys.codes.new_card(shown)
    with pytest.raises(Forbidden):
        keys.codes.add_device(shown, keys.codes.new_secret(), "000000", "Phone")


@given(
    key=st.sampled_from([LoginKey.PASSWORD, LoginKey.TOKEN, LoginKey.TOTP, LoginKey.PASSKEY]),
    highest=st.sampled_from(Assurance),
    vouched=st.lists(st.sampled_from(Assurance), min_size=1, max_size=3),
)
def test_a_login_is_worth_no_more_than_any_part_of_it(
    key: LoginKey, highest: Assurance, vouched: list[Assurance]
) -> None:
    ceiling = Assurance.LOW if key in (LoginKey.PASSWORD, LoginKey.TOKEN) else Assurance.SUBSTANTIAL
    assert worth(key, highest, *vouched) == min([ceiling, highest, *vouched])


def test_a_secret_is_held_by_one_device_so_that_no_code_is_good_twice(keys: Keys) -> None:
    added, shows = device(keys)
    again = keys.shown(person=added.person)
    for secret in (shows.secret, shows.secret.lower(), f"{shows.secret}="):
        with pytest.raises(InvalidInput) as refused:
            keys.codes.add_device(again, secret, shows.at(keys.world.clock.at), "Same again")
        assert refused.value.code == "invalid_secret"
    assert keys.world.found(OneTimeDevice) == [added]


@pytest.mark.parametrize("secret", ["", "A" * 16, "A" * 31, "A" * 33, "A" * 32 + "\n", "a" * 32, "1" * 32, "A A" * 11])
def test_a_secret_that_is_none_of_ours_is_refused(keys: Keys, secret: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        keys.codes.add_device(keys.shown(), secret, "000000", "Phone")
    assert refused.value.code == "invalid_secret"


def test_nobody_has_very_many_devices(keys: Keys) -> None:
    shown = keys.shown()
    for number in range(MOST_DEVICES + 1):
        secret = keys.codes.new_secret()
        code = pyotp.TOTP(secret).at(keys.world.clock.at)
        if number == MOST_DEVICES:
            with pytest.raises(Conflict) as refused:
                keys.codes.add_device(shown, secret, code, "One more")
            assert refused.value.code == "too_many_devices"
        else:
            keys.codes.add_device(shown, secret, code, f"Phone {number}")


def test_a_new_card_ends_the_sessions_of_the_former_one(keys: Keys) -> None:
    shown = keys.shown()
    keys.session(shown.person_id, LoginKey.TOKEN, Assurance.LOW)
    kept = keys.session(shown.person_id, LoginKey.TOTP, Assurance.SUBSTANTIAL)
    keys.codes.new_card(shown)
    assert keys.world.found(Session) == [kept]
