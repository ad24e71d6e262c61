"""Several protocols of one dataset, side by side."""

from __future__ import annotations

from pathlib import Path

from scaling_utils.runs.registry import datasets, load
from scaling_utils.runs.table import RunTable


def load_protocols(source: str | Path) -> dict[str, RunTable]:
    """The protocols of a dataset, in order.

    Parameters
    ----------
    source
        Registered id, or path of a CSV of runs. The protocols of a CSV are the values of its own column
        `variant`, in the order in which they appear; without that column it is one protocol.

    Returns
    -------
    dict
        Runs by the name of their protocol.

    Raises
    ------
    DataError, DatasetUnavailable, ChecksumError
        As `load` does.

    Examples
    --------
    >>> load_protocols("hoffmann2022-fig4")
    {'hoffmann2022-fig4': RunTable('hoffmann2022-fig4': 245 points of 245 runs; ...)}
    """
    known = datasets().get(str(source))
    if known and known.variants:
        return {name: load(known.id, variant=name) for name in known.variants}
    runs = load(source)
    if "variant" not in runs.frame:
        return {runs.source: runs}
    names = runs.frame["variant"].astype(str)
    return {name: runs.subset(names == name) for name in names.unique()}
