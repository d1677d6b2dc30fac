"""Identities from the federal service: the Belgian number where it is told, else the service's own name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from iam.domain.errors import InvalidInput
from iam.domain.logins import PersonalData
from iam.domain.niss import Niss
from saml.refusals import SamlRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class FederalIdentity:
    """Who logged in."""

    niss: Niss | None
    subject: str
    personal: PersonalData


def federal_identity(attributes: Mapping[str, tuple[str, ...]], names: Mapping[str, str]) -> FederalIdentity:
    """Read the attributes of a statement by their configured names; those that are not among them are passed over.

    A person without Belgian number is known by the service's own name for them, and by nothing that passes.

    Raises:
        SamlRefused: `number_invalid`, `attribute_value_count`, `subject_missing`.
    """
    number, subject = _one(attributes, names["number"]), _one(attributes, names["subject"])
    if not (number or subject):
        raise SamlRefused("subject_missing")
    return FederalIdentity(
        niss=_niss(number) if number else None,
        subject=subject,
        personal=PersonalData(
            family_name=_one(attributes, names["family_name"]),
            given_name=_one(attributes, names["given_name"]),
            born=None,
        ),
    )


def _one(attributes: Mapping[str, tuple[str, ...]], name: str) -> str:
    values = attributes.get(name, ("",))
    if len(values) != 1:
        raise SamlRefused("attribute_value_count")
    return values[0]


def _niss(text: str) -> Niss:
    if not (text.isascii() and text.isdigit()):
        raise SamlRefused("number_invalid")
    try:
        return Niss.parse(text)
    except InvalidInput:
        raise SamlRefused("number_invalid") from None
