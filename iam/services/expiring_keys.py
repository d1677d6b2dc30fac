"""What of software ends: certificates, weaker profiles and registrations, told in time to those who can renew them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from iam.domain.appointments import Appointment, Grant
from iam.domain.audit import Leaf
from iam.domain.client_registrations import ClientContact
from iam.domain.clients import Client
from iam.domain.instants import format_instant
from iam.domain.periods import local_date
from iam.domain.persons import Contact
from iam.ports import Archive, Clock, Reading, UnitOfWork
from iam.services.client_reach import CHANNELS
from iam.services.letter_texts import Post, letters

AHEAD: Final = (timedelta(days=60), timedelta(days=30), timedelta(days=7))
"""How long before an end it is told, each once."""
LOOKED_EVERY: Final = timedelta(hours=6)
AT_ONCE: Final = 200
PURPOSE: Final = "expiry_warning"
SENDER: Final = "expiry_warnings"
_LANGUAGES: Final = ("nl", "fr", "de", "en")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiry:
    """One thing of a client that ends."""

    what: str
    """`certificate`, `profile` or `registration`."""
    name: str
    """The `kid` of the certificate's key, the name of the profile, or the client_id."""
    at: datetime


def expiries(client: Client) -> list[Expiry]:
    """What of a client ends by itself, the earliest first."""
    found = list(_certificates(client))
    if client.profile_until is not None:
        found.append(Expiry(what="profile", name=client.profile.value, at=client.profile_until))
    if client.valid.end is not None:
        found.append(Expiry(what="registration", name=client.id, at=client.valid.end))
    return sorted(found, key=lambda one: (one.at, one.name))


def _certificates(client: Client) -> Iterator[Expiry]:
    if '"exp"' in client.jwks:
        epoch = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
        for key in json.loads(client.jwks)["keys"]:
            if "exp" in key:
                yield Expiry(what="certificate", name=key["kid"], at=epoch + timedelta(seconds=key["exp"]))


class ExpiryWarnings:
    """Writes to the technical contacts of clients and to their channel managers."""

    def __init__(self, archive: Archive, clock: Clock, post: Post, base_url: str) -> None:
        """`base_url` is our own, without a slash at the end."""
        self._archive = archive
        self._clock = clock
        self._post = post
        self._base_url = base_url
        self._looked_at: datetime | None = None

    def warn(self) -> int:
        """Write of everything that ends soon and was not told yet; returns of how many ends it was written.

        Looks at the clients when it is first asked, and every six hours after that.
        """
        now = self._clock.now()
        if self._looked_at is not None and now - self._looked_at < LOOKED_EVERY:
            return 0
        told = sum(self._told(client, one) for client, one in self._ending(now))
        self._looked_at = now
        return told

    def _ending(self, now: datetime) -> Iterator[tuple[Client, Expiry]]:
        after = ""
        while True:
            with self._archive.reading() as reading:
                found = reading.find(Client, after=after, limit=AT_ONCE)
            for client in found:
                for one in expiries(client) if client.valid.contains(now) else ():
                    if now < one.at <= now + AHEAD[0]:
                        yield client, one
            if len(found) < AT_ONCE:
                return
            after = found[-1].id

    def _told(self, client: Client, ending: Expiry) -> int:
        """Write of one end, once for each of the times ahead; the claim and the letters are one change."""
        with self._archive.writing() as uow:
            if uow.get(Client, client.id) != client or ending.at <= uow.now:
                return 0
            step = sum(ending.at - uow.now <= one for one in AHEAD)
            key = f"{client.id}|{ending.what}|{ending.name}|{format_instant(ending.at)}|{step}"
            if not step or not uow.claim(PURPOSE, key, ending.at + AHEAD[0]):
                return 0
            for address in _addresses(uow, client, uow.now):
                self._write(uow, address, client, ending)
            objects = {"client": client.id, "enterprise": client.enterprise, "what": ending.what}
            uow.audit(Leaf(act="expiry_told", actor=SENDER, caller="", objects=objects))
            uow.announce("client_expires", {**objects, "at": format_instant(ending.at)})
            uow.commit()
        return 1

    def _write(self, uow: UnitOfWork, address: str, client: Client, ending: Expiry) -> None:
        """A letter in all four languages: nobody asked in which a contact of software reads."""
        said = letters()[f"{ending.what}_expires"]
        values = {"name": client.label, "client": client.id, "until": local_date(ending.at).isoformat()}
        subject = said["subject"]["en"].format(**values)
        paragraphs = [said["text"][one].strip().format(address=self._base_url, **values) for one in _LANGUAGES]
        self._post.email(uow, address, subject, "\n\n".join(paragraphs))


def _addresses(reading: Reading, client: Client, at: datetime) -> list[str]:
    """The client's technical contacts, and who manages the channels of its capacity in its enterprise; each once."""
    contact = reading.get(ClientContact, client.id)
    managers = [
        one
        for one in reading.find(Appointment, enterprise=client.enterprise)
        if one.active(at) and _manages(reading, one, client, at)
    ]
    noted = [reading.get(Contact, one.id) for one in managers]
    return sorted({*(contact.emails if contact else ()), *(one.email for one in noted if one and one.email)})


def _manages(reading: Reading, appointment: Appointment, client: Client, at: datetime) -> bool:
    if appointment.manages():
        return appointment.capacity in (None, client.capacity)
    held = reading.find(Grant, holder=appointment.id, service=CHANNELS)
    return any(one.valid.contains(at) and one.capacity is client.capacity and "manage" in one.actions for one in held)
