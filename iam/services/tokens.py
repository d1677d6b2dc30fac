"""Access tokens: issued where the judge permits every scope, judged anew whenever asked, revoked by their owner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NoReturn

from iam.domain.applications import Service
from iam.domain.audit import Leaf
from iam.domain.authorization import Decision, Question, SubjectKind
from iam.domain.clients import Client, ProvenClient
from iam.domain.enterprises import Capacity
from iam.domain.errors import Forbidden
from iam.domain.tokens import Caller, IssuedToken
from iam.ports import Archive, Clock, Law, Library, Randomness, UnitOfWork
from iam.services.authorization import Ask, Authorization
from iam.services.client_proofs import redeem
from iam.services.scope_judgement import JudgedScope, ScopeJudgement

LONGEST_LIFE = timedelta(seconds=300)
OUR_SERVICE = "authorization"
"""The service that our own doors are: checks, introspection and administration."""
INTROSPECT = "introspect"

_ABOUT_CLIENT = frozenset({"unknown_subject", "enterprise_ceased", "capacity_not_held"})
_ABOUT_MANDATOR = frozenset(
    {
        "employer_ceased",
        "employer_not_entitled",
        "no_delegation_for_quarter",
        "no_mandate_in_force",
        "not_activated",
        "only_own_enterprise",
        "other_capacity_required",
        "outside_portfolio",
    }
)


class TokenFault(StrEnum):
    """What is wrong with a request for a token; the values are OAuth error codes (RFC 6749 §5.2, RFC 9396 §5)."""

    INVALID_SCOPE = "invalid_scope"
    INVALID_AUTHORIZATION_DETAILS = "invalid_authorization_details"
    UNAUTHORIZED_CLIENT = "unauthorized_client"
    INVALID_GRANT = "invalid_grant"


class TokenRefused(Forbidden):
    """No token, or no revocation; `judged` tells whether the law said so, with a reason that has an explanation."""

    def __init__(
        self,
        fault: TokenFault,
        code: str,
        detail: str,
        *,
        cure: Mapping[str, object] | None = None,
        judged: bool = False,
    ) -> None:
        super().__init__(code, detail, cure=dict(cure or {}))
        self.fault = fault
        self.judged = judged


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a client asks a token for: scopes of one service, and for which mandator (None: its own enterprise)."""

    scopes: tuple[str, ...]
    mandator: str | None = None
    capacity: Capacity | None = None
    """The capacity named with the mandator; it must be the client's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A token with what each of its scopes rests on."""

    token: IssuedToken
    scopes: tuple[JudgedScope, ...]
    signing_algorithm: str


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
        if not timedelta(seconds=1) <= life <= LONGEST_LIFE:
            raise ValueError("an access token lives for 1 to 300 seconds")
        self._archive = archive
        self._judge = judge
        self._scopes = ScopeJudgement(judge, library)
        self._library = library
        self._clock = clock
        self._randomness = randomness
        self._life = life

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
                standing = self._judged(uow, client, wanted, law)
            except TokenRefused:
                uow.commit()
                raise
            uow.put(standing.token)
            uow.audit(_leaf("token_issued", client, standing.token))
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
            with self._archive.writing() as uow:
                redeem(uow, asker)
                uow.commit()
        with self._archive.reading() as reading:
            client_id = asker.client.id if isinstance(asker, ProvenClient) else asker.client_id
            now = self._clock.now()
            client = reading.get(Client, client_id)
            token = reading.get(IssuedToken, jti) if jti else None
            known = client is not None and token is not None and _relies_on(client, token, now)
            owner = reading.get(Client, token.client) if token and known else None
            if token is None or owner is None or not owner.usable(now):
                self._judge.decide(_question_of(asker, client, INTROSPECT))
                return None
            judged = self._scopes.of(reading, token, now, _question_of(asker, client, INTROSPECT))
        if judged.refused() is not None or not judged.first[0].allowed:
            return None
        service = self._library.current().catalogue.services[token.service]
        until = _earliest([one.decision for one in judged.scopes], owner)
        still = replace(token, expires_at=min(token.expires_at, until)) if until else token
        return Standing(token=still, scopes=judged.scopes, signing_algorithm=service.signing_algorithm)

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
                uow.audit(_leaf("token_revoked", client, token))
                uow.announce("token_revoked", {"token": token.jti, "client": client.id})
            uow.commit()
        if token is not None and token.client != client.id:
            detail = "The token was issued to another client."
            raise TokenRefused(TokenFault.INVALID_GRANT, "other_client_token", detail)

    def _judged(self, uow: UnitOfWork, client: Client, wanted: Wanted, law: Law) -> Standing:
        service = _one_service(wanted.scopes, law)
        _check_mandator(client, wanted)
        now = self._clock.now()  # as the judge's; record time may run ahead of a clock that was set back
        token = IssuedToken(
            jti=self._randomness.identifier(),
            client=client.id,
            enterprise=client.enterprise,
            capacity=client.capacity,
            mandator=wanted.mandator,
            service=service.code,
            scopes=wanted.scopes,
            issued_at=now.replace(microsecond=0),
            expires_at=now.replace(microsecond=0) + self._life,
        )
        judged = self._scopes.of(uow, token, now)
        refused = judged.refused()
        if refused is not None:
            self._refuse(refused, wanted, law)
        until = _earliest([one.decision for one in judged.scopes], client)
        if until is not None:
            token = replace(token, expires_at=min(token.expires_at, until.replace(microsecond=0)))
        if token.expires_at <= now:
            detail = "What the token would rest on ends within this second."
            raise TokenRefused(TokenFault.INVALID_SCOPE, "authority_ends", detail)
        return Standing(token=token, scopes=judged.scopes, signing_algorithm=service.signing_algorithm)

    def _refuse(self, refused: JudgedScope, wanted: Wanted, law: Law) -> NoReturn:
        reason = refused.decision.reason
        raise TokenRefused(
            _fault_of(reason, wanted), reason, law.texts(reason)["en"], cure=refused.decision.cure, judged=True
        )


