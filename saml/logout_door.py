"""The door by which log-outs go to SAML identity providers and come from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import structlog
from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from iam.domain.errors import Conflict
from iam.domain.login_providers import LoginProvider, ProviderKind
from iam.web import pages
from iam.web.csrf import from_elsewhere
from iam.web.entry import SIGN_IN_PATH
from iam.web.hall import Hall
from iam.web.limits import set_largest_body
from iam.web.markers import public
from saml.correspondence import Leaving
from saml.farewells import SamlFarewells
from saml.logout_orders import LogoutOrders
from saml.logout_reading import Sent
from saml.outcomes import LOGOUT_REFUSED, LOGOUT_UNCONFIRMED, written_out
from saml.posted import LARGEST_ANSWER, fields_of, one, posted
from saml.redirect_binding import LONGEST_QUERY
from saml.refusals import SamlRefused

_PLACE: Final = "/sign-in/saml/<provider>"
_SEALED: Final = public("what it shows was sealed for who logged out a moment ago")
_BY_ITSELF: Final = public("a request to end sessions proves by its signature who sends it")
_ANSWER: Final = public("an answer is known by the browser and the log-out that it answers")
_BY_PROVIDER: Final = from_elsewhere("an identity provider tells of a log-out", by_browser=False)
_BY_BROWSER: Final = from_elsewhere("an identity provider answers through the person's browser", by_browser=True)
_log: Final = structlog.get_logger("saml")


@dataclass(frozen=True, slots=True)
class Logouts:
    """Both directions of logging out with SAML identity providers."""

    farewells: SamlFarewells
    orders: LogoutOrders


def add_logouts(blueprint: Blueprint, hall: Hall, logouts: Logouts) -> None:
    """The page that leads to the provider, and the addresses for its requests and its answers."""

    def farewell(provider: str) -> AnyResponse:
        """Lead on to the provider; the session here has ended already."""
        chosen = hall.provider(provider, ProviderKind.SAML)
        try:
            leaving = logouts.farewells.leave(chosen, request.args.get("told", ""))
        except SamlRefused as refused:
            return hall.turned_away(chosen, LOGOUT_UNCONFIRMED, written_out(refused))
        hall.begin(chosen, leaving.relay_state, leaving.details)
        return _onwards(chosen, leaving)

    def logout(provider: str) -> AnyResponse:
        return _obey(hall.provider(provider, ProviderKind.SAML), hall, logouts.orders)

    def logged_out(provider: str) -> AnyResponse:
        return _conclude(hall.provider(provider, ProviderKind.SAML), hall, logouts.farewells)

    for view in (logout, logged_out):
        set_largest_body(view, LARGEST_ANSWER)
    told = {"farewell": _SEALED(farewell), "logout": _BY_ITSELF(_BY_PROVIDER(logout))}
    told["logged-out"] = _ANSWER(_BY_BROWSER(logged_out))
    for place, view in told.items():
        methods = ["GET"] if place == "farewell" else ["GET", "POST"]
        blueprint.add_url_rule(f"{_PLACE}/{place}", place.replace("-", "_"), view, methods=methods)


def _conclude(provider: LoginProvider, hall: Hall, farewells: SamlFarewells) -> AnyResponse:
    """Take the provider's answer to what this browser carried there."""
    try:
        answer, state = farewells.answered(provider, _sent("SAMLResponse"))
        details = hall.take(provider, state)
        if details is None or "logout" not in details:
            raise SamlRefused("not_begun_here")
        farewells.conclude(provider, answer, details)
    except SamlRefused as refused:
        return hall.turned_away(provider, LOGOUT_UNCONFIRMED, written_out(refused))
    return redirect(f"{SIGN_IN_PATH}?signed_out=yes", 303)


def _obey(provider: LoginProvider, hall: Hall, orders: LogoutOrders) -> AnyResponse:
    """End what a provider names, and lead the browser back there with our answer."""
    try:
        ended, leaving = orders.obey(provider, _sent("SAMLRequest"))
    except SamlRefused as refused:
        return hall.turned_away(provider, LOGOUT_REFUSED, written_out(refused))
    except Conflict as replayed:
        return hall.turned_away(provider, LOGOUT_REFUSED, replayed.code)
    _log.info("logout_obeyed", provider=provider.id, ended=ended)
    return _onwards(provider, leaving) if leaving.message else redirect(leaving.address, 303)


def _onwards(provider: LoginProvider, leaving: Leaving) -> Response:
    """The page from which the browser carries a message to the provider."""
    return pages.show(
        "saml_farewell.html",
        scripts=True,
        form_to=[leaving.address],
        provider=provider,
        address=leaving.address,
        fields=fields_of(leaving),
    )


def _sent(field: str) -> Sent:
    """The message of the present request, by whichever binding. SamlRefused: `too_large`, `not_base64`."""
    if request.method == "POST":
        return Sent(octets=posted(field), relay_state=one("RelayState"))
    query = request.query_string[: LONGEST_QUERY + 1].decode("latin-1")
    return Sent(query=query or "&")
