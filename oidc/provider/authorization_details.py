"""For whom a token is asked: the one element of `authorization_details` that we take (RFC 9396)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from iam.domain.enterprises import Capacity
from iam.domain.errors import InvalidInput
from iam.domain.identifiers import CbeNumber
from iam.ports import Archive
from iam.web import strict_json
from oidc.provider.errors import InvalidAuthorizationDetails
from oidc.provider.resource_indicators import grant_behind

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


def check_details_of_grant(told: str | None, archive: Archive, client: str, secret: str) -> None:
    """Hold the details of a request for a token to what the person granted: they may name that mandator again, and
    nothing else (RFC 9396 §6). Of another client's code or refresh token nothing is said.

    Raises `InvalidAuthorizationDetails`.
    """
    asked = read_mandator(told)
    grant = grant_behind(archive, client, secret) if asked is not None else None
    if grant is not None and (grant.mandator, grant.capacity) != asked:
        detail = "The person granted it for somebody else: name the same mandator, or leave the details out."
        raise InvalidAuthorizationDetails("other_mandator", detail)


def refuse_details(parameters: Mapping[str, str]) -> None:
    """Refuse details where it stands already, or a person chooses, for whom somebody acts.

    Raises `InvalidAuthorizationDetails`.
    """
    if "authorization_details" in parameters:
        raise InvalidAuthorizationDetails("details_not_taken", "Leave out authorization_details in this request.")


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
