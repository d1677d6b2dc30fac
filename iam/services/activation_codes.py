"""Activation codes: a paper code and an e-mailed link, which together give a person a first key, once."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from iam.domain.actors import Actor
from iam.domain.assurance import Assurance
from iam.domain.credentials import LINK_LIFE, SIMPLIFIED_LINK_LIFE, ActivationCode, Password
from iam.domain.errors import Gone, InvalidInput, NotFound
from iam.domain.identifiers import Niss
from iam.domain.password_rules import read_user_name
from iam.ports import Archive, Clock, Randomness, Reading, UnitOfWork
from iam.services.acting import record
from iam.services.authorization import Authorization
from iam.services.fingerprints import fingerprint
from iam.services.letter_texts import letters
from iam.services.letters import Letters
from iam.services.office_holders import officers_at
from iam.services.one_time_codes import OneTimeCodes, WrongCode
from iam.services.passwords import Passwords
from iam.services.people import person_for
from iam.services.readable_codes import as_typed, readable_code

ACTION = "correct_identity"
"""The act of the office by which an officer vouches for who somebody is."""
CODE_CHARACTERS = 12
MOST_WRONG = 5
UNUSABLE = "This link was used, has expired or never was: ask the office where you registered for a new code."

Texts = Callable[[str], tuple[str, str]]
"""Subject and text of the e-mail that carries a link."""

_REFERENCE = 16
"""Characters of a code's reference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What an officer gives who saw a person's identity document."""

    niss: Niss
    email: str
    vouched: Assurance
    """How surely the person was known: low, or substantial after the document was checked."""
    simplified: bool = False
    """Whether this is a simplified access, whose link is good for 72 hours and which reaches low."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstKey:
    """What a person chooses with an activation code: a password, and perhaps a device for one-time codes."""

    user_name: str
    password: str = field(repr=False)
    secret: str = field(default="", repr=False)
    device_code: str = field(default="", repr=False)
    label: str = ""


class ActivationCodes:
    """First keys of people without eID, itsme or another key."""

    def __init__(
        self,
        archive: Archive,
        judge: Authorization,
        clock: Clock,
        randomness: Randomness,
        letters: Letters,
        passwords: Passwords,
        one_time_codes: OneTimeCodes,
        administration: str,
    ) -> None:
        self._archive = archive
        self._judge = judge
        self._clock = clock
        self._randomness = randomness
        self._letters = letters
        self._passwords = passwords
        self._one_time_codes = one_time_codes
        self._administration = administration

    def issue(self, officer: Actor, order: Registration, texts: Texts) -> str:
        """Have a link sent and return the paper code, shown once; codes that were issued for the person are void.

        Raises:
            StepUpRequired, Forbidden: as judged for `office correct_identity`.
        """
        link, code = self._randomness.secret(), readable_code(self._randomness, CODE_CHARACTERS)
        with self._archive.writing() as uow:
            self._judge.require(officer, "office", ACTION)
            person = person_for(uow, order.niss, self._randomness)
            for former in uow.find(ActivationCode, person=person):
                uow.remove(ActivationCode, former.id)
            vouched = Assurance.LOW if order.simplified else min(order.vouched, Assurance.SUBSTANTIAL)
            uow.put(
                ActivationCode(
                    id=fingerprint(link),
                    person=person,
                    code_hash=fingerprint(link, as_typed(code)),
                    vouched=vouched,
                    wrong=0,
                    issued_by=officer.person,
                    expires_at=uow.now + (SIMPLIFIED_LINK_LIFE if order.simplified else LINK_LIFE),
                )
            )
            self._letters.email(uow, order.email, *texts(link))
            record(uow, officer, "activation_code_issued", person=person)
            uow.commit()
        return code

    def listed(self, officer: Actor) -> list[ActivationCode]:
        """The codes that wait to be used, the first to end first. Raises as `issue`."""
        with self._archive.writing() as uow:
            self._judge.require(officer, "office", ACTION)
            found = [one for one in uow.find(ActivationCode) if uow.now < one.expires_at]
        return sorted(found, key=lambda one: (one.expires_at, one.id))

    def void(self, officer: Actor, reference: str) -> None:
        """Make link and code worth nothing. Raises NotFound (`not_found`), and as `issue`."""
        with self._archive.writing() as uow:
            self._judge.require(officer, "office", ACTION)
            for one in uow.find(ActivationCode):
                if reference_of(one) == reference:
                    uow.remove(ActivationCode, one.id)
                    record(uow, officer, "activation_code_voided", person=one.person)
                    uow.commit()
                    return
        raise NotFound("not_found", "No such code waits to be used.")

    def usable(self, link: str) -> bool:
        """Whether a link can be used now."""
        with self._archive.reading() as reading:
            return self._found(reading, link) is not None

    def redeem(self, link: str, code: str, chosen: FirstKey) -> Password:
        """Give the person of the link the key that was chosen, and use up link and code.

        Raises:
            Gone: `activation_unusable` for a link that is unknown, used, expired, tried too often with wrong codes, or
                of an officer who is none any more: they all look the same.
            WrongCode: for another code; after five of them the link is void.
            InvalidInput: as `Passwords.choose` and `OneTimeCodes.put_device`; `wrong_first_code` of the device.
            Conflict: `user_name_taken`, `too_many_devices`.
        """
        self._try(link, code)
        user_name = read_user_name(chosen.user_name)
        hashed = self._passwords.hashed(user_name, chosen.password)
        with self._archive.writing() as uow:
            found = self._found(uow, link)
            if found is None:
                raise Gone("activation_unusable", UNUSABLE)
            password = self._passwords.put_chosen(uow, user_name, hashed, found.person, found.vouched)
            if chosen.device_code:
                self._put_device(uow, found, chosen)
            uow.remove(ActivationCode, found.id)
            uow.commit()
        return password

    def _try(self, link: str, code: str) -> None:
        """Judge a code, counting a wrong one."""
        with self._archive.writing() as uow:
            found = self._found(uow, link)
            if found is None:
                raise Gone("activation_unusable", UNUSABLE)
            if hmac.compare_digest(found.code_hash, fingerprint(link, as_typed(code))):
                return
            if found.wrong + 1 >= MOST_WRONG:
                uow.remove(ActivationCode, found.id)
            else:
                uow.put(replace(found, wrong=found.wrong + 1))
            uow.commit()
        raise WrongCode

    def _put_device(self, uow: UnitOfWork, found: ActivationCode, chosen: FirstKey) -> None:
        try:
            self._one_time_codes.put_device(
                uow, found.person, found.vouched, chosen.secret, chosen.device_code, chosen.label
            )
        except WrongCode:
            detail = "This is not the code that the device shows now."
            raise InvalidInput("wrong_first_code", detail, field="device_code") from None

    def _found(self, reading: Reading, link: str) -> ActivationCode | None:
        found = reading.get(ActivationCode, fingerprint(link))
        now = self._clock.now()
        if found is None or now >= found.expires_at:
            return None
        return found if found.issued_by in officers_at(reading, self._administration, ACTION, now) else None


def reference_of(code: ActivationCode) -> str:
    """A name for a code that waits, from which neither link nor code follows."""
    return code.id[:_REFERENCE]


def letter_at(address: str, language: str) -> Texts:
    """The e-mail in a language (nl, fr, de or en); a link is added to the `address` of our page of activation."""
    said = letters()["key_activation"]
    return lambda link: (
        said["subject"][language],
        said["text"][language].strip().format(address=f"{address}/{link}"),
    )
