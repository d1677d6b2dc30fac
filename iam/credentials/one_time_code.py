"""The door of one-time codes beside a password: of a device up to substantial, of a paper card up to low."""

from __future__ import annotations

from typing import Final

import structlog
from flask import Blueprint, redirect
from werkzeug.wrappers import Response

from iam.credentials.known_browser import remember, too_many, trier
from iam.credentials.own_login import OwnLogins
from iam.domain.assurance import Assurance, LoginKey
from iam.domain.credentials import Password
from iam.domain.errors import Gone
from iam.domain.login_providers import LoginProvider, ProviderKind
from iam.services.one_time_codes import OneTimeCodes, WrongCode
from iam.services.passwords import Passwords, WrongPassword
from iam.services.slowed_tries import TooManyTries
from iam.web import csrf, pages
from iam.web.entry import SIGN_IN_PATH
from iam.web.hall import Hall
from iam.web.markers import public
from iam.web.sent_forms import fields

_KIND: Final = ProviderKind.ONE_TIME_CODE
KEYS: Final = frozenset({LoginKey.TOTP, LoginKey.TOKEN})
"""The login keys that a provider of this kind may have: a device or app, and a card of paper."""
_log: Final = structlog.get_logger("iam.credentials")


def one_time_code_blueprint(hall: Hall, passwords: Passwords, codes: OneTimeCodes, logins: OwnLogins) -> Blueprint:
    """The pages under `/sign-in/one-time-code/<provider>/`."""
    door = Blueprint("one_time_code", __name__, url_prefix="/sign-in/one-time-code/<name>")

    @door.get("/")
    @public("Nobody is known before they log in.")
    def page(name: str) -> Response:
        provider = hall.provider(name, _KIND)
        return _form(provider) if csrf.token() else redirect(SIGN_IN_PATH, 303)

    @door.post("/answer")
    @public("Nobody is known before they log in.")
    def answer(name: str) -> Response:
        """Which of the three was wrong is not said; a code is looked at only beside the right password."""
        provider = hall.provider(name, _KIND)
        sent = fields("user_name", "password", "code")
        try:
            found = passwords.check(sent["user_name"], sent["password"], trier())
            vouched = _used(hall, codes, provider, found, sent["code"])
        except TooManyTries as wait:
            raise too_many(wait) from None
        except (WrongPassword, WrongCode, Gone) as refused:
            code = refused.code if isinstance(refused, Gone) else "wrong_code"
            _log.info("login_failed", provider=provider.id, code=code)
            return _form(provider, code, 403)
        device = passwords.accepted(found, sent["password"], trier())
        return remember(hall.welcome(logins.proven(provider, found.person, [found.vouched, vouched])), device)

    return door


def _used(hall: Hall, codes: OneTimeCodes, provider: LoginProvider, found: Password, code: str) -> Assurance:
    """Use up a code; how surely its device or card was given. Raises WrongCode, also for who has none.

    Whoever knew the password is told of a wrong code among their logins.
    """
    if found.person is None or found.provisional:
        raise WrongCode
    use = codes.use_paper if provider.key is LoginKey.TOKEN else codes.use_device
    try:
        return use(found.person, code).vouched
    except WrongCode:
        hall.note_try(provider, found.person, "wrong_code")
        raise


def _form(provider: LoginProvider, refused: str = "", status: int = 200) -> Response:
    kind = "paper" if provider.key is LoginKey.TOKEN else "device"
    answer = f"/sign-in/one-time-code/{provider.id}/answer"
    return pages.show("password.html", status, provider=provider, answer=answer, refused=refused, code_kind=kind)
