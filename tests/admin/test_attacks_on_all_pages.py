"""Every address of the portal, of all rooms and doors, against what is tried on any web page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from iam.web.browser import SESSION_COOKIE, VISIT_COOKIE, WAY_COOKIE
from iam.web.csrf import mark_of
from tests.admin.whole_portal import HOST, ORIGIN, WholePortal, path_of, whole_portal

SECRET = "A" * 43
SHARED = ("/metadata", "/jwks", "/static/")
"""What is the same for everybody, and is nobody's page."""


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholePortal]:
    with whole_portal(tmp_path_factory.mktemp("portal")) as whole:
        yield whole


def test_all_doors_are_there(portal: WholePortal) -> None:
    paths = portal.paths("GET")
    for door in ("oidc/itsme/callback", "saml/fas-saml/metadata", "eidas/eidas/country", "web-eid/eid/", "passkey/"):
        assert any(door in path for path in paths), door
    assert len(paths) > 30 and len(portal.unsafe()) > 25


@pytest.mark.attack("W07")
@pytest.mark.parametrize("known", [True, False])
def test_no_page_may_be_kept_by_a_cache_or_told_to_another_site(portal: WholePortal, known: bool) -> None:
    client = portal.logged_in() if known else portal.client()
    for path in [one for one in portal.paths("GET") if not any(word in one for word in SHARED)]:
        for address in (path, f"{path}?lang=fr", f"{path}?utm=x.css"):
            answer = portal.ask(client, address)
            assert answer.status_code < 500 or answer.status_code == 503, address
            assert answer.headers["Cache-Control"] == "no-store", address
            assert {"Cookie", "Accept-Language"} <= {one.strip() for one in answer.headers["Vary"].split(",")}, address
            assert answer.headers["Referrer-Policy"] in ("same-origin", "no-referrer"), address
            assert not {"ETag", "Last-Modified", "Age", "Expires"} & set(answer.headers.keys()), address


@pytest.mark.attack("W07")
@pytest.mark.parametrize(
    "ending",
    [
        *("/x.css", ".css", "/x.js", ";x.css", "%2fx.css", "%3bx.css", "%3fx.css", "%23x.css", "%0ax.css", "%00.css"),
        *("/..%2fx.css", "/%2e%2e/static/x.css", "//x.css", "/.css", "\\x.css", "%5cx.css", ".avif", "/favicon.ico"),
    ],
)
def test_no_page_is_shown_under_the_name_of_a_file(portal: WholePortal, ending: str) -> None:
    client = portal.logged_in()
    for path in ("/my/logins", "/my/sessions", "/my/keys", "/act-as", "/sign-out", "/sign-in"):
        answer = portal.ask(client, f"{path}{ending}")
        assert answer.status_code in (400, 404), path
        assert "lena" not in answer.text.lower() and answer.headers["Cache-Control"] == "no-store"


@pytest.mark.attack("W08")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("Host", one) for one in ("evil.test", "localhost", "localhost:1", "localhost:8799.evil.test", "", "[::1]")),
        *(("Host", one) for one in ("evil.test:8799", "localhost:8799@evil.test", "localhost:8799,evil.test")),
        *(("Host", one) for one in (f"{HOST} evil.test", f"{HOST}/", f"user@{HOST}", "localhost:08799", "127.0.0.1")),
        *(
            ("X-Forwarded-Host", one)
            for one in ("evil.test", f"{HOST},evil.test", f"evil.test,{HOST}", "", "localhost")
        ),
        *(("Forwarded", one) for one in ("host=evil.test", f"for=x;host={HOST}, host=evil.test", 'Host="evil.test"')),
        ("Forwarded", "for=1;proto=https;HOST = evil.test"),
        *(("X-Original-URL", "/my/logins"), ("X-Rewrite-URL", "/my/logins"), ("X-HTTP-Method-Override", "POST")),
    ],
)
def test_no_page_answers_for_another_host(portal: WholePortal, name: str, value: str) -> None:
    portal.events()
    for path in portal.paths("GET"):
        answer = portal.ask(portal.client(), path, headers={name: value})
        assert answer.status_code == 400, path
        assert "evil" not in answer.text + str(answer.headers), path
        (told,) = portal.events()
        assert told["event"] == "refused" and told["code"], path


@pytest.mark.attack("W08")
@pytest.mark.parametrize(
    "name",
    [
        *("X-Host", "X-Forwarded-Server", "X-Forwarded-Proto", "X-Forwarded-Prefix", "X-Forwarded-Port", "X-Real-IP"),
        *(
            "X-HTTP-Host-Override",
            "Base-URL",
            "Origin",
            "Referer",
            "True-Client-IP",
            "CF-Connecting-IP",
            "Via",
            "Front-End-Https",
        ),
    ],
)
def test_no_address_is_built_from_what_a_request_says(portal: WholePortal, name: str) -> None:
    """Neither a redirect, a link, a form, nor what identity providers read of us."""
    for path in portal.paths("GET"):
        answer = portal.ask(portal.client(), path, headers={name: "https://evil.test/evil"})
        assert "evil" not in answer.text + str(answer.headers), path
    metadata = portal.ask(portal.client(), "/sign-in/saml/fas-saml/metadata", headers={name: "https://evil.test"})
    assert f"{ORIGIN}/sign-in/saml/fas-saml/acs" in metadata.text


