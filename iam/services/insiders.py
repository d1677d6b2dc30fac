"""Insiders: to those who never had a place in an enterprise it does not show whether it is known here at all."""

from __future__ import annotations

from iam.domain.actors import Actor
from iam.domain.appointments import Appointment
from iam.domain.errors import NotFound
from iam.ports import Archive


class Insiders:
    """Tells who has, or had, an appointment in an enterprise; what they may do there is for the judge to say."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def check(self, actor: Actor) -> None:
        """Refuse an outsider exactly as for an enterprise that does not exist. NotFound (`not_found`)."""
        with self._archive.reading() as reading:
            if not reading.find(Appointment, limit=1, enterprise=actor.enterprise, person=actor.person):
                raise NotFound("not_found", "There is no such enterprise.")
