"""What channel managers see of the software of their enterprise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from iam.domain.actors import Actor
from iam.domain.client_metadata import ClientMetadata
from iam.domain.client_registrations import ClientContact
from iam.domain.clients import Client
from iam.ports import Reading
from iam.services.acting import own
from iam.services.authorization import Authorization
from iam.services.listings import Page
from iam.services.readings import NOW, Moment, PartAsked, Phase, Readings, in_reach, missing


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientView:
    """A registration with what was registered besides, and its phase."""

    client: Client
    phase: Phase
    metadata: ClientMetadata | None
    contacts: tuple[str, ...]

    @classmethod
    def of(cls, reading: Reading, client: Client, at: datetime) -> ClientView:
        """As a reading knows it."""
        contact = reading.get(ClientContact, client.id)
        return cls(
            client=client,
            phase=Phase.of(client.valid, at),
            metadata=reading.get(ClientMetadata, client.id),
            contacts=contact.emails if contact else (),
        )


class ClientViews:
    """Reading registrations of software; raises as judged for `channels consult` and InvalidInput."""

    def __init__(self, readings: Readings, judge: Authorization) -> None:
        self._readings = readings
        self._judge = judge

    def get(self, actor: Actor, client_id: str, moment: Moment = NOW) -> ClientView:
        """One registration of the enterprise, in the capacity acted in. NotFound (`not_found`)."""
        self._judge.require(actor, "channels", "consult")
        with self._readings.of(moment) as (reading, at):
            client = own(reading, Client, client_id, actor.enterprise, "client")
            if not in_reach(actor, client.capacity):
                raise missing("client")
            return ClientView.of(reading, client, at)

    def listing(self, actor: Actor, wanted: Phase | None, part: PartAsked) -> Page[ClientView]:
        """The registrations of the enterprise, in the capacity acted in."""
        self._judge.require(actor, "channels", "consult")

        def view(reading: Reading, one: Client, at: datetime) -> ClientView | None:
            fits = wanted in (None, Phase.of(one.valid, at))
            return ClientView.of(reading, one, at) if fits and in_reach(actor, one.capacity) else None

        return self._readings.part(Client, [{"enterprise": actor.enterprise}], view, part)
