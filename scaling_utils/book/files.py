"""Files of a build: their checksums, their removal, and one message for a full disk."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scaling_utils.errors import BuildError, clip
from scaling_utils.runs.download import file_sha256

NO_SPACE = "the disk is full: free some space and build again. The site that stood before is untouched"

_FULL = {errno.ENOSPC, errno.EDQUOT}


def digest(value: Any) -> str:
    """Hexadecimal sha256 of a JSON value, whatever the order of its keys.

    >>> digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    True
    """
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def files_below(folder: Path, pattern: str = "*") -> list[Path]:
    """Files below a folder in a fixed order; hidden files and caches of Python and Jupyter left out.

    Parameters
    ----------
    folder
        Need not exist.
    pattern
        Glob pattern that the file's name must match.
    """
    if not folder.is_dir():
        return []
    found = (
        path
        for path in folder.rglob(pattern)
        if path.is_file()
        and not any(p.startswith(".") or p == "__pycache__" for p in path.relative_to(folder).parts)
    )
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def checksums(paths: Iterable[Path], root: Path) -> dict[str, str]:
    """Sha256 by path relative to `root`, with forward slashes."""
    return {path.relative_to(root).as_posix(): file_sha256(path) for path in paths}


def remove(path: Path) -> None:
    """Remove a file, a link or a whole folder; nothing happens if it is not there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def disk_trouble_explained() -> Iterator[None]:
    """Turn a full disk, or a place where one may not write, into a `BuildError`.

    Raises
    ------
    BuildError
        If the block ran out of disk space, or was refused access to a file.
    """
    try:
        yield
    except OSError as error:
        if is_disk_full(error):
            raise BuildError(NO_SPACE) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise BuildError(f"no access to {clip(str(error.filename), 300)}: {error.strerror}") from error
        raise
    except shutil.Error as error:
        if any(os.strerror(code) in str(error) for code in _FULL):
            raise BuildError(NO_SPACE) from error
        raise


def is_disk_full(error: BaseException) -> bool:
    """Whether an error says that no space is left."""
    return isinstance(error, OSError) and error.errno in _FULL


def tells_disk_full(text: str) -> bool:
    """Whether the output of a program says that no space is left."""
    return any(os.strerror(code) in text for code in _FULL)
