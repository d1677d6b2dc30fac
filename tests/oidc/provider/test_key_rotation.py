"""Keys are known before they are used, verify nothing once their last token has died, and lie sealed."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from iam.domain.keys import SealedKey
from iam.outside.sealing import BrokenSeal, Sealer
from oidc import jose, signing_keys
from oidc.provider.endpoints import KEYS_KEPT_FOR
from oidc.provider.key_rotation import CACHE_AGE, ROTATE_AFTER, KeyRotation
from oidc.provider.live_keys import RELOAD_AFTER, RELOAD_AT_MOST, SigningKeys
from oidc.signing_keys import NoCurrentKey, RotationUnderWay
from tests.oidc.provider.premises import ISSUER, SERVICE, MemoryChest, Premises


@pytest.fixture(autouse=True)
def quick_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """RSA keys that are made in less time."""
    monkeypatch.setattr(signing_keys, "RSA_KEY_BITS", 2048)


def kid_of(token: str) -> str:
    return str(jose.read_header(token)["kid"])


def kids(house: Premises) -> set[str]:
    return {key["kid"] for key in house.app.test_client().get("/oauth2/jwks").get_json()["keys"]}


def test_nobody_may_hold_an_old_key_set_when_a_new_key_comes_into_use() -> None:
    assert timedelta(seconds=KEYS_KEPT_FOR) + RELOAD_AFTER < CACHE_AGE


def test_a_new_key_is_published_before_its_first_use_and_the_old_one_lives_as_long_as_its_tokens(
    plain_house: Premises,
) -> None:
    old = kid_of(plain_house.service_token())
    new = plain_house.rotation.rotate(plain_house.clock.at, "ES256").kid
    plain_house.clock.advance(seconds=61)
    assert {old, new} <= kids(plain_house)
    assert kid_of(plain_house.service_token()) == old
    plain_house.clock.at += CACHE_AGE - timedelta(seconds=62)
    last = plain_house.service_token()
    assert kid_of(last) == old
    plain_house.clock.advance(seconds=1)
    assert kid_of(plain_house.service_token()) == new
    assert plain_house.bearer.caller(f"Bearer {last}").client_id == SERVICE
    plain_house.clock.advance(seconds=298)
    assert old in kids(plain_house)
    assert plain_house.bearer.caller(f"Bearer {last}").client_id == SERVICE
    plain_house.clock.advance(seconds=2)
    assert old not in kids(plain_house)


def test_a_retired_key_verifies_nothing_that_claims_a_longer_life(plain_house: Premises) -> None:
    old = plain_house.keys.current("ES256")
    plain_house.rotation.rotate(plain_house.clock.at, "ES256")
    plain_house.clock.at += CACHE_AGE + timedelta(seconds=250)
    now = plain_house.seconds()
    claims = {"iss": ISSUER, "aud": "authorization", "client_id": "c", "sub": "c", "jti": "j", "scope": "s"}
    late = jose.sign({**claims, "iat": now, "exp": now + 300}, old, typ="at+jwt")
    assert plain_house.bearer.verify(f"Bearer {late}").client_id == "c"
    plain_house.clock.advance(seconds=51)
    with pytest.raises(jose.InvalidToken):
        plain_house.bearer.verify(f"Bearer {late}")


def test_another_process_sees_a_rotation_without_being_asked(plain_house: Premises) -> None:
    other = SigningKeys(plain_house.chest, plain_house.sealer, plain_house.clock)
    before = len(other.verifying().keys)
    plain_house.rotation.rotate(plain_house.clock.at, "ES256")
    assert len(other.verifying().keys) == before
    plain_house.clock.at += RELOAD_AFTER
    assert len(other.verifying().keys) == before + 1


def test_an_unknown_key_makes_us_look_again_but_not_each_time(
    plain_house: Premises, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[MemoryChest] = []
    real = MemoryChest.sealed_keys

    def counted(chest: MemoryChest) -> Sequence[SealedKey]:
        reads.append(chest)
        return real(chest)

    monkeypatch.setattr(MemoryChest, "sealed_keys", counted)
    stranger = jose.sign({"iss": ISSUER}, plain_house.keys.current("ES256"), typ="at+jwt")
    plain_house.keep()
    plain_house.clock.at += RELOAD_AT_MOST
    reads.clear()
    for _ in range(10):
        with pytest.raises(jose.InvalidToken):
            plain_house.bearer.verify(f"Bearer {stranger}")
    assert len(reads) <= 1


def test_a_request_reads_no_key_from_the_chest(plain_house: Premises, monkeypatch: pytest.MonkeyPatch) -> None:
    token, caller = plain_house.token(), plain_house.service_token()

    def never(_chest: MemoryChest) -> list[object]:
        raise AssertionError("the ring is in memory")

    monkeypatch.setattr(MemoryChest, "sealed_keys", never)
    assert plain_house.introspect(token, caller).get_json()["active"] is True


def test_a_new_house_gets_its_first_keys_once(house: Premises) -> None:
    house.keep()
    barrier = threading.Barrier(4)

    def start() -> None:
        barrier.wait()
        KeyRotation(house.archive, house.chest, house.sealer).ensure(house.clock.at)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(key.algorithm for key in house.chest.sealed_keys()) == ["ES256", "RS256"]
    assert len(house.leaves("signing_key_published")) == 2


def test_keys_in_long_use_are_rotated_and_others_left(plain_house: Premises) -> None:
    plain_house.rotation.ensure(plain_house.clock.at)
    assert len(plain_house.chest.sealed_keys()) == 2
    plain_house.clock.at += ROTATE_AFTER
    plain_house.rotation.ensure(plain_house.clock.at)
    plain_house.rotation.ensure(plain_house.clock.at)
    assert len(plain_house.chest.sealed_keys()) == 4


def test_a_rotation_under_way_is_not_doubled(plain_house: Premises) -> None:
    plain_house.rotation.rotate(plain_house.clock.at, "ES256")
    with pytest.raises(RotationUnderWay):
        plain_house.rotation.rotate(plain_house.clock.at, "ES256")
    assert len(plain_house.leaves("signing_key_published")) == 1


def test_a_rotation_keeps_the_other_secrets_of_the_chest(plain_house: Premises) -> None:
    secret = plain_house.chest.sealed_keys()[0]

    other = replace(secret, kid="pairwise_subjects", algorithm="AES256")
    plain_house.keep(*plain_house.chest.sealed_keys(), other)
    plain_house.rotation.rotate(plain_house.clock.at, "ES256")
    assert "pairwise_subjects" in {key.kid for key in plain_house.chest.sealed_keys()}


def test_private_keys_lie_sealed_under_their_own_name(plain_house: Premises) -> None:
    first, second = plain_house.chest.sealed_keys()
    assert all(b'"d"' not in key.blob for key in plain_house.chest.sealed_keys())
    with pytest.raises(BrokenSeal):
        Sealer(bytes(range(1, 33))).unseal(f"signing_key:{first.kid}", first.blob)

    plain_house.keep(replace(first, blob=second.blob), second)
    with pytest.raises(BrokenSeal):
        plain_house.keys.reload()


def test_without_keys_nothing_is_signed(plain_house: Premises) -> None:
    plain_house.keep()
    plain_house.keys.reload()
    with pytest.raises(NoCurrentKey):
        plain_house.keys.current("ES256")


def test_a_clock_set_back_loads_the_ring_anew(plain_house: Premises) -> None:
    plain_house.keys.ring()
    plain_house.rotation.rotate(plain_house.clock.at, "ES256")
    plain_house.clock.advance(seconds=-1)
    assert len(plain_house.keys.ring().keys) == 3
