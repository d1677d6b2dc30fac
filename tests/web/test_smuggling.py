"""D04: at the running service one message is one request, whatever its lengths, codings, hosts and paths say."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from iam.storage.migrations import upgrade
from tests.running import HOST, bare_environment, serving

INNER = b"GET /oauth2/jwks HTTP/1.1\r\nHost: @\r\n\r\n"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
CHUNKED = b"0\r\n\r\n" + INNER


def posted(*headers: bytes, body: bytes = INNER) -> bytes:
    """A request for a token with these headers, and what follows it."""
    lines = (b"POST /oauth2/token HTTP/1.1", b"Host: @", FORM.strip(), *headers)
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def got(line: bytes, *headers: bytes) -> bytes:
    """A request without a body, and one that follows it."""
    return b"\r\n".join((line, *headers)) + b"\r\n\r\n"


LENGTH, WHOLE = b"Content-Length: %d" % len(CHUNKED), b"Content-Length: %d" % len(INNER)
SMUGGLED: dict[str, bytes] = {
    "a length and a coding": posted(LENGTH, b"Transfer-Encoding: chunked", body=CHUNKED),
    "a coding and a length": posted(b"Transfer-Encoding: chunked", LENGTH, body=CHUNKED),
    "a coding with a blank before the colon": posted(LENGTH, b"Transfer-Encoding : chunked", body=CHUNKED),
    "a coding after a tab": posted(LENGTH, b"Transfer-Encoding:\tchunked", body=CHUNKED),
    "a coding that is none": posted(LENGTH, b"Transfer-Encoding: xchunked", body=CHUNKED),
    "a coding on a folded line": posted(LENGTH, b"Transfer-Encoding:\r\n chunked", body=CHUNKED),
    "two codings": posted(b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity", body=CHUNKED),
    "a coding in capitals beside a length": posted(LENGTH, b"TRANSFER-ENCODING: CHUNKED", body=CHUNKED),
    "two lengths": posted(b"Content-Length: 0", WHOLE),
    "two lengths in one line": posted(b"Content-Length: 0, %d" % len(INNER)),
    "a length with a sign": posted(b"Content-Length: +%d" % len(INNER)),
    "a length below nothing": posted(b"Content-Length: -1"),
    "a length in hexadecimal": posted(b"Content-Length: 0x10"),
    "a line that ends in a line feed alone": posted(b"X: y\nTransfer-Encoding: chunked", LENGTH, body=CHUNKED),
    "a header without a name": posted(b": x", WHOLE),
    "a nought in a header": posted(b"X: a\0b", WHOLE),
    "a chunk of a size that is none": posted(b"Transfer-Encoding: chunked", body=b"0x0\r\n\r\n" + INNER),
}
HOSTS: dict[str, bytes] = {
    "two hosts": got(b"GET /oauth2/jwks HTTP/1.1", b"Host: @", b"Host: evil.example"),
    "no host": got(b"GET /oauth2/jwks HTTP/1.1"),
    "two hosts in one": got(b"GET /oauth2/jwks HTTP/1.1", b"Host: @, evil.example"),
}
PATHS = (
    "//oauth2/jwks",
    "/oauth2//jwks",
    "/oauth2/./jwks",
    "/x/../oauth2/jwks",
    "/x/..;/oauth2/jwks",
    "/oauth2/%2e%2e/oauth2/jwks",
    "/oauth2;x=1/jwks",
    "/oauth2/jwks%00",
    "/OAUTH2/JWKS",
    "/oauth2/jwks/",
    "\\oauth2\\jwks",
)


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Where the running service answers, as it is deployed."""
    folder: Path = tmp_path_factory.mktemp("smuggling")
    environment = bare_environment(folder, f"sqlite:///{folder}/procura.db")
    upgrade(environment["DATABASE_URL"])
    with serving(environment, folder / "service.log", workers=1):
        yield int(environment["PORT"])


def answers(port: int, message: bytes) -> list[bytes]:
    """The status codes of all that comes back on one connection; `@` in the message stands for the host."""
    with socket.create_connection((HOST, port), timeout=10) as line:
        line.sendall(message.replace(b"@", b"%s:%d" % (HOST.encode(), port)))
        line.settimeout(1)
        told = b""
        try:
            while piece := line.recv(65_536):
                told += piece
        except (TimeoutError, ConnectionResetError):
            pass
    assert b'"keys"' not in told, "the keys were told"
    return [one[9:12] for one in told.split(b"\r\n") if one.startswith(b"HTTP/1.")]


@pytest.mark.attack("D04")
@pytest.mark.parametrize("sort", SMUGGLED)
def test_no_request_hides_in_another(port: int, sort: str) -> None:
    told = answers(port, SMUGGLED[sort])
    assert all(one.startswith(b"4") for one in told), told
    assert len(told) <= 2


@pytest.mark.attack("D04")
@pytest.mark.parametrize("sort", HOSTS)
def test_a_request_names_one_host(port: int, sort: str) -> None:
    assert answers(port, HOSTS[sort]) == [b"400"]


@pytest.mark.attack("D04")
@pytest.mark.parametrize("path", PATHS)
def test_no_other_way_of_writing_leads_to_a_route(port: int, path: str) -> None:
    told = answers(port, got(b"GET %s HTTP/1.1" % path.encode(), b"Host: @", b"Connection: close"))
    assert told in ([b"400"], [b"404"])


@pytest.mark.attack("D04")
@pytest.mark.parametrize("size", [64 * 1024, 1_000_000])
def test_headers_without_end_are_not_read_to_the_end(port: int, size: int) -> None:
    message = got(b"GET /oauth2/jwks HTTP/1.1", b"Host: @", b"X: " + b"a" * size)
    assert set(answers(port, message)) <= {b"400", b"431"}


def test_the_same_request_in_good_form_is_answered(port: int) -> None:
    with pytest.raises(AssertionError, match="keys"):
        answers(port, INNER)
