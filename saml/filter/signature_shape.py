"""The shape of a signature, and the rules that tie it to the element it stands in."""

from __future__ import annotations

from typing import Final

from lxml import etree

from saml.algorithms import DIGESTS, ENVELOPED, EXCLUSIVE_C14N, SIGNATURES
from saml.base64_text import decoded
from saml.filter.shapes import Child, Shape, base64, visible
from saml.names import DS11, EC, ds, named
from saml.refusals import SamlRefused

_ALGORITHM: Final = frozenset({"Algorithm"})
_PREFIXES: Final = Child(Shape(optional=frozenset({"PrefixList"})), least=0)
_CERTIFICATES: Final = Shape(
    children={
        ds("X509Certificate"): Child(Shape(text=base64), least=0, most=4),
        ds("X509SubjectName"): Child(Shape(text=visible), least=0),
        ds("X509SKI"): Child(Shape(text=base64), least=0),
        ds("X509IssuerSerial"): Child(
            Shape(
                children={
                    ds("X509IssuerName"): Child(Shape(text=visible)),
                    ds("X509SerialNumber"): Child(Shape(text=visible)),
                }
            ),
            least=0,
        ),
    },
    ordered=False,
)
EC_KEY_VALUE: Final = Shape(
    children={
        named(DS11, "ECKeyValue"): Child(
            Shape(
                children={
                    named(DS11, "NamedCurve"): Child(Shape(required=frozenset({"URI"}))),
                    named(DS11, "PublicKey"): Child(Shape(text=base64)),
                }
            )
        )
    }
)
_RSA_VALUE: Final = Shape(
    children={ds("Modulus"): Child(Shape(text=base64)), ds("Exponent"): Child(Shape(text=base64))}
)
_KEY_VALUE: Final = Shape(
    children={
        ds("RSAKeyValue"): Child(_RSA_VALUE, least=0),
        named(DS11, "ECKeyValue"): Child(EC_KEY_VALUE.children[named(DS11, "ECKeyValue")].shape, least=0),
    }
)
KEY_NAMES: Final = Shape(
    optional=frozenset({"Id"}),
    children={
        ds("KeyName"): Child(Shape(text=visible), least=0, most=2),
        ds("X509Data"): Child(_CERTIFICATES, least=0, most=2),
        ds("KeyValue"): Child(_KEY_VALUE, least=0),
    },
    ordered=False,
)
"""What may be told of a key; it is never believed: the key comes from metadata."""
_REFERENCE: Final = Shape(
    required=frozenset({"URI"}),
    children={
        ds("Transforms"): Child(
            Shape(
                children={
                    ds("Transform"): Child(
                        Shape(required=_ALGORITHM, children={named(EC, "InclusiveNamespaces"): _PREFIXES}), 2, 2
                    )
                }
            )
        ),
        ds("DigestMethod"): Child(Shape(required=_ALGORITHM)),
        ds("DigestValue"): Child(Shape(text=base64)),
    },
)
SIGNATURE: Final = Shape(
    optional=frozenset({"Id"}),
    children={
        ds("SignedInfo"): Child(
            Shape(
                children={
                    ds("CanonicalizationMethod"): Child(
                        Shape(required=_ALGORITHM, children={named(EC, "InclusiveNamespaces"): _PREFIXES})
                    ),
                    ds("SignatureMethod"): Child(Shape(required=_ALGORITHM)),
                    ds("Reference"): Child(_REFERENCE),
                }
            )
        ),
        ds("SignatureValue"): Child(Shape(optional=frozenset({"Id"}), text=base64)),
        ds("KeyInfo"): Child(KEY_NAMES, least=0),
    },
)


def check_signature(signature: etree._Element) -> None:
    """Judge one signature whose shape was checked: algorithms, transforms, and what it refers to.

    Raises:
        SamlRefused: `signature_misplaced`, `reference_elsewhere`, `transform_not_allowed`,
            `canonicalization_not_allowed`, `digest_not_allowed`, `signature_algorithm_not_allowed`, `digest_length`.
    """
    parent = signature.getparent()
    if parent is None:
        raise SamlRefused("signature_misplaced")
    method, algorithm, reference = signature[0]
    if reference.get("URI") != f"#{parent.get('ID')}" or not parent.get("ID"):
        raise SamlRefused("reference_elsewhere")
    if method.get("Algorithm") != EXCLUSIVE_C14N:
        raise SamlRefused("canonicalization_not_allowed")
    if algorithm.get("Algorithm") not in SIGNATURES:
        raise SamlRefused("signature_algorithm_not_allowed")
    _check_reference(reference)


def _check_reference(reference: etree._Element) -> None:
    transforms, method, value = reference
    if [each.get("Algorithm") for each in transforms] != [ENVELOPED, EXCLUSIVE_C14N] or len(transforms[0]):
        raise SamlRefused("transform_not_allowed")
    digest = DIGESTS.get(method.get("Algorithm") or "")
    if digest is None:
        raise SamlRefused("digest_not_allowed")
    if len(decoded(value.text or "")) != digest().digest_size:
        raise SamlRefused("digest_length")
