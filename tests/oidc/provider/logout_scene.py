"""A person who logged in to a client that wants to hear of log-outs, and the client's own ears."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from werkzeug.test import Client as Browser
from werkzeug.test import TestResponse

from iam.domain.clients import Profile
from iam.domain.errors import Unavailable
from iam.domain.logout_notices import LogoutNotice
from iam.domain.sessions import Session
from iam.domain.web_answers import WebAnswer
from oidc import jose
from tests.oidc.provider.code_scene import CodeScene, answer_of, claims
from tests.oidc.provider.premises import ISSUER

BACK = "https://portal.example/logged-out"
BACK_WITH_QUERY = "https://portal.example/logged-out?lang=nl"
BACKCHANNEL = "https://portal.example/backchannel_logout"
FRONTCHANNEL = "https://portal.example/frontchannel_logout"
LOGOUT = "/connect/logout"
HARD_STATE = "aZ09!\"#$%&'()*,-./:<=>?@[\\]^_`{|}~" + "x" * 60
"""Every sign that the conformance suite puts into the state of a log-out."""
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
_FRAME = re.compile(r'<iframe src="([^"]+)"')


@dataclass
class Ears:
    """The client's server, as `GuardedWeb` reaches it."""

    status: int = 200
    silent: bool = False
    heard: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def post_form(
        self, url: str, form: Mapping[str, str], *, origins: frozenset[str], authorization: str = ""
    ) -> WebAnswer:
        assert f"{urlsplit(url).scheme}://{urlsplit(url).netloc}" in origins and not authorization
        if self.silent:
            raise Unavailable("server_unavailable", "Nobody answers.")
        self.heard.append((url, dict(form)))
        return WebAnswer(status=self.status, media_type="", body=b"")

    def get(self, url: str, *, origins: frozenset[str], accept: str, bearer: str = "") -> WebAnswer:
        raise AssertionError("nobody is asked anything to log somebody out")


class LogoutScene:
    """The scene of the code flow, with a client that is told of log-outs."""

    def __init__(self, scene: CodeScene, profile: Profile = Profile.OIDC_BASIC, **changed: Any) -> None:
        self.scene, self.ears = scene, Ears()
        told = {"post_logout_redirect_uris": (BACK, BACK_WITH_QUERY), "backchannel_logout_uri": BACKCHANNEL, **changed}
        scene.profile(profile, **told)
        object.__setattr__(scene.entrance.teller, "web", self.ears)

    def enter(self, **more: str) -> Browser:
        """A browser in which Marie logged in and entered the client, which keeps its tokens."""
        browser = self.browser = self.scene.logged_in()
        self.session = self.scene.session
        self.tokens = self.again(browser, **more)
        return browser

    def again(self, browser: Browser, **more: str) -> dict[str, Any]:
        """The client's tokens once more, by the same login."""
        page = browser.get(self.scene.authorize(**{"scope": "openid", **more}), base_url=ISSUER)
        while page.status_code == 303 and page.headers["Location"].startswith("/"):
            page = self.scene.visit(browser, page.headers["Location"])
        answer = self.scene.answer(browser, page, "allow") if page.status_code == 200 else page
        answer = self.scene.redeem(answer_of(answer)["code"])
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.get_json()
        return told

    @property
    def hint(self) -> str:
        return str(self.tokens["id_token"])

    def ask(self, browser: Browser, **sent: str) -> TestResponse:
        """The client leads the browser to the end-session endpoint."""
        return browser.get(f"{LOGOUT}?{urlencode(sent, quote_via=quote)}", base_url=ISSUER)

    def confirm(self, browser: Browser, page: TestResponse) -> TestResponse:
        """The person says yes on the page that asks."""
        form = dict(_HIDDEN.findall(page.text))
        return browser.post(f"{LOGOUT}/confirmed", data=form, base_url=ISSUER, headers={"Origin": ISSUER})

    def lasts(self) -> bool:
        """Whether the session is there still."""
        with self.scene.archive.reading() as reading:
            return reading.get(Session, self.session.id) is not None

    def who_is_logged_in(self, browser: Browser) -> str:
        """What the client learns when it asks without showing anything: a code, or why there is none."""
        told = answer_of(self.scene.visit(browser, self.scene.authorize(scope="openid", prompt="none")))
        return told.get("error", "logged in")

    def round(self) -> int:
        """What the worker does about log-outs."""
        self.scene.entrance.login_ends.end_lapsed()
        return self.scene.entrance.logout_notices.send_waiting(self.scene.entrance.teller)

    def waiting(self) -> list[LogoutNotice]:
        with self.scene.archive.reading() as reading:
            return reading.find(LogoutNotice)

    def heard(self) -> list[dict[str, Any]]:
        """The claims of the logout tokens that came, each verified by our published keys."""
        keys = self.scene.house.keys.verifying()
        found = []
        for url, form in self.ears.heard:
            assert (url, set(form)) == (BACKCHANNEL, {"logout_token"})
            algorithms = frozenset({"ES256", "RS256"})
            found.append(
                dict(jose.verify(form["logout_token"], keys=keys, algorithms=algorithms, typ="logout+jwt").claims)
            )
        return found

    @property
    def login(self) -> dict[str, Any]:
        """What the ID token says."""
        return claims(self.hint)


def frames(page: TestResponse) -> list[str]:
    """The addresses that a page frames."""
    return [one.replace("&amp;", "&") for one in _FRAME.findall(page.text)]


def led_to(answer: TestResponse) -> tuple[str, dict[str, str]]:
    """Where a browser is sent, and with which parameters."""
    parts = urlsplit(answer.headers["Location"])
    return f"{parts.scheme}://{parts.netloc}{parts.path}", dict(parse_qsl(parts.query, keep_blank_values=True))
