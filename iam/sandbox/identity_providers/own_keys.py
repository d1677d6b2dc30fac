"""Keys of our own in the sandbox: the service vouches for them itself; played are only the ways of its messages."""

from __future__ import annotations

import json
from typing import Final

from flask import Blueprint

from iam.sandbox.inbox import GATEWAY, PATH, TOKEN, Inbox, inbox_door

SENDER: Final = "procura@sandbox.test"
_WAYS: Final = (
    ("passkey", "passkey", "passkey", "substantial", ("Passkey", "Passkey", "Passkey", "Passkey")),
    (
        "totp",
        "one_time_code",
        "totp",
        "substantial",
        ("Wachtwoord en app", "Mot de passe et application", "Passwort und App", "Password and app"),
    ),
    (
        "paper-codes",
        "one_time_code",
        "token",
        "low",
        (
            "Wachtwoord en papieren code",
            "Mot de passe et code papier",
            "Passwort und Papiercode",
            "Password and paper code",
        ),
    ),
    (
        "password",
        "password",
        "password",
        "low",
        (
            "Gebruikersnaam en wachtwoord",
            "Nom d'utilisateur et mot de passe",
            "Benutzername und Passwort",
            "User name and password",
        ),
    ),
)
"""Provider, kind, key, highest level, and labels in nl, fr, de and en."""


class OwnKeys:
    """The ways to log in by keys of our own, and the inbox where their provisional secrets arrive."""

    def __init__(self, url: str, inbox: Inbox) -> None:
        """`url`: of the server on which the inbox is shown."""
        self._url = url
        self._inbox = inbox

    def blueprint(self) -> Blueprint:
        """The inbox and the gateway of short messages."""
        return inbox_door(self._inbox)

    def configuration(self) -> str:
        """As PROCURA_LOGIN_PROVIDERS describes them, in TOML."""
        return "\n".join(
            f"[providers.{name}]\nkind = {json.dumps(kind)}\nkey = {json.dumps(key)}\nhighest = {json.dumps(highest)}\n"
            f"labels = {{ {', '.join(f'{code} = {json.dumps(text)}' for code, text in _by_language(labels))} }}\n"
            for name, kind, key, highest, labels in _WAYS
        )

    def told(self) -> dict[str, str]:
        """Where the inbox is shown."""
        return {"inbox": self._url + PATH}

    def environment(self, smtp_url: str) -> dict[str, str]:
        """The variables by which the service sends messages here."""
        return {
            "PROCURA_SMTP_URL": smtp_url,
            "PROCURA_MAIL_FROM": SENDER,
            "PROCURA_SMS_GATEWAY": self._url + GATEWAY,
            "PROCURA_SMS_TOKEN": TOKEN,
        }


def _by_language(labels: tuple[str, ...]) -> list[tuple[str, str]]:
    return list(zip(("nl", "fr", "de", "en"), labels, strict=True))
