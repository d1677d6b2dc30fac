"""Who performs an act: a person with a verified login, or software that only reads, in one enterprise and capacity."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Software:
    """A technical client that reads what is its own enterprise's, with an access token of its own."""

    client: str
    """The client_id."""
    token: str
    """The `jti` of the access token, judged with every question."""
    enterprise: str
    capacity: Capacity


Reader = Actor | Software
"""Who may consult; only an actor changes anything."""
