"""Reading a compact JWS before anything in it is believed: size, form, header."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
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
MOST_HEADERS: Final = 1_024
"""Headers that are kept as they were read, for a signer sends the same one each time; refused ones are not kept."""
KEPT_HEADER_CHARS: Final = 1_024
"""Longer ones are read anew each time, so that strangers fill no memory."""


@dataclass(frozen=True, slots=True)
class UnverifiedJws:
    """The parts of a compact JWS; nothing in it may be relied on."""

    header: Mapping[str, object]
    sent_header: bytes
    """The header as it was sent, in base64url."""
    payload: bytes
    signing_input: bytes
    signature: bytes


def read_compact(token: str, max_chars: int = MAX_CHARS, passed_over: frozenset[str] = frozenset()) -> UnverifiedJws:
    """Take a compact JWS apart (RFC 7515 §5.2, steps 1 to 6).

    Its length is judged first, its parts must be canonical base64url, its header is held to three members, and those
    that are `passed_over`. Raises `InvalidToken`.
    """
    sent_header, payload, signing_input, signature = _parts(token, max_chars)
    checked = _checked_header if len(sent_header) <= KEPT_HEADER_CHARS else _checked_header.__wrapped__
    return UnverifiedJws(checked(sent_header, passed_over), sent_header, payload, signing_input, signature)


def take_apart(token: str, max_chars: int) -> UnverifiedJws:
    """As `read_compact`, with whatever members the header has: which may be there is for the caller to judge."""
    sent_header, payload, signing_input, signature = _parts(token, max_chars)
    return UnverifiedJws(read_header(sent_header), sent_header, payload, signing_input, signature)


def read_header(sent: bytes) -> Mapping[str, object]:
    """The JSON object of a header as it was sent. Raises `InvalidToken`."""
    return _header(sent) if len(sent) <= KEPT_HEADER_CHARS else _header.__wrapped__(sent)


@lru_cache(maxsize=MOST_HEADERS)
def _header(sent: bytes) -> Mapping[str, object]:
    try:
        header = base64url.decode(sent)
    except ValueError:
        raise _not_base64url() from None
    return MappingProxyType(_json_object(header, TokenFault.MALFORMED_HEADER))


def read_payload(payload: bytes) -> dict[str, object]:
    """The JSON object of a payload. Raises `InvalidToken`."""
    return _json_object(payload, TokenFault.MALFORMED_PAYLOAD)


def _parts(token: str, max_chars: int) -> tuple[bytes, bytes, bytes, bytes]:
    """The header as it was sent, the payload, what is signed, and the signature."""
    if len(token) > max_chars:
        raise InvalidToken(TokenFault.TOO_LONG, f"more than {max_chars} characters")
    dots = token.count(".")
    if dots == 4:
        raise InvalidToken(TokenFault.ENCRYPTED, "encrypted tokens are not taken here")
    if dots != 2 or not token.isascii():
        raise InvalidToken(TokenFault.NOT_COMPACT, "not three parts joined by dots")
    signing_input, _, signature = token.encode("ascii").rpartition(b".")
    sent_header, _, payload = signing_input.partition(b".")
    if len(sent_header) > MAX_HEADER_CHARS:
        raise InvalidToken(TokenFault.TOO_LONG, f"a header of more than {MAX_HEADER_CHARS} characters")
    try:
        return sent_header, base64url.decode(payload), signing_input, base64url.decode(signature)
    except ValueError:
        raise _not_base64url() from None


def _not_base64url() -> InvalidToken:
    return InvalidToken(TokenFault.NOT_BASE64URL, "a part is not canonical base64url without padding")


@lru_cache(maxsize=MOST_HEADERS)
def _checked_header(sent: bytes, passed_over: frozenset[str]) -> Mapping[str, object]:
    """A header that holds what it may. Raises `InvalidToken`."""
    header = _header.__wrapped__(sent)
    _check_header({name: value for name, value in header.items() if name not in passed_over})
    return header


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
