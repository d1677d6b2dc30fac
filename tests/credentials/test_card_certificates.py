"""C03 and C07: certificates that are not for logins, under policies that are not accepted, or of nobody."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from iam.credentials.card_settings import web_eid_settings
from iam.credentials.certificate_trust import SIGNATURE_POLICIES, read_trust
from iam.credentials.flaws import Flaw
from iam.domain.assurance import Assurance, LoginKey
from iam.settings import UnsafeSettings
from tests.credentials import pki
from tests.credentials.judging import CHALLENGE, flaw_of, judged
from tests.credentials.pki import POLICY, StatusServer, a_provider, card, card_extensions, name, usage

WRONG_PURPOSE = {
    "nonRepudiation": card_extensions(used_for=usage(content_commitment=True)),
    "both": card_extensions(used_for=usage(digital_signature=True, content_commitment=True)),
    "encipherment": card_extensions(used_for=usage(key_encipherment=True)),
    "keyCertSign": card_extensions(used_for=usage(digital_signature=True, key_cert_sign=True)),
    "cRLSign": card_extensions(used_for=usage(digital_signature=True, crl_sign=True)),
    "no keyUsage": card_extensions()[1:],
    "TLS server": card_extensions(extended=[ExtendedKeyUsageOID.SERVER_AUTH]),
    "e-mail": card_extensions(extended=[ExtendedKeyUsageOID.EMAIL_PROTECTION]),
    "any extended usage": card_extensions(extended=[ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]),
}


@pytest.mark.attack("C03")
@pytest.mark.parametrize("case", WRONG_PURPOSE)
def test_a_certificate_that_is_not_for_logins_is_refused(case: str) -> None:
    assert flaw_of(card(extensions=WRONG_PURPOSE[case])) is Flaw.PURPOSE


def test_a_certificate_without_extended_usage_is_accepted() -> None:
    assert flaw_of(card(extensions=card_extensions(extended=[]))) is None


WRONG_POLICIES = [
    [],
    ["2.5.29.32.0"],
    ["2.16.56.12.1.1.2"],
    ["2.16.56.12.1.1.2.2.1"],
    ["2.16.56.12.1.1.7.2"],
    ["2.16.56.1.40.40.40.1"],
    *([one] for one in sorted(SIGNATURE_POLICIES)),
    *([POLICY, one] for one in sorted(SIGNATURE_POLICIES)),
]


@pytest.mark.attack("C03")
@pytest.mark.parametrize("under", WRONG_POLICIES, ids=lambda under: "+".join(under) or "none")
def test_a_certificate_under_no_accepted_policy_is_refused(under: list[str]) -> None:
    assert flaw_of(card(extensions=card_extensions(under=under))) is Flaw.POLICY


@pytest.mark.parametrize(
    ("valid", "flaw"),
    [
        ((timedelta(days=-30), timedelta(seconds=-1)), Flaw.EXPIRED),
        ((timedelta(seconds=1), timedelta(days=30)), Flaw.NOT_YET_VALID),
        ((timedelta(0), timedelta(days=1)), None),
        ((timedelta(days=-1), timedelta(0)), None),
    ],
)
def test_a_certificate_counts_from_its_first_to_its_last_second(valid: Any, flaw: Flaw | None) -> None:
    assert flaw_of(card(valid=valid)) is flaw


def person(*serials: str | x509.NameAttribute[str], country: str = "BE") -> x509.Name:
    """A name with these serial numbers."""
    plain = x509.name._ASN1Type.PrintableString
    utf8 = x509.name._ASN1Type.UTF8String
    parts = [
        one if not isinstance(one, str) else oddly(one, plain if one.isascii() and one.isprintable() else utf8)
        for one in serials
    ]
    return name((NameOID.COUNTRY_NAME, country), (NameOID.COMMON_NAME, "A (Authentication)"), *parts)


def oddly(value: str, kind: Any) -> x509.NameAttribute[str]:
    """A serial number in another type of string."""
    return x509.NameAttribute(NameOID.SERIAL_NUMBER, value, _type=kind)


NOBODY = {
    "no serialNumber": person(),
    "number in the common name alone": name(
        (NameOID.COUNTRY_NAME, "BE"), (NameOID.COMMON_NAME, f"A {pki.NISS} (Authentication)")
    ),
    "two serialNumbers": person(pki.NISS, pki.NISS),
    "two different serialNumbers": person(pki.NISS, "17073003384"),
    "wrong check digits": person("85073003329"),
    "an enterprise number": person("0206731645"),
    "twelve digits": person(f"{pki.NISS}0"),
    "written with dots": person("85.07.30-033.28"),
    "prefixed": person(f"PNOBE-{pki.NISS}"),
    "blank before": person(f" {pki.NISS}"),
    "line end after": person(f"{pki.NISS}\n"),
    "full-width digits": person("８５０７３００３３２８"),
    "Arabic digits": person("٨٥٠٧٣٠٠٣٣٢٨"),
    "letter O for 0": person("85O73OO3328"),
    "NUL inside": person("85073003328\x00"),
    "NUL before the last digits": person("850730033\x0028"),
    "another country": person(pki.NISS, country="NL"),
    "country in lower case": person(pki.NISS, country="be"),
    "two countries": name(
        (NameOID.COUNTRY_NAME, "BE"), (NameOID.COUNTRY_NAME, "FR"), (NameOID.SERIAL_NUMBER, pki.NISS)
    ),
    "no country": name((NameOID.COMMON_NAME, "A"), (NameOID.SERIAL_NUMBER, pki.NISS)),
    "BMPString": person(oddly(pki.NISS, x509.name._ASN1Type.BMPString)),
    "T61String": person(oddly(pki.NISS, x509.name._ASN1Type.T61String)),
    "month + 20 without new check digits": person("85273003328"),
    "month + 40 without new check digits": person("85473003328"),
    "month + 60": person("85673003345"),
    "born in the future": person("26112300185"),
    "counter 000": person("85073000061"),
    "day that is none": person("81130103578"),
    "several values in one part": x509.Name(
        [
            x509.RelativeDistinguishedName([x509.NameAttribute(NameOID.COUNTRY_NAME, "BE")]),
            x509.RelativeDistinguishedName(
                [
                    x509.NameAttribute(NameOID.SERIAL_NUMBER, pki.NISS),
                    x509.NameAttribute(NameOID.COMMON_NAME, "A"),
                ]
            ),
        ]
    ),
}


@pytest.mark.attack("C07")
@pytest.mark.parametrize("case", NOBODY)
def test_a_subject_without_exactly_one_valid_number_of_belgium_is_nobody(case: str) -> None:
    server = StatusServer()
    assert flaw_of(card(subject=NOBODY[case]), server=server) in (Flaw.SUBJECT, Flaw.UNTRUSTED, Flaw.MALFORMED)
    assert server.asked == []


@pytest.mark.parametrize("number", [pki.NISS, "17073003384", "00003241778", "98472899765", "95301700145"])
def test_the_number_of_a_national_register_or_bis_number_is_read(number: str) -> None:
    server = StatusServer()
    shown = server.knows(card(subject=person(number)))
    proven = judged(shown.token(CHALLENGE), server)
    assert (proven.niss.value, proven.assurance, proven.policy) == (number, Assurance.HIGH, POLICY)


UNSAFE: list[tuple[dict[str, Any], str]] = [
    ({"authorities": ""}, "authorities"),
    ({"authorities": "/nowhere.pem"}, "authorities"),
    ({"authorities": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"}, "authorities"),
    ({"authorities": pki.roots().pem}, "not roots"),
    ({"authorities": 5}, "authorities"),
    ({"autorities": "typo"}, "settings.autorities"),
    ({"ocsp_server": "ftp://ocsp.example"}, "ocsp_server"),
    ({"ocsp_nonce": "yes"}, "ocsp_nonce"),
    ({"ocsp_max_age_seconds": 0}, "ocsp_max_age_seconds"),
    ({"ocsp_max_age_seconds": True}, "ocsp_max_age_seconds"),
    ({"ocsp_clock_skew_seconds": 901}, "ocsp_clock_skew_seconds"),
    ({"ocsp_hosts": ["HTTP://x"]}, "ocsp_hosts"),
    ({"ocsp_server": "http://[::1"}, "ocsp_server"),
    ({"ocsp_server": "http://other.example", "ocsp_hosts": ["ocsp.example"]}, "ocsp_server"),
]


@pytest.mark.parametrize(("settings", "named"), UNSAFE)
def test_settings_that_cannot_be_followed_are_refused_by_name(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(UnsafeSettings, match=f"eid: .*{named}"):
        read_trust(a_provider(**settings), production=False)


@pytest.mark.attack("C03")
@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"old_cards": True}, "old_cards"),
        ({"authorities": pki.intermediate(pki.roots(), "eID TEST EC Citizen CA").pem}, "a test"),
        ({"authorities": pki.intermediate(pki.root("Sandbox Root"), "Citizen CA").pem}, "a test"),
        *(
            ({"authorities": pki.intermediate(pki.roots(), f"{name} 01").pem}, "a test")
            for name in ("TEST_CA", "Citizen-Test", "Citizen CA (tests)", "Testing CA", "demo CA", "SPECIMEN CA")
        ),
        ({"roots": pki.root("Belgium Root CA TEST").pem}, "a test"),
        ({"ocsp_responder_certificates": pki.responder(common="OCSP test").pem}, "a test"),
    ],
)
def test_production_takes_no_authority_of_tests(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(UnsafeSettings, match=named):
        read_trust(a_provider(**settings), production=True)
    for fine in ("Attestation CA", "Contest CA", "Democratie CA"):
        read_trust(a_provider(authorities=pki.intermediate(pki.roots(), fine).pem), production=True)


@pytest.mark.attack("C03")
@pytest.mark.parametrize("oid", ["2.16.56.1.40.40.40.1", "2.16.56.1.40.1"])
def test_production_takes_no_policy_of_test_cards(oid: str) -> None:
    told = replace(a_provider(), levels={oid: Assurance.HIGH})
    read_trust(told, production=False)
    with pytest.raises(UnsafeSettings, match="test cards"):
        read_trust(told, production=True)


@pytest.mark.parametrize("oid", [*sorted(SIGNATURE_POLICIES), "2.5.29.32.0", "high", "1.2", "2.16.056.1"])
def test_a_policy_for_signatures_can_not_be_configured(oid: str) -> None:
    provider = a_provider()
    levels = {**provider.levels, oid: Assurance.HIGH}
    broken = replace(provider, levels=levels)
    with pytest.raises(UnsafeSettings, match="levels"):
        read_trust(broken, production=False)


def test_authorities_are_read_anew_when_the_configuration_is(tmp_path: Path) -> None:
    file = tmp_path / "authorities.pem"
    file.write_text(pki.citizens().pem, encoding="ascii")
    settings, provider = web_eid_settings(production=False), a_provider(authorities=str(file))
    settings.check(provider)
    before = settings.of(provider)
    file.write_text(pki.intermediate(pki.roots(), "Newer CA").pem, encoding="ascii")
    assert settings.of(provider) is before
    settings.check(provider)
    assert settings.of(provider).trust.authorities != before.trust.authorities


def test_only_an_identity_card_answers_by_web_eid() -> None:
    other = replace(a_provider(), key=LoginKey.CERTIFICATE)
    with pytest.raises(UnsafeSettings, match="key must be eid"):
        web_eid_settings(production=False).of(other)
