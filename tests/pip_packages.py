"""Programs from PyPI that the project's own environment cannot hold, each installed for tests in one of its own."""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import sys
from pathlib import Path

PEERS = Path(__file__).parent / "peers"


def environment_of(peer: str) -> Path:
    """The folder of a peer's programs, as its lock file names them now; made once, beside that of the tests."""
    lock, made = PEERS / peer / "requirements.lock", Path(sys.prefix) / "peers" / peer
    wanted = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()
    stamp = made / ".installed-for"
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not stamp.is_file() or stamp.read_text() != wanted:
            _run([sys.executable, "-m", "venv", "--clear", made])
            install = ["install", "--quiet", "--require-hashes", "--only-binary", ":all:", "-r", lock]
            _run([made / "bin" / "python", "-m", "pip", "--disable-pip-version-check", *install])
            stamp.write_text(wanted)
    return made / "bin"


def _run(command: list[object]) -> None:
    done = subprocess.run([str(word) for word in command], check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{command} failed:\n{done.stderr[-2000:]}")
