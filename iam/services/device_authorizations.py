"""Devices without a browser: they ask, a person carries their code to a browser and decides, and they fetch tokens."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, NoReturn

from iam.domain.authorization_grants import AuthorizationGrant
from iam.domain.client_metadata import OPENID, PERSON_SCOPES
from iam.domain.clients import Client, ProvenClient
from iam.domain.device_authorizations import USER_CODE_LENGTH, USER_CODE_LETTERS, DeviceAuthorization, read_user_code
from iam.domain.errors import NotFound
from iam.domain.sessions import Session
from iam.ports import Archive, Clock, Library, Randomness, UnitOfWork
from iam.services.authorization_grants import Asked, AuthorizationGrants
from iam.services.client_proofs import redeem
from iam.services.fingerprints import fingerprint
from iam.services.grant_families import revoke_family
from iam.services.grant_redemption import Granted, GrantRedemption
from iam.services.slowed_tries import SlowedTries, Trier
from iam.services.token_issue import TokenFault, TokenRefused, service_of

LIFE: Final = timedelta(minutes=10)
"""How long a person has to type the code and to decide."""
INTERVAL: Final = 5
"""Seconds between two questions of a device, and how many more each time that it asks too soon (RFC 8628 §3.5)."""
LONGEST_INTERVAL: Final = 60
JITTER: Final = timedelta(seconds=1)
"""How much sooner a question may come, for the network delays one more than another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """What a device is told when it asks."""

    device_code: str
    user_code: str
    interval: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceParts:
    """What devices are served with."""

    archive: Archive
    grants: AuthorizationGrants
    redemption: GrantRedemption
    tries: SlowedTries
    library: Library
    clock: Clock
    randomness: Randomness


