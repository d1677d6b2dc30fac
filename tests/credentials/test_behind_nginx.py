"""The nginx configuration of the documentation, in a real nginx in front of the door of client certificates (C08)."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.chromium import served
from tests.credentials import pki
from tests.credentials.doors import SECRET, CertificateScene, passed_on
from tests.credentials.front import Front, nginx, written
from tests.credentials.pki import ORIGIN, Card, card, citizens, roots
from tests.ports import free_port

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PORTAL, CARD_HOST = "procura.example", "kaart.procura.example"


class Listening:
    """Hands requests on to an application, and remembers the headers of the last one."""

    def __init__(self, inner: WSGIApplication) -> None:
        self.inner = inner
        self.headers: dict[str, str] = {}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self.headers = {name[5:]: value for name, value in environ.items() if name.startswith("HTTP_")}
        return self.inner(environ, start_response)


@dataclass
class Behind:
    """Everything behind nginx, and the port where it listens."""

    scene: CertificateScene
    folder: Path
    port: int
    passed: Listening

    def get(
        self, host: str, path: str, shown: Card | None = None, headers: Mapping[str, str] | None = None
    ) -> http.client.HTTPResponse:
        """What a browser gets that perhaps shows a certificate."""
        context = ssl.create_default_context(cafile=str(self.folder / "server.pem"))
        if shown is not None:
            context.load_cert_chain(written(self.folder, shown.certificate, shown.key))
        raw = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        connection = http.client.HTTPConnection(host, self.port, timeout=10)
        connection.sock = context.wrap_socket(raw, server_hostname=host)
        connection.request("GET", path, headers=dict(headers or {}))
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    folder = tmp_path_factory.mktemp("nginx")
    port, inner = free_port(), free_port()
    scene = CertificateScene(folder, address=f"https://{CARD_HOST}:{port}")
    front = Front(
        folder=folder,
        port=port,
        behind=inner,
        portal=PORTAL,
        origin=ORIGIN,
        card_host=CARD_HOST,
        secret=SECRET,
        authorities=citizens().pem + roots().pem,
    )
    passed = Listening(scene.client.application)
    with served(passed, inner), nginx(front):
        yield Behind(scene, folder, port, passed)


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


REFUSED_BY_NGINX = {
    "expired": lambda: card(key=pki.p384("expired"), valid=(timedelta(days=-9), timedelta(days=-1))),
    "for signatures": lambda: card(
        key=pki.p384("signs"), extensions=pki.card_extensions(used_for=pki.usage(content_commitment=True))
    ),
    "for servers": lambda: card(
        key=pki.p384("serves"), extensions=pki.card_extensions(extended=[ExtendedKeyUsageOID.SERVER_AUTH])
    ),
}


@pytest.mark.attack("C03")
@pytest.mark.parametrize("case", REFUSED_BY_NGINX)
def test_whose_certificate_nginx_refuses_reads_why_on_the_portal(behind: Behind, case: str) -> None:
    scene, before = behind.scene, len(behind.scene.hall.welcomed)
    told = finish_of(behind.get(CARD_HOST, scene.begin(), REFUSED_BY_NGINX[case]()))
    assert told == f"{ORIGIN}/sign-in/certificate/eid/refused"
    assert behind.get(PORTAL, told.removeprefix(ORIGIN)).status == 400
    assert (scene.codes[-1], len(scene.hall.welcomed)) == ("certificate_not_taken", before)
    assert finish_of(behind.get(CARD_HOST, "/other", REFUSED_BY_NGINX[case]())) == f"{ORIGIN}/sign-in"


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


SPOOFED = [
    {"X-Client-Address": "203.0.113.7", "X-Client-Country": "FR"},
    {"x-client-address": "", "X-CLIENT-COUNTRY": "FR"},
    {"X_Client_Address": "203.0.113.7", "X_Client_Country": "FR"},
    {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"},
    {"X_Procura_Client_Certificate": "x", "X_Procura_Proxy_Secret": SECRET, "X_Procura_Certificate_Host": CARD_HOST},
]


@pytest.mark.attack("C08")
@pytest.mark.parametrize("host", [PORTAL, CARD_HOST])
@pytest.mark.parametrize("told", SPOOFED, ids=lambda told: next(iter(told)))
def test_what_the_proxy_tells_of_its_client_is_not_the_clients_to_say(
    behind: Behind, host: str, told: dict[str, str]
) -> None:
    behind.get(host, behind.scene.begin(), headers=told)
    passed = behind.passed.headers
    assert passed["X_CLIENT_ADDRESS"] == "127.0.0.1"
    assert passed["HOST"] == PORTAL
    assert not {"X_CLIENT_COUNTRY", "X_FORWARDED_HOST", "FORWARDED"} & passed.keys()
    assert ("X_PROCURA_PROXY_SECRET" in passed) is (host == CARD_HOST)
    assert not passed.get("X_PROCURA_CLIENT_CERTIFICATE")


@pytest.mark.parametrize("path", ["/", "/sign-in", "/sign-in/certificate/eid/start", "/api/v1/me", "/health"])
def test_the_host_for_certificates_shows_nothing_else(behind: Behind, path: str) -> None:
    assert behind.get(CARD_HOST, path, card()).status == 404


def test_the_portals_host_asks_for_no_certificate(behind: Behind) -> None:
    answer = behind.get(PORTAL, "/sign-in/certificate/eid/finish?ticket=x")
    assert answer.status == 400
    assert behind.get(PORTAL, "/sign-in/certificate/eid/show?state=x", card()).status == 401
    assert f"https://{PORTAL}" == ORIGIN
