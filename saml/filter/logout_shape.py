"""The shape of messages about the end of a session: SAML 2.0's single log-out, and no more of it than is used."""

from __future__ import annotations

from typing import Final

from saml.filter.response_shape import ISSUER, MESSAGE_SIGNATURE, NAME_ID, STATUS
from saml.filter.shapes import Child, Shape, some
from saml.names import ds, saml, samlp

_EVERY: Final = frozenset({"ID", "Version", "IssueInstant", "Destination"})
MOST_SESSIONS: Final = 20
LOGOUT_REQUEST: Final = Shape(
    required=_EVERY,
    optional=frozenset({"Consent", "NotOnOrAfter", "Reason"}),
    children={
        saml("Issuer"): ISSUER,
        ds("Signature"): MESSAGE_SIGNATURE,
        saml("NameID"): NAME_ID,
        samlp("SessionIndex"): Child(Shape(text=some), least=0, most=MOST_SESSIONS),
    },
)
"""SAML Core §3.7.1; names that are encrypted are not read."""
LOGOUT_RESPONSE: Final = Shape(
    required=_EVERY | {"InResponseTo"},
    optional=frozenset({"Consent"}),
    children={saml("Issuer"): ISSUER, ds("Signature"): MESSAGE_SIGNATURE, samlp("Status"): STATUS},
)
"""SAML Core §3.7.2."""
