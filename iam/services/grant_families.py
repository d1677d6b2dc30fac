"""A grant's family: the tokens that it gives, and their common end."""

from __future__ import annotations

from dataclasses import replace

from iam.domain.audit import Leaf
from iam.domain.authorization_grants import AuthorizationGrant
from iam.domain.client_metadata import PERSON_SCOPES
from iam.domain.tokens import IssuedToken
from iam.ports import UnitOfWork


def drafted_token(grant: AuthorizationGrant, jti: str, scopes: tuple[str, ...], binding: str = "") -> IssuedToken:
    """An access token of a grant, before its scopes are judged; one with scopes about the person alone is for us."""
    about_person = set(scopes) <= PERSON_SCOPES
    return IssuedToken(
        jti=jti,
        client=grant.client,
        enterprise=grant.enterprise,
        capacity=grant.capacity,
        mandator=grant.mandator,
        service="" if about_person else grant.service,
        scopes=scopes,
        issued_at=grant.granted_at,
        expires_at=grant.granted_at,
        grant=grant.id,
        person=grant.person,
        binding=binding,
    )


def revoke_family(uow: UnitOfWork, grant: AuthorizationGrant, why: str) -> None:
    """Revoke a grant with every token of it, within a unit of work; what was revoked before stays so.

    What was vouched for of the person is forgotten with it.
    """
    if grant.revoked_at is None:
        uow.put(replace(grant, revoked_at=uow.now, personal=""))
        uow.audit(grant_leaf("authorization_revoked", grant, why=why))
        uow.announce("authorization_revoked", {"grant": grant.id, "client": grant.client, "why": why})
    for token in uow.find(IssuedToken, grant=grant.id):
        if token.revoked_at is None and token.expires_at > uow.now:
            uow.put(replace(token, revoked_at=uow.now))


def grant_leaf(act: str, grant: AuthorizationGrant, **more: str) -> Leaf:
    """The audit leaf of what happened to a grant."""
    named = {"enterprise": grant.enterprise, "capacity": grant.capacity, "mandator": grant.mandator}
    objects = {
        **{name: str(value) for name, value in named.items() if value},
        "grant": grant.id,
        "client": grant.client,
        "service": grant.service,
        "scopes": " ".join(grant.scopes),
        **more,
    }
    return Leaf(act=act, actor=grant.person, caller=grant.client, objects=objects)


def revoke_of_person(uow: UnitOfWork, person: str, why: str) -> None:
    """Revoke every grant of a person, within a unit of work; those for when they are away too."""
    for grant in uow.find(AuthorizationGrant, person=person):
        if grant.live(uow.now):
            revoke_family(uow, grant, why)
