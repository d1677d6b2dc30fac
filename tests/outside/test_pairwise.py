"""Pairwise subjects are stable, differ from sector to sector, and can be turned back by their secret alone (I24)."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iam.outside.pairwise import PairwiseSubjects

OURS, OTHERS = PairwiseSubjects(bytes(range(32))), PairwiseSubjects(bytes(range(1, 33)))
IDS = st.binary(min_size=16, max_size=16).map(lambda octets: base64.urlsafe_b64encode(octets).rstrip(b"=").decode())
SECTORS = st.text(min_size=1, max_size=20)


@given(IDS, SECTORS)
def test_a_subject_is_stable_and_leads_back(person: str, sector: str) -> None:
    sub = OURS.sub_for(person, sector)
    assert sub == PairwiseSubjects(bytes(range(32))).sub_for(person, sector)
    assert OURS.person_of(sub, sector) == person
    assert (len(sub), sub.isascii()) == (22, True)


@given(IDS, st.lists(SECTORS, min_size=2, max_size=5, unique=True))
def test_subjects_of_two_sectors_differ(person: str, sectors: list[str]) -> None:
    assert len({OURS.sub_for(person, sector) for sector in sectors} | {person}) == len(sectors) + 1


@given(st.lists(IDS, min_size=2, max_size=5, unique=True), SECTORS)
def test_subjects_of_two_persons_differ(persons: list[str], sector: str) -> None:
    assert len({OURS.sub_for(person, sector) for person in persons}) == len(persons)


@given(IDS, SECTORS)
def test_without_the_secret_a_subject_leads_to_nobody_it_names(person: str, sector: str) -> None:
    sub = OURS.sub_for(person, sector)
    assert OTHERS.person_of(sub, sector) != person
    assert OTHERS.sub_for(person, sector) != sub


def test_a_sector_cannot_be_mistaken_for_another_by_its_spelling() -> None:
    person = "A" * 22
    assert len({OURS.sub_for(person, sector) for sector in ("1", "1\0", "11", " 1", "")}) == 5


@pytest.mark.parametrize(
    "sub", ["", "A" * 21, "A" * 23, "A" * 21 + "B", "A" * 21 + "=", "+" * 22, "é" * 22, "A" * 10**6]
)
def test_what_cannot_be_a_subject_is_nobodys(sub: str) -> None:
    assert OURS.person_of(sub, "1") is None


@pytest.mark.parametrize("person", ["", "p1", "A" * 21 + "B", "85073003328"])
def test_what_is_no_person_id_gets_no_subject(person: str) -> None:
    with pytest.raises(ValueError, match="16 octets"):
        OURS.sub_for(person, "1")


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_secret_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="32 octets"):
        PairwiseSubjects(b"x" * length)
