"""Writing of XML: elements of one namespace, made from names, attributes, texts and children, never from templates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from saml.names import named


@dataclass(frozen=True, slots=True)
class Writer:
    """Makes elements of one namespace."""

    namespace: str
    prefixes: Mapping[str, str]

    def __call__(
        self, local: str, attributes: Mapping[str, str] | None = None, *content: etree._Element | str
    ) -> etree._Element:
        """An element; of its content, texts stand before children."""
        element = etree.Element(named(self.namespace, local), nsmap=dict(self.prefixes))
        for name, value in (attributes or {}).items():
            element.set(name, value)
        for piece in content:
            if isinstance(piece, str):
                element.text = piece
            else:
                element.append(piece)
        return element
