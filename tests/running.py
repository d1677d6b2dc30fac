"""The real service for tests: the sandbox country in a database, served by processes that can be stopped and killed."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from iam.domain.assurance import Assurance, LoginKey
from iam.domain.enterprises import Capacity
from iam.domain.identifiers import Niss
from iam.domain.periods import local_date
from iam.outside.clock import SystemClock
from iam.sandbox.country import Country, read_country
from iam.sandbox.environment import sandbox_environment
from iam.sandbox.loading import load_country
from iam.sandbox.login_source import LoginSource
from iam.sandbox.software import SandboxClient
from iam.sandbox.state_server import HOST, StateSystems, playing_the_state
from iam.settings import Settings, read_settings
from iam.storage.migrations import upgrade
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[1]
WORKERS = 4
"""Processes that serve at once."""
ADMINISTER = "scope:authorization:administration:administer"
EVALUATE = "scope:authorization:decision:evaluate"
INTROSPECT = "scope:authorization:token:introspect"
FORM = "application/x-www-form-urlencoded"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
PATIENCE = 60.0
"""Seconds after which an answer that did not come is a failure."""
TOKEN_USED_FOR = 200.0
"""Seconds for which an access token of the harness is used again."""


def procura(*words: str) -> list[str]:
    """The command line of a command of `procura`, as it is installed beside this Python."""
    return [str(Path(sys.executable).parent / "procura"), *words]


@dataclass(frozen=True, slots=True)
class Request:
    """A request, ready to be sent."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: its status, its JSON where it has some, and its headers by name in lower case."""

    status: int
    told: Any
    headers: Mapping[str, str] = field(repr=False)

    @property
    def code(self) -> str | None:
        """The reason code of a refusal."""
        told: dict[str, Any] = self.told if isinstance(self.told, dict) else {}
        return told.get("code") or told.get("error")


def read_answer(came: http.client.HTTPResponse) -> Answer:
    """Read an answer to its end."""
    content = came.read()
    told = json.loads(content) if content and "json" in (came.getheader("Content-Type") or "") else None
    return Answer(came.status, told, {name.lower(): value for name, value in came.getheaders()})


