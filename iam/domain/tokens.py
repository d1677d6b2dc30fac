"""Access tokens as the archive remembers them: enough to revoke one, and to judge its scopes again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from iam.domain.enterprises import Capacity


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedToken:
    """One issued access token; the token itself is never stored."""

    jti: str
    client: str
    enterprise: str | None
    """For which enterprise the subject acts; None for a person as citizen."""
    capacity: Capacity | None
    mandator: str | None
    """CBE number of the employer acted for, None when the subject acts for the enterprise itself."""
    service: str
    """The audience: one service per token; empty for a token about the person alone."""
    scopes: tuple[str, ...]
    issued_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    grant: str | None = None
    """The person's grant (`AuthorizationGrant`) that it hangs on; None for software that acts by itself."""
    person: str | None = None
    """Who acts, when it is a person."""
    binding: str = ""
    """To what it is bound: `jkt:` or `x5t:` and a thumbprint (RFC 9449 §6, RFC 8705 §3); empty for a bearer token."""
    parent: str | None = None
    """The `jti` of the token that it was exchanged for (RFC 8693), with which it ends."""
    actors: tuple[str, ...] = ()
    """The clients that passed it on by exchange, the last first."""
    software: str = ""
    """The client that acts, where no person does and the token was exchanged by another; empty where it is `client`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls at one of our own doors, as a verified access token of ours says.

    Whether the client and the token are still good is judged with each question (`Inquiry.caller`), not here.
    """

    client_id: str
    jti: str
    scopes: frozenset[str]
    service: str
    """The audience of the token."""
    expires_at: datetime
