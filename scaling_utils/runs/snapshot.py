"""A checked table of runs in one file that says itself how it counts and where it came from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from scaling_utils.conventions import Conventions
from scaling_utils.errors import ConventionError, DataError, clip
from scaling_utils.runs.gather import Sheet
from scaling_utils.runs.registry import SNAPSHOT
from scaling_utils.runs.table import RunTable

KEY = "scaling-laws-book"
"""Name of the entry in the file's metadata."""


def write_snapshot(runs: RunTable, path: str | Path) -> None:
    """Write a table as Parquet, with its conventions, source and checksum in the file's metadata.

    Parameters
    ----------
    runs
        The table; numbers are kept to the bit, other cells as text.
    path
        A name that ends in ``.runs.parquet``.

    Raises
    ------
    ValueError
        If the name ends otherwise.

    Examples
    --------
    >>> import tempfile
    >>> frame = pd.DataFrame({"N": [7e7, 4e8], "D": [1.4e9, 8e9], "loss": [3.4, 2.9]})
    >>> runs = RunTable.from_frame(frame, source="example")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_snapshot(runs, Path(folder) / "mine.runs.parquet")
    ...     again = read_snapshot(Path(folder) / "mine.runs.parquet")
    >>> again.frame.equals(runs.frame), again.source
    (True, 'example')
    """
    import polars as pl

    if not str(path).endswith(SNAPSHOT):
        raise ValueError(f"the name of a snapshot ends in {SNAPSHOT}")
    about = {
        "conventions": runs.conventions.as_dict(),
        "source": runs.source,
        "sha256": runs.sha256,
        "spelling": dict(runs.spelling),
        "untrained": runs.untrained,
        "unmeasured": runs.unmeasured,
    }
    columns = [pl.Series(str(name), _cells(runs.frame[name])) for name in runs.frame]
    pl.DataFrame(columns).write_parquet(path, metadata={KEY: json.dumps(about)})


def read_snapshot(path: str | Path) -> RunTable:
    """Read what `write_snapshot` wrote.

    Raises
    ------
    DataError
        If the file cannot be read, or is no snapshot.
    """
    import polars as pl

    try:
        about: dict[str, Any] = json.loads(_metadata(path)[KEY])
        table = pl.read_parquet(path, glob=False)
        conventions = Conventions(**about["conventions"])
        source, sha256 = str(about["source"]), str(about["sha256"])
        spelling = dict(about["spelling"])
        untrained, unmeasured = int(about["untrained"]), int(about["unmeasured"])
    except OSError as error:
        raise DataError(f"the runs cannot be read ({clip(str(error))})", file=path) from None
    except (pl.exceptions.PolarsError, ConventionError, KeyError, TypeError, ValueError) as error:
        what = clip(f"{type(error).__name__}: {error}")
        raise DataError(f"this is no table of runs that was written here ({what})", file=path) from None
    frame = pd.DataFrame({name: _values(table[name]) for name in table.columns})
    return RunTable(frame, conventions, source, sha256, spelling, untrained, unmeasured)


def is_snapshot(path: Path) -> bool:
    """Whether a Parquet file, whatever its name, was written by `write_snapshot`."""
    import polars as pl

    try:
        return KEY in _metadata(path)
    except (pl.exceptions.PolarsError, OSError):  # damaged: the reader of Parquet says how
        return False


def snapshot_sheet(path: Path) -> Sheet:
    """Read a snapshot as a source that states how it counts, to be checked and joined as others are.

    Raises
    ------
    DataError
        As for `read_snapshot`.
    """
    runs = read_snapshot(path)
    return Sheet(
        runs.frame,
        np.arange(1, len(runs) + 1),
        runs.source,
        runs.sha256,
        place="row",
        stated=runs.conventions.as_dict(),
    )


def _metadata(path: str | Path) -> dict[str, str]:
    import polars as pl

    # By its name, polars would take a path with brackets for a pattern.
    with Path(path).open("rb") as file:
        return pl.read_parquet_metadata(file)


def _cells(values: pd.Series[Any]) -> Any:
    if pd.api.types.is_numeric_dtype(values):
        return values.to_numpy()
    return values.astype("str").astype(object).where(values.notna(), None).to_list()


def _values(column: Any) -> Any:
    import polars as pl

    return pd.Series(column.to_list(), dtype="str") if column.dtype == pl.String else column.to_numpy()
