"""OAuth errors, one class each, with three texts: the code, a description for the client, a detail for the log only."""

from __future__ import annotations

from typing import ClassVar, Final

from authlib.oauth2 import OAuth2Error

from iam.web.challenges import DPOP_ALGORITHMS

_JSON: Final = [("Content-Type", "application/json"), ("Cache-Control", "no-store"), ("Pragma", "no-cache")]


class ProviderError(OAuth2Error):
    """A refusal in the form of RFC 6749 §5.2; raise one of its subclasses.

    `reason` is our stable reason code and opens the description. `detail` goes to the log and nowhere else.
    `explained` says that the law has a text for the reason, at `{issuer}/explanations/{reason}`.
    """

    code: ClassVar[str]
    status: ClassVar[int] = 400
    challenge: str | None = None
    """The value of `WWW-Authenticate`, where the answer owes one."""
    nonce: str = ""
    """The nonce with which a DPoP proof is to be made anew; empty where none is asked for."""
    retry_after: int = 0
    """After how many seconds to ask again; 0 where it is not told."""

    def __init__(self, reason: str, description: str, *, detail: str = "", explained: bool = False) -> None:
        super().__init__(error=self.code, description=told(f"{reason}: {description}"), status_code=self.status)
        self.reason = reason
        self.detail = detail
        self.explained = explained

    def get_headers(self) -> list[tuple[str, str]]:
        """No answer of these endpoints may be kept (RFC 6749 §5.1)."""
        wait = str(self.retry_after or "")
        told = {"WWW-Authenticate": self.challenge, "DPoP-Nonce": self.nonce, "Retry-After": wait}
        return [*_JSON, *((name, value) for name, value in told.items() if value)]


class InvalidRequest(ProviderError):
    """A parameter is missing, repeated or malformed, or there are two credentials (RFC 6749 §5.2)."""

    code = "invalid_request"


class InvalidClient(ProviderError):
    """Client authentication failed (RFC 6749 §5.2)."""

    code = "invalid_client"
    status = 401


class InvalidGrant(ProviderError):
    """The grant or token is not the client's (RFC 6749 §5.2, RFC 7009 §2.1)."""

    code = "invalid_grant"


class AccessDenied(ProviderError):
    """The person said no (RFC 8628 §3.5)."""

    code = "access_denied"


class AuthorizationPending(ProviderError):
    """The person has not decided yet: ask again, no sooner than told (RFC 8628 §3.5)."""

    code = "authorization_pending"


class SlowDown(ProviderError):
    """The device asked too soon, and waits longer from now on (RFC 8628 §3.5)."""

    code = "slow_down"


class ExpiredToken(ProviderError):
    """The codes of a device have expired (RFC 8628 §3.5)."""

    code = "expired_token"


class TooOften(ProviderError):
    """One network address asks too much for clients that prove nothing (429: RFC 6585 §4)."""

    code = "temporarily_unavailable"
    status = 429

    def __init__(self, reason: str, description: str, *, retry_after: int) -> None:
        """`retry_after` in seconds."""
        super().__init__(reason, description)
        self.retry_after = retry_after


class UnauthorizedClient(ProviderError):
    """The client may not have such a token at all (RFC 6749 §5.2)."""

    code = "unauthorized_client"


class UnsupportedGrantType(ProviderError):
    """The grant type is not one of ours (RFC 6749 §5.2)."""

    code = "unsupported_grant_type"


class InvalidScope(ProviderError):
    """A scope is unknown, mixed with those of another service, or not permitted (RFC 6749 §5.2)."""

    code = "invalid_scope"


class InvalidDpopProof(ProviderError):
    """The DPoP proof is missing or not good (RFC 9449 §5)."""

    code = "invalid_dpop_proof"


class UseDpopNonce(ProviderError):
    """The DPoP proof is to be made anew with our nonce (RFC 9449 §8)."""

    code = "use_dpop_nonce"

    def __init__(self, reason: str, description: str, *, nonce: str) -> None:
        super().__init__(reason, description)
        self.nonce = nonce


class DpopChallenge(ProviderError):
    """An access token presented with a DPoP proof that is not good, or without our nonce (RFC 9449 §7.1, §9)."""

    status = 401

    def __init__(self, reason: str, description: str, *, nonce: str) -> None:
        self.code = "use_dpop_nonce" if nonce else "invalid_dpop_proof"  # type: ignore[misc]
        super().__init__(reason, description)
        self.nonce = nonce
        self.challenge = f'DPoP realm="procura", error="{self.code}", algs="{DPOP_ALGORITHMS}"'


class InvalidTarget(ProviderError):
    """The resource asked for is not one that tokens are issued for (RFC 8707 §2)."""

    code = "invalid_target"


class InvalidAuthorizationDetails(ProviderError):
    """The details are malformed, of an unknown type, or not permitted (RFC 9396 §5)."""

    code = "invalid_authorization_details"


class InvalidToken(ProviderError):
    """The access token that the caller presents as its own is not good (RFC 6750 §3.1, RFC 7662 §2.3)."""

    code = "invalid_token"
    status = 401
    challenge = 'Bearer realm="procura", error="invalid_token"'


class InsufficientScope(ProviderError):
    """The caller's access token lacks the scope; introspection says so with 401 (RFC 7662 §2.3)."""

    code = "insufficient_scope"
    status = 401
    challenge = 'Bearer realm="procura", error="insufficient_scope"'


class InsufficientAuthentication(ProviderError):
    """The login behind the caller's access token is too weak for what is asked (RFC 9470 §3)."""

    code = "insufficient_user_authentication"
    status = 401

    def __init__(self, reason: str, description: str, *, acr: str) -> None:
        super().__init__(reason, description)
        self.challenge = f'Bearer realm="procura", error="{self.code}", acr_values="{acr}"'


def told(text: str) -> str:
    """A text in the characters that `error_description` may hold (RFC 6749 §5.2)."""
    plain = text.replace('"', "'").replace("\\", "/")
    return "".join(one if " " <= one <= "~" else "?" for one in plain)
