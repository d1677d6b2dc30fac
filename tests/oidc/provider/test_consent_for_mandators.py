"""RFC 9396 at the decision: the client names a mandator, the page leads there, and the token tells it."""

from __future__ import annotations

import pytest
from werkzeug.test import TestResponse

from iam.domain.appointments import Portfolio, Role
from iam.domain.enterprises import Capacity
from tests.oidc.provider.asking import details
from tests.oidc.provider.code_scene import DECLARE, CodeScene, answer_of, claims
from tests.oidc.provider.premises import EMPLOYER, ISSUER, OTHER, PROVIDER
from tests.storage import records

SERVICE_PROVIDER = Capacity.SERVICE_PROVIDER


@pytest.fixture
def mandated(scene: CodeScene) -> CodeScene:
    """Marie works for a provider, too, to which the employer gave a mandate."""
    there = {"enterprise": PROVIDER, "capacity": SERVICE_PROVIDER}
    scene.record(
        records.capacity_held("c2", **there),
        records.appointment("a2", person=scene.marie, role=Role.USER, **there),
        records.grant("g2", holder="a2", service="dimona", actions=("declare",), **there),
        records.portfolio("f1", holder="a2", enterprise=PROVIDER),
        records.cover("m1/dmfa-dimona"),
    )
    return scene


def shown(scene: CodeScene, mandator: str = EMPLOYER) -> tuple[object, TestResponse]:
    browser = scene.logged_in()
    address = scene.authorize(scope=f"openid {DECLARE}", authorization_details=details(mandator))
    return browser, browser.get(address, base_url=ISSUER, follow_redirects=True)


def test_the_page_leads_to_the_mandator_and_the_token_tells_it(mandated: CodeScene) -> None:
    browser, page = shown(mandated)
    assert 'value="allow"' not in page.text and page.text.count('value="act_as"') == 1
    chosen = {"enterprise": PROVIDER, "capacity": "service_provider", "mandator": EMPLOYER}
    led = mandated.answer(browser, page, "act_as", **chosen)  # type: ignore[arg-type]
    assert led.status_code == 303
    again = browser.get(led.headers["Location"], base_url=ISSUER)  # type: ignore[attr-defined]
    told = answer_of(mandated.answer(browser, again, "allow"))  # type: ignore[arg-type]
    (detail,) = claims(mandated.redeem(told["code"]).get_json()["access_token"])["authorization_details"]
    assert (detail["type"], detail["mandator"], detail["enterprise"]) == ("procura_mandator", EMPLOYER, PROVIDER)


@pytest.mark.attack("O18")
def test_a_mandator_without_a_mandate_is_offered_to_nobody(mandated: CodeScene) -> None:
    browser, page = shown(mandated, OTHER)
    assert 'value="act_as"' not in page.text and 'role="alert"' in page.text
    chosen = {"enterprise": PROVIDER, "capacity": "service_provider", "mandator": OTHER}
    assert mandated.answer(browser, page, "act_as", **chosen).status_code == 403  # type: ignore[arg-type]
    assert mandated.answer(browser, page, "allow").status_code == 409  # type: ignore[arg-type]


@pytest.mark.attack("O18")
def test_what_rested_on_the_trust_in_the_person_ends_with_it(mandated: CodeScene) -> None:
    mandated.logged_in(enterprise=PROVIDER, capacity=SERVICE_PROVIDER, mandator=EMPLOYER)
    browser = mandated.logged_in(enterprise=PROVIDER, capacity=SERVICE_PROVIDER, mandator=EMPLOYER)
    address = mandated.authorize(scope=DECLARE, authorization_details=details(EMPLOYER))
    page = browser.get(address, base_url=ISSUER, follow_redirects=True)
    with mandated.archive.writing() as uow:
        uow.remove(Portfolio, "f1")
        uow.commit()
    refused = mandated.answer(browser, page, "allow")
    assert refused.status_code == 403 and "Location" not in refused.headers
    assert 'value="allow"' not in refused.text and 'value="deny"' in refused.text
