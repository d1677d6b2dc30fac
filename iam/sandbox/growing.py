"""Growing a country from a seed: a few providers with very many clients, most employers with one mandate."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import accumulate

from iam.domain.applications import Catalogue
from iam.domain.enterprises import Capacity, CapacityHeld, Enterprise, Ground
from iam.domain.mandates import Mandate
from iam.domain.periods import Period, Quarter
from iam.domain.persons import Person
from iam.sandbox.grown_mandates import Deal, Pen
from iam.sandbox.grown_providers import GrownProvider, portfolio_records, provider_records, providers_of
from iam.sandbox.numbers import CBE_RADICES, COUNTRY_CBE_RADICES, EMPLOYER_RADICES

BEGINNING = Quarter(2015, 1)
"""The first quarter of the oldest mandates."""
ADMINISTRATIONS = 400
"""One mandator in so many is a provincial or local administration."""
DESK_SIZE = 100
"""Mandators in the portfolio of a provider's employee."""
TRANSFERRED, TWO, CLOSED = 0.17, 0.05, 0.02
"""Shares, each within the one before: not one standing mandate alone; no transfer either; closed for good."""
EMPLOYERS_GROUPS = (
    *(("dmfa-dimona",),) * 7,
    ("dmfa-dimona", "drs-accidents", "drs-allowances", "drs-unemployment"),
    ("dmfa-dimona", "temporary-unemployment"),
    ("drs-accidents",),
)
"""Each as likely as the others."""
EMPLOYERS_SECOND = (("works",), ("working-abroad",), ("working-abroad", "works"))
ADMINISTRATIONS_GROUPS = (("dmfa-dimona",), ("dmfa-dimona", "staff-file"))
ADMINISTRATIONS_SECOND = (("works",),)


@dataclass(frozen=True, slots=True)
class Market:
    """Providers that some mandators choose from, with the sums of their weights."""

    providers: Sequence[GrownProvider]
    weights: Sequence[float]


class GrownCountry:
    """A country with exactly so many mandates; the same for the same seed, size, quarter and catalogue."""

    def __init__(self, mandates: int, seed: int, now: datetime, catalogue: Catalogue) -> None:
        """Take how many mandates, the seed, and the instant up to which the country has a history.

        Raises:
            ValueError: for fewer than one mandate, or more than the ranges of numbers hold.
        """
        most = (len(CBE_RADICES) - len(COUNTRY_CBE_RADICES)) * 9 // 10
        if not 1 <= mandates <= most:
            raise ValueError(f"a grown country has 1 to {most} mandates")
        self.mandates = mandates
        self.providers = providers_of(mandates, seed)
        self._seed = seed
        self._present = Quarter.of(now).index
        self._catalogue = catalogue
        self._chance = random.Random(seed)
        serving = [one for one in self.providers if one.capacity is not Capacity.FULL_SERVICE_SECRETARIAT]
        self._markets = {False: _market(serving), True: _market(self.providers)}
        self._desks: dict[str, list[str]] = {one.number: [] for one in self.providers}
        self._mandators = 0

    @property
    def first_enterprise(self) -> str:
        """The number of the first enterprise, which every grown country has."""
        return self.providers[0].number

    def desk(self, provider: GrownProvider) -> Sequence[str]:
        """The mandators whom a provider's employee acts for, once the records were drawn; their mandates stand."""
        return self._desks[provider.number]

    def records(self) -> Iterator[object]:
        """All records, to be drawn once; each mandate comes before what follows from it."""
        since = Period(BEGINNING.start - timedelta(days=365))
        for provider in self.providers:
            yield from provider_records(provider, self._catalogue, since)
        pen, left = Pen(self._seed, self._catalogue), self.mandates
        while left:
            administration = self._chance.randrange(ADMINISTRATIONS) == 0
            number, person = self._next_mandator()
            yield from _mandator_records(number, person, self._mandators, administration, since)
            for record in self._write(pen, self._history(number, person, administration, left)):
                left -= isinstance(record, Mandate)
                yield record
        for provider in self.providers:
            yield from portfolio_records(provider, self._desks[provider.number], since)

    def _next_mandator(self) -> tuple[str, str]:
        radix = CBE_RADICES[len(self.providers) + self._mandators]
        self._mandators += 1
        return f"{radix}{97 - radix % 97:02}", f"grown-{self._seed}-person-{self._mandators:07}"

    def _history(self, number: str, person: str, administration: bool, left: int) -> list[Deal]:
        """The deals of one mandator, one or two, oldest first."""
        chance, market = self._chance, self._markets[administration]
        draw, provider = chance.random(), self._provider(market)
        groups = chance.choice(ADMINISTRATIONS_GROUPS if administration else EMPLOYERS_GROUPS)
        first = chance.randint(BEGINNING.index, self._present - 1)
        deal = Deal(mandator=number, representative=person, provider=provider, groups=groups, first=first)
        if draw < CLOSED:
            return [replace(deal, closed=chance.randint(first, self._present - 1))]
        if draw >= TRANSFERRED or left < 2:
            return [deal]
        other = self._provider(market)
        if draw < TWO or other is provider:
            second = chance.choice(ADMINISTRATIONS_SECOND if administration else EMPLOYERS_SECOND)
            return [deal, replace(deal, provider=other, groups=second)]
        handover = chance.randint(first + 1, self._present)
        return [replace(deal, succeeded=handover), replace(deal, provider=other, first=handover)]

    def _provider(self, market: Market) -> GrownProvider:
        return self._chance.choices(market.providers, cum_weights=market.weights)[0]

    def _write(self, pen: Pen, deals: list[Deal]) -> Iterator[object]:
        before: str | None = None
        for deal in deals:
            mandate, following = pen.write(replace(deal, succeeds=before) if before else deal)
            yield mandate
            yield from following
            before = mandate.id if deal.succeeded else None
            desk = self._desks[deal.provider.number]
            standing = deal.succeeded is None and deal.closed is None
            if standing and len(desk) < DESK_SIZE and deal.mandator not in desk[-1:]:
                desk.append(deal.mandator)


def _market(providers: Sequence[GrownProvider]) -> Market:
    return Market(providers, list(accumulate(one.weight for one in providers)))


def _mandator_records(
    number: str, person: str, index: int, administration: bool, since: Period
) -> tuple[Enterprise, CapacityHeld, Person]:
    employer = EMPLOYER_RADICES[index] * 100
    employer += 96 - employer % 97 or 97
    capacity = Capacity.PROVINCIAL_OR_LOCAL_ADMINISTRATION if administration else Capacity.EMPLOYER
    held = CapacityHeld(
        id=f"{number}-directory",
        enterprise=number,
        capacity=capacity,
        ground=Ground.EMPLOYER_DIRECTORY,
        reference=f"nsso:{employer}",
        valid=since,
    )
    return Enterprise(id=number, valid=since, entered_at=since.start), held, Person(id=person, known_since=since.start)
