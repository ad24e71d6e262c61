"""Build the book and look at it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from scaling_utils.commands.options import ProjectOption, SchedulerOption


def build_command(
    context: typer.Context,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, help="Notebooks at a time; by default one per core.")
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            metavar="NOTEBOOK",
            help="Execute only this: 03, a notebook, or notebook/scenario; may be given more than once.",
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Execute and render even if nothing changed.")
    ] = False,
    offline: Annotated[bool, typer.Option("--offline", help="Never touch the network.")] = False,
    scheduler: SchedulerOption = None,
    project: ProjectOption = Path(),
) -> None:
    """Run the notebooks and build the site into _build/html."""
    from scaling_utils.book.build import build
    from scaling_utils.book.project import find_project
    from scaling_utils.commands.reference import fragments

    build(
        find_project(project),
        fragments=fragments(context),
        jobs=jobs or os.cpu_count() or 1,
        only=only or (),
        force=force,
        offline=offline,
        scheduler=scheduler,
        say=typer.echo,
    )


def serve_command(
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port; 0 takes a free one.")] = 8000,
    project: ProjectOption = Path(),
) -> None:
    """Preview the built site on this machine only (127.0.0.1)."""
    from scaling_utils.book.project import find_project
    from scaling_utils.book.serve import serve

    serve(find_project(project), port=port, say=typer.echo)
