"""What a notebook hands to the book that shows it, and how values go into JSON."""

from __future__ import annotations

import math
from typing import Any

RESULTS_MIME = "application/vnd.scaling-book.results+json"
"""MIME type of the outputs by which a notebook publishes its results."""

FIT_MIME = "application/vnd.scaling-book.fit+json"
"""MIME type of an output that holds a fit, as `FitResult.to_json` writes it."""

FILES_MIME = "application/vnd.scaling-book.files+json"
"""MIME type that holds the other files of a figure: suffix, and content in base 64."""

STAMP_MIME = "application/vnd.scaling-book.stamp+json"
"""MIME type of the output that says what a page was made from."""


def without_nan(value: Any) -> Any:
    """A value, or the values of a dict, for JSON: a float that JSON lacks becomes None.

    >>> without_nan({"value": 1.0, "ends": {"low": float("nan"), "high": float("inf")}})
    {'value': 1.0, 'ends': {'low': None, 'high': None}}
    """
    if isinstance(value, dict):
        return {name: without_nan(inner) for name, inner in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
