"""One-time codes: of a device or app that shows a new one every thirty seconds, and of a card of paper."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from dataclasses import dataclass, field, replace

import pyotp

from iam.domain.assurance import Assurance, Authentication
from iam.domain.audit import Leaf
from iam.domain.credentials import KEY_LIFE, OneTimeDevice, PaperCodes, may_enrol, read_label
from iam.domain.errors import Conflict, Forbidden, InvalidInput
from iam.ports import Archive, Clock, Randomness, Seal, UnitOfWork
from iam.services.own_keys import end_resting
from iam.services.readable_codes import as_typed, readable_code

STEP_SECONDS = 30
NEIGHBOURS = (0, -1, 1)
"""Steps beside the present one that are taken, for clocks that differ (RFC 6238 §5.2)."""
SECRET_OCTETS = 20
MOST_DEVICES = 10
"""Devices that one person may have: each one makes a guess more likely to be right."""
CARD = 24
"""Codes on a card."""
CODE_CHARACTERS = 8
_SECRET = re.compile(r"[A-Z2-7]{32}")
"""A secret as it is shown: twenty octets in base32, written in one way."""


class WrongCode(Exception):
    """The code is not good, or no more; which is not said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A card of codes, shown here once."""

    record: PaperCodes
    codes: tuple[str, ...] = field(repr=False)


class OneTimeCodes:
    """Codes that are good once, each beside a password."""

    def __init__(self, archive: Archive, clock: Clock, seal: Seal, randomness: Randomness) -> None:
        self._archive = archive
        self._clock = clock
        self._seal = seal
        self._randomness = randomness

    def new_secret(self) -> str:
        """A secret for a device, in base32, to be shown to its person and given back with the first code."""
        drawn = hashlib.sha256(self._randomness.secret().encode()).digest()
        return base64.b32encode(drawn[:SECRET_OCTETS]).decode()

    def add_device(self, shown: Authentication, secret: str, code: str, label: str) -> OneTimeDevice:
        """Add a device whose person proves by its first code that it holds the secret.

        Raises:
            Forbidden: `stronger_key_needed`, `fresh_login_needed`. WrongCode, InvalidInput, Conflict: as `put_device`.
        """
        _check_enrolling(shown, self._clock)
        with self._archive.writing() as uow:
            device = self.put_device(uow, shown.person_id, shown.assurance, secret, code, label)
            uow.commit()
        return device

    def put_device(
        self, uow: UnitOfWork, person: str, vouched: Assurance, secret: str, code: str, label: str
    ) -> OneTimeDevice:
        """Record a device within a change.

        Raises:
            WrongCode: for another first code.
            InvalidInput: `invalid_label`; `invalid_secret` for none of ours, and for one that another device holds: its
                codes would be good twice.
            Conflict: `too_many_devices`.
        """
        held = uow.find(OneTimeDevice, person=person)
        if not is_secret(secret) or any(_same(self._secret_of(one), secret) for one in held):
            raise InvalidInput("invalid_secret", "This is not the secret that was shown.", field="secret")
        if len(held) >= MOST_DEVICES:
            raise Conflict("too_many_devices", "You have many devices already: remove one first.")
        step = _step_of(secret, code, _present_step(uow), after=0)
        if step is None:
            raise WrongCode
        key = self._randomness.identifier()
        device = OneTimeDevice(
            id=key,
            person=person,
            label=read_label(label),
            secret=self._seal.seal(_device(key), secret.encode()).hex(),
            last_step=step,
            vouched=vouched,
            made_at=uow.now,
            expires_at=uow.now + KEY_LIFE,
        )
        uow.put(device)
        _leaf(uow, "one_time_device_added", person, key)
        return device

    def use_device(self, person: str, code: str) -> OneTimeDevice:
        """Use up the code that one of a person's devices shows now. Raises WrongCode."""
        with self._archive.writing() as uow:
            for device in uow.find(OneTimeDevice, person=person):
                step = _step_of(self._secret_of(device), code, _present_step(uow), after=device.last_step)
                if step is not None and uow.now < device.expires_at:
                    uow.put(replace(device, last_step=step))
                    uow.commit()
                    return device
        raise WrongCode

    def new_card(self, shown: Authentication) -> Card:
        """A new card of codes, in the place of a former one.

        Raises:
            Forbidden: `stronger_key_needed`, `fresh_login_needed`.
        """
        _check_enrolling(shown, self._clock)
        codes = tuple(readable_code(self._randomness, CODE_CHARACTERS) for _ in range(CARD))
        with self._archive.writing() as uow:
            for former in uow.find(PaperCodes, person=shown.person_id):
                uow.remove(PaperCodes, former.id)
            end_resting(uow, shown.person_id, PaperCodes)
            key = self._randomness.identifier()
            record = PaperCodes(
                id=key,
                person=shown.person_id,
                codes=self._sealed(key, [as_typed(one) for one in codes]),
                left=len(codes),
                vouched=shown.assurance,
                made_at=uow.now,
                expires_at=uow.now + KEY_LIFE,
            )
            uow.put(record)
            _leaf(uow, "paper_codes_made", shown.person_id, key)
            uow.commit()
        return Card(record=record, codes=codes)

    def use_paper(self, person: str, code: str) -> PaperCodes:
        """Use up one of the codes on a person's card. Raises WrongCode."""
        typed = as_typed(code)
        with self._archive.writing() as uow:
            for card in uow.find(PaperCodes, person=person):
                sealed = self._seal.unseal(_card(card.id), bytes.fromhex(card.codes))
                codes: list[str] = json.loads(sealed)
                left = [one for one in codes if not _same(one, typed)]
                if len(left) < len(codes) and uow.now < card.expires_at:
                    uow.put(replace(card, codes=self._sealed(card.id, left), left=len(left)))
                    uow.commit()
                    return card
        raise WrongCode

    def _secret_of(self, device: OneTimeDevice) -> str:
        return self._seal.unseal(_device(device.id), bytes.fromhex(device.secret)).decode()

    def _sealed(self, key: str, codes: list[str]) -> str:
        return self._seal.seal(_card(key), json.dumps(codes).encode()).hex()


def is_secret(text: str) -> bool:
    """Whether a text can be a secret of ours."""
    return _SECRET.fullmatch(text) is not None


def provisioning_uri(secret: str, user_name: str, issuer: str) -> str:
    """The address that an app reads from a picture or a link to take over a secret (otpauth)."""
    return pyotp.TOTP(secret).provisioning_uri(name=user_name, issuer_name=issuer)


def _check_enrolling(shown: Authentication, clock: Clock) -> None:
    reason = may_enrol(shown, clock.now())
    if reason:
        raise Forbidden(reason, "Log in with a stronger key just now, then add this one.")


def _present_step(uow: UnitOfWork) -> int:
    return int(uow.now.timestamp()) // STEP_SECONDS


def _step_of(secret: str, code: str, present: int, *, after: int) -> int | None:
    """The time step after `after` to which a code belongs, near the present one; None for none."""
    typed, codes = as_typed(code), pyotp.HOTP(secret)
    found = [present + one for one in NEIGHBOURS if _same(codes.at(present + one), typed)]
    return next((step for step in found if step > after), None)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _leaf(uow: UnitOfWork, act: str, person: str, key: str) -> None:
    uow.audit(Leaf(act=act, actor=person, caller="", objects={"person": person, "credential": key}))


def _device(key: str) -> str:
    return f"one_time_device:{key}"


def _card(key: str) -> str:
    return f"paper_codes:{key}"
