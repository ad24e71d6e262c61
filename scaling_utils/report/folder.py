"""The folder that a rerun leaves: made aside, put in place in one rename, never over other files."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scaling_utils.book.files import disk_trouble_explained, is_disk_full, remove
from scaling_utils.errors import ScalingError, clip
from scaling_utils.files import PARTIAL

MANIFEST = "rerun.json"
"""File that tells what a folder was made from, and that a rerun made it."""


def check_free(out: Path, *, force: bool) -> None:
    """Refuse a folder that holds something, unless it is an earlier rerun that may go.

    Raises
    ------
    ScalingError
        If `out` exists and is neither empty nor, with `force`, an earlier rerun.
    """
    shown = clip(str(out), 300)
    if not out.exists() and not out.is_symlink():
        return
    if out.is_symlink() or not out.is_dir():
        raise ScalingError(f"{shown} is not a folder; name another one with --out")
    if not any(out.iterdir()):
        return
    if not (out / MANIFEST).is_file():
        raise ScalingError(f"{shown} holds files that no report left there; name another folder with --out")
    if not force:
        raise ScalingError(f"{shown} holds an earlier report; replace it with --force, or name another")


@contextmanager
def made_whole(out: Path, *, force: bool) -> Iterator[Path]:
    """A folder to fill; it takes the place of `out` at the end, or vanishes if the block fails.

    Raises
    ------
    ScalingError
        As `check_free`, and if no folder can be made there.
    BuildError
        If the disk is full, or one may not write there.
    """
    check_free(out, force=force)
    out = out.absolute()
    with disk_trouble_explained():
        aside = _made_beside(out)
        try:
            folder = aside / "new"
            folder.mkdir()
            yield folder
            check_free(out, force=force)
            old = aside / "old"
            if out.exists():
                out.replace(old)
            try:
                folder.replace(out)
            except OSError:
                if old.exists():
                    old.replace(out)
                raise
        finally:
            remove(aside)


def _made_beside(out: Path) -> Path:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=".rerun-", suffix=PARTIAL, dir=out.parent)).resolve()
    except OSError as error:
        if is_disk_full(error):
            raise
        told = f"{clip(str(out), 300)} cannot be made: {error.strerror}"
        raise ScalingError(f"{told}; name another folder with --out") from error
