"""Who is new here becomes known by proof in their own browser, or reads what happens next."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from iam.domain.appointments import Appointment
from iam.domain.assurance import Assurance
from iam.domain.enterprises import Capacity
from iam.domain.entry_proposals import EntryProposal
from iam.domain.foreign_enterprises import ForeignEnterpriseRequest
from iam.domain.foreign_identities import ForeignIdentity, ForeignRepresentation, IdentityState, RequestContact
from iam.domain.identifiers import CbeNumber
from iam.domain.logins import ForeignEnterprise
from iam.domain.niss import Niss
from iam.ports import Law
from iam.storage.memory import MemoryArchive
from tests.admin.arrivals import Arrival, Arrivals
from tests.services.identity_scenes import DACHBAU
from tests.services.worlds import World
from tests.storage.clocks import SetClock

PAGE = "/sign-in/registration"
ASKING = "/foreign-enterprises/request"
FORM = {
    "name": DACHBAU.name,
    "country": "de",
    "registered_as": DACHBAU.registered_as,
    "address": DACHBAU.address,
    "purpose": DACHBAU.purpose,
    "contact_name": DACHBAU.contact_name,
    "email": DACHBAU.email,
    "phone": DACHBAU.phone,
}
REACHED = {"email": "maria@example.org", "phone": "+351210000000"}


@pytest.fixture
def arrivals(law: Law) -> Arrivals:
    """The portal with the pages for newcomers."""
    clock = SetClock()
    return Arrivals(World(MemoryArchive(clock), clock, law))


def test_a_first_login_from_abroad_leads_to_the_registration_and_nobody_is_logged_in(arrivals: Arrivals) -> None:
    browser = arrivals.browser()
    answer = browser.comes_from_abroad()
    assert (answer.status_code, answer.headers["Location"]) == (303, PAGE)
    shown = browser.get(PAGE, headers={"Accept-Language": "en"})
    assert shown.status_code == 200
    assert "You logged in as Maria Silva, with a key of PT" in shown.text
    assert browser.get("/my/logins").headers["Location"] == "/sign-in"


def test_a_belgian_login_in_the_same_browser_and_a_confirmation_link_both(arrivals: Arrivals) -> None:
    person, niss = arrivals.border.person()
    browser = arrivals.browser()
    browser.comes_from_abroad()
    assert browser.comes_by(niss).headers["Location"] == PAGE
    assert arrivals.world.found(ForeignIdentity) == []
    linked = browser.post(f"{PAGE}/link", at=PAGE)
    assert (linked.status_code, linked.headers["Location"]) == (303, "/")
    assert [one.person for one in arrivals.world.found(ForeignIdentity)] == [person]
    assert browser.get(PAGE).headers["Location"] == "/sign-in"
    later = arrivals.browser()
    assert later.comes_from_abroad().headers["Location"] == "/"


def test_a_belgian_login_in_another_browser_links_nothing(arrivals: Arrivals) -> None:
    _, niss = arrivals.border.person()
    browser, other = arrivals.browser(), arrivals.browser()
    browser.comes_from_abroad()
    assert other.comes_by(niss).headers["Location"] == "/"
    assert other.get(PAGE).headers["Location"] == "/sign-in"
    refused = browser.post(f"{PAGE}/link", at=PAGE)
    assert refused.status_code == 403
    assert arrivals.world.found(ForeignIdentity) == []


def test_linking_needs_a_form_of_ours(arrivals: Arrivals) -> None:
    _, niss = arrivals.border.person()
    browser = arrivals.browser()
    browser.comes_from_abroad()
    browser.comes_by(niss)
    for headers in ({}, {"Origin": "https://evil.example"}, {"Origin": "https://localhost"}):
        answer = browser.client.post(f"{PAGE}/link", base_url="https://localhost", headers=headers)
        assert answer.status_code == 403
    assert browser.get(f"{PAGE}/link").status_code == 405
    assert arrivals.world.found(ForeignIdentity) == []


def test_a_weak_belgian_login_is_told_what_is_needed(arrivals: Arrivals) -> None:
    _, niss = arrivals.border.person()
    browser = arrivals.browser()
    browser.comes_from_abroad()
    browser.comes_by(niss, level=Assurance.LOW)
    refused = browser.post(f"{PAGE}/link?lang=en", at=PAGE)
    assert refused.status_code == 403
    assert "at least the level substantial" in refused.text


def test_an_activation_code_links_and_the_next_login_recognises(arrivals: Arrivals) -> None:
    _, niss = arrivals.border.person()
    code = arrivals.border.decisions.give_code(arrivals.border.officer(), niss)
    browser = arrivals.browser()
    browser.comes_from_abroad()
    wrong = browser.post(f"{PAGE}/code?lang=en", at=PAGE, number=niss.formatted, code="wrong")
    assert (wrong.status_code, "was used, has expired" in wrong.text) == (403, True)
    done = browser.post(f"{PAGE}/code?lang=en", at=PAGE, number=niss.formatted, code=code)
    assert (done.status_code, "We know you now" in done.text) == (200, True)
    assert browser.comes_from_abroad().headers["Location"] == "/"


def test_a_request_waits_and_the_person_reads_so(arrivals: Arrivals) -> None:
    _, niss = arrivals.border.person()
    browser = arrivals.browser()
    browser.comes_from_abroad()
    asked = browser.post(f"{PAGE}/ask", at=PAGE, number=niss.value, **REACHED)
    assert (asked.status_code, asked.headers["Location"]) == (303, PAGE)
    assert "An officer looks at it" in browser.get(f"{PAGE}?lang=en").text
    (identity,) = arrivals.world.found(ForeignIdentity)
    assert (identity.state, identity.stated_number) == (IdentityState.PENDING, niss.value)
    assert [one.email for one in arrivals.world.found(RequestContact)] == [REACHED["email"]]
    later = arrivals.browser()
    later.comes_from_abroad()
    assert "An officer looks at it" in later.get(f"{PAGE}?lang=en").text
    assert niss.value not in later.get(PAGE).text


def test_known_and_unknown_numbers_cannot_be_told_apart(arrivals: Arrivals) -> None:
    _, known = arrivals.border.person()
    unknown = Niss.parse(f"850730997{97 - 850730997 % 97:02d}")
    told = []
    for number, niss in enumerate((known, unknown)):
        browser = arrivals.browser()
        browser.comes_from_abroad(f"PT/BE/{number}")
        asked = browser.post(f"{PAGE}/ask", at=PAGE, number=niss.value, **REACHED)
        code = browser.post(f"{PAGE}/code", at=PAGE, number=niss.value, code="wrong")
        shown = re.sub(r'name="csrf_token" value="[^"]+"', "", code.text)
        told.append((asked.status_code, asked.headers["Location"], code.status_code, shown))
    assert told[0] == told[1]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"number": "12345678901"}, "It has eleven digits"),
        ({"email": "no"}, "no e-mail address"),
        ({"phone": "call me"}, "no telephone number"),
    ],
)
def test_what_was_filled_in_wrongly_is_named_and_the_rest_kept(
    arrivals: Arrivals, changed: Mapping[str, str], said: str
) -> None:
    browser = arrivals.browser()
    browser.comes_from_abroad()
    refused = browser.post(f"{PAGE}/ask?lang=en", at=PAGE, **{"number": "", **REACHED, **changed})
    assert (refused.status_code, said in refused.text) == (403, True)
    kept = [value for name, value in REACHED.items() if name not in changed]
    assert all(f'value="{value}"' in refused.text for value in kept)
    assert arrivals.world.found(ForeignIdentity) == []


def test_without_a_proven_identity_there_is_nothing_to_register(arrivals: Arrivals) -> None:
    browser = arrivals.browser()
    assert browser.get(PAGE).headers["Location"] == "/sign-in"
    browser.get("/sign-in")
    assert browser.post(f"{PAGE}/ask", at=ASKING, number="", **REACHED).headers["Location"] == "/sign-in"
    assert arrivals.world.found(ForeignIdentity) == []


def test_anybody_can_ask_for_a_number_for_a_foreign_enterprise(arrivals: Arrivals) -> None:
    browser = arrivals.browser()
    assert browser.get(ASKING).status_code == 200
    asked = browser.post(ASKING, at=f"{ASKING}?lang=de", **FORM)
    assert (asked.status_code, asked.headers["Location"]) == (303, "/foreign-enterprises/requested")
    assert "Ihr Antrag ist angekommen" in browser.get("/foreign-enterprises/requested?lang=de").text
    (request,) = arrivals.world.found(ForeignEnterpriseRequest)
    assert (request.name, request.country) == (DACHBAU.name, "DE")
    assert [one.language for one in arrivals.world.found(RequestContact)] == ["de"]


@pytest.mark.parametrize(
    "changed",
    [
        {"name": ""},
        {"name": "a\nb"},
        {"country": "BE"},
        {"country": "Germany"},
        {"email": "no"},
        {"phone": "no"},
        {"purpose": "x" * 201},
        {"extra": "1"},
    ],
)
def test_a_request_that_is_not_whole_is_refused(arrivals: Arrivals, changed: dict[str, str]) -> None:
    browser = arrivals.browser()
    refused = browser.post(ASKING, at=ASKING, **{**FORM, **changed})
    assert refused.status_code == 400
    assert arrivals.world.found(ForeignEnterpriseRequest) == []


def test_what_is_typed_is_shown_as_text_and_never_as_page(arrivals: Arrivals) -> None:
    browser = arrivals.browser()
    hostile = '"><script>alert(1)</script>'
    refused = browser.post(ASKING, at=ASKING, **{**FORM, "name": hostile, "email": "no"})
    assert "<script>" not in refused.text and "&lt;script&gt;" in refused.text


def test_who_is_invited_enters_the_code_after_logging_in(arrivals: Arrivals) -> None:
    border, world = arrivals.border, arrivals.world
    person, niss = border.person()
    request = border.enterprises.ask(DACHBAU)
    number = CbeNumber.parse("0403019261")
    border.enterprises.grant(border.officer("grant_number"), request.id, number, "File 17")
    border.delivered()
    found = re.search(r"Aktivierungscode ist (\S+)\. ", border.keys.post.emails[-1][2])
    assert found is not None
    browser = arrivals.browser()
    assert browser.get("/my/invitations").headers["Location"] == "/sign-in"
    browser.comes_by(niss)
    wrong = browser.post("/my/invitations?lang=en", at="/my/invitations", code="wrong")
    assert (wrong.status_code, "never was" in wrong.text) == (403, True)
    accepted = browser.post("/my/invitations", at="/my/invitations", code=found[1])
    assert (accepted.status_code, accepted.headers["Location"]) == (303, "/act-as")
    assert [one.person for one in world.found(Appointment, enterprise=number.value)] == [person]


@pytest.mark.parametrize("language", ["nl", "fr", "de", "en"])
def test_the_pages_speak_four_languages(arrivals: Arrivals, language: str) -> None:
    _, niss = arrivals.border.person()
    browser = arrivals.browser()
    browser.comes_from_abroad(personal=None)
    browser.comes_by(niss)
    for path in (PAGE, ASKING, "/foreign-enterprises/requested", "/my/invitations"):
        shown = browser.get(f"{path}?lang={language}")
        assert (shown.status_code, f'<html lang="{language}"' in shown.text) == (200, True)


COMPANIES = "/my/foreign-companies"
ACME = ForeignEnterprise(identifier="PT/BE/500100200", name='Acme <b>"Lda"</b>')
CALLED = {"contact_name": "Maria Silva", **REACHED}


def representing(arrivals: Arrivals, level: Assurance = Assurance.HIGH) -> tuple[Arrival, str]:
    """A browser of somebody whose country said that they act for a company, and what was recorded of that."""
    person, niss = arrivals.border.person()
    arrivals.border.registrations.link_by_login(arrivals.border.foreign(), arrivals.border.belgian(niss))
    browser = arrivals.browser()
    browser.comes_from_abroad(enterprise=ACME, assurance=level)
    (said,) = arrivals.world.found(ForeignRepresentation, person=person)
    return browser, said.id


@pytest.mark.parametrize("language", ["nl", "fr", "de", "en"])
def test_what_a_country_said_is_shown_as_said_and_as_text(arrivals: Arrivals, language: str) -> None:
    browser, _ = representing(arrivals)
    shown = browser.get(f"{COMPANIES}?lang={language}").text
    assert "Acme &lt;b&gt;" in shown and "<b>" not in shown and "PT/BE/500100200" in shown
    if language == "en":
        assert "PT said on" in shown and "gives no right here yet" in shown
    assert browser.get(f"{COMPANIES}/proposed?lang={language}").status_code == 200


def test_the_first_page_leads_whoever_came_for_a_company_there_and_nobody_else(arrivals: Arrivals) -> None:
    browser, _ = representing(arrivals)
    assert f'href="{COMPANIES}"' in browser.get("/").text
    _, niss = arrivals.border.person()
    other = arrivals.browser()
    other.comes_by(niss)
    assert COMPANIES not in other.get("/").text


def test_a_request_for_a_number_takes_over_what_was_said_and_nothing_else_of_it(arrivals: Arrivals) -> None:
    browser, said = representing(arrivals)
    form = {"representation": said, "address": "Rua 1, Porto", "purpose": "Works in Liège", **CALLED}
    asked = browser.post(f"{COMPANIES}/ask", at=COMPANIES, **form)
    assert (asked.status_code, asked.headers["Location"]) == (303, f"{COMPANIES}/proposed")
    (request,) = arrivals.world.found(ForeignEnterpriseRequest)
    told = (request.name, request.country, request.registered_as, request.representation)
    assert told == (ACME.name, "PT", "500100200", said)
    refused = browser.post(f"{COMPANIES}/ask", at=COMPANIES, **form, name="Another", country="DE")
    assert refused.status_code == 400
    assert len(arrivals.world.found(ForeignEnterpriseRequest)) == 1


@pytest.mark.parametrize("known", [True, False])
def test_a_proposal_to_an_enterprise_looks_alike_whether_or_not_it_is_here(arrivals: Arrivals, known: bool) -> None:
    browser, said = representing(arrivals)
    number = arrivals.world.enterprise(Capacity.EMPLOYER) if known else "0403019261"
    answer = browser.post(f"{COMPANIES}/propose", at=COMPANIES, representation=said, number=number, **CALLED)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{COMPANIES}/proposed")
    assert [one.enterprise for one in arrivals.world.found(EntryProposal)] == [number]
    assert arrivals.world.found(Appointment) == []
    assert "You act as a citizen" in browser.get("/?lang=en").text or "for yourself" in browser.get("/?lang=en").text


@pytest.mark.parametrize(
    "changed", [{"representation": "ab" * 32}, {"number": "1"}, {"email": "no"}, {"contact_name": ""}, {"phone": "x"}]
)
def test_a_proposal_that_is_not_whole_or_not_the_own_is_refused(arrivals: Arrivals, changed: dict[str, str]) -> None:
    browser, said = representing(arrivals)
    form = {"representation": said, "number": "0403019261", **CALLED, **changed}
    answer = browser.post(f"{COMPANIES}/propose", at=COMPANIES, **form)
    assert answer.status_code == 403
    assert arrivals.world.found(EntryProposal) == []


def test_who_logged_in_for_nobody_is_told_the_way(arrivals: Arrivals) -> None:
    _, niss = arrivals.border.person()
    browser = arrivals.browser()
    browser.comes_by(niss)
    assert "/foreign-enterprises/request" in browser.get(COMPANIES).text
