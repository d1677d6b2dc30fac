"""The browser carries a request of one use away, and only its own answer back (families O11, O12)."""

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from iam.domain.assurance import Assurance
from iam.domain.web_answers import WebAnswer
from oidc import jose
from tests.oidc.relying_party.an_openid_provider import ACCESS_TOKEN, CLIENT_ID, ISSUER, json_answer
from tests.oidc.relying_party.premises import BASE, Premises

CALLBACK = f"{BASE}/sign-in/oidc/op/callback"


def test_the_request_binds_state_nonce_and_verifier_to_this_login(door: Premises) -> None:
    first, second = door.leave(), door.leave()
    assert first["response_type"] == "code" and first["client_id"] == CLIENT_ID
    assert first["redirect_uri"] == CALLBACK
    assert first["scope"] == "openid service:PROCURA"
    assert first["code_challenge_method"] == "S256"
    assert first["acr_values"] == "weak" and first["ui_locales"] == "en"
    assert "prompt" not in first and first["max_age"] == "28800"
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name]) >= 43 and first[name] != second[name]


def test_the_least_level_that_is_enough_is_asked(door: Premises) -> None:
    for minimum, told in ((Assurance.LOW, "weak"), (Assurance.SUBSTANTIAL, "basic"), (Assurance.HIGH, "advanced")):
        door.hall.asked = replace(door.hall.asked, minimum=minimum)
        assert door.leave()["acr_values"] == told


def test_a_provider_without_a_level_that_is_enough_is_not_gone_to(door: Premises) -> None:
    door.hall.providers._providers["op"] = replace(door.provider, highest=Assurance.LOW)
    door.hall.asked = replace(door.hall.asked, minimum=Assurance.SUBSTANTIAL)
    assert door.browser.post("/sign-in/oidc/op/start").status_code == 400
    assert door.hall.turned[0][1] == "oidc_level_not_offered"


@pytest.mark.parametrize(
    ("how", "asked"),
    [
        ("both", {"prompt": "login", "max_age": "0"}),
        ("prompt", {"prompt": "login", "max_age": "28800"}),
        ("max_age", {"max_age": "0"}),
    ],
)
def test_showing_the_key_anew_is_asked_as_the_provider_understands_it(how: str, asked: dict[str, str]) -> None:
    door = Premises(settings={"again": how})
    door.hall.asked = replace(door.hall.asked, again=True)
    sent = door.leave()
    assert {name: sent[name] for name in ("prompt", "max_age") if name in sent} == asked


def test_claims_are_asked_by_name_where_the_provider_wants_that() -> None:
    name = "http://itsme.services/v2/claim/BENationalNumber"
    door = Premises(settings={"requested_claims": [name]})
    assert json.loads(door.leave()["claims"]) == {"userinfo": {name: None}}


def test_the_code_is_redeemed_with_its_verifier_and_a_signed_assertion_of_one_use(door: Premises) -> None:
    challenge = door.leave()["code_challenge"]
    door.hall.flows.clear()
    door.login()
    [form] = door.op.asked_for("/token")
    assert form["grant_type"] == "authorization_code" and form["redirect_uri"] == CALLBACK
    assert "authorization" not in form and "client_secret" not in form
    keys = jose.KeySet.from_jwks({"keys": door.keys.published(encrypted=False)["keys"]})
    verified = jose.verify(form["client_assertion"], keys=keys, algorithms=frozenset({"RS256"}), typ="JWT")
    assert verified.claims["iss"] == verified.claims["sub"] == CLIENT_ID
    assert verified.claims["aud"] == ISSUER + "/token"
    jose.check_times(verified.claims, door.clock.at, max_life=timedelta(minutes=5))
    digest = hashlib.sha256(form["code_verifier"].encode()).digest()
    assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != challenge
    assert [given["bearer"] for given in door.op.asked_for("/userinfo")] == [ACCESS_TOKEN]


