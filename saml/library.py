"""The library's verdict: python3-saml in strict mode, with our clock and with schemas that know eIDAS's types."""

from __future__ import annotations

import importlib.util
from base64 import b64encode
from collections.abc import Iterable
from contextvars import ContextVar
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import onelogin.saml2.response as original
from lxml import etree
from onelogin.saml2.errors import OneLogin_Saml2_Error, OneLogin_Saml2_ValidationError
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from onelogin.saml2.utils import OneLogin_Saml2_Utils
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

from saml.parties import Ourselves, Peer
from saml.refusals import SamlRefused

_SCHEMAS: Final = Path(__file__).parent / "schemas"
_OF_LIBRARY: Final = Path(original.__file__).parent / "schemas"
_NOW: ContextVar[int] = ContextVar("now")
_POST: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"


class _Utils(OneLogin_Saml2_Utils):  # type: ignore[misc]
    """The library's own, asking our clock."""

    @staticmethod
    def now() -> int:
        return _NOW.get()


class _Xml(OneLogin_Saml2_XML):  # type: ignore[misc]
    """The library's own, with schemas that are read once and know the types of eIDAS."""

    @staticmethod
    def validate_xml(document: etree._Element, _schema: str, _debug: bool = False) -> etree._Element | str:
        return document if _schema_with_eidas().validate(document) else "invalid_xml"


def approve(
    response: etree._Element, *, signed: Iterable[str], peer: Peer, ourselves: Ourselves, request: str, now: datetime
) -> None:
    """Let the library judge a response whose assertion is in plain text.

    Args:
        signed: which elements carry a signature, `Response` and `Assertion`.
        request: the ID of our request.

    Raises:
        SamlRefused: `library_refused`, with the library's number of the reason.
    """
    settings = _settings(peer.entity, _certificates(peer), ourselves.entity, ourselves.acs, frozenset(signed))
    token = _NOW.set(int(now.timestamp()))
    try:
        judged = _responses()(settings, b64encode(etree.tostring(response)))
        judged.is_valid(_request_data(ourselves.acs), request, raise_exceptions=True)
        judged.get_attributes()
        judged.get_nameid()
    except OneLogin_Saml2_ValidationError as error:
        raise SamlRefused("library_refused", f"reason {error.code}") from None
    except (OneLogin_Saml2_Error, etree.LxmlError, ValueError, KeyError, TypeError) as error:
        raise SamlRefused("library_refused", type(error).__name__) from None
    finally:
        _NOW.reset(token)


@cache
def _responses() -> Any:
    """The library's class, from a copy of its module that sees our clock and schemas; others keep the original."""
    spec = importlib.util.spec_from_file_location("saml.library_response", original.__file__)
    if spec is None or spec.loader is None:
        raise ImportError("python3-saml cannot be found")
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.OneLogin_Saml2_Utils = _Utils
    module.OneLogin_Saml2_XML = _Xml
    return module.OneLogin_Saml2_Response


@cache
def _schema_with_eidas() -> etree.XMLSchema:
    parser = etree.XMLParser(no_network=True, resolve_entities=False)
    driver = (_SCHEMAS / "driver.xsd").read_text(encoding="utf-8").replace("library:", f"{_OF_LIBRARY.as_uri()}/")
    base = (_SCHEMAS / "driver.xsd").as_uri()
    return etree.XMLSchema(etree.fromstring(driver.encode(), parser, base_url=base))


def _certificates(peer: Peer) -> tuple[str, ...]:
    return tuple(key.certificate_pem.decode() for key in peer.keys)


@cache
def _settings(entity: str, keys: tuple[str, ...], ours: str, acs: str, signed: frozenset[str]) -> Any:
    return OneLogin_Saml2_Settings(
        {
            "strict": True,
            "debug": False,
            "sp": {"entityId": ours, "assertionConsumerService": {"url": acs, "binding": _POST}},
            "idp": {
                "entityId": entity,
                "singleSignOnService": {"url": acs, "binding": _POST},
                "x509certMulti": {"signing": list(keys)},
            },
            "security": {
                "wantMessagesSigned": "Response" in signed,
                "wantAssertionsSigned": "Assertion" in signed,
                "wantNameId": True,
                "wantAttributeStatement": True,
                "requestedAuthnContext": False,
                "rejectDeprecatedAlgorithm": True,
                "allowRepeatAttributeName": False,
                "allowSingleLabelDomains": True,
            },
        }
    )


def _request_data(acs: str) -> dict[str, str]:
    parts = urlsplit(acs)
    return {"https": "on" if parts.scheme == "https" else "off", "http_host": parts.netloc, "script_name": parts.path}
