"""Tokens and certificates that Web eID's own validators are tested with stand or fall here as there."""

# Where each comes from stands with it in web_eid_vectors.json.

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID

from iam.credentials.card_subject import niss_of
from iam.credentials.certificate_path import issuer_of
from iam.credentials.certificate_reading import certificate_of, check_purpose, check_validity, policy_of
from iam.credentials.certificate_strength import check_strength
from iam.credentials.certificate_trust import Trust, read_trust
from iam.credentials.flaws import CardRefused, Flaw, StatusNotKnown
from iam.credentials.web_eid_token import check_signature, token_in
from iam.settings import UnsafeSettings
from tests.credentials.judging import cards
from tests.credentials.pki import StatusServer, StoppedClock, a_provider

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "web_eid_vectors.json").read_text(encoding="utf-8"))
THEN = datetime(2024, 12, 24, tzinfo=UTC)
"""The day at which those validators judge the Belgian cards."""
BELGIAN = sorted(VECTORS["belgian"])


def belgian_trust(**settings: Any) -> Trust:
    """Trust in the authority of Belgian test cards."""
    return read_trust(a_provider(authorities=VECTORS["belgian_authority"], **settings), production=False)


@pytest.mark.parametrize("kind", BELGIAN)
def test_a_belgian_test_card_is_accepted_in_every_step_but_its_status(kind: str) -> None:
    vector = VECTORS["belgian"][kind]
    token = token_in(vector["token"])
    certificate = certificate_of(token.certificate)
    check_validity(certificate, THEN)
    check_strength(certificate, old_cards=False)
    check_purpose(certificate)
    trust = belgian_trust()
    assert policy_of(certificate, trust) == "2.16.56.12.1.1.2.2"
    assert issuer_of(certificate, trust, THEN) == trust.authorities[0]
    check_signature(token, certificate.public_key(), VECTORS["belgian_origin"], vector["challenge"])
    assert niss_of(certificate, THEN.date()).value == "01050399864"


@pytest.mark.parametrize("kind", BELGIAN)
def test_the_status_of_a_belgian_test_card_is_asked_where_its_certificate_says(kind: str) -> None:
    vector = VECTORS["belgian"][kind]
    server, clock = StatusServer(silent=True), StoppedClock()
    clock.at = THEN
    with pytest.raises(StatusNotKnown):
        cards(server, clock).of_token(
            vector["token"], origin=VECTORS["belgian_origin"], challenge=vector["challenge"], trust=belgian_trust()
        )
    assert server.asked == ["http://eiddevcards.zetescards.be:8888"]


@pytest.mark.parametrize("kind", BELGIAN)
@pytest.mark.parametrize("days", [-1600, 3300])
def test_a_belgian_test_card_is_refused_out_of_its_time(kind: str, days: int) -> None:
    certificate = certificate_of(token_in(VECTORS["belgian"][kind]["token"]).certificate)
    with pytest.raises(CardRefused) as refused:
        check_validity(certificate, THEN + timedelta(days=days))
    assert refused.value.flaw in (Flaw.EXPIRED, Flaw.NOT_YET_VALID)


@pytest.mark.parametrize("kind", BELGIAN)
def test_a_belgian_test_card_is_refused_for_another_origin_challenge_or_card(kind: str) -> None:
    vector = VECTORS["belgian"][kind]
    other = VECTORS["belgian"][next(one for one in BELGIAN if one != kind)]
    token = token_in(vector["token"])
    key = certificate_of(token.certificate).public_key()
    for origin, challenge in (
        ("https://procura.example", vector["challenge"]),
        (VECTORS["belgian_origin"], other["challenge"]),
    ):
        with pytest.raises(CardRefused) as refused:
            check_signature(token, key, origin, challenge)
        assert refused.value.flaw is Flaw.SIGNATURE
    with pytest.raises(CardRefused) as refused:
        others = certificate_of(token_in(other["token"]).certificate).public_key()
        check_signature(token, others, VECTORS["belgian_origin"], vector["challenge"])
    assert refused.value.flaw is Flaw.ALGORITHM


def test_an_estonian_test_card_signs_validly_and_is_none_of_ours() -> None:
    vector = VECTORS["estonian"]
    token = token_in(vector["token"])
    certificate = certificate_of(token.certificate)
    key = certificate.public_key()
    check_signature(token, key, vector["origin"], vector["challenge"])
    for origin, challenge in (
        (vector["origin"], vector["wrong_challenge"]),
        (vector["wrong_origin"], vector["challenge"]),
    ):
        with pytest.raises(CardRefused) as refused:
            check_signature(token, key, origin, challenge)
        assert refused.value.flaw is Flaw.SIGNATURE
    with pytest.raises(CardRefused, match="certificate_policy"):
        policy_of(certificate, belgian_trust())
    with pytest.raises(CardRefused, match="certificate_untrusted"):
        issuer_of(certificate, belgian_trust(), THEN)
    with pytest.raises(CardRefused, match="certificate_subject"):
        niss_of(certificate, THEN.date())


@pytest.mark.parametrize("name", ["missing_key_usage", "wrong_purpose"])
def test_certificates_that_are_not_for_logins_are_refused(name: str) -> None:
    with pytest.raises(CardRefused) as refused:
        check_purpose(certificate_of(VECTORS[name]))
    assert refused.value.flaw is Flaw.PURPOSE


def test_a_certificate_signed_with_sha1_is_weak() -> None:
    with pytest.raises(CardRefused) as refused:
        check_strength(certificate_of(VECTORS["missing_key_usage"]), old_cards=False)
    assert refused.value.flaw is Flaw.WEAK
    check_strength(certificate_of(VECTORS["missing_key_usage"]), old_cards=True)


def test_production_does_not_trust_the_authority_of_test_cards() -> None:
    with pytest.raises(UnsafeSettings, match="authority of a test"):
        read_trust(a_provider(authorities=VECTORS["belgian_authority"]), production=True)


def test_the_authority_of_the_test_cards_is_an_intermediate_that_names_its_status_server() -> None:
    authority = belgian_trust().authorities[0]
    access = authority.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    assert AuthorityInformationAccessOID.OCSP in {one.access_method for one in access}
    assert authority.subject != authority.issuer
