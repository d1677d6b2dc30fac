"""Refusals at the authorization endpoint: those that a page tells, and those that go back to the client."""

from __future__ import annotations

from enum import StrEnum


class AuthorizationFault(StrEnum):
    """Error codes of authorization responses.

    Sources: RFC 6749 §4.1.2.1, OpenID Connect Core 1.0 §3.1.2.6, RFC 9101 §6, RFC 9126 §2.3, RFC 9396 §5, RFC 8707 §2,
    OpenID Connect Unmet Authentication Requirements 1.0.
    """

    INVALID_REQUEST = "invalid_request"
    UNAUTHORIZED_CLIENT = "unauthorized_client"
    ACCESS_DENIED = "access_denied"
    UNSUPPORTED_RESPONSE_TYPE = "unsupported_response_type"
    INVALID_SCOPE = "invalid_scope"
    INTERACTION_REQUIRED = "interaction_required"
    LOGIN_REQUIRED = "login_required"
    CONSENT_REQUIRED = "consent_required"
    ACCOUNT_SELECTION_REQUIRED = "account_selection_required"
    INVALID_REQUEST_URI = "invalid_request_uri"
    INVALID_REQUEST_OBJECT = "invalid_request_object"
    REQUEST_NOT_SUPPORTED = "request_not_supported"
    REQUEST_URI_NOT_SUPPORTED = "request_uri_not_supported"
    REGISTRATION_NOT_SUPPORTED = "registration_not_supported"
    INVALID_TARGET = "invalid_target"
    INVALID_AUTHORIZATION_DETAILS = "invalid_authorization_details"
    UNMET_AUTHENTICATION_REQUIREMENTS = "unmet_authentication_requirements"


class AuthorizationRefused(Exception):
    """A request for authorization that is refused, with what the client is told and a stable reason code."""

    def __init__(self, fault: AuthorizationFault, reason: str, description: str) -> None:
        super().__init__(reason)
        self.fault = fault
        self.reason = reason
        self.description = description


class NobodyToTell(AuthorizationRefused):
    """A refusal that a page tells, for no client or no address of its own is known (RFC 6749 §4.1.2.1)."""
