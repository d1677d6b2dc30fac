"""Mandates that the sandbox's directors give and take back through the portal's API, while a demo runs."""

from __future__ import annotations

from dataclasses import dataclass
from io import StringIO
from typing import Any

from rich.console import Console

from iam.domain.periods import local_date
from iam.outside.clock import SystemClock
from iam.sandbox.country import read_country
from iam.sandbox.sandbox_file import clients_in
from iam.sandbox.tour.guide import Guide
from iam.sandbox.tour.narrator import Narrator

AS_DIRECTOR = {"as": "legal_representative"}
SERVICE_PROVIDER = "service_provider"


@dataclass(frozen=True)
class Given:
    """A mandate in force."""

    id: str
    mandator: str
    """The number of the employer who gave it."""
    director: str
    """The alias of who directs that employer."""
    version: str


def guide_of(sandbox: dict[str, Any]) -> Guide:
    """Lets the country's people act through the portal; nothing is printed."""
    clock = SystemClock()
    return Guide(
        base_url=sandbox["base_url"],
        login_url=sandbox["state"]["login"],
        country=read_country(local_date(clock.now())),
        clients={one.alias: one for one in clients_in(sandbox)},
        clock=clock,
        narrator=Narrator(Console(file=StringIO())),
    )


def given(guide: Guide, firm: str, provider: str) -> Given:
    """A mandate for the group DmfA-Dimona from the present quarter on, accepted by the directors of both sides."""
    mandator, mandatary = (guide.firm(one).number.value for one in (firm, provider))
    director, other = (guide.firm(one).functions[0].persona for one in (firm, provider))
    body = {
        **AS_DIRECTOR,
        "side": "mandator",
        "other": mandatary,
        "mandatary_capacity": SERVICE_PROVIDER,
        "groups": ["dmfa-dimona"],
        "first_quarter": str(guide.quarter()),
        "contract_reference": "Signals",
        "finalise": True,
    }
    made = guide.act(director, "POST", f"/enterprises/{mandator}/mandates", body, status=201, show=())
    place = f"/enterprises/{mandatary}/mandates/{made.told['id']}/validate"
    accepted = {**AS_DIRECTOR, "content_hash": made.told["content_hash"]}
    stands = guide.act(other, "POST", place, accepted, status=200, show=(), version=made.etag)
    return Given(made.told["id"], mandator, director, str(stands.etag))


def taken_back(guide: Guide, mandate: Given) -> None:
    """The mandator's director closes it."""
    place = f"/enterprises/{mandate.mandator}/mandates/{mandate.id}/close"
    guide.act(mandate.director, "POST", place, AS_DIRECTOR, status=200, show=(), version=mandate.version)
