"""C04: which paths from a card to an authority are refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import NameOID

from iam.credentials.certificate_trust import Trust
from iam.credentials.flaws import Flaw
from tests.credentials import pki
from tests.credentials.judging import flaw_of, trusted
from tests.credentials.pki import Authority, Card, StatusServer, ca_name, card, citizens, intermediate, name, roots

Made = tuple[Card, Trust]


def trusting(*authorities: Authority, **settings: object) -> Trust:
    """Trust in these authorities."""
    return trusted(authorities="".join(one.pem for one in authorities), **settings)


def below(authority: Authority, **how: Any) -> Card:
    """A card of this authority."""
    return card(issuer=authority, **how)


def with_extra(extension: x509.ExtensionType, *, critical: bool) -> Made:
    """A card with one more extension."""
    return card(extensions=pki.card_extensions(extra=[(extension, critical)])), trusted()


def naming(key: str, *, critical: bool) -> Made:
    """A card whose extension names the key of this name as its issuer's."""
    named = x509.AuthorityKeyIdentifier.from_issuer_public_key(pki.p384(key).public_key())
    return card(extensions=[*pki.card_extensions(), (named, critical)], key_identifier=False), trusted()


def below_authority_that_names_no_key() -> Made:
    """The authority does not say which key of its root signed it."""
    authority = intermediate(roots(), "Silent CA", key_identifier=False)
    return below(authority), trusting(authority, roots=roots().pem)


def constrained(permitted: list[x509.GeneralName] | None, excluded: list[x509.GeneralName] | None = None) -> Authority:
    """An authority with name constraints."""
    constraints = x509.NameConstraints(permitted_subtrees=permitted, excluded_subtrees=excluded)
    return intermediate(roots(), "Constrained CA", extra=[(constraints, True)])


def directory(*parts: tuple[x509.ObjectIdentifier, str]) -> x509.DirectoryName:
    """A directory name."""
    return x509.DirectoryName(name(*parts))


def fake_of_the_same_name() -> Made:
    """An authority of the attacker with the name of the true one."""
    return below(intermediate(roots(), "Example Citizen CA", pki.p384("attacker"))), trusted()


def fake_without_key_identifiers() -> Made:
    """The same, with nothing that tells the keys apart."""
    fake = intermediate(pki.root("Attacker"), "Example Citizen CA", pki.p384("attacker"))
    return below(fake, key_identifier=False), trusted()


def below_a_card() -> Made:
    """A card's key signs a card."""
    holder = card()
    return below(Authority(holder.certificate, holder.key)), trusted()


def below_a_card_that_is_configured() -> Made:
    """A certificate that is no authority stands among the authorities."""
    holder = Authority(card().certificate, pki.p384("card"))
    return below(holder), trusting(holder)


def below_false_authority(**how: Any) -> Made:
    """An authority of the configuration that may not be one."""
    authority = intermediate(roots(), "False CA", **how)
    return below(authority), trusting(authority)


def below_unconfigured_intermediate() -> Made:
    """A sub-authority of a configured one, which itself is not configured."""
    middle = intermediate(citizens(), "Unexpected CA")
    return below(middle), trusted()


def issued_by_the_root_itself() -> Made:
    """The root of the configured authority issued the card."""
    return below(roots()), trusted()


def self_signed() -> Made:
    """A card that vouches for itself."""
    own = pki.root("Example Citizen CA", pki.p384("card"))
    return below(own, subject=own.certificate.subject), trusted()


def from_another_root() -> Made:
    """Roots are configured, and the authority is of none of them."""
    other = intermediate(pki.root("Other Root"), "Other CA")
    return below(other), trusting(other, roots=roots().pem)


def too_deep_for_the_root() -> Made:
    """The root allows no authority below it that may have others below."""
    narrow = x509.BasicConstraints(ca=True, path_length=0)
    shallow = intermediate(pki.root("Deep Root"), "Shallow CA", constraints=narrow)
    below_it = intermediate(shallow, "Too Deep CA")
    return below(below_it), trusting(below_it, roots=shallow.pem)


