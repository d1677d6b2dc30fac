"""The door of user name and password: alone it never reaches more than low."""

from __future__ import annotations

from typing import Final

import structlog
from flask import Blueprint, redirect
from werkzeug.wrappers import Response

from iam.credentials.known_browser import remember, too_many, trier
from iam.credentials.own_login import OwnLogins
from iam.domain.credentials import Password
from iam.domain.errors import Gone, InvalidInput
from iam.domain.login_providers import LoginProvider, ProviderKind
from iam.domain.logins import ProvenLogin
from iam.ports import Randomness
from iam.services.passwords import Passwords, WrongPassword
from iam.services.slowed_tries import TooManyTries
from iam.web import csrf, pages
from iam.web.entry import SIGN_IN_PATH
from iam.web.hall import Hall
from iam.web.markers import public
from iam.web.sent_forms import fields

_KIND: Final = ProviderKind.PASSWORD
_log: Final = structlog.get_logger("iam.credentials")


def password_blueprint(hall: Hall, passwords: Passwords, logins: OwnLogins, randomness: Randomness) -> Blueprint:
    """The pages under `/sign-in/password/<provider>/`."""
    door = Blueprint("password", __name__, url_prefix="/sign-in/password/<name>")
    _add_login(door, hall, passwords, logins, randomness)
    _add_change(door, hall, passwords, logins, randomness)
    return door


def _add_login(door: Blueprint, hall: Hall, passwords: Passwords, logins: OwnLogins, randomness: Randomness) -> None:
    @door.get("/")
    @public("Nobody is known before they log in.")
    def page(name: str) -> Response:
        provider = hall.provider(name, _KIND)
        return _form(provider) if csrf.token() else redirect(SIGN_IN_PATH, 303)

    @door.post("/answer")
    @public("Nobody is known before they log in.")
    def answer(name: str) -> Response:
        provider = hall.provider(name, _KIND)
        sent = fields("user_name", "password")
        try:
            found = passwords.check(sent["user_name"], sent["password"], trier())
        except TooManyTries as wait:
            raise too_many(wait) from None
        except (WrongPassword, Gone) as refused:
            return _turned_away(provider, refused)
        device = passwords.accepted(found, sent["password"], trier())
        if found.provisional:
            return remember(_ask_another(hall, randomness, provider, found), device)
        return remember(hall.welcome(_proven(logins, provider, found)), device)


def _add_change(door: Blueprint, hall: Hall, passwords: Passwords, logins: OwnLogins, randomness: Randomness) -> None:
    @door.post("/change")
    @public("The secret of a login that this browser just began stands in the form.")
    def change(name: str) -> Response:
        provider = hall.provider(name, _KIND)
        sent = fields("flow", "password", "again")
        details = hall.take(provider, sent["flow"])
        found = passwords.provisional_of(details["user_name"], details["given"]) if details else None
        if found is None:
            _log.info("login_failed", provider=provider.id, code="begin_again")
            return _form(provider, "begin_again", 410)
        try:
            if sent["password"] != sent["again"]:
                raise InvalidInput("passwords_differ", "The two passwords are not the same.", field="again")
            changed = passwords.replace_provisional(found, sent["password"])
        except InvalidInput as refused:
            return _ask_another(hall, randomness, provider, found, refused.code)
        return hall.welcome(_proven(logins, provider, changed))


def _proven(logins: OwnLogins, provider: LoginProvider, found: Password) -> ProvenLogin:
    return logins.proven(provider, found.person, [found.vouched], found.user_name)


def _turned_away(provider: LoginProvider, refused: WrongPassword | Gone) -> Response:
    code = refused.code if isinstance(refused, Gone) else "wrong_password"
    _log.info("login_failed", provider=provider.id, code=code)
    return _form(provider, code, 403)


def _form(provider: LoginProvider, refused: str = "", status: int = 200) -> Response:
    answer = f"/sign-in/password/{provider.id}/answer"
    return pages.show("password.html", status, provider=provider, answer=answer, refused=refused, code_kind="")


def _ask_another(
    hall: Hall, randomness: Randomness, provider: LoginProvider, found: Password, refused: str = ""
) -> Response:
    """Ask for a password of one's own before the provisional one opens anything."""
    flow = randomness.secret()
    hall.begin(provider, flow, {"user_name": found.user_name, "given": found.changed_at.isoformat()})
    return pages.show("password_change.html", 400 if refused else 200, provider=provider, flow=flow, refused=refused)
