"""A vendor asks to have its software registered, and the customer approves: nothing is registered before."""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from iam.domain.actors import Actor
from iam.domain.appointments import Appointment
from iam.domain.audit import Leaf
from iam.domain.client_metadata import ClientMetadata, GrantType
from iam.domain.client_registrations import REQUEST_LIFE, RegistrationAccess, RequestState, SoftwareRequest
from iam.domain.clients import Client, ClientKind, Profile, ProvenClient
from iam.domain.enterprises import Capacity
from iam.domain.errors import Forbidden, InvalidInput, NotFound
from iam.domain.identifiers import CbeNumber
from iam.domain.periods import Period
from iam.ports import Archive, Clock, Library, Randomness, Reading, UnitOfWork
from iam.services.acting import governed, held_capacity, in_business, known, period_within, record
from iam.services.authorization import Authorization
from iam.services.client_metadata_rules import check_metadata
from iam.services.client_orders import KeyPolicy, accepted_label, kept_keys, new_client_id, objects_of, put_registration
from iam.services.client_proofs import redeem
from iam.services.client_reach import CHANNELS
from iam.services.counted_tries import count_try
from iam.services.fingerprints import fingerprint
from iam.services.readable_codes import as_typed, readable_code

CODE_CHARACTERS: Final = 8
MOST_WRONG_CODES: Final = 5
MOST_WAITING: Final = 20
"""Requests of one vendor that wait for one enterprise, so that nobody floods its managers."""
MOST_SCOPES: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRequest:
    """What a vendor asks a customer for."""

    enterprise: str
    """The customer's number, in any of its written forms."""
    capacity: Capacity
    label: str
    scopes: tuple[str, ...]
    jwks: object = None
    """The keys that the software will use, as JSON values; without them, and without an address, the vendor's own."""
    jwks_uri: str = ""
    algorithm: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that waits, with the code that the vendor passes on to its customer; the code is told once."""

    request: SoftwareRequest
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What the vendor gets, once."""

    request: SoftwareRequest
    access_token: str = ""
    """The registration access token of the client, where the answer was yes."""


