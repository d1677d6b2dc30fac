"""OpenID Connect Core §3.1.2 and §5.5: what a request may ask of the login, of the person and of the page."""

from __future__ import annotations

import json
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from werkzeug.test import Client as Browser

from iam.domain.assurance import Assurance
from iam.domain.client_metadata import NATIONAL_NUMBER
from iam.domain.clients import Profile
from iam.domain.enterprises import Capacity
from tests.oidc.provider.asking import details, error, refused
from tests.oidc.provider.code_scene import CONSULT, DECLARE, CodeScene, answer_of, claims
from tests.oidc.provider.premises import EMPLOYER, ISSUER, OTHER, PROVIDER

HIGH = "http://eidas.europa.eu/LoA/high"
ESSENTIAL = json.dumps({"id_token": {"acr": {"essential": True, "values": [HIGH]}}})


def asked(scene: CodeScene, browser: Browser, **more: str) -> str:
    """Where a browser is after the client sent it: a path of ours, or the error or code that the client is told."""
    answer = browser.get(scene.authorize(scope="openid", **more), base_url=ISSUER)
    for _ in range(3):
        address = answer.headers.get("Location", "")
        if not address.startswith("/"):
            break
        if address.startswith("/sign-in"):
            return address
        answer = browser.get(address, base_url=ISSUER)
    told = answer_of(answer) if address else {}
    return told.get("error") or ("code" if "code" in told else str(answer.request.path))


def test_a_level_that_is_essential_is_asked_of_the_person_and_declining_is_told(scene: CodeScene) -> None:
    browser = scene.logged_in(Assurance.LOW)
    assert asked(scene, browser, claims=ESSENTIAL) == "/sign-in"
    page = browser.get("/sign-in", base_url=ISSUER)
    assert "/connect/cancel" in page.text
    told = answer_of(cancelled(browser, page.text))
    assert (told["error"], told["state"], told["iss"]) == ("unmet_authentication_requirements", "s-1", ISSUER)
    assert asked(scene, scene.logged_in(Assurance.HIGH, browser), claims=ESSENTIAL) == "/connect/decision"


def cancelled(browser: Browser, page: str):  # type: ignore[no-untyped-def]
    """Press the button of the choice of keys that leads back to the client."""
    form = page.split('action="/connect/cancel"')[1].split("</form>", maxsplit=1)[0]
    told = {
        name: form.split(f'name="{name}" value="')[1].split('"')[0] for name in ("csrf_token", "client_id", "request")
    }
    return browser.post("/connect/cancel", data=told, base_url=ISSUER, headers={"Origin": ISSUER})


def test_who_does_not_log_in_at_all_goes_back_with_a_refusal(scene: CodeScene) -> None:
    browser = scene.browser()
    assert asked(scene, browser) == "/sign-in"
    page = browser.get("/sign-in", base_url=ISSUER).text
    assert answer_of(cancelled(browser, page))["error"] == "access_denied"
    assert cancelled(browser, page).status_code == 400


@pytest.mark.attack("O18")
def test_a_level_that_no_key_reaches_is_told_at_once(scene: CodeScene) -> None:
    browser = scene.logged_in(Assurance.SUBSTANTIAL)
    scene.book.switch("itsme", highest=Assurance.SUBSTANTIAL)
    assert asked(scene, browser, claims=ESSENTIAL) == "unmet_authentication_requirements"
    assert asked(scene, scene.browser(), claims=ESSENTIAL) == "unmet_authentication_requirements"


@pytest.mark.attack("O18")
@pytest.mark.parametrize("level", ["urn:unknown", "", "4", "HIGH", 4, None])
def test_an_essential_level_that_is_none_of_ours_is_refused(scene: CodeScene, level: object) -> None:
    scene.push()
    wanted = json.dumps({"id_token": {"acr": {"essential": True, "values": [level]}}})
    with refused(scene):
        told = error(scene.push(claims=wanted))
    assert told == (400, "unmet_authentication_requirements" if isinstance(level, str) else "invalid_request")


