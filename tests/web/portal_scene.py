"""The portal's plumbing with a door and pages of a test's own, on one archive; a browser keeps what it is given."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, Flask, Response, request
from flask.testing import FlaskClient
from werkzeug.test import TestResponse
from werkzeug.wrappers import Response as AnyResponse

from iam.domain.assurance import Assurance, LoginKey
from iam.domain.identifiers import CbeNumber
from iam.domain.login_providers import ProviderKind
from iam.domain.logins import PersonalData
from iam.domain.niss import Niss
from iam.domain.sessions import Acting, Session
from iam.web import markers
from iam.web.browser import SESSION_COOKIE, VISIT_COOKIE
from iam.web.browser_hall import BrowserHall, HallParts, TurnedAway
from iam.web.csrf import field, from_elsewhere
from iam.web.entry import Asks, PageGuard, SignedIn, Visitor
from iam.web.markers import public, requires
from iam.web.pace import Pace
from iam.web.portal import PortalParts, create_portal
from tests.services.login_scenes import Gate

ORIGIN = "https://localhost"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
_TOKEN = re.compile(r'name="csrf_token" value="([^"]*)"')


class Portal:
    """The application, the gate behind its hall, and what its pages showed last."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.kept: Any = None
        self._pace = Pace()
        self.restart()

    def restart(self) -> None:
        """Build everything anew on the same archive."""
        self.gate.restart()
        gate, world = self.gate, self.gate.world
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
                language=lambda: "en",
                pace=self._pace,
            )
        )
        parts = PortalParts(
            base_url=ORIGIN,
            randomness=world.randomness,
            guard=PageGuard(self.hall, world.library, world.clock),
            present=lambda: None,
        )
        self.app: Flask = create_portal(parts, [_pages(self), _door(self)])

    def pace(self, at_once: int, a_second: float) -> None:
        """Let an address begin no more logins than these."""
        self._pace = Pace(at_once, a_second)
        self.restart()

    def browser(self) -> Visitation:
        """A browser that was never here."""
        return Visitation(self, self.app.test_client())


@dataclass
class Visitation:
    """One browser at the portal."""

    portal: Portal
    client: FlaskClient

    def get(self, path: str, **sent: Any) -> TestResponse:
        """Open a page."""
        return self.client.get(
            path, base_url=ORIGIN, headers={"User-Agent": FIREFOX, **sent.pop("headers", {})}, **sent
        )

    def post(self, path: str, form: dict[str, Any] | None = None, **sent: Any) -> TestResponse:
        """Send a form of a page of ours, with its token."""
        data = {"csrf_token": self.token(), **(form or {})}
        told = {"User-Agent": FIREFOX, "Origin": ORIGIN, "Sec-Fetch-Site": "same-origin", **sent.pop("headers", {})}
        return self.client.post(path, base_url=ORIGIN, data=data, headers=told, **sent)

    def token(self) -> str:
        """The token in the forms that this browser is shown."""
        found = _TOKEN.search(self.get("/sign-in").text)
        return found[1] if found else ""

    def login(self, niss: Niss | None, provider: str = "itsme", state: str = "s", **more: str) -> TestResponse:
        """Log in by the test's door; without a number as somebody whom only the provider has a name for."""
        self.post(f"/sign-in/test/{provider}/start", {"state": state})
        number = niss.value if niss else ""
        return self.get(f"/sign-in/test/{provider}/callback", query_string={"state": state, "number": number, **more})

    def cookie(self, name: str = SESSION_COOKIE) -> str:
        """What the browser holds; empty for nothing."""
        held = self.client.get_cookie(name, domain="localhost")
        return held.value if held else ""

    def hold(self, name: str, value: str) -> None:
        """Put a cookie into the browser."""
        self.client.set_cookie(name, value, domain="localhost", secure=True, httponly=True)

    def session(self) -> Session | None:
        """The living session that the browser holds."""
        return self.portal.gate.sessions.find(self.cookie())

    @property
    def visit(self) -> str:
        """The secret of its visit."""
        return self.cookie(VISIT_COOKIE)


