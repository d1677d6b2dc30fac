"""Redeeming a client's proof of possession: once, on any node, and only while its registration stands unchanged."""

from __future__ import annotations

from iam.domain.clients import Client, ProvenClient
from iam.domain.errors import Forbidden
from iam.ports import UnitOfWork

PURPOSE = "client_assertion"


class ProofRefused(Forbidden):
    """The client's authentication is not good (any more)."""


def redeem(uow: UnitOfWork, proof: ProvenClient) -> Client:
    """Use up a client's assertion within a unit of work, and return the registration as it stands there.

    The claim becomes durable with the unit of work's commit; source: RFC 7523 §3 (7).

    Raises:
        ProofRefused: `assertion_replayed`; `client_changed` when keys, profile or validity are no longer those that
            the assertion was verified against; `client_ended`.
    """
    present = uow.get(Client, proof.client.id)
    if present is None or not present.usable(uow.now):
        raise ProofRefused("client_ended", "The client's registration has ended.")
    if _credentials(present) != _credentials(proof.client):
        raise ProofRefused("client_changed", "The client's registration has just changed: authenticate again.")
    if not uow.claim(PURPOSE, proof.fingerprint, proof.expires_at):
        raise ProofRefused("assertion_replayed", "The client assertion was used before: make a new one each time.")
    return present


def _credentials(client: Client) -> tuple[object, ...]:
    return client.jwks, client.algorithm, client.profile, client.profile_until
