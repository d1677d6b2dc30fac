"""Public keys that verify signatures: read from JWKs once, chosen by name, held to their algorithm."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, Final, Self

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from iam.web import strict_json
from oidc import base64url
from oidc.invalid_token import InvalidToken, TokenFault

KEY_TYPES: Final[Mapping[str, str]] = {"ES256": "EC", "PS256": "RSA", "RS256": "RSA"}
"""The signature algorithms of this house, each with the key type it takes (RFC 7518 §3.1)."""

PRIVATE_MEMBERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
MAX_KEYS: Final = 20
MAX_KID_CHARS: Final = 255
RSA_BITS: Final = (2048, 8192)
P256_OCTETS: Final = 32


class UnusableKey(Exception):
    """A JWK or key set that this house does not verify with; the message says which rule it breaks."""


class P256Key(ECKey):
    """A key on P-256, asked once for what it may be used, which does not change, and not before each signature."""

    curve_key_size = 256

    def get_op_key(self, operation: str) -> Any:
        """The native key for an operation (RFC 7517 §4.3). Raises JoseError for one that it is not for."""
        native = self._ready.get(operation)
        if native is None:
            native = self._ready[operation] = super().get_op_key(operation)  # type: ignore[call-overload]
        return native

    @cached_property
    def _ready(self) -> dict[str, object]:
        return {}


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """One public key; its parsed form is made once and kept with it."""

    kid: str
    kty: str
    alg: str | None
    """The only algorithm the key may be used with, or None when it does not say."""
    public_jwk: Mapping[str, object] = field(hash=False)
    """The canonical members: those of its type, then `use`, `kid` and `alg` where given."""
    parsed: ECKey | RSAKey = field(repr=False, compare=False)

    @classmethod
    def from_jwk(cls, jwk: object) -> Self:
        """Read one public JWK (RFC 7517 §4, RFC 7518 §6); without a `kid` it is named by its RFC 7638 thumbprint.

        Taken are EC keys on P-256 and RSA keys of 2048 to 8192 bits with an odd exponent from 65537 up, for signatures
        only. Raises `UnusableKey`.
        """
        if not isinstance(jwk, Mapping):
            raise UnusableKey("a key must be a JSON object")
        if PRIVATE_MEMBERS & jwk.keys():
            raise UnusableKey("a key must not carry private or symmetric members")
        members = _ec_members(jwk) if jwk.get("kty") == "EC" else _rsa_members(jwk)
        alg = _purpose(jwk, members["kty"])
        parsed = _parse(members)
        kid = jwk.get("kid", parsed.thumbprint())
        if not isinstance(kid, str) or not 0 < len(kid) <= MAX_KID_CHARS:
            raise UnusableKey(f"kid must be a string of 1 to {MAX_KID_CHARS} characters")
        public = {**members, "use": "sig", "kid": kid} | ({} if alg is None else {"alg": alg})
        return cls(kid, members["kty"], alg, public, parsed)

    def fits(self, alg: str) -> bool:
        """Whether the key may verify signatures of an algorithm."""
        return KEY_TYPES.get(alg) == self.kty and self.alg in (None, alg)

    @property
    def signature_octets(self) -> int:
        """The exact length of this key's signatures."""
        return 2 * P256_OCTETS if self.kty == "EC" else (self.parsed.public_key.key_size + 7) // 8


@dataclass(frozen=True)
class KeySet:
    """The keys one signer may use, each under its own name."""

    keys: tuple[VerificationKey, ...]

    def __post_init__(self) -> None:
        if len(self._by_kid) != len(self.keys):
            raise UnusableKey("two keys of a set have the same kid")

    @cached_property
    def _by_kid(self) -> Mapping[str, VerificationKey]:
        return {key.kid: key for key in self.keys}

    @classmethod
    def from_jwks(cls, document: object) -> Self:
        """Read a JWK Set (RFC 7517 §5); one unusable key makes the whole set unusable. Raises `UnusableKey`."""
        keys = document.get("keys") if isinstance(document, Mapping) else None
        if not isinstance(keys, list):
            raise UnusableKey("a key set is a JSON object with a list named keys")
        if len(keys) > MAX_KEYS:
            raise UnusableKey(f"a key set holds at most {MAX_KEYS} keys")
        return cls(tuple(VerificationKey.from_jwk(key) for key in keys))

    def select(self, kid: str | None) -> VerificationKey:
        """The key of that name; without a name the only key of the set. Raises `InvalidToken`."""
        if kid is None and len(self.keys) == 1:
            return self.keys[0]
        if kid is None:
            raise InvalidToken(TokenFault.KEY_NOT_NAMED, "the header must name its key by kid")
        if kid not in self._by_kid:
            raise InvalidToken(TokenFault.KEY_UNKNOWN, "the signer has no key of that kid")
        return self._by_kid[kid]


