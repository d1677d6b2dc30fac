"""RFC 8628 with RFC 9449: what a device gets is bound to its key, and only the key that asked fetches it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from werkzeug.test import TestResponse

from iam.domain.client_metadata import OFFLINE, AuthMethod, GrantType
from iam.domain.clients import Profile
from tests.oidc.provider.code_scene import DECLARE, CodeScene, claims
from tests.oidc.provider.devices import TOOL, Device, error_of, settle
from tests.oidc.provider.premises import ISSUER
from tests.oidc.provider.wallet import Wallet

ASKING, TOKEN = "/oauth2/device_authorization", "/oauth2/token"
SCOPE = f"openid {OFFLINE} {DECLARE}"


class BoundDevice(Device):
    """A device with a key of its own, and whatever other keys somebody has who stole its code."""

    def __init__(self, scene: CodeScene) -> None:
        super().__init__(scene)
        self.wallet = Wallet(scene.clock)

    def sent(self, path: str, told: Mapping[str, str], wallet: Wallet | None) -> TestResponse:
        def call() -> TestResponse:
            headers = {"DPoP": wallet.proof("POST", ISSUER + path)} if wallet else {}
            return self.scene.browser().post(path, data=dict(told), base_url=ISSUER, headers=headers)

        return wallet.tried(call) if wallet else call()

    def begin(self, wallet: Wallet | None) -> TestResponse:
        answer = self.sent(ASKING, {"scope": SCOPE, **self._proven()}, wallet)
        self.told = answer.get_json()
        return answer

    def fetch(self, wallet: Wallet | None) -> TestResponse:
        self.scene.clock.advance(seconds=6)
        told = {"grant_type": GrantType.DEVICE_CODE.value, "device_code": self.told["device_code"]}
        return self.sent(TOKEN, {**told, **self._proven()}, wallet)

    def renew(self, token: str, wallet: Wallet | None) -> TestResponse:
        told = {"grant_type": GrantType.REFRESH_TOKEN.value, "refresh_token": token}
        return self.sent(TOKEN, {**told, **self._proven()}, wallet)

    def userinfo(self, token: str, scheme: str, wallet: Wallet) -> TestResponse:
        def call() -> TestResponse:
            proof = wallet.proof("GET", f"{ISSUER}/oauth2/userinfo", token)
            headers = {"Authorization": f"{scheme} {token}", **({"DPoP": proof} if scheme == "DPoP" else {})}
            return self.scene.browser().get("/oauth2/userinfo", base_url=ISSUER, headers=headers)

        return wallet.tried(call)

    def _proven(self) -> dict[str, str]:
        return self.scene.authenticated(self.client)


class PublicDevice(BoundDevice):
    """A native program that has nothing but its name and its key."""

    def _proven(self) -> dict[str, str]:
        return {"client_id": self.client}


@pytest.fixture
def device(scene: CodeScene) -> BoundDevice:
    settle(scene, TOOL, Profile.DEFAULT, dpop_bound=True)
    return BoundDevice(scene)


def test_the_tokens_of_a_device_are_bound_to_the_key_that_asked(device: BoundDevice) -> None:
    assert device.begin(device.wallet).status_code == 200
    device.approve()
    answer = device.fetch(device.wallet)
    assert answer.status_code == 200, answer.text
    told = answer.get_json()
    assert told["token_type"] == "DPoP"
    assert claims(told["access_token"])["cnf"] == {"jkt": device.wallet.thumbprint}
    renewed = device.renew(told["refresh_token"], device.wallet)
    assert renewed.status_code == 200 and renewed.get_json()["token_type"] == "DPoP"
    assert device.userinfo(renewed.get_json()["access_token"], "DPoP", device.wallet).status_code == 200
    for scheme, wallet in (("Bearer", device.wallet), ("DPoP", Wallet(device.scene.clock))):
        assert device.userinfo(told["access_token"], scheme, wallet).status_code == 401


@pytest.mark.attack("O06")
def test_a_device_code_that_was_stolen_is_worth_nothing_with_another_key_and_is_not_spent(device: BoundDevice) -> None:
    device.begin(device.wallet)
    device.approve()
    assert error_of(device.fetch(Wallet(device.scene.clock))) == (400, "invalid_grant", "other_key")
    refused = device.fetch(None)
    assert (refused.status_code, refused.get_json()["error"]) == (400, "invalid_dpop_proof")
    assert device.fetch(device.wallet).status_code == 200


def test_a_device_that_proves_its_key_only_when_it_fetches_gets_bound_tokens_and_no_others(
    device: BoundDevice,
) -> None:
    assert device.begin(None).status_code == 200
    device.approve()
    refused = device.fetch(None)
    assert (refused.status_code, refused.get_json()["error"]) == (400, "invalid_dpop_proof")
    answer = device.fetch(device.wallet)
    assert claims(answer.get_json()["access_token"])["cnf"] == {"jkt": device.wallet.thumbprint}


def test_the_refresh_token_of_a_public_device_follows_its_key_alone(scene: CodeScene) -> None:
    settle(scene, TOOL, Profile.OLDER, auth_method=AuthMethod.NONE, dpop_bound=True)
    device = PublicDevice(scene)
    device.begin(device.wallet)
    device.approve()
    told = device.fetch(device.wallet).get_json()
    for wallet in (Wallet(scene.clock), None):
        answer = device.renew(told["refresh_token"], wallet)
        assert answer.status_code == 400 and answer.get_json()["error"] in ("invalid_grant", "invalid_dpop_proof")
    answer = device.renew(told["refresh_token"], device.wallet)
    assert answer.status_code == 200, answer.text
    assert claims(answer.get_json()["access_token"])["cnf"] == {"jkt": device.wallet.thumbprint}
