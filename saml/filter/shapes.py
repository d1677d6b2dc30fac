"""Shapes: which attributes, children and text an element of a message may have."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from saml.base64_text import decoded
from saml.refusals import SamlRefused

_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_LONGEST_TEXT: Final = 2_048


@dataclass(frozen=True, slots=True)
class Child:
    """How often a child stands in its parent, and its own shape."""

    shape: Shape
    least: int = 1
    most: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What an element may be; what is not named here may not stand there."""

    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    children: Mapping[str, Child] = field(default_factory=dict)
    text: Callable[[str], None] | None = None
    """Judges the text of an element without children; None where there may be none but white space."""
    ordered: bool = True
    """Whether the children stand in the order in which they are named here."""


def check(element: etree._Element, shape: Shape) -> None:
    """Compare an element, and all below it, with its shape.

    Raises:
        SamlRefused: `attribute_not_allowed`, `attribute_missing`, `element_not_allowed`, `element_missing`,
            `element_repeated`, `element_order`, `text_not_allowed`.
    """
    names = {str(name) for name in element.attrib}
    if not names <= shape.required | shape.optional:
        raise SamlRefused("attribute_not_allowed")
    if not shape.required <= names:
        raise SamlRefused("attribute_missing")
    for value in element.attrib.values():
        visible(str(value))
    _check_children(element, shape)
    _check_text(element, shape)


def visible(text: str) -> None:
    """Refuse text with characters that cannot be seen, or with white space around it (`text_not_allowed`)."""
    if len(text) > _LONGEST_TEXT or text != text.strip() or any(unicodedata.category(c) in _INVISIBLE for c in text):
        raise SamlRefused("text_not_allowed")


def some(text: str) -> None:
    """Refuse text as `visible` does, and the absence of any (`text_missing`)."""
    if not text:
        raise SamlRefused("text_missing")
    visible(text)


def message(text: str) -> None:
    """Refuse a message to humans that is too long (`text_not_allowed`); it is never shown."""
    if len(text) > _LONGEST_TEXT:
        raise SamlRefused("text_not_allowed")


def base64(text: str) -> None:
    """Refuse what is not Base64 (`text_not_allowed`); lines may be broken in it."""
    try:
        decoded(text)
    except ValueError:
        raise SamlRefused("text_not_allowed") from None


def _check_children(element: etree._Element, shape: Shape) -> None:
    counts: dict[str, int] = {}
    for child in element:
        tag = str(child.tag)
        known = shape.children.get(tag)
        if known is None:
            raise SamlRefused("element_not_allowed")
        counts[tag] = counts.get(tag, 0) + 1
        if counts[tag] > known.most:
            raise SamlRefused("element_repeated")
        check(child, known.shape)
    if any(counts.get(tag, 0) < known.least for tag, known in shape.children.items()):
        raise SamlRefused("element_missing")
    in_order = [tag for tag in shape.children for _ in range(counts.get(tag, 0))]
    if shape.ordered and [str(child.tag) for child in element] != in_order:
        raise SamlRefused("element_order")


def _check_text(element: etree._Element, shape: Shape) -> None:
    text = element.text or ""
    if shape.text is not None:
        shape.text(text)
    elif text.strip():
        raise SamlRefused("text_not_allowed")
