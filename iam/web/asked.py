"""Asked: what the page or service to which a visit leads asks of a login."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from iam.domain.applications import Catalogue
from iam.domain.visits import Visit
from iam.web import returning
from iam.web.entry import Asks, SignedIn, wanted_of

ANYBODY: Final = SignedIn()


def known(catalogue: Catalogue, service: str, action: str) -> bool:
    """Whether the catalogue knows a service, and its action where one is named; no service is asked for, too."""
    if not service:
        return True
    found = catalogue.services.get(service)
    return found is not None and (not action or action in found.actions)


def asked_of(visit: Visit | None, catalogue: Catalogue) -> SignedIn:
    """What the login of a visit must be: any where nothing is asked, or what was asked became unknown meanwhile."""
    if visit is None or not known(catalogue, visit.service, visit.action):
        return ANYBODY
    requirement = returning.requirement_at(visit.return_to)
    there = ANYBODY if requirement is None else wanted_of(requirement, catalogue)
    if not visit.service:
        return there
    asked = _of_service(visit, catalogue)
    return replace(asked, minimum=max(asked.minimum, there.minimum))


def _of_service(visit: Visit, catalogue: Catalogue) -> SignedIn:
    if visit.action:
        return wanted_of(Asks(visit.service, visit.action), catalogue)
    service = catalogue.services[visit.service]
    return SignedIn(minimum=service.minimum, keys=service.keys)
