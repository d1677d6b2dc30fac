"""What is asked when software is registered, and what a registration must be to be accepted."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol

from iam.domain.client_metadata import ClientMetadata
from iam.domain.client_registrations import ClientContact
from iam.domain.clients import Client, Profile
from iam.domain.enterprises import Capacity
from iam.domain.errors import InvalidInput
from iam.domain.written import trimmed_text
from iam.ports import Library, Randomness, UnitOfWork

ALGORITHMS: Final = ("ES256", "PS256", "RS256")
LONGEST_LABEL: Final = 100
NAME_CHARS: Final = "abcdefghijklmnopqrstuvwxyz0123456789"
NAME_LENGTH: Final = 10
NO_KEYS: Final = '{"keys":[]}'


class KeyPolicy(Protocol):
    """Judges the keys of a client; every refusal is InvalidInput (`invalid_client_metadata`)."""

    def accept(self, jwks: object, algorithm: str, enterprise: str) -> str:
        """The canonical JSON of a JWK Set that is to be registered for an algorithm and an enterprise's client."""
        ...

    def fetched(self, uri: str, algorithm: str, enterprise: str) -> str:
        """The same of the set at an address, which the client publishes itself."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClient:
    """A technical client to be registered."""

    capacity: Capacity
    label: str
    jwks: object
    """The public JWK Set, as JSON values; None where the metadata name a `jwks_uri`, or a method without keys."""
    algorithm: str
    """The one algorithm of its assertions: ES256, PS256 or RS256."""
    end: datetime | None = None
    told: Mapping[str, object] | None = None
    """What else it registers, in the words of RFC 7591; None for software that only uses `client_credentials`."""


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
    contacts: tuple[str, ...] = ()


def kept_keys(
    policy: KeyPolicy, jwks: object, algorithm: str, enterprise: str, uri: str = "", *, described: bool = True
) -> str:
    """The canonical JSON of what is kept of a client's keys: of none where it publishes them at `uri` itself.

    `described`: whether metadata say how it authenticates; without them it has keys. The client's server is asked where
    there is an address, so no unit of work may be open then. InvalidInput (`invalid_client_metadata`).
    """
    if algorithm not in ALGORITHMS:
        detail = f"Register one of these algorithms: {', '.join(ALGORITHMS)}."
        raise InvalidInput("invalid_client_metadata", detail, field="algorithm")
    if jwks is None and not described:
        detail = "Register the public keys of the client."
        raise InvalidInput("invalid_client_metadata", detail, field="jwks")
    if uri:
        if jwks is not None:
            detail = "Register keys by jwks or by jwks_uri: one of them, not both."
            raise InvalidInput("invalid_client_metadata", detail, field="jwks")
        policy.fetched(uri, algorithm, enterprise)
    return NO_KEYS if jwks is None else policy.accept(jwks, algorithm, enterprise)


def accepted_label(text: str) -> str:
    """A label without the blanks around it. InvalidInput (`invalid_label`)."""
    label = trimmed_text(text, LONGEST_LABEL, code="invalid_label", what="A label")
    if not label or not label.isprintable():
        raise InvalidInput("invalid_label", "Give the client a label of printable characters.", field="label")
    return label


def check_services(services: tuple[str, ...], niss_services: tuple[str, ...], library: Library) -> None:
    """Refuse services that the catalogue does not know. InvalidInput (`unknown_service`)."""
    known = library.current().catalogue.services
    strange = [one for one in services if one not in known]
    if not services or strange:
        lacking = f"There is no service {strange[0][:40]!r}. " if strange else ""
        detail = f"{lacking}Name services of the catalogue, at least one."
        raise InvalidInput("unknown_service", detail, field="services")
    if not set(niss_services) <= set(services):
        detail = "Persons may be named by NISS only for services that the registration lists."
        raise InvalidInput("unknown_service", detail, field="niss_services")


def check_profile(profile: Profile, ends: datetime | None, now: datetime) -> None:
    """Refuse a weaker profile without an end ahead, and the default one with an end. InvalidInput."""
    if (profile is not Profile.DEFAULT) != (ends is not None) or (ends is not None and ends <= now):
        detail = "A weaker profile has an end that lies ahead; the default profile has none."
        raise InvalidInput("invalid_profile", detail, field="profile_until")


def new_client_id(uow: UnitOfWork, randomness: Randomness, kind: str, enterprise: str) -> str:
    """A client_id: what it is, the CBE number of whose it is, and ten characters that make it the only one."""
    while True:
        client_id = f"{kind}_{enterprise}_{_ten_characters(randomness.identifier())}"
        if uow.get(Client, client_id) is None:
            return client_id


def put_registration(
    uow: UnitOfWork, client: Client, metadata: ClientMetadata | None, contacts: tuple[str, ...] | None = None
) -> None:
    """Record a client with what was registered of it; contacts stay as they were where None is told."""
    if uow.get(Client, client.id) != client:
        uow.put(client)
    if metadata is not None:
        named = replace(metadata, client=client.id)
        if uow.get(ClientMetadata, client.id) != named:
            uow.put(named)
    if contacts:
        uow.put(ClientContact(client=client.id, emails=contacts))
    elif contacts is not None:
        uow.remove(ClientContact, client.id)


def objects_of(client: Client) -> dict[str, str]:
    """A client as audit leaves and announcements name it."""
    return {"client": client.id, "enterprise": client.enterprise, "kind": client.kind.value}


def _ten_characters(identifier: str) -> str:
    number = int.from_bytes(hashlib.sha256(identifier.encode()).digest(), "big")
    digits = ""
    for _ in range(NAME_LENGTH):
        number, rest = divmod(number, len(NAME_CHARS))
        digits += NAME_CHARS[rest]
    return digits
