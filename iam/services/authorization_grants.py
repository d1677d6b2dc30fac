"""Grants of people to clients: given by a person's decision, redeemed by a code, renewed, and revoked as one family."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import NoReturn

from iam.domain.audit import Leaf
from iam.domain.authorization_grants import (
    AuthorizationCode,
    AuthorizationGrant,
    AuthorizationRequest,
    Consent,
    RefreshToken,
    consent_key,
)
from iam.domain.client_metadata import OFFLINE, PERSON_SCOPES, GrantType
from iam.domain.clients import Client, Profile, ProvenClient
from iam.domain.sessions import Session
from iam.domain.tokens import IssuedToken
from iam.ports import Archive, Clock, Library, Randomness, UnitOfWork
from iam.services.client_proofs import redeem
from iam.services.fingerprints import fingerprint
from iam.services.token_issue import Standing, TokenFault, TokenIssue, TokenRefused, service_of
from iam.services.tokens import leaf_of

CODE_LIFE = timedelta(seconds=60)
OFFLINE_LIFE = timedelta(days=30)
"""The absolute life of a grant that is used while the person is away; nothing renews it but the person."""
ACTIVE_LIFE = timedelta(hours=10)
"""The life of any other grant: a session's longest."""


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
    acr: str = ""
    """The essential `acr`."""
    key_thumbprint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """What a token request was given."""

    standing: Standing
    grant: AuthorizationGrant
    refresh_token: str | None
    """The new refresh token; None where there is none, or the present one stays."""
    nonce: str = ""


