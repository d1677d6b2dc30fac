"""Token exchange: a service that was given a token gets one with which it calls another, for the same subject."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from iam.domain.client_metadata import PERSON_SCOPES
from iam.domain.clients import Client, ClientKind, ProvenClient
from iam.domain.tokens import IssuedToken
from iam.ports import Archive, Clock, Library, Randomness, Reading, UnitOfWork
from iam.services.client_proofs import redeem
from iam.services.token_descent import Hanging, hanging_on
from iam.services.token_issue import Standing, TokenFault, TokenIssue, TokenRefused, service_of
from iam.services.tokens import OUR_SERVICE, leaf_of

LONGEST_CHAIN: Final = 3
"""Through how many clients a token may come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchanged:
    """What a service asks for which token."""

    subject: str | None
    """`jti` of the token that it was given; None where that is no access token of ours."""
    actor: str | None
    """`jti` of the service's own token, where it brings one; empty where it brings none."""
    scopes: tuple[str, ...]
    audience: str
    """The service that the new token is for; empty to let the scopes say so."""


class TokenExchange:
    """Exchanges tokens (RFC 8693); each exchange gives less, never more."""

    def __init__(
        self, archive: Archive, issue: TokenIssue, library: Library, clock: Clock, randomness: Randomness
    ) -> None:
        self._archive = archive
        self._issue = issue
        self._library = library
        self._clock = clock
        self._randomness = randomness

    def exchange(self, proof: ProvenClient, asked: Exchanged) -> Standing:
        """Exchange a token, in these steps:

        (1) the client's proofs are used up, whatever comes of it; it is a declaration service;
        (2) the token that it brings stands with all that it hangs on, is for a service of the client's own, and every
            scope of it is permitted now;
        (3) the actor's token, where there is one, is the client's own and stands;
        (4) the scopes are of one service, and the client is registered for each; of the same service they are no more
            than the token has;
        (5) the token came through fewer clients than it may;
        (6) every scope is judged now, for the same subject in the same capacity and for the same mandator;
        (7) the new token ends no later than the one that it was exchanged for, and with it.

        Raises:
            TokenRefused: `unauthorized_client`, `invalid_request` (RFC 8693 §2.2.2), `invalid_target`, `invalid_scope`;
                as `TokenIssue.judged`. ProofRefused as `redeem`.
        """
        with self._archive.writing() as uow:
            client = redeem(uow, proof)  # (1)
            try:
                standing = self._judged(uow, proof, client, asked)
            except TokenRefused:
                uow.commit()
                raise
            uow.put(standing.token)
            uow.audit(leaf_of("token_issued", client, standing.token))
            uow.commit()
        return replace(standing, sector=client.sector)

    def _judged(self, uow: UnitOfWork, proof: ProvenClient, client: Client, asked: Exchanged) -> Standing:
        if client.kind is not ClientKind.DECLARATION_SERVICE or (proof.metadata and proof.metadata.public):
            detail = "Only a declaration service that proves who it is exchanges tokens."
            raise TokenRefused(TokenFault.UNAUTHORIZED_CLIENT, "not_a_service", detail)
        now = self._clock.now()
        subject, hanging = self._subject(uow, client, asked.subject, now)  # (2)
        if asked.actor != "":
            _check_actor(uow, client, asked.actor, now)  # (3)
        service = self._service(proof, subject, asked)  # (4)
        if len(subject.actors) >= LONGEST_CHAIN:  # (5)
            detail = f"The token came through {LONGEST_CHAIN} clients: it goes no further."
            raise TokenRefused(TokenFault.INVALID_REQUEST, "chain_too_long", detail)
        draft = replace(
            subject,
            jti=self._randomness.identifier(),
            client=client.id,
            service=service,
            scopes=asked.scopes,
            binding=proof.key.binding if proof.key else "",
            parent=subject.jti,
            actors=(client.id, *subject.actors),
            software="" if subject.person else subject.software or subject.client,
        )
        ends = [client.profile_until, client.valid.end, subject.expires_at, *hanging.ends]  # (7)
        return self._issue.judged(uow, draft, ends, hanging.login)  # (6)

    def _subject(self, uow: Reading, client: Client, jti: str | None, now: datetime) -> tuple[IssuedToken, Hanging]:
        """The token to exchange, which this client was given; one answer for every other token."""
        token = uow.get(IssuedToken, jti) if jti else None
        hanging = hanging_on(uow, token, now) if token else None
        if token is None or hanging is None or token.service not in client.services:
            raise _refused_subject()
        try:
            self._issue.judged(uow, token, hanging.ends, hanging.login)
        except TokenRefused:
            raise _refused_subject() from None
        return token, hanging

    def _service(self, proof: ProvenClient, subject: IssuedToken, asked: Exchanged) -> str:
        fault = TokenFault.INVALID_SCOPE
        if not asked.scopes:
            raise TokenRefused(fault, "scope_missing", "Name the scopes that the token is to carry.")
        service = service_of(asked.scopes, self._library.current())
        if service is None or PERSON_SCOPES & set(asked.scopes):
            raise TokenRefused(fault, "scope_about_person", "What a person told one client is not passed on.")
        if asked.audience not in ("", service.code) or service.code == OUR_SERVICE:
            detail = "The scopes are of another service than the audience, or of one that takes no such tokens."
            raise TokenRefused(TokenFault.INVALID_TARGET, "other_audience", detail)
        if proof.metadata is None or not set(asked.scopes) <= set(proof.metadata.scopes):
            raise TokenRefused(fault, "scope_not_registered", "The client is not registered for one of these scopes.")
        if service.code == subject.service and not set(asked.scopes) <= set(subject.scopes):
            raise TokenRefused(fault, "more_than_granted", "Ask for no more than the token has.")
        return service.code


def _refused_subject() -> TokenRefused:
    detail = "The subject_token is no access token of ours that is good now and for your service."
    return TokenRefused(TokenFault.INVALID_REQUEST, "subject_token_refused", detail)


def _check_actor(uow: Reading, client: Client, jti: str | None, now: datetime) -> None:
    token = uow.get(IssuedToken, jti) if jti else None
    own = token is not None and (token.client, token.person, token.parent) == (client.id, None, None)
    if token is None or not own or hanging_on(uow, token, now) is None:
        detail = "The actor_token is no access token of yours that is good now: leave it out, or send your own."
        raise TokenRefused(TokenFault.INVALID_REQUEST, "actor_token_refused", detail)
