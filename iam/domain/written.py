"""Reading what was written: text of bounded length, or a refusal before any costly work."""

from __future__ import annotations

from iam.domain.errors import InvalidInput

BLANKS = " \t"


def bounded_text(text: object, limit: int, *, code: str, what: str) -> str:
    """Return ``text`` as it stands if it is a string of at most ``limit`` characters.

    ``what`` opens the sentence of the refusal, as in "A quarter". Raises InvalidInput with ``code``; the
    refusal tells the length, never the text.
    """
    if not isinstance(text, str):
        raise InvalidInput(code, f"{what} is sent as text, not as {type(text).__name__}.")
    if len(text) > limit:
        raise InvalidInput(code, f"{what} takes at most {limit} characters, not {len(text)}.")
    return text


def trimmed_text(text: object, limit: int, *, code: str, what: str) -> str:
    """Return ``text`` without the blanks around it, under the conditions of :func:`bounded_text`."""
    return bounded_text(text, limit, code=code, what=what).strip(BLANKS)
