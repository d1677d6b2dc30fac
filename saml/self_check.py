"""A check at the start: lxml and xmlsec share one libxml2, and can do what eIDAS asks for."""

from __future__ import annotations

from typing import Any, Final

import xmlsec
from lxml import etree

_OLDEST_XMLSEC: Final = (1, 3, 0)
"""The first that verifies RSA-PSS."""


class UnusableLibraries(Exception):
    """Libraries with which SAML must not be spoken; the message names them."""


def check_libraries() -> None:
    """Refuse libraries that were built for different versions of libxml2: they hand each other its structures.

    Raises:
        UnusableLibraries: naming both versions.
    """
    ours, theirs = tuple(etree.LIBXML_VERSION), tuple(xmlsec.get_libxml_version())
    if ours[:2] != theirs[:2]:
        raise UnusableLibraries(f"lxml brings libxml2 {_written(ours)}, and xmlsec {_written(theirs)}")
    beneath: Any = xmlsec  # its stubs leave this function out
    library = tuple(beneath.get_libxmlsec_version())
    if library < _OLDEST_XMLSEC:
        raise UnusableLibraries(f"xmlsec brings libxmlsec1 {_written(library)}, too old for RSA-PSS")


def _written(version: tuple[int, ...]) -> str:
    return ".".join(str(part) for part in version)