class DeviceAuthorizations:
    """Keeps what devices ask by the fingerprint of their code."""

    def __init__(self, parts: DeviceParts) -> None:
        self._parts = parts

    # ------------------------------------------------------------------ the device's side

    def begin(self, proof: ProvenClient, scopes: Sequence[str]) -> Begun:
        """A device asks (RFC 8628 §3.1). TokenRefused (`invalid_scope`); ProofRefused as `redeem`."""
        secret, bound = self._parts.randomness.secret(), proof.key.binding if proof.key else ""
        with self._parts.archive.writing() as uow:
            client = redeem(uow, proof)
            try:
                self._check_scopes(proof, scopes)
            except TokenRefused:
                uow.commit()
                raise
            code = self._free_code(uow)
            asked = DeviceAuthorization(
                id=fingerprint(secret),
                user_code=code,
                client=client.id,
                scopes=tuple(scopes),
                key_thumbprint=bound.removeprefix("jkt:") if bound.startswith("jkt:") else "",
                interval=INTERVAL,
                good_until=uow.now + LIFE,
                expires_at=uow.now + LIFE,
            )
            uow.put(asked)
            uow.commit()
        return Begun(device_code=secret, user_code=code, interval=INTERVAL)

    def poll(self, proof: ProvenClient, device_code: str) -> Granted:
        """A device asks whether the person has decided (RFC 8628 §3.4, §3.5), in these steps:

        (1) the client's proofs are used up, whatever comes of it;
        (2) the code is one of ours, and this client's;
        (3) it gave no tokens before: a second use revokes the whole family;
        (4) it has not expired, the person has not said no, and the key is the one that asked;
        (5) the device waited as long as it was told; if not, it waits longer from now on;
        (6) the person has said yes, and what they granted stands;
        (7) every scope is judged now, and the tokens are recorded.

        Raises:
            TokenRefused: `authorization_pending`, `slow_down`, `expired_token`, `access_denied`, `invalid_grant`; as
                `TokenIssue.judged`. ProofRefused as `redeem`.
        """
        with self._parts.archive.writing() as uow:
            client = redeem(uow, proof)  # (1)
            found = uow.get(DeviceAuthorization, fingerprint(device_code))
            if found is None or found.client != client.id:  # (2)
                _refuse(uow, TokenFault.INVALID_GRANT, "unknown_device_code", "There is no such device code of yours.")
            grant = uow.get(AuthorizationGrant, found.grant) if found.grant else None
            if found.used_at is not None:  # (3)
                if grant is not None:
                    revoke_family(uow, grant, "device_code_reused")
                detail = "The device code was used before: everything that it gave is revoked."
                _refuse(uow, TokenFault.INVALID_GRANT, "device_code_used", detail)
            self._check_open(uow, proof, found)  # (4)
            self._check_pace(uow, found)  # (5)
            if grant is None:  # (6)
                uow.put(replace(found, polled_at=uow.now))
                _refuse(uow, TokenFault.AUTHORIZATION_PENDING, "not_decided_yet", "The person has not decided yet.")
            if not grant.live(uow.now):
                _refuse(uow, TokenFault.INVALID_GRANT, "grant_ended", "What the person granted has ended: begin again.")
            uow.put(replace(found, used_at=uow.now))
            granted = self._parts.redemption.first(uow, proof, client, grant)  # (7)
            uow.commit()
        return granted

    def scopes_of(self, client: Client, device_code: str) -> tuple[str, ...]:
        """What this client asked for by a device code; nothing for a code that is not one of its own."""
        with self._parts.archive.reading() as reading:
            found = reading.get(DeviceAuthorization, fingerprint(device_code))
        return found.scopes if found is not None and found.client == client.id else ()

    def _check_open(self, uow: UnitOfWork, proof: ProvenClient, found: DeviceAuthorization) -> None:
        if found.denied_at is not None:
            _refuse(uow, TokenFault.ACCESS_DENIED, "person_declined", "The person said no.")
        if uow.now >= found.good_until:
            _refuse(uow, TokenFault.EXPIRED_TOKEN, "device_code_expired", "The codes have expired: begin again.")
        bound = proof.key.binding if proof.key else ""
        if found.key_thumbprint and bound != f"jkt:{found.key_thumbprint}":
            _refuse(uow, TokenFault.INVALID_GRANT, "other_key", "The device code is bound to another key.")

    def _check_pace(self, uow: UnitOfWork, found: DeviceAuthorization) -> None:
        if found.polled_at is None or uow.now >= found.polled_at + timedelta(seconds=found.interval) - JITTER:
            return
        longer = min(found.interval + INTERVAL, LONGEST_INTERVAL)
        uow.put(replace(found, polled_at=uow.now, interval=longer))
        _refuse(uow, TokenFault.SLOW_DOWN, "asked_too_soon", f"Wait {longer} seconds between two questions.")

    def _check_scopes(self, proof: ProvenClient, scopes: Sequence[str]) -> None:
        fault, asked = TokenFault.INVALID_SCOPE, set(scopes)
        if not scopes:
            raise TokenRefused(fault, "scope_missing", "Name the scopes that the person is asked for.")
        if proof.metadata is None or not asked <= set(proof.metadata.scopes):
            raise TokenRefused(fault, "scope_not_registered", "The client is not registered for one of these scopes.")
        about_person = asked & PERSON_SCOPES
        if about_person and OPENID not in asked and about_person != {"offline_access"}:
            raise TokenRefused(fault, "openid_missing", "Scopes about the person need openid.")
        service_of(scopes, self._parts.library.current())

    def _free_code(self, uow: UnitOfWork) -> str:
        """A user code that no living question has."""
        while True:
            code = _drawn(self._parts.randomness)
            if all(one.good_until <= uow.now for one in uow.find(DeviceAuthorization, user_code=code)):
                return code

    # ------------------------------------------------------------------ the person's side

    def take(self, session: Session, written: str, address: str) -> str:
        """The person types the code of a device; returns the secret by which their browser holds the question.

        Guesses are counted for the person and for the address, and wait ever longer (RFC 8628 §5.1).

        Raises:
            InvalidInput: `invalid_user_code`. NotFound: `unknown_user_code`, also for one that is answered or expired.
            TooManyTries: as `SlowedTries.begin`.
        """
        code, secret = read_user_code(written), self._parts.randomness.secret()
        account, trier = f"device/{session.person}", Trier(address=address)
        self._parts.tries.begin(account, trier)
        with self._parts.archive.writing() as uow:
            found = [one for one in uow.find(DeviceAuthorization, user_code=code) if uow.now < one.good_until]
            asked = next((one for one in found if not one.answered), None)
            if asked is None:
                raise NotFound("unknown_user_code", "No device waits with this code.")
            uow.put(replace(asked, ticket=fingerprint(secret, session.person)))
            self._parts.tries.succeeded(uow, account, trier)
            uow.commit()
        return secret

    def held(self, session: Session, secret: str) -> DeviceAuthorization | None:
        """The question that the browser of this person holds, while nobody has answered it and it has not expired.

        The secret is worth nothing to anybody else: who did not type the code themselves was not warned.
        """
        ticket = fingerprint(secret, session.person)
        with self._parts.archive.reading() as reading:
            found = reading.find(DeviceAuthorization, ticket=ticket) if secret else []
        now = self._parts.clock.now()
        return next((one for one in found if now < one.good_until and not one.answered), None)

    def approve(self, session: Session, held: DeviceAuthorization, asked: Asked) -> None:
        """The person says yes. TokenRefused: `invalid_request` when it was answered before; as `granted`."""
        with self._parts.archive.writing() as uow:
            present = _open(uow, held)
            grant = self._parts.grants.granted(uow, session, asked)
            uow.put(replace(present, grant=grant.id, ticket="", expires_at=max(grant.expires_at, present.expires_at)))
            uow.commit()

    def deny(self, held: DeviceAuthorization) -> None:
        """The person says no. TokenRefused: `invalid_request` when it was answered before."""
        with self._parts.archive.writing() as uow:
            uow.put(replace(_open(uow, held), denied_at=uow.now, ticket=""))
            uow.commit()


def _open(uow: UnitOfWork, held: DeviceAuthorization) -> DeviceAuthorization:
    """The question as it stands, if the same browser still holds it."""
    present = uow.get(DeviceAuthorization, held.id)
    if present is None or present.answered or present.ticket != held.ticket or uow.now >= present.good_until:
        raise TokenRefused(TokenFault.INVALID_REQUEST, "request_used", "This question was answered before.")
    return present


def _drawn(randomness: Randomness) -> str:
    """Letters that are all equally likely: octets beyond the last whole turn of the alphabet are not used."""
    whole = 256 - 256 % len(USER_CODE_LETTERS)
    code = ""
    while len(code) < USER_CODE_LENGTH:
        octets = hashlib.sha256(randomness.secret().encode()).digest()
        code += "".join(USER_CODE_LETTERS[one % len(USER_CODE_LETTERS)] for one in octets if one < whole)
    return code[:USER_CODE_LENGTH]


def _refuse(uow: UnitOfWork, fault: TokenFault, code: str, detail: str) -> NoReturn:
    """Refuse; what was used up, revoked or noted until here stays so."""
    uow.commit()
    raise TokenRefused(fault, code, detail)
