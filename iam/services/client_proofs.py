"""Redeeming a client's proof of possession: once, on any node, and only while its registration stands unchanged."""

from __future__ import annotations

from iam.domain.client_metadata import ClientMetadata
from iam.domain.clients import Client, ProvenClient, ProvenKey
from iam.domain.errors import Forbidden
from iam.ports import UnitOfWork

PURPOSE = "client_assertion"
KEY_PURPOSE = "dpop_proof"


class ProofRefused(Forbidden):
    """The client's authentication is not good (any more)."""


def redeem(uow: UnitOfWork, proof: ProvenClient) -> Client:
    """Use up a client's proofs within a unit of work, and return the registration as it stands there.

    The claims become durable with the unit of work's commit; sources: RFC 7523 §3 (7), RFC 9449 §11.1.

    Raises:
        ProofRefused: `assertion_replayed`, `dpop_replayed`; `client_changed` when keys, profile or validity are no
            longer those that the client was authenticated against; `client_ended`.
    """
    present = uow.get(Client, proof.client.id)
    if present is None or not present.usable(uow.now):
        raise ProofRefused("client_ended", "The client's registration has ended.")
    if _credentials(present) != _credentials(proof.client):
        raise _changed()
    if proof.metadata is not None and uow.get(ClientMetadata, present.id) != proof.metadata:
        raise _changed()
    if proof.fingerprint and not uow.claim(PURPOSE, proof.fingerprint, proof.expires_at):
        raise ProofRefused("assertion_replayed", "The client assertion was used before: make a new one each time.")
    if proof.key is not None:
        redeem_key(uow, proof.key)
    return present


def redeem_key(uow: UnitOfWork, key: ProvenKey) -> None:
    """Use up the proof of a key within a unit of work. ProofRefused (`dpop_replayed`)."""
    if key.fingerprint and key.expires_at and not uow.claim(KEY_PURPOSE, key.fingerprint, key.expires_at):
        raise ProofRefused("dpop_replayed", "The DPoP proof was used before: make a new one each time.")


def _changed() -> ProofRefused:
    return ProofRefused("client_changed", "The client's registration has just changed: authenticate again.")


def _credentials(client: Client) -> tuple[object, ...]:
    return client.jwks, client.algorithm, client.profile, client.profile_until
