"""People of six other countries, with the enterprises that some of them act for; Boris has a Belgian number, too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from iam.sandbox.identity_providers.saml_messages import Said

NATURAL: Final = "http://eidas.europa.eu/attributes/naturalperson"
LEGAL: Final = "http://eidas.europa.eu/attributes/legalperson"
HERE: Final = "BE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreigner:
    """Somebody whom another country's key names."""

    alias: str
    country: str
    number: str
    family_name: str
    given_name: str
    born: str
    enterprise: tuple[str, str] | None = None
    """Number and name of the enterprise that they act for."""

    @property
    def name(self) -> str:
        """As a page calls them."""
        return f"{self.given_name} {self.family_name}"


FOREIGNERS: Final = (
    Foreigner(
        alias="sanne",
        country="NL",
        number="SBX-904127",
        family_name="Jansen",
        given_name="Sanne",
        born="1990-02-03",
        enterprise=("SBX-KVK-1", "Jansen Bouw BV"),
    ),
    Foreigner(
        alias="jonas",
        country="DE",
        number="SBX-T220001293",
        family_name="Müller",
        given_name="Jonas",
        born="1984-07-19",
        enterprise=("SBX-HRB-7", "Müller Gerüstbau GmbH"),
    ),
    Foreigner(
        alias="mari", country="EE", number="SBX-40201019906", family_name="Tamm", given_name="Mari", born="1902-01-01"
    ),
    Foreigner(
        alias="lucia",
        country="ES",
        number="SBX-X1234567L",
        family_name="García Núñez",
        given_name="Lucía",
        born="1979-11-30",
    ),
    Foreigner(
        alias="matteo", country="IT", number="SBX-RSSMTT85", family_name="Rossi", given_name="Matteo", born="1985-05-12"
    ),
    Foreigner(
        alias="leonie",
        country="LU",
        number="SBX-1993120105732",
        family_name="Weber",
        given_name="Léonie",
        born="1993-12-01",
        enterprise=("SBX-B-55", "Weber Logistique Sàrl"),
    ),
    Foreigner(
        alias="boris",
        country="LU",
        number="SBX-1902050105777",
        family_name="Buitenlander",
        given_name="Boris",
        born="1902-05-01",
    ),
)
COUNTRIES: Final = tuple(dict.fromkeys(one.country for one in FOREIGNERS))


def attributes_of(person: Foreigner, *, enterprise: bool) -> list[Said]:
    """The minimum data sets that a node tells of somebody, and of the enterprise that they act for."""
    told = [
        _said(NATURAL, "PersonIdentifier", f"{person.country}/{HERE}/{person.number}"),
        _said(NATURAL, "CurrentFamilyName", person.family_name),
        _said(NATURAL, "CurrentGivenName", person.given_name),
        _said(NATURAL, "DateOfBirth", person.born),
    ]
    if enterprise and person.enterprise is not None:
        number, name = person.enterprise
        told.append(_said(LEGAL, "LegalPersonIdentifier", f"{person.country}/{HERE}/{number}"))
        told.append(_said(LEGAL, "LegalName", name))
    return told


_FRIENDLY: Final = {"CurrentFamilyName": "FamilyName", "CurrentGivenName": "FirstName"}


def _said(space: str, name: str, value: str) -> Said:
    return Said(f"{space}/{name}", value, _FRIENDLY.get(name, name), space, f"{name}Type")
