"""Run the notebooks of a plan, several at a time, and keep what succeeds."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scaling_utils.book import cache
from scaling_utils.book.commit import EPOCH
from scaling_utils.book.environment import child_environment, has_font_cache, write_kernel
from scaling_utils.book.files import NO_SPACE, remove, tells_disk_full
from scaling_utils.book.plan import Page
from scaling_utils.book.project import Project
from scaling_utils.book.scenarios import notebook_file
from scaling_utils.errors import BuildError, clip

_ANSI = re.compile(r"\x1b\[[0-9;]*m")


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


def execute(project: Project, pages: tuple[Page, ...], *, jobs: int) -> None:
    """Run every page that has to be executed; results go to the cache.

    All are tried before a failure is reported. The progress bar goes to standard error, and only if
    that is a terminal.

    Parameters
    ----------
    project
        The book.
    pages
        What `make_plan` decided.
    jobs
        How many notebooks run at the same time.

    Raises
    ------
    BuildError
        If any notebook failed, with notebook, scenario, cell and error of each.
    """
    todo = [page for page in pages if page.to_execute]
    if not todo:
        return
    environment = child_environment(project, epoch=EPOCH)
    write_kernel(project)
    if not has_font_cache(project):
        # Otherwise the first figure would take seconds and print a warning into its notebook.
        subprocess.run(
            [sys.executable, "-c", "import matplotlib.font_manager"],
            env=environment,
            cwd=project.home,
            check=False,
            capture_output=True,
        )
    failures = _run_all(project, todo, environment, jobs)
    if any(failure.error == "disk full" or tells_disk_full(failure.message) for failure in failures):
        raise BuildError(NO_SPACE)
    if failures:
        listed = "\n".join(f"  {failure}" for failure in failures)
        plural = "notebooks" if len(failures) > 1 else "notebook"
        raise BuildError(f"{len(failures)} {plural} failed; the site is as it was\n{listed}")


def _run_all(project: Project, todo: list[Page], environment: dict[str, str], jobs: int) -> list[Failure]:
    from tqdm import tqdm

    running = _Workers(project, environment)
    failures: dict[str, Failure] = {}
    pool = ThreadPoolExecutor(max_workers=max(1, jobs))
    try:
        waiting: set[Future[Failure | None]] = {pool.submit(running.run, page) for page in todo}
        with tqdm(total=len(todo), unit="notebook", desc="executing", disable=None) as bar:
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    failure = future.result()
                    bar.update()
                    if failure is not None:
                        failures[failure.page.scenario.id] = failure
    finally:
        running.stop()
        pool.shutdown(cancel_futures=True)
    return [failures[page.scenario.id] for page in todo if page.scenario.id in failures]


class _Workers:
    """The worker processes of one build; a worker ends when its standard input closes."""

    def __init__(self, project: Project, environment: dict[str, str]) -> None:
        self._project, self._environment = project, environment
        self._alive: set[subprocess.Popen[str]] = set()
        self._stopped = False

    def run(self, page: Page) -> Failure | None:
        project, scenario = self._project, page.scenario
        folder = project.work / scenario.notebook / scenario.name
        remove(folder)
        folder.mkdir(parents=True)
        output, result, log = folder / "executed.ipynb", folder / "result.json", folder / "log.txt"
        job = {
            "source": str(notebook_file(project, scenario.notebook)),
            "output": str(output),
            "result": str(result),
            "parameters": page.parameters,
            "folder": str(project.root),
        }
        with log.open("w") as stream:
            worker = subprocess.Popen(
                [sys.executable, "-m", "scaling_utils.book.worker"],
                stdin=subprocess.PIPE,
                stdout=stream,
                stderr=stream,
                env=self._environment,
                cwd=folder,
                text=True,
            )
        with suppress(BrokenPipeError), worker:  # it ended at once; its log says why
            self._alive.add(worker)
            assert worker.stdin is not None
            if not self._stopped:
                with suppress(BrokenPipeError):
                    worker.stdin.write(json.dumps(job) + "\n")
                    worker.stdin.flush()
                worker.wait()
            self._alive.discard(worker)
        if result.is_file():
            trouble = json.loads(result.read_bytes())["failure"]
        else:
            tail = log.read_text(errors="replace").strip()[-400:]
            trouble = {"error": f"the worker ended with code {worker.returncode}", "message": tail}
        if trouble is not None:
            return self._failed(page, trouble, output)
        cache.keep(project, scenario, page.key, output)
        return None

    def _failed(self, page: Page, trouble: dict[str, Any], output: Path) -> Failure:
        kept = None
        if output.is_file():
            project, scenario = self._project, page.scenario
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

    def stop(self) -> None:
        """End every worker that still runs."""
        self._stopped = True
        for worker in list(self._alive):
            worker.kill()
