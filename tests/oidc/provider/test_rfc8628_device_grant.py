"""RFC 8628: a device asks, waits as it is told, and gets tokens once, after a person said yes elsewhere."""

from __future__ import annotations

import re

import pytest

from iam.domain.authorization_grants import AuthorizationGrant
from iam.domain.client_metadata import OFFLINE, PROFILE, AuthMethod, GrantType
from iam.domain.device_authorizations import USER_CODE_LETTERS, read_user_code
from iam.domain.errors import InvalidInput
from iam.domain.tokens import IssuedToken
from tests.oidc.provider.code_scene import DECLARE, CodeScene, claims
from tests.oidc.provider.devices import OTHER_TOOL, TOOL, Device, error_of, settle
from tests.oidc.provider.premises import EMPLOYER, ISSUER

PENDING = (400, "authorization_pending", "not_decided_yet")


@pytest.fixture
def device(scene: CodeScene) -> Device:
    """A tool of the administration, and another."""
    settle(scene, TOOL)
    settle(scene, OTHER_TOOL)
    return Device(scene)


def leaves(scene: CodeScene, act: str) -> int:
    return sum(1 for one in scene.archive.leaves() if one.leaf.act == act)


def test_a_device_is_told_its_code_and_where_the_person_types_theirs(device: Device) -> None:
    answer = device.ask()
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    told = answer.get_json()
    assert re.fullmatch(f"[{USER_CODE_LETTERS}]{{4}}-[{USER_CODE_LETTERS}]{{4}}", told["user_code"])
    assert told["verification_uri"] == f"{ISSUER}/connect/device"
    assert told["verification_uri_complete"] == f"{ISSUER}/connect/device?user_code={told['user_code']}"
    assert (told["expires_in"], told["interval"]) == (600, 5)
    assert len(told["device_code"]) == 43


def test_the_endpoint_stands_in_the_metadata(scene: CodeScene) -> None:
    told = scene.browser().get("/.well-known/oauth-authorization-server", base_url=ISSUER).get_json()
    assert told["device_authorization_endpoint"] == f"{ISSUER}/oauth2/device_authorization"
    assert {GrantType.DEVICE_CODE, GrantType.TOKEN_EXCHANGE} <= set(told["grant_types_supported"])


def test_after_the_person_said_yes_the_device_gets_tokens_once(scene: CodeScene, device: Device) -> None:
    device.ask(f"openid {OFFLINE} {DECLARE}")
    assert error_of(device.poll(0)) == PENDING
    device.approve()
    answer = device.poll()
    assert answer.status_code == 200, answer.text
    told = answer.get_json()
    access = claims(told["access_token"])
    assert (access["aud"], access["client_id"]) == ("dimona", TOOL)
    assert access["authorization_details"][0]["enterprise"] == EMPLOYER
    assert claims(told["id_token"])["aud"] == TOOL and "nonce" not in claims(told["id_token"])
    assert leaves(scene, "token_issued") == 1
    again = scene.post(
        "/oauth2/token",
        {"grant_type": "refresh_token", "refresh_token": told["refresh_token"], **scene.authenticated(TOOL)},
    )
    assert again.status_code == 200, again.text


@pytest.mark.attack("O05")
def test_a_device_code_that_is_used_again_kills_what_it_gave(scene: CodeScene, device: Device) -> None:
    device.ask()
    device.approve()
    token = device.poll().get_json()["access_token"]
    assert scene.userinfo(token).status_code == 200
    for _ in range(2):
        assert error_of(device.poll()) == (400, "invalid_grant", "device_code_used")
    assert scene.userinfo(token).status_code == 401
    with scene.archive.reading() as reading:
        assert [one.revoked_at is not None for one in reading.find(AuthorizationGrant)] == [True]
        assert [one.revoked_at is not None for one in reading.find(IssuedToken)] == [True]


def test_who_asks_too_soon_waits_longer_each_time(device: Device) -> None:
    device.ask()
    assert error_of(device.poll(0)) == PENDING
    assert error_of(device.poll(3.9))[1] == "slow_down"
    assert error_of(device.poll(8.9))[1] == "slow_down"
    assert error_of(device.poll(15)) == PENDING
    for _ in range(20):
        told = error_of(device.poll(1))
    assert told[1] == "slow_down"
    assert error_of(device.poll(60)) == PENDING


def test_a_device_that_asks_too_soon_gets_no_tokens_though_the_person_said_yes(device: Device) -> None:
    device.ask()
    device.poll(0)
    device.approve()
    assert error_of(device.poll(1))[1] == "slow_down"
    assert device.poll(10).status_code == 200


def test_codes_expire_with_or_without_an_answer(device: Device) -> None:
    device.ask()
    assert error_of(device.poll(601)) == (400, "expired_token", "device_code_expired")
    device.ask()
    device.approve()
    assert error_of(device.poll(601))[1] == "expired_token"


