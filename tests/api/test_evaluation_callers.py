"""Who may ask: a good token with the scope, of an active caller, about the services of its registration."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from iam.domain.authorization import Question, SubjectKind
from iam.domain.clients import CallerRegistration, ClientKind
from iam.domain.enterprises import Capacity
from iam.services.authorization import Ask
from oidc import jose
from oidc.provider.bearer import BearerTokens
from oidc.signing_keys import KeyRing, first_ring, generate_private_jwk
from oidc.verification_keys import KeySet
from tests.api.evaluation_world import (
    ASKER,
    EVALUATION,
    EVALUATIONS,
    NISS,
    OTHER_ASKER,
    PAYROLL,
    SERVICES,
    STRANGER_NISS,
    EvaluationWorld,
    archive_on,
    caller,
    evaluation,
    person,
    proof,
    software,
)
from tests.storage import records
from tests.storage.clocks import START, SetClock
from tests.storage.records import EMPLOYER, OPEN, OTHER, PROVIDER


@pytest.fixture(params=["memory", "sqlite"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EvaluationWorld]:
    """The country on each storage that needs no server."""
    clock = SetClock()
    with archive_on(request.param, tmp_path, clock) as archive:
        yield EvaluationWorld(archive, clock)


def service_client(**fields: Any) -> object:
    kept: dict[str, Any] = {"enterprise": OTHER, "capacity": Capacity.ADMINISTRATION, "services": SERVICES}
    return records.client(ASKER, **{**kept, "kind": ClientKind.DECLARATION_SERVICE, **fields})


def refused(world: EvaluationWorld, body: object, status: int, by: str = ASKER) -> str:
    response = world.post(EVALUATION, body, by=by)
    told = response.json or {}
    assert (response.status_code, "decision" in told) == (status, False)
    return str(told["error"])


def test_the_judge_tells_the_callers_registration_from_the_same_statement(world: EvaluationWorld) -> None:
    asked = Ask(question=question(), caller=ASKER, caller_token=f"t-{ASKER}")
    registration = world.judge.decide(asked).caller
    assert registration == CallerRegistration(
        kind=ClientKind.DECLARATION_SERVICE,
        services=frozenset(SERVICES),
        niss_services=frozenset({"dimona"}),
        enterprise=OTHER,
    )
    assert world.judge.decide(Ask(question=question())).caller is None


def question() -> Question:
    return Question(
        subject_kind=SubjectKind.CLIENT,
        subject=PAYROLL,
        enterprise=PROVIDER,
        capacity=Capacity.SERVICE_PROVIDER,
        service="dimona",
        action="declare",
        concerned=EMPLOYER,
    )


def test_a_registration_that_is_written_is_read_again() -> None:
    plain = records.client("c", services=(), niss_services=())
    listed = records.client("c", services=("a", "b.c"), niss_services=("b.c",), kind=ClientKind.DECLARATION_SERVICE)
    for client in (plain, listed):
        registration = CallerRegistration.of(client)
        assert registration.services == frozenset(client.services)
        assert registration.niss_services == frozenset(client.niss_services)
        assert (registration.kind, registration.sector) == (client.kind, client.sector)


def test_a_service_that_the_registration_does_not_list_is_not_asked_about(world: EvaluationWorld) -> None:
    assert refused(world, evaluation(software()), 403, by=OTHER_ASKER) == "service_not_registered"
    assert refused(world, evaluation(software(), service="ebox"), 403) == "service_not_registered"
    world.put(service_client(services=("works",)))
    assert refused(world, evaluation(software()), 403) == "service_not_registered"


def test_one_evaluation_about_such_a_service_refuses_the_whole_batch(world: EvaluationWorld) -> None:
    items = [evaluation(software()), evaluation(software(), service="ebox")]
    response = world.post(EVALUATIONS, {"evaluations": items})
    assert (response.status_code, "evaluations" in (response.json or {})) == (403, False)


def test_a_technical_client_asks_about_nothing(world: EvaluationWorld) -> None:
    assert refused(world, evaluation(software()), 403, by=PAYROLL) == "service_not_registered"


def test_a_token_without_the_scope_is_not_enough(world: EvaluationWorld) -> None:
    scopes = ("scope:dimona:declaration:declare", "scope:authorization:token:introspect")
    world.callers[f"Bearer t-{ASKER}"] = caller(ASKER, *scopes)
    response = world.post(EVALUATION, evaluation(software()))
    assert response.status_code == 403
    assert 'error="insufficient_scope"' in response.headers["WWW-Authenticate"]


def test_the_scope_is_the_one_of_the_catalogue(world: EvaluationWorld) -> None:
    ours = world.law.catalogue.services["authorization"].actions["evaluate"].scope
    assert ours in caller(ASKER).scopes


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer x", "Basic eDp5", f"bearer t-{ASKER},x", "x" * 100_000])
def test_a_missing_or_bad_token_is_challenged(world: EvaluationWorld, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    response = world.http.post(EVALUATION, json=evaluation(software()), headers=headers)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer ")


ENDS: dict[str, Callable[[], object]] = {
    "the token was revoked": lambda: records.token(
        f"t-{ASKER}", client=ASKER, service="authorization", revoked_at=START
    ),
    "the client ended": lambda: service_client(valid=OPEN.until(START)),
    "its weaker profile came to its end": lambda: service_client(profile_until=START),
    "its enterprise ceased": lambda: records.enterprise(OTHER, valid=OPEN.until(START)),
    "its enterprise lost the capacity": lambda: records.capacity_held(
        "c3", enterprise=OTHER, capacity=Capacity.ADMINISTRATION, valid=OPEN.until(START)
    ),
    "its enterprise holds another capacity": lambda: records.capacity_held(
        "c3", enterprise=OTHER, capacity=Capacity.EMPLOYER
    ),
}


@pytest.mark.parametrize("end", ENDS)
def test_a_caller_that_is_no_longer_good_gets_no_answer_from_the_next_request_on(
    world: EvaluationWorld, end: str
) -> None:
    asked, past = evaluation(software()), evaluation(software(), context={"known_at": "2026-10-01T12:00:00Z"})
    assert world.ask(asked)["decision"] is True
    world.clock.advance(seconds=1)
    world.put(ENDS[end]())
    for body in (asked, past, evaluation(person(world.sub()))):
        response = world.post(EVALUATION, body)
        assert (response.status_code, (response.json or {})["error"]) == (401, "caller_not_active")
        assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]
    assert world.post(EVALUATIONS, {"evaluations": [asked, past]}).status_code == 401


def test_a_token_that_was_never_issued_to_the_caller_is_not_good(world: EvaluationWorld) -> None:
    for jti in (f"t-{OTHER_ASKER}", "t-unknown"):
        world.callers[f"Bearer t-{ASKER}"] = replace(caller(ASKER), jti=jti)
        assert refused(world, evaluation(software()), 401) == "caller_not_active"


@pytest.mark.parametrize("header", ["X_On_Behalf_Of", "X_Forwarded_User", "X_Original_URL", "X_HTTP_Method_Override"])
def test_headers_speak_for_nobody(world: EvaluationWorld, header: str) -> None:
    asked = evaluation(software("nobody"))
    plain = world.post(EVALUATION, asked)
    told = world.post(EVALUATION, asked, **{header: PROVIDER})
    assert (told.status_code, (told.json or {})["decision"]) == (plain.status_code, False)


def test_software_acts_for_no_other_enterprise_and_beyond_no_mandate(world: EvaluationWorld) -> None:
    world.put(records.enterprise("0878065378"), records.capacity_held("c9", enterprise="0878065378"))
    elsewhere = software(enterprise="0878065378", capacity="employer")
    assert world.ask(evaluation(elsewhere, employer="0878065378"))["decision"] is False
    told = world.ask(evaluation(software(), employer="0878065378"))
    assert (told["decision"], told["context"]["reason"]) == (False, "no_mandate_in_force")
    assert world.ask(evaluation(software(), employer=PROVIDER))["decision"] is False


def test_an_employee_without_a_grant_of_their_own_is_refused(world: EvaluationWorld) -> None:
    world.put(records.grant("g2", holder="a1", valid=OPEN.until(START)))
    told = world.ask(evaluation(person(world.sub(), proof("j1"))))
    assert (told["decision"], told["context"]["reason"]) == (False, "no_grant")


@pytest.mark.parametrize("number", [NISS, STRANGER_NISS, "85073003329", ""])
def test_whoever_may_not_name_persons_by_number_learns_nothing_from_one(world: EvaluationWorld, number: str) -> None:
    asked = evaluation(person(f"niss:{number}", proof("j1", NISS)), "consult", "dmfa")
    told = world.ask(asked, status=403)
    assert told == world.ask(evaluation(person(f"niss:{NISS}"), "consult", "dmfa"), status=403)
    assert told["error"] == "niss_not_registered"
    assert world.logins == 0


def test_a_number_is_answered_alike_whether_it_is_known_or_not(world: EvaluationWorld) -> None:
    acting = {"enterprise": EMPLOYER, "capacity": "employer"}
    answers = [world.ask(evaluation(person(f"niss:{number}", **acting))) for number in (NISS, STRANGER_NISS)]
    assert [(one["decision"], one["context"]["reason"]) for one in answers] == [(False, "no_authentication")] * 2
    mismatches = [
        world.ask(evaluation(person(f"niss:{number}", proof(f"j-{number}", "85073003427"))), status=400)
        for number in (NISS, STRANGER_NISS)
    ]
    assert mismatches[0] == mismatches[1]
    assert mismatches[0]["error"] == "subject_mismatch"


class Keys:
    """One signing key, always in use."""

    def __init__(self) -> None:
        self._ring = first_ring({"ES256": generate_private_jwk("ES256")}, START - timedelta(days=1))

    def ring(self) -> KeyRing:
        return self._ring

    def verifying(self) -> KeySet:
        return self._ring.verifying(START)

    def look_again(self) -> bool:
        return False


def claims(**changed: object) -> dict[str, object]:
    moment = int(START.timestamp())
    ours = {"iss": "https://procura.example", "aud": "authorization", "sub": ASKER, "client_id": ASKER}
    scope = " ".join(caller(ASKER).scopes)
    return {**ours, "jti": f"t-{ASKER}", "scope": scope, "iat": moment, "exp": moment + 300, **changed}


CONFUSED = {
    "an authentication": ("authentication+jwt", claims()),
    "an ID token": ("JWT", claims()),
    "a logout token": ("logout+jwt", claims()),
    "another audience": ("at+jwt", claims(aud="dimona")),
    "two audiences": ("at+jwt", claims(aud=["authorization", "dimona"])),
    "another issuer": ("at+jwt", claims(iss="https://elsewhere.example")),
    "another subject": ("at+jwt", claims(sub="payroll")),
    "an old one": ("at+jwt", claims(iat=int(START.timestamp()) - 900, exp=int(START.timestamp()) - 600)),
}


@pytest.mark.parametrize("what", CONFUSED)
def test_no_other_token_passes_for_an_access_token_of_ours(world: EvaluationWorld, what: str) -> None:
    keys: Any = Keys()
    world.verify = BearerTokens("https://procura.example", keys, world.clock).caller  # type: ignore[method-assign]
    world.http = type(world.http)(world.new_door())
    key = keys.ring().current("ES256", START)

    def asked(typ: str, told: dict[str, object]) -> Any:
        header = {"Authorization": f"Bearer {jose.sign(told, key, typ=typ)}"}
        return world.http.post(EVALUATION, json=evaluation(software()), headers=header)

    assert asked("at+jwt", claims()).status_code == 200
    response = asked(*CONFUSED[what])
    assert response.status_code == 401
    assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]
