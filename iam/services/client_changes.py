"""Changes of a registration by the operator on the server: no door leads here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from iam.domain.appointments import SERVER_OPERATOR
from iam.domain.audit import Leaf
from iam.domain.client_metadata import ClientMetadata
from iam.domain.client_registrations import ClientContact, RegistrationAccess
from iam.domain.clients import Client, ClientKind, Profile
from iam.domain.errors import Conflict, InvalidInput
from iam.ports import Archive, Library, Randomness, Reading
from iam.services.acting import known
from iam.services.client_metadata_rules import check_metadata
from iam.services.client_metadata_wire import read_metadata, takes_secret, written_metadata
from iam.services.client_orders import (
    KeyPolicy,
    accepted_label,
    check_profile,
    check_services,
    kept_keys,
    objects_of,
    put_registration,
)
from iam.services.fingerprints import fingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What becomes otherwise; what is None stays."""

    told: Mapping[str, object] = field(default_factory=dict)
    """Metadata in the words of RFC 7591; null takes a member out."""
    label: str | None = None
    services: tuple[str, ...] | None = None
    niss_services: tuple[str, ...] | None = None
    profile: Profile | None = None
    profile_until: datetime | None = None
    """The end of a weaker profile, where that is told or was before."""
    vendor: bool | None = None
    new_secret: bool = False
    jwks: object = None
    """Other keys in the place of the client's, as JSON values."""
    jwks_uri: str = ""
    """The address at which it publishes them from now on; at no address any more where `jwks` is told."""
    algorithm: str = ""
    """Of its assertions, with other keys."""

    @property
    def keyed(self) -> bool:
        """Whether the keys are to be other ones."""
        return self.jwks is not None or bool(self.jwks_uri)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A registration with everything about it."""

    client: Client
    metadata: ClientMetadata | None
    contacts: tuple[str, ...]
    secret: str = ""
    """A new secret, told once."""


class ClientChanges:
    """Reading and changing registrations of any enterprise."""

    def __init__(
        self, archive: Archive, library: Library, randomness: Randomness, keys: KeyPolicy, *, local: bool = False
    ) -> None:
        self._archive = archive
        self._library = library
        self._randomness = randomness
        self._keys = keys
        self._local = local

    def get(self, client_id: str) -> Found:
        """A registration. NotFound (`not_found`)."""
        with self._archive.reading() as reading:
            return _found(reading, client_id)

    def listed(self) -> list[Client]:
        """All clients, ordered by client_id."""
        with self._archive.reading() as reading:
            return reading.find(Client)

    def change(self, client_id: str, change: Change) -> Found:
        """Change a registration, judged anew as a whole; keys at an address are fetched before anything is locked.

        With other keys the registration access token ends: who had it could put the former ones back.

        Raises:
            NotFound: `not_found`. Conflict: `already_ended`, `stale_version` when it was changed meanwhile.
            InvalidInput: `invalid_client_metadata`, `invalid_redirect_uri`, `unknown_service`, `invalid_profile`,
                `invalid_label`, `no_secret` for another secret of a client without one.
        """
        before = self.get(client_id)
        client = self._keyed(self._changed(before.client, change), change)
        metadata, contacts, secret = self._metadata(before, client, change)
        if metadata is not None:
            check_metadata(client, metadata, self._library.current().catalogue, local=self._local)
        with self._archive.writing() as uow:
            if _found(uow, client_id) != before:
                raise Conflict("stale_version", "This was changed in the meantime; read it again and repeat.")
            if not client.valid.contains(uow.now):
                raise Conflict("already_ended", "This client has ended.")
            if (client.profile, client.profile_until) != (before.client.profile, before.client.profile_until):
                check_profile(client.profile, client.profile_until, uow.now)
            put_registration(uow, client, metadata, contacts)
            if change.keyed:
                uow.remove(RegistrationAccess, client_id)
            act = "client_keys_replaced" if change.keyed else "client_changed"
            uow.audit(Leaf(act=act, actor=SERVER_OPERATOR, caller="", objects=objects_of(client)))
            uow.announce(act, objects_of(client))
            uow.commit()
        return Found(client=client, metadata=metadata, contacts=contacts, secret=secret)

    def _keyed(self, client: Client, change: Change) -> Client:
        """The client with other keys, where they are told; an algorithm counts with keys alone."""
        if not change.keyed:
            return client
        algorithm = change.algorithm or client.algorithm
        kept = kept_keys(self._keys, change.jwks, algorithm, client.enterprise, change.jwks_uri)
        return replace(client, jwks=kept, algorithm=algorithm)

    def _changed(self, client: Client, change: Change) -> Client:
        """The client with what becomes otherwise, and with new keys where they are told."""
        services = client.services if change.services is None else tuple(sorted(set(change.services)))
        niss = client.niss_services if change.niss_services is None else tuple(sorted(set(change.niss_services)))
        if client.kind is ClientKind.DECLARATION_SERVICE:
            check_services(services, niss, self._library)
        elif services or niss or change.profile not in (None, Profile.DEFAULT):
            detail = "Services and weaker profiles are for declaration services."
            raise InvalidInput("invalid_profile", detail, field="services")
        profile = change.profile or client.profile
        until = None if profile is Profile.DEFAULT else change.profile_until or client.profile_until
        return replace(
            client,
            label=client.label if change.label is None else accepted_label(change.label),
            services=services,
            niss_services=niss,
            profile=profile,
            profile_until=until,
        )

    def _metadata(
        self, before: Found, client: Client, change: Change
    ) -> tuple[ClientMetadata | None, tuple[str, ...], str]:
        """What is registered besides, with contacts and a new secret where one is needed."""
        if before.metadata is None and not change.told and change.vendor is None and not change.jwks_uri:
            _check_secret(change, None)
            return None, before.contacts, ""
        plain = before.metadata or ClientMetadata(client=client.id)
        told = {**written_metadata(client, plain), "contacts": list(before.contacts), **change.told}
        told |= {"jwks_uri": change.jwks_uri or None} if change.keyed else {}
        read = read_metadata(told, client.kind, client.profile)
        _check_secret(change, read.metadata)
        keeps = takes_secret(read.metadata) and plain.secret_hash and not change.new_secret
        secret = self._randomness.secret() if takes_secret(read.metadata) and not keeps else ""
        metadata = replace(
            read.metadata,
            client=client.id,
            secret_hash=plain.secret_hash if keeps else fingerprint(secret) if secret else "",
            vendor=plain.vendor if change.vendor is None else change.vendor,
        )
        return metadata, read.contacts, secret


def _check_secret(change: Change, metadata: ClientMetadata | None) -> None:
    if change.new_secret and (metadata is None or not takes_secret(metadata)):
        raise InvalidInput("no_secret", "This client has no secret: it proves itself otherwise.", field="new_secret")


def _found(reading: Reading, client_id: str) -> Found:
    contact = reading.get(ClientContact, client_id)
    return Found(
        client=known(reading, Client, client_id, "client"),
        metadata=reading.get(ClientMetadata, client_id),
        contacts=contact.emails if contact else (),
    )