@pytest.mark.attack("O18")
def test_an_essential_level_is_never_passed_over_in_silence(scene: CodeScene) -> None:
    browser = scene.logged_in(Assurance.SUBSTANTIAL)
    scene.code(browser, scope="openid")
    assert asked(scene, browser, claims=ESSENTIAL, prompt="none") == "login_required"
    assert asked(scene, browser, claims=ESSENTIAL) == "/sign-in"


def test_a_level_that_is_no_must_is_asked_once_and_what_comes_is_taken(scene: CodeScene) -> None:
    browser = scene.logged_in(Assurance.LOW)
    scene.clock.at += timedelta(seconds=5)
    assert asked(scene, browser, acr_values=f"urn:unknown {HIGH}") == "/sign-in"
    assert asked(scene, browser, acr_values=HIGH, prompt="none") == "consent_required"
    assert asked(scene, scene.logged_in(Assurance.LOW, browser), acr_values=HIGH) == "/connect/decision"


@pytest.mark.parametrize(
    ("seconds", "max_age", "where"),
    [(5, "4", "/sign-in"), (5, "5", "code"), (1, "0", "/sign-in"), (9, "10000", "code")],
)
def test_a_login_that_is_too_old_is_asked_anew(scene: CodeScene, seconds: int, max_age: str, where: str) -> None:
    browser = scene.logged_in()
    scene.code(browser, scope="openid")
    scene.clock.at += timedelta(seconds=seconds)
    assert asked(scene, browser, max_age=max_age) == where
    silent = asked(scene, browser, max_age=max_age, prompt="none")
    assert silent == ("login_required" if where == "/sign-in" else "code")


@pytest.mark.parametrize(
    ("prompt", "where"),
    [
        ("login", "/sign-in"),
        ("consent", "/connect/decision"),
        ("select_account", "/connect/decision"),
        ("login consent", "/sign-in"),
        ("none", "code"),
        ("", "code"),
    ],
)
def test_what_the_client_wants_asked_is_asked(scene: CodeScene, prompt: str, where: str) -> None:
    browser = scene.logged_in()
    scene.code(browser, scope="openid")
    scene.clock.at += timedelta(seconds=2)
    assert asked(scene, browser, prompt=prompt) == where


@pytest.mark.attack("O18")
@pytest.mark.parametrize(
    "wrong",
    [
        *({"prompt": one} for one in ("none login", "none consent", "x", "None")),
        *({"max_age": one} for one in ("-1", "x", "1.5", "1e3", "\u0661", "9" * 10)),
        *({"claims": one} for one in ("x", "[]", '{"id_token":[]}', '{"id_token":{"acr":1}}', '{"a":1,"a":1}', "1")),
    ],
)
def test_what_cannot_be_read_is_refused(scene: CodeScene, wrong: dict[str, str]) -> None:
    scene.push()
    with refused(scene):
        assert error(scene.push(**wrong)) == (400, "invalid_request")


@pytest.mark.attack("O18")
def test_scopes_beyond_the_registration_are_refused(scene: CodeScene) -> None:
    scene.record(scene.metadata(scopes=("openid", DECLARE)))
    scene.push()
    for scope in (
        "*",
        f"openid {CONSULT}",
        "openid offline_access",
        "openid admin",
        "OPENID",
        "openid  profile",
        "",
        " openid",
    ):
        with refused(scene):
            assert error(scene.push(scope=scope)) == (400, "invalid_scope"), scope
    for scope in ("egovNRN", "openid egovNRN"):
        with refused(scene):
            assert error(scene.push(scope=scope)) == (400, "invalid_scope"), scope
    number = json.dumps({"userinfo": {NATIONAL_NUMBER: {"essential": True}}})
    with refused(scene):
        assert error(scene.push(claims=number)) == (400, "invalid_scope")


