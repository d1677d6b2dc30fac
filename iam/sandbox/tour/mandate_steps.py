"""Steps in which an employer gives a mandate to a provider, and takes it back."""

from __future__ import annotations

from iam.domain.enterprises import Capacity
from iam.sandbox.tour.guide import Guide

GROUPS = ("dmfa-dimona",)
SHOWN = ("state", "standing", "groups", "first_quarter", "proposed_by", "closed_by")


def propose(guide: Guide) -> None:
    """The employer's user proposes a mandate and finalises it in the same act."""
    body = {
        "side": "mandator",
        "other": guide.firm("accountants").number.formatted,
        "mandatary_capacity": Capacity.SERVICE_PROVIDER.value,
        "groups": list(GROUPS),
        "first_quarter": str(guide.quarter()),
        "contract_reference": "Payroll contract 1",
        "finalise": True,
    }
    path = f"/enterprises/{guide.firm('brewery').number.value}/mandates"
    answer = guide.act("ugo", "POST", path, body, status=201, show=SHOWN, capacity=Capacity.EMPLOYER)
    guide.learn("mandate", answer.told["id"])
    guide.learn("hash of its content", answer.told["content_hash"])


def validate(guide: Guide) -> None:
    """The provider's employee reads the proposal and accepts exactly the content that was read."""
    path = f"/enterprises/{guide.firm('accountants').number.value}/mandates/{guide.learned['mandate']}"
    capacity = Capacity.SERVICE_PROVIDER
    read = guide.act("emma", "GET", path, None, status=200, show=("standing", "mandator", "groups"), capacity=capacity)
    guide.act(
        "emma",
        "POST",
        f"{path}/validate",
        {"content_hash": read.told["content_hash"]},
        status=200,
        show=(*SHOWN, "in_force.from"),
        capacity=capacity,
        version=read.etag,
    )


def close(guide: Guide) -> None:
    """The employer's user closes the mandate; nobody else has to agree."""
    path = f"/enterprises/{guide.firm('brewery').number.value}/mandates/{guide.learned['mandate']}"
    capacity = Capacity.EMPLOYER
    read = guide.act("ugo", "GET", path, None, status=200, show=("standing",), capacity=capacity)
    guide.act(
        "ugo", "POST", f"{path}/close", {}, status=200, show=(*SHOWN, "closed_at"), capacity=capacity, version=read.etag
    )
