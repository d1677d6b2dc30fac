"""My keys: what a person can log in with here, how another key is added from a stronger one, and how one goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, redirect
from werkzeug.wrappers import Response

from iam.credentials.qr_code import qr_code
from iam.credentials.webauthn_ceremonies import LARGEST, BadAnswer, Ceremonies
from iam.domain.assurance import Assurance
from iam.domain.credentials import ENROLLING_KEYS, FRESH, KINDS, Credential, key_of, may_remove, worth
from iam.domain.errors import Conflict, Gone, InvalidInput, NotFound
from iam.domain.sessions import Session
from iam.services.one_time_codes import OneTimeCodes, WrongCode, is_secret, provisioning_uri
from iam.services.own_keys import OwnKeys, reference_of
from iam.services.passkeys import Passkeys
from iam.services.passwords import Passwords
from iam.web import pages
from iam.web.entry import SignedIn, Visitor
from iam.web.markers import caller, requires
from iam.web.sent_forms import fields

PATH: Final = "/my/keys"
SIGNED_IN: Final = SignedIn()
STRONGLY: Final = SignedIn(minimum=Assurance.SUBSTANTIAL, keys=ENROLLING_KEYS, within=FRESH)
"""What a login must be from which a key is added."""
_KINDS: Final[dict[str, type[Any]]] = {kind.__name__: kind for kind in KINDS}


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnKeysParts:
    """What the pages work with."""

    own: OwnKeys
    passwords: Passwords
    codes: OneTimeCodes
    passkeys: Passkeys
    ceremonies: Ceremonies
    site: str
    """Our name, by which an app tells our codes from others'."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One key, as the page shows it."""

    credential: Credential
    kind: str
    reference: str
    key: str
    level: str
    why_not: str
    """The reason code for which it cannot be removed from this session; empty when it can."""


def own_keys_blueprint(parts: OwnKeysParts) -> Blueprint:
    """The pages under `/my/keys`."""
    room = Blueprint("own_keys", __name__, url_prefix=PATH)
    _add_list(room, parts)
    _add_password(room, parts)
    _add_device(room, parts)
    _add_paper(room, parts)
    _add_passkey(room, parts)
    return room


def _session() -> Session:
    visitor = caller()
    if not isinstance(visitor, Visitor):
        raise TypeError("the guard lets nobody in who is not logged in")
    return visitor.session


def _add_list(room: Blueprint, parts: OwnKeysParts) -> None:
    @room.get("")
    @requires(SIGNED_IN)
    def listed() -> Response:
        session = _session()
        keys = [_listed(one, session) for one in parts.own.listed(session.person)]
        return pages.show("own_keys.html", keys=keys)

    @room.post("/removal")
    @requires(SIGNED_IN)
    def removal() -> Response:
        sent = fields("kind", "reference")
        kind = _KINDS.get(sent["kind"])
        if kind is None:
            raise NotFound("not_found", "You have no such key.")
        parts.own.remove(_session(), kind, sent["reference"])
        return redirect(PATH, 303)


def _listed(credential: Credential, session: Session) -> Listed:
    key = key_of(credential)
    return Listed(
        credential=credential,
        kind=type(credential).__name__,
        reference=reference_of(credential),
        key=key.value,
        level=worth(key, Assurance.HIGH, credential.vouched).label,
        why_not=may_remove(session.authentication, credential),
    )


def _add_password(room: Blueprint, parts: OwnKeysParts) -> None:
    @room.get("/password")
    @requires(STRONGLY)
    def choose_password() -> Response:
        return pages.show("own_password.html", refused="", user_name="")

    @room.post("/password")
    @requires(STRONGLY)
    def chosen_password() -> Response:
        sent = fields("user_name", "password", "again")
        try:
            if sent["password"] != sent["again"]:
                raise InvalidInput("passwords_differ", "The two passwords are not the same.", field="again")
            parts.passwords.choose(_session().authentication, sent["user_name"], sent["password"])
        except (InvalidInput, Conflict) as refused:
            return pages.show("own_password.html", 400, refused=refused.code, user_name=sent["user_name"])
        return redirect(PATH, 303)


def _add_device(room: Blueprint, parts: OwnKeysParts) -> None:
    def form(secret: str, refused: str = "", status: int = 200) -> Response:
        address = provisioning_uri(secret, "Procura", parts.site)
        return pages.show("own_device.html", status, refused=refused, secret=secret, address=address, qr_code=qr_code)

    @room.get("/one-time-device")
    @requires(STRONGLY)
    def show_secret() -> Response:
        return form(parts.codes.new_secret())

    @room.post("/one-time-device")
    @requires(STRONGLY)
    def first_code() -> Response:
        sent = fields("secret", "code", "label")
        try:
            parts.codes.add_device(_session().authentication, sent["secret"], sent["code"], sent["label"])
        except (WrongCode, InvalidInput, Conflict) as refused:
            code = "wrong_first_code" if isinstance(refused, WrongCode) else refused.code
            secret = (
                sent["secret"] if is_secret(sent["secret"]) and code != "invalid_secret" else parts.codes.new_secret()
            )
            return form(secret, code, 400)
        return redirect(PATH, 303)


def _add_paper(room: Blueprint, parts: OwnKeysParts) -> None:
    @room.get("/paper-codes")
    @requires(STRONGLY)
    def about_paper() -> Response:
        return pages.show("own_paper.html", codes=())

    @room.post("/paper-codes")
    @requires(STRONGLY)
    def new_card() -> Response:
        return pages.show("own_paper.html", codes=parts.codes.new_card(_session().authentication).codes)


def _add_passkey(room: Blueprint, parts: OwnKeysParts) -> None:
    def form(refused: str = "", status: int = 200) -> Response:
        session = _session()
        challenge = parts.passkeys.challenge(session)
        held = parts.passkeys.ids_of(session.person)
        options = parts.ceremonies.registration(challenge, session.person, "Procura", held)
        return pages.show("own_passkey.html", status, scripts=True, options=options, refused=refused)

    @room.get("/passkey")
    @requires(STRONGLY)
    def ask_passkey() -> Response:
        return form()

    @room.post("/passkey")
    @requires(STRONGLY)
    def made_passkey() -> Response:
        sent = fields("credential", "label", longest=LARGEST)
        try:
            new, challenge = parts.ceremonies.registered(sent["credential"])
            parts.passkeys.add(_session(), new, sent["label"], challenge)
        except BadAnswer:
            return form("passkey_not_made", 400)
        except (InvalidInput, Conflict, Gone) as refused:
            return form(refused.code, 400)
        return redirect(PATH, 303)
