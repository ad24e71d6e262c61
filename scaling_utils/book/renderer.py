"""The process that renders pages: Jupyter Book, which imports what it needs while notebooks still run."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from scaling_utils.book.commit import last_commit
from scaling_utils.book.environment import child_environment
from scaling_utils.book.files import NO_SPACE, tells_disk_full
from scaling_utils.book.project import Project
from scaling_utils.errors import BuildError, clip
from scaling_utils.files import write_whole

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_SHOWN = 20


class Renderer:
    """Jupyter Book in a process of its own, started at once; a context that ends it.

    Parameters
    ----------
    project
        The book; it need not be staged yet.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "scaling_utils.book.sphinx_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=child_environment(project, epoch=last_commit(project).time),
            bufsize=0,  # what could not be written must not be tried again on closing
        )

    def __enter__(self) -> Renderer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._process as process:  # closes its standard input, at which it ends, and waits
            if process.poll() is None:
                process.kill()

    def run(
        self,
        output: Path,
        *,
        config: Path,
        options: Sequence[str] = (),
        strict: bool = True,
        jobs: int = 1,
    ) -> None:
        """Let Jupyter Book read the staged tree and write below a folder, once.

        Parameters
        ----------
        output
            An empty folder.
        config
            The settings.
        options
            More options of `jupyter-book build`, such as another builder.
        strict
            Whether a warning is an error.
        jobs
            How many processes read and write pages.

        Raises
        ------
        BuildError
            If Sphinx warned or failed; what it said is kept in the project's log.
        """
        project, process = self._project, self._process
        arguments = ["build", str(project.staged), "--config", str(config), "--toc", str(project.staged_toc)]
        arguments += [
            "--path-output",
            str(output),
            *options,
            "-n",
            "--keep-going",
            *(["-W"] if strict else []),
        ]
        order = {"arguments": arguments, "folder": str(output), "jobs": jobs}
        assert process.stdin is not None and process.stdout is not None
        with suppress(BrokenPipeError):  # it ended by itself, and what it said tells why
            process.stdin.write(json.dumps(order).encode() + b"\n")
            process.stdin.flush()
        log = _ANSI.sub("", process.stdout.read().decode(errors="replace"))
        write_whole(project.log, log)
        if process.wait():
            raise BuildError(_what_sphinx_said(project, log))


def _what_sphinx_said(project: Project, text: str) -> str:
    if tells_disk_full(text):
        return NO_SPACE
    text = text.replace(f"{project.staged}/", "")
    said = list(
        dict.fromkeys(
            line.strip() for line in text.splitlines() if re.search(r"WARNING|ERROR|CRITICAL", line)
        )
    )
    said = said or text.strip().splitlines()[-_SHOWN:]
    more = [f"and {len(said) - _SHOWN} more"] if len(said) > _SHOWN else []
    listed = "\n  ".join(clip(line, 300) for line in [*said[:_SHOWN], *more])
    log = project.log.relative_to(project.root)
    return f"Sphinx did not render the book; the site is as it was. The whole log is {log}\n  {listed}"
