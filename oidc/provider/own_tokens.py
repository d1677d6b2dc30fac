"""Our own access tokens, recognised by our own keys: the signature's part of every judgement about them."""

from __future__ import annotations

from typing import Final

from oidc import jose
from oidc.provider.access_tokens import TYPE
from oidc.provider.live_keys import SigningKeys
from oidc.signing_keys import SIGNING_ALGORITHMS

_ALGORITHMS: Final = frozenset(SIGNING_ALGORITHMS)


class OwnTokens:
    """Recognises access tokens that we issued."""

    def __init__(self, issuer: str, keys: SigningKeys) -> None:
        self._issuer = issuer
        self._keys = keys

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
        """The id of a token of ours, expired or not; None for everything else."""
        try:
            return jose.text_claim(self.verify(token).claims, "jti")
        except jose.InvalidToken:
            return None

    def _signature(self, token: str) -> jose.Verified:
        return jose.verify(token, keys=self._keys.verifying(), algorithms=_ALGORITHMS, typ=TYPE)
