"""The words of the administration API: the types of which paths, queries, bodies and answers are made."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field

from iam.domain.identifiers import CbeNumber, Niss
from iam.domain.instants import format_instant
from iam.domain.periods import Quarter
from iam.services.readings import Phase
from iam.web.models import Input, Instant, Line, Output, Written

PREFIX: Final = "/api/v1"

Cbe = Annotated[CbeNumber, Written(CbeNumber.parse, max_length=40, example="0206731645")]
"""The number of an enterprise, in any of its written forms."""

NissText = Annotated[Niss, Written(Niss.parse, max_length=40, write=lambda niss: niss.value)]
"""The number of a person; no answer ever gives it back."""

QuarterText = Annotated[Quarter, Written(Quarter.parse, max_length=20, example="2026-Q4")]
Code = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z0-9_.-]+$")]
"""The stable code of a service, an action, an application group or a domain."""
Digest = Annotated[str, Field(max_length=64, pattern=r"^[0-9A-Fa-f]{64}$")]
"""A SHA-256, in hexadecimal digits."""
Phone = Annotated[str, Field(max_length=40, pattern=r"^\+?[0-9][0-9 ./()-]{4,38}$")]
Email = Annotated[str, Field(max_length=254, pattern=r"^[^@\s\x00-\x1f\x7f]{1,64}@[A-Za-z0-9.-]{1,189}$")]
Secret = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9_-]+$")]

At = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
"""An instant in an answer."""


class PhaseAsked(StrEnum):
    """Which phase of its validity a record must be in to be listed."""

    UPCOMING = "upcoming"
    RUNNING = "running"
    ENDED = "ended"
    ANY = "any"

    @property
    def phase(self) -> Phase | None:
        """The phase; None for any."""
        return None if self is PhaseAsked.ANY else Phase(self.value)


class MandateRole(StrEnum):
    """By which right a person acts on a mandate: the Mahis role that was given, or the legal function."""

    MAHIS = "mahis"
    LEGAL_REPRESENTATIVE = "legal_representative"


RepresentingOnly = Literal["legal_representative"]


class Shown(Output):
    """What an answer shows, under the names of the API where those are no names of Python."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True, validate_by_alias=True)


class Validity(Shown):
    """From when until when something is valid, and what that is at the instant asked."""

    since: Annotated[At, Field(alias="from")]
    until: At | None
    phase: Phase


class PeriodInput(Input):
    """From when until when something is to be valid: from now and without end where nothing is said."""

    since: Annotated[Instant | None, Field(alias="from")] = None
    until: Instant | None = None


class ContactInput(Input):
    """What the enterprise notes about one of its people; no other enterprise sees it."""

    label: Line
    email: Email
    phone: Phone


class EndInput(Input):
    """When something is to end: now, or at an instant that lies ahead."""

    at: Instant | None = None


def told(instant: datetime | None) -> str | None:
    """An instant as answers give it."""
    return format_instant(instant) if instant else None
