"""Reading encrypted tokens that were meant for us: one strict path on top of joserfc (RFC 7516, RFC 8725)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from joserfc import jwe
from joserfc.errors import JoseError

from iam.web import strict_json
from oidc import base64url
from oidc.invalid_token import InvalidToken, TokenFault
from oidc.signing_keys import SigningKey

KEY_MANAGEMENT: Final = "RSA-OAEP-256"
CONTENT_ENCRYPTIONS: Final = ("A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512", "A128GCM", "A192GCM", "A256GCM")
"""Those of RFC 7518 §5.1, all authenticated."""
MAX_CHARS: Final = 65_536
MAX_HEADER_CHARS: Final = 4_096
MAX_VALUE_CHARS: Final = 512
KNOWN_HEADERS: Final = frozenset({"alg", "enc", "kid", "typ", "cty", "iss", "aud", "sub"})
"""The last three may be repeated from the claims (RFC 7519 §5.3); what counts is what is signed inside."""


def decrypt(token: str, *, keys: Sequence[SigningKey], encryptions: frozenset[str], max_chars: int = MAX_CHARS) -> str:
    """The signed token inside an encrypted one.

    The steps, after RFC 7516 §5.2 and RFC 8725 §3:

    (1) no longer than `max_chars`, five parts, each canonical base64url;
    (2) the header is a strict JSON object of known members: nothing is compressed (`zip`), no password is to be
        stretched (`p2c`), no extension is critical;
    (3) `alg` is RSA-OAEP-256 and `enc` one of `encryptions`;
    (4) `cty` says that a token is inside;
    (5) `kid` names one of our keys; where it is absent each is tried;
    (6) it decrypts, unaltered; why not is never told;
    (7) what is inside is ASCII and not encrypted once more.

    Who made it is not known yet: what comes out must be verified. Raises `InvalidToken` and nothing else.
    """
    header = _header(token, max_chars)  # (1) (2)
    if header.get("alg") != KEY_MANAGEMENT or header.get("enc") not in encryptions:  # (3)
        raise InvalidToken(TokenFault.ALGORITHM_REFUSED, "the encryption is not one of those agreed")
    if str(header.get("cty", "")).lower() not in ("jwt", "application/jwt"):  # (4)
        raise InvalidToken(TokenFault.TYPE_REFUSED, "cty must say that a signed token is inside")
    kid = header.get("kid")
    fitting = [key for key in keys if kid in (None, key.kid)]  # (5)
    if not fitting:
        raise InvalidToken(TokenFault.KEY_UNKNOWN, "it is encrypted for a key that is not ours")
    inside = _opened(token, fitting, str(header["enc"]))  # (6)
    if not inside.isascii() or inside.count(b".") != 2:  # (7)
        raise InvalidToken(TokenFault.NOT_COMPACT, "what was encrypted is no signed token")
    return inside.decode("ascii")


def _header(token: str, max_chars: int) -> Mapping[str, object]:
    if len(token) > max_chars:
        raise InvalidToken(TokenFault.TOO_LONG, f"more than {max_chars} characters")
    if token.count(".") != 4 or not token.isascii():
        raise InvalidToken(TokenFault.NOT_ENCRYPTED, "not five parts joined by dots")
    segments = token.encode("ascii").split(b".")
    if len(segments[0]) > MAX_HEADER_CHARS:
        raise InvalidToken(TokenFault.TOO_LONG, f"a header of more than {MAX_HEADER_CHARS} characters")
    try:
        parts = [base64url.decode(one) for one in segments]
        header = strict_json.loads(parts[0])
    except ValueError:
        raise InvalidToken(TokenFault.NOT_BASE64URL, "a part is not canonical base64url without padding") from None
    except strict_json.MalformedJson as error:
        raise InvalidToken(TokenFault.MALFORMED_HEADER, f"not strict JSON: {error.detail}") from None
    if not isinstance(header, dict) or not header.keys() <= KNOWN_HEADERS:
        raise InvalidToken(TokenFault.HEADER_MEMBER_REFUSED, "the header may hold known members only")
    if not all(isinstance(value, str) and 0 < len(value) <= MAX_VALUE_CHARS for value in header.values()):
        raise InvalidToken(TokenFault.MALFORMED_HEADER, f"header members are strings of 1 to {MAX_VALUE_CHARS}")
    return header


def _opened(token: str, keys: Sequence[SigningKey], encryption: str) -> bytes:
    registry = jwe.JWERegistry(algorithms=[KEY_MANAGEMENT, encryption], strict_check_header=False)
    for key in keys:
        try:
            return jwe.decrypt_compact(token, key.parsed, registry=registry).plaintext or b""
        except (JoseError, ValueError, KeyError, TypeError):
            continue
    raise InvalidToken(TokenFault.NOT_DECRYPTED, "it cannot be decrypted")
