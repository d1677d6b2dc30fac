"""QR codes: a picture within the page that holds the whole address, and a title in its place."""

from __future__ import annotations

import re

import pytest
import segno

from iam.credentials.qr_code import qr_code

ADDRESS = "otpauth://totp/procura.example:Procura?secret=ABCDEFGHIJKLMNOPQRSTUVWXYZ234567&issuer=procura.example"


def squares(svg: str) -> set[tuple[int, int]]:
    """The dark squares that the picture draws, by column and row, as strokes one square thick."""
    found: set[tuple[int, int]] = set()
    path = re.search(r'class="qrline"[^>]* d="([^"]+)"', svg)
    assert path is not None
    x, y = 0.0, 0.0
    for kind, told in re.findall(r"([Mmh])([-0-9. ]+)", path[1]):
        numbers = [float(one) for one in told.split()]
        if kind == "h":
            found |= {(int(x) + step, int(y)) for step in range(int(numbers[0]))}
            x += numbers[0]
        else:
            x, y = (numbers[0], numbers[1]) if kind == "M" else (x + numbers[0], y + numbers[1])
    return found


@pytest.mark.parametrize("address", [ADDRESS, ADDRESS.replace("procura", "a-longer-name-of-a-portal")])
def test_the_picture_is_the_code_of_the_address_with_quiet_around(address: str) -> None:
    matrix = segno.make(address, error="m", micro=False).matrix
    dark = {(x + 4, y + 4) for y, row in enumerate(matrix) for x, one in enumerate(row) if one}
    assert squares(str(qr_code(address, "Picture"))) == dark


def test_the_title_is_read_out_and_written_as_text() -> None:
    drawn = str(qr_code(ADDRESS, "<script>alert(1)</script>"))
    assert drawn.startswith('<svg role="img" ') and "<script>" not in drawn
    assert "<title>&lt;script&gt;alert(1)&lt;/script&gt;</title>" in drawn
    assert "style=" not in drawn and "href" not in drawn
