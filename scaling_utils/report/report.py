"""A small book of every figure that given runs can serve."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from scaling_utils.book.project import Project
from scaling_utils.errors import DataError
from scaling_utils.fitting.fitness import Fitness, fitness
from scaling_utils.report.folder import made_whole
from scaling_utils.report.front import front_page
from scaling_utils.report.manifest import entry, write_manifest
from scaling_utils.report.rerun import Ran, message_of, rerun, scenario_of
from scaling_utils.report.runs import Given
from scaling_utils.runs.thin import thin_curves


def report(
    sources: Project,
    given: Given,
    out: Path,
    *,
    jobs: int,
    force: bool = False,
    say: Callable[[str], object] = lambda line: None,
    scheduler: str | None = None,
) -> Ran:
    """Run every notebook of the book that the runs serve, and bind them to a small book.

    Parameters
    ----------
    sources
        The book.
    given
        The runs.
    out
        Folder to make.
    jobs
        How many notebooks run at the same time.
    force
        Replace an earlier report in `out`.
    say
        Takes the lines that tell what is done.
    scheduler
        As for `rerun`.

    Returns
    -------
    Ran
        A chapter that failed is shown as failed in the report.

    Raises
    ------
    DataError
        If the runs serve no figure.
    ScalingError
        If `out` may not be replaced.
    ClusterError
        If the scheduler or its workers are not fit.
    BuildError
        If the report cannot be made; nothing is left of it then.
    """
    with made_whole(out, force=force) as folder:
        verdicts = fitness(thin_curves(given.runs))
        for verdict in verdicts:
            say(f"{verdict.notebook}: {'yes' if verdict.serves else 'no'}, {verdict.why}")
        served = [verdict for verdict in verdicts if verdict.serves]
        if not served:
            raise DataError("these runs serve no figure of the book", file=given.runs.source)
        ran = rerun(
            sources,
            folder,
            given,
            [scenario_of(verdict.notebook, given, verdict.parameters) for verdict in served],
            title="A scaling report",
            first_page=lambda results, failures: front_page(given, verdicts, results, failures),
            jobs=jobs,
            say=say,
            scheduler=scheduler,
        )
        write_manifest(folder, given, [_entry(verdict, ran) for verdict in verdicts])
    return ran


def _entry(verdict: Fitness, ran: Ran) -> dict[str, Any]:
    failure = ran.failures.get(verdict.notebook)
    return entry(
        verdict.notebook,
        serves=verdict.serves,
        why=verdict.why,
        parameters=verdict.parameters,
        failure=message_of(failure) if failure else None,
    )
