"""What the pages of one build say about it: version, commit, date, and the stamps of its figures."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any

from scaling_utils.book.commit import last_commit
from scaling_utils.book.project import Project

EDITION = "edition.json"
"""File in the staged tree, read by the extension of Sphinx that writes citations."""


def edition(
    project: Project,
    *,
    figures: Mapping[str, Mapping[str, Any]],
    notebooks: Sequence[str],
    empty: Sequence[str],
    moved: Mapping[str, str],
) -> dict[str, Any]:
    """The facts of this build.

    Parameters
    ----------
    project
        The book.
    figures
        Formats, size and stamp of each figure, by path without suffix.
    notebooks
        Names of the pages that come from notebooks.
    empty
        Names of those that have no result in this build.
    moved
        New name by old name of the pages that have moved.
    """
    from importlib.metadata import version

    commit = last_commit(project)
    return {
        "version": version("scaling-laws-book"),
        "commit": commit.name,
        "date": dt.datetime.fromtimestamp(commit.time, tz=dt.UTC).date().isoformat(),
        "figures": dict(figures),
        "notebooks": list(notebooks),
        "empty": list(empty),
        "moved": dict(moved),
    }


def read_edition(project: Project) -> dict[str, Any]:
    """The facts of the build that was staged last."""
    facts: dict[str, Any] = json.loads((project.staged / EDITION).read_bytes())
    return facts
