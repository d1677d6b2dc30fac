"""Access tokens: issued where the judge permits every scope, judged anew whenever asked, revoked by their owner."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from iam.domain.audit import Leaf
from iam.domain.authorization import Question, SubjectKind
from iam.domain.client_metadata import PERSON_SCOPES, GrantType
from iam.domain.clients import Client, ProvenClient
from iam.domain.enterprises import Capacity
from iam.domain.tokens import Caller, IssuedToken
from iam.ports import Archive, Clock, Law, Library, Randomness, Reading, UnitOfWork
from iam.services.authorization import Ask, Authorization
from iam.services.client_proofs import present_client, redeem, use_up
from iam.services.scope_judgement import JudgedScope, ScopeJudgement
from iam.services.token_descent import hanging_on
from iam.services.token_issue import (
    LONGEST_LIFE,
    Standing,
    TokenFault,
    TokenIssue,
    TokenRefused,
    algorithm_of,
    earliest,
    service_of,
)

OUR_SERVICE = "authorization"
"""The service that our own doors are: checks, introspection and administration."""
INTROSPECT = "introspect"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a client asks a token for: scopes of one service, and for which mandator (None: its own enterprise)."""

    scopes: tuple[str, ...]
    mandator: str | None = None
    capacity: Capacity | None = None
    """The capacity named with the mandator; it must be the client's own."""
    binding: str = ""
    """To what the token is bound, as `IssuedToken.binding`."""


class Tokens:
    """Issues, re-judges and revokes access tokens."""

    def __init__(
        self,
        archive: Archive,
        judge: Authorization,
        library: Library,
        clock: Clock,
        randomness: Randomness,
        *,
        life: timedelta = LONGEST_LIFE,
    ) -> None:
        """`life` may shorten the life of tokens. ValueError beyond `LONGEST_LIFE`."""
        self._archive = archive
        self._judge = judge
        self._scopes = ScopeJudgement(judge, library)
        self._library = library
        self._clock = clock
        self._randomness = randomness
        self._issue = TokenIssue(self._scopes, library, clock, life)

    def issue(self, proof: ProvenClient, wanted: Wanted) -> Standing:
        """Issue a token, if the judge permits every scope now; otherwise nothing is dropped in silence.

        Decisions are read while the unit of work is open: no change can be acknowledged between them and the token.
        The assertion is used up either way.

        Raises:
            TokenRefused: with the OAuth error that fits. ProofRefused: the client's authentication is not good.
        """
        law = self._library.current()
        with self._archive.writing() as uow:
            client = redeem(uow, proof)
            try:
                _check_software(proof)
                standing = self._judged(uow, client, wanted, law)
            except TokenRefused:
                uow.commit()
                raise
            uow.put(standing.token)
            uow.audit(leaf_of("token_issued", client, standing.token))
            uow.commit()
        return standing

    def introspect(self, asker: ProvenClient | Caller, jti: str | None) -> Standing | None:
        """What a token is worth now to a service that relies on it; None for every token that is worth nothing to it.

        Each scope is judged again; one that is no longer permitted takes the whole token with it. The asker must be
        permitted to introspect, and be registered for the token's service.

        Raises:
            CallerNotActive: when the asker's own access token is not good any more. ProofRefused: as `issue`.
        """
        if isinstance(asker, ProvenClient):
            use_up(self._archive, asker)
        with self._archive.reading() as reading:
            now = self._clock.now()
            client = _asking(reading, asker, now)
            token = reading.get(IssuedToken, jti) if jti else None
            known = client is not None and token is not None and _relies_on(client, token, now)
            hanging = hanging_on(reading, token, now) if token and known else None
            if client is None or token is None or hanging is None:
                self._judge.decide(_question_of(asker, client, INTROSPECT), reading)
                return None
            asked = _question_of(asker, client, INTROSPECT)
            judged = self._scopes.of(reading, token, now, asked, login=hanging.login)
        if judged.refused() is not None or not judged.first[0].allowed:
            return None
        until = earliest([*(one.decision.until for one in judged.scopes), *hanging.ends])
        algorithm = algorithm_of(self._library.current().catalogue.services.get(token.service))
        return Standing(
            token=replace(token, expires_at=min(token.expires_at, until)) if until else token,
            scopes=judged.scopes,
            signing_algorithm=algorithm,
            sector=client.sector,
            login=hanging.login,
        )

    def refused_now(self, jti: str) -> JudgedScope | None:
        """The first scope of a token that the judge does not permit now; None where it permits all."""
        now = self._clock.now()
        with self._archive.reading() as reading:
            token = reading.get(IssuedToken, jti)
            hanging = hanging_on(reading, token, now) if token else None
            if token is None or hanging is None:
                return None
            return self._scopes.of(reading, token, now, login=hanging.login).refused()

    def revoke(self, proof: ProvenClient, jti: str | None) -> None:
        """Revoke a token of the client's own; an unknown one (or None) is no error (RFC 7009 §2.2).

        Raises:
            TokenRefused: `invalid_grant` for another client's token. ProofRefused: as `issue`.
        """
        with self._archive.writing() as uow:
            client = redeem(uow, proof)
            token = uow.get(IssuedToken, jti) if jti else None
            if token is not None and token.client == client.id and token.revoked_at is None:
                uow.put(replace(token, revoked_at=uow.now))
                uow.audit(leaf_of("token_revoked", client, token))
                uow.announce("token_revoked", {"token": token.jti, "client": client.id})
            uow.commit()
        if token is not None and token.client != client.id:
            detail = "The token was issued to another client."
            raise TokenRefused(TokenFault.INVALID_GRANT, "other_client_token", detail)

    def _judged(self, uow: UnitOfWork, client: Client, wanted: Wanted, law: Law) -> Standing:
        if not wanted.scopes:
            raise TokenRefused(TokenFault.INVALID_SCOPE, "scope_missing", "Name the scopes that the token is to carry.")
        service = service_of(wanted.scopes, law)
        if service is None or PERSON_SCOPES & set(wanted.scopes):
            raise TokenRefused(TokenFault.INVALID_SCOPE, "scope_about_person", "Software has no scopes about persons.")
        _check_mandator(client, wanted)
        draft = IssuedToken(
            jti=self._randomness.identifier(),
            client=client.id,
            enterprise=client.enterprise,
            capacity=client.capacity,
            mandator=wanted.mandator,
            service=service.code,
            scopes=wanted.scopes,
            issued_at=uow.now,
            expires_at=uow.now,
            binding=wanted.binding,
        )
        return self._issue.judged(uow, draft, [client.profile_until, client.valid.end])