def test_the_verifier_is_that_of_the_challenge(door: Premises) -> None:
    sent = door.leave()
    door.come_back(code="c", state=sent["state"])
    [form] = door.op.asked_for("/token")
    digest = hashlib.sha256(form["code_verifier"].encode()).digest()
    assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == sent["code_challenge"]


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256"])
def test_we_sign_with_the_algorithm_that_was_agreed_for_the_audience_that_was_agreed(alg: str) -> None:
    door = Premises(settings={"signing_algorithm": alg, "assertion_audience": "issuer"})
    door.login()
    [form] = door.op.asked_for("/token")
    keys = jose.KeySet.from_jwks(door.keys.published(alg, encrypted=False))
    verified = jose.verify(form["client_assertion"], keys=keys, algorithms=frozenset({alg}), typ="JWT")
    assert verified.claims["aud"] == ISSUER


def test_a_secret_goes_only_where_it_was_agreed(tmp_path: object) -> None:
    file = f"{tmp_path}/secret"
    with open(file, "w", encoding="utf-8") as written:
        written.write("s:cr t\n")
    door = Premises(settings={"authentication": "client_secret_basic", "client_secret_file": file})
    door.login()
    [form] = door.op.asked_for("/token")
    assert "client_assertion" not in form
    assert base64.b64decode(form["authorization"].split()[1]) == f"{CLIENT_ID}:s%3Acr+t".encode()


def test_an_answer_without_a_state_of_this_browser_sends_no_code_anywhere(door: Premises) -> None:
    state = door.leave()["state"]
    for parameters in ({"code": "c"}, {"code": "c", "state": ""}, {"code": "c", "state": "x" * 300}):
        door.come_back(**parameters)
    door.come_back(code="c", state=state + "x")
    door.hall.other_browser = True
    door.come_back(code="c", state=state)
    assert {code for _, code, _ in door.hall.turned} == {"oidc_not_begun_here"}
    assert len(door.hall.turned) == 5
    assert door.op.asked_for("/token") == [] and door.hall.welcomed == []


def test_an_answer_is_taken_once(door: Premises) -> None:
    state = door.leave()["state"]
    door.come_back(code="c", state=state)
    door.come_back(code="c", state=state)
    assert len(door.hall.welcomed) == 1 and door.hall.turned[0][1] == "oidc_not_begun_here"
    assert len(door.op.asked_for("/token")) == 1


def test_the_answer_to_one_provider_s_request_is_none_at_another_s_callback(door: Premises) -> None:
    state = door.leave()["state"]
    door.come_back(provider="other", code="c", state=state)
    assert door.hall.turned[0][:2] == ("other", "oidc_not_begun_here")
    assert door.op.asked_for("/token") == []


@pytest.mark.parametrize("twice", ["state", "code", "iss", "error"])
def test_a_parameter_that_stands_twice_is_no_answer(door: Premises, twice: str) -> None:
    sent = {"state": door.leave()["state"], "code": "c", "iss": ISSUER}
    query = "&".join([*(f"{name}={value}" for name, value in sent.items()), f"{twice}=a", f"{twice}=b"])
    door.browser.get(f"/sign-in/oidc/op/callback?{query}")
    assert door.hall.turned and door.op.asked_for("/token") == []


@pytest.mark.parametrize(
    ("announced", "iss", "good"),
    [
        (True, ISSUER, True),
        (True, None, False),
        (True, ISSUER + "/", False),
        (False, None, True),
        (False, ISSUER, True),
        (False, "https://other.example", False),
        (False, "", False),
    ],
)
def test_the_answer_s_issuer_is_exact_wherever_it_stands(announced: bool, iss: str | None, good: bool) -> None:
    door = Premises()
    door.op.metadata["authorization_response_iss_parameter_supported"] = announced
    door.come_back(code="c", state=door.leave()["state"], **({} if iss is None else {"iss": iss}))
    assert (len(door.hall.welcomed), len(door.op.asked_for("/token"))) == ((1, 1) if good else (0, 0))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("access_denied", "oidc_cancelled"),
        ("login_required", "oidc_cancelled"),
        ("server_error", "oidc_unavailable"),
        ("<script>", "oidc_unavailable"),
    ],
)
def test_who_declines_at_the_provider_is_told_so(door: Premises, error: str, code: str) -> None:
    door.come_back(state=door.leave()["state"], error=error, error_description="<b>x</b>")
    assert door.hall.turned[0][1] == code and "<" not in door.hall.turned[0][2]


