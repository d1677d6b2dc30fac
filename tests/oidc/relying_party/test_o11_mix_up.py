"""The answer of one provider is none for another, whatever was changed meanwhile: no code is sent anywhere (O11)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from werkzeug.test import TestResponse

from iam.domain.sessions import Session
from tests.oidc.relying_party.a_portal import EVIL, OTHER_ISSUER, Refused, Traveller
from tests.oidc.relying_party.an_openid_provider import ISSUER

Act = Callable[[Traveller], TestResponse]
NAMED = "authorization_response_iss_parameter_supported"


def at_the_callback_of_the_other(traveller: Traveller) -> TestResponse:
    return traveller.come_back("other", code="c", state=traveller.leave("op")["state"])


def at_the_callback_of_the_other_with_its_issuer(traveller: Traveller) -> TestResponse:
    return traveller.come_back("other", code="c", state=traveller.leave("op")["state"], iss=OTHER_ISSUER)


def at_a_callback_of_nobody(traveller: Traveller) -> TestResponse:
    return traveller.come_back("Op", code="c", state=traveller.leave("op")["state"])


def with_issuer(iss: str | None, *, announced: bool) -> Act:
    def act(traveller: Traveller) -> TestResponse:
        traveller.portal.op.metadata[NAMED] = announced
        return traveller.come_back(code="c", state=traveller.leave()["state"], **({} if iss is None else {"iss": iss}))

    return act


def when_metadata_changed(**told: object) -> Act:
    """Between leaving and coming back the provider, or who plays it, says something else; it is asked again."""

    def act(traveller: Traveller) -> TestResponse:
        state = traveller.leave()["state"]
        traveller.portal.op.metadata.update(told)
        traveller.portal.restart()
        traveller.browser.client = _same_cookies(traveller)
        return traveller.come_back(code="c", state=state)

    return act


def when_configuration_changed(**settings: object) -> Act:
    """Between leaving and coming back an operator puts another in the provider's place."""

    def act(traveller: Traveller) -> TestResponse:
        state = traveller.leave()["state"]
        traveller.portal.configure("op", **settings)
        return traveller.come_back(code="c", state=state)

    return act


def _same_cookies(traveller: Traveller):  # type: ignore[no-untyped-def]
    visit = traveller.browser.visit
    client = traveller.portal.app.test_client()
    client.set_cookie("__Host-procura-visit", visit, domain="localhost", secure=True, httponly=True)
    return client


NOT_BEGUN, NOT_BELIEVED, UNAVAILABLE = "oidc_not_begun_here", "oidc_not_believed", "oidc_unavailable"
ATTACKS: list[tuple[Act, str]] = [
    (at_the_callback_of_the_other, NOT_BEGUN),
    (at_the_callback_of_the_other_with_its_issuer, NOT_BEGUN),
    (with_issuer(None, announced=True), NOT_BELIEVED),
    (with_issuer("", announced=False), NOT_BELIEVED),
    *[
        (with_issuer(iss, announced=announced), NOT_BELIEVED)
        for announced in (True, False)
        for iss in (
            OTHER_ISSUER,
            EVIL,
            ISSUER + "/",
            ISSUER.upper(),
            ISSUER + "/.",
            ISSUER.removesuffix("/v2"),
            "https://op.example:443/v2",
            "https://op.example@attacker.example/v2",
            "http" + ISSUER.removeprefix("https"),
            f" {ISSUER}",
            ISSUER.replace("example", "ехаmple"),
        )
    ],
    (when_metadata_changed(issuer=OTHER_ISSUER), UNAVAILABLE),
    (when_metadata_changed(token_endpoint=f"{EVIL}/token"), UNAVAILABLE),
    (when_metadata_changed(token_endpoint=f"{OTHER_ISSUER}/token"), UNAVAILABLE),
    (when_metadata_changed(token_endpoint=f"{ISSUER}/tenant/token"), NOT_BELIEVED),
    (when_metadata_changed(token_endpoint=f"{ISSUER}/token?to=me"), NOT_BELIEVED),
    (when_metadata_changed(jwks_uri=f"{ISSUER}/other-keys"), NOT_BELIEVED),
    (when_metadata_changed(userinfo_endpoint=f"{ISSUER}/tenant/userinfo"), NOT_BELIEVED),
    (when_configuration_changed(issuer=OTHER_ISSUER), NOT_BELIEVED),
    (when_configuration_changed(client_id="another-client"), NOT_BELIEVED),
]


@pytest.mark.attack("O11")
@pytest.mark.parametrize(("attack", "code"), ATTACKS)
def test_the_answer_of_one_provider_is_none_of_another_s(traveller: Traveller, attack: Act, code: str) -> None:
    traveller.browser.get("/sign-in")
    refused = Refused(traveller.portal)
    with refused:
        answer = attack(traveller)
    refused.check(answer, code)


@pytest.mark.attack("O11")
def test_each_provider_has_a_callback_of_its_own_and_its_truth_is_believed(traveller: Traveller) -> None:
    first = traveller.leave("op")
    assert traveller.come_back("op", code="c", state=first["state"], iss=ISSUER).status_code == 303
    second = traveller.leave("other")
    assert traveller.come_back("other", code="c", state=second["state"], iss=OTHER_ISSUER).status_code == 303
    assert first["redirect_uri"] != second["redirect_uri"]
    assert [one.provider for one in traveller.portal.gate.world.found(Session)] == ["other"]


@pytest.mark.attack("O11")
def test_a_provider_that_is_switched_off_meanwhile_is_shown_no_code(traveller: Traveller) -> None:
    state = traveller.leave()["state"]
    traveller.portal.gate.book.switch("op", enabled=False)
    answer = traveller.come_back(code="c", state=state)
    assert answer.status_code == 404 and "Location" not in answer.headers
    assert traveller.portal.web.redeemed() == [] and traveller.portal.gate.world.found(Session) == []
