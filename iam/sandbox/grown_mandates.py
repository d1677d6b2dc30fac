"""The mandates of a grown country: each with its terms, acceptances, covers and the quarters that it takes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from iam.domain.applications import Cardinality, Catalogue
from iam.domain.mandates import Acceptance, Channel, Cover, Mandate, Side, State, Tenure, Terms
from iam.domain.periods import Period, Quarter
from iam.sandbox.grown_providers import GrownProvider

PROPOSED, ACCEPTED = timedelta(days=30), timedelta(days=20)
"""How long before its first quarter a mandate is proposed, and accepted by both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """What two sides agreed; quarters by their index."""

    mandator: str
    representative: str
    """Person id of the mandator's legal representative."""
    provider: GrownProvider
    groups: tuple[str, ...]
    """Sorted."""
    first: int
    succeeded: int | None = None
    """The quarter at whose start another mandatary takes over."""
    closed: int | None = None
    """The quarter in the midst of which the mandator closes it."""
    succeeds: str | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """The instants of a mandate's life, and the quarters in which it was in force."""

    proposed_at: datetime
    accepted_at: datetime
    first: Quarter
    closed_at: datetime | None
    force: Period
    last_quarter: int | None


@cache
def course_of(first: int, succeeded: int | None, closed: int | None) -> Course:
    """The course that these quarters describe; countless mandates share one."""
    quarter = Quarter.from_index(first)
    closed_at, last = None, None
    if succeeded is not None:
        closed_at, last = Quarter.from_index(succeeded).start, succeeded - 1
    elif closed is not None:
        closed_at, last = Quarter.from_index(closed).start + timedelta(days=40), closed
    start = quarter.start
    return Course(start - PROPOSED, start - ACCEPTED, quarter, closed_at, Period(start, closed_at), last)


class Pen:
    """Writes mandates, as both sides would have made them, in the order of their ids."""

    def __init__(self, seed: int, catalogue: Catalogue) -> None:
        self._prefix = f"grown-{seed}-"
        self._exclusive = {code for code, one in catalogue.groups.items() if one.cardinality is Cardinality.ONE}
        self._written = 0

    def write(self, deal: Deal) -> tuple[Mandate, list[Cover | Tenure]]:
        """One mandate with what follows from it."""
        self._written += 1
        course = course_of(deal.first, deal.succeeded, deal.closed)
        mandate = self._mandate(deal, course)
        return mandate, list(self._following(deal, course, mandate))

    def _following(self, deal: Deal, course: Course, mandate: Mandate) -> Iterator[Cover | Tenure]:
        for group in deal.groups:
            yield Cover(
                id=f"{mandate.id}/{group}",
                mandate=mandate.id,
                mandate_version=mandate.version,
                mandator=deal.mandator,
                mandatary=deal.provider.number,
                mandatary_capacity=deal.provider.capacity,
                group=group,
                valid=course.force,
            )
            if group in self._exclusive:
                yield Tenure(
                    mandate=mandate.id,
                    mandator=deal.mandator,
                    group=group,
                    first_quarter=deal.first,
                    last_quarter=course.last_quarter,
                )

    def _mandate(self, deal: Deal, course: Course) -> Mandate:
        terms = Terms(
            mandator=deal.mandator,
            mandatary=deal.provider.number,
            mandatary_capacity=deal.provider.capacity,
            groups=deal.groups,
            first_quarter=course.first,
            last_quarter=None,
            contract_reference=f"contract {self._written}",
            succeeds=deal.succeeds,
        )
        standing = course.closed_at is None
        return Mandate(
            id=f"{self._prefix}{self._written:08}",
            version=3 if standing else 4,
            terms=terms,
            state=State.VALIDATED if standing else State.CLOSED,
            proposed_by=Side.MANDATARY,
            proposed_at=course.proposed_at,
            finalised_at=course.proposed_at,
            validated_at=course.accepted_at,
            closed_at=course.closed_at,
            closed_by=None if standing else Side.MANDATOR,
            acceptances=_acceptances(deal, course, content_hash_of(terms)),
        )


def content_hash_of(terms: Terms) -> str:
    """The same as `terms.content_hash()`, which a test sees to, in a fifth of its time."""
    groups, succeeds = '","'.join(terms.groups), f'"{terms.succeeds}"' if terms.succeeds else "null"
    canonical = (
        f'{{"contract_reference":"{terms.contract_reference}","evidence_hash":"","first_quarter":"{terms.first_quarter}",'
        f'"groups":["{groups}"],"last_quarter":null,"mandatary":"{terms.mandatary}",'
        f'"mandatary_capacity":"{terms.mandatary_capacity.value}","mandator":"{terms.mandator}","succeeds":{succeeds}}}'
    )
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def _acceptances(deal: Deal, course: Course, content_hash: str) -> tuple[Acceptance, Acceptance]:
    return (
        Acceptance(
            side=Side.MANDATARY,
            person=deal.provider.manager,
            channel=Channel.MAHIS,
            content_hash=content_hash,
            at=course.proposed_at,
        ),
        Acceptance(
            side=Side.MANDATOR,
            person=deal.representative,
            channel=Channel.LEGAL_REPRESENTATIVE,
            content_hash=content_hash,
            at=course.accepted_at,
        ),
    )
