"""Key agreement on elliptic curves as others do it: what libxmlsec and Apache Santuario encrypt for us, we can read."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
import xmlsec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from lxml import etree

from iam.sandbox.identity_providers.saml_messages import response
from iam.sandbox.identity_providers.saml_protection import signed
from saml.decryption import decrypted
from saml.filter.encryption_shape import ENCRYPTED_ASSERTION, check_encryption
from saml.filter.shapes import check
from saml.names import SAML
from saml.refusals import SamlRefused
from tests.saml import premises as p

VECTORS = Path(__file__).parent / "vectors"
"""Made by Santuario 4.0.4 (Maven Central, `org.apache.santuario:xmlsec`) on Java 17 with `Encrypt.java` there.

For a certificate over `key-of-the-tests.pem` and the assertion `PLAIN`: `java Encrypt in.xml certificate.pem
santuario-aes256.xml 256 0000 "" ""`, which are Santuario's own defaults for the derivation, and with
`128 0000002A687474703A2F2F7777772E77332E6F7267 0003D8 0003D0` for the other one.
"""
PLAIN = b'<saml2:Assertion ID="_1"><saml2:Issuer>https://node.example.org/metadata</saml2:Issuer></saml2:Assertion>'
XENC, XENC11 = "http://www.w3.org/2001/04/xmlenc#", "http://www.w3.org/2009/xmlenc11#"
DERIVATIONS = {
    "octets of a name": ("0000002A687474703A2F2F7777772E77332E6F7267", "0003D8", "0003D0"),
    "one octet": ("0001", "00", "00"),
    "an object identifier": ("0060864801650304012D", "00", "00"),
}
TEMPLATE = f"""<xenc:EncryptedData xmlns:xenc="{XENC}" xmlns:xenc11="{XENC11}"
 xmlns:ds="http://www.w3.org/2000/09/xmldsig#" xmlns:e="http://www.w3.org/2009/xmldsig11#" Type="{XENC}Element">
<xenc:EncryptionMethod Algorithm="{XENC11}aesBITS-gcm"/><ds:KeyInfo><xenc:EncryptedKey>
<xenc:EncryptionMethod Algorithm="{XENC}kw-aesBITS"/><ds:KeyInfo><xenc:AgreementMethod Algorithm="{XENC11}ECDH-ES">
<xenc11:KeyDerivationMethod Algorithm="{XENC11}ConcatKDF">
<xenc11:ConcatKDFParams AlgorithmID="ALGORITHM" PartyUInfo="PARTY-U" PartyVInfo="PARTY-V">
<ds:DigestMethod Algorithm="DIGEST"/></xenc11:ConcatKDFParams></xenc11:KeyDerivationMethod>
<xenc:OriginatorKeyInfo><ds:KeyName>originator</ds:KeyName></xenc:OriginatorKeyInfo>
<xenc:RecipientKeyInfo><ds:KeyName>recipient</ds:KeyName></xenc:RecipientKeyInfo></xenc:AgreementMethod></ds:KeyInfo>
<xenc:CipherData><xenc:CipherValue/></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo>
<xenc:CipherData><xenc:CipherValue/></xenc:CipherData></xenc:EncryptedData>"""
KEY_VALUE = """<ds:KeyValue xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><e:ECKeyValue
 xmlns:e="http://www.w3.org/2009/xmldsig11#"><e:NamedCurve URI="urn:oid:1.2.840.10045.3.1.7"/>
