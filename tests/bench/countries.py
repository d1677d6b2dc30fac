"""Child process: grows a country into a database, and tells whom to ask about, in files that all others read."""

from __future__ import annotations

import gc
import json
import os
import random
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, TypeVar

from iam.app import build, settings_here
from iam.domain.enterprises import Capacity, CapacityHeld
from iam.domain.mandates import Cover
from iam.sandbox.growing import GrownCountry
from iam.sandbox.grown_providers import GrownProvider
from iam.sandbox.software import new_private_jwk, public_set
from iam.services.client_orders import NewDeclarationService
from iam.storage.archive import open_archive
from iam.storage.migrations import upgrade
from policies.book import read_book
from policies.engine import CasbinLaw
from tests.bench.children import serve
from tests.bench.described import COUNTRY, GROUP, MANDATES, QUESTIONS, SERVICE

SEED = 7
MOST_PAIRS, MOST_OF_ONE = 40_000, 10_000
REFUSED = 10
"""One question in so many is about somebody else's mandator."""
T = TypeVar("T")


class Sample(Generic[T]):
    """So many of a stream, each with the same chance."""

    def __init__(self, most: int) -> None:
        self.kept: list[T] = []
        self._most = most
        self._seen = 0
        self._chance = random.Random(SEED)

    def see(self, one: T) -> None:
        """Keep one more, perhaps in the place of another."""
        self._seen += 1
        if len(self.kept) < self._most:
            self.kept.append(one)
        elif (place := self._chance.randrange(self._seen)) < self._most:
            self.kept[place] = one

    def shuffled(self) -> list[T]:
        """Those that were kept, in no order."""
        self._chance.shuffle(self.kept)
        return self.kept


class Watcher:
    """Looks at the records of a country as they pass, and keeps a sample of those that questions can be made of."""

    def __init__(self, country: GrownCountry, now: datetime, mandates: Path | None) -> None:
        self._country = country
        self._now = now
        self._mandates = mandates
        self._employer = ""
        self._pairs: Sample[tuple[str, str]] = Sample(MOST_PAIRS)
        largest = [one for one in country.providers if one.capacity is not Capacity.FULL_SERVICE_SECRETARIAT][:3]
        self._served: dict[str, Sample[str]] = {one.number: Sample(MOST_OF_ONE) for one in largest}

    def records(self) -> Iterator[object]:
        """The records, watched."""
        with (self._mandates or Path(os.devnull)).open("w", encoding="ascii") as written:
            for record in self._country.records():
                if type(record) is Cover:
                    written.write(_line(record))
                    self._look_at(record)
                elif type(record) is CapacityHeld and record.capacity is Capacity.EMPLOYER:
                    self._employer = record.enterprise  # its mandates come next
                yield record

    def _look_at(self, cover: Cover) -> None:
        """Perhaps keep a mandate in force of an employer; an administration's stand under other rules."""
        if cover.group != GROUP or cover.mandator != self._employer or not cover.valid.contains(self._now):
            return
        self._pairs.see((cover.mandatary, cover.mandator))
        if cover.mandatary in self._served:
            self._served[cover.mandatary].see(cover.mandator)

    def questions(self) -> list[tuple[str, str, bool]]:
        """Mandatary, mandator and whether it may act; the mandator has no other mandatary for an exclusive group."""
        chance, numbers = random.Random(SEED), [one.number for one in self._country.providers]
        asked = []
        for place, (mandatary, mandator) in enumerate(self._pairs.shuffled()):
            acting = chance.choice(numbers) if place % REFUSED == 0 else mandatary
            asked.append((acting, mandator, acting == mandatary))
        return asked

    def served(self) -> dict[str, list[str]]:
        """Mandators of a few large mandataries."""
        return {number: sample.shuffled() for number, sample in self._served.items()}


def _line(cover: Cover) -> str:
    """A mandate in force for a group, for peers that hold all of them: instants as seconds."""
    end = int(cover.valid.end.timestamp()) if cover.valid.end else 2**53
    start = int(cover.valid.start.timestamp())
    return f"{cover.mandator}\t{cover.mandatary}\t{cover.mandatary_capacity.value}\t{cover.group}\t{start}\t{end}\n"


def grow(size: int, now: str, folder: str, mandates: bool) -> dict[str, Any]:
    """Grow a country of some size; write down whom to ask about, and all mandates if somebody wants them."""
    settings = settings_here()
    upgrade(settings.database_url)
    at, place = datetime.fromisoformat(now), Path(folder)
    country = GrownCountry(size, SEED, at, CasbinLaw(read_book()).catalogue)
    watcher = Watcher(country, at, place / MANDATES if mandates else None)
    archive = open_archive(settings.database_url, _Stopped(at))
    gc.disable()
    try:
        archive.bulk_load(watcher.records())  # without a sandbox's mark: the house that is measured is in production
    finally:
        gc.enable()
        archive.close()
    told = {**_described(country, watcher), "caller": _register()}
    (place / COUNTRY).write_text(json.dumps(told), encoding="utf-8")
    lines = [f"{acting}\t{mandator}\t{int(allowed)}\n" for acting, mandator, allowed in watcher.questions()]
    (place / QUESTIONS).write_text("".join(lines), encoding="ascii")
    return {"size": size}


class _Stopped:
    """A clock that shows one instant: a country is recorded at the instant up to which it has a history."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        """That instant."""
        return self._at


def _described(country: GrownCountry, watcher: Watcher) -> Mapping[str, Any]:
    return {
        "providers": {one.number: _software(one) for one in country.providers},
        "served": watcher.served(),
        "manager": {"provider": country.providers[0].number, "niss": country.providers[0].manager_niss.value},
    }


def _software(provider: GrownProvider) -> dict[str, Any]:
    key = {**provider.key.as_dict(private=True), "kid": provider.key.thumbprint()}
    return {
        "client_id": provider.client_id,
        "capacity": provider.capacity.value,
        "jwk": key,
        "appointment": f"{provider.manager}-appointment",
    }


def _register() -> dict[str, Any]:
    """A declaration service that may ask, with its key."""
    house, key = build(settings_here()), new_private_jwk("ES256")
    try:
        house.officers.establish()
        order = NewDeclarationService(
            enterprise=house.settings.administration,
            label="Bench",
            jwks=public_set(key),
            algorithm="ES256",
            services=(SERVICE,),
        )
        return {"client_id": house.clients.register_declaration_service(order).id, "jwk": key}
    finally:
        house.archive.close()


if __name__ == "__main__":
    serve({"grow": grow})
