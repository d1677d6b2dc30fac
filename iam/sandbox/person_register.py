"""The register of persons as the sandbox plays it: the change feed of its people's numbers."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from flask import Blueprint, Response, abort, jsonify, request

from iam.domain.errors import NotFound
from iam.domain.identifiers import Niss
from iam.domain.periods import format_instant
from iam.domain.persons import NumberReplaced
from iam.ports import Clock
from iam.sandbox.numbers import is_sandbox_niss


class PersonRegister:
    """Which numbers gave way to others; the port of the house is played by it directly, too."""

    def __init__(self, clock: Clock) -> None:
        """Open the register, in which nothing was replaced yet."""
        self._clock = clock
        self._turn = threading.Lock()
        self._feed: list[NumberReplaced] = []

    def changes_after(self, sequence: int, limit: int) -> Sequence[NumberReplaced]:
        """The changes that follow a sequence number, in order, at most `limit`."""
        with self._turn:
            return self._feed[sequence : sequence + limit]

    def replace_number(self, former: Niss, present: Niss) -> int:
        """Replace a person's number now; returns the line's number in the feed.

        NotFound for numbers that are not of the sandbox country.
        """
        if not (is_sandbox_niss(former) and is_sandbox_niss(present)):
            raise NotFound("not_found", "Nobody of the sandbox country has this number.")
        with self._turn:
            place = len(self._feed) + 1
            self._feed.append(NumberReplaced(sequence=place, former=former, present=present, at=self._clock.now()))
            return place


def person_register_door(register: PersonRegister) -> Blueprint:
    """The feed over HTTP."""
    door = Blueprint("person_register", __name__)

    @door.get("/changes")
    def changes() -> Response:
        after, limit = (request.args.get(name, type=int) for name in ("after", "limit"))
        if after is None or limit is None or after < 0 or limit < 1:
            abort(400)
        return jsonify(changes=[_line(one) for one in register.changes_after(after, limit)])

    return door


def _line(one: NumberReplaced) -> dict[str, object]:
    return {
        "sequence": one.sequence,
        "kind": "number_replaced",
        "former": one.former.value,
        "present": one.present.value,
        "at": format_instant(one.at),
    }
