"""Redeeming a client's proof of possession: once, on any node, and only while its registration stands unchanged."""

from __future__ import annotations

import json
from datetime import datetime

from iam.domain.client_metadata import ClientMetadata
from iam.domain.clients import Client, ProvenClient, ProvenKey
from iam.domain.errors import Forbidden
from iam.ports import Archive, Reading, UnitOfWork

PURPOSE = "client_assertion"
KEY_PURPOSE = "dpop_proof"
DPOP_REPLAYED = "dpop_replayed"
CERTIFICATE_PURPOSE = "client_certificate"


class ProofRefused(Forbidden):
    """The client's authentication is not good (any more)."""


def redeem(uow: UnitOfWork, proof: ProvenClient) -> Client:
    """Use up a client's proofs within a unit of work, and return the registration as it stands there.

    The claims become durable with the unit of work's commit; sources: RFC 7523 §3 (7), RFC 9449 §11.1.

    Raises:
        ProofRefused: `assertion_replayed`, `dpop_replayed`; `client_changed` when keys, profile or validity are no
            longer those that the client was authenticated against; `client_ended`; `certificate_of_other` when another
            client that still stands was the first to use this certificate.
    """
    present = present_client(uow, proof, (uow.revision - 1, uow.recorded_at), uow.now)
    if proof.fingerprint:
        _check_fresh(uow.claim(PURPOSE, proof.fingerprint, proof.expires_at))
    if proof.certificate:
        _keep_owner(uow, proof)
    if proof.key is not None:
        redeem_key(uow, proof.key)
    return present


def use_up(archive: Archive, proof: ProvenClient) -> None:
    """Use up a client's proofs where nothing is changed besides; whether it still stands is for a view opened later.

    What is one value is claimed by itself: no writer waits for it. What is more is used up together, or not at all.

    Raises:
        ProofRefused: as `redeem`.
    """
    if proof.certificate or (proof.fingerprint and proof.key is not None and proof.key.fingerprint):
        with archive.writing() as uow:
            redeem(uow, proof)
            uow.commit()
    elif proof.fingerprint:
        _check_fresh(archive.claim(PURPOSE, proof.fingerprint, proof.expires_at))
    elif proof.key is not None:
        redeem_key(archive, proof.key)


def present_client(reading: Reading, proof: ProvenClient, newest: tuple[int, datetime], now: datetime) -> Client:
    """The registration as it stands in a view; where nothing was recorded since it was read, it is the same.

    `newest` is the newest revision that the view knows, with its record time.

    Raises:
        ProofRefused: `client_changed`, `client_ended`.
    """
    same = proof.revision == newest
    present = proof.client if same else reading.get(Client, proof.client.id)
    if present is None or not present.usable(now):
        raise ProofRefused("client_ended", "The client's registration has ended.")
    if same:
        return present
    if _credentials(present) != _credentials(proof.client) or not _same_keys(proof, present):
        raise _changed()
    if proof.metadata is not None and reading.get(ClientMetadata, present.id) != proof.metadata:
        raise _changed()
    return present


def _keep_owner(uow: UnitOfWork, proof: ProvenClient) -> None:
    """A certificate proves one client, the first that uses it, for as long as that stands."""
    owner = uow.recall(CERTIFICATE_PURPOSE, proof.certificate)
    if owner == proof.client.id:
        return
    other = uow.get(Client, owner) if owner else None
    if other is not None and other.usable(uow.now):
        raise ProofRefused("certificate_of_other", "The certificate is in use by another client.")
    uow.keep(CERTIFICATE_PURPOSE, proof.certificate, proof.client.id, proof.expires_at)


def redeem_key(claims: UnitOfWork | Archive, key: ProvenKey) -> None:
    """Use up the proof of a key, by itself where `claims` is the archive. ProofRefused (`dpop_replayed`)."""
    if key.fingerprint and key.expires_at and not claims.claim(KEY_PURPOSE, key.fingerprint, key.expires_at):
        raise ProofRefused(DPOP_REPLAYED, "The DPoP proof was used before: make a new one each time.")


def _check_fresh(fresh: bool) -> None:
    if not fresh:
        raise ProofRefused("assertion_replayed", "The client assertion was used before: make a new one each time.")


def _changed() -> ProofRefused:
    return ProofRefused("client_changed", "The client's registration has just changed: authenticate again.")


def _credentials(client: Client) -> tuple[object, ...]:
    return client.algorithm, client.profile, client.profile_until


def _same_keys(proof: ProvenClient, present: Client) -> bool:
    """Whether the keys are those that the proof was verified against.

    A client that publishes its keys itself has none registered; of keys with certificates only those counted whose time
    was not over.
    """
    if proof.metadata is not None and proof.metadata.jwks_uri:
        return True
    if '"exp"' not in present.jwks:
        return proof.client.jwks == present.jwks
    registered = json.loads(present.jwks)["keys"]
    return all(one in registered for one in json.loads(proof.client.jwks)["keys"])
