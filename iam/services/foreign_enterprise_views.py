"""Requests of foreign enterprises, as officers see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from iam.domain.actors import Actor
from iam.domain.appointments import Appointment
from iam.domain.foreign_enterprises import ForeignEnterpriseRequest, RequestState
from iam.domain.foreign_identities import ForeignRepresentation, RequestContact
from iam.ports import Reading
from iam.services.authorization import Authorization
from iam.services.listings import Page
from iam.services.readings import PartAsked, Readings


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestView:
    """A request with how to reach who asked, while that is kept, and what became of its activation."""

    request: ForeignEnterpriseRequest
    contact: RequestContact | None
    expired: bool
    activated: bool
    said: ForeignRepresentation | None
    """What a login said of who asked, where it was asked from that."""


class ForeignEnterpriseViews:
    """Reading requests."""

    def __init__(self, readings: Readings, judge: Authorization) -> None:
        self._readings = readings
        self._judge = judge

    def listed(self, officer: Actor, state: RequestState, part: PartAsked) -> Page[RequestView]:
        """The requests in a state. StepUpRequired, Forbidden: as judged for `office grant_number`."""
        self._judge.require(officer, "office", "grant_number")
        return self._readings.part(ForeignEnterpriseRequest, [{"state": state}], _view, part)


def _view(reading: Reading, request: ForeignEnterpriseRequest, at: datetime) -> RequestView:
    place = reading.get(Appointment, request.appointment) if request.appointment else None
    return RequestView(
        request=request,
        contact=reading.get(RequestContact, request.id),
        expired=request.expired(at),
        activated=place is not None and place.person is not None,
        said=reading.get(ForeignRepresentation, request.representation) if request.representation else None,
    )
