"""The question that everybody asks, the recorded situation it meets, and the one small `decide()`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from iam.domain.assurance import Authentication
from iam.domain.clients import CallerRegistration
from iam.domain.enterprises import Capacity


class SubjectKind(StrEnum):
    """Who acts: a person, or software."""

    PERSON = "person"
    CLIENT = "client"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """May this subject, acting in this capacity of this enterprise, do this act for this employer?

    `enterprise` and `capacity` both None means acting as citizen, never "any that fits".
    """

    subject_kind: SubjectKind
    subject: str
    """Person id or client_id."""
    enterprise: str | None
    capacity: Capacity | None
    service: str
    action: str
    concerned: str | None
    """CBE number of the employer concerned."""
    properties: Mapping[str, object] = field(default_factory=dict)
    """Typed resource properties (see `iam.domain.relations.typed_properties`)."""
    authentication: Authentication | None = None
    """The person's verified login; a client has none."""
    numbers: frozenset[str] = frozenset()
    """The person's NISS numbers, for relations that name a person."""
    representative: bool = False
    """Whether the enterprise register confirmed within this very act that the person legally represents it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """What is read from the archive for one question: at which instant, as known when, and for which caller.

    The caller (the client that asks, and the `jti` of its access token) is judged now, whatever the instants asked.
    """

    question: Question
    groups: tuple[str, ...]
    """Application groups that contain the service (or the one it follows) at `at`."""
    at: datetime
    """The instant of the act (`as_of`)."""
    now: datetime
    known_at: datetime | None = None
    """None: at the newest revision."""
    caller: str = ""
    caller_token: str = ""
    activatable: bool = True
    """Whether the service is one that is switched on: of others no activation is looked for."""


class Proof(StrEnum):
    """What a recorded fact proves for a question."""

    CALLER = "caller"
    """The caller's client is active now, its enterprise stands in the client's capacity, its token was not revoked.

    Its detail is the registration (`iam.domain.clients.CallerRegistration`).
    """
    CLIENT = "client"
    APPOINTMENT = "appointment"
    GRANT = "grant"
    PORTFOLIO = "portfolio"
    MANDATE = "mandate"
    DELEGATION = "delegation"
    ENTERPRISE = "enterprise"
    ENTERPRISE_CEASED = "enterprise_ceased"
    CAPACITY = "capacity"
    CONCERNED = "concerned"
    CONCERNED_CEASED = "concerned_ceased"
    CONCERNED_CAPACITY = "concerned_capacity"
    ACTIVATION = "activation"
    """A legal representative of the employer concerned activated the service (e-Box)."""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One recorded fact, valid at the instant asked, that bears on the question."""

    proof: Proof
    id: str
    until: datetime | None
    """End of its validity, and of what it hangs on; None = open."""
    detail: str = ""
    """What it adds: a role, a grant's blank-separated actions, a mandate's version, a client's kind, a capacity."""


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything the archive says of a question at one instant, as known at one revision."""

    revision: int
    recorded_at: datetime
    """Record time of that revision: asking again `known_at` this instant meets the same situation."""
    exhibits: tuple[Exhibit, ...]

    def showing(self, proof: Proof) -> tuple[Exhibit, ...]:
        """The exhibits of one kind."""
        return tuple(one for one in self.exhibits if one.proof is proof)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the law says of a set of facts: the rules that permit, the rules that forbid, and what is missing.

    `missing` is the smallest set of facts that would have made a permit apply, in the order of the decision.
    """

    permits: tuple[str, ...]
    forbids: tuple[str, ...]
    missing: tuple[str, ...] = ()


def decide(permits: Sequence[str], forbids: Sequence[str]) -> tuple[bool, tuple[str, ...]]:
    """A forbid outweighs any permit; what nothing permits is refused; the rules that decided are named."""
    if forbids:
        return False, tuple(forbids)
    return bool(permits), tuple(permits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A judgement with its reasons and everything from which it can be reproduced."""

    id: str
    allowed: bool
    reason: str
    """Stable reason code; `permitted` when allowed."""
    rules: tuple[str, ...]
    cure: Mapping[str, object]
    """What to obtain; empty when allowed or when nothing helps."""
    revision: int
    as_of: datetime
    known_at: datetime
    book: str
    """Content hash of the law and catalogue that were applied."""
    caller: CallerRegistration | None = None
    """The registration of the client that asked, as it stands now; None when no caller was named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision(Verdict):
    """A verdict that tells what a permit rests on, too."""

    until: datetime | None = None
    """When allowed: the earliest end of what it rests on; None = open."""
    authority: Mapping[str, str] = field(default_factory=dict)
    """When allowed: the ids of the recorded facts it rests on, by kind of proof, and `mandate_version`."""
