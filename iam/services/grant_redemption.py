"""Grants redeemed: a code becomes tokens, a refresh token others, and either side ends them."""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, NoReturn

from iam.domain.authorization_grants import AuthorizationCode, AuthorizationGrant, RefreshToken, named_claims
from iam.domain.client_metadata import OFFLINE, OPENID, PERSON_SCOPES, PROFILE, GrantType
from iam.domain.clients import Client, Profile, ProvenClient
from iam.ports import Archive, Randomness, UnitOfWork
from iam.services.client_proofs import redeem
from iam.services.fingerprints import fingerprint
from iam.services.grant_families import drafted_token, revoke_family
from iam.services.token_issue import Standing, TokenFault, TokenIssue, TokenRefused
from iam.services.tokens import leaf_of

Believed = Callable[[AuthorizationGrant], bool]
"""Whether the provider that vouched for the login of a grant is believed for as much now."""
_VERIFIER: Final = re.compile(r"[A-Za-z0-9\-._~]{43,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """What a token request was given."""

    standing: Standing
    grant: AuthorizationGrant
    refresh_token: str | None
    """The new refresh token; None where there is none, or the present one stays."""
    nonce: str = ""


def _anybody(_grant: AuthorizationGrant) -> bool:
    return True


class GrantRedemption:
    """What clients do with what people granted."""

    def __init__(self, archive: Archive, issue: TokenIssue, randomness: Randomness) -> None:
        self._archive = archive
        self._issue = issue
        self._randomness = randomness

    def redeem_code(
        self, proof: ProvenClient, code: str, redirect_uri: str, verifier: str, believed: Believed = _anybody
    ) -> Granted:
        """Redeem a code (RFC 6749 §4.1.3, RFC 7636 §4.6), in these steps:

        (1) the client's proofs are used up, whatever comes of it;
        (2) the code is one of ours, and this client's;
        (3) it was not used before: a second use revokes the whole family (RFC 6749 §4.1.2);
        (4) it is not older than `CODE_LIFE`, its grant lives, and who vouched for the login is `believed`;
        (5) the redirect URI is the one of the request, and the verifier that of its challenge;
        (6) the key is the one that it was bound to (RFC 9449 §10);
        (7) every scope is judged now, and the tokens are recorded.

        Raises:
            TokenRefused: `invalid_grant`; as `TokenIssue.judged`. ProofRefused as `redeem`.
        """
        with self._archive.writing() as uow:
            client = redeem(uow, proof)  # (1)
            found = uow.get(AuthorizationCode, fingerprint(code))
            grant = uow.get(AuthorizationGrant, found.grant) if found else None
            if found is None or grant is None or grant.client != client.id:  # (2)
                _refuse(uow, "unknown_code", "There is no such code of yours.")
            if found.used_at is not None:  # (3)
                revoke_family(uow, grant, "code_reused")
                _refuse(uow, "code_used", "The code was used before: everything that it gave is revoked.")
            if uow.now >= found.good_until or not grant.live(uow.now):  # (4)
                _refuse(uow, "code_expired", "The code has expired: begin again.")
            _check_believed(uow, grant, believed)
            if redirect_uri != found.redirect_uri:  # (5)
                _refuse(uow, "other_redirect_uri", "The redirect URI is not that of the request.")
            if not _verifies(verifier, found.challenge):
                _refuse(uow, "wrong_verifier", "The code_verifier does not belong to this code.")
            binding = proof.key.binding if proof.key else ""
            if found.key_thumbprint and binding != f"jkt:{found.key_thumbprint}":  # (6)
                _refuse(uow, "other_key", "The code is bound to another key.")
            uow.put(replace(found, used_at=uow.now))
            granted = self.first(uow, proof, client, grant)  # (7)
            uow.commit()
        return replace(granted, nonce=found.nonce)

    def first(self, uow: UnitOfWork, proof: ProvenClient, client: Client, grant: AuthorizationGrant) -> Granted:
        """The first tokens of a grant, within a unit of work whose proofs are used up.

        Raises TokenRefused as `TokenIssue.judged`; what was recorded until then is committed.
        """
        bound = _bound(uow, grant, proof)
        granted = self._issued(uow, proof, client, bound, bound.scopes)
        if OFFLINE in bound.scopes and proof.metadata and GrantType.REFRESH_TOKEN in proof.metadata.grant_types:
            return replace(granted, refresh_token=self._next(uow, bound))
        return granted

    def refresh(
        self, proof: ProvenClient, refresh_token: str, scopes: Sequence[str], believed: Believed = _anybody
    ) -> Granted:
        """Renew (RFC 6749 §6): every scope is judged anew, and never are there more than granted.

        Where the token stays the same, the client's key is what protects it (FAPI 2.0 §5.3.2.1). Where none does, and
        in older profiles, it is replaced each time: a second use of an old one revokes the family (RFC 9700 §4.14.2).

        Raises:
            TokenRefused: `invalid_grant`, `invalid_scope`; as `TokenIssue.judged`. ProofRefused as `redeem`.
        """
        with self._archive.writing() as uow:
            client = redeem(uow, proof)
            found = uow.get(RefreshToken, fingerprint(refresh_token))
            grant = uow.get(AuthorizationGrant, found.grant) if found else None
            if found is None or grant is None or grant.client != client.id:
                _refuse(uow, "unknown_refresh_token", "There is no such refresh token of yours.")
            if found.used_at is not None:
                revoke_family(uow, grant, "refresh_token_reused")
                _refuse(uow, "refresh_token_used", "The refresh token was used before: its family is revoked.")
            if not grant.live(uow.now):
                _refuse(uow, "grant_ended", "What the person granted has ended: ask them again.")
            _check_believed(uow, grant, believed)
            if grant.binding and (proof.key is None or proof.key.binding != grant.binding):
                _refuse(uow, "other_key", "The refresh token is bound to another key.")
            if not set(scopes) <= set(grant.scopes):
                uow.commit()
                raise TokenRefused(TokenFault.INVALID_SCOPE, "more_than_granted", "Ask for no more than was granted.")
            granted = self._issued(uow, proof, client, grant, tuple(scopes) or grant.scopes)
            if client.profile is not Profile.DEFAULT or not _held_by_key(proof, grant):
                uow.put(replace(found, used_at=uow.now))
                granted = replace(granted, refresh_token=self._next(uow, grant))
            uow.commit()
        return granted

    def give_up(self, proof: ProvenClient, refresh_token: str) -> None:
        """A client gives up a grant by its refresh token (RFC 7009 §2.1); an unknown one is no error.

        TokenRefused (`invalid_grant`) for another client's. ProofRefused as `redeem`.
        """
        with self._archive.writing() as uow:
            client = redeem(uow, proof)
            found = uow.get(RefreshToken, fingerprint(refresh_token))
            grant = uow.get(AuthorizationGrant, found.grant) if found else None
            if grant is not None and grant.client != client.id:
                _refuse(uow, "other_client_token", "The token was issued to another client.")
            if grant is not None:
                revoke_family(uow, grant, "given_up")
            uow.commit()

    def _issued(
        self, uow: UnitOfWork, proof: ProvenClient, client: Client, grant: AuthorizationGrant, scopes: tuple[str, ...]
    ) -> Granted:
        bound = proof.key.binding if proof.key else ""
        draft = drafted_token(grant, self._randomness.identifier(), scopes, bound)
        ends = [client.profile_until, client.valid.end, grant.expires_at]
        try:
            _check_registered(proof, grant, scopes)
            standing = self._issue.judged(uow, draft, ends, grant.authentication)
        except TokenRefused:
            uow.commit()
            raise
        uow.put(standing.token)
        uow.audit(leaf_of("token_issued", client, standing.token))
        return Granted(standing=replace(standing, sector=client.sector), grant=grant, refresh_token=None)

    def _next(self, uow: UnitOfWork, grant: AuthorizationGrant) -> str:
        secret = self._randomness.secret()
        uow.put(RefreshToken(id=fingerprint(secret), grant=grant.id, expires_at=grant.expires_at))
        return secret


def _refuse(uow: UnitOfWork, code: str, detail: str) -> NoReturn:
    """Refuse with `invalid_grant`; what was used up or revoked until here stays so."""
    uow.commit()
    raise TokenRefused(TokenFault.INVALID_GRANT, code, detail)


def _check_believed(uow: UnitOfWork, grant: AuthorizationGrant, believed: Believed) -> None:
    """What rests on a login that is not believed any more ends for good, as the person's sessions do."""
    if not believed(grant):
        revoke_family(uow, grant, "login_not_believed")
        _refuse(uow, "login_not_believed", "The login that it rests on is not believed any more: let them log in.")


def _held_by_key(proof: ProvenClient, grant: AuthorizationGrant) -> bool:
    """Whether nobody can use the refresh token without a key: the client's own, or the one that it was bound to."""
    return bool(grant.binding) or proof.metadata is None or not proof.metadata.public


def _check_registered(proof: ProvenClient, grant: AuthorizationGrant, scopes: Sequence[str]) -> None:
    """What was granted counts no longer than the client is registered for it, also what it asked for by name.

    TokenRefused (`invalid_scope`).
    """
    used = {*scopes, *({PROFILE} if OPENID in scopes and named_claims(grant.claims) else ())}
    if proof.metadata is not None and not used <= set(proof.metadata.scopes):
        detail = "The client is not registered for one of these scopes any more."
        raise TokenRefused(TokenFault.INVALID_SCOPE, "scope_not_registered", detail)
    if proof.client.profile is Profile.OIDC_BASIC and not set(scopes) <= PERSON_SCOPES:
        detail = "A client of this profile has no scopes of declaration services."
        raise TokenRefused(TokenFault.INVALID_SCOPE, "scope_not_for_profile", detail)


def _bound(uow: UnitOfWork, grant: AuthorizationGrant, proof: ProvenClient) -> AuthorizationGrant:
    """The grant of a public client hangs on the key that it proved (RFC 9449 §5); others have keys registered."""
    if proof.metadata is None or not proof.metadata.public or proof.key is None:
        return grant
    bound = replace(grant, binding=proof.key.binding)
    uow.put(bound)
    return bound


def _verifies(verifier: str, challenge: str) -> bool:
    """RFC 7636 §4.1, §4.6; a verifier for a request without challenge is a downgrade (RFC 9700 §4.8.2)."""
    if not challenge:
        return not verifier
    if _VERIFIER.fullmatch(verifier) is None:
        return False
    digest = hashlib.sha256(verifier.encode()).digest()
    return hmac.compare_digest(urlsafe_b64encode(digest).rstrip(b"="), challenge.encode())