def _one_service(scopes: Sequence[str], law: Law) -> Service:
    """The one service whose scopes are asked."""
    if not scopes:
        raise TokenRefused(TokenFault.INVALID_SCOPE, "scope_missing", "Name the scopes that the token is to carry.")
    found = [law.catalogue.service_of_scope(scope) for scope in scopes]
    services = [one[0] for one in found if one is not None]
    if len(services) < len(found):
        raise TokenRefused(TokenFault.INVALID_SCOPE, "unknown_scope", "One of the scopes does not exist.")
    if len({one.code for one in services}) > 1:
        detail = "A token is for one service: ask one token for each."
        raise TokenRefused(TokenFault.INVALID_SCOPE, "scopes_of_two_services", detail)
    return services[0]


def _check_mandator(client: Client, wanted: Wanted) -> None:
    fault = TokenFault.INVALID_AUTHORIZATION_DETAILS
    if wanted.mandator is None:
        return
    if wanted.mandator == client.enterprise:
        raise TokenRefused(fault, "own_enterprise", "An enterprise is not its own mandator: leave out the details.")
    if wanted.capacity is not client.capacity:
        raise TokenRefused(fault, "capacity_differs", "The client was registered in another capacity.")


def _fault_of(reason: str, wanted: Wanted) -> TokenFault:
    if reason in _ABOUT_CLIENT:
        return TokenFault.UNAUTHORIZED_CLIENT
    if reason in _ABOUT_MANDATOR and wanted.mandator is not None:
        return TokenFault.INVALID_AUTHORIZATION_DETAILS
    return TokenFault.INVALID_SCOPE


def _earliest(decisions: Sequence[Decision], client: Client) -> datetime | None:
    ends = [*(one.until for one in decisions), client.profile_until, client.valid.end]
    return min((end for end in ends if end is not None), default=None)


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


def _leaf(act: str, client: Client, token: IssuedToken) -> Leaf:
    objects = {
        **_mandator(token),
        "token": token.jti,
        "client": token.client,
        "enterprise": token.enterprise,
        "service": token.service,
        "scopes": " ".join(token.scopes),
    }
    return Leaf(act=act, actor=client.id, caller=client.id, objects=objects)


def _mandator(token: IssuedToken) -> Mapping[str, str]:
    return {"mandator": token.mandator} if token.mandator else {}
