"""Form reading: what a page of the portal was sent, trimmed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from iam.web.sent_forms import fields

LONGEST: Final = 200


def read_form(*names: str) -> Mapping[str, str]:
    """The fields of the form that was sent, each once and trimmed; one that is absent is empty. Raises as `fields`."""
    return {name: value.strip() for name, value in fields(*names, longest=LONGEST).items()}
