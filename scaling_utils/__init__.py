"""Neural scaling laws, rebuilt from data: runs, fits, intervals and figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scaling_utils.fitting.isoflop import fit_isoflop
    from scaling_utils.runs.readers import read_csv
    from scaling_utils.runs.registry import datasets, load
    from scaling_utils.runs.table import RunTable

__all__ = ["RunTable", "datasets", "fit_isoflop", "load", "read_csv"]

# Imported on first use, so that the command line starts without pandas.
_HOMES = {
    "RunTable": "scaling_utils.runs.table",
    "datasets": "scaling_utils.runs.registry",
    "fit_isoflop": "scaling_utils.fitting.isoflop",
    "load": "scaling_utils.runs.registry",
    "read_csv": "scaling_utils.runs.readers",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("scaling-laws-book")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
