"""The sandbox file: where everything is and who everybody is, with keys, for programs that drive the sandbox."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from iam.domain.appointments import LEGAL_REPRESENTATIVE
from iam.domain.client_metadata import AuthMethod
from iam.domain.clients import ClientKind, Profile
from iam.domain.enterprises import Capacity
from iam.domain.periods import format_instant, start_of_day
from iam.sandbox.country import Country, Firm, Function, Persona, Place
from iam.sandbox.registers import instant_after
from iam.sandbox.software import LoginSide, SandboxClient
from iam.sandbox.state_control import CONTROL
from iam.sandbox.state_server import StateSystems
from iam.sandbox.state_systems import LOGIN

NAME = "sandbox.json"
GROWN = "grown.json"
"""Beside it: who may act in the country that was grown, if one was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """What a program needs to know first."""

    base_url: str
    clock_offset: int
    """Seconds by which the sandbox's clock is ahead of the machine's."""
    administration: str
    """CBE number of the enterprise that runs the service."""
    data: Path


def write_sandbox_file(
    where: Whereabouts,
    state: StateSystems,
    country: Country,
    clients: list[SandboxClient],
    identity_providers: Mapping[str, str] | None = None,
    playground: str = "",
) -> Path:
    """Write the file into the data folder, readable by its owner alone, in place of the one before; returns its path.

    `identity_providers`: the address of each, by name. `playground`: where declaration services are tried.

    Raises OSError.
    """
    content = {
        "base_url": where.base_url,
        "clock_offset": where.clock_offset,
        "administration": where.administration,
        "state": {"url": state.url, "login": state.url + LOGIN, "control": state.url + CONTROL},
        "identity_providers": dict(identity_providers or {}),
        "playground": playground,
        "personas": [_persona(one, country) for one in country.personas.values()],
        "enterprises": [_enterprise(one, where.administration) for one in country.firms.values()],
        "clients": [_client(one) for one in clients],
    }
    return write_privately(where.data / NAME, content)


def write_privately(path: Path, content: object) -> Path:
    """Write JSON into a file that only its owner can read, in place of the one before. Raises OSError."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False, indent=2)
        file.write("\n")
    return fresh.replace(path)


def read_sandbox_file(data: Path) -> dict[str, Any]:
    """The content of the file in a data folder. Raises OSError when there is none, ValueError when it is no JSON."""
    content: dict[str, Any] = json.loads((data / NAME).read_text(encoding="utf-8"))
    return content


def _persona(one: Persona, country: Country) -> dict[str, Any]:
    firms = country.firms.values()
    functions = [_function(firm, held) for firm in firms for held in firm.functions if held.persona == one.alias]
    return {
        "alias": one.alias,
        "niss": one.niss.value,
        "former_niss": one.former.value if one.former else None,
        "name": one.name,
        "part": one.part,
        "roles": functions + ([_place(one.place, country)] if one.place else []),
    }


def _function(firm: Firm, held: Function) -> dict[str, Any]:
    return {
        "role": LEGAL_REPRESENTATIVE,
        "enterprise": firm.number.value,
        "function": held.title,
        "from": format_instant(start_of_day(held.first_day)),
        "until": format_instant(instant_after(held.last_day)) if held.last_day else None,
    }


def _place(place: Place, country: Country) -> dict[str, Any]:
    capacity = place.capacity.value if place.capacity else None
    return {"role": place.role.value, "enterprise": country.number_of(place.firm), "capacity": capacity}


def _enterprise(firm: Firm, administration: str) -> dict[str, Any]:
    numbers = [one.employer_number for one in firm.capacities if one.employer_number]
    capacities = [one.capacity for one in firm.capacities] + ([firm.recognised] if firm.recognised else [])
    if firm.number.value == administration:
        capacities.append(Capacity.ADMINISTRATION)
    return {
        "alias": firm.alias,
        "name": firm.name,
        "cbe": firm.number.value,
        "nsso": numbers[0].formatted if numbers else None,
        "capacities": [one.value for one in capacities],
        "required_signatures": firm.required_signatures,
        "ceased_at": format_instant(instant_after(firm.last_day)) if firm.last_day else None,
    }


def _client(one: SandboxClient) -> dict[str, Any]:
    return {
        "alias": one.alias,
        "client_id": one.client_id,
        "kind": one.kind.value,
        "enterprise": one.enterprise,
        "capacity": one.capacity.value,
        "algorithm": one.algorithm,
        "services": list(one.services),
        "private_jwk": one.private_jwk,
        "login": _login_side(one.login) if one.login else None,
    }


def _login_side(one: LoginSide) -> dict[str, Any]:
    return {
        "label": one.label,
        "profile": one.profile.value,
        "auth_method": one.auth_method.value,
        "secret": one.secret,
        "redirect_uris": list(one.redirect_uris),
        "scopes": list(one.scopes),
        "grant_types": list(one.grant_types),
    }


def clients_in(content: dict[str, Any]) -> list[SandboxClient]:
    """The clients that a sandbox file names."""
    return [
        SandboxClient(
            alias=one["alias"],
            client_id=one["client_id"],
            kind=ClientKind(one["kind"]),
            enterprise=one["enterprise"],
            capacity=Capacity(one["capacity"]),
            algorithm=one["algorithm"],
            services=tuple(one["services"]),
            private_jwk=one["private_jwk"],
            login=_read_login_side(one["login"]) if one["login"] else None,
        )
        for one in content["clients"]
    ]


def _read_login_side(told: dict[str, Any]) -> LoginSide:
    return LoginSide(
        label=told["label"],
        profile=Profile(told["profile"]),
        auth_method=AuthMethod(told["auth_method"]),
        secret=told["secret"],
        redirect_uris=tuple(told["redirect_uris"]),
        scopes=tuple(told["scopes"]),
        grant_types=tuple(told["grant_types"]),
    )
