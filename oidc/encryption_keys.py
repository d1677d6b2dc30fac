"""Public keys to which answers are encrypted: read from the JWKs of a client, apart from those that verify."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Self

from joserfc.jwk import ECKey, RSAKey

from iam.services.client_metadata_rules import KEY_MANAGEMENT
from iam.web import strict_json
from oidc.verification_keys import MAX_KEYS, PRIVATE_MEMBERS, UnusableKey, VerificationKey


@dataclass(frozen=True, slots=True)
class EncryptionKey:
    """One public key of a client's, for encryption alone."""

    kid: str
    kty: str
    alg: str | None
    """The only key management that it serves, or None when it does not say."""
    public_jwk: Mapping[str, object] = field(hash=False)
    parsed: ECKey | RSAKey = field(repr=False, compare=False)

    @classmethod
    def from_jwk(cls, jwk: Mapping[object, object]) -> Self:
        """Read one public JWK with `use` `enc`, held to the same curves and lengths as keys that verify.

        Raises `UnusableKey`.
        """
        if PRIVATE_MEMBERS & jwk.keys():
            raise UnusableKey("a key must not carry private or symmetric members")
        if not encrypts(jwk) or "key_ops" in jwk:
            raise UnusableKey('a key for encryption says so by use "enc", without key_ops')
        alg = jwk.get("alg")
        plain = {name: value for name, value in jwk.items() if name not in ("use", "alg")}
        read = VerificationKey.from_jwk(plain)
        if alg is not None and KEY_MANAGEMENT.get(str(alg)) != read.kty:
            raise UnusableKey(f"alg must be one of {', '.join(KEY_MANAGEMENT)} and fit the key type")
        public = {**read.public_jwk, "use": "enc"} | ({} if alg is None else {"alg": str(alg)})
        return cls(read.kid, read.kty, None if alg is None else str(alg), public, read.parsed)

    def fits(self, alg: str) -> bool:
        """Whether content keys may be sent to it by a key management."""
        return KEY_MANAGEMENT.get(alg) == self.kty and self.alg in (None, alg)


def encrypts(jwk: object) -> bool:
    """Whether a JWK says that it is for encryption."""
    return isinstance(jwk, Mapping) and jwk.get("use") == "enc"


@lru_cache(maxsize=256)
def read_encryption_keys(text: str) -> tuple[EncryptionKey, ...]:
    """The keys for encryption of a JWK Set, from its JSON text; others are passed over.

    Raises `UnusableKey` and `iam.web.strict_json.MalformedJson`.
    """
    document = strict_json.loads(text.encode())
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list) or len(keys) > MAX_KEYS:
        raise UnusableKey(f"a key set is a JSON object with a list named keys, of at most {MAX_KEYS}")
    return tuple(EncryptionKey.from_jwk(key) for key in keys if encrypts(key))
