"""An ID token proves a login only when every step of its validation holds (families O12, J01 to J11)."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from iam.domain.assurance import Assurance, LoginKey
from tests.oidc.jose_material import EC_PRIVATE, RSA_PRIVATE, ec_jwk, es256, forge, rsa_jwk
from tests.oidc.relying_party.an_openid_provider import (
    CLIENT_ID,
    ISSUER,
    NUMBER,
    SUBJECT,
    AnOpenIdProvider,
    Change,
    Claims,
    seconds,
)
from tests.oidc.relying_party.premises import Premises
from tests.storage.clocks import START

NOW = seconds(START)
GONE = object()


def altered(name: str, value: object) -> Change:
    def change(claims: Claims) -> None:
        claims.pop(name, None)
        if value is not GONE:
            claims[name] = value

    return change


def test_a_login_proves_number_level_key_and_session(door: Premises) -> None:
    proven = door.login()
    assert proven.niss is not None and proven.niss.value == NUMBER
    assert (proven.provider, proven.key, proven.assurance) == ("op", LoginKey.ITSME, Assurance.SUBSTANTIAL)
    assert (proven.subject, proven.issued_in, proven.provider_session) == ("", "BE", "s-1")
    assert proven.authenticated_at == START
    assert proven.reference == door.op.nonce
    assert proven.logout_hint.count(".") == 2


FALSE_CLAIMS = [
    ("iss", "https://other.example"),
    ("iss", ISSUER + "/"),
    ("iss", GONE),
    ("iss", [ISSUER]),
    ("aud", "somebody-else"),
    ("aud", [CLIENT_ID, "somebody-else"]),
    ("aud", []),
    ("aud", GONE),
    ("aud", [CLIENT_ID] * 2),
    ("azp", "somebody-else"),
    ("azp", None),
    ("exp", NOW),
    ("exp", NOW - 1),
    ("exp", str(NOW + 300)),
    ("exp", 1e308),
    ("exp", -1),
    ("exp", NOW + 90_000),
    ("exp", True),
    ("exp", GONE),
    ("nbf", NOW + 61),
    ("iat", NOW + 61),
    ("iat", 253_402_300_799),
    ("iat", GONE),
    ("iat", NOW - 3600),
    ("nonce", "another"),
    ("nonce", ""),
    ("nonce", GONE),
    ("nonce", ["x"]),
    ("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"),
    ("at_hash", 7),
    ("sub", GONE),
    ("sub", 7),
    ("sub", ["x"]),
    ("sub", "x" * 256),
    ("sub", ""),
    ("auth_time", GONE),
    ("auth_time", NOW + 61),
    ("auth_time", "yesterday"),
    ("sid", 7),
]


@pytest.mark.parametrize(("name", "value"), FALSE_CLAIMS)
def test_an_id_token_with_one_false_claim_proves_nothing(door: Premises, name: str, value: object) -> None:
    door.op.id_claims = altered(name, value)
    assert door.refused()[0] == "oidc_not_believed"


def test_a_missing_nonce_is_not_excused_by_a_claim_that_says_so(door: Premises) -> None:
    def change(claims: Claims) -> None:
        del claims["nonce"]
        claims["nonce_supported"] = False

    door.op.id_claims = change
    assert door.refused()[0] == "oidc_not_believed"


@pytest.mark.parametrize(("name", "value"), [("aud", [CLIENT_ID]), ("azp", CLIENT_ID), ("at_hash", GONE), ("nbf", NOW)])
def test_what_the_specification_leaves_open_is_accepted(door: Premises, name: str, value: object) -> None:
    door.op.id_claims = altered(name, value)
    assert door.login().niss is not None


@pytest.mark.parametrize("told", ["unknown", "", GONE, ["advanced"], 3, "BASIC", "basic "])
def test_a_level_that_the_configuration_does_not_know_is_no_level(door: Premises, told: object) -> None:
    door.op.id_claims = altered("acr", told)
    assert door.refused()[0] == "oidc_level_unknown"


def test_a_level_below_what_was_asked_is_refused_and_one_above_is_kept(door: Premises) -> None:
    door.hall.asked = replace(door.hall.asked, minimum=Assurance.HIGH)
    assert door.refused()[0] == "oidc_level_too_low"
    door.op.id_claims = altered("acr", "advanced")
    door.hall.turned.clear()
    assert door.login().assurance is Assurance.HIGH


def test_no_level_goes_above_the_provider_s_highest(door: Premises) -> None:
    door.hall.providers._providers["op"] = replace(door.provider, highest=Assurance.SUBSTANTIAL)
    door.op.id_claims = altered("acr", "advanced")
    assert door.login().assurance is Assurance.SUBSTANTIAL


def test_a_login_of_long_ago_is_not_taken_for_one_of_now(door: Premises) -> None:
    door.op.id_claims = altered("auth_time", NOW - 9 * 3600)
    assert door.refused()[0] == "oidc_not_recent"


def test_who_must_show_the_key_anew_must_have_done_so_after_the_request(door: Premises) -> None:
    door.hall.asked = replace(door.hall.asked, again=True)
    door.op.id_claims = altered("auth_time", NOW - 120)
    assert door.refused()[0] == "oidc_not_recent"


def test_a_provider_that_recognises_anew_each_time_need_not_say_when() -> None:
    door = Premises(settings={"auth_time": "issued"})
    door.op.id_claims = altered("auth_time", GONE)
    assert door.login().authenticated_at == START


def none(op: AnOpenIdProvider) -> None:
    op.header, op.sign = {"alg": "none", "kid": "op-1"}, lambda _: b""


def symmetric(op: AnOpenIdProvider) -> None:
    secret = RSA_PRIVATE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    op.header, op.sign = {"alg": "HS256", "kid": "op-1"}, lambda m: hmac.digest(secret, m, hashlib.sha256)


def own_key(op: AnOpenIdProvider) -> None:
    op.header, op.sign = {"alg": "ES256", "kid": "op-1", "jwk": ec_jwk()}, es256


def other_algorithm(op: AnOpenIdProvider) -> None:
    op.keys.append(ec_jwk(EC_PRIVATE, kid="op-2"))
    op.header, op.sign = {"alg": "ES256", "kid": "op-2"}, es256


def bad_signature(op: AnOpenIdProvider) -> None:
    op.sign = lambda _: bytes(256)


def kid_of_nobody(op: AnOpenIdProvider) -> None:
    op.header = {**op.header, "kid": "../../etc/passwd"}


def no_kid_among_several(op: AnOpenIdProvider) -> None:
    op.keys.append(ec_jwk(kid="op-2"))
    op.header = {"alg": "RS256"}


def critical(op: AnOpenIdProvider) -> None:
    op.header = {**op.header, "crit": ["b64"], "b64": False}


def keys_elsewhere(op: AnOpenIdProvider) -> None:
    op.header = {**op.header, "jku": "https://attacker.example/jwks"}


def access_token_type(op: AnOpenIdProvider) -> None:
    op.header = {**op.header, "typ": "at+jwt"}


def logout_type(op: AnOpenIdProvider) -> None:
    op.header = {**op.header, "typ": "logout+jwt"}


def twice_the_same_kid(op: AnOpenIdProvider) -> None:
    op.keys.append(rsa_jwk(kid="op-1"))


def only_encryption_keys(op: AnOpenIdProvider) -> None:
    op.keys[:] = [rsa_jwk(kid="op-1", use="enc")]


def only_symmetric_keys(op: AnOpenIdProvider) -> None:
    op.keys[:] = [{"kty": "oct", "k": "AAAA", "kid": "op-1"}]


@pytest.mark.parametrize(
    "lie",
    [
        none,
        symmetric,
        own_key,
        other_algorithm,
        bad_signature,
        kid_of_nobody,
        no_kid_among_several,
        critical,
        keys_elsewhere,
        access_token_type,
        logout_type,
    ],
)
def test_a_token_that_the_provider_did_not_sign_as_agreed_proves_nothing(
    door: Premises, lie: Callable[[AnOpenIdProvider], None]
) -> None:
    lie(door.op)
    assert door.refused()[0] == "oidc_not_believed"
    assert all(url.startswith(ISSUER) for url, _ in door.op.asked)


@pytest.mark.parametrize("lie", [twice_the_same_kid, only_encryption_keys, only_symmetric_keys])
def test_a_key_set_that_is_of_no_use_lets_nobody_in(door: Premises, lie: Callable[[AnOpenIdProvider], None]) -> None:
    lie(door.op)
    assert door.refused()[0] == "oidc_unavailable"


def test_keys_for_other_uses_in_the_set_do_no_harm(door: Premises) -> None:
    door.op.keys += [{"kty": "oct", "k": "AAAA", "kid": "a"}, rsa_jwk(kid="b", use="enc"), {"kty": "OKP"}, {"kty": 7}]
    assert door.login().niss is not None


def test_the_sandbox_s_keys_verify_nothing_in_production() -> None:
    for production, refused in ((True, True), (False, False)):
        door = Premises(production=production)
        door.op.keys[:] = [rsa_jwk(kid="sandbox-1")]
        door.op.header["kid"] = "sandbox-1"
        door.come_back(code="c", state=door.leave()["state"])
        assert bool(door.hall.turned) is refused


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c", "." * 100_000, "x" * 70_000, "é.é.é", "a.b.c.d.e"])
def test_what_is_no_token_proves_nothing(door: Premises, token: str) -> None:
    door.op.wrap = lambda _signed: token
    assert door.refused()[0] == "oidc_not_believed"


@pytest.mark.parametrize("payload", [b"[]", b'{"sub":"a","sub":"b"}', b'{"exp":NaN}', b"\xef\xbb\xbf{}", b"[" * 5000])
def test_a_payload_that_is_no_strict_json_object_proves_nothing(door: Premises, payload: bytes) -> None:
    door.op.wrap = lambda _signed: forge(door.op.header, payload, door.op.sign)
    assert door.refused()[0] == "oidc_not_believed"


def test_a_new_key_is_looked_for_once_and_not_for_every_forged_token(door: Premises) -> None:
    door.login()
    door.op.keys[:] = [rsa_jwk(kid="op-new")]
    door.op.header["kid"] = "op-new"
    door.clock.advance(seconds=31)
    door.login()
    before = len(door.op.asked_for("/jwks"))
    door.op.header["kid"] = "nobody's"
    for _ in range(5):
        door.come_back(code="c", state=door.leave()["state"])
    assert len(door.op.asked_for("/jwks")) - before <= 1
    assert len(door.hall.turned) == 5


def test_the_subject_stands_for_the_session_where_the_provider_names_none(door: Premises) -> None:
    door.op.id_claims = altered("sid", GONE)
    assert door.login().provider_session == SUBJECT
