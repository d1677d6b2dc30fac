"""Reading a compact JWS before anything in it is believed: size, form, header."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from iam.web import strict_json
from oidc import base64url
from oidc.invalid_token import InvalidToken, TokenFault

MAX_CHARS: Final = 16_384
MAX_HEADER_CHARS: Final = 4_096
MAX_NAME_CHARS: Final = 255
KNOWN_HEADERS: Final = frozenset({"alg", "kid", "typ"})
THUMBPRINTS: Final = frozenset({"x5t", "x5t#S256"})
"""Header members that only say which certificate goes with the key (RFC 7515 §4.1.7, §4.1.8), and bring none."""


@dataclass(frozen=True, slots=True)
class UnverifiedJws:
    """The parts of a compact JWS; nothing in it may be relied on."""

    header: Mapping[str, object]
    payload: bytes
    signing_input: bytes
    signature: bytes


def read_compact(token: str, max_chars: int = MAX_CHARS, passed_over: frozenset[str] = frozenset()) -> UnverifiedJws:
    """Take a compact JWS apart (RFC 7515 §5.2, steps 1 to 6).

    Its length is judged first, its parts must be canonical base64url, its header is held to three members, and those
    that are `passed_over`. Raises `InvalidToken`.
    """
    jws = take_apart(token, max_chars)
    _check_header({name: value for name, value in jws.header.items() if name not in passed_over})
    return jws


def take_apart(token: str, max_chars: int) -> UnverifiedJws:
    """As `read_compact`, with whatever members the header has: which may be there is for the caller to judge."""
    segments = _segments(token, max_chars)
    try:
        header, payload, signature = map(base64url.decode, segments)
    except ValueError:
        raise InvalidToken(TokenFault.NOT_BASE64URL, "a part is not canonical base64url without padding") from None
    told = _json_object(header, TokenFault.MALFORMED_HEADER)
    return UnverifiedJws(told, payload, b".".join(segments[:2]), signature)


def read_payload(payload: bytes) -> dict[str, object]:
    """The JSON object of a payload. Raises `InvalidToken`."""
    return _json_object(payload, TokenFault.MALFORMED_PAYLOAD)


def _segments(token: str, max_chars: int) -> list[bytes]:
    if len(token) > max_chars:
        raise InvalidToken(TokenFault.TOO_LONG, f"more than {max_chars} characters")
    dots = token.count(".")
    if dots == 4:
        raise InvalidToken(TokenFault.ENCRYPTED, "encrypted tokens are not taken here")
    if dots != 2 or not token.isascii():
        raise InvalidToken(TokenFault.NOT_COMPACT, "not three parts joined by dots")
    segments = token.encode("ascii").split(b".")
    if len(segments[0]) > MAX_HEADER_CHARS:
        raise InvalidToken(TokenFault.TOO_LONG, f"a header of more than {MAX_HEADER_CHARS} characters")
    return segments


def _check_header(header: Mapping[str, object]) -> None:
    if not header.keys() <= KNOWN_HEADERS:
        # Among them jwk, jku, x5u and x5c, which bring a key; crit and b64, which change the meaning; enc and zip.
        raise InvalidToken(TokenFault.HEADER_MEMBER_REFUSED, "the header may hold alg, kid and typ only")
    for value in header.values():
        if not isinstance(value, str) or not 0 < len(value) <= MAX_NAME_CHARS:
            raise InvalidToken(TokenFault.MALFORMED_HEADER, "header members are strings of 1 to 255 characters")
    if "alg" not in header:
        raise InvalidToken(TokenFault.ALGORITHM_REFUSED, "the header names no algorithm")


def _json_object(raw: bytes, fault: TokenFault) -> dict[str, object]:
    try:
        value = strict_json.loads(raw)
    except strict_json.MalformedJson as error:
        raise InvalidToken(fault, f"not strict JSON: {error.detail}") from None
    if not isinstance(value, dict):
        raise InvalidToken(fault, "not a JSON object")
    return value
