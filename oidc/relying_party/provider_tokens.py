"""Tokens that a provider made for us: decrypted where that was agreed, and verified with the provider's own keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from oidc import jose
from oidc.encrypted_tokens import decrypt
from oidc.relying_party.known_providers import KnownProviders
from oidc.relying_party.own_keys import RelyingPartyKeys
from oidc.relying_party.registration import Registration

MAX_CHARS: Final = 65_536


@dataclass(frozen=True, slots=True)
class ProviderToken:
    """A token whose signature is the provider's; its claims are still to be judged."""

    signed: str
    """The compact token itself, decrypted."""
    verified: jose.Verified


class ProviderTokens:
    """Opens and verifies tokens of providers."""

    def __init__(self, providers: KnownProviders, keys: RelyingPartyKeys) -> None:
        self._providers = providers
        self._keys = keys

    def opened(self, registration: Registration, token: str, types: frozenset[str]) -> ProviderToken:
        """A token as the registration agrees upon: encrypted or not, never the other; then signed by the provider.

        A key that is not among the provider's is looked for once more, since it may have been published lately.
        Raises InvalidToken; LoginFailed (`oidc_unavailable`).
        """
        if not registration.encrypted:
            return self._verified(registration, token, types)
        return self._verified(registration, self._decrypted(registration, token), types)

    def opened_in_the_clear(self, registration: Registration, token: str, types: frozenset[str]) -> ProviderToken:
        """As `opened`, for tokens that a provider may leave unencrypted though it encrypts others (logout tokens)."""
        if token.count(".") == 2:
            return self._verified(registration, token, types)
        return self._verified(registration, self._decrypted(registration, token), types)

    def _decrypted(self, registration: Registration, token: str) -> str:
        return decrypt(token, keys=self._keys.decrypting(), encryptions=registration.encryptions)

    def _verified(self, registration: Registration, signed: str, types: frozenset[str]) -> ProviderToken:
        try:
            return ProviderToken(signed, _verified(registration, signed, types, self._providers.keys(registration)))
        except jose.InvalidToken as fault:
            if fault.code is not jose.TokenFault.KEY_UNKNOWN:
                raise
        return ProviderToken(signed, _verified(registration, signed, types, self._providers.keys_anew(registration)))


def _verified(registration: Registration, signed: str, types: frozenset[str], keys: jose.KeySet) -> jose.Verified:
    return jose.verify(
        signed,
        keys=keys,
        algorithms=frozenset({registration.token_algorithm}),
        typ=types,
        typ_required=False,
        max_chars=MAX_CHARS,
    )
