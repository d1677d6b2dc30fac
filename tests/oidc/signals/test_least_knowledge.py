"""No receiver hears of what it could not have asked: random countries, random changes, and an independent judge."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from iam.domain.assurance import Assurance, LoginKey
from iam.domain.authorization_grants import AuthorizationGrant, session_name
from iam.domain.clients import Client
from iam.domain.enterprises import Capacity
from iam.domain.mandates import Mandate
from iam.domain.persons import Person
from iam.domain.signal_streams import WaitingSignal
from iam.domain.tokens import IssuedToken
from iam.services.grant_families import revoke_family
from iam.services.login_ends import end_login
from iam.services.signal_streams import WantedStream
from tests.oidc.provider.premises import EMPLOYER, NSSO, OTHER, PROVIDER
from tests.oidc.signals.signal_scene import EVERY, SignalScene
from tests.storage import records

SERVICES = ("dimona", "dmfa", "works", "drs.accident", "ebox")
GROUPS = ("dmfa-dimona", "works-27bis")
NUMBERS = ("85073003328", "80010101090")
_numbers = count(1)
subsets = st.lists(st.sampled_from(SERVICES), unique=True, max_size=3)


def internal_id() -> str:
    """The id of a person whom nobody met yet."""
    return base64.urlsafe_b64encode(next(_numbers).to_bytes(16, "big")).rstrip(b"=").decode()


@dataclass
class Country:
    """Who receives, and what was granted to whom."""

    signals: SignalScene
    persons: list[str] = field(default_factory=lambda: [internal_id(), internal_id()])
    receivers: dict[str, Client] = field(default_factory=dict)
    streams: dict[str, str] = field(default_factory=dict)
    grants: list[AuthorizationGrant] = field(default_factory=list)
    tokens: list[IssuedToken] = field(default_factory=list)

    def receive(self, services: list[str], numbered: list[str]) -> None:
        name = f"declaration_service_r{next(_numbers)}_{NSSO}_{'r' * 10}"
        client = replace(
            self.signals.scene.client(services=("authorization", *services)),
            id=name,
            enterprise=(NSSO, PROVIDER, OTHER)[len(self.receivers) % 3],
            niss_services=tuple(one for one in numbered if one in services),
        )
        self.signals.scene.record(client)
        made = self.signals.desk.streams.create(client, WantedStream(events_requested=EVERY))
        self.receivers[name], self.streams[made.id] = client, name

    def grant(self, person: str, client: str, service: str, scopes: tuple[str, ...]) -> None:
        now, number = self.signals.scene.clock.at, next(_numbers)
        grant = AuthorizationGrant(
            id=f"grant{number}",
            client=client,
            person=person,
            login=f"login-{person}",
            enterprise=EMPLOYER,
            capacity=Capacity.EMPLOYER,
            mandator=None,
            service=service,
            scopes=scopes,
            key=LoginKey.EID,
            assurance=Assurance.HIGH,
            authenticated_at=now,
            source="itsme",
            reference=f"r{number}",
            personal="",
            claims="",
            binding="",
            granted_at=now,
            expires_at=now + timedelta(hours=8),
        )
        told = {"client": client, "person": person, "grant": grant.id, "service": service, "scopes": scopes}
        token = records.token(f"t{number}", enterprise=EMPLOYER, expires_at=now + timedelta(minutes=5), **told)
        self.grants.append(grant)
        self.tokens.append(token)
        self.signals.scene.record(grant, token)

    def told(self) -> Iterator[tuple[Client, WaitingSignal, dict[str, Any]]]:
        """Each signal with who is told it."""
        self.signals.desk.fan_out.follow()
        for stream, name in self.streams.items():
            for one in self.signals.waiting(stream):
                yield self.receivers[name], one, json.loads(one.claims)

    # ---------------------------------------------------------- what a receiver could have asked, judged by itself

    def could_ask(self, receiver: Client, claims: dict[str, Any]) -> bool:
        own = set(receiver.services) - {"authorization"}
        ((uri, event),) = claims["events"].items()
        subject, kind = claims["sub_id"], uri.rpartition("/")[2]
        judged = {
            "session-revoked": lambda: self._own_session(receiver, subject),
            "token-claims-change": lambda: self._own_token(receiver, own, subject),
            "mandate-revoked": lambda: bool(event["services"]) and set(event["services"]) <= own,
            "mandate-narrowed": lambda: bool(event["services"]) and set(event["services"]) <= own,
            "appointment-ended": lambda: (
                set(event["services"]) <= own and self._knows(receiver, own, subject, set(event["services"]))
            ),
        }
        return bool(judged[kind]())

    def _own_session(self, receiver: Client, subject: dict[str, Any]) -> bool:
        person = self.signals.scene.house.subjects.person_of(subject["user"]["sub"], receiver.sector)
        mine = [one for one in self.grants if one.client == receiver.id and one.person == person]
        return subject["session"]["id"] in {session_name(one.login, receiver.id) for one in mine}

    def _own_token(self, receiver: Client, own: set[str], subject: dict[str, Any]) -> bool:
        if subject["format"] == "complex":
            return self._own_session(receiver, subject)
        token = next(one for one in self.tokens if one.jti == subject["jti"])
        return token.service in own or token.client == receiver.id

    def _knows(self, receiver: Client, own: set[str], subject: dict[str, Any], services: set[str]) -> bool:
        person = self.signals.scene.house.subjects.person_of(subject["user"]["sub"], receiver.sector)
        theirs = [one for one in self.grants if one.person == person]
        met = any(one.client == receiver.id or one.service in own for one in theirs)
        return met or services <= set(receiver.niss_services)


def happen(country: Country, change: str, number: int) -> None:
    signals, person = country.signals, country.persons[number % 2]
    with signals.scene.archive.writing() as uow:
        if change == "login":
            end_login(uow, f"login-{person}")
        elif change == "grant" and country.grants:
            grant = uow.get(AuthorizationGrant, country.grants[number % len(country.grants)].id)
            assert grant is not None
            revoke_family(uow, grant, ("withdrawn", "code_reused", "given_up")[number % 3])
        elif change == "token" and country.tokens:
            token = country.tokens[number % len(country.tokens)]
            uow.announce("token_revoked", {"token": token.jti, "client": token.client})
        uow.commit()
    if change == "mandate":
        mandate: Mandate = signals.mandate(f"m{next(_numbers)}", GROUPS[: 1 + number % 2])
        signals.close(mandate, signals.scene.clock.at, ("mandate_revoked", "mandate_narrowed")[number % 2])
    if change == "appointment":
        key = f"a{next(_numbers)}"
        services = SERVICES[number % 3 : number % 3 + 2]
        given = [records.grant(f"g{key}{one}", holder=key, enterprise=EMPLOYER, service=one) for one in services]
        signals.scene.record(records.appointment(key, person=person, enterprise=EMPLOYER), *given)
        signals.dismiss(key)


@settings(
    max_examples=25,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    receivers=st.lists(st.tuples(subsets, subsets), min_size=1, max_size=3),
    grants=st.lists(
        st.tuples(st.integers(0, 1), st.integers(0, 2), st.sampled_from(SERVICES), st.sampled_from([0, 1, 2])),
        max_size=4,
    ),
    changes=st.lists(
        st.tuples(st.sampled_from(["login", "grant", "token", "mandate", "appointment"]), st.integers(0, 11)),
        min_size=1,
        max_size=5,
    ),
)
def test_no_receiver_hears_of_what_it_could_not_ask(
    refusing: SignalScene,
    receivers: list[tuple[list[str], list[str]]],
    grants: list[tuple[int, int, str, int]],
    changes: list[tuple[str, int]],
) -> None:
    country = Country(refusing)
    refusing.scene.record(*(Person(id=one, known_since=refusing.scene.clock.at) for one in country.persons))
    for services, numbered in receivers:
        country.receive(services, numbered)
    names = list(country.receivers)
    for person, client, service, scopes in grants:
        asked = (("openid",), ("openid", "offline_access"), ())[scopes]
        country.grant(
            country.persons[person],
            names[client % len(names)],
            service,
            (*asked, f"scope:{service}:declaration:consult"),
        )
    for change, number in changes:
        happen(country, change, number)
    refusing.scene.clock.at += timedelta(minutes=1)
    for receiver, signal, claims in country.told():
        assert country.could_ask(receiver, claims), (receiver.services, claims)
        assert set(signal.services) <= set(receiver.services) - {"authorization"}
        written = json.dumps(claims)
        assert not any(number in written for number in NUMBERS)
        assert not any(f'"{person}"' in written or f"login-{person}" in written for person in country.persons)
    for stream, name in country.streams.items():
        refusing.desk.streams.delete(country.receivers[name], stream)
