"""Receivers of signals at a running service: registered, with streams of their own, and mandates to be revoked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from iam.domain.enterprises import Capacity
from iam.domain.mandates import Mandate
from iam.sandbox.environment import ADMINISTRATION
from iam.sandbox.software import SandboxClient, new_private_jwk, public_set
from iam.services.client_orders import NewDeclarationService
from tests.backstage import Backstage
from tests.running import Answer, Request, Sandbox

PUSH = "urn:ietf:rfc:8935"
SCOPE = "scope:authorization:signals:receive"
REVOKED = "/signals/events/mandate-revoked"
"""Under the issuer."""
PROVIDER = Capacity.SERVICE_PROVIDER


def registered(behind: Backstage, many: int) -> list[SandboxClient]:
    """So many declaration services that may hear signals about Dimona; requests may be made in their names."""
    found = [_registered(behind, f"receiver-{number + 1}") for number in range(many)]
    behind.sandbox.clients |= {one.alias: one for one in found}
    return found


def _registered(behind: Backstage, alias: str) -> SandboxClient:
    private_jwk = new_private_jwk("ES256")
    order = NewDeclarationService(
        enterprise=behind.sandbox.number(ADMINISTRATION),
        label=alias,
        jwks=public_set(private_jwk),
        algorithm="ES256",
        services=("authorization", "dimona"),
        niss_services=(),
        capacity=Capacity.ADMINISTRATION,
    )
    client = behind.house.clients.register_declaration_service(order)
    return SandboxClient(
        alias=alias,
        client_id=client.id,
        kind=client.kind,
        enterprise=client.enterprise,
        capacity=client.capacity,
        algorithm=client.algorithm,
        services=client.services,
        private_jwk=private_jwk,
    )


def asked(here: Sandbox, client: SandboxClient, method: str, path: str, body: object = None) -> Answer:
    """A request of a receiver about its streams."""
    headers = {"Authorization": f"Bearer {here.token(client.alias, SCOPE)}", "Content-Type": "application/json"}
    return here.send(Request(method, path, headers, b"" if body is None else json.dumps(body).encode()))


def opened(here: Sandbox, client: SandboxClient, address: str, authorization: str = "Bearer shared") -> dict[str, Any]:
    """A stream that tells a receiver of revoked mandates, pushed to its address."""
    delivery = {"method": PUSH, "endpoint_url": address, "authorization_header": authorization}
    body = {"delivery": delivery, "events_requested": [here.base_url + REVOKED]}
    answer = asked(here, client, "POST", "/signals/streams", body)
    assert answer.status == 201, answer
    told: dict[str, Any] = answer.told
    return told


def given(behind: Backstage, many: int) -> list[Mandate]:
    """Mandates of so many employers to the payroll bureau, of which Zita may close each."""
    bureau = behind.sandbox.number("bureau")
    behind.user("ivo", bureau, "zita", PROVIDER, mahis=("manage",))
    terms = [behind.terms(one.value, bureau, f"contract {one}") for one in behind.employers("tess", many)]
    return behind.validated("tess", behind.proposed("rosa", terms))


def closing(here: Sandbox, mandate: Mandate) -> Request:
    """Zita's request to close a mandate."""
    path = f"/enterprises/{mandate.terms.mandatary}/mandates/{mandate.id}/close"
    return here.act("zita", "POST", path, {}, capacity=PROVIDER, version=mandate.version)


def closed(here: Sandbox, mandates: Sequence[Mandate]) -> None:
    """Zita closes mandates, one after the other."""
    for one in mandates:
        answer = here.send(closing(here, one))
        assert answer.status == 200, answer
