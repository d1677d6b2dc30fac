"""What is asked when software is registered, and what a registration must be to be accepted."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from iam.domain.client_metadata import NATIONAL_NUMBER, PERSON_SCOPES, SECRET_METHODS, ClientMetadata
from iam.domain.clients import Client, Profile
from iam.domain.enterprises import Capacity
from iam.domain.errors import InvalidInput
from iam.domain.written import trimmed_text
from iam.ports import Library, Randomness, UnitOfWork

ALGORITHMS: Final = ("ES256", "PS256", "RS256")
LONGEST_LABEL: Final = 100
NAME_CHARS: Final = "abcdefghijklmnopqrstuvwxyz0123456789"
NAME_LENGTH: Final = 10

KeyPolicy = Callable[[object, str], str]
"""Judges a JWK Set that is to be registered for an algorithm, and gives its canonical JSON.

Raises InvalidInput (`invalid_client_metadata`).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClient:
    """A technical client to be registered."""

    capacity: Capacity
    label: str
    jwks: object
    """The public JWK Set, as JSON values."""
    algorithm: str
    """The one algorithm of its assertions: ES256, PS256 or RS256."""
    end: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDeclarationService:
    """A declaration service to be registered by the operator."""

    enterprise: str
    """CBE number of the enterprise that operates it."""
    label: str
    jwks: object
    algorithm: str
    services: tuple[str, ...]
    """Services that it may ask about."""
    niss_services: tuple[str, ...] = ()
    """Of these, the ones with a recorded legal ground to name persons by NISS."""
    capacity: Capacity = Capacity.ADMINISTRATION
    profile: Profile = Profile.DEFAULT
    profile_until: datetime | None = None
    """End of a weaker profile, which has one; the default profile has none."""
    metadata: ClientMetadata | None = None
    """What else it registers, where people log in to it; the `client` in it is of no account."""


def accepted_keys(accept: KeyPolicy, jwks: object, algorithm: str) -> str:
    """The canonical JSON of a key set fit for an algorithm. InvalidInput (`invalid_client_metadata`)."""
    if algorithm not in ALGORITHMS:
        detail = f"Register one of these algorithms: {', '.join(ALGORITHMS)}."
        raise InvalidInput("invalid_client_metadata", detail, field="algorithm")
    return accept(jwks, algorithm)


def accepted_label(text: str) -> str:
    """A label without the blanks around it. InvalidInput (`invalid_label`)."""
    label = trimmed_text(text, LONGEST_LABEL, code="invalid_label", what="A label")
    if not label or not label.isprintable():
        raise InvalidInput("invalid_label", "Give the client a label of printable characters.", field="label")
    return label


def check_services(order: NewDeclarationService, library: Library) -> None:
    """Refuse services that the catalogue does not know. InvalidInput (`unknown_service`)."""
    known = library.current().catalogue.services
    if not order.services or not set(order.services) <= known.keys():
        raise InvalidInput("unknown_service", "Name services of the catalogue, at least one.", field="services")
    if not set(order.niss_services) <= set(order.services):
        detail = "Persons may be named by NISS only for services that the registration lists."
        raise InvalidInput("unknown_service", detail, field="niss_services")


def check_profile(order: NewDeclarationService, now: datetime) -> None:
    """Refuse a weaker profile without an end ahead, and the default one with an end. InvalidInput."""
    ends = order.profile_until
    if (order.profile is not Profile.DEFAULT) != (ends is not None) or (ends is not None and ends <= now):
        detail = "A weaker profile has an end that lies ahead; the default profile has none."
        raise InvalidInput("invalid_profile", detail, field="profile_until")


def check_metadata(order: NewDeclarationService, library: Library) -> None:
    """Refuse what the profile or the services do not allow. InvalidInput (`invalid_client_metadata`)."""
    asked = order.metadata
    if asked is None:
        return
    basic = order.profile is Profile.OIDC_BASIC
    if (asked.auth_method in SECRET_METHODS) > basic or (basic and asked.public):
        detail = "Secrets are for the profile 'oidc-basic', which is not for clients without any."
        raise InvalidInput("invalid_client_metadata", detail, field="auth_method")
    known = library.current().catalogue.services
    of_services = {action.scope for one in order.services for action in known[one].actions.values()}
    if not set(asked.scopes) - PERSON_SCOPES <= (set() if basic else of_services):
        detail = "Scopes are those of the services that the registration lists; 'oidc-basic' has none of them."
        raise InvalidInput("invalid_client_metadata", detail, field="scopes")
    if NATIONAL_NUMBER in asked.scopes and not order.niss_services:
        detail = f"{NATIONAL_NUMBER} takes a recorded legal ground to name persons by NISS."
        raise InvalidInput("invalid_client_metadata", detail, field="scopes")


def new_client_id(uow: UnitOfWork, randomness: Randomness, kind: str, enterprise: str) -> str:
    """A client_id: what it is, the CBE number of whose it is, and ten characters that make it the only one."""
    while True:
        client_id = f"{kind}_{enterprise}_{_ten_characters(randomness.identifier())}"
        if uow.get(Client, client_id) is None:
            return client_id


def _ten_characters(identifier: str) -> str:
    number = int.from_bytes(hashlib.sha256(identifier.encode()).digest(), "big")
    digits = ""
    for _ in range(NAME_LENGTH):
        number, rest = divmod(number, len(NAME_CHARS))
        digits += NAME_CHARS[rest]
    return digits
