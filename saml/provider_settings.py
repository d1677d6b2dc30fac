"""Settings of one SAML identity provider, read strictly from the configuration of login providers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from iam.domain.login_providers import LoginProvider, ProviderKind
from iam.settings import UnsafeSettings
from saml.algorithms import ECDSA_SHA256, RSA_PSS_SHA256, RSA_SHA256
from saml.parties import Demands
from saml.pinned_keys import SMALLEST_RSA

SIGNATURES: Final = {"rsa-pss-sha256": RSA_PSS_SHA256, "ecdsa-sha256": ECDSA_SHA256, "rsa-sha256": RSA_SHA256}
BINDINGS: Final = {
    "post": "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST",
    "redirect": "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect",
}
FEDERAL_ATTRIBUTES: Final = {
    "number": "egovNRN",
    "family_name": "surname",
    "given_name": "givenName",
    "subject": "urn:be:fedict:iam:attr:fedid",
}
"""Names of the attributes of the federal service, by what they say (FAS)."""
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_TEXT_LIMIT: Final = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """How we and one identity provider know each other."""

    metadata: Path
    """File with its metadata."""
    metadata_certificates: Path | None
    """PEM file with the certificates by which its metadata is signed."""
    entity: str
    """Our entity identifier there; empty for the address of our metadata."""
    signature: str
    """Algorithm of our signatures."""
    decryption: str
    """`rsa` or `ec`: which key of ours it is told to encrypt for."""
    binding: str
    """`post` or `redirect`: how requests travel."""
    demands: Demands
    smallest_rsa: int
    """Bits."""
    origins: tuple[str, ...]
    """Other origins to which it leads the browser on at once."""
    provider_name: str
    contact: str
    """E-mail address for its operators, shown in our metadata."""
    sector: str = "public"
    countries: tuple[str, ...] = ()
    not_notified: tuple[str, ...] = ()
    country_field: str = "country"
    enterprises: bool = False
    """Whether persons may log in for an enterprise of their country."""
    attributes: Mapping[str, str] = field(default_factory=dict)


def registration(provider: LoginProvider) -> Registration:
    """Read the settings of a provider of kind `eidas` or `saml`. UnsafeSettings: one line for each that is wrong."""
    reader = _Reader(provider)
    eidas = provider.kind is ProviderKind.EIDAS
    certificates = reader.text("metadata_certificates", None if eidas else "")
    found = Registration(
        metadata=Path(reader.text("metadata")),
        metadata_certificates=Path(certificates) if certificates else None,
        entity=reader.text("entity", ""),
        signature=SIGNATURES[reader.choice("signature", list(SIGNATURES))],
        decryption=reader.choice("decryption", ["rsa", "ec"]),
        binding=reader.choice("binding", ["post"] if eidas else ["post", "redirect"]),
        demands=Demands() if eidas else reader.demands(),
        smallest_rsa=SMALLEST_RSA if eidas else reader.bits("smallest_rsa"),
        origins=reader.texts("origins"),
        provider_name=reader.text("provider_name", "Procura"),
        contact=reader.text("contact", ""),
        **(_of_eidas(reader) if eidas else {"attributes": reader.table("attributes", FEDERAL_ATTRIBUTES)}),
    )
    reader.finish()
    return found


def _of_eidas(reader: _Reader) -> dict[str, object]:
    countries = reader.texts("countries")
    if not countries or not all(_COUNTRY.fullmatch(each) for each in countries):
        reader.wrong("countries must list codes of two capital letters")
    not_notified = reader.texts("not_notified")
    if not set(not_notified) <= set(countries):
        reader.wrong("not_notified must be among countries")
    return {
        "countries": countries,
        "not_notified": not_notified,
        "sector": reader.choice("sector", ["public", "private"]),
        "country_field": reader.text("country_field", "country"),
        "enterprises": reader.flag("enterprises", False),
    }


class _Reader:
    def __init__(self, provider: LoginProvider) -> None:
        self._name = provider.id
        self._left = dict(provider.settings)
        self._problems: list[str] = []
        if not provider.levels:
            self.wrong("levels must say what each of its names for levels is worth")

    def wrong(self, what: str) -> None:
        self._problems.append(f"PROCURA_LOGIN_PROVIDERS: {self._name}: {what}")

    def text(self, name: str, default: str | None = None) -> str:
        value = self._left.pop(name, default)
        if isinstance(value, str) and len(value) <= _TEXT_LIMIT and value.isprintable() and (value or default == ""):
            return value
        self.wrong(f"{name} must be a text of 1 to {_TEXT_LIMIT} characters")
        return ""

    def choice(self, name: str, choices: list[str]) -> str:
        value = self._left.pop(name, choices[0])
        if isinstance(value, str) and value in choices:
            return value
        self.wrong(f"{name} must be one of {', '.join(choices)}")
        return choices[0]

    def flag(self, name: str, default: bool) -> bool:
        value = self._left.pop(name, default)
        if not isinstance(value, bool):
            self.wrong(f"{name} must be true or false")
        return value is True

    def texts(self, name: str) -> tuple[str, ...]:
        value = self._left.pop(name, [])
        if isinstance(value, list) and all(isinstance(each, str) and each for each in value):
            return tuple(value)
        self.wrong(f"{name} must be a list of texts")
        return ()

    def table(self, name: str, defaults: Mapping[str, str]) -> Mapping[str, str]:
        value = self._left.pop(name, {})
        if isinstance(value, dict) and value.keys() <= defaults.keys():
            return {**defaults, **{key: str(text) for key, text in value.items()}}
        self.wrong(f"{name} must be a table of {', '.join(defaults)}")
        return defaults

    def bits(self, name: str) -> int:
        value = self._left.pop(name, SMALLEST_RSA)
        if isinstance(value, int) and not isinstance(value, bool) and 2048 <= value <= 16_384:
            return value
        self.wrong(f"{name} must be 2048 or more")
        return SMALLEST_RSA

    def demands(self) -> Demands:
        told = {name: self.flag(name, True) for name in ("message_signed", "assertion_signed", "encrypted")}
        try:
            return Demands(**told)
        except ValueError as error:
            self.wrong(str(error))
            return Demands()

    def finish(self) -> None:
        for name in sorted(self._left):
            self.wrong(f"{name} is not a setting of this kind")
        if self._problems:
            raise UnsafeSettings(self._problems)
