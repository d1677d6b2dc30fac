"""`procura worker`: services, letters and signals do not wait for each other, and it ends when it is asked to."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from iam.domain.client_metadata import OPENID, ClientMetadata, GrantType
from iam.domain.clients import Client
from iam.domain.logout_notices import LogoutNotice, due_key
from iam.domain.messages import WaitingMessage
from iam.sandbox.running import running
from iam.storage.archive import SqlArchive
from tests.backstage import Backstage, backstage
from tests.commands.terminal import Terminal

PATIENCE = 150.0
SLOW_CLIENTS, LETTERS = 80, 12
"""More than are told or written to at the same time, many times over."""


@dataclass
class Service:
    """The server of services to which people log in: it answers once it is let go."""

    address: str = ""
    heard: list[str] = field(default_factory=list)
    let_go: threading.Event = field(default_factory=threading.Event)


@contextmanager
def serving() -> Iterator[Service]:
    """A service on this machine while the block runs."""
    service = Service()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            service.heard.append(self.path)
            service.let_go.wait(PATIENCE)
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.daemon_threads = True
    service.address = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield service
    finally:
        service.let_go.set()
        server.shutdown()


@contextmanager
def mute_mail_server() -> Iterator[tuple[str, list[Any]]]:
    """A mail server that never says a word: its address, and whom it kept waiting."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        came: list[Any] = []

        def take() -> None:
            while True:
                try:
                    came.append(server.accept()[0])
                except OSError:
                    return

        threading.Thread(target=take, daemon=True).start()
        yield f"smtp://127.0.0.1:{server.getsockname()[1]}", came
        server.shutdown(socket.SHUT_RDWR)


@dataclass
class Town:
    """The database on which a worker works."""

    terminal: Terminal
    behind: Backstage

    @property
    def archive(self) -> SqlArchive:
        return self.behind.house.archive

    def end_logins(self, service: Service, many: int) -> None:
        """As many services, at one server, are to be told that a login ended."""
        known = self.terminal.country.clients["declarations"].client_id
        with self.archive.writing() as uow:
            client = uow.get(Client, known)
            assert client is not None
            for number in range(many):
                own = replace(client, id=f"{known}{number:04d}")
                metadata = ClientMetadata(
                    client=own.id,
                    grant_types=(GrantType.AUTHORIZATION_CODE,),
                    redirect_uris=("https://service.example/back",),
                    scopes=(OPENID,),
                    backchannel_logout_uri=f"{service.address}/{number}",
                )
                notice = LogoutNotice(
                    id=due_key(uow.now, own.id),
                    client=own.id,
                    person=self.behind.house.randomness.identifier(),
                    sid=own.id,
                    tries=0,
                    expires_at=uow.now + timedelta(days=1),
                )
                for one in (own, metadata, notice):
                    uow.put(one)
            uow.commit()

    def write(self, many: int) -> None:
        """Letters wait."""
        with self.archive.writing() as uow:
            for _ in range(many):
                self.behind.house.desk.letters.email(uow, "jan@example.be", "Subject", "Text.")
            uow.commit()

    def found(self, kind: type[Any]) -> list[Any]:
        with self.archive.reading() as reading:
            return list(reading.find(kind))

    @contextmanager
    def worker(self, **changed: str) -> Iterator[Any]:
        environment = {**self.terminal.environment, **changed}
        with running("worker", environment, self.terminal.folder / "worker.log") as process:
            yield process


@pytest.fixture
def town(terminal: Terminal) -> Iterator[Town]:
    with backstage(terminal.on_copy()) as behind:
        yield Town(terminal, behind)


def until(true: Callable[[], Any], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def test_services_that_do_not_answer_keep_no_letter_waiting(town: Town) -> None:
    with serving() as slow:
        town.end_logins(slow, SLOW_CLIENTS)
        with town.worker():
            until(lambda: slow.heard, "no service is told")
            town.write(1)
            until(lambda: any(one.tries for one in town.found(WaitingMessage)), "the letter is not tried")
            assert len(slow.heard) < SLOW_CLIENTS


def test_a_mail_server_that_does_not_answer_keeps_no_service_waiting(town: Town) -> None:
    with serving() as service, mute_mail_server() as (address, came):
        service.let_go.set()
        town.write(LETTERS)
        with town.worker(PROCURA_SMTP_URL=address, PROCURA_MAIL_FROM="procura@example.be"):
            until(lambda: came, "no letter is sent")
            town.end_logins(service, 1)
            until(lambda: not town.found(LogoutNotice), "the service is not told")
            assert len(came) < LETTERS


def test_asked_to_stop_it_ends_what_it_began_and_begins_nothing_more(town: Town) -> None:
    with serving() as service:
        town.end_logins(service, SLOW_CLIENTS)
        with town.worker() as process:
            until(lambda: service.heard, "no service is told")
            process.send_signal(signal.SIGTERM)
            time.sleep(1)
            service.let_go.set()
            assert process.wait(PATIENCE) == 0
    left = len(town.found(LogoutNotice))
    assert 0 < len(service.heard) == SLOW_CLIENTS - left < SLOW_CLIENTS


def test_in_one_round_services_are_told_as_well(town: Town) -> None:
    with serving() as service:
        service.let_go.set()
        town.end_logins(service, 2)
        ended = town.terminal.run("worker", "--once")
        assert ended.exit_code == 0 and "2 services told of a log-out" in ended.output
        assert sorted(service.heard) == ["/0", "/1"] and town.found(LogoutNotice) == []
