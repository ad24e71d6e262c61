"""A small book project for a rerun, laid out from the sources of the book."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from scaling_utils.book.files import files_below
from scaling_utils.book.plan import PACKAGE
from scaling_utils.book.project import Project, find_project
from scaling_utils.book.scenarios import Scenario, notebook_file
from scaling_utils.errors import ScalingError
from scaling_utils.files import write_whole
from scaling_utils.report.runs import Given
from scaling_utils.yaml_files import from_yaml

NAME = "yours"
"""Name of the scenario of every notebook in a report."""

TITLE = "your runs"

INDEX = "book/index"

OF_THE_BOOK = ("repository", "launch_buttons")
SCRIPTS_OF_THE_BOOK = ("cite.js", "versions.js")

TAKEN_OVER = ("glossary.md", "references.md", "references.bib")
"""Pages that the notebooks refer to."""


def find_sources(start: Path) -> Project:
    """The book whose notebooks are rerun: the one that `start` lies in, else the one beside the library.

    Raises
    ------
    ScalingError
        If there is neither.
    """
    try:
        return find_project(start)
    except ScalingError:
        return find_project(PACKAGE.parent)


def lay_out(sources: Project, root: Path, given: Given, scenarios: Sequence[Scenario], title: str) -> Project:
    """Write a book project with the given scenarios; its first page is still to be written.

    Parameters
    ----------
    sources
        The book.
    root
        An empty folder.
    given
        The runs.
    scenarios
        What to execute.
    title
        Title of the small book; not text from outside.

    Returns
    -------
    Project
    """
    project = Project(root)
    project.build.mkdir(parents=True)
    for name in TAKEN_OVER:
        write_whole(project.pages / name, (sources.pages / name).read_bytes())
    for path in files_below(sources.pages / "static"):
        write_whole(project.pages / path.relative_to(sources.pages), path.read_bytes())
    for scenario in scenarios:
        source = notebook_file(sources, scenario.notebook)
        write_whole(notebook_file(project, scenario.notebook), source.read_bytes())
    if sources.locked.is_file():
        write_whole(project.locked, sources.locked.read_bytes())
    write_whole(project.config, _yaml(_settings(sources, title)))
    write_whole(project.scenarios, _yaml([scenario.model_dump() for scenario in scenarios]))
    write_whole(project.toc, _yaml(_contents(scenarios)))
    fonts = sources.home / "matplotlib"
    if fonts.is_dir():  # finding the fonts anew takes seconds
        shutil.copytree(fonts, project.home / "matplotlib")
    given.write(root)
    return project


def _settings(sources: Project, title: str) -> dict[str, Any]:
    """The settings of the book without what speaks of the book: its address, and how to cite it."""
    settings: dict[str, Any] = from_yaml(sources.config.read_bytes())
    for key in OF_THE_BOOK:
        settings.pop(key, None)
    settings["html"].pop("baseurl", None)
    sphinx = settings["sphinx"]["config"]
    sphinx["extensions"] = [name for name in sphinx["extensions"] if not name.startswith(PACKAGE.name)]
    scripts = sphinx.get("html_js_files", [])
    sphinx["html_js_files"] = [name for name in scripts if name not in SCRIPTS_OF_THE_BOOK]
    return settings | {"title": title, "author": "", "copyright": ""}


def _contents(scenarios: Sequence[Scenario]) -> dict[str, object]:
    return {
        "format": "jb-book",
        "root": INDEX,
        "parts": [
            {"caption": "Figures", "chapters": [{"file": scenario.docname} for scenario in scenarios]},
            {"caption": "Reference", "chapters": [{"file": "book/glossary"}, {"file": "book/references"}]},
        ],
    }


def _yaml(content: object) -> str:
    return yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
