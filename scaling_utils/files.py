"""Files that appear whole."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

PARTIAL = ".partial"
"""Suffix of what is still being written; nothing reads it, and the next build removes it."""


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file so that a reader sees all of it or what stood before; parents are created.

    Several may write the same file at once, also from different machines: one of them is the last.
    An `OSError` names the file, not what it is called while it is written.
    """
    aside = path.with_name(f"{path.name}.{secrets.token_hex(8)}{PARTIAL}")
    data = content.encode() if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with aside.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        aside.replace(path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        aside.unlink(missing_ok=True)
