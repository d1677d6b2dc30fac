"""JSON bodies as WSGI brings them: their declared type, coding and length judged before a byte is read."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final
from wsgiref.types import WSGIEnvironment

from iam.api.wire_faults import Fault
from iam.web.strict_json import JsonFault, MalformedJson, loads

_JSON: Final = re.compile(r"application/json(?:\s*;\s*charset=(?:utf-8|\"utf-8\"))?\s*", re.IGNORECASE)
_LENGTH: Final = re.compile(r"[0-9]{1,18}")


def json_body(environ: WSGIEnvironment, most_bytes: int, most_members: int) -> dict[str, object]:
    """The JSON object in a request's body.

    Raises:
        Fault: 400 `wrong_content_type` (so AuthZEN 1.0), `malformed_json` or `wrong_type`; 413 `body_too_large`;
            415 `content_coding` when it is compressed.
    """
    if "HTTP_CONTENT_ENCODING" in environ and environ["HTTP_CONTENT_ENCODING"].strip().lower() != "identity":
        raise Fault(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "content_coding", "Send the body as it is, not compressed.")
    declared = environ.get("CONTENT_TYPE", "")
    if declared != "application/json" and _JSON.fullmatch(declared) is None:
        detail = "Send a JSON object with Content-Type: application/json."
        raise Fault(HTTPStatus.BAD_REQUEST, "wrong_content_type", detail)
    try:
        value = loads(_read(environ, most_bytes), max_bytes=most_bytes, max_members=most_members)
    except MalformedJson as fault:
        if fault.reason_code is JsonFault.TOO_LARGE:
            raise _too_large(most_bytes) from None
        detail = f"The body cannot be read as JSON: {fault.detail}."
        raise Fault(HTTPStatus.BAD_REQUEST, "malformed_json", detail) from None
    if not isinstance(value, dict):
        raise Fault(HTTPStatus.BAD_REQUEST, "wrong_type", "The body must be a JSON object.")
    return value


def _read(environ: WSGIEnvironment, most: int) -> bytes:
    """The body, read no further than is needed to know that it is too large."""
    declared = environ.get("CONTENT_LENGTH") or ""
    if declared:
        if _LENGTH.fullmatch(declared) is None:
            raise Fault(HTTPStatus.BAD_REQUEST, "invalid_content_length", "The header Content-Length is no number.")
        if int(declared) > most:
            raise _too_large(most)
        return bytes(environ["wsgi.input"].read(int(declared)))
    if environ.get("HTTP_TRANSFER_ENCODING") or environ.get("wsgi.input_terminated"):
        return bytes(environ["wsgi.input"].read(most + 1))
    return b""


def _too_large(most: int) -> Fault:
    return Fault(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body_too_large", f"Send a body of at most {most} bytes.")