def _pages(portal: Portal) -> Blueprint:
    """The first page, the choice of keys, a page that asks for much, and one that changes something."""
    blueprint = Blueprint("pages", __name__)

    @blueprint.get("/")
    @requires(SignedIn())
    def first() -> str:
        who = markers.caller()
        assert isinstance(who, Visitor)
        return f"{who.session.key.value} {who.session.acting.enterprise or 'citizen'}"

    @blueprint.get("/sign-in")
    @public("nobody is known before they log in")
    def sign_in() -> str:
        if request.args:
            portal.hall.arrive(**{name: request.args.get(name, "") for name in ("return_to", "service", "action")})
        portal.hall.here()
        wanted = portal.hall.wanted()
        keys = ",".join(sorted(wanted.keys))
        return f"{field()} wants {wanted.minimum.label} [{keys}] again={wanted.again} why={portal.hall.why()}"

    @blueprint.route("/papers", methods=["GET", "POST"])
    @requires(SignedIn(minimum=Assurance.SUBSTANTIAL, keys=frozenset({LoginKey.ITSME, LoginKey.EID})))
    def papers() -> str:
        if request.method == "POST":
            return f"done {request.form['quarter']}"
        portal.kept = portal.hall.kept_form()
        return f"papers {request.args.get('page', '')}"

    _add_acts(blueprint, portal)
    return blueprint


def _add_acts(blueprint: Blueprint, portal: Portal) -> None:
    """Pages that only change something, and where a failed login leads."""

    @blueprint.post("/papers/burn")
    @requires(Asks("dimona", "declare"))
    def burn() -> str:
        return "burnt"

    @blueprint.post("/act-as")
    @requires(SignedIn())
    def act_as() -> str:
        portal.hall.act_as(Acting(enterprise=request.form["enterprise"]))
        return "acting"

    @blueprint.post("/represent")
    @requires(SignedIn())
    def represent() -> str:
        portal.hall.represent(CbeNumber.parse(request.form["enterprise"]))
        return "representing"

    @blueprint.post("/sign-out")
    @public("who is not logged in has nothing to lose by it")
    def sign_out() -> AnyResponse:
        return portal.hall.leave()

    blueprint.app_errorhandler(TurnedAway)(lambda refusal: (f"choose again: {refusal.code}", 403))


def _door(portal: Portal) -> Blueprint:
    """A door whose provider says whatever the test wants."""
    blueprint = Blueprint("door", __name__, url_prefix="/sign-in/test/<name>")
    kinds = {name: one.kind for name, one in portal.gate.book.providers.items()}

    @blueprint.post("/start")
    @public("anybody may begin to log in")
    def start(name: str) -> str:
        portal.hall.begin(portal.hall.provider(name, kinds[name]), request.form["state"], {"nonce": "n"})
        return "begun"

    @blueprint.get("/callback")
    @public("the answer is known by the browser that began")
    def callback(name: str) -> AnyResponse:
        return _answered(portal, name, kinds[name], request.args)

    @blueprint.post("/acs")
    @from_elsewhere("a provider's answer comes by the browser", by_browser=True)
    @public("the answer is known by the browser that began")
    def acs(name: str) -> AnyResponse:
        return _answered(portal, name, kinds[name], request.form)

    @blueprint.post("/told")
    @from_elsewhere("a provider's server tells of a log-out", by_browser=False)
    @public("it proves itself who sends it")
    def told(name: str) -> Response:
        return Response(name)

    return blueprint


def _answered(portal: Portal, name: str, kind: ProviderKind, told: Any) -> AnyResponse:
    provider = portal.hall.provider(name, kind)
    if portal.hall.take(provider, told["state"]) != {"nonce": "n"}:
        return portal.hall.turned_away(provider, "not_begun_here", "no such login")
    number = told.get("number", "")
    changed: dict[str, Any] = {"logout_hint": "hint", "reference": told.get("reference") or told["state"]}
    if number:
        return portal.hall.welcome(portal.gate.proven(Niss.parse(number), name, **changed))
    named = PersonalData(family_name="Tamm", given_name="Mari", born=None)
    proven = portal.gate.proven(Niss.parse("85073003328"), name, **changed, subject="EE/BE/1", personal=named)
    return portal.hall.welcome(replace(proven, niss=None))
