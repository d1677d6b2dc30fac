"""Login providers come from a file, which may change while the service runs."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from iam.domain.assurance import Assurance, LoginKey
from iam.domain.login_providers import LoginProvider, ProviderKind
from iam.outside.login_providers import LARGEST_FILE, FileProviderBook, read_providers, unsafe
from iam.settings import UnsafeSettings

LABELS = 'labels = { nl = "itsme", fr = "itsme", de = "itsme", en = "itsme" }'
ITSME = f"""
[providers.itsme]
kind = "oidc"
key = "itsme"
highest = "high"
{LABELS}
levels = {{ "http://itsme.services/v2/claim/acr_advanced" = "high", "basic" = "substantial" }}

[providers.itsme.settings]
issuer = "https://idp.prd.itsme.services/v2"
acr_values = ["http://itsme.services/v2/claim/acr_advanced"]
"""


BROKEN = [
    "[providers.itsme",
    "[providers.x]",
    "\x00",
    "x" * (LARGEST_FILE + 1),
    f"x = {'[' * 5000}",
    f"x = {'9' * 5000}",
    ITSME.replace("https://idp.prd", "\x01"),
    f"{ITSME}\n{ITSME}",
]


def written(path: Path, text: str) -> Path:
    """Write a file so that its stamp differs from the one before."""
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(text)
    os.utime(path, ns=(before + 1_000_000_000, before + 1_000_000_000))
    return path


def book(path: Path, check: Callable[[LoginProvider], None] = lambda one: None) -> FileProviderBook:
    return FileProviderBook(path, production=True, checks={ProviderKind.OIDC: check})


def changed(text: str, **parts: str) -> str:
    """The text with one line of the provider said otherwise."""
    for before, after in parts.items():
        assert before in text
        text = text.replace(before, after)
    return text


def test_a_provider_is_read_whole() -> None:
    (one,) = read_providers(ITSME, production=True)
    assert (one.id, one.kind, one.key, one.enabled) == ("itsme", ProviderKind.OIDC, LoginKey.ITSME, True)
    assert one.level_of("basic") is Assurance.SUBSTANTIAL
    assert one.level_of("http://itsme.services/v2/claim/acr_advanced") is Assurance.HIGH
    assert one.level_of("unknown") is None
    assert one.settings["issuer"] == "https://idp.prd.itsme.services/v2"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('kind = "oidc"', 'kind = "oauth"'),
        ('kind = "oidc"', "kind = 1"),
        ('key = "itsme"', 'key = "password1"'),
        ('highest = "high"', 'highest = "highest"'),
        ('highest = "high"', 'highest = "high"\nenabled = "no"'),
        ('highest = "high"', 'highest = "high"\nsurprise = 1'),
        ('highest = "high"', ""),
        ('de = "itsme", ', ""),
        ('de = "itsme"', 'de = " "'),
        ('"basic" = "substantial"', '"basic" = "some"'),
        ("[providers.itsme]", "[providers.Itsme]"),
        ("[providers.itsme]", '[providers."../x"]'),
        ("[providers.itsme]", "surprise = 1\n[providers.itsme]"),
        ("[providers.itsme]", "[providers.itsme"),
    ],
)
def test_what_is_not_understood_is_refused_by_the_settings_name(before: str, after: str) -> None:
    text = ITSME if "[" not in before else ITSME.replace("[providers.itsme.settings]", "[other]")
    with pytest.raises(UnsafeSettings, match="PROCURA_LOGIN_PROVIDERS"):
        read_providers(changed(text, **{before: after}), production=False)


@pytest.mark.parametrize(
    "setting",
    [
        'issuer = "http://idp.example"',
        'token_endpoint = "HTTP://idp.example/token"',
        'issuer = "https://localhost:9000"',
        'issuer = "https://127.1"',
        'other = ["https://idp.example", "https://0x7f.1/x"]',
        """jwks = '{"keys":[{"kid":"sandbox-1"}]}'""",
        """nested = { jwks = '{"kid" : "sandbox"}' }""",
    ],
)
def test_production_takes_no_open_address_no_loopback_and_no_key_of_the_sandbox(setting: str) -> None:
    text = changed(ITSME, **{'issuer = "https://idp.prd.itsme.services/v2"': setting})
    assert list(read_providers(text, production=False))
    with pytest.raises(UnsafeSettings, match="itsme"):
        read_providers(text, production=True)


def test_without_a_file_there_is_no_provider() -> None:
    assert list(FileProviderBook(None, production=True, checks={}).current()) == []


def test_a_service_does_not_start_on_a_broken_file(tmp_path: Path) -> None:
    with pytest.raises(UnsafeSettings):
        book(written(tmp_path / "p.toml", "[providers.x]"))
    with pytest.raises(OSError, match="absent"):
        book(tmp_path / "absent.toml")


def test_a_changed_file_counts_from_the_next_question_on(tmp_path: Path) -> None:
    path = written(tmp_path / "p.toml", ITSME)
    providers = book(path)
    assert providers.current().enabled("itsme")
    written(path, changed(ITSME, **{'highest = "high"': 'highest = "high"\nenabled = false'}))
    assert providers.current().enabled("itsme") is None
    written(path, ITSME.replace("providers.itsme", "providers.other"))
    assert [one.id for one in providers.current()] == ["other"]


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_file_keeps_what_was_read_and_is_told_once(tmp_path: Path, broken: str) -> None:
    path = written(tmp_path / "p.toml", ITSME)
    providers = book(path)
    written(path, broken)
    with capture_logs() as told:
        assert [one.id for one in providers.current()] == ["itsme"]
        assert [one.id for one in providers.current()] == ["itsme"]
    assert [(one["event"], one["log_level"]) for one in told] == [("login_providers_kept", "error")]


def test_a_file_that_goes_away_keeps_what_was_read(tmp_path: Path) -> None:
    path = written(tmp_path / "p.toml", ITSME)
    providers = book(path)
    path.unlink()
    with capture_logs() as told:
        assert [one.id for one in providers.current()] == ["itsme"]
    assert [one["code"] for one in told] == ["unreadable_file"]


def test_a_file_that_is_no_text_keeps_what_was_read(tmp_path: Path) -> None:
    path = written(tmp_path / "p.toml", ITSME)
    providers = book(path)
    path.write_bytes(b"\xff\xfe")
    assert [one.id for one in providers.current()] == ["itsme"]


def test_what_a_door_does_not_understand_keeps_what_was_read(tmp_path: Path) -> None:
    def check(provider: LoginProvider) -> None:
        if "issuer" not in provider.settings:
            raise unsafe(provider.id, "issuer is missing")

    path = written(tmp_path / "p.toml", ITSME)
    providers = book(path, check)
    written(path, ITSME.replace("issuer", "isuer"))
    with capture_logs() as told:
        (one,) = providers.current()
    assert "issuer" in one.settings
    assert told[0]["problems"] == ["PROCURA_LOGIN_PROVIDERS: itsme: issuer is missing"]
    with pytest.raises(UnsafeSettings, match="issuer is missing"):
        book(path, check)
