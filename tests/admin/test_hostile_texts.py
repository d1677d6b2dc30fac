"""W04: what somebody else wrote stays text, wherever a page shows it, in every language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from urllib.parse import quote

import pytest

from iam.domain.assurance import LoginKey
from iam.domain.logins import Circumstances, LoginRecord
from iam.domain.sessions import Session
from tests.admin.counter import PROVIDERS, Counter, post

PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title><svg onload=alert(1)>",
    "javascript:alert(1)//",
    "{{ 7*7 }}{% raw %}${7*7}#{7*7}",
    "<a href=javascript:alert(1)>x</a>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\u2028<iframe src=//evil.example>\u202e",
    '<form action="https://evil.example"><button>',
    "]]><x:script xmlns:x='http://www.w3.org/1999/xhtml'>alert(1)</x:script>",
    "</textarea></style></script><base href=//evil.example>",
    "--><meta http-equiv=refresh content='0;url=//evil.example'>",
    "<math><mi xlink:href=javascript:alert(1)>x</mi></math>",
    "<!--<img src=--><img src=x onerror=alert(1)//>",
    '" autofocus onfocus=alert(1) x="',
    "<svg><animate onbegin=alert(1) attributeName=x>",
    "\u00ad\u200b<ScRiPt/x>alert(1)</sCrIpT >",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "\\u003cscript\\u003ealert(1)",
    "<table background=javascript:alert(1)><td style=x:expression(alert(1))>",
    "=cmd|' /C calc'!A0",
    "<plaintext>",
)
LANGUAGES = ("nl", "fr", "de", "en")
TAGS_OF_OURS = {
    *("html", "head", "meta", "title", "link", "body", "a", "header", "div", "img", "span", "nav", "ul", "li", "main"),
    *("h1", "h2", "h3", "p", "strong", "form", "input", "button", "dl", "dt", "dd", "time", "footer", "section"),
    *("table", "thead", "tbody", "tr", "th", "td", "code", "label"),
}


class Shape(HTMLParser):
    """What a page is made of: its tags, its addresses, and attributes that would run something."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: list[str] = []
        self.running: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told: Mapping[str, str | None] = dict(attrs)
        self.tags.add(tag)
        self.addresses += [
            value or "" for name, value in told.items() if name in ("href", "src", "action", "formaction")
        ]
        self.running += [name for name in told if name.startswith("on") or name == "style"]

    def handle_data(self, data: str) -> None:
        self.text += data


def is_inert(page: str) -> bool:
    """Whether a page has no tag, address or attribute that ours have not."""
    shape = Shape(page)
    own = all(address.startswith(("/", "#")) and not address.startswith("//") for address in shape.addresses)
    return shape.tags <= TAGS_OF_OURS and not shape.running and own


@pytest.mark.attack("W04")
@pytest.mark.parametrize("payload", PAYLOADS)
def test_labels_of_providers_stay_text(counter: Counter, payload: str) -> None:
    itsme = replace(PROVIDERS[0], labels=dict.fromkeys(LANGUAGES, payload))
    counter.gate.book.providers["itsme"] = itsme
    client = counter.signed_in()
    for language in LANGUAGES:
        for path in ("/sign-in", "/", "/my/sessions", "/my/logins", "/sign-out"):
            page = client.get(f"{path}?lang={language}").text
            assert is_inert(page), path
            assert payload in Shape(page).text, path


@pytest.mark.attack("W04")
@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_a_record_of_a_login_tells_stays_text(counter: Counter, payload: str) -> None:
    client = counter.signed_in()
    counter.world.record(record(counter, payload), session(counter, payload))
    logins, sessions = client.get("/my/logins").text, client.get("/my/sessions").text
    assert is_inert(logins) and is_inert(sessions)
    assert Shape(logins).text.count(payload) >= 3
    assert payload in Shape(sessions).text


@pytest.mark.attack("W04")
@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_is_asked_in_an_address_or_form_is_never_echoed_alive(counter: Counter, payload: str) -> None:
    client = counter.signed_in()
    counter.provider_with_mandators(1)
    provider = counter.world.found(Session, person=counter.person)[0]
    assert provider.enterprise is None
    for path in ("/sign-in", "/sign-in/help", "/act-as", "/nothing", f"/{payload[:8].strip()}"):
        page = client.get(path, query_string={"x": payload, "service": payload, "mandator": payload, "lang": payload})
        assert page.status_code in (200, 303, 400, 404)
        assert is_inert(page.text) or page.status_code == 303, path
    refused = post(client, "/act-as", at="/sign-out", enterprise=payload, capacity=payload, mandator=payload)
    assert refused.status_code in (400, 403)
    assert is_inert(refused.text)
    failed = post(client, f"/sign-in/oidc/itsme/start?failed={quote(payload)}", at="/sign-out")
    assert failed.status_code == 403
    assert is_inert(failed.text)


@pytest.mark.attack("W04")
@pytest.mark.parametrize("payload", PAYLOADS)
def test_the_search_for_a_mandator_shows_again_what_was_typed(counter: Counter, payload: str) -> None:
    client = counter.signed_in()
    number, _ = counter.provider_with_mandators(1)
    chosen = post(client, "/act-as", at="/act-as", enterprise=number, capacity="service_provider", mandator="")
    assert chosen.status_code == 303
    page = client.get("/act-as", query_string={"mandator": payload})
    assert page.status_code == 400
    assert is_inert(page.text)
    assert unescape(page.text).count(payload.strip()) >= 1


def test_a_page_that_was_not_inert_would_be_caught() -> None:
    assert not is_inert("<p>x<script>alert(1)</script></p>")
    assert not is_inert('<p><img src="x" onerror="alert(1)"></p>')
    assert not is_inert('<a href="javascript:alert(1)">x</a>')
    assert not is_inert('<a href="//evil.example">x</a>')
    assert is_inert('<p><a href="/x">&lt;script&gt;</a></p>')


def record(counter: Counter, payload: str) -> LoginRecord:
    """A record of a login with a payload wherever it holds words."""
    at = counter.world.clock.at
    return LoginRecord(
        id="hostile",
        person=counter.person,
        provider=payload,
        key=LoginKey.ITSME,
        at=at,
        result=payload,
        assurance=None,
        issued_in=payload,
        device=payload,
        country=payload,
        service=payload,
        expires_at=at.replace(year=at.year + 1),
    )


def session(counter: Counter, payload: str) -> Session:
    """Another session of the person, on a device with such a name."""
    held = counter.gate.sign_in.enter(counter.gate.proven(counter.niss), Circumstances(device=payload, country=payload))
    return replace(held.session, id="f" * 64)  # type: ignore[union-attr]
