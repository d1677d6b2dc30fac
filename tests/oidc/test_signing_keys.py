"""Our signing keys are known before they sign and die after their last token (invariant I23)."""

import json
from dataclasses import replace
from datetime import datetime, timedelta

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iam.domain.keys import SealedKey
from iam.outside.sealing import BrokenSeal, Sealer
from oidc.jose import InvalidToken, KeySet, TokenFault, check_times, sign, verify
from oidc.key_shelves import TOKENS, Shelf
from oidc.signing_keys import (
    KeyRing,
    KeyState,
    NoCurrentKey,
    RotationUnderWay,
    SigningKey,
    first_ring,
    generate_private_jwk,
    plan_rotation,
)
from tests.oidc.jose_material import ALL, CLAIMS, EC_PRIVATE, NOW, RSA_PRIVATE, ec_jwk, rsa_jwk

CACHE_AGE = timedelta(hours=1)
TOKEN_LIFE = timedelta(seconds=300)
INSTANT = timedelta(microseconds=1)

EC_JWKS = [generate_private_jwk("ES256") for _ in range(6)]
RSA_JWK = generate_private_jwk("RS256")
RING = first_ring({"ES256": EC_JWKS[0], "RS256": RSA_JWK}, NOW)


def rotated(ring: KeyRing, jwk: bytes, now: datetime) -> KeyRing:
    return plan_rotation(ring, "ES256", jwk, now, cache_age=CACHE_AGE, token_life=TOKEN_LIFE)


def kids(ring: KeyRing, now: datetime) -> set[str]:
    return {key["kid"] for key in ring.published(now)["keys"]}


@pytest.mark.parametrize("alg", ["ES256", "RS256"])
def test_what_we_sign_names_its_key_and_verifies(alg: str) -> None:
    token = sign(CLAIMS, RING.current(alg, NOW), typ="at+jwt")
    verified = verify(token, keys=RING.verifying(NOW), algorithms=frozenset({alg}), typ="at+jwt")
    assert dict(verified.claims) == CLAIMS
    assert dict(verified.header) == {"alg": alg, "kid": RING.current(alg, NOW).kid, "typ": "at+jwt"}


@pytest.mark.parametrize("alg", ["ES256", "RS256"])
def test_pyjwt_verifies_what_we_sign_with_our_published_keys(alg: str) -> None:
    token = sign({**CLAIMS, "name": "Ünïcode 😀"}, RING.current(alg, NOW), typ="at+jwt")
    published = jwt.PyJWKSet.from_dict(json.loads(json.dumps(RING.published(NOW))))
    key = published[jwt.get_unverified_header(token)["kid"]]
    assert jwt.decode(
        token, key, algorithms=[alg], audience="dmfa", options={"verify_exp": False, "verify_iat": False}
    ) == {
        **CLAIMS,
        "name": "Ünïcode 😀",
    }


@pytest.mark.parametrize(("alg", "kid"), [("ES256", "ec-1"), ("RS256", "rsa-1"), ("PS256", "rsa-1")])
def test_we_verify_what_pyjwt_signs(alg: str, kid: str) -> None:
    private = EC_PRIVATE if alg == "ES256" else RSA_PRIVATE
    token = jwt.encode(dict(CLAIMS), private, algorithm=alg, headers={"kid": kid})
    keys = KeySet.from_jwks({"keys": [ec_jwk(kid="ec-1"), rsa_jwk(kid="rsa-1")]})
    verified = verify(token, keys=keys, algorithms=frozenset({alg}), typ="JWT")
    assert dict(verified.claims) == CLAIMS
    assert check_times(verified.claims, NOW, max_life=TOKEN_LIFE).issued_at == NOW


def test_pyjwt_reads_our_private_keys_as_the_pair_of_the_public_ones() -> None:
    for key in RING.keys:
        private = jwt.PyJWK.from_json(key.private_jwk().decode(), algorithm=key.alg).key
        public = jwt.PyJWK.from_dict(dict(key.public.public_jwk)).key
        assert private.public_key().public_numbers() == public.public_numbers()


