"""OpenID Provider Basic: what the modules of `oidcc-basic-certification-test-plan` check, for a registered client."""

from __future__ import annotations

import math
import re
from collections import Counter
from datetime import timedelta
from html import unescape
from urllib.parse import urlencode

import pytest

from iam.domain.client_metadata import OFFLINE, AuthMethod
from tests.oidc.provider.code_scene import CALLBACK, VERIFIER, CodeScene, challenge_of
from tests.oidc.provider.premises import ISSUER
from tests.oidc.provider.relying_party_of_suite import LONG_STATE, RelyingParty, check_page, refused_plainly

pytestmark = pytest.mark.parametrize("scene", ["sqlite"], indirect=True)
"""What the suite checks does not hang on the storage."""
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
UI_ERRORS = {"login_required", "interaction_required", "account_selection_required", "consent_required"}


@pytest.fixture
def party(scene: CodeScene) -> RelyingParty:
    return RelyingParty(scene)


def entropy(text: str) -> float:
    """Shannon's, over the letters of a text, as the suite measures it."""
    counts = Counter(text).values()
    return -sum(one * math.log2(one / len(text)) for one in counts)


def test_the_whole_flow_answers_as_the_basic_profile_says(scene: CodeScene, party: RelyingParty) -> None:
    login = party.log_in(scene.logged_in())
    assert len(login.code) >= 16 and entropy(login.code) > 96
    known = {"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "sid"}
    assert login.claims.keys() <= known


def test_a_request_without_response_type_is_refused_at_the_clients_address(
    scene: CodeScene, party: RelyingParty
) -> None:
    told = party.answered(party.visit(scene.logged_in(), response_type=""))
    assert told["error"] == "invalid_request" and "code" not in told


def test_id_tokens_are_signed_with_rs256_and_name_their_key(scene: CodeScene, party: RelyingParty) -> None:
    login = party.log_in(scene.logged_in())
    assert login.header["alg"] == "RS256" and login.header["kid"]


@pytest.mark.parametrize("member", ["id_token", "request_object", "userinfo"])
def test_nothing_unsigned_is_offered(scene: CodeScene, member: str) -> None:
    told = scene.browser().get("/.well-known/openid-configuration", base_url=ISSUER).get_json()
    values = told[f"{member}_signing_alg_values_supported"]
    assert values and "none" not in values


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_userinfo_answers_a_token_in_the_header(scene: CodeScene, party: RelyingParty, method: str) -> None:
    login = party.log_in(scene.logged_in(), scope="openid profile")
    answer = party.userinfo(login.tokens["access_token"], method)
    assert answer.status_code == 200 and answer.content_type == "application/json"
    told = answer.get_json()
    assert told["sub"] == login.claims["sub"]
    assert all(isinstance(value, str) and value for value in told.values())


def test_userinfo_answers_a_token_in_a_body(scene: CodeScene, party: RelyingParty) -> None:
    login = party.log_in(scene.logged_in())
    answer = party.userinfo("", "POST", headers={}, data={"access_token": login.tokens["access_token"]})
    assert answer.status_code == 200 and answer.get_json()["sub"] == login.claims["sub"]


def test_a_request_without_nonce_succeeds(scene: CodeScene, party: RelyingParty) -> None:
    assert "nonce" not in party.log_in(scene.logged_in(), nonce="").claims


def test_the_scope_profile_tells_what_is_known_of_the_person_in_userinfo_alone(
    scene: CodeScene, party: RelyingParty
) -> None:
    login = party.log_in(scene.logged_in(), scope="openid profile")
    told = party.userinfo(login.tokens["access_token"]).get_json()
    assert (told["family_name"], told["given_name"], told["name"]) == ("Peeters", "Marie", "Marie Peeters")
    assert not {"name", "family_name", "given_name", "email"} & login.claims.keys()


def test_scopes_in_another_order_and_parameters_backwards_are_the_same_request(
    scene: CodeScene, party: RelyingParty
) -> None:
    browser = scene.logged_in()
    asked = dict(reversed(party.parameters(scope="profile openid").items()))
    page = party.open(browser, f"/connect/authorize?{urlencode(asked)}")
    told = party.answered(scene.answer(browser, page, "allow"))
    assert party.redeem(told["code"]).get_json()["scope"].split() in (["openid", "profile"], ["profile", "openid"])


@pytest.mark.parametrize("scope", ["email", "address", "phone"])
def test_scopes_that_nobody_could_answer_are_neither_offered_nor_taken(
    scene: CodeScene, party: RelyingParty, scope: str
) -> None:
    told = scene.browser().get("/.well-known/openid-configuration", base_url=ISSUER).get_json()
    assert scope not in told["scopes_supported"]
    assert party.answered(party.visit(scene.logged_in(), scope=f"openid {scope}"))["error"] == "invalid_scope"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("display", "page"),
        ("display", "popup"),
        ("extra", "foobar"),
        ("login_hint", "buffy@procura.example"),
        ("ui_locales", "se"),
        ("claims_locales", "se"),
    ],
)
def test_hints_and_parameters_that_are_not_ours_do_no_harm(
    scene: CodeScene, party: RelyingParty, name: str, value: str
) -> None:
    login = party.log_in(scene.logged_in(), **{name: value})
    assert party.userinfo(login.tokens["access_token"]).status_code == 200


