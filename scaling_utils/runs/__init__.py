"""Tables of training runs: the canonical table, readers and datasets."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scaling_utils.runs.budgets import assign_budgets
    from scaling_utils.runs.readers import describe, read_runs
    from scaling_utils.runs.table import RunTable

__all__ = ["RunTable", "assign_budgets", "describe", "read_runs"]

# Loaded at first use: pandas takes a second that `scaling-book --help` need not wait for.
_HOMES = {"RunTable": "table", "assign_budgets": "budgets", "describe": "readers", "read_runs": "readers"}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
