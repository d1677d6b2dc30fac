"""Known browsers: who tries a password, from where, and the cookie by which the owner's own browser is known."""

from __future__ import annotations

import re
from typing import Final

from flask import request
from werkzeug.wrappers import Response

from iam.services.slowed_tries import DEVICE_LIFE, TooManyTries, Trier
from iam.web.devices import address_of
from iam.web.problems import Problem, ProblemAnswer, ProblemType

COOKIE: Final = "__Host-procura-device"
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}")


def trier() -> Trier:
    """Who sends the present request, as far as its address and cookie tell."""
    device = request.cookies.get(COOKIE, "")
    return Trier(address=address_of(request), device=device if _SECRET.fullmatch(device) else "")


def remember(response: Response, secret: str) -> Response:
    """Give the browser of a successful login the secret by which its tries are counted apart from others'."""
    life = int(DEVICE_LIFE.total_seconds())
    response.set_cookie(COOKIE, secret, max_age=life, path="/", secure=True, httponly=True, samesite="Lax")
    return response


def too_many(wait: TooManyTries) -> ProblemAnswer:
    """The refusal of a try that comes too early: 429, the same for every account."""
    return ProblemAnswer(
        Problem(
            type=ProblemType.TOO_MANY_REQUESTS,
            code="too_many_tries",
            detail="There were too many tries: wait, then try again.",
            headers={"Retry-After": str(wait.retry_after)},
        )
    )
