"""Family O20: what is no ID token of this login, and no address of the client's, ends nothing and leads nowhere."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from werkzeug.test import TestResponse

from iam.storage.archive import open_archive
from oidc import jose
from tests.oidc.provider.code_scene import PORTAL, CodeScene
from tests.oidc.provider.forgery import OTHER_EC, b64, compact
from tests.oidc.provider.logout_scene import BACK, LOGOUT, LogoutScene
from tests.oidc.provider.premises import ISSUER
from tests.refusals import nothing_happens
from tests.storage.clocks import SetClock

Sent = dict[str, str]
Attack = Callable[[LogoutScene], Sent]


def with_hint(make: Callable[[LogoutScene], str], **more: str) -> Attack:
    """A hint that is none, beside what is otherwise right."""
    return lambda logout: {"id_token_hint": make(logout), "post_logout_redirect_uri": BACK, "state": "s", **more}


def to(address: str, **more: str) -> Attack:
    """A genuine hint, and an address that is not registered."""
    return lambda logout: {"id_token_hint": logout.hint, "post_logout_redirect_uri": address, **more}


def reheaded(**header: Any) -> Callable[[LogoutScene], str]:
    """The genuine ID token under another header, with the signature that it had."""

    def make(logout: LogoutScene) -> str:
        _, payload, signature = logout.hint.split(".")
        return f"{b64(json.dumps(header).encode())}.{payload}.{signature}"

    return make


def unsigned(logout: LogoutScene) -> str:
    return ".".join([b64(b'{"alg":"none"}'), logout.hint.split(".")[1], ""])


def by_client(logout: LogoutScene) -> str:
    now = int(logout.scene.clock.at.timestamp())
    told = {"iss": PORTAL, "aud": ISSUER, "sub": "SubjectID", "iat": now, "exp": now + 300}
    return compact({"alg": "ES256", "kid": "k1"}, told)


def by_secret(logout: LogoutScene) -> str:
    """As an OpenID Provider signs with HS256: by a secret of the client."""
    message = ".".join([b64(b'{"alg":"HS256"}'), logout.hint.split(".")[1]])
    return f"{message}.{b64(hmac.digest(b'secret', message.encode(), hashlib.sha256))}"


def changed(**told: Any) -> Callable[[LogoutScene], str]:
    """The claims changed, under the signature that they had."""

    def make(logout: LogoutScene) -> str:
        header, _, signature = logout.hint.split(".")
        return f"{header}.{b64(json.dumps({**logout.login, **told}).encode())}.{signature}"

    return make


def foreign(logout: LogoutScene) -> str:
    header = json.loads(base64.urlsafe_b64decode(logout.hint.split(".")[0] + "=="))
    return compact(header, logout.login, OTHER_EC)


def ours(typ: str, without: tuple[str, ...] = (), **told: Any) -> Callable[[LogoutScene], str]:
    """Something that we signed, which is no ID token."""

    def make(logout: LogoutScene) -> str:
        kept = {name: value for name, value in {**logout.login, **told}.items() if name not in without}
        return jose.sign(kept, logout.scene.house.keys.current("ES256"), typ=typ)

    return make


def access_token(logout: LogoutScene) -> str:
    return str(logout.tokens["access_token"])


ATTACKS: dict[str, Attack] = {
    "alg none": with_hint(unsigned),
    "alg None under the old signature": with_hint(reheaded(alg="None")),
    "no algorithm": with_hint(reheaded(typ="JWT")),
    "a key brought along": with_hint(reheaded(alg="ES256", typ="JWT", jwk={"kty": "EC"})),
    "another kid": with_hint(reheaded(alg="ES256", typ="JWT", kid="../k1")),
    "signed by the client": with_hint(by_client),
    "signed with a secret": with_hint(by_secret),
    "signed by somebody else": with_hint(foreign),
    "another subject": with_hint(changed(sub="somebody")),
    "another session": with_hint(changed(sid="elsewhere")),
    "another audience": with_hint(changed(aud="https://evil.example")),
    "an access token": with_hint(access_token),
    "a logout token of ours": with_hint(ours("logout+jwt")),
    "an answer of ours without subject": with_hint(ours("JWT", without=("sub", "sid"))),
    "a signed userinfo of ours": with_hint(ours("JWT", without=("sid", "exp", "auth_time"))),
    "an ID token of another issuer, by our key": with_hint(ours("JWT", iss="https://other.example")),
    "an ID token of ours for several": with_hint(ours("JWT", aud=[PORTAL, "other"])),
    "an ID token of ours for a client that is gone": with_hint(ours("JWT", aud="declaration_service_gone")),
    "encrypted to nobody": with_hint(lambda _: "e30.AAAA.AAAA.AAAA.AAAA"),
    "no token": with_hint(lambda _: "marie"),
    "a million characters": with_hint(lambda logout: logout.hint + "A" * 30_000),
    "the hint of one client, the name of another": with_hint(lambda logout: logout.hint, client_id="other"),
    "a client that is not there": lambda _: {"client_id": "nobody", "post_logout_redirect_uri": BACK},
    "an address without any client": lambda _: {"post_logout_redirect_uri": BACK, "state": "s"},
    "a state too long": to(BACK, state="s" * 1_025),
    "a foreign address by client_id": lambda _: {
        "client_id": PORTAL,
        "post_logout_redirect_uri": "https://evil.example",
    },
}
ADDRESSES = (
    "https://evil.example/",
    f"{BACK}?foo=bar",
    f"{BACK}#fragment",
    f"{BACK}/",
    f"{BACK}/../evil",
    f"{BACK}%2f..",
    f"{BACK}.evil.example",
    BACK.replace("https", "http"),
    BACK.replace("https", "HTTPS"),
    BACK.replace("portal.example", "portal.example:443"),
    BACK.replace("portal.example", "PORTAL.example"),
    BACK.replace("portal.example", "portal.example@evil.example"),
    BACK.replace("portal.example", "evil.example\\@portal.example"),
    BACK.replace("portal.example", "sub.portal.example"),
    BACK.replace("portal.example", "pоrtal.example"),
    BACK.replace("https://", "//"),
    "/logged-out",
    "javascript:alert(1)//" + BACK,
    "data:text/html,x",
    "bad_post_logout_redirect_uri",
    f" {BACK}",
    f"{BACK} ",
)
ATTACKS |= {f"the address {address}": to(address, state="s") for address in ADDRESSES}


@pytest.fixture(scope="module")
def held(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LogoutScene]:
    """One login that every attack leaves as it is."""
    folder = tmp_path_factory.mktemp("o20")
    shutil.copyfile(empty_database, folder / "procura.db")
    archive = open_archive(f"sqlite:///{folder / 'procura.db'}", clock := SetClock())
    yield LogoutScene(CodeScene(archive, clock, folder))
    archive.close()


@pytest.fixture(scope="module")
def browser(held: LogoutScene) -> Any:
    return held.enter()


def leads_nowhere(page: TestResponse) -> bool:
    """Whether everything on a page is of our own host, and nothing goes on by itself."""
    targets = re.findall(r'(?:href|action|src)="([^"]*)"', page.text)
    ours = all(one.startswith(("/", "#")) and not one.startswith(("//", "/\\")) for one in targets)
    return ours and "Refresh" not in page.headers and "http-equiv" not in page.text


def ends_and_leads_nothing(logout: LogoutScene, browser: Any, attack: Attack) -> None:
    """The person is asked; the session stays, and there is no way from the page to anywhere but here."""
    sent = attack(logout)
    with nothing_happens(logout.scene.house, secrets=[sent.get("id_token_hint", "")]) as watched:
        page = browser.get(f"{LOGOUT}?{urlencode(sent, quote_via=quote)}", base_url=ISSUER)
    assert page.status_code == 400 and "Location" not in page.headers, watched.code
    assert logout.lasts() and logout.ears.heard == []
    assert leads_nowhere(page) and "portal.example" not in page.text.partition("<main")[2]
    assert page.headers["Content-Security-Policy"].endswith("form-action 'self'")


@pytest.mark.attack("O20")
@pytest.mark.parametrize("name", ATTACKS)
def test_what_is_no_right_request_asks_the_person_and_ends_nothing(held: LogoutScene, browser: Any, name: str) -> None:
    ends_and_leads_nothing(held, browser, ATTACKS[name])


@pytest.mark.attack("O20")
def test_the_same_is_refused_on_either_engine_and_a_yes_leads_nowhere(scene: CodeScene) -> None:
    logout = LogoutScene(scene)
    browser = logout.enter()
    for attack in ATTACKS.values():
        ends_and_leads_nothing(logout, browser, attack)
    page = logout.ask(browser, **ATTACKS["alg none"](logout))
    done = logout.confirm(browser, page)
    assert done.status_code == 200 and leads_nowhere(done) and not logout.lasts()


@pytest.mark.attack("O20")
def test_a_confirmed_log_out_leads_only_to_what_is_registered(scene: CodeScene) -> None:
    logout = LogoutScene(scene)
    for address in ADDRESSES:
        browser = logout.scene.logged_in()
        token = logout.ask(browser).text.partition('name="csrf_token" value="')[2].partition('"')[0]
        form = {"csrf_token": token, "client_id": PORTAL, "post_logout_redirect_uri": address, "state": "s"}
        done = browser.post(f"{LOGOUT}/confirmed", data=form, base_url=ISSUER, headers={"Origin": ISSUER})
        assert done.status_code == 200 and "Location" not in done.headers and leads_nowhere(done), address
