"""RFC 9449 at the token endpoint: a proof is one strict token, by a public key, for this request and this moment."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from werkzeug.test import TestResponse

from iam.domain.tokens import IssuedToken
from iam.storage.archive import SqlArchive
from tests.oidc.provider.forgery import EC, b64, compact, ec_jwk, number, payload, rsa_jwk, rsa_key, signature
from tests.oidc.provider.premises import DECLARE, ISSUER, MANDATE, SOFTWARE, Premises
from tests.oidc.provider.wallet import UNSET, Wallet

URL = f"{ISSUER}/oauth2/token"
CURVE_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@pytest.fixture
def wallet(plain_house: Premises) -> Wallet:
    found = Wallet(plain_house.clock)
    found.learn(ask(plain_house, found.proof("POST", URL)))
    assert found.nonce
    return found


def parameters(house: Premises, assertion: str | None = None) -> dict[str, str]:
    told = {"grant_type": "client_credentials", "scope": DECLARE, "authorization_details": json.dumps(MANDATE)}
    return {**told, **house.authenticated(SOFTWARE, assertion)}


def ask(house: Premises, proof: str, assertion: str | None = None) -> TestResponse:
    return house.post("/oauth2/token", parameters(house, assertion), DPoP=proof)


def issued(house: Premises) -> int:
    with house.archive.reading() as reading:
        return len(reading.find(IssuedToken))


def seconds(house: Premises, ahead: float) -> int:
    return int(house.clock.at.timestamp() + ahead)


def test_a_token_is_bound_to_the_key_that_a_proof_shows(plain_house: Premises, wallet: Wallet) -> None:
    answer = ask(plain_house, wallet.proof("POST", URL))
    assert answer.status_code == 200, answer.text
    told = answer.get_json()
    assert told["token_type"] == "DPoP" and answer.headers["DPoP-Nonce"]
    assert payload(told["access_token"])["cnf"] == {"jkt": wallet.thumbprint}
    seen = plain_house.introspect(told["access_token"]).get_json()
    assert (seen["token_type"], seen["cnf"]) == ("DPoP", {"jkt": wallet.thumbprint})


def test_without_a_proof_a_client_without_metadata_gets_a_bearer_token_as_before(plain_house: Premises) -> None:
    told = plain_house.ask().get_json()
    assert told["token_type"] == "Bearer" and "cnf" not in payload(told["access_token"])


def raw(header: object, claims: object, made: bytes | None = None) -> str:
    """A compact token of these parts, with whatever signature."""
    parts = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in (header, claims)]
    message = f"{b64(parts[0])}.{b64(parts[1])}"
    return f"{message}.{b64(signature('ES256', message.encode(), EC) if made is None else made)}"


def private() -> dict[str, object]:
    return ec_jwk(EC, d=number(EC.private_numbers().private_value, 32))


def weak_rsa(bits: int = 1024, exponent: int = 65537, modulus: int | None = None) -> dict[str, object]:
    return {"kty": "RSA", "n": number(modulus or (1 << (bits - 1)) + 1), "e": number(exponent)}


Made = Callable[[Premises, Wallet], str]


def head(**members: Any) -> Made:
    return lambda _house, wallet: wallet.proof("POST", URL, head=members)


def says(**claims: Any) -> Made:
    return lambda _house, wallet: wallet.proof("POST", URL, **claims)


def at(ahead: float, name: str = "iat") -> Made:
    def proof(house: Premises, wallet: Wallet) -> str:
        told: dict[str, Any] = {name: seconds(house, ahead)}
        return wallet.proof("POST", URL, **told)

    return proof


def written(header: bytes) -> Made:
    return lambda _house, wallet: raw(header, wallet.claims("POST", URL))


def body(text: bytes) -> Made:
    return lambda _house, wallet: compact(wallet.header(), text, wallet.key)


def made(octets: bytes) -> Made:
    return lambda _house, wallet: raw(wallet.header(), wallet.claims("POST", URL), octets)


ZERO, ORDER = bytes(32), CURVE_ORDER.to_bytes(32, "big")
JWK = json.dumps(ec_jwk(EC))
REFUSED: dict[str, Made] = {
    "J01 alg none": lambda _h, w: raw(w.header(alg="none"), w.claims("POST", URL), b""),
    "J01 alg nOnE": head(alg="nOnE"),
    "J01 alg missing": head(alg=UNSET),
    "J01 alg empty": head(alg=""),
    "J01 alg in a list": head(alg=["ES256"]),
    "J01 alg renamed": head(alg=UNSET, alg2="ES256"),
    "J01 an algorithm that no proof has": lambda _h, w: compact(
        {"alg": "RS256", "typ": "dpop+jwt", "jwk": rsa_jwk()}, w.claims("POST", URL)
    ),
    "J01 the key is for another algorithm": head(alg="PS256"),
    "J02 HS256": head(alg="HS256"),
    "J02 a symmetric key": head(jwk={"kty": "oct", "k": b64(b"k" * 32)}),
    "J03 jku": head(jku="https://evil.example/jwks"),
    "J03 x5u": head(x5u="https://evil.example/cert"),
    "J03 x5c": head(x5c=["MIIB"]),
    "J03 a key by its name": head(jwk=UNSET, kid="k1"),
    "J03 jwk is text": head(jwk="key"),
    "J03 jwk is a list": head(jwk=[ec_jwk(EC)]),
    "J03 another key": lambda _h, w: compact(w.header(), w.claims("POST", URL), EC),
    "J05 private members": lambda _h, w: compact({"alg": "ES256", "typ": "dpop+jwt", "jwk": private()}, b"{}"),
    "J05 RSA of 1024 bits": head(alg="PS256", jwk=weak_rsa()),
    "J05 RSA with exponent 1": head(alg="PS256", jwk=weak_rsa(2048, 1)),
    "J05 RSA with a small factor": head(alg="PS256", jwk=weak_rsa(modulus=(1 << 2047) + 3 * 5 * 7 * 11)),
    "J05 a key for encryption": lambda _h, w: w.proof("POST", URL, head={"jwk": ec_jwk(w.key, use="enc")}),
    "J06 r and s are zero": made(ZERO + ZERO),
    "J06 r is the order": made(ORDER + ORDER),
    "J06 DER": lambda _h, w: raw(w.header(), w.claims("POST", URL), b"\x30\x06\x02\x01\x01\x02\x01\x01"),
    "J06 off the curve": head(jwk={"kty": "EC", "crv": "P-256", "x": b64(b"\1" * 32), "y": b64(b"\1" * 32)}),
    "J06 another curve": head(jwk={"kty": "EC", "crv": "secp256k1", "x": b64(b"\1" * 32), "y": b64(b"\1" * 32)}),
    "J07 crit": head(crit=["exp"]),
    "J07 b64": head(b64=False),
    "J07 a member twice": written(b'{"alg":"ES256","alg":"ES256","typ":"dpop+jwt","jwk":' + JWK.encode() + b"}"),
    "J07 header in UTF-16": written('{"alg":"ES256"}'.encode("utf-16")),
    "J07 header with a byte order mark": written(b'\xef\xbb\xbf{"alg":"ES256"}'),
    "J07 header is a list": written(b"[]"),
    "J07 depth": body(b"[" * 1_000 + b"]" * 1_000),
    "J07 NaN": body(b'{"iat":NaN}'),
    "J07 a claim twice": body(b'{"jti":"a","jti":"b"}'),
    "J07 claims are text": body(b'"x"'),
    "J08 encrypted": lambda _h, _w: "a.b.c.d.e",
    "J08 zip": head(zip="DEF"),
    "J08 enc": head(enc="A256GCM"),
    "J09 an hour old": at(-3_600),
    "J09 an hour ahead": at(3_600),
    "J09 61 seconds old": at(-61),
    "J09 12 seconds ahead": at(12),
    "J09 iat as text": says(iat="1"),
    "J09 iat true": says(iat=True),
    "J09 iat in the year 9999": says(iat=253_402_300_799),
    "J09 iat beyond numbers": body(b'{"iat":1e308}'),
    "J09 negative": says(iat=-1),
    "J09 no iat": says(iat=UNSET),
    "J09 ended": at(-1, "exp"),
    "J09 not begun": at(61, "nbf"),
    "J10 no jti": says(jti=UNSET),
    "J10 jti empty": says(jti=""),
    "J10 jti is a number": says(jti=1),
    "J10 jti of 256 characters": says(jti="j" * 256),
    "J10 no htm": says(htm=UNSET),
    "J10 another method": says(htm="PUT"),
    "J10 the method in small letters": says(htm="post"),
    "J10 no htu": says(htu=UNSET),
    "J10 htu in a list": says(htu=[URL]),
    "J10 another host": says(htu="https://evil.example/oauth2/token"),
    "J10 another path": says(htu=f"{ISSUER}/oauth2/tokens"),
    "J10 another case of the path": says(htu=f"{ISSUER}/OAuth2/token"),
    "J10 another scheme": says(htu=URL.replace("https", "http")),
    "J10 another port": says(htu="https://procura.example:8443/oauth2/token"),
    "J10 a user before the host": says(htu="https://procura.example@evil.example/oauth2/token"),
    "J10 our host as user": says(htu="https://x@procura.example/oauth2/token"),
    "J10 a longer host": says(htu="https://procura.example.evil.example/oauth2/token"),
    "J10 a backslash": says(htu="https://procura.example\\oauth2/token"),
    "J10 segments that climb": says(htu=f"{ISSUER}/oauth2/x/../token"),
    "J10 a port that is none": says(htu="https://procura.example:port/oauth2/token"),
    "J10 a path alone": says(htu="/oauth2/token"),
    "J10 no typ": head(typ=UNSET),
    "J10 another typ": head(typ="dpop+jwt+wrongyousee"),
    "J10 typ of an access token": head(typ="at+jwt"),
    "J10 typ is JWT": head(typ="JWT"),
    "J11 a large header": head(extra="x" * 9_000),
    "J11 dots": lambda _h, _w: "." * 5_000,
    "J11 two parts": lambda _h, w: w.proof("POST", URL).rpartition(".")[0],
    "J11 padding": lambda _h, w: w.proof("POST", URL) + "=",
    "J11 blanks": lambda _h, w: " " + w.proof("POST", URL).replace(".", " ."),
    "an empty header": lambda _h, _w: "",
    "an assertion": lambda h, _w: h.assertion(SOFTWARE),
}


@pytest.mark.attack("J01", "J02", "J03", "J05", "J06", "J07", "J08", "J09", "J10", "J11")
@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_proof_for_this_request_gets_no_token_and_spends_nothing(
    plain_house: Premises, wallet: Wallet, case: str
) -> None:
    before, assertion = issued(plain_house), plain_house.assertion(SOFTWARE)
    answer = ask(plain_house, REFUSED[case](plain_house, wallet), assertion)
    assert (answer.status_code, answer.get_json().get("error")) == (400, "invalid_dpop_proof"), answer.text
    assert issued(plain_house) == before and "DPoP-Nonce" not in answer.headers
    assert ask(plain_house, wallet.proof("POST", URL), assertion).status_code == 200, "the assertion was not used up"


TAKEN: dict[str, Made] = {
    "ten seconds old": at(-10),
    "a minute old": at(-59),
    "eight seconds ahead": at(8),
    "ten seconds ahead": at(10),
    "with exp and nbf": lambda h, w: w.proof("POST", URL, nbf=seconds(h, 0), exp=seconds(h, 300)),
    "htu with query and fragment": says(htu=f"{URL}?a=b#c"),
    "scheme and host in capitals": says(htu="HTTPS://PROCURA.EXAMPLE/oauth2/token"),
    "the port that goes without saying": says(htu="https://procura.example:443/oauth2/token"),
    "a percent sign where none is needed": says(htu=f"{ISSUER}/oauth2/%74oken"),
    "other members": lambda _h, w: w.proof("POST", URL, head={"kid": "k" * 300, "extra": {"a": 1}}, more=[1]),
    "a key with kid and alg": lambda _h, w: w.proof(
        "POST", URL, head={"jwk": ec_jwk(w.key, kid="mine", alg="ES256", use="sig")}
    ),
    "PS256, with a header of more than 512 octets": lambda _h, w: compact(
        {"alg": "PS256", "typ": "dpop+jwt", "jwk": rsa_jwk(alg="PS256")}, w.claims("POST", URL)
    ),
}


@pytest.mark.parametrize("case", TAKEN)
def test_what_is_a_proof_is_taken_however_it_is_written(plain_house: Premises, wallet: Wallet, case: str) -> None:
    answer = ask(plain_house, TAKEN[case](plain_house, wallet))
    assert answer.status_code == 200, answer.text


def test_a_header_of_an_rsa_key_is_longer_than_joserfc_takes_by_itself() -> None:
    assert len(json.dumps({"alg": "PS256", "typ": "dpop+jwt", "jwk": rsa_jwk()})) * 4 // 3 > 512
    assert rsa_key().key_size == 2048


@pytest.mark.attack("O14")
def test_a_proof_is_good_once_on_every_node(house: Premises) -> None:
    wallet = Wallet(house.clock)
    wallet.learn(ask(house, wallet.proof("POST", URL)))
    proof = wallet.proof("POST", URL)
    assert ask(house, proof).status_code == 200
    shared = isinstance(house.archive, SqlArchive)
    other = Premises(house.archive, house.clock, settled=True) if shared else house
    before = issued(house)
    for node in (house, other):
        answer = ask(node, proof)
        assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_dpop_proof")
        assert "dpop_replayed" in answer.get_json()["error_description"]
    assert issued(house) == before


@pytest.mark.attack("J05")
def test_an_rsa_key_that_can_be_factored_is_refused_for_that(plain_house: Premises, wallet: Wallet) -> None:
    answer = ask(plain_house, REFUSED["J05 RSA with a small factor"](plain_house, wallet))
    assert "can be factored" in answer.get_json()["error_description"]


@pytest.mark.attack("J11")
@pytest.mark.parametrize("joint", [",", ", "])
@pytest.mark.parametrize("path", ["token", "par", "device_authorization", "introspect", "revoke"])
def test_two_proofs_are_refused_in_the_form_of_an_oauth_error(plain_house: Premises, path: str, joint: str) -> None:
    """Servers join the two headers by a comma."""
    wallet, before, assertion = Wallet(plain_house.clock), issued(plain_house), plain_house.assertion(SOFTWARE)
    wallet.learn(ask(plain_house, wallet.proof("POST", URL)))
    both = joint.join(wallet.proof("POST", f"{ISSUER}/oauth2/{path}") for _ in range(2))
    answer = plain_house.post(f"/oauth2/{path}", parameters(plain_house, assertion), DPoP=both)
    assert (answer.status_code, answer.content_type) == (400, "application/json"), answer.text
    told = answer.get_json()
    assert told["error"] == "invalid_dpop_proof" and told["error_description"].startswith("dpop_repeated: ")
    assert issued(plain_house) == before and "DPoP-Nonce" not in answer.headers
    assert ask(plain_house, wallet.proof("POST", URL), assertion).status_code == 200, "the assertion was not used up"


def test_the_same_jti_by_another_key_is_another_proof(plain_house: Premises, wallet: Wallet) -> None:
    other = Wallet(plain_house.clock, ec.generate_private_key(ec.SECP256R1()))
    other.nonce = wallet.nonce
    assert ask(plain_house, wallet.proof("POST", URL, jti="one")).status_code == 200
    assert ask(plain_house, other.proof("POST", URL, jti="one")).status_code == 200
