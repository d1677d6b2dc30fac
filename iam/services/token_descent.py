"""What a token hangs on: its client, the grant of a person, and the token that it was exchanged for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from iam.domain.assurance import Authentication
from iam.domain.authorization_grants import AuthorizationGrant
from iam.domain.clients import Client
from iam.domain.tokens import IssuedToken
from iam.ports import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Hanging:
    """What a living token hangs on, beside the facts that the judge reads."""

    ends: tuple[datetime | None, ...]
    """The known ends of it; None for one that is open."""
    login: Authentication | None
    """The login of the person who acts; None for software."""


def hanging_on(reading: Reading, token: IssuedToken, now: datetime) -> Hanging | None:
    """What a token hangs on at an instant; None when it, or anything that it hangs on, is not good any more.

    A token that was exchanged for another ends with that one, whatever ends it (RFC 8693 §1.1 leaves this to us).
    """
    if token.revoked_at is not None or now >= token.expires_at:
        return None
    owner = reading.get(Client, token.client)
    if owner is None or not owner.usable(now):
        return None
    ends: tuple[datetime | None, ...] = (owner.profile_until, owner.valid.end)
    if token.parent is not None:
        parent = reading.get(IssuedToken, token.parent)
        above = hanging_on(reading, parent, now) if parent else None
        return Hanging(ends=(*ends, parent.expires_at, *above.ends), login=above.login) if parent and above else None
    if token.grant is None:
        return Hanging(ends=ends, login=None)
    grant = reading.get(AuthorizationGrant, token.grant)
    if grant is None or not grant.live(now):
        return None
    return Hanging(ends=(*ends, grant.expires_at), login=grant.authentication)
