"""RFC 8707: a resource is the address of the one service that the scopes are for, at each endpoint."""

from __future__ import annotations

import pytest

from iam.domain.client_metadata import OFFLINE
from iam.domain.clients import Profile
from tests.oidc.provider.asking import error, refused
from tests.oidc.provider.code_scene import DECLARE, CodeScene, answer_of, claims
from tests.oidc.provider.premises import ISSUER

DIMONA = f"{ISSUER}/services/dimona"
OTHERS = [
    *(f"{ISSUER}/services/dmfa", f"{ISSUER}/services/", f"{ISSUER}/services/dimona/", f"{ISSUER}/services/Dimona"),
    *("dimona", "/services/dimona", f"{DIMONA}#x", f"{DIMONA}?x=1", DIMONA.replace("https", "http"), ISSUER, "*"),
    *("https://dimona.example", f"{ISSUER}/services/%64imona", f"{ISSUER}//services/dimona", f"{DIMONA} {DIMONA}"),
]


def test_the_resource_of_the_scopes_is_taken_at_each_step(scene: CodeScene) -> None:
    tokens = scene.tokens(resource=DIMONA, scope=f"openid {OFFLINE} {DECLARE}")
    renewed = scene.refresh(tokens["refresh_token"], resource=DIMONA)
    assert renewed.status_code == 200 and claims(renewed.get_json()["access_token"])["aud"] == "dimona"
    plain = scene.refresh(tokens["refresh_token"], scope="openid", resource=ISSUER)
    assert plain.status_code == 200 and claims(plain.get_json()["access_token"])["aud"] == ISSUER


@pytest.mark.attack("O18")
def test_a_request_for_another_resource_is_refused(scene: CodeScene) -> None:
    scene.push()
    for told in OTHERS:
        with refused(scene):
            assert error(scene.push(resource=told)) == (400, "invalid_target"), told
    for told in (DIMONA, f"{DIMONA}/"):
        with refused(scene):
            assert error(scene.push(scope="openid", resource=told)) == (400, "invalid_target"), told
    scene.profile(Profile.OLDER)
    with refused(scene):
        assert answer_of(scene.visit(scene.browser(), scene.plain(resource=OTHERS[0])))["error"] == "invalid_target"


@pytest.mark.attack("O18")
def test_a_code_and_a_refresh_token_give_nothing_for_another_resource(scene: CodeScene) -> None:
    code = scene.code(scope=f"openid {OFFLINE} {DECLARE}")
    for told in OTHERS:
        assert error(scene.redeem(code, resource=told)) == (400, "invalid_target"), told
    token = scene.redeem(code, resource=DIMONA).get_json()["refresh_token"]
    for told in OTHERS:
        assert error(scene.refresh(token, resource=told)) == (400, "invalid_target"), told
    assert error(scene.refresh(token, scope="openid", resource=DIMONA)) == (400, "invalid_target")
    assert error(scene.redeem("unknown", resource=OTHERS[0])) == (400, "invalid_grant")


@pytest.mark.attack("O18")
def test_several_resources_are_refused(scene: CodeScene) -> None:
    scene.push()
    sent = [*scene.parameters().items(), *scene.authenticated().items(), ("resource", DIMONA), ("resource", DIMONA)]
    with refused(scene):
        answer = scene.browser().post("/oauth2/par", data=dict(sent) | {"resource": [DIMONA, DIMONA]}, base_url=ISSUER)
    assert answer.status_code == 400
