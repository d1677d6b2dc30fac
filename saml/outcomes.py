"""Outcomes: what a person is told of a refusal; the exact reason is for the log."""

from __future__ import annotations

from typing import Final

from saml.refusals import SamlRefused

_NOT_BELIEVED: Final = "saml_not_believed"
_TOLD: Final = {
    "denied_by_person": "saml_cancelled",
    "failed_at_provider": "saml_failed_there",
    "provider_error": "saml_failed_there",
    "level_not_offered": "saml_level_not_offered",
    "level_not_configured": "saml_level_not_offered",
    "level_unknown": "saml_level_unknown",
    "level_too_low": "saml_level_too_low",
    "login_too_old": "saml_not_recent",
    "not_begun_here": "saml_not_begun_here",
    "metadata_expired": "saml_unavailable",
    "metadata_unreadable": "saml_unavailable",
    "metadata_incomplete": "saml_unavailable",
    "key_expired": "saml_unavailable",
    "country_off": "saml_unavailable",
    "enterprises_off": "saml_unavailable",
    "attributes_not_offered": "saml_data_missing",
    "mandatory_attribute_missing": "saml_data_missing",
    "person_missing": "saml_data_missing",
    "subject_missing": "saml_data_missing",
    "enterprise_missing": "saml_enterprise_missing",
    "enterprise_unasked": "saml_enterprise_unasked",
    "represents_person": "saml_represents",
    "represents_unclearly": "saml_represents",
    "other_country": "saml_other_country",
    "number_invalid": "saml_number_refused",
}
LOGOUT_REFUSED: Final = "saml_logout_refused"
LOGOUT_UNCONFIRMED: Final = "saml_logout_unconfirmed"
CODES: Final = frozenset({_NOT_BELIEVED, LOGOUT_REFUSED, LOGOUT_UNCONFIRMED, *_TOLD.values()})
"""All that a person can be told."""


def told(refused: SamlRefused) -> tuple[str, str]:
    """The code for the person, and the reason for the log."""
    return _TOLD.get(refused.code, _NOT_BELIEVED), written_out(refused)


def written_out(refused: SamlRefused) -> str:
    """The reason for the log."""
    return f"{refused.code}: {refused.detail}" if refused.detail else refused.code
