"""Proven identities that nobody is known by yet, as a visit keeps them until somebody is."""

from __future__ import annotations

import json
from datetime import date

from iam.domain.assurance import Assurance, LoginKey
from iam.domain.instants import format_instant, parse_instant
from iam.domain.logins import ForeignEnterprise, PersonalData, ProvenLogin


def written(proven: ProvenLogin) -> str:
    """The JSON that a visit keeps. ValueError for a login that proves a number or names nobody: neither waits."""
    if proven.niss is not None or not proven.subject:
        raise ValueError("only a login that names somebody without a number waits for one")
    personal, enterprise = proven.personal, proven.enterprise
    return json.dumps(
        {
            "provider": proven.provider,
            "key": proven.key.value,
            "assurance": proven.assurance.label,
            "authenticated_at": format_instant(proven.authenticated_at),
            "reference": proven.reference,
            "expires_at": format_instant(proven.expires_at),
            "subject": proven.subject,
            "issued_in": proven.issued_in,
            "personal": _personal_written(personal) if personal else None,
            "enterprise": [enterprise.identifier, enterprise.name] if enterprise else None,
        }
    )


def read(text: str) -> ProvenLogin | None:
    """The identity that a visit keeps; None where it keeps none."""
    if not text:
        return None
    kept = json.loads(text)
    personal, enterprise = kept["personal"], kept["enterprise"]
    return ProvenLogin(
        provider=kept["provider"],
        key=LoginKey(kept["key"]),
        assurance=Assurance.parse(kept["assurance"]),
        authenticated_at=parse_instant(kept["authenticated_at"]),
        reference=kept["reference"],
        expires_at=parse_instant(kept["expires_at"]),
        subject=kept["subject"],
        issued_in=kept["issued_in"],
        personal=_personal_read(*personal) if personal else None,
        enterprise=ForeignEnterprise(identifier=enterprise[0], name=enterprise[1]) if enterprise else None,
    )


def _personal_written(personal: PersonalData) -> list[str]:
    return [personal.family_name, personal.given_name, personal.born.isoformat() if personal.born else ""]


def _personal_read(family_name: str, given_name: str, born: str) -> PersonalData:
    birth_date = date.fromisoformat(born) if born else None
    return PersonalData(family_name=family_name, given_name=given_name, born=birth_date)
