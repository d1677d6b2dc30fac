"""What a token is judged on beside the facts: the relations that only a later act can show are assumed to hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from iam.domain.applications import PropertyType, Service
from iam.domain.relations import Days

_FAVOURABLE: Mapping[PropertyType, Callable[[str, date], object]] = {
    PropertyType.ENTERPRISE: lambda concerned, _today: concerned,
    PropertyType.ENTERPRISE_OR_PERSON: lambda concerned, _today: concerned,
    PropertyType.ENTERPRISES: lambda concerned, _today: frozenset({concerned}),
    PropertyType.DAYS: lambda _concerned, today: Days(today, today),
    PropertyType.DAYS_LIST: lambda _concerned, today: (Days(today, today),),
    PropertyType.DATE: lambda _concerned, today: today,
}


def favourable_properties(service: Service, concerned: str, today: date) -> dict[str, object]:
    """Resource properties with which every relation of the service would hold for the employer concerned.

    They stand in for what the service sends with each act (the contractors of the works, the days of employment) when
    a token is judged before there is an act. The quarter concerned and the service followed are not assumed: rights
    depend on them.
    """
    return {
        name: _FAVOURABLE[kind](concerned, today) for name, kind in service.properties.items() if kind in _FAVOURABLE
    }


def favourable_to_citizen(service: Service, numbers: frozenset[str], today: date) -> dict[str, object]:
    """The same for a citizen, who is concerned by nothing but their own number (any of those in `numbers`)."""
    if not numbers:
        return {}
    taken = {name: kind for name, kind in service.properties.items() if kind is PropertyType.ENTERPRISE_OR_PERSON}
    return {name: _FAVOURABLE[kind](f"niss:{min(numbers)}", today) for name, kind in taken.items()}
