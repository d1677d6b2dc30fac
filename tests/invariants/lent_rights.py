"""One person who acts for a mandator by four facts, and lends that to a client: the services without their doors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from iam.domain.client_metadata import OFFLINE, ClientMetadata, GrantType
from iam.domain.clients import Client, ClientKind, Profile, ProvenClient
from iam.domain.enterprises import Capacity
from iam.domain.periods import Period
from iam.domain.persons import Person
from iam.domain.sessions import Session
from iam.domain.tokens import IssuedToken
from iam.outside.randomness import SystemRandomness
from iam.ports import Archive, Law
from iam.services.authorization import Authorization
from iam.services.authorization_grants import Asked, AuthorizationGrants
from iam.services.authorization_requests import AuthorizationRequests
from iam.services.grant_redemption import Granted, GrantRedemption
from iam.services.permissions import Permissions
from iam.services.scope_judgement import ScopeJudgement
from iam.services.sessions import end_session
from iam.services.token_exchange import Exchanged, TokenExchange
from iam.services.token_issue import Standing, TokenIssue
from iam.services.tokens import Tokens
from policies.library import LawLibrary
from tests.storage import records
from tests.storage.clocks import SetClock

NSSO, EMPLOYER, PROVIDER = "0671516647", records.EMPLOYER, records.PROVIDER
CLIENT = f"declaration_service_procura_{NSSO}_lentrights"
DECLARE = "scope:dimona:declaration:declare"
CALLBACK = "https://portal.example/callback"
LINKS = ("appointment", "grant", "portfolio", "cover")
"""What the right rests on; each may end alone."""


class LentRights:
    """The services over one archive, and the facts of one person after the other."""

    def __init__(self, archive: Archive, clock: SetClock, law: Law) -> None:
        self.archive, self.clock = archive, clock
        self.randomness = SystemRandomness()
        library = LawLibrary(law, lambda _instant: ("", ""))
        judge = Authorization(archive, library, clock, self.randomness)
        self.issue = TokenIssue(ScopeJudgement(judge, library), library, clock)
        self.grants = AuthorizationGrants(archive, self.issue, library, self.randomness)
        self.redemption = GrantRedemption(archive, self.issue, self.randomness)
        self.tokens = Tokens(archive, judge, library, clock, self.randomness)
        self.requests = AuthorizationRequests(archive, clock, self.randomness)
        self.exchange = TokenExchange(archive, self.issue, library, clock, self.randomness)
        self.permissions = Permissions(archive, clock)
        self.person = ""
        self.session: Session

    def settle(self) -> None:
        """The enterprises, and a client of an older profile."""
        self.record(
            *(records.enterprise(one) for one in (EMPLOYER, PROVIDER, NSSO)),
            records.capacity_held("c1"),
            records.capacity_held("c2", enterprise=PROVIDER, capacity=Capacity.SERVICE_PROVIDER),
            records.capacity_held("c3", enterprise=NSSO, capacity=Capacity.ADMINISTRATION),
            records.client(
                CLIENT,
                enterprise=NSSO,
                capacity=Capacity.ADMINISTRATION,
                kind=ClientKind.DECLARATION_SERVICE,
                services=("dimona",),
                profile=Profile.OLDER,
                profile_until=self.clock.at + timedelta(days=3650),
            ),
            ClientMetadata(
                client=CLIENT,
                grant_types=(GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN, GrantType.TOKEN_EXCHANGE),
                redirect_uris=(CALLBACK,),
                scopes=(DECLARE, OFFLINE),
            ),
        )

    def newcomer(self) -> None:
        """Another person, with all four facts, logged in."""
        self.person = self.randomness.identifier()
        self.record(Person(id=self.person, known_since=self.clock.at))
        for link in LINKS:
            self.put_link(link, records.OPEN)
        self.log_in()

    def put_link(self, link: str, valid: Period) -> None:
        """Record one of the facts as lasting so."""
        own, place = self.person, {"enterprise": PROVIDER, "capacity": Capacity.SERVICE_PROVIDER}
        facts: dict[str, Any] = {
            "appointment": records.appointment(f"a{own}", person=own, valid=valid, **place),
            "grant": records.grant(f"g{own}", holder=f"a{own}", service="dimona", valid=valid, **place),
            "portfolio": records.portfolio(f"f{own}", holder=f"a{own}", enterprise=PROVIDER, valid=valid),
            "cover": records.cover("m1/dmfa-dimona", valid=valid),
        }
        self.record(facts[link])

    def record(self, *facts: object) -> None:
        with self.archive.writing() as uow:
            for fact in facts:
                uow.put(fact)
            uow.commit()

    def log_in(self) -> None:
        """A session of ten hours, for the mandator."""
        place = {"enterprise": PROVIDER, "capacity": Capacity.SERVICE_PROVIDER, "mandator": EMPLOYER}
        self.session = records.session(self.randomness.identifier(), self.clock.at, person=self.person, **place)
        self.record(self.session)

    def log_out(self) -> None:
        with self.archive.writing() as uow:
            end_session(uow, self.session)
            uow.commit()

    # ------------------------------------------------------------------ the client

    def proof(self) -> ProvenClient:
        """The client as it proved itself."""
        with self.archive.reading() as reading:
            client, metadata = reading.get(Client, CLIENT), reading.get(ClientMetadata, CLIENT)
        assert client is not None
        return ProvenClient(client=client, fingerprint="", expires_at=self.clock.at, metadata=metadata)

    def approve(self, *, offline: bool) -> str:
        """The person says yes; the code."""
        scopes = (DECLARE, OFFLINE) if offline else (DECLARE,)
        asked = Asked(client=self.proof().client, redirect_uri=CALLBACK, scopes=scopes, challenge="")
        request = self.requests.present(CLIENT, self.requests.bring(CLIENT, "{}", ""))
        assert request is not None
        return self.grants.approve(self.session, request, asked)

    def redeem(self, code: str) -> Granted:
        return self.redemption.redeem_code(self.proof(), code, CALLBACK, "")

    def refresh(self, token: str) -> Granted:
        return self.redemption.refresh(self.proof(), token, ())

    def swap(self, jti: str) -> Standing:
        """The client exchanges a token that is for itself."""
        return self.exchange.exchange(self.proof(), Exchanged(subject=jti, actor="", scopes=(DECLARE,), audience=""))

    def active(self, jti: str) -> bool:
        return self.tokens.introspect(self.proof(), jti) is not None

    def issued(self) -> list[IssuedToken]:
        with self.archive.reading() as reading:
            return reading.find(IssuedToken)


@contextmanager
def ending(world: LentRights) -> Iterator[LentRights]:
    """The world for one story; nothing that the next could rest on is left of it."""
    world.newcomer()
    try:
        yield world
    finally:
        world.clock.advance(seconds=1)
        world.put_link("cover", replace(records.OPEN, end=world.clock.at))
