"""Child process: sweeps out what has expired, as `procura worker` does."""

from __future__ import annotations

import time
from typing import Any

from iam.app import build, settings_here
from iam.commands.sweeping import sweep_out
from tests.bench.children import serve


class Sweeper:
    """The worker's part that cleans, over the archive of the house that this process's settings name."""

    def __init__(self) -> None:
        self._archive = build(settings_here()).archive

    def sweep(self) -> dict[str, Any]:
        """Sweep until nothing is left; how many rows went, and in how many seconds."""
        began = time.monotonic()
        return {"swept": sweep_out(self._archive), "seconds": time.monotonic() - began}


if __name__ == "__main__":
    serve({"sweep": Sweeper().sweep})
