"""Proposals of people who logged in for a foreign company: that an enterprise here may take them among its users."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from iam.domain.foreign_enterprises import REQUEST_LIFE


class ProposalState(StrEnum):
    """What became of a proposal."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryProposal:
    """One proposal, with what a login said; it gives nothing until a manager of the enterprise accepts it."""

    id: str
    enterprise: str
    """The number under which, as the person says, the foreign company is known here; it may be nobody's."""
    person: str
    representation: str
    """The recorded representation that it was made from."""
    issued_in: str
    """The country that said it (ISO 3166-1 alpha-2)."""
    identifier: str
    """The legal person identifier, country/country/value, as that country said it."""
    name: str
    """The company's name, as that country said it."""
    said_at: datetime
    """When it was said last."""
    state: ProposalState
    proposed_at: datetime
    decided_at: datetime | None
    appointment: str | None
    """The place that the person was given."""

    def open(self, at: datetime) -> bool:
        """Whether it waits for a manager still; it does so for 90 days."""
        return self.state is ProposalState.WAITING and at < self.proposed_at + REQUEST_LIFE
