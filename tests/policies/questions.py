"""Questions at random for the properties of the law: sets of facts near to what some rule asks, acts and dates."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

from iam.domain.assurance import Assurance
from iam.domain.facts import Fact
from policies.book import Book, read_book
from policies.engine import CasbinLaw
from policies.rules import Rule, read_chapter
from tests.reference.evaluator import ReferenceLaw

BOOK: Book = read_book()
LAW = CasbinLaw(BOOK)
REFERENCE = ReferenceLaw(BOOK.texts)
RULES: list[Rule] = [
    rule for name, text in BOOK.texts.items() if name.startswith("chapters/") for rule in read_chapter(name, text)[0]
]
ACTS = sorted((service.code, name) for service in LAW.catalogue.services.values() for name in service.actions)
TODAY = date(2026, 11, 2)

some_facts = st.frozensets(st.sampled_from(list(Fact)))
levels = st.sampled_from([None, *Assurance])
acts = st.sampled_from(ACTS)
days = st.sampled_from([date(2002, 12, 31), date(2003, 1, 1), TODAY]) | st.dates(date(1990, 1, 1), date(2040, 1, 1))


@st.composite
def near_a_rule(draw: st.DrawFn) -> tuple[frozenset[Fact], str, str]:
    """What a rule asks, and one of its acts; perhaps with the facts of another rule, some facts lost and some added."""
    rule, other = draw(st.sampled_from(RULES)), draw(st.sampled_from(RULES))
    mixed = rule.facts | (other.facts if draw(st.booleans()) else frozenset())
    lost = draw(st.frozensets(st.sampled_from(sorted(mixed)), max_size=2))
    added = draw(st.frozensets(st.sampled_from(list(Fact)), max_size=3))
    service, action = draw(st.sampled_from([act for act in ACTS if rule.speaks_of(*act)]))
    return (mixed - lost) | added, service, action


questions = near_a_rule() | st.tuples(some_facts, acts).map(lambda drawn: (drawn[0], *drawn[1]))
"""Facts, service, action."""
