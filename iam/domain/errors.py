"""Refusals: the broken preconditions of the house, each with a stable reason code and a sentence that helps."""

# A denied access is not a refusal but a value (a decision with its rules); a refusal says that the question
# or the act itself could not be taken up.

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar, Self


class RefusalKind(StrEnum):
    """The families of refusal, from which each door derives its own status."""

    INVALID = "invalid"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    GONE = "gone"
    UNAVAILABLE = "unavailable"
    STEP_UP = "step_up"


class Refusal(Exception):
    """A broken precondition; raise one of its subclasses.

    ``code`` is a stable snake_case reason code that programs may rely on. ``detail`` is one English sentence
    that says what to do; it never contains a whole NISS, a secret, or hostile input. ``field`` names the input
    at fault, where there is one. ``cure`` says in data what would lift the refusal, never something that the
    caller may not see.
    """

    kind: ClassVar[RefusalKind]

    def __init__(
        self, code: str, detail: str, *, field: str | None = None, cure: dict[str, object] | None = None
    ) -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail
        self.field = field
        self.cure = cure

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}"

    def at(self, field: str) -> Self:
        """Name the input at fault and return this same refusal: ``raise refusal.at("mandator")``."""
        self.field = field
        return self


class InvalidInput(Refusal):
    """What was sent cannot be read as what it should be."""

    kind = RefusalKind.INVALID


class Forbidden(Refusal):
    """The caller is known but may not do this."""

    kind = RefusalKind.FORBIDDEN


class NotFound(Refusal):
    """There is no such thing, or none that the caller may see: the two are never told apart."""

    kind = RefusalKind.NOT_FOUND


class Conflict(Refusal):
    """The act contradicts the present state: a duplicate, a stale version, a taken quarter."""

    kind = RefusalKind.CONFLICT


class Gone(Refusal):
    """It existed, but was used up or has expired."""

    kind = RefusalKind.GONE


class Unavailable(Refusal):
    """Something outside that must answer does not; nothing was done. ``retry_after`` is in whole seconds."""

    kind = RefusalKind.UNAVAILABLE

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        field: str | None = None,
        cure: dict[str, object] | None = None,
        retry_after: int = 5,
    ) -> None:
        super().__init__(code, detail, field=field, cure=cure)
        self.retry_after = retry_after


class StepUpRequired(Refusal):
    """The act needs a stronger or a more recent authentication (RFC 9470)."""

    kind = RefusalKind.STEP_UP
