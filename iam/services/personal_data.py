"""What a provider vouched for of a person's name and birth date: kept sealed with the session, and with grants."""

from __future__ import annotations

import json
from datetime import date
from typing import Final

from iam.domain.logins import PersonalData
from iam.ports import Seal

PERSONAL: Final = "personal_data"


def sealed(personal: PersonalData | None, seal: Seal) -> str:
    """The data sealed, as hexadecimal text; empty for none."""
    if personal is None:
        return ""
    born = personal.born.isoformat() if personal.born else ""
    text = json.dumps([personal.family_name, personal.given_name, born])
    return seal.seal(PERSONAL, text.encode()).hex()


def opened(text: str, seal: Seal) -> PersonalData | None:
    """The data again; None for none. Raises what the seal raises when it was altered."""
    if not text:
        return None
    family_name, given_name, born = json.loads(seal.unseal(PERSONAL, bytes.fromhex(text)))
    return PersonalData(family_name=family_name, given_name=given_name, born=date.fromisoformat(born) if born else None)
