"""DPoP: a proof, made for one request, that the sender holds the private half of the key it shows (RFC 9449)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from joserfc.jwk import RSAKey

from iam.domain.clients import ProvenKey
from iam.ports import Clock
from oidc import base64url, jose
from oidc.jws_reading import UnverifiedJws, read_header, read_payload, take_apart
from oidc.provider.dpop_nonces import DpopNonces
from oidc.registered_claims import check_types
from oidc.verification_keys import UnusableKey, VerificationKey
from oidc.weak_rsa import has_close_factors, has_roca_fingerprint, has_small_factor

ALGORITHMS: Final = ("ES256", "PS256")
TYPE: Final = "dpop+jwt"
MAX_CHARS: Final = 8_192
MAX_URI_CHARS: Final = 2_048
MAX_AGE: Final = timedelta(seconds=60)
MAX_AHEAD: Final = timedelta(seconds=10)
REFUSED_MEMBERS: Final = frozenset({"crit", "b64", "enc", "zip", "jku", "x5u", "x5c"})
"""Header members that change what a signature means, or bring a key by another way."""
MOST_KEYS: Final = 1_024
"""Keys of proofs that are kept as they were read."""
MOST_ADDRESSES: Final = 64
"""Addresses of ours that are kept as they were read."""
_PORTS: Final = {"https": 443, "http": 80}


class DpopRefused(Exception):
    """A proof that is missing or not good; `nonce` is set where a new proof with that nonce is all that is wanted."""

    def __init__(self, reason: str, detail: str, *, nonce: str = "") -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.nonce = nonce


class DpopProofs:
    """Judges proofs; using one up is for who acts on it (`iam.services.client_proofs`)."""

    def __init__(self, nonces: DpopNonces, clock: Clock) -> None:
        self.nonces = nonces
        self._clock = clock

    def prove(self, sent: str, method: str, url: str, *, token: str | None = None) -> ProvenKey:
        """The key behind the header `DPoP` of a request (RFC 9449 §4.3), in these steps:

        (1) there is one proof, as several are joined by commas; it is no longer than `MAX_CHARS`: a compact JWS of
            strict JSON, with nothing in its header that changes its meaning;
        (2) `typ` is `dpop+jwt` and `alg` one of ours;
        (3) `jwk` is a public key that a client might also register, and fits `alg`;
        (4) the signature is that key's;
        (5) `jti`, `htm`, `htu` and `iat` are there; `htm` is the method and `htu` the address, without query and
            fragment, of this request;
        (6) it was made just now: at most `MAX_AGE` ago, `MAX_AHEAD` ahead; `exp` and `nbf` allow it, if it has them;
        (7) with an access token, `ath` is that token's hash (§4.2);
        (8) `nonce` is one that we handed out a moment ago (§8, §9).

        A proof that is wrong in itself is refused before a nonce is asked for. Raises DpopRefused.
        """
        if "," in sent:  # (1)
            raise DpopRefused("dpop_repeated", "Send the header DPoP once.")
        try:
            jws = take_apart(sent, MAX_CHARS)  # (1)
            alg = _check_header(jws.header)  # (1) (2)
            key = _key(jws.sent_header, alg)  # (3)
            claims = _signed(jws, alg, key)  # (4)
            jti = jose.text_claim(claims, "jti")  # (5)
            _check_request(claims, method, url)
            self._check_times(claims)  # (6)
            if token is not None:
                _check_token(claims, token)  # (7)
        except jose.InvalidToken as fault:
            raise DpopRefused(f"dpop_{fault.code}", f"DPoP proof: {fault.detail}.") from None
        self._check_nonce(claims)  # (8)
        thumbprint = key.kid
        return ProvenKey(
            binding=f"jkt:{thumbprint}",
            fingerprint=hashlib.sha256(f"{thumbprint}\0{jti}".encode()).hexdigest(),
            expires_at=self._clock.now() + MAX_AGE + 2 * MAX_AHEAD,
        )

    def _check_times(self, claims: Mapping[str, object]) -> None:
        now, made = self._clock.now(), jose.time_claim(claims, "iat")
        ends, begins = jose.time_claim(claims, "exp"), jose.time_claim(claims, "nbf")
        if made is None:
            raise jose.InvalidToken(jose.TokenFault.CLAIM_MISSING, "iat is required")
        if made > now + MAX_AHEAD:
            raise jose.InvalidToken(jose.TokenFault.ISSUED_IN_FUTURE, "iat lies in the future")
        if made < now - MAX_AGE or (ends is not None and ends <= now):
            raise jose.InvalidToken(jose.TokenFault.EXPIRED, "the proof is not of this moment")
        if begins is not None and begins > now + MAX_AHEAD:
            raise jose.InvalidToken(jose.TokenFault.NOT_YET_VALID, "the proof is not valid yet")

    def _check_nonce(self, claims: Mapping[str, object]) -> None:
        nonce = claims.get("nonce")
        if not isinstance(nonce, str) or not self.nonces.good(nonce):
            detail = "Make the proof anew with the nonce of the header DPoP-Nonce."
            raise DpopRefused("dpop_nonce_needed", detail, nonce=self.nonces.current())


def _check_header(header: Mapping[str, object]) -> str:
    """The algorithm of a header that may be a proof's."""
    if REFUSED_MEMBERS & header.keys():
        raise jose.InvalidToken(jose.TokenFault.HEADER_MEMBER_REFUSED, "the header holds what no proof may")
    alg = header.get("alg")
    if alg not in ALGORITHMS:
        raise jose.InvalidToken(jose.TokenFault.ALGORITHM_REFUSED, f"alg must be one of {', '.join(ALGORITHMS)}")
    if header.get("typ") != TYPE:
        raise jose.InvalidToken(jose.TokenFault.TYPE_REFUSED, f"typ must be {TYPE}")
    return str(alg)


