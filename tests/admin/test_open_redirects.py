"""W05: whatever is asked for as the way back, a login leads to a page of ours."""

from __future__ import annotations

from itertools import product
from urllib.parse import urljoin, urlsplit

import pytest

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


def test_no_wish_of_hundreds_leads_away(counter: Counter) -> None:
    assert len(PAYLOADS) > 200
    assert [payload for payload in PAYLOADS if not stays(led_to(counter, payload))] == []


def test_a_page_of_ours_is_returned_to_with_its_question(counter: Counter) -> None:
    assert led_to(counter, "/act-as?mandator=0206731645") == "/act-as?mandator=0206731645"
    assert led_to(counter, "/my/logins") == "/my/logins"


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
