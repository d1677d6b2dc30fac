"""RFC 9700: practices that no other specification's tests show."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from iam.domain.client_metadata import OFFLINE
from iam.services.client_orders import new_client_id
from tests.oidc.provider.code_scene import CALLBACK, DECLARE, CodeScene, claims
from tests.oidc.provider.premises import ISSUER

ROOT = Path(__file__).resolve().parents[3]
PAGES = [
    *(ROOT / "oidc/provider").rglob("*.html"),
    *(ROOT / "iam/web").rglob("*.html"),
    *(ROOT / "iam/web").rglob("*.js"),
]
MESSAGES = re.compile(r"postMessage|window\.opener|window\.parent|BroadcastChannel|addEventListener\(.message")


@pytest.mark.parametrize("answer", ["allow", "deny"])
def test_a_browser_never_carries_a_form_on_to_the_client(scene: CodeScene, answer: str) -> None:
    """§4.12: 303 makes a browser ask with GET, and §4.2: what it came from is told to nobody."""
    browser = scene.logged_in()
    page = browser.get(scene.authorize(), base_url=ISSUER, follow_redirects=True)
    answered = scene.answer(browser, page, answer)
    assert answered.status_code == 303 and answered.headers["Location"].startswith(CALLBACK)
    assert answered.headers["Referrer-Policy"] == "no-referrer"
    assert answered.headers["Cache-Control"] == "no-store"


def test_a_person_is_never_named_as_software_is(scene: CodeScene) -> None:
    """§4.15: whose token it is shows in its subject, which no client chooses."""
    person = claims(scene.tokens(scope=f"openid {OFFLINE} {DECLARE}", prompt="consent")["access_token"])
    with scene.archive.writing() as uow:
        software = new_client_id(uow, scene.house.randomness, "self_service_procura", "0206731645")
    assert person["sub"] != person["client_id"] and "procura" not in person["sub"]
    assert re.fullmatch(r"self_service_procura_[0-9]{10}_[a-z0-9]{10}", software)


def test_no_page_of_ours_talks_to_pages_of_others() -> None:
    """§4.17: there are no flows by messages between windows."""
    assert len(PAGES) > 10
    assert [page.name for page in PAGES if MESSAGES.search(page.read_text(encoding="utf-8"))] == []
