"""One record of every kind of credential, and a message that waits, with every optional field filled."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from iam.domain.assurance import Assurance
from iam.domain.credentials import ActivationCode, OneTimeDevice, PaperCodes, Passkey, Password
from iam.domain.messages import Channel, WaitingMessage
from tests.storage.clocks import START

LATER = START + timedelta(days=3653)

CREDENTIALS: list[Any] = [
    Password(
        user_name="jan.janssens",
        person="p1",
        hash="$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA",
        provisional=True,
        vouched=Assurance.LOW,
        made_at=START,
        changed_at=START,
        expires_at=LATER,
        appointment="a1",
    ),
    OneTimeDevice(
        id="d1",
        person="p1",
        label="Phone “été”",
        secret="0a0b",
        last_step=59_000_000,
        vouched=Assurance.SUBSTANTIAL,
        made_at=START,
        expires_at=LATER,
    ),
    PaperCodes(id="c1", person="p1", codes="0a0b", left=24, vouched=Assurance.HIGH, made_at=START, expires_at=LATER),
    Passkey(
        id="Y3JlZGVudGlhbA",
        person="p1",
        label="Key ring",
        public_key="cHVibGlj",
        counter=7,
        vouched=Assurance.HIGH,
        made_at=START,
        last_used_at=START,
        expires_at=LATER,
    ),
    ActivationCode(
        id="23" * 32,
        person="p1",
        code_hash="45" * 32,
        vouched=Assurance.SUBSTANTIAL,
        wrong=2,
        issued_by="p2",
        expires_at=LATER,
    ),
    WaitingMessage(id="m1", channel=Channel.SMS, sealed="0a0b", tries=1, next_at=START, expires_at=LATER),
]
