"""Requests for authorization: kept between the client, the browser that brings them and the person who decides."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from iam.domain.authorization_grants import AuthorizationRequest
from iam.domain.clients import ProvenClient
from iam.ports import Archive, Clock, Randomness
from iam.services.client_proofs import redeem
from iam.services.fingerprints import fingerprint

PUSHED_LIFE = timedelta(seconds=90)
"""How long a client has to send the browser (RFC 9126 §2.2: 5 to 600 seconds)."""
DECISION_LIFE = timedelta(minutes=30)
"""How long a person has to log in and decide, once a browser brought the request."""


class AuthorizationRequests:
    """Keeps requests by the fingerprint of the secret in their `request_uri`."""

    def __init__(self, archive: Archive, clock: Clock, randomness: Randomness) -> None:
        self._archive = archive
        self._clock = clock
        self._randomness = randomness

    def push(self, proof: ProvenClient, parameters: str, key_thumbprint: str) -> str:
        """Keep what a client pushed; returns the secret. ProofRefused as `redeem`."""
        secret = self._randomness.secret()
        with self._archive.writing() as uow:
            client = redeem(uow, proof)
            uow.put(
                AuthorizationRequest(
                    id=fingerprint(secret),
                    client=client.id,
                    parameters=parameters,
                    key_thumbprint=key_thumbprint,
                    presented_at=None,
                    expires_at=uow.now + PUSHED_LIFE,
                )
            )
            uow.commit()
        return secret

    def bring(self, client_id: str, parameters: str, key_thumbprint: str) -> str:
        """Keep what a browser brought with all its parameters; returns the secret."""
        secret = self._randomness.secret()
        with self._archive.writing() as uow:
            request = AuthorizationRequest(
                id=fingerprint(secret),
                client=client_id,
                parameters=parameters,
                key_thumbprint=key_thumbprint,
                presented_at=uow.now,
                expires_at=uow.now + DECISION_LIFE,
            )
            uow.put(request)
            uow.commit()
        return secret

    def present(self, client_id: str, secret: str) -> AuthorizationRequest | None:
        """The request behind a secret that a browser brings, if it is this client's and has not ended; it may come back
        to it until the person has decided (RFC 9126 §4).
        """
        with self._archive.reading() as reading:
            found = reading.get(AuthorizationRequest, fingerprint(secret))
        if found is None or found.client != client_id or self._clock.now() >= found.expires_at:
            return None
        if found.presented_at is not None:
            return found
        with self._archive.writing() as uow:
            present = uow.get(AuthorizationRequest, found.id)
            if present is None or present.presented_at is not None:
                return present
            brought = replace(present, presented_at=uow.now, expires_at=uow.now + DECISION_LIFE)
            uow.put(brought)
            uow.commit()
        return brought

    def drop(self, request: AuthorizationRequest) -> bool:
        """Forget a request that was answered without a grant; False when somebody answered it before."""
        with self._archive.writing() as uow:
            if uow.get(AuthorizationRequest, request.id) is None:
                return False
            uow.remove(AuthorizationRequest, request.id)
            uow.commit()
        return True
