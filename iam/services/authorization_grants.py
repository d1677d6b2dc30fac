"""Grants of people to clients, by their decision: what they would give, and what they gave."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from iam.domain.authorization_grants import (
    AuthorizationCode,
    AuthorizationGrant,
    AuthorizationRequest,
    Consent,
    consent_key,
    consented_to,
)
from iam.domain.client_metadata import OFFLINE
from iam.domain.clients import Client
from iam.domain.sessions import Session
from iam.domain.tokens import IssuedToken
from iam.ports import Archive, Library, Randomness, Reading, UnitOfWork
from iam.services.fingerprints import fingerprint
from iam.services.grant_families import drafted_token, grant_leaf
from iam.services.login_ends import watch_login
from iam.services.token_issue import Standing, TokenFault, TokenIssue, TokenRefused, service_of

CODE_LIFE = timedelta(seconds=60)
OFFLINE_LIFE = timedelta(days=30)
"""The absolute life of a grant that is used while the person is away; nothing renews it but the person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a client asks a person for."""

    client: Client
    redirect_uri: str
    scopes: tuple[str, ...]
    challenge: str
    """`code_challenge`, method S256; empty where the profile asks none."""
    nonce: str = ""
    claims: str = ""
    """JSON of `claims`."""
    key_thumbprint: str = ""


class AuthorizationGrants:
    """What a person decides."""

    def __init__(self, archive: Archive, issue: TokenIssue, library: Library, randomness: Randomness) -> None:
        self._archive = archive
        self._issue = issue
        self._library = library
        self._randomness = randomness

    def preview(self, session: Session, asked: Asked) -> Standing:
        """What a token would rest on if the person said yes now. TokenRefused as `TokenIssue.judged`."""
        with self._archive.reading() as reading:
            grant = self._drafted(session, asked)
            return self._issue.judged(reading, self._draft(grant), [], grant.authentication)

    def consented(self, session: Session, asked: Asked) -> bool:
        """Whether this person said yes to all of it before, for this client and in this capacity."""
        with self._archive.reading() as reading:
            return _consented(reading, session, asked)

    def approve(
        self, session: Session, request: AuthorizationRequest, asked: Asked, *, by_remembered: bool = False
    ) -> str:
        """The person says yes: the request is answered, a grant given, and a code made, which is returned.

        `by_remembered` says that nobody was asked now, because the person said yes before.

        Raises:
            TokenRefused: `invalid_request` when the request was answered before or has ended; `access_denied`
                (`consent_required`) when what was remembered is withdrawn by now; as `granted`.
        """
        code = self._randomness.secret()
        with self._archive.writing() as uow:
            kept = uow.get(AuthorizationRequest, request.id)
            if kept is None or kept.client != asked.client.id or uow.now >= kept.expires_at:
                raise TokenRefused(TokenFault.INVALID_REQUEST, "request_used", "This request was answered before.")
            if by_remembered and not _consented(uow, session, asked):
                raise TokenRefused(TokenFault.ACCESS_DENIED, "consent_required", "The person must be asked.")
            uow.remove(AuthorizationRequest, request.id)
            grant = self.granted(uow, session, asked)
            uow.put(
                AuthorizationCode(
                    id=fingerprint(code),
                    grant=grant.id,
                    redirect_uri=asked.redirect_uri,
                    challenge=asked.challenge,
                    key_thumbprint=asked.key_thumbprint,
                    nonce=asked.nonce,
                    good_until=uow.now + CODE_LIFE,
                    expires_at=grant.expires_at,
                )
            )
            uow.commit()
        return code

    def granted(self, uow: UnitOfWork, session: Session, asked: Asked) -> AuthorizationGrant:
        """Give what is asked within a unit of work, by session and client as they stand there.

        What is not for when the person is away lasts no longer than their session.

        Raises:
            TokenRefused: `access_denied` when the session has ended, or acts for somebody else by now;
                `unauthorized_client` when the client has ended; as `TokenIssue.judged`.
        """
        present, client = uow.get(Session, session.id), uow.get(Client, asked.client.id)
        if present is None or present.acting != session.acting or uow.now >= present.expires_at:
            raise TokenRefused(TokenFault.ACCESS_DENIED, "session_ended", "The session has ended.")
        if client is None or not client.usable(uow.now):
            raise TokenRefused(TokenFault.UNAUTHORIZED_CLIENT, "client_ended", "The client's registration has ended.")
        until = uow.now + OFFLINE_LIFE if OFFLINE in asked.scopes else present.expires_at
        grant = replace(self._drafted(present, asked), granted_at=uow.now, expires_at=until)
        uow.put(grant)
        self._issue.judged(uow, self._draft(grant), [], grant.authentication)
        _remember_consent(uow, grant)
        watch_login(uow, present)
        uow.audit(grant_leaf("authorization_granted", grant))
        return grant

    def _drafted(self, session: Session, asked: Asked) -> AuthorizationGrant:
        service = service_of(asked.scopes, self._library.current())
        return AuthorizationGrant(
            id=self._randomness.identifier(),
            client=asked.client.id,
            person=session.person,
            login=session.login,
            enterprise=session.enterprise,
            capacity=session.capacity,
            mandator=session.mandator,
            service=service.code if service else "",
            scopes=asked.scopes,
            key=session.key,
            assurance=session.assurance,
            authenticated_at=session.authenticated_at,
            source=session.provider,
            reference=session.reference,
            personal=session.personal,
            claims=asked.claims,
            binding="",
            granted_at=session.started_at,
            expires_at=session.expires_at,
        )

    def _draft(self, grant: AuthorizationGrant) -> IssuedToken:
        return drafted_token(grant, self._randomness.identifier(), grant.scopes)


def _consented(reading: Reading, session: Session, asked: Asked) -> bool:
    found = reading.get(Consent, consent_key(session.person, asked.client.id, session.acting))
    return found is not None and found.covers(consented_to(asked.scopes, asked.claims))


def _remember_consent(uow: UnitOfWork, grant: AuthorizationGrant) -> None:
    key = consent_key(grant.person, grant.client, grant.acting)
    before = uow.get(Consent, key)
    scopes = {*consented_to(grant.scopes, grant.claims), *(before.scopes if before else ())}
    uow.put(
        Consent(
            id=key,
            person=grant.person,
            client=grant.client,
            enterprise=grant.enterprise,
            capacity=grant.capacity,
            mandator=grant.mandator,
            scopes=tuple(sorted(scopes)),
            given_at=uow.now,
        )
    )
