"""Child process: the cryptography of a login alone, by the same libraries and with keys of the same sizes."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jwe, jws
from joserfc.jwk import RSAKey
from lxml import etree

from oidc.signing_keys import RSA_KEY_BITS
from saml.decryption import decrypted
from saml.filter import documents
from saml.pinned_keys import pinned
from saml.signature_check import signed_by
from saml.signing import signed
from tests.bench.children import serve
from tests.saml import premises as p
from tests.saml.door_scene import Scene, request_of

KIND = "BENCH_LOGIN"
"""The variable that says which login: oidc or eidas."""
THEIR_RSA_BITS = 2048
"""Of the key with which the provider signs, here as at many."""
ENCRYPTION = "A128CBC-HS256"
PAYLOAD = b"x" * 700
"""About as much as an ID token or userinfo says."""
SAML_SIGNATURE = "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"
Step = Callable[[], object]


def oidc_steps() -> list[Step]:
    """One signature made (the client assertion); two tokens decrypted and verified (ID token and userinfo)."""
    ours, theirs = RSAKey.generate_key(RSA_KEY_BITS), RSAKey.generate_key(THEIR_RSA_BITS)
    token = jws.serialize_compact({"alg": "RS256", "kid": "k"}, PAYLOAD, theirs)
    algorithms = ["RSA-OAEP-256", ENCRYPTION]
    header = {"alg": algorithms[0], "enc": ENCRYPTION, "cty": "JWT"}
    sealed = jwe.encrypt_compact(header, token, ours, algorithms=algorithms)
    opening = partial(jwe.decrypt_compact, sealed, ours, algorithms=algorithms)
    verifying = partial(jws.deserialize_compact, token, theirs, algorithms=["RS256"])
    signing = partial(jws.serialize_compact, {"alg": "RS256", "kid": "k"}, PAYLOAD[:300], ours)
    return [signing, opening, verifying, opening, verifying]


def eidas_steps() -> list[Step]:
    """One signature made (the request), two verified (response and assertion), and one assertion decrypted."""
    with TemporaryDirectory() as folder:
        scene = Scene(Path(folder))
        fields = scene.leave()
        request = p.again(request_of(fields))
        signature = request.find("{*}Signature")
        if signature is not None:
            request.remove(signature)
        message = documents.response(p.octets(scene.response(scene.told(fields))))
    inside = message.find("{*}EncryptedAssertion")
    if inside is None:
        raise LookupError("the response of the scene is not encrypted")
    keys = [key for key in scene.keys.decrypting() if isinstance(key, rsa.RSAPrivateKey)]
    assertion, pins = etree.fromstring(decrypted(inside, keys)), [pinned(p.NODE.certificate)]
    ours = scene.keys.signing("rsa")
    return [
        partial(signed, request, ours, SAML_SIGNATURE),
        partial(signed_by, message, pins),
        partial(decrypted, inside, keys),
        partial(signed_by, assertion, pins),
    ]


class Cryptography:
    """The steps of one login, again and again."""

    def __init__(self) -> None:
        self._steps = {"oidc": oidc_steps, "eidas": eidas_steps}[os.environ[KIND]]()
        self._count = 0

    def prepare(self, count: int) -> dict[str, Any]:
        """Take up so many logins."""
        self._count = count
        return {}

    def act(self) -> dict[str, Any]:
        """Do them."""
        for _ in range(self._count):
            for step in self._steps:
                step()
        return {"wrong": 0}


if __name__ == "__main__":
    doing = Cryptography()
    serve({"prepare": doing.prepare, "act": doing.act})
