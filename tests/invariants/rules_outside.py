"""Rules of the state machine for what comes from outside: time, registers, officers, software and its tokens."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis.stateful import precondition

from iam.domain.clients import Client, ClientKind
from iam.domain.enterprises import MANDATARY_CAPACITIES, Capacity, DirectoryChangeKind
from iam.domain.errors import Refusal
from iam.domain.periods import Period, Quarter, local_date, start_of_day
from iam.domain.tokens import IssuedToken
from iam.services.tokens import Wanted
from tests.invariants.cast import BAKERY, BREWERY, COMPANY, PROVIDER, SECRETARIAT, TOWN
from tests.invariants.chronicle import unchanged
from tests.invariants.questions import ENTERPRISES
from tests.invariants.rules_hierarchy import by_chance
from tests.invariants.rules_mandates import MandateRules
from tests.invariants.tokens_checked import check_introspection, check_token

MICROSECOND = timedelta(microseconds=1)
CLOCK_CHANGES = (
    datetime(2026, 3, 29, 1, tzinfo=UTC),
    datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
    datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
)
"""Half past two in Brussels: skipped on one night, and struck twice on the other."""
SCOPES = (
    "scope:dimona:declaration:declare",
    "scope:dimona:declaration:consult",
    "scope:works:declaration:consult",
    "scope:dmfa:contributions:collect_contributions",
)
ONE_PERSON = (("outsider", "second_director_bakery"), ("clerk_provider", "local_manager"))
"""Pairs of records that may prove to be one person's."""


class OutsideRules(MandateRules):
    """Time, the state's registers, officers, and software."""

    @by_chance
    def time_passes(self, chance: Random) -> None:
        now = self.story.now
        edge = Quarter.of(now).end
        midnight = start_of_day(local_date(now) + timedelta(days=1))
        changes = [one for one in CLOCK_CHANGES if one > now][:1]
        aim = chance.choice([edge, edge, midnight, now + timedelta(days=chance.randrange(1, 40)), *changes])
        later = aim + chance.choice([-2, -1, 0, 1]) * MICROSECOND
        self.story.clock.at = max(now, later)

    @by_chance
    def an_officer_recognises_or_withdraws(self, chance: Random) -> None:
        officer = self.actor(chance, self.officers("recognise"))
        capacity = chance.choice(sorted(MANDATARY_CAPACITIES))
        if chance.random() < 0.5:
            self.story.recognise(officer, chance.choice([PROVIDER, SECRETARIAT, BREWERY]), capacity)
        else:
            self.story.withdraw_recognition(officer, chance.choice([PROVIDER, SECRETARIAT]), capacity)

    @by_chance
    def two_records_prove_to_be_one_person(self, chance: Random) -> None:
        former, present = chance.choice(ONE_PERSON)
        self.story.merge(self.actor(chance, self.officers("correct_identity")), former, present)

    @by_chance
    def the_register_of_persons_replaces_a_number(self, chance: Random) -> None:
        self.story.tick()
        self.story.register_replaces(*chance.choice(ONE_PERSON))

    @by_chance
    def the_employer_directory_tells_a_change(self, chance: Random) -> None:
        self.story.tick()
        at = self.story.now - timedelta(days=chance.choice([0, 0, 3, 60]))
        ended = chance.random() < 0.3
        kind = DirectoryChangeKind.CAPACITY_ENDED if ended else DirectoryChangeKind.CAPACITY_STARTED
        enterprise, capacity = chance.choice([BAKERY, BREWERY, COMPANY, TOWN]), Capacity.EMPLOYER
        if chance.random() < 0.1:
            kind = DirectoryChangeKind.CEASED
        self.story.directory_says(kind, enterprise, at, None if kind is DirectoryChangeKind.CEASED else capacity)

    @by_chance
    def the_enterprise_register_changes(self, chance: Random) -> None:
        registers, enterprise = self.story.registers, chance.choice(ENTERPRISES)
        doing = chance.randrange(4)
        if doing == 0:
            registers.away = True
        elif doing == 1:
            registers.required[enterprise] = chance.choice([1, 2])
        elif doing == 2:
            first, *others = registers.representatives.get(enterprise) or (None,)
            if first is not None:
                leaves = replace(first, valid=Period(first.valid.start, self.story.now))
                registers.representatives[enterprise] = (leaves, *others)
        elif chance.random() < 0.3:
            registers.ceased[enterprise] = self.story.now - timedelta(days=chance.choice([0, 30]))

    @by_chance
    def software_is_registered_renewed_or_ended(self, chance: Random) -> None:
        actor = self.actor(chance, self.managers())
        client = self.one_of(chance, Client, actor.enterprise)
        doing = chance.random()
        if client is None or doing < 0.5:
            self.story.register(actor, actor.capacity or self.held(chance, actor.enterprise), self.ahead(chance))
        elif doing < 0.7:
            self.story.replace_keys(actor, client, f"key {chance.randrange(3)}")
        else:
            self.story.end_client(actor, client, self.ahead(chance))

    @by_chance
    def software_asks_a_token(self, chance: Random) -> None:
        technical = [one for one in self.story.all(Client) if one.kind is ClientKind.TECHNICAL]
        client = chance.choice(technical if chance.random() < 0.9 else self.story.all(Client))
        self.story.tick()
        mandator = chance.choice([None, BAKERY, BAKERY, BREWERY])
        capacity = client.capacity if chance.random() < 0.9 else Capacity.EMPLOYER
        scopes = SCOPES[:2] if chance.random() < 0.6 else tuple(chance.sample(SCOPES, chance.choice([1, 2])))
        wanted = Wanted(scopes=scopes, mandator=mandator, capacity=capacity if mandator else None)
        proof = self.story.proof(client)
        token = self.story.issue(proof, wanted)
        if isinstance(token, IssuedToken):
            check_token(self.story, token)
        if chance.random() < 0.3:
            assert isinstance(self.story.issue(proof, wanted), Refusal), "an assertion is good for one use"

    @by_chance
    def an_act_is_sent_again_under_its_key(self, chance: Random) -> None:
        actor, name = self.actor(chance, self.managers()), f"group {chance.random()}"
        first = self.story.once(actor, name, name)
        stood = self.story.store
        if not isinstance(first, Refusal):
            self.story.tick()
            assert self.story.once(actor, name, name) == first and unchanged(stood, self.story.store)
            other = self.story.once(actor, name, f"another {name}")
            assert isinstance(other, Refusal) and other.code == "idempotency_key_reused"

    @precondition(lambda self: self.story.all(IssuedToken))
    @by_chance
    def a_token_is_judged_anew_or_revoked(self, chance: Random) -> None:
        self.story.tick()
        token = chance.choice(self.story.all(IssuedToken))
        services = [one for one in self.story.all(Client) if one.kind is ClientKind.DECLARATION_SERVICE]
        asker = chance.choice(services if chance.random() < 0.8 else self.story.all(Client))
        if chance.random() < 0.7:
            check_introspection(self.story, asker, token)
            return
        owner = next(one for one in self.story.all(Client) if one.id == token.client)
        self.story.revoke(self.story.proof(owner if chance.random() < 0.7 else asker), token)
