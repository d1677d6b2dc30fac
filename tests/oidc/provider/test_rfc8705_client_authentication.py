"""RFC 8705 §2: clients that authenticate by certificate, issued by an authority or registered itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from iam.domain.client_metadata import AuthMethod
from iam.domain.periods import Period
from iam.domain.tokens import IssuedToken
from tests.credentials import pki
from tests.credentials.pki import Card, card_extensions
from tests.oidc.provider.forgery import payload
from tests.oidc.provider.machines import (
    SECOND,
    SUBJECT,
    UNIT,
    Machines,
    ends,
    keys_with,
    machine,
    machine_name,
    self_signed,
)
from tests.oidc.provider.premises import EMPLOYER, OTHER, SOFTWARE, Premises

OWN = AuthMethod.SELF_SIGNED_TLS_CLIENT_AUTH


@pytest.fixture
def machines(plain_house: Premises) -> Machines:
    return Machines(plain_house)


def refused(machines: Machines, shown: Card | None, client_id: str = SOFTWARE, **more: Any) -> None:
    with machines.house.archive.reading() as reading:
        before = len(reading.find(IssuedToken))
    answer = machines.ask(shown, client_id, **more)
    assert (answer.status_code, answer.get_json().get("error")) == (401, "invalid_client"), answer.text
    with machines.house.archive.reading() as reading:
        assert len(reading.find(IssuedToken)) == before


def test_a_certificate_of_the_registered_subject_proves_its_client_and_binds_its_tokens(house: Premises) -> None:
    machines = Machines(house)
    shown = machines.server.knows(machine())
    told = machines.ask(shown).get_json()
    assert told["token_type"] == "Bearer"
    confirmed = payload(told["access_token"])["cnf"]
    assert set(confirmed) == {"x5t#S256"} and len(confirmed["x5t#S256"]) == 43
    assert house.introspect(told["access_token"]).get_json()["cnf"] == confirmed
    assert machines.ask(shown).status_code == 200, "again, for the same client"


def test_a_registered_certificate_proves_its_client_without_any_authority(machines: Machines) -> None:
    first, second = self_signed(), self_signed("second")
    machines.register(OWN, jwks=keys_with(first, second))
    assert machines.ask(first).status_code == machines.ask(second).status_code == 200
    assert machines.server.asked == []


ALTERNATIVES = {
    "tls_client_auth_san_dns:Payroll.provider.example": x509.DNSName("payroll.provider.example"),
    "tls_client_auth_san_uri:urn:example:payroll": x509.UniformResourceIdentifier("urn:example:payroll"),
    "tls_client_auth_san_email:payroll@provider.example": x509.RFC822Name("payroll@provider.example"),
}


@pytest.mark.parametrize("told", ALTERNATIVES)
def test_one_alternative_name_may_be_registered_instead(machines: Machines, told: str) -> None:
    machines.register(tls_subject=told, unchecked=True)
    named = x509.SubjectAlternativeName([x509.DNSName("other.example"), ALTERNATIVES[told]])
    assert (
        machines.ask(machines.server.knows(machine(extensions=card_extensions(extra=[(named, False)])))).status_code
        == 200
    )
    other = x509.SubjectAlternativeName([x509.DNSName("evil.payroll.provider.example")])
    refused(machines, machines.server.knows(machine(extensions=card_extensions(extra=[(other, False)]))))
    refused(machines, machines.server.knows(machine()))


def in_other_order() -> x509.Name:
    return x509.Name(reversed(list(machine_name())))


CASES: dict[str, Callable[[Machines], Card | None]] = {
    "no certificate": lambda _m: None,
    "another subject": lambda _m: machine(subject=machine_name(common="other.provider.example")),
    "a subject with more": lambda _m: machine(
        subject=x509.Name([*machine_name(), x509.NameAttribute(x509.NameOID.TITLE, "x")])
    ),
    "the subject in another order": lambda _m: machine(subject=in_other_order()),
    "another case": lambda _m: machine(subject=machine_name(common="PAYROLL.provider.example")),
    "another authority of the same name": lambda _m: machine(
        issuer=pki.intermediate(pki.roots(), key=pki.p384("false"))
    ),
    "an authority that is not configured": lambda _m: machine(issuer=pki.intermediate(pki.roots(), "Other CA")),
    "self-signed in the same name": lambda _m: self_signed(),
    "expired": lambda _m: machine(valid=(timedelta(days=-9), timedelta(seconds=-1))),
    "not begun": lambda _m: machine(valid=(timedelta(seconds=1), timedelta(days=9))),
    "for servers": lambda _m: machine(extensions=card_extensions(extended=[ExtendedKeyUsageOID.SERVER_AUTH])),
    "for signatures": lambda _m: machine(extensions=card_extensions(used_for=pki.usage(content_commitment=True))),
    "an RSA key of 1024 bits": lambda _m: machine(key=pki.rsa_key(1024)),
    "an authority's": lambda _m: machine(
        extensions=card_extensions(extra=[(x509.BasicConstraints(ca=True, path_length=0), True)])
    ),
    "without a status server": lambda _m: machine(extensions=card_extensions(url="")),
}


@pytest.mark.attack("C09", "C04")
@pytest.mark.parametrize("case", CASES)
def test_no_other_certificate_proves_the_client(machines: Machines, case: str) -> None:
    shown = CASES[case](machines)
    refused(machines, shown if shown is None else machines.server.knows(shown))
    assert machines.ask(machines.server.knows(machine())).status_code == 200


@pytest.mark.attack("C09", "C05")
@pytest.mark.parametrize("case", ["revoked", "unknown", "silent", "spoilt"])
def test_a_certificate_that_its_authority_does_not_call_good_is_refused_at_the_next_call(
    machines: Machines, case: str
) -> None:
    shown = machines.server.knows(machine())
    assert machines.ask(shown).status_code == 200
    server = machines.server
    server.status = {"revoked": ocsp.OCSPCertStatus.REVOKED, "unknown": ocsp.OCSPCertStatus.UNKNOWN}.get(
        case, ocsp.OCSPCertStatus.GOOD
    )
    server.silent, server.spoil = case == "silent", case == "spoilt"
    refused(machines, shown)


@pytest.mark.attack("C09")
@pytest.mark.parametrize("own", [False, True])
def test_a_certificate_that_expires_between_two_calls_proves_nobody_any_more(machines: Machines, own: bool) -> None:
    shown = machines.server.knows(machine(valid=(timedelta(days=-1), timedelta(seconds=60))))
    if own:
        shown = self_signed(until=timedelta(seconds=60))
        machines.register(OWN, jwks=keys_with(shown))
    assert machines.ask(shown).status_code == 200
    machines.house.clock.at = ends(shown) + timedelta(microseconds=1)
    refused(machines, shown)


@pytest.mark.attack("C09")
@pytest.mark.parametrize(
    "unit", [UNIT + OTHER, UNIT + EMPLOYER, UNIT, UNIT.upper() + OTHER, f"{UNIT}{OTHER} ", f"{UNIT}0{OTHER}"]
)
def test_a_certificate_that_names_another_enterprise_proves_nobody(machines: Machines, unit: str) -> None:
    name = x509.Name(x509.NameAttribute(one.oid, unit) if UNIT in str(one.value) else one for one in machine_name())
    machines.register(tls_subject=f"tls_client_auth_subject_dn:{name.rfc4514_string()}", unchecked=True)
    refused(machines, machines.server.knows(machine(subject=name)))
    both = x509.Name([*machine_name(), x509.NameAttribute(x509.NameOID.ORGANIZATIONAL_UNIT_NAME, unit)])
    machines.register(tls_subject=f"tls_client_auth_subject_dn:{both.rfc4514_string()}", unchecked=True)
    refused(machines, machines.server.knows(machine(subject=both)))


@pytest.mark.attack("C09")
def test_a_certificate_serves_one_client_alone(house: Premises) -> None:
    machines = Machines(house)
    shown, own = machines.server.knows(machine()), self_signed()
    machines.register(client_id=SECOND)
    assert machines.ask(shown).status_code == 200
    refused(machines, shown, SECOND)
    machines.register(OWN, jwks=keys_with(own))
    machines.register(OWN, SECOND, jwks=keys_with(own))
    assert machines.ask(own).status_code == 200
    refused(machines, own, SECOND)
    other = machines.server.knows(machine(key=pki.p256("second machine")))
    machines.register(client_id=SECOND)
    told = machines.ask(other, SECOND)
    assert told.get_json()["error"] != "invalid_client", "its own certificate of the same subject proves it"


def test_a_certificate_is_free_again_when_its_client_has_ended(machines: Machines) -> None:
    shown = machines.server.knows(machine())
    machines.register(client_id=SECOND)
    assert machines.ask(shown).status_code == 200
    client = machines.registered()
    assert client is not None
    ended = Period(client.valid.start, machines.house.clock.at)
    machines.house.record(replace(client, valid=ended))
    assert machines.ask(shown, SECOND).get_json()["error"] != "invalid_client"


@pytest.mark.attack("C09")
def test_a_registered_certificate_is_that_very_one(machines: Machines) -> None:
    """Another certificate of the same key and name is not the registered one; a removed one proves nobody."""
    first = self_signed()
    machines.register(OWN, jwks=keys_with(first))
    refused(machines, self_signed(until=timedelta(days=299)))
    refused(machines, self_signed("another"))
    refused(machines, machines.server.knows(machine()))
    assert machines.ask(first).status_code == 200
    machines.register(OWN, jwks=keys_with(self_signed("another")))
    refused(machines, first)


def test_who_authenticates_by_certificate_presents_nothing_else(machines: Machines) -> None:
    shown, house = machines.server.knows(machine()), machines.house
    assertion = house.authenticated()["client_assertion"]
    assert machines.ask(shown, client_assertion=assertion).status_code == 401
    assert machines.ask(shown, client_secret="x" * 40).status_code == 401
    assert machines.ask(shown, SECOND).status_code == 401, "there is no such client"
    assert machines.ask(shown).status_code == 200
    assert SUBJECT.startswith("tls_client_auth_subject_dn:CN=")


def test_a_client_of_keys_is_not_proven_by_a_certificate(machines: Machines) -> None:
    machines.register(client_id=SECOND)
    machines.house.record(machines.house.find_client(SOFTWARE))
    machines.register(AuthMethod.PRIVATE_KEY_JWT, jwks='{"keys":[{"kty":"EC"}]}')
    refused(machines, machines.server.knows(machine()))
