"""`procura sandbox login`: the word of the sandbox's login source for one of the country's people."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click
import requests

from iam.commands.printing import speaking
from iam.sandbox.sandbox_file import read_sandbox_file

TIMEOUT_SECONDS = 5


@click.command("login")
@click.argument("persona")
@click.option("--client", default="portal", show_default=True, help="Alias of the client that will present it.")
@click.option("--key", default="eid", show_default=True, help="The login key that was shown.")
@click.option("--level", help="low, substantial or high; that of the key when left out.")
@speaking
def login(persona: str, client: str, key: str, level: str | None) -> None:
    """Print a signed authentication token for a person, by alias: good for one request, for five minutes."""
    content = _sandbox()
    order = {
        "niss": _called(content["personas"], persona)["niss"],
        "azp": _called(content["clients"], client)["client_id"],
        "key": key,
        **({"acr": level} if level else {}),
    }
    try:
        answer = requests.post(content["state"]["login"], json=order, timeout=TIMEOUT_SECONDS)
    except requests.RequestException:
        raise click.ClickException("the sandbox is not running: start it with `procura demo`") from None
    if answer.status_code != 200:
        raise click.ClickException(answer.json()["detail"])
    click.echo(answer.json()["token"])


def _sandbox() -> dict[str, Any]:
    try:
        return read_sandbox_file(Path(os.environ.get("PROCURA_DATA") or ".procura"))
    except (OSError, ValueError):
        raise click.ClickException("there is no sandbox here: start one with `procura demo`") from None


def _called(listed: list[dict[str, Any]], alias: str) -> dict[str, Any]:
    for one in listed:
        if one["alias"] == alias:
            return one
    raise click.ClickException(f"'{alias}' is none of: {', '.join(one['alias'] for one in listed)}")
