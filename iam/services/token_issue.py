"""How an access token comes about: its scopes are judged, and it never outlives what they rest on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from iam.domain.applications import Service
from iam.domain.assurance import Authentication
from iam.domain.client_metadata import PERSON_SCOPES
from iam.domain.errors import Forbidden
from iam.domain.tokens import IssuedToken
from iam.ports import Clock, Law, Library, Reading
from iam.services.scope_judgement import JudgedScope, ScopeJudgement

LONGEST_LIFE = timedelta(seconds=300)
PLAIN_ALGORITHM = "ES256"
"""With which tokens about the person alone are signed."""

_ABOUT_SUBJECT = frozenset({"unknown_subject", "enterprise_ceased", "capacity_not_held"})
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
    """What is wrong with a request for a token; the values are OAuth error codes.

    Sources: RFC 6749 §5.2, RFC 8707 §2, RFC 9396 §5, RFC 8693 §2.2.2, RFC 8628 §3.5.
    """

    INVALID_REQUEST = "invalid_request"
    INVALID_SCOPE = "invalid_scope"
    INVALID_TARGET = "invalid_target"
    INVALID_AUTHORIZATION_DETAILS = "invalid_authorization_details"
    UNAUTHORIZED_CLIENT = "unauthorized_client"
    INVALID_GRANT = "invalid_grant"
    ACCESS_DENIED = "access_denied"
    AUTHORIZATION_PENDING = "authorization_pending"
    SLOW_DOWN = "slow_down"
    EXPIRED_TOKEN = "expired_token"  # noqa: S105 - an error code


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
class Standing:
    """A token with what each of its scopes rests on."""

    token: IssuedToken
    scopes: tuple[JudgedScope, ...]
    signing_algorithm: str
    sector: str = ""
    """The sector that reads of it, where it is a person's (`Client.sector`)."""
    login: Authentication | None = None
    """The login that it rests on, where it is a person's."""


class TokenIssue:
    """Judges the draft of a token."""

    def __init__(self, scopes: ScopeJudgement, library: Library, clock: Clock, life: timedelta = LONGEST_LIFE) -> None:
        """`life` may shorten the life of tokens. ValueError beyond `LONGEST_LIFE`."""
        if not timedelta(seconds=1) <= life <= LONGEST_LIFE:
            raise ValueError("an access token lives for 1 to 300 seconds")
        self._scopes = scopes
        self._library = library
        self._clock = clock
        self._life = life

    def judged(
        self,
        reading: Reading,
        draft: IssuedToken,
        ends: Iterable[datetime | None],
        login: Authentication | None = None,
    ) -> Standing:
        """The token of a draft, with its times, if the judge permits every scope now; nothing is dropped in silence.

        `ends` are the known ends of what it hangs on besides; `login` is that of a person's grant.

        Raises TokenRefused with the OAuth error that fits.
        """
        law, now = self._library.current(), self._clock.now()  # as the judge's; record time may run ahead
        service = law.catalogue.services.get(draft.service)
        start = now.replace(microsecond=0)
        token = replace(draft, issued_at=start, expires_at=start + self._life)
        judged = self._scopes.of(reading, token, now, login=login)
        refused = judged.refused()
        if refused is not None:
            raise refusal_of(refused, draft, law)
        until = earliest([*(one.decision.until for one in judged.scopes), *ends])
        if until is not None:
            token = replace(token, expires_at=min(token.expires_at, until.replace(microsecond=0)))
        if token.expires_at <= now:
            detail = "What the token would rest on ends within this second."
            raise TokenRefused(TokenFault.INVALID_SCOPE, "authority_ends", detail)
        return Standing(token=token, scopes=judged.scopes, signing_algorithm=algorithm_of(service), login=login)


def algorithm_of(service: Service | None) -> str:
    """With which algorithm tokens for a service are signed."""
    return PLAIN_ALGORITHM if service is None else service.signing_algorithm


def service_of(scopes: Sequence[str], law: Law) -> Service | None:
    """The one service whose scopes are among those asked; None where they are about the person alone.

    Raises TokenRefused (`invalid_scope`): unknown scopes, scopes of two services.
    """
    found = [law.catalogue.service_of_scope(scope) for scope in scopes if scope not in PERSON_SCOPES]
    services = [one[0] for one in found if one is not None]
    if len(services) < len(found):
        raise TokenRefused(TokenFault.INVALID_SCOPE, "unknown_scope", "One of the scopes does not exist.")
    if len({one.code for one in services}) > 1:
        detail = "A token is for one service: ask one token for each."
        raise TokenRefused(TokenFault.INVALID_SCOPE, "scopes_of_two_services", detail)
    return services[0] if services else None


def refusal_of(refused: JudgedScope, draft: IssuedToken, law: Law) -> TokenRefused:
    """A scope that the judge refused, as the refusal of its token."""
    reason = refused.decision.reason
    detail = law.texts(reason)["en"]
    return TokenRefused(_fault_of(reason, draft), reason, detail, cure=refused.decision.cure, judged=True)


def earliest(ends: Iterable[datetime | None]) -> datetime | None:
    """The first of some ends; None when all are open."""
    return min((end for end in ends if end is not None), default=None)


def _fault_of(reason: str, draft: IssuedToken) -> TokenFault:
    if draft.grant is not None:
        return TokenFault.INVALID_SCOPE
    if reason in _ABOUT_SUBJECT:
        return TokenFault.UNAUTHORIZED_CLIENT
    if reason in _ABOUT_MANDATOR and draft.mandator is not None:
        return TokenFault.INVALID_AUTHORIZATION_DETAILS
    return TokenFault.INVALID_SCOPE
