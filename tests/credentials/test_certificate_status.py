"""C05: which answers about the status of a certificate are believed, and what follows from none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import OCSPNonce, ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from iam.credentials.flaws import CardRefused, Flaw, StatusNotKnown
from tests.credentials import der, pki
from tests.credentials.judging import CHALLENGE, judged, trusted
from tests.credentials.pki import Authority, Card, StatusServer, card, intermediate, responder, roots


def shown_to(server: StatusServer, shown: Card | None = None, **settings: object) -> None:
    """Show a card while this status server answers."""
    one = server.knows(shown or card())
    judged(one.token(CHALLENGE), server, trusted(**settings))


def delegated(signer: Authority, **how: Any) -> StatusServer:
    """A server whose answers a responder signs."""
    return StatusServer(signer=signer, enclosed=(signer.certificate,), **how)


def unsuccessful(status: ocsp.OCSPResponseStatus) -> bytes:
    """An answer that says why there is none."""
    return ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(serialization.Encoding.DER)


def foreign() -> Authority:
    """A configured-looking authority that issued nothing here."""
    return intermediate(roots(), "Foreign CA")


class Twice(StatusServer):
    """Answers with the same good answer twice in one, rightly signed."""

    def ask(self, url: str, request: bytes) -> bytes:
        held = der.parts(der.parts(der.parts(super().ask(url, request))[1])[0])[1]
        parts = der.parts(der.parts(held)[0])
        tbs = der.parts(parts[0])
        tbs[2] = der.sequence(*der.parts(tbs[2]) * 2)
        data = der.sequence(*tbs)
        signature = pki.p384("Example Citizen CA").sign(data, ec.ECDSA(hashes.SHA384()))
        basic = der.sequence(data, parts[1], der.tlv(0x03, b"\x00" + signature))
        answer = der.sequence(
            der.tlv(0x0A, b"\x00"), der.tlv(0xA0, der.sequence(der.tlv(0x06, BASIC), der.tlv(0x04, basic)))
        )
        assert len(list(ocsp.load_der_ocsp_response(answer).responses)) == 2
        return answer


BASIC = bytes.fromhex("2b0601050507300101")
"""id-pkix-ocsp-basic"""

NOT_BELIEVED: dict[str, Callable[[], StatusServer]] = {
    "no answer": lambda: StatusServer(silent=True),
    "nothing": lambda: StatusServer(raw=b""),
    "HTML": lambda: StatusServer(raw=b"<html>try again later</html>"),
    "half an answer": lambda: StatusServer(raw=bytes.fromhex("30820100")),
    "too large": lambda: StatusServer(raw=b"0" * 40_000),
    "tryLater": lambda: StatusServer(raw=unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER)),
    "internalError": lambda: StatusServer(raw=unsuccessful(ocsp.OCSPResponseStatus.INTERNAL_ERROR)),
    "malformedRequest": lambda: StatusServer(raw=unsuccessful(ocsp.OCSPResponseStatus.MALFORMED_REQUEST)),
    "sigRequired": lambda: StatusServer(raw=unsuccessful(ocsp.OCSPResponseStatus.SIG_REQUIRED)),
    "unauthorized": lambda: StatusServer(raw=unsuccessful(ocsp.OCSPResponseStatus.UNAUTHORIZED)),
    "two answers": Twice,
    "another serial number": lambda: StatusServer(about=card().certificate),
    "another issuer": lambda: StatusServer(about_issuer=foreign().certificate),
    "no nonce": lambda: StatusServer(nonce=None),
    "another nonce": lambda: StatusServer(nonce=b"x" * 32),
    "stale": lambda: StatusServer(this_update=timedelta(minutes=-2, seconds=-1)),
    "of yesterday": lambda: StatusServer(this_update=timedelta(days=-1), next_update=timedelta(days=6)),
    "of the future": lambda: StatusServer(this_update=timedelta(minutes=15, seconds=1), next_update=None),
    "signature spoilt": lambda: StatusServer(spoil=True),
    "another authority": lambda: StatusServer(signer=foreign()),
    "another authority, enclosed": lambda: delegated(foreign()),
    "the root": lambda: delegated(roots()),
    "a card": lambda: delegated(Authority(card().certificate, pki.p384("card"))),
    "responder of another authority": lambda: delegated(responder(foreign())),
    "responder without the purpose": lambda: delegated(responder(extended=[])),
    "responder for TLS": lambda: delegated(responder(extended=[ExtendedKeyUsageOID.SERVER_AUTH])),
    "responder for any purpose": lambda: delegated(responder(extended=[ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE])),
    "expired responder": lambda: delegated(responder(valid=(timedelta(days=-9), timedelta(seconds=-1)))),
    "responder of the future": lambda: delegated(responder(valid=(timedelta(seconds=1), timedelta(days=9)))),
    "responder that is not enclosed": lambda: StatusServer(signer=responder()),
    "responder of the same name": lambda: delegated(
        responder(intermediate(roots(), "Example Citizen CA", pki.p384("attacker")))
    ),
    "name of the authority, key of another": lambda: StatusServer(
        signer=intermediate(roots(), "Example Citizen CA", pki.p384("attacker"))
    ),
}


@pytest.mark.attack("C05")
@pytest.mark.parametrize("case", NOT_BELIEVED)
def test_without_an_answer_that_is_to_be_believed_nobody_gets_in(case: str) -> None:
    with pytest.raises(StatusNotKnown):
        shown_to(NOT_BELIEVED[case]())


@pytest.mark.parametrize(
    "make",
    [
        StatusServer,
        lambda: StatusServer(named_by_key=True),
        lambda: StatusServer(next_update=None),
        lambda: StatusServer(this_update=timedelta(minutes=-2)),
        lambda: StatusServer(this_update=timedelta(minutes=15), next_update=None),
        lambda: delegated(responder()),
        lambda: delegated(responder(), named_by_key=True),
    ],
)
def test_an_answer_of_the_authority_or_of_its_responder_is_believed(make: Callable[[], StatusServer]) -> None:
    server = make()
    shown_to(server)
    assert len(server.asked) == 1


@pytest.mark.attack("C05")
@pytest.mark.parametrize(
    ("status", "flaw"),
    [(ocsp.OCSPCertStatus.REVOKED, Flaw.REVOKED), (ocsp.OCSPCertStatus.UNKNOWN, Flaw.STATUS_UNKNOWN)],
)
@pytest.mark.parametrize("signer", [None, responder()])
def test_revoked_and_unknown_certificates_are_refused(
    status: ocsp.OCSPCertStatus, flaw: Flaw, signer: Authority | None
) -> None:
    server = delegated(signer, status=status) if signer else StatusServer(status=status)
    with pytest.raises(CardRefused) as refused:
        shown_to(server)
    assert refused.value.flaw is flaw


def test_a_configured_responder_is_believed_and_asked_in_place_of_the_one_in_the_certificate() -> None:
    other = responder(foreign(), "Configured Status")
    server = StatusServer(signer=other)
    shown_to(server, ocsp_server="http://status.example/", ocsp_responder_certificates=other.pem)
    assert server.asked == ["http://status.example/"]


@pytest.mark.attack("C05")
@pytest.mark.parametrize("valid", [(-9, -1), (1, 9)], ids=["expired", "of the future"])
def test_a_configured_responder_speaks_in_its_own_time_alone(valid: tuple[int, int]) -> None:
    first, last = (timedelta(days=one) for one in valid)
    other = responder(foreign(), "Configured Status", valid=(first, last))
    with pytest.raises(StatusNotKnown):
        shown_to(StatusServer(signer=other), ocsp_responder_certificates=other.pem)


@pytest.mark.attack("C05", "D06")
@pytest.mark.parametrize(
    "url", ["http://[::1", "http://ocsp.eid.example:port/", "http://ocsp.eid.example@evil.example/"]
)
def test_an_address_of_no_configured_host_in_a_certificate_is_not_asked(url: str) -> None:
    server = StatusServer()
    with pytest.raises(StatusNotKnown):
        shown_to(server, card(extensions=pki.card_extensions(url=url)), ocsp_hosts=["status.example"])
    assert server.asked == []


def test_where_servers_know_no_nonce_its_absence_is_accepted_but_not_its_age() -> None:
    shown_to(StatusServer(nonce=None), ocsp_nonce=False)
    with pytest.raises(StatusNotKnown):
        shown_to(StatusServer(nonce=None, this_update=timedelta(minutes=-3)), ocsp_nonce=False)


def test_a_certificate_that_names_no_server_cannot_be_asked_about() -> None:
    server = StatusServer()
    with pytest.raises(StatusNotKnown):
        shown_to(server, card(extensions=pki.card_extensions(url="")))
    assert server.asked == []


def test_only_configured_hosts_are_asked() -> None:
    server = StatusServer()
    with pytest.raises(StatusNotKnown):
        shown_to(server, ocsp_hosts=["ocsp.eidpki.belgium.be"])
    assert server.asked == []
    shown_to(server, ocsp_hosts=["ocsp.eid.example"])
    assert server.asked == [pki.STATUS_URL]


def test_each_question_has_its_own_nonce() -> None:
    seen: list[bytes] = []

    class Listening(StatusServer):
        def ask(self, url: str, request: bytes) -> bytes:
            question = ocsp.load_der_ocsp_request(request)
            seen.append(question.extensions.get_extension_for_class(OCSPNonce).value.nonce)
            return super().ask(url, request)

    server = Listening()
    shown_to(server)
    shown_to(server)
    assert len(seen[0]) == 32
    assert seen[0] != seen[1]
