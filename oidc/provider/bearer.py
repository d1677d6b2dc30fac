"""Access tokens of ours at our own doors: verified once, then known by their hash until they end."""

from __future__ import annotations

import hashlib
import re
import threading
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from iam.domain.tokens import Caller
from iam.ports import Clock
from iam.services.token_issue import LONGEST_LIFE
from iam.services.tokens import OUR_SERVICE
from iam.web import challenges
from iam.web.problems import ProblemAnswer
from oidc import jose
from oidc.jws_reading import MAX_CHARS
from oidc.provider.access_tokens import binding_of
from oidc.provider.dpop import DpopRefused
from oidc.provider.live_keys import SigningKeys
from oidc.provider.own_tokens import OwnTokens
from oidc.provider.possession import Possession
from oidc.signing_keys import KeyRing

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

MOST_REMEMBERED: Final = 20_000
_HEADER: Final = re.compile(r"(?:Bearer|DPoP) ([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Known:
    caller: Caller
    until: datetime
    """The end of the token, or of the key that signed it where that comes first."""
    binding: str
    """To what the token is bound, as `IssuedToken.binding`."""


class BearerTokens:
    """Tells who calls from an `Authorization` header, without asking the archive save for a proof to be used up.

    Only the result of the signature is remembered. Whether the token, its client and its enterprise are still good is
    judged with the question itself. A token that is bound to a key or a certificate is good with that alone, which each
    request proves anew.
    """

    def __init__(
        self,
        issuer: str,
        keys: SigningKeys,
        clock: Clock,
        service: str = OUR_SERVICE,
        possession: Possession | None = None,
    ) -> None:
        """`service` is the audience that tokens must have; without `possession` no bound token is taken."""
        self._own = OwnTokens(issuer, keys)
        self._keys = keys
        self._clock = clock
        self._service = service
        self._possession = possession
        self._turn = threading.Lock()
        self._ring: KeyRing | None = None
        self._known: dict[bytes, _Known] = {}

    def caller(self, header: str | None, environ: WSGIEnvironment | None = None) -> Caller:
        """Who calls, for the doors of the API; `environ` is the request, from which a proof of possession is read.

        Raises ProblemAnswer: 401 with the challenge of RFC 6750 §3, or of RFC 9449 §7.1.
        """
        if not header:
            raise ProblemAnswer(challenges.no_access_token())
        try:
            return self.verify(header, environ)
        except DpopRefused as refused:
            raise ProblemAnswer(challenges.dpop_refused(refused.reason, refused.detail, refused.nonce)) from None
        except jose.InvalidToken as fault:
            if fault.code is jose.TokenFault.EXPIRED:
                raise ProblemAnswer(challenges.expired_access_token()) from None
            raise ProblemAnswer(challenges.invalid_access_token(f"token_{fault.code}")) from None

    def verify(self, header: str, environ: WSGIEnvironment | None = None) -> Caller:
        """Who calls. Raises `InvalidToken`, DpopRefused."""
        if len(header) > MAX_CHARS + 7:
            raise _not_bearer()
        known = self._known_for(header)
        if known.binding or header[:5].lower() == "dpop ":
            self._check_possession(known, header, environ)
        return known.caller

    def _known_for(self, header: str) -> _Known:
        """What a header's token says, verified now or before."""
        now, known = self._clock.now(), self._memory()
        fingerprint = hashlib.sha256(header.encode("utf-8", "surrogatepass")).digest()
        held = known.get(fingerprint)
        if held is not None and now < held.until:
            return held
        if held is not None:
            raise jose.InvalidToken(jose.TokenFault.EXPIRED, "the token has expired")
        found = _HEADER.fullmatch(header)
        if found is None:
            raise _not_bearer()
        fresh = self._verified(found[1], now)
        self._remember(known, fingerprint, fresh, now)
        return fresh

    def _check_possession(self, known: _Known, header: str, environ: WSGIEnvironment | None) -> None:
        if self._possession is None:
            raise jose.InvalidToken(jose.TokenFault.KEY_MISMATCH, "bound tokens are not taken here")
        scheme, _, token = header.partition(" ")
        self._possession.check_token(known.binding, scheme, token, environ)

    def _verified(self, token: str, now: datetime) -> _Known:
        """Verify an access token of ours (RFC 9068 §4), in these steps:

        (1) we issued it: its signature, type and issuer are ours;
        (2) it is for this service and no other;
        (3) it has not expired, and does not live longer than our tokens do;
        (4) its client is `client_id` and `sub`, and it has a `jti` and a scope.
        """
        verified = self._own.verify(token)  # (1)
        claims = verified.claims
        jose.check_audience(claims, self._service, single_string=True)  # (2)
        times = jose.check_times(claims, now, max_life=LONGEST_LIFE, iat_required=True)  # (3)
        client_id, scope = jose.text_claim(claims, "client_id"), claims.get("scope")  # (4)
        if claims.get("sub") != client_id or not isinstance(scope, str):
            raise jose.InvalidToken(jose.TokenFault.CLAIM_MALFORMED, "sub, client_id and scope are not ours")
        caller = Caller(
            client_id=client_id,
            jti=jose.text_claim(claims, "jti"),
            scopes=frozenset(scope.split(" ")),
            service=self._service,
            expires_at=times.expires_at,
        )
        kid = verified.header.get("kid")
        ends = [key.removed_after for key in self._keys.ring().keys if kid in (None, key.kid)]
        until = min([times.expires_at, *(end for end in ends if end is not None)])
        return _Known(caller, until, binding_of(claims))

    def _memory(self) -> dict[bytes, _Known]:
        """What is remembered under the ring in use; another ring starts with nothing."""
        ring = self._keys.ring()
        if ring is not self._ring:
            with self._turn:
                self._ring, self._known = ring, {}
        return self._known

    def _remember(self, known: dict[bytes, _Known], fingerprint: bytes, fresh: _Known, now: datetime) -> None:
        with self._turn:
            if len(known) >= MOST_REMEMBERED:
                for ended in [one for one, held in known.items() if held.until <= now]:
                    del known[ended]
            while len(known) >= MOST_REMEMBERED:
                del known[next(iter(known))]
            known[fingerprint] = fresh


def _not_bearer() -> jose.InvalidToken:
    return jose.InvalidToken(jose.TokenFault.NOT_COMPACT, "send Authorization: Bearer and the token")
