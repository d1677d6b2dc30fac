"""Strict reading of form bodies: one value for each name, bounded before it is parsed, in one encoding."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote_plus

from oidc.provider.errors import InvalidRequest

FORM: Final = "application/x-www-form-urlencoded"
MAX_BYTES: Final = 32_768
MAX_PARAMETERS: Final = 40
_MEDIA_TYPE: Final = re.compile(r'application/x-www-form-urlencoded(?:\s*;\s*charset="?utf-8"?)?', re.IGNORECASE)
_PLAIN_PAIR: Final = re.compile(r"([!-$'-*,-<>-~]+)=([!-$'-*,-~]*)")
"""A name and a value of printable ASCII that stand for themselves: no blank, no percent sign, no plus sign."""
_LOOSE_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


def read_form(media_type: str, body: bytes) -> dict[str, str]:
    """The parameters of an `application/x-www-form-urlencoded` body (RFC 6749 Appendix B).

    Refused: another media type, more than `MAX_BYTES` bytes or `MAX_PARAMETERS` parameters, a name sent twice (RFC 6749
    §3.2), text that is not UTF-8, loose percent signs, control characters. Parameters without a value count as left out
    (RFC 6749 §3.1).

    Raises `InvalidRequest`.
    """
    if media_type != FORM and _MEDIA_TYPE.fullmatch(media_type) is None:
        raise InvalidRequest("media_type", "Send the parameters as application/x-www-form-urlencoded.")
    if len(body) > MAX_BYTES:
        raise InvalidRequest("body_too_large", f"Send at most {MAX_BYTES} bytes.")
    pairs = body.decode("latin-1").split("&") if body else []
    if len(pairs) > MAX_PARAMETERS:
        raise InvalidRequest("too_many_parameters", f"Send at most {MAX_PARAMETERS} parameters.")
    parameters: dict[str, str] = {}
    for pair in pairs:
        plain = _PLAIN_PAIR.fullmatch(pair)
        name, value = plain.groups() if plain else _pair(pair)
        if name in parameters:
            raise InvalidRequest("repeated_parameter", "Send each parameter once.")
        parameters[name] = value
    return {name: value for name, value in parameters.items() if value}


def _pair(pair: str) -> tuple[str, str]:
    name, equals, value = pair.partition("=")
    if not name or not equals:
        raise InvalidRequest("malformed_form", "Send each parameter as name=value.")
    return _text(name), _text(value)


def _text(written: str) -> str:
    """What is meant by a name or value; each character of `written` is an octet that was sent."""
    if not written.isascii():
        raise _not_utf8()
    if _LOOSE_PERCENT.search(written):
        raise InvalidRequest("malformed_form", "A percent sign is followed by two hexadecimal digits.")
    try:
        text = unquote_plus(written, errors="strict")
    except UnicodeDecodeError:
        raise _not_utf8() from None
    if _CONTROL.search(text):
        raise InvalidRequest("malformed_form", "Parameters hold no control characters.")
    return text


def _not_utf8() -> InvalidRequest:
    return InvalidRequest("malformed_form", "Send text as UTF-8, percent-encoded.")
