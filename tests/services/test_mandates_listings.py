"""What each side sees of its mandates: its own, all of them, as of an instant, and never the other side's people."""

from __future__ import annotations

from datetime import timedelta

import pytest

from iam.domain.errors import Forbidden, InvalidInput, NotFound
from iam.domain.mandates import Side, Standing
from iam.services.mandates import MandateFilter
from tests.services.mandate_scenes import (
    DMFA,
    EMPLOYER,
    MAHIS,
    PROVIDER,
    Q1,
    SECRETARIAT,
    WORKS,
    MandateScene,
    Party,
    terms_between,
)


@pytest.fixture
def employer(scene: MandateScene) -> Party:
    return scene.party(EMPLOYER)


@pytest.fixture
def provider(scene: MandateScene) -> Party:
    return scene.party(PROVIDER)


def test_each_side_sees_who_accepted_for_itself_and_of_the_other_only_that_it_did(
    scene: MandateScene, employer: Party, provider: Party
) -> None:
    mandate = scene.given(employer, provider)
    for party, side in ((employer, Side.MANDATOR), (provider, Side.MANDATARY)):
        seen = scene.mandates.get(party.person, mandate.id).mandate
        named = {one.side: one.person for one in seen.acceptances}
        assert named == {side: party.person.person, side.other: ""}
        (listed,) = scene.mandates.listing(party.person).views
        assert listed.mandate == seen


def test_a_third_enterprise_sees_no_mandate_and_no_difference(
    scene: MandateScene, employer: Party, provider: Party
) -> None:
    mandate = scene.given(employer, provider)
    for stranger in (scene.party(EMPLOYER), scene.party(PROVIDER)):
        assert scene.mandates.listing(stranger.person).views == ()
        details = []
        for wanted in (mandate.id, "none"):
            with pytest.raises(NotFound) as refused:
                scene.mandates.get(stranger.person, wanted)
            details.append((refused.value.code, refused.value.detail))
        assert details[0] == details[1]


def test_a_person_sees_the_mandates_of_the_capacity_acted_in(
    scene: MandateScene, employer: Party, provider: Party
) -> None:
    mandate = scene.given(employer, provider)
    scene.world.hold(provider.number, SECRETARIAT)
    scene.world.hold(provider.number, EMPLOYER)
    for capacity in (SECRETARIAT, EMPLOYER):
        colleague = scene.world.user(provider.number, capacity, MAHIS)
        assert scene.mandates.listing(colleague).views == ()
        with pytest.raises(NotFound):
            scene.mandates.get(colleague, mandate.id)


@pytest.mark.parametrize(
    ("rights", "may"), [("mahis:consult", True), ("mahis:manage", True), ("dimona:declare", False)]
)
def test_who_consults_or_manages_reads_and_nobody_else(
    scene: MandateScene, employer: Party, provider: Party, rights: str, may: bool
) -> None:
    mandate = scene.given(employer, provider)
    reader = scene.world.user(employer.number, EMPLOYER, rights)
    if may:
        assert scene.mandates.get(reader, mandate.id).mandate.id == mandate.id
    else:
        with pytest.raises(Forbidden, match="no_grant"):
            scene.mandates.listing(reader)


def test_a_legal_representative_sees_the_mandates_of_every_capacity(scene: MandateScene, employer: Party) -> None:
    both = scene.party(PROVIDER)
    scene.world.hold(both.number, EMPLOYER)
    manager = Party(both.number, scene.world.user(both.number, EMPLOYER, MAHIS))
    given = scene.given(manager, scene.party(SECRETARIAT))
    received = scene.given(employer, both)
    (person,) = scene.world.represent(both.number)
    seen = scene.mandates.listing(person, representation=scene.world.confirmed(person))
    assert {one.mandate.id for one in seen.views} == {given.id, received.id}


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 50])
def test_a_listing_in_parts_is_complete_and_without_doubles_while_facts_change(
    scene: MandateScene, provider: Party, limit: int
) -> None:
    employers = [scene.party(EMPLOYER) for _ in range(7)]
    mandates = [scene.given(one, provider) for one in employers]
    page = scene.mandates.listing(provider.person, limit=limit)
    found, known = list(page.views), page.known_at
    scene.world.clock.advance(days=1)
    scene.mandates.close(provider.person, mandates[3].id)
    scene.given(scene.party(EMPLOYER), provider)
    while page.next_after is not None:
        page = scene.mandates.listing(provider.person, limit=limit, after=page.next_after, known_at=known)
        found += page.views
    assert [one.mandate.id for one in found] == sorted(one.id for one in mandates)
    assert {one.mandate.state.value for one in found} == {"validated"}


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
def test_both_sides_of_a_representatives_listing_come_in_one_order_without_gaps(
    scene: MandateScene, limit: int
) -> None:
    both = scene.party(PROVIDER)
    scene.world.hold(both.number, EMPLOYER)
    giving = Party(both.number, scene.world.user(both.number, EMPLOYER, MAHIS))
    left_out = [scene.asked(scene.party(EMPLOYER), both, groups=(DMFA,)) for _ in range(4)]
    mandates = [scene.asked(scene.party(EMPLOYER), both, groups=(WORKS,)) for _ in range(3)]
    mandates += [scene.asked(giving, scene.party(PROVIDER), groups=(WORKS,)) for _ in range(3)]
    mandates += [scene.asked(scene.party(EMPLOYER), both, groups=(WORKS,)) for _ in range(2)]
    (person,) = scene.world.represent(both.number)
    scene.world.clock.advance(seconds=1)
    representation, found, after = scene.world.confirmed(person), [], ""
    while True:
        page = scene.mandates.listing(
            person, MandateFilter(group=WORKS), after=after, limit=limit, representation=representation
        )
        found += [one.mandate.id for one in page.views]
        if page.next_after is None:
            break
        after = page.next_after
    assert found == sorted(one.id for one in mandates)
    assert not {one.id for one in left_out}.intersection(found)


