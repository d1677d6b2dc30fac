"""I13: whatever is unknown, missing, broken or away, nothing is permitted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iam.domain.authorization import Inquiry, Proof, Situation
from iam.domain.errors import Unavailable
from iam.storage.memory import MemoryArchive
from tests.invariants.cast import BAKERY, PROVIDER
from tests.invariants.genesis import ACTS_FOR_OTHERS, Story
from tests.invariants.questions import ACTS, put
from tests.invariants.scenes import clerk_of_provider
from tests.invariants.storages import Beginning
from tests.reference.decisions import Asked

Tamper = Callable[[Situation], Situation]
NEEDED = (Proof.APPOINTMENT, Proof.GRANT, Proof.CAPACITY, Proof.CONCERNED_CAPACITY, Proof.PORTFOLIO, Proof.MANDATE)


@pytest.fixture
def story(in_memory: Beginning) -> Iterator[Story]:
    with in_memory.story() as story:
        story.tick()
        yield story


def met(monkeypatch: pytest.MonkeyPatch, tamper: Tamper) -> None:
    """Let every question meet something else than what is recorded."""
    situations = MemoryArchive.situations

    def tampered(archive: MemoryArchive, inquiries: Sequence[Inquiry]) -> list[Situation]:
        return [tamper(one) for one in situations(archive, inquiries)]

    monkeypatch.setattr(MemoryArchive, "situations", tampered)


def is_permitted(story: Story, asked: Asked) -> bool:
    """What the house says, alone and in a batch."""
    judge, ask = story.houses[0].judge, put(asked, story.now)
    alone = judge.decide(ask).allowed
    assert [one.allowed for one in judge.decide_all([ask, ask])] == [alone, alone]
    return alone


def test_the_question_of_these_tests_is_permitted(story: Story) -> None:
    assert is_permitted(story, clerk_of_provider(story))


@pytest.mark.parametrize("proof", NEEDED)
def test_without_any_one_of_the_proofs_nothing_is_permitted(
    story: Story, proof: Proof, monkeypatch: pytest.MonkeyPatch
) -> None:
    met(monkeypatch, lambda one: replace(one, exhibits=tuple(each for each in one.exhibits if each.proof is not proof)))
    assert not is_permitted(story, clerk_of_provider(story))


def test_where_nothing_is_recorded_nothing_is_permitted(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    met(monkeypatch, lambda one: replace(one, exhibits=()))
    places = [(PROVIDER, "service_provider"), (BAKERY, "employer"), (BAKERY, None), (None, None)]
    for (enterprise, capacity), act, concerned in product(places, ACTS, (BAKERY, PROVIDER, None)):
        asked = Asked(story.people["clerk_provider"], None, enterprise, capacity, *act, concerned, "high", "eid")
        by_code = enterprise is None and act == ("access_management", "accept")  # a permit for who holds the code, too
        assert by_code or not is_permitted(story, asked), asked
        assert not is_permitted(story, asked._replace(person=None, software="client", level=None, key=None)), asked


class Away(Exception):
    """Something that does not answer, or breaks."""


def breaking(*_: object, **__: object) -> Any:
    raise Away


@pytest.mark.parametrize("what", ["situation", "situations"])
def test_what_the_archive_raises_is_never_a_permit(story: Story, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemoryArchive, what, breaking)
    with pytest.raises(Away):
        story.houses[0].judge.decide_all([put(clerk_of_provider(story), story.now)] * (1 if what == "situation" else 2))


def test_what_the_law_raises_is_never_a_permit(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(story.houses[0].library.current()), "judge", breaking)
    with pytest.raises(Away):
        is_permitted(story, clerk_of_provider(story))


def test_what_an_exhibit_says_in_unknown_words_is_never_a_permit(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    def garbled(one: Situation) -> Situation:
        return replace(one, exhibits=tuple(replace(each, detail="gibberish") for each in one.exhibits))

    met(monkeypatch, garbled)
    with pytest.raises(ValueError, match="gibberish"):
        is_permitted(story, clerk_of_provider(story))


def test_nothing_is_done_while_the_archive_or_the_register_is_away(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = story.store
    story.registers.away = True
    refused = story.designate(story.seated("director_bakery", BAKERY), "director_bakery", "outsider")
    assert isinstance(refused, Unavailable) and refused.code == "register_unavailable"
    monkeypatch.setattr(MemoryArchive, "situation", breaking)
    with pytest.raises(Away):
        story.open_group(story.seated("chief_provider", PROVIDER, ACTS_FOR_OTHERS), "group")
    assert story.store is before


LETTERS = st.characters(codec="utf-8", exclude_characters="\0")
"""What the doors let through: neither half characters nor the null character."""
WORDS = st.one_of(
    st.text(LETTERS, max_size=12), st.sampled_from(["dimona", "declare", "every", "*", "works", "consult"])
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(service=WORDS, action=WORDS, person=WORDS, concerned=st.none() | WORDS)
def test_a_question_in_any_words_is_answered_and_permits_nobody_unknown(
    story: Story, service: str, action: str, person: str, concerned: str | None
) -> None:
    place = (PROVIDER, "service_provider", service, action, concerned, "high", "eid")
    assert not is_permitted(story, Asked(person, None, *place))
