"""Dynamic registration: software registers itself by a token that it was given, and keeps its registration."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from iam.domain.appointments import SERVER_OPERATOR, Appointment
from iam.domain.audit import Leaf
from iam.domain.client_metadata import ClientMetadata
from iam.domain.client_registrations import ClientContact, RegistrationAccess, RegistrationToken
from iam.domain.clients import Client, ClientKind
from iam.domain.errors import Conflict, Forbidden, InvalidInput
from iam.domain.periods import Period
from iam.ports import Archive, Clock, Library, Randomness, Reading, UnitOfWork
from iam.services.acting import governed, held_capacity, in_business
from iam.services.client_metadata_rules import check_metadata
from iam.services.client_metadata_wire import ToldMetadata, read_metadata, takes_secret
from iam.services.client_orders import KeyPolicy, accepted_label, kept_keys, new_client_id, objects_of, put_registration
from iam.services.clients import end_client
from iam.services.fingerprints import fingerprint
from iam.services.registration_tokens import still_gives, use_token
from iam.services.token_issue import earliest

OF_KIND: Final[Mapping[ClientKind, str]] = {
    ClientKind.TECHNICAL: "self_service_procura",
    ClientKind.DECLARATION_SERVICE: "declaration_service_procura",
}
UNNAMED: Final = "Software registered by itself"
Check = Callable[[ClientMetadata], None]
"""Checks what metadata name elsewhere; raises InvalidInput (`invalid_client_metadata`)."""


class TokenRefused(Forbidden):
    """The initial or registration access token is not good: unknown, used, expired, or of who stands no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A registration as its client is told of it; what is secret is told once."""

    client: Client
    metadata: ClientMetadata
    contacts: tuple[str, ...]
    access_token: str = ""
    secret: str = ""


class ClientRegistration:
    """What software may do about its own registration."""

    def __init__(
        self,
        archive: Archive,
        library: Library,
        clock: Clock,
        randomness: Randomness,
        keys: KeyPolicy,
        check_elsewhere: Check,
        *,
        local: bool = False,
    ) -> None:
        """`local` lets clients have addresses on this machine itself, as in the sandbox."""
        self._archive = archive
        self._library = library
        self._clock = clock
        self._randomness = randomness
        self._keys = keys
        self._check_elsewhere = check_elsewhere
        self._local = local

    def register(self, token: str, told: Mapping[str, object]) -> Registered:
        """Register a client by an initial access token, in these steps:

        (1) the token is good, and who gave it stands still;
        (2) what is told is read and judged by the kind and profile that the token is bound to;
        (3) keys and lists that the client publishes are fetched, while nothing is locked;
        (4) the token is used, and the client recorded, in one change. A registration that is refused uses up nothing.

        Raises:
            TokenRefused: `registration_token_refused`.
            InvalidInput: `invalid_client_metadata`, `invalid_redirect_uri`.
            Forbidden, Conflict: `enterprise_ceased`, `capacity_not_held`, `no_active_principal_access_manager`.
        """
        with self._archive.reading() as reading:
            now = self._now(reading)
            good = _good_token(reading, token, now)  # (1)
        draft = _draft(good, now)
        read, secret, draft = self._read(draft, told, "")  # (2) (3)
        access = self._randomness.secret()
        with self._archive.writing() as uow:
            present = _good_token(uow, token, uow.now)  # (4)
            until = _client_until(uow, present)
            in_business(uow, draft.enterprise, uow.now)
            if present.given_by != SERVER_OPERATOR:
                governed(uow, draft.enterprise, uow.now)
            held_capacity(uow, draft.enterprise, draft.capacity, uow.now)
            use_token(uow, present)
            name = new_client_id(uow, self._randomness, OF_KIND[draft.kind], draft.enterprise)
            client = replace(draft, id=name, valid=Period(uow.now, until))
            self._record(uow, client, read, access)
            objects = {**objects_of(client), "token": present.id[:16], "given_by": present.given_by}
            _tell(uow, client, "client_registered", objects)
            uow.commit()
        return Registered(
            client=client, metadata=read.metadata, contacts=read.contacts, access_token=access, secret=secret
        )

    def read(self, client_id: str, token: str) -> Registered:
        """The registration of a client that presents its registration access token, with it. TokenRefused."""
        with self._archive.reading() as reading:
            client = _own(reading, client_id, token, self._now(reading))
            return replace(_standing(reading, client), access_token=token)

    def replace(self, client_id: str, token: str, told: Mapping[str, object]) -> Registered:
        """Put what is told in the place of all that was registered; the registration access token is renewed.

        A secret stays as it is while the method takes one. Software of an enterprise widens by itself neither how it
        gets tokens nor what it asks for: somebody let it be registered for what it said then.

        Raises:
            Conflict: `stale_version` when it was changed meanwhile. As `register` otherwise.
        """
        with self._archive.reading() as reading:
            before = _standing(reading, _own(reading, client_id, token, self._now(reading)))
        _check_own_secret(told, before.metadata)
        read, secret, changed = self._read(before.client, told, before.metadata.secret_hash)
        _check_narrowed(before, read.metadata)
        access = self._randomness.secret()
        with self._archive.writing() as uow:
            present = _standing(uow, _own(uow, client_id, token, uow.now))
            if present != before:
                raise Conflict("stale_version", "This was changed in the meantime; read it again and repeat.")
            metadata = replace(read.metadata, vendor=present.metadata.vendor)
            self._record(uow, changed, replace(read, metadata=metadata), access)
            _tell(uow, changed, "client_registration_replaced", objects_of(changed))
            uow.commit()
        return Registered(
            client=changed,
            metadata=replace(metadata, client=client_id),
            contacts=read.contacts,
            access_token=access,
            secret=secret,
        )

    def delete(self, client_id: str, token: str) -> None:
        """End a client and what it was given: its tokens, and those of people for it, end too. TokenRefused."""
        with self._archive.writing() as uow:
            client = _own(uow, client_id, token, uow.now)
            end_client(uow, client, uow.now)
            uow.remove(RegistrationAccess, client_id)
            uow.remove(ClientContact, client_id)
            _tell(uow, client, "client_ended", objects_of(client))
            uow.commit()

    def _read(self, draft: Client, told: Mapping[str, object], secret_hash: str) -> tuple[ToldMetadata, str, Client]:
        """What is told, with a new secret where one is needed, and the client with its keys."""
        known = self._library.current().catalogue.services
        services = [known[one] for one in draft.services if one in known]
        read = read_metadata(told, draft.kind, draft.profile, services)
        secret = ""
        if takes_secret(read.metadata) and not secret_hash:
            secret = self._randomness.secret()
            secret_hash = fingerprint(secret)
        metadata = replace(read.metadata, secret_hash=secret_hash if takes_secret(read.metadata) else "")
        label = accepted_label(read.label) if read.label else UNNAMED
        jwks = "" if read.jwks is None else self._keys.accept(read.jwks, read.algorithm, draft.enterprise)
        changed = replace(draft, algorithm=read.algorithm, label=label, jwks=jwks)
        check_metadata(changed, metadata, self._library.current().catalogue, local=self._local)
        jwks = kept_keys(self._keys, read.jwks, read.algorithm, draft.enterprise, metadata.jwks_uri)
        self._check_elsewhere(metadata)
        return replace(read, metadata=metadata), secret, replace(changed, jwks=jwks)

    def _now(self, reading: Reading) -> datetime:
        """The present instant, which is never before what was recorded."""
        return max(self._clock.now(), reading.recorded_at)

    def _record(self, uow: UnitOfWork, client: Client, read: ToldMetadata, access: str) -> None:
        put_registration(uow, client, read.metadata, read.contacts)
        uow.put(RegistrationAccess(client=client.id, token_hash=fingerprint(access), issued_at=uow.now))


def _draft(token: RegistrationToken, now: datetime) -> Client:
    """The client that a token allows, before it is told what it is."""
    return Client(
        id="",
        enterprise=token.enterprise,
        capacity=token.capacity,
        kind=token.kind,
        profile=token.profile,
        profile_until=token.profile_until,
        jwks="",
        algorithm="",
        services=token.services,
        niss_services=token.niss_services,
        label="",
        registered_by=token.given_by,
        valid=Period(now),
    )


def _good_token(reading: Reading, token: str, now: datetime) -> RegistrationToken:
    found = reading.get(RegistrationToken, fingerprint(token)) if token else None
    ends = [one for one in (found.expires_at, found.profile_until, found.client_until) if one] if found else []
    if found is None or min(ends) <= now or not still_gives(reading, found.given_by, found.capacity, now):
        raise _refused()
    return found


def _own(reading: Reading, client_id: str, token: str, now: datetime) -> Client:
    """The client whose registration access token is presented."""
    access, client = reading.get(RegistrationAccess, client_id), reading.get(Client, client_id)
    expected = access.token_hash if access is not None else fingerprint("")
    if not hmac.compare_digest(expected, fingerprint(token)) or access is None:
        raise _refused()
    if client is None or not client.usable(now):
        raise _refused()
    return client


def _standing(reading: Reading, client: Client) -> Registered:
    metadata = reading.get(ClientMetadata, client.id) or ClientMetadata(client=client.id)
    contact = reading.get(ClientContact, client.id)
    return Registered(client=client, metadata=metadata, contacts=contact.emails if contact else ())


def _client_until(reading: Reading, token: RegistrationToken) -> datetime | None:
    """When a client of a token ends: as was said, and never after who gave the token."""
    giver = reading.get(Appointment, token.given_by)
    return earliest([token.client_until, giver.valid.end if giver else None])


def _check_narrowed(before: Registered, metadata: ClientMetadata) -> None:
    """Refuse what an enterprise's software was not registered for. InvalidInput (`invalid_client_metadata`)."""
    if before.client.kind is not ClientKind.TECHNICAL:
        return
    for field, told, had in (
        ("grant_types", metadata.grant_types, before.metadata.grant_types),
        ("scope", metadata.scopes, before.metadata.scopes),
    ):
        if not set(told) <= set(had):
            detail = "Software adds nothing to this by itself: register it anew with another token."
            raise InvalidInput("invalid_client_metadata", detail, field=field)


def _check_own_secret(told: Mapping[str, object], metadata: ClientMetadata) -> None:
    """A client that sends its secret back sends the one that it has (RFC 7592 §2.2)."""
    sent = told.get("client_secret")
    if sent is None:
        return
    if not isinstance(sent, str) or not hmac.compare_digest(fingerprint(sent), metadata.secret_hash or fingerprint("")):
        raise InvalidInput("invalid_client_metadata", "The client_secret is not this client's.", field="client_secret")


def _tell(uow: UnitOfWork, client: Client, act: str, objects: Mapping[str, str]) -> None:
    uow.audit(Leaf(act=act, actor=client.id, caller=client.id, objects=dict(objects)))
    uow.announce(act, objects_of(client))


def _refused() -> TokenRefused:
    return TokenRefused("registration_token_refused", "The token is unknown, used, or good no more.")


def shown_keys(client: Client) -> object:
    """The key set of a registration as JSON values; None for a client without keys of its own here."""
    read = json.loads(client.jwks)
    return read if read["keys"] else None
