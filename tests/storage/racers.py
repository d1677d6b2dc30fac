"""Many writers at once, in threads of several processes that start together, each with a deed that can fail."""

import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from iam.domain.assurance import Assurance, LoginKey
from iam.domain.audit import Leaf
from iam.domain.enterprises import Enterprise
from iam.domain.errors import Conflict
from iam.domain.logins import ProvenLogin
from iam.domain.niss import Niss
from iam.domain.visits import Visit
from iam.outside.randomness import SystemRandomness
from iam.outside.sealing import Sealer
from iam.services.identity_matching import IdentityMatching
from iam.services.sessions import Held, Sessions
from iam.services.sign_in import LoginRefused, SignIn
from iam.services.visits import Visits
from iam.storage.archive import SqlArchive, open_archive
from tests.services.login_scenes import HERE, RULES, ChangingBook, provider
from tests.storage import records
from tests.storage.samples import visit

PROCESSES, THREADS = 4, 16
RACERS = PROCESSES * THREADS

Deed = Callable[[SqlArchive, int], str]


class WallClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


def claim(archive: SqlArchive, racer: int) -> str:
    with archive.writing() as uow:
        won = uow.claim("assertion", "one", uow.now + timedelta(minutes=5))
        uow.commit()
    return "won" if won else "claimed before"


def designate(archive: SqlArchive, racer: int) -> str:
    return put(archive, records.access_manager(f"a{racer}"))


def take_group(archive: SqlArchive, racer: int) -> str:
    return put(archive, records.tenure(f"m{racer}", 100 - racer, 100 + racer))


def name_person(archive: SqlArchive, racer: int) -> str:
    return put(archive, records.number("85073003328", f"p{racer}"))


def register(archive: SqlArchive, racer: int) -> str:
    with archive.writing() as uow:
        if uow.get(Enterprise, records.EMPLOYER) is not None:
            return "enterprise_exists"
        uow.put(records.enterprise())
        uow.audit(Leaf(act="registered", actor=str(racer), caller="", objects={}))
        uow.commit()
    return "won"


def finish_login(archive: SqlArchive, racer: int) -> str:
    """Bring the answer to the login that this browser began."""
    taken = Visits(archive, WallClock(), SystemRandomness()).take_flow(begun_visit(), "itsme", "state")
    return "won" if taken == {"nonce": "n"} else "not begun here"


def sign_in(archive: SqlArchive, racer: int) -> str:
    """Show the proof of a login that everybody has."""
    book = ChangingBook(provider("itsme"))
    sessions = Sessions(archive, WallClock(), SystemRandomness(), book, RULES)
    hall = SignIn(archive, SystemRandomness(), sessions, book, IdentityMatching(), Sealer(bytes(range(32))))
    try:
        return "won" if isinstance(hall.enter(proof(), HERE), Held) else "nobody"
    except LoginRefused as refusal:
        return refusal.code


def write_thrice(archive: SqlArchive, racer: int) -> str:
    """Three changes, each at the revision that its unit of work announced."""
    for number in range(3):
        with archive.writing() as uow:
            uow.put(records.capacity_held(f"{racer}-{number}"))
            uow.audit(Leaf(act="written", actor=str(racer), caller="", objects={"number": str(number)}))
            if uow.commit() != uow.revision:
                return "another revision"
    return "won"


def put(archive: SqlArchive, record: object) -> str:
    try:
        with archive.writing() as uow:
            uow.put(record)
            uow.commit()
    except Conflict as conflict:
        return conflict.code
    return "won"


def begun_visit() -> Visit:
    """The visit of the browser that began the login."""
    return replace(visit(), expires_at=WallClock().now() + timedelta(hours=1))


def proof() -> ProvenLogin:
    """A login that a door proved."""
    now = WallClock().now()
    return ProvenLogin(
        provider="itsme",
        key=LoginKey.ITSME,
        assurance=Assurance.HIGH,
        authenticated_at=now,
        reference="one",
        expires_at=now + timedelta(minutes=10),
        niss=Niss.parse("85073003328"),
    )


DEEDS: dict[str, Deed] = {
    deed.__name__: deed
    for deed in (claim, designate, take_group, name_person, register, finish_login, sign_in, write_thrice)
}


def race(url: str) -> dict[str, list[str]]:
    """Let everybody do each deed in turn, all at the same moment; returns what became of each attempt."""
    _begin_login(url)
    spawning = multiprocessing.get_context("spawn")
    start, outcomes = spawning.Barrier(PROCESSES), spawning.Queue()
    processes = [spawning.Process(target=_run, args=(url, team, start, outcomes)) for team in range(PROCESSES)]
    for process in processes:
        process.start()
    found: dict[str, list[str]] = {deed: [] for deed in DEEDS}
    for _ in range(RACERS * len(DEEDS)):
        deed, outcome = outcomes.get(timeout=120)
        found[deed].append(outcome)
    for process in processes:
        process.join()
    return found


def _begin_login(url: str) -> None:
    archive = open_archive(url, WallClock())
    Visits(archive, WallClock(), SystemRandomness()).begin_flow(begun_visit(), "itsme", "state", {"nonce": "n"})
    archive.close()


def _run(url: str, team: int, start: Any, outcomes: Any) -> None:
    archive = open_archive(url, WallClock())
    together = threading.Barrier(THREADS, action=start.wait)

    def one(number: int) -> None:
        for name, deed in DEEDS.items():
            together.wait()
            try:
                outcomes.put((name, deed(archive, team * THREADS + number)))
            except Exception as failure:
                outcomes.put((name, repr(failure)))

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(one, range(THREADS)))
    archive.close()
