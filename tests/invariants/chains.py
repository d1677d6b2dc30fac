"""I1: every grant leads, over managers who were entitled when they gave, to a designation by a legal representative."""

from __future__ import annotations

from iam.domain.appointments import LEGAL_REPRESENTATIVE, SERVER_OPERATOR, Appointment, Grant
from iam.domain.audit import ChainedLeaf
from iam.domain.enterprises import RegisterAnswer
from iam.ports import Reading
from tests.invariants.genesis import Story
from tests.reference.services_in_words import SERVICES

Gift = Grant | Appointment


class Chains:
    """Follows each new grant up its line, through the audit trail and the records as they stood then."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._told: dict[tuple[str, str], ChainedLeaf] = {}
        self._read = 0
        self._good: set[str] = set()

    def check(self) -> None:
        """Every grant and appointment that was not looked at before."""
        leaves = self._story.store.leaves
        for one in leaves[self._read :]:
            for name in ("grant", "appointment"):
                if one.leaf.act in ("grant_given", "appointed", "first_officer_added") and name in one.leaf.objects:
                    self._told[name, one.leaf.objects[name]] = one
        self._read = len(leaves)
        gifts: list[Gift] = [*self._story.all(Grant), *self._story.all(Appointment)]
        for gift in gifts:
            if gift.id not in self._good:
                self._check("grant" if isinstance(gift, Grant) else "appointment", gift)
                self._good.add(gift.id)

    def _check(self, name: str, one: Gift) -> None:
        """One gift, as it was given: by whom, with which appointment, and whether that reached so far."""
        leaf = self._told.get((name, one.id))
        if leaf is None:
            assert isinstance(one, Grant) and one.given_by == SERVER_OPERATOR, (
                f"no leaf tells how this came to be: {one}"
            )
            return
        with self._story.houses[0].archive.reading(revision=leaf.revision) as then:
            gift: Gift | None = then.get(type(one), one.id)
            assert gift is not None, leaf
            giver = gift.given_by if isinstance(gift, Grant) else gift.appointed_by
            if giver == LEGAL_REPRESENTATIVE:
                assert _confirmed(then, gift.enterprise, leaf), f"no legal representative stands behind {gift}"
            elif giver != SERVER_OPERATOR:
                _check_giver(then.get(Appointment, giver), gift, leaf)


def _check_giver(giver: Appointment | None, gift: Gift, leaf: ChainedLeaf) -> None:
    """The giver was the one who acted, in office at that instant, and reached as far as the gift."""
    assert giver is not None and giver.enterprise == gift.enterprise, f"{gift} by {giver}"
    assert giver.person == leaf.leaf.actor and giver.valid.contains(leaf.at), f"{gift} by {giver}"
    if isinstance(gift, Grant):
        domain = SERVICES[gift.service].domain
        assert giver.manages() and giver.capacity in (None, gift.capacity), f"{gift} by {giver}"
        assert giver.domain in (None, domain), f"{gift} by {giver}"
    else:
        assert giver.may_appoint(gift.role, gift.capacity, gift.domain), f"{gift} by {giver}"
    end = giver.valid.end
    assert end is None or (gift.valid.end is not None and gift.valid.end <= end), f"{gift} outlasts {giver}"


def _confirmed(then: Reading, enterprise: str, leaf: ChainedLeaf) -> bool:
    """Whether the register's own word about who acted was recorded with the act."""
    answers = then.find(RegisterAnswer, enterprise=enterprise, person=leaf.leaf.actor)
    return any(one.function and one.asked_at == leaf.at for one in answers)
