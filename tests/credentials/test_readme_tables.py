"""The tables that the README shows operators are ones that the service takes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import iam.credentials
from iam.credentials.card_settings import certificate_settings, web_eid_settings
from iam.credentials.one_time_code import KEYS
from iam.credentials.own_login import check_own_provider
from iam.domain.assurance import LoginKey
from iam.domain.login_providers import LoginProvider, ProviderKind
from iam.outside.login_providers import read_providers
from tests.credentials import pki

README = Path(iam.credentials.__file__).parent / "README.md"
TABLES = re.findall(r"```toml\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
CHECKS: dict[ProviderKind, Callable[[LoginProvider], object]] = {
    ProviderKind.WEB_EID: web_eid_settings(production=True).of,
    ProviderKind.CERTIFICATE: certificate_settings(production=True).of,
    ProviderKind.PASSWORD: lambda one: check_own_provider(one, {LoginKey.PASSWORD}),
    ProviderKind.ONE_TIME_CODE: lambda one: check_own_provider(one, KEYS),
    ProviderKind.PASSKEY: lambda one: check_own_provider(one, {LoginKey.PASSKEY}),
}


@pytest.mark.parametrize("table", TABLES)
def test_a_table_of_the_readme_is_taken_in_production(tmp_path: Path, table: str) -> None:
    files = {
        "citizen-authorities.pem": pki.citizens().pem,
        "belgian-roots.pem": pki.roots().pem,
        "proxy-secret": "a-word-of-the-proxy-that-nobody-can-guess",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="ascii")
    for provider in read_providers(table, production=True):
        there = {name: _here(value, tmp_path) for name, value in provider.settings.items()}
        CHECKS[provider.kind](replace(provider, settings=there))


def _here(value: object, folder: Path) -> object:
    """A setting whose file lies in a folder of the test."""
    return value.replace("/etc/procura", str(folder)) if isinstance(value, str) else value


def test_the_readme_shows_a_table_of_each_kind() -> None:
    kinds = {one.kind for table in TABLES for one in read_providers(table, production=True)}
    assert kinds == CHECKS.keys()
