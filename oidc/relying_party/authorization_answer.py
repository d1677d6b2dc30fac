"""The authorization answer: what the browser brings back from the provider, read strictly."""

from __future__ import annotations

from typing import Final

from werkzeug.datastructures import MultiDict

from oidc.relying_party.discovery import ProviderMetadata
from oidc.relying_party.faults import LoginFailed, LoginFault

MAX_CODE_CHARS: Final = 2_048
MAX_STATE_CHARS: Final = 255
REFUSALS: Final = frozenset({"access_denied", "login_required", "interaction_required", "consent_required"})
"""Errors by which a provider says that the person did not, or would not, log in (RFC 6749 §4.1.2.1, OpenID Connect)."""
_READ: Final = ("state", "code", "error", "iss")


def returned_state(arguments: MultiDict[str, str]) -> str:
    """The `state` of an answer. LoginFailed when it is not there, or a parameter that is read stands twice."""
    if any(len(arguments.getlist(name)) > 1 for name in _READ):
        raise LoginFailed(LoginFault.NOT_BEGUN_HERE, "a parameter of the answer stands twice")
    state = arguments.get("state", "")
    if not 0 < len(state) <= MAX_STATE_CHARS:
        raise LoginFailed(LoginFault.NOT_BEGUN_HERE, "the answer has no state")
    return state


def returned_code(arguments: MultiDict[str, str], metadata: ProviderMetadata) -> str:
    """The code of an answer whose state is ours, in these steps:

    (1) `iss` is this provider's issuer, character for character: it must be there where the metadata say so, and may
        never be another's (RFC 9207 §2.4);
    (2) it is no error, which may say that the person declined;
    (3) there is one code.

    Raises LoginFailed; no code has been sent anywhere then.
    """
    issuer = arguments.get("iss")
    if issuer != metadata.issuer and (issuer is not None or metadata.names_itself):  # (1)
        raise LoginFailed(LoginFault.NOT_BELIEVED, "the answer is not of this issuer")
    error = arguments.get("error")
    if error in REFUSALS:  # (2)
        raise LoginFailed(LoginFault.CANCELLED, f"the provider says {error}")
    if error is not None:
        raise LoginFailed(LoginFault.UNAVAILABLE, "the provider answers with an error")
    code = arguments.get("code", "")
    if not 0 < len(code) <= MAX_CODE_CHARS:  # (3)
        raise LoginFailed(LoginFault.NOT_BELIEVED, "the answer has no code")
    return code
