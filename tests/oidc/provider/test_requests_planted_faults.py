"""Faults planted where requests and decisions are judged: each is noticed by the tests that stand for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from iam.services import grant_redemption
from oidc.provider import authorization_answering, authorization_parameters, request_objects, resource_indicators
from oidc.provider.authorization_standing import Standing
from tests.oidc.provider import test_consent as consent
from tests.oidc.provider import test_o01_redirect_uris as addresses
from tests.oidc.provider import test_oidc_core_requests as core
from tests.oidc.provider import test_rfc6749_authorization_requests as requests
from tests.oidc.provider import test_rfc7636_codes as codes
from tests.oidc.provider import test_rfc8707_resources as resources
from tests.oidc.provider import test_rfc9101_request_objects as objects
from tests.oidc.provider.code_scene import CALLBACK, CodeScene, challenge_of


def always(*_args: object, **_kwargs: object) -> bool:
    return True


def nothing(*_args: object, **_kwargs: object) -> None:
    """Judges nothing."""


def anything(*_args: object, **_kwargs: object) -> str:
    return challenge_of("v" * 43)


def near(scene: CodeScene) -> None:
    scene.push()
    addresses.test_an_address_next_to_a_registered_one_gets_nobody(scene, CALLBACK + "/x")


def plain(scene: CodeScene) -> None:
    scene.push()
    requests.test_without_a_challenge_of_s256_there_is_no_code(scene, scene.held_to, "v" * 43, "plain")


def late(scene: CodeScene) -> None:
    scene.profile(scene.held_to, request_object_alg="ES256")
    scene.push()
    objects.test_an_object_with_a_wrong_claim_is_refused(scene, {"nbf": -4200})


def verifier(scene: CodeScene) -> None:
    codes.test_without_the_verifier_of_its_challenge_a_code_gives_nothing(scene, scene.held_to)


PLANTED: dict[str, tuple[object, str, object, Callable[[CodeScene], None]]] = {
    "any address is registered": (authorization_answering, "registered", always, near),
    "any challenge is one": (authorization_parameters, "_challenge", anything, plain),
    "a request object lives for ever": (request_objects, "_check_times", nothing, late),
    "any resource is the scopes'": (
        resource_indicators,
        "check_resource",
        nothing,
        resources.test_a_code_and_a_refresh_token_give_nothing_for_another_resource,
    ),
    "any verifier is the code's": (grant_redemption, "_verifies", always, verifier),
    "any page was shown": (
        Standing,
        "shown_to",
        lambda *_args: "x",
        consent.test_an_answer_to_what_was_not_shown_is_no_answer,
    ),
    "whom the person acts for does not matter": (
        Standing,
        "fits",
        always,
        core.test_who_acts_for_somebody_else_than_the_client_names_gives_it_nothing,
    ),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_noticed(scene: CodeScene, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    where, name, wrong, notices = PLANTED[fault]
    monkeypatch.setattr(where, name, wrong)
    with pytest.raises((AssertionError, KeyError)):
        notices(scene)


@pytest.mark.parametrize("fault", PLANTED)
def test_without_the_fault_nothing_is_noticed(scene: CodeScene, fault: str) -> None:
    assert PLANTED[fault][3](scene) is None