class Line:
    """One kept connection to the service, for one thread."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection(HOST, port, timeout=PATIENCE)

    def send(self, request: Request) -> Answer:
        """Send a request and wait for its answer. Raises OSError or HTTPException when none comes."""
        self._connection.request(request.method, request.path, request.body, dict(request.headers))
        return read_answer(self._connection.getresponse())

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


@dataclass(slots=True)
class Sandbox:
    """The loaded country in its database, the state's systems, and how its people and software make requests."""

    environment: dict[str, str]
    settings: Settings
    port: int
    country: Country
    state: StateSystems
    clients: dict[str, SandboxClient]
    clock: SystemClock = field(default_factory=SystemClock)
    _tokens: dict[tuple[str, str], tuple[float, str]] = field(default_factory=dict)

    @property
    def base_url(self) -> str:
        """Where the service answers, which is its issuer, too."""
        return self.settings.issuer

    def number(self, firm: str) -> str:
        """The CBE number of one of the country's enterprises."""
        return self.country.number_of(firm)

    def login(self, who: str | Niss, client: str = "portal") -> str:
        """A testimony that somebody logged in by itsme, for one request through a client."""
        niss = who if isinstance(who, Niss) else self.country.niss_of(who)
        presenting = self.clients[client].client_id
        return self.state.source.testimony(niss, LoginKey.ITSME, Assurance.HIGH, presenting)

    def send(self, request: Request) -> Answer:
        """Send one request on a connection of its own."""
        line = Line(self.port)
        try:
            return line.send(request)
        finally:
            line.close()

    def token(self, client: str, scope: str) -> str:
        """An access token of a declaration service for itself, used for many requests."""
        until, token = self._tokens.get((client, scope), (0.0, ""))
        if time.monotonic() < until:
            return token
        answer = self.send(self.token_request(client, scope))
        assert answer.status == 200, answer
        token = str(answer.told["access_token"])
        self._tokens[client, scope] = (time.monotonic() + TOKEN_USED_FOR, token)
        return token

    def token_request(self, client: str, scope: str, mandator: str | None = None) -> Request:
        """A request for a token by private_key_jwt; for a mandator, the client acts as service provider."""
        named = {
            "grant_type": "client_credentials",
            "scope": scope,
            "client_assertion_type": ASSERTION,
            "client_assertion": self.clients[client].assertion(self.base_url, self.clock),
        }
        if mandator is not None:
            details = {"type": "procura_mandator", "mandator": mandator, "capacity": Capacity.SERVICE_PROVIDER}
            named["authorization_details"] = json.dumps([details])
        return Request("POST", "/oauth2/token", {"Content-Type": FORM}, urlencode(named).encode())

    def act(
        self,
        who: str | Niss,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        capacity: Capacity | None = None,
        version: int | None = None,
        key: str | None = None,
        login: str | None = None,
    ) -> Request:
        """A person's act through the portal.

        Args:
            path: under the administration API. capacity: acted in; None = above any. version: what was read.
            key: the idempotency key. login: the testimony to present; a fresh one when left out.
        """
        headers = {
            "Authorization": f"Bearer {self.token('portal', ADMINISTER)}",
            "Procura-Authentication": login or self.login(who),
        }
        named = {"Procura-Capacity": capacity, "If-Match": f'"{version}"' if version else None, "Idempotency-Key": key}
        headers |= {name: value for name, value in named.items() if value is not None}
        return _json_request(method, f"/api/v1{path}", headers, body)

    def check(self, subject: Mapping[str, Any], service: str, action: str, employer: str) -> Request:
        """A question of the declarations service: may the subject do this for that employer?"""
        headers = {"Authorization": f"Bearer {self.token('declarations', EVALUATE)}"}
        body = {"subject": subject, "action": {"name": action}, "resource": {"type": service, "id": employer}}
        return _json_request("POST", "/access/v1/evaluation", headers, body)

    def checks(self, subject: Mapping[str, Any], service: str, action: str, employers: Sequence[str]) -> Request:
        """The same question for many employers at once."""
        headers = {"Authorization": f"Bearer {self.token('declarations', EVALUATE)}"}
        asked = [{"resource": {"type": service, "id": employer}} for employer in employers]
        body = {"subject": subject, "action": {"name": action}, "evaluations": asked}
        return _json_request("POST", "/access/v1/evaluations", headers, body)

    def introspection(self, client: str, token: str) -> Request:
        """The question of a declaration service what a token is worth."""
        headers = {"Content-Type": FORM, "Authorization": f"Bearer {self.token(client, INTROSPECT)}"}
        return Request("POST", "/oauth2/introspect", headers, urlencode({"token": token}).encode())


def _json_request(method: str, path: str, headers: dict[str, str], body: Mapping[str, Any] | None) -> Request:
    if body is None:
        return Request(method, path, headers)
    return Request(method, path, {**headers, "Content-Type": "application/json"}, json.dumps(body).encode())


def bare_environment(data: Path, database_url: str) -> dict[str, str]:
    """The settings of a sandbox that nothing was loaded into, whose registers do not answer."""
    sources = data / "login-sources.toml"
    sources.write_text(LoginSource("http://127.0.0.1:9", "http://127.0.0.1", SystemClock()).configuration())
    port = free_port()
    return {
        "PROCURA_ENVIRONMENT": "sandbox",
        "PROCURA_DATA": str(data),
        "PORT": str(port),
        "PROCURA_ISSUER": f"http://{HOST}:{port}",
        "PROCURA_SEALING_KEY_VALUE": "0123456789abcdef" * 4,
        "PROCURA_ENTERPRISE_REGISTER": "http://127.0.0.1:9/register",
        "PROCURA_EMPLOYER_DIRECTORY": "http://127.0.0.1:9/directory",
        "PROCURA_AUTHENTICATION_SOURCES": str(sources),
        "PROCURA_ADMINISTRATION": "1999000150",
        "PROCURA_WORKERS": "2",
        "DATABASE_URL": database_url,
    }


