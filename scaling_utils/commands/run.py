"""The book rerun on anyone's runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from scaling_utils.commands.options import (
    ConventionOption,
    ExcludeOption,
    MapOption,
    ProjectOption,
    RunsArgument,
    SchedulerOption,
    UnitOption,
    reading,
)

OutOption = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder to make.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace what an earlier run left in DIR.")]


class WithParameters(TyperCommand):
    """A command whose ``-p`` takes a name and a value, which Typer's own options cannot."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse with names and values joined."""
        return super().parse_args(ctx, joined(args))


def joined(arguments: list[str]) -> list[str]:
    """Arguments with ``-p name value`` as ``-p name=value``, which is understood as well.

    >>> joined(["03", "-p", "window", "4", "-p", "published=", "-p", "law", "a=b"])
    ['03', '-p', 'window=4', '-p', 'published=', '-p', 'law=a=b']
    """
    done: list[str] = []
    waiting = list(arguments)
    while waiting:
        done.append(waiting.pop(0))
        if done[-1] in ("-p", "--parameter") and len(waiting) > 1 and "=" not in waiting[0]:
            done.append(f"{waiting.pop(0)}={waiting.pop(0)}")
    return done


def run_command(
    notebook: Annotated[str, typer.Argument(metavar="NOTEBOOK", help="Name or number, such as 03.")],
    data: Annotated[
        list[str],
        typer.Option("--data", metavar="RUNS", help="Runs, as for report; may repeat."),
    ],
    out: OutOption,
    parameter: Annotated[
        list[str] | None,
        typer.Option("--parameter", "-p", metavar="NAME VALUE", help="Notebook's parameter; may repeat."),
    ] = None,
    force: ForceOption = False,
    scheduler: SchedulerOption = None,
    maps: MapOption = None,
    units: UnitOption = None,
    conventions: ConventionOption = None,
    exclude: ExcludeOption = None,
    project: ProjectOption = Path(),
) -> None:
    """Run one notebook of the book on training runs."""
    from scaling_utils.report.runs import read_given
    from scaling_utils.report.single import choose_notebook, read_parameters, run_notebook
    from scaling_utils.report.workspace import find_sources

    sources = find_sources(project)
    name = choose_notebook(sources, notebook)
    chosen = read_parameters(sources, name, parameter or ())
    understood = reading(maps, units, conventions, exclude)
    given = read_given(data, variant=str(chosen.get("variant", "")), **understood)
    run_notebook(
        sources, name, given, out, parameters=chosen, force=force, say=typer.echo, scheduler=scheduler
    )
    typer.echo(f"done: {out / 'html' / 'index.html'}")


def report_command(
    runs: RunsArgument,
    out: OutOption,
    force: ForceOption = False,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, help="Notebooks at a time; by default one per core.")
    ] = None,
    scheduler: SchedulerOption = None,
    maps: MapOption = None,
    units: UnitOption = None,
    conventions: ConventionOption = None,
    exclude: ExcludeOption = None,
    project: ProjectOption = Path(),
) -> None:
    """Run every notebook that the runs can serve, and bind them to a small book."""
    from scaling_utils.report.folder import check_free
    from scaling_utils.report.report import report
    from scaling_utils.report.runs import read_given
    from scaling_utils.report.workspace import find_sources

    sources = find_sources(project)
    check_free(out, force=force)
    given = read_given(runs, **reading(maps, units, conventions, exclude))
    workers = jobs or os.cpu_count() or 1
    ran = report(sources, given, out, jobs=workers, force=force, say=typer.echo, scheduler=scheduler)
    typer.echo(f"the report is ready: {out / 'html' / 'index.html'}")
    for notebook in ran.failures:
        typer.echo(f"failed: {notebook}; its page says why", err=True)
    if ran.failures:
        raise typer.Exit(1)


def new_notebook_command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Two digits and words: 10-your-question.")],
    project: ProjectOption = Path(),
) -> None:
    """Write a notebook with every part that a notebook of the book has."""
    from scaling_utils.book.project import find_project
    from scaling_utils.report.new_notebook import new_notebook

    found = find_project(project)
    path = new_notebook(found, name)
    typer.echo(f"wrote {path.relative_to(found.root)}; add it to notebooks/scenarios.yml and book/_toc.yml")