def test_filters_narrow_a_listing_and_parts_stay_full(scene: MandateScene, provider: Party) -> None:
    employers = [scene.party(EMPLOYER) for _ in range(6)]
    works = [scene.given(one, provider, groups=(WORKS,)) for one in employers[:3]]
    upcoming = [scene.given(one, provider, first_quarter=Q1) for one in employers[3:]]
    listed = {
        filtering: {one.mandate.id for one in scene.mandates.listing(provider.person, filtering).views}
        for filtering in (
            MandateFilter(group=WORKS),
            MandateFilter(standing=Standing.UPCOMING),
            MandateFilter(other_party=employers[4].number),
            MandateFilter(group=WORKS, standing=Standing.UPCOMING),
        )
    }
    expected = [{one.id for one in works}, {one.id for one in upcoming}, {upcoming[1].id}, set()]
    assert list(listed.values()) == expected
    part = scene.mandates.listing(provider.person, MandateFilter(standing=Standing.UPCOMING), limit=2)
    rest = scene.mandates.listing(
        provider.person, MandateFilter(standing=Standing.UPCOMING), limit=2, after=part.next_after or ""
    )
    assert (len(part.views), len(rest.views), rest.next_after) == (2, 1, None)


def test_a_listing_as_of_the_past_shows_what_stood_then(scene: MandateScene, employer: Party, provider: Party) -> None:
    start = scene.world.clock.at
    mandate = scene.given(employer, provider)
    scene.world.clock.advance(days=10)
    scene.mandates.close(employer.person, mandate.id)
    scene.world.clock.advance(days=10)
    shown = {
        days: [
            one.standing for one in scene.mandates.listing(employer.person, as_of=start + timedelta(days=days)).views
        ]
        for days in (-1, 5, 15)
    }
    assert shown == {-1: [], 5: [Standing.ACTIVE], 15: [Standing.CLOSED]}


@pytest.mark.parametrize("which", ["as_of", "known_at"])
def test_no_instant_may_lie_in_the_future(scene: MandateScene, employer: Party, which: str) -> None:
    ahead = scene.world.clock.at + timedelta(microseconds=1)
    with pytest.raises(InvalidInput, match="instant_in_future") as refused:
        scene.mandates.listing(employer.person, **{which: ahead})  # type: ignore[arg-type]
    assert refused.value.field == which


@pytest.mark.parametrize("limit", [0, -1, 1002, 10**9])
def test_a_part_is_of_a_bounded_size(scene: MandateScene, employer: Party, limit: int) -> None:
    with pytest.raises(InvalidInput, match="invalid_limit"):
        scene.mandates.listing(employer.person, limit=limit)


def test_a_draft_and_a_refused_proposal_are_listed_for_what_they_are(
    scene: MandateScene, employer: Party, provider: Party
) -> None:
    draft = scene.proposals.propose(employer.person, Side.MANDATOR, terms_between(employer, provider)).mandate
    pending = scene.asked(employer, provider)
    scene.proposals.refuse(provider.person, pending.id)
    scene.world.clock.advance(seconds=1)
    standings = {one.mandate.id: one.standing for one in scene.mandates.listing(provider.person).views}
    assert standings == {draft.id: Standing.TO_BE_FINALISED, pending.id: Standing.REFUSED}
