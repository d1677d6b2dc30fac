"""Request objects: a request for authorization as a token that its client signed (RFC 9101)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, NoReturn

from iam.domain.clients import Profile
from oidc import jose
from oidc.jws_reading import THUMBPRINTS
from oidc.provider.authorization_answering import Registered
from oidc.provider.authorization_errors import AuthorizationFault, AuthorizationRefused

TYPE: Final = "oauth-authz-req+jwt"
ALGORITHMS: Final = ("ES256", "PS256", "RS256")
_ALLOWED: Final[Mapping[Profile, frozenset[str]]] = {
    Profile.DEFAULT: frozenset({"ES256", "PS256"}),
    Profile.OLDER: frozenset({"ES256", "PS256"}),
    Profile.OIDC_BASIC: frozenset(ALGORITHMS),
}
LONGEST_LIFE: Final = timedelta(minutes=60)
"""From `nbf` to `exp`, and how old `nbf` may be (FAPI 2.0 Message Signing §5.3.1)."""
MAX_CHARS: Final = 16_384
_OF_TOKEN: Final = frozenset({"iss", "aud", "exp", "nbf", "iat", "jti"})
_STRUCTURED: Final = frozenset({"claims", "authorization_details"})
_WITHIN: Final = frozenset({"request", "request_uri"})


def unpacked(sent: Mapping[str, str], whose: Registered, issuer: str, now: datetime) -> dict[str, str]:
    """The parameters of a request that count: those of its request object where it has one, in these steps:

    (1) who signs all its requests signed this one, and an object comes by value;
    (2) it is signed, not encrypted, with a registered key and the one registered algorithm that the profile allows,
        and its type is `oauth-authz-req+jwt` or absent (RFC 9101 §6.2, §10.8);
    (3) it comes from this client (`iss`, `client_id`) and is for us (`aud`); no `sub` could pass it for an assertion;
    (4) it has not expired, is valid already, and lives at most `LONGEST_LIFE`;
    (5) nothing outside it says otherwise than it does; what stands outside alone does not count (RFC 9101 §6.3).

    Raises AuthorizationRefused.
    """
    written = sent.get("request")
    if written is None:
        if whose.metadata.signed_request_only:  # (1)
            detail = "This client signs its requests (RFC 9101)."
            raise AuthorizationRefused(AuthorizationFault.INVALID_REQUEST, "unsigned_request", detail)
        return dict(sent)
    if "request_uri" in sent:
        detail = "Send request or request_uri, not both."
        raise AuthorizationRefused(AuthorizationFault.INVALID_REQUEST, "two_requests", detail)
    claims = _verified(written, whose, issuer, now)
    inside = {name: _text(name, value) for name, value in claims.items() if name not in _OF_TOKEN}
    for name in sent.keys() & inside.keys():  # (5)
        if sent[name] != inside[name]:
            _refuse("conflicting_parameter", "A parameter has another value outside the request object.")
    return {name: value for name, value in inside.items() if value}


def _verified(written: str, whose: Registered, issuer: str, now: datetime) -> Mapping[str, object]:
    algorithm = whose.metadata.request_object_alg
    if algorithm not in _ALLOWED[whose.client.profile]:
        detail = "The client registered no algorithm for request objects."
        raise AuthorizationRefused(AuthorizationFault.REQUEST_NOT_SUPPORTED, "request_not_registered", detail)
    try:
        claims = jose.verify(  # (2)
            written,
            keys=jose.read_key_set(whose.client.jwks),
            algorithms=frozenset({algorithm}),
            typ=TYPE,
            typ_required=False,
            max_chars=MAX_CHARS,
            passed_over=THUMBPRINTS,
        ).claims
        jose.check_issuer(claims, whose.client.id)  # (3)
        jose.check_audience(claims, issuer, single_string=False)
        _check_times(claims, whose.client.profile, now)  # (4)
    except jose.InvalidToken as fault:
        _refuse(f"object_{fault.code}", f"Request object: {fault.detail}.")
    if claims.get("client_id") != whose.client.id:
        _refuse("object_other_client", "client_id is missing in the request object, or names another client.")
    if "sub" in claims or claims.keys() & _WITHIN:
        _refuse("object_member_refused", "A request object holds neither sub nor another request.")
    return claims


def _check_times(claims: Mapping[str, object], profile: Profile, now: datetime) -> None:
    times = jose.check_times(claims, now, max_life=LONGEST_LIFE)
    begun = times.not_before
    if begun is None and profile is Profile.DEFAULT:
        raise jose.InvalidToken(jose.TokenFault.CLAIM_MISSING, "nbf is required")
    if begun is not None and (now - begun > LONGEST_LIFE or times.expires_at - begun > LONGEST_LIFE):
        raise jose.InvalidToken(jose.TokenFault.LIVES_TOO_LONG, "nbf is more than 60 minutes ago, or before exp")


def _text(name: str, value: object) -> str:
    """A parameter as the address would hold it: texts, numbers, and JSON where the parameter is JSON."""
    if isinstance(value, str) and not any(one < " " or one == "\x7f" for one in value):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if name in _STRUCTURED and isinstance(value, dict | list):
        return json.dumps(value)
    _refuse("object_member_malformed", "A parameter in the request object has a type that it does not have.")


def _refuse(reason: str, detail: str) -> NoReturn:
    raise AuthorizationRefused(AuthorizationFault.INVALID_REQUEST_OBJECT, reason, detail)
