"""A person is one record for the whole country: an internal id and the history of the numbers that named them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from iam.domain.niss import Niss


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One human being; facts name them by this id, never by number or name."""

    id: str
    known_since: datetime
    merged_into: str | None = None
    """The surviving record, when the register or two officers found that two records are one person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonNumber:
    """One NISS (national register or BIS number) in a person's history; the only place where the number stands."""

    niss: str
    person: str
    since: datetime
    first_person: str
    """The record that this number named first: a merge moves `person`, never this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberReplaced:
    """One line of the register of persons' change feed: a person's former number gave way to another."""

    sequence: int
    former: Niss
    """Usually a BIS number."""
    present: Niss
    at: datetime
    """When the register replaced it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """The label and contact data that one enterprise typed for one of its appointments; no other enterprise sees it."""

    appointment: str
    label: str
    email: str
    phone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A user without NISS: only the fingerprint of the code is kept, and it is good for one use until it ends."""

    appointment: str
    code_hash: str
    expires_at: datetime
    issued_by: str
    """The appointment id of the manager who had the code made: it is good while that one stands."""
