"""A process that sends signals until it is killed, with the house of the scene on the same database."""

from __future__ import annotations

import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

from iam.signal_desk import SignalDesk
from iam.storage.archive import open_archive
from tests.oidc.provider.code_scene import CodeScene
from tests.oidc.signals.signal_scene import SignalScene
from tests.storage.clocks import SetClock


class SendingScene(CodeScene):
    """The scene without what it records at its beginning: that is in the database already."""

    def settle(self) -> None:
        """Nothing is left to record."""


class Sending(SignalScene):
    """The desk alone, which reaches receivers by real connections."""

    def __init__(self, scene: CodeScene) -> None:
        self.scene, self.desk = scene, SignalDesk(scene.house)


def main(url: str, folder: str, instant: str) -> None:
    """Send until killed; `instant` is the clock's, as a time stamp."""
    clock = SetClock()
    clock.at = datetime.fromtimestamp(float(instant), UTC)
    desk = Sending(SendingScene(open_archive(url, clock), clock, Path(folder))).desk
    print("sending", flush=True)
    desk.sender.run(threading.Event(), lambda error: print(repr(error), flush=True))


if __name__ == "__main__":
    main(*sys.argv[1:])
