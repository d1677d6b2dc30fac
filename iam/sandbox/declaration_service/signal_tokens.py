"""Security event tokens as a receiver judges them: whose they are, for whom, how old, and what they tell."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry
from joserfc.util import urlsafe_b64decode

from iam.outside.guarded_http import BadAnswer, parsed_json
from iam.ports import Clock

TYPE: Final = "secevent+jwt"
ALGORITHMS: Final = ("ES256", "PS256")
MOST_CHARACTERS: Final = 16_384
OLDEST: Final = timedelta(days=8)
"""What was signed longer ago is refused: a receiver need not remember for ever what it has heard."""
AHEAD: Final = timedelta(seconds=60)
"""How far the issuer's clock may be ahead of ours."""
LIES: Final = timedelta(days=1)
"""What is further ahead is no matter of clocks."""
FORBIDDEN: Final = ("sub", "exp", "nonce", "azp", "at_hash", "client_id", "scope", "cnf")
"""Claims that these tokens do not have, and ID tokens, logout tokens or access tokens do (RFC 8417 §4, SSF 1.0)."""
_LOOK_AGAIN: Final = 5.0
"""Seconds for which unknown keys are not asked for again."""


class SignalRefused(Exception):
    """A token that is not believed; `err` is the code for its sender (RFC 8935 §2.4)."""

    def __init__(self, err: str, description: str) -> None:
        super().__init__(f"{err}: {description}")
        self.err = err
        self.description = description


class SignalEarly(Exception):
    """A token from a clock that is ahead of ours: good as it is, and to be told again once our clock is there, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One event about one subject, believed."""

    jti: str
    issued_at: datetime
    event: str
    """The kind, as its URI."""
    told: Mapping[str, Any]
    """What the event says."""
    subject: Mapping[str, Any]
    """Whom or what it is about (RFC 9493)."""
    token: str

    @property
    def name(self) -> str:
        """The last part of its kind, as in `session-revoked`."""
        return self.event.rstrip("/").rpartition("/")[2].rpartition(":")[2]


class IssuerKeys:
    """The issuer's published keys, looked up anew when a token names one that is not known."""

    def __init__(self, read: Callable[[], Mapping[str, Any]]) -> None:
        """`read` gets the JWK Set as it is published now; what it raises comes through."""
        self._read = read
        self._known: dict[str, Any] = {}
        self._asked_at = float("-inf")
        self._lock = threading.Lock()

    def find(self, kid: str) -> Any:
        """The public key of that name. SignalRefused (`invalid_key`) where the issuer publishes none."""
        with self._lock:
            if kid not in self._known and time.monotonic() > self._asked_at + _LOOK_AGAIN:
                published = [one for one in self._read().get("keys", []) if isinstance(one.get("kid"), str)]
                self._asked_at = time.monotonic()
                counted = Counter(one["kid"] for one in published)
                self._known = {one["kid"]: one for one in published if counted[one["kid"]] == 1}
            found = self._known.get(kid)
        if found is None or found.get("use", "sig") != "sig":
            raise SignalRefused("invalid_key", "The key is none that the issuer publishes.")
        return JWKRegistry.import_key(found)


@dataclass(frozen=True, slots=True)
class SignalReader:
    """Believes a token, in these steps (RFC 8417 §2, RFC 8725 §3, SSF 1.0 on security event tokens):

    (1) it is a JWS of three parts, not overlong, whose header and claims are strict JSON;
    (2) its `typ` is that of these tokens alone, its algorithm a usual one, and nothing in its header is critical;
    (3) `iss` is the issuer to which we connected;
    (4) one of the keys that this issuer publishes signed it;
    (5) `aud` is this service and nobody else;
    (6) it has none of the claims by which other tokens grant or prove something;
    (7) it was signed neither in the future nor too long ago, and has a name of its own;
    (8) it tells one event about one subject.
    """

    issuer: str
    audience: str
    keys: IssuerKeys
    clock: Clock

    def read(self, token: str) -> Signal:
        """Steps (1) to (8). SignalRefused with the first thing that is wrong; SignalEarly."""
        header, claims = _parts(token)  # (1)
        _judge_header(header)  # (2)
        if claims.get("iss") != self.issuer:  # (3)
            raise SignalRefused("invalid_issuer", "The issuer is not the one to which this service connected.")
        self._verify(token, header)  # (4)
        if claims.get("aud") not in (self.audience, [self.audience]):  # (5)
            raise SignalRefused("invalid_audience", "The audience is not this service.")
        wrong = [name for name in FORBIDDEN if name in claims]  # (6)
        if wrong:
            raise SignalRefused("invalid_request", f"A security event token has no {', '.join(wrong)}.")
        issued_at, jti = self._issued_at(claims.get("iat")), claims.get("jti")  # (7)
        if not isinstance(jti, str) or not 0 < len(jti) <= 255:
            raise SignalRefused("invalid_request", "The token has no usable jti.")
        event, told = _event(claims.get("events"))  # (8)
        subject = claims.get("sub_id")
        if not isinstance(subject, dict) or not isinstance(subject.get("format"), str):
            raise SignalRefused("invalid_request", "The token names no subject.")
        return Signal(jti=jti, issued_at=issued_at, event=event, told=told, subject=subject, token=token)

    def _verify(self, token: str, header: Mapping[str, Any]) -> None:
        kid = header.get("kid")
        key = self.keys.find(kid if isinstance(kid, str) else "")
        try:
            jws.deserialize_compact(token, key, algorithms=list(ALGORITHMS))
        except (JoseError, ValueError):
            raise SignalRefused("invalid_key", "The signature is not of the key that the token names.") from None

    def _issued_at(self, value: object) -> datetime:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise SignalRefused("invalid_request", "iat is no number.")
        try:
            issued_at = datetime.fromtimestamp(value, UTC)
        except (OverflowError, ValueError, OSError):
            raise SignalRefused("invalid_request", "iat is no instant.") from None
        now = self.clock.now()
        if issued_at < now - OLDEST or issued_at > now + LIES:
            raise SignalRefused("invalid_request", "iat is too long ago, or too far ahead.")
        if issued_at > now + AHEAD:
            raise SignalEarly
        return issued_at


def _parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    if len(token) > MOST_CHARACTERS or token.count(".") != 2 or not token.isascii():
        raise SignalRefused("invalid_request", "This is no security event token.")
    try:
        header, claims = (parsed_json(urlsafe_b64decode(part.encode("ascii"))) for part in token.split(".")[:2])
    except (ValueError, BadAnswer):
        raise SignalRefused("invalid_request", "The token cannot be read.") from None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise SignalRefused("invalid_request", "The token cannot be read.")
    return header, claims


def _judge_header(header: Mapping[str, Any]) -> None:
    if header.get("typ") != TYPE:
        raise SignalRefused("invalid_request", "The token's typ is not that of security event tokens.")
    if header.get("alg") not in ALGORITHMS or "crit" in header or "b64" in header:
        raise SignalRefused("invalid_key", "The token is signed in a way that is not taken here.")


def _event(events: object) -> tuple[str, Mapping[str, Any]]:
    if not isinstance(events, dict) or len(events) != 1:
        raise SignalRefused("invalid_request", "The token tells not one event.")
    [(event, told)] = events.items()
    if not event or not isinstance(told, dict):
        raise SignalRefused("invalid_request", "The event is none.")
    return event, told
