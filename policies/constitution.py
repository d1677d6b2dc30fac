"""What every permit must respect, whoever writes it: whose act it is, with which login, and on whose authority."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from iam.domain.applications import Service
from iam.domain.assurance import Assurance
from iam.domain.enterprises import Capacity
from iam.domain.facts import Fact
from policies.rules import Rule

PEOPLE = frozenset({Fact.PERSON, Fact.CITIZEN, Fact.MEMBER, Fact.ACCESS_MANAGER, Fact.LEGAL_REPRESENTATIVE})
SOFTWARE = frozenset({Fact.TECHNICAL_CLIENT, Fact.DECLARATION_SERVICE})
USERS = frozenset({Fact.MEMBER, Fact.TECHNICAL_CLIENT})
WHOSE = frozenset({Fact.OWN_ENTERPRISE, Fact.OTHER_ENTERPRISE})
OUTSIDE_ENTERPRISES = frozenset({Fact.CITIZEN, Fact.DECLARATION_SERVICE})

_OF_EVERY_PERMIT: tuple[tuple[frozenset[Fact], frozenset[Fact], str], ...] = (
    (PEOPLE, frozenset({Fact.LEVEL_REACHED, Fact.KEY_ADMITTED}), "a person acts with a login that the service admits"),
    (SOFTWARE, frozenset({Fact.CLIENT_ADMITTED}), "software acts where the catalogue admits software"),
    (USERS, frozenset({Fact.GRANTED}), "whoever uses a service was given it"),
    (frozenset({Fact.GRANTED}), frozenset({Fact.CAPACITY_HELD}), "what was given rests on a capacity that is held"),
    (frozenset({Fact.MANDATED, Fact.DELEGATED}), frozenset({Fact.OTHER_ENTERPRISE}), "a mandate serves another"),
    (
        frozenset({Fact.OTHER_ENTERPRISE}),
        frozenset({Fact.CONCERNED_ENTITLED, Fact.IN_PORTFOLIO}),
        "nobody does for another what that other may not do itself, nor outside the own portfolio",
    ),
)
"""Where a permit asks one of the first facts it must ask all of the second, because of the third."""


def breaches(rule: Rule) -> Iterator[str]:
    """Every way in which a permit offends what holds for all of them."""
    facts = rule.facts
    if rule.who & rule.provided:
        yield f"says {', '.join(sorted(rule.who & rule.provided))} twice"
    if len(rule.who & (PEOPLE | SOFTWARE)) != 1:
        subjects = ", ".join(sorted(PEOPLE | SOFTWARE))
        yield f"says in 'who' exactly one of: {subjects}"
    for some, needed, because in _OF_EVERY_PERMIT:
        if some & facts and not needed <= facts:
            yield f"must ask {', '.join(sorted(needed - facts))}: {because}"
    if Fact.OTHER_ENTERPRISE in facts and not facts & {Fact.MANDATED, Fact.DELEGATED}:
        yield "must ask mandated or delegated: nobody acts for another of their own accord"
    if Fact.GRANTED in facts and not facts & {Fact.CAPACITY_ENTITLED, Fact.OTHER_ENTERPRISE}:
        yield "must ask capacity_entitled: what was given in one capacity is not used for the affairs of another"
    yield from _breaches_of_login(rule)


def _breaches_of_login(rule: Rule) -> Iterator[str]:
    facts = rule.facts
    if facts & PEOPLE and rule.floor is None:
        yield "must ask an assurance: only software acts without a login"
    if facts & SOFTWARE and rule.floor is not None:
        yield "must have the assurance 'none': software has no login of a person"
    if Fact.LEGAL_REPRESENTATIVE in facts and (rule.floor or Assurance.LOW) < Assurance.SUBSTANTIAL:
        yield "must ask at least substantial: so does every act of a legal representative"


def boundless(rule: Rule, services: Iterable[Service]) -> Iterator[str]:
    """Whether a permit leaves open whose affairs it is about; only officers act for no employer in particular."""
    administration = frozenset({Capacity.ADMINISTRATION})
    if not rule.facts & WHOSE and not rule.who & OUTSIDE_ENTERPRISES:
        for service in services:
            if service.open_to != administration:
                yield f"must ask own_enterprise or other_enterprise: '{service.code}' is about somebody's affairs"
