"""Registrations are read once a revision, and never told otherwise than they stand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from iam.domain.client_metadata import ClientMetadata, GrantType
from iam.domain.clients import Client, ProvenClient
from iam.services.client_proofs import ProofRefused, redeem
from iam.storage.archive import SqlArchive, open_archive
from oidc.provider.registrations import Registration, Registrations
from oidc.published_keys import PublishedKeys
from tests.oidc.provider.forgery import ec_jwk, jwks
from tests.storage import records
from tests.storage.clocks import SetClock

OURS = "client1"


def record(archive: SqlArchive, *facts: object) -> None:
    with archive.writing() as uow:
        for fact in facts:
            uow.put(fact)
        uow.commit()


@pytest.fixture(params=["sqlite", "postgresql"])
def sql_archive(request: pytest.FixtureRequest, clock: SetClock) -> Iterator[SqlArchive]:
    """An empty archive on each engine."""
    archive = open_archive(request.getfixturevalue(f"{request.param}_copy"), clock)
    yield archive
    archive.close()


@pytest.fixture
def registrations(sql_archive: SqlArchive, clock: SetClock) -> Registrations:
    class Nowhere:
        def fetched(self, uri: str, algorithm: str, enterprise: str) -> str:
            raise AssertionError(uri)

    record(sql_archive, client(), records.enterprise())
    return Registrations(sql_archive, clock, PublishedKeys(Nowhere(), clock))  # type: ignore[arg-type]


def client(kid: str = "k1", **fields: object) -> Client:
    return records.client(OURS, jwks=jwks(ec_jwk(kid=kid)), **fields)


def found(registrations: Registrations) -> Registration:
    one = registrations.find(OURS)
    assert one is not None
    return one


def proof(one: Registration, clock: SetClock) -> ProvenClient:
    return ProvenClient(
        client=one.client, fingerprint="", expires_at=clock.at, metadata=one.metadata, revision=one.revision
    )


def test_what_was_read_is_not_read_again_before_something_is_recorded(
    registrations: Registrations, sql_archive: SqlArchive
) -> None:
    first = found(registrations)
    assert found(registrations).client is first.client
    record(sql_archive, records.enterprise(records.OTHER))
    again = found(registrations)
    assert again.client == first.client
    assert again.client is not first.client


def test_every_change_of_a_client_is_seen_by_the_next_request(
    registrations: Registrations, sql_archive: SqlArchive, clock: SetClock
) -> None:
    assert found(registrations).metadata is None
    record(sql_archive, client(kid="k2"))
    assert "k2" in found(registrations).client.jwks
    told = ClientMetadata(client=OURS, grant_types=(GrantType.CLIENT_CREDENTIALS,), dpop_bound=True)
    record(sql_archive, told)
    assert found(registrations).metadata == told
    with sql_archive.writing() as uow:
        uow.remove(Client, OURS)
        uow.commit()
    assert registrations.find(OURS) is None


def test_a_registration_that_was_read_before_ends_at_its_instant(
    registrations: Registrations, sql_archive: SqlArchive, clock: SetClock
) -> None:
    ends = clock.at + timedelta(minutes=1)
    record(sql_archive, client(profile_until=ends))
    assert found(registrations)
    clock.at = ends
    assert registrations.find(OURS) is None


def test_keys_whose_certificate_has_ended_are_left_out_of_what_was_read_before(
    registrations: Registrations, sql_archive: SqlArchive, clock: SetClock
) -> None:
    ends = int(clock.at.timestamp()) + 60
    dated = json.dumps({"keys": [ec_jwk(kid="dated", exp=ends), ec_jwk(kid="open")]}, sort_keys=True)
    record(sql_archive, records.client(OURS, jwks=dated))
    assert "dated" in found(registrations).client.jwks
    clock.at += timedelta(seconds=61)
    one = found(registrations)
    assert "dated" not in one.client.jwks
    assert one.revision is None


def test_a_sandbox_that_was_emptied_and_came_to_the_same_revision_has_no_former_clients(
    registrations: Registrations, sql_archive: SqlArchive, clock: SetClock
) -> None:
    sql_archive.mark_sandbox()
    former = found(registrations)
    sql_archive.wipe()
    clock.at += timedelta(seconds=1)
    record(sql_archive, client(kid="k9"), records.enterprise())
    assert sql_archive.revision() == former.revision[0] if former.revision else False
    assert "k9" in found(registrations).client.jwks
    with sql_archive.writing() as uow, pytest.raises(ProofRefused) as refused:
        redeem(uow, proof(former, clock))
    assert refused.value.code == "client_changed"


@pytest.mark.parametrize("change", ["nothing", "another fact", "keys", "metadata", "ended"])
def test_a_proof_is_redeemed_against_the_registration_as_it_stands_then(
    registrations: Registrations, sql_archive: SqlArchive, clock: SetClock, change: str
) -> None:
    metadata = ClientMetadata(client=OURS)
    record(sql_archive, metadata)
    proven = proof(found(registrations), clock)
    if change == "another fact":
        record(sql_archive, records.enterprise(records.OTHER))
    elif change == "keys":
        record(sql_archive, client(kid="k2"))
    elif change == "metadata":
        record(sql_archive, ClientMetadata(client=OURS, dpop_bound=True))
    elif change == "ended":
        with sql_archive.writing() as uow:
            uow.remove(Client, OURS)
            uow.commit()
    expected = {"keys": "client_changed", "metadata": "client_changed", "ended": "client_ended"}.get(change)
    with sql_archive.writing() as uow:
        if expected is None:
            assert redeem(uow, proven) == proven.client
            return
        with pytest.raises(ProofRefused) as refused:
            redeem(uow, proven)
        assert refused.value.code == expected
