"""Permissions: what a person allowed services to do, and its withdrawal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from iam.domain.audit import Leaf
from iam.domain.authorization_grants import AuthorizationGrant, Consent, consent_key, consented_to, scopes_and_claims
from iam.domain.client_metadata import OFFLINE, PROFILE
from iam.domain.clients import Client
from iam.domain.errors import NotFound
from iam.domain.sessions import Acting
from iam.domain.tokens import IssuedToken
from iam.ports import Archive, Clock, Reading
from iam.services.grant_families import revoke_family


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """What a person allowed one client, in one capacity."""

    id: str
    """`consent_key` of the three."""
    label: str
    """The client's own name."""
    enterprise: str
    """CBE number of who runs it; empty for a client that is not registered any more."""
    acting: Acting
    scopes: tuple[str, ...]
    claims: tuple[str, ...]
    """Names of the claims that it is told because it asked for them one by one."""
    since: datetime
    until: datetime | None
    """Until when the client can act by it at the latest; None when it cannot at present."""
    used_at: datetime | None
    """When it last took a token, as far as that is remembered."""
    away: bool
    """Whether it can act also when the person is not there."""
    remembered: bool
    """Whether the client gets the same again without a question, when the person comes to it."""


class Permissions:
    """One's own permissions."""

    def __init__(self, archive: Archive, clock: Clock) -> None:
        self._archive = archive
        self._clock = clock

    def listed(self, person: str) -> list[Permission]:
        """What stands now, the latest first."""
        with self._archive.reading() as reading:
            consents = {one.id: one for one in reading.find(Consent, person=person)}
            grants = _by_key(reading.find(AuthorizationGrant, person=person), self._clock.now())
            found = [
                _told(reading, key, consents.get(key), grants.get(key, [])) for key in sorted({*consents, *grants})
            ]
        return sorted(found, key=lambda one: one.since, reverse=True)

    def withdraw(self, person: str, permission: str) -> None:
        """Withdraw one: all tokens and codes that it gave are dead at once, and the client has to ask again.

        Raises:
            NotFound: `not_found` for another's, exactly as for none.
        """
        with self._archive.writing() as uow:
            consent = uow.get(Consent, permission)
            own = consent is not None and consent.person == person
            grants = _by_key(uow.find(AuthorizationGrant, person=person), uow.now).get(permission, [])
            if not own and not grants:
                raise NotFound("not_found", "There is no such permission.")
            for grant in grants:
                revoke_family(uow, grant, "withdrawn")
            if own:
                uow.remove(Consent, permission)
            client = grants[0].client if grants else consent.client if consent else ""
            objects = {"permission": permission[:16], "client": client}
            uow.audit(Leaf(act="permission_withdrawn", actor=person, caller="", objects=objects))
            uow.announce("permission_withdrawn", objects)
            uow.commit()


def _by_key(grants: Iterable[AuthorizationGrant], now: datetime) -> dict[str, list[AuthorizationGrant]]:
    """The living grants of each permission."""
    found: dict[str, list[AuthorizationGrant]] = {}
    for one in grants:
        if one.live(now):
            found.setdefault(consent_key(one.person, one.client, one.acting), []).append(one)
    return found


def _told(reading: Reading, key: str, consent: Consent | None, grants: list[AuthorizationGrant]) -> Permission:
    first = consent or grants[0]
    client = reading.get(Client, first.client)
    given = [said for one in grants for said in consented_to(one.scopes, one.claims)]
    scopes, claims = scopes_and_claims({*(consent.scopes if consent else ()), *given})
    used = [token.issued_at for one in grants for token in reading.find(IssuedToken, grant=one.id)]
    return Permission(
        id=key,
        label=client.label if client else first.client,
        enterprise=client.enterprise if client else "",
        acting=Acting(enterprise=first.enterprise, capacity=first.capacity, mandator=first.mandator),
        scopes=scopes,
        claims=() if PROFILE in scopes else claims,
        since=min([*([consent.given_at] if consent else []), *(one.granted_at for one in grants)]),
        until=max((one.expires_at for one in grants), default=None),
        used_at=max(used, default=None),
        away=any(OFFLINE in one.scopes for one in grants),
        remembered=consent is not None,
    )
