"""What the pages of a build published, in one file with the edition it belongs to."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scaling_utils.book.commit import last_commit
from scaling_utils.book.project import Project
from scaling_utils.book.scenarios import Scenario, load_scenarios
from scaling_utils.errors import DataError
from scaling_utils.runs.download import file_sha256

Found = Mapping[str, Any]
"""What one page published by key; an estimate is a mapping with `value`, and `low` and `high` if known."""

Results = Mapping[tuple[str, str], Found]
"""What each (notebook, scenario) published; one that did not run is absent."""


@dataclass(frozen=True)
class Document:
    """A `results.json`.

    Parameters
    ----------
    edition
        `version`, `commit`, `python`, `platform`, `lock` (sha256): what the results were made with.
    results
        Results by notebook and scenario.
    """

    edition: Mapping[str, str]
    results: Results

    @property
    def text(self) -> str:
        """The file's content; equal documents give equal bytes."""
        pages = {f"{notebook}/{scenario}": found for (notebook, scenario), found in self.results.items()}
        document = {"edition": self.edition, "results": pages}
        return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def made_with(project: Project) -> dict[str, str]:
    """What a build of this project is made with; no clock, no folder, no name of a machine."""
    from importlib.metadata import version

    return {
        "version": version("scaling-laws-book"),
        "commit": last_commit(project).name,
        "python": platform.python_version(),
        "platform": f"{sys.platform}-{platform.machine()}",
        "lock": file_sha256(project.locked) if project.locked.is_file() else "",
    }


def read_document(path: Path) -> Document:
    """A `results.json` of any build.

    Parameters
    ----------
    path
        The file, or a folder that holds it: a release, or a site.

    Raises
    ------
    DataError
        If there is none, or it is none.
    """
    file = path / "results.json" if path.is_dir() else path
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        results = {_page(name): dict(found) for name, found in content["results"].items()}
        return Document({str(k): str(v) for k, v in content["edition"].items()}, results)
    except OSError as error:
        raise DataError(
            f"cannot be read ({error.strerror})",
            file=file,
            remedy="Name a results.json, or the folder of a release or a site that holds one.",
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            "is not a results.json of this book",
            file=file,
            remedy="It holds 'edition' and 'results' by page; scaling-book build writes it into the site.",
        ) from error


def read_results(project: Project) -> Results:
    """Results of the last build by (notebook, scenario).

    Raises
    ------
    DataError
        If the book has not been built.
    """
    try:
        return read_document(project.results).results
    except DataError:
        raise DataError(
            "there are no results to compare with", remedy="Build the book first: scaling-book build."
        ) from None


def pages_of(notebook: str, project: Project, results: Results) -> Iterator[tuple[Scenario, Found | None]]:
    """The scenarios of one notebook with what each published; None for one that has no result."""
    for scenario in load_scenarios(project):
        if scenario.notebook == notebook:
            yield scenario, results.get((notebook, scenario.name))


def _page(name: str) -> tuple[str, str]:
    notebook, _, scenario = name.partition("/")
    return notebook, scenario
