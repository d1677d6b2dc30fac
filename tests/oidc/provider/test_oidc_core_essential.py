"""What was asked as essential is told in the words that were asked, and to nobody else's login."""

from __future__ import annotations

import json

import pytest

from iam.domain.assurance import Assurance
from iam.domain.client_metadata import OFFLINE, OPENID, ApplicationType, AuthMethod
from iam.domain.clients import Profile
from tests.oidc.provider.code_scene import CodeScene, answer_of, claims
from tests.oidc.provider.premises import ISSUER

LOW, SUBSTANTIAL, HIGH = (f"http://eidas.europa.eu/LoA/{one}" for one in ("low", "substantial", "high"))


def essential(*values: str, **more: object) -> str:
    return json.dumps({"id_token": {"acr": {"essential": True, "values": values, **more}}})


@pytest.mark.attack("O18")
@pytest.mark.parametrize(
    ("level", "asked", "told"),
    [
        (Assurance.HIGH, (LOW,), LOW),
        (Assurance.HIGH, (SUBSTANTIAL, LOW), SUBSTANTIAL),
        (Assurance.HIGH, (LOW, SUBSTANTIAL, HIGH), HIGH),
        (Assurance.HIGH, ("substantial",), "substantial"),
        (Assurance.HIGH, ("urn:another", SUBSTANTIAL), SUBSTANTIAL),
        (Assurance.SUBSTANTIAL, (LOW, HIGH), LOW),
        (Assurance.SUBSTANTIAL, (HIGH, SUBSTANTIAL), SUBSTANTIAL),
        (Assurance.LOW, (LOW, HIGH), LOW),
    ],
)
def test_a_level_asked_as_essential_is_told_by_one_of_the_values_asked(
    scene: CodeScene, level: Assurance, asked: tuple[str, ...], told: str
) -> None:
    """OpenID Connect Core 1.0 §5.5.1.1; never by one that the login does not reach, and the same after a refresh."""
    scene.profile(Profile.OLDER)
    code = scene.code(scene.logged_in(level), scope=f"{OPENID} {OFFLINE}", claims=essential(*asked))
    tokens = scene.redeem(code).get_json()
    renewed = scene.refresh(tokens["refresh_token"]).get_json()
    assert [claims(one["id_token"])["acr"] for one in (tokens, renewed)] == [told, told]
    assert claims(tokens["access_token"])["acr"].endswith(f"/{level.label}"), "services are told the login itself"


def test_a_level_that_is_not_essential_is_told_as_it_is(scene: CodeScene) -> None:
    for asked in ({"claims": json.dumps({"id_token": {"acr": {"values": [LOW]}}})}, {"acr_values": LOW}):
        assert claims(scene.tokens(scope=OPENID, **asked)["id_token"])["acr"] == HIGH


@pytest.mark.attack("O18")
def test_one_of_several_persons_is_asked_for_and_nobody_else_answers(scene: CodeScene) -> None:
    sub = claims(scene.tokens(scope=OPENID)["id_token"])["sub"]
    for members, good in (
        ({"values": ["somebody", sub]}, True),
        ({"value": sub}, True),
        ({"values": ["somebody", "else"]}, False),
        ({"value": "somebody"}, False),
    ):
        asked = scene.authorize(scope=OPENID, prompt="none", claims=json.dumps({"id_token": {"sub": members}}))
        told = answer_of(scene.logged_in().get(asked, base_url=ISSUER))
        assert ("code" in told) is good and told.get("error") == (None if good else "login_required")


@pytest.mark.parametrize(
    "address", ["be.portal.app:/callback", "http://127.0.0.1:7/callback", "http://[::1]:7/callback"]
)
def test_an_answer_by_form_leads_to_a_program_of_ones_own(scene: CodeScene, address: str) -> None:
    """RFC 8252 §7.1: what leads there is a scheme of the program's own, which has no origin."""
    scene.profile(Profile.OLDER)
    native = {"auth_method": AuthMethod.NONE, "application_type": ApplicationType.NATIVE}
    scene.record(scene.metadata(redirect_uris=(address,), **native))
    browser = scene.logged_in()
    asked = scene.plain(scope=OPENID, response_mode="form_post", redirect_uri=address)
    page = browser.get(asked, base_url=ISSUER, follow_redirects=True)
    source = {"be": "be.portal.app:", "ht": "http://127.0.0.1:7"}[address[:2]] if "[" not in address else "http:"
    for shown in (page, scene.answer(browser, page, "allow")):
        assert shown.status_code == 200
        assert shown.headers["Content-Security-Policy"].endswith(f"form-action 'self' {source}")
    assert f'action="{address}"' in shown.text and 'name="code"' in shown.text