class SoftwareRequests:
    """Requests of vendors, and the answers of customers."""

    def __init__(
        self,
        archive: Archive,
        judge: Authorization,
        library: Library,
        clock: Clock,
        randomness: Randomness,
        keys: KeyPolicy,
        *,
        local: bool = False,
    ) -> None:
        """`local` lets software publish its keys on this machine itself, as in the sandbox."""
        self._archive = archive
        self._judge = judge
        self._library = library
        self._clock = clock
        self._randomness = randomness
        self._keys = keys
        self._local = local

    def ask(self, proof: ProvenClient, order: NewRequest) -> Asked:
        """Keep what a vendor asks; whether the enterprise is known here makes no difference to the answer.

        Raises:
            Forbidden: `not_a_vendor`; `too_many_requests` for one customer. ProofRefused as `redeem`.
            InvalidInput: as `CbeNumber.parse`; `unknown_scope`, `invalid_label`, `invalid_client_metadata`.
        """
        vendor = proof.metadata
        if vendor is None or not vendor.vendor:
            raise Forbidden("not_a_vendor", "The operator registers vendors: ask to be registered as one.")
        number = CbeNumber.parse(order.enterprise).value
        request = self._draft(proof, order, number, vendor)
        code = readable_code(self._randomness, CODE_CHARACTERS)
        with self._archive.writing() as uow:
            redeem(uow, proof)
            before = uow.find(SoftwareRequest, enterprise=number, vendor=proof.client.id)
            if sum(one.open(uow.now) for one in before) >= MOST_WAITING:
                detail = "Too many of your requests wait for this enterprise: wait until it has answered some."
                raise Forbidden("too_many_requests", detail)
            request = replace(
                request,
                id=self._randomness.identifier(),
                code_hash=_hashed(code),
                asked_at=uow.now,
                expires_at=uow.now + REQUEST_LIFE,
            )
            uow.put(request)
            _tell(uow, request, "software_requested")
            uow.commit()
        return Asked(request=request, code=code)

    def shown(self, actor: Actor, request_id: str) -> tuple[SoftwareRequest, Client]:
        """A request that waits for the actor's enterprise, and the vendor that made it.

        Raises:
            NotFound: `not_found`, also for another enterprise's, one that was answered, and one that has expired.
            StepUpRequired, Forbidden: as judged for `channels manage` in the capacity asked.
        """
        with self._archive.reading() as reading:
            return self._waiting(reading, actor, request_id, max(self._clock.now(), reading.recorded_at))

    def approve(self, actor: Actor, request_id: str, code: str) -> Client:
        """Register the vendor's software as a technical client of the actor's enterprise; it still needs grants.

        Raises:
            InvalidInput: `wrong_code` for a code that the vendor did not pass on; Forbidden: `too_many_tries` of them.
            Forbidden, Conflict: `enterprise_ceased`, `capacity_not_held`, `no_active_principal_access_manager`. As
                `shown` otherwise.
        """
        with self._archive.writing() as uow:
            request, vendor = self._waiting(uow, actor, request_id, uow.now)
            count_try(uow, "software_request_code", request_id, most=MOST_WRONG_CODES, within=REQUEST_LIFE)
            if not hmac.compare_digest(_hashed(code), request.code_hash):
                uow.commit()
                detail = "This is not the code that the vendor was given: ask the vendor for it."
                raise InvalidInput("wrong_code", detail, field="code")
            client = self._registered(uow, actor, request, vendor)
            uow.put(replace(request, state=RequestState.APPROVED, client=client.id, expires_at=uow.now + REQUEST_LIFE))
            record(uow, actor, "software_approved", request=request.id, vendor=vendor.id, **objects_of(client))
            uow.announce("client_registered", objects_of(client))
            uow.commit()
        return client

    def refuse(self, actor: Actor, request_id: str) -> None:
        """Say no to a vendor. Raises as `shown`."""
        with self._archive.writing() as uow:
            request, vendor = self._waiting(uow, actor, request_id, uow.now)
            uow.put(replace(request, state=RequestState.REFUSED, expires_at=uow.now + REQUEST_LIFE))
            record(uow, actor, "software_refused", request=request.id, vendor=vendor.id, enterprise=actor.enterprise)
            uow.announce("software_refused", {"request": request.id, "vendor": vendor.id})
            uow.commit()

    def collect(self, proof: ProvenClient, request_id: str) -> Collected:
        """The answer to a vendor's own request; what was approved is given out once.

        Raises:
            NotFound: `not_found` for another vendor's, one that was collected, one that has expired, and one whose
                client was given other keys by its manager: it is in other hands then.
            ProofRefused as `redeem`.
        """
        access = self._randomness.secret()
        with self._archive.writing() as uow:
            redeem(uow, proof)
            request = uow.get(SoftwareRequest, request_id)
            if request is None or request.vendor != proof.client.id or request.expires_at <= uow.now:
                raise _unknown()
            if request.state is not RequestState.APPROVED:
                uow.commit()
                return Collected(request=request)
            client = uow.get(Client, request.client)
            if client is None or not client.usable(uow.now) or client.jwks != request.jwks or request.collected_at:
                raise _unknown()
            uow.put(replace(request, collected_at=uow.now))
            uow.put(RegistrationAccess(client=client.id, token_hash=fingerprint(access), issued_at=uow.now))
            _tell(uow, request, "software_collected")
            uow.commit()
        return Collected(request=request, access_token=access)

    def _draft(self, proof: ProvenClient, order: NewRequest, number: str, vendor: ClientMetadata) -> SoftwareRequest:
        """What is asked, with its keys; fetches those that are published, so no unit of work may be open."""
        known = self._library.current().catalogue.service_of_scope
        if not 1 <= len(order.scopes) <= MOST_SCOPES or any(known(one) is None for one in order.scopes):
            raise InvalidInput("unknown_scope", f"Name 1 to {MOST_SCOPES} scopes of the catalogue.", field="scope")
        own = order.jwks is None and not order.jwks_uri
        uri = vendor.jwks_uri if own else order.jwks_uri
        algorithm = proof.client.algorithm if own else order.algorithm or proof.client.algorithm
        keys = _own_keys(proof.client) if own and not uri else order.jwks
        request = SoftwareRequest(
            id="",
            vendor=proof.client.id,
            enterprise=number,
            capacity=order.capacity,
            label=accepted_label(order.label),
            scopes=tuple(sorted(set(order.scopes))),
            jwks=kept_keys(self._keys, keys, algorithm, number, uri),
            jwks_uri=uri,
            algorithm=algorithm,
            code_hash="",
            state=RequestState.WAITING,
            asked_at=proof.expires_at,
            expires_at=proof.expires_at,
        )
        drafted = _client(request, Period(self._clock.now()), "")
        check_metadata(drafted, _metadata(request, vendor), self._library.current().catalogue, local=self._local)
        return request

    def _waiting(
        self, reading: Reading, actor: Actor, request_id: str, now: datetime
    ) -> tuple[SoftwareRequest, Client]:
        request = reading.get(SoftwareRequest, request_id)
        own = request is not None and request.enterprise == actor.enterprise
        capacity = request.capacity if request is not None and own else actor.capacity
        self._judge.require(replace(actor, capacity=capacity), CHANNELS, "manage")
        vendor = reading.get(Client, request.vendor) if request is not None else None
        said = reading.get(ClientMetadata, vendor.id) if vendor is not None else None
        if request is None or not own or not request.open(now):
            raise _unknown()
        if vendor is None or not vendor.usable(now) or said is None or not said.vendor:
            raise _unknown()
        return request, vendor

    def _registered(self, uow: UnitOfWork, actor: Actor, request: SoftwareRequest, vendor: Client) -> Client:
        decision = self._judge.require(replace(actor, capacity=request.capacity), CHANNELS, "manage")
        manager = known(uow, Appointment, decision.authority["appointment"], "appointment")
        in_business(uow, actor.enterprise, uow.now)
        governed(uow, actor.enterprise, uow.now)
        held_capacity(uow, actor.enterprise, request.capacity, uow.now)
        said = known(uow, ClientMetadata, vendor.id, "vendor")
        drafted = _client(request, period_within(None, None, manager, uow.now), manager.id)
        metadata = _metadata(request, said)
        check_metadata(drafted, metadata, self._library.current().catalogue, local=self._local)
        name = new_client_id(uow, self._randomness, "self_service_procura", actor.enterprise)
        client = replace(drafted, id=name)
        put_registration(uow, client, metadata)
        return client


