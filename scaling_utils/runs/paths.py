"""What names the files of runs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from scaling_utils.errors import DataError


def as_paths(source: str | Path | Iterable[str | Path]) -> list[str | Path]:
    """One path or several as a list.

    Raises
    ------
    DataError
        If it is something else, such as a frame, whose items would be the names of its columns.
    """
    if isinstance(source, str | Path):
        return [source]
    given = list(source) if isinstance(source, Iterable) and not hasattr(source, "columns") else [source]
    paths = [path for path in given if isinstance(path, str | Path)]
    if len(paths) < len(given):
        other = next(item for item in given if not isinstance(item, str | Path))
        raise DataError(
            f"runs are read from files, which are named by paths, not from {type(other).__name__}",
            remedy="A frame becomes a table of runs by RunTable.from_frame(frame, source='mine').",
        )
    return paths
