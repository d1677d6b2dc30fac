"""The one refusal of a signed token, and the closed list of reasons for it."""

from enum import StrEnum


class TokenFault(StrEnum):
    """Why a signed token is refused."""

    TOO_LONG = "too_long"
    NOT_COMPACT = "not_compact"
    ENCRYPTED = "encrypted"
    NOT_ENCRYPTED = "not_encrypted"
    NOT_DECRYPTED = "not_decrypted"
    NOT_BASE64URL = "not_base64url"
    MALFORMED_HEADER = "malformed_header"
    HEADER_MEMBER_REFUSED = "header_member_refused"
    ALGORITHM_REFUSED = "algorithm_refused"
    TYPE_REFUSED = "type_refused"
    KEY_NOT_NAMED = "key_not_named"
    KEY_UNKNOWN = "key_unknown"
    KEY_MISMATCH = "key_mismatch"
    MALFORMED_SIGNATURE = "malformed_signature"
    WRONG_SIGNATURE = "wrong_signature"
    MALFORMED_PAYLOAD = "malformed_payload"
    CLAIM_MISSING = "claim_missing"
    CLAIM_MALFORMED = "claim_malformed"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    ISSUED_IN_FUTURE = "issued_in_future"
    LIVES_TOO_LONG = "lives_too_long"
    WRONG_AUDIENCE = "wrong_audience"
    WRONG_ISSUER = "wrong_issuer"


class InvalidToken(Exception):
    """A signed token that is not believed; `detail` helps its sender and never repeats what was sent."""

    def __init__(self, code: TokenFault, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
