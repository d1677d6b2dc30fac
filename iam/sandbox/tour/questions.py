"""Questions that declaration services ask on the tour, and what must come of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from iam.domain.assurance import LoginKey
from iam.domain.enterprises import Capacity
from iam.domain.periods import format_instant
from iam.sandbox.tour.guide import Guide, WrongTurn
from iam.sandbox.tour.narrator import picked

EVALUATE = "scope:authorization:decision:evaluate"
EVALUATION = "/access/v1/evaluation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """May this person or software, for this enterprise in this capacity, do this act for that employer?"""

    asker: str
    """The alias of the declaration service that asks."""
    who: str
    """The alias of a person, or of a client."""
    firm: str
    capacity: Capacity
    service: str
    action: str
    employer: str
    key: LoginKey | None = None
    """The login that the asker presents for a person; None for software."""
    as_of: datetime | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)

    def described(self, guide: Guide) -> str:
        """The question as a person would put it."""
        name = guide.clients[self.who].alias if self.who in guide.clients else guide.person(self.who).name
        subject = f"the software '{name}'" if self.who in guide.clients else name
        words = f"may {subject} of {guide.firm(self.firm).name}"
        return f"{words} {self.action} in {self.service} for {guide.firm(self.employer).name}?"


def permitted(guide: Guide, check: Check) -> None:
    """Ask, show, and see to it that it is permitted. Raises WrongTurn otherwise."""
    told = asked(guide, check)
    if told["decision"] is not True:
        raise WrongTurn(f"expected a permit, got a refusal: {told['context']['reason']}")


def refused(guide: Guide, check: Check, reason: str, cure: str | None) -> None:
    """Ask, show, and see to it that it is refused for this reason with this kind of cure. Raises WrongTurn."""
    told = asked(guide, check)
    found = (told["decision"], told["context"]["reason"], told["context"]["cure"].get("type"))
    if found != (False, reason, cure):
        raise WrongTurn(f"expected a refusal '{reason}' with the cure '{cure}', got {found}")


def asked(guide: Guide, check: Check) -> Any:
    """Ask the service to decide, and show question and answer."""
    question = _evaluation(guide, check)
    login = f", login by {check.key.value}" if check.key else ""
    guide.narrator.say(f"{guide.clients[check.asker].alias}: {check.described(guide)}")
    shown = {**question, "subject": {**question["subject"], "properties": _without_login(question)}}
    guide.narrator.request("POST", EVALUATION, f"{check.asker}{login}", shown)
    headers = {"Authorization": f"Bearer {guide.token(check.asker, EVALUATE)}"}
    answer = guide.send("POST", EVALUATION, json=question, headers=headers)
    guide.must(answer, 200)
    context = answer.told["context"]
    facts = picked(context, "reason", "rules", "cure", "past")
    if answer.told["decision"]:
        facts.pop("reason")
    guide.narrator.decision(answer.told["decision"], context["text"]["en"], facts)
    return answer.told


def _evaluation(guide: Guide, check: Check) -> dict[str, Any]:
    properties: dict[str, Any] = {"enterprise": guide.firm(check.firm).number.value, "capacity": check.capacity.value}
    if check.key is not None:
        properties["authentication"] = guide.login(check.who, guide.clients[check.asker], check.key)
    software = guide.clients.get(check.who)
    subject = software.client_id if software else f"niss:{guide.person(check.who).niss.value}"
    question: dict[str, Any] = {
        "subject": {"type": "client" if software else "person", "id": subject, "properties": properties},
        "action": {"name": check.action},
        "resource": {"type": check.service, "id": guide.firm(check.employer).number.value},
    }
    if check.properties:
        question["resource"]["properties"] = dict(check.properties)
    if check.as_of is not None:
        question["context"] = {"as_of": format_instant(check.as_of)}
    return question


def _without_login(question: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in question["subject"]["properties"].items() if name != "authentication"}
