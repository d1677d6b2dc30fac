"""Back-channel log-out: each client is told of the true end of a login, durably, for as long as a day."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from iam.domain.client_metadata import OFFLINE
from iam.domain.clients import Profile
from iam.domain.errors import Unavailable
from iam.domain.logout_notices import LogoutNotice, due_key
from iam.domain.persons import Person
from iam.outside.guarded_web import GuardedWeb
from iam.services.login_ends import end_login
from iam.services.people import join
from iam.storage.archive import open_archive
from tests.oidc.provider.code_scene import PORTAL, CodeScene
from tests.oidc.provider.logout_scene import BACK, BACKCHANNEL, LogoutScene
from tests.oidc.provider.premises import ISSUER
from tests.storage.clocks import SetClock

EVENT = "http://schemas.openid.net/event/backchannel-logout"
End = Callable[[LogoutScene], None]


@pytest.fixture
def logout(scene: CodeScene) -> LogoutScene:
    return LogoutScene(scene)


@pytest.fixture(scope="module")
def plain_logout(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LogoutScene]:
    """One scene for what changes nothing."""
    folder = tmp_path_factory.mktemp("inwards")
    shutil.copyfile(empty_database, folder / "procura.db")
    archive = open_archive(f"sqlite:///{folder / 'procura.db'}", clock := SetClock())
    yield LogoutScene(CodeScene(archive, clock, folder))
    archive.close()


def by_the_client(logout: LogoutScene) -> None:
    logout.ask(logout.browser, id_token_hint=logout.hint, post_logout_redirect_uri=BACK)


def in_the_portal(logout: LogoutScene) -> None:
    page = logout.browser.get("/sign-out", base_url=ISSUER)
    token = page.text.partition('name="csrf_token" value="')[2].partition('"')[0]
    logout.browser.post("/sign-out", data={"csrf_token": token}, base_url=ISSUER, headers={"Origin": ISSUER})


def from_another_device(logout: LogoutScene) -> None:
    logout.scene.logged_in()
    assert logout.scene.entrance.sessions.end_others(logout.scene.session) == 1


def one_session(logout: LogoutScene) -> None:
    logout.scene.entrance.sessions.end(logout.scene.marie, logout.session.id)


def provider_off(logout: LogoutScene) -> None:
    logout.scene.entrance.sessions.end_switched_off()
    logout.scene.book.switch("itsme", enabled=False)
    assert logout.scene.entrance.sessions.end_switched_off() == 1


def at_the_provider(logout: LogoutScene) -> None:
    assert logout.scene.entrance.sessions.end_at_provider("itsme", "", logout.scene.marie) == 1


def merged(logout: LogoutScene) -> None:
    with logout.scene.archive.writing() as uow:
        uow.put(Person(id="p-stays", known_since=uow.now))
        join(uow, logout.scene.marie, "p-stays")
        uow.commit()


def idle(logout: LogoutScene) -> None:
    logout.scene.clock.at += timedelta(minutes=30, seconds=1)


def longest(logout: LogoutScene) -> None:
    for _ in range(31):
        logout.scene.clock.at += timedelta(minutes=20)
        logout.browser.get("/my/sessions", base_url=ISSUER)


ENDS: dict[str, End] = {
    one.__name__: one
    for one in (
        by_the_client,
        in_the_portal,
        from_another_device,
        one_session,
        provider_off,
        at_the_provider,
        merged,
        idle,
        longest,
    )
}


@pytest.mark.parametrize("name", ENDS)
def test_each_true_end_of_a_login_is_told_once(logout: LogoutScene, name: str) -> None:
    logout.enter()
    ENDS[name](logout)
    assert (logout.round(), logout.round()) == (1, 0)
    (told,) = logout.heard()
    now = int(logout.scene.clock.at.timestamp())
    assert (told["iss"], told["aud"], told["sub"]) == (ISSUER, PORTAL, logout.login["sub"])
    assert told["sid"] == logout.login["sid"] and told["events"] == {EVENT: {}} and "nonce" not in told
    assert told["jti"] and told["iat"] == now and now < told["exp"] <= now + 120
    assert logout.waiting() == []
    told_later = [one.leaf.act for one in logout.scene.archive.leaves() if one.leaf.act.startswith("logout_")]
    assert told_later == ["logout_told"]


def test_what_is_told_waits_with_the_end_itself_and_neither_is_there_without_the_other(logout: LogoutScene) -> None:
    logout.enter()
    with logout.scene.archive.writing() as uow:
        end_login(uow, logout.session.login)
    assert logout.waiting() == [] and logout.lasts() and logout.round() == 0
    with logout.scene.archive.writing() as uow:
        end_login(uow, logout.session.login)
        uow.commit()
    assert len(logout.waiting()) == 1 and logout.scene.userinfo(logout.tokens["access_token"]).status_code == 401


def test_a_login_that_goes_on_is_not_told_of(logout: LogoutScene) -> None:
    browser = logout.enter()
    browser.get("/", base_url=ISSUER)
    logout.scene.clock.at += timedelta(minutes=29)
    browser.get("/", base_url=ISSUER)
    logout.scene.clock.at += timedelta(minutes=20)
    assert logout.round() == 0 and logout.heard() == [] and logout.lasts()


def test_who_never_entered_or_wants_no_notices_is_told_nothing(scene: CodeScene) -> None:
    logout = LogoutScene(scene, backchannel_logout_uri="")
    logout.enter()
    one_session(logout)
    assert logout.waiting() == [] and logout.round() == 0
    logout = LogoutScene(scene)
    scene.logged_in()
    scene.entrance.sessions.end(scene.marie, scene.session.id)
    assert logout.waiting() == []


def test_a_client_that_may_act_while_the_person_is_away_hears_of_it_and_keeps_what_it_has(scene: CodeScene) -> None:
    logout = LogoutScene(scene, Profile.OLDER)
    logout.enter(scope=f"openid {OFFLINE}", prompt="consent")
    one_session(logout)
    assert logout.round() == 1 and len(logout.heard()) == 1
    assert scene.refresh(logout.tokens["refresh_token"]).status_code == 200


def test_a_client_that_does_not_answer_is_asked_later_and_later_and_given_up_after_a_day(logout: LogoutScene) -> None:
    logout.enter()
    one_session(logout)
    logout.ears.silent = True
    began = logout.scene.clock.at
    tries: list[timedelta] = []
    while logout.round() or logout.waiting():
        (waiting,) = logout.waiting()
        if waiting.tries > len(tries):
            tries.append(logout.scene.clock.at - began)
        logout.scene.clock.at += timedelta(seconds=31)
    pauses = [later - before for before, later in pairwise(tries)]
    assert pauses[:3] == [timedelta(seconds=31), timedelta(seconds=62), timedelta(seconds=124)]
    assert pauses == sorted(pauses) and max(pauses) <= timedelta(hours=1, seconds=31)
    assert timedelta(hours=22) < tries[-1] < timedelta(days=1)
    acts = [one.leaf.act for one in logout.scene.archive.leaves()]
    assert acts.count("logout_given_up") == 1 and "logout_told" not in acts
    logout.ears.silent = False
    assert logout.round() == 0 and logout.heard() == []


@pytest.mark.parametrize("status", [400, 401, 404, 500, 501, 301, 302, 201])
def test_only_200_or_204_counts_as_heard(logout: LogoutScene, status: int) -> None:
    logout.enter()
    one_session(logout)
    logout.ears.status = status
    assert logout.round() == 0
    logout.scene.clock.at += timedelta(seconds=29)
    assert logout.round() == 0 and len(logout.heard()) == 1
    logout.ears.status = 204
    logout.scene.clock.at += timedelta(seconds=2)
    assert logout.round() == 1
    first, second = logout.heard()
    assert first["jti"] != second["jti"] and first["sid"] == second["sid"]


def test_a_crash_after_the_try_was_recorded_only_makes_it_later(logout: LogoutScene) -> None:
    logout.enter()
    one_session(logout)
    teller = logout.scene.entrance.teller

    class Crashing:
        def tell(self, notice: LogoutNotice) -> None:
            raise KeyboardInterrupt

        gave_up = teller.gave_up

    with pytest.raises(KeyboardInterrupt):
        logout.scene.entrance.logout_notices.send_waiting(Crashing())
    assert logout.round() == 0 and len(logout.waiting()) == 1
    logout.scene.clock.at += timedelta(seconds=31)
    assert logout.round() == 1 and len(logout.heard()) == 1


def test_a_silent_client_keeps_nobody_waiting_and_is_asked_once_a_round(logout: LogoutScene) -> None:
    logout.enter()
    asked: list[str] = []

    class Picky:
        def tell(self, notice: LogoutNotice) -> None:
            asked.append(notice.client)
            if notice.client == "silent":
                raise Unavailable("server_unavailable", "Nobody answers.")

        def gave_up(self, notice: LogoutNotice) -> None:
            raise AssertionError("it is early")

    now = logout.scene.clock.at
    for number in range(20):
        for client in ("silent", "awake"):
            notice = LogoutNotice(
                id=due_key(now, f"{client}{number:02d}"),
                client=client,
                person=logout.scene.marie,
                sid=f"{client}{number:02d}",
                tries=0,
                expires_at=now + timedelta(days=1),
            )
            logout.scene.record(notice)
    assert logout.scene.entrance.logout_notices.send_waiting(Picky()) == 20
    assert (asked.count("silent"), asked.count("awake")) == (1, 20)
    assert {one.client for one in logout.waiting()} == {"silent"}


def test_a_fault_at_one_notice_lets_no_client_be_told_twice(logout: LogoutScene) -> None:
    logout.enter()
    now, told = logout.scene.clock.at, list[str]()
    for client in ("faulty", "awake"):
        notice = LogoutNotice(
            id=due_key(now, client),
            client=client,
            person=logout.scene.marie,
            sid=client,
            tries=0,
            expires_at=now + timedelta(days=1),
        )
        logout.scene.record(notice)

    class Faulty:
        def tell(self, notice: LogoutNotice) -> None:
            told.append(notice.client)
            if notice.client == "faulty":
                raise ValueError

        gave_up = logout.scene.entrance.teller.gave_up

    stopping, faults = threading.Event(), list[BaseException]()

    def failed(error: BaseException) -> None:
        faults.append(error)
        stopping.set()

    logout.scene.entrance.logout_notices.run(Faulty(), stopping, failed)
    assert [type(one) for one in faults] == [ValueError] and sorted(told) == ["awake", "faulty"]
    assert [one.client for one in logout.waiting()] == ["faulty"]


def test_a_client_that_ended_has_nothing_to_be_told(logout: LogoutScene) -> None:
    logout.enter()
    one_session(logout)
    client = logout.scene.client(Profile.OIDC_BASIC)
    logout.scene.record(replace(client, profile_until=logout.scene.clock.at))
    assert logout.round() == 1 and logout.heard() == [] and logout.waiting() == []


INWARDS = (
    "http://portal.example/logout",
    "https://127.0.0.1/logout",
    "https://localhost/logout",
    "https://[::1]/logout",
    "https://0x7f.1/logout",
    "https://2130706433/logout",
    "https://[::ffff:127.0.0.1]/logout",
    "https://10.0.0.1/logout",
    "https://169.254.169.254/latest",
    "https://192.168.1.1/logout",
    "https://user@127.0.0.1/logout",
    "ftp://127.0.0.1/logout",
    "file:///etc/passwd",
    "https:///logout",
    "https://127.0.0.1:0/logout",
    "https://127.0.0.1/logout#there",
    "nothing",
)


@pytest.mark.attack("D06")
@pytest.mark.parametrize("address", INWARDS)
def test_an_address_that_leads_inwards_is_never_connected_to(
    address: str, plain_logout: LogoutScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected: list[object] = []
    monkeypatch.setattr("socket.socket.connect", lambda _, where: connected.append(where))
    scene = plain_logout.scene
    scene.record(scene.metadata(backchannel_logout_uri=address))
    object.__setattr__(scene.entrance.teller, "web", GuardedWeb(public_only=True))
    notice = LogoutNotice(
        id=due_key(scene.clock.at, "s"),
        client=PORTAL,
        person=scene.marie,
        sid="s",
        tries=1,
        expires_at=scene.clock.at + timedelta(days=1),
    )
    with pytest.raises(Unavailable):
        scene.entrance.teller.tell(notice)
    assert connected == []


def test_the_address_is_the_registered_one_and_the_body_is_the_token_alone(logout: LogoutScene) -> None:
    logout.enter()
    one_session(logout)
    logout.round()
    ((address, form),) = logout.ears.heard
    assert address == BACKCHANNEL and list(form) == ["logout_token"]
