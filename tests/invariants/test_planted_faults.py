"""The checkers catch what they are there for: each planted fault fails a story that passes without it."""

from __future__ import annotations

import pytest

from iam.ports import Law
from iam.storage.archive import SqlArchive
from tests.invariants import conspiracy, faults, scenes
from tests.invariants.atomicity import Statements, half_done
from tests.invariants.conspiracy import Conspiracy, Plot
from tests.invariants.faults import Plant
from tests.invariants.scenes import Scene
from tests.invariants.search import Search
from tests.invariants.small_world import Moment, SmallWorld, canonical, check
from tests.invariants.storages import Beginning
from tests.invariants.watching import Watch

IN_MEMORY: dict[Plant, tuple[Scene, str]] = {
    faults.the_end_of_an_appointment_is_not_acted_upon: (scenes.an_appointment_ends, "_agrees"),
    faults.the_portfolio_is_ignored: (scenes.a_portfolio_ends, "_agrees"),
    faults.a_mandate_ends_a_quarter_later: (scenes.a_mandate_ends_with_its_quarter, "_agrees"),
    faults.quarters_begin_at_midnight_in_greenwich: (scenes.a_mandate_ends_with_its_quarter, "_agrees"),
    faults.days_are_those_of_greenwich: (scenes.a_declaration_is_followed_at_midnight, "_agrees"),
    faults.identifiers_are_compared_by_their_beginning: (scenes.identifiers_are_cut_short, "_agrees"),
    faults.the_own_enterprise_is_recognised_by_its_beginning: (scenes.identifiers_are_cut_short, "_agrees"),
    faults.a_cache_outlives_a_revision: (scenes.a_grant_ends, "_agrees"),
    faults.a_cache_of_checks_outlives_a_revision: (scenes.a_grant_ends, "check_verdicts"),
    faults.a_change_overwrites_the_past: (scenes.the_past_is_asked_again, "ask_again"),
    faults.a_weak_login_is_enough: (scenes.a_weak_login_is_used, "_agrees"),
    faults.every_key_is_admitted: (scenes.a_weak_login_is_used, "_agrees"),
    faults.a_ceased_enterprise_goes_on: (scenes.an_enterprise_ceases, "_agrees"),
    faults.a_delegation_is_for_every_quarter: (scenes.a_delegation_is_used, "_agrees"),
    faults.records_of_others_are_at_hand: (scenes.somebody_takes_from_another_enterprise, "check_tenancy"),
    faults.one_person_is_enough_for_both_sides: (scenes.one_person_accepts_for_both, "check_two_keys"),
    faults.an_exclusive_group_is_given_twice: (scenes.a_second_mandatary_is_accepted, "check_covers"),
    faults.accepted_terms_can_be_changed: (scenes.an_accepted_mandate_is_changed, "check_terms_stay"),
    faults.a_manager_reaches_every_domain: (scenes.a_manager_gives_beyond_the_own_domain, "_check_giver"),
    faults.a_manager_appoints_at_any_level: (scenes.a_manager_raises_a_friend, "_check"),
    faults.an_act_leaves_no_leaf: (scenes.a_grant_ends, "check_own_leaf"),
    faults.a_leaf_names_a_number: (scenes.a_grant_ends, "check_leaves"),
    faults.a_token_lives_as_long_as_any_other: (scenes.a_token_is_issued_before_an_end, "check_token"),
    faults.everybody_has_one_name_everywhere: (scenes.names_are_compared, "check_pairwise"),
    faults.an_end_opens_what_was_closed: (scenes.a_portfolio_of_a_group_ends, "check_monotony"),
}
"""Each fault with the story that shows it, and the function that catches it."""


@pytest.mark.parametrize("plant", IN_MEMORY, ids=lambda plant: str(plant.__name__))
def test_a_planted_fault_is_caught(plant: Plant, in_memory: Beginning, monkeypatch: pytest.MonkeyPatch) -> None:
    scene, checker = IN_MEMORY[plant]
    with in_memory.story() as story:
        scene(story, Watch(story))
    plant(monkeypatch)
    with in_memory.story() as story, pytest.raises(AssertionError) as caught:
        scene(story, Watch(story))
    assert caught.traceback[-1].name == checker


def test_an_acknowledgement_before_the_commit_is_caught(on_sqlite: Beginning, monkeypatch: pytest.MonkeyPatch) -> None:
    with on_sqlite.story() as story:
        scenes.a_grant_ends(story, Watch(story))
    faults.what_is_acknowledged_is_not_committed(monkeypatch)
    with on_sqlite.story() as story, pytest.raises(AssertionError) as caught:
        scenes.a_grant_ends(story, Watch(story))
    assert caught.traceback[-1].name == "put"


@pytest.mark.parametrize("planted", [False, True])
def test_leaves_in_a_second_transaction_are_caught_between_the_two(
    planted: bool, on_sqlite: Beginning, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    if planted:
        faults.the_leaves_follow_in_a_second_transaction(monkeypatch)
    statements = Statements(monkeypatch)
    with on_sqlite.story() as story:
        archive = story.houses[1].archive
        assert isinstance(archive, SqlArchive)
        statements.at_commit = lambda: seen.extend(half_done(archive))
        scenes.a_grant_ends(story, Watch(story))
        statements.at_commit = None
    assert bool(seen) is planted


@pytest.mark.parametrize(
    "plant", [faults.one_person_is_enough_for_both_sides, faults.an_exclusive_group_is_given_twice]
)
def test_a_planted_fault_is_found_by_the_search(plant: Plant, law: Law, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    world = SmallWorld(law)
    with pytest.raises(AssertionError):
        Search[Moment](world.successors, canonical, check).run(world.moment(), 60)


def test_a_planted_way_around_a_manager_s_reach_is_found_by_the_search(
    in_memory: Beginning, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults.places_are_counted_one_by_one(monkeypatch)
    with in_memory.story() as story:
        plotters = Conspiracy(story, {"local_manager", "clerk_of_works"})
        search = Search[Plot](plotters.successors, conspiracy.canonical, plotters.check)
        with pytest.raises(AssertionError, match="they gave themselves"):
            search.run(plotters.plot(), 60)