@lru_cache(maxsize=1024)
def read_key_set(text: str) -> KeySet:
    """Read a JWK Set from its JSON text, remembering the parsed keys by that very text.

    Keys for encryption that stand beside play no part. Raises `UnusableKey` and `iam.web.strict_json.MalformedJson`.
    """
    document = strict_json.loads(text.encode())
    keys = document.get("keys") if isinstance(document, dict) else None
    if isinstance(keys, list):
        document = {"keys": [key for key in keys if not (isinstance(key, dict) and key.get("use") == "enc")]}
    return KeySet.from_jwks(document)


def _purpose(jwk: Mapping[object, object], kty: str) -> str | None:
    if jwk.get("use", "sig") != "sig" or jwk.get("key_ops", ["verify"]) != ["verify"]:
        raise UnusableKey('a key must be for signatures: use "sig", key_ops ["verify"]')
    if "alg" not in jwk:
        return None
    for alg, key_type in KEY_TYPES.items():
        if jwk["alg"] == alg and key_type == kty:
            return alg
    raise UnusableKey(f"alg must be one of {', '.join(KEY_TYPES)} and fit the key type")


def _ec_members(jwk: Mapping[object, object]) -> dict[str, str]:
    if jwk.get("crv") != "P-256":
        raise UnusableKey("an EC key must be on the curve P-256")
    for name in ("x", "y"):
        if len(_octets(jwk, name)) != P256_OCTETS:
            raise UnusableKey(f"{name} must be {P256_OCTETS} octets")
    return {"crv": "P-256", "kty": "EC", "x": str(jwk["x"]), "y": str(jwk["y"])}


def _rsa_members(jwk: Mapping[object, object]) -> dict[str, str]:
    if jwk.get("kty") != "RSA":
        raise UnusableKey("a key must be of type EC or RSA")
    modulus, exponent = _octets(jwk, "n"), _octets(jwk, "e")
    if modulus[:1] in (b"", b"\0") or exponent[:1] in (b"", b"\0"):
        raise UnusableKey("n and e must be positive, without leading zero octets")
    n, e = int.from_bytes(modulus, "big"), int.from_bytes(exponent, "big")
    if not RSA_BITS[0] <= n.bit_length() <= RSA_BITS[1] or n % 2 == 0:
        raise UnusableKey(f"an RSA modulus must be odd, of {RSA_BITS[0]} to {RSA_BITS[1]} bits")
    if not 2**16 < e < 2**32 or e % 2 == 0:
        raise UnusableKey("an RSA exponent must be odd, from 65537 up to 32 bits")
    return {"e": str(jwk["e"]), "kty": "RSA", "n": str(jwk["n"])}


def _octets(jwk: Mapping[object, object], name: str) -> bytes:
    text = jwk.get(name)
    if not isinstance(text, str) or len(text) > RSA_BITS[1] // 6 + 1:
        raise UnusableKey(f"{name} must be a base64url string of the right length")
    try:
        return base64url.decode(text.encode("ascii"))
    except ValueError:
        raise UnusableKey(f"{name} must be canonical base64url") from None


def _parse(members: dict[str, str]) -> ECKey | RSAKey:
    try:
        return P256Key.import_key({**members}) if members["kty"] == "EC" else RSAKey.import_key({**members})
    except (JoseError, ValueError):
        raise UnusableKey("the key's numbers are not a point of the curve or an RSA key") from None
