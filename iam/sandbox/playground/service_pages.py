"""A declaration service's own pages: what somebody may do there, and the signals that it hears."""

from __future__ import annotations

from flask import Blueprint, abort, jsonify, render_template, request
from werkzeug.wrappers import Response

from iam.sandbox.declaration_service.exchanges import FlowBroken
from iam.sandbox.declaration_service.messages import decoded
from iam.sandbox.declaration_service.signal_tokens import MOST_CHARACTERS, TYPE, SignalEarly, SignalRefused
from iam.sandbox.playground.pages import SIGNALS, Playground

SHOWN = 20
"""Signals on a page."""


def service_blueprint(playground: Playground) -> Blueprint:
    """The pages, and where signals are pushed; register the blueprint beside that of the flows."""
    door = Blueprint("declaration_services", __name__, template_folder="templates")

    @door.get("/flows/<name>/service")
    def visit(name: str) -> Response | str:
        trial = playground.trials.get(name) or abort(404)
        service = playground.services.get(trial.flow.client.alias) or abort(404)
        visit = service.visits.get(name) or abort(404)
        standing = visit.standing(service.listens)
        page = render_template(
            "service.html", service=service, visit=visit, standing=standing, trial=trial, heard=list(service.heard)
        )
        return Response(page, 200 if standing.allowed else 403, mimetype="text/html")

    @door.get(f"{SIGNALS}/<alias>")
    def signals(alias: str) -> str:
        service = playground.services.get(alias) or abort(404)
        heard = [(one, decoded(one.signal.token)) for one in list(service.heard)[:SHOWN]]
        return render_template("signals.html", service=service, heard=heard, messages=list(service.stream.messages))

    @door.post(f"{SIGNALS}/<alias>")
    def push(alias: str) -> tuple[Response, int]:
        service = playground.services.get(alias) or abort(404)
        try:
            service.pushed(_pushed(), request.headers.get("Authorization", ""))
        except SignalRefused as refused:
            return jsonify(err=refused.err, description=refused.description), 400
        except (FlowBroken, SignalEarly):
            return Response(), 503
        return Response(), 202

    return door


def _pushed() -> str:
    """The token in a request (RFC 8935 §2.1). SignalRefused where it is none."""
    if request.mimetype != f"application/{TYPE}":
        raise SignalRefused("invalid_request", f"Send application/{TYPE}.")
    octets = request.get_data(cache=False)
    if len(octets) > MOST_CHARACTERS or not octets.isascii():
        raise SignalRefused("invalid_request", "This is no security event token.")
    return octets.decode("ascii")