def test_an_answer_without_code_is_none(door: Premises) -> None:
    for code in ("", "x" * 3000):
        door.come_back(state=door.leave()["state"], code=code)
    assert [one[1] for one in door.hall.turned] == ["oidc_not_believed"] * 2


def tokens(**change: object) -> WebAnswer:
    return json_answer({"access_token": "a", "token_type": "Bearer", "id_token": "a.b.c", **change})


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (None, "oidc_unavailable"),
        (json_answer({"error": "invalid_grant"}, 400), "oidc_not_believed"),
        (json_answer({}, 500), "oidc_unavailable"),
        (WebAnswer(status=302, media_type="", body=b""), "oidc_unavailable"),
        (WebAnswer(status=200, media_type="text/html", body=b"<html>"), "oidc_unavailable"),
        (WebAnswer(status=200, media_type="application/json", body=b'{"a":1,"a":2}'), "oidc_unavailable"),
        (json_answer([]), "oidc_unavailable"),
        (tokens(id_token=None), "oidc_not_believed"),
        (tokens(access_token=7), "oidc_not_believed"),
        (tokens(token_type="mac"), "oidc_not_believed"),
        (tokens(access_token="x\r\ny: z"), "oidc_not_believed"),
    ],
)
def test_a_token_endpoint_that_gives_no_tokens_lets_nobody_in(
    door: Premises, answer: WebAnswer | None, code: str
) -> None:
    door.op.answers["/token"] = answer
    assert door.refused()[0] == code


def told(**change: object) -> Callable[[Premises], None]:
    return lambda door: door.op.metadata.update(change)


@pytest.mark.parametrize(
    "lie",
    [
        told(issuer="https://other.example"),
        told(issuer=ISSUER + "/"),
        told(token_endpoint="https://attacker.example/token"),
        told(token_endpoint="http://op.example/token"),
        told(token_endpoint="https://op.example@attacker.example/token"),
        told(token_endpoint="https://op.example.attacker.example/token"),
        told(token_endpoint="https://op.example:444/token"),
        told(token_endpoint="https://op.example/token#x"),
        told(token_endpoint=None),
        told(token_endpoint=["https://op.example/token"]),
        told(authorization_endpoint="javascript:alert(1)//op.example"),
        told(jwks_uri="https://127.0.0.1/jwks"),
        told(jwks_uri="file:///etc/passwd"),
        told(userinfo_endpoint="https://attacker.example/userinfo"),
        told(end_session_endpoint="https://attacker.example/logout"),
        told(response_types_supported=["token"]),
        told(code_challenge_methods_supported=["plain"]),
        told(id_token_signing_alg_values_supported=["none", "HS256"]),
        told(token_endpoint_auth_methods_supported="private_key_jwt"),
    ],
)
def test_metadata_that_say_something_else_are_not_used(door: Premises, lie: Callable[[Premises], None]) -> None:
    lie(door)
    assert door.browser.post("/sign-in/oidc/op/start").status_code == 400
    assert door.hall.turned[0][1] == "oidc_unavailable"
    assert [url for url, _ in door.op.asked] == [ISSUER + "/.well-known/openid-configuration"]


def test_an_issuer_that_ends_with_a_slash_is_asked_at_one_slash(door: Premises) -> None:
    door.op.issuer = ISSUER
    door.op.metadata["issuer"] = ISSUER + "/"
    door.use(door.op, {"issuer": ISSUER + "/"})
    door.leave()
    assert [url for url, _ in door.op.asked] == [ISSUER + "/.well-known/openid-configuration"]


def test_a_login_that_another_version_of_us_began_begins_anew(door: Premises) -> None:
    state = door.leave()["state"]
    del door.hall.flows["op", state]["counterpart"]
    door.come_back(code="c", state=state)
    assert door.hall.turned[0][1] == "oidc_not_begun_here" and door.op.asked_for("/token") == []


def test_metadata_are_remembered_refreshed_and_outlive_a_short_silence(door: Premises) -> None:
    def asked() -> int:
        return len(door.op.asked_for("/openid-configuration"))

    for _ in range(3):
        door.leave()
    assert asked() == 1
    door.clock.advance(minutes=16)
    door.op.answers["/openid-configuration"] = None
    door.leave()
    assert asked() == 2
    door.clock.advance(hours=25)
    assert door.browser.post("/sign-in/oidc/op/start").status_code == 400
