"""Assets: style sheets, pictures and scripts, each at an address that changes with its content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from flask import Blueprint, Response, abort

from iam.web.markers import public

PREFIX: Final = "/static"
_TYPES: Final[Mapping[str, str]] = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
"""What is served at all; notes and licences that lie beside are not."""
_CACHED: Final = {"Cache-Control": "public, max-age=31536000, immutable"}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, read when the service starts."""

    content: bytes
    type: str
    address: str


class Assets:
    """All files that pages link to, from every room's `static` folder."""

    def __init__(self, folders: Iterable[Path]) -> None:
        """Raises ValueError when two rooms have a file of the same name."""
        self._assets: dict[str, Asset] = {}
        for file in sorted(file for folder in folders for file in folder.iterdir() if file.suffix in _TYPES):
            if file.name in self._assets:
                raise ValueError(f"two rooms have a file {file.name}")
            content = file.read_bytes()
            address = f"{PREFIX}/{hashlib.sha256(content).hexdigest()[:16]}/{file.name}"
            self._assets[file.name] = Asset(content, _TYPES[file.suffix], address)

    def address(self, name: str) -> str:
        """Where a file is served. KeyError when no room has it."""
        return self._assets[name].address

    def blueprint(self) -> Blueprint:
        """The route by which they are served; under an address for another content nothing is found."""
        blueprint = Blueprint("assets", __name__)

        @blueprint.get(f"{PREFIX}/<digest>/<name>")
        @public("Style sheets, pictures and scripts say nothing about anybody.")
        def asset(digest: str, name: str) -> Response:
            found = self._assets.get(name)
            if found is None or found.address != f"{PREFIX}/{digest}/{name}":
                abort(404)
            return Response(found.content, content_type=found.type, headers=_CACHED)

        return blueprint
