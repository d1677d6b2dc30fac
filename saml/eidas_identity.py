"""Identities from eIDAS nodes: the minimum data sets, with persons, enterprises and representatives kept apart."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from iam.domain.logins import ForeignEnterprise, PersonalData
from saml.names import LEGAL, LEGAL_REPRESENTATIVE, NATURAL, NATURAL_REPRESENTATIVE
from saml.parties import Asked
from saml.refusals import SamlRefused

HERE: Final = "BE"
_IDENTIFIER: Final = re.compile(r"([A-Z]{2})/([A-Z]{2})/[!-~]{1,256}")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ALL: Final = (NATURAL_REPRESENTATIVE, LEGAL_REPRESENTATIVE, NATURAL, LEGAL)
_KNOWN: Final = {
    NATURAL: frozenset(
        {
            *("PersonIdentifier", "CurrentFamilyName", "CurrentGivenName", "DateOfBirth"),
            *("BirthName", "PlaceOfBirth", "CurrentAddress", "Gender", "Nationality", "CountryOfBirth"),
            *("TownOfBirth", "CountryOfResidence", "PhoneNumber", "EmailAddress"),
        }
    ),
    LEGAL: frozenset(
        {
            *("LegalPersonIdentifier", "LegalName", "LegalPersonAddress", "VATRegistrationNumber", "TaxReference"),
            *("D-2012-17-EUIdentifier", "LEI", "EORI", "SEED", "SIC", "LegalPhoneNumber", "LegalEmailAddress"),
        }
    ),
}
"""eIDAS SAML Attribute Profile v1.2 §2.5–2.8 and v1.4."""

Attributes = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class EidasIdentity:
    """Who logged in, and for which enterprise."""

    subject: str
    """The person identifier, country/country/value."""
    personal: PersonalData
    enterprise: ForeignEnterprise | None


def eidas_identity(attributes: Attributes, asked: Asked) -> EidasIdentity:
    """Read the attributes of a statement. The rules:

    1. Every attribute is one of the profile's.
    2. One natural person logged in: the person that the data set names, or the representative that it names.
    3. There is an enterprise exactly when the person was to log in for one, and a representative only of one.
    4. Both are named by the country that was chosen, and to this country.
    5. The minimum data set is complete, with one value each.

    Raises:
        SamlRefused: `attribute_unknown`, `person_missing`, `represents_person`, `represents_unclearly`,
            `enterprise_unasked`, `enterprise_missing`, `identifier_malformed`, `other_country`,
            `other_destination`, `mandatory_attribute_missing`, `attribute_value_count`, `birth_date_unreadable`.
    """
    sets = _sorted(attributes)  # (1)
    person = _who_logged_in(sets)  # (2)
    legal = sets[LEGAL]
    if legal and not asked.enterprise:  # (3)
        raise SamlRefused("enterprise_unasked")
    if asked.enterprise and not legal:
        raise SamlRefused("enterprise_missing")
    if sets[NATURAL_REPRESENTATIVE] and not legal:
        raise SamlRefused("represents_unclearly")
    personal = PersonalData(
        family_name=_one(person, "CurrentFamilyName"),
        given_name=_one(person, "CurrentGivenName"),
        born=_day(_one(person, "DateOfBirth")),
    )
    subject = _identifier(_one(person, "PersonIdentifier"), asked.country)  # (4)
    return EidasIdentity(subject=subject, personal=personal, enterprise=_enterprise(legal, asked.country))


def _sorted(attributes: Attributes) -> dict[str, dict[str, tuple[str, ...]]]:
    sets: dict[str, dict[str, tuple[str, ...]]] = {space: {} for space in _ALL}
    for name, values in attributes.items():
        space, _, local = name.rpartition("/")
        known = _KNOWN.get(space.removesuffix("/representative"), frozenset())
        if local not in known:
            raise SamlRefused("attribute_unknown")
        sets[space][local] = values
    return sets


def _who_logged_in(sets: Mapping[str, Attributes]) -> Attributes:
    """Where a representative is named, it is they who logged in, and never for another natural person."""
    person, representative = sets[NATURAL], sets[NATURAL_REPRESENTATIVE]
    if representative and person:
        raise SamlRefused("represents_person")
    if sets[LEGAL_REPRESENTATIVE]:
        raise SamlRefused("represents_unclearly")
    if not (representative or person):
        raise SamlRefused("person_missing")
    return representative or person


def _enterprise(legal: Attributes, country: str) -> ForeignEnterprise | None:
    if not legal:
        return None
    identifier = _identifier(_one(legal, "LegalPersonIdentifier"), country)
    return ForeignEnterprise(identifier=identifier, name=_one(legal, "LegalName"))


def _one(values: Attributes, name: str) -> str:
    found = values.get(name)
    if found is None or found == ("",):
        raise SamlRefused("mandatory_attribute_missing")
    if len(found) != 1:
        raise SamlRefused("attribute_value_count")
    return found[0]


def _identifier(text: str, country: str) -> str:
    found = _IDENTIFIER.fullmatch(text)
    if found is None:
        raise SamlRefused("identifier_malformed")
    if found[1] != country:
        raise SamlRefused("other_country")
    if found[2] != HERE:
        raise SamlRefused("other_destination")
    return text


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text if _DAY.fullmatch(text) else "")
    except ValueError:
        raise SamlRefused("birth_date_unreadable") from None
