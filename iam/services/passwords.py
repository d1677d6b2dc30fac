"""Passwords: chosen with a stronger key or sent provisionally, and checked at the same cost whoever is named."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from iam.domain.assurance import Assurance, Authentication
from iam.domain.audit import Leaf
from iam.domain.credentials import KEY_LIFE, PROVISIONAL_LIFE, Password, may_enrol
from iam.domain.errors import Conflict, Forbidden, Gone, InvalidInput
from iam.domain.password_rules import LONGEST, check_password, normal, read_user_name, sought_user_name
from iam.ports import Archive, Clock, PasswordHashing, Randomness, UnitOfWork
from iam.services.own_keys import end_resting
from iam.services.readable_codes import readable_code, readable_name
from iam.services.slowed_tries import SlowedTries, Trier

PROVISIONAL_CHARACTERS = 16


class WrongPassword(Exception):
    """User name and password do not belong together; whether the user name exists is not said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisional:
    """A user name and a provisional password, to be sent along two ways; shown to nobody else."""

    user_name: str
    password: str = field(repr=False)
    hash: str = field(repr=False)


class Passwords:
    """User names with passwords."""

    def __init__(
        self, archive: Archive, clock: Clock, hashing: PasswordHashing, randomness: Randomness, tries: SlowedTries
    ) -> None:
        self._archive = archive
        self._clock = clock
        self._hashing = hashing
        self._randomness = randomness
        self._tries = tries
        self._nobodys = hashing.hash(randomness.secret())

    def check(self, typed: str, password: str, trier: Trier) -> Password:
        """The password record of who knows user name and password; the try counts until :meth:`accepted`.

        Raises:
            TooManyTries: when it comes too early.
            WrongPassword: for an unknown user name and for a wrong password alike, along the same steps.
            Gone: `provisional_password_expired`, `password_expired`, to who knows the password.
        """
        name = sought_user_name(typed)
        self._tries.begin(name, trier)
        with self._archive.reading() as reading:
            found = reading.get(Password, name)
        hashed = found.hash if found is not None else self._nobodys
        right = self._hashing.matches(hashed, normal(password[: 2 * LONGEST]))
        if found is None or not right:
            raise WrongPassword
        if self._clock.now() >= found.expires_at:
            raise _expired(found)
        return found

    def accepted(self, found: Password, password: str, trier: Trier) -> str:
        """Close the count of tries after a whole login; returns the secret by which this browser will be known."""
        renewed = self._hashing.hash(normal(password)) if password and self._hashing.outdated(found.hash) else ""
        with self._archive.writing() as uow:
            self._tries.succeeded(uow, found.user_name, trier)
            device = self._tries.remember(uow, found.user_name)
            present = uow.get(Password, found.user_name)
            if renewed and present is not None and present.hash == found.hash:
                uow.put(replace(present, hash=renewed))
            uow.commit()
        return device

    def provisional_of(self, user_name: str, given: str) -> Password | None:
        """The provisional password that was given to a user name at an instant (RFC 3339), while it stands."""
        with self._archive.reading() as reading:
            found = reading.get(Password, user_name)
        stands = found is not None and found.provisional and found.changed_at.isoformat() == given
        return found if stands else None

    def replace_provisional(self, found: Password, password: str) -> Password:
        """Replace a provisional password by one's own, once.

        Raises:
            InvalidInput: as `check_password`; `password_unchanged`. Gone: `provisional_password_used`.
        """
        check_password(password, found.user_name)
        if self._hashing.matches(found.hash, normal(password)):
            raise InvalidInput("password_unchanged", "Choose another password than the one we sent.", field="password")
        hashed = self._hashing.hash(normal(password))
        with self._archive.writing() as uow:
            present = uow.get(Password, found.user_name)
            if present is None or present.hash != found.hash or uow.now >= present.expires_at:
                raise Gone("provisional_password_used", "This provisional password was used or has expired.")
            changed = replace(
                present, hash=hashed, provisional=False, changed_at=uow.now, expires_at=uow.now + KEY_LIFE
            )
            uow.put(changed)
            _leaf(uow, "password_changed", changed, changed.person or "")
            uow.commit()
        return changed

    def choose(self, shown: Authentication, typed: str, password: str) -> Password:
        """Choose user name and password, in the place of what one had, from the session of a stronger key.

        Raises:
            Forbidden: `stronger_key_needed`, `fresh_login_needed`. Conflict: `user_name_taken`.
            InvalidInput: `invalid_user_name`, and as `check_password`.
        """
        user_name = read_user_name(typed)
        check_password(password, user_name)
        reason = may_enrol(shown, self._clock.now())
        if reason:
            raise Forbidden(reason, "Log in with a stronger key just now, then add this one.")
        hashed = self._hashing.hash(normal(password))
        with self._archive.writing() as uow:
            chosen = self.put_chosen(uow, user_name, hashed, shown.person_id, shown.assurance)
            uow.commit()
        return chosen

    def hashed(self, user_name: str, password: str) -> str:
        """The hash of a password that may be chosen, to be recorded later. InvalidInput as `check_password`."""
        check_password(password, user_name)
        return self._hashing.hash(normal(password))

    def put_chosen(self, uow: UnitOfWork, user_name: str, hashed: str, person: str, vouched: Assurance) -> Password:
        """Record a chosen password within a change; the former one goes, and every session that rests on it.

        Raises Conflict (`user_name_taken`).
        """
        taken = uow.get(Password, user_name)
        if taken is not None and taken.person != person:
            raise Conflict("user_name_taken", "Somebody else has this user name: choose another one.")
        for former in uow.find(Password, person=person):
            uow.remove(Password, former.user_name)
        end_resting(uow, person, Password)
        chosen = _password(user_name, hashed, person, vouched, uow.now)
        uow.put(chosen)
        _leaf(uow, "password_chosen", chosen, person)
        return chosen

    def provisional(self, prefix: str) -> Provisional:
        """Draw a user name and a provisional password; its hash is slow, so this is done before a change begins."""
        password = readable_code(self._randomness, PROVISIONAL_CHARACTERS)
        name = readable_name(self._randomness, prefix)
        return Provisional(user_name=name, password=password, hash=self._hashing.hash(normal(password)))

    def put_provisional(
        self, uow: UnitOfWork, drawn: Provisional, *, person: str | None, vouched: Assurance, appointment: str = ""
    ) -> Password:
        """Record a provisional password within a change; what was sent before for the same appointment is void."""
        for former in uow.find(Password, appointment=appointment) if appointment else []:
            uow.remove(Password, former.user_name)
        until = uow.now + PROVISIONAL_LIFE
        given = replace(
            _password(drawn.user_name, drawn.hash, person, vouched, uow.now),
            provisional=True,
            expires_at=until,
            appointment=appointment,
        )
        uow.put(given)
        _leaf(uow, "provisional_password_given", given, person or "")
        return given


def _password(user_name: str, hashed: str, person: str | None, vouched: Assurance, now: datetime) -> Password:
    return Password(
        user_name=user_name,
        person=person,
        hash=hashed,
        provisional=False,
        vouched=vouched,
        made_at=now,
        changed_at=now,
        expires_at=now + KEY_LIFE,
        appointment="",
    )


def _expired(found: Password) -> Gone:
    if found.provisional:
        detail = "This provisional password was not changed within 30 days: have new codes sent."
        return Gone("provisional_password_expired", detail)
    return Gone("password_expired", "This password has expired: choose a new one with a stronger key.")


def _leaf(uow: UnitOfWork, act: str, password: Password, actor: str) -> None:
    objects = {"person": password.person or "", "appointment": password.appointment}
    told = {name: value for name, value in objects.items() if value}
    uow.audit(Leaf(act=act, actor=actor or "nobody", caller="", objects=told))
