"""Fragments of the chapters in which published numbers stand beside ours."""

from __future__ import annotations

from scaling_utils.book.comparisons import (
    envelope,
    isoflop,
    kaplan,
    pair,
    parametric,
    planning,
    protocols,
    readings,
    trailing,
)
from scaling_utils.book.project import Project
from scaling_utils.book.results import Results

FRAGMENTS = {
    "envelope-comparison.md": envelope.comparison,
    "kaplan-comparison.md": kaplan.comparison,
    "isoflop-comparison.md": isoflop.comparison,
    "parametric-comparison.md": parametric.comparison,
    "pair-comparison.md": pair.comparison,
    "pair-verdict.md": pair.verdict,
    "pair-measured.md": pair.measured,
    "block-sparse-comparison.md": trailing.comparison,
    "block-sparse-positions.md": trailing.positions,
    "protocols-verdict.md": protocols.verdict,
    "protocols-comparison.md": protocols.comparison,
    "plan-comparison.md": planning.comparison,
    "new-here-reading.md": readings.comparison,
    "new-here-printed.md": readings.printed_constants,
}
"""What writes each fragment, from the book and what the executed notebooks published."""


def comparison_fragments(project: Project, results: Results) -> dict[str, str]:
    """Text of every fragment by its name.

    Parameters
    ----------
    project
        The book.
    results
        What the executed notebooks published.
    """
    return {name: write(project, results) for name, write in FRAGMENTS.items()}
