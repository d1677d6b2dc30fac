"""Forms: what identity providers post to us, read strictly, and what our pages post to them."""

from __future__ import annotations

from base64 import b64encode
from typing import Final

from flask import request

from saml.base64_text import decoded
from saml.correspondence import Leaving
from saml.filter.scanning import MAX_OCTETS
from saml.refusals import SamlRefused

LARGEST_ANSWER: Final = 4 * MAX_OCTETS
"""Octets of a form: Base64, its signs written as %XX, and what stands around."""
_LONGEST_ENCODED: Final = 2 * MAX_OCTETS


def posted(field: str) -> bytes:
    """The octets of a message. SamlRefused: `too_large`, `not_base64`."""
    encoded = one(field)
    if len(encoded) > _LONGEST_ENCODED:
        raise SamlRefused("too_large")
    try:
        octets = decoded(encoded)
    except ValueError:
        raise SamlRefused("not_base64") from None
    if not octets:
        raise SamlRefused("not_base64")
    return octets


def one(name: str) -> str:
    """A field that stands once; empty where it does not."""
    values = request.form.getlist(name)
    return values[0] if len(values) == 1 else ""


def fields_of(leaving: Leaving) -> dict[str, str]:
    """The fields of the form that carries a message; none where its address holds it all."""
    if not leaving.message:
        return {}
    state = {"RelayState": leaving.relay_state} if leaving.relay_state else {}
    return {leaving.field: b64encode(leaving.message).decode(), **state}