def _check_mandator(client: Client, wanted: Wanted) -> None:
    fault = TokenFault.INVALID_AUTHORIZATION_DETAILS
    if wanted.mandator is None:
        return
    if wanted.mandator == client.enterprise:
        raise TokenRefused(fault, "own_enterprise", "An enterprise is not its own mandator: leave out the details.")
    if wanted.capacity is not client.capacity:
        raise TokenRefused(fault, "capacity_differs", "The client was registered in another capacity.")


def _check_software(proof: ProvenClient) -> None:
    """Who acts by itself has proved that it is itself, and registered for it (RFC 6749 §4.4)."""
    metadata = proof.metadata
    if metadata and (metadata.public or GrantType.CLIENT_CREDENTIALS not in metadata.grant_types):
        detail = "The client is not registered for this grant type."
        raise TokenRefused(TokenFault.UNAUTHORIZED_CLIENT, "grant_not_registered", detail)


def _asking(reading: Reading, asker: ProvenClient | Caller, now: datetime) -> Client | None:
    """Who asks, as it stands in a view that was opened after its proofs were used up. ProofRefused: as `issue`."""
    if isinstance(asker, ProvenClient):
        newest = reading.revision, reading.recorded_at
        return present_client(reading, asker, newest, max(now, reading.recorded_at))
    return reading.get(Client, asker.client_id)


def _relies_on(client: Client, token: IssuedToken, now: datetime) -> bool:
    good = token.revoked_at is None and now < token.expires_at
    return good and client.usable(now) and token.service in client.services


def _question_of(asker: ProvenClient | Caller, client: Client | None, action: str) -> Ask:
    """May this client do this at our own door; with its own access token judged in the same statement."""
    client_id = asker.client.id if isinstance(asker, ProvenClient) else asker.client_id
    question = Question(
        subject_kind=SubjectKind.CLIENT,
        subject=client_id,
        enterprise=client.enterprise if client else None,
        capacity=client.capacity if client else None,
        service=OUR_SERVICE,
        action=action,
        concerned=client.enterprise if client else None,
    )
    if isinstance(asker, ProvenClient):
        return Ask(question=question)
    return Ask(question=question, caller=asker.client_id, caller_token=asker.jti)


def leaf_of(act: str, client: Client, token: IssuedToken) -> Leaf:
    """The audit leaf of what happened to a token."""
    named = {"enterprise": token.enterprise, "mandator": token.mandator, "grant": token.grant, "parent": token.parent}
    objects = {
        **{name: value for name, value in named.items() if value},
        "token": token.jti,
        "client": token.client,
        "service": token.service,
        "scopes": " ".join(token.scopes),
    }
    return Leaf(act=act, actor=token.person or client.id, caller=client.id, objects=objects)
