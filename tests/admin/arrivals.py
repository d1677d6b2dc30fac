"""Browsers of people who are new here: the pages for newcomers with the hall behind them, on one archive."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, Flask, request
from flask.testing import FlaskClient
from werkzeug.test import TestResponse
from werkzeug.wrappers import Response

from admin.collaborators import PageParts
from admin.newcomers.collaborators import NewcomerParts
from admin.newcomers.newcomer_pages import newcomers_blueprint
from admin.portal_pages import portal_blueprint
from iam.domain.assurance import Assurance, LoginKey
from iam.domain.login_providers import ProviderKind
from iam.domain.logins import ProvenLogin
from iam.domain.niss import Niss
from iam.services.permissions import Permissions
from iam.web.browser_hall import BrowserHall, HallParts
from iam.web.entry import PageGuard
from iam.web.leaving import Farewell
from iam.web.markers import public
from iam.web.portal import PortalParts, create_portal
from iam.web.texts import chosen_language
from tests.services.identity_scenes import Border
from tests.services.login_scenes import ChangingBook, Gate, provider
from tests.services.worlds import World

ORIGIN = "https://localhost"
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Arrivals:
    """The portal with the pages for newcomers, and a door through which tests come in."""

    def __init__(self, world: World, origin: str = ORIGIN) -> None:
        self.world, self.border, self.origin = world, Border(world), origin
        self.gate = Gate(world)
        self.gate.book = ChangingBook(
            provider("itsme"),
            provider("card", LoginKey.EID, kind=ProviderKind.WEB_EID),
            provider("eidas", LoginKey.EIDAS, kind=ProviderKind.EIDAS),
        )
        self.gate.restart()
        self.coming: ProvenLogin | None = None
        gate = self.gate
        self.hall = BrowserHall(
            HallParts(
                sessions=gate.sessions,
                visits=gate.visits,
                sign_in=gate.sign_in,
                contexts=gate.contexts,
                farewells=gate.farewells,
                providers=gate.book,
                library=world.library,
                clock=world.clock,
                language=lambda: chosen_language(request),
            )
        )
        parts = PortalParts(
            base_url=origin,
            randomness=world.randomness,
            guard=PageGuard(self.hall, world.library, world.clock),
            present=self.hall.session,
        )
        rooms = [portal_blueprint(self._pages()), newcomers_blueprint(self._newcomers()), self._door()]
        self.app: Flask = create_portal(parts, rooms)

    def browser(self) -> Arrival:
        """A browser that was never here."""
        return Arrival(self, self.app.test_client())

    def _pages(self) -> PageParts:
        gate = self.gate
        return PageParts(
            hall=self.hall,
            contexts=gate.contexts,
            sessions=gate.sessions,
            history=gate.history,
            farewells=gate.farewells,
            providers=gate.book,
            library=self.world.library,
            farewell=Farewell(gate.farewells, gate.book),
            told=lambda _: (),
            permissions=Permissions(self.world.archive, self.world.clock),
            represents_abroad=lambda person: bool(self.border.said.own(person)),
        )

    def _newcomers(self) -> NewcomerParts:
        return NewcomerParts(
            hall=self.hall,
            visits=self.gate.visits,
            registrations=self.border.registrations,
            foreign_enterprises=self.border.enterprises,
            invitations=self.border.invitations,
            said=self.border.said,
            entry_proposals=self.border.entry_proposals,
        )

    def _door(self) -> Blueprint:
        door = Blueprint("door", __name__)

        @door.get("/arrive")
        @public("a test comes in")
        def arrive() -> Response:
            assert self.coming is not None
            return self.hall.welcome(self.coming)

        return door


@dataclass
class Arrival:
    """One browser."""

    arrivals: Arrivals
    client: FlaskClient

    def get(self, path: str, **sent: Any) -> TestResponse:
        """Open a page."""
        return self.client.get(path, base_url=ORIGIN, **sent)

    def post(self, path: str, *, at: str, **form: str) -> TestResponse:
        """Send the form of a page, with its token."""
        found = _TOKEN.search(self.get(at).text)
        assert found is not None
        headers = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}
        return self.client.post(path, base_url=ORIGIN, data={"csrf_token": found[1], **form}, headers=headers)

    def comes(self, proven: ProvenLogin) -> TestResponse:
        """Log in with what a door proved."""
        self.arrivals.coming = proven
        return self.get("/arrive")

    def comes_from_abroad(self, subject: str = "PT/BE/1", **changed: Any) -> TestResponse:
        """Log in with a key of another country."""
        return self.comes(self.arrivals.border.foreign(subject, **changed))

    def comes_by(self, niss: Niss, name: str = "itsme", level: Assurance = Assurance.HIGH) -> TestResponse:
        """Log in with a Belgian key."""
        return self.comes(replace(self.arrivals.gate.proven(niss, name), assurance=level))
