"""Card subject: the national number in the name of a card's certificate."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from cryptography import x509
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID

from iam.credentials.flaws import CardRefused, Flaw
from iam.domain.errors import InvalidInput
from iam.domain.niss import Niss

COUNTRY: Final = "BE"
_NUMBER: Final = re.compile(r"[0-9]{11}")
_PLAIN: Final = (_ASN1Type.PrintableString, _ASN1Type.UTF8String)


def niss_of(certificate: x509.Certificate, on: date) -> Niss:
    """The number in the one serialNumber of the subject, a Belgian's or foreigner's of the registers, or a BIS number.

    Nowhere else is it looked for. `on` is the local date, after which nobody is born yet. Raises CardRefused
    (`certificate_subject`). Source: the certificate profiles of the Belgian citizen and foreigner authorities.
    """
    if any(len(rdn) != 1 for rdn in certificate.subject.rdns):
        raise CardRefused(Flaw.SUBJECT, "a part of the name has several values")
    if _only(certificate, NameOID.COUNTRY_NAME) != COUNTRY:
        raise CardRefused(Flaw.SUBJECT, "not of Belgium")
    number = _only(certificate, NameOID.SERIAL_NUMBER)
    if not _NUMBER.fullmatch(number):
        raise CardRefused(Flaw.SUBJECT, "its serialNumber is not eleven digits")
    try:
        return Niss.parse(number, on=on)
    except InvalidInput:
        raise CardRefused(Flaw.SUBJECT, "its serialNumber is no number of a person") from None


def _only(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> str:
    """The one value of a part of the name. Raises CardRefused where there is none or another."""
    found = certificate.subject.get_attributes_for_oid(oid)
    if len(found) != 1 or found[0]._type not in _PLAIN or not isinstance(found[0].value, str):
        raise CardRefused(Flaw.SUBJECT, "a part of the name is missing, stands twice or is oddly written")
    return found[0].value