def _key(sent_header: bytes, alg: str) -> VerificationKey:
    """The public key of a proof, named by its thumbprint, held to what a client may register (`oidc.client_keys`)."""
    try:
        key = _known_key(sent_header)
    except UnusableKey as fault:
        raise jose.InvalidToken(jose.TokenFault.KEY_MISMATCH, f"jwk: {fault}") from None
    if not key.fits(alg):
        raise jose.InvalidToken(jose.TokenFault.KEY_MISMATCH, "the key is not for that algorithm")
    if isinstance(key.parsed, RSAKey) and _breakable(key.parsed.public_key.public_numbers().n):
        raise jose.InvalidToken(jose.TokenFault.KEY_MISMATCH, "jwk: the RSA modulus can be factored")
    return key


@lru_cache(maxsize=MOST_KEYS)
def _known_key(sent_header: bytes) -> VerificationKey:
    """The key that a header shows, as it was read: clients prove the same key again and again. Raises UnusableKey."""
    jwk = read_header(sent_header).get("jwk")
    named = {name: value for name, value in jwk.items() if name != "kid"} if isinstance(jwk, Mapping) else jwk
    return VerificationKey.from_jwk(named)


def _breakable(modulus: int) -> bool:
    return has_roca_fingerprint(modulus) or has_small_factor(modulus) or has_close_factors(modulus)


def _signed(jws: UnverifiedJws, alg: str, key: VerificationKey) -> Mapping[str, object]:
    jose.check_signature(jws, alg, key)
    claims = read_payload(jws.payload)
    check_types(claims)
    return claims


def _check_request(claims: Mapping[str, object], method: str, url: str) -> None:
    if jose.text_claim(claims, "htm") != method:
        raise jose.InvalidToken(jose.TokenFault.WRONG_AUDIENCE, "htm is not the method of this request")
    told = claims.get("htu")
    if not isinstance(told, str) or not 0 < len(told) <= MAX_URI_CHARS:
        raise jose.InvalidToken(jose.TokenFault.CLAIM_MISSING, "htu must be the address of the request")
    ours = _own_address(url)
    if told != url and _address(told) != ours:
        raise jose.InvalidToken(jose.TokenFault.WRONG_AUDIENCE, "htu is not the address of this request")


def _check_token(claims: Mapping[str, object], token: str) -> None:
    known = base64url.encode(hashlib.sha256(token.encode()).digest())
    if not hmac.compare_digest(jose.text_claim(claims, "ath").encode(), known):
        raise jose.InvalidToken(jose.TokenFault.WRONG_AUDIENCE, "ath is not the hash of the access token")


@lru_cache(maxsize=MOST_ADDRESSES)
def _own_address(url: str) -> tuple[str, str, int, str]:
    """As `_address`, for an address at which we are asked."""
    return _address(url)


def _address(url: str) -> tuple[str, str, int, str]:
    """Scheme, host, port and path of an address, without what does not tell two apart (RFC 3986 §6.2.2, §6.2.3)."""
    try:
        parts: SplitResult = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise jose.InvalidToken(jose.TokenFault.CLAIM_MALFORMED, "htu is not an address") from None
    if "@" in parts.netloc or not host or not url.isascii() or not url.isprintable() or "\\" in url:
        raise jose.InvalidToken(jose.TokenFault.CLAIM_MALFORMED, "htu is not an address")
    return parts.scheme, host, port or _PORTS.get(parts.scheme, 0), unquote(parts.path) or "/"
