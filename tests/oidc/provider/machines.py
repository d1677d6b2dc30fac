"""Software that shows certificates on the host for them: its certificates, its registration, and what nginx says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID
from werkzeug.test import TestResponse

from iam.credentials.certificate_trust import Trust
from iam.credentials.machine_certificates import MachineCertificates, MachineSettings
from iam.credentials.revocation import Revocation
from iam.domain.client_metadata import AuthMethod, ClientMetadata
from iam.domain.clients import Client
from iam.services.client_metadata_rules import check_metadata
from tests.credentials import pki
from tests.credentials.pki import Card, StatusServer, card, citizens
from tests.oidc.provider.forgery import ec_jwk
from tests.oidc.provider.premises import DECLARE, MANDATE, PROVIDER, SOFTWARE, Premises
from tests.storage import records

HOST = "mtls.procura.example"
ADDRESS = f"https://{HOST}"
SECRET = "s" * 40
SECOND = f"self_service_procura_{PROVIDER}_bcdefghijk"
UNIT = "urn:be:fgov:kbo-bce:organization:cbe-number:"


def machine_name(enterprise: str = PROVIDER, common: str = "payroll.provider.example") -> x509.Name:
    return pki.name(
        (NameOID.COUNTRY_NAME, "BE"),
        (NameOID.ORGANIZATION_NAME, "Provider"),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, "Belgian Federal Government"),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, UNIT + enterprise),
        (NameOID.COMMON_NAME, common),
    )


SUBJECT = "tls_client_auth_subject_dn:" + machine_name().rfc4514_string()


def machine(**how: Any) -> Card:
    """A certificate that the configured authority issued to the provider's software, save for what is told."""
    return card(**{"key": pki.p256("machine"), "subject": machine_name(), **how})


def self_signed(name: str = "own", enterprise: str = PROVIDER, until: timedelta = timedelta(days=300)) -> Card:
    key, subject = pki.p256(name), machine_name(enterprise)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(pki.NOW - timedelta(days=3))
    return Card(builder.not_valid_after(pki.NOW + until).sign(key, hashes.SHA256()), key)


@dataclass
class Machines:
    """The provider's software, authenticated by certificate, in a house behind a proxy."""

    house: Premises
    address: str = ADDRESS
    server: StatusServer = field(default_factory=StatusServer)

    def __post_init__(self) -> None:
        house = self.house
        house.clock.at = max(house.clock.at, pki.NOW)
        settings = MachineSettings(
            address=self.address, proxy_secret=SECRET, trust=Trust(authorities=(citizens().certificate,))
        )
        revocation = Revocation(self.server, house.clock, house.randomness)
        certificates = MachineCertificates(settings, revocation, house.clock)
        house.desk.__dict__["possession"] = replace(house.desk.possession, certificates=certificates)
        house.bearer = house.desk.bearer(house.keys)
        house.app = house.open_doors()
        self.register()

    def register(
        self, method: AuthMethod = AuthMethod.TLS_CLIENT_AUTH, client_id: str = SOFTWARE, **changed: Any
    ) -> None:
        """Register the software anew: `jwks` and what else `ClientMetadata` has may be told; `unchecked` as no door
        takes it from software of an enterprise.
        """
        checked = not changed.pop("unchecked", False)
        keys = changed.pop("jwks", '{"keys":[]}')
        subject = SUBJECT if method is AuthMethod.TLS_CLIENT_AUTH else ""
        told = {"auth_method": method, "tls_subject": subject, "certificate_bound": True, **changed}
        client = records.client(client_id, jwks=keys)
        metadata = ClientMetadata(client=client_id, **told)
        if checked:
            check_metadata(client, metadata, self.house.library.current().catalogue)
        self.house.record(client, metadata)

    def registered(self, client_id: str = SOFTWARE) -> Client | None:
        return self.house.find_client(client_id)

    def headers(self, shown: Card | None, **others: str) -> dict[str, str]:
        """What nginx says on the host for certificates."""
        told = {
            "X-Procura-Proxy-Secret": SECRET,
            "X-Procura-Certificate-Host": self.address.removeprefix("https://"),
            "X-Procura-Client-Certificate": quote(shown.pem) if shown else "",
        }
        return {**told, **others}

    def parameters(self, client_id: str = SOFTWARE, **more: str) -> dict[str, str]:
        told = {"grant_type": "client_credentials", "scope": DECLARE, "authorization_details": json.dumps(MANDATE)}
        return {**told, "client_id": client_id, **more}

    def ask(
        self, shown: Card | None, client_id: str = SOFTWARE, headers: Mapping[str, str] | None = None, **more: str
    ) -> TestResponse:
        told = self.headers(shown) if headers is None else dict(headers)
        sent = {name.replace("-", "_"): value for name, value in told.items() if value}
        return self.house.post("/oauth2/token", self.parameters(client_id, **more), **sent)

    def token(self, shown: Card) -> str:
        answer = self.ask(shown)
        assert answer.status_code == 200, answer.text
        return str(answer.get_json()["access_token"])


def keys_with(*shown: Card) -> str:
    """A key set with certificates, as a registration holds it."""
    keys = [ec_jwk(one.key, kid=f"k{place}", x5c=[one.der]) for place, one in enumerate(shown)]  # type: ignore[arg-type]
    return json.dumps({"keys": keys}, sort_keys=True, separators=(",", ":"))


def ends(one: Card) -> datetime:
    return one.certificate.not_valid_after_utc
