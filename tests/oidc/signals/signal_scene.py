"""A service with streams in a whole house, its own ears, and what happens to mandates, people and sessions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from werkzeug.test import TestResponse

from iam.domain.actors import Actor
from iam.domain.appointments import Appointment
from iam.domain.assurance import Assurance, Authentication, LoginKey
from iam.domain.client_metadata import ClientMetadata, GrantType
from iam.domain.clients import Client
from iam.domain.enterprises import Capacity
from iam.domain.errors import Unavailable
from iam.domain.mandate_terms import Terms
from iam.domain.mandates import Mandate, Side, State, covers_of
from iam.domain.periods import Period
from iam.domain.quarters import Quarter
from iam.domain.signal_streams import StreamCourse, WaitingSignal
from iam.domain.web_answers import WebAnswer
from iam.services.ending import end_appointment
from iam.services.mandate_force import end_mandate
from iam.services.signal_delivery import Held
from iam.signal_desk import SignalDesk
from oidc import jose
from tests.oidc.provider.code_scene import PORTAL, CodeScene
from tests.oidc.provider.premises import EMPLOYER, ISSUER, PROVIDER

SCOPE = "scope:authorization:signals:receive"
EARS = "https://ears.example/signals"
CAEP = "https://schemas.openid.net/secevent/caep/event-type/"
SSF = "https://schemas.openid.net/secevent/ssf/event-type/"
SESSION, CLAIMS_CHANGE = CAEP + "session-revoked", CAEP + "token-claims-change"
REVOKED, NARROWED = ISSUER + "/signals/events/mandate-revoked", ISSUER + "/signals/events/mandate-narrowed"
APPOINTMENT = ISSUER + "/signals/events/appointment-ended"
EVERY = (SESSION, CLAIMS_CHANGE, REVOKED, NARROWED, APPOINTMENT)
VERIFICATION, UPDATED = SSF + "verification", SSF + "stream-updated"
OTHER_SERVICE = "declaration_service_other_0406798006_portal0000"


@dataclass
class Ears:
    """The receivers' servers, as `PostingWeb` reaches them; how each answers is set by its address."""

    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    heard: list[tuple[str, str, str]] = field(default_factory=list)
    """Address, header and SET."""

    def post(
        self, url: str, body: bytes, *, media_type: str, origins: frozenset[str], authorization: str = ""
    ) -> WebAnswer:
        assert media_type == "application/secevent+jwt"
        assert f"{urlsplit(url).scheme}://{urlsplit(url).netloc}" in origins
        if url in self.silent:
            raise Unavailable("server_unavailable", "Nobody answers.")
        self.heard.append((url, authorization, body.decode()))
        status, answer = self.answers.get(url, (202, b""))
        return WebAnswer(status=status, media_type="application/json", body=answer)


