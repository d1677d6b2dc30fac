"""A small mail server on this machine, which puts what it is given into the sandbox's inbox (RFC 5321)."""

from __future__ import annotations

import email
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import policy
from typing import Final

from iam.sandbox.inbox import Inbox
from iam.sandbox.serving import HOST

LONGEST_LINE: Final = 2_048
LARGEST: Final = 1_048_576
"""Octets of one message."""
SECONDS: Final = 30.0
_FINE: Final = "250 OK"


@contextmanager
def receiving_mail(inbox: Inbox) -> Iterator[str]:
    """Run the server on a free port while the block runs, which gets its address for PROCURA_SMTP_URL."""

    class Conversation(_Conversation):
        into = inbox

    with socketserver.ThreadingTCPServer((HOST, 0), Conversation) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"smtp://{HOST}:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


class _Conversation(socketserver.StreamRequestHandler):
    """One client, command by command."""

    into: Inbox
    timeout = SECONDS

    def handle(self) -> None:
        """Answer until the client leaves."""
        recipients: list[str] = []
        self._say("220 sandbox")
        while line := self.rfile.readline(LONGEST_LINE):
            words = line.decode("utf-8", "replace").strip()
            verb = words[:4].upper()
            if verb == "QUIT":
                self._say("221 Bye")
                return
            if verb == "RCPT":
                recipients.append(words.partition("<")[2].partition(">")[0])
            if verb == "DATA":
                self._say("354 Go on")
                self._keep(recipients, self._message())
            if verb in ("RSET", "DATA", "MAIL"):
                recipients = []
            known = verb in ("EHLO", "HELO", "MAIL", "RCPT", "DATA", "RSET", "NOOP")
            self._say(_FINE if known else "502 Not known here")

    def _message(self) -> bytes:
        """What follows until a line with a dot alone, without the dots that were doubled."""
        lines: list[bytes] = []
        while (line := self.rfile.readline(LARGEST)) not in (b".\r\n", b".\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)[:LARGEST]

    def _keep(self, recipients: list[str], content: bytes) -> None:
        message = email.message_from_bytes(content, policy=policy.default)
        body = message.get_body(("plain",))
        text = body.get_content().replace("\r\n", "\n") if body is not None else ""
        for one in recipients:
            self.into.receive("E-mail", one, str(message["Subject"] or ""), text)

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())
