"""D05: browsers and public clients that come without end have nothing kept for them beyond a pace, and others go on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from werkzeug.test import Client as Browser
from werkzeug.test import TestResponse

from iam.domain.authorization_grants import AuthorizationRequest
from iam.domain.client_metadata import ApplicationType, AuthMethod
from iam.domain.clients import Profile
from iam.domain.device_authorizations import DeviceAuthorization
from iam.web.devices import ADDRESS_HEADER
from iam.web.pace import AT_ONCE as PORTAL_AT_ONCE
from oidc.provider.unproven_pace import AT_ONCE
from tests.oidc.provider.code_scene import DECLARE, PORTAL, CodeScene
from tests.oidc.provider.devices import TOOL, settle
from tests.oidc.provider.premises import ISSUER

HERE, ELSEWHERE = "198.51.100.7", "203.0.113.9"
KEPT = (AuthorizationRequest, DeviceAuthorization)


def kept(scene: CodeScene) -> int:
    """How many requests are kept, of browsers and devices."""
    with scene.archive.reading() as reading:
        return sum(len(reading.find(kind)) for kind in KEPT)


def by_proxy(address: str) -> dict[str, Any]:
    """How a request arrives by our proxy, which tells its client's address."""
    return {"environ_overrides": {"REMOTE_ADDR": "127.0.0.1"}, "headers": {ADDRESS_HEADER: address}}


def asked(scene: CodeScene, path: str, sent: Mapping[str, str], address: str) -> TestResponse:
    """The answer to a request that comes from a network address."""
    return scene.browser().post(path, data=sent, base_url=ISSUER, **by_proxy(address))


def pushed(scene: CodeScene, address: str) -> TestResponse:
    """The answer to a native program that brings its request, by its name alone."""
    return asked(scene, "/oauth2/par", scene.parameters(), address)


def device(scene: CodeScene, address: str) -> TestResponse:
    """The answer to a device that asks, by its name alone."""
    return asked(scene, "/oauth2/device_authorization", {"client_id": TOOL, "scope": DECLARE}, address)


UNPROVEN = {"a pushed request": pushed, "a device": device}


@pytest.fixture
def public(scene: CodeScene) -> CodeScene:
    """The clients prove nothing: a native program, and software for a command line."""
    scene.profile(Profile.OLDER, auth_method=AuthMethod.NONE, application_type=ApplicationType.NATIVE)
    settle(scene, TOOL, auth_method=AuthMethod.NONE)
    return scene


@pytest.mark.attack("D05")
@pytest.mark.parametrize("sort", UNPROVEN)
def test_one_address_has_no_more_kept_for_public_clients_than_its_pace_allows(public: CodeScene, sort: str) -> None:
    answers = [UNPROVEN[sort](public, HERE) for _ in range(AT_ONCE + 20)]
    assert {one.status_code for one in answers[:AT_ONCE]} <= {200, 201}
    assert {one.status_code for one in answers[AT_ONCE:]} == {429}
    late = answers[-1]
    assert late.get_json()["error"] == "temporarily_unavailable"
    assert (late.headers["Retry-After"], late.headers["Cache-Control"]) == ("1", "no-store")
    assert kept(public) == AT_ONCE
    assert UNPROVEN[sort](public, ELSEWHERE).status_code in (200, 201)
    public.clock.advance(seconds=1)
    assert UNPROVEN[sort](public, HERE).status_code in (200, 201)


@pytest.mark.attack("D05")
@pytest.mark.parametrize("address", [HERE, "2001:db8::1", ""])
def test_who_proves_something_answers_for_it_and_is_not_counted(scene: CodeScene, address: str) -> None:
    scene.profile(Profile.OLDER)
    sent = [{**scene.parameters(), **scene.authenticated()} for _ in range(AT_ONCE + 5)]
    assert {asked(scene, "/oauth2/par", one, address).status_code for one in sent} == {201}


@pytest.mark.attack("D05")
@pytest.mark.parametrize(
    "path",
    [
        "/connect/authorize?client_id=x",
        f"/connect/authorize?client_id={PORTAL}",
        f"/connect/authorize?client_id={PORTAL}&request_uri=urn:ietf:params:oauth:request_uri:x",
        f"/connect/decision?client_id={PORTAL}&request=x",
        "/connect/device?user_code=BCDF-GHJK",
        "/connect/logout?id_token_hint=x",
        "/connect/logout",
    ],
)
def test_pages_without_end_keep_nothing(scene: CodeScene, path: str) -> None:
    for _ in range(20):
        assert scene.browser().get(path, base_url=ISSUER).status_code in (200, 303, 400, 404)
    assert kept(scene) == 0


@pytest.mark.attack("D05")
def test_requests_that_browsers_bring_are_kept_at_a_pace_before_anybody_is_logged_in(scene: CodeScene) -> None:
    scene.profile(Profile.OLDER)

    def brought(address: str, browser: Browser) -> int:
        return browser.get(scene.plain(), base_url=ISSUER, **by_proxy(address)).status_code

    assert [brought(HERE, scene.browser()) for _ in range(PORTAL_AT_ONCE + 5)] == [303] * PORTAL_AT_ONCE + [429] * 5
    assert kept(scene) == PORTAL_AT_ONCE
    assert brought(ELSEWHERE, scene.browser()) == 303
    assert brought(HERE, scene.logged_in()) == 303
