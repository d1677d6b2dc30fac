"""I7, I8, I9: two keys to a mandate, one mandatary a quarter for an exclusive group, and accepted terms that stay."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import combinations

from iam.domain.mandates import Channel, Cover, Mandate, Side, State
from tests.invariants.chronicle import Step, everyone
from tests.reference.country import Quarter, quarter_begins, quarter_ends
from tests.reference.services_in_words import EXCLUSIVE

STANDING = (State.VALIDATED, State.CLOSED)
Entitled = set[tuple[str, str, datetime]]


def check_mandates(step: Step, entitled: Entitled | None) -> None:
    """What an act did to mandates; `entitled` tells who acted by right, where somebody kept it."""
    changed = step.changed(Mandate)
    for old, new in changed:
        if old is not None and old.state in STANDING:
            assert new is not None, f"{step.act}: an accepted mandate is gone"
            check_terms_stay(old, new)
        elif new is not None and new.state in STANDING:
            check_two_keys(new, entitled)
    if step.changed(Cover) or changed:
        check_covers(everyone(step.after, Mandate), everyone(step.after, Cover))


def check_two_keys(mandate: Mandate, entitled: Entitled | None) -> None:
    """I7: one side each, distinct people, the same content, by people who might then."""
    present, people = mandate.terms.content_hash(), {side: set[str]() for side in Side}
    for one in mandate.acceptances:
        assert one.content_hash == present, f"accepted other content: {mandate}"
        people[one.side].add(one.person)
    assert all(people.values()) and people[Side.MANDATOR].isdisjoint(people[Side.MANDATARY]), f"not two keys: {mandate}"
    assert people[mandate.proposed_by.other].isdisjoint(mandate.prepared_by), f"prepared and accepted: {mandate}"
    officers = {one.person for one in mandate.acceptances if one.channel in (Channel.PAPER, Channel.MIGRATION)}
    assert len(officers) in (0, 2), f"paper takes two officers: {mandate}"
    for one in mandate.acceptances:
        if entitled is not None and one.person not in officers:
            place = mandate.terms.party(one.side)
            before = {(person, where) for person, where, at in entitled if at <= one.at}
            together = {other.person for other in mandate.acceptances if other.side is one.side}
            assert (one.person, place) in before, f"accepted without a right: {one}"
            assert any((person, place, one.at) in entitled for person in together), f"nobody might just then: {one}"


def check_terms_stay(old: Mandate, new: Mandate) -> None:
    """I9: nothing of an accepted mandate changes but its end, which only moves earlier."""
    assert new.terms == old.terms and new.acceptances == old.acceptances, f"{old} -> {new}"
    assert new.validated_at == old.validated_at and new.migrated == old.migrated
    before, after = old.in_force(), new.in_force()
    if after is None:
        return
    assert before is not None and after.start == before.start, f"another start: {old} -> {new}"
    assert before.end is None or (after.end is not None and after.end <= before.end), f"a later end: {old} -> {new}"


def check_covers(mandates: Iterable[Mandate], covers: Iterable[Cover]) -> None:
    """What checks read agrees with the mandates; I8: of exclusive groups no quarter is held by two mandataries."""
    standing = {one.id: one for one in mandates if one.state in STANDING}
    held: dict[tuple[str, str], list[Cover]] = {}
    for cover in covers:
        mandate = standing[cover.mandate]
        parties = (mandate.terms.mandator, mandate.terms.mandatary, mandate.terms.mandatary_capacity)
        assert (cover.mandator, cover.mandatary, cover.mandatary_capacity) == parties
        assert cover.group in mandate.terms.groups and cover.valid == mandate.in_force(), f"{cover} of {mandate}"
        if cover.group in EXCLUSIVE:
            held.setdefault((cover.mandator, cover.group), []).append(cover)
    for rivals in held.values():
        for one, other in combinations(rivals, 2):
            assert touched(one).isdisjoint(touched(other)), f"two mandataries in one quarter: {one} and {other}"


def touched(cover: Cover) -> set[Quarter]:
    """The quarters, as far ahead as matters, in which a cover lasts for any instant."""
    quarters = [(year, number) for year in range(cover.valid.start.year - 1, 2031) for number in (1, 2, 3, 4)]
    end = cover.valid.end
    return {
        one for one in quarters if cover.valid.start < quarter_ends(one) and (end is None or quarter_begins(one) < end)
    }


def check_hand_over(old: Mandate, new: Mandate) -> None:
    """A transfer leaves no gap and no overlap, and lies at the edge of a quarter."""
    before, after = old.in_force(), new.in_force()
    assert before is not None and after is not None
    first = new.terms.first_quarter
    assert before.end == after.start == quarter_begins((first.year, first.number)), f"{old} -> {new}"
