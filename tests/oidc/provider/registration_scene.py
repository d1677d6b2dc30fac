"""The whole house, and software that registers itself: its tokens, its keys, and where it publishes them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from werkzeug.test import TestResponse

from iam.domain.actors import Actor
from iam.domain.appointments import Role
from iam.domain.assurance import Assurance, Authentication, LoginKey
from iam.domain.client_metadata import ClientMetadata
from iam.domain.client_registrations import RegistrationAccess, RegistrationToken
from iam.domain.clients import Client, Profile
from iam.domain.enterprises import Capacity
from iam.entrance import Entrance
from iam.services.registration_tokens import NewToken, RegistrationTokens
from oidc.client_certificates import NAMING
from tests.oidc.provider.code_scene import CALLBACK, CodeScene
from tests.oidc.provider.forgery import EC, compact, ec_jwk, rsa_jwk
from tests.oidc.provider.premises import EMPLOYER, ISSUER, NSSO
from tests.oidc.servers_of_clients import ServersOfClients
from tests.storage import records

REGISTER = "/oauth2/register"
KEPT = (Client, ClientMetadata, RegistrationAccess, RegistrationToken)


class RegistrationScene(CodeScene):
    """The house, an operator and a channel manager who give registration tokens, and the servers of clients."""

    def _entrance(self) -> Entrance:
        self.servers = ServersOfClients()
        self.house.token_desk.__dict__["web"] = self.servers
        return super()._entrance()

    def settle(self) -> None:
        """Marie is the employer's principal access manager besides, and has the portal pass on what she does."""
        super().settle()
        self.record(
            records.appointment("a2", person=self.marie, enterprise=EMPLOYER, role=Role.PRINCIPAL_ACCESS_MANAGER)
        )

    @property
    def tokens_of_registration(self) -> RegistrationTokens:
        house = self.house
        return RegistrationTokens(self.archive, house.judge, house.library, self.clock, house.randomness)

    def manager(self) -> Actor:
        """Marie, logged in, as who acts for the employer."""
        login = Authentication(
            person_id=self.marie,
            key=LoginKey.ITSME,
            assurance=Assurance.HIGH,
            authenticated_at=self.clock.at,
            source="itsme",
            reference="r",
        )
        return Actor(authentication=login, enterprise=EMPLOYER, capacity=None, caller="")

    def operators_token(self, profile: Profile = Profile.DEFAULT, **more: Any) -> str:
        """An initial access token for declaration services of the administration."""
        ends = None if profile is Profile.DEFAULT else self.clock.at + timedelta(days=365)
        told = {"services": ("dimona",), "capacity": Capacity.ADMINISTRATION, "enterprise": NSSO, **more}
        return self.tokens_of_registration.issue_for_services(NewToken(profile=profile, profile_until=ends, **told))[1]

    def managers_token(self, until: datetime | None = None) -> str:
        """An initial access token for one technical client of the employer."""
        return self.tokens_of_registration.issue(self.manager(), Capacity.EMPLOYER, until)[1]

    def send(self, method: str, path: str, token: str, body: object = None, **headers: str) -> TestResponse:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        told = {"Content-Type": "application/json", "Accept": "application/json", **headers}
        if token:
            told["Authorization"] = f"Bearer {token}"
        return self.browser().open(path.removeprefix(ISSUER), method=method, data=raw, base_url=ISSUER, headers=told)

    def register(self, token: str, **members: Any) -> TestResponse:
        """Register with what is told and nothing else."""
        return self.send("POST", REGISTER, token, members)

    def registered(self, token: str, **members: Any) -> dict[str, Any]:
        answer = self.register(token, **members)
        assert answer.status_code == 201, answer.text
        self.clock.at += timedelta(seconds=1)
        told: dict[str, Any] = answer.get_json()
        return told

    def found(self, kind: type[Any], **equal: object) -> list[Any]:
        with self.archive.reading() as reading:
            return reading.find(kind, **equal)

    def client_of(self, told: Mapping[str, Any]) -> Client:
        """The client as it is recorded."""
        with self.archive.reading() as reading:
            found = reading.get(Client, told["client_id"])
        assert found is not None
        return found

    def snapshot(self) -> list[object]:
        """All that registrations change."""
        return [one for kind in KEPT for one in self.found(kind)]

    def software_token(self, client_id: str, **claims: Any) -> TestResponse:
        """What the token endpoint says to a registered client with the key `k1`."""
        told = {"grant_type": "client_credentials", "scope": "scope:dimona:declaration:consult"}
        return self.post("/oauth2/token", {**told, **self.authenticated(client_id, **claims)})


def web_service(**more: Any) -> dict[str, Any]:
    """What a web client of the default profile tells of itself; None leaves a member out."""
    plain = {
        "client_name": "Dimona on the web",
        "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code", "refresh_token"],
        "jwks": {"keys": [ec_jwk(kid="k1", alg="ES256")]},
        "dpop_bound_access_tokens": True,
        "contacts": ["tech@service.example"],
    }
    return {name: value for name, value in {**plain, **more}.items() if value is not None}


def conformance_client(**more: Any) -> dict[str, Any]:
    """What the OpenID Foundation's suite registers: one RSA key without kid, nothing about scopes."""
    plain = {
        "client_name": "OIDF Conformance Test",
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "redirect_uris": [CALLBACK],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": {"keys": [rsa_jwk(alg="RS256", use="sig")]},
        "contacts": ["certification@oidf.example"],
    }
    return {name: value for name, value in {**plain, **more}.items() if value is not None}


def certificate(
    enterprise: str,
    now: datetime,
    *,
    key: ec.EllipticCurvePrivateKey = EC,
    life: timedelta = timedelta(days=300),
    begun: timedelta = timedelta(days=400),
    units: tuple[str, ...] | None = None,
    signed_by: ec.EllipticCurvePrivateKey | None = None,
    issuer: str = "",
) -> str:
    """A certificate in base64 of DER, self-signed in the name of an enterprise unless told otherwise."""
    named = (f"{NAMING}{enterprise}",) if units is None else units
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "BE"),
            *(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, one) for one in named),
            x509.NameAttribute(NameOID.COMMON_NAME, "payroll"),
        ]
    )
    by = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]) if issuer else subject
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by)
        .public_key(key.public_key())
        .serial_number(77)
        .not_valid_before((now - begun).astimezone(UTC))
        .not_valid_after((now + life).astimezone(UTC))
        .sign(signed_by or key, hashes.SHA256())
    )
    return base64.b64encode(built.public_bytes(Encoding.DER)).decode()


def signed_by(client_id: str, now: datetime, key: ec.EllipticCurvePrivateKey, kid: str, jti: str) -> Mapping[str, str]:
    """The parameters by which a client authenticates with another key."""
    seconds = int(now.timestamp())
    claims = {"iss": client_id, "sub": client_id, "aud": ISSUER, "iat": seconds, "exp": seconds + 60, "jti": jti}
    return {
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": compact({"alg": "ES256", "kid": kid}, claims, key),
    }
