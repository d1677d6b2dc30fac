"""Standing mandates: closing by either side alone, and what each side sees of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from iam.domain.actors import Actor, Reader
from iam.domain.enterprises import MANDATARY_CAPACITIES
from iam.domain.errors import InvalidInput
from iam.domain.mandate_terms import ProposalRules
from iam.domain.mandates import Mandate, Side, Standing, State
from iam.domain.periods import as_utc
from iam.ports import Archive, Clock
from iam.services.listings import Page, asked, page_of
from iam.services.mandate_force import end_mandate
from iam.services.mandate_sides import MandateSides, sided
from iam.services.representation import Representation


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateView:
    """A mandate as one side sees it, and what it is at the instant asked."""

    mandate: Mandate
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateFilter:
    """Which of the own mandates to list; None = whichever."""

    state: State | None = None
    standing: Standing | None = None
    side: Side | None = None
    """On which side the own enterprise stands."""
    other_party: str | None = None
    group: str | None = None


EVERY_MANDATE = MandateFilter()


class Mandates:
    """What both sides do with mandates that stand."""

    def __init__(self, archive: Archive, clock: Clock, sides: MandateSides, rules: ProposalRules) -> None:
        self._archive = archive
        self._clock = clock
        self._sides = sides
        self._rules = rules

    def close(
        self,
        actor: Actor,
        mandate_id: str,
        at: datetime | None = None,
        *,
        seen: int | None = None,
        representation: Representation | None = None,
    ) -> Mandate:
        """Close a mandate for either side, alone: from the instant on the mandatary may act about no quarter at all.

        A closed mandate may be closed again, earlier only. Delegations given under it end with it.

        Args:
            at: an instant not in the past; None = now.

        Raises:
            StepUpRequired, Forbidden: as judged for `mahis manage`; `end_only_earlier`.
            InvalidInput: `instant_in_past`. NotFound: `not_found`.
            Conflict: `stale_version`, `mandate_state`, `mandate_ended`.
        """
        with self._archive.writing() as uow:
            mandate, side, _ = self._sides.take_up(uow, actor, mandate_id, seen, representation)
            instant = uow.now if at is None else as_utc(at)
            if instant < uow.now:
                raise InvalidInput("instant_in_past", "A mandate cannot be closed in the past.", field="at")
            narrowed = mandate.state is State.CLOSED
            act = ("mandate_closed", "mandate_narrowed" if narrowed else "mandate_revoked")
            closed = end_mandate(uow, actor, mandate, instant, side, act)
            uow.commit()
            return closed.shown_to(side)

    def get(
        self,
        actor: Reader,
        mandate_id: str,
        *,
        as_of: datetime | None = None,
        known_at: datetime | None = None,
        representation: Representation | None = None,
    ) -> MandateView:
        """One mandate of the own enterprise and capacity.

        Raises:
            StepUpRequired, Forbidden: as judged for `mahis consult`. InvalidInput: `instant_in_future`.
            NotFound: `not_found`, also for a mandate between others.
        """
        instant = asked(self._clock.now(), as_of, known_at)
        self._sides.consulting(actor, representation)
        with self._archive.reading(known_at) as reading:
            mandate, side = sided(reading, actor, mandate_id, representation)
            return self._view(mandate, side, instant)

    def listing(
        self,
        actor: Reader,
        wanted: MandateFilter = EVERY_MANDATE,
        *,
        after: str = "",
        limit: int = 100,
        as_of: datetime | None = None,
        known_at: datetime | None = None,
        revision: int | None = None,
        representation: Representation | None = None,
    ) -> Page[MandateView]:
        """The mandates of the own enterprise and capacity that had been proposed, or were in force, at `as_of`.

        Args:
            after: the id after which to go on (`next_after` of the page before).
            limit: 1 to LARGEST_PAGE.
            revision: in place of `known_at`, the revision that all parts of a listing show.

        Raises:
            As `get`; InvalidInput: `invalid_limit`.
        """
        instant = asked(self._clock.now(), as_of, known_at)
        self._sides.consulting(actor, representation)

        def view(mandate: Mandate) -> MandateView | None:
            shown = self._view(mandate, mandate.side_of(actor.enterprise), instant)
            return shown if _fits(shown, wanted, instant) else None

        searches = _own(actor, wanted, representative=representation is not None)
        with self._archive.reading(known_at, revision) as reading:
            return page_of(reading, Mandate, searches, view, after=after, limit=limit, as_of=instant)

    def _view(self, mandate: Mandate, side: Side | None, at: datetime) -> MandateView:
        return MandateView(mandate=mandate.shown_to(side), standing=mandate.standing(at, self._rules.answer_within))


def _own(actor: Reader, wanted: MandateFilter, *, representative: bool) -> list[dict[str, object]]:
    """How the mandates are found that the actor's capacity acts for; a legal representative acts for both sides."""
    given: dict[str, object] = {"mandator": actor.enterprise}
    received: dict[str, object] = {"mandatary": actor.enterprise}
    if wanted.other_party is not None:
        given["mandatary"] = received["mandator"] = wanted.other_party
    sides = {Side.MANDATOR: given, Side.MANDATARY: received}
    if not representative and actor.capacity in MANDATARY_CAPACITIES:
        sides = {Side.MANDATARY: {**received, "mandatary_capacity": actor.capacity}}
    elif not representative:
        sides = {Side.MANDATOR: given}
    return [search for side, search in sides.items() if wanted.side in (None, side)]


def _fits(view: MandateView, wanted: MandateFilter, at: datetime) -> bool:
    mandate, force = view.mandate, view.mandate.in_force()
    there = mandate.proposed_at <= at or (force is not None and force.start <= at)
    right = wanted.standing in (None, view.standing) and wanted.state in (None, mandate.state)
    return there and right and (wanted.group is None or wanted.group in mandate.terms.groups)
