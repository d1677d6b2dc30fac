"""An issuer for tests of a receiver: it says what the test wants, and keeps what the receiver asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, jsonify, request

from iam.sandbox.serving import serving
from tests.oidc.jose_material import forge
from tests.sandbox.signal_material import EMPLOYER, HEADER, KEYS, NOW, PERSON, PROVIDER, SERVICE, SID, TOKEN_ID, claims

DECLARE = "scope:dimona:declaration:declare"


def nothing() -> None:
    """What happens while a question is answered, unless a test says otherwise."""


@dataclass(slots=True)
class PlayedIssuer:
    """What it says, and what it was asked."""

    url: str = ""
    active: bool = True
    refreshes: bool = False
    """Whether a refresh token still gives something."""
    silent: bool = False
    """Whether polls are answered with an error."""
    waiting: dict[str, str] = field(default_factory=dict)
    """Signals to be polled, by their name."""
    meanwhile: Callable[[], None] = nothing
    """What happens between a question about a token and its answer."""
    introspected: int = 0
    polls: list[dict[str, Any]] = field(default_factory=list)
    opened: dict[str, Any] = field(default_factory=dict)
    states: list[str] = field(default_factory=list)

    def signal(self, **changed: object) -> str:
        """A token that this issuer signed."""
        return forge(dict(HEADER), claims(**{"iss": self.url, **changed}))

    def tokens(self) -> dict[str, Any]:
        """The tokens of a login that is over, for the provider in the name of the employer."""
        person = forge(dict(HEADER), {"sub": PERSON, "sid": SID})
        details = [{"type": "procura_mandator", "mandator": EMPLOYER, "employer": EMPLOYER, "enterprise": PROVIDER}]
        access = forge(dict(HEADER), {"jti": TOKEN_ID})
        return {"id_token": person, "access_token": access, "authorization_details": details, "token_type": "Bearer"}


@contextmanager
def playing_issuer() -> Iterator[PlayedIssuer]:
    """Run it on this machine while the block runs."""
    played = PlayedIssuer()

    def make_app(url: str) -> Flask:
        played.url = url
        app = Flask("played_issuer")
        _oauth(app, played)
        _signals(app, played)
        return app

    with serving(make_app):
        yield played


def _oauth(app: Flask, played: PlayedIssuer) -> None:
    @app.get("/.well-known/<_name>")
    def metadata(_name: str) -> Response:
        names = ("token", "introspection", "configuration", "status", "verification")
        endpoints = {f"{name}_endpoint": f"{played.url}/{name}" for name in names}
        return jsonify(issuer=played.url, jwks_uri=f"{played.url}/jwks", **endpoints)

    @app.get("/jwks")
    @app.get("/oauth2/jwks")
    def jwks() -> Response:
        return jsonify(KEYS)

    @app.post("/token")
    def token() -> tuple[Response, int]:
        if request.form["grant_type"] == "refresh_token":
            if not played.refreshes:
                return jsonify(error="invalid_grant"), 400
            played.active, played.refreshes = True, False
        return jsonify(access_token=forge(dict(HEADER), {"jti": "new"}), expires_in=300, token_type="Bearer"), 200

    @app.post("/introspection")
    def introspection() -> Response:
        active, played.introspected = played.active, played.introspected + 1
        played.meanwhile()
        return jsonify(
            {"active": True, "scope": f"openid {DECLARE}", "exp": NOW + 200} if active else {"active": False}
        )


def _signals(app: Flask, played: PlayedIssuer) -> None:
    @app.post("/configuration")
    def open_stream() -> tuple[Response, int]:
        played.opened = request.get_json()
        delivery = {"endpoint_url": f"{played.url}/poll", **played.opened["delivery"]}
        return jsonify(stream_id="stream-1", iss=played.url, aud=SERVICE, delivery=delivery), 201

    @app.post("/verification")
    def verification() -> tuple[Response, int]:
        played.states.append(request.get_json()["state"])
        return Response(), 204

    @app.get("/status")
    def status() -> Response:
        return jsonify(stream_id="stream-1", status="enabled")

    @app.post("/poll")
    def poll() -> tuple[Response, int]:
        if played.silent:
            return jsonify(err="out_of_order"), 500
        asked = request.get_json()
        played.polls.append(asked)
        for jti in (*asked.get("ack", []), *asked.get("setErrs", {})):
            played.waiting.pop(jti, None)
        return jsonify(sets=dict(played.waiting), moreAvailable=False), 200