<e:PublicKey>POINT</e:PublicKey></e:ECKeyValue></ds:KeyValue>"""


def by_libxmlsec(inside: etree._Element, *, bits: int, digest: str, derivation: str) -> etree._Element:
    """An assertion as libxmlsec, which is beneath xmlsec, encrypts it for our key on P-256, anew in every run.

    It leaves out the public key that it made the agreement with, which is put in its place afterwards.
    """
    algorithm, party_u, party_v = DERIVATIONS[derivation]
    told = {"BITS": str(bits), "DIGEST": digest, "ALGORITHM": algorithm, "PARTY-U": party_u, "PARTY-V": party_v}
    text = TEMPLATE
    for name, value in told.items():
        text = text.replace(name, value)
    theirs = ec.generate_private_key(ec.SECP256R1())
    pem = theirs.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    ours = p.OURS_EC.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    keys = xmlsec.KeysManager()
    for name, octets in (("originator", pem), ("recipient", ours)):
        key: Any = xmlsec.Key.from_memory(octets, xmlsec.constants.KeyDataFormatPem, None)
        key.name = name
        keys.add_key(key)
    context: Any = xmlsec.EncryptionContext(keys)
    context.key = xmlsec.Key.generate(xmlsec.constants.KeyDataAes, bits, xmlsec.constants.KeyDataTypeSession)
    around = etree.Element("{urn:oasis:names:tc:SAML:2.0:assertion}EncryptedAssertion", nsmap={"saml2": SAML})
    around.append(inside)
    context.encrypt_xml(etree.fromstring(text), inside)
    originator = around.find(".//{*}OriginatorKeyInfo")
    assert originator is not None
    point = theirs.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    originator[:] = [etree.fromstring(KEY_VALUE.replace("POINT", b64encode(point).decode()))]
    return p.again(around)


@pytest.mark.parametrize("derivation", DERIVATIONS)
@pytest.mark.parametrize("digest", [f"{XENC}sha256", "http://www.w3.org/2001/04/xmldsig-more#sha384", f"{XENC}sha512"])
@pytest.mark.parametrize("bits", [128, 192, 256])
def test_an_assertion_that_libxmlsec_encrypted_for_our_key_is_accepted(bits: int, digest: str, derivation: str) -> None:
    inside = by_libxmlsec(p.again(p.an_assertion()), bits=bits, digest=digest, derivation=derivation)
    assert p.submit(signed(p.again(response(p.TOLD, inside)), p.NODE)).level == f"{p.LOA}high"


@pytest.mark.parametrize("name", ["santuario-aes256.xml", "santuario-aes128.xml"])
def test_an_assertion_that_santuario_encrypted_is_read(name: str) -> None:
    found = etree.fromstring((VECTORS / name).read_bytes())
    check(found, ENCRYPTED_ASSERTION)
    check_encryption(found)
    assert decrypted(found, [_key()]) == PLAIN


@pytest.mark.attack("S11")
@pytest.mark.parametrize(
    ("path", "name"),
    [
        (".//{*}ConcatKDFParams", "AlgorithmID"),
        (".//{*}ConcatKDFParams", "PartyUInfo"),
        (".//{*}ConcatKDFParams", "PartyVInfo"),
    ],
)
@pytest.mark.parametrize("value", ["00FF", "01FF", "0", "xy", "00" * 500])
def test_another_derivation_than_the_sender_s_reads_nothing(path: str, name: str, value: str) -> None:
    found = etree.fromstring((VECTORS / "santuario-aes128.xml").read_bytes())
    parameters = found.find(path)
    assert parameters is not None
    parameters.set(name, value)
    check(found, ENCRYPTED_ASSERTION)
    check_encryption(found)
    with pytest.raises(SamlRefused, match="decryption_failed"):
        decrypted(found, [_key()])


@pytest.mark.attack("S11")
@pytest.mark.parametrize(
    "point",
    [b"", b"\0", b"\x04" + bytes(64), b"\x04" + b"\xff" * 64, b"\x04" + bytes(63) + b"\1", b"\x02" + bytes(32)],
    ids=["nothing", "infinity", "origin", "beyond the field", "off the curve", "no such abscissa"],
)
def test_a_point_that_is_not_on_our_curve_reads_nothing(point: bytes) -> None:
    found = etree.fromstring((VECTORS / "santuario-aes256.xml").read_bytes())
    key = found.find(".//{*}PublicKey")
    assert key is not None
    key.text = b64encode(point).decode()
    check(found, ENCRYPTED_ASSERTION)
    with pytest.raises(SamlRefused, match="decryption_failed"):
        decrypted(found, [_key()])


def _key() -> ec.EllipticCurvePrivateKey:
    key = load_pem_private_key((VECTORS / "key-of-the-tests.pem").read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key
