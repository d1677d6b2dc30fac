"""`procura explain`: a decision with its facts and rules, now and as it was, and one line for what cannot be read."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from iam.domain.periods import format_instant
from tests.commands.terminal import Terminal

KING = {"enterprise": "1999000546", "capacity": "king"}
REFUSED = {
    "no JSON": ("{", "malformed_json"),
    "a list": ("[]", "wrong_type"),
    "no subject": ({"subject": None}, "missing_member"),
    "a subject that is a word": ({"subject": "me"}, "wrong_type"),
    "a kind of subject that is none": ({"subject": {"type": "robot", "id": "x"}}, "unknown_subject_type"),
    "a capacity that is none": ({"subject": {"type": "client", "id": "x", "properties": KING}}, "invalid_capacity"),
    "an enterprise that is none": ({"resource": {"type": "dimona", "id": "1"}}, "invalid_cbe_number"),
    "an instant that is none": ({"context": {"as_of": "yesterday"}}, "invalid_instant"),
    "an instant ahead": ({"context": {"as_of": "2999-01-01T00:00:00Z"}}, "instant_in_future"),
}


def evaluation(terminal: Terminal, employer: str = "haulier", **changed: Any) -> dict[str, Any]:
    """May the payroll software of the bureau declare in dimona for an employer?"""
    country = terminal.country
    acting = {"enterprise": country.number("bureau"), "capacity": "service_provider"}
    asked = {
        "subject": {"type": "client", "id": country.clients["payroll"].client_id, "properties": acting},
        "action": {"name": "declare"},
        "resource": {"type": "dimona", "id": country.number(employer)},
    }
    return {name: value for name, value in {**asked, **changed}.items() if value is not None}


def explained(terminal: Terminal, asked: Any, *words: str) -> Any:
    """What the command tells of an evaluation."""
    return terminal.told("explain", *words, typed=json.dumps(asked))


def test_a_permit_is_explained_by_facts_rules_and_authority(terminal: Terminal) -> None:
    told = explained(terminal, evaluation(terminal))
    assert (told["decision"], told["reason"]) == (True, "permitted")
    assert told["rules"] == ["declaration-mandated-software"]
    assert {"mandate", "grant", "portfolio"} <= told["authority"].keys()
    assert told["facts"] and told["book"]


def test_a_refusal_is_explained_by_what_is_missing(terminal: Terminal) -> None:
    told = explained(terminal, evaluation(terminal, "bakery"))
    assert (told["decision"], told["reason"]) == (False, "no_mandate_in_force")
    assert told["cure"]["type"] == "propose_mandate"


def test_a_decision_of_the_past_comes_out_as_it_was(terminal: Terminal) -> None:
    """The florist closed its mandate a hundred days ago."""
    then = format_instant(terminal.country.clock.now() - timedelta(days=200))
    past = explained(terminal, evaluation(terminal, "florist", context={"as_of": then, "known_at": then}))
    assert (past["decision"], past["as_of"]) == (True, then)
    assert explained(terminal, evaluation(terminal, "florist"))["decision"] is False
    known = {"as_of": past["as_of"], "known_at": past["known_at"]}
    again = explained(terminal, evaluation(terminal, "florist", context=known))
    assert again == past


def test_a_person_is_judged_by_the_login_that_is_told(terminal: Terminal) -> None:
    acting = {"enterprise": terminal.country.number("bureau"), "capacity": "service_provider"}
    nina = {"type": "person", "id": f"niss:{terminal.country.country.niss_of('nina').value}", "properties": acting}
    asked = evaluation(terminal, subject=nina)
    assert explained(terminal, asked)["cure"]["type"] == "step_up"
    assert explained(terminal, asked, "--key", "itsme", "--level", "high")["decision"] is True
    assert explained(terminal, asked, "--key", "password", "--level", "low")["decision"] is False


def test_people_read_sentences_and_no_number_of_a_person(terminal: Terminal) -> None:
    path = terminal.file("asked.json", json.dumps(evaluation(terminal)))
    ended = terminal.run("explain", path)
    assert ended.exit_code == 0
    assert "permitted" in ended.stdout and "decided by: declaration-mandated-software" in ended.stdout


def test_nothing_is_written_by_explaining(terminal: Terminal) -> None:
    before = terminal.told("audit", "verify")
    explained(terminal, evaluation(terminal))
    assert terminal.told("audit", "verify") == before


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_read_is_refused_in_one_line(terminal: Terminal, case: str) -> None:
    written, code = REFUSED[case]
    typed = written if isinstance(written, str) else json.dumps(evaluation(terminal, **written))
    said = terminal.refused("explain", typed=typed)
    assert code in said and said.count("\n") == 1
