"""Limits: the shape and the size of a request, judged before anything costly is done with it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from flask import Flask, current_app, request

from iam.web import problems
from iam.web.problems import ProblemAnswer
from iam.web.strict_json import MAX_BYTES

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

MAX_BODY: Final = MAX_BYTES
MAX_HEADERS: Final = 32_768
MAX_QUERY: Final = 8_192
MAX_PATH: Final = 2_048
_EXTENSION: Final = "procura.limits"
_ATTRIBUTE: Final = "__procura_largest_body__"
_LENGTH: Final = re.compile(r"[0-9]{1,18}")
_PATH: Final = re.compile(r"/[A-Za-z0-9._~:@=+,/-]*")
_JSON: Final = re.compile(r"application/json(?:\s*;\s*charset=(?:utf-8|\"utf-8\"))?", re.IGNORECASE)
_ONCE: Final = (
    "HTTP_HOST",
    "HTTP_AUTHORIZATION",
    "HTTP_IDEMPOTENCY_KEY",
    "HTTP_IF_MATCH",
    "HTTP_X_FORWARDED_HOST",
    "CONTENT_TYPE",
    "CONTENT_LENGTH",
)
"""Headers that stand once: servers join repeated ones with a comma, which none of these holds.

So does `DPoP`; who reads it refuses it, in the form in which its specification answers (RFC 9449 §4.3).
"""


def install(app: Flask, max_body: int = MAX_BODY) -> None:
    """Check every request before it is routed further; ``max_body`` in bytes holds where an operation sets none."""
    app.extensions[_EXTENSION] = max_body
    app.config["MAX_CONTENT_LENGTH"] = max_body
    app.config["MAX_FORM_MEMORY_SIZE"] = max_body
    app.url_map.merge_slashes = False
    app.before_request(_check_request)


def set_largest_body(view: Callable[..., object], limit: int | None) -> None:
    """Let the bodies that a view takes have ``limit`` bytes; None leaves it at the app's limit."""
    setattr(view, _ATTRIBUTE, limit)


def largest_body() -> int:
    """How many bytes the body of the present request may have: what its view sets, else the app's limit."""
    view = current_app.view_functions.get(request.endpoint or "")
    limit: int = getattr(view, _ATTRIBUTE, None) or current_app.extensions[_EXTENSION]
    return limit


def read_json_body() -> bytes:
    """Return the body of a request that must be JSON. Raises ProblemAnswer: 415 another type, 413 too large."""
    sent = request.headers.get("Content-Type", "")
    if not _JSON.fullmatch(sent):
        raise ProblemAnswer(problems.unsupported_media_type("content_type", "Send the body as application/json."))
    return request.get_data(cache=False)


def refuse_body() -> None:
    """Refuse a body where the operation takes none. Raises ProblemAnswer (400)."""
    if request.content_length:
        raise _bad("unexpected_body", "This operation takes no body.")


def check_environ(environ: WSGIEnvironment, limit: int) -> None:
    """Judge a request by its WSGI environment alone; its body may have ``limit`` bytes.

    Raises ProblemAnswer: 400 for a path, query, header or framing that two servers could take differently or that is
    too large, 413 for a body that says it is, 415 for a packed one.
    """
    _check_path(environ.get("PATH_INFO", ""))
    if len(environ.get("QUERY_STRING", "")) > MAX_QUERY:
        raise _bad("query_too_large", f"Send a query of at most {MAX_QUERY} characters.")
    if sum([len(value) for name, value in environ.items() if name[:5] == "HTTP_"]) > MAX_HEADERS:
        raise _bad("headers_too_large", f"Send headers of at most {MAX_HEADERS} characters in all.")
    for name in _ONCE:
        if "," in environ.get(name, ""):
            raise _bad("repeated_header", f"Send {name.removeprefix('HTTP_').replace('_', '-').title()} once.")
    _check_framing(environ, limit)


def _check_request() -> None:
    limit = largest_body()
    check_environ(request.environ, limit)
    request.max_content_length = request.max_form_memory_size = limit


def _check_path(path: str) -> None:
    """Refuse a path that two servers could read differently: doubled slashes, dot segments, odd characters."""
    plain = len(path) <= MAX_PATH and _PATH.fullmatch(path) is not None and "//" not in path
    if not plain or not {".", ".."}.isdisjoint(path.split("/")):
        raise _bad("malformed_path", "Send the path in its plain form.")


def _check_framing(environ: WSGIEnvironment, limit: int) -> None:
    """Refuse a body whose end two servers could see in different places, and one larger than may be."""
    length = environ.get("CONTENT_LENGTH") or "0"
    if "HTTP_TRANSFER_ENCODING" in environ:
        raise _bad("transfer_encoding", "Send the body whole, with its Content-Length and without Transfer-Encoding.")
    if not _LENGTH.fullmatch(length):
        raise _bad("content_length", "Send Content-Length as a number of bytes.")
    if environ.get("HTTP_CONTENT_ENCODING", "identity").lower() != "identity":
        raise ProblemAnswer(problems.unsupported_media_type("content_encoding", "Send the body without encoding."))
    if int(length) > limit:
        raise ProblemAnswer(problems.payload_too_large(limit))


def _bad(code: str, detail: str) -> ProblemAnswer:
    return ProblemAnswer(problems.bad_request(code, detail))
