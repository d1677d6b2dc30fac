"""A device without a browser, and the service that passes tokens on: clients beside the portal of a scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from werkzeug.test import TestResponse

from iam.domain.client_metadata import OFFLINE, OPENID, ClientMetadata, GrantType
from iam.domain.clients import ClientKind, Profile
from iam.domain.device_authorizations import DeviceAuthorization
from iam.domain.enterprises import Capacity
from iam.services.authorization_grants import Asked
from tests.oidc.provider.code_scene import CONSULT, DECLARE, CodeScene
from tests.oidc.provider.forgery import ec_jwk, jwks
from tests.oidc.provider.premises import NSSO
from tests.storage import records

TOOL = f"declaration_service_procura_{NSSO}_commandline"
OTHER_TOOL = f"declaration_service_procura_{NSSO}_othertool0"


def settle(scene: CodeScene, client: str, profile: Profile = Profile.OLDER, **changed: Any) -> None:
    """Register a client for devices, refresh and exchange; bearer tokens unless another profile is told."""
    services: Sequence[str] = changed.pop("services", ("dimona",))
    metadata = ClientMetadata(
        client=client,
        grant_types=(GrantType.DEVICE_CODE, GrantType.REFRESH_TOKEN, GrantType.TOKEN_EXCHANGE),
        scopes=(OPENID, OFFLINE, DECLARE, CONSULT),
    )
    scene.record(
        records.client(
            client,
            enterprise=NSSO,
            capacity=Capacity.ADMINISTRATION,
            kind=ClientKind.DECLARATION_SERVICE,
            services=tuple(services),
            jwks=jwks(ec_jwk(kid="k1")),
            profile=profile,
            profile_until=None if profile is Profile.DEFAULT else scene.clock.at + timedelta(days=365),
        ),
        replace(metadata, **changed),
    )


class Device:
    """Command-line software."""

    def __init__(self, scene: CodeScene, client: str = TOOL) -> None:
        self.scene, self.client = scene, client
        self.told: dict[str, Any] = {}

    def ask(self, scope: str = f"openid {DECLARE}", **more: str) -> TestResponse:
        sent = {"scope": scope, **self.scene.authenticated(self.client), **more}
        answer = self.scene.post("/oauth2/device_authorization", {k: v for k, v in sent.items() if v})
        if answer.status_code == 200:
            self.told = answer.get_json()
        return answer

    def poll(self, after: float = 5, code: str = "", client: str = "", **headers: str) -> TestResponse:
        """Ask again, so many seconds later."""
        self.scene.clock.advance(seconds=after)
        sent = {
            "grant_type": GrantType.DEVICE_CODE.value,
            "device_code": code or self.told["device_code"],
            **self.scene.authenticated(client or self.client),
        }
        return self.scene.post("/oauth2/token", sent, **headers)

    def held(self) -> DeviceAuthorization:
        """The question as the browser holds it in which the person typed the code."""
        devices = self.scene.house.token_desk.devices
        session = self.scene.session
        held = devices.held(session, devices.take(session, self.told["user_code"], ""))
        assert held is not None
        return held

    def approve(self) -> None:
        """The person types the code and says yes."""
        self.scene.logged_in()
        found = self.scene.house.token_desk.registrations.find(self.client)
        assert found is not None
        held = self.held()
        asked = Asked(client=found.client, redirect_uri="", scopes=held.scopes, challenge="")
        self.scene.house.token_desk.devices.approve(self.scene.session, held, asked)

    def deny(self) -> None:
        """The person types the code and says no."""
        self.scene.logged_in()
        self.scene.house.token_desk.devices.deny(self.held())


def error_of(answer: TestResponse) -> tuple[int, str, str]:
    """Status, error and reason code of a refusal."""
    told = answer.get_json()
    return answer.status_code, told.get("error", ""), str(told.get("error_description", "")).partition(":")[0]
