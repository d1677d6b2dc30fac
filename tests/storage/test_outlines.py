"""An outline shows the same proofs and details as the situation, on every storage, alone or in a list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iam.domain.authorization import Exhibit, Inquiry, Proof, Situation
from iam.domain.outlines import Outline, Outlines, exhibits_of, outline_of, shown_by, standing
from iam.ports import Archive
from iam.storage.archive import SqlArchive, open_archive
from iam.storage.memory import MemoryArchive
from tests.storage import worlds
from tests.storage.clocks import START, SetClock
from tests.storage.test_situations import SEEDS, WORLDS, both

OTHERS = ["0206731645", "0671516647", "9999999999"]
Told = tuple[int, object, list[tuple[Proof, str]]]


@pytest.fixture
def world(archive_url: str) -> Iterator[SqlArchive]:
    """An archive that each example empties."""
    archive = open_archive(archive_url, SetClock())
    archive.mark_sandbox()
    yield archive
    archive.close()


def told(revision: int, recorded_at: object, exhibits: Sequence[Exhibit]) -> Told:
    return revision, recorded_at, sorted((one.proof, one.detail) for one in exhibits)


def of_situation(situation: Situation) -> Told:
    return told(situation.revision, situation.recorded_at, situation.exhibits)


def of_outline(outline: Outline) -> Told:
    return told(outline.revision, outline.recorded_at, exhibits_of(outline.shown))


def of_outlines(several: Outlines) -> list[Told]:
    found = [exhibits_of((*several.shared, *one)) for one in several.each]
    return [told(several.revision, several.recorded_at, one) for one in found]


def employers_of(inquiry: Inquiry) -> list[str]:
    """Employers that the question can be asked about in one list, some twice."""
    question = inquiry.question
    if question.concerned is None or question.concerned == question.enterprise:
        return [question.concerned or ""] * 2
    return [one for one in [question.concerned, *OTHERS, question.concerned] if one != question.enterprise]


def first_alone(asked: list[tuple[Inquiry, list[str]]]) -> list[tuple[Inquiry, list[str]]]:
    """The same questions, each about the first employer of its list only."""
    return [(one, employers[:1]) for one, employers in asked]


def about(inquiry: Inquiry, employer: str) -> Inquiry:
    return replace(inquiry, question=replace(inquiry.question, concerned=employer))


def agree(archive: Archive, memory: MemoryArchive, questions: list[Inquiry]) -> None:
    assert [of_outline(archive.outline(one)) for one in questions] == [
        of_situation(memory.situation(one)) for one in questions
    ]
    asked = [(one, employers_of(one)) for one in questions if one.question.concerned is not None]
    expected = [[of_situation(memory.situation(about(one, each))) for each in employers] for one, employers in asked]
    assert [of_outlines(one) for one in archive.outlines(asked)] == expected
    alone = [of_outlines(one) for one in archive.outlines(first_alone(asked))]
    assert alone == [several[:1] for several in expected]


@WORLDS
@given(seed=SEEDS, seconds=st.none() | st.integers(-1, 40))
def test_outlines_show_what_situations_show(world: SqlArchive, seed: int, seconds: int | None) -> None:
    memory, questions = both(world, seed), worlds.inquiries(seed)
    if seconds is not None:
        questions = [replace(one, known_at=START + timedelta(seconds=seconds)) for one in questions]
    agree(world, memory, questions)
    agree(memory, memory, questions)


def test_one_outline_is_one_text_for_each_proof() -> None:
    situation = Situation(
        3,
        START,
        (
            Exhibit(Proof.CLIENT, "c1", None, "technical"),
            Exhibit(Proof.GRANT, "g1", START, "consult"),
            Exhibit(Proof.GRANT, "g2", None, "consult declare"),
            Exhibit(Proof.CONCERNED, "0206731645", None),
        ),
    )
    outline = outline_of(situation)
    assert outline.shown == ("client technical", "grant consult\ngrant consult declare", "concerned ")
    assert [one.proof for one in exhibits_of(outline.shown)] == [one.proof for one in situation.exhibits]
    assert exhibits_of((None, "activation ebox")) == (Exhibit(Proof.ACTIVATION, "", None, "ebox"),)


def test_a_text_that_shows_nothing_known_is_an_error() -> None:
    with pytest.raises(ValueError, match="rumour"):
        exhibits_of(("rumour has it",))


@pytest.mark.parametrize(
    ("hanging", "holder"),
    [
        (Proof.GRANT, Proof.CLIENT),
        (Proof.GRANT, Proof.APPOINTMENT),
        (Proof.PORTFOLIO, Proof.CLIENT),
        (Proof.PORTFOLIO, Proof.APPOINTMENT),
        (Proof.CAPACITY, Proof.ENTERPRISE),
        (Proof.CONCERNED_CAPACITY, Proof.CONCERNED),
    ],
)
def test_what_hangs_on_something_that_is_not_shown_does_not_count(hanging: Proof, holder: Proof) -> None:
    one, other = Exhibit(hanging, "1", None, "x"), Exhibit(holder, "2", None, "y")
    ceased = Exhibit(Proof.ENTERPRISE_CEASED, "3", None)
    assert standing([one, ceased]) == (ceased,)
    assert standing([one, other]) == (one, other)
    assert shown_by(standing([one])) == ()
