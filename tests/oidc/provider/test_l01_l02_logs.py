"""L01, L02: what clients send to the authorization server breaks no line of its log and leaves no secret in it."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from iam.domain.client_metadata import AuthMethod, GrantType
from iam.domain.clients import Profile
from iam.web import logs
from tests.oidc.provider.code_scene import CALLBACK, DECLARE, MARIE, PORTAL, VERIFIER, CodeScene
from tests.oidc.provider.devices import TOOL, settle
from tests.oidc.provider.forgery import compact
from tests.oidc.provider.premises import ISSUER

ENDPOINTS = (
    "/oauth2/token",
    "/oauth2/par",
    "/oauth2/introspect",
    "/oauth2/revoke",
    "/oauth2/userinfo",
    "/oauth2/device_authorization",
    "/oauth2/register",
    "/oauth2/software-requests",
    "/connect/authorize",
    "/connect/device",
    "/connect/logout",
)
PARAMETERS = (
    *("client_id", "client_secret", "client_assertion", "client_assertion_type", "grant_type", "code", "redirect_uri"),
    *("code_verifier", "refresh_token", "device_code", "user_code", "token", "scope", "state", "nonce", "request"),
    *("request_uri", "resource", "authorization_details", "claims", "acr_values", "login_hint", "id_token_hint"),
    *("subject_token", "actor_token", "access_token", "post_logout_redirect_uri", "logout_hint", "label"),
)
HOSTILE = {
    "CR and LF": 'x\r\n{"event":"forged","level":"error"}\r\n',
    "ANSI": "\x1b[2J\x1b[31mred\x9b31m",
    "JSON break-out": '","level":"info"}\n{"event":"forged","a":"',
    "line separators": "a\u2028b\u2029c\u0085d",
    "nought and delete": "a\x00b\x7fc",
    "right to left": "abc\u202egnp.exe",
    "long": "M" * 6_000,
    "percent": "%0d%0a%00{}%s%(x)s{0}",
}


@pytest.fixture
def log(scene: CodeScene) -> io.StringIO:
    """What the service writes from now on."""
    written = io.StringIO()
    logs.configure(written, scene.clock.now)
    return written


def lines_of(log: io.StringIO) -> list[str]:
    """What was written since the last time."""
    text = log.getvalue()
    log.seek(0)
    log.truncate()
    return text.split("\n")[:-1]


@pytest.mark.attack("L01")
@pytest.mark.parametrize("sort", HOSTILE)
def test_nothing_that_is_sent_breaks_or_forges_a_line(scene: CodeScene, log: io.StringIO, sort: str) -> None:
    value, header = (
        HOSTILE[sort],
        HOSTILE[sort].encode("ascii", "replace").decode().translate({10: " ", 13: " ", 0: " "}),
    )
    for path in ENDPOINTS:
        for name in PARAMETERS:
            sent = {**scene.parameters(), **scene.authenticated(), name: value}
            headers = {"User-Agent": header, "Origin": ISSUER, "X-Request-ID": header}
            answer = scene.browser().post(path, data=sent, base_url=ISSUER, headers=headers)
            assert answer.status_code < 500, (path, name)
    lines = lines_of(log)
    assert all(line.isascii() and line.isprintable() and len(line) < 6_000 for line in lines)
    events = [json.loads(line) for line in lines]
    assert len(events) > len(ENDPOINTS) * len(PARAMETERS) // 4
    assert not [one for one in events if one["event"] == "forged"]


def secrets(scene: CodeScene) -> Iterator[tuple[str, str]]:
    """What a client holds, each with the name of the parameter in which it is sent."""
    tokens = scene.tokens(scope=f"openid offline_access {DECLARE}", prompt="consent")
    assertion = scene.authenticated()["client_assertion"]
    yield "code", scene.code()
    yield "refresh_token", tokens["refresh_token"]
    for name in ("token", "access_token", "subject_token"):
        yield name, tokens["access_token"]
    yield "id_token_hint", tokens["id_token"]
    yield "code_verifier", VERIFIER
    yield "client_assertion", assertion
    yield "client_secret", "correct-horse-battery-staple-0123456789"
    yield "request", compact({"alg": "ES256", "kid": "k1"}, {"iss": PORTAL, "aud": ISSUER, "login_hint": MARIE.value})
    settle(scene, TOOL, auth_method=AuthMethod.NONE)
    device = scene.post("/oauth2/device_authorization", {"client_id": TOOL, "scope": DECLARE})
    yield "device_code", device.get_json()["device_code"]
    for name in ("login_hint", "client_id", "state", "logout_hint", "scope"):
        yield name, MARIE.value


@pytest.mark.attack("L02")
@pytest.mark.parametrize("path", ENDPOINTS)
def test_no_secret_and_no_national_number_is_left_in_the_log(scene: CodeScene, log: io.StringIO, path: str) -> None:
    scene.profile(Profile.OLDER)
    for name, value in secrets(scene):
        basic = base64.b64encode(f"{quote(PORTAL)}:{quote(value)}".encode()).decode()
        for headers in ({}, {"Authorization": f"Bearer {value}"}, {"Authorization": f"Basic {basic}"}, {"DPoP": value}):
            for grant in ("authorization_code", "refresh_token", GrantType.DEVICE_CODE.value, "client_credentials"):
                sent = {"grant_type": grant, "redirect_uri": CALLBACK, "client_id": "x", name: value}
                scene.browser().post(path, data=sent, base_url=ISSUER, headers={"Origin": ISSUER, **headers})
        scene.browser().get(path, query_string={name: value}, base_url=ISSUER)
        lines, pieces = lines_of(log), [value] if len(value) < 50 else [value[:40], value[-40:]]
        assert lines and not [one for one in lines if any(piece in one for piece in (*pieces, basic))], name
