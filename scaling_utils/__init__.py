"""Neural scaling laws, rebuilt from data: runs, fits, intervals and figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scaling_utils.allocation import allocate, compare_laws, size_cost
    from scaling_utils.conventions import Conventions
    from scaling_utils.fitting.envelope import fit_envelope
    from scaling_utils.fitting.isoflop import fit_isoflop, fit_isoflop_surface
    from scaling_utils.fitting.kaplan import fit_kaplan
    from scaling_utils.fitting.parametric import drop_largest_losses, fit_parametric
    from scaling_utils.fitting.trailing import fit_trailing
    from scaling_utils.laws import allocation_law, published_law
    from scaling_utils.results import Estimate, FitResult
    from scaling_utils.runs.readers import read_runs
    from scaling_utils.runs.registry import datasets, load
    from scaling_utils.runs.table import RunTable

__all__ = [
    "Conventions",
    "Estimate",
    "FitResult",
    "RunTable",
    "allocate",
    "allocation_law",
    "compare_laws",
    "datasets",
    "drop_largest_losses",
    "fit_envelope",
    "fit_isoflop",
    "fit_isoflop_surface",
    "fit_kaplan",
    "fit_parametric",
    "fit_trailing",
    "load",
    "published_law",
    "read_runs",
    "size_cost",
]

# Imported on first use, so that the command line starts without pandas.
_HOMES = {
    "Conventions": "conventions",
    "Estimate": "results",
    "FitResult": "results",
    "RunTable": "runs.table",
    "allocate": "allocation",
    "allocation_law": "laws",
    "compare_laws": "allocation",
    "datasets": "runs.registry",
    "drop_largest_losses": "fitting.parametric",
    "fit_envelope": "fitting.envelope",
    "fit_isoflop": "fitting.isoflop",
    "fit_isoflop_surface": "fitting.isoflop",
    "fit_kaplan": "fitting.kaplan",
    "fit_parametric": "fitting.parametric",
    "fit_trailing": "fitting.trailing",
    "load": "runs.registry",
    "published_law": "laws",
    "read_runs": "runs.readers",
    "size_cost": "allocation",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name == "__version__":
        from importlib.metadata import version

        return version("scaling-laws-book")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"scaling_utils.{_HOMES[name]}"), name)
