"""Challenges: the answers 401 and 403, and the header that tells a client what to come back with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from iam.web.problems import Problem, ProblemType

REALM: Final = "procura"
DPOP_ALGORITHMS: Final = "ES256 PS256"
"""With which proofs of possession may be signed."""


def no_access_token() -> Problem:
    """401: the request carries no access token (RFC 6750 §3.1: then the challenge names no error)."""
    return Problem(
        type=ProblemType.NO_ACCESS_TOKEN,
        code="no_access_token",
        detail="Send an access token in the header Authorization: Bearer.",
        headers=_bearer(),
    )


def invalid_access_token(code: str, detail: str = "The access token is not valid here.") -> Problem:
    """401: the token is malformed, revoked, of another issuer or for another audience (RFC 6750 §3.1)."""
    headers = _bearer(error="invalid_token", error_description="The access token is invalid")
    return Problem(type=ProblemType.INVALID_ACCESS_TOKEN, code=code, detail=detail, headers=headers)


def expired_access_token() -> Problem:
    """401: the token was good until its end (RFC 6750 §3.1)."""
    return Problem(
        type=ProblemType.EXPIRED_ACCESS_TOKEN,
        code="access_token_expired",
        detail="The access token has expired: obtain a new one.",
        headers=_bearer(error="invalid_token", error_description="The access token expired"),
    )


def dpop_refused(code: str, detail: str, nonce: str) -> Problem:
    """401: the token is bound to a key, and the proof is missing, not good, or without our nonce (RFC 9449 §7.1, §9).

    ``nonce`` is the one with which the proof is to be made anew; empty where something else is wrong.
    """
    error = "use_dpop_nonce" if nonce else "invalid_dpop_proof"
    told = _challenge("DPoP", error=error, error_description=detail, algs=DPOP_ALGORITHMS)
    headers = told | ({"DPoP-Nonce": nonce} if nonce else {})
    return Problem(type=ProblemType.INVALID_ACCESS_TOKEN, code=code, detail=detail, headers=headers)


def missing_scope(required: Sequence[str]) -> Problem:
    """403: the token does not carry the ``required`` scopes (RFC 6750 §3.1)."""
    return Problem(
        type=ProblemType.MISSING_SCOPE,
        code="missing_scope",
        detail="The access token does not carry the scope that this operation needs.",
        members={"requiredScopes": list(required)},
        headers=_bearer(error="insufficient_scope", scope=" ".join(required)),
    )


def missing_permission(reason: str, detail: str, cure: Mapping[str, object] | None = None) -> Problem:
    """403: the caller may not do this to that resource, which is no matter of scopes.

    ``cure`` is what would lift the refusal; the ``rules`` in it that decided are told beside it.
    """
    told: dict[str, object] = {"reason": reason, **_cure_and_rules(cure or {})}
    return Problem(type=ProblemType.MISSING_PERMISSION, code=reason, detail=detail, members=told)


def step_up(reason: str, detail: str, cure: Mapping[str, object] | None = None) -> Problem:
    """401: the person must authenticate again, more strongly or more recently (RFC 9470 §3).

    The challenge names the level and the age in seconds that the cure asks for: its ``acr`` and ``max_age``.
    """
    told = cure or {}
    level, max_age = told.get("acr"), told.get("max_age")
    wanted = {"acr_values": level} if isinstance(level, str) else {}
    if isinstance(max_age, int):
        wanted["max_age"] = str(max_age)
    headers = _bearer(error="insufficient_user_authentication", error_description=detail, **wanted)
    members: dict[str, object] = {"reason": reason, **_cure_and_rules(told)}
    return Problem(type=ProblemType.STEP_UP, code=reason, detail=detail, members=members, headers=headers)


def _cure_and_rules(cure: Mapping[str, object]) -> dict[str, object]:
    """Tell the rules apart from the cure they came with; without either, tell neither."""
    lifting = {name: value for name, value in cure.items() if name != "rules"}
    told: dict[str, object] = {"rules": cure["rules"]} if "rules" in cure else {}
    return told | ({"cure": lifting} if lifting else {})


def _bearer(**parameters: str) -> dict[str, str]:
    return _challenge("Bearer", **parameters)


def _challenge(scheme: str, **parameters: str) -> dict[str, str]:
    """Write a challenge (RFC 9110 §11.6.1); a value is shorn of what could end its quotation."""
    told = {"realm": REALM, **parameters}
    written = ", ".join(f'{name}="{_quotable(value)}"' for name, value in told.items())
    return {"WWW-Authenticate": f"{scheme} {written}"}


def _quotable(value: str) -> str:
    return "".join(c for c in value if " " <= c <= "~" and c not in '"\\')
