"""RFC 7636 and RFC 6749 §4.1.3: a code is worth something only to who asked, with the verifier, in its minute."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from iam.domain.clients import Profile
from iam.domain.tokens import IssuedToken
from tests.oidc.provider.asking import error
from tests.oidc.provider.code_scene import CALLBACK, VERIFIER, CodeScene, answer_of, challenge_of
from tests.oidc.provider.premises import ISSUER
from tests.oidc.provider.test_rfc9126_pushed_requests import OTHER_PORTAL, second_portal


def given(scene: CodeScene) -> list[IssuedToken]:
    """Every access token that there is."""
    with scene.archive.reading() as reading:
        return list(reading.find(IssuedToken))


WRONG = [
    "",
    "w" * 43,
    "v" * 42,
    "v" * 44,
    "V" * 43,
    challenge_of(VERIFIER),
    VERIFIER + "\u200b",
    "v" * 128,
    "*",
    "\u00ea" * 43,
]


@pytest.mark.attack("O04")
@pytest.mark.parametrize("profile", [Profile.DEFAULT, Profile.OLDER])
def test_without_the_verifier_of_its_challenge_a_code_gives_nothing(scene: CodeScene, profile: Profile) -> None:
    scene.profile(profile)
    code = scene.code()
    for verifier in WRONG:
        assert error(scene.redeem(code, code_verifier=verifier)) == (400, "invalid_grant"), verifier
    assert given(scene) == []
    assert scene.redeem(code).status_code == 200


@pytest.mark.attack("O04")
def test_the_verifier_of_another_code_is_none(scene: CodeScene) -> None:
    other = "w" * 43
    browser = scene.logged_in()
    mine, theirs = scene.code(browser), scene.code(browser, code_challenge=challenge_of(other), prompt="consent")
    assert error(scene.redeem(mine, code_verifier=other)) == (400, "invalid_grant")
    assert error(scene.redeem(theirs)) == (400, "invalid_grant")


@pytest.mark.attack("O04")
def test_a_verifier_for_a_code_without_challenge_is_refused(scene: CodeScene) -> None:
    scene.profile(Profile.OIDC_BASIC)
    none: dict[str, Any] = {"scope": "openid", "code_challenge": "", "code_challenge_method": ""}
    assert error(scene.redeem(scene.code(**none))) == (400, "invalid_grant")
    assert scene.redeem(scene.code(**none), code_verifier="").status_code == 200


@pytest.mark.attack("O06")
def test_a_code_is_worth_nothing_to_another_client(scene: CodeScene) -> None:
    second_portal(scene)
    code = scene.code()
    assert error(scene.redeem(code, **scene.authenticated(OTHER_PORTAL))) == (400, "invalid_grant")
    assert scene.redeem(code).status_code == 200, "another's try takes nothing from whose it is"


@pytest.mark.attack("O06")
@pytest.mark.parametrize("client", [OTHER_PORTAL, "unknown", "x"])
def test_a_client_id_beside_another_ones_credentials_is_refused(scene: CodeScene, client: str) -> None:
    second_portal(scene)
    code = scene.code()
    assert error(scene.redeem(code, client_id=client)) == (401, "invalid_client")
    assert scene.redeem(code).status_code == 200


@pytest.mark.attack("O06")
def test_a_code_that_was_put_into_another_persons_browser_is_known_by_its_nonce_and_verifier(scene: CodeScene) -> None:
    """Whose login it was stands in the ID token with the nonce of the request; another request has another verifier."""
    browser = scene.logged_in()
    stolen = scene.code(browser, code_challenge=challenge_of("w" * 43), nonce="n-attacker")
    assert error(scene.redeem(stolen)) == (400, "invalid_grant")


@pytest.mark.attack("O07")
@pytest.mark.parametrize(("seconds", "good"), [(59, True), (61, False), (3_600, False)])
def test_a_code_is_good_for_a_minute(scene: CodeScene, seconds: int, good: bool) -> None:
    code = scene.code()
    scene.clock.at += timedelta(seconds=seconds)
    answer = scene.redeem(code)
    assert answer.status_code == 200 if good else error(answer) == (400, "invalid_grant")


@pytest.mark.attack("O07")
@pytest.mark.parametrize(
    "address",
    ["https://portal.example/other", CALLBACK + "/", CALLBACK.upper(), CALLBACK + "?", "https://evil.example", "x"],
)
def test_a_code_is_redeemed_with_the_address_it_was_sent_to(scene: CodeScene, address: str) -> None:
    scene.record(scene.metadata(redirect_uris=(CALLBACK, "https://portal.example/other")))
    assert error(scene.redeem(scene.code(), redirect_uri=address)) == (400, "invalid_grant")


@pytest.mark.attack("O07")
def test_a_code_without_the_address_gives_nothing(scene: CodeScene) -> None:
    answer = scene.redeem(scene.code(), redirect_uri="")
    assert answer.status_code == 400 and given(scene) == []


@pytest.mark.attack("O07")
def test_a_code_of_a_client_whose_keys_changed_since_is_for_the_new_keys_alone(scene: CodeScene) -> None:
    code = scene.code()
    old = scene.authenticated()
    scene.record(replace(scene.client(), profile_until=scene.clock.at))
    assert error(scene.redeem(code, **old)) == (401, "invalid_client")


@pytest.mark.attack("O06")
def test_the_same_request_brought_by_two_browsers_is_answered_once(scene: CodeScene) -> None:
    address = scene.pushed()
    first = scene.logged_in()
    second = scene.logged_in(browser=scene.browser())
    pages = [one.get(address, base_url=ISSUER, follow_redirects=True) for one in (first, second)]
    assert "code" in answer_of(scene.answer(first, pages[0], "allow"))
    answer = scene.answer(second, pages[1], "allow")
    assert answer.status_code == 400 and "Location" not in answer.headers
