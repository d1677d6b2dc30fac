"""The documented nginx on the host for certificates of software, in front of the authorization server (C08, C09)."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID

from iam.storage.memory import MemoryArchive
from tests.chromium import served
from tests.credentials import pki
from tests.credentials.front import FRAME, written
from tests.credentials.pki import Card
from tests.engines import program
from tests.oidc.provider.forgery import payload
from tests.oidc.provider.machines import HOST, SECRET, Machines, machine
from tests.oidc.provider.premises import Premises
from tests.ports import free_port
from tests.storage.clocks import SetClock

CONFIGURATION = Path(__file__).parents[3] / "oidc" / "provider" / "nginx.conf"
ABOVE = 'map "" $procura_secret { default "SECRET"; }\nupstream procura { server 127.0.0.1:BEHIND; }\n'


@dataclass
class Behind:
    """The house behind nginx."""

    machines: Machines
    folder: Path
    port: int

    def post(
        self, shown: Card | None, path: str = "/oauth2/token", headers: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, object]]:
        """Status and JSON of an answer to the software's request for a token."""
        context = ssl.create_default_context(cafile=str(self.folder / "server.pem"))
        if shown is not None:
            context.load_cert_chain(written(self.folder, shown.certificate, shown.key))
        raw = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        connection = http.client.HTTPConnection(HOST, self.port, timeout=10)
        connection.sock = context.wrap_socket(raw, server_hostname=HOST)
        told = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        connection.request("POST", path, urlencode(self.machines.parameters()), told)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        plain = answer.headers.get("Content-Type", "").startswith("application/json")
        return answer.status, json.loads(body) if plain else {}


@contextmanager
def nginx(folder: Path, port: int, behind: int) -> Iterator[None]:
    key, name = pki.p256("nginx of software"), pki.name((x509.NameOID.COMMON_NAME, HOST))
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(pki.NOW - timedelta(days=9))
    builder = builder.not_valid_after(pki.NOW + timedelta(days=3_000))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
    own = written(folder, builder.sign(key, hashes.SHA256()), key)
    (folder / "server.pem").write_bytes(own.read_bytes())
    told = CONFIGURATION.read_text(encoding="utf-8")
    for old, new in {
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "/etc/nginx/tls/mtls.pem": str(folder / "server.pem"),
        "/etc/nginx/tls/mtls.key": str(folder / "server.pem"),
        "X-Procura-Certificate-Host mtls.procura.example": f"X-Procura-Certificate-Host {HOST}:{port}",
    }.items():
        assert old in told, f"the documented configuration no longer has: {old}"
        told = told.replace(old, new)
    above = ABOVE.replace("SECRET", SECRET).replace("BEHIND", str(behind))
    (folder / "procura.conf").write_text(above + told, encoding="utf-8")
    (folder / "nginx.conf").write_text(FRAME.replace("FOLDER", str(folder)), encoding="utf-8")
    process = subprocess.Popen([program("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf")])
    try:
        for _ in range(500):
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, (folder / "error.log").read_text(encoding="utf-8")
            time.sleep(0.02)
        yield
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    folder, port, inner = tmp_path_factory.mktemp("nginx"), free_port(), free_port()
    clock = SetClock()
    machines = Machines(Premises(MemoryArchive(clock), clock), address=f"https://{HOST}:{port}")
    with served(machines.house.app, inner), nginx(folder, port, inner):
        yield Behind(machines, folder, port)


def test_software_gets_a_token_by_the_certificate_that_it_shows_to_nginx(behind: Behind) -> None:
    status, told = behind.post(behind.machines.server.knows(machine()))
    assert status == 200, told
    assert set(payload(str(told["access_token"]))["cnf"]) == {"x5t#S256"}


REFUSED: dict[str, Callable[[], Card | None]] = {
    "none": lambda: None,
    "of another authority": lambda: machine(issuer=pki.intermediate(pki.roots(), "Other CA")),
    "another subject": lambda: machine(subject=pki.person_name()),
    "expired": lambda: machine(key=pki.p256("old"), valid=(timedelta(days=-9), timedelta(days=-1))),
    "for servers": lambda: machine(
        key=pki.p256("serves"), extensions=pki.card_extensions(extended=[ExtendedKeyUsageOID.SERVER_AUTH])
    ),
}


@pytest.mark.attack("C09")
@pytest.mark.parametrize("case", REFUSED)
def test_no_other_certificate_gets_one(behind: Behind, case: str) -> None:
    shown = REFUSED[case]()
    status, told = behind.post(shown if shown is None else behind.machines.server.knows(shown))
    assert (status, told["error"]) == (401, "invalid_client")


NAMES = ["X-Procura-Client-Certificate", "x-procura-client-certificate", "X_Procura_Client_Certificate"]
PEOPLE = ["/", "/sign-in", "/connect/authorize", "/explanations/x", "/.well-known/openid-configuration"]


@pytest.mark.attack("C08")
@pytest.mark.parametrize("name", NAMES)
def test_a_certificate_in_a_header_of_the_client_is_written_over(behind: Behind, name: str) -> None:
    victim = behind.machines.server.knows(machine())
    told = behind.machines.headers(victim)
    told[name] = told.pop("X-Procura-Client-Certificate")
    assert behind.post(None, headers=told)[0] == 401
    other = machine(key=pki.p256("thief"), subject=pki.person_name())
    assert behind.post(behind.machines.server.knows(other), headers=told)[0] == 401


@pytest.mark.parametrize("path", PEOPLE)
def test_the_host_serves_nothing_to_people(behind: Behind, path: str) -> None:
    assert behind.post(behind.machines.server.knows(machine()), path)[0] == 404