@pytest.mark.parametrize(
    "claims", [{"exp": float("nan")}, {"exp": float("inf")}, {"sub": {1}}, {"sub": NOW}, {"sub": "\ud800"}]
)
def test_claims_that_are_not_json_are_not_signed(claims: dict[str, object]) -> None:
    with pytest.raises((TypeError, ValueError)):
        sign(claims, RING.current("ES256", NOW), typ="at+jwt")


def test_the_published_set_holds_no_private_member() -> None:
    for key in RING.published(NOW)["keys"]:
        assert key.keys() & {"d", "p", "q", "dp", "dq", "qi", "k"} == set()
        assert key["use"] == "sig"
        assert key["alg"] in ("ES256", "RS256")


def test_a_private_key_does_not_show_itself() -> None:
    key = RING.current("ES256", NOW)
    secret = json.loads(key.private_jwk())["d"]
    assert secret not in repr(key)
    assert secret not in repr(RING)


def test_a_new_house_signs_at_once_and_not_before() -> None:
    assert RING.current("ES256", NOW).state(NOW) is KeyState.ACTIVE
    with pytest.raises(NoCurrentKey):
        RING.current("ES256", NOW - INSTANT)
    with pytest.raises(NoCurrentKey):
        RING.current("PS256", NOW)


def test_a_new_key_is_published_a_cache_age_before_its_first_use() -> None:
    old = RING.current("ES256", NOW)
    start = NOW + timedelta(days=30)
    ring = rotated(RING, EC_JWKS[1], start)
    new = next(key for key in ring.keys if key.alg == "ES256" and key.kid != old.kid)
    change = start + CACHE_AGE
    assert new.kid in kids(ring, start)
    assert new.kid not in kids(ring, start - INSTANT)
    assert ring.current("ES256", change - INSTANT).kid == old.kid
    assert ring.current("ES256", change).kid == new.kid


def test_a_retired_key_verifies_nothing_after_the_longest_token_life() -> None:
    start = NOW + timedelta(days=30)
    ring = rotated(RING, EC_JWKS[1], start)
    change = start + CACHE_AGE
    last = sign(CLAIMS, ring.current("ES256", change - INSTANT), typ="at+jwt")
    for alive in (change, change + TOKEN_LIFE - INSTANT):
        assert verify(last, keys=ring.verifying(alive), algorithms=ALL, typ="at+jwt").claims["sub"] == "client-1"
    for dead in (change + TOKEN_LIFE, change + TOKEN_LIFE + timedelta(days=365)):
        with pytest.raises(InvalidToken) as refusal:
            verify(last, keys=ring.verifying(dead), algorithms=ALL, typ="at+jwt")
        assert refusal.value.code is TokenFault.KEY_UNKNOWN


def test_rotation_of_one_algorithm_leaves_the_other_alone() -> None:
    ring = rotated(RING, EC_JWKS[1], NOW + timedelta(days=1))
    assert ring.current("RS256", NOW + timedelta(days=900)) == RING.current("RS256", NOW)


def test_a_second_rotation_waits_for_the_first() -> None:
    ring = rotated(RING, EC_JWKS[1], NOW)
    for early in (NOW, NOW + CACHE_AGE - INSTANT):
        with pytest.raises(RotationUnderWay):
            rotated(ring, EC_JWKS[2], early)
    assert len(rotated(ring, EC_JWKS[2], NOW + CACHE_AGE).keys) == 4


def test_a_rotation_drops_the_keys_that_are_removed() -> None:
    ring = rotated(RING, EC_JWKS[1], NOW)
    later = rotated(ring, EC_JWKS[2], NOW + timedelta(days=1))
    assert RING.current("ES256", NOW).kid not in {key.kid for key in later.keys}