def test_a_login_that_is_asked_anew_is_shown_and_is_later(scene: CodeScene, party: RelyingParty) -> None:
    browser = scene.logged_in()
    first = party.log_in(browser)
    scene.clock.at += timedelta(seconds=1)
    second = party.log_in(browser, prompt="login")
    assert second.claims["auth_time"] > first.claims["auth_time"] and second.claims["sub"] == first.claims["sub"]


def test_who_is_not_logged_in_is_not_asked_where_nothing_may_be_shown(scene: CodeScene, party: RelyingParty) -> None:
    answer = party.visit(scene.browser(), prompt="none", state=LONG_STATE)
    assert party.answered(answer, LONG_STATE)["error"] in UI_ERRORS


@pytest.mark.parametrize("hinted", [False, True])
def test_who_is_logged_in_and_agreed_before_is_not_asked_again(
    scene: CodeScene, party: RelyingParty, hinted: bool
) -> None:
    browser = scene.logged_in()
    first = party.log_in(browser)
    answer = party.visit(browser, prompt="none", id_token_hint=first.tokens["id_token"] if hinted else "")
    code = party.answered(answer)["code"]
    second = party.read(code, party.redeem(code).get_json())
    assert (second.claims["sub"], second.claims["auth_time"]) == (first.claims["sub"], first.claims["auth_time"])


def test_a_login_that_is_too_old_is_asked_anew_and_one_that_is_not_is_taken(
    scene: CodeScene, party: RelyingParty
) -> None:
    browser = scene.logged_in()
    first = party.log_in(browser, max_age="15000")
    scene.clock.at += timedelta(seconds=2)
    second = party.log_in(browser, max_age="10000")
    assert second.claims["auth_time"] == first.claims["auth_time"]
    third = party.log_in(browser, max_age="1")
    assert third.claims["auth_time"] > first.claims["auth_time"]
    assert scene.clock.at.timestamp() - third.claims["auth_time"] < 300


def test_a_request_that_names_every_level_is_answered_by_one_of_them(scene: CodeScene, party: RelyingParty) -> None:
    told = scene.browser().get("/.well-known/openid-configuration", base_url=ISSUER).get_json()
    levels = told["acr_values_supported"]
    assert party.log_in(scene.logged_in(), acr_values=" ".join(levels)).claims["acr"] in levels


