"""Deeds: what writers ask the service to do while it is killed, in plans that go on from answer to answer."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from typing import Any

from iam.domain.enterprises import Capacity
from iam.domain.identifiers import Niss
from iam.domain.periods import Quarter
from iam.sandbox.loading import PHONE
from iam.sandbox.numbers import niss
from tests.backstage import Backstage
from tests.running import Request, Sandbox

PROVIDER, EMPLOYER = Capacity.SERVICE_PROVIDER, Capacity.EMPLOYER
DECLARE = "scope:dimona:declaration:declare"
DONE = {
    "propose": 201,
    "validate": 200,
    "close": 200,
    "withdraw": 200,
    "appoint": 201,
    "give": 201,
    "end": 204,
    "register": 201,
    "token": 200,
}
"""The status by which each kind of deed is acknowledged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One thing that a writer asks for; everything in it is text, so that the recorder can write it down."""

    number: int
    kind: str
    who: str = ""
    path: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)
    capacity: str | None = None
    version: int | None = None
    thing: str = ""
    """The id of what it is done to; empty where it makes something new."""

    @property
    def key(self) -> str:
        """Its idempotency key."""
        return f"deed-{self.number}"

    def request(self, country: Sandbox) -> Request:
        """The deed as a request, with a login or an assertion of its own."""
        if self.kind == "token":
            return country.token_request("payroll", DECLARE, self.thing)
        capacity = Capacity(self.capacity) if self.capacity else None
        named = {"capacity": capacity, "version": self.version, "key": self.key}
        return country.act(self.who, "POST", self.path, self.body, **named)  # type: ignore[arg-type]


Plan = Generator[Deed, Any, None]
"""Yields a deed and is sent what it was answered."""


class Plans:
    """The plans of the writers, on one sandbox."""

    def __init__(self, behind: Backstage) -> None:
        """Bring in who is needed: managers of mandates on both sides."""
        country = behind.sandbox
        self._country, self._behind = country, behind
        self._bureau, self._haulier = country.number("bureau"), country.number("haulier")
        self._numbers = count(1)
        self._people = _newcomers()
        behind.user("ivo", self._bureau, "zita", PROVIDER, mahis=("manage",))
        behind.designate("tess", self._haulier, "boris")
        behind.user("boris", self._haulier, "gust", EMPLOYER, mahis=("manage",))

    def all(self) -> list[Callable[[], Plan]]:
        """A plan for each writer; there are more writers than processes."""
        tokens, mandates = self.tokens, self.mandates
        return [mandates, mandates, mandates, self.drafts, tokens, tokens, self.accesses, self.registrations]

    def mandates(self) -> Plan:
        """Mandates are proposed, validated by the other side, and closed."""
        while True:
            made = yield self._proposal(finalise=True)
            place = f"/enterprises/{self._haulier}/mandates/{made['id']}"
            accepted = {"content_hash": made["content_hash"]}
            stands = yield self._on(made, "validate", "gust", f"{place}/validate", EMPLOYER, accepted)
            place = f"/enterprises/{self._bureau}/mandates/{made['id']}"
            yield self._on(stands, "close", "zita", f"{place}/close", PROVIDER, {})

    def drafts(self) -> Plan:
        """Proposals are made and withdrawn."""
        while True:
            made = yield self._proposal(finalise=False)
            place = f"/enterprises/{self._bureau}/mandates/{made['id']}"
            yield self._on(made, "withdraw", "zita", f"{place}/withdraw", PROVIDER, {})

    def tokens(self) -> Plan:
        """Tokens are issued."""
        while True:
            yield Deed(number=next(self._numbers), kind="token", thing=self._haulier)

    def accesses(self) -> Plan:
        """Users are appointed, given a grant, and lose it."""
        place = f"/enterprises/{self._bureau}"
        while True:
            person = {"niss": next(self._people).value, "label": "Newcomer", "email": "n@sandbox.example"}
            body = {"role": "user", "capacity": PROVIDER, "phone": PHONE, **person}
            made = yield self._by("appoint", "ivo", f"{place}/appointments", body)
            right = {"holder": made["id"], "capacity": PROVIDER, "service": "dimona", "actions": ["consult"]}
            grant = yield self._by("give", "ivo", f"{place}/grants", right)
            yield self._by("end", "ivo", f"{place}/grants/{grant['id']}/end", {}, thing=grant["id"])

    def registrations(self) -> Plan:
        """Enterprises enter by their legal representative."""
        while True:
            firm = self._behind.firm("rosa").value
            yield self._by("register", "rosa", "/enterprises", {"number": firm}, thing=firm)

    def _proposal(self, *, finalise: bool) -> Deed:
        number = next(self._numbers)
        body = {
            "side": "mandatary",
            "other": self._haulier,
            "mandatary_capacity": PROVIDER,
            "groups": ["works"],
            "first_quarter": str(Quarter.of(self._country.clock.now())),
            "contract_reference": f"deed {number}",
            "finalise": finalise,
        }
        path = f"/enterprises/{self._bureau}/mandates"
        return Deed(number=number, kind="propose", who="zita", path=path, body=body, capacity=PROVIDER)

    def _on(self, mandate: Any, kind: str, who: str, path: str, capacity: Capacity, body: Mapping[str, Any]) -> Deed:
        seen = {"thing": mandate["id"], "version": mandate["version"], "capacity": capacity}
        return Deed(number=next(self._numbers), kind=kind, who=who, path=path, body=body, **seen)

    def _by(self, kind: str, who: str, path: str, body: Mapping[str, Any], thing: str = "") -> Deed:
        return Deed(number=next(self._numbers), kind=kind, who=who, path=path, body=body, thing=thing)


def _newcomers() -> Iterator[Niss]:
    """People whom nobody knows yet."""
    day = date(1901, 1, 1)
    while True:
        for counter in range(500, 900):
            yield niss(day, counter)
        day += timedelta(days=1)
