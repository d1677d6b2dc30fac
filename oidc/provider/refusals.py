"""Refusals of the use-cases, as the OAuth errors that answer them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from iam.services.authorization import CallerNotActive
from iam.services.client_proofs import DPOP_REPLAYED, ProofRefused
from iam.services.token_issue import TokenFault, TokenRefused
from oidc.provider.errors import (
    AccessDenied,
    AuthorizationPending,
    ExpiredToken,
    InvalidAuthorizationDetails,
    InvalidClient,
    InvalidDpopProof,
    InvalidGrant,
    InvalidRequest,
    InvalidScope,
    InvalidTarget,
    InvalidToken,
    ProviderError,
    SlowDown,
    UnauthorizedClient,
)

_ERRORS: Final[Mapping[TokenFault, type[ProviderError]]] = {
    TokenFault.INVALID_SCOPE: InvalidScope,
    TokenFault.INVALID_AUTHORIZATION_DETAILS: InvalidAuthorizationDetails,
    TokenFault.UNAUTHORIZED_CLIENT: UnauthorizedClient,
    TokenFault.INVALID_GRANT: InvalidGrant,
    TokenFault.INVALID_REQUEST: InvalidRequest,
    TokenFault.INVALID_TARGET: InvalidTarget,
    TokenFault.ACCESS_DENIED: AccessDenied,
    TokenFault.AUTHORIZATION_PENDING: AuthorizationPending,
    TokenFault.SLOW_DOWN: SlowDown,
    TokenFault.EXPIRED_TOKEN: ExpiredToken,
}


@contextmanager
def as_oauth_errors() -> Iterator[None]:
    """Raise the OAuth error that answers a use-case's refusal."""
    try:
        yield
    except TokenRefused as refusal:
        raise _ERRORS[refusal.fault](refusal.code, refusal.detail, explained=refusal.judged) from None
    except ProofRefused as refusal:
        if refusal.code == DPOP_REPLAYED:
            raise InvalidDpopProof(refusal.code, refusal.detail) from None
        raise InvalidClient(refusal.code, refusal.detail) from None
    except CallerNotActive as refusal:
        raise InvalidToken(refusal.code, refusal.detail) from None