@given(
    st.lists(st.integers(0, 4_000), min_size=5, max_size=5), st.lists(st.integers(0, 30_000), min_size=1, max_size=30)
)
def test_however_keys_rotate_no_token_is_orphaned_and_no_key_is_a_surprise(
    waits: list[int], moments: list[int]
) -> None:
    ring, now = RING, NOW
    published_since: dict[str, datetime] = {}
    for jwk, wait in zip(EC_JWKS[1:], waits, strict=True):
        now += CACHE_AGE + timedelta(seconds=wait)
        ring = rotated(ring, jwk, now)
        for key in ring.keys:
            published_since.setdefault(key.kid, key.published_at)
        for moment in moments:
            at = now + timedelta(seconds=moment)
            signer = ring.current("ES256", at)
            assert signer.kid == RING.keys[0].kid or at - published_since[signer.kid] >= CACHE_AGE
            assert signer.kid in kids(ring, at + TOKEN_LIFE - INSTANT)
            assert sum(key.alg == "ES256" and key.state(at) is KeyState.ACTIVE for key in ring.keys) == 1


def test_a_life_out_of_order_is_refused() -> None:
    key = RING.current("ES256", NOW)
    disorders: list[dict[str, datetime | None]] = [
        {"active_from": NOW - INSTANT},
        {"retired_at": NOW + INSTANT},
        {"removed_after": NOW + INSTANT},
        {"retired_at": NOW - INSTANT, "removed_after": NOW},
        {"retired_at": NOW + INSTANT, "removed_after": NOW},
    ]
    for disorder in disorders:
        with pytest.raises(ValueError, match="in that order"):
            replace(key, **disorder)  # type: ignore[arg-type]  # one instant at a time


def test_a_key_stands_once_in_the_ring() -> None:
    with pytest.raises(ValueError, match="twice"):
        KeyRing((RING.keys[0], RING.keys[0]))


@pytest.mark.parametrize(
    ("jwk", "alg"),
    [
        (EC_JWKS[0], "RS256"),
        (RSA_JWK, "ES256"),
        (EC_JWKS[0], "PS256"),
        (EC_JWKS[0], "HS256"),
        (json.dumps(ec_jwk()).encode(), "ES256"),
        (b'{"kty":"oct","k":"AAAA"}', "ES256"),
    ],
    ids=["EC for RS256", "RSA for ES256", "EC for PS256", "EC for HS256", "public", "symmetric"],
)
def test_a_key_of_another_algorithm_or_without_its_private_half_is_refused(jwk: bytes, alg: str) -> None:
    with pytest.raises(ValueError, match="not a private key"):
        SigningKey.from_private_jwk(jwk, alg=alg, published_at=NOW, active_from=NOW)


def test_only_our_three_algorithms_are_generated() -> None:
    for alg in ("RS512", "HS256", "none"):
        with pytest.raises(ValueError, match="ES256, PS256, RS256"):
            generate_private_jwk(alg)


SEAL = Sealer(bytes(range(32)))


def test_a_sealed_ring_opens_to_the_same_ring() -> None:
    ring = rotated(RING, EC_JWKS[1], NOW)
    stored = [TOKENS.sealed(key, SEAL) for key in ring.keys]
    secret = SealedKey(kid="pairwise", algorithm="HMAC", blob=b"other", published_at=NOW, active_from=NOW)
    opened = TOKENS.ring((*stored, secret), SEAL)
    assert opened == ring
    assert [key.private_jwk() for key in opened.keys] == [key.private_jwk() for key in ring.keys]
    for key, sealed in zip(ring.keys, stored, strict=True):
        assert json.loads(key.private_jwk())["d"].encode() not in sealed.blob


def test_a_stored_key_under_another_s_name_is_refused() -> None:
    first, second = (TOKENS.sealed(key, SEAL) for key in RING.keys)
    with pytest.raises(BrokenSeal):
        TOKENS.ring([replace(first, blob=second.blob)], SEAL)
    resealed = replace(first, blob=SEAL.seal(f"{TOKENS.purpose}:{first.kid}", EC_JWKS[3]))
    with pytest.raises(ValueError, match="under the name of another"):
        TOKENS.ring([resealed], SEAL)


def test_a_key_of_one_purpose_serves_no_other() -> None:
    other = Shelf(purpose="relying_party", algorithms=("ES256",))
    stored = other.sealed(RING.keys[0], SEAL)
    assert TOKENS.ring([stored], SEAL).keys == ()
    assert other.ring([stored], SEAL).keys == (RING.keys[0],)
    relabelled = replace(stored, algorithm="ES256")
    with pytest.raises(BrokenSeal):
        TOKENS.ring([relabelled], SEAL)
