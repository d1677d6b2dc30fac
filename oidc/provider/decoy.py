"""A verification that proves nothing, so that a refusal costs the same whether a client exists or not."""

from __future__ import annotations

import json
from typing import Final

from oidc import base64url, jose
from oidc.jws_reading import THUMBPRINTS

# The example keys of RFC 7517 Appendix A.1, whose private halves stand in Appendix A.2: nobody's.
_MODULUS: Final = (
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3okn"
    "jhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6q"
    "MQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awap"
    "JzKnqDKgw"
)
_KEYS: Final = jose.KeySet.from_jwks(
    {
        "keys": [
            {
                "kty": "EC",
                "crv": "P-256",
                "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
                "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
                "kid": "EC",
            },
            {"kty": "RSA", "n": _MODULUS, "e": "AQAB", "kid": "RSA"},
        ]
    }
)


def _token(alg: str, kid: str, octets: int) -> str:
    """A token with a signature of the right form that no key ever made."""
    header = json.dumps({"alg": alg, "kid": kid}).encode()
    return b".".join(base64url.encode(part) for part in (header, b"{}", b"\x01" * octets)).decode()


_TOKENS: Final = {
    "ES256": jose.read(_token("ES256", "EC", 64)),
    "PS256": jose.read(_token("PS256", "RSA", 256)),
    "RS256": jose.read(_token("RS256", "RSA", 256)),
}
_ALGORITHMS: Final = frozenset(_TOKENS)


def spend_verification(assertion: str, max_chars: int) -> None:
    """Do the work of verifying one signature of the kind that an assertion claims to bear."""
    alg = str(jose.read_header(assertion, max_chars=max_chars, passed_over=THUMBPRINTS)["alg"])
    token = _TOKENS.get(alg, _TOKENS["ES256"])
    try:
        jose.verify(token, keys=_KEYS, algorithms=_ALGORITHMS, typ="JWT", typ_required=False)
    except jose.InvalidToken as fault:
        if fault.code is not jose.TokenFault.WRONG_SIGNATURE:
            raise
