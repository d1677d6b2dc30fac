"""The door of eIDAS nodes and of the federal service: choice of country, leave, answer, and our metadata."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from iam.domain.errors import InvalidInput
from iam.domain.login_providers import LoginProvider, ProviderKind
from iam.web import csrf, pages
from iam.web.csrf import from_elsewhere
from iam.web.entry import SIGN_IN_PATH
from iam.web.hall import Hall
from iam.web.limits import set_largest_body
from iam.web.markers import public
from saml.filter import documents
from saml.logout_door import Logouts, add_logouts
from saml.outcomes import told
from saml.posted import LARGEST_ANSWER, fields_of, one, posted
from saml.provider_settings import registration
from saml.refusals import SamlRefused
from saml.self_check import check_libraries
from saml.service_provider import Chosen, ServiceProvider

NAME: Final = "saml_login"
_ANYBODY: Final = public("anybody may begin to log in")
_ANSWER: Final = public("an answer is known by the browser and the login that it answers")
_FOR_ALL: Final = public("what identity providers must know to answer us")
_POSTED: Final = from_elsewhere("an identity provider answers through the person's browser", by_browser=True)


def saml_login_blueprint(hall: Hall, service_provider: ServiceProvider, logouts: Logouts) -> Blueprint:
    """The door; register the blueprint without a prefix. UnusableLibraries where those beneath do not fit."""
    check_libraries()
    blueprint = Blueprint(NAME, __name__)
    for kind in (ProviderKind.EIDAS, ProviderKind.SAML):
        _add_leaving(blueprint, hall, service_provider, kind)
        _add_answers(blueprint, hall, service_provider, kind)
    add_logouts(blueprint, hall, logouts)
    return blueprint


def _add_leaving(blueprint: Blueprint, hall: Hall, ourselves: ServiceProvider, kind: ProviderKind) -> None:
    def start(provider: str) -> AnyResponse:
        chosen = hall.provider(provider, kind)
        if kind is ProviderKind.EIDAS:
            return redirect(f"/sign-in/{kind.value}/{chosen.id}/country", 303)
        return _leave(hall, ourselves, chosen, Chosen())

    def country(provider: str) -> AnyResponse:
        chosen = hall.provider(provider, kind)
        settings = registration(chosen)
        if request.method == "GET":
            if not csrf.token():  # a browser that begins here has no token for the form: the choice of keys gives one
                return redirect(SIGN_IN_PATH, 303)
            return pages.show(
                "saml_country.html", provider=chosen, countries=settings.countries, enterprises=settings.enterprises
            )
        code, whom = request.form.get("country", ""), request.form.get("whom", "self")
        if code not in settings.countries:
            raise InvalidInput("unknown_country", "Choose one of the countries.", field="country")
        if whom not in ("self", "enterprise") or (whom == "enterprise" and not settings.enterprises):
            raise InvalidInput("unknown_choice", "Choose for whom you log in.", field="whom")
        return _leave(hall, ourselves, chosen, Chosen(country=code, enterprise=whom == "enterprise"))

    place = f"/sign-in/{kind.value}/<provider>"
    blueprint.add_url_rule(f"{place}/start", f"{kind.value}_start", _ANYBODY(start), methods=["POST"])
    if kind is ProviderKind.EIDAS:
        blueprint.add_url_rule(f"{place}/country", "country", _ANYBODY(country), methods=["GET", "POST"])


def _add_answers(blueprint: Blueprint, hall: Hall, ourselves: ServiceProvider, kind: ProviderKind) -> None:
    @_POSTED
    def acs(provider: str) -> AnyResponse:
        chosen = hall.provider(provider, kind)
        try:
            response = documents.response(posted("SAMLResponse"))
            details = hall.take(chosen, one("RelayState"))
            if details is None or "request" not in details:
                raise SamlRefused("not_begun_here")
            proven = ourselves.come_back(chosen, details, response)
        except SamlRefused as refused:
            return hall.turned_away(chosen, *told(refused))
        return hall.welcome(proven)

    def metadata(provider: str) -> AnyResponse:
        octets = ourselves.metadata(hall.provider(provider, kind))
        return Response(octets, content_type="application/samlmetadata+xml")

    set_largest_body(acs, LARGEST_ANSWER)
    place = f"/sign-in/{kind.value}/<provider>"
    blueprint.add_url_rule(f"{place}/acs", f"{kind.value}_acs", _ANSWER(acs), methods=["POST"])
    blueprint.add_url_rule(f"{place}/metadata", f"{kind.value}_metadata", _FOR_ALL(metadata))


def _leave(hall: Hall, ourselves: ServiceProvider, provider: LoginProvider, chosen: Chosen) -> AnyResponse:
    try:
        leaving = ourselves.leave(provider, hall.wanted(), chosen)
    except SamlRefused as refused:
        return hall.turned_away(provider, *told(refused))
    hall.begin(provider, leaving.relay_state, leaving.details)
    settings = registration(provider)
    return pages.show(
        "saml_leave.html",
        scripts=True,
        form_to=[leaving.address, *settings.origins],
        provider=provider,
        address=leaving.address,
        fields=fields_of(leaving) | ({settings.country_field: chosen.country} if chosen.country else {}),
    )
