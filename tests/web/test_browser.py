"""The cookies of a browser are read strictly and given in the strictest form there is."""

from __future__ import annotations

import pytest

from iam.domain.errors import InvalidInput
from iam.web.browser import LONGEST_HEADER, SESSION_COOKIE, VISIT_COOKIE, Browser, cookies_of
from iam.web.devices import LONGEST_READ, device_of

SECRET = "A" * 43


def test_our_cookies_are_found_among_others() -> None:
    header = f'a=b; {SESSION_COOKIE}={SECRET}; c="d e"; {VISIT_COOKIE}={SECRET[::-1]};e'
    assert cookies_of(header) == {SESSION_COOKIE: SECRET, VISIT_COOKIE: SECRET}


@pytest.mark.parametrize(
    "header",
    [
        "",
        ";;;",
        SESSION_COOKIE,
        f"={SESSION_COOKIE}={SECRET}",
        f"={SECRET}",
        f"{SECRET}",
        f"procura={SECRET}",
        f"__host-procura={SECRET}",
        f"__Host-procura2={SECRET}",
        f" {SESSION_COOKIE} ={SECRET}",
        f"{SESSION_COOKIE}={SECRET}A",
        f"{SESSION_COOKIE}={SECRET[1:]}",
        f'{SESSION_COOKIE}="{SECRET}"',
        f"{SESSION_COOKIE}={SECRET[1:]}é",
        f"{SESSION_COOKIE}={'=' * 43}",
        f"a=b,{SESSION_COOKIE}={SECRET}",
        f"__Secure-procura={SECRET}",
    ],
)
def test_what_is_not_exactly_ours_is_as_if_it_were_not_there(header: str) -> None:
    assert cookies_of(header) == {}


@pytest.mark.parametrize("second", [SECRET, "B" * 43, "", "x", "B" * 2_000])
def test_a_cookie_of_ours_that_stands_twice_is_refused(second: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        cookies_of(f"{SESSION_COOKIE}={SECRET}; {SESSION_COOKIE}={second}")
    assert refusal.value.code == "doubled_cookie"


def test_cookies_that_are_too_large_are_refused() -> None:
    with pytest.raises(InvalidInput) as refusal:
        cookies_of(f"{SESSION_COOKIE}={SECRET}; x={'y' * LONGEST_HEADER}")
    assert refusal.value.code == "cookies_too_large"


def test_what_is_given_counts_at_once_and_what_is_taken_away_no_more() -> None:
    browser = Browser({SESSION_COOKIE: SECRET})
    browser.keep_session("new")
    assert browser.session == "new"
    browser.forget_session()
    assert (browser.session, browser.given) == ("", {SESSION_COOKIE: None})
    browser.keep_visit("visit")
    browser.forget_visit()
    assert (browser.visit, browser.given) == ("", {SESSION_COOKIE: None})


@pytest.mark.parametrize(
    ("told", "device"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox, Linux"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/130.0 Safari/537.36 Edg/130.0", "Edge, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/130.0.0.0 Mobile Safari/537.36", "Chrome, Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.0 Safari/605.1.15", "Safari, macOS"),
        ("curl/8.5.0", ""),
        ("", ""),
        ("<script>Windows</script>", "Windows"),
        ("x" * LONGEST_READ + "Firefox/1", ""),
    ],
)
def test_a_device_is_told_in_words_of_ours(told: str, device: str) -> None:
    assert device_of(told) == device
