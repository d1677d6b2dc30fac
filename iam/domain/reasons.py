"""Why an act is refused, as a stable reason code, and what to obtain to have it permitted."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from iam.domain.authorization import SubjectKind
from iam.domain.enterprises import MANDATARY_CAPACITIES, Capacity
from iam.domain.facts import NEEDS, Case, Fact

Cure = dict[str, object]

REASON_OF: dict[Fact, str] = {
    Fact.PERSON: "person_required",
    Fact.CITIZEN: "only_for_citizens",
    Fact.TECHNICAL_CLIENT: "unknown_subject",
    Fact.DECLARATION_SERVICE: "caller_not_entitled",
    Fact.LEGAL_REPRESENTATIVE: "not_legal_representative",
    Fact.LEVEL_REACHED: "assurance_too_low",
    Fact.KEY_ADMITTED: "key_not_admitted",
    Fact.CLIENT_ADMITTED: "person_required",
    Fact.CAPACITY_HELD: "capacity_not_held",
    Fact.CAPACITY_ENTITLED: "other_capacity_required",
    Fact.MEMBER: "not_appointed",
    Fact.ACCESS_MANAGER: "not_access_manager",
    Fact.GRANTED: "no_grant",
    Fact.OWN_ENTERPRISE: "only_own_enterprise",
    Fact.OTHER_ENTERPRISE: "other_capacity_required",
    Fact.CONCERNED_ENTITLED: "employer_not_entitled",
    Fact.ACTIVATED: "not_activated",
    Fact.IN_PORTFOLIO: "outside_portfolio",
    Fact.MANDATED: "no_mandate_in_force",
    Fact.DELEGATED: "no_delegation_for_quarter",
    Fact.CERTIFIED_SECRETARIAT: "collection_only_by_certified_secretariat",
    Fact.MAIN_CONTRACTOR: "not_main_contractor",
    Fact.WORKS_PARTY: "no_role_in_works",
    Fact.EMPLOYED_EVERY_DAY: "dimona_does_not_cover",
    Fact.DECLARED_RECENTLY: "declaration_too_old",
}
"""The reason when a fact is missing; where the case says more, `reason_for` does. Other facts only forbid."""

NOT_PERMITTED = "not_permitted"
REASONS = frozenset(REASON_OF.values()) | {
    "permitted",
    NOT_PERMITTED,
    "unknown_service",
    "unknown_action",
    "no_authentication",
    "not_for_citizens",
    "no_employer_concerned",
    "only_for_others",
    "properties_missing",
}
"""Every reason code that a decision gives of itself; the forbidding rules of a book add their own."""


def reason_for(missing: Sequence[Fact], case: Case) -> str:
    """The reason code of a refusal that lacks these facts, given in the order of the decision.

    The first fact decides, unless the case shows that the question itself is put wrongly: by software that is not
    active, by a citizen where an enterprise must act, about no employer, or without a login. `not_permitted` when
    nothing is missing, because then no rule speaks of the act.
    """
    if not missing:
        return NOT_PERMITTED
    wanted = frozenset(missing)
    for applies, reason in _PUT_WRONGLY:
        if applies(wanted, case):
            return reason
    first = missing[0]
    if first is Fact.CAPACITY_ENTITLED and Fact.CONCERNED_ENTITLED in wanted:
        return REASON_OF[Fact.CONCERNED_ENTITLED]
    if _unsent(first, case):
        return "properties_missing"
    return REASON_OF.get(first, NOT_PERMITTED)


def _of_unknown_software(missing: frozenset[Fact], case: Case) -> bool:
    personal = {Fact.TECHNICAL_CLIENT, Fact.MEMBER, Fact.ACCESS_MANAGER, Fact.LEGAL_REPRESENTATIVE}
    return case.question.subject_kind is SubjectKind.CLIENT and not missing.isdisjoint(personal)


def _of_citizen(missing: frozenset[Fact], case: Case) -> bool:
    acting = {Fact.MEMBER, Fact.ACCESS_MANAGER, Fact.LEGAL_REPRESENTATIVE}
    return case.question.enterprise is None and not missing.isdisjoint(acting)


def _without_login(missing: frozenset[Fact], case: Case) -> bool:
    login = {Fact.LEVEL_REACHED, Fact.KEY_ADMITTED}
    return case.question.authentication is None and not missing.isdisjoint(login)


def _about_nobody(missing: frozenset[Fact], case: Case) -> bool:
    return case.question.concerned is None and not missing.isdisjoint({Fact.OWN_ENTERPRISE, Fact.OTHER_ENTERPRISE})


def _about_itself(missing: frozenset[Fact], case: Case) -> bool:
    return Fact.OTHER_ENTERPRISE in missing and case.question.concerned == case.question.enterprise


_PUT_WRONGLY: tuple[tuple[Callable[[frozenset[Fact], Case], bool], str], ...] = (
    (_of_unknown_software, "unknown_subject"),
    (_of_citizen, "not_for_citizens"),
    (_without_login, "no_authentication"),
    (_about_nobody, "no_employer_concerned"),
    (_about_itself, "only_for_others"),
)


def cure_for(reason: str, missing: Sequence[Fact], case: Case) -> Cure:
    """What to obtain so that the refusal falls away; empty where nothing that the caller can do would help.

    It speaks of the question and of the catalogue only: never of what somebody else holds.
    """
    cure = _CURES.get(reason)
    return {} if cure is None else cure(missing, case)


def _step_up(missing: Sequence[Fact], case: Case) -> Cure:
    return {"type": "step_up", "acr": case.service.minimum_for(case.action).label, "keys": _keys(case)}


def _use_login_key(missing: Sequence[Fact], case: Case) -> Cure:
    return {"type": "use_login_key", "keys": _keys(case)}


def _keys(case: Case) -> list[str]:
    return sorted(key.value for key in case.service.keys_for(case.action))


def _ask_manager(missing: Sequence[Fact], case: Case) -> Cure:
    return {"type": "ask_manager", **_acting(case), "service": case.service.code, "action": case.action.name}


def _ask_legal_representative(missing: Sequence[Fact], case: Case) -> Cure:
    return {"type": "ask_legal_representative", "enterprise": case.question.enterprise}


def _ask_for_portfolio(missing: Sequence[Fact], case: Case) -> Cure:
    return {"type": "ask_for_portfolio", **_acting(case), "mandator": case.question.concerned}


def _propose_mandate(missing: Sequence[Fact], case: Case) -> Cure:
    question, catalogue = case.question, case.catalogue
    codes = [
        code
        for code in catalogue.groups_of(case.followed.code, case.at)
        if question.capacity in catalogue.groups[code].mandataries
    ]
    parties = {"mandator": question.concerned, "mandatary": question.enterprise, "capacity": question.capacity}
    return {"type": "propose_mandate", **parties, "groups": codes} if codes else {}


def _ask_for_delegation(missing: Sequence[Fact], case: Case) -> Cure:
    quarter = case.question.properties.get("quarter")
    if quarter is None:
        return {"type": "send_properties", "properties": ["quarter"]}
    return {"type": "ask_for_delegation", "mandator": case.question.concerned, "quarter": str(quarter)}


def _send_properties(missing: Sequence[Fact], case: Case) -> Cure:
    unsent = dict.fromkeys(name for fact in missing for name in _unsent(fact, case))
    return {"type": "send_properties", "properties": list(unsent)}


def _act_in_capacity(missing: Sequence[Fact], case: Case) -> Cure:
    if case.question.enterprise is not None and case.question.concerned != case.question.enterprise:
        return _capacities(MANDATARY_CAPACITIES)
    return _capacities(case.followed.open_to or frozenset(Capacity))


def _capacities(capacities: frozenset[Capacity]) -> Cure:
    return {"type": "act_in_capacity", "capacities": sorted(one.value for one in capacities)}


def _acting(case: Case) -> Cure:
    return {"enterprise": case.question.enterprise, "capacity": case.question.capacity}


def _unsent(fact: Fact, case: Case) -> list[str]:
    """The properties that a fact is made from and that were not sent; a citizen can only be the client of works."""
    if fact is Fact.WORKS_PARTY and case.question.enterprise is None:
        needed: tuple[str, ...] = ("client",)
    else:
        needed = NEEDS.get(fact, ())
    return [name for name in needed if name not in case.question.properties]


_CURES: dict[str, Callable[[Sequence[Fact], Case], Cure]] = {
    "no_authentication": _step_up,
    "assurance_too_low": _step_up,
    "key_not_admitted": _use_login_key,
    "not_appointed": _ask_manager,
    "no_grant": _ask_manager,
    "not_access_manager": _ask_manager,
    "not_legal_representative": _ask_legal_representative,
    "not_activated": _ask_legal_representative,
    "outside_portfolio": _ask_for_portfolio,
    "no_mandate_in_force": _propose_mandate,
    "no_delegation_for_quarter": _ask_for_delegation,
    "properties_missing": _send_properties,
    "other_capacity_required": _act_in_capacity,
    "not_for_citizens": _act_in_capacity,
}
