"""The shape of a response and of an assertion: SAML 2.0 as eIDAS nodes and the federal service use it, and no more."""

from __future__ import annotations

from typing import Final

from saml.filter.encryption_shape import ENCRYPTED_ASSERTION
from saml.filter.shapes import Child, Shape, message, some, visible
from saml.filter.signature_shape import SIGNATURE
from saml.names import LEGAL, LEGAL_REPRESENTATIVE, NATURAL, NATURAL_REPRESENTATIVE, XSI, ds, named, saml, samlp


def _names(*names: str) -> frozenset[str]:
    return frozenset(names)


_TEXT: Final = Child(Shape(text=some))
ISSUER: Final = Child(Shape(optional=_names("Format"), text=some))
MESSAGE_SIGNATURE: Final = Child(SIGNATURE, least=0)
_VALUE: Final = Shape(
    optional=_names(
        named(XSI, "type"),
        *(named(space, "LatinScript") for space in (NATURAL, LEGAL, NATURAL_REPRESENTATIVE, LEGAL_REPRESENTATIVE)),
    ),
    text=visible,
)
_ATTRIBUTE: Final = Shape(
    required=_names("Name"),
    optional=_names("NameFormat", "FriendlyName"),
    children={saml("AttributeValue"): Child(_VALUE, least=0, most=20)},
)
NAME_ID: Final = Child(Shape(optional=_names("Format", "NameQualifier", "SPNameQualifier"), text=some))
_SUBJECT: Final = Shape(
    children={
        saml("NameID"): NAME_ID,
        saml("SubjectConfirmation"): Child(
            Shape(
                required=_names("Method"),
                children={
                    saml("SubjectConfirmationData"): Child(
                        Shape(
                            required=_names("InResponseTo", "NotOnOrAfter", "Recipient"),
                            optional=_names("Address"),
                        )
                    )
                },
            )
        ),
    }
)
_CONDITIONS: Final = Shape(
    required=_names("NotBefore", "NotOnOrAfter"),
    children={
        saml("AudienceRestriction"): Child(Shape(children={saml("Audience"): _TEXT})),
        saml("OneTimeUse"): Child(Shape(), least=0),
    },
    ordered=False,
)
_AUTHN_STATEMENT: Final = Shape(
    required=_names("AuthnInstant"),
    optional=_names("SessionIndex", "SessionNotOnOrAfter"),
    children={
        saml("SubjectLocality"): Child(Shape(optional=_names("Address", "DNSName")), least=0),
        saml("AuthnContext"): Child(
            Shape(
                children={
                    saml("AuthnContextClassRef"): _TEXT,
                    saml("AuthenticatingAuthority"): Child(Shape(text=some), least=0, most=4),
                }
            )
        ),
    },
)
ASSERTION: Final = Shape(
    required=_names("ID", "Version", "IssueInstant"),
    children={
        saml("Issuer"): ISSUER,
        ds("Signature"): MESSAGE_SIGNATURE,
        saml("Subject"): Child(_SUBJECT),
        saml("Conditions"): Child(_CONDITIONS),
        saml("AuthnStatement"): Child(_AUTHN_STATEMENT),
        saml("AttributeStatement"): Child(Shape(children={saml("Attribute"): Child(_ATTRIBUTE, most=60)})),
    },
)
_SECOND_CODE: Final = Shape(required=_names("Value"))
STATUS: Final = Child(
    Shape(
        children={
            samlp("StatusCode"): Child(
                Shape(required=_names("Value"), children={samlp("StatusCode"): Child(_SECOND_CODE, least=0)})
            ),
            samlp("StatusMessage"): Child(Shape(text=message), least=0),
        }
    )
)
RESPONSE: Final = Shape(
    required=_names("ID", "Version", "IssueInstant", "Destination", "InResponseTo"),
    optional=_names("Consent"),
    children={
        saml("Issuer"): ISSUER,
        ds("Signature"): MESSAGE_SIGNATURE,
        samlp("Status"): STATUS,
        saml("Assertion"): Child(ASSERTION, least=0),
        saml("EncryptedAssertion"): Child(ENCRYPTED_ASSERTION, least=0),
    },
)
DECRYPTED: Final = Shape(children={saml("Assertion"): Child(ASSERTION)})
"""What an encrypted assertion turns into."""
