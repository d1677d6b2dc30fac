"""Assets are kept for ever under an address of their content, and nothing else is found beside them."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from iam.web import assets
from iam.web.assets import Assets

OWN = Path(assets.__file__).parent / "static"


def served(folder: Path) -> tuple[Assets, Flask]:
    """An application that serves one folder."""
    found, app = Assets([folder]), Flask("assets", static_folder=None)
    app.register_blueprint(found.blueprint())
    return found, app


def test_a_file_is_served_unchanging_under_the_address_of_its_content() -> None:
    found, app = served(OWN)
    answer = app.test_client().get(found.address("procura.css"))
    assert answer.status_code == 200
    assert answer.data == (OWN / "procura.css").read_bytes()
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.content_type == "text/css; charset=utf-8"


def test_another_content_has_another_address(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("a{}")
    before = Assets([tmp_path]).address("a.css")
    (tmp_path / "a.css").write_text("b{}")
    assert Assets([tmp_path]).address("a.css") != before


@pytest.mark.parametrize("name", ["README.md", "../texts.toml", "%2e%2e/texts.toml", "none.css"])
def test_what_is_no_asset_is_not_found(name: str) -> None:
    found, app = served(OWN)
    digest = found.address("procura.css").split("/")[2]
    client = app.test_client()
    assert client.get(f"/static/{digest}/{name}").status_code == 404
    assert client.get("/static/0000000000000000/procura.css").status_code == 404


def test_two_rooms_may_not_have_a_file_of_one_name(tmp_path: Path) -> None:
    (tmp_path / "procura.css").write_text("")
    with pytest.raises(ValueError, match="two rooms"):
        Assets([OWN, tmp_path])
