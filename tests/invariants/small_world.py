"""Two employers, two providers, one exclusive group, three quarters, and few people: mandates in every order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from iam.domain.actors import Actor
from iam.domain.appointments import JointAct
from iam.domain.delegations import Delegation, DelegationState, DelegationTerms
from iam.domain.enterprises import Capacity, CapacityHeld, Enterprise, Ground
from iam.domain.errors import Forbidden, Refusal
from iam.domain.mandates import PENDING, Cover, Mandate, Side, State, Tenure, Terms
from iam.domain.periods import Period, Quarter
from iam.ports import Law
from iam.services.delegations import Delegations
from iam.services.mandate_paper import MandatePaper
from iam.services.mandate_proposals import MandateProposals
from iam.services.mandate_sides import MandateSides
from iam.services.mandates import Mandates
from iam.storage.memory import MemoryArchive
from iam.storage.memory_records import Store
from tests.invariants.acts_mandates import paper_of
from tests.invariants.cast import BAKERY, BREWERY, PROVIDER, SECRETARIAT, Seat
from tests.invariants.chronicle import Step, everyone, unchanged
from tests.invariants.houses import ADMINISTRATION, RULES, SteadyRandomness
from tests.invariants.mandate_laws import check_covers, check_mandates
from tests.services.worlds import OneLaw
from tests.storage.clocks import SetClock

FIRST = Quarter(2026, 1)
GROUP = "dmfa-dimona"
EMPLOYER, ACTS = Capacity.EMPLOYER, Capacity.SERVICE_PROVIDER
SEATS = {
    "baker": Seat("baker", BAKERY, EMPLOYER),
    "brewer": Seat("brewer", BREWERY, EMPLOYER),
    "provider": Seat("provider", PROVIDER, ACTS),
    "secretary": Seat("secretary", SECRETARIAT, ACTS),
    "both for the bakery": Seat("both", BAKERY, EMPLOYER),
    "both for the secretariat": Seat("both", SECRETARIAT, ACTS),
    "one officer": Seat("officer-one", ADMINISTRATION, Capacity.ADMINISTRATION),
    "another officer": Seat("officer-two", ADMINISTRATION, Capacity.ADMINISTRATION),
}
PARTIES = ((BAKERY, PROVIDER), (BAKERY, SECRETARIAT), (BREWERY, PROVIDER))
MOST_MANDATES = 4
DOCUMENT = "ab" * 32


class Moment(NamedTuple):
    """A state of the small world."""

    store: Store
    at: datetime
    drawn: int


class SeatsJudge:
    """Lets everybody act from their own seat, and from no other."""

    def require(self, actor: Actor, service: str, action: str, **_more: object) -> None:
        seat = Seat(actor.person, actor.enterprise, actor.capacity)
        office = actor.enterprise == ADMINISTRATION
        if seat not in SEATS.values() or office != (service == "office"):
            raise Forbidden("no_grant", f"Not from this seat: {service} {action}.")


class SmallWorld:
    """The use-cases of mandates over an archive that can be set back to any moment."""

    def __init__(self, law: Law) -> None:
        self.clock = SetClock(FIRST.start)
        self.archive = MemoryArchive(self.clock)
        self.chance = SteadyRandomness()
        judge: Any = SeatsJudge()
        nobody: Any = None
        library, sides = OneLaw(law), MandateSides(judge, nobody)
        self.proposals = MandateProposals(self.archive, library, self.chance, sides, RULES)
        self.mandates = Mandates(self.archive, self.clock, sides, RULES)
        self.paper = MandatePaper(self.archive, judge, library, self.chance, sides, RULES)
        self.delegations = Delegations(self.archive, self.clock, judge, self.chance, sides, RULES)
        self._found()

    def _found(self) -> None:
        since = Period(FIRST.start - timedelta(days=900))
        with self.archive.writing() as uow:
            for number in (BAKERY, BREWERY, PROVIDER, SECRETARIAT):
                capacity = EMPLOYER if number in (BAKERY, BREWERY) else ACTS
                ground = Ground.EMPLOYER_DIRECTORY if capacity is EMPLOYER else Ground.RECOGNITION
                uow.put(Enterprise(id=number, valid=since, entered_at=since.start))
                uow.put(
                    CapacityHeld(
                        id=number, enterprise=number, capacity=capacity, ground=ground, reference="file", valid=since
                    )
                )
            uow.commit()

    def moment(self) -> Moment:
        """Where the world stands."""
        return Moment(self.archive.store, self.clock.at, self.chance.drawn)

    def back_to(self, moment: Moment) -> None:
        """Set the world back."""
        self.archive.store, self.clock.at, self.chance.drawn = moment

    def successors(self, moment: Moment) -> Iterator[tuple[str, Moment | None]]:
        """Every act of everybody, with what it leads to."""
        present = Quarter.of(moment.at)
        if present.index < FIRST.index + 2:
            yield "a quarter passes", moment._replace(at=present.end)
        for label, act in self._acts(moment):
            self.back_to(moment)
            try:
                act()
            except Refusal:
                assert unchanged(moment.store, self.archive.store), f"{label} was refused, but changed something"
                yield label, None
                continue
            check_mandates(Step(label, None, moment.store, self.archive.store, None), None)
            yield label, self.moment()

    def _acts(self, moment: Moment) -> Iterator[tuple[str, Callable[[], object]]]:
        mandates = everyone(moment.store, Mandate)
        if len([one for one in mandates if one.state in (*PENDING, State.VALIDATED, State.CLOSED)]) < MOST_MANDATES:
            yield from self._proposals(moment, mandates)
        for one in mandates:
            yield from self._answers(moment, one) if one.state in PENDING else self._endings(moment, one)
        yield from self._delegations(moment)

    def _proposals(self, moment: Moment, mandates: list[Mandate]) -> Iterator[tuple[str, Callable[[], object]]]:
        present = Quarter.of(moment.at)
        for mandator, mandatary in PARTIES:
            standing = [one.id for one in mandates if one.state is State.VALIDATED and one.terms.mandator == mandator]
            for first in (present, present.next):
                for succeeds in (None, *(standing if first != present else ())):
                    for side in Side:
                        terms = Terms(
                            mandator=mandator,
                            mandatary=mandatary,
                            mandatary_capacity=ACTS,
                            groups=(GROUP,),
                            first_quarter=first,
                            last_quarter=None,
                            contract_reference="contract",
                            succeeds=succeeds,
                        )
                        for seat in self._seats(terms.party(side)):
                            label = f"{seat.person} proposes to {mandatary[-3:]} from {first} {succeeds and 'transfer'}"
                            actor = seat.acting(moment.at)
                            yield label, partial(self.proposals.propose, actor, side, terms, finalise=True)

    def _seats(self, enterprise: str) -> list[Seat]:
        return [one for one in SEATS.values() if one.enterprise == enterprise]

    def _answers(self, moment: Moment, one: Mandate) -> Iterator[tuple[str, Callable[[], object]]]:
        accepted = one.terms.content_hash()
        for name, seat in SEATS.items():
            actor = seat.acting(moment.at)
            if seat.enterprise == ADMINISTRATION:
                yield f"{name} confirms", partial(self.paper.confirm, actor, one.id, DOCUMENT)
                continue
            yield f"{name} validates", partial(self.proposals.validate, actor, one.id, accepted)
            before = other_terms(one).content_hash()
            yield f"{name} validates other terms", partial(self.proposals.validate, actor, one.id, before)
            if one.side_of(seat.enterprise) is None:
                continue
            yield f"{name} refuses", partial(self.proposals.refuse, actor, one.id)
            if seat.enterprise == one.terms.party(one.proposed_by):
                paper = paper_of("outsider", day=moment.at)
                yield f"{name} sends a paper", partial(self.paper.submit, actor, one.id, paper)
                yield f"{name} withdraws", partial(self.proposals.withdraw, actor, one.id)
                yield f"{name} changes", partial(self.proposals.change, actor, one.id, other_terms(one))
                yield f"{name} finalises", partial(self.proposals.finalise, actor, one.id)

    def _endings(self, moment: Moment, one: Mandate) -> Iterator[tuple[str, Callable[[], object]]]:
        for name, seat in SEATS.items():
            if seat.enterprise == ADMINISTRATION:
                continue
            actor = seat.acting(moment.at)
            yield f"{name} closes", partial(self.mandates.close, actor, one.id)
            edge = Quarter.of(moment.at).end
            yield f"{name} closes at the edge", partial(self.mandates.close, actor, one.id, edge)
            yield f"{name} extends it", partial(self.proposals.change, actor, one.id, other_terms(one))
            yield f"{name} validates again", partial(self.proposals.validate, actor, one.id, one.terms.content_hash())

    def _delegations(self, moment: Moment) -> Iterator[tuple[str, Callable[[], object]]]:
        covers, every = everyone(moment.store, Cover), everyone(moment.store, Delegation)
        past = [one for one in covers if one.valid.end is not None and one.valid.end <= moment.at]
        for former, giver in ((one, other) for one in past for other in covers if other is not one and not every):
            handled = Quarter.of(former.valid.start)
            terms = DelegationTerms(
                mandator=former.mandator,
                giver=giver.mandatary,
                receiver=former.mandatary,
                receiver_capacity=ACTS,
                group=GROUP,
                first_quarter=handled,
                last_quarter=handled,
            )
            for number in (terms.giver, terms.receiver):
                actor = self._seats(number)[0].acting(moment.at)
                yield f"{number} proposes a delegation", partial(self.delegations.propose, actor, terms)
        for one in every:
            for name in ("provider", "secretary"):
                actor = SEATS[name].acting(moment.at)
                accepted = one.content_hash
                yield f"{name} agrees", partial(self.delegations.validate, actor, one.id, accepted)
                yield f"{name} ends it", partial(self.delegations.end, actor, one.id)


def other_terms(one: Mandate) -> Terms:
    """The same terms with a last quarter, or without where they have one."""
    return replace(one.terms, last_quarter=None if one.terms.last_quarter else one.terms.first_quarter)


def check(moment: Moment) -> None:
    """I8 and what checks read, in one state; a delegation never outlives the mandate that it was given under."""
    covers = everyone(moment.store, Cover)
    check_covers(everyone(moment.store, Mandate), covers)
    taken = Counter(
        (one.mandator, quarter)
        for one in everyone(moment.store, Tenure)
        for quarter in range(one.first_quarter, 1 + (one.last_quarter or FIRST.index + 4))
    )
    assert not taken or max(taken.values()) == 1, f"a quarter is taken twice: {taken.most_common(1)}"
    by_key = {one.id: one for one in covers}
    for one in everyone(moment.store, Delegation):
        if one.state is DelegationState.VALIDATED:
            assert by_key[f"{one.mandate}/{one.group}"].valid.covers(one.valid), f"outlives its mandate: {one}"


def canonical(moment: Moment) -> Hashable:
    """What makes two moments one: ids and microseconds within a quarter do not count."""
    mandates = {one.id: one for one in everyone(moment.store, Mandate)}
    names = {key: _content(one, mandates, moment.at) for key, one in mandates.items() if _alive(one)}
    delegations = [
        (one.giver, one.receiver, one.state, one.proposed_by, one.first_quarter, _edge(one.valid.end, moment.at))
        for one in everyone(moment.store, Delegation)
    ]
    confirmed = [(names.get(key), _papers(moment, key)) for key in mandates if _papers(moment, key)]
    return Quarter.of(moment.at), _bag(names.values()), _bag(delegations), _bag(confirmed)


def _alive(one: Mandate) -> bool:
    return one.state not in (State.REFUSED, State.WITHDRAWN)


def _content(one: Mandate, mandates: dict[str, Mandate], at: datetime) -> Hashable:
    terms, force = one.terms, one.in_force()
    people = tuple(sorted((acceptance.side, acceptance.person, acceptance.channel) for acceptance in one.acceptances))
    old = mandates.get(terms.succeeds or "")
    named = (
        terms.mandator,
        terms.mandatary,
        terms.first_quarter,
        terms.last_quarter,
        old and (old.terms.mandatary, old.terms.first_quarter),
    )
    lasts = force and (_edge(force.start, at), _edge(force.end, at))
    return (*named, one.state, one.proposed_by, people, lasts)


def _edge(instant: datetime | None, at: datetime) -> Hashable:
    """An instant by its quarter, whether it is the quarter's first, and whether it has come."""
    if instant is None:
        return None
    quarter = Quarter.of(instant)
    return quarter, instant == quarter.start, instant <= at


def _papers(moment: Moment, key: str) -> tuple[str, ...]:
    versions = moment.store.records.get(JointAct, {}).get(f"paper/{key}", ())
    return tuple(sorted(versions[-1].record.validated_by)) if versions else ()


def _bag(things: Any) -> Hashable:
    return frozenset(Counter(things).items())
