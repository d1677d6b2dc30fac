"""Clients: software registered by a channel manager of its enterprise, and declaration services by the operator."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from iam.domain.actors import Actor
from iam.domain.appointments import SERVER_OPERATOR, Appointment, Grant, Portfolio
from iam.domain.audit import Leaf
from iam.domain.client_metadata import ClientMetadata
from iam.domain.client_registrations import RegistrationAccess
from iam.domain.clients import Client, ClientKind, Profile
from iam.domain.enterprises import Capacity
from iam.domain.errors import Conflict, NotFound
from iam.domain.periods import Period
from iam.ports import Archive, Library, Randomness, Reading, UnitOfWork
from iam.services.acting import end_of, governed, held_capacity, in_business, known, period_within, record
from iam.services.authorization import Authorization
from iam.services.client_metadata_rules import check_metadata
from iam.services.client_metadata_wire import ToldMetadata, read_metadata
from iam.services.client_orders import (
    KeyPolicy,
    NewClient,
    NewDeclarationService,
    accepted_label,
    check_profile,
    check_services,
    kept_keys,
    new_client_id,
    objects_of,
    put_registration,
)
from iam.services.client_reach import check_reach
from iam.services.ending import end_given

CHANNELS: Final = "channels"


class Clients:
    """Registration of software, its keys and its end."""

    def __init__(
        self,
        archive: Archive,
        judge: Authorization,
        library: Library,
        randomness: Randomness,
        keys: KeyPolicy,
        *,
        local: bool = False,
    ) -> None:
        """`local` lets clients have addresses on this machine itself, as in the sandbox."""
        self._archive = archive
        self._judge = judge
        self._library = library
        self._randomness = randomness
        self._keys = keys
        self._local = local

    def register(self, actor: Actor, order: NewClient) -> Client:
        """Register a technical client of the actor's enterprise; it can do nothing until it is given a grant.

        Raises:
            StepUpRequired, Forbidden: as judged for `channels manage` in that capacity; `capacity_not_held`,
                `beyond_own_end`.
            InvalidInput: `invalid_client_metadata`, `invalid_redirect_uri`, `invalid_label`, `invalid_period`.
            Conflict: `no_active_principal_access_manager`.
        """
        told = self._told(actor, order)
        uri = told.metadata.jwks_uri if told else ""
        jwks = kept_keys(self._keys, order.jwks, order.algorithm, actor.enterprise, uri, described=bool(told))
        with self._archive.writing() as uow:
            manager = self._manager(uow, actor, order.capacity)
            in_business(uow, actor.enterprise, uow.now)
            governed(uow, actor.enterprise, uow.now)
            held_capacity(uow, actor.enterprise, order.capacity, uow.now)
            client = Client(
                id=new_client_id(uow, self._randomness, "self_service_procura", actor.enterprise),
                enterprise=actor.enterprise,
                capacity=order.capacity,
                kind=ClientKind.TECHNICAL,
                profile=Profile.DEFAULT,
                profile_until=None,
                jwks=jwks,
                algorithm=order.algorithm,
                services=(),
                niss_services=(),
                label=accepted_label(order.label),
                registered_by=manager.id,
                valid=period_within(None, order.end, manager, uow.now),
            )
            if told is not None:
                check_metadata(client, told.metadata, self._library.current().catalogue, local=self._local)
            put_registration(uow, client, told.metadata if told else None, told.contacts if told else None)
            record(uow, actor, "client_registered", **objects_of(client))
            uow.announce("client_registered", objects_of(client))
            uow.commit()
        return client

    def replace_keys(self, actor: Actor, client_id: str, jwks: object) -> Client:
        """Put another key set in the place of a client's keys; what is not in it counts no more from the commit on.

        To rotate without a gap, register a set of the old and the new key first, and the new one alone later. A client
        that published its keys at an address of its own does so no longer, and one that kept its registration itself
        does not either: who has the token for that could put a key back that was taken away.

        Raises:
            NotFound: `not_found`, also for another enterprise's client. As `register` otherwise.
            Forbidden: `beyond_own_reach` for a client that holds what the actor could not have given to it.
            Conflict: `already_ended`.
        """
        with self._archive.writing() as uow:
            client = self._managed(uow, actor, client_id)
            check_reach(uow, actor, client, self._library.current().catalogue)
            changed = replace(client, jwks=kept_keys(self._keys, jwks, client.algorithm, client.enterprise))
            metadata = uow.get(ClientMetadata, client_id)
            if changed != client:
                put_registration(uow, changed, replace(metadata, jwks_uri="") if metadata else None)
                uow.remove(RegistrationAccess, client_id)
                record(uow, actor, "client_keys_replaced", **objects_of(client))
                uow.announce("client_keys_replaced", objects_of(client))
                uow.commit()
        return changed

    def end(self, actor: Actor, client_id: str, at: datetime | None = None) -> Client:
        """End a client and what it was given, now or at an instant ahead.

        Raises:
            InvalidInput: `instant_in_past`. As `replace_keys` otherwise.
        """
        with self._archive.writing() as uow:
            client = self._managed(uow, actor, client_id)
            instant = at or uow.now
            end_of(uow, client.valid, instant)
            if client.valid.end is not None and client.valid.end <= instant:
                raise Conflict("already_ended", "This client ends already at that instant or before.")
            ended = end_client(uow, client, instant)
            record(uow, actor, "client_ended", **objects_of(client))
            uow.announce("client_ended", objects_of(client))
            uow.commit()
        return ended or client

    def register_declaration_service(self, order: NewDeclarationService) -> Client:
        """Register a declaration service: an act of the operator on the server, no door leads here.

        Raises:
            InvalidInput: `invalid_client_metadata`, `invalid_redirect_uri`, `unknown_service`, `invalid_profile`,
                `invalid_label`.
            NotFound, Forbidden: `not_found`, `enterprise_ceased`, `capacity_not_held`.
        """
        uri = order.metadata.jwks_uri if order.metadata else ""
        jwks = kept_keys(self._keys, order.jwks, order.algorithm, order.enterprise, uri, described=bool(order.metadata))
        check_services(order.services, order.niss_services, self._library)
        with self._archive.writing() as uow:
            in_business(uow, order.enterprise, uow.now)
            held_capacity(uow, order.enterprise, order.capacity, uow.now)
            check_profile(order.profile, order.profile_until, uow.now)
            client = Client(
                id=new_client_id(uow, self._randomness, "declaration_service_procura", order.enterprise),
                enterprise=order.enterprise,
                capacity=order.capacity,
                kind=ClientKind.DECLARATION_SERVICE,
                profile=order.profile,
                profile_until=order.profile_until,
                jwks=jwks,
                algorithm=order.algorithm,
                services=tuple(sorted(set(order.services))),
                niss_services=tuple(sorted(set(order.niss_services))),
                label=accepted_label(order.label),
                registered_by=SERVER_OPERATOR,
                valid=Period(uow.now),
            )
            if order.metadata is not None:
                check_metadata(client, order.metadata, self._library.current().catalogue, local=self._local)
            put_registration(uow, client, order.metadata, order.contacts or None)
            uow.audit(Leaf(act="client_registered", actor=SERVER_OPERATOR, caller="", objects=objects_of(client)))
            uow.announce("client_registered", objects_of(client))
            uow.commit()
        return client

    def find(self, client_id: str) -> Client | None:
        """A registration by its client_id, for the doors at which clients authenticate; None when there is none."""
        with self._archive.reading() as reading:
            return reading.get(Client, client_id)

    def show(self, actor: Actor, client_id: str) -> Client:
        """A client of the actor's enterprise. Raises NotFound; StepUpRequired, Forbidden for `channels consult`."""
        with self._archive.reading() as reading:
            return self._own(reading, actor, client_id, "consult")

    def listed(self, actor: Actor, *, after: str = "", limit: int | None = None) -> list[Client]:
        """The clients of the actor's enterprise, in the actor's capacity where one is named, ordered by client_id.

        Raises:
            StepUpRequired, Forbidden: as judged for `channels consult`.
        """
        self._judge.require(actor, CHANNELS, "consult")
        only = {} if actor.capacity is None else {"capacity": actor.capacity}
        with self._archive.reading() as reading:
            return reading.find(Client, after=after, limit=limit, enterprise=actor.enterprise, **only)

    def _told(self, actor: Actor, order: NewClient) -> ToldMetadata | None:
        """What else is registered; who may register nothing has no server asked."""
        if order.told is None:
            return None
        self._judge.require(replace(actor, capacity=order.capacity), CHANNELS, "manage")
        return read_metadata(order.told, ClientKind.TECHNICAL, Profile.DEFAULT)

    def _manager(self, uow: UnitOfWork, actor: Actor, capacity: Capacity) -> Appointment:
        """The appointment by which the actor manages channels of a capacity."""
        decision = self._judge.require(replace(actor, capacity=capacity), CHANNELS, "manage")
        return known(uow, Appointment, decision.authority["appointment"], "appointment")

    def _managed(self, uow: UnitOfWork, actor: Actor, client_id: str) -> Client:
        client = self._own(uow, actor, client_id, "manage")
        if client.kind is not ClientKind.TECHNICAL:
            raise NotFound("not_found", "There is no such client.")
        if client.valid.end is not None and client.valid.end <= uow.now:
            raise Conflict("already_ended", "This client has ended.")
        return client

    def _own(self, reading: Reading, actor: Actor, client_id: str, action: str) -> Client:
        """The actor's own client, after the judge allowed the act in its capacity: who may not act learns no more."""
        client = reading.get(Client, client_id)
        if client is None or client.enterprise != actor.enterprise:
            self._judge.require(actor, CHANNELS, action)
            raise NotFound("not_found", "There is no such client.")
        self._judge.require(replace(actor, capacity=client.capacity), CHANNELS, action)
        return client


def end_client(uow: UnitOfWork, client: Client, at: datetime) -> Client | None:
    """End a client at an instant, with what it was given; None when nothing of its time remains."""
    rest = client.valid.until(at)
    ended = replace(client, valid=rest) if rest else None
    if ended is None:
        uow.remove(Client, client.id)
    else:
        uow.put(ended)
    for grant in uow.find(Grant, holder=client.id):
        end_given(uow, grant, at)
    for portfolio in uow.find(Portfolio, holder=client.id):
        end_given(uow, portfolio, at)
    return ended
