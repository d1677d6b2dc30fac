"""What is missing: the fewest facts that would have made a permit apply, of the permit that fits the question best."""

from __future__ import annotations

from collections.abc import Sequence

from iam.domain.assurance import Assurance
from iam.domain.facts import Fact
from policies.constitution import PEOPLE, SOFTWARE
from policies.rules import Rule

_ANOTHER_SUBJECT = 10_000
_ANOTHER_QUESTION = 1_000
_ANOTHER_CAPACITY = 100
_ANOTHER_ROLE = 10
_WEIGHTS = {
    Fact.CITIZEN: _ANOTHER_QUESTION,
    Fact.LEGAL_REPRESENTATIVE: _ANOTHER_QUESTION,
    Fact.OWN_ENTERPRISE: _ANOTHER_QUESTION,
    Fact.OTHER_ENTERPRISE: _ANOTHER_CAPACITY,
    Fact.ACCESS_MANAGER: _ANOTHER_ROLE,
}
"""What the question as put can hardly come to have weighs more than any number of facts that can be obtained for it."""
_ORDER = {fact: place for place, fact in enumerate(Fact)}


def shortfall(rules: Sequence[Rule], facts: frozenset[Fact], assurance: Assurance | None) -> tuple[Fact, ...]:
    """The missing facts of the nearest permit, in the order of the decision; none when no permit can be reached.

    Permits that a prohibition would outweigh once their facts are there are not proposed. Among equals the first in
    the book is. `rules` are those in force that speak of the act.
    """
    outweighing = [rule.facts for rule in rules if rule.forbids]
    lacking = (_lacking(rule, facts, assurance) for rule in rules if not rule.forbids)
    reachable = (some for some in lacking if not any(forbidden <= facts | some for forbidden in outweighing))
    nearest = min(reachable, key=lambda some: sum(_weight(fact, facts) for fact in some), default=frozenset[Fact]())
    return tuple(sorted(nearest, key=_ORDER.__getitem__))


def _lacking(rule: Rule, facts: frozenset[Fact], assurance: Assurance | None) -> frozenset[Fact]:
    lacking = rule.facts - facts
    if rule.floor is None or (assurance is not None and assurance >= rule.floor):
        return lacking
    return lacking | {Fact.LEVEL_REACHED}


def _weight(fact: Fact, held: frozenset[Fact]) -> int:
    if fact in (SOFTWARE if Fact.PERSON in held else PEOPLE):
        return _ANOTHER_SUBJECT
    return _WEIGHTS.get(fact, 1)
