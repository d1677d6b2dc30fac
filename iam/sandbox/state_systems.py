"""The state's systems as the sandbox plays them over HTTP: enterprise register, employer directory, login source."""

from __future__ import annotations

import ipaddress
import time
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from flask import Blueprint, Flask, Response, abort, jsonify, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from iam.domain.assurance import Assurance, LoginKey
from iam.domain.enterprises import DirectoryChange, Representative
from iam.domain.errors import NotFound, Refusal
from iam.domain.identifiers import CbeNumber, Niss
from iam.domain.periods import format_instant
from iam.sandbox.login_source import LEVELS, LoginSource
from iam.sandbox.numbers import is_sandbox_niss
from iam.sandbox.registers import Registers

REGISTER, DIRECTORY, PERSONS, LOGIN = "/enterprise-register", "/employer-directory", "/person-register", "/login"
SILENCE_SECONDS = 10
MAX_BODY_OCTETS = 65_536


class Mood(StrEnum):
    """How the enterprise register treats a question."""

    ANSWERS = "answers"
    REFUSES = "refuses"
    """503."""
    SILENT = "silent"
    """Nothing for longer than anybody waits."""


@dataclass(slots=True)
class Weather:
    """What a test may switch: everything else stands in the registers."""

    register: Mood = Mood.ANSWERS


class LoginOrder(BaseModel):
    """What POST /login takes: who, with which key, at which level, and which client will present the testimony."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    niss: str
    azp: str = Field(min_length=1, max_length=200)
    key: str = "eid"
    acr: str | None = None
    """Absent: the level that the key reaches."""
    seconds_ago: int = Field(default=0, ge=0, le=31_536_000)


def state_systems(registers: Registers, source: LoginSource, weather: Weather) -> Flask:
    """The web application of the three systems; it answers this machine alone."""
    app = Flask("iam.sandbox.state_systems")
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_OCTETS
    app.before_request(only_this_machine)
    app.register_error_handler(Refusal, refused)
    app.register_error_handler(ValidationError, refused)
    app.register_blueprint(_register(registers, weather), url_prefix=REGISTER)
    app.register_blueprint(_directory(registers), url_prefix=DIRECTORY)
    app.register_blueprint(_login(source), url_prefix=LOGIN)
    return app


def refused(error: Exception) -> tuple[Response, int]:
    """A refusal as JSON: 404 for what is not there, 400 for what cannot be read."""
    if isinstance(error, Refusal):
        return jsonify(code=error.code, detail=error.detail), 404 if isinstance(error, NotFound) else 400
    return jsonify(code="invalid_request", detail="The members of this request are not those that it takes."), 400


def only_this_machine() -> None:
    """Refuse other machines, and pages of other sites whose name was pointed at this one."""
    host = (request.host or "").rsplit(":", 1)[0].strip("[]")
    for name in (request.remote_addr or "", "127.0.0.1" if host == "localhost" else host):
        if not _loopback(name):
            abort(403)


def _loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _register(registers: Registers, weather: Weather) -> Blueprint:
    door = Blueprint("enterprise_register", __name__)

    @door.get("/enterprises/<number>")
    def extract(number: str) -> Response:
        if weather.register is Mood.SILENT:
            time.sleep(SILENCE_SECONDS)
        if weather.register is not Mood.ANSWERS:
            abort(503)
        found = registers.extract(CbeNumber.parse(number).value)
        return jsonify(
            enterprise=found.enterprise,
            exists=found.exists,
            ceased_at=format_instant(found.ceased_at) if found.ceased_at else None,
            required_signatures=found.required_signatures,
            representatives=[_listed(one) for one in found.representatives],
        )

    return door


def _listed(one: Representative) -> dict[str, str | None]:
    end = format_instant(one.valid.end) if one.valid.end else None
    return {"niss": one.niss, "function": one.function, "from": format_instant(one.valid.start), "until": end}


def _directory(registers: Registers) -> Blueprint:
    door = Blueprint("employer_directory", __name__)

    @door.get("/changes")
    def changes() -> Response:
        after, limit = (request.args.get(name, type=int) for name in ("after", "limit"))
        if after is None or limit is None or after < 0 or limit < 1:
            abort(400)
        return jsonify(changes=[_line(one) for one in registers.changes_after(after, limit)])

    return door


def _line(change: DirectoryChange) -> dict[str, Any]:
    number = {"kind": change.employer_number_kind, "value": change.employer_number}
    return {
        "sequence": change.sequence,
        "kind": change.kind.value,
        "enterprise": change.enterprise,
        "capacity": change.capacity.value if change.capacity else None,
        "employer_number": number if change.employer_number else None,
        "at": format_instant(change.at),
    }


def _login(source: LoginSource) -> Blueprint:
    door = Blueprint("login_source", __name__)

    @door.get("/jwks")
    def jwks() -> Response:
        return jsonify(source.jwks())

    @door.post("")
    def login() -> Response:
        order = LoginOrder.model_validate(request.get_json())
        niss = Niss.parse(order.niss)
        if not is_sandbox_niss(niss):
            raise NotFound("not_found", "Nobody of the sandbox country has this number.")
        key = LoginKey.parse(order.key)
        level = LEVELS[key] if order.acr is None else Assurance.parse(order.acr)
        token = source.testimony(niss, key, level, order.azp, ago=timedelta(seconds=order.seconds_ago))
        return jsonify(token=token)

    return door
