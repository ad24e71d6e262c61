"""The registered datasets: which there are, where their files are, and how to load them.

`data/registry.toml` is the single list. `load` turns an id, or files of anyone's runs, into a
`RunTable`; `locate` gives the verified file behind an id.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

from scaling_utils.errors import DataError, DatasetUnavailable, clip, did_you_mean
from scaling_utils.runs import download
from scaling_utils.runs.dataset import Dataset, read_registry
from scaling_utils.runs.paths import as_paths

if TYPE_CHECKING:
    import pandas as pd

    from scaling_utils.conventions import Conventions
    from scaling_utils.runs.table import RunTable
    from scaling_utils.runs.units import Units


class Reading(TypedDict, total=False):
    """How files of runs are to be read: the options of `read_runs`."""

    columns: Mapping[str, str] | None
    units: Units | None
    conventions: Conventions | Mapping[str, str] | None
    exclude: Iterable[str]


SNAPSHOT = ".runs.parquet"
"""End of the name of a file written by `write_snapshot`."""


def data_folder() -> Path:
    """Folder of the bundled data: inside an installed package, or beside it in a checkout.

    >>> (data_folder() / "registry.toml").is_file()
    True
    """
    package = Path(__file__).resolve().parents[1]
    installed = package / "_data"
    return installed if installed.is_dir() else package.parent / "data"


def datasets() -> dict[str, Dataset]:
    """The registered datasets by id.

    >>> datasets()["hoffmann2022-fig4"].citation
    'hoffmann2022training'
    """
    return dict(_registry())


def dataset(dataset_id: str) -> Dataset:
    """One registered dataset.

    Raises
    ------
    DataError
        If there is no such id; the message suggests the nearest one.

    Examples
    --------
    >>> dataset("hoffman2022-fig4")
    Traceback (most recent call last):
    scaling_utils.errors.DataError: no dataset is called 'hoffman2022-fig4'. Did you mean 'hoffmann...
    """
    registry = _registry()
    if dataset_id in registry:
        return registry[dataset_id]
    raise DataError(
        f"no dataset is called '{clip(str(dataset_id), 60)}'", remedy=did_you_mean(dataset_id, registry)
    )


def locate(dataset_id: str, *, offline: bool = False) -> Path:
    """The file behind an id, with its checksum verified; downloaded if need be.

    Parameters
    ----------
    dataset_id
        Registered id.
    offline
        Do not use the network.

    Returns
    -------
    pathlib.Path
        The bundled file, or the copy in the mirror or the cache.

    Raises
    ------
    DataError
        If the id is not registered.
    DatasetUnavailable
        If the file is not at hand; the message says how to get it.
    ChecksumError
        If a file does not have the registered sha256.

    Examples
    --------
    >>> locate("hoffmann2022-fig4").name
    'hoffmann2022_fig4.csv'
    """
    entry = dataset(dataset_id)
    if entry.remote is not None:
        return download.obtain(entry.remote, offline=offline)
    if entry.pending:
        raise DatasetUnavailable(
            f"the runs of '{entry.id}' are not all trained yet; to see which are: scaling-book ladder status"
        )
    path = data_folder() / str(entry.path)
    remedy = "It comes with the book: restore it from the repository, or install the package again"
    try:
        found = download.file_sha256(path)
    except OSError as error:
        raise DatasetUnavailable(
            f"{clip(str(path), 300)} cannot be read ({error.strerror}). {remedy}"
        ) from error
    download.require_checksum(path, expected=entry.sha256, found=found, remedy=remedy)
    return path


def load(
    source: str | Path | Sequence[str | Path], *, variant: str | None = None, **reading: Unpack[Reading]
) -> RunTable:
    """Load runs by dataset id, or from files and folders.

    Parameters
    ----------
    source
        Registered id, or path of a file or folder of runs, or several paths (see `read_runs`).
    variant
        Which protocol of a dataset that holds several; by default the registered default.
    **reading
        `columns`, `units`, `conventions` and `exclude` of `read_runs`, for files. A registered dataset has
        its own.

    Returns
    -------
    RunTable
        Checked rows with the conventions they are counted by.

    Raises
    ------
    DataError
        If the id, the variant or the file is unknown, or the rows cannot be used as they stand.
    DatasetUnavailable
        If a public file is not at hand and cannot be downloaded now.
    ChecksumError
        If a file does not have the registered sha256.

    Examples
    --------
    >>> runs = load("hoffmann2022-fig4")
    >>> len(runs.frame), runs.frame["budget"].nunique()
    (245, 9)
    """
    sources = as_paths(source)
    registered = [str(name) for name in sources if str(name) in _registry()]
    if registered:
        if len(sources) > 1:
            raise DataError(
                f"dataset '{registered[0]}' cannot be read together with other runs",
                remedy="Join them with RunTable.concat.",
            )
        if any(reading.values()):
            raise DataError(
                f"dataset '{registered[0]}' has its own columns, units and conventions",
                remedy="Give them only with files.",
            )
        return _load_registered(dataset(registered[0]), variant)
    for name in sources:
        if not _is_file_name(name):
            dataset(str(name))
    if variant is not None:
        raise DataError("files have no variants", file=str(sources[0]), remedy="Leave variant out.")
    if len(sources) == 1 and str(sources[0]).endswith(SNAPSHOT) and not any(reading.values()):
        from scaling_utils.runs.snapshot import read_snapshot

        return read_snapshot(sources[0])
    from scaling_utils.runs.readers import read_runs

    return read_runs(sources, **reading)


def load_table(dataset_id: str) -> pd.DataFrame:
    """Load a registered table of laws: fitted constants, not runs.

    Raises
    ------
    DataError
        If the id is not registered, or holds runs.
    DatasetUnavailable, ChecksumError
        As for `locate`.

    Examples
    --------
    >>> load_table("lu2025-moba-projections").columns.to_list()
    ['panel', 'attention', 'a_fit', 'b_fit', 'a_pub', 'b_pub']
    """
    import pandas as pd

    entry = dataset(dataset_id)
    if entry.kind != "laws":
        raise DataError(f"dataset '{entry.id}' holds runs, not laws", remedy=f"Use load('{entry.id}').")
    return pd.read_csv(locate(dataset_id))


@cache
def _registry() -> dict[str, Dataset]:
    return read_registry(data_folder() / "registry.toml")


def _load_registered(entry: Dataset, variant: str | None) -> RunTable:
    from scaling_utils.runs.importers import import_runs
    from scaling_utils.runs.table import RunTable

    chosen = entry.choose_variant(variant)
    conventions = entry.conventions_of(chosen)
    frame = import_runs(entry.id, locate(entry.id), variant=chosen)
    source = f"{entry.id}:{chosen}" if chosen else entry.id
    return RunTable.from_frame(frame, conventions=conventions, source=source, sha256=entry.sha256)


def _is_file_name(source: str | Path) -> bool:
    name = str(source)
    separators = [os.sep, os.altsep or os.sep]
    return (
        isinstance(source, Path) or any(s in name for s in separators) or "." in name or os.path.exists(name)  # noqa: PTH110 - pathlib raises at a name that no file could have
    )
