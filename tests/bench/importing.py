"""Child process: imports mandates from CSV as `procura import mandates` does, a few chunks at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from typing import Any

from iam.app import build, settings_here
from iam.domain.actors import Actor
from iam.domain.assurance import Assurance, Authentication, LoginKey
from iam.domain.enterprises import Capacity
from iam.domain.identifiers import Niss
from iam.domain.mandates import Side
from iam.domain.periods import Quarter
from iam.house import House
from iam.services.authentications import AuthenticationClaims
from iam.services.grants import NewGrant
from iam.services.mandate_import import CHUNK, Fate, MandateImport, Mode
from iam.services.mandate_lines import COLUMNS, read_lines
from tests.bench.children import serve
from tests.bench.described import Described


class Importing:
    """A house, and a file of proposals that never ends."""

    def __init__(self) -> None:
        self._house = build(settings_here())
        described = Described(self._house.settings.data)
        provider = described.manager["provider"]
        told = described.providers[provider]
        self._mandators = described.mandators()
        self._capacity = Capacity(told["capacity"])
        self._actor = Actor(
            authentication=_login(self._house, Niss(described.manager["niss"])),
            enterprise=provider,
            capacity=self._capacity,
        )
        _may_manage(self._house, self._actor, told["appointment"], self._capacity)
        self._text = self._lines()
        self._import = MandateImport(self._house.once, self._house.proposals, self._house.take_over)
        self._ready: list[str] = []

    def prepare(self, count: int) -> dict[str, Any]:
        """Write the next so many chunks of the file, which is not measured."""
        self._ready = [",".join(COLUMNS) + "\n", *islice(self._text, count * CHUNK)]
        return {}

    def act(self) -> dict[str, Any]:
        """Import them; tells how many lines were not done."""
        fates: Counter[Fate] = Counter()
        lines = read_lines(self._ready, standing=False)
        for chunk in self._import.run(self._actor, Mode.PROPOSE, Side.MANDATARY, lines):
            fates.update(one.fate for one in chunk)
        return {"wrong": sum(fates.values()) - fates[Fate.DONE]}

    def _lines(self) -> Iterator[str]:
        """Proposals for ever later quarters of every mandator."""
        first = Quarter.of(self._house.clock.now()).index + 1
        after = self._house.archive.revision()  # so that a second run over one database proposes something else
        for ahead in range(1000):
            for mandator in self._mandators:
                quarter = Quarter.from_index(first + ahead % 4)
                reference = f"contract {after}/{ahead}"
                yield f"{mandator},{self._actor.enterprise},{self._capacity.value},works,{quarter},,{reference},\n"


def _login(house: House, niss: Niss) -> Authentication:
    """The manager's login with an identity card."""
    now = house.clock.now()
    claims = AuthenticationClaims(
        source="bench",
        niss=niss,
        key=LoginKey.EID,
        assurance=Assurance.HIGH,
        authenticated_at=now,
        reference=house.randomness.identifier(),
        expires_at=now + timedelta(minutes=5),
    )
    return house.authentications.admit(claims)


def _may_manage(house: House, manager: Actor, appointment: str, capacity: Capacity) -> None:
    """Managers give the Mahis role to themselves: managing is not using."""
    order = NewGrant(holder=appointment, capacity=capacity, service="mahis", actions=("consult", "manage"))
    house.grants.give(replace(manager, capacity=None), order)


if __name__ == "__main__":
    importing = Importing()
    serve({"prepare": importing.prepare, "act": importing.act})
