"""Why a login at an OpenID Provider comes to nothing: the closed list of reasons that people are told."""

from __future__ import annotations

from enum import StrEnum


class LoginFault(StrEnum):
    """The reason codes that this door hands to `Hall.turned_away`."""

    CANCELLED = "oidc_cancelled"
    """The person, or the provider for them, said no."""
    NOT_BEGUN_HERE = "oidc_not_begun_here"
    """Another browser began it, it was finished before, or it took too long."""
    UNAVAILABLE = "oidc_unavailable"
    """The provider does not answer, or not as it should."""
    NOT_BELIEVED = "oidc_not_believed"
    """What the provider said does not stand up to what must be checked."""
    LEVEL_NOT_OFFERED = "oidc_level_not_offered"
    """No level of this provider is enough for what is asked."""
    LEVEL_UNKNOWN = "oidc_level_unknown"
    """The provider named a level that the configuration does not know."""
    LEVEL_TOO_LOW = "oidc_level_too_low"
    """The login reached less than was asked."""
    NOT_RECENT = "oidc_not_recent"
    """The person was asked to show the key anew, and did not."""
    NUMBER_REFUSED = "oidc_number_refused"
    """The number that was told is not one, or contradicts the country that was told."""


class LoginFailed(Exception):
    """A login that comes to nothing; `detail` is for the log and repeats nothing of what was sent."""

    def __init__(self, fault: LoginFault, detail: str) -> None:
        super().__init__(f"{fault}: {detail}")
        self.fault = fault
        self.detail = detail
