"""The floor: Flask that answers every question with a constant, under the server that `procura serve` uses."""

from __future__ import annotations

import sys
from wsgiref.types import WSGIApplication

from flask import Flask, Response
from granian import Granian
from granian.constants import Interfaces

from iam.api.evaluation import EVALUATION_PATH

ANSWER = b'{"decision":true,"context":{}}'


def create() -> WSGIApplication:
    """An application with one route."""
    app = Flask("floor")

    @app.post(EVALUATION_PATH)
    def evaluation() -> Response:
        return Response(ANSWER, content_type="application/json")

    return app


def serve(port: int) -> None:
    """Serve it until stopped, with the options of `procura serve`."""
    Granian(
        "tests.bench.floor:create",
        factory=True,
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        websockets=False,
        log_access=False,
    ).serve()


if __name__ == "__main__":
    serve(int(sys.argv[1]))
