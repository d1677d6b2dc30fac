"""By https a server proves the name that was asked, with a certificate of a known authority; halves are no answers."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from iam.domain.errors import Unavailable
from iam.outside import timed_connections
from iam.outside.guarded_web import GuardedWeb
from tests.outside.scripted_server import Script, answering, send

SECONDS = 2.0


def certificate(name: str, key: ec.EllipticCurvePrivateKey, **changed: Any) -> x509.Certificate:
    """A certificate that its owner made itself, for one host."""
    now = datetime.now(UTC)
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = x509.CertificateBuilder().subject_name(named).issuer_name(named).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=2))
    made = made.not_valid_after(changed.get("until", now + timedelta(days=1)))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(
        key, hashes.SHA256()
    )


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """The files of a certificate for op.example, and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    return _written(tmp_path, key, certificate("op.example", key))


def _written(folder: Path, key: ec.EllipticCurvePrivateKey, told: x509.Certificate) -> tuple[Path, Path]:
    (folder / "certificate.pem").write_bytes(told.public_bytes(Encoding.PEM))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "key.pem").write_bytes(private)
    return folder / "certificate.pem", folder / "key.pem"


@contextmanager
def secured(pair: tuple[Path, Path]) -> Iterator[int]:
    """The port of a server by https, which answers with the host that was asked."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*pair)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            send(self.headers["Host"].encode())(self)

        def log_message(self, *_: Any) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def lead_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every name leads to this machine."""
    real = socket.getaddrinfo

    def looked_up(_host: str, port: int, *rest: Any, **named: Any) -> Any:
        return real("127.0.0.1", port, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)


def trust(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    """Let one authority be the only one that is known."""
    monkeypatch.setattr(timed_connections, "_authorities", lambda: ssl.create_default_context(cafile=file))


def asked(host: str, port: int) -> bytes:
    origin = f"https://{host}:{port}"
    web = GuardedWeb(public_only=False, timeout=SECONDS)
    return web.get(f"{origin}/x", origins=frozenset({origin}), accept="*/*").body


@pytest.mark.usefixtures("lead_here")
def test_a_server_that_proves_its_name_is_asked_by_that_name(
    pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    trust(monkeypatch, pair[0])
    with secured(pair) as port:
        assert asked("op.example", port) == f"op.example:{port}".encode()


@pytest.mark.usefixtures("lead_here")
@pytest.mark.parametrize("host", ["other.example", "127.0.0.1", "sub.op.example", "op.example.attacker.example"])
def test_a_server_of_another_name_is_not_believed(
    pair: tuple[Path, Path], host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust(monkeypatch, pair[0])
    with secured(pair) as port, pytest.raises(Unavailable, match="SSLCertVerificationError"):
        asked(host, port)


@pytest.mark.usefixtures("lead_here")
def test_a_certificate_of_nobody_known_or_of_yesterday_is_not_believed(
    pair: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with secured(pair) as port, pytest.raises(Unavailable, match="SSLCertVerificationError"):
        asked("op.example", port)
    key = ec.generate_private_key(ec.SECP256R1())
    old = _written(tmp_path, key, certificate("op.example", key, until=datetime.now(UTC) - timedelta(days=1)))
    trust(monkeypatch, old[0])
    with secured(old) as port, pytest.raises(Unavailable, match="SSLCertVerificationError"):
        asked("op.example", port)


def test_the_known_authorities_are_read_once_and_prove_names() -> None:
    context = timed_connections._authorities()
    assert context is timed_connections._authorities()
    assert context.check_hostname and context.verify_mode is ssl.CERT_REQUIRED
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert len(context.get_ca_certs()) > 50


def raw(octets: bytes) -> Script:
    def script(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(octets)

    return script


@pytest.mark.parametrize(
    "octets",
    [
        b"HTTP/1.0 200 OK\r\nContent-Length: 10\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}",
        b"",
        b"{}",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        b"\0" * 1000,
    ],
    ids=["short body", "short chunk", "no chunk", "nothing", "no head", "no status", "headers", "header", "zeros"],
)
def test_half_an_answer_or_none_by_http_is_no_answer(octets: bytes) -> None:
    with answering(raw(octets)) as address, pytest.raises(Unavailable):
        web = GuardedWeb(public_only=False, timeout=SECONDS)
        web.get(f"{address}/x", origins=frozenset({address}), accept="*/*")
