"""Ceremonies of WebAuthn: what a browser is asked for a passkey, and the strict reading of what it answers."""

from __future__ import annotations

import hashlib
import re
from base64 import urlsafe_b64decode
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from iam.domain.credentials import Passkey
from iam.services.passkeys import NewPasskey
from iam.web import strict_json

LARGEST: Final = 16_384
"""Characters of an answer."""
TIMEOUT_MILLISECONDS: Final = 300_000
ALGORITHMS: Final = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,1364}")
"""A credential id: at most 1023 octets (Web Authentication Level 3 §7.1)."""
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43,86}")


class BadAnswer(Exception):
    """An answer that is no proof of a passkey; the message is for the log and quotes none of it."""


@dataclass(frozen=True, slots=True)
class Asserted:
    """What an answer claims before it is verified: which passkey, over which challenge."""

    credential: str
    challenge: str
    answer: dict[str, Any]


class Ceremonies:
    """Registration and authentication for one site, whose name and origin come from configuration alone."""

    def __init__(self, issuer: str) -> None:
        """`issuer` is our base URL: its host is the site's name (RP ID), its scheme, host and port its origin."""
        parts = urlsplit(issuer)
        self._site = parts.hostname or ""
        self._origin = f"{parts.scheme}://{parts.netloc}"

    def registration(self, challenge: str, person: str, name: str, held: Iterable[str]) -> str:
        """JSON of the options for `navigator.credentials.create`; `held` are the ids of passkeys that there are."""
        options = generate_registration_options(
            rp_id=self._site,
            rp_name="Procura",
            user_name=name,
            user_id=hashlib.sha256(b"passkey of\0" + person.encode()).digest(),
            challenge=base64url_to_bytes(challenge),
            timeout=TIMEOUT_MILLISECONDS,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                require_resident_key=True,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=base64url_to_bytes(one)) for one in held],
            supported_pub_key_algs=ALGORITHMS,
        )
        return options_to_json(options)

    def authentication(self, challenge: str) -> str:
        """JSON of the options for `navigator.credentials.get`: any passkey of this site, its person verified."""
        options = generate_authentication_options(
            rp_id=self._site,
            challenge=base64url_to_bytes(challenge),
            timeout=TIMEOUT_MILLISECONDS,
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return options_to_json(options)

    def registered(self, text: str) -> tuple[NewPasskey, str]:
        """The passkey that an answer registers, and the challenge that it signed. Raises BadAnswer."""
        asserted = read_answer(text)
        try:
            verified = verify_registration_response(
                credential=asserted.answer,
                expected_challenge=base64url_to_bytes(asserted.challenge),
                expected_rp_id=self._site,
                expected_origin=self._origin,
                require_user_verification=True,
                supported_pub_key_algs=ALGORITHMS,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError) as error:
            raise BadAnswer(type(error).__name__) from None
        new = NewPasskey(
            id=bytes_to_base64url(verified.credential_id),
            public_key=bytes_to_base64url(verified.credential_public_key),
            counter=verified.sign_count,
        )
        return new, asserted.challenge

    def counted(self, asserted: Asserted, passkey: Passkey) -> int:
        """Verify a signature; returns the count of signatures that the device tells. Raises BadAnswer.

        The credential alone leads to its owner: the user handle beside it is signed by nobody.
        """
        try:
            verified = verify_authentication_response(
                credential=asserted.answer,
                expected_challenge=base64url_to_bytes(asserted.challenge),
                expected_rp_id=self._site,
                expected_origin=self._origin,
                credential_public_key=base64url_to_bytes(passkey.public_key),
                credential_current_sign_count=0,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError) as error:
            raise BadAnswer(type(error).__name__) from None
        return verified.new_sign_count


def read_answer(text: str) -> Asserted:
    """Read what a page of ours sent: the JSON of a PublicKeyCredential (WebAuthn Level 3 §5.1). Raises BadAnswer."""
    if len(text) > LARGEST:
        raise BadAnswer("too large")
    try:
        answer: Any = strict_json.loads(text.encode(errors="surrogatepass"))
        client: Any = strict_json.loads(_octets(answer["response"]["clientDataJSON"]))
        credential, challenge = answer["id"], client["challenge"]
        if not _ID.fullmatch(credential) or not _CHALLENGE.fullmatch(challenge):
            raise ValueError("not written in base64url")
    except (strict_json.MalformedJson, ValueError, KeyError, TypeError):
        raise BadAnswer("not the JSON of a credential") from None
    return Asserted(credential, challenge, answer)


def _octets(text: object) -> bytes:
    if not isinstance(text, str):
        raise TypeError("not a text")
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
