"""What only the operator of the server registers: the first officer, declaration services, and successors of keys."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from iam.domain.clients import Client
from iam.sandbox.software import new_private_jwk, public_set
from tests.commands.terminal import Terminal

NEWCOMER = "02.02.08-075.32"


@pytest.fixture
def empty(terminal: Terminal) -> Iterator[Terminal]:
    """A terminal on a database into which nothing was loaded."""
    url = f"sqlite:///{terminal.folder / 'empty.db'}"
    terminal.told("db", "upgrade", DATABASE_URL=url)
    terminal.run("export", "mandates", DATABASE_URL=url)
    yield Terminal(terminal.folder, {**terminal.environment, "DATABASE_URL": url}, terminal.country)


def acts(terminal: Terminal) -> list[str]:
    """The acts in the audit trail."""
    archive = terminal.archive()
    try:
        return [leaf.leaf.act for leaf in archive.leaves()]
    finally:
        archive.close()


def jwks(terminal: Terminal, content: Any = None) -> tuple[str, str]:
    """The option that names a file with a public key set."""
    content = public_set(new_private_jwk("ES256")) if content is None else content
    return "--jwks", terminal.file("jwks.json", content if isinstance(content, str) else json.dumps(content))


def test_the_first_officer_is_added_once_and_the_number_is_never_shown(empty: Terminal) -> None:
    told = empty.told("officer", "add", "--label", "Olga", typed=f"{NEWCOMER}\n")
    assert told["enterprise"] == empty.country.number("administration")
    assert "first_officer_added" in acts(empty)
    before = acts(empty)
    said = empty.refused("officer", "add", "--label", "Omar", typed="03.03.15-078.41\n")
    assert "officer_exists" in said and acts(empty) == before


@pytest.mark.parametrize("typed", ["02.02.08-075.33", "hello", "０２０２０８０７５３２"])
def test_an_officer_without_a_good_number_is_refused_and_the_number_is_not_repeated(
    empty: Terminal, typed: str
) -> None:
    before = acts(empty)
    said = empty.refused("officer", "add", "--label", "Olga", typed=f"{typed}\n")
    assert "invalid_niss" in said and typed not in said
    assert acts(empty) == before


def test_a_declaration_service_is_registered_with_its_key_and_services(terminal: Terminal) -> None:
    services = ("--service", "dimona", "--service", "dmfa", "--niss-service", "dimona")
    told = terminal.told("client", "add", "--label", "Wages", *jwks(terminal), *services)
    archive = terminal.archive()
    with archive.reading() as reading:
        registered = reading.get(Client, told["client_id"])
    archive.close()
    assert registered is not None
    assert registered.enterprise == terminal.country.number("administration")
    assert (registered.services, registered.niss_services) == (("dimona", "dmfa"), ("dimona",))
    assert acts(terminal)[-1] == "client_registered"


def test_a_service_with_a_weaker_profile_is_told_its_end(terminal: Terminal) -> None:
    words = ("client", "add", "--label", "Old", "--service", "dimona", *jwks(terminal), "--older-until")
    assert terminal.run(*words, "2020-01-01T00:00:00Z").exit_code == 1
    assert "client_id" in terminal.told(*words, "2027-06-30T00:00:00+02:00")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "cannot be read as JSON"),
        ({"keys": []}, "keys"),
        ({"keys": [{"kty": "oct", "k": "AAAA"}]}, "key"),
        (new_private_jwk("ES256"), "key"),
    ],
    ids=["no JSON", "no key", "a shared secret", "a private key"],
)
def test_a_service_without_a_good_key_is_refused(terminal: Terminal, content: Any, said: str) -> None:
    before = acts(terminal)
    words = ("client", "add", "--label", "Wages", "--service", "dimona")
    assert said in terminal.refused(*words, *jwks(terminal, content))
    assert acts(terminal) == before


def test_a_service_that_does_not_exist_is_refused(terminal: Terminal) -> None:
    words = ("client", "add", "--label", "Wages", "--service", "weather", *jwks(terminal))
    assert "unknown_service" in terminal.refused(*words)


def test_a_successor_of_a_key_is_published_once_at_a_time(empty: Terminal) -> None:
    for algorithm in ("ES256", "RS256"):
        told = empty.told("keys", "rotate", "--algorithm", algorithm)
        assert told["algorithm"] == algorithm and told["kid"]
        assert "waits for its first use" in empty.refused("keys", "rotate", "--algorithm", algorithm)
    assert acts(empty)[-2:] == ["signing_key_published"] * 2


def test_the_keys_by_which_providers_know_us_get_successors_where_there_are_any(empty: Terminal) -> None:
    assert empty.told("keys", "rotate-at-providers") == {"successors": 0, "take_over_at": "", "kids": []}
