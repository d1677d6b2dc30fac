"""L02: whatever a request carries and wherever it fails, log and addresses tell no secret and no person's number."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote
from zlib import compressobj

import pytest

from tests.admin.whole_portal import ORIGIN, WholePortal, whole_portal

NISS = "85073003328"
WRITTEN = (NISS, "85.07.30-033.28", "850730-033-28", "85 07 30 033 28", "850730 03328")
SECRETS = (
    "Canary7secretOf43characters8which9is0random",
    "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.Q2FuYXJ5U2lnbmF0dXJl",
    "correct horse canary staple",
    "ca9ary",
)
CANARIES = (*WRITTEN, *SECRETS)
FIELDS = (
    *("password", "code", "state", "number", "csrf_token", "token", "credential", "user_name", "new_password", "link"),
    *("SAMLResponse", "RelayState", "SAMLRequest", "logout_token", "id_token", "challenge", "session", "mandator"),
    *("enterprise", "email", "phone", "error_description", "return_to", "service", "flow", "session_state", "ticket"),
)
HEADERS = (
    "Authorization",
    "Cookie",
    "Referer",
    "User-Agent",
    "X-CSRF-Token",
    "Origin",
    "Accept-Language",
)


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholePortal]:
    with whole_portal(tmp_path_factory.mktemp("portal")) as whole:
        yield whole


def saml(canary: str) -> tuple[str, str]:
    """A response with a canary, as it is posted and as it stands in an address."""
    document = (
        f'<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_{len(canary)}">'
        f"<Attribute Name='egovNRN'><AttributeValue>{canary}</AttributeValue></Attribute></samlp:Response>"
    ).encode()
    deflated = compressobj(wbits=-15)
    packed = deflated.compress(document) + deflated.flush()
    return b64encode(document).decode(), b64encode(packed).decode()


def forms(canary: str) -> dict[str, str]:
    """A form that has the canary in every field that any page reads."""
    posted, _ = saml(canary)
    return {**dict.fromkeys(FIELDS, canary), "SAMLResponse": posted, "SAMLRequest": posted}


def told(portal: WholePortal) -> str:
    """What was logged since, as it stands there and with its escapes undone."""
    text = portal.log.getvalue()
    portal.events()
    return text + text.encode().decode("unicode_escape", errors="replace")


def leaks(canary: str, text: str) -> bool:
    """Whether a text tells the canary, also encoded for an address."""
    return any(one in text for one in (canary, quote(canary), quote(canary, safe=""), canary.replace(" ", "+")))


def send(portal: WholePortal, client: Any, canary: str, method: str, path: str) -> list[str]:
    """Every way to carry the canary to one address; the addresses to which the answers lead."""
    plain = canary.encode("ascii", "ignore").decode()
    ways: list[dict[str, Any]] = [
        {"query_string": {**dict.fromkeys(FIELDS, canary), "SAMLResponse": saml(canary)[1]}},
        {"headers": {name: f"Bearer {plain}" if name == "Authorization" else plain for name in HEADERS}},
        {"headers": {"Cookie": f"__Host-procura={plain}; __Host-procura={plain}"}},
        {"headers": {"Host": f"{plain.replace(' ', '')}.evil.test"}},
    ]
    if method == "POST":
        ours = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}
        ways += [
            {"data": forms(canary)},
            {"data": forms(canary), "headers": ours},
            {"data": {**forms(canary), "csrf_token": token(portal, client)}, "headers": ours},
            {"data": f'{{"password": "{canary}"}}', "content_type": "application/json"},
        ]
    answers = [portal.ask(client, path, method, **way) for way in ways]
    assert all(one.status_code < 500 or one.status_code == 503 for one in answers), path
    return [one.headers.get("Location", "") for one in answers]


def token(portal: WholePortal, client: Any) -> str:
    """The token of the forms that this browser is shown."""
    page = portal.ask(client, "/sign-in").text
    return page.partition('name="csrf_token" value="')[2].partition('"')[0]


@pytest.mark.attack("L02")
@pytest.mark.parametrize("canary", CANARIES)
@pytest.mark.parametrize("known", [True, False])
def test_no_canary_that_any_request_carries_reaches_the_log_or_an_address(
    portal: WholePortal, known: bool, canary: str
) -> None:
    portal.events()
    asked = [("GET", path) for path in portal.paths("GET")] + [("POST", path) for path in portal.paths("POST")]
    for method, path in asked:
        client = portal.logged_in() if known else portal.client()
        portal.ask(client, "/sign-in")
        addresses = send(portal, client, canary, method, path)
        assert not any(leaks(canary, one) for one in addresses if canary in WRITTEN), path
        assert not leaks(canary, told(portal)), path


@pytest.mark.attack("L02")
@pytest.mark.parametrize("canary", CANARIES)
def test_no_canary_in_a_path_or_in_an_unexpected_failure_reaches_the_log(
    portal: WholePortal, monkeypatch: pytest.MonkeyPatch, canary: str
) -> None:
    client = portal.logged_in()
    portal.events()
    folders = ("/", "/my/", "/activation/", "/sign-in/oidc/", "/sign-in/password/", "/static/")
    for path in (f"{folder}{quote(canary)}" for folder in folders):
        assert portal.ask(client, path).status_code in (303, 308, 400, 404, 410)

    def fails(*_arguments: object, **_named: object) -> None:
        raise RuntimeError(f"{canary} was refused: password={canary}")

    monkeypatch.setattr(portal.entrance.contexts, "offered", fails)
    monkeypatch.setattr(portal.entrance.login_history, "of", fails)
    for path in ("/act-as", "/my/logins"):
        answer = portal.ask(client, path)
        assert answer.status_code == 500 and not leaks(canary, answer.text)
    events = portal.log.getvalue()
    assert events.count('"event": "failed"') == 2
    assert not leaks(canary, told(portal))


@pytest.mark.attack("L02")
def test_no_page_tells_another_site_where_the_reader_comes_from(portal: WholePortal) -> None:
    """Addresses hold codes and states of providers for a moment: no other site is told of them."""
    for client in (portal.client(), portal.logged_in()):
        for path in portal.paths("GET"):
            answer = portal.ask(client, path)
            assert answer.headers["Referrer-Policy"] in ("same-origin", "no-referrer"), path
            policy = answer.headers.get("Content-Security-Policy", "default-src 'none'")
            sources = [one for one in policy.split("; ") if not one.startswith("form-action")]
            scripts = [one for one in sources if "http" in one]
            assert scripts == [] or "/web-eid/" in path, path


def test_a_canary_that_was_logged_would_be_found(portal: WholePortal) -> None:
    portal.log.write('{"x": "canary 85.07.30-033.28 \\u00e9"}\n')
    assert leaks("85.07.30-033.28", told(portal))
    assert not leaks("85.07.30-033.28", told(portal))
