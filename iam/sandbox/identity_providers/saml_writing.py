"""Writing of XML for the sandbox's SAML identity providers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lxml import etree


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes elements of one namespace: `maker.Issuer({"Format": …}, "text", child)`."""

    namespace: str
    nsmap: Mapping[str, str]

    def __getattr__(self, local: str) -> Callable[..., etree._Element]:
        """A function that makes elements of this name from attributes, texts and children."""

        def make(*content: Mapping[str, str] | str | etree._Element) -> etree._Element:
            element = etree.Element(f"{{{self.namespace}}}{local}", nsmap=dict(self.nsmap))
            for piece in content:
                if isinstance(piece, str):
                    element.text = piece
                elif isinstance(piece, Mapping):
                    for name, value in piece.items():
                        element.set(name, value)
                else:
                    element.append(piece)
            return element

        return make
