"""A service to which people log in, beside the running house: grants made behind the scenes, redeemed at its doors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from iam.domain.client_metadata import OFFLINE, OPENID, ClientMetadata, GrantType
from iam.domain.clients import Client, Profile
from iam.domain.persons import Person
from iam.domain.sessions import Session
from iam.services.authorization_grants import Asked
from iam.services.device_authorizations import Begun
from tests.backstage import Backstage
from tests.running import ASSERTION, FORM, Request, Sandbox
from tests.storage import records

ALIAS = "declarations"
CALLBACK = "https://declarations.example/callback"
SCOPES = (OPENID, OFFLINE)


@dataclass(slots=True)
class Shop:
    """The client, and one person who is logged in."""

    country: Sandbox
    behind: Backstage
    person: str = ""

    def open(self) -> None:
        """Register where people return to; bearer tokens, so that the race is about nothing else."""
        house, client = self.behind.house, self.country.clients[ALIAS].client_id
        self.person = house.randomness.identifier()
        with house.archive.writing() as uow:
            found = uow.get(Client, client)
            assert found is not None
            uow.put(replace(found, profile=Profile.OLDER, profile_until=uow.now + timedelta(days=30)))
            grants = (GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN, GrantType.DEVICE_CODE)
            grants += (GrantType.CLIENT_CREDENTIALS,)
            uow.put(ClientMetadata(client=client, grant_types=grants, redirect_uris=(CALLBACK,), scopes=SCOPES))
            uow.put(Person(id=self.person, known_since=uow.now))
            uow.commit()

    def session(self) -> Session:
        """The person logs in."""
        house = self.behind.house
        session = records.session(house.randomness.identifier(), house.clock.now(), person=self.person)
        with house.archive.writing() as uow:
            uow.put(session)
            uow.commit()
        return session

    def asked(self) -> Asked:
        """What the client asks for."""
        found = self.behind.house.token_desk.registrations.find(self.country.clients[ALIAS].client_id)
        assert found is not None
        return Asked(client=found.client, redirect_uri=CALLBACK, scopes=SCOPES, challenge="")

    def code(self) -> str:
        """The person says yes."""
        desk, asked = self.behind.house.token_desk, self.asked()
        secret = desk.requests.bring(asked.client.id, "{}", "")
        request = desk.requests.present(asked.client.id, secret)
        assert request is not None
        return desk.grants.approve(self.session(), request, asked)

    def device_code(self, begun: Begun) -> None:
        """The person types the code of a device, and says yes."""
        devices, session = self.behind.house.token_desk.devices, self.session()
        held = devices.held(session, devices.take(session, begun.user_code, ""))
        assert held is not None
        devices.approve(session, held, self.asked())

    def form(self, path: str = "/oauth2/token", **fields: str) -> Request:
        """A request of the client, which proves itself anew each time."""
        assertion = self.country.clients[ALIAS].assertion(self.country.base_url, self.country.clock)
        sent = {**fields, "client_assertion_type": ASSERTION, "client_assertion": assertion}
        return Request("POST", path, {"Content-Type": FORM}, urlencode(sent).encode())

    def redeeming(self, code: str) -> Request:
        """A request for the tokens of a code."""
        return self.form(grant_type="authorization_code", code=code, redirect_uri=CALLBACK)

    def refreshing(self, token: str) -> Request:
        """A request that renews."""
        return self.form(grant_type="refresh_token", refresh_token=token)

    def polling(self, device_code: str) -> Request:
        """The question of a device."""
        return self.form(grant_type=GrantType.DEVICE_CODE.value, device_code=device_code)

    def begun(self) -> Begun:
        """A device that asks."""
        told: dict[str, Any] = self.country.send(self.form("/oauth2/device_authorization", scope=" ".join(SCOPES))).told
        return Begun(device_code=told["device_code"], user_code=told["user_code"], interval=told["interval"])

    def alive(self, token: str) -> bool:
        """Whether an access token still tells of the person."""
        answer = self.country.send(Request("GET", "/oauth2/userinfo", {"Authorization": f"Bearer {token}"}))
        assert answer.status in (200, 401), answer
        return answer.status == 200
