"""Initial access tokens: who may have software registered by itself, once, and bound to what (RFC 7591 §1.2)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from iam.domain.actors import Actor
from iam.domain.appointments import SERVER_OPERATOR, Appointment, Grant
from iam.domain.audit import Leaf
from iam.domain.client_registrations import TOKEN_LIFE, RegistrationToken
from iam.domain.clients import ClientKind, Profile
from iam.domain.enterprises import Capacity
from iam.domain.errors import InvalidInput, NotFound
from iam.ports import Archive, Clock, Library, Randomness, Reading, UnitOfWork
from iam.services.acting import governed, held_capacity, in_business, known, period_within, record
from iam.services.authorization import Authorization
from iam.services.client_orders import check_profile, check_services
from iam.services.client_reach import CHANNELS
from iam.services.fingerprints import fingerprint

LONGEST_LIFE: Final = timedelta(days=30)
MOST_USES: Final = 1_000
"""Registrations that the operator may allow by one token; a channel manager's token is for one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """What the operator binds a token for declaration services to."""

    enterprise: str
    capacity: Capacity
    services: tuple[str, ...]
    niss_services: tuple[str, ...] = ()
    profile: Profile = Profile.DEFAULT
    profile_until: datetime | None = None
    uses: int = 1
    life: timedelta = TOKEN_LIFE


class RegistrationTokens:
    """Initial access tokens; of each only the hash is kept."""

    def __init__(
        self, archive: Archive, judge: Authorization, library: Library, clock: Clock, randomness: Randomness
    ) -> None:
        self._archive = archive
        self._clock = clock
        self._judge = judge
        self._library = library
        self._randomness = randomness

    def issue(self, actor: Actor, capacity: Capacity, client_until: datetime | None = None) -> tuple[str, str]:
        """A token for one technical client of the actor's enterprise; returns its id, and the token, shown once.

        Raises:
            StepUpRequired, Forbidden: as judged for `channels manage` in that capacity; `capacity_not_held`,
                `beyond_own_end`, `enterprise_ceased`.
            InvalidInput: `invalid_period`. Conflict: `no_active_principal_access_manager`.
        """
        secret = self._randomness.secret()
        with self._archive.writing() as uow:
            decision = self._judge.require(replace(actor, capacity=capacity), CHANNELS, "manage")
            manager = known(uow, Appointment, decision.authority["appointment"], "appointment")
            in_business(uow, actor.enterprise, uow.now)
            governed(uow, actor.enterprise, uow.now)
            held_capacity(uow, actor.enterprise, capacity, uow.now)
            token = RegistrationToken(
                id=fingerprint(secret),
                enterprise=actor.enterprise,
                capacity=capacity,
                kind=ClientKind.TECHNICAL,
                profile=Profile.DEFAULT,
                profile_until=None,
                services=(),
                niss_services=(),
                client_until=period_within(None, client_until, manager, uow.now).end,
                uses=1,
                given_by=manager.id,
                given_at=uow.now,
                expires_at=uow.now + TOKEN_LIFE,
            )
            uow.put(token)
            record(uow, actor, "registration_token_issued", **_objects(token))
            uow.announce("registration_token_issued", _objects(token))
            uow.commit()
        return token.id, secret

    def issue_for_services(self, order: NewToken) -> tuple[RegistrationToken, str]:
        """A token for declaration services: an act of the operator on the server, no door leads here.

        Raises:
            InvalidInput: `unknown_service`, `invalid_profile`, `invalid_limit`.
            NotFound, Forbidden: `not_found`, `enterprise_ceased`, `capacity_not_held`.
        """
        check_services(order.services, order.niss_services, self._library)
        if not 1 <= order.uses <= MOST_USES or not timedelta() < order.life <= LONGEST_LIFE:
            detail = f"A token allows 1 to {MOST_USES} registrations within {LONGEST_LIFE.days} days at most."
            raise InvalidInput("invalid_limit", detail)
        secret = self._randomness.secret()
        with self._archive.writing() as uow:
            in_business(uow, order.enterprise, uow.now)
            held_capacity(uow, order.enterprise, order.capacity, uow.now)
            check_profile(order.profile, order.profile_until, uow.now)
            token = RegistrationToken(
                id=fingerprint(secret),
                enterprise=order.enterprise,
                capacity=order.capacity,
                kind=ClientKind.DECLARATION_SERVICE,
                profile=order.profile,
                profile_until=order.profile_until,
                services=tuple(sorted(set(order.services))),
                niss_services=tuple(sorted(set(order.niss_services))),
                client_until=None,
                uses=order.uses,
                given_by=SERVER_OPERATOR,
                given_at=uow.now,
                expires_at=uow.now + order.life,
            )
            uow.put(token)
            leaf = Leaf(act="registration_token_issued", actor=SERVER_OPERATOR, caller="", objects=_objects(token))
            uow.audit(leaf)
            uow.announce("registration_token_issued", _objects(token))
            uow.commit()
        return token, secret

    def listed(self, actor: Actor) -> list[RegistrationToken]:
        """The tokens of the actor's enterprise that are still good, in the capacity acted in.

        Raises:
            StepUpRequired, Forbidden: as judged for `channels consult`.
        """
        self._judge.require(actor, CHANNELS, "consult")
        with self._archive.reading() as reading:
            found = reading.find(RegistrationToken, enterprise=actor.enterprise, kind=ClientKind.TECHNICAL)
            now = max(self._clock.now(), reading.recorded_at)
            return [one for one in found if one.expires_at > now and actor.capacity in (None, one.capacity)]

    def void(self, actor: Actor, token_id: str) -> None:
        """Let a token be good no more.

        Raises:
            NotFound: `not_found`, also for another enterprise's. StepUpRequired, Forbidden: as for `issue`.
        """
        with self._archive.writing() as uow:
            token = uow.get(RegistrationToken, token_id)
            own = token is not None and token.enterprise == actor.enterprise and token.given_by != SERVER_OPERATOR
            capacity = token.capacity if token is not None and own else actor.capacity
            self._judge.require(replace(actor, capacity=capacity), CHANNELS, "manage")
            if token is None or not own:
                raise NotFound("not_found", "There is no such token.")
            uow.remove(RegistrationToken, token_id)
            record(uow, actor, "registration_token_voided", **_objects(token))
            uow.commit()


def still_gives(reading: Reading, giver: str, capacity: Capacity, at: datetime) -> bool:
    """Whether who gave something stands still as a manager of channels, or is the operator."""
    if giver == SERVER_OPERATOR:
        return True
    appointment = reading.get(Appointment, giver)
    if appointment is None or not appointment.active(at):
        return False
    if appointment.manages():
        return appointment.capacity in (None, capacity)
    held = reading.find(Grant, holder=appointment.id, service=CHANNELS)
    return any(one.valid.contains(at) and one.capacity is capacity and "manage" in one.actions for one in held)


def use_token(uow: UnitOfWork, token: RegistrationToken) -> None:
    """Count one registration by a token; the last one uses it up."""
    if token.uses > 1:
        uow.put(replace(token, uses=token.uses - 1))
    else:
        uow.remove(RegistrationToken, token.id)


def _objects(token: RegistrationToken) -> dict[str, str]:
    return {"token": token.id[:16], "enterprise": token.enterprise, "kind": token.kind.value}
