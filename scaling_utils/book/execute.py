"""Run the notebooks of a plan, several at a time, and keep what succeeds."""

from __future__ import annotations

import re
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from scaling_utils.book import cache
from scaling_utils.book.environment import prepared_environment
from scaling_utils.book.files import NO_SPACE, remove, tells_disk_full
from scaling_utils.book.plan import Page
from scaling_utils.book.project import Project
from scaling_utils.book.scenarios import notebook_file
from scaling_utils.book.workers import Job, LocalWorkers, modules_of
from scaling_utils.errors import BuildError, clip

_ANSI = re.compile(r"\x1b\[[0-9;]*m")


class Runner(Protocol):
    """Where notebooks run."""

    def run(self, job: Job) -> dict[str, Any] | None:
        """Run one and leave it in the folder of the job; what went wrong, as the worker tells it."""

    def stop(self) -> None:
        """End everything that still runs."""


@dataclass(frozen=True)
class Failure:
    """A notebook that did not run to its end.

    Parameters
    ----------
    page
        Which notebook and scenario.
    error, message
        Type of the error and what it says.
    cell
        Number of the cell, counted from 1 among all cells of the notebook as it is in the project; None if
        no cell of it is to blame.
    count
        Its execution count.
    kept
        The executed notebook up to the failure, if there is one.
    """

    page: Page
    error: str
    message: str
    cell: int | None
    count: int | None
    kept: Path | None

    def __str__(self) -> str:
        place = f", cell {self.cell}" if self.cell else ""
        place += f" (In [{self.count}])" if self.count else ""
        message = clip(_ANSI.sub("", self.message).strip() or "no message", 400)
        kept = f"\n    look at {self.kept}" if self.kept else ""
        scenario = self.page.scenario
        return f"notebook {scenario.notebook}, scenario {scenario.name}{place}: {self.error}: {message}{kept}"


def execute(project: Project, pages: tuple[Page, ...], *, jobs: int, scheduler: str | None = None) -> None:
    """Run every page that has to be executed; results go to the cache.

    Parameters
    ----------
    project, pages, jobs, scheduler
        As for `attempt`.

    Raises
    ------
    ClusterError
        If the scheduler or its workers are not fit.
    BuildError
        If any notebook failed, with notebook, scenario, cell and error of each.
    """
    failures = attempt(project, pages, jobs=jobs, scheduler=scheduler)
    if failures:
        listed = "\n".join(f"  {failure}" for failure in failures)
        plural = "notebooks" if len(failures) > 1 else "notebook"
        raise BuildError(f"{len(failures)} {plural} failed; the site is as it was\n{listed}")


def attempt(
    project: Project, pages: tuple[Page, ...], *, jobs: int, scheduler: str | None = None
) -> list[Failure]:
    """Run every page that has to be executed, and say which failed; the others go to the cache.

    The progress bar goes to standard error, and only if
    that is a terminal.

    Parameters
    ----------
    project
        The book.
    pages
        What `make_plan` decided.
    jobs
        How many notebooks run at the same time on this machine.
    scheduler
        Address of a Dask scheduler, whose workers run the notebooks instead.

    Returns
    -------
    list of Failure
        In the order of the pages.

    Raises
    ------
    ClusterError
        If the scheduler or its workers are not fit.
    BuildError
        If the disk is full.
    """
    todo = [page for page in pages if page.to_execute]
    if not todo:
        return []
    modules = modules_of(sorted({notebook_file(project, page.scenario.notebook) for page in todo}))
    if scheduler is None:
        project.work.mkdir(exist_ok=True)
        workers = LocalWorkers(prepared_environment(project), modules, project.work)
        failures = _run_all(project, todo, workers, min(jobs, len(todo)))
    else:
        from scaling_utils.book.cluster import ClusterWorkers, cluster

        with cluster(scheduler) as client:
            failures = _run_all(project, todo, ClusterWorkers(client, modules), len(todo))
    if any(failure.error == "disk full" or tells_disk_full(failure.message) for failure in failures):
        raise BuildError(NO_SPACE)
    return failures


def _run_all(project: Project, todo: list[Page], runner: Runner, jobs: int) -> list[Failure]:
    from tqdm import tqdm

    failures: dict[str, Failure] = {}
    pool = ThreadPoolExecutor(max_workers=jobs)
    try:
        waiting: set[Future[Failure | None]] = {pool.submit(_run, project, page, runner) for page in todo}
        with tqdm(total=len(todo), unit="notebook", desc="executing", disable=None) as bar:
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    failure = future.result()
                    bar.update()
                    if failure is not None:
                        failures[failure.page.scenario.id] = failure
    finally:
        runner.stop()
        pool.shutdown(cancel_futures=True)
    return [failures[page.scenario.id] for page in todo if page.scenario.id in failures]


def _run(project: Project, page: Page, runner: Runner) -> Failure | None:
    scenario = page.scenario
    folder = project.work / scenario.notebook / scenario.name
    remove(folder)
    folder.mkdir(parents=True)
    source = notebook_file(project, scenario.notebook)
    job = Job(source, page.parameters, home=project.root, folder=folder, datasets=page.datasets)
    trouble = runner.run(job)
    if trouble is not None:
        return _failed(project, page, trouble, job.output)
    cache.keep(project, scenario, page.key, job.output)
    return None


def _failed(project: Project, page: Page, trouble: dict[str, Any], output: Path) -> Failure:
    kept = None
    if output.is_file():
        scenario = page.scenario
        target = project.failed / f"{scenario.notebook}-{scenario.name}.ipynb"
        target.parent.mkdir(parents=True, exist_ok=True)
        output.replace(target)
        kept = target.relative_to(project.root)
    return Failure(
        page=page,
        error=trouble["error"],
        message=trouble["message"],
        cell=trouble.get("cell"),
        count=trouble.get("count"),
        kept=kept,
    )
