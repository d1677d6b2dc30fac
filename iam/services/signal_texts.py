"""Why something changed, as signals tell it to services and to people."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

from iam.domain.signal_events import Initiator

LANGUAGES: Final = ("nl", "fr", "de", "en")
UNKNOWN: Final = "authorization_ended"
"""The cause that is told where none of the others fits."""


def told_of(cause: str, at: datetime) -> dict[str, object]:
    """The members that every event about a change has (CAEP 1.0 §2); `at` is when it changed."""
    causes = all_causes()
    said = causes.get(cause, causes[UNKNOWN])
    event: dict[str, object] = {
        "event_timestamp": int(at.timestamp()),
        "initiating_entity": Initiator(said["initiator"]).value,
        "reason_admin": {"en": said["admin"]},
    }
    if "en" in said:
        event["reason_user"] = {language: said[language] for language in LANGUAGES}
    return event


@lru_cache(maxsize=1)
def all_causes() -> Mapping[str, Any]:
    """All causes: who brought it about, and the sentences by language."""
    return tomllib.loads(files("iam.services").joinpath("signals.toml").read_text(encoding="utf-8"))
