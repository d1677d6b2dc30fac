"""From the choice of keys to a page and out again: what a browser holds, and where it is led and never led."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from iam.domain.enterprises import Capacity, Representative
from iam.domain.periods import Period
from iam.domain.sessions import Session
from iam.domain.visits import Visit
from iam.services.pending_identities import read
from tests.services.worlds import LONG_AGO
from tests.web.portal_scene import Portal

Told = Callable[[], list[dict[str, Any]]]
SECRET = "A" * 43


def test_who_is_not_logged_in_is_led_to_the_choice_of_keys_and_back(portal: Portal) -> None:
    _, niss = portal.gate.world.person()
    browser = portal.browser()
    asked = browser.get("/papers?page=2")
    assert (asked.status_code, asked.headers["Location"]) == (303, "/sign-in")
    back = browser.login(niss)
    assert (back.status_code, back.headers["Location"]) == (303, "/papers?page=2")
    assert browser.get("/papers?page=2").text == "papers 2"


def test_a_browser_is_given_host_only_cookies_that_scripts_and_foreign_pages_cannot_use(portal: Portal) -> None:
    _, niss = portal.gate.world.person()
    browser = portal.browser()
    given = [*browser.get("/sign-in").headers.getlist("Set-Cookie"), *browser.login(niss).headers.getlist("Set-Cookie")]
    names = [one.partition("=")[0] for one in given]
    assert names == ["__Host-procura-visit", "__Host-procura", "__Host-procura-visit"]
    for cookie in given:
        flags = {one.strip().lower() for one in cookie.split(";")[1:]}
        assert {"secure", "httponly", "path=/", "samesite=lax"} <= flags
        assert not any(one.startswith("domain") for one in flags)


@pytest.mark.parametrize("planted", [SECRET, "living", "ended"])
def test_what_was_planted_in_a_browser_is_worth_nothing_after_the_login(portal: Portal, planted: str) -> None:
    (_, attacker), (_, victim) = portal.gate.world.person(), portal.gate.world.person()
    theirs = portal.gate.login(attacker)
    value = {"living": theirs.secret, "ended": portal.gate.login(attacker).secret}.get(planted, planted)
    if planted == "ended":
        portal.gate.sessions.end_others(theirs.session)
    browser = portal.browser()
    browser.hold("__Host-procura", value)
    browser.login(victim)
    session = browser.session()
    assert browser.cookie() not in (value, "")
    assert session is not None and session.person != theirs.session.person
    assert portal.gate.sessions.find(value) is None


def test_a_login_that_another_browser_began_is_not_finished_in_this_one(portal: Portal, told: Told) -> None:
    _, attacker = portal.gate.world.person()
    evil, browser = portal.browser(), portal.browser()
    evil.post("/sign-in/test/itsme/start", {"state": "relayed"})
    browser.get("/sign-in")
    answer = browser.get(f"/sign-in/test/itsme/callback?state=relayed&number={attacker.value}")
    assert (answer.status_code, answer.text) == (403, "choose again: not_begun_here")
    assert "Location" not in answer.headers
    assert browser.cookie() == "" and portal.gate.world.found(Session) == []
    assert [one["code"] for one in told() if one["event"] == "refused"] == ["not_begun_here"]
    assert evil.get(f"/sign-in/test/itsme/callback?state=relayed&number={attacker.value}").status_code == 303


def test_an_answer_counts_once(portal: Portal) -> None:
    _, niss = portal.gate.world.person()
    browser = portal.browser()
    assert browser.login(niss, state="one").status_code == 303
    again = browser.get(f"/sign-in/test/itsme/callback?state=one&number={niss.value}")
    assert again.status_code == 403


def test_a_proof_that_was_used_is_refused_and_the_person_reads_of_it(portal: Portal, told: Told) -> None:
    person, niss = portal.gate.world.person()
    browser, evil = portal.browser(), portal.browser()
    browser.login(niss, state="one", reference="same-token")
    answer = evil.login(niss, state="two", reference="same-token")
    assert answer.status_code == 403 and evil.cookie() == ""
    assert [one.result for one in portal.gate.history.of(person)].count("login_replayed") == 1
    assert "login_replayed" in [one["code"] for one in told() if one["event"] == "refused"]


def test_the_identifier_changes_at_login_step_up_and_log_out(portal: Portal) -> None:
    _, niss = portal.gate.world.person()
    browser = portal.browser()
    held = []
    browser.login(niss, "password", "one")
    held.append(browser.cookie())
    browser.login(niss, "itsme", "two")
    held.append(browser.cookie())
    assert portal.gate.sessions.find(held[0]) is None and len(set(held)) == 2
    browser.post("/sign-out")
    assert browser.cookie() == "" and portal.gate.sessions.find(held[1]) is None
    assert portal.gate.world.found(Session) == []


def test_a_session_survives_a_restart_of_the_service(portal: Portal) -> None:
    _, niss = portal.gate.world.person()
    browser = portal.browser()
    browser.login(niss)
    portal.restart()
    after = portal.browser()
    after.hold("__Host-procura", browser.cookie())
    assert after.get("/").text == "itsme citizen"


def test_a_page_that_asks_more_leads_to_a_stronger_key_and_says_why(portal: Portal, told: Told) -> None:
    _, niss = portal.gate.world.person()
    browser = portal.browser()
    browser.login(niss, "password", "one")
    assert browser.get("/").text == "password citizen"
    assert browser.get("/papers?page=3").headers["Location"] == "/sign-in"
    choice = browser.get("/sign-in").text
    assert "wants substantial [eid,itsme] again=True why=assurance_too_low" in choice
    assert [one["code"] for one in told() if one["event"] == "login_asked"] == ["assurance_too_low"]
    assert browser.login(niss, "itsme", "two").headers["Location"] == "/papers?page=3"


def test_a_form_that_was_typed_is_there_again_after_the_step_up_once_and_for_nobody_else(portal: Portal) -> None:
    (_, niss), (_, other) = portal.gate.world.person(), portal.gate.world.person()
    for who, found in ((niss, {"quarter": ["2026Q4"], "note": ["a", "b"]}), (other, None)):
        browser = portal.browser()
        browser.login(niss, "password", f"one{who.value}")
        sent = browser.post("/papers", {"quarter": "2026Q4", "note": ["a", "b"], "password": "hidden"})
        assert (sent.status_code, sent.headers["Location"]) == (303, "/sign-in")
        assert "hidden" not in repr(portal.gate.world.found(Visit))
        assert browser.login(who, "itsme", f"two{who.value}").headers["Location"] == "/papers"
        browser.get("/papers")
        assert portal.kept == found
        browser.get("/papers")
        assert portal.kept is None


def test_a_form_that_was_sent_when_the_session_had_ended_is_kept_for_the_same_person(portal: Portal) -> None:
    _, niss = portal.gate.world.person()
    browser = portal.browser()
    browser.login(niss)
    token = browser.token()
    portal.gate.world.clock.advance(hours=1)
    assert browser.post("/papers", {"quarter": "2026Q4", "csrf_token": token}).status_code == 303
    browser.login(niss, state="two")
    browser.get("/papers")
    assert portal.kept == {"quarter": ["2026Q4"]}


def test_a_key_that_a_service_does_not_admit_is_not_enough(portal: Portal) -> None:
    browser = portal.browser()
    shown = browser.get("/sign-in?service=works&action=declare").text
    catalogue = portal.gate.world.library.current().catalogue.services["works"]
    assert f"wants {catalogue.minimum.label}" in shown
    assert browser.get("/sign-in?service=unknown").status_code == 404
    assert browser.get("/sign-in?service=works&action=unknown").status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        *("https://evil.test/", "//evil.test/", "/\\evil.test", "\\\\evil.test", "/%5cevil.test", "/%2f/evil.test"),
        *("javascript:alert(1)", "JaVaScRiPt:alert(1)//", "data:text/html,x", "/papers//evil.test", "///evil.test"),
        *("/papers@evil.test", "papers", "./papers", "/../papers", "/papers/../", "/.evil.test", "/papers\r\nX: y"),
        *("/sign-out", "/act-as", "/sign-in", "/static/x", "/nowhere", "/papers/burn", "/papers#x", "/papérs"),
        *("/papers?next=https://evil.test/\\", "/papers?a=\x00", "/" + "p" * 2_000, "https:/papers", "/\tevil.test"),
    ],
)
def test_no_address_that_is_told_leads_anywhere_but_to_a_page_of_ours(portal: Portal, address: str) -> None:
    _, niss = portal.gate.world.person()
    browser = portal.browser()
    browser.get("/sign-in", query_string={"return_to": address})
    assert browser.login(niss).headers["Location"] == "/"


def test_a_page_of_ours_that_is_told_is_reached(portal: Portal) -> None:
    _, niss = portal.gate.world.person()
    browser = portal.browser()
    browser.get("/sign-in", query_string={"return_to": "/papers?page=7&x=a%20b"})
    assert browser.login(niss).headers["Location"] == "/papers?page=7&x=a%20b"


def test_somebody_without_a_number_waits_with_the_visit_and_has_no_session(portal: Portal) -> None:
    browser = portal.browser()
    answer = browser.login(None)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in/registration")
    assert browser.cookie() == ""
    visit = portal.gate.visits.find(browser.visit)
    assert visit is not None
    pending = read(visit.pending)
    assert pending is not None and pending.subject == "EE/BE/1"
    _, niss = portal.gate.world.person()
    assert browser.login(niss, state="two").headers["Location"] == "/sign-in/registration"
    assert portal.gate.visits.find(browser.visit) is not None


def test_a_change_of_capacity_is_judged_and_changes_the_identifier(portal: Portal) -> None:
    (actor,) = portal.gate.world.represent(portal.gate.world.enterprise(Capacity.EMPLOYER))
    _, niss = portal.gate.world.person()
    browser = portal.browser()
    browser.login(niss)
    before = browser.cookie()
    refused = browser.post("/act-as", {"enterprise": actor.enterprise})
    assert refused.status_code == 403 and browser.cookie() == before
    session = browser.session()
    assert session is not None and session.enterprise is None


def test_a_provider_that_is_switched_off_logs_out_whom_it_had_logged_in_and_offers_nothing(portal: Portal) -> None:
    _, niss = portal.gate.world.person()
    browser = portal.browser()
    browser.login(niss)
    portal.gate.book.switch("itsme", enabled=False)
    assert browser.get("/").headers["Location"] == "/sign-in"
    assert browser.post("/sign-in/test/itsme/start", {"state": "x"}).status_code == 404


def test_a_provider_that_is_switched_off_between_question_and_answer_is_not_believed(portal: Portal) -> None:
    _, niss = portal.gate.world.person()
    browser = portal.browser()
    browser.post("/sign-in/test/itsme/start", {"state": "x"})
    portal.gate.book.switch("itsme", enabled=False)
    assert browser.get(f"/sign-in/test/itsme/callback?state=x&number={niss.value}").status_code == 404
    assert portal.gate.world.found(Session) == []


def test_logging_out_leads_to_the_provider_that_supports_it(portal: Portal) -> None:
    _, niss = portal.gate.world.person()
    browser = portal.browser()
    browser.login(niss)
    left = browser.post("/sign-out")
    assert left.headers["Location"] == "https://itsme.example/end?hint=hint"
    assert left.headers["Clear-Site-Data"] == '"cache"'
    assert browser.get("/").headers["Location"] == "/sign-in"
    browser.login(niss, "card", "two")
    assert browser.post("/sign-out").headers["Location"] == "/sign-in"
    assert browser.post("/sign-out").headers["Location"] == "/sign-in"


def test_a_page_for_one_person_is_kept_by_no_cache(portal: Portal) -> None:
    _, niss = portal.gate.world.person()
    browser = portal.browser()
    for path in ("/", "/sign-in", "/nowhere", "/papers"):
        browser.get(path)
        for answer in (browser.get(path), portal.browser().get(path)):
            assert answer.headers["Cache-Control"] == "no-store"
            assert "Cookie" in answer.headers["Vary"]
    browser.login(niss)
    for deceiving in ("/papers/x.css", "/papers.css", "/x.css", "/papers;x.css", "/papers%0ax.css"):
        assert browser.get(deceiving).status_code in (400, 404)


@pytest.mark.parametrize(
    "header",
    [
        {"Host": "evil.test"},
        {"X-Forwarded-Host": "evil.test"},
        {"Forwarded": "host=evil.test"},
        {"Host": "localhost:1"},
        {"Host": "localhost.evil.test"},
    ],
)
def test_a_request_for_another_host_is_refused_and_no_address_is_built_from_it(
    portal: Portal, header: dict[str, str]
) -> None:
    answer = portal.browser().get("/papers", headers=header)
    assert answer.status_code == 400
    assert "evil" not in answer.text + str(answer.headers)


@pytest.mark.parametrize(
    ("cookie", "status"),
    [
        (SECRET, 303),
        (f"={SECRET}", 303),
        ("x" * 5_000, 400),
        (f"__Host-procura={SECRET}; __Host-procura={SECRET}", 400),
        (f"procura={SECRET}", 303),
        (f"__Host-procura={SECRET}", 303),
    ],
)
def test_a_cookie_that_is_none_of_ours_lets_nobody_in(portal: Portal, cookie: str, status: int) -> None:
    bare = portal.app.test_client(use_cookies=False)
    answer = bare.get("/", base_url="https://localhost", headers={"Cookie": cookie})
    assert answer.status_code == status
    assert status == 400 or answer.headers["Location"] == "/sign-in"


@pytest.mark.parametrize("place", ["/?session={}", "/?__Host-procura={}", "/;__Host-procura={}"])
def test_an_identifier_in_the_address_lets_nobody_in(portal: Portal, place: str) -> None:
    _, niss = portal.gate.world.person()
    secret = portal.gate.login(niss).secret
    assert portal.browser().get(place.format(secret)).status_code in (303, 400)


def test_from_a_place_that_only_takes_forms_a_person_returns_to_the_page_above_it(portal: Portal) -> None:
    _, niss = portal.gate.world.person()
    browser = portal.browser()
    browser.login(niss, "password", "one")
    assert browser.post("/papers/burn", {"quarter": "2026Q4"}).headers["Location"] == "/sign-in"
    assert browser.login(niss, "itsme", "two").headers["Location"] == "/papers"
    browser.get("/papers")
    assert portal.kept == {"quarter": ["2026Q4"]}


def test_a_legal_representative_acts_for_the_enterprise_that_the_register_names(portal: Portal) -> None:
    enterprise = portal.gate.world.enterprise(Capacity.EMPLOYER)
    person, niss = portal.gate.world.person()
    browser = portal.browser()
    browser.login(niss)
    refused = browser.post("/represent", {"enterprise": enterprise})
    assert refused.status_code == 404
    since = Period(portal.gate.world.clock.at - LONG_AGO)
    entry = Representative(niss=niss.value, function="director", valid=since)
    portal.gate.world.register.representatives[enterprise] = (entry,)
    before = browser.cookie()
    assert browser.post("/represent", {"enterprise": enterprise}).text == "representing"
    session = browser.session()
    assert session is not None and (session.person, session.enterprise) == (person, enterprise)
    assert browser.cookie() != before and portal.gate.sessions.find(before) is None
