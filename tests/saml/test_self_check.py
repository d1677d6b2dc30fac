"""Libraries that do not fit each other are refused at the start, before a message could meet them."""

from __future__ import annotations

from typing import Any

import pytest
import xmlsec

from saml.door import saml_login_blueprint
from saml.self_check import UnusableLibraries, check_libraries
from tests.web.a_hall import hall_with


def test_the_libraries_that_are_installed_fit() -> None:
    assert check_libraries() is None  # type: ignore[func-returns-value]


@pytest.mark.parametrize(
    ("function", "version"), [("get_libxml_version", (2, 13, 9)), ("get_libxmlsec_version", (1, 2, 37))]
)
def test_libraries_that_do_not_fit_keep_the_door_from_opening(
    monkeypatch: pytest.MonkeyPatch, function: str, version: tuple[int, ...]
) -> None:
    monkeypatch.setattr(xmlsec, function, lambda: version)
    nobody: Any = None
    with pytest.raises(UnusableLibraries, match=".".join(map(str, version))):
        saml_login_blueprint(hall_with([]), nobody, nobody)
