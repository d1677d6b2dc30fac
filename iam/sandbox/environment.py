"""The settings of a service in the sandbox, as the environment variables that it reads."""

from __future__ import annotations

import math
from datetime import timedelta
from pathlib import Path

from iam.app import SANDBOX_SEALING_KEY
from iam.sandbox.country import Country
from iam.sandbox.state_server import StateSystems

ADMINISTRATION = "administration"
"""The alias of the enterprise that runs the service."""


SOURCES = "login-sources.toml"
NOBODY = "http://127.0.0.1:1"
"""An address at which nothing answers."""


def sandbox_settings(data: Path, port: int, base_url: str, country: Country) -> dict[str, str]:
    """The variables of a house in the sandbox that asks no register and lets nobody log in."""
    return {
        "PROCURA_ENVIRONMENT": "sandbox",
        "PROCURA_DATA": str(data),
        "PORT": str(port),
        "PROCURA_ISSUER": base_url,
        "PROCURA_SEALING_KEY": "",
        "PROCURA_SEALING_KEY_VALUE": SANDBOX_SEALING_KEY.hex(),
        "PROCURA_ENTERPRISE_REGISTER": NOBODY,
        "PROCURA_EMPLOYER_DIRECTORY": NOBODY,
        "PROCURA_PERSON_REGISTER": "",
        "PROCURA_AUTHENTICATION_SOURCES": str(data / SOURCES),
        "PROCURA_ADMINISTRATION": country.number_of(ADMINISTRATION),
    }


def sandbox_environment(
    data: Path, port: int, base_url: str, state: StateSystems, country: Country, offset: timedelta
) -> dict[str, str]:
    """The variables by which a service stands in the sandbox; writes the file of login sources that they name.

    Args:
        data: the folder of the database and of what the sandbox writes.
        offset: how far the sandbox's clock is ahead of the machine's; whole seconds count.
    """
    data.mkdir(parents=True, exist_ok=True)
    (data / SOURCES).write_text(state.source.configuration(), encoding="utf-8")
    return {
        **sandbox_settings(data, port, base_url, country),
        "PROCURA_ENTERPRISE_REGISTER": state.enterprise_register,
        "PROCURA_EMPLOYER_DIRECTORY": state.employer_directory,
        "PROCURA_PERSON_REGISTER": state.person_register,
        "PROCURA_CLOCK_OFFSET": str(whole_seconds(offset)),
    }


def whole_seconds(offset: timedelta) -> int:
    """An offset in whole seconds, never shorter than it is: a clock with it has reached the instant it starts at."""
    return math.ceil(offset.total_seconds())
