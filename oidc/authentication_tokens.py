"""A person's login as a signed token: verified against the source that vouches for it, for one caller only."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from iam.domain.assurance import Assurance, LoginKey
from iam.domain.errors import InvalidInput, StepUpRequired
from iam.domain.identifiers import Niss
from iam.domain.periods import local_date
from iam.ports import Clock
from iam.services.authentications import AuthenticationClaims
from oidc import jose
from oidc.authentication_sources import AuthenticationSource, Sources
from oidc.registered_claims import SKEW

TYPE: Final = "authentication+jwt"
MAX_LIFE: Final = timedelta(seconds=300)
MAX_CHARS: Final = 4_096


class AuthenticationTokens:
    """Verifies authentication tokens."""

    def __init__(self, issuer: str, sources: Sources, clock: Clock) -> None:
        """`issuer` is our own, the audience that tokens must have."""
        self._issuer = issuer
        self._sources = sources
        self._clock = clock

    def verify(self, token: str, caller: str) -> AuthenticationClaims:
        """What a source says of a login, for `Authentications.admit`; `caller` is the client_id that presents it.

        The steps:

        (1) `iss` is a configured source;
        (2) it is signed with that source's key and an algorithm configured for it, and typed `authentication+jwt`;
        (3) `aud` is our issuer as a single string, `azp` the client that presents it;
        (4) it has not expired, and lives at most 300 s from `iat`;
        (5) `key` is a login key that this source may speak of, `acr` (low, substantial, high) a level that is believed
            of it for that key;
        (6) `auth_time` lies neither after `iat` nor in the future;
        (7) `niss` is a valid number; `jti` is there, to be used up by `admit`.

        Raises:
            StepUpRequired: `authentication_invalid`, `authentication_expired`; a new login cures it.
        """
        try:
            return self._claims(token, caller)
        except jose.InvalidToken as fault:
            expired = fault.code is jose.TokenFault.EXPIRED
            raise _refusal("authentication_expired" if expired else "authentication_invalid", fault.detail) from None
        except InvalidInput as refusal:
            raise _refusal("authentication_invalid", refusal.detail) from None

    def _claims(self, token: str, caller: str) -> AuthenticationClaims:
        now = self._clock.now()
        read = jose.read(token, max_chars=MAX_CHARS)
        source = self._source(read)  # (1)
        claims = jose.verify(read, keys=source.keys, algorithms=source.algorithms, typ=TYPE).claims  # (2)
        jose.check_issuer(claims, source.issuer)
        jose.check_audience(claims, self._issuer, single_string=True)  # (3)
        if jose.text_claim(claims, "azp") != caller:
            raise jose.InvalidToken(jose.TokenFault.WRONG_AUDIENCE, "azp is not the client that presents it")
        times = jose.check_times(claims, now, max_life=MAX_LIFE, iat_required=True)  # (4)
        key = LoginKey.parse(jose.text_claim(claims, "key"))  # (5)
        assurance = Assurance.parse(jose.text_claim(claims, "acr"))
        if assurance > source.levels.get(key, 0):
            raise jose.InvalidToken(jose.TokenFault.CLAIM_MALFORMED, "the source may not vouch for that key and level")
        authenticated_at = jose.time_claim(claims, "auth_time")  # (6)
        if authenticated_at is None or authenticated_at > min(times.issued_at or now, now) + SKEW:
            raise jose.InvalidToken(jose.TokenFault.CLAIM_MALFORMED, "auth_time is missing or lies ahead")
        return AuthenticationClaims(
            source=source.issuer,
            niss=Niss.parse(jose.text_claim(claims, "niss"), on=local_date(now)),  # (7)
            key=key,
            assurance=assurance,
            authenticated_at=min(authenticated_at, now),
            reference=jose.text_claim(claims, "jti"),
            expires_at=times.expires_at + SKEW,
        )

    def _source(self, read: jose.Reading) -> AuthenticationSource:
        issuer = read.claims.get("iss")
        source = self._sources.get(issuer) if isinstance(issuer, str) else None
        if source is None:
            raise jose.InvalidToken(jose.TokenFault.WRONG_ISSUER, "nobody known vouches for it")
        return source


def _refusal(code: str, detail: str) -> StepUpRequired:
    return StepUpRequired(code, f"The proof of the login is not accepted: {detail}", cure={"type": "step_up"})
