"""Steps in which each side sets up who governs it and who uses what."""

from __future__ import annotations

from iam.domain.enterprises import Capacity
from iam.sandbox.loading import PHONE
from iam.sandbox.tour.guide import Guide

DOMAIN = "social_security"


def register(guide: Guide, representative: str, firm: str) -> None:
    """The legal representative lets the enterprise enter; the register is asked live."""
    guide.act(
        representative,
        "POST",
        "/enterprises",
        {"number": guide.firm(firm).number.formatted},
        status=201,
        show=("number", "entered_at"),
    )


def designate(guide: Guide, representative: str, firm: str, appointee: str) -> None:
    """The legal representative designates the principal access manager."""
    body = {
        "responsible": {"niss": guide.person(representative).niss.value, "phone": PHONE},
        "appointee": {"niss": guide.person(appointee).niss.value, **_contact(guide, appointee)},
        "tie": "employee",
    }
    path = f"{_of(guide, firm)}/principal-access-manager"
    answer = guide.act(representative, "POST", path, body, status=201, show=("role", "niss", "phase", "contact.label"))
    guide.learn(f"appointment of {appointee}", answer.told["id"])


def appoint_local_manager(guide: Guide, manager: str, firm: str, appointee: str, capacity: Capacity) -> None:
    """The principal access manager designates who manages one capacity and domain."""
    body = {"role": "local_manager", "capacity": capacity.value, "domain": DOMAIN, **_named(guide, appointee)}
    _appoint(guide, manager, firm, appointee, body, None)


def create_user(guide: Guide, manager: str, firm: str, appointee: str, capacity: Capacity) -> None:
    """The local manager creates a user."""
    body = {"role": "user", "capacity": capacity.value, **_named(guide, appointee)}
    _appoint(guide, manager, firm, appointee, body, capacity)


def grant(
    guide: Guide, manager: str, firm: str, holder: str, capacity: Capacity, service: str, actions: tuple[str, ...]
) -> None:
    """A manager gives the use of a service's actions to a person or to software, named by what was learned."""
    body = {
        "holder": guide.learned[holder],
        "capacity": capacity.value,
        "service": service,
        "actions": list(actions),
    }
    guide.act(manager, "POST", f"{_of(guide, firm)}/grants", body, status=201, show=("phase",), capacity=capacity)


def give_portfolio(guide: Guide, manager: str, firm: str, holder: str, capacity: Capacity) -> None:
    """A manager lets a person or software act for all mandators of the provider."""
    body = {"holder": guide.learned[holder], "kind": "all"}
    guide.act(manager, "POST", f"{_of(guide, firm)}/portfolios", body, status=201, show=("phase",), capacity=capacity)


def _appoint(
    guide: Guide, manager: str, firm: str, appointee: str, body: dict[str, str], capacity: Capacity | None
) -> None:
    show = ("role", "capacity", "domain", "niss", "phase", "contact.label")
    path = f"{_of(guide, firm)}/appointments"
    answer = guide.act(manager, "POST", path, body, status=201, show=show, capacity=capacity)
    guide.learn(f"appointment of {appointee}", answer.told["id"])


def _of(guide: Guide, firm: str) -> str:
    return f"/enterprises/{guide.firm(firm).number.value}"


def _named(guide: Guide, appointee: str) -> dict[str, str]:
    return {"niss": guide.person(appointee).niss.value, **_contact(guide, appointee)}


def _contact(guide: Guide, appointee: str) -> dict[str, str]:
    return {"label": guide.person(appointee).name, "email": f"{appointee}@sandbox.example", "phone": PHONE}
