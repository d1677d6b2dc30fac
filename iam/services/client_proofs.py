"""Redeeming a client's proof of possession: once, on any node, and only while its registration stands unchanged."""

from __future__ import annotations

import json

from iam.domain.client_metadata import ClientMetadata
from iam.domain.clients import Client, ProvenClient, ProvenKey
from iam.domain.errors import Forbidden
from iam.ports import UnitOfWork

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
    present = _present(uow, proof)
    if proof.fingerprint and not uow.claim(PURPOSE, proof.fingerprint, proof.expires_at):
        raise ProofRefused("assertion_replayed", "The client assertion was used before: make a new one each time.")
    if proof.certificate:
        _keep_owner(uow, proof)
    if proof.key is not None:
        redeem_key(uow, proof.key)
    return present


def _present(uow: UnitOfWork, proof: ProvenClient) -> Client:
    """The registration as it stands in the unit of work; where nothing was recorded since it was read, it is the same.

    Raises ProofRefused: `client_changed`, `client_ended`.
    """
    same = proof.revision == (uow.revision - 1, uow.recorded_at)
    present = proof.client if same else uow.get(Client, proof.client.id)
    if present is None or not present.usable(uow.now):
        raise ProofRefused("client_ended", "The client's registration has ended.")
    if same:
        return present
    if _credentials(present) != _credentials(proof.client) or not _same_keys(proof, present):
        raise _changed()
    if proof.metadata is not None and uow.get(ClientMetadata, present.id) != proof.metadata:
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


def redeem_key(uow: UnitOfWork, key: ProvenKey) -> None:
    """Use up the proof of a key within a unit of work. ProofRefused (`dpop_replayed`)."""
    if key.fingerprint and key.expires_at and not uow.claim(KEY_PURPOSE, key.fingerprint, key.expires_at):
        raise ProofRefused(DPOP_REPLAYED, "The DPoP proof was used before: make a new one each time.")


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
