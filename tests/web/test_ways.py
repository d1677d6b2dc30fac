"""Where a browser wants to go is read strictly from what it kept, and leads nowhere that a link could not."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from datetime import timedelta

import pytest

from iam.domain.instants import to_micros
from iam.services.visits import VISIT_LIFE
from iam.web.browser import VISIT_COOKIE, WAY_COOKIE
from iam.web.ways import Way, read, written
from tests.storage.clocks import START
from tests.web.portal_scene import Portal

LATER = to_micros(START + timedelta(minutes=1))
SECRET = "V" * 43


def cookie(*lines: object) -> str:
    """Any lines as the content of the cookie."""
    return urlsafe_b64encode("\n".join(map(str, lines)).encode()).decode().rstrip("=")


def test_a_way_is_read_as_it_was_written_until_it_is_too_old() -> None:
    way = Way(return_to="/papers?page=2", service="dmfa", action="declare")
    text = written(way, START)
    assert read(text, START) == read(text, START + VISIT_LIFE) == way
    assert read(text, START + VISIT_LIFE + timedelta(microseconds=1)) is None
    assert read(text, START - timedelta(microseconds=1)) is None


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "x",
            "A" * 2_000,
            "____",
            "eyJ",
            cookie(""),
            cookie(LATER),
            cookie(LATER, "", ""),
            cookie("", "", "", "/"),
        ),
        *(cookie(LATER, "", "", "/", "/"), cookie(f"+{LATER}", "", "", "/"), cookie(f" {LATER}", "", "", "/")),
        *(
            cookie(f"{LATER}.0", "", "", "/"),
            cookie(10**17, "", "", "/"),
            cookie(0, "", "", "/"),
            cookie("²", "", "", "/"),
        ),
        *(cookie(10**18, "", "", "/"), cookie(-1, "", "", "/"), cookie("nan", "", "", "/")),
        urlsafe_b64encode(b"\xff\n\n\n/").decode(),
    ],
)
def test_what_is_no_way_of_ours_is_none(text: str) -> None:
    assert read(text, START) is None


@pytest.mark.attack("W02", "W05")
@pytest.mark.parametrize(
    "told", ["https://evil.test/", "//evil.test", "/sign-out", "/\\evil.test", "/papers//x", "javascript:x"]
)
def test_a_way_that_was_planted_leads_to_the_first_page(portal: Portal, told: str) -> None:
    _, niss = portal.gate.world.person()
    browser = portal.browser()
    browser.hold(VISIT_COOKIE, SECRET)
    browser.hold(WAY_COOKIE, cookie(LATER, "", "", told))
    assert browser.login(niss).headers["Location"] == "/"
    assert browser.cookie(VISIT_COOKIE) == browser.cookie(WAY_COOKIE) == ""


@pytest.mark.parametrize("asked", [["no-such-service", ""], ["dmfa", "no-such-act"], ["", "declare"]])
def test_a_way_for_what_the_catalogue_does_not_know_asks_nothing(portal: Portal, asked: list[str]) -> None:
    browser = portal.browser()
    browser.hold(VISIT_COOKIE, SECRET)
    browser.hold(WAY_COOKIE, cookie(LATER, *asked, "/"))
    page = browser.get("/sign-in")
    assert page.status_code == 200 and "wants low []" in page.text


def test_pages_in_two_tabs_keep_one_visit_so_that_both_can_go_on(portal: Portal) -> None:
    """The form that one tab shows is still ours after the other was led to log in."""
    _, niss = portal.gate.world.person()
    browser = portal.browser()
    browser.get("/papers?page=1")
    first = browser.token()
    browser.get("/papers?page=2")
    assert browser.token() == first
    browser.post("/sign-in/test/itsme/start", {"state": "s"})
    browser.get("/papers?page=3")
    answer = browser.get(f"/sign-in/test/itsme/callback?state=s&number={niss.value}")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/papers?page=3")
