"""Activation: a person with an e-mailed link and a paper code chooses a first key."""

from __future__ import annotations

import re
from collections.abc import Callable
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

    def form(secret: str, refused: str = "", user_name: str = "", status: int = 200) -> Response:
        address = provisioning_uri(secret, "Procura", site)
        return pages.show(
            "activation.html",
            status,
            refused=refused,
            user_name=user_name,
            secret=secret,
            address=address,
            qr_code=qr_code,
        )

    @room.get("/<link>")
    @public("Who comes to activate a first key cannot log in yet; the link is a secret.")
    def page(link: str) -> Response:
        if not _LINK.fullmatch(link) or not activation.usable(link):
            raise Gone("activation_unusable", UNUSABLE)
        arrive()
        return form(codes.new_secret())

    @room.post("/<link>")
    @public("Who comes to activate a first key cannot log in yet; link and code are secrets.")
    def redeem(link: str) -> Response:
        sent = fields("code", "user_name", "password", "again", "secret", "device_code", "label")
        chosen = FirstKey(
            user_name=sent["user_name"],
            password=sent["password"],
            secret=sent["secret"],
            device_code=sent["device_code"].strip(),
            label=sent["label"],
        )
        try:
            if sent["password"] != sent["again"]:
                raise InvalidInput("passwords_differ", "The two passwords are not the same.", field="again")
            activation.redeem(link if _LINK.fullmatch(link) else "", sent["code"], chosen)
        except (WrongCode, InvalidInput, Conflict) as refused:
            code = "wrong_activation_code" if isinstance(refused, WrongCode) else refused.code
            _log.info("activation_failed", code=code)
            secret = sent["secret"] if is_secret(sent["secret"]) and code != "invalid_secret" else codes.new_secret()
            return form(secret, code, sent["user_name"], 400)
        return pages.show("activated.html")

    return room
