"""Persons at the evaluation door: named by each sector in its own way, acting by a login that is used up once."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from iam.domain.actors import Actor
from iam.domain.assurance import Assurance, Authentication, LoginKey
from iam.domain.enterprises import Capacity
from iam.domain.persons import Person
from iam.outside.randomness import SystemRandomness
from iam.services.joint_acts import JointActs
from iam.services.people import MERGE
from tests.api.evaluation_world import (
    ANOTHER_PERSON,
    ASKER,
    EVALUATION,
    EVALUATIONS,
    NISS,
    PAYROLL,
    PERSON,
    STRANGER_NISS,
    EvaluationWorld,
    archive_on,
    evaluation,
    person,
    proof,
    software,
)
from tests.storage import records
from tests.storage.clocks import START, SetClock
from tests.storage.records import PROVIDER


@pytest.fixture(params=["memory", "sqlite"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EvaluationWorld]:
    """The country on each storage that needs no server."""
    clock = SetClock()
    with archive_on(request.param, tmp_path, clock) as archive:
        yield EvaluationWorld(archive, clock)


def test_a_person_is_permitted_by_a_login_of_their_own(world: EvaluationWorld) -> None:
    told = world.ask(evaluation(person(world.sub(), proof("j1"))))
    assert (told["decision"], told["context"]["rules"]) == (True, ["declaration-mandated"])


def test_a_person_without_a_login_is_refused_with_a_step_up(world: EvaluationWorld) -> None:
    told = world.ask(evaluation(person(world.sub())))
    assert (told["decision"], told["context"]["reason"]) == (False, "no_authentication")
    assert told["context"]["cure"] == {"type": "step_up", "acr": "substantial", "keys": []}


def test_a_login_that_is_too_weak_is_refused_with_a_step_up(world: EvaluationWorld) -> None:
    told = world.ask(evaluation(person(world.sub(), proof("j1", key="token", acr="low"))))
    assert (told["decision"], told["context"]["reason"]) == (False, "assurance_too_low")
    assert told["context"]["cure"]["type"] == "step_up"


def test_a_level_that_the_caller_states_counts_for_nothing(world: EvaluationWorld) -> None:
    subject = person(world.sub())
    subject["properties"] |= {"acr": "high", "key": "eid", "level": 3, "auth_time": 0}
    told = world.ask(evaluation(subject))
    assert (told["decision"], told["context"]["reason"]) == (False, "no_authentication")
    assert len(told["context"]["ignored"]) == 4


def test_a_login_is_good_for_one_request(world: EvaluationWorld) -> None:
    asked = evaluation(person(world.sub(), proof("j1")))
    assert world.ask(asked)["decision"] is True
    told = world.ask(asked, status=400)
    assert (told["error"], told["cure"]) == ("authentication_replayed", {"type": "step_up"})
    assert told["field"] == "subject.properties.authentication"


@pytest.mark.parametrize("shared", [True, False])
def test_a_login_counts_for_all_evaluations_of_one_batch(world: EvaluationWorld, shared: bool) -> None:
    subject = person(world.sub(), proof("j1"))
    item = {name: value for name, value in evaluation(subject).items() if not shared or name != "subject"}
    request = {"evaluations": [item] * 1000, **({"subject": subject} if shared else {})}
    response = world.post(EVALUATIONS, request)
    assert [one["decision"] for one in (response.json or {})["evaluations"]] == [True] * 1000
    assert world.logins == 1


def test_a_login_that_is_refused_is_refused_once_for_all_evaluations(world: EvaluationWorld) -> None:
    world.ask(evaluation(person(world.sub(), proof("j1"))))
    told = world.ask_all({"subject": person(world.sub(), proof("j1")), "evaluations": [evaluation(software()), _act()]})
    assert [one["decision"] for one in told] == [True, False]
    assert told[1]["context"]["reason"] == "authentication_replayed"
    assert told[1]["context"]["error"]["cure"] == {"type": "step_up"}


def _act() -> dict[str, Any]:
    return {name: value for name, value in evaluation(None).items() if name != "subject"}


def test_two_faults_of_one_login_are_one_use_of_it(world: EvaluationWorld) -> None:
    told = world.ask_all({"subject": person("nobody", proof("j1")), "evaluations": [_act(), _act()]})
    assert [one["context"]["reason"] for one in told] == ["subject_mismatch"] * 2
    assert world.logins == 1


@pytest.mark.parametrize("name", ["nobody", "niss:17073003384", "AAAAAAAAAAAAAAAAAAAAAA"])
def test_a_login_of_another_than_the_subject_is_a_bad_request(world: EvaluationWorld, name: str) -> None:
    told = world.ask(evaluation(person(name, proof("j1"))), status=400)
    assert (told["error"], told["field"]) == ("subject_mismatch", "subject.properties.authentication")


def test_a_login_that_was_made_for_another_caller_is_a_bad_request(world: EvaluationWorld) -> None:
    told = world.ask(evaluation(person(world.sub(), proof("j1", azp=PAYROLL))), status=400)
    assert told["error"] == "authentication_invalid"


def test_a_name_that_another_sector_knows_means_nobody_here(world: EvaluationWorld) -> None:
    assert world.sub(sector=PROVIDER) != world.sub()
    told = world.ask(evaluation(person(world.sub(sector=PROVIDER), proof("j1"))), status=400)
    assert told["error"] == "subject_mismatch"


def test_the_internal_id_of_a_person_is_no_name(world: EvaluationWorld) -> None:
    told = world.ask(evaluation(person(PERSON, proof("j1"))), status=400)
    assert told["error"] == "subject_mismatch"


@pytest.mark.parametrize("written", [NISS, "85.07.30-033.28"])
def test_a_person_is_named_by_number_where_the_caller_is_registered_for_it(
    world: EvaluationWorld, written: str
) -> None:
    assert world.ask(evaluation(person(f"niss:{written}", proof("j1"))))["decision"] is True


@pytest.mark.parametrize("written", ["85073003329", "", "*", "8507300332８"])
def test_a_number_that_is_none_is_a_bad_request_that_does_not_repeat_it(world: EvaluationWorld, written: str) -> None:
    response = world.post(EVALUATION, evaluation(person(f"niss:{written}")))
    assert (response.status_code, (response.json or {})["error"]) == (400, "invalid_niss")
    assert "8507300332" not in response.text


def test_a_number_that_a_login_speaks_of_for_the_first_time_is_a_person_from_then_on(world: EvaluationWorld) -> None:
    name = f"niss:{STRANGER_NISS}"
    request = {"evaluations": [evaluation(person(name)), evaluation(person(name, proof("j1", STRANGER_NISS)))]}
    told = world.ask_all(request)
    assert [one["context"]["reason"] for one in told] == ["no_authentication", "not_appointed"]


def test_no_answer_names_a_person_or_a_number(world: EvaluationWorld) -> None:
    for asked in (evaluation(person(f"niss:{NISS}", proof("j1"))), evaluation(person(f"niss:{NISS}"), "modify")):
        text = world.post(EVALUATION, asked).text
        assert NISS not in text
        assert PERSON not in text


def test_the_name_of_a_record_that_was_merged_leads_to_the_one_that_survives(world: EvaluationWorld) -> None:
    former = world.sub(ANOTHER_PERSON)
    world.put(Person(id=ANOTHER_PERSON, known_since=START, merged_into=PERSON))
    assert world.ask(evaluation(person(former, proof("j1"))))["decision"] is True


@pytest.mark.parametrize("by_number", [True, False])
def test_an_answer_from_before_two_records_were_merged_comes_out_the_same_after(
    world: EvaluationWorld, by_number: bool
) -> None:
    name = f"niss:{NISS}" if by_number else world.sub()
    before = world.ask(evaluation(person(name, proof("j1"))))
    world.clock.advance(seconds=1)
    officer = Authentication(PERSON, LoginKey.EID, Assurance.HIGH, START, "test", "j0")
    by = Actor(authentication=officer, enterprise=PROVIDER)
    with world.archive.writing() as uow:
        uow.put(Person(id=PERSON, known_since=START, merged_into=ANOTHER_PERSON))
        uow.put(replace(records.number(NISS, PERSON), person=ANOTHER_PERSON))
        uow.put(
            records.appointment("a1", person=ANOTHER_PERSON, enterprise=PROVIDER, capacity=Capacity.SERVICE_PROVIDER)
        )
        JointActs(SystemRandomness()).sign(uow, by, MERGE, {"former": PERSON, "present": ANOTHER_PERSON}, required=1)
        uow.commit()
    asked = {name: before["context"][name] for name in ("as_of", "known_at")}
    again = world.ask(evaluation(person(name, proof("j2")), context=asked))
    assert (before["decision"], again["decision"]) == (True, True)
    assert world.ask(evaluation(person(name, proof("j3"))))["decision"] is True


def test_a_citizen_is_known_by_all_numbers_of_their_history(world: EvaluationWorld) -> None:
    world.put(records.number(STRANGER_NISS, PERSON))
    for jti, niss in (("j1", NISS), ("j2", STRANGER_NISS)):
        subject = {"type": "person", "id": world.sub(), "properties": {"authentication": proof(jti)}}
        sent = {"main_contractor": PROVIDER, "client": f"niss:{niss}", "subcontractors": []}
        assert world.ask(evaluation(subject, "consult", "works", "W1", properties=sent))["decision"] is True


def test_the_login_is_judged_now_whatever_instant_is_asked(world: EvaluationWorld) -> None:
    world.clock.advance(hours=1)
    context = {"as_of": "2026-10-01T12:00:00Z"}
    told = world.ask(evaluation(person(world.sub(), proof("j1")), context=context))
    assert (told["decision"], told["context"]["past"]) == (True, True)
    assert world.ask(evaluation(person(world.sub()), context=context))["context"]["reason"] == "no_authentication"


def test_a_login_is_not_used_up_for_a_service_that_the_caller_may_not_ask_about(world: EvaluationWorld) -> None:
    told = world.ask(evaluation(person(world.sub(), proof("j1")), "consult", "ebox"), status=403)
    assert (told["error"], world.logins) == ("service_not_registered", 0)


def test_a_login_is_not_used_up_for_a_service_that_does_not_exist(world: EvaluationWorld) -> None:
    told = world.ask(evaluation(person(world.sub(), proof("j1")), service="no.such.service"))
    assert (told["context"]["reason"], world.logins) == ("unknown_service", 0)


class Counted:
    """An archive that notes how it is asked."""

    def __init__(self, archive: Any) -> None:
        self._archive = archive
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Any:
        self.asked.append(name)
        return getattr(self._archive, name)


def test_a_check_of_software_is_one_statement_and_a_login_one_unit_of_work(world: EvaluationWorld) -> None:
    counted: Any = Counted(world.archive)
    world.archive = counted
    world.open_doors()
    assert world.ask(evaluation(software()))["decision"] is True
    assert counted.asked == ["outline"]
    world.ask_all({"evaluations": [evaluation(software()), evaluation(software(), "modify")]})
    assert counted.asked == ["outline", "outlines"]
    counted.asked.clear()
    assert world.ask(evaluation(person(world.sub(), proof("j1"))))["decision"] is True
    assert (counted.asked.count("outline"), counted.asked.count("writing")) == (1, 1)


def test_a_client_that_is_not_registered_asks_about_nobody(world: EvaluationWorld) -> None:
    gone = replace(world.callers[f"Bearer t-{ASKER}"], client_id="gone")
    world.callers[f"Bearer t-{ASKER}"] = gone
    assert world.ask(evaluation(person(world.sub(), proof("j1"))), status=401)["error"] == "caller_not_active"
    assert world.logins == 0
