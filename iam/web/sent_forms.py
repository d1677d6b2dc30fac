"""Sent forms: what a form of ours may send, each field once and of bounded length, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flask import request

from iam.domain.errors import InvalidInput
from iam.web.csrf import FIELD

LONGEST: Final = 300


def fields(*names: str, longest: int = LONGEST) -> Mapping[str, str]:
    """The fields of the form that was sent, exactly as typed; one that is absent is empty.

    Raises:
        InvalidInput: `unexpected_field`, `repeated_field`, `field_too_long`.
    """
    sent = {name: values for name, values in request.form.lists() if name != FIELD}
    for name, values in sent.items():
        if name not in names:
            raise InvalidInput("unexpected_field", "The form has a field that does not belong to it.")
        if len(values) > 1:
            raise InvalidInput("repeated_field", "The form has a field twice.", field=name)
        if len(values[0]) > longest:
            raise InvalidInput("field_too_long", f"Write at most {longest} characters.", field=name)
    return {name: sent[name][0] if name in sent else "" for name in names}
