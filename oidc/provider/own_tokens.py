"""Our own access tokens, recognised by our own keys: the signature's part of every judgement about them."""

from __future__ import annotations

import hashlib
from typing import Final

from oidc import jose
from oidc.provider.access_tokens import TYPE
from oidc.provider.live_keys import SigningKeys
from oidc.signing_keys import SIGNING_ALGORITHMS
from oidc.verification_keys import KeySet

_ALGORITHMS: Final = frozenset(SIGNING_ALGORITHMS)
MOST_REMEMBERED: Final = 10_000
"""Tokens whose ids are remembered at most; then all are forgotten, which threads do in one step."""


class OwnTokens:
    """Recognises access tokens that we issued."""

    def __init__(self, issuer: str, keys: SigningKeys) -> None:
        self._issuer = issuer
        self._keys = keys
        self._memory: tuple[KeySet, dict[bytes, str]] = KeySet(()), {}
        """The ids of tokens, by their hashes, that these very keys verified."""

    def verify(self, token: str) -> jose.Verified:
        """What we said in a token: signed with one of our published keys, typed `at+jwt`, issued by us.

        A key that is not in the ring is looked for once more, since another process may have published it. Times and
        audience are for the caller to judge. Raises `InvalidToken`.
        """
        try:
            verified = self._signature(token)
        except jose.InvalidToken as fault:
            if fault.code is not jose.TokenFault.KEY_UNKNOWN or not self._keys.look_again():
                raise
            verified = self._signature(token)
        jose.check_issuer(verified.claims, self._issuer)
        return verified

    def jti(self, token: str) -> str | None:
        """The id of a token of ours, expired or not; None for everything else.

        A token is verified once, and known by its hash for as long as the keys that verify are the same.
        """
        fingerprint = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        keys = self._keys.verifying()
        held = self._memory
        known = held[1].get(fingerprint) if held[0] is keys else None
        if known is not None:
            return known
        try:
            jti = jose.text_claim(self.verify(token).claims, "jti")
        except jose.InvalidToken:
            return None
        self._remember(keys, fingerprint, jti)
        return jti

    def _remember(self, keys: KeySet, fingerprint: bytes, jti: str) -> None:
        held = self._memory
        if held[0] is not keys or len(held[1]) >= MOST_REMEMBERED:
            held = self._memory = keys, {}
        if keys is self._keys.verifying():  # as before the token was verified, so that these keys did it
            held[1][fingerprint] = jti

    def _signature(self, token: str) -> jose.Verified:
        return jose.verify(token, keys=self._keys.verifying(), algorithms=_ALGORITHMS, typ=TYPE)
