"""Whatever is changed in a certificate or in an answer about its status is refused, and by nothing but a refusal."""

from __future__ import annotations

import random

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from iam.credentials.certificate_reading import certificate_in
from iam.credentials.flaws import CardRefused, StatusNotKnown
from tests.credentials import der, pki
from tests.credentials.judging import CHALLENGE, cards, judged, trusted
from tests.credentials.pki import Card, StatusServer, card, citizens

DER = serialization.Encoding.DER


def changed(document: bytes, seed: int) -> list[bytes]:
    """The document with one octet changed, in each place, and with a piece cut out or put in twice."""
    chance = random.Random(seed)
    flipped = [
        document[:at] + bytes([document[at] ^ chance.randrange(1, 256)]) + document[at + 1 :]
        for at in range(len(document))
    ]
    cuts = [sorted(chance.sample(range(len(document)), 2)) for _ in range(100)]
    return [
        *flipped,
        *(document[:first] + document[last:] for first, last in cuts),
        *(document[:last] + document[first:] for first, last in cuts),
    ]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_changed_certificate_is_refused(seed: int) -> None:
    judge, trust = cards(StatusServer()), trusted()
    for one in changed(card().certificate.public_bytes(DER), seed):
        with pytest.raises(CardRefused):
            judge.of_certificate(certificate_in(one), trust)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_changed_certificate_that_its_authority_signed_is_no_failure_of_ours(seed: int) -> None:
    """An authority may sign anything: what cannot be read ends in a refusal, what can be is judged."""
    whole = card().certificate
    parts = der.parts(whole.public_bytes(DER))
    for tbs in changed(whole.tbs_certificate_bytes, seed):
        signature = pki.p384("Example Citizen CA").sign(tbs, ec.ECDSA(hashes.SHA384()))
        signed = der.sequence(tbs, parts[1], der.tlv(0x03, b"\0" + signature))
        assert _outcome(signed) in ("refused", "not known", "accepted")


def _outcome(document: bytes) -> str:
    server = StatusServer()
    try:
        certificate = certificate_in(document)
        server.certificates[certificate.serial_number] = certificate
        cards(server).of_certificate(certificate, trusted())
    except CardRefused:
        return "refused"
    except StatusNotKnown:
        return "not known"
    return "accepted"


@pytest.mark.parametrize("seed", [1, 2])
def test_a_changed_answer_about_the_status_lets_nobody_in(seed: int) -> None:
    shown = card()
    answers = changed(_answer(shown), seed)
    for one in answers:
        with pytest.raises((StatusNotKnown, CardRefused)):
            judged(shown.token(CHALLENGE), StatusServer(raw=one))


def _answer(shown: Card) -> bytes:
    """A good answer to another question about the card."""
    server = StatusServer()
    server.knows(shown)
    question = x509.ocsp.OCSPRequestBuilder().add_certificate(shown.certificate, citizens().certificate, hashes.SHA1())
    nonce = x509.OCSPNonce(bytes(32))
    return server.ask("", question.add_extension(nonce, critical=False).build().public_bytes(DER))
