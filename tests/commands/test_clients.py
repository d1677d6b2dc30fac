"""What the operator registers, shows and changes of software on a terminal."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from iam.domain.client_metadata import AuthMethod, ClientMetadata, GrantType
from iam.domain.client_registrations import RegistrationToken
from iam.domain.clients import Client, Profile
from iam.domain.periods import Period
from iam.sandbox.software import new_private_jwk, public_set
from iam.services.fingerprints import fingerprint
from tests.commands.terminal import Terminal

CALLBACK = "https://service.example/callback"


def jwks(terminal: Terminal) -> str:
    return terminal.file("jwks.json", json.dumps(public_set(new_private_jwk("ES256"))))


def recorded(terminal: Terminal, client_id: str) -> tuple[Client, ClientMetadata | None]:
    archive = terminal.archive()
    try:
        with archive.reading() as reading:
            found = reading.get(Client, client_id)
            assert found is not None
            return found, reading.get(ClientMetadata, client_id)
    finally:
        archive.close()


def count(terminal: Terminal) -> int:
    archive = terminal.archive()
    try:
        with archive.reading() as reading:
            return len(reading.find(Client))
    finally:
        archive.close()


def added(terminal: Terminal, *more: str) -> Any:
    plain = ("--label", "Wages", "--service", "dimona", "--jwks", jwks(terminal), "--redirect-uri", CALLBACK)
    return terminal.told("client", "add", *plain, *more)


def test_a_service_to_which_people_log_in_is_told_all_that_its_engineer_configures(terminal: Terminal) -> None:
    told = added(terminal, "--grant-type", "authorization_code", "--grant-type", "refresh_token")
    client, metadata = recorded(terminal, told["client_id"])
    assert metadata is not None and metadata.redirect_uris == (CALLBACK,)
    assert metadata.auth_method is AuthMethod.PRIVATE_KEY_JWT and client.profile is Profile.DEFAULT
    assert GrantType.REFRESH_TOKEN in metadata.grant_types
    assert told["discovery"].endswith("/.well-known/openid-configuration")
    assert told["redirect_uris"] == CALLBACK and "client_secret" not in told


def test_the_guide_asks_step_by_step_says_why_and_writes_at_the_end(terminal: Terminal) -> None:
    answers = ["Wages", "dimona", "", "y", "default", "private_key_jwt", CALLBACK, "", "openid", "profile", ""]
    answers += ["y", jwks(terminal), "tech@service.example", ""]
    ended = terminal.run("client", "add", "--ask", "--json", typed="\n".join(answers) + "\n")
    assert ended.exit_code == 0, ended.output
    told = json.loads(ended.stdout)
    _, metadata = recorded(terminal, told["client_id"])
    assert metadata is not None
    assert metadata.scopes == ("openid", "profile", "offline_access")
    assert told["contacts"] == "tech@service.example"
    assert "compared character for character" in ended.stderr


@pytest.mark.parametrize("steps", [1, 4, 7, 11, 13])
def test_a_guide_that_is_left_writes_nothing(terminal: Terminal, steps: int) -> None:
    answers = ["Wages", "dimona", "", "y", "default", "private_key_jwt", CALLBACK, "", "openid", "", "n", "nowhere"]
    before = count(terminal)
    ended = terminal.run("client", "add", "--ask", typed="\n".join(answers[:steps]) + "\n")
    assert ended.exit_code != 0
    assert count(terminal) == before


def test_a_secret_of_the_basic_profile_is_shown_once_and_kept_as_a_hash(terminal: Terminal) -> None:
    basic = ("--profile", "oidc-basic", "--profile-until", "2027-06-30T00:00:00+02:00")
    words = ("--label", "News", "--service", "authorization", "--redirect-uri", CALLBACK, *basic)
    told = terminal.told("client", "add", *words)
    client, metadata = recorded(terminal, told["client_id"])
    assert metadata is not None and metadata.secret_hash == fingerprint(told["client_secret"])
    assert client.profile is Profile.OIDC_BASIC and "profile oidc-basic ends" in told
    shown = terminal.told("client", "show", client.id)
    assert "client_secret" not in shown and told["client_secret"] not in json.dumps(shown)
    renewed = terminal.told("client", "set", client.id, "--new-secret", "--label", "Newsletter")
    assert renewed["client_secret"] != told["client_secret"] and renewed["label"] == "Newsletter"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--redirect-uri", "javascript:alert(1)"), "invalid_redirect_uri"),
        (("--profile", "older"), "invalid_profile"),
        (("--auth-method", "client_secret_basic"), "invalid_client_metadata"),
        (("--scope", "scope:works:declaration:declare"), "invalid_client_metadata"),
        (("--scope", "openid", "--scope", "egovNRN"), "invalid_client_metadata"),
        (("--backchannel-logout-uri", "http://service.example/out"), "invalid_client_metadata"),
    ],
    ids=lambda value: value[-1] if isinstance(value, tuple) else "",
)
def test_what_the_profile_does_not_allow_is_refused_and_nothing_is_written(
    terminal: Terminal, more: tuple[str, ...], said: str
) -> None:
    before = count(terminal)
    plain = ("--label", "Wages", "--service", "dimona", "--jwks", jwks(terminal), "--redirect-uri", CALLBACK)
    assert said in terminal.refused("client", "add", *plain, *more)
    assert count(terminal) == before


def test_a_registration_is_changed_option_by_option(terminal: Terminal) -> None:
    told = added(terminal, "--contact", "old@service.example")
    changed = terminal.told(
        "client",
        "set",
        told["client_id"],
        *(
            "--redirect-uri",
            f"{CALLBACK}/new",
            "--contact",
            "new@service.example",
            "--policy-uri",
            "https://p.example/",
        ),
    )
    assert (changed["redirect_uris"], changed["contacts"]) == (f"{CALLBACK}/new", "new@service.example")
    assert changed["policy_uri"] == "https://p.example/" and changed["scope"] == told["scope"]


def test_clients_of_which_something_ends_are_listed(terminal: Terminal) -> None:
    until = ("--profile", "older", "--profile-until", "2027-06-30T00:00:00+02:00")
    told = added(terminal, *until)
    every = [one["client_id"] for one in terminal.told("client", "list")]
    ending = [one["client_id"] for one in terminal.told("client", "list", "--ending-within", "3650")]
    assert told["client_id"] in ending and len(ending) < len(every)
    assert told["client_id"] not in [
        one["client_id"] for one in terminal.told("client", "list", "--ending-within", "1")
    ]


def test_a_token_for_registration_is_shown_once_and_bound_to_what_was_said(terminal: Terminal) -> None:
    told = terminal.told("client", "token", "--service", "dimona", "--uses", "3", "--days", "2")
    archive = terminal.archive()
    with archive.reading() as reading:
        token = reading.get(RegistrationToken, fingerprint(told["initial_access_token"]))
    archive.close()
    assert token is not None and (token.uses, token.services) == (3, ("dimona",))
    assert told["registration_endpoint"].endswith("/oauth2/register")


def test_only_a_technical_client_becomes_a_vendors(terminal: Terminal) -> None:
    told = added(terminal)
    assert "invalid_client_metadata" in terminal.refused("client", "set", told["client_id"], "--vendor")
    software = next(one for one in terminal.told("client", "list") if one["kind"] == "technical")
    changed = terminal.told("client", "set", software["client_id"], "--vendor", "--software-id", "payroll-2026")
    assert changed["vendor"] is True and changed["software_id"] == "payroll-2026"


def test_a_profile_of_a_token_is_named_as_everywhere(terminal: Terminal) -> None:
    words = ("client", "token", "--service", "authorization", "--profile", "oidc-basic")
    told = terminal.told(*words, "--profile-until", "2027-06-30T00:00:00+02:00")
    archive = terminal.archive()
    with archive.reading() as reading:
        token = reading.get(RegistrationToken, fingerprint(told["initial_access_token"]))
    archive.close()
    assert token is not None and token.profile is Profile.OIDC_BASIC


def column(listed: str, place: int) -> str:
    """What stands in a column of a table, without blanks."""
    lines = [line.split("│") for line in listed.splitlines() if line.startswith("│")]
    return "".join("".join(line[place + 1].split()) for line in lines)


@pytest.mark.attack("L01")
@pytest.mark.parametrize("label", ["Wages [/bold]", "[red]Wages", "[link=https://evil.example]x[/link]", "Wages [/]"])
def test_no_name_that_software_gave_itself_breaks_or_changes_what_the_operator_reads(
    terminal: Terminal, label: str
) -> None:
    client_id = added(terminal)["client_id"]
    for words in (("set", client_id, "--label", label), ("show", client_id)):
        assert label in terminal.run("client", *words).stdout
    assert "".join(label.split()) in column(terminal.run("client", "list").stdout, 1)


def test_a_list_for_people_cuts_nothing_off(terminal: Terminal) -> None:
    client_id = added(terminal)["client_id"]
    listed = terminal.run("client", "list", COLUMNS="60").stdout
    assert "…" not in listed and client_id in column(listed, 0)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "--label", "Wages", "--service", "dimona"), "--jwks, --certificate or --jwks-uri"),
        (("set", "CLIENT"), "Name what is to be otherwise"),
        (("set", "CLIENT", "--algorithm", "PS256"), "Give --algorithm with the keys"),
    ],
)
def test_a_command_that_lacks_something_says_which_option(
    terminal: Terminal, words: tuple[str, ...], said: str
) -> None:
    client_id = added(terminal)["client_id"]
    ended = terminal.run("client", *(client_id if one == "CLIENT" else one for one in words))
    assert ended.exit_code == 2 and said in ended.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--service", "dimona", "--service", "dimono"), "There is no service 'dimono'"),
        (("--redirect-uri", "https://service.example"), "'https://service.example' cannot be registered"),
        (("--new-secret",), "This client has no secret"),
        (("--frontchannel-logout-uri", "https://other.example/out"), "frontchannel_logout_uri is on the same origin"),
    ],
)
def test_a_change_that_is_refused_says_which_part_of_it(terminal: Terminal, words: tuple[str, ...], said: str) -> None:
    assert said in terminal.refused("client", "set", added(terminal)["client_id"], *words)


def test_a_change_that_is_refused_leaves_the_keys_as_they_were(terminal: Terminal) -> None:
    client_id = added(terminal)["client_id"]
    before = recorded(terminal, client_id)
    new = terminal.file("new.json", json.dumps(public_set(new_private_jwk("ES256"))))
    terminal.refused("client", "set", client_id, "--jwks", new, "--redirect-uri", "javascript:alert(1)")
    assert recorded(terminal, client_id) == before
    terminal.told("client", "set", client_id, "--jwks", new, "--redirect-uri", f"{CALLBACK}/new")
    client, metadata = recorded(terminal, client_id)
    assert client.jwks != before[0].jwks and metadata is not None and metadata.redirect_uris == (f"{CALLBACK}/new",)


def test_keys_of_a_client_that_ended_are_not_replaced(terminal: Terminal) -> None:
    client_id = added(terminal)["client_id"]
    archive = terminal.archive()
    with archive.writing() as uow:
        client = uow.get(Client, client_id)
        assert client is not None
        ended = client.valid.until(uow.now)
        uow.put(replace(client, valid=ended or Period(client.valid.start, client.valid.start)))
        uow.commit()
    archive.close()
    assert "already_ended" in terminal.refused("client", "set", client_id, "--jwks", jwks(terminal))
