"""Written out: numbers of enterprises and instants, as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

BRUSSELS: Final = ZoneInfo("Europe/Brussels")
_SMALL_NAMES: Final = frozenset({"itsme"})
_FORMS: Final[Mapping[str, str]] = {
    "nl": "%d/%m/%Y om %H:%M",
    "fr": "%d/%m/%Y à %H:%M",
    "de": "%d.%m.%Y um %H:%M",
    "en": "%d/%m/%Y at %H:%M",
}


def cbe(number: str) -> str:
    """A CBE number in its written form, `0206.731.645`; any other text as it is."""
    if len(number) == 10 and number.isascii() and number.isdecimal():
        return f"{number[:4]}.{number[4:7]}.{number[7:]}"
    return number


def capitalize_first(text: str) -> str:
    """A text whose first letter is a capital, unless its first word is a name that has one inside (`eID`)."""
    first = text.partition(" ")[0]
    return text if any(letter.isupper() for letter in first) or first in _SMALL_NAMES else text[:1].upper() + text[1:]


@pass_context
def moment(context: Context, instant: datetime) -> Markup:
    """An aware instant as an HTML `time`, in local time and the page's language."""
    local = instant.astimezone(BRUSSELS)
    written = local.strftime(_FORMS[context["language"]])
    return Markup('<time datetime="{}">{}</time>').format(local.isoformat(timespec="minutes"), written)
