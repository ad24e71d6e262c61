"""The processes of this machine that run the notebooks of one build."""

from __future__ import annotations

import ast
import itertools
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from scaling_utils.book.scenarios import read_notebook

RUNNER = (
    *("papermill", "ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.debugger", "psutil"),
    *("IPython.core.completer", "IPython.core.history", "IPython.core.oinspect"),
)
"""What runs a notebook."""

LIBRARY = (
    *("numpy", "pandas", "scipy.optimize", "scipy.stats", "scipy.interpolate", "yaml"),
    *("pandera.pandas", "pandera.backends.pandas.builtin_checks"),
    *("matplotlib.pyplot", "matplotlib.backends.backend_svg", "matplotlib.backends.backend_pdf"),
    *("seaborn", "lmfit", "statsmodels.regression.linear_model"),
    *("myst_nb", "pandas.io.formats.style", "altair", "vl_convert", "PIL.PngImagePlugin"),
)
"""What notebooks of the library import sooner or later, mostly inside its functions."""

NOT_BEFORE_THE_KERNEL = ("scaling_utils.notebook",)
"""What looks for a running kernel at its import."""


@dataclass(frozen=True)
class Job:
    """One notebook to run.

    Parameters
    ----------
    source
        The notebook.
    parameters
        What is injected.
    home
        Working directory of the kernel.
    folder
        An empty folder, where `executed.ipynb` is left.
    datasets
        Registered datasets that the notebook reads.
    """

    source: Path
    parameters: dict[str, Any]
    home: Path
    folder: Path
    datasets: tuple[str, ...] = ()

    @property
    def output(self) -> Path:
        """The executed notebook."""
        return self.folder / "executed.ipynb"


class LocalWorkers:
    """Worker processes that are started as needed and used again; each ends when its standard input closes.

    Parameters
    ----------
    environment
        Environment variables of the workers and their kernels.
    modules
        What a worker imports before its first notebook.
    folder
        Scratch folder.
    """

    def __init__(self, environment: dict[str, str], modules: Iterable[str], folder: Path) -> None:
        self._environment, self._modules, self._folder = environment, tuple(modules), folder
        self._numbers = itertools.count(1)
        self._idle: SimpleQueue[_Worker] = SimpleQueue()
        self._all: list[_Worker] = []
        self._stopped = False

    def run(self, job: Job) -> dict[str, Any] | None:
        """Run a notebook; what went wrong, as `scaling_utils.book.worker.run` tells it."""
        worker = self._take()
        if self._stopped:
            worker.end()
        result, log = job.folder / "result.json", job.folder / "log.txt"
        answer = worker.ask(
            {
                "source": str(job.source),
                "output": str(job.output),
                "result": str(result),
                "log": str(log),
                "parameters": job.parameters,
                "folder": str(job.home),
            }
        )
        if answer:
            self._idle.put(worker)
        if result.is_file():
            failure: dict[str, Any] | None = json.loads(result.read_bytes())["failure"]
            return failure
        told = log if log.is_file() else worker.log
        return {
            "error": f"the worker ended with code {answer or worker.process.wait()}",
            "message": told.read_text(errors="replace").strip()[-400:],
        }

    def stop(self) -> None:
        """End every worker, and what it runs."""
        self._stopped = True
        for worker in list(self._all):
            worker.end()
        for worker in list(self._all):
            with worker.process as process:
                process.wait()

    def _take(self) -> _Worker:
        try:
            return self._idle.get_nowait()
        except Empty:
            worker = _Worker(
                [sys.executable, "-P", "-m", "scaling_utils.book.worker", *self._modules],
                self._folder / f"worker-{next(self._numbers)}.txt",
                self._environment,
            )
            self._all.append(worker)
            return worker


class _Worker:
    """One worker process, with its log."""

    def __init__(self, command: list[str], log: Path, environment: dict[str, str]) -> None:
        self.log = log
        with log.open("w") as stream:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stream,
                env=environment,
                cwd=log.parent,
                text=True,
            )

    def ask(self, order: dict[str, Any]) -> str:
        """Give it a job and wait: the exit code of the job, or nothing if the worker is gone."""
        assert self.process.stdin is not None and self.process.stdout is not None
        # a closed or broken pipe: it was told to end, or ended by itself, and its log says why
        with suppress(BrokenPipeError, ValueError):
            self.process.stdin.write(json.dumps(order) + "\n")
            self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def end(self) -> None:
        """Let it end, and what it runs."""
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):
            self.process.stdin.close()


def modules_of(notebooks: Iterable[Path]) -> tuple[str, ...]:
    """What a worker imports first: what notebooks import from this library, and what that needs.

    Parameters
    ----------
    notebooks
        Paths of the notebooks.
    """
    own = {
        name
        for path in notebooks
        for cell in read_notebook(path)["cells"]
        if cell["cell_type"] == "code"
        for name in _imported(cell["source"])
        if name.startswith("scaling_utils.") and name not in NOT_BEFORE_THE_KERNEL
    }
    return (*RUNNER, *(LIBRARY if own else ()), *sorted(own))


def _imported(source: str) -> Iterator[str]:
    try:
        statements = ast.parse(source).body
    except SyntaxError:
        return  # magic of IPython, or an error that the notebook itself will show
    for statement in statements:
        if isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
            yield statement.module
        elif isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names)
