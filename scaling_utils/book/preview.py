"""What a build renders that was told to run certain notebooks only: their pages, and what those stand on."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import yaml

from scaling_utils.book.config import read_mapping, toc_pages
from scaling_utils.book.project import Project

_QUOTED_EVERYWHERE = ("{bibliography}", "{glossary}")
"""Directives of the pages on which citations and terms of all others rest."""


def pages_left_out(project: Project, filled: Collection[str]) -> frozenset[str]:
    """Names of the pages that a preview does without.

    Parameters
    ----------
    project
        The book.
    filled
        Names of the pages from notebooks that it shows.
    """
    kept = {page for page in toc_pages(project) if page in filled or _is_quoted_everywhere(project, page)}
    contents = reduced(read_mapping(project.toc, project.toc.name), kept)
    return frozenset(toc_pages(project)) - frozenset(toc_pages(project, contents))


def preview_toc(project: Project, left_out: Collection[str]) -> str:
    """The table of contents without some pages, as YAML."""
    kept = set(toc_pages(project)) - set(left_out)
    contents = reduced(read_mapping(project.toc, project.toc.name), kept)
    return yaml.safe_dump(contents, allow_unicode=True, sort_keys=False)


def reduced(contents: dict[str, Any], kept: Collection[str]) -> dict[str, Any]:
    """A table of contents with its root, some pages, and those above them.

    Parameters
    ----------
    contents
        As `_toc.yml` holds it.
    kept
        Names of the pages.

    Examples
    --------
    >>> chapters = [{"file": "a", "sections": [{"file": "b"}, {"file": "c"}]}, {"file": "d"}]
    >>> reduced({"root": "index", "chapters": chapters}, {"b"})
    {'root': 'index', 'chapters': [{'file': 'a', 'sections': [{'file': 'b'}]}]}
    """
    smaller: dict[str, Any] = {}
    for key, value in contents.items():
        if not isinstance(value, list):
            smaller[key] = value
        elif entries := [entry for each in value if (entry := _reduced_entry(each, kept))]:
            smaller[key] = entries
    return smaller


def _reduced_entry(entry: dict[str, Any], kept: Collection[str]) -> dict[str, Any]:
    smaller = reduced(entry, kept)
    holds_pages = any(isinstance(value, list) for value in smaller.values())
    return smaller if holds_pages or entry.get("file") in kept else {}


def _is_quoted_everywhere(project: Project, page: str) -> bool:
    path = project.root / f"{page}.md"
    return path.is_file() and any(name in path.read_text(encoding="utf-8") for name in _QUOTED_EVERYWHERE)
