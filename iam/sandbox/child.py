"""Runs a command of `procura` that ends when the process that started it does, however that one ended."""

# python -m iam.sandbox.child serve: the starter holds the other end of standard input, and never writes to it.

from __future__ import annotations

import os
import signal
import sys
import threading

from iam.cli import main


def end_with_starter() -> None:
    """End this process once standard input does."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=end_with_starter, daemon=True).start()
    main(prog_name="procura")
