"""Tokens of a provider that encrypts are opened with our own key, and nothing else passes for them (family J08)."""

import base64
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from oidc.encrypted_tokens import CONTENT_ENCRYPTIONS, decrypt
from oidc.invalid_token import InvalidToken
from oidc.relying_party.own_keys import PROVIDERS_CACHE, RelyingPartyKeys
from tests.oidc.jose_material import b64, forge, rs256, rsa_jwk
from tests.oidc.relying_party.an_openid_provider import CLIENT_ID, ISSUER, encrypted_for
from tests.oidc.relying_party.premises import Premises

AGREED = "A128CBC-HS256"


def our_key(door: Premises) -> dict[str, Any]:
    """The key that a provider encrypts for."""
    [key] = [one for one in door.keys.published()["keys"] if one["use"] == "enc"]
    return dict(key)


@pytest.fixture
def sealed() -> Premises:
    """A provider that signs, then encrypts, as itsme does."""
    door = Premises(settings={"encryptions": [AGREED, "A256GCM"]})
    door.op.wrap = encrypted_for(our_key(door))
    return door


def test_an_encrypted_login_proves_what_a_signed_one_does(sealed: Premises) -> None:
    proven = sealed.login()
    assert proven.niss is not None and proven.logout_hint.count(".") == 2


@pytest.mark.parametrize("enc", CONTENT_ENCRYPTIONS)
def test_every_authenticated_content_encryption_can_be_agreed(enc: str) -> None:
    door = Premises(settings={"encryptions": [enc]})
    door.op.wrap = encrypted_for(our_key(door), enc)
    assert door.login().niss is not None


def test_a_repeated_issuer_and_audience_in_the_header_is_no_hindrance(sealed: Premises) -> None:
    sealed.op.wrap = encrypted_for(our_key(sealed), iss=ISSUER, aud=CLIENT_ID)
    assert sealed.login().niss is not None


def test_a_token_without_key_name_is_tried_with_each_of_our_keys(sealed: Premises) -> None:
    sealed.op.wrap = encrypted_for(our_key(sealed), kid=None)
    assert sealed.login().niss is not None


Wrap = Callable[[Premises], Callable[[str], str]]


def header_of(**header: object) -> Wrap:
    return lambda door: encrypted_for(our_key(door), **header)  # type: ignore[arg-type]


def for_another_key(door: Premises) -> Callable[[str], str]:
    return encrypted_for({**rsa_jwk(), "kid": our_key(door)["kid"]})


def twice(door: Premises) -> Callable[[str], str]:
    once = encrypted_for(our_key(door))
    return lambda signed: once(once(signed))


def altered_at(place: int) -> Wrap:
    """Every part of an encrypted token is protected."""

    def wrap(door: Premises) -> Callable[[str], str]:
        def change(signed: str) -> str:
            parts = encrypted_for(our_key(door))(signed).split(".")
            letter = "A" if parts[place][0] != "A" else "B"
            parts[place] = letter + parts[place][1:]
            return ".".join(parts)

        return change

    return wrap


def cut_at(place: int, enc: str, keep: int) -> Wrap:
    """A part of which only the beginning is left: a tag that is easier to guess, a short IV or key."""

    def wrap(door: Premises) -> Callable[[str], str]:
        def change(signed: str) -> str:
            parts = encrypted_for(our_key(door), enc)(signed).split(".")
            parts[place] = b64(base64.urlsafe_b64decode(parts[place] + "===")[:keep])
            return ".".join(parts)

        return change

    return wrap


def signed_by_another(door: Premises) -> Callable[[str], str]:
    """Encrypted for us as agreed, by somebody who is not the provider."""
    wrap = encrypted_for(our_key(door))
    return lambda signed: wrap(signed.rpartition(".")[0] + "." + b64(bytes(256)))


def signed_outside(door: Premises) -> Callable[[str], str]:
    """Encrypted first and then signed: the wrong way round (RFC 7519 §11.2)."""
    wrap = encrypted_for(our_key(door))
    header = {"alg": "RS256", "kid": "op-1", "cty": "JWT"}
    return lambda signed: forge(header, wrap(signed).encode(), rs256)


def not_encrypted(_door: Premises) -> Callable[[str], str]:
    return str


def with_public_key(door: Premises) -> Callable[[str], str]:
    """`dir` with something that everybody knows."""
    header = f'{{"alg":"dir","enc":"{AGREED}","kid":"{our_key(door)["kid"]}","cty":"JWT"}}'
    return lambda signed: f"{b64(header.encode())}..AAAA.{b64(signed.encode())}.AAAA"


def password_based(_door: Premises) -> Callable[[str], str]:
    header = f'{{"alg":"PBES2-HS256+A128KW","enc":"{AGREED}","p2c":1000000000,"p2s":"AAAA","cty":"JWT"}}'
    return lambda _signed: f"{b64(header.encode())}.AAAA.AAAA.AAAA.AAAA"


def too_many_parts(_door: Premises) -> Callable[[str], str]:
    return lambda _signed: "." * 60_000


