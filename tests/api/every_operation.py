"""A request for every operation of the administration API, so that whole families of attacks meet all of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from tests.api.administration import Country, public_jwks

NISS, OTHER_NISS = "85073003328", "17073003384"
DIGEST = "ab" * 32
TERMS = {
    "side": "mandator",
    "other": "0403227515",
    "mandatary_capacity": "service_provider",
    "groups": ["dmfa-dimona"],
    "first_quarter": "2026-Q4",
    "contract_reference": "C",
}
NOTED = {"label": "Somebody", "email": "a@example.be", "phone": "+3225550000"}
LINE = {
    **{name: value for name, value in TERMS.items() if name not in ("side", "other")},
    "mandator": "0206731645",
    "mandatary": "0403227515",
    "document_hash": DIGEST,
    "document_date": "2020-01-01",
    "stood_since": "2020-01-01T00:00:00Z",
}
BODIES: dict[str, dict[str, Any]] = {
    "register_enterprise": {"number": "0206731645"},
    "designate_manager": {
        "responsible": {"niss": NISS, "phone": "+3225550000"},
        "appointee": {"niss": OTHER_NISS, **NOTED},
        "tie": "employee",
    },
    "end_principal_access_manager": {"with_everything_given": True},
    "appoint": {"role": "user", "capacity": "employer", "niss": NISS, **NOTED},
    "end_appointment": {"with_everything_given": True},
    "accept_invitation": {"code": "some-code"},
    "accept_entry": {"capacity": "employer"},
    "give_grant": {"holder": "h", "capacity": "employer", "service": "dimona", "actions": ["declare"]},
    "end_grant": {},
    "open_mandator_group": {"name": "North"},
    "give_portfolio": {"holder": "h", "kind": "all"},
    "end_portfolio": {},
    "register_client": {
        "capacity": "service_provider",
        "jwks": public_jwks(),
        "algorithm": "ES256",
        "label": "Payroll",
    },
    "give_registration_token": {"capacity": "service_provider"},
    "void_registration_token": {},
    "replace_client_keys": {"jwks": public_jwks()},
    "end_client": {},
    "propose_mandate": {**TERMS, "finalise": True},
    "change_mandate": TERMS,
    "finalise_mandate": {},
    "validate_mandate": {"content_hash": DIGEST},
    "refuse_mandate": {},
    "withdraw_mandate": {},
    "close_mandate": {},
    "submit_paper": {"document_hash": DIGEST, "document_date": "2026-01-01", "signatory_niss": [NISS]},
    "propose_delegation": {
        "mandator": "0206731645",
        "giver": "0403227515",
        "receiver": "0416377646",
        "receiver_capacity": "service_provider",
        "group": "dmfa-dimona",
        "first_quarter": "2026-Q1",
        "last_quarter": "2026-Q1",
    },
    "validate_delegation": {"content_hash": DIGEST},
    "end_delegation": {},
    "activate_service": {"service": "ebox"},
    "recognise": {"enterprise": "0403227515", "capacity": "service_provider", "file_reference": "F"},
    "withdraw_recognition": {"enterprise": "0403227515", "capacity": "service_provider", "reason": "R"},
    "confirm_paper": {"mandate": "m", "document_hash": DIGEST},
    "refuse_paper": {"mandate": "m"},
    "merge_identities": {"former_niss": NISS, "present_niss": OTHER_NISS},
    "give_identity_code": {"niss": NISS},
    "give_activation_code": {"niss": NISS, "email": "jan@example.org"},
    "confirm_identity": {"niss": NISS},
    "refuse_identity": {"ground": "not_proven"},
    "unlink_identity": {"ground": "own_request"},
    "grant_number": {"number": "0403227515", "ground": "F"},
    "refuse_number": {"reason": "R"},
    "migrate_mandates": {"step": "prepare", "lines": [LINE]},
}
"""A body that is well formed, for every operation that takes one."""
AS_REPRESENTATIVE = frozenset({"designate_manager", "end_principal_access_manager", "activate_service"})
"""Operations in which the register says who may act, not a place in the enterprise."""
_PARAMETER = re.compile(r"{([^}]+)}")


@dataclass(frozen=True)
class Operation:
    """One operation, ready to be asked."""

    name: str
    method: str
    path: str
    versioned: bool

    @property
    def body(self) -> dict[str, Any] | None:
        """Its body; None where it takes none."""
        return BODIES.get(self.name)

    @property
    def parameters(self) -> list[str]:
        """The parameters of its path."""
        return _PARAMETER.findall(self.path)

    def at(self, **values: str) -> str:
        """Its path, with ids of nothing for the mandator of a group and for what officers decide about."""
        return self.path.format(
            **{"mandator": "0416377646", "identity": DIGEST, "request_id": "x", "proposal": "x", "token": "x", **values}
        )

    def ask(self, country: Country, human: Any, path: str, body: Any = None, **how: Any) -> Any:
        """Ask it, with its own body where no other is given."""
        version = 1 if self.versioned else None
        sent = self.body if body is None else body
        return country.ask(self.method, path, human, sent, version=version, **how)


def every_operation(country: Country) -> list[Operation]:
    """All operations that a person may ask, as the API describes them."""
    document = country.http.get("/api/openapi.json").json
    assert document is not None
    return [
        Operation(told["operationId"], method.upper(), path, "428" in told["responses"])
        for path, methods in document["paths"].items()
        for method, told in methods.items()
        if "x-public" not in told
    ]
