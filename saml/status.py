"""Status: why an identity provider gives no assertion, as far as a person should be told."""

from __future__ import annotations

from typing import Final

from lxml import etree

from saml.names import samlp
from saml.refusals import SamlRefused

_STATUS: Final = "urn:oasis:names:tc:SAML:2.0:status:"
SUCCESS: Final = f"{_STATUS}Success"
_REASONS: Final = {
    f"{_STATUS}RequestDenied": "denied_by_person",
    f"{_STATUS}AuthnFailed": "failed_at_provider",
    f"{_STATUS}NoAuthnContext": "level_not_offered",
    f"{_STATUS}InvalidAttrNameOrValue": "attributes_not_offered",
    f"{_STATUS}NoPassive": "failed_at_provider",
}


def check_status(response: etree._Element) -> None:
    """Go on only after a success (SAML Core §3.2.2.2; second-level codes as eIDAS Message Format §3 uses them).

    Raises:
        SamlRefused: `denied_by_person`, `failed_at_provider`, `level_not_offered`, `attributes_not_offered`,
            `provider_error`.
    """
    code = response.find(f"{samlp('Status')}/{samlp('StatusCode')}")
    first = "" if code is None else code.get("Value")
    second = None if code is None else code.find(samlp("StatusCode"))
    if first == SUCCESS and second is None:
        return
    raise SamlRefused(_REASONS.get((second.get("Value") or "") if second is not None else "", "provider_error"))