@contextmanager
def sandbox(data: Path, database_url: str, workers: int = WORKERS) -> Iterator[Sandbox]:
    """The country loaded into an empty database, the state's systems running while the block runs, nothing served."""
    port, clock = free_port(), SystemClock()
    base_url, country = f"http://{HOST}:{port}", read_country(local_date(clock.now()))
    with playing_the_state(country, clock, base_url) as state:
        environment = sandbox_environment(data, port, base_url, state, country, timedelta())
        environment |= {"DATABASE_URL": database_url, "PROCURA_WORKERS": str(workers)}
        settings = read_settings(environment)
        upgrade(database_url)
        clients = load_country(settings, country)
        yield Sandbox(environment, settings, port, country, state, {one.alias: one for one in clients}, clock)


class Service:
    """`procura serve` with its processes, in a process group of their own."""

    def __init__(self, environment: Mapping[str, str], log: Path, command: Sequence[str] = ()) -> None:
        """Take its settings, where its output goes, and the command where it is another than `procura serve`."""
        self._environment = {**os.environ, **environment}
        self._command = list(command) or procura("serve")
        self._port = int(environment["PORT"])
        self._log = log
        self._main: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Start it; returns after how many seconds it was healthy. AssertionError when it never was."""
        started = time.monotonic()
        with self._log.open("ab") as output:
            self._main = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        while not healthy(self._port):
            if self._main.poll() is not None or time.monotonic() > started + PATIENCE:
                self.kill()
                raise AssertionError(f"it is not healthy:\n{self.said()[-3000:]}")
            time.sleep(0.02)
        return time.monotonic() - started

    @property
    def pid(self) -> int:
        """The process that keeps the others."""
        assert self._main is not None, "it was never started"
        return self._main.pid

    def workers(self) -> list[int]:
        """The processes that serve."""
        return [one for one in group_of(self.pid) if one != self.pid]

    def await_workers(self, count: int = WORKERS) -> list[int]:
        """The processes that serve, once all of them take connections."""
        deadline = time.monotonic() + PATIENCE
        while len(listeners(self._port)) < count:
            assert time.monotonic() < deadline, f"not all processes serve:\n{self.said()}"
            time.sleep(0.02)
        return self.workers()

    def kill(self) -> None:
        """Kill the whole process group (SIGKILL) and wait until none of it is left."""
        group = group_of(self.pid)
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._await_end(group)

    def stop(self) -> int:
        """Ask it to end; returns its status."""
        group = group_of(self.pid)
        os.kill(self.pid, signal.SIGTERM)
        return self._await_end(group)

    def _await_end(self, group: Sequence[int]) -> int:
        assert self._main is not None
        status = self._main.wait(PATIENCE)
        deadline = time.monotonic() + PATIENCE
        while any(_group(one) == self._main.pid for one in group):
            assert time.monotonic() < deadline, f"processes {group} did not end"
            time.sleep(0.005)
        return status

    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._main is not None and self._main.poll() is None

    def said(self) -> str:
        """What it logged."""
        return self._log.read_text(encoding="utf-8", errors="replace")


@contextmanager
def serving(environment: Mapping[str, str], log: Path, workers: int = WORKERS) -> Iterator[Service]:
    """A running service, all of its processes ready; killed with the block."""
    service = Service(environment, log)
    try:
        service.start()
        service.await_workers(workers)
        yield service
    finally:
        if service.running():
            service.kill()


def healthy(port: int) -> bool:
    """Whether the service says that it can serve."""
    line = Line(port)
    try:
        return line.send(Request("GET", "/health", {})).status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()


def group_of(leader: int) -> list[int]:
    """The living processes of a process group."""
    found = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]
    return [pid for pid in found if _group(pid) == leader]


def _group(pid: int) -> int | None:
    """The process group of a process that lives; None for one that has ended, or is about to."""
    try:
        state, _, group = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:3]
    except (OSError, ValueError):
        return None
    return None if state in "ZX" else int(group)


def listeners(port: int) -> list[str]:
    """The inodes of the sockets that listen on a port of this machine."""
    return [inode for local, _, state, inode in tcp_sockets() if state == "0A" and local == port]


def tcp_sockets() -> list[tuple[int, int, str, str]]:
    """Every IPv4 TCP socket of this machine: local port, remote port, state and inode."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [(int(one[1][-4:], 16), int(one[2][-4:], 16), one[3], one[9]) for one in lines]
