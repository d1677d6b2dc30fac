"""What a declaration service does when it hears signals: it asks anew, ends sessions, and never gains a permission."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from iam.domain.client_metadata import AuthMethod
from iam.domain.clients import ClientKind, Profile
from iam.domain.enterprises import Capacity
from iam.outside.clock import ShiftedClock
from iam.sandbox.declaration_service import exchanges
from iam.sandbox.declaration_service.code_flow import CodeFlow
from iam.sandbox.declaration_service.exchanges import FIRST, LAST
from iam.sandbox.declaration_service.listening import ListeningService
from iam.sandbox.declaration_service.signal_tokens import SignalRefused
from iam.sandbox.declaration_service.visits import Visit
from iam.sandbox.software import LoginSide, SandboxClient, new_private_jwk
from oidc.signals import polling
from tests.sandbox.conftest import START
from tests.sandbox.played_issuer import DECLARE, PlayedIssuer, playing_issuer
from tests.sandbox.signal_material import CAEP, ELSEWHERE, EMPLOYER, NOW, PERSON, PROVIDER, SERVICE, SID, TOKEN_ID

PATIENCE = 30.0
OF_STREAM = {"format": "opaque", "id": "stream-1"}
SSF = "https://schemas.openid.net/secevent/ssf/event-type/"


@pytest.fixture
def issuer() -> Iterator[PlayedIssuer]:
    with playing_issuer() as played:
        yield played


@pytest.fixture
def service(issuer: PlayedIssuer) -> Iterator[ListeningService]:
    login = LoginSide(
        label="Dimona",
        profile=Profile.OLDER,
        auth_method=AuthMethod.PRIVATE_KEY_JWT,
        secret="",
        redirect_uris=("http://127.0.0.1/callback",),
        scopes=("openid", DECLARE),
        grant_types=("authorization_code",),
    )
    client = SandboxClient(
        alias="dimona",
        client_id=SERVICE,
        kind=ClientKind.DECLARATION_SERVICE,
        enterprise=EMPLOYER,
        capacity=Capacity.ADMINISTRATION,
        algorithm="ES256",
        services=("dimona",),
        private_jwk=new_private_jwk("ES256"),
        login=login,
    )
    made = ListeningService(client, issuer.url, ShiftedClock.starting_at(START))
    yield made
    made.stop()


@pytest.fixture
def listening(issuer: PlayedIssuer, service: ListeningService) -> ListeningService:
    """The service with a stream that works."""
    service.open_push("http://127.0.0.1/signals")
    told = {"state": issuer.states[0]}
    service.hear(issuer.signal(jti="v", sub_id=OF_STREAM, events={SSF + "verification": told}))
    assert service.listens
    return service


def visit_of(service: ListeningService, issuer: PlayedIssuer) -> Visit:
    """Somebody who logged in and was shown a page, on which they may declare."""
    flow = CodeFlow(service.client, issuer.url, ShiftedClock.starting_at(START), "http://127.0.0.1/callback")
    flow.discover()
    flow.tokens = issuer.tokens()
    visit = service.admit("visit-1", flow)
    assert visit.standing(service.listens).allowed == (DECLARE,)
    return visit


def complex_subject(**members: dict[str, str]) -> dict[str, object]:
    return {"format": "complex", **members}


def opaque(name: str) -> dict[str, str]:
    return {"format": "opaque", "id": name}


def person(issuer: str, name: str = PERSON) -> dict[str, str]:
    return {"format": "iss_sub", "iss": issuer, "sub": name}


def test_a_permission_is_remembered_until_something_is_heard(issuer: PlayedIssuer, listening: ListeningService) -> None:
    visit = visit_of(listening, issuer)
    assert visit.standing(listening.listens).remembered and issuer.introspected == 1
    issuer.active = False
    assert visit.standing(listening.listens).allowed == (DECLARE,), "this is what signals are for"
    listening.hear(issuer.signal(events={f"{issuer.url}/signals/events/mandate-revoked": {"mandator": EMPLOYER}}))
    refused = visit.standing(listening.listens)
    assert (refused.allowed, issuer.introspected) == ((), 2) and refused.why


def concerning(url: str) -> dict[str, tuple[str, dict[str, object], dict[str, object]]]:
    """Signals that make the service ask anew: the kind, the subject, and what is told."""
    own, change = f"{url}/signals/events/", CAEP + "token-claims-change"
    tenant = complex_subject(tenant=opaque(EMPLOYER))
    return {
        "mandate": (own + "mandate-revoked", tenant, {"mandator": EMPLOYER, "mandatary": PROVIDER}),
        "narrowed": (own + "mandate-narrowed", complex_subject(tenant=opaque(ELSEWHERE)), {"mandatary": PROVIDER}),
        "appointment": (own + "appointment-ended", complex_subject(tenant=opaque(PROVIDER)), {"enterprise": PROVIDER}),
        "session": (change, complex_subject(user=person(url), session=opaque(SID)), {"claims": {"scope": ""}}),
        "person": (change, person(url), {"claims": {"scope": ""}}),
        "token": (change, {"format": "jwt_id", "iss": url, "jti": TOKEN_ID}, {"claims": {"scope": ""}}),
    }


@pytest.mark.parametrize("kind", list(concerning("")))
def test_what_concerns_a_visit_makes_the_service_ask_anew(
    issuer: PlayedIssuer, listening: ListeningService, kind: str
) -> None:
    visit = visit_of(listening, issuer)
    event, subject, told = concerning(issuer.url)[kind]
    listening.hear(issuer.signal(sub_id=subject, events={event: told}))
    assert listening.heard[0].deed == "permissions to be asked anew: 1"
    issuer.active = False
    assert visit.standing(listening.listens).allowed == ()


@pytest.mark.parametrize(
    ("name", "subject", "told"),
    [
        ("mandate-revoked", complex_subject(tenant=opaque(ELSEWHERE)), {"mandator": ELSEWHERE}),
        ("appointment-ended", complex_subject(tenant=opaque(ELSEWHERE)), {}),
        ("mandate-revoked", complex_subject(tenant=opaque("")), {"mandator": ""}),
        ("something-new", complex_subject(tenant=opaque(EMPLOYER)), {}),
    ],
)
def test_what_concerns_others_changes_nothing(
    issuer: PlayedIssuer, listening: ListeningService, name: str, subject: dict[str, object], told: dict[str, object]
) -> None:
    visit = visit_of(listening, issuer)
    listening.hear(issuer.signal(sub_id=subject, events={f"{issuer.url}/signals/events/{name}": told}))
    assert visit.standing(listening.listens).remembered and not visit.ended


def sessions(url: str) -> list[tuple[dict[str, object], bool]]:
    """Subjects of sessions that ended, and whether the visit ends with them."""
    return [
        (complex_subject(user=person(url), session=opaque(SID)), True),
        (person(url), True),  # type: ignore[list-item]
        (complex_subject(user=person(url), session=opaque("another")), False),
        (complex_subject(user=person(url, "another")), False),
        (complex_subject(user=person("https://another.example")), False),
        (complex_subject(user=person(url, "")), False),
        (opaque(SID), False),  # type: ignore[list-item]
    ]


@pytest.mark.attack("O20")
@pytest.mark.parametrize("number", range(len(sessions(""))))
def test_a_session_ends_with_the_one_it_came_of_and_with_no_other(
    issuer: PlayedIssuer, listening: ListeningService, number: int
) -> None:
    subject, ends = sessions(issuer.url)[number]
    visit = visit_of(listening, issuer)
    listening.hear(issuer.signal(sub_id=subject, events={CAEP + "session-revoked": {}}))
    assert bool(visit.ended) is ends
    asked = issuer.introspected
    assert (visit.standing(listening.listens).allowed == ()) is ends
    assert issuer.introspected == asked, "nobody is asked about a session that is over, or for one that is remembered"


@pytest.mark.attack("O14")
@pytest.mark.parametrize("times", [2, 3, 8])
def test_a_signal_that_comes_again_is_taken_and_does_nothing(
    issuer: PlayedIssuer, listening: ListeningService, times: int
) -> None:
    visit = visit_of(listening, issuer)
    token = issuer.signal(events={f"{issuer.url}/signals/events/mandate-revoked": {"mandator": EMPLOYER}})
    listening.hear(token)
    visit.standing(listening.listens)
    for _ in range(times - 1):
        listening.hear(token)
    assert visit.standing(listening.listens).remembered
    assert [one.signal.name for one in listening.heard] == ["mandate-revoked", "verification"]


@pytest.mark.parametrize("late", [True, False])
def test_an_answer_during_which_something_was_heard_is_not_shown(
    issuer: PlayedIssuer, listening: ListeningService, late: bool
) -> None:
    visit = visit_of(listening, issuer)
    visit.forget()
    event = {f"{issuer.url}/signals/events/mandate-revoked": {"mandator": EMPLOYER}}

    def revoked_meanwhile() -> None:
        issuer.meanwhile = lambda: None
        issuer.active = False
        listening.hear(issuer.signal(events=event if late else {"urn:example:else": {}}))

    issuer.meanwhile = revoked_meanwhile
    assert visit.standing(listening.listens).allowed == (() if late else (DECLARE,))


def test_an_end_that_lies_ahead_is_not_outlived_by_what_is_remembered(
    issuer: PlayedIssuer, listening: ListeningService
) -> None:
    visit = visit_of(listening, issuer)
    for name, ahead in (("a", 100), ("b", 30), ("c", -50)):
        told = {"mandator": EMPLOYER, "from": NOW + ahead}
        event = {f"{issuer.url}/signals/events/mandate-revoked": told}
        listening.hear(issuer.signal(jti=name, events=event))
    visit.standing(listening.listens)
    kept = visit.standing(listening.listens)
    assert kept.remembered and int(kept.until.timestamp()) == NOW + 30


@pytest.mark.parametrize("status", ["paused", "disabled"])
def test_without_a_stream_every_page_is_asked_for(
    issuer: PlayedIssuer, listening: ListeningService, status: str
) -> None:
    visit = visit_of(listening, issuer)
    updated = SSF + "stream-updated"
    listening.hear(issuer.signal(jti="other", sub_id=opaque("another"), events={updated: {"status": status}}))
    assert listening.listens
    listening.hear(issuer.signal(jti="p", sub_id=OF_STREAM, events={updated: {"status": status}}))
    issuer.active = False
    assert not listening.listens and visit.standing(listening.listens).allowed == ()
    listening.hear(issuer.signal(jti="e", sub_id=OF_STREAM, events={updated: {"status": "enabled"}}))
    assert listening.listens


def test_a_verification_that_nobody_asked_for_shows_nothing(issuer: PlayedIssuer, service: ListeningService) -> None:
    service.open_push("http://127.0.0.1/signals")
    for name, told in (("a", {}), ("b", {"state": ""}), ("c", {"state": "guess"})):
        service.hear(issuer.signal(jti=name, sub_id=OF_STREAM, events={SSF + "verification": told}))
    assert not service.listens


def test_a_token_that_ran_out_is_renewed_and_one_that_was_taken_is_not(
    issuer: PlayedIssuer, listening: ListeningService
) -> None:
    visit = visit_of(listening, issuer)
    visit.flow.tokens["refresh_token"] = "r"
    issuer.active, issuer.refreshes = False, True
    visit.forget()
    assert visit.standing(listening.listens).allowed == (DECLARE,) and "new" in visit.token_ids
    issuer.active = False
    visit.forget()
    assert "invalid_grant" in visit.standing(listening.listens).why


@pytest.mark.parametrize("shown", ["", "Bearer ", "Bearer guess", "Basic Zzo=", "Bearer é"])
def test_only_the_transmitter_pushes(issuer: PlayedIssuer, listening: ListeningService, shown: str) -> None:
    with pytest.raises(SignalRefused) as refused:
        listening.pushed(issuer.signal(), shown)
    assert refused.value.err == "authentication_failed"
    listening.pushed(issuer.signal(), issuer.opened["delivery"]["authorization_header"])
    assert listening.heard[0].signal.jti == "signal-1"


def until(true: Callable[[], Any]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.02)


def test_polled_signals_are_taken_once_told_so_and_refused_by_name(
    issuer: PlayedIssuer, service: ListeningService
) -> None:
    service.open_poll()
    until(lambda: service.listens)
    visit = visit_of(service, issuer)
    event = {f"{issuer.url}/signals/events/mandate-revoked": {"mandator": EMPLOYER}}
    issuer.active = False
    issuer.waiting |= {"bad": issuer.signal(jti="bad", aud="another"), "good": issuer.signal(jti="good", events=event)}
    until(lambda: not issuer.waiting)
    assert visit.standing(service.listens).allowed == ()
    said = next(one for one in issuer.polls if one["ack"])
    assert said["ack"] == ["good"] and said["setErrs"]["bad"]["err"] == "invalid_audience"


def test_a_poll_that_goes_wrong_makes_the_service_ask_for_every_page(
    issuer: PlayedIssuer, service: ListeningService
) -> None:
    service.open_poll()
    until(lambda: service.listens)
    visit = visit_of(service, issuer)
    issuer.silent, issuer.active = True, False
    until(lambda: not service.listens)
    assert visit.standing(service.listens).allowed == ()
    issuer.silent = False
    until(lambda: service.listens)


def test_a_signal_that_is_early_stays_where_it_is_and_the_others_are_taken(
    issuer: PlayedIssuer, service: ListeningService
) -> None:
    early = issuer.signal(jti="early", iat=NOW + 3600)
    issuer.waiting |= {"early": early, "good": issuer.signal(jti="good", events={"urn:example:else": {}})}
    service.open_poll()
    until(lambda: list(issuer.waiting) == ["early"] and len(issuer.polls) > 2)
    assert [one.signal.jti for one in service.heard] == ["good"]


def test_a_page_that_is_shown_again_and_again_fills_no_memory(issuer: PlayedIssuer, service: ListeningService) -> None:
    visit = visit_of(service, issuer)
    titles = [one.title for one in visit.flow.messages]
    for _ in range(FIRST + LAST + 10):
        visit.standing(remembers=False)
    kept = visit.flow.messages
    assert len(kept) == FIRST + LAST and [one.title for one in kept[: len(titles)]] == titles


def test_a_poll_that_brings_nothing_is_answered_long_before_a_service_gives_up() -> None:
    assert polling.LONGEST_WAIT <= exchanges.SECONDS / 2
