"""The terms of a mandate: the content that both sides validate, and what makes it proper before anybody is asked."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from iam.domain.enterprises import MANDATARY_CAPACITIES, Capacity
from iam.domain.errors import Forbidden, InvalidInput
from iam.domain.mandate_states import Side
from iam.domain.periods import Quarter
from iam.domain.written import trimmed_text

_LONGEST_REFERENCE = 120
_MOST_GROUPS = 50
_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SHA_256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The content that both sides validate; its hash binds every acceptance."""

    mandator: str
    mandatary: str
    mandatary_capacity: Capacity
    groups: tuple[str, ...]
    """Application group codes, sorted."""
    first_quarter: Quarter
    last_quarter: Quarter | None
    contract_reference: str
    """Reference of the written contract between the two sides."""
    evidence_hash: str = ""
    """SHA-256 of a supporting document, hexadecimal, or empty."""
    succeeds: str | None = None
    """The mandate that this one takes over from its first quarter's start (a transfer)."""

    def party(self, side: Side) -> str:
        """The enterprise on a side."""
        return self.mandator if side is Side.MANDATOR else self.mandatary

    def content_hash(self) -> str:
        """SHA-256 (hexadecimal) over the canonical JSON of all terms."""
        content = {
            "mandator": self.mandator,
            "mandatary": self.mandatary,
            "mandatary_capacity": self.mandatary_capacity.value,
            "groups": list(self.groups),
            "first_quarter": str(self.first_quarter),
            "last_quarter": str(self.last_quarter) if self.last_quarter else None,
            "contract_reference": self.contract_reference,
            "evidence_hash": self.evidence_hash,
            "succeeds": self.succeeds,
        }
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(canonical.encode("ascii")).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalRules:
    """How long a proposal may wait for its answer, and how far ahead a mandate may begin."""

    answer_within: timedelta = timedelta(days=90)
    quarters_ahead: int = 8


def proper_terms(terms: Terms, now: datetime, rules: ProposalRules) -> Terms:
    """The same terms in canonical form: groups sorted, reference trimmed and composed, hash in lower case.

    Raises:
        Forbidden: `self_mandate`.
        InvalidInput, each naming its field: `not_a_mandatary_capacity`, `invalid_groups`, `invalid_quarters`,
            `period_over`, `too_far_ahead`, `invalid_contract_reference`, `invalid_hash`, `invalid_mandate_id`.
    """
    if terms.mandator == terms.mandatary:
        raise Forbidden("self_mandate", "An enterprise cannot give a mandate to itself.", field="mandatary")
    if terms.mandatary_capacity not in MANDATARY_CAPACITIES:
        detail = "A mandatary acts as service provider, certified social secretariat or full-service secretariat."
        raise InvalidInput("not_a_mandatary_capacity", detail, field="mandatary_capacity")
    if terms.succeeds is not None and not _IDENTIFIER.fullmatch(terms.succeeds):
        raise InvalidInput("invalid_mandate_id", "Name the mandate to be succeeded by its id.", field="succeeds")
    _proper_quarters(terms, now, rules)
    evidence = terms.evidence_hash and proper_hash(terms.evidence_hash, "evidence_hash")
    reference = _proper_reference(terms.contract_reference)
    return replace(terms, groups=_proper_groups(terms.groups), contract_reference=reference, evidence_hash=evidence)


def proper_hash(text: str, field: str) -> str:
    """A SHA-256 as 64 hexadecimal digits in lower case. Raises InvalidInput (`invalid_hash`)."""
    written = _read(text, 100, "invalid_hash", field).lower()
    if not _SHA_256.fullmatch(written):
        raise InvalidInput("invalid_hash", "Give the document's SHA-256 as 64 hexadecimal digits.", field=field)
    return written


def _proper_quarters(terms: Terms, now: datetime, rules: ProposalRules) -> None:
    last, present = terms.last_quarter, Quarter.of(now)
    if last is not None and last < terms.first_quarter:
        raise InvalidInput("invalid_quarters", "The last quarter may not lie before the first.", field="last_quarter")
    if last is not None and last < present:
        raise InvalidInput("period_over", "The last quarter has ended already.", field="last_quarter")
    if terms.first_quarter.index > present.index + rules.quarters_ahead:
        detail = f"A mandate may begin at most {rules.quarters_ahead} quarters ahead."
        raise InvalidInput("too_far_ahead", detail, field="first_quarter")


def _proper_groups(groups: tuple[str, ...]) -> tuple[str, ...]:
    if not 1 <= len(groups) <= _MOST_GROUPS or len(set(groups)) != len(groups):
        raise InvalidInput("invalid_groups", "Name at least one application group, each once.", field="groups")
    return tuple(sorted(groups))


def _proper_reference(text: str) -> str:
    code, field = "invalid_contract_reference", "contract_reference"
    composed = unicodedata.normalize("NFC", _read(text, 4 * _LONGEST_REFERENCE, code, field))
    if not 1 <= len(composed) <= _LONGEST_REFERENCE or not composed.isprintable():
        detail = f"Give the reference of the written contract: 1 to {_LONGEST_REFERENCE} printable characters."
        raise InvalidInput(code, detail, field=field)
    return composed


def _read(text: str, limit: int, code: str, field: str) -> str:
    try:
        return trimmed_text(text, limit, code=code, what="This field")
    except InvalidInput as refused:
        raise refused.at(field) from None
