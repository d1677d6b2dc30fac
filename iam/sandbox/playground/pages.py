"""The pages of the playground: which client, what it asks for, and then one message after the other."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from flask import Blueprint, abort, redirect, render_template, request
from werkzeug.wrappers import Response

from iam.domain.client_metadata import OFFLINE
from iam.domain.clients import Profile
from iam.ports import Clock
from iam.sandbox.declaration_service.code_flow import CodeFlow
from iam.sandbox.declaration_service.exchanges import FlowBroken
from iam.sandbox.declaration_service.listening import ListeningService, may_listen
from iam.sandbox.declaration_service.signal_streams import SCOPE
from iam.sandbox.login_services import CALLBACK
from iam.sandbox.software import LoginSide, SandboxClient

MOST: Final = 100
"""Flows that are kept; older ones make room."""
ASKED: Final = (
    "prompt",
    "max_age",
    "acr_values",
    "login_hint",
    "ui_locales",
    "response_mode",
    "claims",
    "authorization_details",
)
"""Parameters that may be tried beside the scopes."""
SIGNALS: Final = "/signals"
"""Under which each service has the page of its signals, and takes those that are pushed."""
ABOUT: Final[Mapping[Profile, str]] = {
    Profile.DEFAULT: "FAPI 2.0: pushed requests, PKCE, private_key_jwt, tokens bound to a key where the service binds.",
    Profile.OLDER: "An older edition: the browser carries the request, PKCE is still a must.",
    Profile.OIDC_BASIC: "OpenID Connect's basic profile: a secret, no PKCE, and nothing but who somebody is.",
}


@dataclass(slots=True)
class Trial:
    """A flow that somebody tries, with what went wrong in it last."""

    id: str
    flow: CodeFlow
    declares: bool
    """Whether the service is one of declarations, with a page for who logged in."""
    trouble: str = ""

    @property
    def steps(self) -> list[tuple[str, str]]:
        """What can be done next: the step, and what its button says."""
        if not self.flow.code:
            return []
        if not self.flow.tokens:
            return [("redeem", "Redeem the code")]
        uses = [("visit", "Use the service")] if self.declares else []
        renews = [("refresh", "Refresh")] if "refresh_token" in self.flow.tokens else []
        leaves = [("log_out", "Log out")] if "end_session_endpoint" in self.flow.metadata else []
        asks = [("userinfo", "Ask userinfo"), ("introspect", "Introspect the access token")]
        again = [("redeem", "Redeem the code a second time"), ("revoke", "Give the tokens up")]
        return [*uses, *asks, *renews, *leaves, *again]


@dataclass(slots=True)
class Playground:
    """Where it is, which clients it plays, and the flows that are being tried."""

    url: str
    issuer: str
    clock: Clock
    clients: dict[str, SandboxClient] = field(default_factory=dict)
    trials: dict[str, Trial] = field(default_factory=dict)
    services: dict[str, ListeningService] = field(default_factory=dict)
    """Those that handle declarations, by the alias of their client."""

    def admit(self, clients: list[SandboxClient]) -> None:
        """Play those clients to which people log in on the web."""
        self.clients = {one.alias: one for one in clients if _of_web(one, self.url)}
        declaring = [one for one in self.clients.values() if may_listen(one)]
        self.services = {one.alias: ListeningService(one, self.issuer, self.clock) for one in declaring}

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Have the services hear signals while the block runs: pushed by FAPI 2.0, polled by the older ones.

        FlowBroken when the service does not let them listen.
        """
        try:
            for alias, one in self.services.items():
                if one.login.profile is Profile.DEFAULT:
                    one.open_push(f"{self.url}{SIGNALS}/{alias}")
                else:
                    one.open_poll()
            yield
        finally:
            for one in self.services.values():
                one.stop()

    def start(self, alias: str, scope: str, more: Mapping[str, str]) -> Trial:
        """Begin a flow. KeyError for a client that is not here."""
        flow = CodeFlow(self.clients[alias], self.issuer, self.clock, self.url + CALLBACK)
        trial = Trial(secrets.token_urlsafe(12), flow, alias in self.services)
        while len(self.trials) >= MOST:
            self.trials.pop(next(iter(self.trials)))
        self.trials[trial.id] = trial
        _tried(trial, flow.discover)
        if not trial.trouble:
            _tried(trial, lambda: flow.begin(scope, **more))
        return trial

    def come_back(self, told: Mapping[str, str]) -> Trial | None:
        """Give an answer to the flow whose state it has; None when there is none."""
        trial = next((one for one in self.trials.values() if one.flow.state == told.get("state")), None)
        if trial is not None:
            _tried(trial, lambda: trial.flow.come_back(told))
        return trial

    def go_on(self, trial: Trial, step: str) -> str:
        """Take a step; returns the address to which the browser is sent for it, if it is one of the browser's."""
        flow = trial.flow
        if step == "log_out":
            return flow.farewell(self.url + "/")
        if step == "visit":
            return f"/flows/{trial.id}/service"
        steps: dict[str, Callable[[], object]] = {
            "redeem": flow.redeem,
            "userinfo": flow.ask_userinfo,
            "introspect": flow.introspect,
            "refresh": flow.refresh,
            "revoke": flow.revoke,
        }
        _tried(trial, steps[step])
        if step == "redeem" and trial.declares and not trial.trouble:
            self.services[flow.client.alias].admit(trial.id, flow)
        return ""


def playground_blueprint(playground: Playground) -> Blueprint:
    """The pages; register the blueprint at the root of an application of its own."""
    door = Blueprint("playground", __name__, template_folder="templates")

    @door.get("/")
    def choice() -> str:
        shown = [(one, one.login, ABOUT[one.login.profile]) for one in playground.clients.values() if one.login]
        return render_template("choice.html", playground=playground, shown=shown, preset=_preset)

    @door.post("/flows")
    def start() -> Response:
        form = request.form
        if form.get("client") not in playground.clients:
            abort(400)
        more = {name: form.get(name, "").strip() for name in ASKED}
        trial = playground.start(form["client"], " ".join(form.getlist("scope")), more)
        return redirect(f"/flows/{trial.id}", 303)

    @door.get("/flows/<name>")
    def flow(name: str) -> str:
        trial = playground.trials.get(name) or abort(404)
        return render_template("flow.html", playground=playground, trial=trial, flow=trial.flow)

    @door.post("/flows/<name>")
    def go_on(name: str) -> Response:
        trial, step = playground.trials.get(name) or abort(404), request.form.get("step", "")
        if step not in [one for one, _ in trial.steps]:
            abort(400)
        return redirect(playground.go_on(trial, step) or f"/flows/{name}#last", 303)

    @door.route(CALLBACK, methods=["GET", "POST"])
    def callback() -> Response:
        trial = playground.come_back(request.form if request.method == "POST" else request.args) or abort(400)
        return redirect(f"/flows/{trial.id}#last", 303)

    return door


def _tried(trial: Trial, act: Callable[[], object]) -> None:
    try:
        act()
        trial.trouble = ""
    except FlowBroken as broken:
        trial.trouble = str(broken)


def _of_web(client: SandboxClient, url: str) -> bool:
    return client.login is not None and url + CALLBACK in client.login.redirect_uris


def _preset(login: LoginSide) -> list[tuple[str, bool]]:
    """The scopes of a client, and whether they are asked unless somebody says otherwise."""
    return [(scope, scope not in (OFFLINE, "egovNRN")) for scope in login.scopes if scope != SCOPE]
