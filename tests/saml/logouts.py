"""What is behind the doors of log-outs in tests: sessions in memory, which providers end."""

from __future__ import annotations

from dataclasses import dataclass

from iam.domain.logins import Circumstances, ProvenLogin
from iam.domain.sessions import Session, SessionRules
from iam.outside.randomness import SystemRandomness
from iam.outside.sealing import Sealer
from iam.services.farewells import Farewells, opened_hint
from iam.services.identity_matching import IdentityMatching
from iam.services.provider_logout import ProviderLogout
from iam.services.sessions import Held, Sessions
from iam.services.sign_in import SignIn
from iam.storage.memory import MemoryArchive
from saml.farewells import SamlFarewells
from saml.logout_door import Logouts
from saml.logout_orders import LogoutOrders
from saml.service_provider import ServiceProvider
from tests.storage.clocks import SetClock
from tests.web.a_hall import RecordingHall


@dataclass
class Behind:
    """Sessions, and the way in and out of them."""

    hall: RecordingHall
    ours: ServiceProvider
    clock: SetClock

    def __post_init__(self) -> None:
        self.sealer = Sealer(bytes(range(32)))
        archive, randomness = MemoryArchive(self.clock), SystemRandomness()
        book = type("Book", (), {"current": lambda _book: self.hall.providers})()
        self.sessions = Sessions(archive, self.clock, randomness, book, SessionRules())
        self.sign_in = SignIn(archive, randomness, self.sessions, book, IdentityMatching(), self.sealer)
        post, farewells = self.ours.correspondence, SamlFarewells(self.ours.correspondence, self.sealer)
        obey = ProviderLogout(archive, self.sessions).obey
        orders = LogoutOrders(post, obey, lambda session: opened_hint(session, self.sealer))
        self.logouts = Logouts(farewells, orders)
        kinds = {provider.kind for provider in self.hall.providers}
        self.farewells = Farewells(book, self.sealer, dict.fromkeys(kinds, farewells.way))

    def entered(self, proven: ProvenLogin) -> Held:
        """A session for who logged in."""
        held = self.sign_in.enter(proven, Circumstances())
        assert isinstance(held, Held)
        return held

    def lives(self, held: Held) -> bool:
        """Whether a session has not ended."""
        return self.sessions.find(held.secret) is not None

    def way_out(self, session: Session) -> str | None:
        """Where the browser goes that ends this session."""
        return self.farewells.address(session)
