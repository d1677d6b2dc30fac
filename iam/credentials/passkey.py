"""The door of passkeys: no user name is asked, and nothing can be guessed."""

from __future__ import annotations

from typing import Final

import structlog
from flask import Blueprint
from werkzeug.wrappers import Response

from iam.credentials.own_login import OwnLogins
from iam.credentials.webauthn_ceremonies import LARGEST, BadAnswer, Ceremonies, read_answer
from iam.domain.credentials import Passkey
from iam.domain.login_providers import LoginProvider, ProviderKind
from iam.ports import Randomness
from iam.services.passkeys import CopiedPasskey, Passkeys
from iam.web import pages
from iam.web.hall import Hall
from iam.web.markers import public
from iam.web.sent_forms import fields

_KIND: Final = ProviderKind.PASSKEY
_log: Final = structlog.get_logger("iam.credentials")


def passkey_blueprint(
    hall: Hall, passkeys: Passkeys, ceremonies: Ceremonies, logins: OwnLogins, randomness: Randomness
) -> Blueprint:
    """The pages under `/sign-in/passkey/<provider>/`."""
    door = Blueprint("passkey", __name__, url_prefix="/sign-in/passkey/<name>")

    def form(provider: LoginProvider, refused: str = "", status: int = 200) -> Response:
        challenge = randomness.secret()
        hall.begin(provider, challenge, {})
        options = ceremonies.authentication(challenge)
        return pages.show("passkey.html", status, scripts=True, provider=provider, options=options, refused=refused)

    @door.get("/")
    @public("Nobody is known before they log in.")
    def page(name: str) -> Response:
        return form(hall.provider(name, _KIND))

    @door.post("/answer")
    @public("Nobody is known before they log in.")
    def answer(name: str) -> Response:
        provider = hall.provider(name, _KIND)
        sent = fields("credential", longest=LARGEST)
        try:
            passkey = _shown(hall, passkeys, ceremonies, provider, sent["credential"])
        except (BadAnswer, CopiedPasskey) as refused:
            code = "copied_passkey" if isinstance(refused, CopiedPasskey) else "wrong_passkey"
            _log.info("login_failed", provider=provider.id, code=code, detail=str(refused))
            return form(provider, "wrong_passkey", 403)
        return hall.welcome(logins.proven(provider, passkey.person, [passkey.vouched]))

    return door


def _shown(hall: Hall, passkeys: Passkeys, ceremonies: Ceremonies, provider: LoginProvider, text: str) -> Passkey:
    """The passkey that signed a challenge which this browser was given, once. Raises BadAnswer, CopiedPasskey."""
    asserted = read_answer(text)
    if hall.take(provider, asserted.challenge) is None:
        raise BadAnswer("a challenge that this browser was not given")
    passkey = passkeys.find(asserted.credential)
    if passkey is None:
        raise BadAnswer("a passkey that is not known")
    try:
        passkeys.used(passkey, ceremonies.counted(asserted, passkey))
    except CopiedPasskey:
        hall.note_try(provider, passkey.person, "copied_passkey")
        raise
    return passkey
