"""What is remembered of a case's facts is what its predicates say, whatever other cases came before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from iam.domain.assurance import Assurance, Authentication, LoginKey
from iam.domain.authorization import Exhibit, Proof, Question, Situation, SubjectKind
from iam.domain.clients import ClientKind
from iam.domain.enterprises import Capacity
from iam.domain.facts import Case, Fact, case_of, establish
from iam.domain.findings import Findings
from policies.catalogue import load_catalogue

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
CATALOGUE = load_catalogue(Path("policies/catalogue.toml").read_text())
ACTS = sorted((service.code, name) for service in CATALOGUE.services.values() for name in service.actions)
DETAILS = {
    Proof.CLIENT: [one.value for one in ClientKind],
    Proof.APPOINTMENT: ["user", "local_manager"],
    Proof.GRANT: sorted({action for _, action in ACTS} | {"declare consult", ""}),
    Proof.CONCERNED_CAPACITY: [one.value for one in Capacity],
    Proof.CAPACITY: [one.value for one in Capacity],
}
numbers = st.sampled_from(["0206731645", "0671516647", "0403449823"])


@st.composite
def exhibits(draw: st.DrawFn) -> Exhibit:
    proof = draw(st.sampled_from(list(Proof)))
    detail = draw(st.sampled_from(DETAILS.get(proof, ["", "1"])))
    return Exhibit(proof, draw(st.sampled_from("abc")), draw(st.sampled_from([None, NOW])), detail)


logins = st.builds(
    Authentication,
    person_id=st.just("p1"),
    key=st.sampled_from(list(LoginKey)),
    assurance=st.sampled_from(list(Assurance)),
    authenticated_at=st.just(NOW),
    source=st.just("test"),
    reference=st.just("r1"),
)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    service, action = draw(st.sampled_from(ACTS))
    question = Question(
        subject_kind=draw(st.sampled_from(list(SubjectKind))),
        subject=draw(st.sampled_from(["p1", "c1"])),
        enterprise=draw(st.none() | numbers),
        capacity=draw(st.none() | st.sampled_from(list(Capacity))),
        service=service,
        action=action,
        concerned=draw(st.none() | numbers),
        properties=draw(st.sampled_from([{}, {"main_contractor": "0206731645"}, {"client": "niss:1"}])),
        authentication=draw(st.none() | logins),
        numbers=draw(st.sampled_from([frozenset(), frozenset({"1"})])),
        representative=draw(st.booleans()),
    )
    situation = Situation(1, NOW, tuple(draw(st.lists(exhibits(), max_size=6))))
    return case_of(question, situation, CATALOGUE, NOW)


LOGIN = Authentication(
    person_id="p1",
    key=LoginKey.EID,
    assurance=Assurance.HIGH,
    authenticated_at=NOW,
    source="test",
    reference="r1",
)
OTHERS: dict[str, list[object]] = {
    "subject_kind": list(SubjectKind),
    "enterprise": [None, "0206731645", "0671516647"],
    "capacity": [None, *Capacity],
    "concerned": [None, "0206731645", "0671516647"],
    "authentication": [
        None,
        *(replace(LOGIN, key=key) for key in LoginKey),
        *(replace(LOGIN, assurance=level) for level in Assurance),
    ],
    "representative": [False, True],
    "properties": [{}, {"main_contractor": "0206731645"}],
}


def remembered(findings: Findings, case: Case, book: str = "book") -> frozenset[Fact]:
    shown = tuple((one.proof, one.detail) for one in case.situation.exhibits)
    return findings.of(case.question, shown, book, lambda: case)


def neighbours(case: Case) -> Iterator[Case]:
    """The case with one thing changed that a predicate may look at."""
    question, found = case.question, case.situation.exhibits
    for name, values in OTHERS.items():
        for value in values:
            yield put(replace(question, **{name: value}), found)  # type: ignore[arg-type]
    for service, action in ACTS:
        if service == question.service or action == question.action:
            yield put(replace(question, service=service, action=action), found)
    for proof in Proof:
        for detail in DETAILS.get(proof, [""]):
            yield put(question, (*found, Exhibit(proof, "n", None, detail)))
    yield from (put(question, found[:place]) for place in range(len(found)))


def put(question: Question, found: tuple[Exhibit, ...]) -> Case:
    return case_of(question, Situation(1, NOW, found), CATALOGUE, NOW)


CITIZEN = Question(
    subject_kind=SubjectKind.PERSON,
    subject="p1",
    enterprise=None,
    capacity=None,
    service="mahis",
    action="consult",
    concerned=None,
)
GRANT = (Exhibit(Proof.GRANT, "g1", None, "declare"),)


@settings(max_examples=25)
@example(put(CITIZEN, ()))
@example(put(replace(CITIZEN, concerned="0206731645"), ()))
@example(put(replace(CITIZEN, service="dimona", action="declare"), GRANT))
@given(cases())
def test_remembered_facts_are_those_that_the_predicates_establish(case: Case) -> None:
    findings = Findings()
    for one in (case, *neighbours(case)):
        assert remembered(findings, one) == establish(one)


@given(cases(), numbers, numbers)
def test_ids_and_instants_tell_cases_apart_but_not_their_facts(case: Case, one: str, other: str) -> None:
    question = case.question
    plain = replace(question, properties={}, numbers=frozenset())
    same = plain.concerned == plain.enterprise
    if plain.enterprise is not None and plain.concerned is not None and same == (one == other):
        plain = replace(plain, enterprise=one, concerned=other, subject="another")
    found = tuple(Exhibit(each.proof, "another", None, each.detail) for each in case.situation.exhibits)
    alike = case_of(plain, Situation(9, NOW, found), CATALOGUE, NOW)
    assert establish(alike) == establish(replace(case, question=replace(question, properties={}, numbers=frozenset())))


def test_facts_under_another_book_are_not_those_of_this_one() -> None:
    question = Question(
        subject_kind=SubjectKind.CLIENT,
        subject="c1",
        enterprise="0206731645",
        capacity=Capacity.EMPLOYER,
        service="dimona",
        action="declare",
        concerned="0206731645",
    )
    case = case_of(question, Situation(1, NOW, ()), CATALOGUE, NOW)
    service = replace(case.service, open_to=frozenset({Capacity.ADMINISTRATION}))
    changed = replace(case, service=service, followed=service)
    findings = Findings()
    assert Fact.CAPACITY_ENTITLED in remembered(findings, case, "one")
    assert Fact.CAPACITY_ENTITLED not in remembered(findings, changed, "another")


def test_what_was_remembered_first_gives_way() -> None:
    findings = Findings(remembered=2)
    for action in ("declare", "modify", "consult"):
        question = Question(
            subject_kind=SubjectKind.PERSON,
            subject="p1",
            enterprise=None,
            capacity=None,
            service="dimona",
            action=action,
            concerned=None,
        )
        case = case_of(question, Situation(1, NOW, ()), CATALOGUE, NOW)
        assert remembered(findings, case) == remembered(findings, case) == establish(case)
    assert findings.kept == 2
