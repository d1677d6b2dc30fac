"""How an OpenID Provider of the sandbox misbehaves on purpose, when its page is asked to."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final


class Trick(StrEnum):
    """What it does wrong; the first is nothing."""

    NONE = "none"
    OTHER_STATE = "other_state"
    OTHER_ISSUER = "other_issuer"
    WRONG_NONCE = "wrong_nonce"
    EXPIRED = "expired"
    OTHER_AUDIENCE = "other_audience"
    LEVEL_TOO_LOW = "level_too_low"
    STALE_LOGIN = "stale_login"
    UNSIGNED = "unsigned"
    OTHER_SUBJECT = "other_subject"
    NOT_ENCRYPTED = "not_encrypted"
    NEW_ACCOUNT = "new_account"
    FOREIGN_DOCUMENT = "foreign_document"
    NO_NUMBER = "no_number"


WORDS: Final = {
    Trick.NONE: "Answer truthfully",
    Trick.OTHER_STATE: "Answer with another state",
    Trick.OTHER_ISSUER: "Answer in another provider's name",
    Trick.WRONG_NONCE: "ID token with another nonce",
    Trick.EXPIRED: "ID token that has expired",
    Trick.OTHER_AUDIENCE: "ID token for another client",
    Trick.LEVEL_TOO_LOW: "ID token of a level nobody asked for",
    Trick.STALE_LOGIN: "Person recognised ten hours ago",
    Trick.UNSIGNED: "ID token that nobody signed",
    Trick.OTHER_SUBJECT: "Userinfo about somebody else",
    Trick.NOT_ENCRYPTED: "Tokens that are not encrypted",
    Trick.NEW_ACCOUNT: "Truthfully, with an account made anew",
    Trick.FOREIGN_DOCUMENT: "Truthfully, with a Romanian document and no Belgian number",
    Trick.NO_NUMBER: "Truthfully, without the number",
}
"""As the page names them."""


def spoil_id_token(claims: dict[str, Any], trick: Trick) -> None:
    """Make the claims of an ID token false as a trick has it."""
    if trick is Trick.WRONG_NONCE:
        claims["nonce"] = "another-nonce"
    elif trick is Trick.EXPIRED:
        claims |= {"iat": claims["iat"] - 900, "exp": claims["exp"] - 900}
    elif trick is Trick.OTHER_AUDIENCE:
        claims["aud"] = "another-client"
    elif trick is Trick.LEVEL_TOO_LOW:
        claims["acr"] = "urn:sandbox:level:none"
    elif trick is Trick.STALE_LOGIN:
        claims["auth_time"] -= 36_000