class SignalScene:
    """The scene of the code flow, whose client may also ask tokens for itself and has streams."""

    def __init__(self, scene: CodeScene) -> None:
        self.scene, self.ears = scene, Ears()
        self.tokens: dict[str, Any] = {}
        """The tokens of the last login."""
        self.desk = SignalDesk(scene.house)
        self.desk.__dict__["pushing"] = replace(self.desk.pushing, web=self.ears)
        self.settle()

    def settle(self) -> None:
        """The portal is registered for Dimona and may ask tokens for itself, besides logging people in."""
        own = (GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN, GrantType.CLIENT_CREDENTIALS)
        self.scene.record(self.scene.client(services=("authorization", "dimona")), self.scene.metadata(grant_types=own))

    def another(self, client_id: str = OTHER_SERVICE, **told: Any) -> Client:
        """Another service of the administration, registered for DmfA alone unless told otherwise."""
        client: Client = replace(
            self.scene.client(services=("authorization", "dmfa"), niss_services=()), id=client_id, **told
        )
        own = (GrantType.CLIENT_CREDENTIALS,)
        self.scene.record(client, ClientMetadata(client=client_id, grant_types=own, dpop_bound=True))
        return client

    # ------------------------------------------------------------------ the receiver's side

    def token(self, client_id: str = PORTAL, scope: str = SCOPE) -> str:
        told = {"grant_type": "client_credentials", "scope": scope, **self.scene.authenticated(client_id)}
        answer = self.scene.post("/oauth2/token", told)
        assert answer.status_code == 200, answer.text
        return str(answer.get_json()["access_token"])

    def ask(self, method: str, path: str, client_id: str = PORTAL, **more: Any) -> TestResponse:
        """A request of a receiver with a fresh token."""
        return self.scene.present(path, self.token(client_id), method, **more)

    def create(self, client_id: str = PORTAL, *events: str, **more: Any) -> dict[str, Any]:
        """A push stream, of every event unless told otherwise."""
        delivery = {"method": "urn:ietf:rfc:8935", "endpoint_url": EARS, **more.pop("delivery", {})}
        sent = {"delivery": delivery, "events_requested": list(events or EVERY), **more}
        answer = self.ask("POST", "/signals/streams", client_id, json=sent)
        assert answer.status_code == 201, answer.text
        told: dict[str, Any] = answer.get_json()
        return told

    def standing(self) -> dict[str, Any]:
        """A push stream that was made before, or now."""
        found: list[dict[str, Any]] = self.ask("GET", "/signals/streams").get_json()
        return found[0] if found else self.create()

    def polled(self, client_id: str = PORTAL, *events: str) -> dict[str, Any]:
        """A stream that is polled."""
        sent = {"delivery": {"method": "urn:ietf:rfc:8936"}, "events_requested": list(events or EVERY)}
        answer = self.ask("POST", "/signals/streams", client_id, json=sent)
        assert answer.status_code == 201, answer.text
        told: dict[str, Any] = answer.get_json()
        return told

    def poll(self, stream: str, client_id: str = PORTAL, **sent: Any) -> TestResponse:
        told = {"returnImmediately": True, **sent}
        return self.ask("POST", f"/signals/poll/{stream}", client_id, json=told)

    # ------------------------------------------------------------------ what is sent

    def send(self) -> int:
        """What the worker does about signals."""
        return self.desk.sender.send_waiting()

    def held(self) -> list[Held]:
        """Hold every stream that is due."""
        return self.desk.delivery.hold([one.stream for one in self.desk.delivery.due()])

    def heard(self, url: str = EARS) -> list[dict[str, Any]]:
        """The claims of the SETs that came to an address, each verified by our published keys."""
        return [self.verified(token) for address, _, token in self.ears.heard if address == url]

    def verified(self, token: str) -> dict[str, Any]:
        keys = self.scene.house.keys.verifying()
        return dict(jose.verify(token, keys=keys, algorithms=frozenset({"ES256"}), typ="secevent+jwt").claims)

    def events(self, url: str = EARS) -> list[str]:
        """The names of the events that came to an address."""
        return [name for told in self.heard(url) for name in told["events"]]

    def waiting(self, stream: str) -> list[WaitingSignal]:
        with self.scene.archive.reading() as reading:
            return reading.find(WaitingSignal, stream=stream)

    def course(self, stream: str) -> StreamCourse:
        with self.scene.archive.reading() as reading:
            found = reading.get(StreamCourse, stream)
        assert found is not None
        return found

    # ------------------------------------------------------------------ what happens

    def actor(self) -> Actor:
        """An access manager of the employer."""
        authentication = Authentication(
            person_id=self.scene.marie,
            key=LoginKey.EID,
            assurance=Assurance.HIGH,
            authenticated_at=self.scene.clock.at,
            source="itsme",
            reference="r1",
        )
        return Actor(authentication=authentication, enterprise=EMPLOYER, capacity=Capacity.EMPLOYER)

    def mandate(self, key: str = "m1", groups: Sequence[str] = ("dmfa-dimona",)) -> Mandate:
        """A mandate of the employer for the provider, in force since this quarter began."""
        now = self.scene.clock.at
        terms = Terms(
            mandator=EMPLOYER,
            mandatary=PROVIDER,
            mandatary_capacity=Capacity.SERVICE_PROVIDER,
            groups=tuple(groups),
            first_quarter=Quarter.of(now),
            last_quarter=None,
            contract_reference="C-1",
        )
        mandate = Mandate(
            id=key,
            version=1,
            terms=terms,
            state=State.VALIDATED,
            proposed_by=Side.MANDATOR,
            proposed_at=now,
            validated_at=now,
        )
        self.scene.record(mandate, *covers_of(mandate))
        return mandate

    def close(self, mandate: Mandate, at: datetime, act: str = "mandate_revoked") -> None:
        """One side closes a mandate."""
        with self.scene.archive.writing() as uow:
            end_mandate(uow, self.actor(), mandate, at, Side.MANDATOR, ("mandate_closed", act))
            uow.commit()

    def dismiss(self, appointment: str = "a1", *, with_everything: bool = False) -> None:
        """A manager ends an appointment."""
        with self.scene.archive.writing() as uow:
            present = uow.get(Appointment, appointment)
            assert present is not None
            end_appointment(uow, self.actor(), present, uow.now, with_everything=with_everything)
            uow.commit()

    def ended(self) -> Period:
        """A time that is over."""
        return Period(self.scene.clock.at - timedelta(days=9), self.scene.clock.at)

    def announce(self, kind: str, **objects: str) -> None:
        with self.scene.archive.writing() as uow:
            uow.announce(kind, objects)
            uow.commit()


def only(found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    assert len(found) == 1, json.dumps(found)
    return found[0]
