"""What the inside needs from the outside: archive, law, clock, randomness, registers and keys, as protocols."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Protocol, TypeVar

from iam.domain.applications import Catalogue
from iam.domain.assurance import Assurance
from iam.domain.audit import ChainedLeaf, Leaf
from iam.domain.authorization import Inquiry, Judgement, Situation
from iam.domain.enterprises import DirectoryChange, RegisterExtract
from iam.domain.facts import Fact
from iam.domain.feeds import RefusedLine
from iam.domain.keys import SealedKey
from iam.domain.login_providers import LoginProviders
from iam.domain.mandator_search import MandatorSearch
from iam.domain.outlines import Outline, Outlines
from iam.domain.persons import NumberReplaced

T = TypeVar("T")


class Clock(Protocol):
    """The one source of "now"; a request never carries it."""

    def now(self) -> datetime:
        """The current instant, aware, in UTC."""
        ...


class Randomness(Protocol):
    """The one source of unguessable values."""

    def identifier(self) -> str:
        """A new opaque id: 22 URL-safe characters, 128 bits."""
        ...

    def secret(self) -> str:
        """A new secret: 43 URL-safe characters, 256 bits."""
        ...


class EnterpriseRegister(Protocol):
    """The register of enterprises (Crossroads Bank for Enterprises), asked live."""

    def extract(self, enterprise: str) -> RegisterExtract:
        """What the register says now. Unavailable (`register_unavailable`) when it does not answer."""
        ...


class EmployerDirectory(Protocol):
    """The employer directory, read as a change feed."""

    def changes_after(self, sequence: int, limit: int) -> Sequence[DirectoryChange | RefusedLine]:
        """The changes after a number, in order, and in their places lines that say none. Unavailable: no answer."""
        ...


class PersonRegister(Protocol):
    """The register of persons, read as the change feed of their numbers."""

    def changes_after(self, sequence: int, limit: int) -> Sequence[NumberReplaced | RefusedLine]:
        """The changes after a number, in order, and in their places lines that say none. Unavailable: no answer."""
        ...


class Reading(Protocol):
    """Recorded facts as they stand at one revision, in one consistent view."""

    revision: int
    recorded_at: datetime

    def get(self, kind: type[T], key: str) -> T | None:
        """The current version of one record, or None."""
        ...

    def find(self, kind: type[T], /, *, after: str = "", limit: int | None = None, **equal: object) -> list[T]:
        """The records whose fields equal the given values, ordered by key; those after a key, at most `limit`."""
        ...

    def situations(self, inquiries: Sequence[Inquiry]) -> list[Situation]:
        """What questions meet in this view, as `Archive.situations`; ValueError for a view of how things were."""
        ...


class UnitOfWork(Reading, Protocol):
    """One change: facts, audit leaves and announcements together, or nothing. Rolls back unless committed.

    While one is open no other can be: writers are ordered, and what a unit of work reads stays true until it commits.
    """

    now: datetime
    """The instant of the change: the clock's, and never before the last record time."""

    def put(self, record: object) -> None:
        """Record a fact: the version known until now is closed, never overwritten.

        Conflict when the database's own constraints refuse it: `principal_access_manager_exists`, `group_taken`,
        `enterprise_exists`, `number_taken`, `record_exists`.
        """
        ...

    def remove(self, kind: type[object], key: str) -> None:
        """Of a fact: close the version known until now and add none. Of another kind (numbers, contacts): erase it."""
        ...

    def claim(self, purpose: str, key: str, expires_at: datetime) -> bool:
        """Claim a single-use value; False when it was claimed before, on any node, before any restart."""
        ...

    def recall(self, purpose: str, key: str) -> str | None:
        """What was kept under a key, or None."""
        ...

    def keep(self, purpose: str, key: str, value: str, expires_at: datetime) -> None:
        """Keep a value under a key (idempotent answers, cursors of feeds and imports)."""
        ...

    def audit(self, leaf: Leaf) -> None:
        """Add a leaf to the audit trail."""
        ...

    def announce(self, kind: str, objects: Mapping[str, str]) -> None:
        """Add an event to the outbox, by ids."""
        ...

    def commit(self) -> int:
        """Make everything durable and return the revision; a unit of work without changed facts raises none."""
        ...


