"""The nginx configuration of the documentation, in a real nginx in front of the door of client certificates (C08)."""

from __future__ import annotations

import http.client
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from tests.chromium import served
from tests.credentials import pki
from tests.credentials.doors import SECRET, CertificateScene, passed_on
from tests.credentials.pki import ORIGIN, Card, card, citizens, roots
from tests.engines import program
from tests.ports import free_port

CONFIGURATION = Path(__file__).parents[2] / "iam" / "credentials" / "nginx.conf"
PORTAL, CARD_HOST = "procura.example", "kaart.procura.example"
FRAME = """
daemon off; master_process off; pid FOLDER/pid; error_log FOLDER/error.log;
events {}
http { access_log off; client_body_temp_path FOLDER/b; proxy_temp_path FOLDER/p; fastcgi_temp_path FOLDER/f;
uwsgi_temp_path FOLDER/u; scgi_temp_path FOLDER/s; include FOLDER/procura.conf; }
"""


@dataclass
class Behind:
    """Everything behind nginx, and the port where it listens."""

    scene: CertificateScene
    folder: Path
    port: int

    def get(
        self, host: str, path: str, shown: Card | None = None, headers: Mapping[str, str] | None = None
    ) -> http.client.HTTPResponse:
        """What a browser gets that perhaps shows a certificate."""
        context = ssl.create_default_context(cafile=str(self.folder / "server.pem"))
        if shown is not None:
            context.load_cert_chain(written(self.folder, shown))
        raw = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        connection = http.client.HTTPConnection(host, self.port, timeout=10)
        connection.sock = context.wrap_socket(raw, server_hostname=host)
        connection.request("GET", path, headers=dict(headers or {}))
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer


def written(folder: Path, one: Card) -> Path:
    """A file with a certificate and its key."""
    file = folder / f"{one.certificate.serial_number}.pem"
    key = one.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(one.pem.encode() + key)
    return file


def server_certificate() -> Card:
    """A certificate for both hosts, by themselves."""
    key, now = pki.p256("nginx"), datetime.now(UTC)
    name = pki.name((x509.NameOID.COMMON_NAME, PORTAL))
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    names = x509.SubjectAlternativeName([x509.DNSName(PORTAL), x509.DNSName(CARD_HOST)])
    return Card(builder.add_extension(names, critical=False).sign(key, hashes.SHA256()), key)


def configured(folder: Path, port: int, behind: int) -> str:
    """The documented configuration, with the files, ports and secret of this test."""
    told = CONFIGURATION.read_text(encoding="utf-8")
    for old, new in {
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "server 127.0.0.1:8080": f"server 127.0.0.1:{behind}",
        "PUT-THE-SECRET-HERE": SECRET,
        "X-Procura-Certificate-Host kaart.procura.example": f"X-Procura-Certificate-Host {CARD_HOST}:{port}",
        "/etc/nginx/tls/citizen-authorities.pem": str(folder / "authorities.pem"),
        "/etc/nginx/tls/procura.pem": str(folder / "server.pem"),
        "/etc/nginx/tls/procura.key": str(folder / "server.pem"),
        "/etc/nginx/tls/kaart.pem": str(folder / "server.pem"),
        "/etc/nginx/tls/kaart.key": str(folder / "server.pem"),
    }.items():
        assert old in told, f"the documented configuration no longer has: {old}"
        told = told.replace(old, new)
    return told


@contextmanager
def nginx(folder: Path, port: int, behind: int) -> Iterator[None]:
    """A running nginx with the documented configuration."""
    shutil.copy(written(folder, server_certificate()), folder / "server.pem")
    (folder / "authorities.pem").write_text(citizens().pem + roots().pem, encoding="ascii")
    (folder / "procura.conf").write_text(configured(folder, port, behind), encoding="utf-8")
    (folder / "nginx.conf").write_text(FRAME.replace("FOLDER", str(folder)), encoding="utf-8")
    process = subprocess.Popen([program("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf")])
    try:
        for _ in range(200):
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
    folder = tmp_path_factory.mktemp("nginx")
    port, inner = free_port(), free_port()
    scene = CertificateScene(folder, address=f"https://{CARD_HOST}:{port}")
    with served(scene.client.application, inner), nginx(folder, port, inner):
        yield Behind(scene, folder, port)


