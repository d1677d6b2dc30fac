"""Letters: messages to people are recorded with the change that causes them, and sent once that is durable."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

from iam.domain.audit import Leaf
from iam.domain.errors import Unavailable
from iam.domain.messages import MESSAGE_LIFE, Channel, WaitingMessage
from iam.ports import Archive, Clock, Messages, Randomness, Seal, UnitOfWork

FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
AT_ONCE = 50
SENDER = "letters"
"""The actor of the audit leaves that tell what became of a message."""


class Letters:
    """What waits to be sent; nothing is sent while a unit of work is open."""

    def __init__(self, archive: Archive, clock: Clock, seal: Seal, randomness: Randomness) -> None:
        self._archive = archive
        self._clock = clock
        self._seal = seal
        self._randomness = randomness

    def email(self, uow: UnitOfWork, address: str, subject: str, text: str) -> None:
        """Record an e-mail with a change; it goes when the change is committed."""
        self._add(uow, Channel.EMAIL, [address, subject, text])

    def sms(self, uow: UnitOfWork, number: str, text: str) -> None:
        """Record a short message with a change; it goes when the change is committed."""
        self._add(uow, Channel.SMS, [number, text])

    def send_waiting(self, messages: Messages) -> int:
        """Send what waits and whose time has come; returns how many went.

        A message that is not taken waits longer each time, and is given up when it expires. One that was taken just
        before a crash is sent again.
        """
        return sum(self._send(messages, one) for one in self._due())

    def _add(self, uow: UnitOfWork, channel: Channel, content: list[str]) -> None:
        key = self._randomness.identifier()
        sealed = self._seal.seal(_name(key), json.dumps(content).encode()).hex()
        uow.put(
            WaitingMessage(
                id=key,
                channel=channel,
                sealed=sealed,
                tries=0,
                next_at=uow.now,
                expires_at=uow.now + MESSAGE_LIFE,
            )
        )
        uow.announce("message_waits", {"message": key})

    def _due(self) -> list[WaitingMessage]:
        with self._archive.reading() as reading:
            waiting = reading.find(WaitingMessage)
        now = self._clock.now()
        for one in waiting:
            if one.expires_at <= now:
                self._remove(one, "message_given_up")
        due = [one for one in waiting if one.next_at <= now < one.expires_at]
        return sorted(due, key=lambda one: one.next_at)[:AT_ONCE]

    def _send(self, messages: Messages, message: WaitingMessage) -> int:
        content = json.loads(self._seal.unseal(_name(message.id), bytes.fromhex(message.sealed)))
        try:
            (messages.email if message.channel is Channel.EMAIL else messages.sms)(*content)
        except Unavailable:
            self._put_off(message)
            return 0
        self._remove(message, "message_sent")
        return 1

    def _put_off(self, message: WaitingMessage) -> None:
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(message.tries, 10))
        with self._archive.writing() as uow:
            if uow.get(WaitingMessage, message.id) is not None:
                uow.put(replace(message, tries=message.tries + 1, next_at=uow.now + pause))
                uow.commit()

    def _remove(self, message: WaitingMessage, act: str) -> None:
        objects = {"message": message.id, "channel": message.channel.value}
        with self._archive.writing() as uow:
            uow.remove(WaitingMessage, message.id)
            uow.audit(Leaf(act=act, actor=SENDER, caller="", objects=objects))
            uow.commit()


def _name(key: str) -> str:
    return f"message:{key}"
