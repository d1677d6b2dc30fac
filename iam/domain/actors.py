"""Who performs an act: a person with a verified login, in one enterprise and capacity, through one calling client."""

from __future__ import annotations

from dataclasses import dataclass

from iam.domain.assurance import Authentication
from iam.domain.enterprises import Capacity


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person who acts for an enterprise.

    `capacity` None is for acts above any capacity: those of a legal representative or of a manager of all of them.
    """

    authentication: Authentication
    enterprise: str
    capacity: Capacity | None = None
    caller: str = ""
    """The client_id through which the act comes; empty for the command line."""

    @property
    def person(self) -> str:
        """The internal id of who acts."""
        return self.authentication.person_id
