"""Credentials of our own: passwords, one-time codes and passkeys, what each is worth and for how long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from iam.domain.assurance import Assurance, Authentication, LoginKey
from iam.domain.errors import InvalidInput
from iam.domain.written import trimmed_text

KEY_LIFE: Final = timedelta(days=3653)
"""How long a key is good: ten years (CSAM)."""
LINK_LIFE: Final = timedelta(days=14)
"""How long an activation link is good: two weeks (CSAM)."""
SIMPLIFIED_LINK_LIFE: Final = timedelta(hours=72)
"""How long the link of a simplified access is good (Limosa)."""
PROVISIONAL_LIFE: Final = timedelta(days=30)
"""Within which a provisional password must be changed (CSAM)."""
FRESH: Final = timedelta(minutes=5)
"""How long ago at most the stronger key was shown from which another one is added."""

LONGEST_LABEL: Final = 60
"""Characters of the name that a person gives to a device."""

CEILINGS: Final[Mapping[LoginKey, Assurance]] = {
    LoginKey.PASSWORD: Assurance.LOW,
    LoginKey.TOKEN: Assurance.LOW,
    LoginKey.TOTP: Assurance.SUBSTANTIAL,
    LoginKey.PASSKEY: Assurance.SUBSTANTIAL,
}
"""What each key of our own reaches at most, whatever is configured."""

ENROLLING_KEYS: Final = frozenset(
    {LoginKey.EID, LoginKey.ITSME, LoginKey.MYGOV, LoginKey.EIDAS, LoginKey.FAS, LoginKey.CERTIFICATE}
)
"""The keys from whose sessions another may be added: a key of our own never breeds keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Password:
    """A user name with its password, of which only a slow hash is kept."""

    user_name: str
    person: str | None
    """None while it is not known yet who will log in with it for the first time."""
    hash: str = field(repr=False)
    provisional: bool
    """Whether it was sent, and must be changed before it opens anything."""
    vouched: Assurance
    """How surely the person was known when the key was given; no login with it is worth more."""
    made_at: datetime
    changed_at: datetime
    expires_at: datetime
    appointment: str
    """The appointment that waits for the first login; empty for any other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OneTimeDevice:
    """A device or app that shows a new code every thirty seconds (TOTP, RFC 6238); its secret is kept sealed."""

    id: str
    person: str
    label: str
    secret: str = field(repr=False)
    last_step: int
    """The time step of the last code that was used: none at or before it is good any more."""
    vouched: Assurance
    made_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperCodes:
    """A card with codes that are good once each; those that are left are kept sealed."""

    id: str
    person: str
    codes: str = field(repr=False)
    left: int
    vouched: Assurance
    made_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """A passkey (WebAuthn): a public key whose private half never leaves the person's device."""

    id: str
    """The credential id, in base64url."""
    person: str
    label: str
    public_key: str
    """In COSE form, base64url."""
    counter: int
    """How many signatures the device told; one that tells less than before is a copy. 0 where it tells none."""
    vouched: Assurance
    made_at: datetime
    last_used_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationCode:
    """A paper code and the e-mailed link that belongs to it: both together give a person a key, once."""

    id: str
    """SHA-256 (hexadecimal) of the link's secret."""
    person: str
    code_hash: str = field(repr=False)
    """SHA-256 (hexadecimal) of the link's secret with the code."""
    vouched: Assurance
    """How surely the office knew the person."""
    wrong: int
    """Wrong codes that were tried with the right link."""
    issued_by: str
    expires_at: datetime


Credential = Password | OneTimeDevice | PaperCodes | Passkey
_KEYS: Final[Mapping[type[Credential], LoginKey]] = {
    Password: LoginKey.PASSWORD,
    OneTimeDevice: LoginKey.TOTP,
    PaperCodes: LoginKey.TOKEN,
    Passkey: LoginKey.PASSKEY,
}
KINDS: Final = tuple(_KEYS)


def key_of(credential: Credential) -> LoginKey:
    """The login key that a credential serves as."""
    return _KEYS[type(credential)]


def read_label(text: str) -> str:
    """The name that a person gives to a device. Raises InvalidInput (`invalid_label`)."""
    label = trimmed_text(text, LONGEST_LABEL, code="invalid_label", what="A name for the device")
    if not label or not label.isprintable():
        raise InvalidInput("invalid_label", "Give the device a name by which you will know it.", field="label")
    return label


def may_enrol(shown: Authentication, now: datetime) -> str:
    """Why no key can be added from a login: `stronger_key_needed` or `fresh_login_needed`; empty when one can."""
    if shown.key not in ENROLLING_KEYS or shown.assurance < Assurance.SUBSTANTIAL:
        return "stronger_key_needed"
    return "" if now - shown.authenticated_at <= FRESH else "fresh_login_needed"


def worth(key: LoginKey, highest: Assurance, *vouched: Assurance) -> Assurance:
    """What a login with a key of our own is worth: the least of its ceiling, its provider's and each who vouched."""
    return min(CEILINGS[key], highest, *vouched)


def may_remove(shown: Authentication, credential: Credential) -> str:
    """Why a login may not remove a credential: `stronger_key_needed` where the credential is worth more; else empty."""
    return "stronger_key_needed" if shown.assurance < min(CEILINGS[key_of(credential)], credential.vouched) else ""
