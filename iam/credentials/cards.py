"""Cards: what a validated certificate of a card proves, and the steps by which certificates and tokens are judged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from cryptography import x509

from iam.credentials.card_subject import niss_of
from iam.credentials.certificate_path import issuer_of
from iam.credentials.certificate_reading import certificate_of, check_purpose, check_validity, policy_of
from iam.credentials.certificate_strength import check_strength
from iam.credentials.certificate_trust import Trust
from iam.credentials.revocation import Revocation
from iam.credentials.web_eid_token import check_signature, token_in
from iam.domain.assurance import Assurance
from iam.domain.niss import Niss
from iam.ports import Clock

_BRUSSELS = ZoneInfo("Europe/Brussels")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenCard:
    """Who a card proves, and how surely."""

    niss: Niss
    assurance: Assurance
    policy: str
    """The certificate policy under which it was issued."""
    at: datetime


class Cards:
    """Judges certificates of cards, and the tokens that Web eID makes with them.

    The steps of a token (Web eID, authentication token validation; domain facts of the Belgian eID):

    1. its length and format;
    2. the certificate can be read;
    3. it is valid now, and its key and signature are strong enough;
    4. its purpose is logins, never signatures of documents;
    5. its policy is on the list;
    6. its path leads to a configured authority;
    7. the algorithm fits the key, and the signature is over origin and challenge;
    8. the subject names a person by a valid number;
    9. that authority says that it is not revoked.

    The authority is asked last, so that nobody makes it be asked about a card that they do not hold.
    """

    def __init__(self, revocation: Revocation, clock: Clock) -> None:
        self._revocation = revocation
        self._clock = clock

    def of_token(self, text: str, *, origin: str, challenge: str, trust: Trust) -> ProvenCard:
        """Who answered this challenge on this origin, by a token of Web eID.

        Raises:
            CardRefused: a step fails.
            StatusNotKnown: step 9 cannot be done now.
        """
        token = token_in(text)  # (1)
        certificate = certificate_of(token.certificate)  # (2)
        policy, issuer = self._judged(certificate, trust)  # (3)-(6)
        check_signature(token, certificate.public_key(), origin, challenge)  # (7)
        return self._proven(certificate, issuer, policy, trust)  # (8)-(9)

    def of_certificate(self, certificate: x509.Certificate, trust: Trust) -> ProvenCard:
        """Who holds this certificate; that its key was used, the TLS server in front has seen to.

        Raises:
            CardRefused: a step fails.
            StatusNotKnown: step 9 cannot be done now.
        """
        policy, issuer = self._judged(certificate, trust)
        return self._proven(certificate, issuer, policy, trust)

    def _judged(self, certificate: x509.Certificate, trust: Trust) -> tuple[str, x509.Certificate]:
        """The policy of a certificate, and the authority that issued it."""
        now = self._clock.now()
        check_validity(certificate, now)  # (3)
        check_strength(certificate, old_cards=trust.old_cards)
        check_purpose(certificate)  # (4)
        policy = policy_of(certificate, trust)  # (5)
        return policy, issuer_of(certificate, trust, now)  # (6)

    def _proven(self, certificate: x509.Certificate, issuer: x509.Certificate, policy: str, trust: Trust) -> ProvenCard:
        now = self._clock.now()
        niss = niss_of(certificate, now.astimezone(_BRUSSELS).date())  # (8)
        self._revocation.check(certificate, issuer, trust.status)  # (9)
        return ProvenCard(niss=niss, assurance=trust.levels[policy], policy=policy, at=now)