@pytest.mark.parametrize("how", ["hint", "claims"])
def test_somebody_else_than_expected_is_not_answered_for(scene: CodeScene, how: str) -> None:
    tokens = scene.tokens()
    subject = claims(tokens["id_token"])["sub"]

    def expecting(sub: str, hint: str) -> dict[str, str]:
        wanted = json.dumps({"id_token": {"sub": {"value": sub}}})
        return {"claims": wanted} if how == "claims" else {"id_token_hint": hint}

    browser = scene.logged_in()
    scene.code(browser, scope="openid")
    scene.clock.at += timedelta(hours=1)
    same = scene.logged_in(browser=browser)
    assert asked(scene, same, prompt="none", **expecting(subject, tokens["id_token"])) == "code"
    told = asked(scene, same, **expecting("somebody-else", tokens["access_token"]))
    assert told == ("login_required" if how == "claims" else "invalid_request")


@pytest.mark.parametrize(("locales", "language"), [("fr", "fr"), ("se de-BE fr", "de"), ("EN-GB", "en"), ("se", "")])
def test_the_page_is_in_the_language_that_the_client_names(scene: CodeScene, locales: str, language: str) -> None:
    for browser in (scene.browser(), scene.logged_in()):
        answer = browser.get(scene.authorize(ui_locales=locales), base_url=ISSUER)
        query = parse_qs(urlsplit(answer.headers["Location"]).query)
        assert query.get("lang", [""]) == [language]
        page = browser.get(answer.headers["Location"], base_url=ISSUER)
        assert f'<html lang="{language or "nl"}"' in page.text


@pytest.mark.parametrize(
    ("hint", "told"), [("itsme", "itsme"), ("buffy@portal.example", ""), ("password", "password"), ("<x>", "")]
)
def test_a_hint_at_a_way_to_log_in_puts_it_first(scene: CodeScene, hint: str, told: str) -> None:
    answer = scene.visit(scene.browser(), scene.authorize(login_hint=hint, scope="openid"))
    assert parse_qs(urlsplit(answer.headers["Location"]).query).get("hint", [""]) == [told]
    assert scene.visit(scene.browser(), answer.headers["Location"]).status_code == 200


@pytest.mark.attack("O18")
@pytest.mark.parametrize(
    ("scope", "wanted"),
    [
        ("openid", details(EMPLOYER)),
        (DECLARE, details(EMPLOYER, "employer")),
        (DECLARE, details("0123456789")),
        (DECLARE, details(EMPLOYER, "x")),
        *(
            (DECLARE, one)
            for one in ("[]", "{}", "x", '[{"type":"payment"}]', f"[{details(EMPLOYER)[1:-1]},{details(OTHER)[1:-1]}]")
        ),
        (DECLARE, details(EMPLOYER).replace("]", "").replace("}", ',"actions":["all"]}]')),
    ],
)
def test_details_that_contradict_the_request_are_refused(scene: CodeScene, scope: str, wanted: str) -> None:
    scene.push()
    with refused(scene):
        assert error(scene.push(scope=scope, authorization_details=wanted)) == (400, "invalid_authorization_details")


@pytest.mark.attack("O18")
def test_who_acts_for_somebody_else_than_the_client_names_gives_it_nothing(scene: CodeScene) -> None:
    """Neither by a remembered consent nor by a form that claims to come from the page."""
    browser = scene.logged_in()
    scene.code(browser, scope=DECLARE)
    silent = browser.get(
        scene.authorize(scope=DECLARE, prompt="none", authorization_details=details(PROVIDER)), base_url=ISSUER
    )
    assert answer_of(silent)["error"] == "interaction_required"
    address = scene.authorize(scope=DECLARE, authorization_details=details(PROVIDER))
    page = browser.get(address, base_url=ISSUER, follow_redirects=True)
    assert page.status_code == 200 and 'value="allow"' not in page.text and 'value="deny"' in page.text
    shown = browser.get(scene.authorize(scope=DECLARE, prompt="consent"), base_url=ISSUER, follow_redirects=True)
    stolen = shown.text.split('name="shown" value="')[1].split('"')[0]
    answer = scene.answer(browser, page, "allow", shown=stolen)
    assert answer.status_code == 409 and "Location" not in answer.headers


def test_the_older_profile_is_asked_the_same(scene: CodeScene) -> None:
    scene.profile(Profile.OLDER)
    browser = scene.logged_in(enterprise=EMPLOYER, capacity=Capacity.EMPLOYER)
    assert asked(scene, browser, prompt="none") == "consent_required"