@pytest.mark.parametrize("seconds", [0, 30])
def test_a_code_that_is_used_again_gives_nothing_and_takes_what_it_gave(
    scene: CodeScene, party: RelyingParty, seconds: int
) -> None:
    login = party.log_in(scene.logged_in())
    scene.clock.at += timedelta(seconds=seconds)
    again = party.redeem(login.code)
    assert (again.status_code, refused_plainly(again)["error"]) == (400, "invalid_grant")
    assert party.userinfo(login.tokens["access_token"]).status_code == 401


def test_an_address_that_is_not_registered_gets_nobody(scene: CodeScene, party: RelyingParty) -> None:
    check_page(party.visit(scene.logged_in(), redirect_uri=f"{CALLBACK}/abcdefghij"))


def test_a_request_may_come_by_post(scene: CodeScene, party: RelyingParty) -> None:
    browser, elsewhere = scene.logged_in(), {"Origin": "https://portal.example"}
    answer = browser.post("/connect/authorize", data=party.parameters(), base_url=ISSUER, headers=elsewhere)
    if answer.status_code == 200:  # sent again by a page of our own, so that the browser's cookies come with it
        again = {name: unescape(value) for name, value in _HIDDEN.findall(answer.text)}
        answer = browser.post("/connect/authorize", data=again, base_url=ISSUER, headers={"Origin": ISSUER})
    answer = party.open(browser, answer.headers["Location"])
    code = party.answered(scene.answer(browser, answer, "allow"))["code"]
    assert party.redeem(code).status_code == 200


def test_a_secret_may_be_sent_in_the_body_by_who_registered_it_so(scene: CodeScene) -> None:
    RelyingParty(scene, AuthMethod.CLIENT_SECRET_POST).log_in(scene.logged_in())
    told = scene.browser().get("/.well-known/openid-configuration", base_url=ISSUER).get_json()
    assert {"client_secret_basic", "client_secret_post"} <= set(told["token_endpoint_auth_methods_supported"])


def test_a_claim_that_is_asked_as_essential_is_told_in_userinfo_alone(scene: CodeScene, party: RelyingParty) -> None:
    login = party.log_in(scene.logged_in(), claims='{"userinfo": {"name": {"essential": true}}}')
    assert party.userinfo(login.tokens["access_token"]).get_json()["name"] == "Marie Peeters"
    assert "name" not in login.claims


def test_refresh_tokens_renew_for_their_own_client_alone(scene: CodeScene, party: RelyingParty) -> None:
    other, scope = party.second(), f"openid {OFFLINE}"
    mine = party.log_in(scene.logged_in(), scope=scope, prompt="consent")
    theirs = other.log_in(scene.logged_in(), scope=scope, prompt="consent", nonce="n" * 43)
    scene.clock.at += timedelta(seconds=1)
    for one, login, asked in ((party, mine, {"scope": scope}), (other, theirs, {})):
        answer = one.refresh(login.tokens["refresh_token"], **asked)
        told = answer.get_json()
        assert answer.status_code == 200 and "no-store" in answer.headers["Cache-Control"], answer.text
        assert told["token_type"] == "Bearer" and told["access_token"] != login.tokens["access_token"]
        assert one.userinfo(told["access_token"]).status_code == 200
        assert len(told["refresh_token"]) >= 27 and entropy(told["refresh_token"]) > 96
        renewed = one.read("", told).claims
        kept = ("iss", "sub", "aud", "auth_time", "acr", "sid")
        assert {name: renewed.get(name) for name in kept} == {name: login.claims[name] for name in kept}
        assert renewed["iat"] != login.claims["iat"]
    stolen = party.refresh(theirs.tokens["refresh_token"])
    assert (stolen.status_code, refused_plainly(stolen)["error"]) == (400, "invalid_grant")


def test_a_challenge_is_taken_where_none_is_asked(scene: CodeScene, party: RelyingParty) -> None:
    verifier = (VERIFIER * 3)[:124] + "-._~"
    asked = {"code_challenge": challenge_of(verifier), "code_challenge_method": "S256"}
    code = party.code(scene.logged_in(), **asked)
    assert party.redeem(code, code_verifier=verifier).status_code == 200