class AuthorizationGrants:
    """Grants, from a person's decision to their end."""

    def __init__(
        self, archive: Archive, issue: TokenIssue, library: Library, clock: Clock, randomness: Randomness
    ) -> None:
        self._archive = archive
        self._issue = issue
        self._library = library
        self._clock = clock
        self._randomness = randomness

    # ------------------------------------------------------------------ a person decides

    def preview(self, session: Session, asked: Asked) -> Standing:
        """What a token would rest on if the person said yes now. TokenRefused as `TokenIssue.judged`."""
        with self._archive.reading() as reading:
            grant = self._drafted(session, asked)
            return self._issue.judged(reading, self._draft(grant, grant.scopes, ""), [], grant.authentication)

    def consented(self, session: Session, asked: Asked) -> bool:
        """Whether this person said yes to all of it before, for this client and in this capacity."""
        key = consent_key(session.person, asked.client.id, session.acting)
        with self._archive.reading() as reading:
            found = reading.get(Consent, key)
        return found is not None and set(asked.scopes) <= set(found.scopes)

    def approve(self, session: Session, request: AuthorizationRequest, asked: Asked) -> str:
        """The person says yes: the request is answered, a grant given, and a code made, which is returned.

        Raises:
            TokenRefused: `invalid_request` when the request was answered before, `access_denied` when the session has
                ended; as `TokenIssue.judged`.
        """
        code = self._randomness.secret()
        with self._archive.writing() as uow:
            if uow.get(AuthorizationRequest, request.id) is None:
                raise TokenRefused(TokenFault.INVALID_REQUEST, "request_used", "This request was answered before.")
            if uow.get(Session, session.id) is None:
                raise TokenRefused(TokenFault.ACCESS_DENIED, "session_ended", "The session has ended.")
            uow.remove(AuthorizationRequest, request.id)
            drafted = self._drafted(session, asked)
            life = OFFLINE_LIFE if OFFLINE in asked.scopes else ACTIVE_LIFE
            grant = replace(drafted, granted_at=uow.now, expires_at=uow.now + life)
            uow.put(grant)
            self._issue.judged(uow, self._draft(grant, grant.scopes, ""), [], grant.authentication)
            uow.put(
                AuthorizationCode(
                    id=fingerprint(code),
                    grant=grant.id,
                    redirect_uri=asked.redirect_uri,
                    challenge=asked.challenge,
                    key_thumbprint=asked.key_thumbprint,
                    nonce=asked.nonce,
                    acr=asked.acr,
                    good_until=uow.now + CODE_LIFE,
                    expires_at=grant.expires_at,
                )
            )
            _remember_consent(uow, grant)
            uow.audit(_leaf("authorization_granted", grant))
            uow.commit()
        return code

    # ------------------------------------------------------------------ a client redeems

    def redeem_code(self, proof: ProvenClient, code: str, redirect_uri: str, verifier: str) -> Granted:
        """Redeem a code (RFC 6749 §4.1.3, RFC 7636 §4.6), in these steps:

        (1) the client's proofs are used up, whatever comes of it;
        (2) the code is one of ours, and this client's;
        (3) it was not used before: a second use revokes the whole family (RFC 6749 §4.1.2);
        (4) it is not older than `CODE_LIFE`, and its grant lives;
        (5) the redirect URI is the one of the request, and the verifier that of its challenge;
        (6) the key is the one that it was bound to (RFC 9449 §10);
        (7) every scope is judged now, and the tokens are recorded.

        Raises:
            TokenRefused: `invalid_grant`; as `TokenIssue.judged`. ProofRefused as `redeem`.
        """
        with self._archive.writing() as uow:
            client = redeem(uow, proof)  # (1)
            found = uow.get(AuthorizationCode, fingerprint(code))
            grant = uow.get(AuthorizationGrant, found.grant) if found else None
            if found is None or grant is None or grant.client != client.id:  # (2)
                _refuse(uow, "unknown_code", "There is no such code of yours.")
            if found.used_at is not None:  # (3)
                revoke_family(uow, grant, "code_reused")
                _refuse(uow, "code_used", "The code was used before: everything that it gave is revoked.")
            if uow.now >= found.good_until or not grant.live(uow.now):  # (4)
                _refuse(uow, "code_expired", "The code has expired: begin again.")
            if redirect_uri != found.redirect_uri:  # (5)
                _refuse(uow, "other_redirect_uri", "The redirect URI is not that of the request.")
            if not _verifies(verifier, found.challenge):
                _refuse(uow, "wrong_verifier", "The code_verifier does not belong to this code.")
            binding = proof.key.binding if proof.key else ""
            if found.key_thumbprint and binding != f"jkt:{found.key_thumbprint}":  # (6)
                _refuse(uow, "other_key", "The code is bound to another key.")
            uow.put(replace(found, used_at=uow.now))
            if proof.metadata is not None and proof.metadata.public and binding:
                grant = replace(grant, binding=binding)
                uow.put(grant)
            granted = self._issued(uow, proof, client, grant, grant.scopes)  # (7)
            if OFFLINE in grant.scopes and proof.metadata and GrantType.REFRESH_TOKEN in proof.metadata.grant_types:
                granted = replace(granted, refresh_token=self._next(uow, grant))
            uow.commit()
        return replace(granted, nonce=found.nonce)

    def refresh(self, proof: ProvenClient, refresh_token: str, scopes: Sequence[str]) -> Granted:
        """Renew (RFC 6749 §6): every scope is judged anew, and never are there more than granted.

        Where the token stays the same, the client's key is what protects it (FAPI 2.0 §5.3.2.1); in older profiles it
        is replaced each time, and a second use of an old one revokes the family (RFC 9700 §4.14.2).

        Raises:
            TokenRefused: `invalid_grant`, `invalid_scope`; as `TokenIssue.judged`. ProofRefused as `redeem`.
        """
        with self._archive.writing() as uow:
            client = redeem(uow, proof)
            found = uow.get(RefreshToken, fingerprint(refresh_token))
            grant = uow.get(AuthorizationGrant, found.grant) if found else None
            if found is None or grant is None or grant.client != client.id:
                _refuse(uow, "unknown_refresh_token", "There is no such refresh token of yours.")
            if found.used_at is not None:
                revoke_family(uow, grant, "refresh_token_reused")
                _refuse(uow, "refresh_token_used", "The refresh token was used before: its family is revoked.")
            if not grant.live(uow.now):
                _refuse(uow, "grant_ended", "What the person granted has ended: ask them again.")
            if grant.binding and (proof.key is None or proof.key.binding != grant.binding):
                _refuse(uow, "other_key", "The refresh token is bound to another key.")
            if not set(scopes) <= set(grant.scopes):
                uow.commit()
                raise TokenRefused(TokenFault.INVALID_SCOPE, "more_than_granted", "Ask for no more than was granted.")
            granted = self._issued(uow, proof, client, grant, tuple(scopes) or grant.scopes)
            if client.profile is not Profile.DEFAULT:
                uow.put(replace(found, used_at=uow.now))
                granted = replace(granted, refresh_token=self._next(uow, grant))
            uow.commit()
        return granted

    def give_up(self, proof: ProvenClient, refresh_token: str) -> None:
        """A client gives up a grant by its refresh token (RFC 7009 §2.1); an unknown one is no error.

        TokenRefused (`invalid_grant`) for another client's. ProofRefused as `redeem`.
        """
        with self._archive.writing() as uow:
            client = redeem(uow, proof)
            found = uow.get(RefreshToken, fingerprint(refresh_token))
            grant = uow.get(AuthorizationGrant, found.grant) if found else None
            if grant is not None and grant.client != client.id:
                _refuse(uow, "other_client_token", "The token was issued to another client.")
            if grant is not None:
                revoke_family(uow, grant, "given_up")
            uow.commit()

    # ------------------------------------------------------------------ the rest

    def _issued(
        self, uow: UnitOfWork, proof: ProvenClient, client: Client, grant: AuthorizationGrant, scopes: tuple[str, ...]
    ) -> Granted:
        bound = proof.key.binding if proof.key else ""
        ends = [client.profile_until, client.valid.end, grant.expires_at]
        try:
            standing = self._issue.judged(uow, self._draft(grant, scopes, bound), ends, grant.authentication)
        except TokenRefused:
            uow.commit()
            raise
        uow.put(standing.token)
        uow.audit(leaf_of("token_issued", client, standing.token))
        return Granted(standing=replace(standing, sector=client.sector), grant=grant, refresh_token=None)

    def _next(self, uow: UnitOfWork, grant: AuthorizationGrant) -> str:
        secret = self._randomness.secret()
        uow.put(RefreshToken(id=fingerprint(secret), grant=grant.id, expires_at=grant.expires_at))
        return secret

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

    def _draft(self, grant: AuthorizationGrant, scopes: tuple[str, ...], binding: str) -> IssuedToken:
        about_person = set(scopes) <= PERSON_SCOPES
        return IssuedToken(
            jti=self._randomness.identifier(),
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
    """Revoke a grant with every token of it, within a unit of work; what was revoked before stays so."""
    if grant.revoked_at is None:
        uow.put(replace(grant, revoked_at=uow.now))
        uow.audit(_leaf("authorization_revoked", grant, why=why))
        uow.announce("authorization_revoked", {"grant": grant.id, "client": grant.client, "why": why})
    for token in uow.find(IssuedToken, grant=grant.id):
        if token.revoked_at is None and token.expires_at > uow.now:
            uow.put(replace(token, revoked_at=uow.now))


def _refuse(uow: UnitOfWork, code: str, detail: str) -> NoReturn:
    """Refuse with `invalid_grant`; what was used up or revoked until here stays so."""
    uow.commit()
    raise TokenRefused(TokenFault.INVALID_GRANT, code, detail)


def _verifies(verifier: str, challenge: str) -> bool:
    """RFC 7636 §4.6; a verifier for a request without challenge is a downgrade (RFC 9700 §4.8.2)."""
    if not challenge:
        return not verifier
    digest = hashlib.sha256(verifier.encode()).digest()
    return hmac.compare_digest(urlsafe_b64encode(digest).rstrip(b"="), challenge.encode())


def _remember_consent(uow: UnitOfWork, grant: AuthorizationGrant) -> None:
    key = consent_key(grant.person, grant.client, grant.acting)
    before = uow.get(Consent, key)
    scopes = {*grant.scopes, *(before.scopes if before else ())}
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


def _leaf(act: str, grant: AuthorizationGrant, **more: str) -> Leaf:
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
