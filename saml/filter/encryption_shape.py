"""The shape of an encrypted assertion: one content, one key, and the few algorithms for both."""

from __future__ import annotations

from typing import Final

from lxml import etree

from saml.algorithms import (
    CONCAT_KDF,
    CONTENT_KEY_OCTETS,
    CURVES,
    DIGESTS,
    ECDH_ES,
    KEY_WRAP_OCTETS,
    MASKS,
    OAEP,
    OAEP_DIGESTS,
    OAEP_MGF1P,
)
from saml.filter.shapes import Child, Shape, base64
from saml.filter.signature_shape import EC_KEY_VALUE, KEY_NAMES
from saml.names import DS11, ds, named, xenc, xenc11
from saml.refusals import SamlRefused

_ALGORITHM: Final = frozenset({"Algorithm"})
_CIPHER_DATA: Final = Child(Shape(children={xenc("CipherValue"): Child(Shape(text=base64))}))
_DIGEST: Final = Shape(required=_ALGORITHM)
_METHOD: Final = Child(
    Shape(
        required=_ALGORITHM,
        children={ds("DigestMethod"): Child(_DIGEST, least=0), xenc11("MGF"): Child(_DIGEST, least=0)},
        ordered=False,
    )
)
_DERIVATION: Final = Shape(
    required=_ALGORITHM,
    children={
        xenc11("ConcatKDFParams"): Child(
            Shape(
                required=frozenset({"AlgorithmID", "PartyUInfo", "PartyVInfo"}),
                children={ds("DigestMethod"): Child(_DIGEST)},
            )
        )
    },
)
_AGREEMENT: Final = Shape(
    required=_ALGORITHM,
    children={
        xenc11("KeyDerivationMethod"): Child(_DERIVATION),
        xenc("OriginatorKeyInfo"): Child(Shape(children={ds("KeyValue"): Child(EC_KEY_VALUE)})),
        xenc("RecipientKeyInfo"): Child(KEY_NAMES, least=0),
    },
)
_KEY_KEY_INFO: Final = Shape(
    optional=KEY_NAMES.optional,
    children={**KEY_NAMES.children, xenc("AgreementMethod"): Child(_AGREEMENT, least=0)},
    ordered=False,
)
_REFERENCES: Final = Shape(children={xenc("DataReference"): Child(Shape(required=frozenset({"URI"})))})
_KEY: Final = Shape(
    optional=frozenset({"Id", "Recipient"}),
    children={
        xenc("EncryptionMethod"): _METHOD,
        ds("KeyInfo"): Child(_KEY_KEY_INFO, least=0),
        xenc("CipherData"): _CIPHER_DATA,
        xenc("ReferenceList"): Child(_REFERENCES, least=0),
    },
)
_DATA: Final = Shape(
    optional=frozenset({"Id", "Type"}),
    children={
        xenc("EncryptionMethod"): _METHOD,
        ds("KeyInfo"): Child(
            Shape(
                optional=frozenset({"Id"}),
                children={
                    xenc("EncryptedKey"): Child(_KEY, least=0),
                    ds("RetrievalMethod"): Child(
                        Shape(required=frozenset({"URI"}), optional=frozenset({"Type"})), least=0
                    ),
                },
                ordered=False,
            )
        ),
        xenc("CipherData"): _CIPHER_DATA,
    },
)
ENCRYPTED_ASSERTION: Final = Shape(
    children={xenc("EncryptedData"): Child(_DATA), xenc("EncryptedKey"): Child(_KEY, least=0)}
)
_ELEMENT: Final = "http://www.w3.org/2001/04/xmlenc#Element"
_KEY_TYPE: Final = "http://www.w3.org/2001/04/xmlenc#EncryptedKey"


def check_encryption(encrypted: etree._Element) -> None:
    """Judge an encrypted assertion whose shape was checked: one key, and allowed algorithms only.

    Raises:
        SamlRefused: `encrypted_key_count`, `encrypted_key_elsewhere`, `content_type_not_allowed`,
            `content_encryption_not_allowed`, `key_transport_not_allowed`, `key_agreement_not_allowed`.
    """
    data = encrypted.find(xenc("EncryptedData"))
    keys = list(encrypted.iter(xenc("EncryptedKey")))
    if data is None or len(keys) != 1:
        raise SamlRefused("encrypted_key_count")
    _check_references(data, keys[0])
    if data.get("Type", _ELEMENT) != _ELEMENT:
        raise SamlRefused("content_type_not_allowed")
    content = data[0]
    if content.get("Algorithm") not in CONTENT_KEY_OCTETS or len(content):
        raise SamlRefused("content_encryption_not_allowed")
    agreement = keys[0].find(f"{ds('KeyInfo')}/{xenc('AgreementMethod')}")
    if agreement is None:
        _check_transport(keys[0][0])
    else:
        _check_agreement(keys[0][0], agreement)


def _check_references(data: etree._Element, key: etree._Element) -> None:
    """Where key and content refer to each other, they refer to these."""
    method = data.find(f"{ds('KeyInfo')}/{ds('RetrievalMethod')}")
    points_at_key = method is None or (
        method.get("URI") == f"#{key.get('Id')}" and method.get("Type", _KEY_TYPE) == _KEY_TYPE
    )
    reference = key.find(f"{xenc('ReferenceList')}/{xenc('DataReference')}")
    points_at_data = reference is None or reference.get("URI") == f"#{data.get('Id')}"
    if not (points_at_key and points_at_data):
        raise SamlRefused("encrypted_key_elsewhere")


def _check_transport(method: etree._Element) -> None:
    algorithm = method.get("Algorithm")
    digest = method.find(ds("DigestMethod"))
    mask = method.find(xenc11("MGF"))
    if (
        algorithm not in (OAEP, OAEP_MGF1P)
        or (digest is not None and digest.get("Algorithm") not in OAEP_DIGESTS)
        or (mask is not None and (algorithm != OAEP or mask.get("Algorithm") not in MASKS))
    ):
        raise SamlRefused("key_transport_not_allowed")


def _check_agreement(method: etree._Element, agreement: etree._Element) -> None:
    derivation = agreement.find(xenc11("KeyDerivationMethod"))
    digest = agreement.find(f".//{ds('DigestMethod')}")
    curve = agreement.find(f".//{named(DS11, 'NamedCurve')}")
    if (
        method.get("Algorithm") not in KEY_WRAP_OCTETS
        or agreement.get("Algorithm") != ECDH_ES
        or derivation is None
        or derivation.get("Algorithm") != CONCAT_KDF
        or digest is None
        or digest.get("Algorithm") not in DIGESTS
        or curve is None
        or curve.get("URI") not in CURVES
    ):
        raise SamlRefused("key_agreement_not_allowed")
