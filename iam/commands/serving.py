"""`procura serve` and `procura worker`: the web server, and what is done beside it."""

from __future__ import annotations

import gc
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from queue import Empty, SimpleQueue

import click
import structlog
from granian import Granian
from granian.constants import Interfaces

from iam.app import create_front, house, settings_here
from iam.commands.printing import console, speaking
from iam.commands.sweeping import sweep_out
from iam.domain.errors import Unavailable
from iam.entrance import Entrance
from iam.house import House
from iam.signal_desk import SignalDesk
from iam.web import logs
from iam.web.front import Front
from iam.web.logs import described

COLLECTED_AFTER = (20_000, 20, 50)
"""Objects made until the collector looks at the youngest, and of such looks until it looks at the older ones."""
STOP_SECONDS = 10
"""How long requests that are under way may still take once the service is asked to stop."""
Sender = Callable[[threading.Event, Callable[[BaseException], None]], None]
"""Sends until it is asked to stop, and tells what failed."""


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; TLS ends in front of it.")
@speaking
def serve(host: str) -> None:
    """Serve decisions, tokens and the administration API until stopped."""
    settings = settings_here()
    check_port(host, settings.port)
    with house():
        console.print(f"Procura serves {settings.issuer} on {host}:{settings.port}")
    Granian(
        f"{__name__}:create_worker",
        factory=True,
        address=host,
        port=settings.port,
        interface=Interfaces.RSGI,
        workers=settings.workers,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
        websockets=False,
        log_access=False,
    ).serve()


def create_worker() -> Front:
    """The service in one process, which ends at once when it is asked to stop before it serves."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    front = create_front()
    _settle_memory()
    return front


def _settle_memory() -> None:
    """Let the collector of cycles pass over what was built once, and look less often at what requests leave behind.

    It would walk through all of that again and again; requests leave few cycles, and those are small.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED_AFTER)


def check_port(host: str, port: int) -> None:
    """Refuse a port that somebody listens on already, in one clear line."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            raise click.ClickException(f"port {port} is taken: stop what uses it, or set PORT to another one") from None


@click.command("worker")
@click.option("--once", is_flag=True, help="Do what there is to do, then stop.")
@click.option("--every", default=5, show_default=True, help="Seconds between two rounds.")
@speaking
def worker(once: bool, every: int) -> None:
    """Follow registers, send messages and signals, tell of log-outs, rotate keys, and sweep out what has expired."""
    with house() as here:
        logs.configure(None, here.clock.now)
        entrance, signals = Entrance(here), SignalDesk(here)
        if once:
            _round(here, entrance, signals)
            _told(entrance.logout_notices.send_waiting(entrance.teller), "services told of a log-out")
            _told(signals.sender.send_waiting(), "signals told")
            return
        asked, notices = _asked_to_stop(), partial(entrance.logout_notices.run, entrance.teller)
        with _beside({"signals_not_sent": signals.sender.run, "logouts_not_told": notices}):
            while True:
                _round(here, entrance, signals)
                with suppress(Empty):
                    asked.get(timeout=every)
                    return


def _asked_to_stop() -> SimpleQueue[int]:
    """What holds something once this process is asked to stop: it ends what it does; asked again, it ends at once."""
    asked: SimpleQueue[int] = SimpleQueue()  # of all that threads wait for, this alone may be filled by a signal

    def note(number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        asked.put(number)

    signal.signal(signal.SIGTERM, note)
    return asked


@contextmanager
def _beside(senders: Mapping[str, Sender]) -> Iterator[None]:
    """Let senders run in threads of their own while the block lasts; each by how the log calls what fails in it."""
    stopping = threading.Event()

    def failed(event: str, error: BaseException) -> None:
        structlog.get_logger("iam.commands").error(event, failure=described(error))

    threads = [
        threading.Thread(target=run, args=(stopping, partial(failed, event)), name=event, daemon=True)
        for event, run in senders.items()
    ]
    for one in threads:
        one.start()
    try:
        yield
    finally:
        stopping.set()
        ends = time.monotonic() + STOP_SECONDS
        for one in threads:
            one.join(max(ends - time.monotonic(), 0))


def _round(here: House, entrance: Entrance, signals: SignalDesk) -> None:
    _follow("employer directory", lambda: here.directory_feed.follow(here.directory))
    persons = here.person_register
    if persons is not None:
        _follow("register of persons", lambda: here.person_feed.follow(persons))
    here.desk.expiry_warnings.warn()
    _told(here.desk.letters.send_waiting(here.desk.post_office), "messages sent")
    here.key_rotation.ensure(here.clock.now())
    entrance.sessions.end_switched_off()
    entrance.login_ends.end_lapsed()
    signals.delivery.tend()
    sweep_out(here.archive)


def _follow(register: str, follow: Callable[[], int]) -> None:
    try:
        taken = follow()
    except Unavailable as silent:
        console.print(f"[yellow]{silent.detail}[/yellow] It is asked again in the next round.")
        return
    _told(taken, f"changes of the {register}")


def _told(many: int, what: str) -> None:
    if many:
        console.print(f"{many} {what}")
