"""The end of a login: what people granted for its duration ends with it."""

from __future__ import annotations

from iam.domain.authorization_grants import AuthorizationGrant
from iam.domain.client_metadata import OFFLINE
from iam.ports import UnitOfWork
from iam.services.grant_families import revoke_family


def end_login(uow: UnitOfWork, login: str) -> None:
    """Revoke every grant that was given for the duration of a login; those for when the person is away stay."""
    for grant in uow.find(AuthorizationGrant, login=login):
        if grant.live(uow.now) and OFFLINE not in grant.scopes:
            revoke_family(uow, grant, "logged_out")
