"""Levels of assurance as clients name them, and what we say of how a person logged in (`acr`, `amr`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from iam.domain.assurance import Assurance, LoginKey

_EIDAS: Final = "http://eidas.europa.eu/LoA/"
ACR_VALUES: Final[Mapping[Assurance, str]] = {level: _EIDAS + level.label for level in Assurance}
"""The levels of the eIDAS Regulation, by the identifiers of the eIDAS SAML attribute profile."""
_BY_NAME: Final = {**{name: level for level, name in ACR_VALUES.items()}, **{level.label: level for level in Assurance}}

_METHODS: Final[Mapping[LoginKey, tuple[str, ...]]] = {
    LoginKey.EID: ("sc", "pin", "mfa"),
    LoginKey.ITSME: ("swk", "mfa"),
    LoginKey.PASSWORD: ("pwd",),
    LoginKey.TOTP: ("pwd", "otp", "mfa"),
    LoginKey.TOKEN: ("pwd", "otp", "mfa"),
    LoginKey.PASSKEY: ("pop", "user", "mfa"),
}
"""The values of RFC 8176 §2 that a key stands for; of others we do not know how a person was recognised."""


def assurance_of(name: str) -> Assurance | None:
    """The level that a client names, by its identifier or in short; None for any other text."""
    return _BY_NAME.get(name)


def acr_of(level: Assurance) -> str:
    """The identifier of a level."""
    return ACR_VALUES[level]


def amr_of(key: LoginKey) -> list[str]:
    """How a person was recognised: methods of RFC 8176, and the login key by its own code."""
    return [*_METHODS.get(key, ()), key.value]
