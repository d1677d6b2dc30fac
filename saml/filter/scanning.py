"""Scanning: bounds and bare well-formedness of a document, judged by a streaming parser before any tree is built."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, NoReturn
from xml.parsers import expat

from saml.refusals import SamlRefused

MAX_OCTETS: Final = 131_072
"""An encrypted eIDAS response has about 20 000."""
MAX_DEPTH: Final = 20
MAX_ELEMENTS: Final = 1_000
MAX_ATTRIBUTES: Final = 8
"""On one element."""
MAX_NAMESPACES: Final = 16
"""Declared on one element."""
MAX_NAME: Final = 64
MAX_VALUE: Final = 2_048
"""Characters of an attribute's value."""
_SEPARATOR: Final = " "


class Seen(NamedTuple):
    """One element as the scanner saw it; `text` is what stands before its first child."""

    name: str
    attributes: Mapping[str, str]
    text: str


def scanned(octets: bytes, namespaces: frozenset[str]) -> list[Seen]:
    """The elements of a document in their order.

    Raises:
        SamlRefused: `too_large`, `not_utf8`, `not_well_formed`, `doctype`, `comment`, `processing_instruction`,
            `cdata`, `entity`, `too_deep`, `too_many_elements`, `too_many_attributes`, `too_many_namespaces`,
            `name_too_long`, `value_too_long`, `namespace_not_allowed`.
    """
    if len(octets) > MAX_OCTETS:
        raise SamlRefused("too_large")
    try:
        octets.decode("utf-8")
    except UnicodeDecodeError:
        raise SamlRefused("not_utf8") from None
    scan = _Scan(namespaces)
    try:
        scan.parser.Parse(octets, True)
    except expat.ExpatError as error:
        raise SamlRefused("not_well_formed", expat.ErrorString(error.code) or "") from None
    return [Seen(_braced(name), attributes, "".join(text)) for name, attributes, text in scan.elements]


class _Scan:
    def __init__(self, namespaces: frozenset[str]) -> None:
        self.elements: list[tuple[str, dict[str, str], list[str]]] = []
        self._namespaces = namespaces
        self._open: list[tuple[list[str], list[bool]]] = []
        self._declared = 0
        self.parser = _parser(self)

    def begins(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise SamlRefused("too_deep")
        self._declared = 0
        if len(self.elements) >= MAX_ELEMENTS:
            raise SamlRefused("too_many_elements")
        if len(attributes) > MAX_ATTRIBUTES:
            raise SamlRefused("too_many_attributes")
        _check_name(name)
        for attribute, value in attributes.items():
            _check_name(attribute)
            if len(value) > MAX_VALUE:
                raise SamlRefused("value_too_long")
        if self._open:
            self._open[-1][1].append(True)
        text: list[str] = []
        self._open.append((text, []))
        self.elements.append((name, {_braced(key): value for key, value in attributes.items()}, text))

    def ends(self, _name: str) -> None:
        self._open.pop()

    def says(self, text: str) -> None:
        texts, children = self._open[-1]
        if not children:
            texts.append(text)
        elif not text.isspace():
            raise SamlRefused("mixed_content")

    def declares(self, _prefix: str | None, uri: str | None) -> None:
        if uri not in self._namespaces:
            raise SamlRefused("namespace_not_allowed")
        self._declared += 1
        if self._declared > MAX_NAMESPACES:
            raise SamlRefused("too_many_namespaces")

    def prologue(self, version: str, encoding: str | None, _standalone: int) -> None:
        if version != "1.0" or (encoding is not None and encoding.lower() != "utf-8"):
            raise SamlRefused("not_utf8", "the declaration names another version or encoding")


def _parser(scan: _Scan) -> Any:
    parser = expat.ParserCreate("UTF-8", _SEPARATOR)
    parser.buffer_text = True
    parser.StartElementHandler = scan.begins
    parser.EndElementHandler = scan.ends
    parser.CharacterDataHandler = scan.says
    parser.StartNamespaceDeclHandler = scan.declares
    parser.XmlDeclHandler = scan.prologue
    parser.StartDoctypeDeclHandler = _refusing("doctype")
    parser.EntityDeclHandler = _refusing("entity")
    parser.ExternalEntityRefHandler = _refusing("entity")
    parser.SkippedEntityHandler = _refusing("entity")
    parser.CommentHandler = _refusing("comment")
    parser.ProcessingInstructionHandler = _refusing("processing_instruction")
    parser.StartCdataSectionHandler = _refusing("cdata")
    return parser


def _refusing(code: str) -> Any:
    def refuse(*_: object) -> NoReturn:
        raise SamlRefused(code)

    return refuse


def _check_name(name: str) -> None:
    if len(name.rpartition(_SEPARATOR)[2]) > MAX_NAME:
        raise SamlRefused("name_too_long")


def _braced(name: str) -> str:
    namespace, _, local = name.rpartition(_SEPARATOR)
    return f"{{{namespace}}}{local}" if namespace else local
