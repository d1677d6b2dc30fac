"""What a login by SAML costs: our whole endpoint beside its cryptography alone, and hostile documents beside both."""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives.asymmetric import rsa
from lxml import etree

from saml.decryption import decrypted
from saml.filter import documents
from saml.pinned_keys import pinned
from saml.refusals import SamlRefused
from saml.signature_check import signed_by
from saml.signing import signed
from tests.saml import premises as p
from tests.saml.door_scene import BASE, Scene, fields_of, request_of
from tests.saml.test_s05_s06_s13_hostile_documents import HOSTILE

ROUNDS = 40
MOST_HOSTILE = 12_000
"""Octets of the documents that are called small."""


def milliseconds(act: Callable[[], object]) -> float:
    """CPU of this process for one act."""
    began = time.process_time()
    act()
    return (time.process_time() - began) * 1000


def endpoint(scene: Scene) -> float:
    """CPU of a login's two requests at our endpoints: leaving with a request, and the answer."""
    page = scene.get("/sign-in/eidas/node/country")
    token = page.get_data(as_text=True).split('name="csrf_token" value="')[1].split('"')[0]
    data = {"csrf_token": token, "country": "NL"}
    place = "/sign-in/eidas/node"
    began = time.process_time()
    leaving = scene.client.post(f"{place}/country", data=data, base_url=BASE)
    spent = time.process_time() - began
    fields = fields_of(leaving)
    message = p.octets(scene.response(scene.told(fields)))
    sent = {"SAMLResponse": b64encode(message).decode(), "RelayState": fields["RelayState"]}
    began = time.process_time()
    answer = scene.client.post(f"{place}/acs", data=sent, base_url=BASE)
    spent += time.process_time() - began
    assert answer.status_code == 303, scene.hall.turned
    return spent * 1000


def cryptography_alone(scene: Scene) -> float:
    """CPU of one signature made, two verified, and one assertion decrypted."""
    fields = scene.leave()
    request = p.again(request_of(fields))
    signature = request.find("{*}Signature")
    assert signature is not None
    request.remove(signature)
    message = documents.response(p.octets(scene.response(scene.told(fields))))
    inside = message.find("{*}EncryptedAssertion")
    assert inside is not None
    keys = [key for key in scene.keys.decrypting() if isinstance(key, rsa.RSAPrivateKey)]
    assertion = etree.fromstring(decrypted(inside, keys))
    pins, ours = [pinned(p.NODE.certificate)], scene.keys.signing("rsa")
    algorithm = "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"
    acts: list[Callable[[], object]] = [
        lambda: signed(request, ours, algorithm),
        lambda: signed_by(message, pins),
        lambda: decrypted(inside, keys),
        lambda: signed_by(assertion, pins),
    ]
    return sum(milliseconds(act) for act in acts)


def hostile() -> dict[str, float]:
    """CPU until each small hostile document is refused."""
    small = {name: octets for name, (octets, code) in HOSTILE.items() if code and len(octets) <= MOST_HOSTILE}
    return {name: median(milliseconds(partial(_refused, octets)) for _ in range(9)) for name, octets in small.items()}


def _refused(octets: bytes) -> None:
    try:
        documents.response(octets)
    except SamlRefused:
        return
    raise AssertionError("a hostile document was not refused")


def main() -> None:
    """Print what was found."""
    with TemporaryDirectory() as folder:
        scene = Scene(Path(folder))
        endpoint(scene)
        whole = median(endpoint(scene) for _ in range(ROUNDS))
        alone = median(cryptography_alone(scene) for _ in range(ROUNDS))
    print(
        f"eIDAS login at our endpoints {whole:.1f} ms, its cryptography alone {alone:.1f} ms: {whole / alone:.1f} times"
    )
    for name, spent in sorted(hostile().items(), key=lambda each: -each[1])[:5]:
        print(f"refused, {name}: {spent:.2f} ms")


if __name__ == "__main__":
    main()
