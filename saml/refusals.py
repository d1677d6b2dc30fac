"""Refusals of SAML messages, each with a stable reason code."""

from __future__ import annotations


class SamlRefused(Exception):
    """A message, or what it says, is not accepted.

    `code` is stable and snake_case; `detail` is for the log alone and quotes nothing of the message.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail
