"""What channel managers see of the software of their enterprise."""

from __future__ import annotations

from datetime import datetime

from iam.domain.actors import Actor
from iam.domain.clients import Client
from iam.ports import Reading
from iam.services.acting import own
from iam.services.authorization import Authorization
from iam.services.listings import Page
from iam.services.readings import NOW, Moment, PartAsked, Phase, Readings, in_reach, missing


class ClientViews:
    """Reading registrations of software; raises as judged for `channels consult` and InvalidInput."""

    def __init__(self, readings: Readings, judge: Authorization) -> None:
        self._readings = readings
        self._judge = judge

    def get(self, actor: Actor, client_id: str, moment: Moment = NOW) -> tuple[Client, Phase]:
        """One registration of the enterprise, in the capacity acted in. NotFound (`not_found`)."""
        self._judge.require(actor, "channels", "consult")
        with self._readings.of(moment) as (reading, at):
            client = own(reading, Client, client_id, actor.enterprise, "client")
            if not in_reach(actor, client.capacity):
                raise missing("client")
            return client, Phase.of(client.valid, at)

    def listing(self, actor: Actor, wanted: Phase | None, part: PartAsked) -> Page[tuple[Client, Phase]]:
        """The registrations of the enterprise, in the capacity acted in."""
        self._judge.require(actor, "channels", "consult")

        def view(_reading: Reading, one: Client, at: datetime) -> tuple[Client, Phase] | None:
            phase = Phase.of(one.valid, at)
            return (one, phase) if in_reach(actor, one.capacity) and wanted in (None, phase) else None

        return self._readings.part(Client, [{"enterprise": actor.enterprise}], view, part)
