"""QR code: an address as a picture within the page, for the camera of a telephone."""

from __future__ import annotations

from typing import Final

import segno
from markupsafe import Markup

_POINTS: Final = 5
"""Of the screen, for one square: 49 squares of a usual address then fit a page 360 points wide."""


def qr_code(text: str, title: str) -> Markup:
    """SVG of the QR code of a text (ISO/IEC 18004, level M), with the title that is read out in its place.

    It is drawn dark on light whatever the colours of the page are, as cameras want it, with four squares of quiet
    around, and loads nothing.
    """
    code = segno.make(text, error="m", micro=False)
    drawn = code.svg_inline(scale=_POINTS, border=4, dark="#000", light="#fff", svgclass="qr-code", title=title)
    return Markup(drawn.replace("<svg ", '<svg role="img" ', 1))  # noqa: S704 - segno escapes the title, the only text
