"""E-mail over SMTP: encrypted on its way, or handed to a server on this very machine."""

from __future__ import annotations

import re
import smtplib
import ssl
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from iam.domain.errors import Unavailable
from iam.outside.guarded_http import UnsafeAddress, is_loopback

TIMEOUT_SECONDS = 10.0
SUBMISSION, IMPLICIT_TLS = 587, 465
"""Ports of submission with STARTTLS (RFC 6409) and with TLS from the first octet (RFC 8314)."""
_ATOM = r"[\w!#$%&'*+/=?^`{|}~-]+"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
"""One address that needs no quotes (dot-atom, RFC 5322 §3.2.3, RFC 6531): each program reads others in its own way."""


def is_plain_address(text: str) -> bool:
    """Whether a text is one address of e-mail to which messages are sent."""
    return _ADDRESS.fullmatch(text) is not None


class SmtpMail:
    """Sends by one mail server: `smtp://[user:password@]host[:port]` with STARTTLS, `smtps://…` with TLS throughout.

    Without TLS nothing is sent, except to this machine itself; the server's certificate and name are checked.
    """

    def __init__(self, address: str, sender: str) -> None:
        """Take the server's address and the sender's. Raises UnsafeAddress; the message holds no secret."""
        try:
            parts = urlsplit(address)
            port = parts.port
        except ValueError:
            raise UnsafeAddress("not an address of a mail server") from None
        plain = not parts.path.strip("/") and not parts.query and not parts.fragment
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname or not plain:
            raise UnsafeAddress("a mail server is smtp:// or smtps://, perhaps user and password, host and port")
        if "@" not in sender or not sender.isprintable() or any(one in sender for one in " <>,"):
            raise UnsafeAddress("the sender of e-mail is one address")
        self._host = parts.hostname
        self._throughout = parts.scheme == "smtps"
        self._port = port or (IMPLICIT_TLS if self._throughout else SUBMISSION)
        self._here = is_loopback(parts)
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._sender = sender

    def send(self, address: str, subject: str, text: str) -> None:
        """Send one e-mail. Unavailable (`mail_unavailable`) when the server does not take it."""
        try:
            if not is_plain_address(address):
                raise ValueError("not one address")
            message = EmailMessage()
            message["From"], message["To"], message["Subject"] = self._sender, address, subject
            message["Auto-Submitted"] = "auto-generated"
            message.set_content(text)
            with self._connected() as server:
                server.send_message(message, self._sender, [address])
        except (OSError, smtplib.SMTPException, ValueError) as error:
            detail = f"The mail server did not take a message ({type(error).__name__})."
            raise Unavailable("mail_unavailable", detail) from None

    def _connected(self) -> smtplib.SMTP:
        """A connection that is encrypted, unless it stays on this machine, and logged in where a user is given."""
        context = ssl.create_default_context()
        if self._throughout:
            server: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=TIMEOUT_SECONDS, context=context)
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=TIMEOUT_SECONDS)
        try:
            if not self._throughout and not self._here:
                server.starttls(context=context)
            if self._user:
                server.login(self._user, self._password)
        except BaseException:
            server.close()
            raise
        return server
