"""What a program started by the builder does so that it never outlives the builder."""

from __future__ import annotations

import os
import threading

STANDARD_INPUT = 0


def leave_with_the_builder() -> None:
    """End this process as soon as its standard input closes.

    The builder holds the other end and never writes to it again; it closes when the builder ends, be
    it by SIGKILL. Otherwise an orphan would go on writing where the next build works.
    """
    # a duplicate, since multiprocessing closes the standard input of its processes
    threading.Thread(target=_wait_for_the_end, args=[os.dup(STANDARD_INPUT)], daemon=True).start()


def _wait_for_the_end(told: int) -> None:
    while os.read(told, 4096):
        pass
    os._exit(1)
