"""C01, C02 and C06: the challenge, the origin and the token at the door of Web eID."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.x509 import ocsp

from iam.credentials.flaws import Flaw
from iam.credentials.web_eid_token import LONGEST, SHORTEST
from iam.domain.assurance import Assurance, LoginKey
from tests.credentials import pki
from tests.credentials.doors import WebEidScene
from tests.credentials.pki import ORIGIN, Card, StatusServer, card


@pytest.fixture
def scene() -> WebEidScene:
    return WebEidScene()


def a_card(scene: WebEidScene, **how: Any) -> Card:
    """A card that the authority knows."""
    return scene.server.knows(card(**how))


KEYS: dict[str, Callable[[], pki.Key]] = {
    "ES384": lambda: pki.p384("card"),
    "ES256": lambda: pki.p256("card"),
    "ES512": lambda: ec.generate_private_key(ec.SECP521R1()),
    "RS256": pki.rsa_key,
    "RS384": pki.rsa_key,
    "RS512": pki.rsa_key,
    "PS256": pki.rsa_key,
    "PS384": pki.rsa_key,
    "PS512": pki.rsa_key,
}


@pytest.mark.parametrize("algorithm", KEYS)
def test_a_card_that_answers_its_challenge_logs_its_owner_in(scene: WebEidScene, algorithm: str) -> None:
    challenge = scene.begin()
    shown = a_card(scene, key=KEYS[algorithm]())
    assert scene.answer(challenge, shown.token(challenge, algorithm=algorithm)) == 303
    [proven] = scene.hall.welcomed
    assert (proven.provider, proven.key, proven.assurance, proven.authenticated_at) == (
        "eid",
        LoginKey.EID,
        Assurance.HIGH,
        pki.NOW,
    )
    assert proven.niss is not None
    assert proven.niss.value == pki.NISS
    assert proven.reference not in (challenge, "")
    assert proven.expires_at > pki.NOW


def test_each_challenge_is_32_octets_and_its_own(scene: WebEidScene) -> None:
    drawn = [scene.begin() for _ in range(3)]
    assert len(set(drawn)) == 3
    assert all(len(base64.b64decode(one, validate=True)) == 32 for one in drawn)


@pytest.mark.attack("C01")
def test_a_challenge_is_answered_once(scene: WebEidScene) -> None:
    challenge = scene.begin()
    token = a_card(scene).token(challenge)
    assert scene.answer(challenge, token) == 303
    assert scene.answer(challenge, token) == 400
    assert (len(scene.hall.welcomed), scene.codes) == (1, [Flaw.CHALLENGE])


@pytest.mark.attack("C01")
def test_a_challenge_is_burnt_by_an_answer_that_is_wrong(scene: WebEidScene) -> None:
    challenge = scene.begin()
    shown = a_card(scene)
    assert scene.answer(challenge, "x" * 200) == 400
    assert scene.answer(challenge, shown.token(challenge)) == 400
    assert scene.codes == [Flaw.TOKEN_MALFORMED, Flaw.CHALLENGE]


@pytest.mark.attack("C01")
@pytest.mark.parametrize(("after", "status"), [(299, 303), (300, 303), (301, 400), (-1, 400)])
def test_a_challenge_is_good_for_five_minutes(scene: WebEidScene, after: int, status: int) -> None:
    challenge = scene.begin()
    scene.clock.at += timedelta(seconds=after)
    scene.server.this_update += timedelta(seconds=after)
    assert scene.answer(challenge, a_card(scene).token(challenge)) == status


@pytest.mark.attack("C01")
def test_a_challenge_of_another_browser_is_not_answered_here(scene: WebEidScene) -> None:
    challenge = scene.begin()
    scene.hall.other_browser = True
    assert scene.answer(challenge, a_card(scene).token(challenge)) == 400
    assert scene.codes == [Flaw.CHALLENGE]


@pytest.mark.attack("C01")
@pytest.mark.parametrize(
    "challenge",
    [
        "",
        "AAAAAAAAAAAAAAAAAAAAAA==",
        "A" * 43 + "=",
        "A" * 43,
        "A" * 42 + "==",
        base64.b64encode(bytes(16)).decode(),
        base64.b64encode(bytes(33)).decode(),
        base64.urlsafe_b64encode(b"\xff" * 32).decode(),
        "\x00",
        "%00",
        "x" * 5000,
    ],
)
def test_a_challenge_that_nobody_gave_is_refused(scene: WebEidScene, challenge: str) -> None:
    scene.begin()
    assert scene.answer(challenge, a_card(scene).token(challenge)) == 400
    assert (scene.codes, scene.hall.welcomed, scene.server.asked) == ([Flaw.CHALLENGE], [], [])


@pytest.mark.attack("C01")
def test_an_answer_to_another_challenge_of_the_same_browser_is_refused(scene: WebEidScene) -> None:
    first, second = scene.begin(), scene.begin()
    assert scene.answer(second, a_card(scene).token(first)) == 400
    assert scene.codes == [Flaw.SIGNATURE]


@pytest.mark.attack("C02")
@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "https://www.procura.example",
        "https://procura.example.evil.example",
        "https://procura.example:8443",
        "https://procura.example:443",
        "http://procura.example",
        "https://procura.example/",
        "https://PROCURA.example",
        "https://procura.example.",
        "https://procura.example@evil.example",
        "https://evil.example#https://procura.example",
        "https://procura.example%00.evil.example",
        "https://procur\u0430.example",
        "https://xn--procur-6nf.example",
        "https://[::1]",
        "https:procura.example",
        "//procura.example",
        "chrome-extension://procura.example",
        "null",
        "procura.example",
        " https://procura.example",
        "",
    ],
)
def test_what_was_signed_for_another_origin_is_refused(scene: WebEidScene, origin: str) -> None:
    challenge = scene.begin()
    assert scene.answer(challenge, a_card(scene).token(challenge, origin=origin)) == 400
    assert (scene.codes, scene.hall.welcomed, scene.server.asked) == ([Flaw.SIGNATURE], [], [])


def changed(token: str, **members: object) -> str:
    """A token with other members; None takes one away."""
    return json.dumps({name: value for name, value in (json.loads(token) | members).items() if value is not None})


def long(token: str, length: int) -> str:
    """The token in so many characters."""
    return token + " " * (length - len(token))


TOKENS: dict[str, tuple[Any, Flaw]] = {
    "empty": (lambda _: "", Flaw.TOKEN_LENGTH),
    "too short": (lambda _: "{" + " " * (SHORTEST - 3) + "}", Flaw.TOKEN_LENGTH),
    "too long": (lambda token: long(token, LONGEST + 1), Flaw.TOKEN_LENGTH),
    "not JSON": (lambda token: token[1:], Flaw.TOKEN_MALFORMED),
    "a list": (lambda token: f"[{token}]", Flaw.TOKEN_MALFORMED),
    "a member twice": (lambda token: token[:-1] + ', "format": "web-eid:1.0"}', Flaw.TOKEN_MALFORMED),
    "NaN": (lambda token: token[:-1] + ', "action": NaN}', Flaw.TOKEN_MALFORMED),
    "deep": (lambda token: token[:-1] + ', "action": ' + "[" * 99 + "]" * 99 + "}", Flaw.TOKEN_MALFORMED),
    "unknown member": (lambda token: changed(token, sub="85073003328"), Flaw.TOKEN_MALFORMED),
    "a time of its own": (lambda token: changed(token, exp=4102444800), Flaw.TOKEN_MALFORMED),
    "no certificate": (lambda token: changed(token, unverifiedCertificate=None), Flaw.TOKEN_MALFORMED),
    "empty certificate": (lambda token: changed(token, unverifiedCertificate=""), Flaw.TOKEN_MALFORMED),
    "certificate as a list": (lambda token: changed(token, unverifiedCertificate=["x"]), Flaw.TOKEN_MALFORMED),
    "no signature": (lambda token: changed(token, signature=None), Flaw.TOKEN_MALFORMED),
    "signature not base64": (lambda token: changed(token, signature="****"), Flaw.TOKEN_MALFORMED),
    "no format": (lambda token: changed(token, format=None), Flaw.TOKEN_MALFORMED),
    "certificate not base64": (lambda token: changed(token, unverifiedCertificate="@@@"), Flaw.MALFORMED),
    "certificate of nothing": (lambda token: changed(token, unverifiedCertificate="AAAA"), Flaw.MALFORMED),
    "certificate with something after it": (
        lambda token: changed(
            token,
            unverifiedCertificate=base64.b64encode(
                base64.b64decode(json.loads(token)["unverifiedCertificate"]) + b"\0"
            ).decode(),
        ),
        Flaw.MALFORMED,
    ),
    "algorithm none": (lambda token: changed(token, algorithm="none"), Flaw.ALGORITHM),
    "algorithm HS256": (lambda token: changed(token, algorithm="HS256"), Flaw.ALGORITHM),
    "algorithm in lower case": (lambda token: changed(token, algorithm="es384"), Flaw.ALGORITHM),
    "ES256 with a P-384 key": (lambda token: changed(token, algorithm="ES256"), Flaw.ALGORITHM),
    "PS384 with a P-384 key": (lambda token: changed(token, algorithm="PS384"), Flaw.ALGORITHM),
    "EdDSA": (lambda token: changed(token, algorithm="EdDSA"), Flaw.ALGORITHM),
    "ES256K": (lambda token: changed(token, algorithm="ES256K"), Flaw.ALGORITHM),
    "RS1": (lambda token: changed(token, algorithm="RS1"), Flaw.ALGORITHM),
    "ES512 with a P-384 key": (lambda token: changed(token, algorithm="ES512"), Flaw.ALGORITHM),
    "RS384 with a P-384 key": (lambda token: changed(token, algorithm="RS384"), Flaw.ALGORITHM),
    "empty algorithm": (lambda token: changed(token, algorithm=""), Flaw.TOKEN_MALFORMED),
}
for told in ("web-eid:2", "web-eid:2.0", "web-eid:10", "web-eid:1.", "web-eid:1.0\n", "web-eid", "WEB-EID:1.0", "1.0"):
    TOKENS[f"format {told!r}"] = (lambda token, told=told: changed(token, format=told), Flaw.TOKEN_FORMAT)


@pytest.mark.attack("C06")
@pytest.mark.parametrize("case", TOKENS)
def test_a_token_that_is_not_as_it_should_be_is_refused(scene: WebEidScene, case: str) -> None:
    make, flaw = TOKENS[case]
    challenge = scene.begin()
    assert scene.answer(challenge, make(a_card(scene).token(challenge))) == 400
    assert (scene.codes, scene.hall.welcomed, scene.server.asked) == ([flaw], [], [])


@pytest.mark.parametrize("format", ["web-eid:1", "web-eid:1.0", "web-eid:1.1", "web-eid:1.12"])
def test_every_minor_version_of_format_1_is_read(scene: WebEidScene, format: str) -> None:
    challenge = scene.begin()
    assert scene.answer(challenge, long(a_card(scene).token(challenge, format=format), LONGEST)) == 303


def raw(scene: WebEidScene, challenge: str) -> bytes:
    """The signature of a card that the authority knows, R and S."""
    return a_card(scene).signature("ES384", ORIGIN, challenge)


def as_der(signature: bytes) -> bytes:
    """The same signature as DER."""
    half = len(signature) // 2
    return encode_dss_signature(int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))


ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973
SPOILT: dict[str, Callable[[bytes], bytes]] = {
    "DER in place of raw": as_der,
    "S before R": lambda signature: signature[48:] + signature[:48],
    "one octet short": lambda signature: signature[:-1],
    "one octet long": lambda signature: signature + b"\0",
    "one bit changed": lambda signature: bytes([signature[0] ^ 1]) + signature[1:],
    "R is zero": lambda signature: bytes(48) + signature[48:],
    "S is zero": lambda signature: signature[:48] + bytes(48),
    "both zero": lambda signature: bytes(96),
    "R is the order": lambda signature: ORDER.to_bytes(48) + signature[48:],
    "S is the order": lambda signature: signature[:48] + ORDER.to_bytes(48),
    "nothing": lambda signature: b"\0",
}


@pytest.mark.attack("C06")
@pytest.mark.parametrize("case", SPOILT)
def test_a_signature_that_is_not_the_cards_is_refused(scene: WebEidScene, case: str) -> None:
    challenge = scene.begin()
    signature = base64.b64encode(SPOILT[case](raw(scene, challenge))).decode()
    assert scene.answer(challenge, a_card(scene).token(challenge, signature=signature)) == 400
    assert scene.codes == [Flaw.SIGNATURE]


@pytest.mark.attack("C06")
def test_pss_and_pkcs1_are_not_taken_for_each_other(scene: WebEidScene) -> None:
    challenge = scene.begin()
    shown = a_card(scene, key=pki.rsa_key())
    assert scene.answer(challenge, changed(shown.token(challenge, algorithm="PS256"), algorithm="RS256")) == 400
    assert scene.codes == [Flaw.SIGNATURE]


def test_the_certificate_of_another_card_is_no_answer(scene: WebEidScene) -> None:
    challenge = scene.begin()
    victim = a_card(scene, key=pki.p384("victim"))
    token = a_card(scene).token(challenge, unverifiedCertificate=victim.der)
    assert scene.answer(challenge, token) == 400
    assert scene.codes == [Flaw.SIGNATURE]


@pytest.mark.attack("C05")
def test_where_the_status_is_not_known_the_page_offers_to_try_again() -> None:
    scene = WebEidScene(server=StatusServer(silent=True))
    challenge = scene.begin()
    data = {"csrf_token": scene.csrf(), "challenge": challenge, "token": a_card(scene).token(challenge)}
    answer = scene.client.post("/sign-in/web-eid/eid/token", data=data, base_url=ORIGIN)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "30"
    assert 'action="/sign-in/web-eid/eid/start"' in answer.get_data(as_text=True)
    assert scene.hall.welcomed == []


def test_a_revoked_card_is_turned_away() -> None:
    scene = WebEidScene(server=StatusServer(status=ocsp.OCSPCertStatus.REVOKED))
    challenge = scene.begin()
    assert scene.answer(challenge, a_card(scene).token(challenge)) == 400
    assert scene.codes == [Flaw.REVOKED]


@pytest.mark.parametrize("path", ["start", "token"])
def test_only_pages_of_ours_begin_and_answer(scene: WebEidScene, path: str) -> None:
    challenge = scene.begin()
    data = {"challenge": challenge, "token": a_card(scene).token(challenge)}
    assert scene.client.post(f"/sign-in/web-eid/eid/{path}", data=data, base_url=ORIGIN).status_code == 403
    assert scene.hall.welcomed == []


def test_the_page_runs_scripts_of_ours_alone(scene: WebEidScene) -> None:
    page = scene.client.get("/sign-in/web-eid/eid/", base_url=ORIGIN)
    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy


@pytest.mark.parametrize("name", ["other", "EID", "eid%2f", "itsme"])
def test_a_provider_that_is_not_there_has_no_page(scene: WebEidScene, name: str) -> None:
    assert scene.client.get(f"/sign-in/web-eid/{name}/", base_url=ORIGIN).status_code in (400, 404)
