"""Candidates among a provider's mandators in plain Python, with which the statements of the databases must agree."""

from __future__ import annotations

from iam.domain.appointments import GroupMember
from iam.domain.delegations import Delegation, DelegationState
from iam.domain.mandates import Cover
from iam.domain.mandator_search import MandatorSearch
from iam.ports import Reading


def mandators_in(reading: Reading, search: MandatorSearch) -> list[str]:
    """The first candidates of a search, at most its limit."""
    covers = reading.find(Cover, mandatary=search.enterprise, mandatary_capacity=search.capacity)
    received = reading.find(Delegation, receiver=search.enterprise, receiver_capacity=search.capacity.value)
    running = [one for one in received if one.state is DelegationState.VALIDATED]
    given: list[Cover | Delegation] = [*covers, *running]
    giving = {one.mandator for one in given if one.valid.contains(search.at)} - {search.enterprise}
    reached = giving if search.every else giving & _reached(reading, search, giving)
    found = (one for one in reached if one.startswith(search.digits) and one > search.after)
    return sorted(found)[: search.limit]


def _reached(reading: Reading, search: MandatorSearch, giving: set[str]) -> set[str]:
    reached: set[str] = set()
    for group in search.groups:
        reached |= _members(reading, search, group)
    for group in search.all_but:
        reached |= giving - _members(reading, search, group)
    return reached


def _members(reading: Reading, search: MandatorSearch, group: str) -> set[str]:
    return {one.mandator for one in reading.find(GroupMember, group=group) if one.valid.contains(search.at)}
