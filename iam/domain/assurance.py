"""Assurance: how surely a person was recognised, by which login key, and the one value every login yields."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from iam.domain.errors import InvalidInput
from iam.domain.instants import as_utc
from iam.domain.written import bounded_text

_LONGEST = 20


class Assurance(IntEnum):
    """The assurance levels of the eIDAS Regulation, art. 8, in their order: more is greater."""

    LOW = 1
    SUBSTANTIAL = 2
    HIGH = 3

    @classmethod
    def parse(cls, text: str) -> Assurance:
        """Read ``low``, ``substantial`` or ``high``. Raises InvalidInput (``invalid_assurance``)."""
        written = bounded_text(text, _LONGEST, code="invalid_assurance", what="An assurance level")
        for level in cls:
            if written == level.label:
                return level
        raise InvalidInput("invalid_assurance", "Give the assurance level as low, substantial or high.")

    @property
    def label(self) -> str:
        """The stable code of the level, its name in lower case."""
        return self.name.lower()


class LoginKey(StrEnum):
    """The digital keys with which a person logs in; the values are stable codes.

    ``fas`` is a login through the federal service that did not tell which key was used. Which level a key
    reaches, and which service accepts it, is configuration and catalogue, not known here. Source: CSAM, FAS.
    """

    EID = "eid"
    ITSME = "itsme"
    MYGOV = "mygov"
    EIDAS = "eidas"
    FAS = "fas"
    TOTP = "totp"
    SMS_CODE = "sms_code"
    EMAIL_CODE = "email_code"
    TOKEN = "token"  # noqa: S105 - the name of a key, not a secret
    PASSWORD = "password"  # noqa: S105
    PASSKEY = "passkey"
    CERTIFICATE = "certificate"

    @classmethod
    def parse(cls, text: str) -> LoginKey:
        """Read the code of a login key. Raises InvalidInput (``invalid_login_key``)."""
        written = bounded_text(text, _LONGEST, code="invalid_login_key", what="A login key")
        try:
            return cls(written)
        except ValueError:
            raise InvalidInput("invalid_login_key", f"Give one of these login keys: {', '.join(cls)}.") from None


@dataclass(frozen=True, slots=True)
class Authentication:
    """The outcome of a login: who was recognised, how surely, when, and on whose word.

    ``person_id`` is our internal id. ``authenticated_at`` is the instant at which the person showed the key,
    not that of any message about it, and is kept in UTC. ``source`` names who vouches for it, ``reference``
    is the single-use id of that testimony (a token's ``jti``). Raises InvalidInput (``invalid_instant``).
    """

    person_id: str
    key: LoginKey
    assurance: Assurance
    authenticated_at: datetime
    source: str
    reference: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "authenticated_at", as_utc(self.authenticated_at))
