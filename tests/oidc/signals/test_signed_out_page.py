"""The page after a log-out says of each service what its stream of signals makes true."""

from __future__ import annotations

import re

import pytest

from tests.oidc.provider.code_scene import PORTAL, claims
from tests.oidc.provider.premises import ISSUER
from tests.oidc.signals.signal_scene import CLAIMS_CHANGE, OTHER_SERVICE, SESSION, SignalScene

TOLD = {
    "nl": "Deze diensten krijgen bericht dat u bent afgemeld",
    "fr": "Ces services sont avertis que vous êtes déconnecté",
    "de": "Diese Dienste erfahren, dass Sie abgemeldet sind",
    "en": "These services are told that you logged out",
}
LABEL = "Payroll"


def listed(signals: SignalScene, language: str = "en") -> tuple[bool, bool]:
    """Whether a service that the person entered is among those that are told of their log-out, and is pushed it."""
    browser = signals.scene.logged_in()
    signals.scene.tokens(browser=browser)
    shown = browser.get(f"/sign-out?lang={language}", base_url=ISSUER)
    token = re.findall(r'name="csrf_token" value="([^"]+)"', shown.text)[0]
    form, headers = {"csrf_token": token}, {"Origin": ISSUER}
    page = browser.post(f"/sign-out?lang={language}", data=form, base_url=ISSUER, headers=headers)
    assert page.status_code == 200 and page.text.count(f"<li>{LABEL}</li>") == 1
    signals.ears.heard.clear()
    signals.send()
    return TOLD[language] in page.text, SESSION in signals.events()


@pytest.mark.parametrize("language", TOLD)
def test_a_service_with_a_stream_of_log_outs_is_told_in_every_language(hearing: SignalScene, language: str) -> None:
    hearing.create()
    assert listed(hearing, language) == (True, True)


def test_a_service_that_polls_is_told(hearing: SignalScene) -> None:
    hearing.polled(PORTAL, SESSION)
    told, pushed = listed(hearing)
    assert told and not pushed


def test_a_service_without_a_stream_is_not_told(hearing: SignalScene) -> None:
    assert listed(hearing) == (False, False)


def test_a_stream_of_other_events_tells_no_log_out(hearing: SignalScene) -> None:
    hearing.create(PORTAL, CLAIMS_CHANGE)
    assert listed(hearing) == (False, False)


def test_another_services_stream_tells_it_nothing(hearing: SignalScene) -> None:
    hearing.another()
    hearing.create(OTHER_SERVICE)
    assert listed(hearing) == (False, False)


@pytest.mark.parametrize("status", ["paused", "disabled"])
def test_a_stream_that_stands_still_tells_no_log_out_now(hearing: SignalScene, status: str) -> None:
    stream = hearing.create(PORTAL, SESSION)["stream_id"]
    hearing.ask("POST", "/signals/status", json={"stream_id": stream, "status": status})
    assert listed(hearing) == (False, False)


def test_one_stream_of_two_is_enough(hearing: SignalScene) -> None:
    hearing.polled(PORTAL, CLAIMS_CHANGE)
    hearing.create(PORTAL, SESSION)
    assert listed(hearing) == (True, True)


def test_a_person_who_was_removed_from_the_stream_is_told_so(hearing: SignalScene) -> None:
    stream = hearing.create(PORTAL, SESSION)["stream_id"]
    sub = claims(hearing.scene.tokens()["id_token"])["sub"]
    subject = {"format": "complex", "user": {"format": "iss_sub", "iss": ISSUER, "sub": sub}}
    gone = hearing.ask("POST", "/signals/subjects/remove", json={"stream_id": stream, "subject": subject})
    assert gone.status_code == 204
    assert listed(hearing) == (False, False)
