"""The documents on which a paper proxy or a migrated mandate rests, and the officers who confirmed them."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date, datetime

from iam.domain.appointments import JointAct
from iam.domain.errors import Conflict, InvalidInput
from iam.domain.mandate_terms import proper_hash
from iam.domain.mandates import Mandate
from iam.domain.periods import format_instant, local_date, parse_date, parse_instant
from iam.ports import Reading
from iam.services.people import REQUIRED_OFFICERS

PAPER, MIGRATION = "confirm_paper", "take_over_mandate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is kept of a document, and of what it shows; the document itself is kept elsewhere."""

    mandate: str
    """The mandate's id."""
    content_hash: str
    """Of the terms that the document shows."""
    document_hash: str
    """SHA-256, hexadecimal."""
    document_date: date
    signatories: tuple[str, ...] = ()
    """Person ids of who signed a paper proxy; numbers and names stand on the document only."""
    stood_since: datetime | None = None
    """From when a migrated mandate stood."""

    def written(self) -> str:
        """As canonical JSON."""
        content = {
            "mandate": self.mandate,
            "content_hash": self.content_hash,
            "document_hash": self.document_hash,
            "document_date": self.document_date.isoformat(),
            "signatories": list(self.signatories),
            "stood_since": format_instant(self.stood_since) if self.stood_since else None,
        }
        return json.dumps(content, sort_keys=True, separators=(",", ":"))

    @classmethod
    def read(cls, written: str) -> Evidence:
        """From its canonical JSON."""
        content = json.loads(written)
        since = content["stood_since"]
        return cls(
            mandate=content["mandate"],
            content_hash=content["content_hash"],
            document_hash=content["document_hash"],
            document_date=parse_date(content["document_date"]),
            signatories=tuple(content["signatories"]),
            stood_since=parse_instant(since) if since else None,
        )


def proper_document(document_hash: str, document_date: date, now: datetime) -> str:
    """The document's hash in canonical form. InvalidInput (`invalid_hash`, `document_date_ahead`)."""
    if document_date > local_date(now):
        raise InvalidInput("document_date_ahead", "The document bears a date in the future.", field="document_date")
    return proper_hash(document_hash, "document_hash")


def evidence_of(reading: Reading, mandate: Mandate) -> Evidence | None:
    """The document that a paper or migrated mandate rests on; None for one that both sides validated."""
    key = migration_key(mandate.terms.content_hash()) if mandate.migrated else paper_key(mandate.id)
    act = reading.get(JointAct, key)
    return Evidence.read(act.content) if act else None


def paper_key(mandate_id: str) -> str:
    """The id of the joint act by which officers confirm a mandate's paper."""
    return f"paper/{mandate_id}"


def migration_key(content_hash: str) -> str:
    """The id of the joint act by which officers take over a standing mandate with these terms."""
    return f"migration/{content_hash}"


def opened(key: str, kind: str, enterprise: str, evidence: Evidence, now: datetime) -> JointAct:
    """The joint act that waits for officers; `enterprise` is whose mandate it is about."""
    return JointAct(
        id=key,
        enterprise=enterprise,
        kind=kind,
        content=evidence.written(),
        content_hash=evidence.content_hash,
        required=REQUIRED_OFFICERS,
        validated_by=(),
        started_at=now,
    )


def still_counting(act: JointAct, in_place: frozenset[str]) -> JointAct:
    """The joint act with the confirmations of those officers only who are still in place."""
    return replace(act, validated_by=tuple(one for one in act.validated_by if one in in_place))


def confirmed(act: JointAct, officer: str, now: datetime) -> JointAct:
    """The joint act with an officer's confirmation. Conflict (`second_officer_needed`) when it has that already."""
    if officer in act.validated_by:
        raise Conflict("second_officer_needed", "You confirmed this already; another officer must confirm it, too.")
    signed = replace(act, validated_by=(*act.validated_by, officer))
    return replace(signed, done_at=now) if signed.complete() else signed