LIES: list[Wrap] = [
    header_of(alg="RSA1_5"),
    header_of(alg="RSA-OAEP"),
    header_of(enc="A128GCM"),
    header_of(cty=None),
    header_of(cty="text/plain"),
    header_of(zip="DEF"),
    header_of(kid="another"),
    header_of(jku="https://attacker.example/"),
    for_another_key,
    twice,
    signed_by_another,
    signed_outside,
    *(cut_at(place, enc, keep) for enc in (AGREED, "A256GCM") for place in (1, 2, 3, 4) for keep in (0, 1, 4, 8, 11)),
    *(altered_at(place) for place in range(5)),
    not_encrypted,
    with_public_key,
    password_based,
    too_many_parts,
]


@pytest.mark.filterwarnings("ignore:JWE algorithm")
@pytest.mark.parametrize("lie", LIES)
def test_what_is_not_encrypted_as_agreed_proves_nothing(sealed: Premises, lie: Wrap) -> None:
    sealed.op.wrap = lie(sealed)
    started = time.monotonic()
    assert sealed.refused()[0] == "oidc_not_believed"
    assert time.monotonic() - started < 5


def test_an_encrypted_token_that_nobody_signed_proves_nothing(sealed: Premises) -> None:
    """Whoever knows our public key can encrypt for us: it is the signature inside that counts."""
    wrap = encrypted_for(our_key(sealed))
    claims = {"iss": ISSUER, "aud": CLIENT_ID, "sub": "x"}
    sealed.op.wrap = lambda _signed: wrap(forge({"alg": "none"}, claims, lambda _: b""))
    assert sealed.refused()[0] == "oidc_not_believed"


def test_an_encrypted_token_where_none_was_agreed_proves_nothing(door: Premises) -> None:
    door.op.wrap = encrypted_for(our_key(door))
    assert door.refused()[0] == "oidc_not_believed"


@pytest.mark.parametrize("token", ["", "....", "a.b.c", "é....", "eyJhbGciOjF9....", "W10....", "e30...."])
def test_what_is_no_encrypted_token_is_refused_without_failing(sealed: Premises, token: str) -> None:
    with pytest.raises(InvalidToken):
        decrypt(token, keys=sealed.keys.decrypting(), encryptions=frozenset({AGREED}))


def test_keys_that_take_turns_are_known_before_they_serve_and_open_what_came_before(sealed: Premises) -> None:
    first = our_key(sealed)
    sealed.keys.rotate()
    shown = {one["kid"]: one["use"] for one in sealed.keys.published()["keys"]}
    assert sorted(shown.values()) == ["enc", "enc", "sig", "sig"]
    [successor] = [one for one in sealed.keys.published()["keys"] if one["use"] == "enc" and one["kid"] != first["kid"]]
    assert sealed.keys.signing("RS256").kid != successor["kid"]
    sealed.op.wrap = encrypted_for(successor)
    assert sealed.login().niss is not None
    sealed.clock.advance(seconds=(PROVIDERS_CACHE + timedelta(minutes=2)).total_seconds())
    assert our_key(sealed)["kid"] == successor["kid"]
    sealed.op.wrap = encrypted_for(first)
    assert sealed.login().niss is not None
    sealed.clock.advance(seconds=(PROVIDERS_CACHE + timedelta(minutes=2)).total_seconds())
    assert sealed.refused()[0] == "oidc_not_believed"


def test_a_key_that_has_served_its_time_gets_a_successor_by_itself(sealed: Premises) -> None:
    before = {one["kid"] for one in sealed.keys.published()["keys"]}
    sealed.clock.advance(days=91)
    after = {one["kid"] for one in sealed.keys.published()["keys"]}
    assert before < after and len(after) == 4
    assert {one["kid"] for one in sealed.keys.published()["keys"]} == after


def test_our_key_sets_hold_public_members_only_and_are_served_to_everybody(sealed: Premises) -> None:
    for path, uses in (("/sign-in/oidc/jwks", ["enc", "sig"]), ("/sign-in/oidc/op/jwks", ["enc", "sig"])):
        keys = sealed.browser.get(path).get_json()["keys"]
        assert sorted(key["use"] for key in keys) == uses
        assert all(key["kty"] == "RSA" and key.keys() <= {"kty", "n", "e", "use", "alg", "kid"} for key in keys)
    plain = Premises(settings={"signing_algorithm": "ES256"})
    assert [key["kty"] for key in plain.browser.get("/sign-in/oidc/op/jwks").get_json()["keys"]] == ["EC"]


def test_a_house_without_keys_makes_them_when_they_are_first_needed(sealed: Premises) -> None:
    sealed.chest.held.clear()
    sealed.clock.step = timedelta(milliseconds=1)
    fresh = RelyingPartyKeys(sealed.archive, sealed.chest, sealed.sealer, sealed.clock)
    assert fresh.signing("ES256").alg == "ES256"
    assert len(fresh.decrypting()) == 1
    assert fresh.published("ES256", encrypted=True)["keys"][1]["use"] == "enc"
