"""Slowed tries: guesses are counted for each account and address and wait ever longer, but nobody is barred."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from iam.domain.instants import from_micros, to_micros
from iam.ports import Archive, Randomness, UnitOfWork
from iam.services.fingerprints import fingerprint

FREE = {"account": 5, "address": 20, "device": 10}
"""Failed tries before they are slowed."""
LONGEST_WAIT = timedelta(minutes=15)
REMEMBERED = timedelta(hours=24)
"""How long after the last failed try they count."""
DEVICE_LIFE = timedelta(days=180)
"""How long a browser counts as known after a login with the account's password."""
BUCKETS = 0xFFFF
"""Accounts and addresses are counted in as many places at most, so that no flood of names fills the database."""
_TRIES, _DEVICES = "credential_tries", "known_devices"


class TooManyTries(Exception):
    """It is too early for another try; the message says nothing of the account."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("too many tries")
        self.retry_after = retry_after
        """In whole seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trier:
    """Who tries, as far as a browser tells."""

    address: str
    """The network address, or of IPv6 the network of the customer; empty where it is not known."""
    device: str = ""
    """The secret of a browser in which somebody logged in before; empty for any other."""


class SlowedTries:
    """Counts of failed tries, on any node and over restarts.

    A browser in which the owner logged in before is counted by itself, so that whoever fails elsewhere in the owner's
    name never keeps the owner out (OWASP, "Slow down online guessing attacks with device cookies").
    """

    def __init__(self, archive: Archive, randomness: Randomness) -> None:
        self._archive = archive
        self._randomness = randomness

    def begin(self, account: str, trier: Trier) -> None:
        """Count a try before it is judged, so that tries side by side are counted, too.

        Raises:
            TooManyTries: when it comes too early; it is not counted, nor is anything said of the account.
        """
        with self._archive.writing() as uow:
            counted = _counted(uow, account, trier)
            wait = max(_wait(uow, kind, key) for kind, key in counted)
            if wait > timedelta(0):
                raise TooManyTries(int(wait.total_seconds()) + 1)
            for kind, key in counted:
                count, _ = _state(uow, kind, key)
                _write(uow, kind, key, count + 1, uow.now)
            uow.commit()

    def succeeded(self, uow: UnitOfWork, account: str, trier: Trier) -> None:
        """Take back the try that succeeded; failed ones are forgotten by time alone, save those of a known browser.

        A place where tries are counted holds those for other accounts, too: whoever logs in with an account of theirs
        forgives nothing that they tried at another.
        """
        for kind, key in _counted(uow, account, trier):
            count, last = _state(uow, kind, key)
            _write(uow, kind, key, 0 if kind == "device" else max(0, count - 1), last)

    def remember(self, uow: UnitOfWork, account: str) -> str:
        """The secret by which the browser of a successful login will be known for this account."""
        secret = self._randomness.secret()
        uow.keep(_DEVICES, fingerprint(secret), account, uow.now + DEVICE_LIFE)
        return secret


def _counted(uow: UnitOfWork, account: str, trier: Trier) -> list[tuple[str, str]]:
    """Where a try is counted: of a browser that is known for the account there alone."""
    if trier.device:
        device = fingerprint(trier.device)
        if account and uow.recall(_DEVICES, device) == account:
            return [("device", device)]
    counted = [("account", _bucket(account))]
    return [*counted, ("address", _bucket(trier.address))] if trier.address else counted


def _bucket(text: str) -> str:
    return f"{int(fingerprint('tries', text)[:8], 16) & BUCKETS:04x}"


def _state(uow: UnitOfWork, kind: str, key: str) -> tuple[int, datetime]:
    kept = uow.recall(_TRIES, f"{kind}/{key}")
    if kept is None:
        return 0, uow.now
    count, last = kept.split()
    return int(count), from_micros(int(last))


def _wait(uow: UnitOfWork, kind: str, key: str) -> timedelta:
    count, last = _state(uow, kind, key)
    if count < FREE[kind]:
        return timedelta(0)
    pause = min(LONGEST_WAIT, timedelta(seconds=2 ** min(count - FREE[kind], 20)))
    return last + pause - uow.now


def _write(uow: UnitOfWork, kind: str, key: str, count: int, last: datetime) -> None:
    uow.keep(_TRIES, f"{kind}/{key}", f"{count} {to_micros(last)}", uow.now + REMEMBERED)
