"""A permit stands up to the end that is told of it, whatever it meets, and whatever was remembered of others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from iam.domain.assurance import Assurance, Authentication, LoginKey
from iam.domain.authorization import Exhibit, Proof, Question, Situation, SubjectKind, decide
from iam.domain.enterprises import MANDATARY_CAPACITIES, Capacity
from iam.domain.facts import Case, case_of, establish
from iam.domain.findings import likeness
from iam.domain.outlines import standing
from iam.domain.periods import local_date
from iam.services.support import Support, Supports
from policies.book import read_book
from policies.engine import CasbinLaw

LAW = CasbinLaw(read_book())
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
ENDS = [None, None, *(NOW + timedelta(days=number) for number in range(1, 5))]
MICROSECOND = timedelta(microseconds=1)
CEASED = {Proof.ENTERPRISE: Proof.ENTERPRISE_CEASED, Proof.CONCERNED: Proof.CONCERNED_CEASED}
DETAILS = {
    Proof.CLIENT: ["technical"],
    Proof.APPOINTMENT: ["user", "local_manager"],
    Proof.GRANT: ["declare consult", "declare", "collect_contributions manage", "consult"],
    Proof.CONCERNED_CAPACITY: ["employer", "provincial_or_local_administration", "company_without_staff"],
}
ONCE = [Proof.ENTERPRISE, Proof.CAPACITY, Proof.CONCERNED]
OFTEN = [Proof.GRANT, Proof.CONCERNED_CAPACITY, Proof.PORTFOLIO, Proof.MANDATE, Proof.DELEGATION]
ACTS = [("dimona", "declare"), ("dmfa", "collect_contributions"), ("dmfa", "consult"), ("dmfappl", "declare")]
ACTS_OF_MANAGERS = [("channels", "manage"), ("channels", "consult"), ("mahis", "consult")]
LOGIN = Authentication("p1", LoginKey.EID, Assurance.HIGH, NOW, "test", "r1")
SHARED = Supports()
PERMITTED = settings(max_examples=200, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])


@st.composite
def exhibits(draw: st.DrawFn, subject: Proof) -> tuple[Exhibit, ...]:
    """Mostly enough for a permit, often more than enough, with many ends."""
    proofs = [*ONCE, subject, *OFTEN, *draw(st.lists(st.sampled_from([*OFTEN, subject]), max_size=6))]
    if subject is Proof.CLIENT:
        proofs = list(dict.fromkeys(proofs[:4])) + [one for one in proofs[4:] if one is not subject]
    told = [(one, draw(st.sampled_from(DETAILS.get(one, [""]))), draw(st.sampled_from(ENDS))) for one in proofs]
    return tuple(Exhibit(proof, f"e{place}", until, detail) for place, (proof, detail, until) in enumerate(told))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    person, own = draw(st.booleans()), draw(st.booleans())
    service, action = draw(st.sampled_from([*ACTS, *ACTS_OF_MANAGERS] if own else ACTS))
    question = Question(
        subject_kind=SubjectKind.PERSON if person else SubjectKind.CLIENT,
        subject="s",
        enterprise="0403227515",
        capacity=draw(st.sampled_from([Capacity.EMPLOYER] if own else sorted(MANDATARY_CAPACITIES))),
        service=service,
        action=action,
        concerned="0403227515" if own else "0206731645",
        authentication=LOGIN if person else None,
    )
    found = draw(exhibits(Proof.APPOINTMENT if person else Proof.CLIENT))
    return case_of(question, Situation(1, NOW, standing(found)), LAW.catalogue, NOW)


def permitted(case: Case) -> bool:
    question = case.question
    level = question.authentication.assurance if question.authentication else None
    judgement = LAW.judge(establish(case), question.service, question.action, level, local_date(case.at))
    return decide(judgement.permits, judgement.forbids)[0]


def left(case: Case, at: datetime) -> Case:
    """What remains of a case at a later instant if nothing more is recorded."""
    found = []
    for one in case.situation.exhibits:
        if one.until is None or one.until > at:
            found.append(one)
        elif one.proof in CEASED:
            found.append(replace(one, proof=CEASED[one.proof]))
    return replace(case, situation=replace(case.situation, exhibits=standing(found)), at=at)


def support(case: Case, supports: Supports) -> Support:
    return supports.of(case, permitted, [], likeness(case.question))


def ends_of(named: Iterable[Exhibit]) -> list[datetime]:
    return [one.until for one in named if one.until is not None]


@PERMITTED
@given(cases())
def test_a_permit_stands_until_the_end_that_is_told(case: Case) -> None:
    assume(permitted(case))
    until = support(case, SHARED).until
    for end in [one for one in ENDS if one is not None]:
        if until is None or end < until:
            assert permitted(left(case, end)), f"not at {end}"
    if until is not None:
        assert permitted(left(case, until - MICROSECOND))


@PERMITTED
@given(cases())
def test_what_is_named_bounds_the_end_and_what_is_remembered_is_what_would_be_found(case: Case) -> None:
    assume(permitted(case))
    found = support(case, Supports())
    assert support(case, SHARED) == support(case, SHARED) == found
    named = [one for one in case.situation.exhibits if one.id in found.authority.values()]
    assert all(found.until is not None and found.until <= end for end in ends_of(named))
    assert {"enterprise", "concerned"} <= found.authority.keys()


def test_what_was_remembered_first_gives_way() -> None:
    supports = Supports(remembered=1)
    own = Question(
        subject_kind=SubjectKind.PERSON,
        subject="s",
        enterprise="0403227515",
        capacity=Capacity.EMPLOYER,
        service="channels",
        action="manage",
        concerned="0403227515",
        authentication=LOGIN,
    )
    seat = Exhibit(Proof.APPOINTMENT, "a1", None, "local_manager")
    for action in ("manage", "consult", "manage"):
        case = case_of(replace(own, action=action), Situation(1, NOW, (seat,)), LAW.catalogue, NOW)
        assert support(case, supports).authority == {"appointment": "a1"}
    assert supports.kept == 1
