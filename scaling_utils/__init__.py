"""Neural scaling laws, rebuilt from data: runs, fits, intervals and figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scaling_utils.runs.registry import datasets, load

__all__ = ["datasets", "load"]

# Imported on first use, so that the command line starts without pandas.
_HOMES = {
    "datasets": "scaling_utils.runs.registry",
    "load": "scaling_utils.runs.registry",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
