"""A production configuration in which a setting is missing or unsafe does not start, and the setting is named."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from iam.app import SANDBOX_SEALING_KEY
from iam.commands import serving
from iam.outside.clock import SystemClock
from iam.sandbox.login_source import KEY_NAME, LoginSource
from iam.storage.archive import open_archive
from iam.storage.migrations import upgrade
from tests.commands.terminal import Terminal
from tests.ports import free_port
from tests.running import ROOT, Sandbox, procura

KEY = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
ISSUER = "https://login.example.be"
SETTINGS = {
    "PROCURA_ENVIRONMENT": "production",
    "PROCURA_ISSUER": "https://procura.example.be",
    "PROCURA_ENTERPRISE_REGISTER": "https://register.example.be/cbe",
    "PROCURA_EMPLOYER_DIRECTORY": "https://directory.example.be",
    "PROCURA_ADMINISTRATION": "0206.731.645",
    "PROCURA_SEALING_KEY_VALUE": "",
    "PROCURA_MIGRATION": "",
    "PROCURA_CATALOGUE_OVERRIDES": "",
    "PROCURA_CLOCK_OFFSET": "",
    "PROCURA_WORKERS": "2",
}


class Served(Exception):
    """The settings were accepted: the web server is asked to serve."""


def sources(issuer: str = ISSUER, name: str = "login-2026") -> str:
    """A file of login sources, whose keys have this name."""
    return LoginSource(issuer, "https://procura.example.be", SystemClock()).configuration().replace(KEY_NAME, name)


@dataclass(frozen=True, slots=True)
class Server:
    """A server on which an operator changes a setting and starts the service."""

    terminal: Terminal
    safe: Path
    """A folder beside the data folder."""

    def file(self, name: str, content: str, mode: int = 0o600) -> str:
        """The path of a new file outside the data folder."""
        path = self.safe / name
        path.write_text(content, encoding="utf-8")
        path.chmod(mode)
        return str(path)

    def said(self, **changed: str) -> str:
        """What is said when it does not start with this setting changed."""
        return self.terminal.refused("serve", **changed)

    def key_in_data(self) -> str:
        """A sealing key in the data folder."""
        path = self.terminal.folder / "sealing.key"
        path.write_text(KEY)
        path.chmod(0o600)
        return str(path)


@pytest.fixture(scope="module")
def fresh_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database that is up to date."""
    path = tmp_path_factory.mktemp("production") / "procura.db"
    upgrade(f"sqlite:///{path}")
    open_archive(f"sqlite:///{path}", SystemClock()).close()
    return path


