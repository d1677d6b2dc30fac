"""A real nginx with the documented configuration in front of an application, and certificates in files."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from tests.credentials import pki
from tests.credentials.pki import Key
from tests.engines import program

CONFIGURATION = Path(__file__).parents[2] / "iam" / "credentials" / "nginx.conf"
FRAME = """
daemon off; master_process off; pid FOLDER/pid; error_log FOLDER/error.log;
events {}
http { access_log off; client_body_temp_path FOLDER/b; proxy_temp_path FOLDER/p; fastcgi_temp_path FOLDER/f;
uwsgi_temp_path FOLDER/u; scgi_temp_path FOLDER/s; include FOLDER/procura.conf; }
"""


@dataclass(frozen=True, kw_only=True)
class Front:
    """What stands in the place of the names, files and secret of the documentation."""

    folder: Path
    port: int
    behind: int
    """The port where the application listens."""
    portal: str
    """The portal's host."""
    origin: str
    """Its origin, with its port where it has one."""
    card_host: str
    secret: str
    authorities: str
    """PEM of those that browsers are told of."""


def written(folder: Path, certificate: x509.Certificate, key: Key) -> Path:
    """A file with a certificate and its key."""
    file = folder / f"{certificate.serial_number}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
    return file


@contextmanager
def nginx(front: Front) -> Iterator[None]:
    """A running nginx with the documented configuration."""
    folder = front.folder
    key = pki.p256("nginx")
    shutil.copy(written(folder, _server_certificate(front, key), key), folder / "server.pem")
    (folder / "authorities.pem").write_text(front.authorities, encoding="ascii")
    (folder / "procura.conf").write_text(_configured(front), encoding="utf-8")
    (folder / "nginx.conf").write_text(FRAME.replace("FOLDER", str(folder)), encoding="utf-8")
    process = subprocess.Popen([program("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf")])
    try:
        for _ in range(500):
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", front.port)) == 0:
                    break
            assert process.poll() is None, (folder / "error.log").read_text(encoding="utf-8")
            time.sleep(0.02)
        yield
    finally:
        process.terminate()
        process.wait(10)


def _server_certificate(front: Front, key: Key) -> x509.Certificate:
    """A certificate for both hosts, by themselves."""
    now = datetime.now(UTC)
    name = pki.name((x509.NameOID.COMMON_NAME, front.portal))
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    names = x509.SubjectAlternativeName([x509.DNSName(front.portal), x509.DNSName(front.card_host)])
    return builder.add_extension(names, critical=False).sign(key, hashes.SHA256())


def _configured(front: Front) -> str:
    """The documented configuration, with the names, files, ports and secret of a test."""
    told = CONFIGURATION.read_text(encoding="utf-8")
    folder = front.folder
    for old, new in {
        "listen 443 ssl": f"listen 127.0.0.1:{front.port} ssl",
        "server 127.0.0.1:8080": f"server 127.0.0.1:{front.behind}",
        "PUT-THE-SECRET-HERE": front.secret,
        "X-Procura-Certificate-Host kaart.procura.example": (
            f"X-Procura-Certificate-Host {front.card_host}:{front.port}"
        ),
        "server_name procura.example": f"server_name {front.portal}",
        "server_name kaart.procura.example": f"server_name {front.card_host}",
        "Host procura.example": f"Host {front.origin.removeprefix('https://')}",
        "https://procura.example$procura_refused": f"{front.origin}$procura_refused",
        "/etc/nginx/tls/citizen-authorities.pem": str(folder / "authorities.pem"),
        "/etc/nginx/tls/procura.pem": str(folder / "server.pem"),
        "/etc/nginx/tls/procura.key": str(folder / "server.pem"),
        "/etc/nginx/tls/kaart.pem": str(folder / "server.pem"),
        "/etc/nginx/tls/kaart.key": str(folder / "server.pem"),
    }.items():
        assert old in told, f"the documented configuration no longer has: {old}"
        told = told.replace(old, new)
    return told
