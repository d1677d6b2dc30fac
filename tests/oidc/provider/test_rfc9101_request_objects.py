"""RFC 9101 and FAPI 2.0 Message Signing: requests that the client signed, and everything that passes for one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwe
from joserfc.jwk import ECKey

from iam.domain.client_metadata import AuthMethod
from iam.domain.clients import Profile
from tests.oidc.provider.asking import bare, error, is_page, lone_scene, refused, request_object
from tests.oidc.provider.code_scene import CALLBACK, DECLARE, PORTAL, CodeScene, answer_of
from tests.oidc.provider.forgery import EC, OTHER_EC, b64, compact, jwks, rsa_jwk
from tests.oidc.provider.premises import ISSUER, OTHER

SIGNED = {"alg": "ES256", "kid": "k1"}
NONE = b64(b'{"alg":"none"}')
EMPTY = b64(b"{}")


@pytest.fixture(scope="module")
def lone(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CodeScene]:
    with lone_scene(empty_database, tmp_path_factory.mktemp("o09")) as scene:
        yield scene


@pytest.fixture
def house(lone: CodeScene) -> CodeScene:
    """The portal signs requests, and pushes them."""
    lone.profile(Profile.DEFAULT, request_object_alg="ES256")
    return lone


@pytest.fixture
def older(lone: CodeScene) -> CodeScene:
    """The portal signs requests, and lets browsers bring them."""
    lone.profile(Profile.OLDER, request_object_alg="ES256")
    return lone


def push(scene: CodeScene, request: str, **outside: str) -> Any:
    return scene.post("/oauth2/par", {"client_id": PORTAL, "request": request, **outside, **scene.authenticated()})


def encrypted(text: str, **header: str) -> str:
    """A JWE of a text for a key of ours that nobody has."""
    key = ECKey.import_key(EC.public_key())
    return jwe.encrypt_compact({"alg": "ECDH-ES", "enc": "A256GCM", "cty": "JWT", **header}, text, key)


def test_a_signed_request_that_is_pushed_leads_to_a_code(scene: CodeScene) -> None:
    scene.profile(Profile.DEFAULT, request_object_alg="ES256", signed_request_only=True)
    told = push(scene, request_object(scene, state="s-inside")).get_json()
    browser = scene.logged_in()
    address = bare(client_id=PORTAL, request_uri=told["request_uri"])
    page = browser.get(address, base_url=ISSUER, follow_redirects=True)
    answer = answer_of(scene.answer(browser, page, "allow"))
    assert answer["state"] == "s-inside" and scene.redeem(answer["code"]).status_code == 200


def test_a_signed_request_that_a_browser_brings_leads_to_a_code(scene: CodeScene) -> None:
    scene.profile(Profile.OLDER, request_object_alg="ES256")
    claims: dict[str, Any] = {"max_age": 300, "claims": {"id_token": {"acr": None}}}
    browser = scene.logged_in()
    address = bare(client_id=PORTAL, request=request_object(scene, **claims), state="outside", scope="")
    page = browser.get(address, base_url=ISSUER, follow_redirects=True)
    assert page.status_code == 400, "another state outside is refused"
    address = bare(client_id=PORTAL, request=request_object(scene, **claims), display="page", max_age="300")
    page = browser.get(address, base_url=ISSUER, follow_redirects=True)
    assert answer_of(scene.answer(browser, page, "allow"))["state"] == "s-1"


@pytest.mark.parametrize("typ", ["oauth-authz-req+jwt", "application/oauth-authz-req+jwt", "OAuth-Authz-Req+JWT", None])
def test_the_type_of_a_request_object_is_its_own_or_absent(house: CodeScene, typ: str | None) -> None:
    header = {**SIGNED, **({"typ": typ} if typ else {})}
    assert push(house, request_object(house, header)).status_code == 201


@pytest.mark.parametrize(
    "changed", [{"nbf": 8}, {"nbf": -3500, "exp": 60}, {"exp": 3600}, {"aud": [ISSUER]}, {"iat": 0}, {"jti": "x"}]
)
def test_a_request_object_within_the_limits_is_taken(house: CodeScene, changed: dict[str, Any]) -> None:
    assert push(house, request_object(house, **timed(house, changed))).status_code == 201


def timed(scene: CodeScene, changed: dict[str, Any]) -> dict[str, Any]:
    """Claims with their times counted from now."""
    now, times = int(scene.clock.at.timestamp()), ("exp", "nbf", "iat")
    return {name: now + one if name in times and isinstance(one, int) else one for name, one in changed.items()}


@pytest.mark.attack("O09")
@pytest.mark.parametrize(
    "header",
    [
        *({"alg": one} for one in ("none", "None", "NONE", "nOnE", "", "HS256", "ES384", "EdDSA", "RS256", "PS256")),
        *({**SIGNED, "typ": one} for one in ("JWT", "at+jwt", "client-authentication+jwt", "dpop+jwt", "jwt+x", "")),
        *({**SIGNED, "kid": one} for one in ("k2", "", "../k1", "k1'--")),
        *({**SIGNED, one: "x"} for one in ("jku", "x5u", "crit", "b64", "zip", "enc", "jwk", "cty")),
        {"typ": "oauth-authz-req+jwt", "kid": "k1"},
    ],
)
def test_an_object_that_is_not_signed_as_registered_is_refused(house: CodeScene, header: dict[str, Any]) -> None:
    with refused(house) as seen:
        assert error(push(house, request_object(house, header))) == (400, "invalid_request_object")
    assert seen.code.startswith("object_")


@pytest.mark.attack("O09")
def test_an_object_without_its_signature_or_by_another_key_is_refused(house: CodeScene) -> None:
    genuine = request_object(house)
    head, body, signature = genuine.split(".")
    other = request_object(house, state="other").split(".")[1]
    forged = [
        *(f"{head}.{body}.", f"{head}.{body}", f"{head}..{signature}", f"{head}.{other}.{signature}"),
        *(f"{head}.{body}.{signature[:-4]}", f"{head}.{body}.{signature}=", f"{head}.{body}.{signature}.", "..", "x"),
        compact({**SIGNED, "typ": "oauth-authz-req+jwt"}, {"iss": PORTAL}, OTHER_EC),
        f"{EMPTY}.{body}.{signature}",
        f"{NONE}.{body}.",
    ]
    for one in forged:
        with refused(house):
            assert error(push(house, one)) == (400, "invalid_request_object"), one


@pytest.mark.attack("O09")
def test_an_encrypted_object_is_refused_whatever_is_within(house: CodeScene) -> None:
    """Also around one that nobody signed: encryption proves nothing of its sender."""
    unsigned = f"{NONE}.{request_object(house).split('.')[1]}."
    for within in (unsigned, request_object(house), encrypted(unsigned), "{}"):
        with refused(house) as seen:
            assert error(push(house, encrypted(within))) == (400, "invalid_request_object")
        assert seen.code == "object_encrypted"


@pytest.mark.attack("O09")
@pytest.mark.parametrize(
    "changed",
    [
        *({"iss": one} for one in (None, "", "x", [PORTAL], PORTAL.upper(), f"{PORTAL} ", ISSUER)),
        *({"aud": one} for one in (None, "", "x", ISSUER + "/", f"{ISSUER}/oauth2/par", [], [ISSUER, "x"], 1)),
        *({"aud": one} for one in (ISSUER.upper(), "https://evil.example", [ISSUER, ISSUER])),
        *({"client_id": one} for one in (None, "x", f"self_service_procura_{OTHER}_x", 1)),
        *({"exp": one} for one in (None, 0, -1, -3600, 3601, 4200, 86_400, 10**9)),
        *({"exp": one} for one in ("300", True, [1], 1e308)),
        *({"nbf": one} for one in (None, 11, 62, 3601, -3601, -4200)),
        *({"nbf": one} for one in ("0", True, -1.5)),
        *({"iat": one} for one in (11, 61, 3600)),
        *({"sub": one} for one in (PORTAL, "x")),
        {"request": "x"},
        {"request_uri": "urn:ietf:params:oauth:request_uri:x"},
        *({"state": one} for one in (None, True, 1.5, ["s"], {"s": 1}) if one is not None),
        *({"scope": one} for one in (["openid"], {"openid": 1}, False)),
        {"redirect_uri": [CALLBACK]},
        {"state": "a\nb"},
    ],
)
def test_an_object_with_a_wrong_claim_is_refused(house: CodeScene, changed: dict[str, Any]) -> None:
    wrong = timed(house, changed) if next(iter(changed.values())) not in (True, -1.5) else changed
    with refused(house):
        assert error(push(house, request_object(house, **wrong))) == (400, "invalid_request_object")


@pytest.mark.attack("O09")
@pytest.mark.parametrize("name", ["state", "nonce", "scope", "redirect_uri", "response_type", "code_challenge"])
def test_an_object_that_is_contradicted_outside_is_refused(lone: CodeScene, name: str) -> None:
    for profile in (Profile.DEFAULT, Profile.OLDER):
        lone.profile(profile, request_object_alg="ES256")
        with refused(lone) as seen:
            assert error(push(lone, request_object(lone), **{name: "x"})) == (400, "invalid_request_object")
        assert seen.code == "conflicting_parameter"
    outside = {"redirect_uri": CALLBACK, "client_id": PORTAL, "request": request_object(lone), name: "x"}
    with refused(lone):
        answer = lone.visit(lone.browser(), bare(**outside))
    if name == "redirect_uri":
        assert is_page(answer)
    else:
        assert answer_of(answer)["error"] == "invalid_request_object" and "code" not in answer_of(answer)


@pytest.mark.attack("O09")
def test_what_stands_outside_alone_does_not_count(older: CodeScene) -> None:
    """Neither to make an unsigned request good, nor to be told back."""
    for name in ("redirect_uri", "scope", "response_type", "code_challenge"):
        whole = older.parameters()
        told = {**request_claims(older, **{name: ""}), name: whole[name]}
        with refused(older):
            answer = older.visit(older.browser(), bare(**told))
        assert is_page(answer) if name == "redirect_uri" else "error" in answer_of(answer), name
    with refused(older):
        told = answer_of(
            older.visit(older.browser(), bare(**{**request_claims(older, state="", scope="x"), "state": "outside"}))
        )
    assert "state" not in told


def request_claims(scene: CodeScene, **changed: Any) -> dict[str, str]:
    """A request that says all inside, and only whose it is outside; what is changed to "" is left out."""
    left_out = {name: value or None for name, value in changed.items()}
    return {"client_id": PORTAL, "request": request_object(scene, **left_out)}


@pytest.mark.attack("O09")
def test_a_client_assertion_is_no_request_and_a_request_no_assertion(house: CodeScene) -> None:
    with refused(house):
        assertion = house.authenticated()["client_assertion"]
        assert error(push(house, assertion)) == (400, "invalid_request_object")
    sent = {**house.parameters(), **house.authenticated(), "client_assertion": request_object(house, sub=PORTAL)}
    with refused(house):
        assert error(house.post("/oauth2/par", sent)) == (401, "invalid_client")


@pytest.mark.attack("O09")
@pytest.mark.parametrize("registered", ["", "RS256"])
def test_who_registered_no_algorithm_of_the_profile_cannot_sign_requests(lone: CodeScene, registered: str) -> None:
    lone.profile(Profile.DEFAULT)
    lone.record(lone.metadata(request_object_alg=registered))
    with refused(lone):
        assert error(push(lone, request_object(lone))) == (400, "request_not_supported")


@pytest.mark.attack("O09")
def test_who_signs_all_requests_brings_no_unsigned_one(lone: CodeScene) -> None:
    lone.profile(Profile.DEFAULT, request_object_alg="ES256", signed_request_only=True)
    with refused(lone) as seen:
        assert error(lone.push()) == (400, "invalid_request")
    assert seen.code == "unsigned_request"


def test_the_basic_profile_may_sign_with_rs256(lone: CodeScene) -> None:
    keys = jwks(rsa_jwk(kid="k1"), algorithm="RS256")
    client = lone.client(Profile.OIDC_BASIC, jwks=keys, algorithm="RS256")
    basic = lone.metadata(
        request_object_alg="RS256",
        auth_method=AuthMethod.CLIENT_SECRET_POST,
        scopes=("openid",),
        dpop_bound=False,
        secret_hash="0" * 64,
    )
    lone.record(client, basic)
    plain = {"scope": "openid", "code_challenge": None, "code_challenge_method": None}
    signed = request_object(lone, {"alg": "RS256", "kid": "k1"}, **plain)
    answer = lone.visit(lone.browser(), bare(client_id=PORTAL, request=signed))
    assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (303, "/sign-in")
    with refused(lone):
        answer = lone.visit(
            lone.browser(), bare(client_id=PORTAL, request=signed, scope=DECLARE, redirect_uri=CALLBACK)
        )
    assert answer_of(answer)["error"] == "invalid_request_object"
    lone.record(lone.client())


@pytest.mark.attack("O09")
@pytest.mark.parametrize(
    "reference",
    [
        "https://evil.example/r",
        "http://127.0.0.1:1/r",
        "https://portal.example/r",
        "urn:x",
        "data:,x",
        "file:///etc/passwd",
    ],
)
def test_a_request_by_reference_is_fetched_from_nowhere(lone: CodeScene, reference: str) -> None:
    lone.profile(Profile.OLDER, request_object_alg="ES256")
    with refused(lone) as seen:
        told = answer_of(lone.visit(lone.browser(), lone.plain(request_uri=reference)))
    assert (told["error"], seen.asked) == ("request_uri_not_supported", set())
    with refused(lone):
        assert is_page(lone.visit(lone.browser(), bare(client_id=PORTAL, request_uri=reference)))
    with refused(lone):
        assert error(lone.push(request_uri=reference)) == (400, "invalid_request")
    with refused(lone):
        address = lone.plain(request_uri=reference, request=request_object(lone))
        assert answer_of(lone.visit(lone.browser(), address))["error"] == "invalid_request"
