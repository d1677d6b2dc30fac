"""For whom a token is asked: the one element of `authorization_details` that we take (RFC 9396)."""

from __future__ import annotations

from typing import Final

from iam.domain.enterprises import Capacity
from iam.domain.errors import InvalidInput
from iam.domain.identifiers import CbeNumber
from iam.web import strict_json
from oidc.provider.errors import InvalidAuthorizationDetails

MANDATOR: Final = "procura_mandator"
"""The type that names an employer for whom the client acts under a mandate."""
OWN_ENTERPRISE: Final = "procura_own_enterprise"
"""The type in which tokens for the client's own enterprise tell what they rest on; it cannot be asked for."""
CITIZEN: Final = "procura_citizen"
"""The type in which tokens of a person as citizen tell what they rest on; it cannot be asked for."""
_MEMBERS: Final = frozenset({"type", "mandator", "capacity"})
_MAX_BYTES: Final = 2_048


def read_mandator(text: str | None) -> tuple[str, Capacity] | None:
    """The mandator and the capacity that a request names, None when it names none.

    Taken is a JSON list of one object with exactly `type` = `procura_mandator`, `mandator` (a CBE number) and
    `capacity`; of what is not understood nothing is ignored (RFC 9396 §5).

    Raises `InvalidAuthorizationDetails`.
    """
    if text is None:
        return None
    element = _one_element(text)
    if element.get("type") != MANDATOR:
        raise InvalidAuthorizationDetails("unknown_type", f"The type known here is {MANDATOR}.")
    if element.keys() != _MEMBERS:
        raise InvalidAuthorizationDetails("malformed_details", "Give type, mandator and capacity, and nothing else.")
    return _enterprise(element["mandator"]), _capacity(element["capacity"])


def _one_element(text: str) -> dict[str, object]:
    try:
        value = strict_json.loads(text.encode(), max_bytes=_MAX_BYTES)
    except strict_json.MalformedJson as error:
        raise InvalidAuthorizationDetails("malformed_details", f"Not strict JSON: {error.detail}.") from None
    if not isinstance(value, list) or len(value) != 1 or not isinstance(value[0], dict):
        raise InvalidAuthorizationDetails("malformed_details", "Give a list of one object, for one mandator.")
    return value[0]


def _enterprise(value: object) -> str:
    try:
        return CbeNumber.parse(value).value if isinstance(value, str) else _refuse()
    except InvalidInput as refusal:
        raise InvalidAuthorizationDetails(refusal.code, f"mandator: {refusal.detail}") from None


def _refuse() -> str:
    raise InvalidInput("invalid_cbe_number", "An enterprise number is sent as text.")


def _capacity(value: object) -> Capacity:
    if isinstance(value, str) and value in set(Capacity):
        return Capacity(value)
    raise InvalidAuthorizationDetails("unknown_capacity", f"capacity is one of: {', '.join(Capacity)}.")
