"""What the tests of SAML share: watching whether a library was called."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import xmlsec

from saml import decryption, library


class Watch:
    """Counts how often xmlsec, python3-saml and the decryption were reached."""

    def __init__(self) -> None:
        self.reached: list[str] = []

    def around(self, name: str, function: Any) -> Any:
        """The function, counted."""

        def counted(*arguments: Any, **named: Any) -> Any:
            self.reached.append(name)
            return function(*arguments, **named)

        return counted


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    """A watch over the libraries."""
    watch = Watch()
    responses = library._responses()
    monkeypatch.setattr(xmlsec, "SignatureContext", watch.around("xmlsec", xmlsec.SignatureContext))
    monkeypatch.setattr(library, "_responses", lambda: watch.around("python3-saml", responses))
    monkeypatch.setattr(decryption, "_content_key", watch.around("decryption", decryption._content_key))
    yield watch
