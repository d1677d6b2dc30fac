"""Activation: a person with an e-mailed link and a paper code chooses a first key."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

import structlog
from flask import Blueprint
from werkzeug.wrappers import Response

from iam.credentials.qr_code import qr_code
from iam.domain.errors import Conflict, Gone, InvalidInput
from iam.services.activation_codes import UNUSABLE, ActivationCodes, FirstKey
from iam.services.one_time_codes import OneTimeCodes, WrongCode, is_secret, provisioning_uri
from iam.web import pages
from iam.web.markers import public
from iam.web.sent_forms import fields

PATH: Final = "/activation"
_LINK: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_log: Final = structlog.get_logger("iam.credentials")


def activation_blueprint(
    activation: ActivationCodes, codes: OneTimeCodes, arrive: Callable[[], object], site: str
) -> Blueprint:
    """The page under `/activation/<link>`; `arrive` lets the browser have a visit, which its form is known by.

    `site` is our name, by which an app tells our codes from others'.
    """
    room = Blueprint("activation", __name__, url_prefix=PATH)

    @room.get("/<link>")
    @public("Who comes to activate a first key cannot log in yet; the link is a secret.")
    def page(link: str) -> Response:
        if not activation.usable(_read(link)):
            raise Gone("activation_unusable", UNUSABLE)
        arrive()
        return _form(site, codes.new_secret())

    @room.post("/<link>")
    @public("Who comes to activate a first key cannot log in yet; link and code are secrets.")
    def redeem(link: str) -> Response:
        sent = fields("code", "user_name", "password", "again", "secret", "device_code", "label")
        try:
            _redeem(activation, _read(link), sent)
        except (WrongCode, InvalidInput, Conflict) as refused:
            code = "wrong_activation_code" if isinstance(refused, WrongCode) else refused.code
            _log.info("activation_failed", code=code)
            kept = is_secret(sent["secret"]) and code != "invalid_secret"
            return _form(site, sent["secret"] if kept else codes.new_secret(), code, sent["user_name"])
        return pages.show("activated.html")

    return room


def _read(link: str) -> str:
    """The secret of a link; empty for what cannot be one."""
    return link if _LINK.fullmatch(link) else ""


def _redeem(activation: ActivationCodes, link: str, sent: Mapping[str, str]) -> None:
    if sent["password"] != sent["again"]:
        raise InvalidInput("passwords_differ", "The two passwords are not the same.", field="again")
    chosen = FirstKey(
        user_name=sent["user_name"],
        password=sent["password"],
        secret=sent["secret"],
        device_code=sent["device_code"].strip(),
        label=sent["label"],
    )
    activation.redeem(link, sent["code"], chosen)


def _form(site: str, secret: str, refused: str = "", user_name: str = "") -> Response:
    return pages.show(
        "activation.html",
        400 if refused else 200,
        refused=refused,
        user_name=user_name,
        secret=secret,
        address=provisioning_uri(secret, "Procura", site),
        qr_code=qr_code,
    )
