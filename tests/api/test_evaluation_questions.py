"""What evaluations mean to the judge: the law decides, on the same facts whoever brings them and in whatever form."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iam.domain.authorization import Decision
from iam.domain.periods import format_instant
from policies.book import Book, read_book
from policies.library import LawLibrary
from tests.api.evaluation_world import (
    EVALUATION,
    EVALUATIONS,
    SERVICES,
    EvaluationWorld,
    archive_on,
    citizen,
    evaluation,
    law,
    person,
    proof,
    software,
)
from tests.storage import records
from tests.storage.clocks import START, SetClock
from tests.storage.records import EMPLOYER, OPEN, OTHER, PROVIDER


@pytest.fixture(params=["memory", "sqlite"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EvaluationWorld]:
    """The country on each storage that needs no server."""
    clock = SetClock()
    with archive_on(request.param, tmp_path, clock) as archive:
        yield EvaluationWorld(archive, clock)


def reason(told: dict[str, Any]) -> str:
    return str(told["context"]["reason"])


def test_a_permit_tells_its_rule_and_everything_it_is_reproduced_from(world: EvaluationWorld) -> None:
    told = world.ask(evaluation(software()))
    context = told["context"]
    assert told["decision"] is True
    assert (context["reason"], context["rules"], context["cure"]) == (
        "permitted",
        ["declaration-mandated-software"],
        {},
    )
    assert set(context["text"]) == {"nl", "fr", "de", "en"}
    assert context["book"] == world.law.hash
    assert context["revision"] == world.archive.revision()
    assert context["as_of"] == format_instant(world.clock.now())
    assert len(context["id"]) == 22
    assert not {"past", "ignored"} & context.keys()


def test_a_refusal_tells_reason_and_cure(world: EvaluationWorld) -> None:
    told = world.ask(evaluation(software(), "modify"))
    assert told["decision"] is False
    assert reason(told) == "no_grant"
    assert told["context"]["cure"]["type"] == "ask_manager"


def test_a_forbidding_rule_is_named(world: EvaluationWorld) -> None:
    world.put(records.enterprise(EMPLOYER, valid=OPEN.until(START)))
    told = world.ask(evaluation(software()))
    assert (told["decision"], told["context"]["rules"]) == (False, ["employer-ceased"])


def test_every_id_of_a_decision_is_its_own(world: EvaluationWorld) -> None:
    assert len({world.ask(evaluation(software()))["context"]["id"] for _ in range(5)}) == 5


UNKNOWN = {
    "client": evaluation(software("nobody")),
    "action": evaluation(software(), "destroy"),
    "service": evaluation(software(), service="no.such.service"),
    "employer": evaluation(software(), employer="0878065378"),
    "own enterprise": evaluation(software(enterprise="0878065378")),
    "capacity not held": evaluation(software(capacity="certified_social_secretariat")),
}


@pytest.mark.parametrize("what", UNKNOWN)
def test_what_nobody_knows_is_denied_with_a_reason(world: EvaluationWorld, what: str) -> None:
    told = world.ask(UNKNOWN[what])
    assert told["decision"] is False
    assert told["context"]["text"]["en"]


def test_an_unknown_person_is_denied_like_a_known_one_without_rights(world: EvaluationWorld) -> None:
    world.put(records.enterprise("0878065378"))
    acting = {"enterprise": "0878065378", "capacity": "employer"}
    known = world.ask(evaluation(person(world.sub(), **acting)))
    for name in ("nobody", "AAAAAAAAAAAAAAAAAAAAAA", world.sub(sector=PROVIDER)):
        told = world.ask(evaluation(person(name, **acting)))
        assert (told["decision"], reason(told)) == (False, reason(known))


@pytest.mark.parametrize(
    ("subject", "field"),
    [
        ({"type": "user", "id": "x"}, "subject.type"),
        ({"type": "Client", "id": "x"}, "subject.type"),
        ({"type": "client", "id": "x", "properties": {"enterprise": PROVIDER}}, "subject.properties.capacity"),
        (
            {"type": "client", "id": "x", "properties": {"capacity": "service_provider"}},
            "subject.properties.enterprise",
        ),
        (software(enterprise="0403227514"), "subject.properties.enterprise"),
        (software(capacity="boss"), "subject.properties.capacity"),
        (software(capacity="SERVICE_PROVIDER"), "subject.properties.capacity"),
        (software(enterprise=None), "subject.properties.enterprise"),
        (software(capacity=["service_provider"]), "subject.properties.capacity"),
        (software(authentication=1), "subject.properties.authentication"),
        (software(authentication=proof("j")), "subject.properties.authentication"),
    ],
)
def test_a_subject_that_cannot_be_read_is_a_bad_request(
    world: EvaluationWorld, subject: dict[str, object], field: str
) -> None:
    assert world.ask(evaluation(subject), status=400)["field"] == field


@pytest.mark.parametrize("written", ["0206.731.645", "BE 0206.731.645", "BE0206731645", "206731645", " 0206731645 "])
def test_an_employer_is_one_however_its_number_is_written(world: EvaluationWorld, written: str) -> None:
    assert world.ask(evaluation(software(), employer=written))["decision"] is True


LOOK_ALIKES = ["0206731646", "02067316450", "020673164", "0206731645/../0403227515", "0206731645*", "٠٢٠٦٧٣١٦٤٥"]


@pytest.mark.parametrize(
    "written", [*LOOK_ALIKES, "０２０６７３１６４５", "O206731645", "0206731645\u200b", "E1", ".*"]
)
def test_a_look_alike_of_an_employer_is_a_bad_request(world: EvaluationWorld, written: str) -> None:
    told = world.ask(evaluation(software(), employer=written), status=400)
    assert (told["error"], told["field"]) == ("invalid_cbe_number", "resource.id")


def test_without_enterprise_and_capacity_nobody_acts_for_any_that_fits(world: EvaluationWorld) -> None:
    assert world.ask(evaluation({"type": "client", "id": "payroll"}))["decision"] is False
    assert world.ask(evaluation(citizen(world.sub(), proof("j1"))))["decision"] is False


WORKS = {"main_contractor": EMPLOYER, "client": "niss:85073003328", "subcontractors": []}


def test_software_never_asks_about_a_declaration_by_its_own_id(world: EvaluationWorld) -> None:
    asked = evaluation({"type": "client", "id": "payroll"}, "consult", "works", "W-2026/0042")
    assert world.ask(asked, status=400)["field"] == "resource.id"


def test_a_citizen_asks_about_a_declaration_by_its_own_id(world: EvaluationWorld) -> None:
    client = citizen(world.sub(), proof("j1"))
    asked = evaluation(client, "consult", "works", "W-2026/0042", properties=WORKS)
    assert world.ask(asked)["context"]["rules"] == ["works-consultation-citizen"]


def test_a_citizen_who_is_not_the_client_of_the_works_is_denied(world: EvaluationWorld) -> None:
    client = citizen(world.sub("AgAAAAAAAAAAAAAAAAAAAA"))
    told = world.ask(evaluation(client, "consult", "works", "W-2026/0042", properties=WORKS))
    assert told["decision"] is False


def test_a_ceased_employer_stands_against_a_citizen_too(world: EvaluationWorld) -> None:
    world.put(records.enterprise(EMPLOYER, valid=OPEN.until(START)))
    asked = evaluation(citizen(world.sub(), proof("j1")), "consult", "works", EMPLOYER, properties=WORKS)
    assert world.ask(asked)["context"]["rules"] == ["employer-ceased"]


def test_the_own_id_of_a_declaration_is_bounded(world: EvaluationWorld) -> None:
    asked = evaluation(citizen(world.sub()), "consult", "works", "W" * 65, properties=WORKS)
    assert world.ask(asked, status=400)["field"] == "resource.id"


@pytest.mark.parametrize(
    ("service", "properties", "field"),
    [
        ("dimona", {"quarter": 20263}, "quarter"),
        ("dimona", {"quarter": None}, "quarter"),
        ("dimona", {"quarter": "2026-Q5"}, "quarter"),
        ("works", {"main_contractor": "0206731646"}, "main_contractor"),
        ("works", {"client": "niss:85073003329"}, "client"),
        ("works", {"subcontractors": EMPLOYER}, "subcontractors"),
        ("works", {"subcontractors": [EMPLOYER] * 1001}, "subcontractors"),
        ("working_abroad", {"requested": {"from": "2026-01-01"}}, "requested"),
        ("working_abroad", {"dimona": [{"from": "2026-02-30", "to": "2026-03-01"}]}, "dimona"),
        ("followit", {"service": "nope"}, "service"),
        ("followit", {"declared_on": "01/02/2026"}, "declared_on"),
    ],
)
def test_a_declared_property_of_another_form_is_a_bad_request(
    world: EvaluationWorld, service: str, properties: dict[str, object], field: str
) -> None:
    told = world.ask(evaluation(software(), "consult", service, properties=properties), status=400)
    assert (told["error"], told["field"]) == ("invalid_property", f"resource.properties.{field}")
    assert "85073003329" not in str(told)


TAKEN_FROM_NO_CALLER = {"status": "validated", "recognised": True, "mandate": "m1", "now": "2030-01-01T00:00:00Z"}


def test_status_recognition_mandates_and_now_are_taken_from_no_caller(world: EvaluationWorld) -> None:
    subject = software()
    subject["properties"] |= {"granted": True, "level": "high", "role": "principal_access_manager"}
    asked = evaluation(subject, "modify", properties=TAKEN_FROM_NO_CALLER, context={"now": "2030-01-01T00:00:00Z"})
    asked["action"]["properties"] = {"permitted": True}
    told = world.ask(asked)
    plain = world.ask(evaluation(software(), "modify"))
    assert told["context"].pop("ignored") == [
        "subject.properties.granted",
        "subject.properties.level",
        "subject.properties.role",
        "context.now",
        "action.properties.permitted",
        *(f"resource.properties.{name}" for name in TAKEN_FROM_NO_CALLER),
    ]
    assert {**told["context"], "id": ""} == {**plain["context"], "id": ""}


def test_the_properties_of_an_unknown_service_are_all_ignored(world: EvaluationWorld) -> None:
    told = world.ask(evaluation(software(), service="no.such.service", properties={"quarter": 1}))
    assert (reason(told), told["context"]["ignored"]) == ("unknown_service", ["resource.properties.quarter"])


def test_a_past_instant_is_answered_on_the_facts_of_then_and_marked(world: EvaluationWorld) -> None:
    world.put(records.cover("m1/dmfa-dimona", valid=OPEN.until(START)))
    world.clock.advance(days=1)
    before = format_instant(START - timedelta(seconds=1))
    assert world.ask(evaluation(software()))["decision"] is False
    told = world.ask(evaluation(software(), context={"as_of": before}))
    assert (told["decision"], told["context"]["past"], told["context"]["as_of"]) == (True, True, before)


def test_what_was_known_earlier_is_told_again(world: EvaluationWorld) -> None:
    first = world.ask(evaluation(software()))["context"]
    world.clock.advance(hours=1)
    world.put(records.cover("m1/dmfa-dimona", valid=OPEN.until(START)))
    assert world.ask(evaluation(software()))["decision"] is False
    again = world.ask(evaluation(software(), context={"as_of": first["as_of"], "known_at": first["known_at"]}))
    assert again["decision"] is True
    assert {**again["context"], "id": "", "past": ""} == {**first, "id": "", "past": ""}


def test_what_was_known_earlier_is_judged_and_told_by_the_book_of_then(world: EvaluationWorld) -> None:
    texts = read_book().texts
    older = Book({**texts, "reasons.toml": texts["reasons.toml"].replace("This is permitted.", "So it was permitted.")})
    world.library = LawLibrary(world.law, lambda _instant: (older.hash, older.to_json()))
    world.open_doors()
    now = world.ask(evaluation(software()))["context"]
    then = world.ask(evaluation(software(), context={"known_at": now["known_at"]}))["context"]
    assert (now["text"]["en"], now["book"]) == ("This is permitted.", world.law.hash)
    assert (then["text"]["en"], then["book"]) == ("So it was permitted.", older.hash)


def test_an_instant_that_is_said_once_holds_for_the_evaluations_that_say_none(world: EvaluationWorld) -> None:
    items = [evaluation(software()), evaluation(software(), context={}), evaluation(software(), context={"x": 1})]
    told = world.ask_all({"evaluations": items, "context": {"as_of": "2026-09-01T00:00:00Z"}})
    assert [one["context"].get("past", False) for one in told] == [True, False, False]
    assert told[0]["context"]["as_of"] == "2026-09-01T00:00:00Z"


@pytest.mark.parametrize("name", ["as_of", "known_at"])
@pytest.mark.parametrize("value", ["2026-10-01", "now", "", 1, None, "2026-10-01T12:00:00", "2026-10-01T12:00:01Z"])
def test_an_instant_that_is_none_or_lies_ahead_is_a_bad_request(
    world: EvaluationWorld, name: str, value: object
) -> None:
    told = world.ask(evaluation(software(), context={name: value}), status=400)
    assert told["field"] == f"context.{name}"


@pytest.mark.parametrize("value", [-1, "1", 1.0, True, None, [], 2**63])
def test_a_revision_that_is_no_number_is_a_bad_request(world: EvaluationWorld, value: object) -> None:
    told = world.ask(evaluation(software(), context={"at_least_revision": value}), status=400)
    assert told["field"] == "context.at_least_revision"


@pytest.mark.parametrize("context", [{}, {"known_at": format_instant(START)}])
def test_a_revision_that_is_not_reached_is_waited_for(world: EvaluationWorld, context: dict[str, object]) -> None:
    world.clock.advance(hours=1)
    world.put(records.enterprise("0878065378"))
    here = world.archive.revision()
    assert world.ask(evaluation(software(), context={**context, "at_least_revision": here}))["decision"] is True
    late = evaluation(software(), context={**context, "at_least_revision": here + 1})
    response = world.post(EVALUATION, late)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
    batch = world.post(EVALUATIONS, {"evaluations": [evaluation(software()), late]})
    assert batch.status_code == 503
    assert not {"decision", "evaluations"} & (batch.json or {}).keys()


def test_a_batch_is_answered_at_one_revision_whatever_its_order(world: EvaluationWorld) -> None:
    items = [evaluation(software(), action) for action in ("declare", "modify", "consult", "declare")]
    told = world.ask_all({"evaluations": items})
    assert [one["decision"] for one in told] == [True, False, True, True]
    assert {one["context"]["revision"] for one in told} == {world.archive.revision()}
    assert len({one["context"]["id"] for one in told}) == 4


def test_faults_stand_in_their_places_among_decisions(world: EvaluationWorld) -> None:
    items: list[Any] = [evaluation(software()), {}, evaluation(software(), employer="x"), evaluation(software())]
    told = world.ask_all({"evaluations": items})
    assert [one["decision"] for one in told] == [True, False, False, True]
    assert [one["context"]["reason"] for one in told[1:3]] == ["missing_member", "invalid_cbe_number"]
    assert told[2]["context"]["error"]["field"] == "resource.id"


QUESTIONS = st.builds(
    evaluation,
    st.sampled_from(
        [software(), software("nobody"), {"type": "client", "id": "payroll"}, software(capacity="employer")]
    ),
    st.sampled_from(["declare", "modify", "nope"]),
    st.sampled_from([*SERVICES, "no.such.service"]),
    st.sampled_from([EMPLOYER, PROVIDER, OTHER, "0878065378"]),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(asked=st.lists(QUESTIONS, min_size=1, max_size=12), shared=st.booleans())
def test_one_question_has_one_answer_alone_and_in_a_batch(
    world: EvaluationWorld, asked: list[dict[str, Any]], shared: bool
) -> None:
    alone = [world.ask(one)["decision"] for one in asked]
    acting = asked[0]["subject"] if shared else None
    items = [
        {name: one[name] for name in one if name != "subject"} if one["subject"] == acting else one for one in asked
    ]
    request = {"evaluations": items} | ({"subject": acting} if shared else {})
    assert [one["decision"] for one in world.ask_all(request)] == alone


def test_an_error_of_the_law_is_never_a_permit(world: EvaluationWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_asked: object) -> list[Decision]:
        raise RuntimeError("the law cannot be read")

    monkeypatch.setattr(type(law()), "judge", failing)
    assert "decision" not in (world.post(EVALUATION, evaluation(software())).json or {})
    assert world.post(EVALUATIONS, {"evaluations": [evaluation(software())] * 3}).status_code == 500
