"""Known browsers: who tries a password, from where, and the cookie by which the owner's own browser is known."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from flask import request
from werkzeug.wrappers import Response

from iam.services.slowed_tries import DEVICE_LIFE, TooManyTries, Trier
from iam.web.problems import Problem, ProblemAnswer, ProblemType

COOKIE: Final = "__Host-procura-device"
ADDRESS_HEADER: Final = "X-Client-Address"
"""In which the proxy in front tells the network address of its client, in the place of what the client sends."""
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_CUSTOMER_BITS: Final = 64
"""Of an IPv6 address, the part that a customer does not choose."""


def trier() -> Trier:
    """Who sends the present request, as far as its address and cookie tell."""
    device = request.cookies.get(COOKIE, "")
    return Trier(address=_address(), device=device if _SECRET.fullmatch(device) else "")


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


def _address() -> str:
    """The client's address; empty when only that of a proxy is known, whose clients would be counted as one."""
    peer = _read(request.remote_addr or "")
    if peer is None or not (peer.is_loopback or peer.is_private):
        return _written(peer)
    return _written(_read(request.headers.get(ADDRESS_HEADER, "")))


def _read(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _written(address: IPv4Address | IPv6Address | None) -> str:
    if isinstance(address, IPv6Address):
        return f"{int(address) >> _CUSTOMER_BITS:x}"
    return "" if address is None else str(address)
