"""The portal as the tests visit it: real hall and pages on an archive in memory, with doors that believe everybody."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from flask import Blueprint, Flask, redirect, request
from flask.testing import FlaskClient
from markupsafe import escape
from werkzeug.test import TestResponse
from werkzeug.wrappers import Response

from admin.collaborators import PageParts
from admin.portal_pages import portal_blueprint
from iam.domain.appointments import SERVER_OPERATOR, Appointment, Role
from iam.domain.assurance import Assurance, LoginKey
from iam.domain.enterprises import Capacity
from iam.domain.login_providers import LoginProvider, ProviderKind
from iam.domain.mandates import Cover
from iam.domain.niss import Niss
from iam.domain.periods import Period
from iam.services.permissions import Permissions
from iam.web.browser_hall import BrowserHall, HallParts
from iam.web.entry import PageGuard, SignedIn
from iam.web.leaving import Farewell, ToldService
from iam.web.markers import public, requires
from iam.web.pages import origin_of
from iam.web.portal import PortalParts, create_portal
from iam.web.texts import chosen_language
from tests.services.login_scenes import ChangingBook, Gate
from tests.services.worlds import LONG_AGO, World

ORIGIN = "http://localhost"


def named(name: str, key: LoginKey, kind: ProviderKind, highest: Assurance, **changed: Any) -> LoginProvider:
    """A provider with one name in all languages."""
    plain = LoginProvider(
        id=name.lower().replace(" ", "-").replace(".", "-"),
        kind=kind,
        key=key,
        enabled=True,
        highest=highest,
        levels={},
        labels=dict.fromkeys(("nl", "fr", "de", "en"), name),
    )
    return replace(plain, **changed)


PROVIDERS = (
    named("itsme", LoginKey.ITSME, ProviderKind.OIDC, Assurance.HIGH, settings={"issuer": "https://idp.example/v2"}),
    named("eID card", LoginKey.EID, ProviderKind.WEB_EID, Assurance.HIGH),
    named("MyGov.be", LoginKey.MYGOV, ProviderKind.OIDC, Assurance.HIGH),
    named("European key", LoginKey.EIDAS, ProviderKind.EIDAS, Assurance.HIGH),
    named("Password and code", LoginKey.TOTP, ProviderKind.ONE_TIME_CODE, Assurance.SUBSTANTIAL),
    named("User name and password", LoginKey.PASSWORD, ProviderKind.PASSWORD, Assurance.LOW),
    named("Old token", LoginKey.TOKEN, ProviderKind.ONE_TIME_CODE, Assurance.LOW, enabled=False),
)


@dataclass
class Counter:
    """The portal, the country behind it, and who will be believed to stand in front of it."""

    world: World
    origin: str = ORIGIN
    gate: Gate = field(init=False)
    hall: BrowserHall = field(init=False)
    app: Flask = field(init=False)
    person: str = field(init=False)
    niss: Niss = field(init=False)
    left: list[str] = field(default_factory=list)
    told: dict[str, tuple[ToldService, ...]] = field(default_factory=dict)
    """Services that somebody entered by a login."""

    def __post_init__(self) -> None:
        self.gate = Gate(self.world)
        self.gate.book = ChangingBook(*PROVIDERS)
        self.gate.restart()
        self.person, self.niss = self.world.person()
        self.hall = BrowserHall(self._hall_parts())
        self.app = create_portal(
            PortalParts(
                base_url=self.origin,
                randomness=self.world.randomness,
                guard=PageGuard(self.hall, self.world.library, self.world.clock),  # type: ignore[arg-type]
                present=self.hall.session,
            ),
            [portal_blueprint(self._page_parts()), self._doors(), _plain_pages()],
        )

    def client(self) -> FlaskClient:
        """A browser that nobody knows."""
        return self.app.test_client()

    def signed_in(self, provider: str = "itsme", **proven: Any) -> FlaskClient:
        """A browser in which the person has logged in."""
        client = self.client()
        answer = post(client, f"/sign-in/{self._kind(provider)}/{provider}/start", at="/sign-in")
        assert answer.status_code == 303, answer.text
        return client

    def appoint(self, enterprise: str, role: Role = Role.USER, capacity: Capacity | None = None) -> str:
        """Appoint the person; returns the appointment's id."""
        since = Period(self.world.clock.at - LONG_AGO)
        appointment = Appointment(
            id=self.world.randomness.identifier(),
            enterprise=enterprise,
            person=self.person,
            role=role,
            capacity=capacity,
            domain=None,
            appointed_by=SERVER_OPERATOR,
            tie="",
            valid=since,
            activated_at=since.start,
        )
        self.world.record(appointment)
        return appointment.id

    def provider_with_mandators(self, how_many: int) -> tuple[str, list[str]]:
        """A service provider whose user the person is, with mandators in the portfolio."""
        number = self.world.enterprise(Capacity.SERVICE_PROVIDER)
        self.world.user(number, Capacity.SERVICE_PROVIDER, "dmfa:consult", person=self.person)
        with self.world.together():
            mandators = [self.world.enterprise(Capacity.EMPLOYER) for _ in range(how_many)]
            self.world.record(*(self._cover(one, number) for one in mandators))
        return number, mandators

    def _cover(self, mandator: str, mandatary: str) -> Cover:
        return Cover(
            id=f"{mandator}/dmfa-dimona",
            mandate=mandator,
            mandate_version=1,
            mandator=mandator,
            mandatary=mandatary,
            mandatary_capacity=Capacity.SERVICE_PROVIDER,
            group="dmfa-dimona",
            valid=Period(self.world.clock.at - LONG_AGO),
        )

    def _kind(self, provider: str) -> str:
        return self.gate.book.providers[provider].kind.value.replace("_", "-")

    def _hall_parts(self) -> HallParts:
        gate = self.gate
        return HallParts(
            sessions=gate.sessions,
            visits=gate.visits,
            sign_in=gate.sign_in,
            contexts=gate.contexts,
            farewells=gate.farewells,
            providers=gate.book,
            library=self.world.library,  # type: ignore[arg-type]
            clock=self.world.clock,
            language=lambda: chosen_language(request),
        )

    def _page_parts(self) -> PageParts:
        return PageParts(
            hall=self.hall,
            contexts=self.gate.contexts,
            sessions=self.gate.sessions,
            history=self.gate.history,
            farewells=self.gate.farewells,
            providers=self.gate.book,
            library=self.world.library,  # type: ignore[arg-type]
            farewell=Farewell(self.gate.farewells, self.gate.book),
            told=lambda login: self.told.get(login, ()),
            permissions=Permissions(self.world.archive, self.world.clock),
            represents_abroad=lambda _: False,
        )

    def _doors(self) -> Blueprint:
        """Doors of all kinds but passkeys: `start` proves the person, `?failed=<code>` fails."""
        doors = Blueprint("doors", __name__)

        @doors.post("/sign-in/<any('oidc', 'web-eid', eidas, password, 'one-time-code'):kind>/<provider>/start")
        @public("nobody is known before they log in")
        def start(kind: str, provider: str) -> Response:
            chosen = self.hall.provider(provider, ProviderKind(kind.replace("-", "_")))
            if "failed" in request.args:
                return self.hall.turned_away(chosen, request.args["failed"])
            return self.hall.welcome(self.gate.proven(self.niss, provider))

        return doors


def post(client: FlaskClient, path: str, *, at: str, **form: str) -> TestResponse:
    """Post a form as the page at `at` holds it, with its token."""
    shown = client.get(at)
    marked = shown.text.partition('name="csrf_token" value="')[2].partition('"')[0]
    assert marked, shown.text
    headers = {"Origin": origin_of(ORIGIN), "Sec-Fetch-Site": "same-origin"}
    return client.post(path, data={"csrf_token": marked, **form}, headers=headers)


def _plain_pages() -> Blueprint:
    """A page that asks much, and one that fails."""
    plain = Blueprint("plain", __name__)

    @plain.get("/high")
    @requires(SignedIn(minimum=Assurance.HIGH, keys=frozenset({LoginKey.EID, LoginKey.ITSME})))
    def high() -> str:
        return str(escape("as high as can be"))

    @plain.get("/broken")
    @public("a test breaks it")
    def broken() -> str:
        raise RuntimeError("broken on purpose")

    @plain.get("/elsewhere")
    @public("a test is led away")
    def elsewhere() -> Response:
        return redirect("https://idp.example/", 303)

    return plain
