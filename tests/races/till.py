"""The till: a shop with a running service, at which many present the same thing at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from iam.domain.authorization_grants import AuthorizationGrant
from iam.domain.tokens import IssuedToken
from tests.backstage import backstage
from tests.races.barrier import Barrier
from tests.races.shop import Shop
from tests.running import Answer, Request, Service, sandbox


class Till:
    """A shop with its running service."""

    def __init__(self, shop: Shop, service: Service) -> None:
        self.shop, self.service = shop, service

    def race(self, requests: Sequence[Request]) -> list[Answer]:
        """The answers to requests that all processes got at once."""
        barrier = Barrier(self.service, self.shop.country.port, requests)
        assert len(barrier.processes()) >= 2
        return barrier.open()

    def restart(self) -> None:
        """Kill every process, and start anew."""
        self.service.kill()
        self.service.start()
        self.service.await_workers()

    def once(self, request: Request) -> tuple[int, str | None]:
        answer = self.shop.country.send(request)
        return answer.status, answer.code

    def check_dead(self, winner: Answer) -> None:
        """Nothing that came of it is worth anything, on whatever process."""
        told = winner.told
        assert not any(self.shop.alive(told["access_token"]) for _ in range(4))
        assert self.once(self.shop.refreshing(told["refresh_token"])) == (400, "invalid_grant")
        with self.shop.behind.house.archive.reading() as reading:
            grants = {one.id: one for one in reading.find(AuthorizationGrant, person=self.shop.person)}
            dead = {key for key, one in grants.items() if one.revoked_at is not None}
            for key in dead:
                assert all(one.revoked_at is not None for one in reading.find(IssuedToken, grant=key))


@contextmanager
def counter(folder: Path, url: str, command: Sequence[str] = ()) -> Iterator[Till]:
    """The shop while the block runs."""
    with sandbox(folder, url) as country, backstage(country) as behind:
        shop = Shop(country, behind)
        shop.open()
        service = Service(country.environment, folder / "service.log", command)
        try:
            service.start()
            service.await_workers()
            yield Till(shop, service)
        finally:
            if service.running():
                service.kill()


def outcomes(answers: Sequence[Answer]) -> Counter[tuple[int, str | None]]:
    return Counter((one.status, one.code) for one in answers)
