"""Read Parquet files in slices of rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import polars as pl

from scaling_utils.errors import DataError, clip
from scaling_utils.runs.columns import listed
from scaling_utils.runs.gather import MAX_CELLS, Chunk, Sheet, gather
from scaling_utils.runs.rawtext import checksum_of

SLICE = 1 << 18
"""Rows decoded at a time."""

MAGIC = b"PAR1"


def read_parquet(path: Path, *, columns: Mapping[str, str] | None = None) -> Sheet:
    """Read a Parquet file; columns of lists, structures and bytes are left out.

    Parameters
    ----------
    path
        The file.
    columns
        The file's column name to the canonical one, where the user said so.

    Returns
    -------
    Sheet
        One row per row of the file, counted from 1.

    Raises
    ------
    DataError
        If the file is damaged, or a column that must hold numbers does not.
    """
    sha256 = checksum_of(path)
    try:
        scan = pl.scan_parquet(path, glob=False)
        schema = scan.collect_schema()
        kept = [name for name, dtype in schema.items() if not (dtype.is_nested() or dtype == pl.Binary)]
        height = int(scan.select(pl.len()).collect().item())
        if height * len(kept) > MAX_CELLS:
            raise DataError(
                f"the table has {height:,} rows of {len(kept)} columns",
                file=path.name,
                remedy="Keep the columns of the table of runs, or the last point of each run.",
            )
        unnamed = [name for name in kept if not name.strip()]
        if unnamed or not kept:
            raise DataError(
                "no column holds numbers or text" if not kept else "a column has no name",
                file=path.name,
                remedy=f"The columns are {listed(schema)}.",
            )
        frame, lines = gather(
            lambda: _chunks(scan.select(kept)), file=path.name, columns=columns, place="row"
        )
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
        raise DataError(
            f"the Parquet data are damaged or of an unknown kind ({clip(str(error), 100)})",
            file=path.name,
            remedy="Write the file again, or save the table as CSV.",
        ) from error
    return Sheet(frame, lines, path.name, sha256, place="row", logged="_step" in frame)


def _chunks(scan: pl.LazyFrame) -> Iterator[Chunk]:
    start = 1
    for cells in scan.collect_batches(chunk_size=SLICE, maintain_order=True):
        yield Chunk(cells, np.arange(start, start + cells.height))
        start += cells.height
