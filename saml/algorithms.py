"""Algorithms: the few that are accepted, as the eIDAS cryptographic requirements list them; all others are refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives import hashes

EXCLUSIVE_C14N: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED: Final = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
_MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"
_MORE_2007: Final = "http://www.w3.org/2007/05/xmldsig-more#"
_XENC: Final = "http://www.w3.org/2001/04/xmlenc#"
_XENC11: Final = "http://www.w3.org/2009/xmlenc11#"

Hash = Callable[[], hashes.HashAlgorithm]

DIGESTS: Final[dict[str, Hash]] = {
    f"{_XENC}sha256": hashes.SHA256,
    f"{_MORE}sha384": hashes.SHA384,
    f"{_XENC}sha512": hashes.SHA512,
}
"""Digests of references and of key derivation."""


@dataclass(frozen=True, slots=True)
class SignatureAlgorithm:
    """How a signature is made."""

    key: str
    """`rsa` or `ec`."""
    hash: Hash
    pss: bool = False


SIGNATURES: Final = {
    f"{_MORE_2007}sha256-rsa-MGF1": SignatureAlgorithm("rsa", hashes.SHA256, pss=True),
    f"{_MORE_2007}sha384-rsa-MGF1": SignatureAlgorithm("rsa", hashes.SHA384, pss=True),
    f"{_MORE_2007}sha512-rsa-MGF1": SignatureAlgorithm("rsa", hashes.SHA512, pss=True),
    f"{_MORE}rsa-sha256": SignatureAlgorithm("rsa", hashes.SHA256),
    f"{_MORE}rsa-sha384": SignatureAlgorithm("rsa", hashes.SHA384),
    f"{_MORE}rsa-sha512": SignatureAlgorithm("rsa", hashes.SHA512),
    f"{_MORE}ecdsa-sha256": SignatureAlgorithm("ec", hashes.SHA256),
    f"{_MORE}ecdsa-sha384": SignatureAlgorithm("ec", hashes.SHA384),
    f"{_MORE}ecdsa-sha512": SignatureAlgorithm("ec", hashes.SHA512),
}
RSA_PSS_SHA256: Final = f"{_MORE_2007}sha256-rsa-MGF1"
RSA_SHA256: Final = f"{_MORE}rsa-sha256"
ECDSA_SHA256: Final = f"{_MORE}ecdsa-sha256"
SHA256: Final = f"{_XENC}sha256"

CONTENT_KEY_OCTETS: Final = {
    f"{_XENC11}aes128-gcm": 16,
    f"{_XENC11}aes192-gcm": 24,
    f"{_XENC11}aes256-gcm": 32,
}
"""Ciphers of content, with the length of their keys."""
AES_256_GCM: Final = f"{_XENC11}aes256-gcm"
OAEP_MGF1P: Final = f"{_XENC}rsa-oaep-mgf1p"
OAEP: Final = f"{_XENC11}rsa-oaep"
OAEP_DIGESTS: Final[dict[str, Hash]] = {**DIGESTS, "http://www.w3.org/2000/09/xmldsig#sha1": hashes.SHA1}
"""OAEP does not rest on its hash being free of collisions: SHA-1, its default, is no weakness there (RFC 8017 §8.1)."""
MASKS: Final[dict[str, Hash]] = {
    f"{_XENC11}mgf1sha1": hashes.SHA1,
    f"{_XENC11}mgf1sha256": hashes.SHA256,
    f"{_XENC11}mgf1sha384": hashes.SHA384,
    f"{_XENC11}mgf1sha512": hashes.SHA512,
}
KEY_WRAP_OCTETS: Final = {
    f"{_XENC}kw-aes128": 16,
    f"{_XENC}kw-aes192": 24,
    f"{_XENC}kw-aes256": 32,
}
KW_AES256: Final = f"{_XENC}kw-aes256"
ECDH_ES: Final = f"{_XENC11}ECDH-ES"
CONCAT_KDF: Final = f"{_XENC11}ConcatKDF"
CURVES: Final = {
    "urn:oid:1.2.840.10045.3.1.7": "secp256r1",
    "urn:oid:1.3.132.0.34": "secp384r1",
    "urn:oid:1.3.132.0.35": "secp521r1",
}
