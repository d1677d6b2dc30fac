"""Possession: which key a request proves, and whether a caller holds the key that its access token is bound to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from cryptography import x509

from iam.domain.clients import Profile, ProvenClient, ProvenKey
from iam.domain.errors import Forbidden
from iam.ports import Archive
from iam.services.client_proofs import ProofRefused, redeem_key
from oidc import jose
from oidc.provider.dpop import DpopProofs, DpopRefused
from oidc.provider.errors import DpopChallenge, InvalidClient, InvalidDpopProof, InvalidRequest, UseDpopNonce
from oidc.provider.mutual_tls import Certificates, thumbprint

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from oidc.provider.errors import ProviderError

PROOF: Final = "HTTP_DPOP"
"""The header `DPoP` in WSGI."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Possession:
    """Reads proofs of possession from requests."""

    issuer: str
    archive: Archive
    proofs: DpopProofs
    certificates: Certificates | None = None
    """None where no host for certificates is configured: then no request shows one."""

    def base_of(self, environ: WSGIEnvironment) -> str:
        """The base URL by which a request reached us: our issuer, or the host for certificates."""
        shown_to = self.certificates
        return shown_to.address if shown_to is not None and shown_to.through(environ) else self.issuer

    def certificate(self, environ: WSGIEnvironment) -> x509.Certificate | None:
        """The certificate that the client of a request showed. Raises `InvalidClient`."""
        try:
            return self.certificates.shown(environ) if self.certificates is not None else None
        except Forbidden as refused:
            raise InvalidClient(refused.code, "The certificate cannot be read.", detail=refused.detail) from None

    def key_of(
        self, environ: WSGIEnvironment, url: str, proof: ProvenClient, certificate: x509.Certificate | None
    ) -> ProvenKey | None:
        """The key to which tokens of this request are bound: that of its DPoP proof, else that of its certificate.

        A certificate binds for clients that registered it so, and for those of the default profile that registered
        nothing else. Raises `InvalidDpopProof`, `UseDpopNonce`.
        """
        metadata = proof.metadata
        if PROOF in environ:
            if metadata is not None and metadata.certificate_bound:
                raise InvalidDpopProof("certificate_expected", "This client's tokens are bound to its certificate.")
            try:
                return self.proofs.prove(environ[PROOF], environ["REQUEST_METHOD"], url)
            except DpopRefused as refused:
                raise at_endpoint(refused) from None
        if certificate is None or metadata is None or metadata.dpop_bound:
            return None
        if metadata.certificate_bound or proof.client.profile is Profile.DEFAULT:
            return ProvenKey(binding=f"x5t:{thumbprint(certificate)}")
        return None

    def check_token(self, binding: str, scheme: str, token: str, environ: WSGIEnvironment | None) -> None:
        """Refuse an access token that is not presented as it is bound, in these steps:

        (1) bound to a key it comes by the scheme DPoP, all others by Bearer (RFC 9449 §7.1, §7.2);
        (2) its key signed a proof for this very request and this token, which was not used before (§4.3, §11.1);
        (3) bound to a certificate it comes over a connection on which that was shown, still in time (RFC 8705 §3).

        Raises DpopRefused, `jose.InvalidToken`.
        """
        by_key = binding.startswith("jkt:")
        if (scheme.lower() == "dpop") is not by_key:  # (1)
            raise _otherwise("present the token by the scheme of its token_type")
        if by_key:
            self._check_proof(binding, token, environ or {})  # (2)
        elif binding:
            self._check_certificate(binding, environ or {})  # (3)

    def _check_proof(self, binding: str, token: str, environ: WSGIEnvironment) -> None:
        if PROOF not in environ:
            raise DpopRefused("dpop_missing", "Send a proof in the header DPoP.")
        url = self.base_of(environ) + quote(environ.get("PATH_INFO", "").encode("latin-1"), safe="/:@!$&'()*+,;=~-._")
        key = self.proofs.prove(environ[PROOF], environ["REQUEST_METHOD"], url, token=token)
        if key.binding != binding:
            raise DpopRefused("dpop_other_key", "The token is bound to another key.")
        try:
            redeem_key(self.archive, key)
        except ProofRefused as refused:
            raise DpopRefused(refused.code, refused.detail) from None

    def _check_certificate(self, binding: str, environ: WSGIEnvironment) -> None:
        try:
            shown = self.certificates.shown(environ) if self.certificates is not None else None
            if shown is None or self.certificates is None or binding != f"x5t:{thumbprint(shown)}":
                raise _otherwise("the token is bound to a certificate that this request did not show")
            self.certificates.check_sound(shown)
        except Forbidden:
            raise _otherwise("the certificate is not good any more") from None


def check_constrained(proof: ProvenClient) -> None:
    """Refuse a token to a client that owes a key of its own and proved none (FAPI 2.0 Security Profile §5.3.2.1).

    Raises `InvalidDpopProof`, `InvalidRequest`.
    """
    metadata = proof.metadata
    if metadata is None or proof.key is not None:
        return
    if metadata.certificate_bound:
        raise InvalidRequest("certificate_missing", "Call this endpoint with your certificate, at its mTLS alias.")
    if metadata.dpop_bound or proof.client.profile is Profile.DEFAULT:
        raise InvalidDpopProof("dpop_missing", "Send a proof in the header DPoP (RFC 9449).")


def at_endpoint(refused: DpopRefused) -> ProviderError:
    """The refusal as an endpoint of the authorization server answers it (RFC 9449 §5, §8)."""
    if refused.nonce:
        return UseDpopNonce(refused.reason, refused.detail, nonce=refused.nonce)
    return InvalidDpopProof(refused.reason, refused.detail)


def at_resource(refused: DpopRefused) -> ProviderError:
    """The refusal as a protected resource answers it (RFC 9449 §7.1, §9)."""
    return DpopChallenge(refused.reason, refused.detail, nonce=refused.nonce)


def _otherwise(detail: str) -> jose.InvalidToken:
    return jose.InvalidToken(jose.TokenFault.KEY_MISMATCH, detail)
