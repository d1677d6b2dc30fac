"""Tokens: no token rests on what was taken away before it, whatever happens at the same time."""

import threading
from datetime import timedelta
from typing import Any

import pytest

from iam.domain.appointments import Grant, Portfolio
from iam.domain.audit import Leaf
from iam.domain.clients import Client, ClientKind, ProvenClient
from iam.domain.enterprises import Capacity
from iam.domain.mandates import Cover
from iam.domain.periods import Period
from iam.domain.tokens import IssuedToken
from iam.services.client_proofs import ProofRefused
from iam.services.token_issue import Standing, TokenFault, TokenRefused
from iam.services.tokens import Tokens, Wanted
from tests.services.worlds import LONG_AGO, World
from tests.storage import records

DECLARE, CONSULT = "scope:dimona:declaration:declare", "scope:dimona:declaration:consult"


class Payroll:
    """A provider's software with everything that a token for its mandator rests on."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.tokens = Tokens(world.archive, world.judge, world.library, world.clock, world.randomness)
        self.employer = world.enterprise(Capacity.EMPLOYER)
        self.provider = world.enterprise(Capacity.SERVICE_PROVIDER)
        since, capacity = Period(world.clock.at - LONG_AGO), Capacity.SERVICE_PROVIDER
        self.client = records.client("payroll", enterprise=self.provider, capacity=capacity, valid=since)
        self.cover = records.cover(mandator=self.employer, mandatary=self.provider, valid=since)
        held: dict[str, Any] = {"holder": "payroll", "enterprise": self.provider, "valid": since}
        world.record(self.client, self.cover, records.grant(capacity=capacity, **held), records.portfolio(**held))

    def proof(self) -> ProvenClient:
        fingerprint = self.world.randomness.identifier()
        return ProvenClient(
            client=self.client, fingerprint=fingerprint, expires_at=self.world.clock.at + timedelta(minutes=5)
        )

    def issue(self, *scopes: str) -> Standing:
        wanted = Wanted(scopes=scopes or (DECLARE,), mandator=self.employer, capacity=Capacity.SERVICE_PROVIDER)
        return self.tokens.issue(self.proof(), wanted)

    def take(self, kind: type[object], key: str) -> None:
        """Take something away, with a leaf of its own."""
        with self.world.archive.writing() as uow:
            uow.remove(kind, key)
            uow.audit(Leaf(act="taken_away", actor="someone", caller="", objects={"id": key}))
            uow.commit()


@pytest.fixture
def payroll(world: World) -> Payroll:
    return Payroll(world)


def test_a_token_is_recorded_with_its_leaf_and_without_itself(payroll: Payroll) -> None:
    token = payroll.issue(DECLARE, CONSULT).token
    assert payroll.world.found(IssuedToken) == [token]
    (leaf,) = payroll.world.archive.leaves()
    assert (leaf.leaf.act, leaf.leaf.actor) == ("token_issued", "payroll")
    assert leaf.leaf.objects["token"] == token.jti


def test_a_refusal_names_the_oauth_error_the_reason_and_the_cure(payroll: Payroll) -> None:
    payroll.take(Cover, payroll.cover.id)
    with pytest.raises(TokenRefused) as refusal:
        payroll.issue()
    told = refusal.value
    assert (told.fault, told.code, told.judged) == (
        TokenFault.INVALID_AUTHORIZATION_DETAILS,
        "no_mandate_in_force",
        True,
    )
    assert told.cure is not None and told.cure["type"] == "propose_mandate"
    assert payroll.world.found(IssuedToken) == []


def test_a_refused_request_uses_its_proof_up(payroll: Payroll) -> None:
    proof = payroll.proof()
    wanted = Wanted(scopes=("scope:dmfa:declaration:declare",))
    with pytest.raises(TokenRefused):
        payroll.tokens.issue(proof, wanted)
    with pytest.raises(ProofRefused) as refusal:
        payroll.tokens.issue(proof, wanted)
    assert refusal.value.code == "assertion_replayed"


@pytest.mark.parametrize(
    ("kind", "key"), [(Cover, "m1/dmfa-dimona"), (Grant, "g1"), (Portfolio, "f1"), (Client, "payroll")]
)
def test_no_token_is_issued_after_what_it_rests_on_was_taken_away(
    payroll: Payroll, kind: type[object], key: str
) -> None:
    stop, acknowledged, late = threading.Event(), threading.Event(), []

    def keep_asking() -> None:
        while not stop.is_set():
            after = acknowledged.is_set()
            try:
                payroll.issue()
            except (TokenRefused, ProofRefused):
                continue
            if after:
                late.append("issued after the acknowledgement")

    threads = [threading.Thread(target=keep_asking) for _ in range(4)]
    for thread in threads:
        thread.start()
    while len(payroll.world.found(IssuedToken)) < 5:
        assert any(thread.is_alive() for thread in threads)
    payroll.take(kind, key)
    acknowledged.set()
    for _ in range(10):
        with pytest.raises((TokenRefused, ProofRefused)):
            payroll.issue()
    stop.set()
    for thread in threads:
        thread.join()
    acts = [one.leaf.act for one in payroll.world.archive.leaves()]
    assert late == []
    assert "token_issued" not in acts[acts.index("taken_away") :]


def test_issue_introspection_and_decision_agree(payroll: Payroll) -> None:
    world, administration = payroll.world, payroll.world.enterprise(Capacity.ADMINISTRATION)
    asker = records.client(
        "dimona-service",
        enterprise=administration,
        capacity=Capacity.ADMINISTRATION,
        kind=ClientKind.DECLARATION_SERVICE,
        services=("dimona",),
    )
    world.record(asker)

    def introspected(jti: str) -> Standing | None:
        ends = world.clock.at + timedelta(minutes=5)
        proof = ProvenClient(client=asker, fingerprint=world.randomness.identifier(), expires_at=ends)
        return payroll.tokens.introspect(proof, jti)

    token = payroll.issue(DECLARE, CONSULT).token
    standing = introspected(token.jti)
    assert standing is not None
    assert [one.decision.allowed for one in standing.scopes] == [True, True]
    assert standing.token == token
    payroll.take(Grant, "g1")
    assert introspected(token.jti) is None
    with pytest.raises(TokenRefused):
        payroll.issue()