@pytest.fixture
def server(country: Sandbox, fresh_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server whose settings are all in order."""

    def served(*_: object, **__: object) -> None:
        raise Served

    monkeypatch.setattr(serving, "Granian", served)
    data, safe = tmp_path / "data", tmp_path / "safe"
    data.mkdir()
    safe.mkdir()
    shutil.copyfile(fresh_database, data / "procura.db")
    environment = {
        **SETTINGS,
        "PROCURA_DATA": str(data),
        "PORT": str(free_port()),
        "DATABASE_URL": f"sqlite:///{data / 'procura.db'}",
    }
    made = Server(Terminal(data, environment, country), safe)
    environment["PROCURA_SEALING_KEY"] = made.file("sealing.key", KEY)
    environment["PROCURA_AUTHENTICATION_SOURCES"] = made.file("sources.toml", sources())
    yield made


def test_settings_that_are_all_in_order_are_accepted(server: Server) -> None:
    persons = {"PROCURA_PERSON_REGISTER": "https://persons.example.be"}
    for changed in ({}, persons, {"PROCURA_SEALING_KEY": "", "PROCURA_SEALING_KEY_VALUE": KEY}):
        with pytest.raises(Served):
            server.terminal.run("serve", **changed)


@pytest.mark.parametrize(
    "setting",
    [
        "PROCURA_ISSUER",
        "PROCURA_ENTERPRISE_REGISTER",
        "PROCURA_EMPLOYER_DIRECTORY",
        "PROCURA_ADMINISTRATION",
        "PROCURA_AUTHENTICATION_SOURCES",
        "PROCURA_SEALING_KEY",
    ],
)
def test_a_missing_setting_is_named(server: Server, setting: str) -> None:
    assert f"\n  {setting} is missing\n" in server.said(**{setting: ""})


def test_everything_that_is_missing_or_unsafe_is_told_at_once(server: Server) -> None:
    wrong = {"PROCURA_ISSUER": "", "PROCURA_ENTERPRISE_REGISTER": "http://a.be", "PROCURA_CLOCK_OFFSET": "1"}
    said = server.said(**wrong, PROCURA_WORKERS="none")
    assert all(f"\n  {name}" in said for name in (*wrong, "PROCURA_WORKERS"))


HERE = ["127.1", "0x7f.1", "2130706433", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "localhost.", "procura.localhost"]
"""This machine, as one may write it."""
NOT_PLAIN = [
    "procura.be?x=1",
    "procura.be/#x",
    "me:pw@procura.be",
    "procura.be:0",
    "procura.be:99999",
    "[::1",
    "a b.be",
    "é.be",
]
UNSAFE = {
    "PROCURA_ENVIRONMENT": ["prod", "PRODUCTION", "test"],
    "PROCURA_ISSUER": [
        "http://procura.example.be",
        "procura.example.be",
        "https://127.0.0.1",
        "https://localhost:8080",
    ],
    "PROCURA_ENTERPRISE_REGISTER": [
        "http://register.example.be",
        "https://[::1]/cbe",
        "https://me@register.example.be",
    ],
    "PROCURA_EMPLOYER_DIRECTORY": [
        "http://directory.example.be",
        "https://127.9.9.9",
        "https://directory.example.be?x=1",
    ],
    "PROCURA_PERSON_REGISTER": [
        "http://persons.example.be",
        "https://127.0.0.1:9",
        "https://persons.example.be#x",
    ],
    "PROCURA_SMTP_URL": ["smtp://127.0.0.1:25", "http://mail.example.be", "smtp://mail.example.be"],
    "PROCURA_SMS_GATEWAY": ["http://sms.example.be", "https://127.0.0.1/sms"],
    "PROCURA_ADMINISTRATION": ["0206731646", "206.731", "administration"],
    "PROCURA_CLOCK_OFFSET": ["1", "-86400", "soon"],
    "PROCURA_SEALING_KEY": ["/nowhere/sealing.key", "/dev/zero"],
    "PROCURA_AUTHENTICATION_SOURCES": ["/nowhere/sources.toml"],
    "PROCURA_CATALOGUE_OVERRIDES": ["/nowhere/overrides.toml"],
    "PROCURA_MIGRATION": ["yes", "Open"],
    "PROCURA_ANSWER_WITHIN_DAYS": ["0", "90.5", "ninety"],
    "PROCURA_WORKERS": ["0", "257"],
    "PORT": ["0", "65536", "http"],
    "DATABASE_URL": ["sqlite://", "mysql://somewhere/procura", "postgresql://somewhere/procura"],
}


@pytest.mark.parametrize(("setting", "value"), [(name, value) for name, values in UNSAFE.items() for value in values])
def test_an_unsafe_setting_is_named(server: Server, setting: str, value: str) -> None:
    assert f"\n  {setting}" in server.said(**{setting: value})


@pytest.mark.parametrize("host", [*HERE, *NOT_PLAIN])
def test_an_issuer_that_others_cannot_reach_or_compare_is_refused(server: Server, host: str) -> None:
    assert "\n  PROCURA_ISSUER" in server.said(PROCURA_ISSUER=f"https://{host}")


SEALING_KEYS: dict[str, Callable[[Server], dict[str, str]]] = {
    "in the data folder": lambda one: {"PROCURA_SEALING_KEY": one.key_in_data()},
    "open to the group": lambda one: {"PROCURA_SEALING_KEY": one.file("open.key", KEY, 0o640)},
    "open to everybody": lambda one: {"PROCURA_SEALING_KEY": one.file("open.key", KEY, 0o604)},
    "too short": lambda one: {"PROCURA_SEALING_KEY": one.file("short.key", KEY[:-2])},
    "always the same octet": lambda one: {"PROCURA_SEALING_KEY": one.file("zero.key", "0" * 64)},
    "the sandbox's": lambda one: {"PROCURA_SEALING_KEY": one.file("known.key", SANDBOX_SEALING_KEY.hex())},
    "the sandbox's, as text": lambda _: {
        "PROCURA_SEALING_KEY": "",
        "PROCURA_SEALING_KEY_VALUE": SANDBOX_SEALING_KEY.hex(),
    },
    "no key, as text": lambda _: {"PROCURA_SEALING_KEY": "", "PROCURA_SEALING_KEY_VALUE": "secret"},
    "given twice": lambda _: {"PROCURA_SEALING_KEY_VALUE": KEY},
}


@pytest.mark.parametrize("case", SEALING_KEYS)
def test_an_unsafe_sealing_key_is_refused_and_not_repeated(server: Server, case: str) -> None:
    said = server.said(**SEALING_KEYS[case](server))
    assert "\n  PROCURA_SEALING_KEY" in said
    assert KEY[:-2] not in said and SANDBOX_SEALING_KEY.hex() not in said


def test_another_sealing_key_than_the_one_that_sealed_is_refused(server: Server) -> None:
    with pytest.raises(Served):
        server.terminal.run("serve")
    other = server.file("other.key", KEY[::-1])
    assert "sealed with another key" in server.said(PROCURA_SEALING_KEY=other)


SOURCES = {
    "the sandbox's key": sources(name=KEY_NAME),
    "this machine": sources("https://localhost"),
    "no https": sources("http://login.example.be"),
    "a level that is none": sources().replace("high", "highest"),
    "no TOML": "[[source",
    "no source": "",
}


@pytest.mark.parametrize("case", SOURCES)
def test_an_unsafe_login_source_is_refused(server: Server, case: str) -> None:
    path = server.file("unsafe.toml", SOURCES[case])
    assert "\n  PROCURA_AUTHENTICATION_SOURCES" in server.said(PROCURA_AUTHENTICATION_SOURCES=path)


@pytest.mark.parametrize("content", ["[dimona", "[weather]\nminimum = 'low'\n", "[dimona]\nminimum = 'none'\n"])
def test_overrides_that_cannot_be_meant_are_refused(server: Server, content: str) -> None:
    said = server.said(PROCURA_CATALOGUE_OVERRIDES=server.file("overrides.toml", content))
    assert "override" in said.lower()


def test_the_sandbox_s_database_is_refused(server: Server, terminal: Terminal) -> None:
    assert "\n  DATABASE_URL: the database is a sandbox's" in server.said(DATABASE_URL=terminal.url)


@pytest.mark.parametrize("words", [("worker", "--once"), ("keys", "rotate"), ("officer", "add", "--label", "Olga")])
def test_no_other_command_works_with_such_settings(server: Server, words: tuple[str, ...]) -> None:
    said = server.terminal.refused(*words, typed="02.02.08-075.32\n", PROCURA_SEALING_KEY=server.key_in_data())
    assert "\n  PROCURA_SEALING_KEY: " in said and "data folder" in said


def test_the_process_itself_ends_at_once(server: Server) -> None:
    settings = {**os.environ, **server.terminal.environment, "PROCURA_CLOCK_OFFSET": "3600"}
    ended = subprocess.run(
        procura("serve"), check=False, env=settings, cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "PROCURA_CLOCK_OFFSET is for the sandbox only" in ended.stderr and "Traceback" not in ended.stderr