class Archive(Protocol):
    """The archive: facts for ever, one order of revisions, one audit chain."""

    def writing(self) -> AbstractContextManager[UnitOfWork]:
        """Open a unit of work; waits for the one before it."""
        ...

    def reading(self, known_at: datetime | None = None, revision: int | None = None) -> AbstractContextManager[Reading]:
        """Open a consistent view: the newest, or as known at an instant or revision."""
        ...

    def claim(self, purpose: str, key: str, expires_at: datetime) -> bool:
        """Claim a single-use value as `UnitOfWork.claim` does, durably and by itself: no writer waits for it."""
        ...

    def situation(self, inquiry: Inquiry) -> Situation:
        """What one question meets: one statement."""
        ...

    def situations(self, inquiries: Sequence[Inquiry]) -> list[Situation]:
        """What a batch meets, all at one revision."""
        ...

    def outline(self, inquiry: Inquiry) -> Outline:
        """The outline of what one question meets: one statement."""
        ...

    def outlines(self, asked: Sequence[tuple[Inquiry, Sequence[str]]]) -> list[Outlines]:
        """The outlines of questions about one employer or more each, all at one revision.

        A question is about the first in its list; all there are its own enterprise, or all are others.
        """
        ...

    def mandators(self, search: MandatorSearch) -> list[str]:
        """The first mandators that a search may mean, by number; whether anything may be done is the judge's."""
        ...

    def leaves(self) -> Iterator[ChainedLeaf]:
        """The audit trail, in order."""
        ...

    def head(self) -> tuple[int, str]:
        """Number and hash of the last audit leaf, as recorded beside the chain."""
        ...

    def revision(self) -> int:
        """The newest revision."""
        ...

    def newest(self) -> tuple[int, datetime]:
        """The newest revision and its record time; the two never come again, not even in a sandbox that was emptied."""
        ...


class Law(Protocol):
    """A loaded book of rules with its catalogue."""

    hash: str
    catalogue: Catalogue

    def judge(
        self, facts: frozenset[Fact], service: str, action: str, assurance: Assurance | None, on: date
    ) -> Judgement:
        """What the rules in force on a date say of these facts; deterministic, so it may be memoised."""
        ...

    def changes_after(self, on: date) -> Sequence[date]:
        """The days after this one from which other rules are in force, in order."""
        ...

    def reason_of_rule(self, rule: str) -> str:
        """The reason code of a forbidding rule."""
        ...

    def texts(self, reason: str) -> Mapping[str, str]:
        """The sentence for a reason code by language: nl, fr, de, en."""
        ...


class Library(Protocol):
    """Every book ever loaded, by the instant from which it was the law here."""

    def current(self) -> Law:
        """The book in use."""
        ...

    def known_at(self, instant: datetime) -> Law:
        """The book that was in use at an instant."""
        ...


class ProviderBook(Protocol):
    """The login providers as configured now: they may change while the service runs."""

    def current(self) -> LoginProviders:
        """Those that are configured at this moment."""
        ...


class Messages(Protocol):
    """Mail and short messages to people."""

    def email(self, address: str, subject: str, text: str) -> None:
        """Send an e-mail. Unavailable (`mail_unavailable`) when it was not taken."""
        ...

    def sms(self, number: str, text: str) -> None:
        """Send a short message. Unavailable (`sms_unavailable`) when it was not taken."""
        ...


class PasswordHashing(Protocol):
    """Slow hashes of passwords."""

    def hash(self, password: str) -> str:
        """A new hash of a password, with its salt and parameters."""
        ...

    def matches(self, hashed: str, password: str) -> bool:
        """Whether a password is the one behind a hash; as costly when it is not."""
        ...

    def outdated(self, hashed: str) -> bool:
        """Whether a hash was made with other parameters than those of today."""
        ...


class KeyChest(Protocol):
    """Where sealed keys lie: signing keys and the secret behind pairwise subjects."""

    def sealed_keys(self) -> Sequence[SealedKey]:
        """All keys that are kept, in the order in which they become active."""
        ...

    def keep(self, uow: UnitOfWork, keys: Sequence[SealedKey]) -> None:
        """Within a unit of work, keep exactly these keys from its commit on: what is not among them is erased."""
        ...


class Seal(Protocol):
    """Seals secrets under their names, and opens them."""

    def seal(self, name: str, plaintext: bytes) -> bytes:
        """Seal a secret under its name."""
        ...

    def unseal(self, name: str, blob: bytes) -> bytes:
        """Open what was sealed under that name; an exception when it was altered or sealed otherwise."""
        ...


class PairwiseNames(Protocol):
    """Names for persons that differ from sector to sector."""

    def sub_for(self, person: str, sector: str) -> str:
        """The subject identifier of a person for a sector, always the same."""
        ...

    def person_of(self, sub: str, sector: str) -> str | None:
        """The person id behind a subject identifier of that sector; None for what cannot be one."""
        ...