def test_a_person_who_says_no_is_final(scene: CodeScene, device: Device) -> None:
    device.ask()
    device.deny()
    for _ in range(2):
        assert error_of(device.poll()) == (400, "access_denied", "person_declined")
    assert leaves(scene, "authorization_granted") == 0


@pytest.mark.attack("O06")
@pytest.mark.parametrize("approved", [False, True])
def test_a_device_code_of_another_client_is_none(device: Device, approved: bool) -> None:
    device.ask()
    if approved:
        device.approve()
    assert error_of(device.poll(client=OTHER_TOOL)) == (400, "invalid_grant", "unknown_device_code")
    expected = (200, "", "") if approved else PENDING
    assert error_of(device.poll()) == expected


@pytest.mark.attack("O05")
@pytest.mark.parametrize("code", ["x", "A" * 43, "BCDF-GHJK", "é", "-" * 4000])
def test_a_device_code_that_was_guessed_is_none(device: Device, code: str) -> None:
    assert device.poll(code=code).get_json()["error"] == "invalid_grant"


def test_the_user_code_is_no_device_code(device: Device) -> None:
    device.ask()
    device.approve()
    assert error_of(device.poll(code=device.told["user_code"]))[1] == "invalid_grant"


@pytest.mark.attack("O18")
@pytest.mark.parametrize(
    "scope",
    [
        *("", "*", "openid egovNRN", f"{DECLARE} scope:dmfa:declaration:declare", "scope:nothing:at:all", PROFILE),
        *(f"{DECLARE}  openid", f"{DECLARE}*", DECLARE.upper(), " ".join(f"s{n}" for n in range(11))),
    ],
)
def test_scopes_that_the_client_may_not_ask_for_are_refused(device: Device, scope: str) -> None:
    answer = device.ask(scope)
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_scope")


@pytest.mark.attack("O10")
def test_a_client_that_is_not_registered_for_devices_gets_no_code(scene: CodeScene, device: Device) -> None:
    device.ask()
    settle(scene, TOOL, grant_types=(GrantType.REFRESH_TOKEN,))
    assert error_of(device.ask()) == (400, "unauthorized_client", "grant_not_registered")
    assert error_of(device.poll()) == (400, "unauthorized_client", "grant_not_registered")


def test_a_client_must_prove_itself_before_it_asks(scene: CodeScene, device: Device) -> None:
    for sent in ({}, {"client_id": TOOL}, {"client_id": TOOL, "client_secret": "x"}):
        answer = scene.post("/oauth2/device_authorization", {"scope": DECLARE, **sent})
        assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_client")


def test_a_right_that_is_lost_between_yes_and_tokens_gives_none(scene: CodeScene, device: Device) -> None:
    device.ask()
    device.approve()
    scene.end_grant()
    assert error_of(device.poll())[1] == "invalid_scope"
    with scene.archive.reading() as reading:
        assert reading.find(IssuedToken) == []


def test_who_logs_out_before_the_device_asks_leaves_it_without_tokens(scene: CodeScene, device: Device) -> None:
    device.ask()
    device.approve()
    scene.entrance.sessions.end(scene.marie, scene.session.id)
    assert error_of(device.poll()) == (400, "invalid_grant", "grant_ended")


def test_a_public_tool_polls_with_its_name_alone_and_its_refresh_token_changes_each_time(scene: CodeScene) -> None:
    settle(scene, TOOL, auth_method=AuthMethod.NONE)
    device = Device(scene)
    named = {"client_id": TOOL}
    asked = scene.post("/oauth2/device_authorization", {"scope": f"openid {OFFLINE} {DECLARE}", **named})
    device.told = asked.get_json()
    device.approve()
    sent = {"grant_type": GrantType.DEVICE_CODE.value, "device_code": device.told["device_code"], **named}
    first = scene.post("/oauth2/token", sent).get_json()["refresh_token"]
    answer = scene.post("/oauth2/token", {"grant_type": "refresh_token", "refresh_token": first, **named})
    assert answer.get_json()["refresh_token"] != first


@pytest.mark.parametrize(
    "written", ["bcdfghjk", "BCDF-GHJK", " bcdf ghjk ", "b c d f g h j k", "bcdf.ghjk", "Bcdf_ghjk"]
)
def test_a_user_code_counts_however_it_is_typed(written: str) -> None:
    assert read_user_code(written) == "BCDFGHJK"


@pytest.mark.parametrize(
    "written", ["", "BCDFGHJ", "BCDFGHJKL", "BCDFGHJA", "BCDFGHJ1", "B\u0421DFGHJK", "B" * 41, "*"]
)
def test_what_is_no_user_code_is_refused_before_anything_is_read(written: str) -> None:
    with pytest.raises(InvalidInput):
        read_user_code(written)