@pytest.mark.attack("W08")
def test_a_redirect_of_the_router_names_no_host_and_no_scheme(portal: WholePortal) -> None:
    """Behind a proxy that ends TLS this service does not know by which scheme it was reached."""
    for rule in portal.rules("GET"):
        path = path_of(rule)
        if path.endswith("/") and path != "/":
            answer = portal.ask(portal.client(), f"{path[:-1]}?x=1")
            assert (answer.status_code, answer.headers["Location"]) == (308, f"{path}?x=1")


@pytest.mark.attack("W02")
@pytest.mark.parametrize(
    ("cookie", "status"),
    [
        *((f"{SESSION_COOKIE}={SECRET}; {SESSION_COOKIE}={SECRET}", 400), (f"{VISIT_COOKIE}=x; {VISIT_COOKIE}=y", 400)),
        *((f"{WAY_COOKIE}=x; {WAY_COOKIE}=x", 400), (f"{SESSION_COOKIE}=; {SESSION_COOKIE}={SECRET}", 400)),
        *((f"{SESSION_COOKIE}={'x' * 5_000}", 400), (f"x={'y' * 5_000}", 400), (";" * 5_000, 400)),
        *((f"={SESSION_COOKIE}=LIVING", 303), ("=LIVING", 303), ("LIVING", 303), ("procura=LIVING", 303)),
        *(("__host-procura=LIVING", 303), ("__Secure-procura=LIVING", 303), (f"{SESSION_COOKIE}=LIVINGx", 303)),
        *(
            (f'{SESSION_COOKIE}="LIVING"', 303),
            (f"{SESSION_COOKIE}=%LIVING", 303),
            (f"$Version=1; {SESSION_COOKIE} =LIVING", 303),
        ),
        *((f"{SESSION_COOKIE}={SECRET}", 303), (f"{VISIT_COOKIE}=LIVING", 303), (f"a=1,{SESSION_COOKIE}=LIVING", 303)),
    ],
)
def test_no_other_cookie_than_the_exact_one_lets_anybody_in(portal: WholePortal, cookie: str, status: int) -> None:
    held = portal.logged_in().get_cookie(SESSION_COOKIE, domain="localhost")
    assert held is not None
    bare, sent = portal.app.test_client(use_cookies=False), cookie.replace("LIVING", held.value)
    for path in ("/", "/my/logins", "/my/keys", "/act-as"):
        answer = portal.ask(bare, path, headers={"Cookie": sent})
        assert answer.status_code == status, path
        assert status == 400 or answer.headers["Location"] == "/sign-in"
        assert not any(one.startswith(f"{SESSION_COOKIE}=") for one in answer.headers.getlist("Set-Cookie"))
    good = {"Cookie": f"{SESSION_COOKIE}={held.value}"}
    assert portal.ask(bare, "/my/logins", headers=good).status_code == 200


@pytest.mark.attack("W02")
@pytest.mark.parametrize(
    "place", ["?{0}={1}", "?session={1}", ";{0}={1}", ";jsessionid={1}", "?sid={1}", "?csrf_token={1}", "?procura={1}"]
)
def test_no_identifier_in_an_address_lets_anybody_in(portal: WholePortal, place: str) -> None:
    held = portal.logged_in().get_cookie(SESSION_COOKIE, domain="localhost")
    assert held is not None
    for path in ("/", "/my/logins", "/my/keys", "/act-as"):
        answer = portal.ask(portal.client(), path + place.format(SESSION_COOKIE, held.value))
        assert answer.status_code in (303, 400) and answer.headers.get("Location", "/sign-in") == "/sign-in"
        assert held.value not in str(answer.headers.getlist("Set-Cookie"))


FORGED: list[dict[str, Any]] = [
    {},
    {"data": {"csrf_token": SECRET}},
    {"data": b'{"csrf_token":"x"}', "content_type": "application/json"},
    {"data": b'{"csrf_token":"x","y":"="}', "content_type": "text/plain"},
    {"data": b"csrf_token=x", "content_type": "text/plain;application/x-www-form-urlencoded"},
    {"query_string": {"csrf_token": SECRET, "_method": "POST"}},
    {"headers": {"X-CSRF-Token": SECRET}},
]


@pytest.mark.attack("W03")
@pytest.mark.parametrize("sent", FORGED)
@pytest.mark.parametrize("known", [True, False])
def test_nothing_that_a_page_of_ours_did_not_send_changes_anything(
    portal: WholePortal, known: bool, sent: dict[str, Any]
) -> None:
    """Each unsafe address but those that take what providers send, which prove themselves."""
    client = portal.logged_in() if known else portal.client()
    before = portal.rows()
    for method, path in portal.unsafe():
        if not from_elsewhere(portal, path):
            answer = portal.ask(client, path, method, **sent)
            assert answer.status_code == 403, path
            assert "Location" not in answer.headers
    assert portal.rows() == before


@pytest.mark.attack("W03")
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND", "POST "])
def test_no_other_method_does_anything(portal: WholePortal, method: str) -> None:
    client, before = portal.logged_in(), None
    before = portal.rows()
    for _, path in portal.unsafe():
        assert portal.ask(client, path, method).status_code in (400, 405), path
    assert portal.rows() == before


def from_elsewhere(portal: WholePortal, path: str) -> bool:
    """Whether an address takes what others post."""
    return any(
        mark_of(portal.app.view_functions[rule.endpoint]) is not None
        for rule in portal.rules("POST")
        if path_of(rule) == path
    )
