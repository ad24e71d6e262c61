"""Fragments of the chapters in which published numbers stand beside ours."""

from __future__ import annotations

from collections.abc import Collection
from importlib import import_module

from scaling_utils.book.project import Project
from scaling_utils.book.results import Results

FRAGMENTS = {
    "envelope-comparison.md": ("envelope", "comparison"),
    "envelope-schedules.md": ("envelope", "within_schedules"),
    "ladder-approaches.md": ("approaches", "on_the_ladder"),
    "kaplan-comparison.md": ("kaplan", "comparison"),
    "kaplan-minima-and-law.md": ("kaplan", "minima_and_law"),
    "isoflop-comparison.md": ("isoflop", "comparison"),
    "isoflop-firmness.md": ("isoflop", "firmness"),
    "isoflop-firmness-verdict.md": ("isoflop", "firmness_verdict"),
    "parametric-comparison.md": ("parametric", "comparison"),
    "pair-comparison.md": ("pair", "comparison"),
    "pair-verdict.md": ("pair", "verdict"),
    "pair-measured.md": ("pair", "measured"),
    "block-sparse-comparison.md": ("trailing", "comparison"),
    "block-sparse-positions.md": ("trailing", "positions"),
    "block-sparse-measured.md": ("trailing", "measured"),
    "protocols-verdict.md": ("protocols", "verdict"),
    "protocols-comparison.md": ("protocols", "comparison"),
    "plan-comparison.md": ("planning", "comparison"),
    "new-here-reading.md": ("readings", "comparison"),
    "new-here-printed.md": ("readings", "printed_constants"),
}
"""Module here and function that write each fragment, from the book and what the executed notebooks published.

A module is imported when a page takes its fragment in: some take as long to import as a page to render."""


def comparison_fragments(project: Project, results: Results, wanted: Collection[str]) -> dict[str, str]:
    """Text of the fragments by name.

    Parameters
    ----------
    project
        The book.
    results
        What the executed notebooks published.
    wanted
        Names of those that pages take in.
    """
    return {
        name: getattr(import_module(f"{__name__}.{module}"), write)(project, results)
        for name, (module, write) in FRAGMENTS.items()
        if name in wanted
    }
