"""Flaws: why a card, a certificate or a token of one is not accepted, and why that may not be known yet."""

from __future__ import annotations

from enum import StrEnum


class Flaw(StrEnum):
    """What is wrong with what was shown; the values are stable reason codes."""

    CHALLENGE = "web_eid_challenge"
    TOKEN_LENGTH = "web_eid_token_length"  # noqa: S105 - a reason code
    TOKEN_MALFORMED = "web_eid_token_malformed"  # noqa: S105
    TOKEN_FORMAT = "web_eid_token_format"  # noqa: S105
    ALGORITHM = "web_eid_algorithm"
    SIGNATURE = "web_eid_signature"
    NOT_SHOWN = "certificate_not_shown"
    NOT_TAKEN = "certificate_not_taken"
    MALFORMED = "certificate_malformed"
    NOT_YET_VALID = "certificate_not_yet_valid"
    EXPIRED = "certificate_expired"
    PURPOSE = "certificate_purpose"
    POLICY = "certificate_policy"
    UNTRUSTED = "certificate_untrusted"
    WEAK = "certificate_weak"
    REVOKED = "certificate_revoked"
    STATUS_UNKNOWN = "certificate_status_unknown"
    SUBJECT = "certificate_subject"


class CardRefused(Exception):
    """What was shown proves nobody; `detail` is for the log and repeats nothing of the certificate's subject."""

    def __init__(self, flaw: Flaw, detail: str) -> None:
        super().__init__(f"{flaw}: {detail}")
        self.flaw = flaw
        self.detail = detail


class StatusNotKnown(Exception):
    """No trustworthy answer tells at the moment whether the certificate is revoked: nobody is let in by it."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail
