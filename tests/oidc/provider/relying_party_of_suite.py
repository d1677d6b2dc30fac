"""A relying party as the OpenID Foundation's suite plays it in its plans of OpenID Connect: a secret, and no PKCE."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet
from werkzeug.test import Client as Browser
from werkzeug.test import TestResponse

from iam.domain.client_metadata import AuthMethod, GrantType
from iam.domain.clients import Client, Profile
from iam.web.browser import WAY_COOKIE
from iam.web.ways import read as read_way
from tests.oidc.provider.code_scene import CALLBACK, PORTAL, CodeScene
from tests.oidc.provider.premises import ISSUER

SECRET = "a-secret-of-more-than-256-bits-that-the-suite-was-given"
STATE, NONCE = "s-0123456789", "n-0123456789"
LONG_STATE = ("abcdefghij" * 13)[:124] + "-._~"
AFTER_LOGOUT = "https://portal.example/post_logout_redirect"


@dataclass(frozen=True)
class Login:
    """One finished flow."""

    code: str
    tokens: dict[str, Any]
    header: dict[str, Any]
    """Of the ID token."""
    claims: dict[str, Any]


class RelyingParty:
    """The client, and what every flow of the suite checks."""

    def __init__(self, scene: CodeScene, method: AuthMethod = AuthMethod.CLIENT_SECRET_BASIC, **changed: Any) -> None:
        self.scene, self.method, self.client_id = scene, method, PORTAL
        plain: dict[str, Any] = {
            "auth_method": method,
            "secret_hash": hashlib.sha256(SECRET.encode()).hexdigest(),
            "id_token_alg": "RS256",
            "grant_types": (GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN),
            "post_logout_redirect_uris": (AFTER_LOGOUT,),
        }
        scene.profile(Profile.OIDC_BASIC, **{**plain, **changed})

    def second(self) -> RelyingParty:
        """Another client, registered alike."""
        other = object.__new__(RelyingParty)
        other.scene, other.method, other.client_id = self.scene, self.method, f"{PORTAL}2"
        with self.scene.archive.reading() as reading:
            client, metadata = reading.get(Client, PORTAL), reading.get(type(self.scene.metadata()), PORTAL)
        assert client is not None and metadata is not None
        self.scene.record(replace(client, id=other.client_id), replace(metadata, client=other.client_id))
        return other

    # ------------------------------------------------------------------ the browser's side

    def parameters(self, **more: str) -> dict[str, str]:
        plain = {
            "client_id": self.client_id,
            "nonce": NONCE,
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": "openid",
            "state": STATE,
        }
        return {name: value for name, value in {**plain, **more}.items() if value}

    def visit(self, browser: Browser, **more: str) -> TestResponse:
        """The browser brings a request; what it is shown or sent to in the end."""
        return self.open(browser, f"/connect/authorize?{urlencode(self.parameters(**more))}")

    def open(self, browser: Browser, address: str) -> TestResponse:
        answer = browser.get(address.removeprefix(ISSUER), base_url=ISSUER)
        while answer.status_code in (302, 303) and not answer.headers["Location"].startswith(CALLBACK):
            answer = browser.get(answer.headers["Location"].removeprefix(ISSUER), base_url=ISSUER)
        return answer

    def logs_in_again(self, browser: Browser, page: TestResponse) -> TestResponse:
        """The person, who was led to the choice of keys, shows a key a second later; what comes then."""
        assert page.request.path == "/sign-in", page.request.path
        cookie = browser.get_cookie(WAY_COOKIE, domain="procura.example")
        way = read_way(cookie.value, self.scene.clock.at) if cookie else None
        assert way is not None
        self.scene.clock.at += timedelta(seconds=1)
        self.scene.logged_in(browser=browser)
        return self.open(browser, way.return_to)

    def code(self, browser: Browser, **more: str) -> str:
        """A code; the person logs in and says yes where they are asked."""
        answer = self.visit(browser, **more)
        if answer.status_code == 200 and answer.request.path == "/sign-in":
            answer = self.logs_in_again(browser, answer)
        if answer.status_code == 200:
            answer = self.scene.answer(browser, answer, "allow")
        return self.answered(answer, more.get("state", STATE))["code"]

    def answered(self, answer: TestResponse, state: str = STATE) -> dict[str, str]:
        """What came back to the client: state and issuer are right, and nothing is there that nobody knows."""
        assert answer.status_code in (302, 303), (answer.status_code, answer.text)
        where = urlsplit(answer.headers["Location"])
        assert f"{where.scheme}://{where.netloc}{where.path}" == CALLBACK and not where.fragment
        told = dict(parse_qsl(where.query))
        assert told.get("state") == state and told["iss"] == ISSUER
        assert told.keys() <= {"code", "state", "iss", "error", "error_description"}
        return told

    # ------------------------------------------------------------------ the client's side

    def authenticated(self) -> tuple[dict[str, str], dict[str, str]]:
        if self.method is AuthMethod.CLIENT_SECRET_POST:
            return {}, {"client_id": self.client_id, "client_secret": SECRET}
        pair = base64.b64encode(f"{self.client_id}:{SECRET}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}, {}

    def ask_token(self, **form: str) -> TestResponse:
        headers, more = self.authenticated()
        return self.scene.browser().post("/oauth2/token", data={**form, **more}, base_url=ISSUER, headers=headers)

    def redeem(self, code: str, **more: str) -> TestResponse:
        return self.ask_token(grant_type="authorization_code", code=code, redirect_uri=CALLBACK, **more)

    def refresh(self, token: str, **more: str) -> TestResponse:
        return self.ask_token(grant_type="refresh_token", refresh_token=token, **more)

    def log_in(self, browser: Browser, **more: str) -> Login:
        """A whole flow, with every check that the suite makes of each."""
        code = self.code(browser, **more)
        answer = self.redeem(code)
        assert answer.status_code == 200 and answer.content_type == "application/json", answer.text
        tokens: dict[str, Any] = answer.get_json()
        assert tokens["token_type"] == "Bearer" and 0 < tokens["expires_in"] <= 31_536_000
        login = self.read(code, tokens)
        assert login.claims.get("nonce") == (more["nonce"] or None if "nonce" in more else NONCE)
        assert self.userinfo(tokens["access_token"]).status_code == 200
        return login

    def read(self, code: str, tokens: dict[str, Any]) -> Login:
        """The ID token: signed by a published key, ours, for this client, and of now."""
        keys = self.scene.browser().get("/oauth2/jwks", base_url=ISSUER).get_json()
        decoded = jwt.decode(tokens["id_token"], KeySet.import_key_set(keys), algorithms=["RS256"])
        claims, now = dict(decoded.claims), self.scene.clock.at.timestamp()
        assert (claims["iss"], claims["aud"]) == (ISSUER, self.client_id)
        assert abs(claims["iat"] - now) < 300 and claims["exp"] > now
        assert 0 < len(claims["sub"]) <= 255 and all(" " <= one <= "~" for one in claims["sub"])
        assert claims["acr"] and isinstance(claims["acr"], str)
        assert decoded.header["kid"] in {key["kid"] for key in keys["keys"]}
        return Login(code, tokens, dict(decoded.header), claims)

    def userinfo(self, token: str, method: str = "GET", **more: Any) -> TestResponse:
        headers = more.pop("headers", {"Authorization": f"Bearer {token}"})
        return self.scene.browser().open("/oauth2/userinfo", method=method, base_url=ISSUER, headers=headers, **more)


def refused_plainly(answer: TestResponse) -> dict[str, str]:
    """A refusal of the token endpoint: JSON, in the characters that it may hold (RFC 6749 §5.2)."""
    assert answer.content_type == "application/json"
    told: dict[str, str] = json.loads(answer.text)
    for text in told.values():
        assert all(" " <= one <= "~" and one not in '"\\' for one in text)
    return told


def check_page(answer: TestResponse, status: int = 400) -> None:
    """A page for the person, that sends them nowhere."""
    assert answer.status_code == status and "Location" not in answer.headers, answer.headers
    assert answer.content_type.startswith("text/html")
