"""Packages from npm that tests need, installed once from the lock file, however many tests run side by side."""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
from pathlib import Path

from tests.engines import program

NODE = Path(__file__).parent / "peers" / "node"


def node_modules() -> Path:
    """The folder of installed packages, as the lock file names them now."""
    npm, folder = program("npm"), NODE / "node_modules"
    wanted = hashlib.sha256((NODE / "package-lock.json").read_bytes()).hexdigest()
    stamp = folder / ".installed-for"
    with (NODE / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.is_file() or stamp.read_text() != wanted:
            command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
            subprocess.run(command, cwd=NODE, check=True, capture_output=True)
            stamp.write_text(wanted)
    return folder
