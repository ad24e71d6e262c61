"""Run notebooks of the book on given runs, and put what comes of it into one folder."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scaling_utils.book import cache
from scaling_utils.book.execute import Failure, attempt
from scaling_utils.book.files import remove
from scaling_utils.book.generated import columns_table, published_results
from scaling_utils.book.labels import defined_labels
from scaling_utils.book.normalise import first_heading
from scaling_utils.book.plan import Page, make_plan
from scaling_utils.book.project import Project
from scaling_utils.book.renderer import Renderer
from scaling_utils.book.results import Results
from scaling_utils.book.scenarios import Scenario, read_notebook
from scaling_utils.book.site import render
from scaling_utils.book.stage import stage
from scaling_utils.errors import ScalingError
from scaling_utils.files import write_whole
from scaling_utils.report.leave import leave_notebook
from scaling_utils.report.runs import Given
from scaling_utils.report.text import plain
from scaling_utils.report.workspace import INDEX, NAME, TITLE, lay_out

FirstPage = Callable[[Results, Mapping[str, str]], str]
"""Makes the first page from the results by (notebook, scenario) and the failures by notebook."""

SITE = "html"
"""Folder of the pages in a report."""


@dataclass(frozen=True)
class Ran:
    """What came of a rerun.

    Parameters
    ----------
    results
        What the notebooks published, by (notebook, scenario).
    failures
        By notebook.
    """

    results: Results
    failures: Mapping[str, Failure]


def scenario_of(notebook: str, given: Given, parameters: Mapping[str, Any]) -> Scenario:
    """The scenario that runs a notebook on given runs."""
    chosen = {"dataset": given.dataset, **parameters}
    return Scenario(notebook=notebook, name=NAME, title=TITLE, parameters=chosen)


def rerun(
    sources: Project,
    out: Path,
    given: Given,
    scenarios: Sequence[Scenario],
    *,
    title: str,
    first_page: FirstPage,
    jobs: int,
    say: Callable[[str], object],
    scheduler: str | None = None,
) -> Ran:
    """Execute notebooks and fill a folder with their pages, notebooks, figures, results and fits.

    Parameters
    ----------
    sources
        The book.
    out
        An empty folder.
    given
        The runs.
    scenarios
        What to execute, each made by `scenario_of`.
    title
        Title of the pages.
    first_page
        Makes the first page.
    jobs
        How many notebooks run at the same time.
    say
        Takes the lines that tell what is done.
    scheduler
        Address of a Dask scheduler, whose workers run the notebooks instead.

    Returns
    -------
    Ran
        With every failure: a notebook that fails does not take the others with it.

    Raises
    ------
    ParameterError
        If a notebook has no such parameter.
    ClusterError
        If the scheduler or its workers are not fit.
    BuildError
        If the pages cannot be rendered, or the disk is full.
    """
    root = out / "work"
    project = lay_out(sources, root, given, scenarios, title)
    pages = make_plan(project, only=(), force=False, offline=True)
    for page in pages:
        for dataset, reason in page.missing:
            raise ScalingError(f"the dataset {dataset} is not at hand: {reason}")
    say(f"running {len(pages)} notebook{'s' * (len(pages) != 1)}")
    failed = attempt(project, pages, jobs=jobs, scheduler=scheduler)
    failures = {failure.page.scenario.notebook: failure for failure in failed}
    results: dict[tuple[str, str], dict[str, Any]] = {}
    for page in pages:
        notebook = page.scenario.notebook
        if (path := _executed(project, page, failures.get(notebook))) is not None:
            executed = read_notebook(path)
            leave_notebook(project, notebook, executed, out)
            if notebook not in failures:
                results[notebook, NAME] = published_results(executed)
    messages = {notebook: message_of(failure) for notebook, failure in failures.items()}
    write_whole(project.root / f"{INDEX}.md", first_page(results, messages))
    say("making the pages")
    stage(
        project,
        tuple(_as_ran(page, page.scenario.notebook in failures) for page in pages),
        make=_fragments,
        absent=lambda page, source: _failed_page(page, source, messages[page.scenario.notebook]),
    )
    with Renderer(project) as renderer:
        render(project, renderer, strict=False, jobs=jobs).replace(out / SITE)
    write_whole(out / project.results.name, project.results.read_bytes())
    given.write(out)
    remove(root)
    return Ran(results, failures)


def message_of(failure: Failure) -> str:
    """What went wrong in a notebook, without the places of this machine."""
    return str(replace(failure, kept=None)).partition(f"scenario {NAME}")[2].lstrip(", :")


def _as_ran(page: Page, failed: bool) -> Page:
    return replace(page, wanted=page.wanted and not failed)


def _executed(project: Project, page: Page, failure: Failure | None) -> Path | None:
    if failure is None:
        return cache.entry(project, page.scenario, page.key)
    return None if failure.kept is None else project.root / failure.kept


def _failed_page(page: Page, source: dict[str, Any], message: str) -> str:
    targets = "".join(f"({label}-{NAME})=\n" for label in sorted(defined_labels(source)))
    heading = f"{targets}# {first_heading(source)} — {TITLE}\n\n"
    return f"{heading}```{{error}}\nThis chapter failed. {plain(message)}\n```\n"


def _fragments(project: Project, results: Results, *, wanted: Collection[str] = ()) -> dict[str, str]:
    return {"columns.md": columns_table()}
