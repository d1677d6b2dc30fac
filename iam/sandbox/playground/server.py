"""The playground on a port of its own, beside the identity providers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from iam.ports import Clock
from iam.sandbox.playground.pages import Playground, playground_blueprint
from iam.sandbox.playground.service_pages import service_blueprint
from iam.sandbox.serving import serving
from iam.sandbox.state_systems import MAX_BODY_OCTETS, only_this_machine


@contextmanager
def playing_declaration_services(clock: Clock, issuer: str, port: int = 0) -> Iterator[Playground]:
    """Run the playground on this machine while the block runs.

    Args:
        issuer: the address of the service to which its clients connect.
        port: where to listen; one that is taken, and 0, stand for any free one.
    """
    made: list[Playground] = []

    def make_app(url: str) -> Flask:
        app = Flask("iam.sandbox.playground")
        app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_OCTETS
        app.before_request(only_this_machine)
        made.append(Playground(url=url, issuer=issuer, clock=clock))
        app.register_blueprint(playground_blueprint(made[0]))
        app.register_blueprint(service_blueprint(made[0]))
        return app

    with serving(make_app, port):
        yield made[0]