UNTRUSTED: dict[str, Callable[[], Made]] = {
    "fake of the same name": fake_of_the_same_name,
    "fake of the same name without key identifiers": fake_without_key_identifiers,
    "issued by a card": below_a_card,
    "issued by a configured certificate that is no authority": below_a_card_that_is_configured,
    "CA:false": lambda: below_false_authority(constraints=x509.BasicConstraints(ca=False, path_length=None)),
    "no basicConstraints": lambda: below_false_authority(without=(x509.BasicConstraints,)),
    "no keyUsage": lambda: below_false_authority(without=(x509.KeyUsage,)),
    "no keyCertSign": lambda: below_false_authority(
        without=(x509.KeyUsage,), extra=[(pki.usage(digital_signature=True), True)]
    ),
    "expired authority": lambda: below_false_authority(valid=(timedelta(days=-90), timedelta(days=-1))),
    "authority of the future": lambda: below_false_authority(valid=(timedelta(days=1), timedelta(days=90))),
    "unconfigured intermediate": below_unconfigured_intermediate,
    "issued by the root": issued_by_the_root_itself,
    "self-signed": self_signed,
    "authority of another root": from_another_root,
    "path too long for the root": too_deep_for_the_root,
    "a card that is an authority": lambda: with_extra(x509.BasicConstraints(ca=True, path_length=None), critical=True),
    "unknown critical extension": lambda: with_extra(
        x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), b"\x05\x00"), critical=True
    ),
    "unknown critical extension of the authority": lambda: below_false_authority(
        extra=[(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), b"\x05\x00"), True)]
    ),
    "critical authorityKeyIdentifier": lambda: naming("Example Citizen CA", critical=True),
    "critical subjectKeyIdentifier": lambda: with_extra(
        x509.SubjectKeyIdentifier.from_public_key(pki.p384("card").public_key()), critical=True
    ),
    "critical authorityInformationAccess": lambda: (
        card(extensions=[*pki.card_extensions(url=""), (pki.status_at(pki.STATUS_URL), True)]),
        trusted(),
    ),
    "no authorityKeyIdentifier": lambda: (card(key_identifier=False), trusted()),
    "no subjectKeyIdentifier of the authority": lambda: below_false_authority(without=(x509.SubjectKeyIdentifier,)),
    "no authorityKeyIdentifier of the authority": below_authority_that_names_no_key,
    "authorityKeyIdentifier of another key": lambda: naming("other", critical=False),
    "required policies of the authority": lambda: below_false_authority(
        extra=[(x509.PolicyConstraints(require_explicit_policy=0, inhibit_policy_mapping=None), False)]
    ),
    "inhibited policies of the authority": lambda: below_false_authority(extra=[(x509.InhibitAnyPolicy(0), True)]),
    "serial number of 21 octets": lambda: (card(serial=1 << 160), trusted()),
    "serial number zero of the authority": lambda: below_false_authority(serial=0),
    "name outside what is permitted": lambda: _constrained_card([directory((NameOID.COUNTRY_NAME, "FR"))], None),
    "name inside what is excluded": lambda: _constrained_card(None, [directory((NameOID.COUNTRY_NAME, "BE"))]),
    "constraints on names of hosts": lambda: _constrained_card([x509.DNSName("example.be")], None),
    "constraints that would permit the name": lambda: _constrained_card(
        [directory((NameOID.COUNTRY_NAME, "BE"))], None
    ),
}


def _constrained_card(permitted: list[x509.GeneralName] | None, excluded: list[x509.GeneralName] | None) -> Made:
    authority = constrained(permitted, excluded)
    return below(authority), trusting(authority)


@pytest.mark.attack("C04")
@pytest.mark.parametrize("case", UNTRUSTED)
def test_a_path_that_does_not_hold_is_refused_before_any_status_is_asked(case: str) -> None:
    shown, trust = UNTRUSTED[case]()
    server = StatusServer()
    assert flaw_of(shown, trust, server) is Flaw.UNTRUSTED
    assert server.asked == []


def test_a_signature_that_was_changed_is_refused() -> None:
    der = bytearray(pki.card().certificate.public_bytes(serialization.Encoding.DER))
    der[-1] ^= 1
    changed = x509.load_der_x509_certificate(bytes(der))
    assert flaw_of(Card(changed, pki.p384("card"))) is Flaw.UNTRUSTED


@pytest.mark.parametrize(
    "trust",
    [trusted(), trusted(roots=roots().pem), trusted(authorities=pki.intermediate(roots()).pem + citizens().pem)],
    ids=["authority", "with its root", "two of a name"],
)
def test_a_card_of_a_configured_authority_is_accepted(trust: Trust) -> None:
    assert flaw_of(card(), trust) is None


WEAK: dict[str, Callable[[], Made]] = {
    "RSA of 2052 bits": lambda: (card(key=pki.rsa_key(2052)), trusted()),
    "RSA with the exponent 3": lambda: (card(key=pki.rsa_key(2048, "three", 3)), trusted()),
    "RSA-1024": lambda: (card(key=pki.rsa_key(1024)), trusted()),
    "authority with RSA-1024": lambda: below_false_authority(key=pki.rsa_key(1024, "ca")),
    "SHA-224": lambda: (card(hashed=hashes.SHA224()), trusted()),
    "secp256k1": lambda: (card(key=ec.generate_private_key(ec.SECP256K1())), trusted()),
}


@pytest.mark.attack("C04")
@pytest.mark.parametrize("case", WEAK)
def test_weak_keys_and_signatures_are_refused(case: str) -> None:
    shown, trust = WEAK[case]()
    assert flaw_of(shown, trust) in (Flaw.WEAK, Flaw.ALGORITHM)


def test_a_key_of_another_kind_is_refused() -> None:
    other = ed25519.Ed25519PrivateKey.generate()
    certificate = citizens().issue(pki.person_name(), other.public_key(), pki.card_extensions())
    assert flaw_of(Card(certificate, pki.p384("card"))) is Flaw.WEAK


def test_small_rsa_keys_of_old_cards_are_accepted_only_where_that_is_configured() -> None:
    assert flaw_of(card(key=pki.rsa_key(1024))) is Flaw.WEAK
    assert flaw_of(card(key=pki.rsa_key(1024)), trusted(old_cards=True)) is None


def test_the_names_of_authorities_are_compared_octet_by_octet() -> None:
    lower = Authority(citizens().certificate, citizens().key)
    other = lower.certificate.subject
    assert ca_name("example citizen ca").public_bytes() != other.public_bytes()
    fake = intermediate(roots(), "example citizen ca", pki.p384("Example Citizen CA"))
    assert flaw_of(below(fake, key_identifier=False)) is Flaw.UNTRUSTED
