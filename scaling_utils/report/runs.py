"""The runs of a rerun: read and checked once, and handed to every notebook as one file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Unpack

from scaling_utils.conventions import LossUnit
from scaling_utils.runs.registry import SNAPSHOT, Reading, datasets, load
from scaling_utils.runs.snapshot import write_snapshot
from scaling_utils.runs.table import RunTable
from scaling_utils.runs.units import Units

FILE = "yours.runs.parquet"
"""Name of the file of runs in a report."""

_IN_NATS: dict[str, LossUnit] = {"bits/token": "nats/token", "bits/byte": "nats/byte"}


@dataclass(frozen=True)
class Given:
    """What a rerun is made from.

    Parameters
    ----------
    runs
        The checked table; its loss in nats.
    dataset
        What the notebooks are told to read: `FILE`, or the id of a registered dataset.
    converted_from
        Unit of the loss before it was converted; empty where it was not.
    units
        What the user said one of the sources' units is, by canonical column.
    excluded
        Names of the runs that the user left out.
    """

    runs: RunTable
    dataset: str = FILE
    converted_from: str = ""
    units: Units = field(default_factory=dict)
    excluded: tuple[str, ...] = ()

    def write(self, folder: Path) -> None:
        """Put the file of runs into a folder, if the notebooks read one."""
        if self.dataset == FILE:
            write_snapshot(self.runs, folder / FILE)


def read_given(sources: Sequence[str], *, variant: str = "", **reading: Unpack[Reading]) -> Given:
    """Read the runs of a rerun.

    Parameters
    ----------
    sources
        Files and folders of runs, or one id of a registered dataset.
    variant
        Protocol of a registered dataset.
    **reading
        As for `load`.

    Raises
    ------
    DataError, ConventionError
        If they cannot be read, or cannot be joined.
    """
    registered = len(sources) == 1 and sources[0] in datasets()
    exclude = reading.get("exclude", ())
    excluded = reading["exclude"] = (exclude,) if isinstance(exclude, str) else tuple(exclude)
    runs = load(list(sources), variant=(variant or None) if registered else None, **reading)
    if registered:
        return Given(runs, dataset=sources[0])
    if any(source.endswith(SNAPSHOT) for source in sources):  # its reader takes it at its word
        runs = RunTable.from_frame(
            runs.frame, conventions=runs.conventions, source=runs.source, sha256=runs.sha256
        )
    unit = runs.conventions.loss_unit
    given = Given(runs, units=reading.get("units") or {}, excluded=excluded)
    if unit not in _IN_NATS:
        return given
    return replace(given, runs=runs.with_loss_unit(_IN_NATS[unit]), converted_from=unit)
