"""Acts around software, told to the houses and to the ledger: registration, keys, and tokens."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from iam.domain.actors import Actor
from iam.domain.clients import Client, ClientKind, ProvenClient
from iam.domain.enterprises import Capacity
from iam.domain.errors import Refusal
from iam.domain.tokens import IssuedToken
from iam.services.client_orders import NewClient, NewDeclarationService
from iam.services.token_issue import Standing
from iam.services.tokens import Wanted
from tests.invariants.acts_hierarchy import shortened
from tests.invariants.chronicle import Chronicle
from tests.reference.country import Software

CHANNELS = ("channels", "manage")


class ClientActs(Chronicle):
    """What channel managers do with software, and what software does with tokens."""

    proofs = 0

    def register(self, actor: Actor, capacity: Capacity, end: datetime | None = None) -> Any:
        """A channel manager registers software in a capacity."""
        order = NewClient(capacity=capacity, label="payroll", jwks={"keys": []}, algorithm="ES256", end=end)
        outcome = self.attempt(
            "client_registered",
            actor,
            lambda house: house.clients.register(actor, order),
            needs=CHANNELS,
            judged=replace(actor, capacity=capacity),
        )
        if isinstance(outcome, Client):
            period = (self.now, outcome.valid.end)
            self.write(**{outcome.id: Software(actor.enterprise, capacity.value, "technical", *period)})
        return outcome

    def replace_keys(self, actor: Actor, client: Client, kid: str) -> Any:
        """A channel manager puts other keys in the place of a client's."""
        jwks = {"keys": [{"kid": kid}]}
        return self.attempt(
            "client_keys_replaced",
            actor,
            lambda house: house.clients.replace_keys(actor, client.id, jwks),
            needs=CHANNELS,
            judged=replace(actor, capacity=client.capacity),
        )

    def end_client(self, actor: Actor, client: Client, at: datetime | None) -> Any:
        """A channel manager ends software."""
        outcome = self.attempt(
            "client_ended",
            actor,
            lambda house: house.clients.end(actor, client.id, at),
            needs=CHANNELS,
            judged=replace(actor, capacity=client.capacity),
        )
        if not isinstance(outcome, Refusal):
            self.write(**{client.id: shortened(self.ledger.known()[client.id], at or self.now)})
        return outcome

    def register_service(self, order: NewDeclarationService) -> Any:
        """The operator registers a declaration service."""
        outcome = self.attempt(
            "client_registered", None, lambda house: house.clients.register_declaration_service(order)
        )
        if isinstance(outcome, Client):
            place = (order.enterprise, order.capacity.value, ClientKind.DECLARATION_SERVICE.value)
            self.write(**{outcome.id: Software(*place, self.now)})
        return outcome

    def proof(self, client: Client) -> ProvenClient:
        """What a good assertion of a client becomes at the door; another one each time."""
        self.proofs += 1
        return ProvenClient(
            client=client, fingerprint=f"{self.proofs:064d}", expires_at=self.now + timedelta(minutes=5)
        )

    def issue(self, proof: ProvenClient, wanted: Wanted) -> Any:
        """Software asks a token."""
        outcome = self.attempt("token_issued", None, lambda house: house.tokens.issue(proof, wanted))
        return outcome.token if isinstance(outcome, Standing) else outcome

    def introspect(self, asker: ProvenClient, token: IssuedToken) -> Any:
        """A declaration service asks what a token is worth."""
        return self.attempt("token_introspected", None, lambda house: house.tokens.introspect(asker, token.jti))

    def revoke(self, proof: ProvenClient, token: IssuedToken) -> Any:
        """Software revokes a token."""
        return self.attempt("token_revoked", None, lambda house: house.tokens.revoke(proof, token.jti))
