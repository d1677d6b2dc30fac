"""W05: whatever is asked for as the way back, a login leads to a page of ours."""

from __future__ import annotations

from itertools import product
from urllib.parse import urljoin, urlsplit

import pytest

from iam.web.returning import safe_path
from tests.admin.counter import ORIGIN, Counter, post

FOREIGN = "evil.example"
STARTS = (
    *(
        "//",
        "///",
        "////",
        "/\\",
        "\\\\",
        "\\/",
        "/%2f",
        "/%5c",
        "/.//",
        "/..//",
        "/%09/",
        "/\t/",
        "\t//",
        "\n//",
        " //",
    ),
    *(
        "http://",
        "https://",
        "HTTPS://",
        "https:",
        "http:/",
        "http:\\\\",
        "ht\ttps://",
        "https://localhost@",
        "//localhost@",
    ),
    *(
        "javascript://",
        "data:text/html,",
        "vbscript:",
        "ftp://",
        "/act-as/../..//",
        "/act-as?x=//",
        "/act-as#//",
        "@",
        ".",
    ),
    *(
        "https://localhost.",
        "http://localhost\\@",
        "/;@",
        "/act-as;//",
        "///localhost@",
        "%68ttps://",
        "\u2044\u2044",
        "／／",
    ),
)
ENDS = (FOREIGN, f"{FOREIGN}/", f"{FOREIGN}/act-as", f"{FOREIGN}%00/", f"{FOREIGN}?/act-as", f"{FOREIGN}#@localhost")
PAYLOADS = [start + end for start, end in product(STARTS, ENDS)]
MORE_ENDS = (
    *(f"{FOREIGN}:80", f"{FOREIGN}/%2e%2e", f"{FOREIGN}\\", f"{FOREIGN}%23@localhost", f"localhost.{FOREIGN}"),
    *(
        f"localhost:80@{FOREIGN}",
        f"{FOREIGN}/..;/",
        "3627734734",
        "0x7f.1",
        "[::1]",
        "xn--vil-hma.example",
        "\u0435vil.example",
    ),
    *(f"{FOREIGN}%E3%80%82com", f"{FOREIGN}\r\nLocation: x", f"{FOREIGN}%0d%0aLocation:x", "", "/", "\u202e"),
)


def led_to(counter: Counter, return_to: str) -> str:
    """Where a login leads that began with such a wish."""
    client = counter.client()
    asked = client.get("/sign-in", query_string={"return_to": return_to})
    if asked.status_code != 303:
        assert asked.status_code == 400
        return "/"
    assert asked.headers["Location"] == "/sign-in"
    entered = post(client, "/sign-in/oidc/itsme/start", at="/sign-in")
    assert entered.status_code == 303
    return str(entered.headers["Location"])


def stays(address: str) -> bool:
    """Whether a browser at our origin stays there; backslashes are slashes to it, control characters nothing."""
    plain = "".join(c for c in address if c > " ").replace("\\", "/")
    parts = urlsplit(urljoin(f"{ORIGIN}/sign-in", plain))
    return (parts.scheme, parts.netloc) == ("http", "localhost")


@pytest.mark.attack("W05")
def test_no_wish_of_hundreds_leads_away(counter: Counter) -> None:
    assert len(PAYLOADS) > 200 and len(STARTS) * len((*ENDS, *MORE_ENDS)) > 573
    assert [payload for payload in PAYLOADS if not stays(led_to(counter, payload))] == []


@pytest.mark.attack("W05")
@pytest.mark.parametrize("start", STARTS)
def test_no_beginning_of_an_address_makes_another_one_lead_away(counter: Counter, start: str) -> None:
    """Wherever it is told: what is read of it is the address of a page of ours, or that of the first page."""
    with counter.app.test_request_context("/sign-in", base_url=ORIGIN):
        for end in (*ENDS, *MORE_ENDS):
            told = safe_path(start + end)
            assert stays(told), told
            assert told == "/" or told.startswith("/act-as?"), told
            assert not any(one in told for one in "\\\r\n\t #"), told


@pytest.mark.attack("W05")
@pytest.mark.parametrize(
    "name", ["next", "returnTo", "redirect", "url", "continue", "RelayState", "post_logout_redirect_uri"]
)
@pytest.mark.parametrize("path", ["/sign-in", "/sign-out", "/sign-in/help", "/"])
def test_no_other_name_for_the_way_back_is_known(counter: Counter, path: str, name: str) -> None:
    client = counter.signed_in("eid-card")
    for value in (f"https://{FOREIGN}/", f"//{FOREIGN}", "/my/logins"):
        page = client.get(path, query_string={name: value})
        assert page.headers.get("Location", "/sign-in") in ("/sign-in", "/")
        assert f'href="https://{FOREIGN}' not in page.text and f'href="//{FOREIGN}' not in page.text
    left = post(client, "/sign-out", at="/sign-out")
    assert left.headers["Location"] == "/sign-in?signed_out=yes"


def test_a_page_of_ours_is_returned_to_with_its_question(counter: Counter) -> None:
    assert led_to(counter, "/act-as?mandator=0206731645") == "/act-as?mandator=0206731645"
    assert led_to(counter, "/my/logins") == "/my/logins"


@pytest.mark.attack("W05")
@pytest.mark.parametrize("path", ["/sign-in", "/sign-out", "/elsewhere", "/nothing", "/static/x/y", "/my/sessions/end"])
def test_a_page_that_is_for_nobody_in_particular_is_not_returned_to(counter: Counter, path: str) -> None:
    assert led_to(counter, path) == "/"


def test_the_links_to_other_languages_stay_here(counter: Counter) -> None:
    for path in ("//evil.example/", "/\\evil.example", "/x//evil.example"):
        page = counter.client().get(path, query_string={"next": "//evil.example"})
        assert 'href="//' not in page.text and 'href="http' not in page.text


@pytest.mark.parametrize(
    "address", ["//evil.example", "\\\\evil.example", "https:\\\\evil.example", "/\t/evil.example"]
)
def test_a_redirect_that_led_away_would_be_caught(address: str) -> None:
    assert not stays(address)