def finish_of(answer: http.client.HTTPResponse) -> str:
    """Where the browser goes on."""
    assert answer.status == 303
    return answer.headers["Location"]


def test_a_card_shown_to_nginx_logs_its_owner_in(behind: Behind) -> None:
    scene = behind.scene
    before = len(scene.hall.welcomed)
    answer = behind.get(CARD_HOST, scene.begin(), scene.server.knows(card()))
    assert scene.finish(finish_of(answer)).status_code == 303
    assert len(scene.hall.welcomed) == before + 1


def test_a_card_of_another_authority_is_passed_on_and_turned_away(behind: Behind) -> None:
    scene = behind.scene
    other = card(key=pki.p384("other"), issuer=pki.intermediate(pki.roots(), "Other CA"))
    assert scene.finish(finish_of(behind.get(CARD_HOST, scene.begin(), other))).status_code == 400
    assert scene.codes[-1] == "certificate_untrusted"


def test_an_expired_card_leads_back_to_the_choice_of_keys(behind: Behind) -> None:
    expired = card(key=pki.p384("expired"), valid=(timedelta(days=-9), timedelta(days=-1)))
    assert finish_of(behind.get(CARD_HOST, behind.scene.begin(), expired)) == f"{ORIGIN}/sign-in"


def test_who_shows_no_certificate_is_told_so_on_the_portal(behind: Behind) -> None:
    scene = behind.scene
    assert scene.finish(finish_of(behind.get(CARD_HOST, scene.begin()))).status_code == 400
    assert scene.codes[-1] == "certificate_not_shown"


@pytest.mark.attack("C08")
def test_headers_of_a_browser_are_written_over_on_the_host_for_certificates(behind: Behind) -> None:
    scene = behind.scene
    victim = scene.server.knows(card(key=pki.p384("victim")))
    before = len(scene.hall.welcomed)
    told = passed_on(victim, **{"X-Procura-Certificate-Host": f"{CARD_HOST}:{behind.port}"})
    answer = behind.get(CARD_HOST, scene.begin(), headers=told)
    assert scene.finish(finish_of(answer)).status_code == 400
    assert (len(scene.hall.welcomed), scene.codes[-1]) == (before, "certificate_not_shown")


@pytest.mark.attack("C08")
@pytest.mark.parametrize("name", ["X-Procura-Client-Certificate", "x-procura-client-certificate"])
def test_headers_of_a_browser_are_dropped_on_the_portals_host(behind: Behind, name: str) -> None:
    """Even if the secret were known, what is sent through the portal's host carries no certificate."""
    scene = behind.scene
    victim = scene.server.knows(card())
    told = passed_on(victim, **{"X-Procura-Certificate-Host": f"{CARD_HOST}:{behind.port}"})
    told[name] = told.pop("X-Procura-Client-Certificate")
    assert behind.get(PORTAL, scene.begin(), headers=told).status == 401
    assert scene.show(scene.begin(), told).status_code == 303, "without nginx between, the same headers are believed"


@pytest.mark.parametrize("path", ["/", "/sign-in", "/sign-in/certificate/eid/start", "/api/v1/me", "/health"])
def test_the_host_for_certificates_shows_nothing_else(behind: Behind, path: str) -> None:
    assert behind.get(CARD_HOST, path, card()).status == 404


def test_the_portals_host_asks_for_no_certificate(behind: Behind) -> None:
    answer = behind.get(PORTAL, "/sign-in/certificate/eid/finish?ticket=x")
    assert answer.status == 400
    assert behind.get(PORTAL, "/sign-in/certificate/eid/show?state=x", card()).status == 401
    assert f"https://{PORTAL}" == ORIGIN
