"""The door of client certificates: to the host that asks for one, and back with what it proves."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, redirect, request
from werkzeug.exceptions import Unauthorized
from werkzeug.wrappers import Response

from iam.credentials.card_outcomes import STATUS_UNREACHABLE, not_now
from iam.credentials.certificate_login import PATH, CertificateLogin
from iam.credentials.flaws import Flaw
from iam.credentials.proxied_certificate import NotTheProxy
from iam.domain.login_providers import LoginProvider, ProviderKind
from iam.web.hall import Hall
from iam.web.markers import public

HANDOVER: Final = "certificate_handover"
_ANYBODY: Final = public("nobody is known before they log in")
_BY_PROXY: Final = public("nginx, known by its secret, tells which certificate the browser showed")


def certificate_blueprint(hall: Hall, login: CertificateLogin) -> Blueprint:
    """The door; register the blueprint without a prefix."""
    blueprint = Blueprint("certificate_login", __name__)
    _add_showing(blueprint, hall, login)
    _add_return(blueprint, hall, login)
    return blueprint


def _add_showing(blueprint: Blueprint, hall: Hall, login: CertificateLogin) -> None:
    @blueprint.post(f"{PATH}/<provider>/start")
    @_ANYBODY
    def start(provider: str) -> Response:
        chosen = hall.provider(provider, ProviderKind.CERTIFICATE)
        state, address = login.leave(chosen)
        hall.begin(chosen, state, {})
        return redirect(address, 303)

    @blueprint.get(f"{PATH}/<provider>/show")
    @_BY_PROXY
    def show(provider: str) -> Response:
        """On the host for certificates; 401 when it is not the configured nginx that speaks."""
        chosen = hall.provider(provider, ProviderKind.CERTIFICATE)
        try:
            return redirect(login.shown(chosen, request), 303)
        except NotTheProxy:
            raise Unauthorized from None


def _add_return(blueprint: Blueprint, hall: Hall, login: CertificateLogin) -> None:
    @blueprint.get(f"{PATH}/<provider>/refused")
    @_ANYBODY
    def refused(provider: str) -> Response:
        """Where nginx leads whose certificate it refuses by itself: one that expired, or is not for logging in."""
        chosen = hall.provider(provider, ProviderKind.CERTIFICATE)
        return hall.turned_away(chosen, Flaw.NOT_TAKEN, "the proxy did not take the certificate")

    @blueprint.get(f"{PATH}/<provider>/finish")
    @_ANYBODY
    def finish(provider: str) -> Response:
        """Back on the portal's host, in the browser that began."""
        chosen = hall.provider(provider, ProviderKind.CERTIFICATE)
        shown = login.fetched(chosen, request.args.get("ticket", ""))
        if shown is None or hall.take(chosen, shown.state) is None:
            return hall.turned_away(chosen, HANDOVER, "this browser began no such login, or finished it")
        proven = login.proven(chosen, shown)
        if proven is not None:
            return hall.welcome(proven)
        if shown.failure == STATUS_UNREACHABLE:
            return not_now(chosen, _start(chosen), shown.detail, [login.settings.of(chosen).address])
        return hall.turned_away(chosen, shown.failure, shown.detail)


def _start(provider: LoginProvider) -> str:
    return f"{PATH}/{provider.id}/start"
