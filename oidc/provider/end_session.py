"""The end-session endpoint: a service leads a person here to log out (OpenID Connect RP-Initiated Logout 1.0)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

import structlog
from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from iam.domain.authorization_grants import session_name
from iam.domain.sessions import Session
from iam.services.subjects import Subjects
from iam.web import leaving, pages
from iam.web.browser_hall import BrowserHall
from iam.web.csrf import from_elsewhere
from iam.web.leaving import Farewell, Onwards
from iam.web.markers import public
from iam.web.sent_forms import fields
from oidc.provider.authorization_parameters import LONGEST_STATE
from oidc.provider.errors import InvalidRequest
from oidc.provider.frontchannel_logout import ToldServices
from oidc.provider.id_tokens import IdTokenHint, OwnIdTokens
from oidc.provider.registrations import Registration, Registrations
from oidc.provider.strict_form import FORM, read_form

NAME: Final = "end_session"
LOGOUT_PATH: Final = "/connect/logout"
CONFIRMED_PATH: Final = "/connect/logout/confirmed"
LONGEST_FIELD: Final = 4_096
_log: Final = structlog.get_logger("oidc.provider")


@dataclass(frozen=True, slots=True, kw_only=True)
class EndSessionParts:
    """What the endpoint works with."""

    hall: BrowserHall
    registrations: Registrations
    own_id_tokens: OwnIdTokens
    subjects: Subjects
    told: ToldServices
    farewell: Farewell


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutRequest:
    """What a service asks, as far as it can be believed."""

    asker: Registration | None = None
    hint: IdTokenHint | None = None
    address: str = ""
    """Where the service wants the person back: one of its registered addresses, or empty."""
    state: str = ""
    refused: str = ""
    """The reason code for which part of the request is not followed; empty when all of it is."""

    @property
    def back(self) -> Onwards | None:
        """The way back to the service, with `state` as it was sent (§3)."""
        if self.asker is None or not self.address:
            return None
        joined = "&" if urlsplit(self.address).query else "?"
        state = f"{joined}{urlencode({'state': self.state}, quote_via=quote, safe='')}" if self.state else ""
        return Onwards(label=self.asker.client.label, address=self.address + state)


class EndSession:
    """Logs people out whom a service leads here."""

    def __init__(self, parts: EndSessionParts) -> None:
        self._parts = parts

    def arrive(self, sent: Mapping[str, str]) -> Response:
        """A browser comes with a service's request, in these steps:

        (1) the service is known by an ID token of ours, also an expired one, else by `client_id`; the address to
            return to is one that it registered, character for character;
        (2) when the ID token is of this very login, that ends at once;
        (3) otherwise the person is asked; who is not logged in is only told so.

        Where anything of (1) is not so, the person is asked, and led nowhere. Without an ID token the way back is one
        that the person chooses on our page. `logout_hint` is not followed.
        """
        asked = self._read(sent)  # (1)
        if asked.refused:
            asker = asked.asker.client.id if asked.asker else ""
            _log.warning("logout_refused", client=asker, error="invalid_request", code=asked.refused)
        held = self._parts.hall.held()
        if held is not None and not asked.refused and self._fits(held, asked):  # (2)
            return self._ended(held, asked)
        if self._parts.hall.session() is None:
            return self._ended(None, asked)
        return _question(asked)  # (3)

    def unread(self, reason: str) -> Response:
        """A browser comes with what cannot be read: the person is asked, and who is not logged in is told so."""
        _log.warning("logout_refused", client="", error="invalid_request", code=reason)
        asked = LogoutRequest(refused=reason)
        return self._ended(None, asked) if self._parts.hall.session() is None else _question(asked)

    def confirmed(self, sent: Mapping[str, str]) -> Response:
        """The person said yes; where they go from there is judged again."""
        return self._ended(self._parts.hall.session(), self._read(sent))

    def _read(self, sent: Mapping[str, str]) -> LogoutRequest:
        hint, client_id = None, sent.get("client_id", "")
        if "id_token_hint" in sent:
            hint = self._parts.own_id_tokens.hinted(sent["id_token_hint"])
            if hint is None or client_id not in ("", hint.client):
                return LogoutRequest(refused="hint_not_ours" if hint is None else "hint_of_other_client")
            client_id = hint.client
        asker = self._parts.registrations.find(client_id) if client_id else None
        if client_id and asker is None:
            return LogoutRequest(refused="unknown_client")
        address, state = sent.get("post_logout_redirect_uri", ""), sent.get("state", "")
        if len(state) > LONGEST_STATE:
            return LogoutRequest(asker=asker, refused="state_too_long")
        registered = asker.metadata.post_logout_redirect_uris if asker and asker.metadata else ()
        if address and address not in registered:
            return LogoutRequest(asker=asker, refused="address_not_registered")
        return LogoutRequest(asker=asker, hint=hint, address=address, state=state)

    def _fits(self, session: Session, asked: LogoutRequest) -> bool:
        """Whether the ID token says what we said of this login to this client."""
        hint, asker = asked.hint, asked.asker
        if hint is None or asker is None:
            return False
        same = hint.sid == session_name(session.login, hint.client)
        return same and hint.subject == self._parts.subjects.sub_for(session.person, asker.client.sector)

    def _ended(self, session: Session | None, asked: LogoutRequest) -> Response:
        """The log-out done: back to the service where nothing more is to be shown, else the page that tells of it.

        From the page the browser goes back by itself, too, where an ID token said who asks.
        """
        told = self._parts.told.of(session.login) if session else ()
        provider = self._parts.farewell(session) if session else None
        if session is not None:
            self._parts.hall.end_here()
        back = asked.back
        plain = provider is None and not any(one.frame for one in told)
        if back is not None and asked.hint is not None and plain and request.method == "GET":
            answer = redirect(back.address, 303)
            answer.headers["Referrer-Policy"] = "no-referrer"
            return answer
        return leaving.signed_out_page(told, provider, back, refused=asked.refused, led_back=asked.hint is not None)


def _question(asked: LogoutRequest) -> Response:
    """The page that asks; what it carries over is judged again when it is answered."""
    carried = {"client_id": asked.asker.client.id if asked.asker else ""}
    carried |= {"post_logout_redirect_uri": asked.address, "state": asked.state}
    return pages.show(
        "end_session.html",
        400 if asked.refused else 200,
        service=asked.asker.client.label if asked.asker else "",
        refused=asked.refused,
        carried=carried if not asked.refused else {},
    )


def _sent() -> Mapping[str, str]:
    """The parameters, each once, from the address or the body. InvalidRequest for what is no strict form."""
    if request.method == "GET":
        return read_form(FORM, request.query_string)
    if request.query_string:
        raise InvalidRequest("query_refused", "Send the parameters in the body, none in the URL.")
    return read_form(request.headers.get("Content-Type", ""), request.get_data(cache=False))


def end_session_blueprint(parts: EndSessionParts) -> Blueprint:
    """The endpoint and the answer to its question; register the blueprint with the portal, without a prefix."""
    door = EndSession(parts)
    blueprint = Blueprint(NAME, __name__)

    @from_elsewhere("a service sends the browser with its request", by_browser=True)
    def end_session() -> Response:
        try:
            return door.arrive(_sent())
        except InvalidRequest as refusal:
            return door.unread(refusal.reason)

    def confirmed() -> Response:
        sent = fields("client_id", "post_logout_redirect_uri", "state", longest=LONGEST_FIELD)
        return door.confirmed({name: value for name, value in sent.items() if value})

    anybody = public("who is not logged in has nothing to lose by it; whoever is, is asked unless an ID token says who")
    asked = public("who is not logged in has nothing to lose by it; the form's token is checked as everywhere")
    blueprint.add_url_rule(LOGOUT_PATH, "end_session", anybody(end_session), methods=["GET", "POST"])
    blueprint.add_url_rule(CONFIRMED_PATH, "confirmed", asked(confirmed), methods=["POST"])
    return blueprint
