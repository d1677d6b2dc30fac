"""Languages: a refusal that the law has words for is told in the language that the caller prefers."""

from __future__ import annotations

from typing import Final

from flask import Flask, Response, request

from iam.domain.errors import Forbidden, Refusal, StepUpRequired
from iam.ports import Library
from iam.services.authorization import CallerNotActive
from iam.web import challenges, errors

LANGUAGES: Final = ("en", "nl", "fr", "de")
"""Of Belgium's languages and English; the first is told to who prefers none of them."""


def install(app: Flask, library: Library) -> None:
    """Tell refusals of acts in the language of the header Accept-Language (RFC 9110 §12.5.4)."""

    def told(refusal: Refusal) -> Response:
        language = _preferred()
        text = None if language == LANGUAGES[0] else _text(library, refusal.code, language)
        if text is not None:
            refusal.detail = text
        response = errors.refused(errors.problem_of(refusal))
        response.headers["Content-Language"] = language if text is not None else LANGUAGES[0]
        response.vary.add("Accept-Language")
        return response

    app.register_error_handler(Forbidden, told)
    app.register_error_handler(StepUpRequired, told)
    app.register_error_handler(CallerNotActive, _no_longer_active)


def _preferred() -> str:
    """The first of our languages among those accepted, best first; regions do not matter (RFC 4647 §3.4)."""
    for tag, quality in request.accept_languages:
        primary = str(tag).partition("-")[0].lower()
        if quality > 0 and primary in LANGUAGES:
            return primary
    return LANGUAGES[0]


def _text(library: Library, code: str, language: str) -> str | None:
    """The law's words for a reason code; None for a code that is not the law's."""
    try:
        return library.current().texts(code)[language]
    except KeyError:
        return None


def _no_longer_active(refusal: CallerNotActive) -> Response:
    return errors.refused(challenges.invalid_access_token(refusal.code, refusal.detail))