def _client(request: SoftwareRequest, valid: Period, manager: str) -> Client:
    return Client(
        id="",
        enterprise=request.enterprise,
        capacity=request.capacity,
        kind=ClientKind.TECHNICAL,
        profile=Profile.DEFAULT,
        profile_until=None,
        jwks=request.jwks,
        algorithm=request.algorithm,
        services=(),
        niss_services=(),
        label=request.label,
        registered_by=manager,
        valid=valid,
    )


def _metadata(request: SoftwareRequest, vendor: ClientMetadata) -> ClientMetadata:
    return ClientMetadata(
        client="",
        grant_types=(GrantType.CLIENT_CREDENTIALS,),
        scopes=request.scopes,
        jwks_uri=request.jwks_uri,
        client_uri=vendor.client_uri,
        policy_uri=vendor.policy_uri,
        software_id=vendor.software_id or request.vendor,
        software_version=vendor.software_version,
    )


def _own_keys(vendor: Client) -> object:
    """The vendor's keys alone: its certificates are in its own enterprise's name."""
    keys = json.loads(vendor.jwks)["keys"]
    return {"keys": [{name: one[name] for name in one if name not in ("x5c", "exp")} for one in keys]}


def _tell(uow: UnitOfWork, request: SoftwareRequest, act: str) -> None:
    objects = {"request": request.id, "vendor": request.vendor, "enterprise": request.enterprise}
    uow.audit(Leaf(act=act, actor=request.vendor, caller=request.vendor, objects=objects))
    uow.announce(act, objects)


def _hashed(code: str) -> str:
    """What is kept of a code, however it was typed; guesses are counted, for it is short."""
    return fingerprint(as_typed(code))


def _unknown() -> NotFound:
    return NotFound("not_found", "There is no such request, or it was answered, collected or has expired.")
